"""Explaining the figures of a layer: each formula with symbols, with numbers, and its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from cnncalc import limits
from cnncalc.analysis.field_sums import Step, count_way_lengths, explain_field, list_steps
from cnncalc.analysis.lines import Line, Sum, to_sum
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.errors import CnncalcError
from cnncalc.layers.base import Layer, Shape, Shapes, format_shape
from cnncalc.layers.trace import Formula, derive_formulas, to_formula, trace
from cnncalc.network import INPUT_NAME, Network
from cnncalc.records import NamedTuple

# The symbol of each quantity.
LEFT = {
    "output size": "O", "output depth": "O_d", "output height": "O_h", "output width": "O_w",
    **{f"output axis {number}": f"O_{number}" for number in range(1, 6)},
    "output channels": "C_out", "output elements": "N_out",
    "padding": "P", "padding depth": "P_d", "padding height": "P_h", "padding width": "P_w",
}  # fmt: skip
FIRST = ("weights", "biases", "buffers", "multiplications")  # in this order; the others follow below


class Explained(NamedTuple):
    """The figures of one layer, line by line; `chain` are the steps of its receptive field from the input."""

    path: str
    layer: Layer
    inputs: Shapes
    output: Shape
    lines: tuple[Line, ...]
    chain: tuple[Step, ...] = ()


def explain(
    network: Network, report: Report, paths: Sequence[str] | None = None, *, gradient: bool = False
) -> list[Explained]:
    """Explain the layers of these paths, or all layers, in order; with `gradient` the backward pass too.

    With paths, the last layer with a receptive field gets its chain from the input, unless it has more than
    `limits.WAY_LAYERS` layers. Raises CnncalcError for more layers than `limits.EXPLAINED_LAYERS`.
    """
    wanted = None if paths is None else set(paths)
    chosen = [index for index, layer in enumerate(report.layers) if wanted is None or layer.path in wanted]
    if len(chosen) > limits.EXPLAINED_LAYERS:
        raise CnncalcError(
            f"these are {len(chosen):,} layers, and at most {limits.EXPLAINED_LAYERS:,} are explained at once:"
            " name one, a group or a pattern"
        )
    last = None
    if wanted is not None:
        last = next((index for index in reversed(chosen) if _has_field(report.layers[index])), None)
        if last is not None and sum(count_way_lengths(network, report, last)) > limits.WAY_LAYERS:
            last = None
    return [explain_layer(network, report, index, chain=index == last, gradient=gradient) for index in chosen]


def explain_layer(network: Network, report: Report, index: int, *, chain: bool, gradient: bool = False) -> Explained:
    """Explain all figures of one layer."""
    layer = report.layers[index]
    lines = (*_make_lines(layer, explain_field(network, report, index), _describe_source(network, report, index)),)
    if gradient:
        from cnncalc.analysis.backward import explain_gradients  # only on request

        lines += (*explain_gradients(layer),)
    way = list_steps(network, report, index) if chain and _has_field(layer) else ()
    return Explained(layer.path, layer.layer, layer.inputs, layer.output, lines, way)


def explain_between(network: Network, source: str, target: str) -> list[Explained]:
    """Explain the receptive field of one layer in the output of another. Raises UsageError and CnncalcError."""
    from cnncalc.analysis.fields_between import explain_from  # only on request

    nodes = {node.path: node for node in network.nodes}
    part, lines, steps = explain_from(network, nodes[source], nodes[target])
    last = part.nodes[-1]
    start = part.inputs[source]
    heading = Line("input", (), f"the output of {source}, {format_shape(start)}")
    return [Explained(last.path, last.layer, last.input_shapes, last.output, (heading, *lines), steps)]


def explain_position(network: Network, report: Report, path: str, position: str) -> list[Explained]:
    """Explain which positions of the input a unit sees, given as `y,x`. Raises UsageError."""
    from cnncalc.analysis.fields_between import explain_unit, parse_position  # only on request

    index = next(index for index, layer in enumerate(report.layers) if layer.path == path)
    node = network.nodes[index]
    found = explain_layer(network, report, index, chain=False)
    lines = (*explain_field(network, report, index), *explain_unit(network, node, parse_position(position, node)))
    return [found._replace(lines=lines)]


def _has_field(layer: LayerReport) -> bool:
    """Whether units have a receptive field, of any input."""
    return any(seen.receptive_field and seen.receptive_field.size for seen in layer.seen.values())


def _describe_source(network: Network, report: Report, index: int) -> str:
    """Where a layer takes its sizes from, "" for most."""
    like = network.nodes[index].like
    if like is None:
        return ""
    named = network.nodes[like].path if like >= 0 else report.input_labels[like]
    return f"the size of {'the input' if named == INPUT_NAME else named}"


def _make_lines(layer: LayerReport, field: list[Line], taken: str) -> Iterator[Line]:
    found, activations = _derive(layer.layer, layer.inputs)
    sizes = [name for name in found if name.startswith(("output", "padding"))]
    for name in sizes:
        if not _is_plain(found[name]) or name == "output size" or (taken and name != "output channels"):
            yield Line(name, (to_sum(found[name], _find_symbol(name)),), taken)
    if layer.shares:
        yield Line("weights", (), f"those of {layer.shares}, counted there")
    for name in FIRST:
        if name in found and not (layer.shares and name != "multiplications"):
            yield Line(name, (to_sum(found[name]),))
    yield from field
    yield from _make_remaining_lines(
        layer, {name: found[name] for name in found if name not in (*sizes, *FIRST)}, found
    )
    yield Line("activations", (to_sum(activations),))


@lru_cache(maxsize=1000)
def _derive(layer: Layer, inputs: Shapes) -> tuple[dict[str, Formula], Formula]:
    """The formulas of a layer, and of the elements of its output; equal ones are often repeated."""
    named, shapes, output, _ = trace(layer, inputs)
    return derive_formulas(layer, inputs), to_formula(named.activations(shapes, output))


def _make_remaining_lines(layer: LayerReport, rest: dict[str, Formula], found: dict[str, Formula]) -> Iterator[Line]:
    """The remaining lines: the sum of the parameters, and other operations."""
    if layer.weights and layer.biases:
        numbers = f"{layer.weights} + {layer.biases}"
        yield Line("parameters", (Sum("", "weights + biases", numbers, layer.parameters),))
    multiplications = found.get("multiplications")
    same = [name for name, each in rest.items() if each == multiplications]
    if same and multiplications:
        yield Line(", ".join(same), (Sum("", "multiplications", "", multiplications.value),))
    for name, each in rest.items():
        if name not in same:
            yield Line(name, (to_sum(each),))


def _find_symbol(name: str) -> str:
    """The symbol of a quantity, e.g. `P_before,h` for "padding before, height"."""
    if name in LEFT:
        return LEFT[name]
    side, _, axis = name.removeprefix("padding ").partition(", ")
    return f"P_{side},{axis[0]}" if axis else f"P_{side}"


def _is_plain(each: Formula) -> bool:
    """Whether a formula is only a named number."""
    return not set(each.symbols) & set(" ·/(")
