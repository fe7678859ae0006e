"""Numbers at the edge of what a double holds: every layer gives a number, an infinity or a NaN, and never raises."""

from __future__ import annotations

import warnings
from math import inf, isfinite, isnan, nan, prod
from random import Random
from typing import Any

import pytest

from cnncalc.execution.matrix import compute_matrix
from cnncalc.execution.netpbm import format_pgm, to_greys
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.ops import Map
from cnncalc.network import Node
from cnncalc.render.maps import describe_maps
from cnncalc.render.pictures import draw_pictures
from cnncalc.render.show import show
from cnncalc.render.view import View

from ..layers.cases import random_cases
from ..networks import network
from .one import Arrays, apply, calculate
from .test_against_torch import expected

LARGEST, LEAST = 1.7976931348623157e308, 5e-324
EXTREMES = (0.0, -0.0, 1.0, -1.0, LEAST, -LEAST, 1e-300, 1e300, -1e300, LARGEST, -LARGEST, inf, -inf, nan, 1e16, 800.0)
CASES = 12  # of each kind
# Each output of these is reached in one order of operations, in which PyTorch calculates, too: not a sum of several.
SAME_ORDER = (
    "relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "hard_swish", "hard_sigmoid", "sigmoid",
    "tanh", "softplus", "mish", "softmax", "scale", "multiply", "max_pool", "global_max_pool", "pad",
)  # fmt: skip


class ExtremeArrays(Arrays):
    """Draws every array from the extremes, of a variance those that are not negative."""

    def __call__(self, name: str, shape: Shape) -> list[float]:
        if name not in self:
            self.shapes[name] = shape
            values = [self.rng.choice(EXTREMES) for _ in range(prod(shape))]
            self[name] = list(map(abs, values)) if name == "running_var" else values
        return self[name]


def extreme_cases(kind: str) -> list[tuple[Layer, Shapes, tuple[Map, ...], ExtremeArrays]]:
    rng = Random(f"extremes {kind}")
    return [
        (layer, shapes, tuple(Map(shape, [rng.choice(EXTREMES) for _ in range(prod(shape))]) for shape in shapes),
         ExtremeArrays(rng))
        for layer, shapes in random_cases(kind, CASES)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_accepts_any_numbers(kind: str) -> None:
    for layer, shapes, maps, arrays in extreme_cases(kind):
        made = calculate(layer, maps, arrays)
        assert made.shape == layer.output_shape(shapes)
        assert {type(value) for value in made.values} == {float}


@pytest.mark.torch
@pytest.mark.parametrize("kind", SAME_ORDER)
def test_extreme_outputs_are_those_of_pytorch(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    compared = 0
    for layer, _, maps, arrays in extreme_cases(kind):
        ours = calculate(layer, maps, arrays)
        theirs = expected(torch, layer, maps, arrays)
        if theirs is None:
            continue
        for found, wanted in zip(ours.values, theirs.reshape(-1).tolist(), strict=True):
            same = isnan(found) if isnan(wanted) else found == wanted or abs(found - wanted) <= 1e-12 * abs(wanted)
            assert same or abs(found - wanted) < 1e-300, (layer, found, wanted)
            compared += 1
    assert compared > CASES


def test_a_maximum_of_a_nan_is_none_wherever_it_is() -> None:
    for at in range(4):
        values = [1.0, inf, -inf, 2.0]
        values[at] = nan
        assert isnan(apply("max_pool", Map((1, 2, 2), values), kernel=2).values[0])
    assert apply("max_pool", Map((1, 2, 2), [1.0, inf, -inf, 2.0]), kernel=2).values == [inf]


def test_a_power_of_a_negative_number_is_none() -> None:
    """k + alpha·x² is −8 here: its power 1.5 is no real number, its power 3 is −512."""
    x = Map((1, 1), [3.0])
    assert isnan(apply("local_response_norm", x, size=1, alpha=-1, k=1, beta=1.5).values[0])
    assert apply("local_response_norm", x, size=1, alpha=-1, k=1, beta=3).values == [3 / -512]


@pytest.mark.parametrize(
    ("values", "shades"),
    [
        ([1e308, 0.0, -1e308], [255, 128, 0]),
        ([LARGEST, -LARGEST, inf, -inf, nan], [255, 0, 255, 0, 0]),
        ([0.0, LEAST], [0, 255]),
        ([inf, -inf], [255, 255]),
        ([nan, nan], [0, 0]),
    ],
)
def test_shades_of_numbers_far_apart(values: list[float], shades: list[int]) -> None:
    assert to_greys(values) == shades
    assert format_pgm(values, 1, len(values)) == f"P2\n{len(values)} 1\n255\n{' '.join(map(str, shades))}\n"


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [4, 120, None])
def test_any_map_can_be_shown(width: int | None, color: bool) -> None:
    """Also where pixels are joined to fit the width."""
    rng = Random(0)
    for shape in ((7,), (2, 9), (2, 5, 6), (1, 2, 3, 4)):
        maps = {"it": Map(shape, [rng.choice(EXTREMES) for _ in range(prod(shape))])}
        assert show(draw_pictures(maps, View(width=width, color=color)), View(color=color))
        assert show(describe_maps(maps, width), View(color=color))
    white = Map((1, 2, 8), [LARGEST] * 8 + [LARGEST, -LARGEST] * 4)
    assert "█" in show(draw_pictures({"it": white}, View(width=4)), View())


def test_the_matrix_of_extreme_weights() -> None:
    net = network("input: [2, 3]\nlayers: ['conv(2, 2)', batch_norm, global_avg_pool]")
    rng = Random(1)

    def weigh(node: Node, name: str, shape: Shape) -> list[float]:
        return [abs(rng.choice(EXTREMES)) for _ in range(prod(shape))]

    values = [value for node in net.nodes for row in compute_matrix(node, weigh) for value in row]
    assert any(map(isfinite, values))
    assert not all(map(isfinite, values))
