"""The style `flat`."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.figure.flat import draw_flat
from cnncalc.figure.maps import FigureError
from cnncalc.figure.scene import Rect, Scene, Text, bounds, enclose
from cnncalc.reading import load
from cnncalc.render.svg import write_svg
from cnncalc.spec.files import bundled

from ..networks import report
from .drawn import drawn_layers, faults_of_lines, faults_of_texts, overlap, things
from .test_volumes import check_refusal

DRAWN = {  # at least; others may be refused, with the style that shows them
    "alexnet", "c3d", "convnext_tiny", "densenet121", "efficientnet_b0", "inception_v1", "inception_v3", "lenet5",
    "mobilenet_v2", "resnet50", "resnet152", "squeezenet1_0", "vgg16", "xception",
}  # fmt: skip


def sheets(scene: Scene) -> list[list[Rect]]:
    """The sheets of each stack, the front one last."""
    return [[item for item in thing.items if isinstance(item, Rect)] for thing in things(scene)]


def windows(scene: Scene) -> list[Rect]:
    return [item for item in scene.leaves() if isinstance(item, Rect) and item.role == "window"]


def texts(scene: Scene) -> list[str]:
    return [item.text for item in scene.leaves() if isinstance(item, Text)]


def check_geometry(scene: Scene) -> None:
    assert [*faults_of_texts(scene)] == []
    stacks = [enclose(map(bounds, each)) for each in sheets(scene)]
    for one, other in combinations(stacks, 2):
        assert not overlap(one, other)
    written = [bounds(item) for item in scene.leaves() if isinstance(item, Text)]
    assert not [box for box in written if any(overlap(box, bounds(sheet)) for each in sheets(scene) for sheet in each)]
    fronts = [bounds(each[-1]) for each in sheets(scene)]
    assert [*faults_of_lines(scene, fronts)] == []
    for window in windows(scene):
        assert any(bounds(window)[0] >= front[0] and bounds(window)[2] <= front[2] for front in fronts)


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_bundled_networks_are_drawn_or_refused(name: str) -> None:
    network = analyze(load(name))
    try:
        scene = draw_flat(network)
    except FigureError as refusal:
        check_refusal(refusal, name not in DRAWN)
        return
    assert scene.canvas.width <= 504
    assert scene.canvas.height <= 700
    assert drawn_layers(scene) == [*range(len(network.layers))]
    check_geometry(scene)
    text = write_svg(scene)
    ElementTree.fromstring(text)
    assert len(text.encode()) <= 60_000


def test_lenet_5_is_that_of_the_paper() -> None:
    """LeCun et al., figure 2: the maps and their sizes; the operations as this file has them."""
    scene = draw_flat(analyze(load("lenet5")))
    written = texts(scene)
    assert written[-5:] == ["input", "convolution", "pooling", "linear", "sides ∝ √size"]  # the legend
    maps = ["1@32×32", "6@28×28", "6@14×14", "16@10×10", "16@5×5", "120@1×1", "84", "10"]
    assert [text for text in written if "@" in text or text.isdecimal()] == maps
    assert [text for text in written if text == "5×5"] == ["5×5"] * 3
    counts = [len(each) for each in sheets(scene)]
    assert counts[:3] == [1, 6, 6]  # drawn one by one
    assert counts[3:5] == [7, 7]  # 4 + ¾·log₂ 16


def test_windows_are_true_to_scale() -> None:
    scene = draw_flat(analyze(load("lenet5")))
    front = sheets(scene)[0][-1]
    window = windows(scene)[0]
    assert window.width / front.width == pytest.approx(5 / 32)
    assert window.height / front.height == pytest.approx(5 / 32)


def test_a_dilated_window_spans_its_holes() -> None:
    scene = draw_flat(report("layers: conv(4, 3, dilation=4)", input="1x36x18"))
    front, window = sheets(scene)[0][-1], windows(scene)[0]
    assert window.height / front.height == pytest.approx(9 / 36)
    assert window.width / front.width == pytest.approx(9 / 18)


def test_rows_wrap_evenly() -> None:
    scene = draw_flat(analyze(load("inception_v1")))
    middles = [round(sum(enclose(map(bounds, each))[1::2]), 3) for each in sheets(scene)]
    counts = [middles.count(y) for y in sorted({*middles})]
    assert len(counts) > 1
    assert max(counts) <= 2 * min(counts)


@pytest.mark.parametrize("input", ["2x64", "2x16x20x24"], ids=["1-D", "3-D"])
def test_other_axes(input: str) -> None:
    chain = "conv(8, 5, stride=2) -> relu -> max_pool(2) -> flatten -> linear(3)"
    scene = draw_flat(report(f"input: [{input.replace('x', ', ')}]\nlayers: {chain}"))
    check_geometry(scene)
    assert input.replace("x", "@", 1).replace("x", "×") in texts(scene)
    assert len(windows(scene)) == 2


def test_a_skip_is_refused_with_the_styles_that_show_it() -> None:
    with pytest.raises(FigureError, match="`--style volumes` or `--style graph`"):
        draw_flat(analyze(load("unet")))


def test_too_many_stacks_are_refused() -> None:
    many = " -> ".join(f"conv({100 + number}, 1)" for number in range(60))
    with pytest.raises(FigureError, match="`--style graph`"):
        draw_flat(report(f"layers: {many}"))
