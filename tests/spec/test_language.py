"""The language of architecture files, rule by rule; the expected networks are written by hand from the rules."""

from __future__ import annotations

import pytest

from cnncalc.errors import UsageError

from ..networks import layers, network, problems, read, report

# items: chains, counts, conditions, names


def test_a_chain_is_its_items_in_order() -> None:
    assert layers("layers: conv(4, 3) -> relu -> max_pool(2)") == [
        "conv1: conv(4, 3)", "relu1: relu", "max_pool1: max_pool(2)"
    ]  # fmt: skip


def test_a_chain_continues_on_indented_lines_that_begin_with_an_arrow() -> None:
    assert layers("""
        layers:
          - conv(4, 3)
            -> relu
            -> max_pool(2)
    """) == layers("layers: conv(4, 3) -> relu -> max_pool(2)")


def test_a_call_as_a_mapping_is_the_same_as_a_string() -> None:
    by_name = """
        params: {width: 4}
        layers:
          - conv: {out: 2 * width, kernel: [3, 1], padding: same, bias: false}
    """
    as_text = """
        params: {width: 4}
        layers:
          - conv(2 * width, [3, 1], padding=same, bias=false)
    """
    assert layers(by_name) == layers(as_text) == ["conv1: conv(8, [3, 1], padding=same, bias=false)"]


def test_json_is_an_architecture_file_too() -> None:
    text = '{"input": [3, 8, 8], "layers": [{"conv": {"out": 4, "kernel": 3, "padding": "same"}}, "relu"]}'
    assert layers(text) == ["conv1: conv(4, 3, padding=same)", "relu1: relu"]


def test_repeats_and_their_rounds() -> None:
    assert layers("layers: [relu * 2]") == ["relu1: relu", "relu2: relu"]
    assert layers("layers: [(relu -> tanh) * 2]") == ["relu1: relu", "tanh1: tanh", "relu2: relu", "tanh2: tanh"]
    assert layers("layers: [relu * 0]") == []
    assert layers("layers: [relu * (1 + 1)]") == layers("layers: [relu * 1 + 1]") == layers("layers: [relu * 2]")


def test_arguments_are_evaluated_anew_in_each_round() -> None:
    assert layers("layers: ['conv(channels + index + 1, 1) * 3']") == [
        "conv1: conv(4, 1)", "conv2: conv(6, 1)", "conv3: conv(9, 1)"
    ]  # fmt: skip


def test_index_is_that_of_the_innermost_repeat_and_undefined_in_a_block() -> None:
    assert layers("layers: ['((conv(index + 1, 1) * 2) -> conv(index + 5, 1)) * 2']") == [
        "conv1: conv(1, 1)", "conv2: conv(2, 1)", "conv3: conv(5, 1)",
        "conv4: conv(1, 1)", "conv5: conv(2, 1)", "conv6: conv(6, 1)",
    ]  # fmt: skip
    assert problems("""
        blocks:
          b:
            - conv(index, 1)
        layers: [b * 2]
    """) == [("unknown-name", 4, 12)]


def test_a_condition_is_evaluated_once_before_the_repeat() -> None:
    """Evaluated in each round it would be false after the first, which has 4 channels."""
    assert layers("layers: ['conv(4, 1) * 2 if channels == 3']") == ["conv1: conv(4, 1)", "conv2: conv(4, 1)"]
    assert layers("layers: ['conv(4, 1) * 2 if channels == 4']") == []
    assert layers("layers: ['conv(4, 1) if channels == 4 else conv(5, 1)']") == ["conv2: conv(5, 1)"]


def test_an_item_with_if_needs_parentheses_in_a_chain() -> None:
    assert layers("layers: ['relu -> (tanh if channels == 3) -> elu']") == ["relu1: relu", "tanh1: tanh", "elu1: elu"]
    assert problems("layers: ['relu -> tanh if channels == 3']") == [("ambiguous-if", 2, 19)]
    assert layers("layers: ['(relu -> tanh) if channels == 4', elu]") == ["elu1: elu"]


# blocks, arguments, defaults


def test_arguments_by_position_then_by_name() -> None:
    text = """
        blocks:
          b(out, kernel, stride=1):
            - conv(out, kernel, stride)
        layers: ['b(%s)']
    """
    for arguments in ("4, 3, 2", "4, 3, stride=2", "4, stride=2, kernel=3", "kernel=3, stride=2, out=4"):
        assert layers(text % arguments) == ["b1.conv1: conv(4, 3, stride=2)"]
    assert layers(text % "4, 3") == ["b1.conv1: conv(4, 3)"]


def test_a_default_uses_earlier_parameters_params_and_the_called_block_s_channels() -> None:
    assert layers("""
        params: {wide: 2}
        blocks:
          b(out, hidden=in_channels * wide + out):
            - conv(hidden, 1)
        layers: ['conv(5, 1) -> b(1)', b(2)]
    """) == ["conv1: conv(5, 1)", "b1.conv1: conv(11, 1)", "b2.conv1: conv(24, 1)"]


def test_in_channels_of_the_caller_in_arguments_and_constant_in_a_block() -> None:
    assert layers("""
        blocks:
          b(out):
            - conv(7, 1) -> conv(in_channels, 1) -> conv(channels + out, 1)
        layers: ['conv(4, 1) -> b(in_channels)']
    """) == ["conv1: conv(4, 1)", "b1.conv1: conv(7, 1)", "b1.conv2: conv(4, 1)", "b1.conv3: conv(7, 1)"]


def test_a_block_replaces_a_kind_of_the_same_name_with_a_warning() -> None:
    text = """
        blocks:
          relu:
            - tanh
        layers: [relu]
    """
    assert layers(text) == ["relu1.tanh1: tanh"]
    assert problems(text) == [("shadows-kind", 3, 3)]


def test_a_parameter_may_have_the_name_of_a_kind() -> None:
    assert layers("""
        blocks:
          b(dropout):
            - dropout(dropout)
        layers: [b(0.25)]
    """) == ["b1.dropout1: dropout(rate=0.25)"]


def test_blocks_may_call_themselves_under_a_condition() -> None:
    assert layers("""
        blocks:
          fractal(depth):
            - relu
            - fractal(depth - 1) if depth > 1
        layers: [fractal(3)]
    """) == ["fractal1.relu1: relu", "fractal1.fractal1.relu1: relu", "fractal1.fractal1.fractal1.relu1: relu"]


def test_activation_takes_kinds_and_blocks() -> None:
    text = """
        params: {act: relu}
        blocks:
          swish_like:
            - silu
          b(act):
            - activation(act)
        layers: [b(%s)]
    """
    assert layers(text % "act") == ["b1.activation1: relu"]
    assert layers(text % "act", settings=["act=elu"]) == ["b1.activation1: elu"]
    without = text.replace("{act: relu}", "{}")
    assert layers(without % "tanh") == ["b1.activation1: tanh"]
    assert layers(without % "swish_like") == ["b1.activation1.silu1: silu"]
    assert layers(without % "identity") == []
    assert [code for code, _, _ in problems(without % "conv")] == ["unused-block", "bad-value"]


# merges and branches

RESIDUAL = """
    blocks:
      b(out, stride=1):
        - add:
            body: conv(out, 3, stride, padding=half)
            skip if stride == 1 and in_channels == out: identity
    layers: [b(%s)]
"""


def test_a_branch_with_a_condition() -> None:
    assert layers(RESIDUAL % "3") == ["b1.add1.body.conv1: conv(3, 3, padding=half)", "b1.add1: add"]
    assert layers(RESIDUAL % "4") == ["b1.add1.body.conv1: conv(4, 3, padding=half)"]


def test_a_branch_all_of_whose_items_are_off_is_the_identity() -> None:
    text = "layers: [{%s: [relu, (tanh if channels == 9)]}]"
    assert layers(text % "add") == ["add1.1.relu1: relu", "add1: add"]
    assert problems(text % "add") == []
    assert problems(text % "concat") == [("idle-branch", 2, 26)]
    assert network(text % "concat").nodes[-1].output == (6, 8, 8)


def test_merges_by_name_by_list_and_as_only_item_of_a_body() -> None:
    assert layers("layers: {concat: {a: relu, b: [tanh, elu]}}") == [
        "concat1.a.relu1: relu", "concat1.b.tanh1: tanh", "concat1.b.elu1: elu", "concat1: concat"
    ]  # fmt: skip


def test_a_named_merge_under_a_condition() -> None:
    text = """
        layers:
          - joined = add if channels == %d:
              - relu
              - tanh
          - from(joined)
    """
    assert layers(text % 3) == ["joined.1.relu1: relu", "joined.2.tanh1: tanh", "joined: add"]
    assert layers(text % 4) == []


def test_multiply_broadcasts_a_gate() -> None:
    shape = (
        network("""
        layers:
          - multiply:
              - identity
              - global_avg_pool -> conv(3, 1) -> sigmoid
    """)
        .nodes[-1]
        .output
    )
    assert shape == (3, 8, 8)


def test_outputs_leave_the_current_tensor_unchanged() -> None:
    text = """
        layers:
          - conv(4, 3)
          - outputs:
              side: global_avg_pool -> flatten -> linear(2)
          - conv(5, 3)
    """
    assert [node.path for node in network(text).nodes][-1] == "conv2"
    found = report(text)
    assert (found.output, found.outputs) == ((5, 4, 4), {"side": (2,)})


def test_outputs_at_the_end_are_those_of_the_network() -> None:
    found = report("""
        layers:
          - conv(4, 3)
          - outputs: {p3: relu, p4: max_pool(2)}
    """)
    assert (found.output, found.outputs) == ((4, 6, 6), {"p3": (4, 6, 6), "p4": (4, 3, 3)})


def test_the_last_outputs_end_the_network_and_earlier_ones_follow() -> None:
    found = report("""
        input: [6, 8, 8]
        layers:
          - outputs: {side: max_pool(2)}
          - outputs: {main: relu, other: "max_pool(4)"}
    """)
    assert found.output == (6, 8, 8)
    assert found.outputs == {"main": (6, 8, 8), "other": (6, 2, 2), "side": (6, 4, 4)}


def test_equal_arguments_of_different_types_are_distinguished() -> None:
    text = """
        blocks:
          b(stride):
            - max_pool(2, stride)
        layers: ['b([1, 1]) -> b([true, true])']
    """
    assert problems(text) == [("bad-argument", 4, 19)]


# params, extends


def test_params_may_use_earlier_ones_and_be_overridden() -> None:
    text = """
        params: {width: 4, wide: 2 * width, depths: [1, 2], act: relu, head: false}
        layers:
          - conv(wide, 1) * depths[1]
          - activation(act)
          - flatten if head
    """
    assert layers(text) == ["conv1: conv(8, 1)", "conv2: conv(8, 1)", "activation1: relu"]
    turned = layers(text, settings=["width=8", "depths=[1, 1]", "act=tanh", "head=true"])
    assert turned == ["conv1: conv(16, 1)", "activation1: tanh", "flatten1: flatten"]


def test_params_of_an_overridden_value_count_as_used() -> None:
    """A param or a block is not unused because the value that uses it is overridden."""
    text = """
        params: {size: 8, base: 4, width: 2 * base, act: own}
        input: [3, size, size]
        blocks:
          own: relu -> scale
        layers:
          - conv(width, 1) -> activation(act)
    """
    assert problems(text) == []
    assert problems(text, input="3x5x7") == []
    assert problems(text, settings=["width=3", "act=relu"], input="3x5x7") == []


def test_extends_overrides_by_name_and_inherits_the_rest() -> None:
    made = network("""
        extends: vgg16
        params: {depths: [1, 1, 1, 1, 1]}
        input: [3, 32, 32]
        blocks:
          vgg(out, depth):
            - (conv(out, 3, padding=1, bias=false) -> batch_norm -> relu) * depth
            - max_pool(2)
    """)
    assert made.name == "test"  # never inherited, like the expectations of vgg16
    assert made.source == ""
    assert [node.layer.kind for node in made.nodes].count("batch_norm") == 5
    assert made.input == (3, 32, 32)


def test_a_block_and_a_call_in_another_file_that_do_not_fit_are_both_shown() -> None:
    found = read("""
        extends: vgg16
        blocks:
          vgg(out, depth, bias):
            - (conv(out, 3, padding=1, bias=bias) -> relu) * depth -> max_pool(2)
    """)
    first = found.problems[0]
    assert first.code == "missing-argument"
    assert first.span
    assert first.span.source.name.endswith("vgg16.yaml")
    (note,) = first.notes
    assert note.span
    assert (note.span.source.name, note.span.line) == ("test.yaml", 3)


def test_the_input_may_be_given_on_the_command_line() -> None:
    assert network("layers: [relu]", input="1x5x7").nodes[0].output == (1, 5, 7)


@pytest.mark.parametrize("sizes", ["64x64", "3x8x8x8", "3", "0x8x8", "3xax8", "3x-1x8", "", "3x8x99999999999"])
def test_an_impossible_input_is_wrong_usage(sizes: str) -> None:
    """E.g. one with another number of axes: usually the channels are missing."""
    with pytest.raises(UsageError):
        read("layers: [relu]", input=sizes)
