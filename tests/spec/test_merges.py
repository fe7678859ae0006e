"""Merges with arguments and in one line; and that words added later do not change older files."""

from __future__ import annotations

import pytest

from cnncalc.layers import LATER_FAMILIES, LATER_WORDS
from cnncalc.layers.structure import LATER_MERGES
from cnncalc.spec.write import write_network

from ..networks import layers, network, problems, read, report

WORDS = (*LATER_FAMILIES, "area", "rest", "here_", "first")

# merges


def test_a_merge_of_named_outputs_in_one_line() -> None:
    found = network("""
        layers:
          - x = conv(4, 3, padding=1)
          - a = from(x) -> conv(4, 1)
          - b = from(x) -> global_avg_pool
          - both = subtract(a, b)
          - add(both, x, input) if channels == 3 else multiply(both, x)
          - from(both) -> (mean(a, both) -> relu)
    """)
    assert [(node.path, node.layer.kind, node.inputs) for node in found.nodes] == [
        ("x", "conv", (-1,)), ("a.conv1", "conv", (0,)), ("b.global_avg_pool1", "global_avg_pool", (0,)),
        ("both", "subtract", (1, 2)), ("multiply1", "multiply", (3, 0)), ("mean1", "mean", (1, 3)),
        ("relu1", "relu", (5,)),
    ]  # fmt: skip


def test_it_is_the_same_as_with_branches() -> None:
    names = "layers: [a = relu, b = from(a) -> tanh, {word}]"
    for word in ("add", "subtract", "concat", "maximum"):
        line = layers(names.format(word=f"'{word}(a, b)'"))
        branches = layers(names.format(word=f"{{{word}: [from(a), from(b)]}}"))
        assert line == branches
        assert line[-1] == f"{word}1: {word}"


def test_outputs_inside_a_block_and_arguments_are_named_outputs() -> None:
    text = """
        blocks:
          two:
            - y = relu
            - tanh
          join(skip): divide(skip, input)
        layers:
          - m = two
          - add(m, m.y)
          - join(m.y)
    """
    assert layers(text)[2:] == ["add1: add", "join1.divide1: divide"]


def test_the_tensor_before_a_merge_in_one_line_is_discarded_unless_it_is_read() -> None:
    assert problems("layers: [a = relu, b = tanh, 'add(a, b)']") == []
    assert problems("layers: [a = relu, b = tanh, 'conv(3, 1) -> add(a, b)']") == [("lost-value", 2, 45)]


@pytest.mark.parametrize(
    ("item", "code", "help"),
    [
        ("add(a)", "wrong-form", "list named outputs: `add(a, b)`"),
        ("add", "wrong-form", "each branch on its own line"),
        ("add(a, 3)", "wrong-form", "name the branch"),
        ("add(a, relu)", "bad-value", "name each branch, `a = relu`"),
        ("add(a, conv(3, 1))", "syntax", "takes names of outputs"),
        ("add(a, b, axis=1)", "unknown-argument", "takes no arguments"),
        ("subtract(a, b, a)", "wrong-form", ""),
        ("add(a, 1 + 1)", "wrong-form", "name the branch"),
        ("add(a, c)", "shape-mismatch", ""),
    ],
)
def test_invalid_merges_in_one_line(item: str, code: str, help: str) -> None:
    text = f"layers: [a = relu, b = tanh, c = max_pool(3), '{item}']"
    found = [problem for problem in read(text).problems if problem.severity == "error"]
    assert [problem.code for problem in found] == [code]
    assert help in found[0].help


def test_a_difference_takes_two_branches() -> None:
    for text in ("subtract: [relu, tanh, identity]", "divide: {a: relu, b if 1 > 2: tanh}", "subtract: [relu]"):
        assert [code for code, *_ in problems(f"layers: [{{{text}}}]")] == ["wrong-form"]
    assert layers("layers: [{mean: {a: relu, b if 1 > 2: tanh}}]") == ["mean1.a.relu1: relu"]


def test_broadcasting_is_shown_in_shapes() -> None:
    found = report("""
        layers:
          - add:
              map: conv(4, 1)
              row: conv(1, [8, 1])
              channel: global_avg_pool -> conv(4, 1)
    """)
    assert found.layers[-1].inputs == ((4, 8, 8), (1, 1, 8), (4, 1, 1))
    assert found.layers[-1].output == (4, 8, 8)
    assert found.layers[-1].work.additions == 2 * 4 * 8 * 8


def test_a_merge_is_written_out_and_read_back() -> None:
    text = """
        layers:
          - a = conv(4, 3, padding=1)
          - b = from(a) -> abs
          - subtract(b, a)
          - maximum: [identity, "clip(-1, 0.5)", "from(a) -> affine(-1, 1)"]
          - divide: {a: exp, b: power(2)}
    """
    found = network(text)
    again = network(write_network(found))
    assert [(node.layer, node.inputs, node.output) for node in again.nodes] == [
        (node.layer, node.inputs, node.output) for node in found.nodes
    ]


# older files


@pytest.mark.parametrize("word", WORDS)
def test_names_take_precedence_over_later_words(word: str) -> None:
    text = f"""
        params: {{{word}: 5}}
        blocks:
          own({word}_, x=2): conv({word}_ + x, 1)
          other({word}): conv({word}, 1) -> relu
        layers:
          - conv({word}, 1)
          - other(6)
          - own({word})
    """
    assert [text.partition(": ")[2] for text in layers(text)] == ["conv(5, 1)", "conv(6, 1)", "relu", "conv(7, 1)"]
    text = f"""
        layers:
          - {word} = conv(4, 1)
          - add: {{a: relu, b: from({word}) -> tanh}}
    """
    assert layers(text) == [f"{word}: conv(4, 1)", "add1.a.relu1: relu", "add1.b.tanh1: tanh", "add1: add"]
    assert {code for code, _, _ in problems(text)} <= ({"shadow"} if word in LATER_WORDS else set())


@pytest.mark.parametrize("word", LATER_FAMILIES)
def test_an_output_may_look_like_the_path_of_a_kind_that_is_not_used(word: str) -> None:
    text = f"""
        layers:
          - {word}1 = conv(4, 1)
          - {word}2 = relu
          - add: [identity, from({word}1)]
    """
    assert layers(text) == [f"{word}1: conv(4, 1)", f"{word}2: relu", "add1: add"]
    assert [code for code, *_ in problems(text) if code != "unread-output"] == []


def test_an_output_may_not_look_like_the_path_of_a_kind_that_is_used() -> None:
    assert problems("layers: ['abs1 = conv(4, 1)', abs]") == [("bad-name", 2, 11)]
    assert problems("layers: ['mean1 = conv(4, 1)', {mean: [relu, tanh]}]") == [("bad-name", 2, 11)]


@pytest.mark.parametrize("word", LATER_FAMILIES)
def test_a_block_takes_precedence_over_a_later_kind(word: str) -> None:
    text = f"""
        blocks:
          {word}(out, act=relu): conv(out, 1) -> activation(act)
        layers:
          - {word}(4)
          - {word}: {{out: 5, act: tanh}}
          - x = {word}: {{out: 6}}
          - add:
              a: {word}(6)
              b:
                - {word}: {{out: 6}}
    """
    assert layers(text) == [
        *(f"{word}1.conv1: conv(4, 1)", f"{word}1.activation1: relu"),
        *(f"{word}2.conv1: conv(5, 1)", f"{word}2.activation1: tanh"),
        *("x.conv1: conv(6, 1)", "x.activation1: relu"),
        *(f"add1.a.{word}1.conv1: conv(6, 1)", f"add1.a.{word}1.activation1: relu"),
        *(f"add1.b.{word}1.conv1: conv(6, 1)", f"add1.b.{word}1.activation1: relu", "add1: add"),
    ]
    assert problems(text) == [("shadows-kind", 3, 3)]


@pytest.mark.parametrize("word", LATER_MERGES)
def test_so_does_a_block_of_an_extended_file(word: str, tmp_path: object) -> None:
    from pathlib import Path

    from cnncalc.reading import read as read_file

    folder = Path(str(tmp_path))
    (folder / "base.yaml").write_text(f"input: [3, 8, 8]\nblocks:\n  {word}(out): conv(out, 1)\nlayers: [relu]\n")
    (folder / "net.yaml").write_text(f"extends: base\nlayers:\n  - {word}: {{out: 4}}\n  - {word}(5)\n")
    found = read_file(str(folder / "net.yaml"))
    assert [problem.code for problem in found.problems if problem.severity == "error"] == []
    assert found.report is not None
    assert [layer.path for layer in found.report.layers] == [f"{word}1.conv1", f"{word}2.conv1"]
