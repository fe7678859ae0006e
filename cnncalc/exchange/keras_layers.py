"""What each layer of Keras is in our kinds. Nothing here imports Keras: a handler gets the layer's saved configuration.

Tensors have their channels last, as Keras does; layers of ours that want them first get them so by an arrangement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from typing import Any, TypeVar

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal, is_cut_evenly
from cnncalc.exchange.graph import Graph, Tensor, Unstated
from cnncalc.exchange.views import Padded
from cnncalc.layers.arguments import Value
from cnncalc.layers.frameworks import ACTIVATIONS
from cnncalc.records import NamedTuple

Config = Mapping[str, Any]


class Call(NamedTuple):
    """A call of a layer: its configuration, all tensors that it is given, the key of its weights, and what it is given
    by position and by name."""

    graph: Graph
    config: Config
    inputs: Sequence[Tensor | Padded]
    key: str
    args: Sequence[Any] = ()
    options: Mapping[str, Any] = {}

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors. Raises Refusal for one with a border that our layers do not have."""
        found = [each for each in self.inputs if isinstance(each, Tensor)]
        if len(found) < len(self.inputs):
            raise Refusal("a border of −∞ before what is no max pool")
        return found

    @property
    def x(self) -> Tensor:
        """The only input."""
        if len(self.inputs) != 1:
            raise Refusal(f"it is given {len(self.inputs)} tensors")
        return self.tensors[0]

    def get(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """A value of the configuration. Raises Refusal for one of another type."""
        found = self.config.get(name, default)
        if found is None and default is None:
            return None
        if not isinstance(found, kind) or (isinstance(found, bool) and kind in (int, float)):
            raise Refusal(f"its `{name}` is {str(found)[:40]!r}")
        return found

    def sizes(self, name: str, axes: int, default: Any = 1) -> tuple[int, ...]:
        """One integer for each axis. Raises Refusal."""
        found = self.config.get(name, default)
        values = tuple(found) if isinstance(found, list | tuple) else (found,) * axes
        if len(values) != axes or not all(type(value) is int for value in values):
            raise Refusal(f"its `{name}` is {str(found)[:40]!r}")
        return values

    @property
    def is_first(self) -> bool:
        """Whether the channels come first."""
        return self.config.get("data_format") == "channels_first"

    def channels_first(self) -> Tensor:
        """The input with its channels first."""
        rank = len(self.x.shape)
        return self.x if self.is_first or rank < 3 else views.permute(self.x, [0, rank - 1, *range(1, rank - 1)])

    def back(self, x: Tensor) -> Tensor:
        """A result of which the channels are first, as Keras has it."""
        rank = len(x.shape)
        return x if self.is_first or rank < 3 else views.permute(x, [0, *range(2, rank), 1])


Made = Tensor | Padded | list[Tensor]  # several for a layer of several outputs
Handler = Callable[[Call], Made]
H = TypeVar("H", bound=Handler)
LAYERS: dict[str, Handler] = {}
# The layers that exported files bring along are registered by Keras under these names, one for each layout; a class
# of this name that is registered otherwise is somebody else's.
PACKAGES = {"cnncalc>": "channels_last", "cnncalc_first>": "channels_first"}
OURS: dict[str, Handler] = {}


def layout_of(saved: Mapping[str, Any]) -> str | None:
    """The layout of the file of ours that a saved layer or cell is from; None for those of others."""
    registered, kind = str(saved.get("registered_name")), str(saved.get("class_name"))
    return next((layout for package, layout in PACKAGES.items() if registered == package + kind), None)


def layer(*names: str, table: dict[str, Handler] = LAYERS) -> Callable[[H], H]:
    """Declare a handler."""

    def declare(handler: H) -> H:
        table.update(dict.fromkeys(names, handler))
        return handler

    return declare


# by the names of activations that are saved
PLAIN = {
    "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid", "tanh": "tanh", "silu": "silu",
    "selu": "selu", "elu": "elu", "softplus": "softplus", "mish": "mish", "hard_sigmoid": "hard_sigmoid",
    "hard_swish": "hard_swish", "exponential": "exp", "gelu": "gelu",
}  # fmt: skip


def activate(graph: Graph, x: Tensor, activation: object) -> Tensor:
    """An activation by its name. Raises Refusal for one that is not known."""
    name = activation.get("class_name") if isinstance(activation, dict) else activation
    if name in (None, "linear"):
        return x
    if name == "softmax":
        return operations.softmax(graph, x, len(x.shape) - 1)
    if name == "leaky_relu":
        return operations.pointwise(graph, "leaky_relu", x, slope=0.2)
    name = ACTIVATIONS.get(name, name) if isinstance(name, str) else name
    if not isinstance(name, str) or name not in PLAIN:
        raise Refusal(f"its activation is {str(activation)[:40]!r}")
    return operations.pointwise(graph, PLAIN[name], x)


def _window(call: Call, axes: int) -> dict[str, Value]:
    """The arguments of a convolution."""
    padding = call.get("padding", str, "valid")
    if padding not in ("valid", "same"):
        raise Refusal(f"its padding is {padding!r}")
    return {
        "kernel": call.sizes("kernel_size", axes),
        "stride": call.sizes("strides", axes),
        "padding": "same" if padding == "same" else 0,
        "bias": call.get("use_bias", bool, True),
    }


def convolution(kind: str, axes: int, call: Call, **more: Value) -> Tensor:
    """A convolution, with what its kind has beyond others in `more`."""
    x = call.channels_first()
    config = call.config
    if axes == 1 and config.get("padding") == "causal":
        (kernel,), (dilation,) = call.sizes("kernel_size", 1), call.sizes("dilation_rate", 1)
        x = operations.pad(call.graph, x, [(0, 0), (0, 0), (dilation * (kernel - 1), 0)])
        call = call._replace(config={**config, "padding": "valid"})
    settings = {**_window(call, axes), "dilation": call.sizes("dilation_rate", axes)}
    if settings["kernel"] == (1,) * axes:
        settings["padding"] = 0  # there is none to add
    if kind == "depthwise_conv":
        settings["multiplier"] = call.get("depth_multiplier", int, 1)
    else:
        settings["out"] = call.get("filters", int, 0)
    if kind == "separable_conv":
        settings["multiplier"] = call.get("depth_multiplier", int, 1)
    groups = call.get("groups", int, 1)
    if kind in ("conv", "standardized_conv") and groups != 1:
        settings["groups"] = groups
    made = operations.apply(call.graph, kind, x, Unstated(call.key), **settings, **more)
    return activate(call.graph, call.back(made), config.get("activation"))


def transposed(axes: int, call: Call, *, groups: int = 1) -> Tensor:
    settings = _window(call, axes)
    kernel, strides = call.sizes("kernel_size", axes), call.sizes("strides", axes)
    dilation, extra = call.sizes("dilation_rate", axes), [0] * axes
    has_extra = call.config.get("output_padding") is not None
    if settings["padding"] == "same" and (has_extra or max(dilation) > 1):
        raise Refusal("a transposed convolution of the same padding with an output padding or a dilation")
    if has_extra:
        extra = [*call.sizes("output_padding", axes)]
    else:
        sizes = zip(kernel, strides, dilation, strict=True)
        extra = [max(stride - factor * (size - 1) - 1, 0) for size, stride, factor in sizes]
    made = operations.apply(
        call.graph, "transposed_conv", call.channels_first(), Unstated(call.key), out=call.get("filters", int, 0),
        output_padding=extra, dilation=dilation, groups=groups, **settings,
    )  # fmt: skip
    return activate(call.graph, call.back(made), call.config.get("activation"))


def _border(kind: str, axes: int, call: Call) -> Tensor:
    name = "padding" if kind == "pad" else "cropping"
    given = call.config.get(name, 1)
    pairs = given if isinstance(given, list | tuple) else [given] * axes
    sides = [tuple(each) if isinstance(each, list | tuple) else (each, each) for each in pairs]
    if axes == 1 and len(sides) == 2:
        sides = [(sides[0][0], sides[1][0])]
    if len(sides) != axes or not all(len(each) == 2 and all(type(side) is int for side in each) for each in sides):
        raise Refusal(f"its `{name}` is {str(given)[:40]!r}")
    sign = 1 if kind == "pad" else -1
    amounts = [(sign * before, sign * after) for before, after in sides]
    return call.back(operations.pad(call.graph, call.channels_first(), [(0, 0), (0, 0), *amounts]))


def _upsampling(axes: int, call: Call) -> Tensor:
    mode = call.get("interpolation", str, "nearest")
    if mode not in ("nearest", "bilinear"):
        raise Refusal(f"its interpolation is {mode!r}")
    more: dict[str, Value] = {"mode": "linear"} if mode == "bilinear" else {}
    factor = call.sizes("size", axes, 2)
    return call.back(operations.apply(call.graph, "upsample", call.channels_first(), factor=factor, **more))


for _axes in (1, 2, 3):
    LAYERS[f"Conv{_axes}D"] = partial(convolution, "conv", _axes)
    LAYERS[f"DepthwiseConv{_axes}D"] = partial(convolution, "depthwise_conv", _axes)
    LAYERS[f"SeparableConv{_axes}D"] = partial(convolution, "separable_conv", _axes)
    LAYERS[f"Conv{_axes}DTranspose"] = partial(transposed, _axes)
    LAYERS[f"ZeroPadding{_axes}D"] = partial(_border, "pad", _axes)
    LAYERS[f"Cropping{_axes}D"] = partial(_border, "crop", _axes)
    LAYERS[f"UpSampling{_axes}D"] = partial(_upsampling, _axes)


@layer("Dense")
def dense(call: Call) -> Tensor:
    out, bias = call.get("units", int, 0), call.get("use_bias", bool, True)
    found = operations.linear(call.graph, call.x, Unstated(call.key), out, bias=bias)
    return activate(call.graph, found, call.config.get("activation"))


def axis_of(call: Call) -> int:
    """The only axis of a layer, from 0. Raises Refusal for several."""
    given = call.config.get("axis", -1)
    axes = given if isinstance(given, list) else [given]
    rank = len(call.x.shape)
    if len(axes) != 1 or type(axes[0]) is not int or not -rank <= axes[0] < rank:
        raise Refusal(f"its axis is {str(given)[:40]!r}")
    return int(axes[0]) % rank


@layer("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout")
def dropout(call: Call) -> Tensor:
    rate = call.get("rate", (int, float), 0.0)
    return operations.pointwise(call.graph, "dropout", call.x, rate=rate) if rate else call.x


@layer("Activation")
def activation(call: Call) -> Tensor:
    return activate(call.graph, call.x, call.config.get("activation"))


@layer("ReLU")
def relu(call: Call) -> Tensor:
    most, slope = call.config.get("max_value"), call.config.get("negative_slope") or 0
    if call.config.get("threshold"):
        raise Refusal("a rectifier with a threshold")
    if slope and most is None:
        return operations.pointwise(call.graph, "leaky_relu", call.x, slope=slope)
    if slope or not (most is None or isinstance(most, int | float)):
        raise Refusal("a rectifier with a slope and a bound")
    if most in (None, 6):
        return operations.pointwise(call.graph, "relu6" if most else "relu", call.x)
    return operations.pointwise(call.graph, "clip", call.x, low=0, high=most)


@layer("LeakyReLU")
def leaky_relu(call: Call) -> Tensor:
    slope = call.get("negative_slope", (int, float), call.get("alpha", (int, float), 0.3))
    return operations.pointwise(call.graph, "leaky_relu", call.x, slope=slope)


@layer("ELU")
def elu(call: Call) -> Tensor:
    return operations.pointwise(call.graph, "elu", call.x, alpha=call.get("alpha", (int, float), 1.0))


@layer("PReLU")
def prelu(call: Call) -> Tensor:
    """A slope for each element, but that axes may share it."""
    x, shared = call.x, call.config.get("shared_axes") or []
    rank = len(x.shape)
    if not isinstance(shared, list | tuple) or not all(type(each) is int and 0 < each < rank for each in shared):
        raise Refusal(f"its `shared_axes` is {str(shared)[:40]!r}")
    own = [dim for dim in range(1, rank) if dim not in shared]
    more: dict[str, Value] = {}
    if not own:
        more = {"shared": True}
    elif len(own) == 1:
        x = views.with_axis(call.graph, x, own[0], 0)
    elif len(own) == rank - 1:
        more = {"per": "element"}
    elif len(own) == rank - 2:
        x, more = views.with_axis(call.graph, x, shared[0], 0), {"per": "position"}
    else:
        raise Refusal("slopes for some of the axes")
    return operations.pointwise(call.graph, "prelu", x, Unstated(call.key), **more)


@layer("Softmax")
def softmax(call: Call) -> Tensor:
    return operations.softmax(call.graph, call.x, axis_of(call))


@layer("Flatten")
def flatten(call: Call) -> Tensor:
    x = call.x
    if call.is_first and len(x.shape) > 2:  # Keras then puts them last before it flattens
        x = views.permute(x, [0, *range(2, len(x.shape)), 1])
    return viewed(call._replace(inputs=[x]), (x.shape[0], prod(x.shape[1:])))


@layer("Reshape")
def reshape(call: Call) -> Tensor:
    shape = call.get("target_shape", (list, tuple), [])
    if not all(type(each) is int for each in shape) or list(shape).count(-1) > 1:
        raise Refusal(f"its shape is {str(shape)[:40]!r}")
    elements, known = prod(call.x.shape[1:]), prod(each for each in shape if each != -1)
    if known < 1 or elements % known:
        raise Refusal(f"its shape is {str(shape)[:40]!r}")
    return viewed(call, (call.x.shape[0], *(elements // known if each == -1 else each for each in shape)))


def viewed(call: Call, shape: Sequence[int]) -> Tensor:
    """The input with other sizes; it is laid out for it where it lies so that they cut across its axes."""
    x = call.x
    return views.view(x if is_cut_evenly(x.dims, shape) else call.graph.plain(x), shape)


@layer("Permute")
def permute(call: Call) -> Tensor:
    dims = call.get("dims", (list, tuple), [])
    if sorted(map(str, dims)) != sorted(map(str, range(1, len(call.x.shape)))):
        raise Refusal(f"its order is {str(dims)[:40]!r}")
    return views.permute(call.x, [0, *dims])


@layer("CustomScaleLayer")
def custom_scale(call: Call) -> Tensor:
    """Of Keras's Inception-ResNet: a + scale·b."""
    if len(call.inputs) != 2:
        raise Refusal(f"it is given {len(call.inputs)} tensors")
    first, second = call.tensors
    scaled = operations.affine(call.graph, second, call.get("scale", (int, float), 1))
    return operations.merge(call.graph, "add", [first, scaled])


def _merge(kind: str, call: Call) -> Tensor:
    return operations.merge(call.graph, kind, call.tensors)


MERGED = {
    "Add": "add", "Multiply": "multiply", "Subtract": "subtract", "Average": "mean", "Maximum": "maximum",
    "Minimum": "minimum",
}  # fmt: skip
LAYERS.update({name: partial(_merge, kind) for name, kind in MERGED.items()})


@layer("Concatenate")
def concatenate(call: Call) -> Tensor:
    tensors = call.tensors
    axis, rank = call.get("axis", int, -1), len(tensors[0].shape)
    if not -rank <= axis < rank:
        raise Refusal(f"its axis is {axis}")
    return operations.concat(call.graph, tensors, axis % rank)


@layer("Identity", "InputLayer")
def same(call: Call) -> Tensor:
    return call.x
