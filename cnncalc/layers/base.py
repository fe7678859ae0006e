"""What every layer kind states: its settings and, for given inputs, its output, weights, work, reach and channels.

Here and everywhere else records are NamedTuples, and `Layer` makes its own constructor and equality, for the sake of
import time: a dataclass takes ten times as long to define, by code that is written and compiled at import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, starmap
from math import prod
from operator import add
from typing import Any, ClassVar, NamedTuple, TypeVar, dataclass_transform, final

from cnncalc import limits
from cnncalc.layers.channels import Carried, Channels
from cnncalc.layers.ops import Draw, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.layers.settings import REQUIRED, LayerError, Same, Setting, Value, show

Shape = tuple[int, ...]  # (C, *spatial) with one to three spatial axes, or (N,) where the map is flat
Shapes = tuple[Shape, ...]
Maps = tuple[Map, ...]
E = TypeVar("E")


class Weight(NamedTuple):
    """One array that a layer keeps, in PyTorch's name, order and shape.

    `role` is "weight" or "bias" (learned; textbooks leave the biases out) or "buffer" (kept, not learned). Files may
    call it by its `alias`, too. `neutral` is the value with which it changes nothing: 0 where it is added or
    subtracted, 1 where elements are multiplied or divided by it; None for a kernel.
    """

    name: str
    shape: Shape
    role: str = "weight"
    alias: str = ""
    neutral: int | None = None


class Work(NamedTuple):
    """Operations at inference for one input. `macs` are among the multiplications of convolutions and linear layers.

    `exponentials` are all transcendental functions: exp, log, erf, tanh, powers and square roots.
    """

    macs: int = 0
    multiplications: int = 0
    additions: int = 0
    comparisons: int = 0
    divisions: int = 0
    exponentials: int = 0

    def plus(self, other: Work) -> Work:
        """Both together, figure by figure."""
        return Work(*starmap(add, zip(self, other, strict=True)))

    def times(self, count: int) -> Work:
        """The same work `count` times."""
        return Work(*(figure * count for figure in self))


NO_WORK = Work()


class Example(NamedTuple):
    """Settings and the input shapes they are shown and tested with."""

    settings: Mapping[str, Value]
    inputs: Shapes


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Layer:
    """One layer with its settings, apart from any network: the base of all kinds.

    A subclass that names its `kind` is a layer kind. Its settings, in order, are the signature. It must state each rule
    in `RULES`, itself or through its family; one that forgets a rule cannot be defined.
    """

    RULES: ClassVar[tuple[str, ...]] = ("result_shape", "weights", "work", "reach", "channels", "execute", "examples")
    kind: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    linear: ClassVar[bool] = False  # whether the output, but for a constant, is a linear map of the input at inference
    flat: ClassVar[bool] = False  # whether the input must be flat, and its size is counted in elements, not channels
    stacks: ClassVar[bool] = False  # whether the output has the channels of all inputs, one after another
    in_a_row: ClassVar[int] = 1  # layers that it is, one after another, in the depth of a network
    cancels_bias: ClassVar[bool] = False  # whether a constant added to a whole input channel leaves the output as it is
    settings: ClassVar[dict[str, Setting]] = {}
    optional: ClassVar[dict[str, bool]] = {}  # of each setting, whether it may be left out

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
            stated = {name for family in cls.__mro__[: cls.__mro__.index(Layer)] for name in vars(family)}
            missing = [rule for rule in cls.RULES if rule not in stated]
            texts = ("reference", "__doc__") if __debug__ else ("reference",)  # python -OO takes docstrings away
            missing += [text for text in texts if not getattr(cls, text)]
            if missing:
                raise TypeError(f"layer kind {kind} does not state: {', '.join(missing)}")

    def __init__(self, **settings: Any) -> None:
        """Settings by name; those left out take their defaults. Raises LayerError `bad-argument` and its kin."""
        values = self.__dict__
        for name, setting in self.settings.items():
            if name in settings:
                values[name] = setting.read(settings.pop(name))
            elif setting.default is REQUIRED:
                raise LayerError("missing-argument", f"{self.kind} needs `{name}`", argument=name)
            elif isinstance(setting.default, Same):
                values[name] = values[setting.default.setting]
            else:
                values[name] = setting.default
        if settings:
            name = next(iter(settings))
            raise LayerError("unknown-argument", f"{self.kind} has no argument `{name}`", argument=name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.kind} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.kind, *self.__dict__.values()))

    def __repr__(self) -> str:
        """The layer as a call, as an architecture file writes it: what must be given by position, the rest by name."""
        parts = []
        for name, setting in self.settings.items():
            value = getattr(self, name)
            if setting.default is REQUIRED:
                parts.append(show(value))
            elif value != self.default_of(name):
                parts.append(f"{name}={show(value)}")
        return f"{self.kind}({', '.join(parts)})" if parts else self.kind

    def default_of(self, name: str) -> Value:
        """What a setting left out would be in this very layer, REQUIRED where it cannot be left out."""
        default = self.settings[name].default
        return getattr(self, default.setting) if isinstance(default, Same) else default

    def replace(self, **changes: Value) -> Layer:
        """The layer with some arguments changed. Raises LayerError `bad-argument` and its kin."""
        return type(self)(**{**{name: getattr(self, name) for name in self.settings}, **changes})

    def brief(self, axes: int = 0) -> str:
        """The settings in the table's short form, `3×3, s2, p1` where the number of spatial axes is given."""
        texts = (setting.short(getattr(self, name), axes) for name, setting in self.settings.items())
        return ", ".join(text for text in texts if text)

    @classmethod
    def signature(cls) -> str:
        """The kind as it is called, `conv(out, kernel, stride=1, …)`."""
        texts = ", ".join(setting.signature() for setting in cls.settings.values())
        return f"{cls.kind}({texts})" if texts else cls.kind

    @final
    def output_shape(self, inputs: Shapes) -> Shape:
        """Shape of the output. Raises LayerError where the settings do not fit the inputs."""
        self.check(inputs)
        shape = self.result_shape(inputs)
        if min(shape) < 1 or max(shape) > limits.SIZE:
            raise self.out_of_bounds(shape)
        return shape

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError for arguments that are refused although a shape could be computed with them."""

    def out_of_bounds(self, shape: Shape) -> LayerError:
        """The error of an output that has an axis with nothing on it, or one beyond all bounds."""
        channels = len(shape) > 1 and not 1 <= shape[0] <= limits.SIZE
        about = "channels" if channels else "size"
        if min(shape) < 1:
            return LayerError("size-runs-out", f"`{self.kind}` has an empty output: {shape_text(shape)}", about=about)
        text = f"the output of `{self.kind}` would be {shape_text(shape)}: an axis of more than {limits.SIZE:,}"
        return LayerError("too-large", text, about=about)

    # The rules. `inputs` are the shapes that flow in: one, or for a merge one a branch.

    def result_shape(self, inputs: Shapes) -> Shape:
        """Shape of the output, by the kind's own rule; `output_shape` sees to the bounds that hold for all."""
        raise NotImplementedError

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        """The arrays the layer keeps, from which parameters and buffers are counted."""
        raise NotImplementedError

    def inner_elements(self, inputs: Shapes, output: Shape) -> int:
        """Elements of the maps between its input and its output, of a kind that computes in several steps."""
        return 0

    @final
    def activations(self, inputs: Shapes, output: Shape) -> int:
        """Elements of all maps that it makes: those between, and the output."""
        return self.inner_elements(inputs, output) + prod(output)

    def reject(self, name: str, value: float) -> str:
        """Why no element of the buffer `name` can be this number, "" where it can; what is learned can be any."""
        return ""

    def work(self, inputs: Shapes, output: Shape) -> Work:
        """Operations at inference, padded zeros included, by `conventions.md`."""
        raise NotImplementedError

    def work_inside(self, inputs: Shapes, output: Shape) -> Work:
        """The work without that on padded zeros; a kind whose windows reach beyond the input states it apart."""
        return self.work(inputs, output)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        """Which input positions an output position reads, from which the receptive field follows."""
        raise NotImplementedError

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        """How the output's channels come of the inputs', from which a network is narrowed and its positions traced."""
        raise NotImplementedError

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        """The layer for `inputs` that have fewer channels than those `before`, all else as it is.

        `divide` says how many of so many output channels are left. A kind that chooses its output channels, or that
        has an argument counting channels, changes these.
        """
        return self

    def execute(self, inputs: Maps, draw: Draw, ops: Ops) -> Map:
        """The output, computed as the kind is defined and by none of the other rules, which it is there to prove.

        `draw` gives the layer's arrays by name and shape.
        """
        raise NotImplementedError

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Settings with inputs they fit, for the listing and the tests."""
        raise NotImplementedError


class Weightless(Layer):
    """A family that keeps no weights."""

    def weights(self, inputs: Shapes) -> tuple[Weight, ...]:
        return ()


class Idle(Weightless):
    """A family that computes nothing: elements pass, or move."""

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return NO_WORK


class CarriesChannels(Layer):
    """A family whose output has the channels of its input."""

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried()


class SameShape(CarriesChannels):
    """A family whose output has the shape of its input, position by position."""

    def result_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise"


def spatial(kind: str, shape: Shape) -> Shape:
    """The spatial sizes of a map; raises LayerError `wrong-rank` where it is flat."""
    if len(shape) < 2:
        raise LayerError(
            "wrong-rank",
            f"`{kind}` needs a map (channels × spatial sizes), but its input is flat: {shape_text(shape)}",
        )
    return shape[1:]


def each_axis(name: str, value: int | tuple[E, ...], axes: int) -> tuple[int | E, ...]:
    """One value for each axis; raises LayerError `wrong-rank` where a list has not one for each."""
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise LayerError(
            "wrong-rank",
            f"`{name}` is {show(value)}, one for each of {len(value)} axes, but {axes_text(axes)} here",
            suggest={name: value[0]} if len(set(value)) == 1 else {},
            argument=name,
        )
    return value


def axes_text(axes: int) -> str:
    """`1 spatial axis is`, `2 spatial axes are`."""
    return "1 spatial axis is" if axes == 1 else f"{axes} spatial axes are"


def shape_text(shape: Shape) -> str:
    """`3×224×224`, or `[1000]` where it is flat."""
    return "×".join(map(str, shape)) if len(shape) > 1 else f"[{shape[0]}]"
