"""Kernels by name: the filters that books on images begin with. Their numbers are exact."""

from __future__ import annotations

from fractions import Fraction

from cnncalc import limits
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.execution.numerals import NumeralError, check_rows, find_no_number, parse_number, read_inline
from cnncalc.layers.base import Shape, format_shape
from cnncalc.nearest import did_you_mean
from cnncalc.records import NamedTuple

Rows = tuple[tuple[Fraction, ...], ...]
SIMPLE = 10_000  # the largest denominator of a fraction that a float is taken for


class NamedKernel(NamedTuple):
    """The numbers of a kernel as text, times `factor`, and what it does."""

    rows: str
    does: str
    factor: Fraction = Fraction(1)


NAMED = {
    "sobel_x": NamedKernel("1 0 -1; 2 0 -2; 1 0 -1", "vertical edges, smoothed along them"),
    "sobel_y": NamedKernel("1 2 1; 0 0 0; -1 -2 -1", "horizontal edges, smoothed along them"),
    "laplace": NamedKernel("0 1 0; 1 -4 1; 0 1 0", "edges in all directions, by second differences"),
    "sharpen": NamedKernel("0 -1 0; -1 5 -1; 0 -1 0", "the picture minus its second differences"),
    "blur": NamedKernel("1 1 1; 1 1 1; 1 1 1", "the mean of a window", Fraction(1, 9)),
    "gauss": NamedKernel("1 2 1; 2 4 2; 1 2 1", "a mean with most weight in the middle", Fraction(1, 16)),
    "identity": NamedKernel("0 0 0; 0 1 0; 0 0 0", "the picture itself"),
    "emboss": NamedKernel("-2 -1 0; -1 1 1; 0 1 2", "the picture lit from one corner"),
}


def get_named(name: str) -> Rows:
    """The rows of a kernel by its name."""
    rows, _, factor = NAMED[name]
    return tuple(tuple(factor * parse_number(text) for text in row) for row in read_inline(rows))


def make_kernel(rows: list[list[str]]) -> Rows:
    """The kernel of rows of numerals. Raises NumeralError."""
    check_rows(rows)
    _check_size(len(rows), len(rows[0]))
    return tuple(tuple(map(parse_number, row)) for row in rows)


def make_kernel_of_floats(shape: Shape, values: list[float]) -> Rows:
    """The kernel of an array of floats, each taken for a simple fraction if it is the nearest float to one.

    Raises NumeralError if it is no matrix.
    """
    if len(shape) != 2:
        raise NumeralError(f"a kernel is a matrix, with rows and columns, but this is {format_shape(shape)}")
    _check_size(*shape)
    numbers = tuple(map(_simplify, values))
    return tuple(numbers[at : at + shape[1]] for at in range(0, len(numbers), shape[1]))


def _check_size(height: int, width: int) -> None:
    if height * width > limits.KERNEL_ELEMENTS:
        text = f"a kernel of {height}×{width} numbers is larger than the limit of {limits.KERNEL_ELEMENTS:,}"
        raise NumeralError(text)


def _simplify(value: float) -> Fraction:
    simple = Fraction(value).limit_denominator(SIMPLE)
    return simple if float(simple) == value else Fraction(value)


def suggest_kernel(name: str) -> CnncalcError:
    """The error for a name of a kernel that is neither known nor a file."""
    if word := find_no_number(name):
        return CnncalcError(f"{name}: numbers are expected, found {word[:40]!r}")
    known = f"kernels are {', '.join(NAMED)}, a file, or numbers, e.g. '1 0 -1; 2 0 -2; 1 0 -1'"
    return UsageError(f"there is no kernel and no file {name!r}; {did_you_mean(name, NAMED) or known}")
