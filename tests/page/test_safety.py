"""The page as a document: well-formed, without requests, harmless whatever names it is given, the same in every run."""

from __future__ import annotations

import gzip
import os
import re
import sys
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise

import pytest

from cnncalc.figure.palette import PALETTE
from cnncalc.render.page.document import read_part
from cnncalc.spec.files import bundled

from .. import processes
from ..networks import network
from .dom import parse
from .pages import data_of, page, page_of, text_of

HOSTILE = "</script><script>alert(1)</script><b onclick=x>&\"'\x1b[31m\u202etxt\u2028=cmd()|' /C calc'!A0"
TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "p", "label", "select", "option", "button", "main", "div",
    "article", "header", "h1", "h2", "dl", "dt", "dd", "details", "summary", "section", "figure", "figcaption", "b",
    "span", "svg", "rect", "path", "g", "ellipse", "image", "polygon", "circle", "text", "desc", "input", "table",
    "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "footer", "script", "strong",
}  # fmt: skip


def hostile_page() -> str:
    net = network("blocks:\n  two(out): conv(out, 1) -> relu\nlayers: a = two(4)")
    nodes = tuple(node._replace(path=f"{node.path}{HOSTILE}") for node in net.nodes)
    groups = tuple(group._replace(path=group.path + HOSTILE, title=HOSTILE) for group in net.groups)
    inputs = {HOSTILE: next(iter(net.inputs.values()))}
    named = net._replace(name=HOSTILE, source=HOSTILE, notes=HOSTILE, nodes=nodes, groups=groups, inputs=inputs)
    return page_of(named, named._replace(nodes=named.nodes[:1], groups=(), outputs={"": 0}))


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", bundled())
def test_a_page_is_well_formed_and_refers_to_what_is_there(name: str) -> None:
    html = page(name)
    ids = [each["id"] for each in html.walk() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    assert not [each for each in ids if each.startswith("layer=")]  # is how the script names a layer in the address
    for each in html.walk():
        for reference in each.attributes.get("aria-labelledby", "").split():
            assert reference in ids
        if "href" in each.attributes:
            assert each["href"].startswith("#")
            assert each["href"][1:] in ids
    assert {each.tag for each in html.walk()} <= TAGS


@pytest.mark.parametrize("text", [text_of("lenet5"), hostile_page()], ids=["usual", "hostile"])
def test_a_page_has_one_script_and_one_style_which_its_policy_names(text: str) -> None:
    html = parse(text)
    (policy,) = [each["content"] for each in html.all("meta") if each.attributes.get("http-equiv")]
    _, script = html.all("script")
    for part, element in (("script-src", script), ("style-src", html.one("style"))):
        digest = b64encode(sha256(element.text.encode()).digest()).decode()
        assert f"{part} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for each in html.walk():
        assert not [name for name in each.attributes if name.startswith("on") or name in ("style", "src", "srcset")]
    assert read_part("report.css") == html.one("style").text
    assert read_part("report.js") == script.text


def test_nothing_of_a_page_is_elsewhere() -> None:
    for name in ("report.css", "report.js"):
        assert not re.search(r"url\(|@import|\bfetch\b|XMLHttp|WebSocket|sendBeacon|</", read_part(name))
    rest = text_of("resnet50").replace(read_part("report.js"), "")  # whose comments have sources
    assert {*re.findall(r"\w+://[^\s\"<]*", rest)} == {"http://www.w3.org/2000/svg"}


def test_hostile_names_are_texts() -> None:
    text = hostile_page()
    html = parse(text)
    assert {each.tag for each in html.walk()} <= TAGS
    assert len(html.all("script")) == 2
    assert not [char for char in text if not char.isprintable() and char != "\n"]
    (first, second) = data_of(html)["networks"]
    assert first["name"] == HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e").replace("\u2028", "\\u2028")
    assert first["name"] in html.one("head").one("title").text
    assert first["layers"]["path"][0].endswith("=cmd()|' /C calc'!A0")
    assert len(second["layers"]["path"]) == 1


def test_data_cannot_end_their_element() -> None:
    (raw,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', hostile_page(), re.S)
    assert "<" not in raw


def test_a_page_is_the_same_in_every_run() -> None:
    code = "import sys\nfrom cnncalc.cli.app import run\nsys.exit(run(['report', 'inception_v1', 'resnet18']))"
    pages = [
        processes.run([sys.executable, "-c", code], capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed})
        for seed in ("0", "1")
    ]
    assert pages[0].returncode == 0
    assert pages[0].stdout == pages[1].stdout


@pytest.mark.parametrize(("name", "bytes", "packed"), [("resnet50", 400_000, 60_000), ("densenet121", 700_000, None)])
def test_pages_are_small(name: str, bytes: int, packed: int | None) -> None:
    data = text_of(name).encode()
    assert len(data) <= bytes
    assert packed is None or len(gzip.compress(data)) <= packed


@pytest.mark.parametrize(
    "text",
    [
        "blocks:\n  unit(out): conv(out, 3, padding=1) -> batch_norm -> relu -> conv(out, 1) -> relu\n"
        "  stage(out): unit(out) * 10\nlayers: [stage(16) * 200]",
        "layers:\n" + "".join(f"- conv({8 + at % 7}, 3, padding=1) -> relu\n" for at in range(5_000)),
    ],
    ids=["in groups", "one after another"],
)
def test_the_page_of_10_000_layers_is_at_most_8_megabytes(text: str) -> None:
    made = page_of(network("input: [3, 64, 64]\n" + text))
    assert len(made.encode()) <= 8_000_000
    assert len(parse(made).all("tr")) >= 10_000


def test_all_but_tools_is_shown_without_the_script() -> None:
    for name in ("lenet5", "resnet50"):
        for each in page(name).walk():
            if "hidden" in each.attributes:
                assert (
                    {"tools", "pages"} & {*each.classes}
                    or each.tag == "rect"
                    or (each.tag == "table" and not each.children)
                )
        tools = {
            id(inner) for kind in ("tools", "pages") for each in page(name).all(class_=kind) for inner in each.walk()
        }
        controls = [each for each in page(name).walk() if each.tag in ("button", "input", "select")]
        assert controls
        assert all(id(each) in tools for each in controls)


def test_headings_and_charts_can_be_followed_without_seeing() -> None:
    html = page("resnet50")
    levels = [int(each.tag[1]) for each in html.walk() if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in pairwise(levels))
    assert all(each["role"] == "img" and (each.attributes.get("aria-label") or "aria-labelledby" in each.attributes)
               for each in html.all("svg"))  # fmt: skip
    for each in html.all("table"):
        assert each.all("caption") or "hidden" in each.attributes
        assert all(head["scope"] in ("col", "row") for head in each.all("th"))
    assert html["lang"] == "en"
    for control in (each for each in html.walk() if each.tag in ("input", "select")):
        assert any(control in label.all() for label in html.all("label"))


def test_the_style_has_the_shares_and_the_levels_of_the_table() -> None:
    style = read_part("report.css")
    classes = {name for each in page("resnet50").one("table", "layers").all("td") for name in each.classes}
    assert classes
    for name in classes:
        assert f".{name} {{ --share: {2 * int(name[1:])}; }}" in style
    deepest = max(int(each["data-level"]) for each in page("resnet50").one("table", "layers").one("tbody").all("tr"))
    assert all(f'[data-level="{level}"] {{ --level: {level}; }}' in style for level in range(1, deepest + 1))


def test_the_palette_is_light() -> None:
    """The drawing's lightness is inverted where the page is dark: so its texts must be dark and its boxes light."""
    for role, paint in PALETTE.items():
        if paint.fill:
            light = sum(int(paint.fill[at : at + 2], 16) for at in (1, 3, 5)) / 765
            assert light < 0.4 if role in ("text", "muted", "line", "skip") else light > 0.4, role
