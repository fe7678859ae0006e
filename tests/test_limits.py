"""The limits in the guide: what is exactly at a limit is accepted, one more is rejected, and the message says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.errors import CnncalcError
from cnncalc.execution import verify as verifying
from cnncalc.layers.base import Shapes
from cnncalc.layers.kernel import Convolution
from cnncalc.layers.separable import SeparableConv

from .networks import network, report

HEAD = "input: [1, 8, 8]\n"


class Result(NamedTuple):
    """The result of `cnncalc validate FILE --format json`: its exit code, and every problem as `code: message`."""

    code: int
    problems: list[str]
    places: list[tuple[int, int]]


Validate = Callable[[str | bytes], Result]


@pytest.fixture
def validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Validate:
    """Validates a string or bytes as a file."""

    def validate_file(content: str | bytes) -> Result:
        path = tmp_path / "net.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        code = run(["validate", str(path), "--format", "json"])
        found = json.loads(capsys.readouterr().out)["files"][0]["problems"]
        return Result(
            code,
            [f"{problem['code']}: {problem['message']}" for problem in found],
            [(problem["line"], problem["column"]) for problem in found],
        )

    return validate_file


def padded(size: int) -> str:
    """A file with this number of bytes."""
    start = HEAD + "layers: [relu]\n#"
    return start + " " * (size - len(start))


def blocks(count: int) -> str:
    """A chain of blocks, each of which calls the previous one; the last one is called."""
    calls = "".join(f"  b{n}:\n    - b{n - 1}\n" for n in range(1, count))
    return f"{HEAD}blocks:\n  b0:\n    - relu\n{calls}layers: [b{count - 1}]"


def listed(text: str) -> str:
    return f"{HEAD}params:\n  p: {text}\nlayers:\n  - relu if p == p"


def tower(size: int, factor: int = 1) -> str:
    return f"input: [1, {size}, 1]\nlayers: [upsample({factor})]"


# limit → (a file by a size, the largest size that is accepted, the beginning of the problem for one more)
BOUNDS: dict[str, tuple[Callable[[int], str], int, str]] = {
    "bytes of a file": (padded, limits.FILE_BYTES, "too-large: …/net.yaml is larger than the limit of 1,024 KiB"),
    "characters of a text": (
        lambda size: f"{HEAD}layers: ['{'relu':{size}}']", limits.STRING_CHARACTERS,
        "too-large: a string has 10,001 characters, more than the limit of 10,000",
    ),
    "elements of a list": (
        lambda size: listed(f"[{', '.join(['1'] * size)}]"), limits.LIST_ELEMENTS,
        "too-large: a list has 10,001 elements, more than the limit of 10,000",
    ),
    "elements of lists in a list": (
        lambda size: listed(f"[[1, 1], [{', '.join(['1'] * (size - 2))}]]"), limits.LIST_ELEMENTS,
        "too-large: a list has 10,001 elements",
    ),
    "layers": (
        lambda size: f"{HEAD}layers: [relu * 20000, relu * {size - 20_000}]", limits.LAYERS,
        "too-large: the network has more than 30,000 layers",
    ),
    "layers that differ": (
        lambda size: f"{HEAD}layers: ['conv(channels + 1, 1) * {size}']", limits.DIFFERENT_LAYERS,
        "too-large: the network has more than 3,000 layers that differ in arguments or input",
    ),
    "layers for two inputs": (  # each has a receptive field for both
        lambda size: f"input: {{a: [1, 2], b: [1, 2]}}\nlayers: [add: [from(a), from(b)], relu * {size - 1}]",
        limits.LAYERS // 2, "too-large: the network has more than 15,000 layers for 2 inputs",
    ),
    "inputs": (
        lambda size: f"input: {{{', '.join(f'a{n}: [1, 2]' for n in range(size))}}}\n"
        f"layers: [add: [{', '.join(f'from(a{n})' for n in range(size))}]]",
        limits.INPUTS, "too-large: the network has more than 32 inputs",
    ),
    "words": (  # the sizes of the input are three of them
        lambda size: f"{HEAD}layers:\n" + "- identity()\n" * (size // 3 - 2) + "- relu\n" * (size % 3 + 3),
        limits.TOKENS, "too-large: the calls and expressions have more than 200,000 words and operators",
    ),
    "nodes": (  # eight of them stand for the document, its input and the list
        lambda size: f"{HEAD}layers:\n" + "- identity: {}\n" * ((size - 8) // 3) + "- relu\n" * ((size - 8) % 3),
        limits.YAML_NODES, "too-large: the file has more than 150,000 strings, lists and mappings",
    ),
    "steps": (  # each of the two items is one, the group of the rounds, and each round
        lambda size: f"{HEAD}layers: [relu, identity * {size - 3}]", limits.EXPANSION_STEPS,
        "too-large: the network takes more than 100,000 steps",
    ),
    "levels of lists": (  # the document and its params are two of them
        lambda size: listed("[" * (size - 2) + "]" * (size - 2)), limits.NESTING,
        "too-large: lists and mappings are nested more than 100 levels deep",
    ),
    "levels of parentheses around layers": (
        lambda size: f"{HEAD}layers: '{'(' * size}relu{')' * size}'", limits.NESTING,
        "too-large: parentheses and operators are nested more than 100 levels deep",
    ),
    "levels of parentheses around a number": (  # the argument itself is the first of them
        lambda size: f"{HEAD}layers: ['conv({'(' * (size - 1)}1{')' * (size - 1)}, 1)']",
        limits.NESTING, "too-large: parentheses and operators are nested more than 100 levels deep",
    ),
    "depth of an expression": (  # ((1 + 1) + 1) + 1: a term more is a level more
        lambda size: f"{HEAD}layers: ['conv({' + '.join(['1'] * size)}, 1)']", limits.NESTING,
        "too-large: an expression is nested more than 100 levels deep",
    ),
    "blocks within blocks": (
        blocks, limits.NESTING, "too-large: blocks, parentheses and branches are nested more than 100 levels deep",
    ),
    "an argument": (
        lambda size: f"{HEAD}layers: ['conv({size}, 1)']", limits.SIZE,
        "bad-argument: `out` is 1000000001: more than 1,000,000,000 is not supported",
    ),
    "a size of the input": (
        tower, limits.SIZE, "bad-input: an input size must be from 1 to 1,000,000,000, found 1000000001",
    ),
    "a size of an output": (
        lambda size: tower(size, 2), limits.SIZE // 2,
        "too-large: the output of `upsample` would be 1×1000000002×2: more than 1,000,000,000 on an axis",
    ),
    "a number": (lambda size: listed(str(size)), limits.NUMBER, "too-large: a number is larger than 10^18"),
    "a sum": (lambda size: listed(f"{size - 1} + 1"), limits.NUMBER, "too-large: the result is not a real number"),
    "a power": (lambda size: listed(f"10 ** {size}"), 18,
                "too-large: the result is not a real number of at most 10^18"),
}  # fmt: skip


@pytest.mark.sample(6)
@pytest.mark.parametrize("limit", BOUNDS)
def test_one_more_than_a_limit_is_rejected(limit: str, validate: Validate, tmp_path: Path) -> None:
    make, most, refusal = BOUNDS[limit]
    code, problems, _ = validate(make(most))
    assert (code, [problem for problem in problems if problem.startswith("too-large")]) == (0, [])
    code, problems, _ = validate(make(most + 1))
    assert code == 1
    assert any(problem.startswith(refusal.replace("…", str(tmp_path))) for problem in problems), problems


DEEP = ("b{} * 1", "(b{} -> relu) * 1", "(b{}) if 1 == 1", "(((b{})))", "add: {a: '(b{} -> relu) * 1', b: identity}")


@pytest.mark.sample(2)
@pytest.mark.parametrize("call", DEEP)
def test_depth_is_bounded_below_the_limit_of_python(call: str, validate: Validate) -> None:
    """For all forms of a call at each level, and an expression of maximal depth at the last."""
    deep = f"{HEAD}blocks:\n  b0:\n    - relu if {' + '.join(['1'] * 100)} == 100\n"
    deep += "".join(f"  b{n}:\n    - {call.replace('{}', str(n - 1))}\n" for n in range(1, 400))
    for count in (20, 33, 49, 50, 99, 100, 101, 400):
        result = validate(f"{deep}layers: [b{count - 1}]\n")
        assert all(problem.startswith(("too-large", "unused-block")) for problem in result.problems)


@pytest.mark.parametrize("count", [limits.EXTENDED_FILES, limits.EXTENDED_FILES + 1])
def test_files_that_extend_one_another(count: int, validate: Validate, tmp_path: Path) -> None:
    for n in range(1, count):
        (tmp_path / f"f{n}.yaml").write_text(f"extends: f{n + 1}\n" if n + 1 < count else HEAD + "layers: [relu]\n")
    code, problems, _ = validate("extends: f1\n")
    refusal = "too-large: more than 20 files extend one another"
    assert (code, problems) == ((0, []) if count == limits.EXTENDED_FILES else (1, [refusal]))


# a part of a file by a size, the limit for all files together, and the words of the message
FAMILY: dict[str, tuple[Callable[[int], str], int, str]] = {
    "bytes": (lambda size: "#" * size, limits.FILE_BYTES, "exceed 1,024 KiB together"),
    "nodes": (
        lambda size: "expect: {a: [" + "1, " * size + "]}", limits.YAML_NODES, "more than 150,000 strings, lists",
    ),
    "words": (lambda size: f"params: {{p: [{', '.join(['[0' + '+0' * 40 + ']'] * (size // 84))}]}}",
              limits.TOKENS, "more than 200,000 words"),
}  # fmt: skip


@pytest.mark.sample(1)
@pytest.mark.parametrize("limit", FAMILY)
def test_files_that_extend_one_another_have_one_limit_together(limit: str, validate: Validate, tmp_path: Path) -> None:
    """Each of two files is within the limit, both together are not."""
    make, most, words = FAMILY[limit]
    for share, refused in ((0.3, False), (0.6, True)):
        part = make(int(most * share))
        (tmp_path / "base.yaml").write_text(f"{HEAD}layers: [relu]\n{part}\n")
        problems = validate(f"extends: base\n{part}\n").problems
        found = [problem for problem in problems if problem.startswith("too-large")]
        assert any(words in problem for problem in found) == refused, problems[:3]
    (tmp_path / "base.yaml").write_text(f"{HEAD}layers: [relu]\n")
    assert not [problem for problem in validate(f"extends: base\n{part}\n").problems if words in problem]


def test_reused_layers_are_examined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of a separable convolution are computed for the first use, and not for the 999 others."""
    made: list[object] = []
    steps = SeparableConv.steps

    def counted(self: SeparableConv, inputs: Shapes) -> tuple[Convolution, Convolution]:
        made.append(inputs)
        return steps(self, inputs)

    monkeypatch.setattr(SeparableConv, "steps", counted)
    assert len(report("layers: ['c = separable_conv(3, 3, padding=1)', reuse(c) * 999]").layers) == 1_000
    assert len(made) < 20


def test_layers_that_are_explained_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(f"{HEAD}layers: ['relu * {limits.EXPLAINED_LAYERS + 1}']\n")
    assert run(["explain", str(path)]) == 1
    assert "at most 1,300 are explained at once" in capsys.readouterr().err
    assert run(["explain", str(path), "relu7"]) == 0


@pytest.mark.parametrize("merge", ["add", "multiply", "concat"])
def test_a_merge_of_a_great_many_branches_is_explained(
    merge: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A formula with a thousand terms would be useless, and too deep for Python's stack."""
    path = tmp_path / "net.yaml"
    path.write_text(f"{HEAD}layers:\n  - s = relu * 1500\n  - {merge}: rounds(s)\n")
    assert run(["explain", str(path), f"{merge}1"]) == 0
    assert "96,000" in capsys.readouterr().out if merge == "concat" else capsys.readouterr().out


@pytest.mark.parametrize("count", [limits.PROBLEMS, limits.PROBLEMS + 1])
def test_the_number_of_reported_problems(count: int, validate: Validate) -> None:
    code, problems, _ = validate(HEAD + "layers:\n" + "  - nonsense\n" * count)
    assert code == 1
    unknown = ["unknown-kind: unknown layer kind or block `nonsense`"] * limits.PROBLEMS
    more = ["too-large: only the first 500 problems are reported"]
    assert problems == unknown + more * (count - limits.PROBLEMS)


GROWTH = {
    "a tower of powers": "linear(9 ** 9 ** 9)",
    "a power that is cut": "linear(2 ** 1000000000)",
    "a shift": "linear(1 << 60)",
    "a list that is multiplied": "relu if [1] * 1000000000 == 1",
    "10^9 rounds": "relu * 10**9",
    "10^9 rounds within 10^9": "(identity * 10**9) * 10**9",
    "more rounds than numbers reach": "relu * 10**19",
}


@pytest.mark.sample(5)
@pytest.mark.parametrize("growth", GROWTH)
def test_growth_is_rejected_with_its_position(growth: str, validate: Validate) -> None:
    code, problems, places = validate(f"{HEAD}layers:\n  - {GROWTH[growth]}\n")
    assert code == 1
    (problem,) = problems
    assert problem.split(":")[0] in ("too-large", "syntax", "bad-value")
    assert places[0][0] == 3


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ("&a [relu]", "anchors (`&a`) are not supported"),
        ("[*a]", "aliases (`*a`) are not supported"),
        ("[{<<: {a: 1}}]", "merge keys are not supported"),
        ("!!python/object/apply:os.system [ls]", "tags (`!!python/object/apply:os.system`) are not supported"),
        ("[relu]\n---\nlayers: [relu]", "only one document per file is supported"),
    ],
)
def test_features_that_allow_yaml_bombs_are_rejected(feature: str, words: str, validate: Validate) -> None:
    code, problems, _ = validate(f"{HEAD}layers: {feature}")
    assert code == 1
    assert f"yaml-feature: {words}" in problems


def test_blocks_that_call_each_other_forever(validate: Validate) -> None:
    text = "blocks:\n  a:\n    - relu -> b\n  b:\n    - c\n  c:\n    - a\nlayers: [a]"
    code, problems, places = validate(HEAD + text)
    assert code == 1
    assert len(problems) == 1
    chain = problems[0].removeprefix("recursion: ").split(": ")[1].split(" → ")
    assert chain[0] == chain[-1]
    assert " → ".join(chain) in "a → b → c → a → b → c"
    assert places[0][0] in (4, 6, 8)  # where one calls the next


def test_recursion_that_ends_in_time_is_allowed(validate: Validate) -> None:
    text = "blocks:\n  a(n):\n    - relu -> (a(n - 1) if n > 1)\nlayers: [a({})]"
    assert validate(HEAD + text.format(49)).code == 0  # each round is a call within a parenthesis, two levels
    code, problems, _ = validate(HEAD + text.format(10**9))
    assert (code, len(problems)) == (1, 1)
    assert problems[0].startswith("recursion: `a` calls itself without end: a → a")


def test_files_that_extend_each_other_in_a_circle(validate: Validate, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("extends: net.yaml\n")
    code, problems, places = validate("# a comment\nextends: other\n")
    assert code == 1
    assert problems == ["extends-cycle: this architecture extends itself: net.yaml → other.yaml → net.yaml"]
    assert places == [(1, 10)]  # of the file that closes the circle
    assert validate("extends: net\n").problems == [
        "extends-cycle: this architecture extends itself: net.yaml → net.yaml"
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (".", "is a folder, not a file"),
        ("/dev/zero", "is a device, not a file"),
        ("missing.yaml", "no such file or directory"),
        ("circular", "too many levels of symbolic links"),
        ("missing/net.yaml", "no such file or directory"),
        ("/dev/null/net.yaml", "not a directory"),
        ("", "an empty name: no such file or directory"),
        ("x" * 100_000, "file name too long"),
    ],
)
@pytest.mark.parametrize("command", ["summary", "show", "run", "verify", "explain"])
def test_paths_that_cannot_be_read(
    command: str, name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("circular").symlink_to("circular")
    assert run([command, name]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error[unreadable]: ")
    assert words in err
    assert len(err) < 1_500


def test_an_empty_name_is_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(HEAD + "layers: [relu]\n")
    assert run(["validate", ""]) == 1
    assert "an empty name: no such file or directory" in capsys.readouterr().out
    assert run(["validate", "."]) == 0


@pytest.mark.parametrize(
    ("content", "refusal", "place"),
    [
        (b"input: [1, 8, 8]\nname: caf\xe9\n", "not-text: byte 26 (0xe9) is not UTF-8 text", (2, 10)),
        ("input: [1, 8, 8]\n".encode("utf-16"), "not-text: byte 0 (0xff) is not UTF-8 text", (1, 1)),
        (b"input: [1, 8, 8]\nlayers: [re\0lu]\n", "not-text: the character U+0000 is not allowed in YAML", (2, 12)),
        (b"input: [1, 8, 8]\nname: a\x1b[31m\n", "not-text: the character U+001B is not allowed in YAML", (2, 8)),
        (b"input: [1, 8, 8]\nlayers:\n\t- relu\n", "yaml-syntax: tabs are not allowed for indentation", (3, 1)),
        (
            b"input: [1, 8]\nlayers:\n  - relu\n \t - tanh\n",
            "yaml-syntax: tabs are not allowed for indentation",
            (4, 2),
        ),
        (b"input: [1, 8, 8]\nlayers:\n  -\trelu\n", "yaml-syntax: a tab is not allowed here", (3, 4)),
        (b"", "wrong-form: an architecture must be a mapping with `input` and `layers`, found nothing", (1, 1)),
        (b"[[[", "yaml-syntax: this `[` is not closed", (1, 3)),
    ],
)
def test_invalid_text_and_invalid_yaml(
    content: bytes, refusal: str, place: tuple[int, int], validate: Validate
) -> None:
    code, problems, places = validate(content)
    assert code == 1
    assert problems[0].startswith(refusal)
    assert places[0] == place


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_byte_order_mark_and_the_line_ends_of_others(mark: str, end: str, validate: Validate) -> None:
    lines = ["input: [1, 8, 8]", "layers:", "  - conv(2, 3) ->", "    relu", "  - {}", ""]
    text = mark + end.join(lines)
    assert validate(text.format("tanh"))[:2] == (0, [])
    assert validate(text.format("tanhh")).places == [(5, 5)]
    assert validate(text.replace("input", "inputt", 1).format("tanh")).places == [(1, 1)]


def test_tabs_that_are_allowed(validate: Validate) -> None:
    assert validate("input:\t[1, 8, 8]\t# a comment\nlayers:\n  - conv(2,\t3)\t->\trelu\n").code == 0


def test_a_field_that_varies_is_followed_up_to_a_limit() -> None:
    """An upsampling by n repeats after n units; beyond the limit bounds are stated."""
    exact, bound = (report(f"layers: 'upsample({n}, mode=linear)'").layers[0].receptive_field for n in (127, 129))
    assert exact
    assert bound
    assert (exact.exact, exact.size) == (True, (2, 2))
    assert (bound.exact, bound.size) == (False, (2, 2))


def test_the_number_of_layers_that_verify_accepts() -> None:
    size = limits.VERIFIED_LAYERS
    with pytest.raises(CnncalcError, match=f"has {size + 1:,} layers, and `verify` takes at most {size:,}"):
        verifying.verify(network(f"input: [1, 1]\nlayers: [relu * {size + 1}]"))
    assert verifying.verify(network("input: [1, 1]\nlayers: [relu * 3]")).held
