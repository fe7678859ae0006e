"""Architectures side by side: pairs whose difference is known."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from itertools import combinations, pairwise
from random import Random

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.figures import FIGURES
from cnncalc.compare import side_by_side
from cnncalc.compare.side_by_side import align, match_unique
from cnncalc.reading import load
from cnncalc.render.compare import describe_settings
from tests.networks import report


def states(one: str, other: str) -> Counter[str]:
    return Counter(row.state for row in align(analyze(load(one)), analyze(load(other))))


@pytest.mark.parametrize(("name", "wanted"), [
    ("vgg16", 16), ("vgg19", 19), ("alexnet", 8), ("resnet18", 18), ("resnet50", 50), ("resnet152", 152),
    ("inception_v1", 22),
])  # fmt: skip
def test_depth_is_what_the_names_say(name: str, wanted: int) -> None:
    assert FIGURES["depth"].measure_network(analyze(load(name))) == wanted


def test_vgg19_has_three_convolutions_more() -> None:
    rows = align(analyze(load("vgg16")), analyze(load("vgg19")))
    assert Counter(row.state for row in rows)["after"] == 6
    assert not [row for row in rows if row.state in ("changed", "before")]
    added = [describe_settings(row.after) for row in rows if row.after and row.state == "after"]
    assert sorted(added) == ["conv(256, 3, padding=1)", *["conv(512, 3, padding=1)"] * 2, *["relu"] * 3]
    gained = sum(row.after.costs.parameters for row in rows if row.after and row.state == "after")
    assert gained == 143_667_240 - 138_357_544


def test_the_two_resnets_differ_in_where_they_step() -> None:
    found = align(analyze(load("resnet50")), analyze(load("resnet50_v1")))
    changed = [row for row in found if row.state == "changed" and row.before and row.after]
    differing = [
        row
        for row in changed
        if row.before and row.after and describe_settings(row.before) != describe_settings(row.after)
    ]
    assert len(differing) == 6
    assert not [row for row in found if row.state in ("before", "after")]


def test_a_network_is_the_same_as_itself() -> None:
    assert set(states("resnet50", "resnet50")) == {"same"}


def test_an_argument_of_a_newer_kind_is_a_change() -> None:
    """Of the sizes of another output and the name of a max pool the values are compared."""
    chain = "'conv(3, 1) -> softmax(over={})', max_unpool(p), 'pad(1, mode={})', 'mean_over({})'"
    text = f"layers: ['p = max_pool(2)', {chain}]"
    old, same, new = (report(text.format(*each)) for each in ((0, "reflect", 1), (0, "reflect", 1), (1, "circular", 2)))
    assert {row.state for row in align(old, same)} == {"same"}
    assert [row.path for row in align(old, new) if row.state == "changed"] == ["softmax1", "pad1", "mean_over1"]


def test_an_older_version_of_a_file() -> None:
    old = report("layers: ['conv(8, 3)', relu, 'conv(8, 3)', 'conv(4, 1)', flatten, linear(10)]")
    new = report("layers: ['conv(8, 3)', relu, batch_norm, 'conv(8, 5, padding=1)', flatten, linear(10)]")
    found = [(row.state, row.path) for row in align(old, new)]
    assert found == [
        ("same", "conv1"), ("same", "relu1"), ("after", "batch_norm1"), ("changed", "conv2"), ("before", "conv3"),
        ("changed", "flatten1"), ("changed", "linear1"),
    ]  # fmt: skip


def test_equal_paths_are_aligned() -> None:
    """A network of half the width has the same layers, and ResNet-34 has every shortcut of ResNet-18."""
    one, other = (analyze(load("mobilenet_v1", settings=[f"width={width}"])) for width in ("1", "0.5"))
    assert {row.state for row in align(one, other)} <= {"same", "changed"}
    rows = align(analyze(load("resnet18")), analyze(load("resnet34")))
    assert {row.state for row in rows if ".shortcut." in row.path} <= {"same", "changed"}
    for row in rows:
        if row.before and row.after:
            assert row.before.path == row.after.path


def test_layers_under_other_names_are_found_by_what_they_are() -> None:
    old = report("layers: ['a = conv(8, 3)', b = relu, flatten, linear(10)]")
    new = report("layers: ['c = conv(8, 3)', d = relu, flatten, linear(10)]")
    assert [row.state for row in align(old, new)] == ["same"] * 4


def test_every_layer_occurs_once() -> None:
    one, other = analyze(load("resnet18")), analyze(load("vgg11"))
    rows = align(one, other)
    assert [row.before.path for row in rows if row.before] == [layer.path for layer in one.layers]
    assert [row.after.path for row in rows if row.after] == [layer.path for layer in other.layers]


def test_as_many_rows_as_possible_are_aligned_where_each_occurs_once() -> None:
    """Against all ways to choose pairs that do not cross."""
    chance = Random(1)
    for _ in range(200):
        a, b = ("".join(chance.sample("abcdefgh", chance.randint(0, 7))) for _ in "ab")
        found = match_unique(a, b)
        assert all(a[i] == b[j] for i, j in found)
        assert all(i < k and j < m for (i, j), (k, m) in pairwise(found))
        common = [(i, b.index(key)) for i, key in enumerate(a) if key in b]
        most = max(
            size
            for size in range(len(common) + 1)
            for some in combinations(common, size)
            if all(j < m for (_, j), (_, m) in pairwise(some))
        )
        assert len(found) == most


def test_equal_paths_are_found_without_comparing_all_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second layer of one network has a path of the other: each lies between two others."""
    cells = []

    def counted(isjunk: None, a: list[object], b: list[object], autojunk: bool) -> object:
        cells.append(len(a) * len(b))
        return SequenceMatcher(isjunk, a, b, autojunk)

    monkeypatch.setattr(side_by_side, "SequenceMatcher", counted)
    one, other = report("layers: ['conv(1, 1) * 2000']"), report("layers: ['(conv(1, 1) -> relu) * 1000']")
    assert Counter(row.state for row in align(one, other)) == {"same": 1000, "before": 1000, "after": 1000}
    assert sum(cells) == 2 * 1000  # the convolutions left over and a relu, by content and by kind
