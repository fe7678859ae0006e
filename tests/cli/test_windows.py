"""Every command in surroundings like those of Windows (`windows.py`): same numbers, no traceback, no endless wait."""

from __future__ import annotations

import ast
import codecs
import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.main import get_command

from cnncalc.cli.app import make_app
from cnncalc.cli.encoding import STAND_INS, fit
from cnncalc.cli.output import OutputError, emit, uses_color
from cnncalc.system import is_device_name

from .. import processes
from .running import BAD, GOOD, ROOT, environment
from .windows import OPEN

ENCODINGS = ["cp1252", "cp437", "ascii"]
COMMANDS = sorted(get_command(make_app()).commands)  # type: ignore[attr-defined]
NETS = r"C:\nets (1)\good.yaml"  # a name with all that Windows has in its paths; elsewhere a file can be called so
EXAMPLES: dict[str, list[list[str]]] = {
    "calc": [["conv(8, 3) -> relu", "--input", "3x8x8"], ["conv(8, 3)", "--input", "3x8x8", "--want", "8x8"]],
    "codes": [[], ["unknown-kind"]],
    "compare": [["vgg16", "vgg19"], ["alexnet", "--separable", "depthwise"], [NETS, "--dense"]],
    "draw": [[NETS], ["alexnet", "-f", "svg"], ["resnet50", "-f", "mermaid"]],
    "exercise": [[NETS], ["lenet5", "--solutions"]],
    "explain": [[NETS], ["alexnet", "conv1"]],
    "export": [[NETS, "--to", "pytorch"], [NETS, "--to", "keras"]],
    "guide": [[], ["language"]],
    "import": [[NETS]],
    "kernel": [["sobel_x"], ["laplace"], ["gauss", "-f", "json"]],
    "layers": [[], ["conv"], ["max_pool"]],
    "list": [["--family", "mobilenet"]],
    "memory": [[NETS], ["two_conv", "--arena"], ["two_conv", "--training", "-f", "json"]],
    "new": [["-", "--like", "lenet5"]],
    "reconcile": [[NETS], ["densenet121"], ["unet", "-f", "csv"], ["resnet50", "4.13G"]],
    "report": [[NETS], ["two_conv"]],
    "run": [
        [NETS],
        [NETS, "--at", "conv1", "--picture"],
        [NETS, "--at", "conv1", "--unit", "0,0,0"],
        ["two_conv", "-f", "json"],
    ],
    "schema": [[]],
    "show": [[NETS], ["resnet50", "--expand"]],
    "summary": [[NETS], ["resnet50", "--width", "80"], ["alexnet", "-f", "csv"], ["inception_v1", "--color", "always"]],
    "sweep": [["mobilenet_v2", "--vary", "input=96,128"], ["mobilenet_v2", "--vary", "input=96,128", "-f", "plot"]],
    "validate": [[NETS], ["-"], [NETS, "-f", "json"], ["*good.yaml"]],
    "verify": [["two_conv"]],
}
COMPARED = ["compare", "vgg16", "vgg19"]  # a table whose widest cells have an arrow in them too
SAVED = ["summary", "resnet50", "--width", "80"]
CASES = [[name, *args] for name, examples in EXAMPLES.items() for args in examples]


class Done(NamedTuple):
    """How a run ended; standard output as bytes."""

    code: int | str
    out: bytes
    err: str


def on_windows(folder: Path, encoding: str, *runs: dict[str, Any]) -> list[Done]:
    """Runs one after the other, in one process."""
    done = processes.run(
        [sys.executable, str(ROOT / "tests" / "cli" / "windows.py")],
        input=json.dumps({"encoding": encoding, "runs": runs}),
        capture_output=True, encoding="utf-8", cwd=folder, env=environment(PYTHONUTF8="0"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [Done(code, out.encode("latin-1"), err) for code, out, err in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good and a bad file, their lines ended as on Windows."""
    made = tmp_path_factory.mktemp("windows")
    for name, text in {NETS: GOOD, r"C:\bad.yaml": BAD}.items():
        (made / name).write_bytes(text.replace("\n", "\r\n").encode())
    return made


@pytest.fixture(scope="module")
def finished(folder: Path, request: pytest.FixtureRequest) -> dict[str, dict[int, Done]]:
    """The cases that are in the sample or needed elsewhere, by number, at consoles of UTF-8 and of others."""
    test = test_every_command_runs_with_the_same_numbers
    items: list[Any] = [item for item in request.session.items if getattr(item, "function", None) is test]
    drawn = {item.callspec.params["number"] for item in items}
    numbers = [number for number, args in enumerate(CASES) if number in drawn or args in (COMPARED, SAVED)]
    runs = [{"args": CASES[number], "stdin": GOOD} for number in numbers]
    return {
        encoding: dict(zip(numbers, on_windows(folder, encoding, *runs), strict=True))
        for encoding in ["utf-8", *ENCODINGS]
    }


def digits(text: str) -> str:
    """The digits of a text in order, also of ½ and ²."""
    return "".join(re.findall("[0-9]", unicodedata.normalize("NFKD", text)))


def test_every_command_has_an_example() -> None:
    assert sorted(EXAMPLES) == COMMANDS


@pytest.mark.sample(8)
@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: " ".join(CASES[number]))
def test_every_command_runs_with_the_same_numbers(number: int, finished: dict[str, dict[int, Done]]) -> None:
    whole = finished["utf-8"][number]
    assert (whole.code, whole.err) == (0, "")
    assert len(whole.out) > 10
    for encoding in ENCODINGS:
        done = finished[encoding][number]
        assert (done.code, done.err) == (0, "")
        if whole.out.startswith(b"<!DOCTYPE html>"):  # it is in UTF-8, as it says itself
            assert done.out == whole.out
            continue
        assert digits(done.out.decode(encoding)) == digits(whole.out.decode())
        assert b"?" not in done.out or b"?" in whole.out
        assert b"\r" not in done.out


def test_every_command_runs_on_a_screen(folder: Path) -> None:
    """In colour, fitted to its width, with progress: no character that the console lacks."""
    runs = [{"args": args, "stdin": GOOD, "screen": True} for args in CASES]
    whole = on_windows(folder, "utf-8", *runs)
    assert any(b"\x1b[" in done.out for done in whole)
    for run, done, wide in zip(runs, on_windows(folder, "cp1252", *runs), whole, strict=True):
        assert (done.code, wide.code) == (0, 0), (run, done.err)
        if wide.out.startswith(b"<!DOCTYPE"):  # a page is UTF-8, and says so
            assert done.out == wide.out
            continue
        assert digits(done.out.decode("cp1252")) == digits(wide.out.decode()), run


def test_help_and_usage_are_written_to_any_console(folder: Path) -> None:
    runs = [{"args": args} for args in [["--help"], *([name, "--help"] for name in COMMANDS)]]
    for encoding in ("cp1252", "cp437"):
        for done in on_windows(folder, encoding, *runs):
            assert (done.code, done.err) == (0, "")
            assert "Usage" in done.out.decode(encoding)
    (done,) = on_windows(folder, "cp437", {"args": ["summary", "alexnet", "--format", "→×"]})
    assert done.code == 2
    assert "Traceback" not in done.err


def test_problems_have_their_positions_with_line_ends_of_windows(folder: Path) -> None:
    bad = r"C:\bad.yaml"
    done, piped = on_windows(
        folder, "cp1252", {"args": ["summary", bad]}, {"args": ["validate", "-"], "stdin": BAD}
    )  # fmt: skip
    assert done.code == 1
    assert f"{bad}:5:16: error[unknown-argument]" in done.err
    assert f"{bad}:6:5: error[unknown-kind]" in done.err
    assert piped.code == 1
    assert b"<standard input>:5:16: error" in piped.out


def test_a_file_is_the_same_bytes_everywhere(folder: Path, finished: dict[str, dict[int, Done]]) -> None:
    name = r"D:\out.txt"
    (done,) = on_windows(folder, "cp437", {"args": [*SAVED, "-o", name]})
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert (folder / name).read_bytes() == finished["utf-8"][CASES.index(SAVED)].out
    (folder / name).unlink()


DEVICE = "Windows reserves this name for a device"
READ = [
    ["summary", "con"], ["validate", "NUL.yaml"], ["explain", r"C:\x\aux.yaml"], ["verify", "com1"],
    ["show", "prn.yml"], ["compare", "con", "alexnet"], ["run", NETS, "--input-data", "con"],
    ["run", NETS, "--weights", "lpt1.json"], ["run", "nul"],
]  # fmt: skip
WRITE = [
    ["list", "-o", "nul"], ["schema", "-o", r"C:\x\CON.json"], ["new", "aux.yaml", "--like", "lenet5"],
    ["compare", "alexnet", "--separable", "spatial", "--write", "com1.yaml"],
    ["run", "two_conv", "--at", "conv1", "--save-image", "prn.pgm"],
]  # fmt: skip


def test_the_name_of_a_device_is_refused(folder: Path) -> None:
    (folder / "base.yaml").write_text("extends: con\n")
    found = on_windows(folder, "cp1252", *({"args": args} for args in [*READ, *WRITE, ["summary", "base.yaml"]]))
    (folder / "base.yaml").unlink()
    for args, done in zip(READ, found, strict=False):
        assert (done.code, "is a device" in done.err + done.out.decode("cp1252")) == (1, True), args
    for args, done in zip(WRITE, found[len(READ) :], strict=False):
        assert (done.code, done.out, DEVICE in done.err, done.err.count("\n")) == (1, b"", True, 1), args
    assert found[-1].code == 1
    assert "error[extends-missing]" in found[-1].err


@pytest.mark.parametrize(
    ("path", "device"),
    [
        ("con", True), ("Con.tar.gz", True), (r"C:\x\nul.yaml", True), ("a/LPT9", True), ("com¹.txt", True),
        ("C:aux", True), ("nul :x", True), ("conv", False), ("con/a.yaml", False), ("com10", False), ("a.con", False),
        ("", False),
    ],
)  # fmt: skip
def test_device_names(path: str, device: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_device_name(path)
    monkeypatch.setattr("cnncalc.system.is_windows", lambda: True)
    assert is_device_name(path) == device


def test_a_file_that_is_open_in_another_program_stays(folder: Path) -> None:
    name = f"{OPEN}.csv"
    (folder / name).write_text("before")
    before = sorted(folder.iterdir())
    writers = [["list"], ["compare", "alexnet", "--separable", "spatial"], ["run", "two_conv", "--at", "conv1"]]
    options = ["-o", "--write", "--save-image"]
    runs = [{"args": [*args, option, name]} for args, option in zip(writers, options, strict=True)]
    for done in on_windows(folder, "cp1252", *runs):
        message = f"cnncalc: cannot write '{name}': the file is open in another program\n"
        assert (done.code, done.out, done.err) == (1, b"", message)
    assert (folder / name).read_text() == "before"
    assert sorted(folder.iterdir()) == before
    (folder / name).unlink()


def test_a_folder_is_distinguished_from_a_file(folder: Path) -> None:
    (folder / "nets").mkdir()
    written, backslash, read = on_windows(
        folder, "cp1252",
        {"args": ["list", "-o", "nets"]}, {"args": ["list", "-o", "new\\"]}, {"args": ["summary", "nets"]},
    )  # fmt: skip
    (folder / "nets").rmdir()
    assert (written.code, written.err) == (1, "cnncalc: cannot write 'nets': it is the name of a folder\n")
    assert (backslash.code, backslash.err) == (1, "cnncalc: cannot write 'new\\': it is the name of a folder\n")
    assert (read.code, "nets: is a folder, not a file" in read.err) == (1, True)


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    runs = [{"args": args, "stdin": GOOD, "gone": True} for args in [*CASES, ["--help"], ["summary", "--help"]]]
    for run, done in zip(runs, on_windows(folder, "cp1252", *runs), strict=True):
        assert (done.code, done.err) == (0, ""), run


def test_a_file_of_powershell_is_recognized(folder: Path) -> None:
    (folder / "utf16.yaml").write_bytes(codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le"))
    (done,) = on_windows(folder, "cp1252", {"args": ["summary", "utf16.yaml"]})
    (folder / "utf16.yaml").unlink()
    assert done.code == 1
    assert "this is UTF-16" in done.err


class Terminal:
    """A console."""

    def isatty(self) -> bool:
        return True


def test_a_console_is_asked_for_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Colorama:
        @staticmethod
        def just_fix_windows_console() -> None:
            asked.append(True)

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "")
    monkeypatch.setattr("cnncalc.cli.output.is_windows", lambda: True)
    monkeypatch.setitem(sys.modules, "colorama", Colorama)
    assert uses_color("auto", None, Terminal())  # type: ignore[arg-type]
    assert asked == [True]
    monkeypatch.setitem(sys.modules, "colorama", None)
    assert not uses_color("auto", None, Terminal())  # type: ignore[arg-type]


def test_elsewhere_nothing_is_reserved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    emit("x\n", "con")
    assert (tmp_path / "con").read_text() == "x\n"
    with pytest.raises(OutputError, match="is the name of a folder"):
        emit("x\n", str(tmp_path))


# stand-ins


@pytest.mark.parametrize(
    ("text", "encoding", "fitted"),
    [
        ("3×3 − 1 → 2 ≤ 8 † ‡ ─ █▌▏", "ascii", "3x3 - 1 -> 2 <= 8 + & - ###"),  # the table of the issue
        ("3×3 − 1 → 2 ≤ 8 † ‡ ─ █▌▏", "cp1252", "3×3 - 1 -> 2 <= 8 † ‡ - ###"),
        ("█▌▏ ░▒▓█", "cp437", "### ░▒▓#"),  # has █ and ▌, but not ▏: a bar is of one kind
        ("網 \U0001f600 é", "ascii", r"\u7db2 \U0001f600 \xe9"),
        ("網 → é", "utf-8", "網 → é"),
        # a column on the left keeps its left edge
        ("a  3 → 7  12\nb  5      34\n", "cp1252", "a  3 -> 7 12\nb  5      34\n"),
        # numbers keep their right edge, also under a head that is an arrow
        ("macs    →  name\n  12  123  x\n   4   56  y\n", "cp1252", "macs   ->  name\n  12  123  x\n   4   56  y\n"),
        # where there is no room, one blank is left and the next columns take up the rest
        ("…  12    3\nx  34    5\n", "ascii", "... 12   3\nx  34    5\n"),
        # words that belong to no column keep their distance
        ("Name  3×8 → 10  incomplete\nlayer   macs\n", "cp1252", "Name  3×8 -> 10  incomplete\nlayer   macs\n"),
        # escape codes take no room
        ("\x1b[1ma→b\x1b[0m  1\n\x1b[1mx\x1b[0m    4\n", "cp1252", "\x1b[1ma->b\x1b[0m 1\n\x1b[1mx\x1b[0m    4\n"),
    ],
)  # fmt: skip
def test_stand_ins(text: str, encoding: str, fitted: str) -> None:
    assert fit(text, encoding) == fitted


def test_every_character_of_the_program_has_a_stand_in() -> None:
    """Of texts that may be shown; what a user has written is escaped."""
    used = set()
    for path in (ROOT / "cnncalc").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                used |= {char for char in node.value if not char.isascii()}
    assert "→" in used
    # What the program only looks for in what it reads: line breaks, letters of full width, marks that combine.
    read = {char for char in used if not char.isprintable() or unicodedata.category(char) == "Mn"}
    read |= {char for char in used if unicodedata.east_asian_width(char) in "FW"}
    assert {char for char in used - read if char not in STAND_INS and not char.isalpha()} == set()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_columns_stay_where_they_are(encoding: str, finished: dict[str, dict[int, Done]]) -> None:
    """All numbers end in the columns where they ended."""
    at = CASES.index(COMPARED)
    before = finished["utf-8"][at].out.decode().splitlines()
    after = finished[encoding][at].out.decode(encoding).splitlines()
    assert any("→" in line for line in before)
    for old, new in zip(before, after, strict=True):
        assert len(new) == len(old)
        assert [found.end() for found in re.finditer(r"[\d,]{4,}", new)] == [
            found.end() for found in re.finditer(r"[\d,]{4,}", old)
        ]
