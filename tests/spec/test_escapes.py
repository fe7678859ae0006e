"""Nothing in a file reaches Python: the known escapes from an expression are rejected, wherever they occur."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import cnncalc
from cnncalc.cli.app import run
from cnncalc.errors import Source
from cnncalc.reading import read_text
from cnncalc.spec.weights import find_weights

ESCAPES = {
    "attributes": [
        "().__class__.__mro__[1].__subclasses__()", "[].__class__.__base__", "(1).__class__", "1 .real", "1..real",
        "1.0.hex()", "p.__class__", "p.real", "p.__init__.__globals__", "in_channels.bit_length()", "conv.__class__",
        "relu.__class__.__mro__", "relu.upper()", "min.__self__", "max.__call__(1)", "round.__globals__['os']",
        "'a'.__class__", "[1].append(2)", "[1][0].__class__", "true.__class__", "e.flow", "e.definition.values",
        "input.__class__", "input.flow", "e.__class__", "p.p", "a.b.c()",
    ],
    "calls": [
        "__import__('os').system('touch canary')", "__import__(os)", "eval('1')", "exec('open(1)')", "eval(p)",
        "compile('1', '', 'eval')", "open('canary', 'w')", "open(canary)", "getattr(p, 'real')", "getattr(p, real)",
        "setattr(p, 'a', 1)", "vars()", "globals()", "locals()['x']", "dir()", "type(1)", "object()", "super()",
        "breakpoint()", "help()", "exit()", "print(1)", "input()", "int(1)", "str(1)", "chr(65)", "abs(1)", "sum([1])",
        "pow(2, 3)", "len([1])", "isinstance(1, 1)", "p(1)", "min(1)(2)", "(min)(1)", "[min][0](1)", "min(*[1, 2])",
        "min(**p)", "max(1, key=len)", "min(1, default=2)", "os.system(1)", "sys.exit()", "__builtins__",
        "__builtins__['eval']", "builtins.eval(1)",
    ],
    "texts": [
        "'{0.__class__}'.format(1)", "'%s' % 1", "f'{1}'", "f'{__import__(os)}'", "b'1'", "r'1'", "u'1'", "'a' 'b'",
        "'\\x41'", "'\\N{LATIN SMALL LETTER A}'", "\\u0065val(1)", "\\x65val(1)", '"""1"""', "'1'", "`p`", "%(p)s",
        "{{7 * 7}}", "${p}", "$(touch canary)", "`touch canary`", "<%= 7 %>", "#{7}",
    ],
    "names of other alphabets": [
        "ｅval(1)", "𝓮𝓿𝓪𝓵(1)", "ｍin(1)", "__ｉmport__(1)", "p.__ｃlass__", "ｐ", "℮val(1)", "еval(1)",
        "lamb\u200bda: 1", "p\u202e", "٣", "３", "1\u00a0+ os", "²",
    ],
    "syntax": [
        "lambda: 1", "(lambda x: x)(1)", "(x := 1)", "x := 1", "[x for x in [1]]", "{x for x in [1]}",
        "(x for x in [1])", "{x: 1 for x in [1]}", "{1: 2}", "{1}", "{}", "()", "(1,)", "[*p]", "[1, 2][::1]",
        "[1][0:1]", "[1][...]", "[1][__class__]", "[[1]][0, 0]", "@min", "@p 1", "await p", "yield 1", "(yield)",
        "async p", "import os", "from os import system", "del p", "assert 1", "raise p", "return 1", "pass",
        "global p", "1; 2", "1 is 1", "1 in [1]", "1 not in [1]", "1 <> 2", "~1", "1 & 2", "1 | 2", "1 ^ 2", "1 << 2",
        "1 >> 2", "1 @ 2", "1 // 0", "p++", "--", "1 if 1 else 2", "p or 1", "not 1", "...", "Ellipsis", "None",
        "True", "__debug__", "NotImplemented", "__name__", "__file__", "nan", "inf", "1j", "0x10", "0o7", "0b1",
        "1_000",
    ],
}  # fmt: skip

# place → a file with an expression at @, and a good value there; `p` is a param, `e` an output
PLACES = {
    "an argument by position": ('layers:\n- e = relu\n- "conv(@, 1)"\n', "[1, p][1]"),
    "an argument by name": ('layers:\n- e = relu\n- "conv(2, 1, stride=@)"\n', "p"),
    "an element of a list": ('layers:\n- e = relu\n- "conv(2, [1, @])"\n', "p"),
    "an argument as YAML": ('layers:\n- e = relu\n- conv: {out: "@", kernel: 1}\n', "p"),
    "a condition": ('layers:\n- e = relu\n- "tanh if @"\n', "p == 2"),
    "a condition with another": ('layers:\n- e = relu\n- "tanh if p == 2 and (@) else relu"\n', "p == 2"),
    "a condition of a branch": ('layers:\n- e = relu\n- add:\n    a: relu\n    "b if @": identity\n', "p == 2"),
    "a condition of a merge": ('layers:\n- e = relu\n- "add if @": [relu, tanh]\n', "p == 2"),
    "a count": ('layers:\n- e = relu\n- "relu * (@)"\n', "p"),
    "a param": ('params:\n  p: 2\n  q: "@"\nlayers:\n- relu if q == q\n', "p"),
    "a default": ('blocks:\n  "b(n=@)":\n  - e = relu\n  - conv(n, 1)\nlayers: [b]\n', "p"),
    "an argument of a block": ('blocks:\n  b(n):\n  - conv(n, 1)\nlayers:\n- e = relu\n- "b(@)"\n', "p"),
    "a promise": ('layers:\n- e = relu\nexpect:\n  parameters: "@"\n', "p - 2"),
    "the input": ('params: {p: 8}\nlayers:\n- relu\ninput: "@"\n', "[1, p, 8]"),
    "a size of the input": ('params: {p: 8}\nlayers:\n- relu\ninput: [1, "@", 8]\n', "p"),
}
WEIGHTS = 'input: [1, 8, 8]\nlayers:\n- conv(1, 1)\nweights:\n  conv1: {weight: [[[["@"]]]]}\n'
RUNS = {"compile", "exec", "import", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen"}

recorder = SimpleNamespace(on=False, events=[])


def _record(event: str, details: tuple[object, ...]) -> None:
    """An audit hook: Python reports code that is compiled, run or loaded, and files that are written."""
    if recorder.on and (event in RUNS or (event == "open" and str(details[1]) not in ("r", "rb", "None"))):
        recorder.events.append((event, details))


@pytest.fixture(scope="module", autouse=True)
def listening() -> Iterator[None]:
    """Everything is loaded beforehand, so that nothing else may be loaded."""
    for module in pkgutil.walk_packages(cnncalc.__path__, "cnncalc."):
        if module.name != "cnncalc.__main__":
            importlib.import_module(module.name)
    run(["validate", "alexnet"])
    run(["calc", "conv(linear, 1)", "--input", "3x8x8"])
    sys.addaudithook(_record)  # it cannot be taken away again, and is silent outside these tests
    yield
    recorder.on = False


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    recorder.events.clear()
    recorder.on = True
    yield
    recorder.on = False
    assert recorder.events == []
    assert list(tmp_path.iterdir()) == []


def test_the_hook_reports_what_runs() -> None:
    eval("1")
    assert [event for event, _ in recorder.events] == ["compile", "exec"]
    recorder.events.clear()


def written(text: str, escape: str) -> tuple[Source, int]:
    """A file with the escape at a position, in YAML quotes, and the line on which it is."""
    head = "" if "input: " in text else "input: [1, 8, 8]\n"
    head += "" if "params:" in text else "params: {p: 2}\n"
    before, after = (head + text).split("@")
    return Source("test.yaml", before + json.dumps(escape, ensure_ascii=False)[1:-1] + after), before.count("\n") + 1


@pytest.mark.parametrize("place", PLACES)
def test_a_valid_value_is_accepted_there(place: str) -> None:
    """So that the escapes are rejected, and not the files around them."""
    problems = read_text(written(*PLACES[place])[0], check_expect=True).problems
    assert [problem.message for problem in problems if problem.severity == "error"] == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("group", ESCAPES)
def test_an_escape_is_rejected_with_its_position(group: str, place: str) -> None:
    for escape in ESCAPES[group]:
        source, line = written(PLACES[place][0], escape)
        errors = [problem for problem in read_text(source, check_expect=True).problems if problem.severity == "error"]
        assert any(error.span and error.span.line == line for error in errors), (source.text, errors)


@pytest.mark.parametrize("group", ESCAPES)
def test_an_escape_among_weights_is_rejected(group: str) -> None:
    for escape in ESCAPES[group]:
        source, line = written(WEIGHTS, escape)
        _, problems = find_weights(read_text(source).description)
        assert [problem.span.line for problem in problems if problem.span] == [line], (source.text, problems)


@pytest.mark.parametrize("group", ESCAPES)
@pytest.mark.parametrize("option", ["--set", "--input", "calc"])
def test_an_escape_on_the_command_line_is_rejected(group: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = {
        "--set": ["summary", "mobilenet_v1", "--set", "width=@"],
        "--input": ["summary", "alexnet", "--input", "3x@x8"],
        "calc": ["calc", "conv(@, 1) -> relu", "--input", "3x8x8"],
    }[option]
    for escape in ESCAPES[group]:
        recorder.on = False  # the bundled file is opened, and so is what is lazily loaded of yaml
        code = run([argument.replace("@", escape) for argument in arguments])
        recorder.on = True
        shown = capsys.readouterr()
        assert code in (1, 2), escape
        assert "error" in shown.err or shown.err.startswith("cnncalc: "), escape
        assert "--set" in shown.err or "--input" in shown.err or "command line" in shown.err, (escape, shown.err)


TAGS = [
    "!!python/object/apply:os.system ['touch canary']", "!!python/object/new:os.system ['touch canary']",
    "!!python/name:os.system", "!!python/module:os", "!!python/object:builtins.object {}", "!!python/tuple [1]",
    "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch canary']", "!!binary aGk=", "!!timestamp 2001-01-01",
    "!!set {a}", "!!str relu", "!local relu", "! relu",
]  # fmt: skip


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("text", ["layers: @", "name: @", "layers: [ @ ]", "? @\n: relu"])
def test_tags_create_no_objects(tag: str, text: str) -> None:
    problems = read_text(Source("test.yaml", "input: [1, 8, 8]\n" + text.replace("@", tag)), check_expect=True).problems
    assert ("yaml-feature", 2) in [(problem.code, problem.span.line) for problem in problems if problem.span]
