"""Softmax, norms and reductions over axes: numbers by hand, and what units see of the input, by tracing."""

from __future__ import annotations

from math import exp, log
from random import Random

import pytest

from cnncalc.execution.verify import verify
from cnncalc.layers import kind_class
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map
from cnncalc.network import Network

from ..networks import network, problems, read, report
from .one import calculate

# [[1, 2, 6], [3, 5, 4]]
X = Map((2, 3), [1.0, 2.0, 6.0, 3.0, 5.0, 4.0])
# [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
PLAIN: dict[str, Value] = {"affine": False, "epsilon": 0}
CUBE = Map((2, 2, 2), [float(n) for n in range(1, 9)])


@pytest.mark.parametrize(
    ("kind", "settings", "x", "shape", "values"),
    [
        ("mean_over", {"axes": 1}, X, (2, 1), [3, 4]),
        ("mean_over", {"axes": 0}, X, (1, 3), [2, 3.5, 5]),
        ("mean_over", {"axes": (0, -1)}, X, (1, 1), [3.5]),
        ("sum_over", {"axes": -1}, X, (2, 1), [9, 12]),
        ("sum_over", {"axes": (0, 2)}, CUBE, (1, 2, 1), [1 + 2 + 5 + 6, 3 + 4 + 7 + 8]),
        ("max_over", {"axes": 0}, X, (1, 3), [3, 5, 6]),
        ("max_over", {"axes": (2, 1)}, CUBE, (2, 1, 1), [4, 8]),
        ("variance_over", {"axes": 1}, X, (2, 1), [(4 + 1 + 9) / 3, (1 + 1 + 0) / 3]),
        ("variance_over", {"axes": 1, "correction": 1}, X, (2, 1), [7, 1]),
        ("layer_norm", {"over": 1, **PLAIN}, Map((2, 2), [1.0, 3.0, 10.0, 4.0]), (2, 2), [-1, 1, 1, -1]),
        ("layer_norm", {"over": (0, 2), **PLAIN}, Map((2, 2, 1), [1.0, 4.0, 3.0, 8.0]), (2, 2, 1), [-1, -1, 1, 1]),
        ("softmax", {"over": 1}, Map((1, 2), [0.0, log(3)]), (1, 2), [0.25, 0.75]),
        ("softmax", {"over": 0}, Map((2, 1), [0.0, log(3)]), (2, 1), [0.25, 0.75]),
        ("log_softmax", {"over": -1}, Map((1, 2), [0.0, log(3)]), (1, 2), [log(0.25), log(0.75)]),
        ("log_softmax", {"groups": 2}, Map((4,), [0.0, 0.0, 5.0, 5.0]), (4,), [log(0.5)] * 4),
    ],
)  # fmt: skip
def test_by_hand(kind: str, settings: dict[str, Value], x: Map, shape: Shape, values: list[float]) -> None:
    layer = kind_class(kind)(**settings)
    made = calculate(layer, (x,))
    assert made.shape == shape == layer.output_shape((x.shape,))
    assert made.values == pytest.approx(values)


def test_a_log_softmax_does_not_overflow() -> None:
    assert calculate(kind_class("log_softmax")(), (Map((2,), [1000.0, 0.0]),)).values == pytest.approx([0, -1000])
    assert exp(calculate(kind_class("log_softmax")(), (Map((2,), [1e308, 1e308]),)).values[0]) == pytest.approx(0.5)


LAYERS = (
    "softmax(over={axis})",
    "log_softmax(over={axis})",
    "layer_norm(over={axis})",
    "layer_norm(over={axes})",
    "layer_norm(over={axes}, affine=false)",
    "conv(3, 3, padding=1)",
    "max_pool(2, 1)",
    "pad(1, mode=reflect)",
    "upsample(2)",
    "crop([[1, 0]])",
    "transposed_conv(2, 2, 2)",
)
REDUCTIONS = ("mean_over({axes})", "max_over({axis})", "sum_over({axes})", "variance_over({axes})")


def random_text(rng: Random) -> str:
    axes = rng.randint(1, 3)
    shape = [rng.choice((1, 2, 4)), *(rng.randint(1, (9, 5, 3)[axes - 1]) for _ in range(axes))]

    def fill(text: str) -> str:
        some = rng.sample(range(axes + 1), rng.randint(1, axes + 1))
        return text.format(axis=rng.randint(-axes - 1, axes), axes=some)

    way = [fill(rng.choice(LAYERS)) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.5:
        way.insert(rng.randint(0, len(way)), fill(rng.choice(REDUCTIONS)))
    lines = [f"  - {text}" for text in way]
    if rng.random() < 0.5:
        lines += ["  - multiply:", "    - identity", f"    - {fill(rng.choice(REDUCTIONS))} -> sigmoid"]
    if rng.random() < 0.3:
        lines.append(
            f"  - {rng.choice(('flatten -> linear(3) -> softmax', 'conv(2, 1)', 'global_avg_pool', 'flatten'))}"
        )
    return f"input: {shape}\nlayers:\n" + "\n".join(lines) + "\n"


def networks(seed: int, count: int) -> list[Network]:
    """Networks that are valid."""
    rng = Random(seed)
    found: list[Network] = []
    while len(found) < count:
        made = read(random_text(rng)).network
        if made and made.complete:
            found.append(made)
    return found


@pytest.mark.sample(8)
@pytest.mark.parametrize("seed", range(40))
def test_what_they_see_holds(seed: int) -> None:
    for net in networks(seed, 10):
        verdict = verify(net)
        assert verdict.held, (net, [layer.differences for layer in verdict.layers if layer.differences])


def test_over_one_spatial_axis_the_other_stays_local() -> None:
    """A 3×3 unit that is normalized along its row sees three rows of the whole width; its own field is as before."""
    text = "input: [2, 6, 7]\nlayers: ['conv(2, 3, padding=1) -> softmax(over=2)']"
    last = report(text).layers[-1]
    field = last.receptive_field
    assert field
    assert (field.size, field.exact) == ((3, 3), True)
    assert last.whole is None
    seen = next(layer for layer in verify(network(text)).layers if layer.layer.kind == "softmax")
    assert seen.middle
    assert seen.middle.traced == ((2, 4), (0, 6))


def test_a_mean_over_the_width_is_an_adaptive_pool() -> None:
    both = [
        report(f"input: [2, 6, 7]\nlayers: ['conv(2, 3, padding=1) -> {text}']").layers[-1].receptive_field
        for text in ("mean_over(2)", "adaptive_avg_pool([none, 1])")
    ]
    assert both[0] == both[1]


def test_sums_over_parts_of_the_channels_keep_the_positions() -> None:
    """ResNeSt, arXiv:2004.08955: the channels in two parts, [2·C, H, W] → [2, C, H, W] → [C, H, W]."""
    chain = "conv(8, 3, padding=1) -> reshape([2, 4, 6, 7]) -> sum_over(0) -> reshape([4, 6, 7])"
    text = f"input: [3, 6, 7]\nlayers: ['{chain}']"
    field = report(text).layers[-1].receptive_field
    assert field
    assert (field.size, field.exact) == ((3, 3), True)
    assert verify(network(text)).held


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("mean_over(3)", "wrong-rank"),
        ("mean_over([1, -2])", "bad-argument"),
        ("mean_over([])", "bad-argument"),
        ("mean_over(width)", "unknown-name"),
        ("mean_over", "missing-argument"),
        ("variance_over(0, correction=3)", "bad-argument"),
        ("softmax(over=-4)", "wrong-rank"),
        ("softmax(groups=3, over=1)", "bad-argument"),
        ("layer_norm(over=[0, 3])", "wrong-rank"),
        ("layer_norm(over=[0, 0])", "bad-argument"),
        ("layer_norm(over=rows)", "unknown-name"),
    ],
)
def test_what_they_cannot_take(call: str, code: str) -> None:
    assert [each for each, *_ in problems(f"input: [3, 8, 9]\nlayers:\n  - {call}\n")] == [code]
