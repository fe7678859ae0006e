"""Receptive fields against positions that are traced through the network by following every connection.

The tracing below shares nothing with the analysis: it goes through the outputs one by one and collects input positions.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.coverage import Cover, find_touched, may_miss, unite_covers
from cnncalc.analysis.figures import FIGURES, find_last_spatial_layer
from cnncalc.layers.reach import Window
from cnncalc.render.columns import format_field

from ..networks import report

Units = list[set[int]]  # for each unit of a one-dimensional map, the input positions it sees

LENGTH = 1200


def slide(units: Units, kernel: int, stride: int, padding: int, dilation: int) -> Units:
    seen = []
    position = -padding
    while position + dilation * (kernel - 1) < len(units) + padding:
        taps = [position + k * dilation for k in range(kernel)]
        seen.append(set().union(*(units[tap] for tap in taps if 0 <= tap < len(units))))
        position += stride
    return seen


def spread(units: Units, kernel: int, stride: int, padding: int, dilation: int) -> Units:
    full: Units = [set() for _ in range((len(units) - 1) * stride + dilation * (kernel - 1) + 1)]
    for u, positions in enumerate(units):
        for k in range(kernel):
            full[u * stride + k * dilation] |= positions
    return full[padding : len(full) - padding]


def interpolate(units: Units, factor: Fraction | int, around: int = 2) -> Units:
    """align_corners=False; a neighbour of weight 0 is not read."""
    seen = []
    for y in range(floor(len(units) * factor)):
        source = (Fraction(2 * y + 1, 2)) / factor - Fraction(1, 2)
        below = floor(source)
        taps = [below] if source == below else range(below + 1 - around // 2, below + 1 + around // 2)
        seen.append(set().union(*(units[tap] for tap in taps if 0 <= tap < len(units))))
    return seen


def nearest(units: Units, factor: Fraction) -> Units:
    return [set(units[floor(y / factor)]) for y in range(floor(len(units) * factor))]


def adapt(units: Units, size: int) -> Units:
    n = len(units)
    return [set().union(*units[floor(Fraction(y * n, size)) : ceil(Fraction((y + 1) * n, size))]) for y in range(size)]


def fold(units: Units, before: int, after: int, mode: str) -> Units:
    if mode == "circular":
        return [*units[len(units) - before :], *units, *units[:after]]
    if mode == "replicate":
        return [units[0]] * before + units + [units[-1]] * after
    return [*reversed(units[1 : before + 1]), *units, *reversed(units[len(units) - 1 - after : -1])]


def random_step(chance: random.Random) -> tuple[str, Any]:
    k, s, d = chance.randint(1, 4), chance.randint(1, 3), chance.randint(1, 3)
    p = chance.randint(0, k - 1)
    kind = chance.choice(
        ["conv", "max_pool", "transposed_conv", "nearest", "linear", "by_a_share", "crop", "pad", "fold"]
    )
    share = chance.choice([Fraction(3, 2), Fraction(1, 2), Fraction(5, 4), Fraction(3, 4), Fraction(8, 5)])
    if kind == "conv":
        return f"conv(4, {k}, {s}, {p}, {d})", lambda units: slide(units, k, s, p, d)
    if kind == "max_pool":
        p = min(p, k // 2)
        return f"max_pool({k}, {s}, {p})", lambda units: slide(units, k, s, p, 1)
    if kind == "transposed_conv":
        p = min(p, 1)
        return f"transposed_conv(4, {k + 1}, {s}, {p}, dilation={d})", lambda units: spread(units, k + 1, s, p, d)
    if kind == "nearest":
        return f"upsample({s})", lambda units: [set(unit) for unit in units for _ in range(s)]
    if kind == "linear":
        return f"upsample({s}, mode=linear)", lambda units: interpolate(units, s)
    if kind == "by_a_share" and chance.random() < 0.5:
        return f"upsample({float(share)}, mode=linear)", lambda units: interpolate(units, share)
    if kind == "by_a_share":
        return f"upsample({float(share)})", lambda units: nearest(units, share)
    if kind == "crop":
        return f"crop([[{p}, {s}]])", lambda units: units[p : len(units) - s]
    if kind == "fold":
        mode = chance.choice(["reflect", "replicate", "circular"])
        return f"pad([[{p}, {s}]], mode={mode})", lambda units: fold(units, p, s, mode)
    return f"pad([[{p}, {s}]])", lambda units: [set() for _ in range(p)] + units + [set() for _ in range(s)]


def interval(layer: Any, unit: int) -> tuple[int, int]:
    """What the report says the unit sees, where it does not vary."""
    field = layer.receptive_field
    start = field.start[0] + unit * field.stride[0]
    return start, start + field.size[0] - 1


@pytest.mark.sample(100)
@pytest.mark.parametrize("seed", range(400))
def test_chains_of_every_kind_of_step(seed: int) -> None:
    chance = random.Random(seed)
    steps = [random_step(chance) for _ in range(chance.randint(1, 4))]
    units: Units = [{position} for position in range(LENGTH)]
    for _, trace in steps:
        units = trace(units)
    last = report(f"input: [4, {LENGTH}]\nlayers: ['{' -> '.join(text for text, _ in steps)}']").layers[-1]
    assert last.output[1] == len(units)
    field = last.receptive_field
    assert field is not None
    # the middle, away from what the borders clip; a period of phases where it varies
    middle = len(units) // 2
    traced = {u: units[u] for u in range(middle - 12, middle + 12) if units[u]}
    sizes = [max(unit) - min(unit) + 1 for unit in traced.values()]
    assert all(min(unit) > 0 and max(unit) < LENGTH - 1 for unit in traced.values()), "the test's map is too short"
    if not field.exact:  # the period is too long: bounds
        assert max(sizes) <= field.size[0] <= max(sizes) + 2
    elif field.varies:
        assert max(sizes) <= field.size[0]
        assert field.size[0] == max(
            max(unit) - min(unit) + 1 for unit in units if unit and min(unit) > 0 and max(unit) < LENGTH - 1
        )
    else:
        assert {u: (min(unit), max(unit)) for u, unit in traced.items()} == {u: interval(last, u) for u in traced}


@pytest.mark.parametrize("seed", range(100))
def test_branches_see_the_union(seed: int) -> None:
    """Two or three branches of stride-1 windows and one before them all; centres agree only by chance."""
    chance = random.Random(1000 + seed)
    stride = chance.randint(1, 3)
    units = slide([{position} for position in range(LENGTH)], 3, stride, 1, 1)
    texts, ends = [], []
    for _ in range(chance.randint(2, 3)):
        kernel, dilation = chance.choice([1, 3, 5]), chance.randint(1, 2)
        before = chance.randint(0, dilation * (kernel - 1))
        after = dilation * (kernel - 1) - before
        texts.append(f"conv(4, {kernel}, padding=[[{before}, {after}]], dilation={dilation})")
        padded = [set[int]() for _ in range(before)] + units + [set[int]() for _ in range(after)]
        ends.append(slide(padded, kernel, 1, 0, dilation))
    branches = "\n".join(f"      - {text}" for text in texts)
    text = f"input: [4, {LENGTH}]\nlayers:\n  - conv(4, 3, {stride}, 1)\n  - add:\n{branches}\n"
    last = report(text).layers[-1]
    middle = len(units) // 2
    for u in range(middle - 3, middle + 3):
        union = set().union(*(end[u] for end in ends))
        assert interval(last, u) == (min(union), max(union))
    centres = {min(end[middle]) + max(end[middle]) for end in ends}
    assert last.centred == (len(centres) == 1)


# by hand


def last_field(text: str) -> Any:
    return report(text).layers[-1]


def test_two_three_by_three_see_five_by_five() -> None:
    field = last_field("layers: ['conv(4, 3, padding=1) * 2']").receptive_field
    assert (field.size, field.stride, field.start) == ((5, 5), (1, 1), (-2, -2))


def test_axes_are_apart() -> None:
    field = last_field("layers: ['conv(4, [3, 1], stride=[2, 1], padding=[1, 0])']").receptive_field
    assert (field.size, field.stride, field.start) == ((3, 1), (2, 1), (-1, 0))


def test_dilation_widens_the_window() -> None:
    """K_eff = 2·(3 − 1) + 1 = 5."""
    assert last_field("layers: ['conv(4, 3, dilation=2)']").receptive_field.size == (5, 5)


def test_nearest_upsampling_halves_the_stride() -> None:
    """Pairs of units see the same pixel: y sees ⌊y/2⌋."""
    layer = last_field("layers: ['upsample(2)']")
    assert layer.receptive_field.size == (1, 1)
    assert layer.receptive_field.stride == (Fraction(1, 2), Fraction(1, 2))
    assert layer.receptive_field.varies


def test_global_pooling_sees_the_whole_input_and_keeps_the_interval() -> None:
    """3 + 7·1: the 8 units of each axis together, from −1 to 8."""
    layer = last_field("layers: ['conv(4, 3, padding=1) -> global_avg_pool']")
    assert (layer.whole.size, layer.whole.start) == ((10, 10), (-1, -1))
    assert layer.receptive_field.size == (10, 10)


def test_flatten_and_linear() -> None:
    """A flat element has no position; after a linear layer it sees everything."""
    flat, dense = report("layers: ['conv(4, 3) -> flatten -> linear(2)']").layers[1:]
    assert (flat.receptive_field, flat.whole) == (None, None)
    assert dense.receptive_field is None
    assert (dense.whole.size, dense.whole.start) == ((8, 8), (0, 0))  # type: ignore[union-attr]


def test_a_gate_sees_the_whole_input_but_the_interval_stays_that_of_the_map() -> None:
    layers = report("""
        layers:
          - multiply:
              - conv(3, 3, padding=1)
              - global_avg_pool -> sigmoid
          - conv(2, 3)
    """).layers
    gated, conv = layers[-2], layers[-1]
    assert gated.receptive_field is not None
    assert gated.receptive_field.size == (3, 3)
    assert gated.whole is not None
    assert gated.whole.size == (8, 8)
    assert conv.receptive_field is not None
    assert (conv.receptive_field.size, conv.whole is not None) == ((5, 5), True)
    assert gated.centred


@pytest.mark.parametrize("norm", ["group_norm(1)", "instance_norm", "layer_norm(over=all)"])
def test_statistics_over_positions_see_the_whole_input(norm: str) -> None:
    layer = last_field(f"layers: ['conv(4, 3) -> {norm}']")
    assert layer.whole.size == (8, 8)
    assert layer.receptive_field.size == (3, 3)


@pytest.mark.parametrize("kind", ["softmax(over=1)", "log_softmax(over=-1)", "layer_norm(over=2)"])
def test_what_is_seen_along_one_axis_is_marked(kind: str) -> None:
    """The field stays that of the convolutions, but a unit also depends on all others of its row or column."""
    layer = last_field(f"layers: ['conv(4, 3) -> {kind} -> conv(4, 1)']")
    assert (layer.receptive_field.size, layer.receptive_field.gated) == ((3, 3), True)
    assert format_field(layer) == "3*"


@pytest.mark.parametrize(
    "chain", ["conv(4, 3)", "mean_over(1)", "softmax", "mean_over(2) -> softmax(over=1) -> mean_over(1)"]
)
def test_a_field_that_holds_all_is_not_marked(chain: str) -> None:
    """A mean over an axis sees it by itself: its interval is the axis."""
    assert not last_field(f"layers: ['{chain}']").receptive_field.gated


@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm", "local_response_norm", "softmax"])
def test_over_channels_only_a_position_sees_itself(norm: str) -> None:
    assert last_field(f"layers: ['conv(4, 3) -> {norm}']").whole is None


def test_branches_of_different_stride_are_marked() -> None:
    """Both are 3×4×4, but one steps by 2 and the other by 1."""
    layer = last_field("layers: [{add: ['conv(3, 1, stride=2)', 'crop(2)']}]")
    assert not layer.centred
    assert layer.receptive_field.size == (7, 7)  # 0, 2, 4, 6 and 2 to 5: at most 0 to 6
    assert not layer.receptive_field.exact
    assert layer.whole is None


def test_positions_beyond_bounds_are_not_reported() -> None:
    assert last_field("layers: ['conv(1, 3, stride=2, padding=1) * 70']").receptive_field is None


def test_the_time_does_not_depend_on_the_resolution() -> None:
    """A million on a side has the very numbers that the rules give, and no loop over positions."""
    layer = last_field("input: [3, 1000000, 1000000]\nlayers: ['conv(4, 3, padding=1) -> adaptive_avg_pool(7)']")
    assert layer.output == (4, 7, 7)
    assert layer.receptive_field.varies


def whole_of(text: str) -> Any:
    """What every unit of the last layer sees: sizes, whether that is all, whether it is exact."""
    seen = last_field(text).whole
    return seen and (seen.size, seen.all, seen.exact)


def test_a_part_of_a_flat_map_is_not_reported_to_see_all() -> None:
    """Elements 0 and 1 of four are the positions 0 and 1: not followed, and so at most all four."""
    assert whole_of("input: [1, 4]\nlayers: ['flatten -> channel_split(2, 0) -> linear(1)']") == ((4,), False, False)
    assert whole_of("input: [1, 4]\nlayers: ['flatten -> linear(2) -> channel_split(2, 0)']") == ((4,), True, True)


@pytest.mark.parametrize("kind", ["group_norm(2)", "softmax(2)"])
def test_groups_of_a_flat_map_see_their_own_elements(kind: str) -> None:
    assert whole_of(f"input: [1, 4]\nlayers: [flatten -> {kind}]") is None
    assert whole_of(f"input: [1, 4]\nlayers: [flatten -> {kind} -> linear(1)]") == ((4,), True, True)


def test_a_reshape_that_restores_the_map_is_local() -> None:
    layers = report("input: [2, 4, 4]\nlayers: ['flatten -> reshape([2, 4, 4]) -> conv(1, 3)']").layers
    assert [layer.receptive_field and layer.receptive_field.size for layer in layers] == [None, (1, 1), (3, 3)]
    assert layers[-1].whole is None


def test_another_reshape_is_bounded() -> None:
    """Row-major, the units of 256×13×13 read rows 13·q/2 apart of 64×26×26: not followed, at most everything."""
    layer = last_field("input: [64, 26, 26]\nlayers: ['reshape([256, 13, 13]) -> conv(8, 3, padding=1)']")
    assert layer.receptive_field.size == (26, 26)
    assert not layer.receptive_field.exact
    assert layer.whole is None


def test_a_gate_of_one_position_may_be_reshaped() -> None:
    """Split attention: all elements of a pooled map see the same, in whatever shape."""
    gate = "global_avg_pool -> conv(8, 1) -> reshape([2, 4]) -> softmax -> reshape([8, 1, 1])"
    text = f"input: [8, 9, 9]\nlayers: ['a = conv(8, 3)', 'b = {gate}', 'multiply(a, b)']"
    field = last_field(text).receptive_field
    assert (field.size, field.stride, field.exact) == ((3, 3), (1, 1), True)
    assert whole_of(text) == ((9, 9), True, True)


def test_parts_of_a_map_of_one_position_that_differ_are_bounded() -> None:
    """The left half of the channels sees columns 0 to 2, the right half all 5."""
    left, right = "crop([[0, 0], [0, 2]]) -> global_avg_pool", "global_avg_pool"
    text = f"input: [2, 5, 5]\nlayers: [concat: {{left: '{left}', right: {right}}}, 'reshape([2, 2, 1]) -> relu']"
    assert whole_of(text) is None


def test_an_edge_that_is_cropped_is_not_seen() -> None:
    """Positions 0 to 2 of six; and 0 to 2 of four, for no window reaches the last."""
    assert whole_of("input: [1, 6]\nlayers: ['crop([[0, 3]]) -> flatten -> linear(1)']") == ((3,), False, True)
    assert whole_of("input: [1, 4]\nlayers: ['max_pool(3, stride=2) -> flatten -> linear(1)']") == ((3,), False, True)


def test_positions_that_are_stepped_over_are_not_seen() -> None:
    """0, 2 and 4 of five: the interval is the whole input, and yet not all of it is seen."""
    assert whole_of("input: [1, 5]\nlayers: ['max_pool(1, stride=2) -> flatten -> linear(1)']") == ((5,), False, True)


def test_gates_leave_the_field_along_the_convolutions() -> None:
    """SE-ResNet-50 has that of ResNet-50, 427, before its global pool."""
    found = analyze(load("seresnet50"))
    last = find_last_spatial_layer(found)
    assert last is not None
    assert last.receptive_field is not None
    assert last.receptive_field.size == (427, 427)
    assert last.whole is not None
    assert last.whole.gated
    assert FIGURES["receptive_field"].measure_network(found) == (427, 427)


@pytest.mark.parametrize(
    ("first", "second", "solid"),
    [(Cover(0, 3), Cover(4, 6), True), (Cover(0, 3), Cover(5, 6), False), (Cover(0, 9), Cover(3, 4, solid=False), True),
     (Cover(0, 9, solid=False), Cover(2, 3), False), (Cover(0, 5, solid=False), Cover(0, 9), True)],
)  # fmt: skip
def test_covers_together(first: Cover, second: Cover, solid: bool) -> None:
    low, high = min(first.first, second.first), max(first.last, second.last)
    assert unite_covers((first, second)) == unite_covers((second, first)) == Cover(low, high, solid)


def test_touched_is_what_windows_touch() -> None:
    """Against going through all outputs and elements."""
    chance = random.Random(7)
    for _ in range(3000):
        window = Window(chance.randint(1, 5), chance.randint(1, 4), chance.randint(-2, 4), chance.randint(1, 3))
        size, output = chance.randint(1, 12), chance.randint(1, 6)
        taps = {
            y * window.stride - window.before + k * window.dilation for y in range(output) for k in range(window.kernel)
        }
        read = sorted(taps & {*range(size)})
        found = find_touched(window, size, output)
        if not read:
            continue
        assert found is not None
        assert (found.first, found.last) == (read[0], read[-1])
        assert max((b - a for a, b in pairwise(read)), default=1) <= found.apart
        if not may_miss(window, size, output):
            firsts = (y * window.stride - window.before for y in range(output))
            assert all({first + k * window.dilation for k in range(window.kernel)} & {*read} for first in firsts)
