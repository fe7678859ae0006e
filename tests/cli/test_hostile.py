"""Names, files and command lines that mean harm: what a terminal, a spreadsheet or a page obeys never comes through."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cnncalc import limits
from cnncalc.cli.app import make_app, run
from cnncalc.cli.relations import Reads, list_relations
from cnncalc.errors import Source
from cnncalc.reading import read_text
from cnncalc.render.latex import escape as latex
from cnncalc.spec.write import write_network

from .. import processes
from .running import GOOD, cnncalc, environment

COMMANDS: dict[str, Any] = get_command(make_app()).commands  # type: ignore[attr-defined]
# What moves a cursor, turns text around, or is not seen: C0, DEL, C1, bidirectional, of no width, line breaks, tags.
UNSEEN = [
    "\x1b[31mx",
    "\x07",
    "\x7f",
    "\x9b31mx",
    "\u202ex",
    "\u2066x",
    "\u200b",
    "a\rb",
    "a\nb",
    "\x85",
    "\u2028",
    "\U000e0041",
]
MARKUP = ["a|b", "`c`", "<b>x</b>", "[l](http://x)", "![i](x)", "*x*", "_x_", "~x~", "&lt;", "\\", "a\nb", "::error::x"]
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "＝1+1", "=cmd|' /C calc'!A0"]

# place → a file in which a text of YAML stands at @
PLACES = {
    "name": "name: @\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "source": "source: @\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "notes": "notes: @\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "branch": "input: [3, 8, 8]\nlayers:\n- concat:\n    @: relu\n    b: relu\n",
    "output": "input: [3, 8, 8]\nlayers:\n- outputs:\n    @: relu\n    b: relu\n",
    "key": "@: 1\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "param": "params: {@: 1}\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "promise": "expect: {@: 1}\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "block": "blocks: {@: relu}\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "layer": "input: [3, 8, 8]\nlayers: [@]\n",
    "item": "input: [3, 8, 8]\nlayers: [{@: {out: 3}}]\n",
    "argument": "input: [3, 8, 8]\nlayers: [{conv: {@: 3}}]\n",
    "value": "input: [3, 8, 8]\nlayers: [{conv: {out: @, kernel: 3}}]\n",
    "weights": "weights: {@: {weight: [1]}}\ninput: [3, 8, 8]\nlayers: [relu]\n",
    "allowed": "allow: {linear-pair: @}\ninput: [3, 8, 8]\nlayers: [flatten, linear(2), linear(1)]\n",
    "base": "extends: @\n",
}
# The ways in which commands show what a file says, each in every format of its command.
SHOWING = [
    ["kernel"],
    ["summary"], ["calc", "--input", "3x8x8"], ["validate"], ["explain"], ["run", "--all"], ["verify"], ["show"],
    ["show", "--expand"], ["compare", "--dense"], ["compare", "--separable", "depthwise"], ["compare", "lenet5"],
    ["memory"], ["memory", "--arena"], ["memory", "--training"], ["import"], ["draw"], ["export", "--to", "pytorch"],
    ["report"], ["reconcile"], ["export", "--to", "keras"],
    ["exercise"], ["exercise", "--solutions"],
    ["export", "--to", "onnx", "--random-weights", "-o", "net.onnx"],
    ["sweep", "--vary", "input=8,9"],
]  # fmt: skip


def formats(command: str) -> list[str]:
    """What `--format` of a command can be, by its enum."""
    return [choice for param in COMMANDS[command].params if param.name == "format" for choice in param.type.choices]


READERS = [[*way, *more] for way in SHOWING for more in [["-f", each] for each in formats(way[0])] or [[]]]


def in_yaml(text: str) -> str:
    """A text in YAML's quotes, in which everything is escaped."""
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in text) + '"'


def is_clean(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


class Shown:
    """Runs within the process, with a file at hand."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.capsys = capsys

    def __call__(self, args: list[str], content: str | None = None) -> tuple[int, str, str]:
        if content is not None:
            self.path.write_text(content, encoding="utf-8")
            args = [args[0], str(self.path), *args[1:]]
        code = run(args)
        return code, *self.capsys.readouterr()


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    monkeypatch.chdir(tmp_path)
    return Shown(tmp_path / "net.yaml", capsys)


def test_every_command_that_reads_a_file_is_among_them() -> None:
    reading = {
        command
        for command, entry in COMMANDS.items()
        if any(isinstance(each, Reads) for declared in list_relations(entry).values() for each in declared)
    }
    assert {way[0] for way in SHOWING} == reading
    assert ["compare", "--dense", "-f", "latex"] in READERS
    assert ["show", "--expand"] in READERS


@pytest.mark.sample(80)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("args", READERS, ids=" ".join)
def test_control_characters_are_escaped_wherever_they_are_shown(args: list[str], place: str, shown: Shown) -> None:
    for text in ["".join(UNSEEN), UNSEEN[0], "".join(MARKUP), "x" + "".join(FORMULAS)]:
        code, out, err = shown(args, PLACES[place].replace("@", in_yaml(text)))
        assert code in (0, 1)
        assert is_clean(out + err), (text, out, err)
        if "json" in args and out:
            found = json.loads(out)
            assert place != "name" or args != ["summary", "-f", "json"] or found["name"] == text


@pytest.mark.parametrize("text", UNSEEN)
def test_a_title_survives_being_written_and_read(text: str) -> None:
    network = read_text(Source("test.yaml", PLACES["name"].replace("@", in_yaml(f"a{text}b")))).network
    assert network is not None
    again = read_text(Source("test.yaml", write_network(network))).network
    assert again is not None
    assert again.name == network.name == f"a{text}b"


def test_a_file_of_control_characters_is_shown_escaped_and_copied_as_it_is(shown: Shown) -> None:
    content = "# \x1b[31mred\x1b]0;title\x07 \u202e\r\n\tinput: [3, 8, 8]\x0c\u2028end"
    code, out, err = shown(["show"], content)
    assert code == 1  # shown all the same
    assert is_clean(out + err)
    assert "net.yaml:1:3: error[not-text]" in err
    assert r"\x1b[31mred\x1b]0;title\x07 \u202e" in out
    shown.path.write_bytes(content.encode())
    assert run(["show", str(shown.path), "-o", "copy.yaml"]) == 1
    assert Path("copy.yaml").read_bytes() == content.encode()


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_csv_is_a_formula(text: str, shown: Shown) -> None:
    Path(f"{text}.yaml".replace("/", "")).write_text(GOOD)
    name = next(str(path) for path in Path().iterdir())
    code, out, _ = shown(["compare", "-f", "csv", "--", name, name, name])
    assert code == 0
    rows = list(csv.reader(io.StringIO(out)))
    assert any(text.strip().lstrip("=+-@＝")[:3] in cell for row in rows for cell in row)
    code, more, _ = shown(["summary", "-f", "csv", "--", name])
    assert code == 0
    for cell in [cell for row in [*rows, *csv.reader(io.StringIO(more))] for cell in row]:
        assert not re.match(r"[=+\-@\t\r＝＋－＠]", cell) or re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell), cell


def test_numbers_below_zero_stay_numbers(shown: Shown) -> None:
    """A field of a convolution with a padding of 16 begins at -16."""
    code, out, _ = shown(["summary", "-f", "csv"], "input: [1, 64]\nlayers: ['conv(1, 33, padding=16)']\n")
    assert code == 0
    assert "-16" in next(csv.reader([out.splitlines()[1]]))


@pytest.mark.parametrize("text", MARKUP)
def test_markdown_shows_a_title_as_it_is(text: str, shown: Shown) -> None:
    code, out, _ = shown(["summary", "-f", "markdown"], PLACES["name"].replace("@", in_yaml(text)))
    assert code == 0
    title = re.match(r"\*\*(.*)\*\* 3×8×8 → 3×8×8\n", out)
    assert title
    assert not re.search(r"[`*_\[\]<>|~&]", re.sub(r"\\.", "", title[1]))
    assert re.sub(r"\\(.)", r"\1", title[1]) == text.replace("\n", "\\n")


def test_latex_shows_a_text_as_it_is() -> None:
    assert latex(r"\input{x} 5% $a_1^2$ #1 & ~") == (
        r"\textbackslash{}input\{x\} 5\% \$a\_1\textasciicircum{}2\$ \#1 \& \textasciitilde{}"
    )


@pytest.mark.parametrize("text", ["a%0Ab", "a,line=9", "a::b", "a\nb", "a\r\n::error::b", "%25", "a:b"])
def test_github_lines_are_one_each_and_say_what_was_meant(text: str, shown: Shown) -> None:
    shown.path = shown.path.with_name(f"{text}.yaml")
    code, out, _ = shown(["validate", "-f", "github"], f"{in_yaml(text)}: 1\ninput: [3, 8, 8]\nlayers: [relu]\n")
    assert code == 1
    assert out.count("\n") == 1
    line = re.fullmatch(r"::error ([^:]*)::(.*)\n", out)
    assert line
    properties = dict(each.split("=", 1) for each in line[1].split(","))
    assert (properties["line"], properties["col"], properties["title"]) == ("1", "1", "unknown-key")
    name = properties["file"].replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n").replace("%25", "%")
    assert name == str(shown.path).replace("\r", "\\r")
    reported = line[2].replace("%0A", "\n").replace("%25", "%")
    assert reported.startswith(f"unknown key `{text}`".replace("\r", "\\r"))


# command lines

BASE = {
    "calc": ["conv(1, 3)", "--input", "1x8x8"],
    "compare": ["alexnet", "--separable", "depthwise"],
    "new": ["n.yaml"],
    "kernel": ["laplace"],
}
NONE_NEEDED = ("list", "schema", "layers", "codes")
VALUED = [
    (command, option.opts[0])
    for command, entry in COMMANDS.items()
    for option in entry.params
    if option.param_type_name == "option" and not option.is_flag and option.opts[0].startswith("--")
]


def test_every_option_is_tried() -> None:
    assert {command for command, _ in VALUED} == set(COMMANDS)
    assert ("summary", "--set") in VALUED
    assert ("run", "--weights") in VALUED


@pytest.mark.sample(15)
@pytest.mark.parametrize(("command", "option"), VALUED)
def test_invalid_values_of_options(command: str, option: str, shown: Shown) -> None:
    shown.path.write_text(GOOD)
    base = BASE.get(command, [] if command in NONE_NEEDED else [str(shown.path)])
    for value in ("", "\x1b[31m\n", "\u202e", "x" * 10**6, "9" * 5_000):
        code, out, err = shown([command, *base, f"{option}={value}"])
        assert code in (0, 1, 2)
        assert is_clean(out + err)
        assert len(err) < 4 * limits.MESSAGE_CHARACTERS, err[:200]
        assert value or code, "an empty value is none"


@pytest.mark.parametrize(
    "args", [["--\x1b[31m"], ["\u202e"], ["--\u202e"], ["list", "\x9b"], ["summary", "a", "b\x07"]]
)
def test_unknown_words_are_reported_escaped(args: list[str], shown: Shown) -> None:
    code, out, err = shown(args)
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert is_clean(err)


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"list", "schema"}))
def test_a_name_of_a_million_characters(command: str, shown: Shown) -> None:
    code, _, err = shown([command, "x" * 10**6, *BASE.get(command, [])[1:], *["--like=alexnet"] * (command == "new")])
    assert code in (1, 2)
    assert len(err) < 4 * limits.MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    "name", ["-x.yaml", "a\nb.yaml", "a\x1b[31m.yaml", "a\u202eb.yaml", "a b.yaml", "ä.yaml", "a,b.yaml"]
)
def test_files_of_strange_names(name: str, shown: Shown) -> None:
    Path(name).write_text(GOOD)
    code, out, err = shown(["validate", "--", name])
    assert (code, err) == (0, "")
    assert is_clean(out)
    Path(name).write_text("input: [3, 8, 8]\nlayers: [rellu]\n")
    code, out, err = shown(["summary", f"./{name}"])
    assert code == 1
    assert is_clean(out + err)
    assert ".yaml:2:10: error[unknown-kind]" in err


def test_a_pipe_without_a_writer_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.yaml")
    done = cnncalc("validate", str(tmp_path / "net.yaml"))
    assert done.returncode == 1
    assert "found nothing" in done.stdout
    (tmp_path / "good.yaml").write_text(GOOD)
    done = cnncalc("run", str(tmp_path / "good.yaml"), "--input-data", str(tmp_path / "net.yaml"))
    assert (done.returncode, done.stdout) == (1, "")


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    line = ["sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', str(gone), sys.executable, "-m", "cnncalc"]
    for args, code in (
        (["summary", "alexnet"], 0), (["validate", "-"], 0), (["validate", "net.yaml"], 1), (["list", "-o", "out"], 1),
        (["validate", "."], 2), (["new", "mine.yaml", "--like", "alexnet"], 1),
    ):  # fmt: skip
        gone.mkdir()
        done = processes.run(
            [*line, *args],
            input="extends: alexnet\n",
            capture_output=True,
            encoding="utf-8",
            env=environment(),
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    "more",
    [
        {"COLUMNS": "0"}, {"COLUMNS": "abc"}, {"COLUMNS": "-5"}, {"TERM": "dumb"}, {"HOME": ""}, {"LC_ALL": "xx_YY"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "cp437"}, {"PYTHONIOENCODING": "shift_jis"},
    ],
    ids=str,
)  # fmt: skip
def test_unusual_environments(more: dict[str, str]) -> None:
    done = cnncalc("summary", "alexnet", stdin="", cwd=None, **more)
    assert (done.returncode, done.stderr) == (0, "")
    assert "62,378,344" in done.stdout
    done = cnncalc("summary", "no-such", stdin="", cwd=None, **more)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[unreadable]: no-such: ")


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    "args",
    [
        ["summary", "mobilenet_v2"], ["run", "two_conv", "--at", "conv1", "--picture"], ["verify", "two_conv"],
        ["layers"], ["layers", "gelu"], ["layers", "max_pool"], ["explain", "googlenet"], ["compare", "vgg16", "vgg19"],
        ["codes"], ["compare", "alexnet", "--separable", "depthwise"],
        ["calc", "conv(1, 3)", "--input", "1x8x8", "--want", "8x8"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_character_has_a_plain_stand_in(args: list[str]) -> None:
    """On a stream of ASCII no character of the program becomes a question mark."""
    plain = cnncalc(*args, PYTHONIOENCODING="ascii")
    assert plain.returncode == 0
    assert plain.stdout.isascii()
    assert plain.stdout.count("?") == cnncalc(*args).stdout.count("?")
