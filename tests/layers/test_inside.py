"""Elements of windows inside the input: the closed form, compared with examining every element of every window."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from cnncalc.layers.conv import Conv
from cnncalc.layers.pool import MaxPool
from cnncalc.layers.window import Axis, Inside, count_inside_axis, count_padded_axis, floor_sum, pooled_size


def looked_at(axis: Axis, outputs: int) -> Inside:
    """The same by the definition."""
    found = [
        y for y, k in product(range(outputs), range(axis.kernel))
        if 0 <= y * axis.stride - axis.before + k * axis.dilation < axis.size
    ]  # fmt: skip
    return Inside(len(found), len(set(found)))


def random_axis(random: Random) -> Axis:
    """Any window, even with a stride, an extent or a padding larger than the input."""
    most = random.choice((2, 5, 12))
    size, kernel, stride, dilation = (random.randint(1, most) for _ in range(4))
    return Axis(size, kernel, stride, dilation, random.randint(0, 3 * most), random.randint(0, 3 * most))


@pytest.mark.parametrize("seed", range(8))
def test_random_windows(seed: int) -> None:
    random = Random(seed)
    for _ in range(1_000):
        axis, outputs = random_axis(random), random.randint(1, 20)
        assert count_inside_axis(axis, outputs) == looked_at(axis, outputs), (axis, outputs)


def test_the_samples_contain_unusual_windows() -> None:
    random = Random(0)
    axes = [random_axis(random) for _ in range(1_000)]
    straddling = [axis for axis in axes if axis.dilation > axis.size and axis.kernel > 1]
    padded = [axis for axis in axes if axis.before > axis.extent]
    assert min(len(straddling), len(padded)) > 100
    assert any(
        count_inside_axis(axis, 9).outputs < count_inside_axis(axis._replace(dilation=1), 9).outputs
        for axis in straddling
    )


def test_sums_of_floors() -> None:
    for count, divisor, step, start in product(range(6), range(1, 6), range(7), range(7)):
        assert floor_sum(count, divisor, step, start) == sum((step * i + start) // divisor for i in range(count))


MILLION = 10**6


@pytest.mark.parametrize(
    ("axis", "outputs", "expected"),
    [
        # a window on every position, without padding: all of every one
        (Axis(10**9, 9 * 10**8, 1, 1, 0, 0), 10**8 + 1, Inside((10**8 + 1) * 9 * 10**8, 10**8 + 1)),
        # the window twice the input less 1, and half of it padding: every output sees the whole input
        (Axis(10**9, 2 * 10**9 - 1, 1, 1, 10**9 - 1, 10**9 - 1), 10**9, Inside(10**18, 10**9)),
        # the window as long as the input, and all but one of it padding: 1, 2, …, N, …, 2, 1 inside, N² together
        (Axis(10**9, 10**9, 1, 1, 10**9 - 1, 10**9 - 1), 2 * 10**9 - 1, Inside(10**18, 2 * 10**9 - 1)),
        # side by side, the first all on padding
        (Axis(3 * MILLION, MILLION, MILLION, 1, MILLION, 0), 4, Inside(3 * MILLION, 3)),
        # elements a million apart around an input of 10: the last of those of outputs 0 to 9, the first of those
        # from a million on; the windows between straddle it
        (Axis(10, 2, 1, MILLION, MILLION, MILLION), MILLION + 10, Inside(20, 20)),
    ],
)
def test_giant_windows_by_hand(axis: Axis, outputs: int, expected: Inside) -> None:
    assert count_inside_axis(axis, outputs) == expected


def test_a_giant_kernel_of_a_convolution_and_a_pool() -> None:
    """K odd, padding half, N inputs and outputs, H = (K − 1)/2: each border cuts off 1 + 2 + … + H of N·K pairs."""
    n, k = 10**9, 9 * 10**8 + 1
    h = (k - 1) // 2
    work = Conv(out=1, kernel=k, padding="half", bias=False).work_inside(((1, n),), (1, n))
    assert work.macs == n * k - h * (h + 1) == 697_500_000_550_000_000
    assert work.additions == work.macs - n
    pool = MaxPool(kernel=k, stride=1, padding="half")
    assert pool.work_inside(((1, n),), (1, n)).comparisons == work.macs - n


@pytest.mark.parametrize("dialect", ["pytorch", "caffe"])
def test_windows_that_extend_beyond_the_padding(dialect: str) -> None:
    """Elements on the input or its padding, examined one by one, for every pool that rounds up."""
    random = Random(dialect)
    hanging = 0
    for _ in range(3_000):
        size, kernel, stride = (random.randint(1, 9) for _ in range(3))
        axis = Axis(size, kernel, stride, random.randint(1, 3), 0, 0)
        half = axis.kernel // 2
        axis = axis._replace(before=random.randint(0, half), after=random.randint(0, half))
        outputs = pooled_size(axis, ceil=True, dialect=dialect)
        if outputs < 1:
            continue
        padded = axis._replace(size=axis.size + axis.before + axis.after, before=0, after=0)
        assert count_padded_axis(axis, outputs) == looked_at(padded, outputs), (axis, outputs)
        hanging += looked_at(padded, outputs).pairs < outputs * axis.kernel
    assert hanging > 300
