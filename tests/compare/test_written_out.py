"""The kinds that are two convolutions, against the two convolutions written out: every figure is the same."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from random import Random
from typing import Any

import pytest

from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.compare.separable import list_dense_equivalents
from cnncalc.compare.side_by_side import ComparedNetwork
from cnncalc.execution.interpretations import Counting
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.conv import Conv, DepthwiseConv
from cnncalc.layers.ops import Kernel, Map, WindowSettings
from cnncalc.layers.separable import SeparableConv, SpatialSeparableConv
from cnncalc.reading import read

Pair = tuple[Layer, Layer, Layer, Shape]  # the kind, its two convolutions, an input


def random_sides(rng: Random, axes: int) -> Any:
    pairs = tuple((rng.randint(0, 2), rng.randint(0, 2)) for _ in range(axes))
    return rng.choice(("valid", "half", "same", "full", 1, pairs))


def separable(rng: Random) -> Pair:
    axes = rng.randint(1, 3)
    window: dict[str, Any] = {
        "kernel": tuple(rng.randint(1, 3) for _ in range(axes)),
        "stride": tuple(rng.randint(1, 3) for _ in range(axes)),
        "padding": random_sides(rng, axes),
        "dilation": rng.randint(1, 2),
        "multiplier": rng.randint(1, 3),
    }
    out, bias = rng.randint(1, 5), rng.random() < 0.5
    shape = (rng.randint(1, 4), *(rng.randint(3, 7) for _ in range(axes)))
    steps = DepthwiseConv(**window, bias=False), Conv(out=out, kernel=1, bias=bias)
    return SeparableConv(out=out, bias=bias, **window), *steps, shape


def spatial(rng: Random) -> Pair:
    (k, m), (s, t) = ((rng.randint(1, 3), rng.randint(1, 3)) for _ in range(2))
    top, left = ((rng.randint(0, 2), rng.randint(0, 2)) for _ in range(2))
    out, bias = rng.randint(1, 5), rng.random() < 0.5
    steps = (
        Conv(out=out, kernel=(k, 1), stride=(s, 1), padding=(top, (0, 0)), bias=False),
        Conv(out=out, kernel=(1, m), stride=(1, t), padding=((0, 0), left), bias=bias),
    )
    kind = SpatialSeparableConv(out=out, kernel=(k, m), stride=(s, t), padding=(top, left), bias=bias)
    return kind, *steps, (rng.randint(1, 4), rng.randint(3, 7), rng.randint(3, 7))


def pairs(make: Any, count: int) -> Iterator[Pair]:
    rng = Random(f"written out {make.__name__}")
    while count:
        found = make(rng)
        try:
            found[0].output_shape((found[3],))
        except LayerError:
            continue
        count -= 1
        yield found


def analyzed(shape: Shape, *layers: Layer) -> ComparedNetwork:
    reading = read(" -> ".join(map(repr, layers)), inputs=["x".join(map(str, shape))])
    return ComparedNetwork("", reading.require_report())


@pytest.mark.parametrize("make", [separable, spatial])
def test_every_figure_is_that_of_the_convolutions(make: Any) -> None:
    for kind, first, second, shape in pairs(make, 60):
        one, two = analyzed(shape, kind), analyzed(shape, first, second)
        for name, figure in FIGURES.items():
            measured = [figure.measure_network(each.report, Dtype.float32) for each in (one, two)]
            assert name == "layers" or measured[0] == measured[1], (name, kind, shape)
        assert {FIGURES["depth"].measure_network(each.report) for each in (one, two)} == {2}
        rows = [[each._replace(path="") for each in list_dense_equivalents(side.report.layers)] for side in (one, two)]
        assert rows[0] == rows[1], (kind, shape)


class Tally(Counting):
    """Counts the elements of every map that a convolution makes."""

    elements = 0

    def convolve(self, x: Map, kernel: Kernel, windows: WindowSettings) -> Map:
        made = super().convolve(x, kernel, windows)
        self.elements += len(made.values)
        return made


@pytest.mark.parametrize("make", [separable, spatial])
def test_the_executor_makes_as_many_elements_as_are_counted(make: Any) -> None:
    for kind, _, _, shape in pairs(make, 20):
        tally = Tally()
        x = Map(shape, [1] * prod(shape))
        made = kind.execute((x,), lambda name, shape: [1.0] * prod(shape), tally)
        assert tally.elements == kind.activations((shape,), made.shape)
