"""Splitting matrices into columns and rows: exactly, in fractions, or as nearly as possible, in floats.

A kernel that is a column times a row is applied as two convolutions, K×1 and 1×K, with fewer multiplications.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, hypot, isfinite, lcm, sqrt

from cnncalc.records import NamedTuple

SWEEPS = 60  # of Jacobi's method, which needs some ten
ORTHOGONAL = 1e-15  # the cosine of two columns that are taken for orthogonal


class Split(NamedTuple):
    """A matrix of rank 1: factor · column · row, the two in the smallest integers, their first number above 0."""

    factor: Fraction
    column: tuple[int, ...]
    row: tuple[int, ...]


class Singular(NamedTuple):
    """One part of a matrix by singular values: value · left · right, both of length 1."""

    value: float
    left: list[float]
    right: list[float]


def find_rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """The exact rank, by fraction-free elimination (E. Bareiss, Math. Comp. 22, 1968)."""
    scale = lcm(*(number.denominator for row in rows for number in row))
    left = [[int(number * scale) for number in row] for row in rows]
    rank, before = 0, 1
    for column in range(len(rows[0])):
        at = next((number for number in range(rank, len(left)) if left[number][column]), None)
        if at is None:
            continue
        left[rank], left[at] = left[at], left[rank]
        pivot = left[rank]
        for number in range(rank + 1, len(left)):
            factor = left[number][column]
            left[number] = [
                (pivot[column] * one - factor * other) // before for one, other in zip(left[number], pivot, strict=True)
            ]
        before = pivot[column]
        rank += 1
    return rank


def split(rows: Sequence[Sequence[Fraction]]) -> Split | None:
    """The factors of a matrix of rank 1; None of any other."""
    if find_rank(rows) != 1:
        return None
    row = next(row for row in rows if any(row))
    at = next(at for at, number in enumerate(row) if number)
    (column, one), (across, other) = _simplify([each[at] for each in rows]), _simplify(row)
    return Split(one * other / row[at], column, across)


def _simplify(numbers: Sequence[Fraction]) -> tuple[tuple[int, ...], Fraction]:
    """The smallest integers in these proportions, the first above 0, and what they are multiplied by."""
    scale = lcm(*(number.denominator for number in numbers))
    whole = [int(number * scale) for number in numbers]
    shared = gcd(*whole) * (1 if next(filter(None, whole)) > 0 else -1)
    return tuple(number // shared for number in whole), Fraction(shared, scale)


def decompose(matrix: Sequence[Sequence[float]]) -> list[Singular]:
    """The singular values of a matrix with their vectors, the largest first; those that are 0 are left out.

    By Jacobi's method on one side: pairs of columns are turned until all are orthogonal (G. Golub, C. Van Loan, Matrix
    Computations, 8.6.3). Numbers are scaled by the largest of them.
    """
    largest = max(abs(number) for row in matrix for number in row)
    if not largest or not isfinite(largest):
        return []
    columns = [[number / largest for number in column] for column in zip(*matrix, strict=True)]
    turns = [[float(one == other) for other in range(len(columns))] for one in range(len(columns))]
    for _ in range(SWEEPS):
        if not _sweep(columns, turns):
            break
    found = []
    for column, turned in zip(columns, turns, strict=True):
        length = hypot(*column)
        if length > len(columns) * ORTHOGONAL:
            found.append(Singular(length * largest, [number / length for number in column], turned))
    return sorted(found, key=lambda each: -each.value)


def _sweep(columns: list[list[float]], turns: list[list[float]]) -> bool:
    """Turn each pair of columns so that they become orthogonal; whether any was turned."""
    turned = False
    for one in range(len(columns)):
        for other in range(one + 1, len(columns)):
            a, b = columns[one], columns[other]
            aa, bb, ab = _dot(a, a), _dot(b, b), _dot(a, b)
            if abs(ab) <= ORTHOGONAL * sqrt(aa * bb):
                continue
            turned = True
            slope = (bb - aa) / (2 * ab)
            tangent = (1 if slope >= 0 else -1) / (abs(slope) + hypot(1, slope))
            cosine = 1 / hypot(1, tangent)
            sine = cosine * tangent
            for pair in (columns, turns):
                x, y = pair[one], pair[other]
                pair[one] = [cosine * p - sine * q for p, q in zip(x, y, strict=True)]
                pair[other] = [sine * p + cosine * q for p, q in zip(x, y, strict=True)]
    return turned


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def measure_error(parts: Sequence[Singular], kept: int) -> float:
    """The size of what the first parts leave of a matrix, as a share of its own (both the root of the sum of squares).

    This is the smallest error of any matrix of that rank (C. Eckart, G. Young, Psychometrika 1, 1936).
    """
    if not parts:
        return 0.0
    most = parts[0].value
    return hypot(*(part.value / most for part in parts[kept:])) / hypot(*(part.value / most for part in parts))
