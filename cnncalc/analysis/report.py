"""The report: the figures of a network and of its layers. `analyze` computes it; all other modules read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING, Any

from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Layer, Shape, Shapes, Work
from cnncalc.layers.settings import PerAxisSetting
from cnncalc.network import INPUT, Group, input_label
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.roofline import Device


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
    folded: bool = False  # whether units near the border see other positions than those, through `pad(mode=reflect)`
    gated: bool = False  # whether units also see positions beyond, through a gate, a norm or a softmax over an axis


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


class Seen(NamedTuple):
    """What the units of a layer see of one input.

    - `receptive_field`: of one unit, None where the output has no spatial axes.
    - `whole`: set where every unit sees the whole input, as after a global pool.
    - `centred`: False where the branches of a merge look at different positions of the input.
    """

    receptive_field: ReceptiveField | None = None
    whole: Whole | None = None
    centred: bool = True

    @property
    def is_local(self) -> bool:
        """Whether units have a receptive field of their own, beside what all of them see through gates or norms."""
        return self.receptive_field is not None and (self.whole is None or self.whole.gated)


NOTHING_SEEN = Seen()


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
    - `seen`: what its units see of each input that reaches the layer, by the input's name. `receptive_field`, `whole`
      and `centred` are those of the first of these.
    - `shares`: the path of the layer whose weights are applied again and counted there, "" elsewhere.
    - `sources`: for each input the index in the report's `layers` of the layer that it comes from, negative for an
      input of the network: −1 is the first, −2 the second.
    """

    path: str
    layer: Layer
    line: int
    inputs: Shapes
    output: Shape
    costs: Costs
    seen: Mapping[str, Seen]
    shares: str
    sources: tuple[int, ...] = ()

    @property
    def first_seen(self) -> Seen:
        """What units see of the first input that reaches the layer."""
        return next(iter(self.seen.values()), NOTHING_SEEN)

    @property
    def receptive_field(self) -> ReceptiveField | None:
        """The receptive field of one unit, None where the output has no spatial axes."""
        return self.first_seen.receptive_field

    @property
    def whole(self) -> Whole | None:
        """What every unit sees, None where that differs from unit to unit."""
        return self.first_seen.whole

    @property
    def centred(self) -> bool:
        """Whether the branches of a merge look at the same positions."""
        return self.first_seen.centred

    @property
    def axes(self) -> int:
        """The number of spatial axes of its input, or of the output where it has none."""
        return len(next(iter(self.inputs), self.output)) - 1

    @property
    def arguments(self) -> dict[str, Value]:
        """The layer's arguments by the names of its signature; a number for all axes is given for each of them."""
        axes = self.axes
        found = {name: getattr(self.layer, name) for name in self.layer.settings}
        for name, setting in self.layer.settings.items():
            if isinstance(setting, PerAxisSetting) and isinstance(found[name], int):
                found[name] = (found[name],) * axes
        return {name: repr(value) if isinstance(value, Layer) else value for name, value in found.items()}

    @property
    def is_local(self) -> bool:
        """Whether units have a receptive field of their own, beside what all of them see through gates or norms."""
        return self.first_seen.is_local

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
    - `inputs`: shapes of the network's inputs by name; `input` is the first.
    - `output`: shape of the network's output, the first of several; () where the file has an error.
    - `outputs`: shapes of the named outputs, e.g. of auxiliary heads and pyramids, each by the end of its path that no
      other has; where the file has an error, those before it.
    - `layers`: a report of each layer that is executed, in order, so that columns add up to the totals.
    - `groups`: blocks, repeats and merges of the file, as spans of `layers`.
    - `totals`: the sums over all layers.
    - `complete`: False where the file has an error: then `layers` ends before it.
    - `device`: the operations and bytes a second of a device, for which least times are computed.
    - `ends`: the indexes in `layers` of the layers that give the outputs, negative for an input of the network.
    """

    name: str
    source: str
    notes: str
    inputs: dict[str, Shape]
    output: Shape
    outputs: dict[str, Shape]
    layers: tuple[LayerReport, ...]
    groups: tuple[Group, ...]
    totals: Costs
    complete: bool
    ends: tuple[int, ...] = ()
    device: Device | None = None

    @property
    def input(self) -> Shape:
        """The shape of the first input."""
        return next(iter(self.inputs.values()))

    @property
    def input_labels(self) -> dict[int, str]:
        """How each input is named as a source of layers, by its index: `input`, or `input.left`."""
        return dict(zip(count(INPUT, -1), map(input_label, self.inputs), strict=False))

    def __rich__(self) -> Any:
        """The summary for Rich: the table of layers, fitted to the console."""
        from cnncalc.render.summary import rich_summary

        return rich_summary(self)

    def _repr_mimebundle_(self, include: Sequence[str] = (), exclude: Sequence[str] = (), **_: Any) -> dict[str, str]:
        """The summary for a notebook, as text and as HTML."""
        bundle: dict[str, str] = self.__rich__()._repr_mimebundle_(include, exclude)
        return {kind: self._repr_html_() if kind == "text/html" else text for kind, text in bundle.items()}

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """The summary for IPython, which shows tuples in full otherwise."""
        printer.text(self._repr_mimebundle_(include=["text/plain"])["text/plain"].rstrip())

    def _repr_html_(self) -> str:
        """The summary as a table in HTML, without a script."""
        from cnncalc.render.notebook import show_html

        return show_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The report as the dicts, lists, strings and numbers of `summary --format json`."""
        from cnncalc.render.notebook import make_dict

        return make_dict(self)

    def rows(self) -> list[dict[str, Any]]:
        """A dict for each layer, by the names of columns, e.g. for `pandas.DataFrame(report.rows())`.

        Shapes and sizes along axes are tuples; figures that are not defined are None.
        """
        from cnncalc.render.notebook import list_rows

        return list_rows(self)
