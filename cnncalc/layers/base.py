"""The base class of all layer kinds: arguments and, for given inputs, output, weights, work, reach and channels.

The modules of the families define the kinds; `spec` creates layers from calls in files, `analysis` and `execution`
apply their rules. In the whole package records are NamedTuples (`records.py`), and `Layer` has its own constructor and
equality, because of import time: defining a dataclass takes ten times as long, since it generates and compiles code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, starmap
from math import prod
from operator import add
from typing import Any, ClassVar, Literal, TypeVar, dataclass_transform, final

from cnncalc import limits
from cnncalc.layers.arguments import LayerError, Value, format_value
from cnncalc.layers.channels import Carried, Channels
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import REQUIRED, SameAs, Setting
from cnncalc.records import NamedTuple

Shape = tuple[int, ...]  # (C, *spatial), of which most kinds take one to three spatial axes; or (N,), which is flat
Shapes = tuple[Shape, ...]
Maps = tuple[Map, ...]
# Where the output is stored: in its own memory; in that of an input, element by element; as a view of an input; or
# with the weights, of which it is one.
Storage = Literal["new", "in place", "view", "weights"]
E = TypeVar("E")


class Weight(NamedTuple):
    """One array of a layer, with PyTorch's name, order and shape.

    `role` is "weight" or "bias" (learned; textbooks often leave out the biases) or "buffer" (stored, not learned).
    `alias` is another name that files may use. `neutral` is the value that changes nothing: 0 where it is added or
    subtracted, 1 where elements are multiplied or divided by it; None for a kernel.
    """

    name: str
    shape: Shape
    role: str = "weight"
    alias: str = ""
    neutral: int | None = None


class Work(NamedTuple):
    """Operations at inference for one input. `macs` are also counted as multiplications, `attention_macs` as macs.

    `exponentials` are all transcendental functions: exp, log, erf, tanh, powers and square roots.
    """

    macs: int = 0
    multiplications: int = 0
    additions: int = 0
    comparisons: int = 0
    divisions: int = 0
    exponentials: int = 0
    attention_macs: int = 0

    def plus(self, other: Work) -> Work:
        """The sum, figure by figure."""
        return Work(*starmap(add, zip(self, other, strict=True)))

    def times(self, count: int) -> Work:
        """The same work `count` times."""
        return Work(*(figure * count for figure in self))


NO_WORK = Work()


class Extra(NamedTuple):
    """Numbers that a layer computes only for its backward pass: `elements` for each example, or once for a batch.

    Each takes the bytes of an activation, or `bytes_each` if that is more.
    """

    name: str  # indices, masks, statistics, or maps
    elements: int
    bytes_each: int = 0
    once: bool = False


class Saved(NamedTuple):
    """The tensors that a layer keeps for its backward pass besides its arrays: some inputs, the output, and extras."""

    inputs: tuple[int, ...] = ()  # by their indices among the inputs
    output: bool = False
    extras: tuple[Extra, ...] = ()


SAVES_NOTHING = Saved()
SAVES_INPUT = Saved((0,))
SAVES_OUTPUT = Saved(output=True)


class Example(NamedTuple):
    """Arguments and input shapes that fit together, for `cnncalc layers` and the tests."""

    settings: Mapping[str, Value]
    inputs: Shapes


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Layer:
    """One layer with its arguments, independent of any network: the base of all kinds.

    A subclass with a `kind` is a layer kind. Its settings, in order, are the signature. It must define each rule
    in `RULES`, itself or through a base class; otherwise defining it raises TypeError.
    """

    RULES: ClassVar[tuple[str, ...]] = ("result_shape", "weights", "work", "reach", "channels", "execute", "examples")
    kind: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    linear: ClassVar[bool] = False  # whether the output is an affine map of the input at inference
    flat: ClassVar[bool] = False  # whether the input must be flat, so that its size is in elements, not channels
    sources: ClassVar[int] = 1  # 0 for a kind that reads no tensor and starts a path
    branches: ClassVar[int] = 0  # how many branches a merge takes, 0 for any number
    branch_names: ClassVar[tuple[str, ...]] = ()  # of a merge whose branches have names
    passes_single: ClassVar[bool] = True  # whether a merge of a single branch is that branch
    broadcasts: ClassVar[bool] = False  # whether inputs with axes of size 1 are repeated along them
    concatenates: ClassVar[bool] = False  # whether the output has the channels of all inputs, in order
    consecutive: ClassVar[int] = 1  # number of consecutive layers it consists of, for the depth of a network
    cancels_bias: ClassVar[bool] = False  # whether a constant added to an input channel does not change the output
    restores: ClassVar[bool] = False  # whether its second input is a max pool, of which it reads the indices
    # How the output is stored at inference. Its own memory is the default, which never counts too little.
    storage: ClassVar[Storage] = "new"
    folds: ClassVar[bool] = False  # whether runtimes compute it together with the layer before it, in one step
    shares_gradient: ClassVar[bool] = False  # whether an input's gradient is that of the output, or a part of it
    shows_part: ClassVar[bool] = False  # whether eager PyTorch returns a view, which keeps the whole tensor alive
    gated: ClassVar[bool] = False  # whether its dot products are combined element by element, so that channels differ
    samples: ClassVar[bool] = False  # whether it reads the input at points, each of which is computed by itself
    in_steps: ClassVar[bool] = (
        False  # whether the intermediate map is computed before the output, and the inputs are freed then
    )
    settings: ClassVar[dict[str, Setting]] = {}
    optional: ClassVar[dict[str, bool]] = {}  # for each setting, whether it can be omitted

    def __init_subclass__(cls, kind: str = "") -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Setting)}
        for name, setting in own.items():
            setting.name = name
            delattr(cls, name)
        inherited = chain.from_iterable(base.settings.items() for base in cls.__bases__ if issubclass(base, Layer))
        cls.settings = {**dict(inherited), **own}
        cls.optional = {name: setting.default is not REQUIRED for name, setting in cls.settings.items()}
        if kind:
            cls.kind = kind
            defined = {name for family in cls.__mro__[: cls.__mro__.index(Layer)] for name in vars(family)}
            missing = [rule for rule in cls.RULES if rule not in defined]
            texts = ("reference", "__doc__") if __debug__ else ("reference",)  # python -OO takes docstrings away
            missing += [text for text in texts if not getattr(cls, text)]
            if missing:
                raise TypeError(f"layer kind {kind} does not define: {', '.join(missing)}")

    def __init__(self, **settings: Any) -> None:
        """Arguments by name; omitted ones have their defaults. Raises LayerError `bad-argument` and similar."""
        values = self.__dict__
        for name, setting in self.settings.items():
            if name in settings:
                values[name] = setting.read(settings.pop(name))
            elif setting.default is REQUIRED:
                raise LayerError("missing-argument", f"{self.kind} needs `{name}`", argument=name)
            elif isinstance(setting.default, SameAs):
                values[name] = values[setting.default.setting]
            else:
                values[name] = setting.default
        if settings:
            name = next(iter(settings))
            raise LayerError("unknown-argument", f"{self.kind} has no argument `{name}`", argument=name)
        self.check_arguments()

    def check_arguments(self) -> None:
        """Raises LayerError for arguments that do not go together, whatever the input."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.kind} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.kind, *self.__dict__.values()))

    def __repr__(self) -> str:
        """The layer as a call in an architecture file: required arguments by position, the others by name.

        The first argument is also written by position if its default is `none`.
        """
        parts: list[str] = []
        for position, (name, setting) in enumerate(self.settings.items()):
            value = getattr(self, name)
            if setting.default is REQUIRED or (setting.default is None and value is not None and position == 0):
                parts.append(format_value(value))
            elif value != self.default_of(name):
                parts.append(f"{name}={format_value(value)}")
        return f"{self.kind}({', '.join(parts)})" if parts else self.kind

    def default_of(self, name: str) -> Value:
        """The default of a setting in this layer; REQUIRED if it cannot be omitted."""
        default = self.settings[name].default
        return getattr(self, default.setting) if isinstance(default, SameAs) else default

    def replace(self, **changes: Value) -> Layer:
        """The layer with some arguments changed. Raises LayerError `bad-argument` and similar."""
        return type(self)(**{**{name: getattr(self, name) for name in self.settings}, **changes})

    def summarize_settings(self, axes: int = 0) -> str:
        """The arguments in the table's short form, e.g. `3×3, s2, p1` for 2 spatial axes."""
        texts = (setting.abbreviate(getattr(self, name), axes) for name, setting in self.settings.items())
        return ", ".join(text for text in texts if text)

    @classmethod
    def signature(cls) -> str:
        """The signature of the kind, e.g. `conv(out, kernel, stride=1, …)`."""
        texts = ", ".join(setting.signature() for setting in cls.settings.values())
        return f"{cls.kind}({texts})" if texts else cls.kind

    @final
    def output_shape(self, inputs: Shapes) -> Shape:
        """Shape of the output. Raises LayerError if the arguments do not fit the inputs."""
        self.check(inputs)
        shape = self.result_shape(inputs)
        if min(shape) < 1 or max(shape) > limits.SIZE:
            raise self.bounds_error(shape)
        return shape

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError for arguments that are rejected although an output shape can be computed."""

    def bounds_error(self, shape: Shape) -> LayerError:
        """The error for an output with an empty axis, or one that exceeds `limits.SIZE`."""
        channels = len(shape) > 1 and not 1 <= shape[0] <= limits.SIZE
        about = "channels" if channels else "size"
        if min(shape) < 1:
            return LayerError("size-runs-out", f"`{self.kind}` has an empty output: {format_shape(shape)}", about=about)
        text = f"the output of `{self.kind}` would be {format_shape(shape)}: more than {limits.SIZE:,} on an axis"
        return LayerError("too-large", text, about=about)

    # The rules. `inputs` are the input shapes: one, or for a merge one per branch.

    def result_shape(self, inputs: Shapes) -> Shape:
        """Shape of the output by the kind's own rule; `output_shape` checks the bounds common to all kinds."""
        raise NotImplementedError

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        """The arrays of the layer, from which parameters and buffers are counted."""
        raise NotImplementedError

    def inner_elements(self, inputs: Shapes, output: Shape) -> int:
        """Elements of intermediate results, for a kind that computes in several steps."""
        return 0

    def scratch_elements(self, inputs: Shapes) -> int:
        """Elements that the executor makes for a moment, beside the result and what is intermediate in any library."""
        return 0

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        """The tensors that are kept for the backward pass, as by eager PyTorch if nothing is computed in place.

        By default all that it could be computed from.
        """
        return Saved(tuple(range(len(inputs))), output=True)

    @final
    def activations(self, inputs: Shapes, output: Shape) -> int:
        """Elements of all maps that it computes: intermediate results and the output, unless that is a weight."""
        return 0 if self.storage == "weights" else self.inner_elements(inputs, output) + prod(output)

    def reject(self, name: str, value: float) -> str:
        """Why an element of the buffer `name` cannot have this value, "" if it can; learned arrays accept any."""
        return ""

    def work(self, inputs: Shapes, output: Shape) -> Work:
        """Operations at inference, including those on padded zeros, as in `cnncalc guide counting`."""
        raise NotImplementedError

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        """The work without operations on padded zeros; overridden by kinds whose windows extend beyond the input."""
        return self.work(inputs, output)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        """Which input positions an output position reads, from which the receptive field is computed."""
        raise NotImplementedError

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        """How output channels depend on input channels; used to narrow networks and to trace positions."""
        raise NotImplementedError

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        """The same layer for `inputs` with fewer channels than `before`.

        `divide` maps a number of output channels to the narrowed number. A kind with an argument that counts channels
        changes it here.
        """
        return self

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        """The output, computed from the kind's definition and not with the other rules, because it verifies them.

        `get_weight` returns the layer's arrays by name and shape.
        """
        raise NotImplementedError

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Arguments and inputs that fit together, for the listing of kinds and the tests."""
        raise NotImplementedError


class Weightless(Layer):
    """Base of kinds without weights."""

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return ()


class NoOperations(Weightless):
    """Base of kinds that compute nothing: elements are passed on or rearranged."""

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return NO_WORK

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_NOTHING


class CarriesChannels(Layer):
    """Base of kinds whose output has the channels of the input."""

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried()


class SameShape(CarriesChannels):
    """Base of kinds whose output has the shape of the input, position by position."""

    def result_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise"


def spatial_sizes(kind: str, shape: Shape) -> Shape:
    """The spatial sizes of a feature map. Raises LayerError `wrong-rank` for a flat input."""
    if len(shape) < 2:
        raise LayerError(
            "wrong-rank",
            f"`{kind}` needs a map (channels × spatial sizes), but its input is flat: {format_shape(shape)}",
        )
    if len(shape) > 4:
        text = f"`{kind}` works on 1 to 3 spatial axes, but the input {format_shape(shape)} has {len(shape) - 1}"
        raise LayerError("wrong-rank", text)
    return shape[1:]


def expand_per_axis(name: str, value: int | tuple[E, ...], axes: int) -> tuple[int | E, ...]:
    """One value for each axis. Raises LayerError `wrong-rank` for a list of another length."""
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise LayerError(
            "wrong-rank",
            f"`{name}` is {format_value(value)}, for {count_axes(len(value))}, but the input has {count_axes(axes)}",
            suggest={name: value[0]} if len(set(value)) == 1 else {},
            argument=name,
        )
    return value


def count_axes(axes: int) -> str:
    """`1 spatial axis`, `2 spatial axes`."""
    return "1 spatial axis" if axes == 1 else f"{axes} spatial axes"


def format_shape(shape: Shape) -> str:
    """`3×224×224`, or `[1000]` for a flat shape."""
    return "×".join(map(str, shape)) if len(shape) > 1 else f"[{shape[0]}]"
