"""Charts of numbers: points or lines with axes, drawn with braille dots in a terminal, or as SVG.

Sources: W. Cleveland, The Elements of Graphing Data (1985), for the frame and the labels; P. Heckbert, Nice Numbers for
Graph Labels, Graphics Gems (1990), for the steps of the axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, floor, log10

from cnncalc.records import NamedTuple
from cnncalc.render.markup import escape
from cnncalc.render.numbers import format_bytes, format_figure, format_units
from cnncalc.render.svg import FONT
from cnncalc.render.text import clean
from cnncalc.render.view import View

Place = tuple[float, float]

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito's
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_SERIES = 12  # with a name of their own
ROWS = 16  # lines of text of a chart
NARROWEST, WIDEST = 40, 100  # cells
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille character, by row and column


class Series(NamedTuple):
    """Points in the order of x, and what they have in common."""

    label: str
    points: tuple[Place, ...]


class Chart(NamedTuple):
    """Points or lines; each axis with its title and how its numbers are written."""

    title: str
    x: tuple[str, str]
    y: tuple[str, str]
    series: tuple[Series, ...]
    joined: bool = True


class Scale(NamedTuple):
    """The ends of an axis, and the numbers beside it."""

    first: float
    last: float
    marks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value lies between the ends, from 0 to 1."""
        return (value - self.first) / (self.last - self.first)


def choose_scale(values: Sequence[float], most: int) -> Scale:
    """An axis with round numbers that holds all values, with at most so many marks."""
    low, high = min(values), max(values)
    if low == high:
        low, high = (low - 1, high + 1) if low == 0 else (low - abs(low) / 2, high + abs(high) / 2)
    if 0 < low < (high - low) / 2:
        low = 0
    power = 10.0 ** floor(log10((high - low) / most))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if (high - low) / (power * factor) <= most - 1)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return Scale(first * step, last * step, tuple(number * step for number in range(first, last + 1)))


def format_mark(value: float, written: str) -> str:
    """A number beside an axis, in as few digits as it needs."""
    if written == "seconds":
        text = format_figure(value, "seconds").replace(",", "")
    elif written == "number" or abs(value) < 1000:
        return f"{value:.10g}"
    else:
        text = format_bytes(round(value)) if written == "bytes" else format_units(round(value))
    number, _, unit = text.partition(" ")
    return f"{float(number):g} {unit}".strip()


def draw_text(chart: Chart, view: View) -> str:
    """Draw a chart in characters, within the width of the view."""
    places = [place for series in chart.series for place in series.points]
    if not places:
        return f"{clean(chart.title)}: there is nothing to draw\n"
    width = min(max(view.width or 80, NARROWEST), WIDEST)
    ys = choose_scale([y for _, y in places], 6)
    labels = [format_mark(mark, chart.y[1]) for mark in ys.marks]
    margin = max(map(len, labels))
    cells = width - margin - 2
    xs = choose_scale([x for x, _ in places], max(cells // 12, 2))
    grid = _draw_dots(chart, xs, ys, cells)
    rows = {round((1 - ys.share(mark)) * (ROWS - 1)): label for mark, label in zip(ys.marks, labels, strict=True)}
    lines = [f"{clean(chart.title)}: {clean(chart.y[0])} by {clean(chart.x[0])}", ""]
    lines += [f"{rows.get(at, ''):>{margin}} {'┤' if at in rows else '│'}{row}".rstrip() for at, row in enumerate(grid)]
    ticks, texts = _draw_marks(chart, xs, cells)
    lines += [f"{'':>{margin}} └{ticks}", f"{'':>{margin}}  {texts}".rstrip()]
    if len(chart.series) > 1:
        lines += ["", *_list_series(chart)]
    return "\n".join(lines) + "\n"


def _draw_dots(chart: Chart, xs: Scale, ys: Scale, cells: int) -> list[str]:
    """The rows of the field: dots of braille, and for several series a letter at each point."""
    dots = [[0] * cells for _ in range(ROWS)]
    letters: dict[tuple[int, int], str] = {}

    def at(place: Place) -> tuple[float, float]:
        return xs.share(place[0]) * (2 * cells - 1), (1 - ys.share(place[1])) * (4 * ROWS - 1)

    def put(x: float, y: float) -> None:
        column, row = round(x), round(y)
        dots[row // 4][column // 2] |= DOTS[row % 4][column % 2]

    for number, series in enumerate(chart.series):
        for place in series.points:
            x, y = at(place)
            put(x, y)
            if len(chart.series) > 1 and number < MOST_SERIES:
                letters[round(y) // 4, round(x) // 2] = LETTERS[number]
        for one, other in pairwise(map(at, series.points)) if chart.joined else ():
            steps = max(ceil(abs(other[0] - one[0])), ceil(abs(other[1] - one[1])), 1)
            for step in range(steps + 1):
                put(*(a + (b - a) * step / steps for a, b in zip(one, other, strict=True)))
    return [
        "".join(letters.get((row, column)) or (chr(0x2800 + dot) if dot else " ") for column, dot in enumerate(line))
        for row, line in enumerate(dots)
    ]


def _draw_marks(chart: Chart, xs: Scale, cells: int) -> tuple[str, str]:
    """The line of the x-axis with its ticks, and the numbers below it."""
    ticks, texts = ["─"] * cells, [" "] * cells
    free = 0
    for mark in xs.marks:
        at = round(xs.share(mark) * (2 * cells - 1)) // 2
        ticks[at] = "┬"
        text = format_mark(mark, chart.x[1])
        start = min(max(at - len(text) // 2, 0), cells - len(text))
        if start >= free:
            texts[start : start + len(text)] = text
            free = start + len(text) + 1
    return "".join(ticks), "".join(texts)


def _list_series(chart: Chart) -> Iterator[str]:
    for letter, series in zip(LETTERS, chart.series[:MOST_SERIES], strict=False):
        yield f"  {letter}  {clean(series.label)}"
    if len(chart.series) > MOST_SERIES:
        yield f"     and {len(chart.series) - MOST_SERIES} more"


SIZE = (640, 400)  # pixels of the picture
FIELD = (80, 40, 500, 300)  # x, y, width and height of the field in it
STYLE = f'font-family="{FONT}" font-size="12" fill="#333"'


def draw_svg(chart: Chart) -> str:
    """Draw a chart as SVG, with lines, circles and text."""
    places = [place for series in chart.series for place in series.points] or [(0.0, 0.0)]
    xs, ys = choose_scale([x for x, _ in places], 8), choose_scale([y for _, y in places], 6)
    left, top, wide, high = FIELD

    def at(place: Place) -> tuple[float, float]:
        return round(left + xs.share(place[0]) * wide, 1), round(top + (1 - ys.share(place[1])) * high, 1)

    title = escape(f"{chart.title}: {chart.y[0]} by {chart.x[0]}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE[0]} {SIZE[1]}" role="img" {STYLE}>',
        f"<title>{title}</title>",
        f'<rect width="{SIZE[0]}" height="{SIZE[1]}" fill="white"/>',
        f'<text x="{left}" y="24" font-weight="bold">{title}</text>',
    ]
    for mark in ys.marks:
        y = at((xs.first, mark))[1]
        parts.append(f'<path d="M{left} {y}h{wide}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:g}" text-anchor="end">{format_mark(mark, chart.y[1])}</text>')
    for mark in xs.marks:
        x = at((mark, ys.first))[0]
        parts.append(f'<path d="M{x} {top + high}v5" stroke="#333"/>')
        label = format_mark(mark, chart.x[1])
        parts.append(f'<text x="{x}" y="{top + high + 20}" text-anchor="middle">{label}</text>')
    parts.append(f'<path d="M{left} {top}v{high}h{wide}" fill="none" stroke="#333"/>')
    middle = left + wide // 2
    parts.append(f'<text x="{middle}" y="{SIZE[1] - 14}" text-anchor="middle">{escape(chart.x[0])}</text>')
    for number, series in enumerate(chart.series):
        parts += _draw_series(
            series, COLORS[number % len(COLORS)], [at(place) for place in series.points], chart.joined
        )
    if len(chart.series) > 1:
        parts += _draw_legend(chart)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _draw_series(series: Series, color: str, places: Sequence[Place], joined: bool) -> Iterator[str]:
    if joined and len(places) > 1:
        line = " ".join(f"{x:g},{y:g}" for x, y in places)
        yield f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.5"/>'
    for x, y in places:
        yield f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{color}"/>'


def _draw_legend(chart: Chart) -> Iterator[str]:
    left, top = FIELD[:2]
    for number, series in enumerate(chart.series[:MOST_SERIES]):
        y = top + 8 + 16 * number
        yield f'<circle cx="{left + 12}" cy="{y}" r="3" fill="{COLORS[number % len(COLORS)]}"/>'
        yield f'<text x="{left + 20}" y="{y + 4}">{escape(series.label)}</text>'
