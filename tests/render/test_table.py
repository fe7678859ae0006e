"""The table for people."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Costs, Report
from cnncalc.reading import load
from cnncalc.render.columns import COLUMNS
from cnncalc.render.document import Pairs
from cnncalc.render.show import show
from cnncalc.render.summary import summarize
from cnncalc.render.text import count_cells
from cnncalc.render.view import View

from ..cli.running import cnncalc
from ..networks import report as report_of
from .samples import MAP, layer, line, report, small


def table(made: Report, view: View) -> str:
    return show(summarize(made, view), view)


def wide() -> Report:
    """Names, settings and numbers that need room."""
    conv = layer("conv", out=2048, kernel=(11, 3), stride=2, padding="half", bias=False)
    shape = (2048, 112, 112)
    layers = [line(f"a_long_name_{n}", conv, (shape,), shape, 123_456_789, 0, 98_765_432_100, size=483) for n in (1, 2)]
    return report(layers)


def body(text: str) -> list[str]:
    """The lines of the table itself."""
    lines = text.split("\n\n")[0].splitlines()
    first = next(at for at, text in enumerate(lines) if set(text) == {"─"})
    return [line for line in lines[first + 1 :] if set(line) != {"─"}]


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("made", [small(), wide()])
def test_no_line_is_wider_than_the_terminal(made: Report, width: int) -> None:
    assert max(map(count_cells, table(made, View(width=width)).splitlines())) <= width


@pytest.mark.parametrize("width", [1, 20, 60, 80, 200, None])
def test_no_number_is_ever_cut(width: int | None) -> None:
    for text in body(table(wide(), View(width=width)))[:2]:
        assert "483" in text
        assert "2048×112×112" in text
        assert "123,456,789" in text or "123 M" in text


def test_the_least_important_parts_are_dropped_first() -> None:
    """As a line gets shorter: the bars, the shares, the input, all digits, the settings."""
    marks = ("█", "%", "2048×112×112  2048×112×112", "123,456,789", "11×3")
    widths = range(150, 40, -1)
    shown = [[mark in table(wide(), View(width=width)) for mark in marks] for width in widths]
    assert shown[0] == [True] * 5
    assert shown[-1] == [False] * 5
    for before, after in pairwise(shown):
        assert all(there or not still for there, still in zip(before, after, strict=True))  # what is gone stays away
        assert after == sorted(after)  # and what is to go before it has gone
    assert {tuple(each) for each in shown} >= {(False,) * gone + (True,) * (5 - gone) for gone in range(6)}


@pytest.mark.parametrize("width", [1, 30, 80, None])
def test_a_network_whose_first_layer_fails(width: int | None) -> None:
    made = small()._replace(layers=(), groups=(), totals=Costs(), complete=False)
    assert "incomplete" in table(made, View(width=width))


def test_a_long_name_is_wrapped() -> None:
    lines = table(small()._replace(name="a name of many words " * 4), View(width=60)).splitlines()
    assert [line[:6] for line in lines[:3]] == ["a name", "words ", "3×8×8 "]
    assert max(map(count_cells, lines)) <= 60


def test_room_that_is_left_goes_to_the_settings() -> None:
    made = report_of("input: [4, 8, 8]\nblocks: {norm: local_response_norm}\nlayers: [norm, norm]")
    assert "local_response_norm" in table(made, View(width=100)).split()
    for width in range(48, 55):
        text = table(made, View(width=width))
        assert "local_" in text
        assert "local_response_norm" not in text.split()
        assert count_cells(text.splitlines()[2]) == width


def test_without_a_width_nothing_is_left_out() -> None:
    text = table(small(), View(depth=9))
    assert text.splitlines()[0] == "Small  3×8×8 → 10"
    header = "layer settings input output parameters macs receptive field"
    assert " ".join(text.splitlines()[1].split()) == header
    first = "conv1 3×3, p1 3×8×8 4×8×8 112 3.8% ▍ 6,912 24.8% ██████ 3"
    assert " ".join(body(text)[0].split()) == first
    assert body(text)[-1].split() == ["total", "10", "2,978", "27,904"]


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_columns_add_up_to_the_line_of_totals(depth: int) -> None:
    columns = tuple(column.name for column in COLUMNS.values() if column.adds_up and column.name != "least_time")
    *rows, total = body(table(small(), View(("layer", *columns), depth)))

    def figures(text: str) -> list[int]:
        found = re.findall(r"(?<!\S)[\d,]+(?!\S)", text)
        return [int(number.replace(",", "")) for number in found]

    sums = [sum(parts) for parts in zip(*filter(None, map(figures, rows)), strict=True)]
    assert sums == figures(total)
    assert len(sums) == len(columns)


def test_units_by_choice() -> None:
    assert "123 M" in table(wide(), View(human=True))
    narrow = table(wide(), View(human=False, width=60))
    assert "123,456,789" in narrow
    assert "246,913,578" in narrow


def test_marks_have_a_note_and_only_those_in_use() -> None:
    relu = layer("relu")
    layers = [
        line("a", relu, (MAP,), MAP, size=5, centred=False),
        line("b", relu, (MAP,), MAP, size=(7, 3), varies=True),
        line("c", relu, (MAP,), MAP, whole=True),
        line("d", relu, (MAP,), MAP, shares="a"),
    ]
    text = table(report(layers), View())
    fields = [row.split()[-1] for row in body(text)[:4]]
    assert fields == ["5†", "~7×3", "all", "–"]
    assert "d‡" in text
    assert all(f"\n{mark}  " in text for mark in ("†", "~", "all", "‡"))
    plain = table(small(), View())
    assert not set("†~‡") & set(plain)


def test_totals_come_with_their_conventions() -> None:
    text = " ".join(table(small(), View()).split())
    assert "parameters 2,978 (weights 2,956 + biases 22; buffers 0, not counted), 11.6 KiB as float32" in text
    assert "macs 27,904 multiply-accumulates of convolutions, linear layers and attention, without bias" in text
    assert "flops 27.9 k macs = 55.8 kFLOPs (2 per mac)" in text
    assert "receptive field 7×7 in steps of 1×1, the first starting at (-1, -1), at body.unit1.1.relu1" in text


def test_an_incomplete_network_says_so() -> None:
    text = table(small()._replace(complete=False), View())
    assert text.splitlines()[0].endswith("?  incomplete")
    assert "total so far" in text
    assert "\nincomplete " in text


def test_colour_changes_nothing_but_colour() -> None:
    coloured = table(small(), View(color=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == table(small(), View())
    used = {int(code) for found in re.findall(r"\x1b\[([\d;]*)m", coloured) for code in found.split(";") if code}
    assert used <= {0, 1, 2, 32, 35, 36}  # no black, white, yellow or blue, which vanish on some terminals


def test_nothing_in_a_name_reaches_the_terminal_raw() -> None:
    relu = layer("relu")
    made = report([line("a\x1b[2J\n\u202eb", relu, (MAP,), MAP, size=1)], name="N\x07\x9b")
    text = table(made, View())
    assert not {char for char in text if not char.isprintable()} - {"\n"}
    assert "N\\x07\\x9b" in text


def test_wide_characters_keep_columns_aligned() -> None:
    relu = layer("relu")
    text = table(report([line(name, relu, (MAP,), MAP, size=1) for name in ("網路層", "abc", "é")]), View())
    assert len({count_cells(row) for row in body(text)[:3]}) == 1


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("command", [("list",), ("verify", "lenet5"), ("verify", "mobilenet_v3_small")])
def test_list_and_verify_fit_the_width(command: tuple[str, ...], width: int) -> None:
    lines = cnncalc(*command, "--width", str(width)).stdout.splitlines()
    assert len(lines) > 10
    assert max(map(count_cells, lines)) <= width


def test_units_in_no_even_steps_have_none_in_the_footer() -> None:
    """Rows 0–7 with rows 0 and 1 below them: from row 7 to row 0 is no step forward."""
    joined = report_of(
        "input: [1, 8, 8]\nlayers:\n  - conv(1, 3)\n"
        "  - concat(axis=1):\n      a: identity\n      b: slice(1, 0, 2)\n  - relu\n"
    )
    field = joined.layers[-1].receptive_field
    assert field
    assert not all(field.stride)
    text = table(joined, View())
    assert "receptive field" in text
    assert "in steps of 0" not in text


def test_pairs_of_nothing_are_no_lines() -> None:
    """As the list of what training keeps of a network that keeps one tensor."""
    assert show([Pairs([])], View()) == ""


def test_which_of_its_kind_a_layer_is() -> None:
    """VGG-16 has 2 + 2 + 3 + 3 + 3 convolutions and 5 pools; of several layers those with macs are counted."""
    vgg = analyze(load("vgg16"), fields=False)
    shown = table(vgg, View(("layer", "nth"), depth=9))
    cells = {line.split()[0]: " ".join(line.split()[1:]) for line in body(shown) if len(line.split()) > 2}
    assert cells["linear3"] == "linear 3 of 3"
    folded = table(vgg, View(("layer", "nth"), depth=1))
    nth = [" ".join(line.split()[1:]) for line in body(folded) if line.startswith("vgg")]
    assert nth == ["conv 1–2 of 13", "conv 3–4 of 13", "conv 5–7 of 13", "conv 8–10 of 13", "conv 11–13 of 13"]


def test_channels_last() -> None:
    """AlexNet as books print it: 227×227×3, 55×55×96, 9216."""
    chain = ("conv(96, 11, stride=4)", "--input", "3x227x227")
    lines = cnncalc("summary", *chain, "--shapes", "hwc", "--columns", "layer,input,output").stdout.splitlines()
    assert lines[0].endswith("227×227×3 → 55×55×96")
    assert lines[3].split() == ["conv1", "227×227×3", "55×55×96"]
    assert lines[5].split() == ["total", "55×55×96"]
    merged = "concat: {a: 'conv(5, 1)', b: identity}"
    text = show(summarize(report_of(f"layers: [{merged}]"), View(("layer", "input"), channels_last=True)), View())
    assert "8×8×(5 + 3)" in text
    assert "[96, 55, 55]" in cnncalc("summary", *chain, "-f", "json").stdout
    assert cnncalc("summary", *chain, "--shapes", "hwc", "-f", "json").returncode == 2  # programs have one order
