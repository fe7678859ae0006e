"""The style `volumes`."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.figure.maps import FigureError, fold_maps, list_maps, locate
from cnncalc.figure.scene import Line, Polygon, Scene, Text, bounds, enclose
from cnncalc.figure.volumes import draw_volumes
from cnncalc.reading import load
from cnncalc.render.svg import write_svg
from cnncalc.spec.files import bundled

from ..networks import report
from .drawn import drawn_layers, faults_of_lines, faults_of_texts, overlap, polygons_overlap, things

DRAWN = {  # at least; others may be refused, with the style that shows them
    "alexnet", "c3d", "convnext_tiny", "densenet121", "edsr", "efficientnet_b0", "inception_v1", "inception_v3",
    "lenet5", "mobilenet_v2", "nasnet_a_mobile", "pnasnet5_large",
    "resnet50", "resnet152", "segnet", "squeezenet1_0", "unet", "vgg16", "wavenet",
    "xception", "yolov8n",
}  # fmt: skip
UNET_1D = """
    input: [2, 4096]
    blocks:
      up(out, skip):
        - upsample(2)
        - concat:
            up: identity
            skip: from(skip)
        - conv(out, 9, padding=same) -> relu
    layers:
      - d1 = (conv(16, 9, padding=same) -> relu)
      - max_pool(2) -> (d2 = conv(32, 9, padding=same) -> relu)
      - max_pool(2) -> conv(64, 9, padding=same) -> relu
      - up(32, d2)
      - up(16, d1)
      - conv(2, 1)
"""
PATHS = """
    layers:
      - a = conv(2, 3)
      - left = conv(2, 1)
      - from(a) -> (right = conv(4, 1))
      - concat: {left: from(left), right: identity}
"""
UNET_LATE = """
    input: [3, 128, 128]
    blocks:
      two(out): (conv(out, 3, padding=same) -> relu) * 2
      up(out, skip):
        - concat:
            up: transposed_conv(out, 2, stride=2) -> conv(out, 1) -> relu
            skip: from(skip)
        - two(out)
    layers:
      - d1 = two(16)
      - max_pool(2) -> (d2 = two(32))
      - max_pool(2) -> two(64)
      - up(32, d2)
      - up(16, d1)
      - conv(2, 1)
"""
UNET_ADD = UNET_LATE.replace("concat:", "add:")
UNET_3D = UNET_1D.replace("[2, 4096]", "[2, 16, 64, 48]").replace("9,", "3,")


def chain(count: int) -> str:
    """So many convolutions, none of which is like another."""
    return " -> ".join(f"conv({100 + number}, 1)" for number in range(count))


def check_refusal(refusal: FigureError, allowed: bool) -> None:
    assert allowed, refusal
    assert "`--style graph`" in str(refusal)


def solids(scene: Scene) -> list[list[Polygon]]:
    """The faces of each box: top, side and front."""
    return [[item for item in thing.items if isinstance(item, Polygon)] for thing in things(scene)]


def texts(scene: Scene) -> list[str]:
    return [item.text for item in scene.leaves() if isinstance(item, Text)]


def check_geometry(scene: Scene) -> None:
    assert [*faults_of_texts(scene)] == []
    boxes = solids(scene)
    fronts = [bounds(front) for *_, front in boxes]
    for (one, box), (other, beside) in combinations(zip(boxes, fronts, strict=True), 2):
        assert not overlap(box, beside), "fronts overlap"
        if (box.top, box.bottom) != (beside.top, beside.bottom):  # only equal ones are packed
            assert not any(polygons_overlap(a.points, b.points) for a in one for b in other)
    written = [bounds(item, 1) for item in scene.leaves() if isinstance(item, Text)]
    for box in written:
        corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)]
        assert not any(polygons_overlap(corners, face.points) for faces in boxes for face in faces)
    assert [*faults_of_lines(scene, fronts)] == []


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_bundled_networks_are_drawn_or_refused(name: str) -> None:
    network = analyze(load(name))
    try:
        scene = draw_volumes(network)
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


def test_the_u_net_of_the_paper() -> None:
    """Ronneberger et al., figure 1: channels and sizes of the maps, from left to right and from top to bottom."""
    scene = draw_volumes(analyze(load("unet")))
    sizes = "572 570 568 284 282 280 140 138 136 68 66 64 32 30 28 56 54 52 104 102 100 200 198 196 392 390 388"
    assert [text.removesuffix("²") for text in texts(scene) if text.endswith("²")] == sizes.split()
    down = [
        (0, 1),
        *((level, c) for level in range(4) for c in [*[64 * 2**level // 2] * (level > 0), *[64 * 2**level] * 2]),
    ]
    bottom = [(4, 512), (4, 1024), (4, 1024)]
    up = [(level, 64 * 2**level) for level in (3, 2, 1, 0) for _ in range(4)]
    channels = [int(text) for text in texts(scene) if text.isdecimal()]
    levels = find_rows(scene)
    assert [*zip(levels, channels, strict=True)] == [*down, *bottom, *up, (0, 2)]


def find_rows(scene: Scene) -> list[int]:
    """For each box its row from above."""
    middles = [sum(enclose(map(bounds, faces))[1::2]) for faces in solids(scene)]
    rows = sorted({round(y, 3) for y in middles})
    return [rows.index(round(y, 3)) for y in middles]


def test_vgg_16_has_the_sizes_of_its_table() -> None:
    """Simonyan & Zisserman, table 1, configuration D."""
    scene = draw_volumes(analyze(load("vgg16")))
    written = texts(scene)
    assert [text for text in written if "×" in text][:6] == [f"{n}×{n}" for n in (224, 112, 56, 28, 14, 7)]
    channels = [3, 64, 64, 64, 128, 128, 128, *[256] * 3, 256, *[512] * 3, 512, *[512] * 3, 512, 4096, 4096, 1000]
    assert [int(text) for text in written if text.isdecimal()] == channels


def test_sides_grow_with_the_square_root() -> None:
    scene = draw_volumes(report("layers: conv(64, 3) -> conv(16, 3) -> max_pool(3)", input="3x36x36"))
    first, *_, last = [bounds(front) for *_, front in solids(scene)]
    assert first.height / last.height == pytest.approx((36 / 10) ** 0.5, abs=0.01)  # (36 − 2 − 2 − 3)//3 + 1 = 10
    convs = [bounds(front).width for *_, front in solids(scene)][1:3]
    assert convs[0] / convs[1] == pytest.approx(2)


@pytest.mark.parametrize("text", [UNET_1D, UNET_3D], ids=["1-D", "3-D"])
def test_a_u_net_of_other_axes_is_a_u(text: str) -> None:
    scene = draw_volumes(report(text))
    check_geometry(scene)
    assert find_rows(scene) == [
        0,
        0,
        1,
        1,
        2,
        2,
        1,
        1,
        1,
        0,
        0,
        0,
        0,
    ]  # input d1 | pool d2 | pool conv | copy up conv | …
    skips = [item for item in scene.leaves() if item.role == "skip" and not isinstance(item, Text)]
    assert len(skips) == 2 + 1  # and that of the legend


@pytest.mark.parametrize("text", [UNET_LATE, UNET_ADD], ids=["concat", "add"])
def test_a_skip_goes_above_what_is_between(text: str) -> None:
    scene = draw_volumes(report(text))
    check_geometry(scene)
    assert max(find_rows(scene)) == 2
    skips = [item for item in scene.leaves() if isinstance(item, Line) and item.role == "skip"]
    assert [len(skip.points) for skip in skips] == [4, 4, 2]  # the last is in the legend
    signs = [item for item in scene.leaves() if item.role == "merge"]
    assert len(signs) == (3 if text == UNET_ADD else 0)


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_every_connection_is_an_arrow_a_skip_or_inside_a_box(name: str) -> None:
    """Of all layers and what they read; in copies is the layer that concatenates them with the map before."""
    network = analyze(load(name))
    try:
        all_maps = list_maps(network, "volumes")
    except FigureError as refusal:
        check_refusal(refusal, name not in DRAWN)
        return
    for level in (0, 1, 2):
        maps = fold_maps(all_maps, level)
        where = locate(maps)
        skips = {(where[source], place) for place, one in enumerate(maps) for source in one.skips}
        shown = 0
        for index, layer in enumerate(network.layers):
            for source in layer.sources:
                start, end = where[source], where[index]
                first = end
                while maps[first].copied:
                    first -= 1
                inside = first <= start <= end
                previous = start < end and all(one.copied for one in maps[start + 1 : end])
                skip = any((start, place) in skips for place in range(first, end + 1))
                meeting = any((start, place) in skips for place in range(end, len(maps)) if maps[place].copied)
                assert inside or previous or skip or meeting, (layer.path, source)
                shown += 1
        assert shown >= len(network.layers)


def test_repeats_fold_where_they_do_not_fit() -> None:
    """He et al., table 1: 3, 8, 36 and 3 blocks; the first of a stage halves the map, and is as the others in depth."""
    scene = draw_volumes(analyze(load("resnet152")))
    assert [text for text in texts(scene) if text.startswith("×") and text != "×n"] == ["×3", "×8", "×36", "×3"]


def test_folding_keeps_every_layer() -> None:
    for name in ("resnet101", "mobilenet_v2", "segnet", "wavenet"):
        maps = list_maps(analyze(load(name)), "volumes")
        for level in (0, 1, 2):
            folded = fold_maps(maps, level)
            assert [index for one in folded for index in one.layers] == [index for one in maps for index in one.layers]
            assert sum(one.times for one in folded) == len(maps) or level == 2


def test_what_is_read_by_a_skip_is_the_last_of_its_fold() -> None:
    text = """
        layers:
          - conv(8, 3, padding=1)
          - a = conv(8, 3, padding=1)
          - conv(8, 3, padding=1) -> conv(8, 3, padding=1) -> conv(4, 1)
          - concat:
              own: identity
              skip: from(a)
    """
    folded = fold_maps(list_maps(report(text), "volumes"), 1)
    assert [one.times for one in folded] == [1, 2, 2, 1, 1]  # the input, up to a, after it, 1×1, the copy
    assert folded[-1].skips[0] == folded[1].layers[-1]


def test_a_skip_from_a_folded_or_absorbed_layer_begins_at_what_is_drawn() -> None:
    text = """
        layers:
          - (conv(8, 3, padding=1) -> relu) * 3 -> (d = dropout(0.5))
          - conv(8, 3, padding=1)
          - conv(4, 1)
          - concat:
              own: conv(4, 3, padding=1)
              skip: from(d)
    """
    maps = list_maps(report(text), "volumes")
    (copy,) = [one for one in maps if one.copied]
    assert [place for place, one in enumerate(maps) if copy.skips[0] in one.layers] == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: ['conv(2, 3)', outputs: {a: 'conv(1, 1)', b: 'conv(2, 1)'}]", "no outputs beside"),
        (PATHS, "another begins at `right`"),
        (f"layers: {chain(200)}", "too many volumes"),
        (f"layers: {chain(60)}", "need a page .* wide"),
    ],
    ids=["outputs", "paths", "many", "wide"],
)
def test_what_cannot_be_shown_is_refused(text: str, message: str) -> None:
    with pytest.raises(FigureError, match=f"(?s)({message}).*") as caught:
        draw_volumes(report(text))
    assert "`--style graph`" in str(caught.value)


def test_a_wider_page_shows_more() -> None:
    assert drawn_layers(draw_volumes(report(f"layers: {chain(60)}"), 1500)) == [*range(60)]


@pytest.mark.parametrize("name", ["vgg16", "unet", "densenet121", "segnet"])
def test_a_page_as_wide_as_the_refusal_says_is_enough(name: str) -> None:
    network = analyze(load(name))
    with pytest.raises(FigureError, match="need a page") as caught:
        draw_volumes(network, 200)
    needed = re.findall(r"(\d+)mm", str(caught.value))
    assert draw_volumes(network, int(needed[0]) * 72 / 25.4)


def test_without_a_legend() -> None:
    network = analyze(load("lenet5"))
    assert "convolution" in texts(draw_volumes(network))
    assert "convolution" not in texts(draw_volumes(network, legend=False))


def test_only_vectors() -> None:
    scene = draw_volumes(report("input: [50]\nlayers: linear(100) -> relu -> linear(10)"))
    assert [text for text in texts(scene) if text.isdecimal()] == ["50", "100", "10"]
