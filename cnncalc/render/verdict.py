"""The result of `verify`: the table of checked figures, and all differences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.layers.base import format_shape
from cnncalc.render.columns import list_inputs
from cnncalc.render.document import BLANK, Block, Cell, Column, Paragraph, Table, elide_paths, fit_table, make_paragraph
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.numbers import format_digits
from cnncalc.render.text import wrap
from cnncalc.render.view import View

if TYPE_CHECKING:
    from cnncalc.execution.checks import LayerVerdict, Unit
    from cnncalc.execution.verify import Verdict

HEADERS = (
    "layer",
    "output",
    "parameters",
    "multiplications",
    "unpadded",
    "other work",
    "middle sees",
    "corner sees",
    "",
)
DROPPED = ("other work", "unpadded", "corner sees", "middle sees")  # at a narrow width, in this order
DROPPED_STEPS = [DROPPED[:number] for number in range(len(DROPPED) + 1)]
PROSE = 115  # characters of a line of prose where no width is given
LEGEND = (
    "Each number was computed by formula and counted by executing the network; ✓ all agree: shape, weights and "
    "biases, multiplications, additions, comparisons, divisions and exponentials, with padded zeros and without "
    "(unpadded), the elements of all tensors alive while a layer runs, the input positions to which every unit was "
    "traced, and that outputs shift with the input where positions share their weights. ~ sees less than the "
    "receptive field, because an intermediate map ends there; ≤ the receptive field is an upper bound."
)


def describe_verdict(verdict: Verdict, view: View) -> Iterator[Block]:
    """The table of one network, and its differences."""
    how = f"  {verdict.how}, {list_inputs(verdict.inputs, format_shape)}"
    yield Paragraph(((verdict.name, "title"), (how, "faint")), 2)
    yield elide_paths(
        fit_table((_draw(verdict.layers, dropped) for dropped in DROPPED_STEPS), view.width), 0, view.width
    )
    yield BLANK
    yield from (make_paragraph(line, "faint") for line in wrap(LEGEND, view.width or PROSE))
    yield from _describe_differences(verdict)
    yield _summarize(verdict)


def _draw(layers: Sequence[LayerVerdict], dropped: Collection[str]) -> Table:
    rows = [_make_row(layer) for layer in layers]
    return Table([
        Column(header, cells, 2 <= number <= 5)
        for number, (header, cells) in enumerate(zip(HEADERS, zip(*rows, strict=True), strict=True))
        if header not in dropped
    ])  # fmt: skip


def _make_row(layer: LayerVerdict) -> list[Cell]:
    work, inside = layer.work, layer.inside
    other = work.additions + work.comparisons + work.divisions + work.exponentials
    same = inside.multiplications == work.multiplications
    numbers = (layer.parameters, work.multiplications, inside.multiplications, other)
    cells = [Cell(format_digits(number) if number else "–", "" if number else "faint") for number in numbers]
    if same and work.multiplications:
        cells[2] = Cell("same", "faint")
    good = not layer.differences
    return [
        Cell(layer.path),
        Cell(format_shape(layer.output)),
        *cells,
        Cell(_format_units(layer, 0)),
        Cell(_format_units(layer, 1)),
        Cell("✓" if good else "✗", "good" if good else "mark"),
    ]


def _format_units(layer: LayerVerdict, which: int) -> str:
    """What a unit sees of each input, with the names of inputs if it differs between them."""
    texts = {name: _format_unit(units[which]) for name, units in layer.units.items()}
    if len(set(texts.values())) <= 1:
        return next(iter(texts.values()), "–")
    return ", ".join(f"{name} {text}" for name, text in texts.items())


def _format_unit(unit: Unit | None) -> str:
    """The traced positions, e.g. `0–10 × 0–12`; once if all axes are equal."""
    if unit is None:
        return "–"
    texts = ["nothing" if seen is None else f"{seen[0]}–{seen[1]}" for seen in unit.traced]
    mark = "~" if unit.cut else "≤" if unit.declared != unit.traced else ""
    return mark + (" × ".join(texts) if len(set(texts)) > 1 else texts[0])


def _describe_differences(verdict: Verdict, before: str = "") -> Iterator[Block]:
    for layer in verdict.layers:
        for check in layer.differences:
            text = f": {check.what} is declared {format_value(check.declared)}, found {format_value(check.found)}"
            yield Paragraph(((before, "head"), (layer.path, "mark"), (text, "")), 2)


def format_value(thing: Any) -> str:
    """Format a figure, a shape or intervals."""
    if isinstance(thing, bool) or thing is None:
        return "nothing" if thing is None else str(thing)
    if isinstance(thing, int):
        return format_digits(thing)
    if isinstance(thing, tuple | list):
        return "[" + ", ".join(map(format_value, thing)) + "]"
    return str(thing)


def _summarize(verdict: Verdict) -> Paragraph:
    checks = sum(len(layer.checks) for layer in verdict.layers)
    wrong = sum(len(layer.differences) for layer in verdict.layers)
    layers = len(verdict.layers)
    text = f"{format_digits(layers)} layer{'s' * (layers != 1)}, {format_digits(checks)} figures: "
    found = ("all as declared", "good") if not wrong else (f"{format_digits(wrong)} not as declared", "mark")
    return Paragraph(((text, ""), found))


def list_verdicts(verdicts: Sequence[Verdict], view: View) -> Iterator[Block]:
    """A row for each network, and the differences."""
    names = [Cell(verdict.name) for verdict in verdicts]
    layers = [Cell(format_digits(len(verdict.layers))) for verdict in verdicts]
    figures = [Cell(format_digits(sum(len(layer.checks) for layer in verdict.layers))) for verdict in verdicts]
    held = [Cell("all as declared", "good") if verdict.held else Cell("differs", "mark") for verdict in verdicts]
    how = [Cell(f"{verdict.how}, {list_inputs(verdict.inputs, format_shape)}", "faint") for verdict in verdicts]
    columns = [Column("network", names), Column("layers", layers, True), Column("figures", figures, True)]
    columns += [Column("", held), Column("", how)]
    yield fit_table((Table(columns), Table(columns[:-1])), view.width)
    for verdict in verdicts:
        yield from _describe_differences(verdict, f"{verdict.name} ")


def dump_verdicts(verdicts: Sequence[Verdict]) -> str:
    """All checked figures of all layers as JSON."""
    return dump(
        {"format": FORMAT, "held": all(v.held for v in verdicts), "networks": [_record_network(v) for v in verdicts]}
    )


def _record_network(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "executed": verdict.how,
        "input": verdict.input,
        "inputs": verdict.inputs,
        "held": verdict.held,
        "layers": [
            {
                "path": layer.path,
                "kind": layer.layer.kind,
                "output": layer.output,
                **layer.work._asdict(),
                "without_padding": layer.inside._asdict(),
                "parameters": layer.parameters,
                **next(iter(seen.values()), {"middle": None, "corner": None}),
                "seen": seen,
                "differences": [
                    {"what": check.what, "declared": check.declared, "found": check.found}
                    for check in layer.differences
                ],
            }
            for layer in verdict.layers
            for seen in [_record_units(layer)]
        ],
    }


def _record_units(layer: LayerVerdict) -> dict[str, dict[str, Any]]:
    """What the units in the middle and in the corner see of each input that reaches a layer, by the input's name."""
    pairs = ((name, units._asdict()) for name, units in layer.units.items())
    return {name: {key: unit and unit._asdict() for key, unit in units.items()} for name, units in pairs}
