"""`cnncalc draw`."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cnncalc.cli.app import run
from cnncalc.cli.page import parse_length

HOSTILE = "<b>&\"'</script>\\\\input{x}$%_#`|[]"
NETWORK = (
    f"name: '{HOSTILE.replace(chr(39), chr(39) * 2)}'\ninput: [3, 8, 8]\nlayers: ['conv(4, 3) -> relu', flatten]\n"
)


@pytest.fixture
def draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    monkeypatch.chdir(tmp_path)

    def draw(*args: str) -> tuple[int, str, str]:
        code = run(["draw", *args])
        return code, *capsys.readouterr()

    return draw


class Drawer:
    def __call__(self, *args: str) -> tuple[int, str, str]: ...  # type: ignore[empty-body]


def test_the_ending_chooses_the_format(draw: Drawer) -> None:
    for name, start in {"a.svg": "<svg ", "a.tex": "% for", "a.mmd": "flowchart", "a.dot": "digraph"}.items():
        assert draw("alexnet", "-o", name) == (0, "", "")
        assert Path(name).read_text().startswith(start)


def test_a_silhouette_fits_its_width(draw: Drawer) -> None:
    for width in (20, 40, 80):
        code, out, err = draw("resnet50", "--width", str(width))
        assert (code, err) == (0, "")
        assert max(map(len, out.splitlines())) <= width
    assert re.search(r"^3 +64 +64 +256 +256 +512", draw("resnet50", "--width", "100")[1], re.MULTILINE)


def test_what_other_programs_write_is_refused_with_the_program(draw: Drawer) -> None:
    for name in ("net.png", "net.pdf"):
        code, _, err = draw("alexnet", "-o", name)
        assert code == 2
        assert "rsvg-convert" in err
        assert "net.svg" in err


def test_several_pages_are_files_with_numbers(draw: Drawer) -> None:
    code, out, err = draw("inception_v3", "-o", "net.svg")
    assert (code, out) == (0, "")
    assert "net-1.svg to net-2.svg" in err
    assert sorted(path.name for path in Path().glob("*.svg")) == ["net-1.svg", "net-2.svg"]
    assert draw("inception_v3", "-f", "svg")[0] == 2
    assert draw("inception_v3", "-o", "one.svg", "--tall") == (0, "", "")
    assert draw("inception_v3", "-o", "one.svg", "--depth", "1") == (0, "", "")


def test_one_block_has_sizes_on_its_arrows(draw: Drawer) -> None:
    """The second stage of ResNet-50 halves 56×56 maps of 256 channels, with 128 in between."""
    code, out, _ = draw("resnet50", "--at", "conv3_x.bottleneck1.0", "-f", "svg")
    assert code == 0
    written = re.findall(r">([^<>]+)</text>", out)
    assert {"input 256×56×56", "128×56×56", "128×28×28", "output 512×28×28", "1×1 conv, 512, /2"} <= {*written}


def test_a_figure_is_beside_each_box(draw: Drawer) -> None:
    """LeNet-5's first convolution has 6·(25 + 1) = 156 parameters, its first linear layer 400·120 + 120 = 48,120."""
    code, out, _ = draw("lenet5", "--label", "parameters", "-f", "svg")
    assert code == 0
    assert {"156", "48.1 k"} <= {*re.findall(r">([^<>]+)</text>", out)}
    assert draw("lenet5", "--label", "receptive_field", "-f", "svg")[0] == 0
    assert draw("lenet5", "--label", "peak_memory", "-f", "svg")[0] == 0
    code, _, err = draw("lenet5", "--label", "macz", "-f", "svg")
    assert code == 2
    assert "macs" in err


def list_boxes(svg: str) -> list[tuple[str, str]]:
    """The first texts after boxes in colours of a comparison: what is gone, new or changed, and its text."""
    names = {"#F6C1C1": "gone", "#B7E4C7": "new", "#FFE08A": "changed"}
    found = re.findall(r'<rect[^>]*rx="2" fill="(#\w+)"[^>]*/>\n(?:<rect[^>]*/>\n)?<text[^>]*>([^<]*)</text>', svg)
    return [(names[color], text) for color, text in found if color in names]


def test_what_has_changed_is_coloured_and_marked(draw: Drawer) -> None:
    first = "input: [3, 32, 32]\nlayers: ['conv(8, 3, bias=false) ->"
    before = f"{first} relu', 'conv(8, 5)', 'max_pool(2)', 'conv(4, 1)']\n"
    after = f"{first} batch_norm -> relu', 'conv(16, 5)', 'conv(4, 1)', flatten]\n"
    Path("before.yaml").write_text(before)
    Path("after.yaml").write_text(after)
    code, out, err = draw("after.yaml", "--diff", "before.yaml", "-f", "svg")
    assert (code, err) == (0, "")
    assert list_boxes(out) == [
        ("changed", "3×3 conv, 8"), ("changed", "5×5 conv, 16"), ("gone", "− 2×2 max pool, /2"), ("new", "flatten"),
    ]  # fmt: skip
    assert {"+ batch norm", "~ was 5×5 conv, 8", "+", "new", "changed", "gone"} <= {
        *re.findall(r">([^<>]+)</text>", out)
    }
    same = draw("after.yaml", "--diff", "after.yaml", "-f", "svg")[1]
    assert list_boxes(same) == []


def test_chains_and_inputs_are_drawn(draw: Drawer) -> None:
    code, out, _ = draw("conv(8, 3) -> relu -> max_pool(2)", "--input", "3x32x32", "-f", "svg")
    assert code == 0
    assert "8×15×15" in out
    assert "3×64×64" in draw("lenet5", "--input", "3x64x64", "-f", "svg")[1]


def test_hostile_names_are_texts(draw: Drawer) -> None:
    Path("net.yaml").write_text(NETWORK)
    code, out, _ = draw("net.yaml", "-f", "svg")
    assert code == 0
    assert ElementTree.fromstring(out).findtext("{*}title") == f"{HOSTILE}: block diagram"
    assert "\\input{x}" not in draw("net.yaml", "-f", "latex")[1]
    assert '\\"' in draw("net.yaml", "-f", "dot")[1].splitlines()[0]


def test_mermaid_has_a_node_for_each_box_and_the_edges_between_them(draw: Drawer) -> None:
    code, out, _ = draw("lenet5", "-f", "mermaid")
    assert code == 0
    nodes = re.findall(r"^  (\w+)\[", out, re.MULTILINE)
    edges = re.findall(r"^  (\w+) -->\|.*\| (\w+)$", out, re.MULTILINE)
    assert edges == [*pairwise(nodes)]


@pytest.mark.parametrize("text", ["178", "mm", "-5mm", "1e9mm", "nanmm", "178 px", ""])
def test_lengths_that_are_none_are_refused(text: str, draw: Drawer) -> None:
    code, _, err = draw("lenet5", "-o", "a.svg", f"--page-width={text}")
    assert code == 2
    assert "178mm" in err


def test_lengths_have_units() -> None:
    """An inch is 72 pt and 25.4 mm."""
    assert parse_length("2in") == parse_length("50.8mm") == parse_length("5.08 cm") == parse_length("144pt") == 144


def test_a_path_without_its_middle_is_told_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["draw", "resnet50", "--at", "conv3_x.0"]) == 2
    assert "did you mean `conv3_x.bottleneck1.0`?" in capsys.readouterr().err
