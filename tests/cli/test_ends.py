"""How a run ends: exit codes, streams, readers that go away, and what is loaded on the way."""

from __future__ import annotations

import json
import os
import pty
import sys
from pathlib import Path

import pytest

from .. import processes
from .running import BAD, GOOD, cnncalc, environment, python


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    return str(path)


def test_success(good: str) -> None:
    done = cnncalc("summary", good)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2,682" in done.stdout


def test_a_file_with_problems(bad: str) -> None:
    done = cnncalc("summary", bad)
    assert done.returncode == 1
    assert done.stdout.startswith("Broken  3×8×8 → ?  incomplete\n")
    assert "unknown-argument" in done.stderr
    assert "unknown-kind" in done.stderr
    assert "error" not in done.stdout.replace("an error follows", "")


def test_a_file_that_is_not_there() -> None:
    done = cnncalc("summary", "no-such-file")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[unreadable]: no-such-file: ")


@pytest.mark.parametrize(
    ("args", "reported"),
    [
        (["summary"], "ARCH"),
        (["summary", "alexnet", "--format", "tabel"], "'table', 'json', 'csv', 'markdown'"),
        (["summary", "alexnet", "--columns", "layer,parametrs"], "did you mean `parameters`?"),
        (["summary", "alexnet", "--columns", ""], "the columns are layer, kind,"),
        (["summary", "alexnet", "--set", "depth"], "NAME=VALUE"),
        (["summary", "alexnet", "--input", "big"], "3x224x224"),
        (["summary", "alexnet", "--depth", "0"], "--depth"),
        (["summary", "alexnet", "--dtype", "float8"], "'bfloat16'"),
        (["summary", "alexnet", "--format", "json", "--depth", "2"], "`--depth` has an effect only with"),
        (["summary", "alexnet", "--nonsense"], "--nonsense"),
        (["list", "--output", ""], "`--output` needs the name of a file"),
        (["layers", "convv"], "did you mean `conv`?"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_usage(args: list[str], reported: str) -> None:
    done = cnncalc(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert reported in done.stderr
    assert "Traceback" not in done.stderr


def test_validate_reports_all_problems_of_every_file(good: str, bad: str) -> None:
    done = cnncalc("validate", good, bad, "no-such-file")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{good}: ok\n" in done.stdout
    assert done.stdout.count("error[") == 3
    assert done.stdout.endswith("3 errors, 0 warnings, 3 files\n")
    assert cnncalc("validate", good).stdout == f"{good}: ok\n"


def test_validate_as_json(good: str, bad: str) -> None:
    done = cnncalc("validate", good, bad, "--format", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["format"]) == (1, 1)
    assert [(each["file"], len(each["problems"])) for each in found["files"]] == [(good, 0), (bad, 2)]
    assert found["files"][1]["problems"][0]["line"] == 5


def test_validate_checks_expectations(good: str) -> None:
    with Path(good).open("a") as stream:
        stream.write("expect: {parameters: 2683}\n")
    done = cnncalc("validate", good)
    assert done.returncode == 1
    assert "good.yaml:6:22: error[expect-mismatch]" in done.stdout


def test_standard_input() -> None:
    assert "2,682" in cnncalc("summary", "-", stdin=GOOD).stdout
    assert "<standard input>:5:16: error" in cnncalc("validate", "-", stdin=BAD).stdout


def test_a_bundled_architecture_from_any_folder(tmp_path: Path) -> None:
    assert "62,378,344" in cnncalc("summary", "alexnet.yaml", cwd=tmp_path).stdout
    assert json.loads(cnncalc("summary", "alexnet", "-f", "json", "--input", "3x256x256", cwd=tmp_path).stdout)


def test_version() -> None:
    import cnncalc as package

    assert cnncalc("--version").stdout == f"cnncalc {package.__version__}\n"
    assert cnncalc("-h").returncode == 0


def test_a_bug_keeps_its_traceback() -> None:
    code = """
import cnncalc.reading
from cnncalc.cli.app import run
cnncalc.reading.read = None
run(["summary", "alexnet"])
"""
    done = processes.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.returncode == 1
    assert "TypeError" in done.stderr


def loaded(args: list[str]) -> set[str]:
    """The modules in memory after a run."""
    code = f"""
import io, sys
from cnncalc.cli.app import run
out, sys.stdout = sys.stdout, io.StringIO()
run({args!r})
sys.stdout = out
print(*sys.modules)
"""
    return set(python(code).split())


def test_help_loads_no_yaml_and_no_layers() -> None:
    found = loaded(["summary", "--help"])
    assert "cnncalc.cli.summary" in found
    assert not {name for name in found if name.startswith(("yaml", "cnncalc.layers", "cnncalc.spec"))}


def test_validate_loads_no_rich() -> None:
    found = loaded(["validate", "alexnet"])
    assert "yaml" in found
    assert not {name for name in found if name.startswith("rich")}


def test_rich_is_loaded_where_there_is_colour() -> None:
    assert "rich.style" in loaded(["summary", "alexnet", "--color", "always"])


def test_import_cnncalc_is_light() -> None:
    found = set(python("import cnncalc, sys; print(*sys.modules)").split())
    assert {name for name in found if name.startswith("cnncalc")} == {"cnncalc"}
    assert python("import cnncalc; print(cnncalc.analyze(cnncalc.load('alexnet')).totals.parameters)") == "62378344\n"


def on_a_terminal(*args: str, **more: str) -> str:
    """What a run writes to a terminal of 80 columns."""
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "cnncalc", *args]
    env = environment(COLUMNS="80", TERM="xterm", **more)
    with processes.started(command, stdout=child, stdin=child, stderr=child, env=env):
        os.close(child)
        text = b""
        try:
            while chunk := os.read(parent, 65536):
                text += chunk
        except OSError:  # the other end is closed
            pass
    os.close(parent)
    return text.decode().replace("\r\n", "\n")


def test_colour_and_width_follow_the_terminal() -> None:
    text = on_a_terminal("summary", "alexnet")
    assert "\x1b[1mAlexNet\x1b[0m" in text
    plain = on_a_terminal("summary", "alexnet", NO_COLOR="1")
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 80
    assert "\x1b" not in on_a_terminal("summary", "alexnet", "--color", "never")
    assert "\x1b" in on_a_terminal("summary", "alexnet", "--color", "always", NO_COLOR="1")


def test_a_pipe_is_neither_coloured_nor_cut() -> None:
    """Only COLUMNS says of a pipe how wide it is."""
    text = cnncalc("summary", "inception_v1", "--depth", "9").stdout
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) > 120
    assert max(map(len, cnncalc("summary", "inception_v1", "--depth", "9", COLUMNS="60").stdout.splitlines())) <= 60
    assert "\x1b" in cnncalc("summary", "alexnet", "--color", "always").stdout


def test_a_stream_that_lacks_characters() -> None:
    done = cnncalc("summary", "alexnet", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.startswith("AlexNet  3x227x227 -> 1000\n")


@pytest.mark.parametrize(
    ("words", "offered"),
    [("summary resn", "resnet50"), ("layers max", "max_pool"), ("summary --format m", "markdown"), ("va", "validate"),
     ("summary alexnet --columns layer,par", "layer,parameters")],
)  # fmt: skip
def test_the_shell_completes(words: str, offered: str) -> None:
    line = f"cnncalc {words}"
    done = cnncalc(
        _CNNCALC_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(line.split()) - 1),
    )  # fmt: skip
    assert offered in done.stdout.split()
