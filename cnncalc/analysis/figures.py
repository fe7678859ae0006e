"""The table of figures: every number that cnncalc computes for a layer or a network, each defined once.

The columns of tables, the keys of JSON, what `expect` can check, what `compare` shows, and the help of all these follow
from it. `report` holds the counts that the figures are read from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import Costs, LayerReport, Report
    from cnncalc.layers.base import Shapes

Value = Any  # int | tuple[int, ...] | None: the value of a figure
Together = Literal[
    "sum", "max", "last", "none"
]  # how the values of several layers are combined for a group or a network
Better = Literal["less", "more", "neither"]
# 62,378,344 or 62.4 M; the same with KiB and MiB; 3×224×224; 12.34; 1.25 ms
Written = Literal["count", "bytes", "sizes", "ratio", "seconds"]


class Dtype(StrEnum):
    """The data type of one number, for sizes in memory."""

    float64 = "float64"
    float32 = "float32"
    float16 = "float16"
    bfloat16 = "bfloat16"
    int32 = "int32"
    int16 = "int16"
    int8 = "int8"
    uint8 = "uint8"

    @property
    def bytes(self) -> int:
        """Bytes of one number."""
        return int("".join(filter(str.isdigit, self))) // 8


class Figure(NamedTuple):
    """One figure: its names, how it is computed and combined, whether less is better, and its format.

    It is computed from the costs of a layer, which are additive (`of_costs`), from a layer's report (`of_layer`, or as
    elements `of_elements`), of several layers (`of_several`), or of all at once (`of_layers`). `of_network` or
    `of_report` is given if the figure of a network is not the combination of its layers' values, or layers have none.
    """

    name: str  # in options, JSON and `expect`
    title: str  # the header of a column
    short: str  # the same for narrow tables
    unit: str
    about: str  # the convention by which it is counted, continuing the unit
    together: Together = "sum"
    better: Better = "less"
    written: Written = "count"
    of_costs: Callable[[Costs, Dtype], int] | None = None
    of_layer: Callable[[LayerReport], Value] | None = None
    of_network: Callable[[Report], Value] | None = None
    of_elements: Callable[[LayerReport], int] | None = None
    of_several: Callable[[Sequence[LayerReport], Dtype], Value] | None = None
    of_layers: Callable[[Report, Dtype], Sequence[Value]] | None = None
    of_report: Callable[[Report, Dtype], Value] | None = None
    of_fields: bool = False  # whether it needs receptive fields
    of_device: bool = False  # whether it is undefined without a device

    def __reduce__(self) -> Any:
        """Pickled by name, since functions without a name cannot be."""
        return find_figure, (self.name,)

    @property
    def is_of_layers(self) -> bool:
        """Whether a layer has the figure by itself."""
        return bool(self.of_costs or self.of_layer or self.of_elements or self.of_several)

    @property
    def is_column(self) -> bool:
        """Whether layers have the figure, by themselves or among the others, so that a summary can have a column."""
        return self.is_of_layers or self.of_layers is not None

    def measure_layer(self, layer: LayerReport, dtype: Dtype = Dtype.float32) -> Value:
        """The figure of one layer, None if undefined."""
        if self.of_costs:
            return self.of_costs(layer.costs, dtype)
        if self.of_elements:
            return self.of_elements(layer) * dtype.bytes
        if self.of_several:
            return self.of_several([layer], dtype)
        return self.of_layer(layer) if self.of_layer else None

    def measure_network(self, report: Report, dtype: Dtype = Dtype.float32) -> Value:
        """The figure of a network, None if undefined."""
        if self.of_network:
            return self.of_network(report)
        if self.of_report:
            return self.of_report(report, dtype)
        if self.of_several:
            return self.of_several(report.layers, dtype)
        if self.of_costs and self.together == "sum":
            return self.of_costs(report.totals, dtype)
        return self.combine([self.measure_layer(layer, dtype) for layer in report.layers])

    def combine(self, values: Sequence[Value]) -> Value:
        """Combine the values of several layers, in order; None if that is undefined."""
        known = [value for value in values if value is not None]
        match self.together:
            case "sum":
                return sum(known)
            case "max":
                return max(known, default=None)
            case "last":
                return values[-1] if values else None
            case "none":
                return None


def find_figure(name: str) -> Figure:
    """The figure of a name, also as another tool counts it: `macs(thop)`. Raises KeyError."""
    if name in FIGURES or not name.endswith(")"):
        return FIGURES[name]
    from cnncalc.conventions.figures import make_figure  # few name one

    return make_figure(name)


def list_foreign_figures() -> list[str]:
    """The names of the figures that other tools count."""
    from cnncalc.conventions.figures import list_names

    return list_names()


def is_figure(name: str) -> bool:
    """Whether there is a figure of this name."""
    try:
        find_figure(name)
    except KeyError:
        return False
    return True


def find_last_spatial_layer(report: Report, name: str = "") -> LayerReport | None:
    """The last layer before the global pool: the last whose units have a receptive field of their own.

    What they see through gates or norms by global statistics is left aside, as papers do. A map of 1×1 that sees the
    whole input too is a gate's own, or comes after the pool. The field is that on the input of this name, or else on
    the first input that reaches a layer.
    """
    for each in reversed(report.layers):
        seen = each.seen.get(name) if name else each.first_seen
        if seen and seen.is_local and not (seen.whole and max(each.output[1:]) == 1):
            return each
    return None


def _measure_layer_field(layer: LayerReport) -> Value:
    return layer.receptive_field.size if layer.receptive_field else None


def _measure_network_field(report: Report) -> Value:
    name = next(iter(report.inputs))
    layer = find_last_spatial_layer(report, name)
    field = layer.seen[name].receptive_field if layer else None
    return field and field.size


def count_depth(report: Report) -> int:
    """The most convolutions, linear and recurrent layers on a way through the network; 50 for ResNet-50."""
    found: dict[int, int] = {}
    for index, layer in enumerate(report.layers):
        found[index] = max((found.get(source, 0) for source in layer.sources), default=0)
        if layer.work.macs > 0 and (layer.weights or layer.shares):  # a product of two tensors has none
            found[index] += layer.layer.consecutive
    return max(found.values(), default=0)


def _make_count(name: str, short: str, unit: str, about: str, of: Callable[[Costs], int]) -> Figure:
    """An additive figure, of which less is better."""
    return Figure(name, name.replace("_", " "), short, unit, about, of_costs=lambda costs, _: of(costs))


def _make_bytes(name: str, short: str, about: str, of: Callable[[Costs], int]) -> Figure:
    """A figure in bytes, for a number of elements."""
    return Figure(
        name, name.replace("_", " "), short, "bytes", about, written="bytes",
        of_costs=lambda costs, dtype: of(costs) * dtype.bytes,
    )  # fmt: skip


def _make_peak(name: str, about: str, mode: str) -> Figure:
    """The most bytes of tensors alive at one time; of a layer, while it runs."""

    def of_layers(report: Report, dtype: Dtype) -> Sequence[Value]:
        from cnncalc.analysis.memory import list_alive_elements

        return [each and each * dtype.bytes for each in list_alive_elements(report, mode)]

    def of_report(report: Report, dtype: Dtype) -> Value:
        from cnncalc.analysis.memory import find_peak_elements

        elements = find_peak_elements(report, mode)
        return None if elements is None else elements * dtype.bytes

    title = name.replace("_", " ")
    return Figure(
        name, title, title.replace("memory", "mem."), "bytes", about, "max", written="bytes",
        of_layers=of_layers, of_report=of_report,
    )  # fmt: skip


def _measure_training(report: Report, dtype: Dtype) -> Value:
    if "float" not in dtype or not (report.ends and report.complete):
        return None
    from cnncalc.analysis.training import Settings, Training

    return Training(report, Settings(dtype=dtype)).total


def _count_moved(layer: LayerReport) -> int:
    from cnncalc.analysis.roofline import count_moved

    return sum(count_moved(layer))


def _measure_intensity(layers: Sequence[LayerReport], dtype: Dtype) -> Value:
    from cnncalc.analysis.roofline import compute_intensity

    macs = sum(layer.work.macs for layer in layers)
    return compute_intensity(macs, _sum_moved(layers) * dtype.bytes)


def _sum_moved(layers: Sequence[LayerReport]) -> int:
    """The elements moved by several layers; those that are alike are counted once."""
    known: dict[tuple[int, Shapes, int], int] = {}
    total = 0
    for layer in layers:
        key = id(layer.layer), layer.inputs, len({*layer.sources})
        if key not in known:
            known[key] = _count_moved(layer)
        total += known[key]
    return total


def _list_least_times(report: Report, dtype: Dtype) -> Sequence[Value]:
    from cnncalc.analysis.roofline import list_least_times

    if report.device is None:
        return [None] * len(report.layers)
    return [each.seconds for each in list_least_times(report, (dtype, dtype, dtype), report.device, 1)]


def _measure_least_time(report: Report, dtype: Dtype) -> Value:
    return sum(_list_least_times(report, dtype)) if report.device else None


def _measure_moved(report: Report, dtype: Dtype) -> Value:
    return _sum_moved(report.layers) * dtype.bytes


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "input", "input", "input", "", "the shape of the input, channels first; of several inputs, of each",
            "none", "neither", "sizes",
            of_network=lambda report: report.input if len(report.inputs) == 1 else tuple(report.inputs.values()),
        ),
        Figure(
            "output", "output", "output", "", "the shape of the output, channels first",
            "last", "neither", "sizes", of_layer=lambda layer: layer.output, of_network=lambda report: report.output,
        ),
        _make_count("parameters", "params", "learned numbers", "weights and biases", lambda costs: costs.parameters),
        _make_count("weights", "weights", "learned numbers", "without biases", lambda costs: costs.weights),
        _make_count("biases", "biases", "learned numbers", "added to outputs", lambda costs: costs.biases),
        _make_count("buffers", "buffers", "numbers", "stored but not learned", lambda costs: costs.buffers),
        _make_count(
            "macs", "macs", "multiply-accumulates",
            "of convolutions, linear layers and attention, without bias, padded zeros included",
            lambda costs: costs.work.macs,
        ),
        _make_count(
            "attention_macs", "attn. macs", "multiply-accumulates",
            "of products of two tensors, as in attention; part of the macs",
            lambda costs: costs.work.attention_macs,
        ),
        # each mac is one to an input and one to a weight; of a product of two tensors, one to each of these
        _make_count(
            "input_gradient_macs", "bwd. inputs", "multiply-accumulates",
            "of the backward pass, to the gradients of the inputs, that of the network's input included",
            lambda costs: costs.work.macs + costs.work.attention_macs,
        ),
        _make_count(
            "weight_gradient_macs", "bwd. weights", "multiply-accumulates",
            "of the backward pass, to the gradients of the weights",
            lambda costs: costs.work.macs - costs.work.attention_macs,
        ),
        _make_count(
            "flops", "flops", "floating-point operations", "counted as 2 × macs", lambda costs: 2 * costs.work.macs
        ),
        _make_count(
            "multiplications", "mults", "multiplications", "of all layers at inference, the macs among them",
            lambda costs: costs.work.multiplications,
        ),
        _make_count("additions", "adds", "additions", "of all layers at inference", lambda costs: costs.work.additions),
        _make_count(
            "comparisons", "cmps", "comparisons", "of all layers at inference", lambda costs: costs.work.comparisons
        ),
        _make_count("divisions", "divs", "divisions", "of all layers at inference", lambda costs: costs.work.divisions),
        _make_count(
            "exponentials", "exps", "exponentials and other transcendental functions", "of all layers at inference",
            lambda costs: costs.work.exponentials,
        ),
        _make_count("activations", "acts", "elements", "of all outputs together", lambda costs: costs.activations),
        _make_bytes("activation_bytes", "act. bytes", "of all outputs together", lambda costs: costs.activations),
        _make_bytes("parameter_bytes", "par. bytes", "of weights and biases", lambda costs: costs.parameters),
        _make_peak("peak_memory", "of the tensors alive at one time, each in memory of its own", "separate"),
        _make_peak("peak_memory_in_place", "the same where elementwise layers overwrite their inputs", "in_place"),
        _make_bytes(
            "weights_memory", "weights mem.", "of weights, biases and buffers",
            lambda costs: costs.parameters + costs.buffers,
        ),
        Figure(
            "training_memory", "training memory", "training mem.", "bytes",
            "of training one example with Adam: parameters, buffers, optimizer, the peak of a step", written="bytes",
            together="none", of_report=_measure_training,
        ),
        Figure(
            "bytes_moved", "bytes moved", "moved", "bytes", "of inputs and weights read and outputs written",
            written="bytes", of_elements=_count_moved, of_report=_measure_moved,
        ),
        Figure(
            "intensity", "intensity", "intensity", "operations a byte", "2 × macs for each byte moved",
            "none", "more", "ratio", of_several=_measure_intensity,
        ),
        Figure(
            "least_time", "least time", "least time", "seconds", "a lower bound on a device: --compute, --bandwidth",
            written="seconds", of_layers=_list_least_times, of_report=_measure_least_time, of_device=True,
        ),
        Figure(
            "receptive_field", "receptive field", "field", "input positions",
            "that one unit sees, at the last spatial layer before the global pool",
            "last", "neither", "sizes", of_layer=_measure_layer_field, of_network=_measure_network_field,
            of_fields=True,
        ),
        Figure(
            "layers", "layers", "layers", "layers", "as they are executed", "sum", "neither",
            of_layer=lambda layer: 1,
        ),
        Figure(
            "depth", "depth", "depth", "layers", "the most layers with weights and macs on a path",
            "none", "neither", of_network=count_depth,
        ),
    )
}  # fmt: skip

COUNTS = tuple(figure for figure in FIGURES.values() if figure.of_costs and figure.written == "count")
OF_DEVICES = tuple(figure for figure in FIGURES.values() if figure.of_device)
WITH_DTYPE = tuple(figure for figure in FIGURES.values() if figure.written == "bytes")
