"""Named outputs: read by `from`, passed as arguments, repeated, reused; the expected networks are written by hand."""

from __future__ import annotations

from ..networks import network, problems, read, report


def test_from_reaches_earlier_outputs_and_sibling_branches() -> None:
    made = network("""
        layers:
          - a = conv(4, 1)
          - concat:
              x: b = conv(5, 1)
              y: from(b) -> relu
              z: from(a)
    """)
    assert [node.inputs for node in made.nodes] == [(-1,), (0,), (1,), (1, 2, 0)]


def test_the_rounds_of_a_repeat_are_merged() -> None:
    made = network("""
        blocks:
          layer(out):
            - side = conv(out, 1)
            - from(input) -> relu
          pair: [both = layer(4) * 2]
        layers:
          - stack = layer(5) * 3
          - add: rounds(stack.side)
          - from(input) -> (pairs = pair * 2)
          - concat: rounds(pairs.both.side)
          - from(input) -> (ends = (relu -> sigmoid) * 2)
          - multiply: rounds(ends)
          - alone = relu * 1
          - add: rounds(alone)
    """)
    sides = [node.index for node in made.nodes if node.layer.kind == "conv"]
    merges = {node.layer.kind: node.inputs for node in made.nodes if node.layer.kind in ("add", "concat", "multiply")}
    assert merges["add"] == tuple(sides[:3])
    assert merges["concat"] == tuple(sides[3:]) == (7, 9, 11, 13)
    assert [made.nodes[index].path for index in merges["multiply"]] == ["ends.0.sigmoid1", "ends.1.sigmoid1"]
    assert made.nodes[-1].path == "alone.0"
    assert [node.output[0] for node in made.nodes if node.layer.kind in merges] == [5, 16, 3]


def test_a_repeat_without_rounds_has_no_outputs_and_rounds_are_found_in_a_block() -> None:
    made = network("""
        blocks:
          layer(n):
            - relu
            - inner = sigmoid * n
          net:
            - stack = tanh * 3
            - relu
        layers:
          - layers = layer(index) * 3
          - add: rounds(layers.inner)
          - one = net
          - concat: rounds(one.stack)
    """)
    paths = [made.nodes[index].path for node in made.nodes if len(node.inputs) > 1 for index in node.inputs]
    assert paths == [
        "layers.1.inner.0", "layers.2.inner.0", "layers.2.inner.1", "one.stack.0", "one.stack.1", "one.stack.2"
    ]  # fmt: skip


def test_reading_many_rounds_many_times_exceeds_a_limit() -> None:
    found = read("""
        blocks:
          sum(of): [add: rounds(of)]
        layers:
          - stack = identity * 20000
          - sum(stack) * 1000
    """)
    assert [problem.code for problem in found.problems] == ["too-large"]


def test_a_block_reads_the_outputs_that_it_gets_as_arguments() -> None:
    made = network("""
        blocks:
          both(others):
            - add:
                a: relu
                b: from(others[0])
        layers:
          - first = sigmoid
          - both([first]) -> tanh
          - both([first])
    """)
    merges = [node.inputs for node in made.nodes if node.layer.kind == "add"]
    assert merges == [(1, 0), (4, 0)]


def test_an_output_is_passed_to_a_block() -> None:
    made = network("""
        blocks:
          up(out, skip):
            - concat:
                skip: from(skip)
                up: transposed_conv(out, 2, stride=2)
        layers:
          - enc = conv(4, 3, padding=1)
          - max_pool(2)
          - up(6, enc)
    """)
    assert [node.output for node in made.nodes] == [(4, 8, 8), (4, 4, 4), (6, 8, 8), (10, 8, 8)]
    assert made.nodes[-1].inputs == (0, 2)


def test_a_block_does_not_see_the_outputs_of_its_caller() -> None:
    assert problems("""
        blocks:
          b:
            - from(a)
        layers: [a = relu, b]
    """) == [("unknown-name", 4, 12)]


def test_an_output_inside_a_block_call() -> None:
    made = network("""
        blocks:
          two:
            - y0 = conv(4, 1)
            - y1 = conv(5, 1)
        layers:
          - m1 = two
          - relu
          - from(m1.y0) -> tanh
    """)
    assert made.nodes[-1].inputs == (0,)


def test_input_is_the_input_of_the_block() -> None:
    made = network("""
        blocks:
          dense:
            - conv(4, 1) -> relu
            - concat: [from(input), identity]
        layers: ['conv(9, 1) -> dense']
    """)
    assert made.nodes[-1].output == (13, 8, 8)


def test_a_name_is_that_of_the_last_round_or_of_the_input_if_the_item_is_off() -> None:
    made = network(
        "layers: ['a = conv(channels + 1, 1) * 3', 'b = relu if channels == 9', from(a) -> elu, from(b) -> tanh]"
    )
    assert [node.inputs for node in made.nodes] == [(-1,), (0,), (1,), (2,), (2,)]


def test_reuse_counts_parameters_once_and_work_twice() -> None:
    found = report("""
        blocks:
          b:
            - conv(3, 3, padding=1) -> batch_norm
        layers:
          - one = conv(3, 1)
          - two = b
          - reuse(one)
          - reuse(two)
    """)
    assert found.totals.parameters == (3 * 3 + 3) + (3 * 3 * 9 + 3) + 6
    assert found.totals.buffers == 6
    assert found.totals.work.macs == 2 * (9 * 64 + 81 * 64)
    assert [(layer.path, layer.shares) for layer in found.layers[3:]] == [
        ("reuse1", "one"), ("reuse2.conv1", "two.conv1"), ("reuse2.batch_norm1", "two.batch_norm1")
    ]  # fmt: skip


def test_reuse_needs_the_same_weights() -> None:
    assert problems("layers: ['a = conv(4, 3)', reuse(a)]") == [("reuse-mismatch", 2, 28)]
