"""Learned arrays of PyTorch modules, and what functions make of them before a layer uses them.

A view of an array is the same array. What is computed of arrays alone has no layer, but for the standardized weights of
a convolution: `batch_norm` of the weights themselves, as timm and BiT write it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import isclose, prod, sqrt
from typing import Any

from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, permuted
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple


class Standard(NamedTuple):
    """Weights that are standardized when they are used: the array, the gain of each output channel, and epsilon."""

    weight: Array
    gain: Array | None
    epsilon: float


class Known(NamedTuple):
    """A parameter or a buffer, or what is made of some; `array` is None where it is computed.

    `factor` are constants by which the array is multiplied; a constant is made of no parameter. `sources` are the
    parameters of which it is made. `real` is the tensor with its numbers, or others of parameters without; None where
    they are not known. `form` says how it is computed: equal ones are equal.
    """

    shape: Shape
    array: Array | None
    is_buffer: bool = False
    factor: float = 1
    is_constant: bool = False
    standard: Standard | None = None
    sources: tuple[Known, ...] = ()
    real: Any = None
    form: int = 0

    @property
    def number(self) -> float | None:
        """The number that all elements of a constant are."""
        if not self.is_constant or self.real is None or not self.real.numel():
            return None
        first = self.real.flatten()[0]
        return float(first) if bool((self.real == first).all()) else None

    @property
    def arrays(self) -> list[Array]:
        """The arrays of which it is made, as far as that is known."""
        found = [self.array, self.standard and self.standard.weight, self.standard and self.standard.gain]
        return [array for array in found if array is not None]


COMPUTED = "its weights are computed"
_VIEWS = (
    "view reshape flatten squeeze unflatten unsqueeze view_as reshape_as ravel contiguous to detach float double"
    " type_as clone alias"
)
VIEWS = frozenset(_VIEWS.split())


def numbers_of(tensor: Any) -> list[float] | None:
    """The numbers of a tensor, None where it has none."""
    found = tensor.detach()
    return None if found.is_meta else [float(value) for value in found.double().flatten().tolist()]


def sources_of(values: Sequence[Known]) -> tuple[Known, ...]:
    """The parameters of which some are made, each once."""
    return tuple({source.form: source for each in values for source in each.sources}.values())


def array_of(value: object) -> Array:
    """A learned array, or what is computed of one, number by number. Raises Refusal where it depends on the input, is
    computed of several, or is not learned."""
    if not isinstance(value, Known):
        raise Refusal("its weights depend on the input")
    if value.is_buffer:
        raise Refusal("its weights are a buffer, which is not learned")
    if value.array is not None and value.factor == 1:
        return value.array
    source = value.sources[0].array if len(value.sources) == 1 else None
    if source is None or prod(source.shape) != prod(value.shape):
        names = " and ".join(f"`{each.array.key}`" for each in value.sources if each.array is not None)
        raise Refusal(f"{COMPUTED} of {names}" if len(value.sources) > 1 else COMPUTED)
    return Array(source.key, value.shape, partial(_computed, source, value.real), value.form)


def _computed(source: Array, real: Any) -> list[float] | None:
    """The numbers that are computed of an array, where it has some."""
    return None if real is None or source.load() is None else numbers_of(real)


def statistics_of(value: object) -> Array:
    """An array of running statistics, which are a buffer. Raises Refusal of other values."""
    if not isinstance(value, Known) or value.array is None or not value.is_buffer:
        raise Refusal("its running statistics are no buffers")
    return value.array


def arrays_of(**given: object) -> dict[str, Array]:
    """Several, without those that are None."""
    return {name: array_of(value) for name, value in given.items() if value is not None}


def is_repeated(value: Any, shape: Shape) -> bool:
    """Whether a tensor has this shape after its axes of size 1 are repeated."""
    return len(value.shape) == len(shape) and all(a in (1, b) for a, b in zip(value.shape, shape, strict=True))


def derive(title: str, args: Sequence[Any], kwargs: Mapping[str, Any], shape: Shape) -> Known:
    """What a function makes of arrays alone; of this shape."""
    values = [value for value in (*args, *kwargs.values()) if isinstance(value, Known)]
    first = values[0] if values else None
    if first is not None and len(values) == 1 and title in VIEWS:
        return first._replace(shape=shape, array=first.array and first.array._replace(shape=shape))
    is_expanded = title.startswith("expand") or (title == "repeat" and is_repeated(first, shape))
    if first is not None and len(values) == 1 and is_expanded and first.array is not None:
        return first._replace(shape=shape)
    if first is not None and len(values) == 1 and title in ("t", "transpose") and len(first.shape) == 2:
        array = first.array and permuted(first.array._replace(shape=first.shape), (1, 0))
        return Known(shape, array, first.is_buffer, first.factor)
    if title in ("view_as", "reshape_as") and first is not None:
        return first._replace(shape=shape)
    if first is not None and title == "mul" and len(values) == 1:
        factor = next((each for each in args if isinstance(each, int | float)), None)
        if factor is not None:
            return first._replace(factor=first.factor * factor)
    if all(value.is_constant for value in values):
        return Known(shape, None, is_constant=True)
    if title == "batch_norm" and (standard := _standardized(*args, **kwargs)) is not None:
        return Known(shape, None, standard=standard)
    return Known(shape, None)


def _standardized(
    x: Known, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5, *_: Any,
) -> Standard | None:  # fmt: skip
    """Weights [1, out, n] as a batch norm by their own statistics makes them; None where it is anything else."""
    if not training or running_mean is not None or bias is not None or x.shape[:1] != (1,) or len(x.shape) != 3:
        return None
    if x.array is None or x.factor != 1 or x.is_buffer:
        return None
    if weight is None:
        return Standard(x.array, None, eps)
    if weight.array is None or weight.is_buffer:
        return None
    return Standard(x.array, _scaled(weight.array, weight.factor * sqrt(x.shape[2])), eps)


def _scaled(array: Array, factor: float) -> Array:
    """The array multiplied by a constant."""
    if isclose(factor, 1, rel_tol=1e-12):
        return array

    def load() -> list[float] | None:
        numbers = array.load()
        return None if numbers is None else [factor * number for number in numbers]

    return array._replace(load=load)


def standardized(standard: Standard, shape: Shape, bias: Any) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays of a `standardized_conv` whose kernel has a shape, and its arguments."""
    array, gain, epsilon = standard
    arrays = {"weight": array._replace(shape=shape), **arrays_of(bias=bias)}
    if gain is not None:
        arrays["gain"] = gain._replace(shape=(shape[0], *[1] * (len(shape) - 1)))
        assert prod(gain.shape) == shape[0]
    return arrays, {"gain": gain is not None, "epsilon": epsilon}
