"""The report: the figures of a network and of its layers. `analyze` computes it; all other modules read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from cnncalc.layers.base import Layer, Shape, Shapes, Work
from cnncalc.layers.settings import PerAxisSetting, Value
from cnncalc.network import Group


class ReceptiveField(NamedTuple):
    """What one unit of a map sees of the network's input, axis by axis, before clipping to the image.

    The unit y sees [start + y·stride, start + y·stride + size − 1]. After an upsampling the interval varies with y
    in a period: then `size` is the largest, `start` that of unit 0, and `varies` is True.
    """

    size: tuple[int, ...]
    stride: tuple[int | Fraction, ...]
    start: tuple[int, ...]
    varies: bool = False
    exact: bool = True  # False where the interval is an upper bound


class Whole(NamedTuple):
    """What every unit of a map sees of the input, e.g. through a global pool.

    If `all`, they see the whole input: the interval is given before clipping to the image. Otherwise it is the part
    of the image that they see, an upper bound unless `exact`. `gated` if each unit also has its own receptive field,
    e.g. after a gate computed by a global pool.
    """

    size: tuple[int, ...]
    start: tuple[int, ...]
    all: bool = True
    exact: bool = True
    gated: bool = False


class Costs(NamedTuple):
    """The costs of a layer, or of several together."""

    weights: int = 0  # learned, without biases
    biases: int = 0
    buffers: int = 0
    work: Work = Work()
    activations: int = 0  # elements of the outputs, and of intermediate maps within a layer

    @property
    def parameters(self) -> int:
        """Learned numbers: weights and biases."""
        return self.weights + self.biases

    @staticmethod
    def together(costs: Iterable[Costs]) -> Costs:
        """The sums."""
        weights, biases, buffers, work, activations = zip(NO_COSTS, *costs, strict=True)
        operations = Work(*map(sum, zip(*work, strict=True)))
        return Costs(sum(weights), sum(biases), sum(buffers), operations, sum(activations))


NO_COSTS = Costs()


class LayerReport(NamedTuple):
    """The figures of one layer.

    - `path`: its name in the network, e.g. `stem.conv1`; unique.
    - `layer`: the layer with its arguments; `kind` is its kind.
    - `line`: the line of the file on which it is written, from 1.
    - `inputs`, `output`: shapes, (C, *spatial) or (N,); a merge has several inputs.
    - `costs`: parameters, buffers, operations at inference for one input, elements of the output; each is also an
      attribute of its own, e.g. `parameters`.
    - `receptive_field`: of one unit, None where the output has no spatial axes.
    - `whole`: set where every unit sees the whole input, as after a global pool.
    - `centred`: False where the branches of a merge look at different positions of the input.
    - `shares`: the path of the layer whose weights are applied again and counted there, "" elsewhere.
    - `sources`: for each input the index in the report's `layers` of the layer that it comes from, INPUT (−1) for the
      network's input.
    """

    path: str
    layer: Layer
    line: int
    inputs: Shapes
    output: Shape
    costs: Costs
    receptive_field: ReceptiveField | None
    whole: Whole | None
    centred: bool
    shares: str
    sources: tuple[int, ...] = ()

    @property
    def arguments(self) -> dict[str, Value]:
        """The layer's arguments by the names of its signature; a number for all axes is given for each of them."""
        axes = len(self.inputs[0]) - 1
        found = {name: getattr(self.layer, name) for name in self.layer.settings}
        for name, setting in self.layer.settings.items():
            if isinstance(setting, PerAxisSetting) and isinstance(found[name], int):
                found[name] = (found[name],) * axes
        return found

    @property
    def is_local(self) -> bool:
        """Whether units have their own receptive field, besides what all of them see through gates or norms."""
        return self.receptive_field is not None and (self.whole is None or self.whole.gated)

    @property
    def kind(self) -> str:
        """The layer kind."""
        return self.layer.kind

    @property
    def weights(self) -> int:
        """Learned numbers without biases."""
        return self.costs.weights

    @property
    def biases(self) -> int:
        """Learned numbers that are added to outputs."""
        return self.costs.biases

    @property
    def parameters(self) -> int:
        """Learned numbers: weights and biases."""
        return self.costs.parameters

    @property
    def buffers(self) -> int:
        """Numbers that are stored but not learned."""
        return self.costs.buffers

    @property
    def work(self) -> Work:
        """Operations at inference."""
        return self.costs.work

    @property
    def activations(self) -> int:
        """Elements of the output."""
        return self.costs.activations


class Report(NamedTuple):
    """The figures of a network, as `summary` shows them.

    - `name`, `source`, `notes`: as the file gives them, "" where it does not.
    - `input`, `output`: shapes of the network's input and of its output, the first of several; () where the file has an
      error.
    - `outputs`: shapes of the named outputs, e.g. of auxiliary heads and pyramids, each by the end of its path that no
      other has; where the file has an error, those before it.
    - `layers`: a report of each layer that is executed, in order, so that columns add up to the totals.
    - `groups`: blocks, repeats and merges of the file, as spans of `layers`.
    - `totals`: the sums over all layers.
    - `complete`: False where the file has an error: then `layers` ends before it.
    """

    name: str
    source: str
    notes: str
    input: Shape
    output: Shape
    outputs: dict[str, Shape]
    layers: tuple[LayerReport, ...]
    groups: tuple[Group, ...]
    totals: Costs
    complete: bool

    def __rich__(self) -> Any:
        """The summary for Rich: the table of layers, fitted to the console."""
        from cnncalc.render.summary import rich_summary

        return rich_summary(self)

    def _repr_mimebundle_(self, include: Sequence[str] = (), exclude: Sequence[str] = (), **_: Any) -> dict[str, str]:
        """The summary for a notebook."""
        bundle: dict[str, str] = self.__rich__()._repr_mimebundle_(include, exclude)
        return bundle
