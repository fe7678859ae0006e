"""Files that are repaired by the suggestions alone: the text after all repairs."""

from __future__ import annotations

import pytest

from cnncalc.errors import Fix, Problem, Source, Span
from cnncalc.reading import Reading, read, read_text
from cnncalc.spec.repairs import confirm_repairs, replace_all, write

MOST_ROUNDS = 20


def mended(text: str) -> str:
    """The text after the first repair that is offered, and so on until there is none."""
    for _ in range(MOST_ROUNDS):
        repairs = [problem.fixes[0] for problem in read_text(Source("net.yaml", text)).problems if problem.fixes]
        if not repairs:
            return text
        text = repairs[0].apply()
    raise AssertionError(f"after {MOST_ROUNDS} repairs there are more")


def layers(*lines: str, before: str = "") -> str:
    return "\n".join(["input: [8, 8, 8]", *filter(None, [before]), "layers:", *(f"  {line}" for line in lines), ""])


BODIES = {
    "branches with dashes and names": (
        ["- add:", "    - body:", "        - conv(8, 3, padding=1)", "        - relu", "    - skip: identity"],
        ["- add:", "      body:", "        - conv(8, 3, padding=1)", "        - relu", "      skip: identity"],
    ),
    "dashes in line with the key": (
        ["- concat:", "  - a: relu", "  - b: tanh", "- flatten"],
        ["- concat:", "    a: relu", "    b: tanh", "- flatten"],
    ),
    "items indented too deep": (
        ["- conv(8, 3)", "    - relu", "    - tanh", "- flatten"],
        ["- conv(8, 3)", "- relu", "- tanh", "- flatten"],
    ),
    "items below a branch": (
        ["- concat:", "    a: conv(8, 3, padding=1)", "      - relu", "    b: identity"],
        ["- concat:", "    a: conv(8, 3, padding=1) -> relu", "    b: identity"],
    ),
    "repeated after else": (
        ["- relu if 3 > 2 else relu * 2"],
        ["- relu if 3 > 2 else (relu * 2)"],
    ),
    "outputs at the top": (
        ["- a = conv(8, 3)", "- b = conv(8, 3)  # last"],
        ["- a = conv(8, 3)", "- b = conv(8, 3)  # last", "- outputs: {a: from(a), b: from(b)}"],
    ),
    "quoted calls": (
        ['- concat: {a: conv(8, [3, 3], padding=1), b: "relu"}'],
        ['- concat: {a: "conv(8, [3, 3], padding=1)", b: "relu"}'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_bodies(case: str) -> None:
    before, after = BODIES[case]
    outputs = "outputs: [a, b]" if case == "outputs at the top" else ""
    assert mended(layers(*before, before=outputs)) == layers(*after)


def test_outputs_after_the_layers_keep_their_branches() -> None:
    text = "input: [8, 8, 8]\nlayers:\n  - a = relu\noutputs:\n  p: from(a)\n  q:\n    - from(a)\n    - tanh\n"
    wanted = (
        "input: [8, 8, 8]\nlayers:\n  - a = relu\n  - outputs:\n"
        "        p: from(a)\n        q:\n          - from(a)\n          - tanh\n"
    )
    assert mended(text).rstrip() == wanted.rstrip()


def test_numbers_at_the_top_join_the_params() -> None:
    text = "input: [8, 8, 8]\nparams:\n  a: 4\nwidth: 8\nlayers:\n  - conv(width, 3) -> conv(a, 1)\n"
    assert mended(text) == "input: [8, 8, 8]\nparams:\n  width: 8\n  a: 4\nlayers:\n  - conv(width, 3) -> conv(a, 1)\n"


# After one mistake


@pytest.mark.parametrize(
    "definition",
    [
        "conv(8, 3", "conv(8 3)", "conv(8, 3) relu", "conv(8, 3, strid=2)", "rellu", "conv(8, 99)", "conv(unknown, 3)",
        "relu x 2", "linear(3)", "'relu'", "$relu", "reuse(b)", "(relu -> rellu) * 2", "relu if 1", "outputs",
    ],
)  # fmt: skip
@pytest.mark.parametrize("use", ["from(a)", "add: [from(a), from(a)]", "reuse(a)", "from(a) -> relu -> tanh"])
def test_uses_of_a_name_are_not_reported_if_its_definition_is(definition: str, use: str) -> None:
    alone = read_text(Source("net.yaml", layers(f"- a = {definition}"))).problems
    used = read_text(Source("net.yaml", layers(f"- a = {definition}", f"- {use}", f"- {use}"))).problems
    assert [(problem.code, problem.span) for problem in used if problem.severity == "error"] == [
        (problem.code, problem.span and problem.span._replace(source=used[0].span.source))  # type: ignore[union-attr]
        for problem in alone
        if problem.severity == "error"
    ]
    assert len(alone) == 1


# What is tried and does not hold is not offered.


def test_a_problem_that_only_moves_is_not_repaired() -> None:
    """A repair before the position of a problem only moves it."""
    source = Source("net.yaml", "conv(8, 3, 1) ?")
    problem = Problem("syntax", "", Span(source, 14, 15), fixes=(write(Span(source, 5, 8), ""),))

    def again(text: str) -> tuple[list[Problem], int]:
        at = text.index("?")
        return [Problem("syntax", "", Span(Source("net.yaml", text), at, at + 1))], 1

    assert confirm_repairs([problem], 1, again)[0].fixes == ()


def test_several_replacements_are_one_repair() -> None:
    source = Source("net.yaml", "abcdef")
    fix = replace_all([(Span(source, 4, 5), "E"), (Span(source, 1, 2), "B"), (Span(source, 3, 3), "+")], "why")
    assert fix == Fix(Span(source, 1, 5), "Bc+dE", "why")
    assert fix.apply() == "aBc+dEf"


# A word that is no file


@pytest.mark.parametrize("text", ["Flatten", "swish", "identity", "relu * 3", "x = relu", "nn.ReLU", "relu, relu"])
def test_a_word_of_a_chain_is_not_a_missing_file(text: str) -> None:
    reading = read(text, inputs=["3x8x8"])
    assert reading.is_chain
    assert [problem.code for problem in reading.problems if problem.code == "unreadable"] == []


@pytest.mark.parametrize(
    ("text", "layers", "is_chain"),
    [
        ("unheard_of", False, False), ("unheard_of", True, True), ("net.yaml", True, False), ("nets/pool", True, False),
        ("conv 3", True, True),
    ],
)  # fmt: skip
def test_calc_reads_any_other_word_as_a_layer(text: str, layers: bool, is_chain: bool) -> None:
    reading: Reading = read(text, inputs=["3x8x8"], layers=layers)
    assert reading.is_chain == is_chain
    assert reading.failed


@pytest.mark.parametrize(("text", "wanted"), [("Flatten", "flatten"), ("swish", "silu"), ("nn.ReLU()", "relu")])
def test_the_intended_layer_is_suggested(text: str, wanted: str) -> None:
    (problem,) = read(text, inputs=["3x8x8"], layers=True).problems
    assert problem.fixes[0].text == wanted


# A pool that pads more than it may


@pytest.mark.parametrize(
    ("call", "size"),
    [("max_pool(3, 1, 2)", 10), ("max_pool(2, stride=2, padding=2)", 6), ("avg_pool(2, 1, 2)", 11)],
)
def test_the_size_that_was_wanted_is_kept(call: str, size: int) -> None:
    """O = ⌊(I + 2P − K)/S⌋ + 1 of 8: (8 + 4 − 3)/1 + 1 = 10, (8 + 4 − 2)/2 + 1 = 6, (8 + 4 − 2)/1 + 1 = 11."""
    network = read_text(Source("net.yaml", mended(layers(f"- {call}")))).require_network()
    assert network.nodes[-1].output == (8, size, size)
