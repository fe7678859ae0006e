"""The weights of a convolution as those of its spatially separable form, K×1 and then 1×K, exactly or not at all.

The form computes W[o, i, y, x] = Σ_m row[o, m, x] · column[m, i, y] with as many m as there are output channels. So it
can be exact only if the matrix with a row for each i, y and a column for each o, x has at most that rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

from cnncalc import limits
from cnncalc.compare.factors import Singular, decompose, measure_error, split
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

EXACT = 1e-6  # of its size, what may be left of a kernel that splits: float32 has 24 bits

LARGEST = 2**53  # integers below it are floats


class Fit(NamedTuple):
    """Whether kernels split: the rank that they have, the largest that they may have, and what is left of them.

    `arrays` are those of the separable form, flat in PyTorch's order; None if too much is left.
    """

    rank: int
    most: int
    error: float
    arrays: Mapping[str, Sequence[float]] | None


def fit_spatial(weight: Sequence[float], shape: Shape) -> Fit | None:
    """Split the kernels [out, in, height, width] of a convolution; None if they are too many numbers to look at."""
    out, ins, height, width = shape
    if len(weight) > limits.FACTORED_NUMBERS:
        return None
    rows = [
        [weight[((o * ins + i) * height + y) * width + x] for o in range(out) for x in range(width)]
        for i in range(ins)
        for y in range(height)
    ]
    alone = split([[Fraction(number) for number in row] for row in rows]) if out == ins == 1 else None
    if alone is not None and max(map(abs, alone.row)) < LARGEST:  # in integers
        column = [float(alone.factor * number) for number in alone.column]
        return Fit(1, 1, 0.0, {"column.weight": column, "row.weight": list(map(float, alone.row))})
    parts = decompose(rows)
    size = max((part.value for part in parts), default=0.0)
    rank = sum(part.value > EXACT * size for part in parts)
    error = measure_error(parts, out)
    arrays = _make_arrays(parts[:out], shape) if error <= EXACT else None
    return Fit(rank, out, error, arrays)


def _make_arrays(parts: Sequence[Singular], shape: Shape) -> dict[str, list[float]]:
    """The arrays [out, in, height, 1] and [out, out, 1, width]; channels between them that are not needed are 0."""
    out, ins, height, width = shape
    column = [part.value * number for part in parts for number in part.left]
    column += [0.0] * (out * ins * height - len(column))
    row = [
        parts[m].right[o * width + x] if m < len(parts) else 0.0
        for o, m, x in product(range(out), range(out), range(width))
    ]
    return {"column.weight": column, "row.weight": row}
