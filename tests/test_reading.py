"""Reading an architecture: the meaning of a name, the same for all commands; and nothing is read twice."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

import cnncalc
from cnncalc.cli.app import run
from cnncalc.errors import Problems, Source, SpecError, UsageError
from cnncalc.exchange.graph import Array, Graph
from cnncalc.exchange.operations import apply, pointwise
from cnncalc.exchange.readers import Reader
from cnncalc.layers.base import Shape
from cnncalc.reading import read
from cnncalc.spec.document import Document, read_document
from cnncalc.spec.load import parse_sizes

WARNED = """\
name: Warned
input: [2, 6, 6]
params: {out: 4}
layers:
  - conv(out, 3) -> batch_norm -> relu
  - flatten -> linear(10)
"""
CHAIN = "conv(4, 3) -> batch_norm"
# Every command that reads an ARCH, with what it needs to run on a network of one convolution.
READING = [
    ["summary"], ["summary", "-f", "json"], ["explain"], ["calc"], ["compare", "--dense"], ["compare", "relu"],
    ["compare", "--separable", "depthwise"], ["run"], ["run", "--at", "conv1", "--matrix"], ["verify"], ["show"],
    ["show", "--expand"],
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(WARNED)
    return tmp_path


def test_what_a_name_means_in_this_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-`, a file, a bundled name, a chain; a file takes precedence over a bundled name and a chain."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name: Piped\ninput: [1, 2]\nlayers: [relu]\n")))
    (folder / "-").write_text("name: File\n")
    assert read("-").require_network().name == "Piped"
    assert read("alexnet").require_network().name == "AlexNet"
    assert read("relu", inputs=["1x4"]).require_network().name == "relu"
    assert read("relu->tanh", inputs=["1x4"]).require_network().name == "relu->tanh"
    for name in ("alexnet", "relu", "relu->tanh", "conv(1, 1)"):
        (folder / name).write_text("name: File\ninput: [1, 4]\nlayers: [relu]\n")
        assert read(name).require_network().name == "File"
    (folder / "tanh").mkdir()
    assert read("tanh", inputs=["1x4"]).require_network().name == "tanh"


def test_no_file_reads_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if there is a file named `-`, which an architecture could extend."""
    text = "input: [1, 4]\nlayers: [relu]\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    for name in ("-", "-.yaml"):
        (folder / name).write_text(text)
    for name in ("-", "./-", "/dev/stdin"):
        (folder / "net.yaml").write_text(f"extends: '{name}'\n")
        (problem,) = read("net.yaml").problems
        assert (problem.code, problem.span and problem.span.text) == ("extends-missing", f"'{name}'")
    (folder / "net.yaml").write_text("extends: '-.yaml'\n")
    assert read("net.yaml").problems == []


def test_an_unknown_word_has_a_suggestion(folder: Path) -> None:
    (problem,) = read("alexnt").problems
    assert (problem.code, problem.help) == ("unreadable", "did you mean the bundled `alexnet`?")


@pytest.mark.parametrize("name", ["my (old).yaml", "conv(8, 3", "relu", " relu -> tanh"])
def test_a_chain_needs_an_input(name: str, folder: Path) -> None:
    with pytest.raises(UsageError, match="a chain of layers needs --input"):
        read(name)


@pytest.mark.parametrize(
    "text",
    [
        "3x224x224",
        "3X224x224",
        "3×224×224",
        "3,224,224",
        "3, 224, 224",
        "[3, 224, 224]",
        "(3,224,224)",
        " 3 x 224 x 224 ",
    ],
)
def test_sizes_are_understood_as_people_write_them(text: str) -> None:
    assert parse_sizes(text) == (3, 224, 224)


@pytest.mark.parametrize(
    "text", ["", "3x", "3,,4", "3x4,5", "3x-4", "0x4", "3.0x4", "[3, 4", "3x4x5x6x7", "1e3x4", "٣x4"]
)
def test_other_sizes_are_rejected(text: str) -> None:
    with pytest.raises(UsageError, match="--input takes 1 to 4 sizes"):
        parse_sizes(text)


def test_python_reads_in_the_same_way(folder: Path) -> None:
    assert cnncalc.load(folder / "net.yaml", input=[2, 8, 8]).input == (2, 8, 8)
    assert cnncalc.load("net.yaml", settings=["out=5"]).nodes[0].output == (5, 4, 4)
    assert cnncalc.load("conv(8, 3) -> relu", input="3,5,5").nodes[-1].output == (8, 3, 3)
    assert cnncalc.load("conv(n * 2, 3)", input="3,5,5", settings=["n=4"]).nodes[-1].output == (8, 3, 3)
    with pytest.raises(SpecError) as caught:
        cnncalc.load("net.yaml", input=[2, 2, 2])
    assert [problem.code for problem in caught.value.problems] == ["kernel-too-large"]


@pytest.mark.parametrize("arch", [["net.yaml"], [CHAIN, "--input", "2x6x6"]], ids=["file", "chain"])
@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_every_command_takes_files_and_chains_and_reports_their_warnings(
    command: list[str], arch: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = ["--input", "2x6x6"] if {*command} & {"calc", "relu"} and len(arch) == 1 else []
    assert run([command[0], arch[0], *command[1:], *arch[1:], *extra]) == 0
    out, err = capsys.readouterr()
    assert out
    assert err.count("warning[") == err.count("warning[bias-before-norm]") == 1
    assert "error" not in err


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_every_command_reports_the_same_errors(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that `validate` prints for a chain with a warning and two errors."""
    chain = ["conv(4, 3) -> convv(3) -> rellu", "--input", "2x6x6"]
    assert run(["validate", *chain]) == 1
    wanted = capsys.readouterr().out.rpartition("\n2 errors")[0]
    assert run([command[0], chain[0], *command[1:], *chain[1:]]) == 1
    assert capsys.readouterr().err == wanted


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_file_is_read_once(command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only output that is an architecture is read again, to check it."""
    names = []

    def counted(source: Source, problems: Problems) -> Document | None:
        names.append(source.name)
        return read_document(source, problems)

    monkeypatch.setattr("cnncalc.spec.family.read_document", counted)
    (folder / "net.yaml").write_text(WARNED + "weights: {linear1: {bias: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}}\n")
    monkeypatch.setattr("cnncalc.limits.REPAIR_TRIALS", 0)  # a repair is tried by reading again
    extra = ["--input", "2x6x6"] if {*command} & {"calc", "relu"} else []
    assert run([command[0], "net.yaml", *command[1:], *extra]) == 0
    assert names.count("net.yaml") == 1


def read_net(path: str, inputs: Mapping[str, Shape]) -> Graph:
    """A reader: the file names an activation."""
    graph = Graph({"input": inputs.get("", (1, 4, 4))}, batch=1, name="net", source=path)
    x = apply(graph, "conv", graph.input(), {"weight": Array("w", (2, 1, 3, 3))}, out=2, kernel=(3, 3), bias=False)
    activation = partial(pointwise, graph, Path(path).read_bytes()[5:9].decode(), x)
    x = graph.attempt(activation, op="Activation", inputs=[x]) or graph.stand_in((1, 2, 2, 2))
    graph.outputs = {"": graph.materialize(pointwise(graph, "batch_norm", x, NORM))}
    return graph


NORM = {name: Array(name, (2,)) for name in ("weight", "bias", "running_mean", "running_var")}


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncalc.exchange.readers.READERS", [Reader(re.compile(b"NET\\x00\\xff"), "from_net")])
    monkeypatch.setitem(sys.modules, "cnncalc.exchange.from_net", SimpleNamespace(read=read_net))


@pytest.mark.usefixtures("reader")
def test_a_file_of_another_program_is_read_as_the_text_of_its_graph(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reader is chosen by the first bytes; the file may be larger than text files, and not UTF-8."""
    (folder / "net.bin").write_bytes(b"NET\x00\xfftanh" + bytes(2**20))
    for command in ("summary", "validate", "explain", "run", "verify", "show"):
        assert run([command, "net.bin"]) == 0
        out, err = capsys.readouterr()
        assert out
        assert err == ""
        assert "tanh" in out or command not in ("summary", "explain", "show")
    assert run(["summary", "net.bin", "--input", "1x9x9", "-f", "csv"]) == 0
    assert "2x7x7" in capsys.readouterr().out


@pytest.mark.usefixtures("reader")
def test_an_operation_of_another_program_without_a_kind_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table ends with the layers before it, as for a file with an error."""
    (folder / "bad.bin").write_bytes(b"NET\x00\xfftaan")
    assert run(["summary", "bad.bin"]) == 1
    out, err = capsys.readouterr()
    assert err == "error[no-layer-kind]: there is no layer kind `taan` (Activation, 2×2×2)\n"
    assert "conv1" in out
    assert "an error follows the last layer shown" in out
    for command in ("explain", "run", "verify"):
        assert run([command, "bad.bin"]) == 1
        assert "there is no layer kind `taan`" in capsys.readouterr().err


@pytest.mark.usefixtures("reader")
def test_advice_on_a_file_of_another_program_is_allowed_in_its_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The text of the import silences its warnings with a reason, since its author cannot do so."""
    (folder / "net.bin").write_bytes(b"NET\x00\xfftanh")
    assert run(["summary", "net.bin"]) == 0
    assert run(["show", "net.bin", "--input", "1x90x90", "-o", "net.yaml"]) == 0
    assert capsys.readouterr().err == ""
    text = (folder / "net.yaml").read_text()
    assert "input: [1, 90, 90]" in text
    assert run(["validate", "net.yaml", "--strict"]) == 0


def test_colour_is_for_messages_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["summary", "-f", "json"], ["run"], ["show"]):
        assert run([command[0], "net.yaml", *command[1:], "--color", "always"]) == 0
        assert "\x1b[" in capsys.readouterr().err
        assert run([command[0], "none.yaml", *command[1:], "--color", "always"]) == 1
        assert "\x1b[" in capsys.readouterr().err
