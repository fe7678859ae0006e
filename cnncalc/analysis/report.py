"""What cnncalc says of a network, as values that are computed once and only read afterwards."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from cnncalc.layers.base import Layer, Shape, Shapes, Work
from cnncalc.network import Group


class ReceptiveField(NamedTuple):
    """What one unit of a map sees of the network's input, axis by axis, before clipping to the image.

    The unit y sees [start + y·stride, start + y·stride + size − 1]. Behind an upsampling the interval varies with y
    in a period: then `size` is the largest, `start` that of unit 0, and `varies` is True.
    """

    size: tuple[int, ...]
    stride: tuple[int | Fraction, ...]
    start: tuple[int, ...]
    varies: bool = False


class Whole(NamedTuple):
    """The interval of the input that all units of a map see together, where each of them sees all of it."""

    size: tuple[int, ...]
    start: tuple[int, ...]


class LayerReport(NamedTuple):
    """The numbers of one layer."""

    path: str
    layer: Layer
    line: int
    inputs: Shapes
    output: Shape
    weights: int  # learned, biases apart
    biases: int
    buffers: int
    work: Work
    activations: int  # elements of the output
    receptive_field: ReceptiveField | None  # None where there is no spatial meaning left
    whole: Whole | None  # where every unit sees the whole input, as behind a global pool
    centred: bool  # False where branches that meet here look at different places
    shares: str  # path of the layer whose weights are applied again; they are counted there

    @property
    def kind(self) -> str:
        """The layer kind."""
        return self.layer.kind

    @property
    def parameters(self) -> int:
        """Learned numbers: weights and biases."""
        return self.weights + self.biases


class Totals(NamedTuple):
    """Sums over the layers."""

    weights: int = 0
    biases: int = 0
    buffers: int = 0
    work: Work = Work()
    activations: int = 0

    @property
    def parameters(self) -> int:
        """Learned numbers: weights and biases."""
        return self.weights + self.biases

    @staticmethod
    def of(layers: tuple[LayerReport, ...] | list[LayerReport]) -> Totals:
        """The sums over some layers."""
        return Totals(
            sum(layer.weights for layer in layers),
            sum(layer.biases for layer in layers),
            sum(layer.buffers for layer in layers),
            Work(*map(sum, zip(*(layer.work for layer in layers), strict=True))) if layers else Work(),
            sum(layer.activations for layer in layers),
        )


class Report(NamedTuple):
    """Everything that `summary` shows of a network."""

    name: str
    source: str
    notes: str
    input: Shape
    output: Shape
    outputs: dict[str, Shape]  # the named outputs of auxiliary heads and pyramids
    layers: tuple[LayerReport, ...]
    groups: tuple[Group, ...]
    totals: Totals
    complete: bool  # False where the file has an error: then the layers end before it
