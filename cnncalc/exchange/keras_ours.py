"""The layers that exported Keras files bring along, as `cnncalc/export/keras_helpers_*.py` write them.

Their configuration is all that they are made of. They are known by the name under which Keras registers them, which
says the layout, too: `data_format` is filled in from it.
"""

from __future__ import annotations

from functools import partial

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor, Unstated
from cnncalc.exchange.keras_layers import OURS, Call, convolution, layer, transposed
from cnncalc.exchange.keras_pools import windowed
from cnncalc.layers.arguments import Value


def _channels(call: Call) -> Tensor:
    """The input, arranged so that its channels are the first axis of a layer's output."""
    x = call.x
    return views.with_axis(call.graph, x, 1 if call.is_first else len(x.shape) - 1, 0)


def _norm(kind: str, names: tuple[str, ...], call: Call) -> Tensor:
    settings = {name: call.get(name, (int, float)) for name in names if name in call.config}
    return operations.pointwise(call.graph, kind, _channels(call), Unstated(call.key), **settings)


OURS["LocalResponseNorm"] = partial(_norm, "local_response_norm", ("size", "alpha", "beta", "k"))
OURS["ResponseNorm"] = partial(_norm, "response_norm", ("epsilon",))


def _learned_for_each(kind: str, call: Call) -> Tensor:
    """A learned factor or summand for each channel, position or element, or for all."""
    per = call.get("per", str, "channel")
    x = call.x if per in ("element", "all") else _channels(call)
    initial = call.get("initial", (int, float), 1 if kind == "scale" else 0)
    return operations.pointwise(call.graph, kind, x, Unstated(call.key), per=per, initial=initial)


OURS["Scale"] = partial(_learned_for_each, "scale")
OURS["Shift"] = partial(_learned_for_each, "shift")


def _alone(kind: str, names: tuple[str, ...], call: Call) -> Tensor:
    """Learned numbers, which no input goes into: its input tells the size of the batch."""
    settings = {name: call.config[name] for name in names if name in call.config}
    shape = settings.get("shape")
    if isinstance(shape, list) and not call.is_first:
        settings["shape"] = [*shape[-1:], *shape[:-1]]
    found = call.graph.tensor(call.graph.add(kind, [], Unstated(call.key), **settings))
    return call.back(found)


OURS["Learned"] = partial(_alone, "learned", ("shape", "initial"))
OURS["RelativePositionBias"] = partial(_alone, "relative_position_bias", ("heads", "window"))
OURS["ContinuousPositionBias"] = partial(_alone, "continuous_position_bias", ("heads", "window", "hidden"))


@layer("Resize", table=OURS)
def resize(call: Call) -> Tensor:
    sizes, factors = call.get("sizes", list, []), call.get("factors", list, [])
    more: dict[str, Value] = {"align_corners": True} if call.get("align_corners", bool, False) else {}
    more.update({"factor": factors} if factors else {"size": sizes})
    made = operations.apply(
        call.graph, "upsample", call.channels_first(), mode=call.get("mode", str, "nearest"), **more
    )
    if [*made.shape[2:]] != sizes:
        raise Refusal(f"its factors do not give its sizes, {str(sizes)[:40]}")
    return call.back(made)


@layer("AverageInside", table=OURS)
def average_inside(call: Call) -> Tensor:
    """An average pool that counts the first of two borders, and not the second."""
    axes = len(call.x.shape) - 2
    counted, uncounted = ([tuple(pair) for pair in call.get(name, list, [])] for name in ("counted", "uncounted"))
    x = operations.pad(call.graph, call.channels_first(), [(0, 0), (0, 0), *counted])
    made = operations.apply(
        call.graph, "avg_pool", x, kernel=call.sizes("pool_size", axes), stride=call.sizes("strides", axes),
        padding=uncounted, count_padding=False,
    )  # fmt: skip
    return call.back(made)


@layer("SameAveragePooling", table=OURS)
def same_average_pooling(call: Call) -> Tensor:
    same = call._replace(config={**call.config, "padding": "same"})
    return windowed("avg_pool", len(call.inputs[0].shape) - 2, same)


@layer("DilatedMaxPooling", table=OURS)
def dilated_max_pooling(call: Call) -> Tensor:
    return windowed("max_pool", len(call.inputs[0].shape) - 2, call)


MODES = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@layer("EdgePadding", table=OURS)
def edge_padding(call: Call) -> Tensor:
    sides, mode = [tuple(pair) for pair in call.get("padding", list, [])], call.get("mode", str, "")
    x = call.channels_first()
    return call.back(operations.pad(call.graph, x, [(0, 0), (0, 0), *sides], mode=MODES[mode]))


@layer("MaxUnpooling2D", table=OURS)
def max_unpooling(call: Call) -> Tensor:
    """Each element at the maximum of its window: of the max pool with these windows of the second tensor."""
    graph, size = call.graph, call.sizes("pool_size", 2)
    x, before = (call._replace(inputs=[each]).channels_first() for each in call.tensors)
    inside = graph.materialize(before)
    for index, node in enumerate(graph.nodes):
        pool = node.layer
        if pool is None or pool.kind != "max_pool" or node.inputs != (inside,):
            continue
        axes = pool.axes((graph.shape_at(inside),))  # type: ignore[attr-defined]
        if all(
            (axis.kernel, axis.stride, axis.dilation, axis.before) == (k, k, 1, 0)
            for axis, k in zip(axes, size, strict=True)
        ):
            made = graph.add("max_unpool", [graph.materialize(x), index], pool=pool, like=inside)
            return call.back(graph.tensor(made))
    raise Refusal("an unpooling whose pool is not before it")


def _standardized(axes: int, call: Call) -> Tensor:
    more = {"gain": call.get("gain", bool, False), "epsilon": call.get("epsilon", (int, float), 1e-6)}
    return convolution("standardized_conv", axes, call, **more)


def _free(axes: int, call: Call) -> Tensor:
    return transposed(axes, call, groups=call.get("groups", int, 1))


def _own_kernels(kind: str, axes: int, call: Call) -> Tensor:
    settings: dict[str, Value] = {
        "kernel": call.sizes("kernel_size", axes), "stride": call.sizes("strides", axes),
        "bias": call.get("use_bias", bool, True),
    }  # fmt: skip
    if kind == "table_conv":
        settings["connections"] = call.get("connections", list, [])
    else:
        settings["out"] = call.get("filters", int, 0)
    return call.back(operations.apply(call.graph, kind, call.channels_first(), Unstated(call.key), **settings))


for _axes in (1, 2, 3):
    OURS[f"StandardizedConv{_axes}D"] = partial(_standardized, _axes)
    OURS[f"FreeConv{_axes}DTranspose"] = partial(_free, _axes)
    OURS[f"LocallyConnected{_axes}D"] = partial(_own_kernels, "locally_connected", _axes)
    OURS[f"TableConv{_axes}D"] = partial(_own_kernels, "table_conv", _axes)
