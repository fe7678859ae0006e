"""What notebooks and other programs get of networks and reports."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from xml.etree import ElementTree

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.figures import Dtype
from cnncalc.reading import load
from cnncalc.render.csv import write_summary_csv
from cnncalc.render.document import Cell, Column, Pairs, Paragraph, Table
from cnncalc.render.html import write_html
from cnncalc.render.json import dump_summary
from cnncalc.render.view import View

from ..networks import network, report

SVG = "{http://www.w3.org/2000/svg}"


class Tables(HTMLParser):
    """The cells of the tables of a page, row by row; complains about tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & {*self.open}:
            self.rows[-1][-1] += data


def test_a_notebook_shows_a_table_without_a_script() -> None:
    page = Tables(analyze(load("lenet5"))._repr_html_())
    header, first, *_, total = page.rows
    assert header[:5] == ["layer", "settings", "input", "output", "parameters"]
    assert first[0] == "conv1"
    assert first[4] == "156"  # 5·5·1·6 + 6
    assert total[4] == "61,706"  # LeCun et al., figure 2: 156 + 2,416 + 48,120 + 10,164 + 850, all maps connected
    assert page.tags <= {"div", "p", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "strong", "br"}
    assert page.attributes <= {"style", "scope"}


def test_hostile_names_are_text_in_html() -> None:
    name = '<script>alert(1)</script>&"\x1b\u202e'
    shown = report("layers: conv(2, 3)")._replace(name=name, notes=name)
    page = Tables(shown._repr_html_())
    assert "script" not in page.tags
    assert "\x1b" not in shown._repr_html_()


def test_the_levels_of_the_table_are_indented() -> None:
    text = "blocks:\n  two(out):\n    - conv(out, 1)\n    - conv(out, 1)\nlayers: [a = two(4)]"
    html = report(text)._repr_html_()
    assert html.count("padding-left: 2.4em") == 2


def test_the_bundle_has_text_and_html() -> None:
    shown = analyze(load("two_conv"))
    bundle = shown._repr_mimebundle_()
    assert bundle["text/html"] == shown._repr_html_()
    assert "conv1" in bundle["text/plain"]
    assert shown._repr_mimebundle_(include=["text/html"]).keys() == {"text/html"}


def test_a_network_is_shown_as_its_drawing() -> None:
    text = load("lenet5")._repr_svg_()
    assert text
    root = ElementTree.fromstring(text)
    assert "5×5 conv, 16" in [element.text for element in root.iter(f"{SVG}text")]


def test_several_drawings_in_a_notebook_have_ids_of_their_own() -> None:
    texts = [load(name)._repr_svg_() for name in ("lenet5", "alexnet")]
    one, other = ({each.get("id") for each in ElementTree.fromstring(text or "").iter()} - {None} for text in texts)
    assert one
    assert not one & other


def test_a_drawing_of_several_pages_is_one_in_a_notebook() -> None:
    text = load("inception_v3")._repr_svg_()
    assert text
    assert float(ElementTree.fromstring(text).get("height", "0").removesuffix("pt")) > 700


def test_a_network_of_too_many_boxes_has_no_drawing() -> None:
    items = "".join(f"  - conv({1 + number % 2}, 1)\n" for number in range(6_000))
    assert network(f"layers:\n{items}")._repr_svg_() is None


def test_a_report_as_a_dict_is_its_json() -> None:
    shown = analyze(load("unet"))
    assert shown.to_dict() == json.loads(dump_summary(shown, Dtype.float32))


def test_the_rows_of_a_report_are_those_of_its_csv() -> None:
    shown = analyze(load("resnet18"))
    rows = shown.rows()
    table = [*csv.DictReader(io.StringIO(write_summary_csv(shown, View())))]
    assert [[*row] for row in rows] == [[*row] for row in table]
    assert [row["layer"] for row in rows] == [layer.path for layer in shown.layers]
    assert rows[0]["parameters"] == 9_408  # 7·7·3·64, without a bias
    assert rows[0]["output"] == (64, 112, 112)
    assert [str(row["macs"]) for row in rows] == [row["macs"] for row in table]
    assert {type(value) for row in rows for value in row.values()} <= {str, int, float, tuple, type(None)}


def test_rows_of_a_flat_layer_have_none() -> None:
    rows = report("layers: conv(2, 3) -> flatten -> linear(3)").rows()
    assert rows[-1]["stride"] is None
    assert rows[-1]["output"] == (3,)


class Printer:
    """What IPython gives to objects that print themselves."""

    def __init__(self) -> None:
        self.written = ""

    def text(self, text: str) -> None:
        self.written += text


def test_ipython_shows_no_tuples() -> None:
    printer = Printer()
    architecture = load("two_conv")
    architecture._repr_pretty_(printer, False)
    assert printer.written == "<Network 'Two convolutions' of 9 layers>"
    analyze(architecture)._repr_pretty_(printer, False)
    assert "9,098" in printer.written  # in the table


def test_cells_are_escaped() -> None:
    hostile = "<b>&\x1b"
    column = Column(hostile, [Cell("  " + hostile, "head")], footer=Cell(hostile))
    html = write_html([Table([column]), Pairs([(hostile, hostile)]), Paragraph(((hostile, ""),))])
    assert html.count("&lt;b&gt;&amp;\\x1b") == 6
    assert "<b>" not in html
