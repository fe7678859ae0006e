"""Architectures side by side, as people see them."""

from __future__ import annotations

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.compare.side_by_side import ComparedNetwork, SideBySide, align
from cnncalc.render.show import show
from cnncalc.render.side_by_side import compare_side_by_side, describe_change
from cnncalc.render.summary import summarize
from cnncalc.render.text import count_cells, elide
from cnncalc.render.view import View

from ..networks import network
from .samples import small


def made(text: str, label: str = "net") -> ComparedNetwork:
    net = network(f"layers: {text}")
    return ComparedNetwork(label, analyze(net))


def compared(one: str, other: str, width: int | None = None, depth: int | None = None) -> str:
    pair = made(one, "one"), made(other, "other")
    rows = align(pair[0].report, pair[1].report, depth)
    return show(compare_side_by_side(SideBySide(pair, tuple(rows)), View(width=width)), View())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("['conv(8, 3)']", "['conv(8, 7)']", "conv kernel 3 → 7"),
        ("['conv(8, 3)']", "['conv(16, 3, stride=2)']", "conv out 8 → 16, stride 1 → 2"),
        ("['conv(8, [3, 1])']", "['conv(8, [1, 3])']", "conv kernel [3, 1] → [1, 3]"),
    ],
)
def test_a_change_is_shown_by_argument(one: str, other: str, expected: str) -> None:
    (row,) = align(made(one).report, made(other).report)
    assert (row.state, describe_change(row)) == ("changed", expected)


def test_of_three_networks_macs_stay_where_it_is_narrow() -> None:
    nets = tuple(made(f"['conv({n}, 3)', relu, flatten, 'linear(1000)']", f"a network of {n}") for n in (8, 16, 32))
    wide, narrow = (
        show(compare_side_by_side(SideBySide(nets), View(width=width)), View()).splitlines() for width in (None, 80)
    )
    assert "multiplications" in wide[0]
    assert max(map(count_cells, narrow)) <= 80
    assert "macs" in narrow[0].split()
    assert "mults" not in narrow[0].split()


def test_of_layers_parameters_and_macs_are_shown() -> None:
    text = compared("['conv(8, 3)', relu]", "['conv(8, 5)', relu]")
    header = text.split("\n\n")[1].splitlines()[0]
    assert header.split() == ["layer", "settings", "parameters", "→", "macs", "→"]
    # 3·3·3·8 + 8 = 224, 5·5·3·8 + 8 = 608; 216·6·6 = 7,776, 600·4·4 = 9,600
    assert "~  conv1  conv kernel 3 → 5         224  608  7,776  9,600" in text


def test_groups_are_compared_as_one_with_a_depth() -> None:
    one = "[{add: {a: 'conv(3, 3, padding=1) -> relu', b: identity}}, relu]"
    text = compared(one, one.replace("conv(3, 3, padding=1)", "conv(3, 5, padding=2)"), depth=1)
    lines = text.split("\n\n")[1].splitlines()[2:]
    assert [line.split()[:2] for line in lines] == [["~", "add1"], ["=", "relu1"]]


@pytest.mark.parametrize("width", range(12, 40))
def test_paths_are_elided_in_the_middle(width: int) -> None:
    path = "conv4_x.bottleneck1.2.conv_bn3"
    text = elide(path, width)
    assert count_cells(text) <= width
    head, dots, tail = text.partition("…")
    assert bool(dots) == (len(path) > width)
    assert path.startswith(head)
    assert path.endswith(tail)


def test_the_notes_of_a_file_are_below_the_table() -> None:
    noted = small()._replace(notes="Written\n  by hand.")
    assert show(summarize(noted, View()), View()).splitlines()[-1].split() == ["notes", "Written", "by", "hand."]
