"""`cnncalc report`."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.figure.palette import PALETTE

from ..page.dom import Element, parse
from ..page.pages import data_of

Writer = Callable[..., tuple[int, str, str]]
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    monkeypatch.chdir(tmp_path)

    def report(*args: str) -> tuple[int, str, str]:
        code = run(["report", *args])
        return code, *capsys.readouterr()

    return report


def picture_of(html: Element) -> tuple[str, bytes]:
    """The type and the bytes of the picture that is part of a page."""
    kind, _, data = html.one("g", "photo").one("image")["href"].removeprefix("data:").partition(";base64,")
    return kind, b64decode(data, validate=True)


def pixels_of(png: bytes) -> tuple[int, int, int, bytes]:
    """The width, the height, the type of colour and the rows of a PNG of 8 bits whose rows have no filter."""
    assert png.startswith(SIGNATURE)
    assert png[12:16] == b"IHDR"
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert png[24:29] == bytes((8, png[25], 0, 0, 0))
    start = png.index(b"IDAT")
    raw = zlib.decompress(png[start + 4 : start + 4 + int.from_bytes(png[start - 4 : start], "big")])
    size = len(raw) // height
    rows = [raw[at * size : (at + 1) * size] for at in range(height)]
    assert all(row[0] == 0 for row in rows)
    return width, height, png[25], b"".join(row[1:] for row in rows)


def test_a_report_is_one_file(report: Writer) -> None:
    assert report("alexnet", "-o", "net.html") == (0, "", "")
    assert [path.name for path in Path().iterdir()] == ["net.html"]
    assert parse(Path("net.html").read_text("utf-8")).one("h1").text == "AlexNet"


def test_a_report_goes_to_standard_output_without_a_file(report: Writer) -> None:
    code, out, err = report("lenet5")
    assert (code, err) == (0, "")
    assert parse(out).one("h1").text == "LeNet-5"


def test_other_endings_are_refused_before_anything_is_read(report: Writer) -> None:
    for name in ("net.pdf", "net.svg", "net.json"):
        code, _, err = report("nowhere.yaml", "-o", name)
        assert code == 2
        assert ".html" in err
    for name in ("net.htm", "net.txt", "net"):
        assert report("lenet5", "-o", name)[0] == 0


def test_a_chain_and_its_input_have_a_report(report: Writer) -> None:
    code, out, _ = report("conv(8, 3) -> relu", "--input", "3x32x32")
    assert code == 0
    assert data_of(parse(out))["networks"][0]["totals"]["macs"] == 8 * 30 * 30 * 27


def test_problems_of_the_file_are_reported_and_nothing_is_written(report: Writer) -> None:
    Path("net.yaml").write_text("input: [3, 8, 8]\nlayers: conv(4, 30)\n")
    code, out, err = report("net.yaml", "-o", "net.html")
    assert (code, out) == (1, "")
    assert "error[kernel-too-large]" in err
    assert not Path("net.html").exists()


def test_two_networks_are_side_by_side_with_what_differs_before_them(report: Writer) -> None:
    html = parse(report("vgg16", "vgg19")[1])
    assert html.one("body")["data-networks"] == "2"
    assert [each["label"] for each in data_of(html)["networks"]] == ["vgg16", "vgg19"]
    main = html.one("main")
    assert [each.tag for each in main.children if isinstance(each, Element)] == ["h1", "section", "div"]
    totals = {row.all("td")[0].text: [cell.text for cell in row.all("td")[1:3]]
              for row in html.one("div", "totals-compared").one("tbody").all("tr")}  # fmt: skip
    assert totals["parameters"] == ["138,357,544", "143,667,240"]  # Simonyan and Zisserman, table 2: 138 and 144 M
    assert totals["depth"] == ["16", "19"]
    rows = [[cell.text for cell in row.all("td")] for row in html.one("div", "layers-compared").one("tbody").all("tr")]
    added = [row for row in rows if row[0] == "+"]
    assert len(added) == 6
    assert sum(row[2].startswith("conv") for row in added) == 3  # a convolution in each of the last three blocks


def test_the_second_drawing_marks_what_has_changed(report: Writer) -> None:
    """A convolution more in each of the last three blocks of VGG-19; inputs of other sizes have the same layers."""
    html = parse(report("vgg16", "vgg19")[1])
    first, second = html.all("section", "drawing")
    fills = [each.attributes.get("fill") for each in second.all("rect")]
    assert fills.count(PALETTE["changed"].fill) + fills.count(PALETTE["added"].fill) >= 3
    assert PALETTE["conv"].fill in [each.attributes.get("fill") for each in first.all("rect")]
    assert "against vgg16" in second.one("p", "muted").text
    assert not first.all("p", "muted")
    html = parse(report("vgg11", "--input", "3x224x224", "--input", "3x256x256")[1])
    for drawing in html.all("section", "drawing"):
        assert PALETTE["conv"].fill in [each.attributes.get("fill") for each in drawing.all("rect")]
        assert not drawing.all("p", "muted")


def test_two_sizes_and_two_values_are_compared(report: Writer) -> None:
    html = parse(report("vgg11", "--input", "3x224x224", "--input", "3x256x256")[1])
    assert [each["inputs"]["input"] for each in data_of(html)["networks"]] == [[3, 224, 224], [3, 256, 256]]
    assert [each["label"] for each in data_of(html)["networks"]] == ["vgg11 3x224x224", "vgg11 3x256x256"]
    Path("net.yaml").write_text("input: [3, 8, 8]\nparams: {width: 4}\nlayers: conv(width, 3)\n")
    html = parse(report("net.yaml", "--set", "width=2", "--set", "width=6")[1])
    assert [each["totals"]["biases"] for each in data_of(html)["networks"]] == [2, 6]


def test_more_than_two_networks_are_refused(report: Writer) -> None:
    for args in (["vgg11", "vgg13", "vgg16"], ["vgg11", *(f"--input=3x{size}x{size}" for size in (224, 256, 288))]):
        code, out, err = report(*args)
        assert (code, out) == (2, "")
        assert "a report is of one network, or of two" in err


def test_a_png_and_a_jpeg_are_parts_of_the_page_as_they_are(report: Writer) -> None:
    for kind, data in (("png", SIGNATURE + b"anything"), ("jpeg", b"\xff\xd8\xff\xe0anything")):
        Path("photo").write_bytes(data)
        assert picture_of(parse(report("lenet5", "--input-data", "photo")[1])) == (f"image/{kind}", data)


def test_netpbm_pictures_become_pngs_with_the_same_pixels(report: Writer) -> None:
    Path("grey.pgm").write_text("P2 3 2 10\n0 5 10\n10 1 0\n")
    kind, png = picture_of(parse(report("lenet5", "--input-data", "grey.pgm")[1]))
    assert kind == "image/png"
    assert pixels_of(png) == (3, 2, 0, bytes([0, 128, 255, 255, 26, 0]))
    colours = bytes(range(3 * 2 * 2))
    Path("colour.ppm").write_bytes(b"P6 2 2 255\n" + colours)
    _, png = picture_of(parse(report("lenet5", "--input-data", "colour.ppm")[1]))
    assert pixels_of(png) == (2, 2, 2, colours)


def test_the_data_of_run_are_a_picture_too(report: Writer) -> None:
    html = parse(report("conv(1, 3)", "--input", "1x4x4", "--input-data", "checker")[1])
    row = bytes([255, 0, 255, 0])
    assert pixels_of(picture_of(html)[1]) == (4, 4, 0, (row + row[::-1]) * 2)
    assert html.one("image")["class"] == "sharp"
    Path("data.json").write_text(json.dumps([[[0, 1], [2, 4]]]))
    html = parse(report("conv(1, 1)", "--input", "1x2x2", "--input-data", "data.json")[1])
    assert pixels_of(picture_of(html)[1])[3] == bytes([0, 64, 128, 255])
    html = parse(report("conv(1, 1)", "--input", "3x1x2", "--input-data", "ramp")[1])
    assert pixels_of(picture_of(html)[1]) == (2, 1, 2, bytes([0, 102, 204, 51, 153, 255]))
    assert picture_of(parse(report("conv(1, 3)", "--input", "2x8", "--input-data", "ramp")[1]))[0] == "image/png"


@pytest.mark.parametrize(
    ("args", "data", "code", "expected"),
    [
        (["lenet5"], b"\x00\x01\xff", 1, "neither a PNG, JPEG, PGM or PPM picture nor text with numbers"),
        (["lenet5"], b"P5 3 3 255\nab", 1, "ends after 2"),
        (["lenet5"], b"[[1, 2], [3, 4]]", 1, "the network takes 1×32×32"),
        (["linear(3)", "--input", "7"], b"P2 1 1 1 1", 2, "the input has no positions"),
        (["lenet5"], SIGNATURE + bytes(2**22), 1, "limit of 4 MiB"),
    ],
)  # fmt: skip
def test_data_that_are_no_picture_are_refused(
    args: list[str], data: bytes, code: int, expected: str, report: Writer
) -> None:
    Path("data").write_bytes(data)
    found, out, err = report(*args, "--input-data", "data")
    assert (found, out) == (code, "")
    assert expected in err


def test_a_picture_at_the_limit_is_part_of_the_page(report: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAGE_PICTURE", 10)
    for size, code in ((10, 0), (11, 1)):
        Path("photo").write_bytes(SIGNATURE + bytes(size - len(SIGNATURE)))
        assert report("lenet5", "--input-data", "photo")[0] == code


def test_a_page_has_so_many_layers_at_most(report: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAGE_LAYERS", 10)
    assert report("relu * 10", "--input", "1x4x4")[0] == 0
    assert report("relu * 5", "relu * 5", "--input", "1x4x4")[0] == 0
    for archs in (["relu * 11"], ["relu * 5", "relu * 6"]):
        code, _, err = report(*archs, "--input", "1x4x4")
        assert code == 1
        assert "at most 10 layers, and these are 11" in err


def test_a_network_of_too_many_boxes_is_not_drawn(report: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SCREEN_BOXES", 3)
    chain = " -> ".join(f"conv({size}, 1)" for size in range(1, 4))
    html = parse(report(chain, "--input", "1x4x4")[1])
    assert html.one("section", "drawing").all("svg")
    assert data_of(html)["networks"][0]["drawn"] == [0, 1, 2]
    html = parse(report(f"{chain} -> conv(4, 1)", "--input", "1x4x4")[1])
    assert not html.one("section", "drawing").all("svg")
    assert data_of(html)["networks"][0]["drawn"] == [-1] * 4


def test_layers_beyond_those_that_are_explained_have_no_lines(report: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPLAINED_LAYERS", 2)
    (data,) = data_of(parse(report("conv(2, 3) -> conv(3, 3) -> conv(4, 3)", "--input", "1x9x9")[1]))["networks"]
    assert [at < 0 for at in data["layers"]["lines"]] == [False, False, True]


def test_the_notes_of_reading_are_those_of_other_commands(report: Writer) -> None:
    assert "an image has its channels first" in report("conv(2, 3)", "--input", "28x28")[2]
