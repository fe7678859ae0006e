"""What came of verifying a network: the table of what was held against what, and every difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.layers.base import shape_text
from cnncalc.render.grid import Cell, grid
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.numbers import exact
from cnncalc.render.paint import Line, paint
from cnncalc.render.text import clean

if TYPE_CHECKING:
    from cnncalc.execution.verify import LayerVerdict, Unit, Verdict

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
LEGEND = (
    "Each number was computed and, by executing the network, counted; ✓ where all agree: shape, weights and biases,",
    "multiplications, additions, comparisons, divisions and exponentials, with padded zeros and without (unpadded),",
    "and for every unit the input positions it was traced to. ~ sees less than the receptive field: an inner map ends.",
)


def verdict_text(verdict: Verdict, *, color: bool) -> str:
    """The table of one network, and what differs."""
    lines: list[Line] = [
        [(clean(verdict.name), "title"), (f"  {verdict.how}, {shape_text(verdict.input)}", "faint")],
        *grid(_columns(verdict.layers)),
        [("", "")],
        *([(line, "faint")] for line in LEGEND),
        *_differences(verdict),
        _sum(verdict),
    ]
    return paint(lines, color=color)


def _columns(layers: Sequence[LayerVerdict]) -> list[list[Cell]]:
    rows = [_row(layer) for layer in layers]
    styles = ["head"] * len(HEADERS)
    return [
        [Cell(header, style, 2 <= number <= 5), *cells]
        for number, (header, style, cells) in enumerate(zip(HEADERS, styles, zip(*rows, strict=True), strict=True))
    ]


def _row(layer: LayerVerdict) -> list[Cell]:
    work, inside = layer.work, layer.inside
    other = work.additions + work.comparisons + work.divisions + work.exponentials
    same = inside.multiplications == work.multiplications
    numbers = (layer.parameters, work.multiplications, inside.multiplications, other)
    cells = [Cell(exact(number) if number else "–", "" if number else "faint", True) for number in numbers]
    if same and work.multiplications:
        cells[2] = Cell("same", "faint", True)
    good = not layer.differences
    return [
        Cell(clean(layer.path)),
        Cell(shape_text(layer.output)),
        *cells,
        Cell(_seen(layer.middle)),
        Cell(_seen(layer.corner)),
        Cell("✓" if good else "✗", "good" if good else "mark"),
    ]


def _seen(unit: Unit | None) -> str:
    """The traced positions, `0–10 × 0–10`, once where all axes are the same."""
    if unit is None:
        return "–"
    texts = ["nothing" if seen is None else f"{seen[0]}–{seen[1]}" for seen in unit.traced]
    return ("~" if unit.cut else "") + (" × ".join(texts) if len(set(texts)) > 1 else texts[0])


def _differences(verdict: Verdict) -> list[Line]:
    return [
        [
            (clean(layer.path), "mark"),
            (f": {check.what} is declared {value(check.declared)}, found {value(check.found)}", ""),
        ]
        for layer in verdict.layers
        for check in layer.differences
    ]


def value(thing: Any) -> str:
    """A figure, a shape or intervals."""
    if isinstance(thing, bool) or thing is None:
        return "nothing" if thing is None else str(thing)
    if isinstance(thing, int):
        return exact(thing)
    if isinstance(thing, tuple | list):
        return "[" + ", ".join(map(value, thing)) + "]"
    return clean(str(thing))


def _sum(verdict: Verdict) -> Line:
    checks = sum(len(layer.checks) for layer in verdict.layers)
    wrong = sum(len(layer.differences) for layer in verdict.layers)
    layers = len(verdict.layers)
    text = f"{exact(layers)} layer{'s' * (layers != 1)}, {exact(checks)} figures: "
    return [(text, ""), ("all as declared", "good") if not wrong else (f"{exact(wrong)} not as declared", "mark")]


def verdicts_text(verdicts: Sequence[Verdict], *, color: bool) -> str:
    """A line for each of several networks, and what differs."""
    rows = [
        [
            Cell(clean(verdict.name)),
            Cell(exact(len(verdict.layers)), right=True),
            Cell(exact(sum(len(layer.checks) for layer in verdict.layers)), right=True),
            Cell("all as declared", "good") if verdict.held else Cell("differs", "mark"),
            Cell(f"{verdict.how}, {shape_text(verdict.input)}", "faint"),
        ]
        for verdict in verdicts
    ]
    headers = (Cell("network", "head"), Cell("layers", "head", True), Cell("figures", "head", True), Cell(""), Cell(""))
    lines = grid([[header, *cells] for header, cells in zip(headers, zip(*rows, strict=True), strict=True)])
    differences = [
        [(f"{clean(verdict.name)} ", "head"), *line] for verdict in verdicts for line in _differences(verdict)
    ]
    return paint([*lines, *differences], color=color)


def verdicts_json(verdicts: Sequence[Verdict]) -> str:
    """Every figure of every layer that was held, for scripts."""
    return dump({"format": FORMAT, "held": all(v.held for v in verdicts), "networks": [_network(v) for v in verdicts]})


def _network(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "executed": verdict.how,
        "input": verdict.input,
        "held": verdict.held,
        "layers": [
            {
                "path": layer.path,
                "kind": layer.layer.kind,
                "output": layer.output,
                **layer.work._asdict(),
                "without_padding": layer.inside._asdict(),
                "parameters": layer.parameters,
                "middle": layer.middle and layer.middle._asdict(),
                "corner": layer.corner and layer.corner._asdict(),
                "differences": [
                    {"what": check.what, "declared": check.declared, "found": check.found}
                    for check in layer.differences
                ],
            }
            for layer in verdict.layers
        ],
    }
