"""The page of an activation function: its range, its derivative, what happens in many layers, a plot of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.execution.tape import Tape
from cnncalc.layers.base import Layer
from cnncalc.layers.derivatives import FUNCTIONS, Function
from cnncalc.layers.ops import Map
from cnncalc.render.document import BLANK, Block, Pairs, Paragraph, make_paragraph
from cnncalc.render.plot import DOTS, choose_scale, format_mark

LAYERS = 10  # through which a gradient is followed
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
ROWS, CELLS = 8, 52  # of the plot
END = {"relu6": 8.0}  # of the axis, which begins at −END
USUAL_END = 4.0
SLOPE = 0.25  # of `prelu` in the plot, where learning begins in PyTorch


def describe_function(layer: Layer) -> Iterator[Block]:
    """What a user may want to know of an activation function."""
    facts = FUNCTIONS[layer.kind]
    yield make_paragraph("function", "head")
    pairs = [
        ("range", facts.range),
        ("derivative", f"f′(x) = {facts.derivative}"),
        ("its range", facts.derivative_range),
        ("zero-centred", describe_centre(facts)),
        (f"{LAYERS} layers", describe_layers(facts)),
    ]
    yield Pairs(pairs, "bar", 2)
    yield BLANK
    yield from _draw_function(layer)


def describe_centre(facts: Function) -> str:
    """Whether outputs are centred around 0."""
    if facts.odd:
        return "yes, f(−x) = −f(x)"
    least = facts.range[1:].partition(",")[0]
    return "no, no output is negative" if least == "0" else f"no, but there are negative outputs, from {least}"


def describe_layers(facts: Function) -> str:
    """What is left of a gradient after many layers, without what the weights do.

    >>> describe_layers(FUNCTIONS["sigmoid"])
    'a gradient is multiplied by at most 0.25¹⁰ ≈ 9.5·10⁻⁷, apart from the weights'
    """
    steepest = f"{facts.steepest:.4g}" + str(LAYERS).translate(SUPERSCRIPTS)
    value = facts.steepest**LAYERS
    result = "= 1" if value == 1 else f"≈ {format_power(value)}"
    dead = ", and by 0 where a unit is dead" if "0" in facts.derivative_range.strip("{}").split(", ") else ""
    return f"a gradient is multiplied by at most {steepest} {result}{dead}, apart from the weights"


def format_power(value: float) -> str:
    """Two digits, times a power of ten where that is shorter.

    >>> format_power(9.5367e-7), format_power(3.36), format_power(282.1)
    ('9.5·10⁻⁷', '3.4', '282')
    """
    if 0.01 <= value < 1000:
        return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def evaluate(layer: Layer, xs: Sequence[float]) -> tuple[list[float], list[float]]:
    """The values of a function, and of its derivative."""
    tape = Tape()
    start = Map((1, len(xs)), tape.start(xs))
    made = layer.execute((start,), lambda name, shape: [SLOPE], tape)
    tape.go_back(made.values, [1.0] * len(xs))
    return tape.look_up(made.values), tape.gradients_of(start.values)


def _draw_function(layer: Layer) -> Iterator[Block]:
    """The function as a line, its derivative dotted."""
    end = END.get(layer.kind, USUAL_END)
    columns = 2 * CELLS
    xs = [end * (2 * at / (columns - 1) - 1) for at in range(columns)]
    values, slopes = evaluate(layer, xs)
    ys = choose_scale([*values, *slopes], 4)
    labels = [format_mark(mark, "number").replace("-", "−") for mark in ys.marks]
    margin = max(map(len, labels)) + 2
    grid = [[0] * CELLS for _ in range(ROWS)]

    def place(value: float) -> int:
        return round((1 - ys.share(value)) * (4 * ROWS - 1))

    def put(column: int, row: int) -> None:
        grid[row // 4][column // 2] |= DOTS[row % 4][column % 2]

    before = place(values[0])
    for at, value in enumerate(values):
        row = place(value)
        for each in range(min(row, before + 1), max(row, before - 1) + 1):
            put(at, each)
        before = row
        if at % 3 == 0:
            put(at, place(slopes[at]))
    shown: dict[int, str] = {
        round((1 - ys.share(m)) * (ROWS - 1)): text for m, text in zip(ys.marks, labels, strict=True)
    }
    for number, line in enumerate(grid):
        text = "".join(chr(0x2800 + dots) if dots else " " for dots in line)
        head = f"{shown.get(number, ''):>{margin}} {'┤' if number in shown else '│'}"
        yield Paragraph(((head, "faint"), (text.rstrip(), "bar")), wrapped=False)
    yield Paragraph(((_draw_axis(margin, end), "faint"),), wrapped=False)
    yield make_paragraph(" " * (margin + 2) + "line: f(x); dots: f′(x)", "faint")


def _draw_axis(margin: int, end: float) -> str:
    low, high = f"−{end:g}", f"{end:g}"
    middle = CELLS // 2
    return " " * (margin + 2) + low + "0".rjust(middle + 1 - len(low)) + high.rjust(CELLS - middle - 1)
