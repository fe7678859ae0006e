"""JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from io import StringIO

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.figures import COUNTS, Dtype
from cnncalc.errors import Fix, Note, Problem, Source, Span
from cnncalc.network import Network
from cnncalc.reading import load
from cnncalc.render.catalogue import (
    arrange,
    dump_catalogue,
    find_year,
    list_architectures,
    make_entry,
    write_catalogue_csv,
)
from cnncalc.render.columns import COLUMNS
from cnncalc.render.csv import write_summary_csv
from cnncalc.render.document import Paragraph
from cnncalc.render.json import dump_problems, dump_summary
from cnncalc.render.markdown import escape, write_markdown
from cnncalc.render.numbers import draw_bar, format_bytes, format_share, format_units
from cnncalc.render.plain import write_plain
from cnncalc.render.show import show
from cnncalc.render.summary import describe, summarize
from cnncalc.render.view import View

from .samples import MAP, layer, line, report, small

FLOAT = Dtype.float32
COUNTED = {figure.name for figure in COUNTS}


def test_json_has_the_keys_of_the_contract() -> None:
    found = json.loads(dump_summary(small(), FLOAT))
    assert found["format"] == 1
    assert {"name": "Small", "input": [3, 8, 8], "output": [10]}.items() <= found.items()
    totals = {"parameters": 2978, "weights": 2956, "biases": 22, "buffers": 0, "macs": 27904, "multiplications": 27904}
    assert totals.items() <= found["totals"].items()
    first = {
        "path": "conv1", "kind": "conv", "line": 3, "inputs": [[3, 8, 8]], "output": [4, 8, 8], "parameters": 112,
        "weights": 108, "biases": 4, "buffers": 0, "macs": 6912, "multiplications": 6912,
    }  # fmt: skip
    assert first.items() <= found["layers"][0].items()
    field = found["layers"][0]["receptive_field"]
    assert {"size": [3, 3], "stride": [1, 1], "start": [-1, -1]}.items() <= field.items()
    assert found["layers"][-1]["receptive_field"] is None
    assert found["layers"][-1]["whole_input"] == {"size": [8, 8], "start": [0, 0], "exact": True}


def test_json_layers_add_up_to_the_totals() -> None:
    found = json.loads(dump_summary(small(), FLOAT))
    for key, total in found["totals"].items():
        if key in COUNTED:  # bytes are of the network alone
            assert sum(each[key] for each in found["layers"]) == total


@pytest.mark.parametrize(("stride", "shown"), [(2, 2), (Fraction(4, 2), 2), (Fraction(1, 2), 0.5)])
def test_a_stride_in_json_is_a_number(stride: int | Fraction, shown: float) -> None:
    made = report([line("a", layer("relu"), (MAP,), MAP, size=3, stride=stride)])
    assert json.loads(dump_summary(made, FLOAT))["layers"][0]["receptive_field"]["stride"] == [shown, shown]


def test_json_of_problems() -> None:
    source = Source("a.yaml", "one\n  two\n")
    span = Span(source, 6, 9)
    notes = (Note("called here", Span(source, 0, 3)), Note("on the way"))
    problems = [
        Problem("unknown-kind", "what", span, "why", "x.y", notes, (Fix(span, "three", "why"),)),
        Problem("unreadable", "gone"),
    ]
    assert json.loads(dump_problems([("a.yaml", problems), ("b.yaml", [])])) == {
        "format": 1,
        "files": [
            {"file": "a.yaml", "problems": [
                {"code": "unknown-kind", "severity": "error", "line": 2, "column": 3, "path": "x.y", "message": "what",
                 "help": "why", "notes": [{"line": 1, "column": 1, "message": "called here"},
                                          {"line": None, "column": None, "message": "on the way"}],
                 "fix": {"line": 2, "column": 3, "end_line": 2, "end_column": 6, "text": "three"}},
                {"code": "unreadable", "severity": "error", "line": None, "column": None, "path": "", "message": "gone",
                 "help": "", "notes": [], "fix": None},
            ]},
            {"file": "b.yaml", "problems": []},
        ],
    }  # fmt: skip


def test_csv_has_a_row_a_layer_and_every_column() -> None:
    rows = list(csv.DictReader(StringIO(write_summary_csv(small(), View()))))
    assert [row["layer"] for row in rows] == [each.path for each in small().layers]
    assert list(rows[0]) == [name for name in COLUMNS if name != "least_time"]  # which needs a device
    assert sum(int(row["parameters"]) for row in rows) == 2978
    assert (rows[0]["output"], rows[0]["receptive_field"], rows[-1]["receptive_field"]) == ("4x8x8", "3x3", "all")


@pytest.mark.parametrize("name", ["=1+1", "+a", "-a", "@a"])
def test_no_csv_cell_is_a_formula(name: str) -> None:
    made = report([line(name, layer("relu"), (MAP,), MAP)])
    (row,) = csv.DictReader(StringIO(write_summary_csv(made, View(("layer",)))))
    assert row["layer"] == f"'{name}"


def test_no_csv_cell_holds_a_control_character() -> None:
    made = report([line("\ta\r\n\x1b", layer("relu"), (MAP,), MAP)])
    assert write_summary_csv(made, View(("layer",))) == "layer\n\\ta\\r\\n\\x1b\n"


def test_markdown_is_a_table_with_totals() -> None:
    lines = write_markdown(describe(small(), View(depth=1))).splitlines()
    assert lines[2].startswith("| layer | settings |")
    assert lines[3].split("|")[1:4] == [" :--- ", " :--- ", " ---: "]
    assert lines[5] == "| body | 3×3, 4 ×2 | 4×8×8 | 4×8×8 | 296 | 18,432 | 7 |"
    assert lines[8] == "| **total** |  |  | **10** | **2,978** | **27,904** |  |"


def test_bold_in_markdown_has_no_blank_inside_the_asterisks() -> None:
    """CommonMark: a closing `**` may not follow a blank."""
    assert write_markdown([Paragraph((("size  ", "head"), ("3 bytes", "")))]) == "**size** 3 bytes\n"
    assert write_markdown([Paragraph((("size", "head"), (" ", "head"), ("3", "")))]) == "**size** 3\n"


def test_markdown_shows_a_text_as_it_is() -> None:
    assert escape("a|b*\x1b") == "a\\|b\\*\\\\x1b"
    made = report([line("a|b", layer("relu"), (MAP,), MAP)])
    assert "| a\\|b |" in write_markdown(describe(made, View()))


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (1000, "1.00 k"), (9994, "9.99 k"), (9995, "10.0 k"),
     (99_949, "99.9 k"), (99_960, "100 k"), (999_499, "999 k"), (999_500, "1.00 M"), (10**40, "10000000000 Q")],
)  # fmt: skip
def test_human_numbers_have_three_digits(number: int, shown: str) -> None:
    assert format_units(number) == shown


def test_bytes_are_counted_by_1024() -> None:
    assert [format_bytes(number) for number in (0, 1023, 1024, 1024**2, 10 * 1024**3)] == [
        "0 B", "1023 B", "1.00 KiB", "1.00 MiB", "10.0 GiB",
    ]  # fmt: skip


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert format_share(1, 10**9) == "<0.1%"
    assert format_share(10**9 - 1, 10**9) == ">99.9%"
    assert draw_bar(1, 10**9, 8) == "▏"
    assert [len(draw_bar(part, 8, 8)) for part in range(9)] == list(range(9))


@pytest.mark.parametrize(
    ("dtype", "wanted"), [("float64", 8), ("float32", 4), ("float16", 2), ("bfloat16", 2), ("int8", 1)]
)
def test_bytes_of_a_dtype(dtype: str, wanted: int) -> None:
    assert Dtype(dtype).bytes == wanted


@pytest.mark.parametrize(
    ("source", "wanted"),
    [("ICLR 2015, configuration D", 2015), ("arXiv:2003.01234, 2019", 2019), ("arXiv:2003.01234", None), ("", None)],
)
def test_the_year_of_a_source(source: str, wanted: int | None) -> None:
    assert find_year(source) == wanted


def like_small(family: str, source: str = "by hand, 2024") -> Network:
    return Network("Small", source, "", {"input": (3, 8, 8)}, (), (), {}, family=family)


def test_the_catalogue_in_every_format() -> None:
    entries = [make_entry(name, like_small(family="kin"), small().totals) for name in ("small", "smaller")]
    known = {"family": "kin", "name": "small", "title": "Small", "year": 2024}
    known |= {"input": [3, 8, 8], "parameters": 2978, "macs": 27904}
    assert json.loads(dump_catalogue(entries))["architectures"] == [known, known | {"name": "smaller"}]
    assert write_catalogue_csv(entries).splitlines()[1] == "kin,small,Small,2024,3x8x8,2978,27904"
    line = "| kin | **small** | Small | 2024 | 3×8×8 | 2.98 k | 27.9 k |"
    assert write_markdown([list_architectures(entries, True, View())]).splitlines()[2] == line
    table = write_plain([list_architectures(entries, True, View())], None).splitlines()
    assert table[2].split()[:5] == ["kin", "small", "Small", "2024", "3×8×8"]
    assert table[3].split()[:2] == ["smaller", "Small"]
    assert write_plain([list_architectures(entries, False, View())], None).splitlines()[3].split()[:2] == [
        "kin",
        "smaller",
    ]


def test_the_order_of_the_catalogue() -> None:
    totals = small().totals
    entries = [
        make_entry("b10", like_small(family="b10", source=""), totals),
        make_entry("b9", like_small(family="b10"), totals),
        make_entry("a", like_small(family="c"), totals),
    ]
    assert [entry.name for entry in arrange(entries, None)] == ["b9", "b10", "a"]
    assert [entry.name for entry in arrange(entries, "name")] == ["a", "b9", "b10"]
    assert [entry.name for entry in arrange(entries, "year")] == ["a", "b9", "b10"]


def test_a_folded_group_is_shown_by_what_it_holds_where_there_is_room() -> None:
    """ResNet-50's blocks as in table 1 of He et al.; where there is no room, the call."""
    found = analyze(load("resnet50"))
    assert "1×1, 64 → 3×3, 64 → 1×1, 256 " in show(describe(found, View(depth=2)), View())
    narrow = show(summarize(found, View(depth=2, width=80)), View(width=80))
    assert "→ 3×3, 64" not in narrow
    assert "bottleneck(64" in narrow
