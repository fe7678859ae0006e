"""A kernel as a document: its numbers, whether it splits and into what, its matrix, and what it does to pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from cnncalc.compare.factors import Singular, Split, measure_error
from cnncalc.execution.kernel_effects import Change, Multiplications
from cnncalc.execution.kernels import Rows
from cnncalc.execution.matrix import Matrix
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map
from cnncalc.records import NamedTuple
from cnncalc.render.document import BLANK, Block, Pairs, Paragraph, make_paragraph
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.maps import align_numbers, format_number, list_numbered_rows, make_title
from cnncalc.render.numbers import format_digits
from cnncalc.render.pictures import draw_beside
from cnncalc.render.view import View

COLUMNS = 40  # of a matrix that is shown: more are unreadable
LONG, DIGITS = 12, 4  # characters of a fraction that is written exactly, and digits of one that is not
CELLS = 12  # rows and columns of a picture that is shown as numbers


class KernelReport(NamedTuple):
    """A kernel and all that is found of it."""

    name: str
    does: str  # "" for one without a name
    rows: Rows
    rank: int
    split: Split | None
    parts: Sequence[Singular]
    multiplications: Multiplications
    matrix: Matrix
    transposed: Matrix
    shapes: tuple[Shape, Shape]  # of the input and the output of the matrix
    changes: Sequence[Change]

    @property
    def sizes(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.rows[0])


def describe_kernel(found: KernelReport, view: View) -> Iterator[Block]:
    """All of a kernel."""
    yield make_title(found.name, "  ".join(filter(None, ["×".join(map(str, found.sizes)), found.does])))
    yield from _show_kernel(found.rows)
    yield BLANK
    yield Pairs([*_describe_rank(found), ("multiplications", _count(found))], gap=2)
    yield from _show_matrices(found, view)
    for change in found.changes:
        yield BLANK
        yield from _show_change(change, view)


def _show_kernel(rows: Rows) -> Iterator[Block]:
    texts = [[_write_exactly(number) for number in row] for row in rows]
    cells = max(len(text) for row in texts for text in row)
    for row in texts:
        yield Paragraph((("  " + "  ".join(f"{text:>{cells}}" for text in row), ""),), wrapped=False)


def _describe_rank(found: KernelReport) -> Iterator[tuple[str, str]]:
    if found.split is not None:
        yield "rank", "1: it splits into a column and a row"
        yield "split", _write_split(found.split)
        return
    if not found.rank:
        yield "rank", "0: all its numbers are 0"
        return
    yield "rank", f"{found.rank}: it does not split; it is the sum of {found.rank} kernels that do"
    if found.parts:
        yield "nearest", _write_nearest(found.parts)


def _write_split(split: Split) -> str:
    """`1/16 · [1 2 1]ᵀ · [1 2 1]`."""
    factor = "" if split.factor == 1 else f"{_write_exactly(split.factor)} · "
    return f"{factor}{_write_vector(split.column)}ᵀ · {_write_vector(split.row)}"


def _write_nearest(parts: Sequence[Singular]) -> str:
    """The nearest kernel that splits, the first number of its row 1 or −1, and how far it is."""
    column, row = get_nearest(parts)
    return (
        f"{_write_vector(column)}ᵀ · {_write_vector(row)}, which leaves {measure_error(parts, 1):.1%} of it"
        " (root of the sum of squares)"
    )


def get_nearest(parts: Sequence[Singular]) -> tuple[list[float], list[float]]:
    """The column and the row whose product is nearest to a matrix; the largest number of the row is 1."""
    value, left, right = parts[0]
    largest = max(right, key=abs)
    return [value * largest * number for number in left], [number / largest for number in right]


def _write_vector(numbers: Sequence[float] | Sequence[int]) -> str:
    texts = (format_number(number) if isinstance(number, float) else _write_exactly(number) for number in numbers)
    return f"[{' '.join(texts)}]"


def _write_exactly(number: Fraction | int) -> str:
    """A fraction, or if it is long, its first digits and the power of ten."""
    text = str(number)
    if len(text) <= LONG:
        return text
    above, below = abs(number.numerator), number.denominator
    power = len(str(above)) - len(str(below))
    digits = above * 10 ** max(DIGITS - power, 0) // (below * 10 ** max(power - DIGITS, 0))
    power += len(str(digits)) - DIGITS - 1
    shown = str(digits)[:DIGITS]
    return f"{'-' * (number < 0)}{shown[0]}.{shown[1:]}e{power:+d}"


def _count(found: KernelReport) -> str:
    """`9 → 3 + 3 = 6 at each position; on 6×6 144 → 72 + 48 = 120`, the second of each if it splits."""
    sizes, each, whole, steps = found.multiplications
    height, width = found.sizes
    on = f"on {'×'.join(map(str, sizes))}"
    if found.split is None or min(found.sizes) == 1:
        return f"{format_digits(each)} at each position; {on} {format_digits(whole)}"
    first, second = map(format_digits, steps)
    split_up = f"{first} + {second} = {format_digits(sum(steps))}"
    return f"{each} → {height} + {width} = {height + width} at each position; {on} {format_digits(whole)} → {split_up}"


def _show_matrices(found: KernelReport, view: View) -> Iterator[Block]:
    """The matrix of the convolution, and of the transposed one."""
    input, output = ("×".join(map(str, shape[1:])) for shape in found.shapes)
    for name, matrix, about in (
        ("matrix", found.matrix, f"from {input}, row by row, to {output}"),
        ("transposed", found.transposed, f"from {output} back to {input}"),
    ):
        yield BLANK
        yield make_title(name, f"{len(matrix)} × {len(matrix[0])}, {about}")
        if max(len(matrix), len(matrix[0])) > COLUMNS:
            yield make_paragraph("  too large to be shown; --format json has it", "faint")
            continue
        yield from list_numbered_rows(matrix, view.width)


def _show_change(change: Change, view: View) -> Iterator[Block]:
    """A picture and what becomes of it, as numbers if both are small."""
    about = {
        "step": "from 0 to 1",
        "impulse": "a single 1 becomes the kernel, turned by 180°",
        "digit": "a picture",
    }[change.name]
    yield make_title(change.name, about)
    if change.name == "digit" or max(change.before.sizes) > CELLS:
        yield from draw_beside([change.before, change.after], view)
        return
    sides = [list(align_numbers(_cut(x), None)) for x in (change.before, change.after)]
    width, middle = len(sides[0][0]), len(sides[1]) // 2
    for number, (one, other) in enumerate(zip_longest(*sides, fillvalue="")):
        arrow = " → " if number == middle else "   "
        yield Paragraph(((f"  {one:<{width}} {arrow} {other}".rstrip(), ""),), wrapped=False)


def _cut(x: Map) -> list[list[float]]:
    width = x.sizes[-1]
    return [x.values[at : at + width] for at in range(0, len(x.values), width)]


def dump_kernel(found: KernelReport) -> str:
    """A kernel as JSON; `exact` and the factors of a split are fractions as text."""
    nearest: dict[str, Any] | None = None
    if found.parts:
        column, row = get_nearest(found.parts)
        nearest = {"column": column, "row": row, "error": measure_error(found.parts, 1)}
    split = found.split
    return dump(
        {
            "format": FORMAT,
            "name": found.name,
            "kernel": [[float(number) for number in row] for row in found.rows],
            "exact": [[str(number) for number in row] for row in found.rows],
            "rank": found.rank,
            "split": split and {"factor": str(split.factor), "column": split.column, "row": split.row},
            "nearest": nearest,
            "multiplications": {
                "each": found.multiplications.each,
                "each_split": sum(found.sizes) if split else None,
                "input": found.multiplications.sizes,
                "whole": found.multiplications.whole,
                "steps": found.multiplications.steps if split else None,
            },
            "matrix": found.matrix,
            "transposed": found.transposed,
            "changes": {
                change.name: {"before": _cut(change.before), "after": _cut(change.after)} for change in found.changes
            },
        }
    )
