"""Block diagrams: their geometry, that all is in them, that they fit a page."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import chain
from random import Random
from typing import Any

import pytest

import cnncalc
from cnncalc import limits
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.analysis.report import Report
from cnncalc.errors import Source, UsageError
from cnncalc.figure.fold import make_tree
from cnncalc.figure.graph import LEAST, PAGE, Size, count_boxes, draw_graph
from cnncalc.figure.heat import Heat
from cnncalc.figure.layout import Layout
from cnncalc.figure.part import take_part
from cnncalc.figure.scene import Circle, Group, Line, Scene, Text
from cnncalc.figure.text import SIZE
from cnncalc.render.svg import write_svg
from cnncalc.spec.files import bundled
from cnncalc.spec.load import load_source, parse_overrides

from .. import processes
from ..networks import report
from ..random_networks.drawing import drawn
from ..random_networks.writing import written
from .geometry import find_faults, find_unreached

USUAL = ("alexnet", "vgg16", "resnet50", "inception_v1", "densenet121", "mobilenet_v2", "unet")
KILOBYTE = 1024


def texts(scenes: list[Scene]) -> list[str]:
    return [item.text for scene in scenes for item in scene.leaves() if isinstance(item, Text)]


def list_drawn(scenes: list[Scene]) -> Counter[int]:
    """The layers of all groups of scenes."""
    groups = chain.from_iterable(scene.items for scene in scenes)
    return Counter(index for group in groups if isinstance(group, Group) for index in group.layers)


def assert_complete(found: Report) -> None:
    """Each layer is in one box or folded into one, each connection drawn or inside a box, at every depth."""
    tree = make_tree(found)
    for level in range(len(count_boxes(tree))):
        layout = Layout(found, tree, level)
        layout.make_row(tree.items, -1 if len(found.inputs) == 1 else None, 0)
        thing = {index: main for main, layers in layout.things.items() for index in layers}
        assert len(thing) == sum(map(len, layout.things.values()))
        assert all(index in thing or layout.represent(index) in thing for index in range(len(found.layers)))
        wanted = {
            (layout.represent(source), thing[index])
            for index in thing
            for source in found.layers[index].sources
            if thing.get(source) != thing[index]
        }
        assert layout.links == wanted


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", bundled())
def test_networks_are_drawn_without_faults(name: str) -> None:
    found = cnncalc.analyze(cnncalc.load(name))
    scenes = draw_graph(found)
    learned = sum(not layer.sources for layer in found.layers)  # e.g. the class token of ViT, which reads nothing
    for scene in scenes:
        assert [*find_faults(scene)] == []
        assert len([*find_unreached(scene)]) <= learned
        assert scene.canvas.width <= PAGE[0] + 0.01
        assert scene.canvas.height <= PAGE[1] + 0.01
        sizes = {item.size for item in scene.leaves() if isinstance(item, Text)}
        assert min(sizes) >= 5 * LEAST / SIZE
        assert max(sizes) >= LEAST
    if len(scenes) > 1:  # nothing would be seen on one page, on which it fits all the same
        (scene,) = draw_graph(found, depth=1)
        assert max(item.size for item in scene.leaves() if isinstance(item, Text)) >= LEAST


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", bundled())
def test_every_layer_and_every_connection_is_drawn(name: str) -> None:
    """Layers in exactly one box each, or folded into one; connections between boxes, or inside one."""
    assert_complete(cnncalc.analyze(cnncalc.load(name)))


@pytest.mark.sample(8)
@pytest.mark.parametrize("seed", range(100))
def test_random_networks_are_drawn_whole_and_without_faults(seed: int) -> None:
    source = Source("random", written(drawn(seed), Random(seed)))
    network = load_source(source, "-", parse_overrides([], [])).network
    if network is None or not network.complete:
        return
    found = analyze(network)
    assert_complete(found)
    for scene in draw_graph(found, size=Size(1_000), sizes=True):
        assert [fault for fault in find_faults(scene) if not fault.endswith(" pt")] == []
        without = sum(not layer.sources for layer in found.layers)  # learned tensors
        assert len([*find_unreached(scene)]) <= without


@pytest.mark.sample(3)
@pytest.mark.parametrize(
    "name", ["resnet50", "unet", "googlenet", "wavenet", "ssd300_vgg16", "siamese", "c3d", "xception"]
)
def test_figures_beside_boxes_and_sizes_inside_blocks_are_without_faults(name: str) -> None:
    found = cnncalc.analyze(cnncalc.load(name))
    heat = Heat(found, FIGURES["macs"], Dtype.float32, lambda value: f"{value:,}")
    for scene in [*draw_graph(found, look=heat), *draw_graph(found, sizes=True)]:
        assert [*find_faults(scene)] == []


@pytest.mark.sample(3)
@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "seresnet50", "densenet121", "googlenet"])
def test_a_block_alone_is_without_faults(name: str) -> None:
    found = cnncalc.analyze(cnncalc.load(name))
    group = max((group for group in found.groups if group.form == "block"), key=lambda group: group.last - group.first)
    paths = {layer.path for layer in found.layers[group.first : group.last]}
    part = take_part(found, paths, group.path)
    assert sum(layer.work.macs for layer in part.layers) == part.totals.work.macs
    (scene,) = draw_graph(part, sizes=True)
    assert [*find_faults(scene)] == []
    assert [*find_unreached(scene)] == []


def test_a_drawing_is_the_same_under_every_seed_of_hashes() -> None:
    script = (
        "import cnncalc\nfrom cnncalc.figure.graph import draw_graph\nfrom cnncalc.render.svg import write_svg\n"
        "for name in ('unetpp', 'retinanet_resnet50_fpn'):\n"
        "    print(*map(write_svg, draw_graph(cnncalc.analyze(cnncalc.load(name)))))"
    )
    first, second = (
        processes.run(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second


@pytest.mark.parametrize("name", USUAL)
def test_usual_networks_are_small_files(name: str) -> None:
    (scene,) = draw_graph(cnncalc.analyze(cnncalc.load(name)))
    assert len(write_svg(scene).encode()) <= 60 * KILOBYTE


def test_resnet50_shows_its_blocks() -> None:
    written = texts(draw_graph(cnncalc.analyze(cnncalc.load("resnet50"))))
    assert {"conv2_x", "stage(64, 3, 1)", "bottleneck(64, 1)", "7×7 conv, 64, /2", "256×56×56"} <= {*written}
    assert [text for text in written if text.startswith("×")] == ["×2", "×3", "×5", "×2", "×n"]


def test_densenet_folds_to_its_numbers_of_layers() -> None:
    written = texts(draw_graph(cnncalc.analyze(cnncalc.load("densenet121"))))
    assert [text for text in written if text.startswith("×")] == ["×6", "×12", "×24", "×16", "×n"]
    assert "256×56×56" in written  # 64 + 6·32 channels leave the first dense block


def test_skips_between_columns_have_letters_at_both_ends() -> None:
    """U-Net's four skips: each is a channel in its column, or a letter where it begins and where it ends."""
    (scene,) = draw_graph(cnncalc.analyze(cnncalc.load("unet")))
    letters = Counter(text for text in texts([scene]) if len(text) == 1 and text.isalpha())
    channels = [
        item for item in scene.leaves() if isinstance(item, Line) and item.role == "skip" and len(item.points) > 3
    ]
    assert set(letters.values()) == {2}
    assert len(letters) + len(channels) == 4


def test_a_hostile_name_is_a_text() -> None:
    name = '<b>&"</script>\\u202e'
    found = report(f"name: '{name}'\nlayers: ['conv(8, 3)']")
    (scene,) = draw_graph(found)
    assert "<b>" not in write_svg(scene)


def make_chain(count: int, *, alike: bool) -> Report:
    """A network of so many convolutions, by repeating one layer's report."""
    base = report("input: [8, 64, 64]\nlayers: ['conv(8, 3, padding=1)', 'conv(8, 1)']")
    one, other = base.layers
    layers = tuple(
        (one if alike or index % 2 else other)._replace(
            path=f"conv{index}", sources=(index - 1,), inputs=((8, 64, 64),)
        )
        for index in range(count)
    )
    return base._replace(layers=layers, groups=(), ends=(count - 1,))


def test_a_hundred_thousand_layers_that_are_alike_are_one_box() -> None:
    (scene,) = draw_graph(make_chain(100_000, alike=True))
    assert "×100000" in texts([scene])


def test_folding_takes_time_linear_in_the_layers() -> None:
    """Counted as the calls of functions: ten times as many layers take at most eleven times as many."""

    def count_calls(layers: int) -> int:
        found, calls = make_chain(layers, alike=True), 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            make_tree(found)
        finally:
            sys.setprofile(None)
        return calls

    assert count_calls(3_000) <= 11 * count_calls(300)


def test_too_many_boxes_are_refused_with_the_depth_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """ResNet-50 with closed blocks: two layers, two blocks in each of four stages, four layers."""
    monkeypatch.setattr(limits, "DRAWN_BOXES", 20)
    found = cnncalc.analyze(cnncalc.load("resnet50"))
    with pytest.raises(UsageError, match=r"more than 20; --depth 2 has 14"):
        draw_graph(found, depth=3)
    with pytest.raises(UsageError, match=r"at every depth; --at PATH"):
        draw_graph(make_chain(21, alike=False), depth=1)


def test_a_network_that_does_not_fit_takes_several_pages() -> None:
    scenes = draw_graph(make_chain(400, alike=False))
    assert len(scenes) > 1
    written = [texts([scene]) for scene in scenes]
    assert "to page 2" in written[0]
    assert "from page 1" in written[1]
    assert list_drawn(scenes) == dict.fromkeys(range(400), 1)


@pytest.mark.parametrize("name", ["resnet50", "coatnet_0"])  # one page, and four
def test_the_chosen_depth_is_drawn_as_if_it_were_given(name: str) -> None:
    """With its legend, whichever depths were tried before."""
    found = cnncalc.analyze(cnncalc.load(name))
    chosen = list(map(write_svg, draw_graph(found)))
    depths = range(1, len(count_boxes(make_tree(found))) + 1)
    assert chosen in [list(map(write_svg, draw_graph(found, depth=depth))) for depth in depths]


def test_of_many_levels_few_are_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    levels, tried = 90, set[int]()
    blocks = "".join(f"  b{k}: conv(3, 1) -> relu -> b{k + 1}() -> relu\n" for k in range(levels))
    found = report(f"blocks:\n{blocks}  b{levels}: conv(3, 1) -> relu\nlayers: [b0()]\n")
    make_row = Layout.make_row

    def note(layout: Layout, *args: Any, **named: Any) -> Any:
        tried.add(layout.depth)
        return make_row(layout, *args, **named)

    monkeypatch.setattr(Layout, "make_row", note)
    assert draw_graph(found)
    assert len(tried) <= 2 * levels.bit_length()


def test_merges_have_drawn_signs() -> None:
    (scene,) = draw_graph(report("layers: [{add: {one: 'conv(3, 3, padding=1)', other: identity}}]"))
    circles = [item for item in scene.leaves() if isinstance(item, Circle)]
    assert [circle.role for circle in circles] == ["merge", "merge"]  # one of them in the legend
