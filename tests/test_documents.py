"""The README and the guide are correct: their examples are run, and everything that they mention exists."""

from __future__ import annotations

import doctest
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from math import log10
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from cnncalc import limits
from cnncalc.cli.app import make_app
from cnncalc.execution import effort
from cnncalc.guide import TOPICS, TRANSLATED, page, page_path
from cnncalc.layers.structure import LATER_MERGES
from cnncalc.spec.files import bundled

from . import processes
from .cli.running import ROOT, cnncalc
from .conventions.page import TABLES, write_tables
from .documents import (
    ARROWS_TABLE,
    CONTRIBUTING,
    DOCUMENTS,
    FIGURES,
    PICTURE,
    README,
    Example,
    arrows_table,
    blocks,
    examples,
    figure,
    folder,
    picture,
    refresh,
    run,
    words,
)

TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in DOCUMENTS}
TEXT = TEXTS["README"]
CONSOLE = [
    (name, example)
    for name, text in TEXTS.items()
    for block in blocks(text, "console")
    for example in examples(block.body)
]
COMMANDS: dict[str, Any] = get_command(make_app()).commands  # type: ignore[attr-defined]
HELP = {"--help", "--install-completion", "--show-completion", "--version"}  # of the program itself
OTHER_PROGRAMS = re.compile(r"^(?:pip|jupyter|pytest) .*$|`pytest .*?`", re.MULTILINE)  # which have other options
WRONG = "wrong.yaml"  # the file with mistakes
LONGEST_README = 250  # lines; the rest is the guide's


@pytest.fixture(scope="module")
def folders() -> Iterator[dict[str, Path]]:
    """A folder for each document, with the files that it shows."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(folder(text)) for name, text in TEXTS.items()}


def test_the_readme_says_how_many_networks_are_bundled() -> None:
    assert re.findall(r"(\d+) bundled", TEXT) == [str(len(bundled()))]


@pytest.mark.parametrize(("name", "example"), CONSOLE, ids=lambda x: x if isinstance(x, str) else x.command)
def test_a_command_prints_what_is_shown(name: str, example: Example, folders: dict[str, Path]) -> None:
    assert run(example.command, folders[name]) == example.shown, "python -m tests.documents brings them up to date"
    assert example.shown


def test_outputs_are_updated() -> None:
    text = "```yaml a.txt\nb\n```\n\n```console\n$ cat a.txt\nc\n\n$ echo d\n```\n"
    assert refresh(text) == "```yaml a.txt\nb\n```\n\n```console\n$ cat a.txt\nb\n\n$ echo d\nd\n```\n"


@pytest.mark.parametrize("name", TEXTS)
def test_every_block_is_of_a_kind_that_is_tested(name: str) -> None:
    text = TEXTS[name]
    assert {block.language for block in blocks(text)} <= {"sh", "yaml", "console", "json", "pycon", "text"}
    assert text.count("\n```") == 2 * len(blocks(text))


def test_the_readme_is_short() -> None:
    assert len(TEXT.splitlines()) <= LONGEST_README


def test_the_guide_lists_its_pages() -> None:
    pages = {path.stem for path in page_path("").parent.glob("*.md")}
    translated = {page_path(topic, language).stem for language, topics in TRANSLATED.items() for topic in topics}
    assert pages == {*TOPICS, *translated}
    listed = cnncalc("guide").stdout
    assert all(re.search(rf"^  {topic}  +\S", listed, re.MULTILINE) for topic in TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_is_markdown_in_a_pipe_and_formatted_on_a_terminal(topic: str) -> None:
    assert cnncalc("guide", topic).stdout == page(topic)
    shown = re.sub(
        "\x1b\\[[0-9;]*m|\x1b]8;.*?\x1b\\\\", "", cnncalc("guide", topic, "--color", "always", "--width", "70").stdout
    )
    title = page(topic).partition("\n")[0].removeprefix("# ")
    assert any(line.strip(" ┃") == title for line in shown.splitlines()[:3])  # before Rich 14.3 in a box
    assert max(map(len, shown.splitlines())) <= 70


def test_the_table_of_speed_has_every_part() -> None:
    """The figures are those of one machine on one day; `python -m tests.benchmarks --write` updates them."""
    (block,) = blocks(TEXTS["speed"], "text")
    firsts = [line.partition("  ")[0] for line in block.body.splitlines()]
    parts = ["whole process", "within a process", "growth", "executor", "many files"]
    assert [first for first in firsts if first in parts] == parts


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_shown_is_used(name: str, folders: dict[str, Path]) -> None:
    for block in blocks(TEXTS[name], "yaml"):
        if block.title.startswith("."):  # a file of another tool: see below
            continue
        assert any(document == name and block.title in example.command for document, example in CONSOLE)
        if block.body.startswith("["):  # the numbers of an input
            continue
        code = cnncalc("validate", str(folders[name] / block.title)).returncode
        assert code == (1 if block.title == WRONG else 0)


def test_the_files_of_other_tools_use_existing_commands(tmp_path: Path) -> None:
    """The hook for pre-commit, the configuration that names it, and the steps of a workflow."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    shown = {block.title: yaml.safe_load(block.body) for block in blocks(TEXTS["formats"], "yaml")}
    (used,) = shown[".pre-commit-config.yaml"]["repos"][0]["hooks"]
    assert used["id"] == hook["id"]
    steps = [step["run"] for step in shown[".github/workflows/nets.yaml"]["jobs"]["nets"]["steps"] if "run" in step]
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "a.yaml").write_text("input: [1, 9, 9]\nlayers: [rellu]\n")
    for command in (f"{hook['entry']} nets/a.yaml", steps[-1]):
        program, *arguments = command.split()
        assert program == "cnncalc"
        done = cnncalc(*arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert "rellu" in done.stdout


WORKFLOWS = {
    "nets": next(block.body for block in blocks(TEXTS["budgets"], "yaml") if block.title.startswith(".github")),
    "architectures": (ROOT / ".github" / "workflows" / "architectures.yaml").read_text(encoding="utf-8"),
}


@pytest.mark.parametrize("folder", WORKFLOWS)
@pytest.mark.parametrize(("width", "code"), [(4, 0), (5, 1)])
def test_the_workflow_of_a_pull_request_fails_over_the_budget(
    folder: str, width: int, code: int, tmp_path: Path
) -> None:
    """A layer of 4 channels, then of 5: 25 % more macs than on the branch that is merged into, and 5 % are allowed."""
    (job,) = yaml.safe_load(WORKFLOWS[folder])["jobs"].values()
    *_, validate, compare = [step["run"] for step in job["steps"] if "run" in step]
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    file = tmp_path / folder / "net.yaml"
    file.parent.mkdir()
    file.write_text("input: [3, 8, 8]\nlayers: ['conv(4, 3)']\n")
    for command in ("init -q", f"add {folder}", "commit -qm old", "update-ref refs/remotes/origin/main HEAD"):
        processes.run([*git, *command.split()], check=True)
    file.write_text(f"input: [3, 8, 8]\nlayers: ['conv({width}, 3)']  # changed\n")
    script = f'cnncalc() {{ "{sys.executable}" -m cnncalc "$@"; }}\n{validate}\n{compare}'
    summary = tmp_path / "summary.md"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    ran = processes.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == code, ran.stderr
    assert ("at most +5% of the first" in ran.stderr) == bool(code)
    assert f"| **macs** | {27 * 4 * 36:,} | {27 * width * 36:,} |" in summary.read_text("utf-8")


def test_python_prints_what_is_shown() -> None:
    shown = [block for text in TEXTS.values() for block in blocks(text, "pycon")]
    assert shown
    for block in shown:
        test = doctest.DocTestParser().get_doctest(block.body, {}, "documents", None, 0)
        assert test.examples
        assert doctest.DocTestRunner().run(test).failed == 0


def part_of(shown: Any, whole: Any) -> bool:
    """Whether `whole` contains everything in `shown`: keys of mappings, the first mappings of a list, other values."""
    if isinstance(shown, dict):
        return isinstance(whole, dict) and all(key in whole and part_of(shown[key], whole[key]) for key in shown)
    if isinstance(shown, list) and shown and isinstance(shown[0], dict):
        return all(map(part_of, shown, whole))
    return bool(shown == whole)


def test_json_is_what_is_shown() -> None:
    """The title of a block is the command that prints it."""
    shown = [block for text in TEXTS.values() for block in blocks(text, "json")]
    assert shown
    for block in shown:
        assert part_of(json.loads(block.body), json.loads(cnncalc(*block.title.split(), "--format", "json").stdout))
    whole = json.loads(cnncalc("summary", "alexnet", "--format", "json").stdout)
    assert not part_of({"layers": [{"path": "conv2"}]}, whole)
    assert not part_of({"totals": {"nonsense": 1}}, whole)


def test_the_picture_is_what_is_printed() -> None:
    assert words(PICTURE.read_text(encoding="utf-8")) == words(picture()), "python -m tests.documents updates it"
    assert any("62,378,344" in piece for piece in words(picture()))


@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_are_what_is_drawn(name: str) -> None:
    assert (ROOT / ".github" / name).read_text(encoding="utf-8") == figure(name), "python -m tests.documents updates it"
    assert f"](.github/{name})" in TEXT
    assert f"cnncalc draw {FIGURES[name]} -o {name}" in TEXT


def test_every_command_is_documented() -> None:
    listed = re.findall(r"^\| `cnncalc (\w+)", TEXT, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("name", TEXTS)
def test_every_option_that_is_mentioned_exists(name: str) -> None:
    known = HELP.union(
        *({*option.opts, *option.secondary_opts} for each in COMMANDS.values() for option in each.params)
    )
    text = OTHER_PROGRAMS.sub("", TEXTS[name])
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
    assert mentioned <= known


def test_every_file_that_is_mentioned_exists() -> None:
    for name in (".ci/run", ".ci/full", str(PICTURE.relative_to(ROOT)), str(CONTRIBUTING.relative_to(ROOT))):
        assert name in TEXT
        assert (ROOT / name).exists()


def test_every_file_that_contributing_names_exists() -> None:
    text = CONTRIBUTING.read_text(encoding="utf-8")
    named = re.findall(r"`((?:cnncalc|tests|\.github)/[\w./]+)`", text)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name.replace("NAME.py", "summary.py")).exists()] == []
    sections = re.findall(r"^## (A new .*)\n\n((?:.*\n)*?)(?=\n## |\Z)", text, re.MULTILINE)
    assert [re.findall(r"^(\d)\. ", steps, re.MULTILINE) for _, steps in sections] == [list("12345")] * 4


def test_the_rules_of_the_guide_are_those_of_the_code() -> None:
    found = TABLES.search(page("conventions"))
    assert found
    assert found[0] == write_tables(), "python -m tests.documents updates it"


def test_the_arrows_are_those_of_the_test() -> None:
    found = ARROWS_TABLE.search(CONTRIBUTING.read_text(encoding="utf-8"))
    assert found
    assert found[0] == arrows_table(), "python -m tests.documents updates it"


# What the table of the language shows, each within a small file.
FRAGMENTS = {
    "conv(64, 3, padding=1)": "{input: [1, 9, 9], layers: ['@']}",
    "conv: {out: 64, kernel: 3}": "{input: [1, 9, 9], layers: [@]}",
    "(conv(64, 3) -> relu) * depth": "{input: [1, 9, 9], params: {depth: 2}, layers: ['@']}",
    "(dropout(0.5) if rate > 0)": "{input: [1, 9, 9], params: {rate: 1}, layers: ['conv(8, 1) -> @']}",
    "relu if plain else silu": "{input: [1, 9, 9], params: {plain: true}, layers: ['@']}",
    "add:": "{input: [1, 9, 9], layers: [{@ [relu, tanh]}]}",
    **{
        f"{word}:": "{input: [1, 9, 9], layers: [{@ [relu, tanh]}]}"
        for word in LATER_MERGES
        if word not in ("stack", "matmul", "attention")
    },
    "add(a, b)": "{input: [1, 9, 9], layers: [a = relu, b = tanh, '@']}",
    "matmul(q, k, transpose=first)": "{input: [4, 9], layers: [q = relu, k = tanh, '@']}",
    "attention(heads=4):": "{input: [8, 9], layers: [{@ {query: relu, key: tanh, value: relu}}]}",
    "learned([width, 1])": "{input: [1, 9], params: {width: 8}, layers: ['@']}",
    "subtract(whole, part)": "{input: [1, 9, 9], layers: [whole = relu, part = tanh, '@']}",
    "multiply:": "{input: [1, 9, 9], layers: [{@ [relu, tanh]}]}",
    "concat:": "{input: [1, 9, 9], layers: [{@ [relu, tanh]}]}",
    "skip if stride == 1: identity": "{input: [1, 9, 9], params: {stride: 1}, layers: [{add: {body: relu, @}}]}",
    "outputs:": "{input: [1, 9, 9], layers: [{@ {side: relu}}, tanh]}",
    "x = conv(8, 1)": "{input: [8, 9, 9], layers: ['@', {add: ['from(x)', relu]}]}",
    "from(x)": "{input: [8, 9, 9], layers: ['x = conv(8, 1)', {add: ['@', relu]}]}",
    "reuse(x)": "{input: [8, 9, 9], layers: ['x = conv(8, 1)', relu, '@']}",
    "padding=half": "{input: [1, 9, 9], layers: ['conv(8, 3, @)']}",
    "same": "{input: [1, 9, 9], layers: ['conv(8, 3, padding=@)']}",
    "full": "{input: [1, 9, 9], layers: ['conv(8, 3, padding=@)']}",
    "valid": "{input: [1, 9, 9], layers: ['conv(8, 3, padding=@)']}",
    "stack = layer(2 ** index) * 9": """{input: [1, 9, 9],
        blocks: {layer(d): [skip = relu, 'conv(1, 3, padding=half, dilation=d)']},
        layers: ['@', concat: {a: identity, b: {add: rounds(stack.skip)}}]}""",
    "add: rounds(stack)": "{input: [1, 9, 9], layers: [stack = sigmoid * 3, @]}",
    "cells = cell(44, previous(2, before=stem)) * 6": """{input: [44, 9, 9],
        blocks: {'cell(out, left)': [add: {left: from(left), right: 'conv(out, 3, padding=1)'}, relu]},
        layers: [stem = relu, '@']}""",
    "from(cells[0])": "{input: [1, 9, 9], layers: [cells = sigmoid * 3, add: {a: '@', b: identity}]}",
    "stage(widths[index], depths[index]) * 4": """{input: [1, 9, 9],
        params: {widths: [1, 2, 3, 4], depths: [1, 1, 2, 1]},
        blocks: {'stage(width, depth)': ['(conv(width, 3, padding=1) -> relu) * depth']}, layers: ['@']}""",
    "in_channels": "{input: [2, 9, 9], layers: ['conv(@, 1)']}",
    "channels": "{input: [2, 9, 9], layers: ['conv(@, 1)']}",
    "input": "{input: [2, 9, 9], layers: [relu, {add: ['from(@)', tanh]}]}",
    "here.height": "{input: [2, 9, 9], layers: ['conv(@, 1)']}",
    "input.width": "{input: [2, 9, 9], layers: ['conv(@, 1)']}",
    "skip.channels": "{input: [2, 9, 9], layers: ['skip = relu', 'conv(@, 1)']}",
    "4 * width": "{input: [1, 9, 9], params: {width: 2}, layers: ['conv(@, 1)']}",
    "a // b": "{input: [1, 9, 9], params: {a: 7, b: 2}, layers: ['conv(@, 1)']}",
    "[1, 2][index]": "{input: [1, 9, 9], layers: ['conv(@, 1) * 2']}",
    "min": "{input: [1, 9, 9], layers: ['conv(@(1, 2), 1)']}",
    "max": "{input: [1, 9, 9], layers: ['conv(@(1, 2), 1)']}",
    "ceil": "{input: [1, 9, 9], layers: ['conv(@(1.5), 1)']}",
    "floor": "{input: [1, 9, 9], layers: ['conv(@(1.5), 1)']}",
    "round": "{input: [1, 9, 9], layers: ['conv(@(1.5), 1)']}",
    "divisible": "{input: [1, 9, 9], layers: ['conv(@(17, 8), 1)']}",
}


def fragments() -> list[str]:
    """The code in the first column of the table of the language."""
    (table,) = re.findall(r"^\| text \|.*\n\|---\|---\|\n((?:\|.*\n)+)", TEXTS["language"], re.MULTILINE)
    found = [code for line in table.splitlines() for code in re.findall(r"`([^`]+)`", line.split(" | ")[0])]
    merges = re.findall(r"`(skip if [^`]+)`", table)
    return found + merges


def test_the_table_of_the_language_holds(tmp_path: Path) -> None:
    assert sorted(fragments()) == sorted(FRAGMENTS)
    for number, (code, text) in enumerate(FRAGMENTS.items()):
        if text:
            (tmp_path / f"{number:02}.yaml").write_text(text.replace("@", code))
    done = cnncalc("validate", *sorted(str(path) for path in tmp_path.iterdir()))
    assert done.returncode == 0, done.stdout


# what the guide says of each limit that users may meet
GUIDE = [
    f"files of {limits.FILE_BYTES // 1024:,} KiB, of {limits.YAML_NODES:,} strings, lists and mappings,"
    f" of {limits.TOKENS:,} words and operators in calls and expressions",
    f"strings of {limits.STRING_CHARACTERS:,} characters, lists of {limits.LIST_ELEMENTS:,} elements",
    f"{limits.NESTING} levels of lists, of parentheses and of blocks, as many nested steps in an expression",
    f"{limits.EXTENDED_FILES} files that extend one another", f"{limits.REFERENCES} that conditions name",
    f"{limits.LAYERS:,} layers (and {limits.EXPANSION_STEPS:,} steps to write them out),"
    f" {limits.DIFFERENT_LAYERS:,} of which differ in arguments or input, with paths of {limits.PATH_CHARACTERS:,} ",
    f"networks of {limits.INPUTS} inputs ({limits.LAYERS:,} layers divided by their number),"
    f" tensors of {limits.AXES} axes",
    f"{limits.EVALUATION_STEPS:,} steps of expressions",
    f"{limits.SIZE:,} for a size or an argument of a layer and 10^{log10(limits.NUMBER):g} for any other number",
    f"{limits.RECURRENT_LAYERS} stacked layers of one",
    f"networks of {limits.EXPORT_BLOCK_LAYERS:,} layers have their blocks, if these are written in"
    f" {limits.EXPORT_STEPS:,} steps", f"an ONNX file has at most {limits.PROTOBUF_BYTES:,} bytes,"
    f" and {limits.ONNX_TABLES:,} numbers in arrays of positions and shares",
    f"at most {limits.PROBLEMS} problems are reported",
    f"followed {limits.STEPS_AFTER_ERROR:,} steps further",
    f"files of up to {limits.REPAIR_CHARACTERS:,} characters and {limits.REPAIR_LAYERS:,} layers",
    f"repeats only after more than {limits.FIELD_PERIOD} units",
    f"{limits.KERAS_BYTES // 2**20} MiB of JSON of a Keras model; the structure of networks with"
    f" more than {limits.STRUCTURED_LAYERS:,} layers is not looked for",
    f"a printed module of {limits.PRINTED_LINES:,} lines with {limits.PRINTED_LINE:,} characters each",
    f"{limits.WIRE_FIELDS:,} fields of an ONNX file and {limits.ONNX_NODES:,} nodes; lists of"
    f" {limits.WIRE_NUMBERS:,} numbers, arrays of {limits.ONNX_AXES} axes; of arrays with more than"
    f" {limits.ONNX_ELEMENTS:,} elements only the sizes are read, and of positions of a bias"
    f" {limits.ONNX_POSITIONS:,} pairs, in a file {limits.ONNX_POSITIONS_TOTAL:,}",
    f"`run`: {limits.RUN_OPERATIONS:,} multiplications, as many of any other operation and as many numbers",
    f"{limits.MEMORY // 10**6} MB of memory, predicted before anything is executed",
    f"input and weights of {limits.DATA_BYTES // 2**20} MiB"
    f" (text of {limits.FILE_BYTES // 1024:,} KiB where it is not JSON, and JSON that takes at most"
    f" {limits.DATA_MEMORY // 10**6} MB of memory as numbers)",
    f"a picture's header of {limits.PICTURE_HEADER // 1024} KiB,"
    f" {limits.MATCHED_PATHS:,} comparisons of paths with patterns of a file of weights",
    f"{limits.PNG_BYTES // 2**20} MiB of pixels of a PNG, kernels of {limits.KERNEL_ELEMENTS:,} numbers,"
    f" numbers of {limits.NUMERAL_CHARACTERS} characters",
    f"{limits.MATRIX_ELEMENTS:,} elements of a matrix",
    f"`--unit` writes out numbers of layers with {limits.RECORDED_OPERATIONS:,} operations (8 macs are one), each"
    f" computed of {limits.WRITTEN_NUMBERS:,} numbers, and {limits.WRITTEN_UNITS} of a layer",
    f"of more than {limits.SHOWN_OPERATIONS:,} operations of all layers only those are executed that the unit needs",
    f"`--precision` executes {limits.ROUNDED_OPERATIONS:,} operations",
    f"`--gradient`: {limits.GRADIENT_OPERATIONS:,} operations of one layer, and an operation that is no mac counts as"
    f" {limits.GRADIENT_STEPS} of them all; `--effective-field`: {limits.EFFECTIVE_SEEDS:,} seeds",
    f"`verify`: networks of {limits.VERIFIED_LAYERS:,} layers, and {limits.VERIFIED_AT_MOST:,} steps with few channels",
    f"some {effort.ELEMENT} for an element",
    f"{limits.MEMORY // 10**6} MB of memory: a network that would take more",
    f"`compare`: {limits.COMPARED_NETWORKS} networks, and {limits.COMPARED_LAYERS:,} layers of all of them together,"
    f" with the rewritten one; layers that have"
    f" other paths and recur are aligned among {limits.ALIGNED_REPEATED} of each network",
    f"`compare --separable spatial`: kernels of one convolution with {limits.FACTORED_NUMBERS:,} numbers, and"
    f" {limits.FACTORED_ALTOGETHER:,} of a network, are looked at",
    f"`calc --want`: up to {limits.WANTED_ALONE:,} for one argument that is searched, up to {limits.WANTED_ARGUMENT}"
    f" for each of several; {limits.WANTED_SHOWN} answers are shown",
    f"`sweep`: {limits.SWEEP_POINTS:,} points; with `--pareto` of more than two figures {limits.PARETO_POINTS:,}",
    f"`reconcile` of a figure: {limits.RECONCILED:,} layers of variants",
    f"`memory --arena`: {limits.ARENA_TENSORS:,} tensors",
    f"`exercise`: {limits.EXERCISE_BLANKS:,} blanks, and a file of answers of {limits.ANSWER_LINES:,} lines",
    f"`explain`: {limits.EXPLAINED_LAYERS:,} layers at once",
    f"`draw`: {limits.DRAWN_BOXES:,} boxes",
    f"`report`: {limits.PAGE_LAYERS:,} layers of all networks of a page, a picture of"
    f" {limits.PAGE_PICTURE // 2**20} MiB",
    f"has at most {limits.SCREEN_BOXES:,} boxes with its groups closed",
    "byte-order mark and Windows line ends are read", "anchors, aliases, merge keys and tags",
    "not a folder or a device",
    "calls itself without end", "Control characters", "UTF-8 text", "exit code 130",
]  # fmt: skip


# Limits that refuse nothing of a file that is right: on hints, repairs and layout, and on figures that are bounds then.
UNSAID = {
    "DIVISORS_TRIED", "FIELD_UNITS", "FORMAT_BYTES", "INPUT_SEARCHED", "ISOLATED_ELEMENTS", "KERNEL_TAPS",
    "REBOUND_NAMES", "ROUNDED_NOTES", "ROUNDED_REPAIRS", "LISTED_ARRAYS", "LISTED_PATHS",
    "LISTED_SHAPES", "MESSAGE_CHARACTERS", "NAMED_BRANCHES", "NARROWED_INPUTS", "NARROWED_LAYERS",
    "ORDER_BEAM", "ORDER_PART", "ORDER_STEPS", "PICTURE_PIXELS", "POSITION", "REDUCED_OUTPUTS", "REPAIR_COST",
    "REPAIR_TRIALS", "REPAIR_TRIALS_EACH", "RICH_PARAGRAPHS", "RICH_ROWS", "SEARCHED_CHARACTERS", "SIMILAR_FILES",
    "SIMILAR_NAMES", "TRANSLATED_CALL", "TRANSLATED_CALLS", "UNKNOWN_ARGUMENTS", "VERIFIED_STEPS",
    "VERIFIED_STEPS_OF_MANY",
}  # fmt: skip


def test_every_limit_is_in_the_guide_or_refuses_nothing() -> None:
    said = {*re.findall(r"\blimits\.([A-Z_]+)", Path(__file__).read_text(encoding="utf-8"))}
    assert {name for name in vars(limits) if name.isupper()} - said == UNSAID


def test_the_guide_says_each_limit_as_it_is() -> None:
    """It contains no other numbers."""
    left = " ".join(TEXTS["limits"].split())
    for phrase in GUIDE:
        assert phrase in left, phrase
        left = left.replace(phrase, "")
    assert not re.findall("[0-9]+", left)
    assert limits.WAY_LAYERS == limits.EXPLAINED_LAYERS  # "as many in total on the ways of their receptive fields"


def test_there_are_two_lines_of_set_up() -> None:
    lines = [line for block in blocks(TEXT, "sh") if block.title == "setup" for line in block.body.splitlines()]
    first, second = lines
    assert first.endswith("pip install . && cnncalc summary alexnet.yaml")
    assert second.endswith("pip install '.[test]' && pytest")
    awk = re.search(r"awk '([^']+)'", (ROOT / ".ci" / "run").read_text())
    assert awk
    done = processes.run(["awk", awk[1], str(README)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == lines
