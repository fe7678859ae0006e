"""Splitting matrices: the kernels of books, and what must hold of any matrix."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from random import Random

import pytest

from cnncalc.compare.factors import Split, decompose, find_rank, measure_error, split
from cnncalc.execution.kernels import get_named


def exact(rows: list[list[int]]) -> list[list[Fraction]]:
    return [[Fraction(number) for number in row] for row in rows]


def test_sobel_is_a_column_of_1_2_1_and_a_row_of_1_0_minus_1() -> None:
    assert split(get_named("sobel_x")) == Split(Fraction(1), (1, 2, 1), (1, 0, -1))
    assert split(get_named("sobel_y")) == Split(Fraction(1), (1, 0, -1), (1, 2, 1))


def test_means_split_in_fractions() -> None:
    assert split(get_named("gauss")) == Split(Fraction(1, 16), (1, 2, 1), (1, 2, 1))
    assert split(get_named("blur")) == Split(Fraction(1, 9), (1, 1, 1), (1, 1, 1))


def test_the_laplacian_has_rank_2_and_is_a_tenth_from_a_separable_one() -> None:
    """It is symmetric, with the eigenvalues −2 ± √6 and 0: from x² + 4x − 2 = 0."""
    kernel = get_named("laplace")
    assert (find_rank(kernel), split(kernel)) == (2, None)
    parts = decompose([[float(number) for number in row] for row in kernel])
    assert [part.value for part in parts] == pytest.approx([2 + sqrt(6), sqrt(6) - 2])
    assert measure_error(parts, 1) == pytest.approx((sqrt(6) - 2) / sqrt(20))


@pytest.mark.parametrize("seed", range(30))
def test_the_rank_is_that_of_the_factors(seed: int) -> None:
    rng = Random(seed)
    height, width, rank = rng.randint(1, 6), rng.randint(1, 6), rng.randint(0, 3)
    left = [[rng.randint(-3, 3) for _ in range(rank)] for _ in range(height)]
    right = [[rng.randint(-3, 3) for _ in range(width)] for _ in range(rank)]
    rows = [[sum(a * right[k][x] for k, a in enumerate(row)) for x in range(width)] for row in left]
    found = find_rank(exact(rows))
    assert found <= min(rank, height, width)
    assert found == find_rank(list(zip(*exact(rows), strict=True))) == len(decompose(rows))


@pytest.mark.parametrize("seed", range(30))
def test_what_is_split_is_the_product_again(seed: int) -> None:
    rng = Random(seed)
    column, row = ([Fraction(rng.randint(-9, 9), rng.randint(1, 9)) for _ in range(rng.randint(1, 5))] for _ in "ab")
    rows = [[a * b for b in row] for a in column]
    found = split(rows)
    if found is None:
        assert not any(any(each) for each in rows)
    else:
        assert rows == [[found.factor * a * b for b in found.row] for a in found.column]
        assert all(next(filter(None, each)) > 0 for each in (found.column, found.row))


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
def test_the_parts_of_a_matrix_are_orthogonal_and_add_up_to_it(scale: float) -> None:
    rng = Random(3)
    for _ in range(10):
        height, width = rng.randint(1, 7), rng.randint(1, 7)
        rows = [[scale * rng.gauss(0, 1) for _ in range(width)] for _ in range(height)]
        parts = decompose(rows)
        for y in range(height):
            for x in range(width):
                total = sum(part.value * part.left[y] * part.right[x] for part in parts)
                assert total == pytest.approx(rows[y][x], abs=1e-12 * scale)
        for at, one in enumerate(parts):
            for other in parts[: at + 1]:
                for a, b in ((one.left, other.left), (one.right, other.right)):
                    assert sum(p * q for p, q in zip(a, b, strict=True)) == pytest.approx(float(one is other), abs=1e-9)
        assert sorted((part.value for part in parts), reverse=True) == [part.value for part in parts]


def test_a_matrix_of_zeros_or_of_what_is_not_finite_has_no_parts() -> None:
    assert decompose([[0.0, 0.0]]) == decompose([[float("inf"), 1.0]]) == []
    assert measure_error([], 1) == 0
