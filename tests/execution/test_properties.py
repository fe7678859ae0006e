"""What must hold of layers whatever their numbers: linearity, translation, adjoints, one layer written as another."""

from __future__ import annotations

from math import prod
from operator import mul
from random import Random
from typing import Any

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.matrix import compute_matrix
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.ops import Map
from cnncalc.network import Node

from ..layers.cases import random_cases
from ..networks import network
from .one import Arrays, apply, calculate, random_map

SEEDS = range(12)


def close(a: list[float], b: list[float]) -> bool:
    return len(a) == len(b) and all(abs(x - y) <= 1e-9 * (1 + abs(x)) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_what_says_that_it_is_linear_is_so_but_for_a_constant_and_nothing_else(kind: str) -> None:
    rng = Random(kind)
    holds = []
    for layer, shapes in random_cases(kind, 12):
        arrays = Arrays(rng)
        x, y = ([scaled(random_map(rng, shape), 10) for shape in shapes] for _ in range(2))
        both = [
            Map(one.shape, [3 * a - 2 * b for a, b in zip(one.values, other.values, strict=True)])
            for one, other in zip(x, y, strict=True)
        ]
        images = [calculate(layer, tuple(each), arrays).values for each in (x, y, both)]
        holds.append(close([3 * a - 2 * b for a, b in zip(images[0], images[1], strict=True)], images[2]))
    assert all(holds) if kind_class(kind).linear else not all(holds)


def scaled(x: Map, factor: int) -> Map:
    return Map(x.shape, [factor * value for value in x.values])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_convolution_commutes_with_translation(seed: int) -> None:
    """A picture moved by the stride gives a map moved by 1, away from the borders."""
    rng = Random(seed)
    stride, kernel, dilation = rng.randint(1, 3), rng.randint(1, 3), rng.randint(1, 2)
    x = random_map(rng, (2, 14, 13))
    moved = Map(x.shape, [0.0] * stride + x.values[:-stride])
    arrays = Arrays(rng)
    settings = {"out": 3, "kernel": kernel, "stride": stride, "dilation": dilation}
    a, b = (apply("conv", each, arrays, **settings) for each in (x, moved))
    width = a.sizes[1]
    for row, other in zip(rows(a, width), rows(b, width), strict=True):
        assert close(row[: width - 1], other[1:])


def rows(made: Map, width: int) -> list[list[float]]:
    return [made.values[at : at + width] for at in range(0, len(made.values), width)]


def test_separable_is_its_two_steps() -> None:
    rng = Random(1)
    x, arrays = random_map(rng, (3, 8, 7)), Arrays(rng)
    whole = apply("separable_conv", x, arrays, out=5, kernel=3, stride=2, padding="same", multiplier=2)
    middle = apply(
        "depthwise_conv", x, {"weight": arrays["depthwise.weight"]},
        kernel=3, stride=2, padding="same", multiplier=2, bias=False,
    )  # fmt: skip
    second = {"weight": arrays["pointwise.weight"], "bias": arrays["pointwise.bias"]}
    assert apply("conv", middle, second, out=5, kernel=1) == whole


def test_spatially_separable_is_its_two_steps() -> None:
    rng = Random(2)
    x, arrays = random_map(rng, (2, 8, 9)), Arrays(rng)
    whole = apply("spatial_separable_conv", x, arrays, out=3, kernel=3, stride=2, padding=1)
    column = apply(
        "conv", x, {"weight": arrays["column.weight"]},
        out=3, kernel=(3, 1), stride=(2, 1), padding=(1, 0), bias=False,
    )  # fmt: skip
    second = {"weight": arrays["row.weight"], "bias": arrays["row.bias"]}
    assert apply("conv", column, second, out=3, kernel=(1, 3), stride=(1, 2), padding=(0, 1)) == whole


def test_a_kernel_that_splits_gives_the_same_map_in_two_steps() -> None:
    """A column times a row, for one channel: the spatially separable convolution is the whole kernel."""
    rng = Random(3)
    x = random_map(rng, (1, 7, 8))
    column, row = [1.0, 2.0, -1.0], [0.5, 0.0, -3.0]
    split = {"column.weight": column, "row.weight": row}
    whole = {"weight": [a * b for a in column for b in row]}
    a = apply("spatial_separable_conv", x, split, out=1, kernel=3, bias=False)
    b = apply("conv", x, whole, out=1, kernel=3, bias=False)
    assert close(a.values, b.values)


@pytest.mark.parametrize("seed", range(30))
def test_transposed_is_the_adjoint(seed: int) -> None:
    """⟨conv x, y⟩ = ⟨x, convᵀ y⟩, in one, two and three dimensions, strided, dilated, padded, grouped."""
    rng = Random(seed)
    axes, groups = rng.randint(1, 3), rng.choice((1, 2))
    kernel, stride, dilation = (tuple(rng.randint(1, 3) for _ in range(axes)) for _ in range(3))
    padding = tuple((rng.randint(0, 1), rng.randint(0, 1)) for _ in range(axes))
    settings: dict[str, Any] = {
        "kernel": kernel,
        "stride": stride,
        "dilation": dilation,
        "groups": groups,
        "bias": False,
    }
    x = random_map(rng, (4, *(rng.randint(7, 9) for _ in range(axes))))
    arrays = Arrays(rng)
    image = apply("conv", x, arrays, out=2, padding=padding, **settings)
    y = random_map(rng, image.shape)
    short = apply("transposed_conv", y, arrays, out=4, padding=padding, **settings)
    left = tuple(a - b for a, b in zip(x.sizes, short.sizes, strict=True))  # what a stride leaves over at the end
    back = apply("transposed_conv", y, arrays, out=4, padding=padding, output_padding=left, **settings)
    assert back.shape == x.shape
    assert abs(dot(image.values, y.values) - dot(x.values, back.values)) < 1e-9 * (1 + prod(x.shape))


def dot(a: list[float], b: list[float]) -> float:
    return float(sum(map(mul, a, b)))


def test_average_pool_is_a_convolution_with_ninths() -> None:
    x = random_map(Random(4), (1, 8, 7))
    pool = apply("avg_pool", x, kernel=3, stride=2, padding=1)
    conv = apply("conv", x, {"weight": [1 / 9] * 9}, out=1, kernel=3, stride=2, padding=1, bias=False)
    assert close(pool.values, conv.values)


def test_flatten_and_linear_is_a_convolution_as_large_as_the_map() -> None:
    rng = Random(5)
    x, arrays = random_map(rng, (3, 4, 5)), Arrays(rng)
    conv = apply("conv", x, arrays, out=6, kernel=(4, 5))
    linear = apply("linear", apply("flatten", x), arrays, out=6)
    assert (conv.shape, linear.shape) == ((6, 1, 1), (6,))
    assert close(conv.values, linear.values)


def test_a_depthwise_convolution_is_one_with_a_group_for_each_channel() -> None:
    rng = Random(6)
    x, arrays = random_map(rng, (4, 6, 6)), Arrays(rng)
    a = apply("depthwise_conv", x, arrays, kernel=3, multiplier=2, padding="half")
    assert a == apply("conv", x, arrays, out=8, kernel=3, groups=4, padding="half")


@pytest.mark.parametrize("seed", SEEDS)
def test_by_the_matrix_as_by_sliding(seed: int) -> None:
    rng = Random(seed)
    kind = rng.choice(("conv", "transposed_conv", "depthwise_conv", "separable_conv", "avg_pool", "upsample"))
    case = next((layer, shape) for layer, (shape,) in random_cases(kind, 40)[seed:] if prod(shape) < 200)
    layer, shape = case
    if "bias" in layer.settings:
        layer = type(layer)(**{**{name: getattr(layer, name) for name in layer.settings}, "bias": False})
    arrays = Arrays(rng)
    x = random_map(rng, shape)
    made = calculate(layer, (x,), arrays)
    node = network("input: [1, 2]\nlayers: [relu]").nodes[0]
    node = Node(0, "it", layer, (-1,), (shape,), made.shape, node.span)
    rows = compute_matrix(node, lambda _, name, shape: arrays(name, shape))
    assert close([sum(map(mul, row, x.values)) for row in rows], made.values)


def test_the_matrix_of_a_batch_norm_has_its_factors_and_nothing_of_its_mean() -> None:
    """weight / √(variance + epsilon), exactly: 3 / √(3.75 + 0.25) and 1 / √(0 + 0.25)."""
    arrays = {"weight": [3.0, 1.0], "bias": [5.0, 6.0], "running_mean": [1e17, -1e17], "running_var": [3.75, 0.0]}
    node = network("input: [2, 1]\nlayers: [batch_norm(epsilon=0.25)]").nodes[0]
    assert compute_matrix(node, lambda _, name, shape: arrays[name]) == [[1.5, 0.0], [0.0, 2.0]]


def test_the_matrix_of_a_transposed_convolution_is_the_transpose() -> None:
    """4 × 16 for a 3×3 kernel on 4×4, and its transpose takes 2×2 back to 4×4."""
    kernel = [float(value) for value in range(1, 10)]
    span = network("input: [1, 2]\nlayers: [relu]").nodes[0].span
    conv = Node(0, "a", kind_class("conv")(out=1, kernel=3), (-1,), ((1, 4, 4),), (1, 2, 2), span)
    back = Node(0, "b", kind_class("transposed_conv")(out=1, kernel=3), (-1,), ((1, 2, 2),), (1, 4, 4), span)
    there, again = (compute_matrix(node, lambda node, name, shape: kernel) for node in (conv, back))
    assert (len(there), len(there[0])) == (4, 16)
    assert [list(column) for column in zip(*there, strict=True)] == again


def test_numbers_stay_what_they_are_beyond_the_bounds() -> None:
    """No activation overflows, and a division by zero is infinite, as IEEE 754 has it."""
    x = Map((4,), [-1e4, -800.0, 800.0, 1e4])
    assert apply("softplus", x).values == [0.0, 0.0, 800.0, 1e4]
    assert apply("sigmoid", x).values == [0.0, 0.0, 1.0, 1.0]
    assert apply("elu", x).values == [-1.0, -1.0, 800.0, 1e4]
    assert apply("softmax", x).values == [0.0, 0.0, 0.0, 1.0]
    assert Numbers().divide([1.0, -1.0], [0.0, 0.0]) == [float("inf"), float("-inf")]
