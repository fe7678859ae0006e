"""No option is ignored: each changes what a command does, or is refused; so does each beside any other."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.main import get_command

from cnncalc.cli.app import make_app, run
from cnncalc.cli.relations import Needs, Reads, Without, Writes, format_label, list_relations
from cnncalc.spec import files

COMMANDS: dict[str, Any] = get_command(make_app()).commands  # type: ignore[attr-defined]

# One warning (`bias-before-norm`), so that what concerns messages is seen; a group, for depths.
NETWORK = """\
name: Small
input: [2, 6, 6]
params: {kernel: 3, stride: 1}
blocks:
  pair(out): conv(out, kernel, padding=half) -> batch_norm -> relu
layers:
  - first = conv(kernel, 1)
  - pair(4) * 2
  - conv(3, kernel, stride)
  - flatten -> linear(10)
"""
OTHER = "input: [2, 6, 6]\nparams: {kernel: 3}\nlayers: ['conv(4, kernel) -> flatten -> linear(10)']\n"
BRANCHES = """\
name: Branches
input: [2, 6, 6]
params: {kernel: 3}
blocks:
  pair(out):
    - conv(out, kernel, padding=half) -> relu
    - concat: {a: 'conv(out, 1) -> relu', b: 'conv(2 * out, 1)'}
layers:
  - conv(3, 1)
  - pair(4) * 2
  - flatten -> linear(10)
"""
LONG = """\
name: Long
input: [2, 6, 6]
params: {kernel: 3}
blocks:
  twice(out): conv(out + kernel, kernel, padding=half) -> relu -> conv(out, 1)
  pair(out):
    - twice(out) -> twice(out + 1)
layers:
  - conv(kernel, 1)
  - pair(4)
  - pair(6)
  - pair(8)
  - pair(10)
  - pair(12)
  - pair(14)
  - flatten -> linear(10)
"""
CHAIN = "conv(4, kernel, stride=2) -> relu"


class Tried(NamedTuple):
    """The value with which an option is tried ("" for a flag), and the options that it is tried together with."""

    value: str = ""
    beside: tuple[tuple[str, str], ...] = ()


# What each command is run on: arguments and the options that it cannot do without.
BASE: dict[str, tuple[list[str], dict[str, str]]] = {
    "summary": (["net.yaml"], {}), "memory": (["net.yaml"], {}), "sweep": (["net.yaml"], {"--vary": "kernel=1,3"}),
    "validate": (["net.yaml"], {}),
    "explain": (["net.yaml"], {}), "import": (["net.yaml"], {}),
    "export": (["net.yaml"], {"--to": "pytorch"}),
    "compare": (["net.yaml", "another_network.yaml"], {}), "show": (["net.yaml"], {}), "run": (["net.yaml"], {}),
    "verify": (["net.yaml"], {}), "calc": ([CHAIN], {"--input": "2x9x9", "--set": "kernel=3"}), "list": ([], {}),
    "new": (["mine.yaml"], {"--like": "lenet5"}), "layers": (["conv"], {}), "codes": (["linear-pair"], {}),
    "kernel": (["laplace"], {}),
    "schema": ([], {}), "guide": (["tour"], {}), "draw": (["long.yaml"], {}),
    "report": (["net.yaml"], {}), "reconcile": (["net.yaml"], {}),
    "exercise": (["net.yaml"], {}),
}  # fmt: skip
# With these options a command takes something else.
ON = {
    "memory --join-concats": ["branches.yaml"], "compare --separable": ["net.yaml"], "compare --dense": ["net.yaml"],
    "explain --from": ["net.yaml", "pair*.0.conv1"], "explain --unit": ["net.yaml", "pair*.0.conv1"],
}  # fmt: skip
RATES = {"--compute": "10T", "--bandwidth": "100G"}
# What shows the device of each command: the figure that is computed for it.
DEVICES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (),
    "summary ": (("--columns", "layer,activation_bytes,least_time"),),
    "calc ": (("--columns", "layer,activation_bytes,least_time"),),
    "sweep ": (("--columns", "parameters,macs,activations,least_time"),),
    "compare ": (("--columns", "parameters,activation_bytes,least_time"),),
    "validate ": (("--limit", "least_time <= 1 s"),),
}
SVG = (("--format", "svg"),)
ONNX = (("--to", "onnx"), ("--output", "net.onnx"))
# An option of one name is tried alike everywhere, unless it is listed with its command.
TRIED = {
    "--input": Tried("2x7x7"),
    "calc --input": Tried("2x11x11"),
    "validate --input": Tried("8x8x3"),
    "--set": Tried("kernel=5"),
    "validate --set": Tried("stride=2"),
    "import --input": Tried("2x7x7", (("--expand", ""),)),
    "--layout": Tried("channels_first", (("--to", "keras"),)),
    "--save-weights": Tried("weights.json"),
    "import --set": Tried("kernel=5", (("--expand", ""),)),
    "show --input": Tried("2x7x7", (("--expand", ""),)),
    "show --set": Tried("kernel=5", (("--expand", ""),)),
    "--format": Tried("json"),
    "explain --format": Tried("markdown"),
    "--output": Tried("out.txt"),
    "--width": Tried("40"),
    "calc --width": Tried("20"),
    "--color": Tried("always"),
    "--depth": Tried("1"),
    "--columns": Tried("layer,activation_bytes"),
    "--human": Tried(),
    "--dtype": Tried("float16"),
    "--shapes": Tried("hwc"),
    "--lang": Tried("zh"),
    "--limit": Tried("macs <= 1"),
    "--strict": Tried(),
    "--expand": Tried(),
    "--explain": Tried(),
    "--convention": Tried("thop"),
    "--want": Tried("2x2"),
    "--free": Tried("stride,padding", (("--want", "2x2"),)),
    "--sort": Tried("macs"),
    "--published": Tried(),
    "--family": Tried("resnet50"),
    "--separable": Tried("depthwise"),
    "--dense": Tried(),
    "compare --at": Tried("conv?"),
    "compare --width": Tried("58"),
    "--totals": Tried(),
    "--stages": Tried(),
    "compare --columns": Tried("parameters,activation_bytes"),
    "compare --dtype": Tried("float16", (("--columns", "parameters,activation_bytes"),)),
    "--least-saving": Tried("70%", (("--separable", "depthwise"),)),
    "--write": Tried("written.yaml", (("--separable", "depthwise"),)),
    "--input-data": Tried("data.json"),
    "--kernel": Tried("first=2"),
    "--precision": Tried("float16"),
    "--unit": Tried("3"),
    "--through": Tried("2", (("--unit", "3"),)),
    "--weights": Tried("weights.json", (("--seed", "0"),)),
    "--seed": Tried("5"),
    "--random-weights": Tried("", ONNX),
    "export --weights": Tried("weights.json", (*ONNX, ("--random-weights", ""))),
    "export --seed": Tried("5", (*ONNX, ("--random-weights", ""))),
    "--at": Tried("pair*.0.conv1"),
    "--all": Tried(),
    "--picture": Tried("", (("--at", "pair*.0.conv1"),)),
    "--matrix": Tried("", (("--at", "first"),)),
    "explain --gradient": Tried(),
    "--from": Tried("first"),
    "explain --unit": Tried("0,0"),
    "--gradient": Tried("", (("--at", "pair*.0.conv1"),)),
    "--output-gradient": Tried("ramp", (("--gradient", ""), ("--at", "pair*.0.conv1"))),
    "--stats": Tried("", (("--gradient", ""), ("--at", "pair*.0.conv1"))),
    "--effective-field": Tried("2", (("--at", "pair*.1.conv1"),)),  # behind a relu, so that the input matters
    "--save-image": Tried("image.pgm", (("--at", "pair*.0.conv1"),)),
    "--channel": Tried(
        "1",
        (
            ("--save-image", "image.pgm"),
            ("--at", "pair*.0.conv1"),
        ),
    ),
    "--max-multiplications": Tried("10"),
    "--max-memory": Tried("0"),
    "--blank": Tried("macs"),
    "--solutions": Tried(),
    "--check": Tried("answers.csv"),
    "--arena": Tried(),
    "--training": Tried(),
    "--optimizer": Tried("sgd", (("--training", ""),)),
    "--mixed": Tried("", (("--training", ""),)),
    "--batch": Tried("3"),
    "memory --at": Tried("pair*.0.conv1"),
    "--join-concats": Tried(),
    **{
        f"{command}{option}": Tried(RATES[option], ((other, RATES[other]), *beside))
        for command, beside in DEVICES.items()
        for option, other in (("--compute", "--bandwidth"), ("--bandwidth", "--compute"))
    },
    "draw --format": Tried("svg"),
    "draw --width": Tried("24"),
    "--style": Tried("volumes", SVG),
    "draw --depth": Tried("1", SVG),
    "draw --at": Tried("pair2"),
    "--label": Tried("macs", SVG),
    "--diff": Tried("another_network.yaml", SVG),
    "--page-width": Tried("100pt", SVG),
    "--tall": Tried("", SVG),
    "--no-legend": Tried("", SVG),
    "--background": Tried("none", SVG),
    "--standalone": Tried("", (("--format", "latex"),)),
    "--like": Tried("two_conv"),
    "--to": Tried("pytorch"),
    "--vary": Tried("kernel=1,3,5"),
    "compare --vary": Tried("kernel=1,5"),
    "--minimize": Tried("macs"),
    "--maximize": Tried("macs"),
    "--pareto": Tried("macs,multiplications"),
    "sweep --limit": Tried("macs <= 6 k"),
    "sweep --set": Tried("stride=2"),
    "sweep --width": Tried("30"),
    "sweep --columns": Tried("parameters,activation_bytes"),
    "sweep --dtype": Tried("float16", (("--columns", "parameters,activation_bytes"),)),
}
# It says who does the work, and nothing else may come of it: `test_jobs.py`.
UNSEEN = "--jobs"
# What an option alone does not leave at 0.
CODES = {
    "import --save-weights": 2,
    "calc --want": 1,
    "validate --strict": 1,
    **dict.fromkeys(("summary --limit", "compare --limit", "validate --limit"), 1),
    "exercise --check": 1,
    "run --max-multiplications": 2,
    "run --max-memory": 2,
}
# Where an option may be without effect beside others, and why.
ALLOWED = {
    "--color": "it concerns messages too, and there may be some",
    "validate --limit --strict": "each alone makes the exit code 1",
    "sweep --human --width": "where it is narrow, units are shown in any case",
    "memory --human --width": "where it is narrow, units are shown in any case",
    "compare --human --width": "where it is narrow, units are shown in any case",
}


class Run(NamedTuple):
    """What came of a command: everything that a user could notice."""

    code: int
    out: str
    err: str
    files: tuple[tuple[str, str], ...]


class Runner:
    """Runs commands in a folder of their own; each once."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.known: dict[tuple[str, ...], Run] = {}
        texts = {
            "net.yaml": NETWORK,
            "another_network.yaml": OTHER,
            "answers.csv": "blank,answer\n1,3x6x6\n2,6\n",
            "branches.yaml": BRANCHES,
            "long.yaml": LONG,
            "data.json": json.dumps([[[row * column / 9 for column in range(6)] for row in range(6)]] * 2),
            "weights.json": json.dumps({"first": {"weight": [[[[1]], [[2]]]] * 3, "bias": [0] * 3}}),
        }
        for name, text in texts.items():
            (folder / name).write_text(text)
        self.given = set(texts)

    def __call__(self, *args: str) -> Run:
        if args not in self.known:
            self.capsys.readouterr()
            code = run([*args])
            written = sorted(path for path in self.folder.iterdir() if path.name not in self.given)
            made = tuple((path.name, path.read_text(errors="backslashreplace")) for path in written)
            for path in written:
                path.unlink()
            self.known[args] = Run(code, *self.capsys.readouterr(), made)
        return self.known[args]


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        files, "bundled", lambda: ["lenet5", "resnet18", "resnet50", "two_conv"]
    )  # `list` reads them all
    return Runner(tmp_path, capsys)


def options_of(command: str) -> list[str]:
    found = [format_label(param) for param in COMMANDS[command].params if param.param_type_name == "option"]
    return [option for option in found if option != UNSEEN]


def tried(command: str, option: str) -> Tried:
    return TRIED.get(f"{command} {option}") or TRIED[option]


def line(command: str, *options: str, without: str = "") -> list[str]:
    """A command line with options and what they are tried together with, but without one of them."""
    arguments, given = BASE[command]
    beside: dict[str, str] = {}
    for option in options:
        beside |= dict(tried(command, option).beside)
    wanted = beside | {option: tried(command, option).value for option in options}
    given = {option: value for option, value in (given | wanted).items() if option != without}
    arguments = next((ON[f"{command} {each}"] for each in [*options, *given] if f"{command} {each}" in ON), arguments)
    return [command, *arguments, *(token for pair in given.items() for token in pair if token)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_an_effect(command: str, runner: Runner) -> None:
    for option in options_of(command):
        done = runner(*line(command, option))
        assert done.code == CODES.get(f"{command} {option}", 0), (option, done.err)
        assert done != runner(*line(command, option, without=option)), f"{option} is ignored"


@pytest.mark.sample(4)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_has_an_effect_beside_any_other_or_is_refused(command: str, runner: Runner) -> None:
    ignored = []
    for pair in combinations(options_of(command), 2):
        done = runner(*line(command, *pair))
        if done.code == 2:
            assert done.err.startswith("cnncalc: ")
            assert done.files == ()
        else:
            ignored += [
                f"{option} is ignored: {' '.join(line(command, *pair))}"
                for option in pair
                if not {option, " ".join([command, *pair])} & ALLOWED.keys()
                and done == runner(*line(command, *pair, without=option))
            ]
    assert ignored == []


def test_what_is_tried_is_there() -> None:
    known = {(command, option) for command in COMMANDS for option in options_of(command)}
    for name in TRIED:
        command, _, option = name.rpartition(" ")
        assert any((each, option) in known for each in ([command] if command else COMMANDS)), name


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_names_a_file_says_whether_it_is_read_or_written(command: str) -> None:
    declared = list_relations(COMMANDS[command])
    for param in COMMANDS[command].params:
        names_a_file = (param.metavar or "").strip("[].") in ("FILE", "ARCH", "CHAIN", "SOURCE", "DATA", "KERNEL")
        assert names_a_file == any(isinstance(each, (Reads, Writes)) for each in declared[param.name]), format_label(
            param
        )


@pytest.mark.parametrize("command", COMMANDS)
def test_relations_name_what_is_there(command: str) -> None:
    """A condition that no command line can fulfil is a mistake, but shared options name formats of all commands."""
    known = {format_label(param): param for param in COMMANDS[command].params}
    for name, declared in list_relations(COMMANDS[command]).items():
        for relation in declared:
            if isinstance(relation, (Needs, Without)):
                pairs = [condition.partition(" ") for condition in relation.conditions]
                assert {option for option, _, _ in pairs} - {"--format"} <= known.keys(), name
                formats = {value for option, _, value in pairs if option == "--format"}
                assert not formats or "--format" not in known or formats & {*known["--format"].type.choices}, name


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ("run net.yaml --save-image a.pgm --output b.json", "`--output` has no effect with `--save-image`"),
        ("run net.yaml --channel 1", "`--channel` has an effect only with `--save-image`"),
        ("run net.yaml --matrix --input-data none.json", "`--input-data` has no effect with `--matrix`"),
        ("run net.yaml --save-image=", "`--save-image` needs the name of a file"),
        ("summary net.yaml --output=", "`--output` needs the name of a file"),
        ("verify --set a=1", "`--set` has an effect only with `ARCH`"),
        ("summary net.yaml -f json --width 9", "`--width` has an effect only with `--format table`"),
        ("summary net.yaml -f json -d 1", "`--depth` has an effect only with `--format table`, `markdown` or `latex`"),
        (
            "run net.yaml --picture -o a.json",
            "`--picture` has an effect only with `--format text`; the ending of 'a.json' means `--format json`",
        ),
        ("summary net.yaml -d 1 --depth 2", "`--depth` is given more than once"),
        ("summary net.yaml --human --exact", "`--human` is given more than once"),
        ("validate - net.yaml -", "standard input can be read only once: `ARCH` names it twice"),
        ("run - --weights -", "standard input can be read only once: `ARCH` and `--weights` both name it"),
        (
            "run net.yaml --weights - --input-data /dev/stdin",
            "standard input can be read only once: `--input-data` and `--weights` both name it",
        ),
        ("summary net.yaml -o net.yaml", "`--output` would overwrite 'net.yaml', which `ARCH` reads"),
        ("run net.yaml --weights a --save-image ./a", "`--save-image` would overwrite 'a', which `--weights` reads"),
        ("compare net.yaml --separable depthwise --write -", "`--output` and `--write` both write standard output"),
    ],
)
def test_an_option_without_effect_is_refused_with_the_reason(args: str, reason: str, runner: Runner) -> None:
    assert runner(*args.split()) == Run(2, "", f"cnncalc: {reason}\n", ())


@pytest.mark.parametrize("second", ["new.yaml", "./new.yaml", "../here/new.yaml", "NEW.yaml", "link.yaml"])
def test_two_results_in_one_file_are_refused(
    second: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("link.yaml").symlink_to("new.yaml")
    args = ["compare", "lenet5", "--separable", "depthwise", "--write", "new.yaml", "--output"]
    assert run([*args, second]) == 2
    assert capsys.readouterr().err == "cnncalc: `--write` and `--output` both write the same file\n"
    assert not Path("new.yaml").exists()
    assert run([*args, "table.txt"]) == 0
    assert Path("new.yaml").read_text().startswith("name: ")


@pytest.mark.parametrize(
    "args",
    [
        "compare net.yaml --separable depthwise --least-saving=-5%", "run net.yaml --seed=-1",
        "compare net.yaml --separable depthwise --least-saving=101%", "run net.yaml --save-image a --channel=-1",
        "compare net.yaml --separable depthwise --least-saving=much", "run net.yaml --max-multiplications=-1",
        "summary net.yaml --width=0", "summary net.yaml --width=-1", "summary net.yaml --depth=-1",
        "calc relu --input 2x9x9 --want 9x9 --free bias",
    ],
)  # fmt: skip
def test_values_beyond_the_range_are_refused_whatever_else_is_given(args: str, runner: Runner) -> None:
    done = runner(*args.split())
    assert (done.code, done.out, done.files) == (2, "", ())
    assert args.split("=")[0].split()[-1] in done.err or "--free" in done.err


@pytest.mark.parametrize(
    ("command", "name", "endings"),
    [
        ("verify", "v.csv", ".json or .txt"),
        ("memory", "x.xyz", ".csv, .json, .md, .tex or .txt"),
        ("explain", "x.JSON", ".md, .tex or .txt"),
        ("summary", "x.html", ".csv, .json, .md, .tex or .txt"),
        ("run", "a.csv", ".json or .txt"),
    ],
)
def test_the_ending_of_a_format_that_a_command_lacks_is_refused(
    command: str, name: str, endings: str, runner: Runner
) -> None:
    arguments = [command, "net.yaml", "--output", name]
    done = runner(*arguments)
    assert (done.code, done.files) == (2, ())
    assert f"use {endings}, or name a --format" in done.err
    assert runner(*arguments, "--format", "text" if command in ("verify", "explain", "run") else "table").code == 0
    for other in ("x.txt", "x.log", "x", "tmp.Xa8Z92hxsk", "2024.11"):  # names without a format
        assert runner(command, "net.yaml", "--output", other).code == 0


def test_the_ending_of_a_file_chooses_the_format(runner: Runner) -> None:
    endings = {"a.csv": "csv", "a.json": "json", "a.MD": "markdown", "a.txt": "table", "a": "table"}
    for name, format in endings.items():
        shown = runner("summary", "net.yaml", "-f", format).out
        assert runner("summary", "net.yaml", "-o", name).files == ((name, shown),)
    table = runner("summary", "net.yaml").out
    assert runner("summary", "net.yaml", "-o", "a.csv", "--format", "table").files == (("a.csv", table),)
    assert "align*" in runner("explain", "net.yaml", "-o", "a.tex").files[0][1]
