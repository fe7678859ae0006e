"""`max_unpool(pool1)`, which reads the indices of a max pool."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.execution.verify import verify
from cnncalc.execution.weights import get_ones
from cnncalc.layers.ops import Map
from cnncalc.network import Network
from cnncalc.spec.write import write_network

from ..networks import network, problems, read, report

SEGNET = """
    input: [3, 33, 46]
    blocks:
      up(pool, out):
        - max_unpool(pool) -> conv(out, 3, padding=1) -> relu
    layers:
      - conv(8, 3, padding=1) -> relu
      - pool1 = max_pool(2)
      - conv(16, 3, padding=1) -> relu
      - pool2 = max_pool(2)
      - conv(16, 3, padding=1) -> relu
      - up(pool2, 8) -> up(pool1, 4)
"""


def result(net: Network, values: list[float]) -> list[float]:
    made = run(net, [Map(net.input, values)], get_ones, Numbers(), keep=(net.nodes[-1].index,))
    return list(made[net.nodes[-1].index].values)


def test_elements_return_to_the_positions_of_the_maxima() -> None:
    """Of [1, 5 | 7, 2 | 3] in pairs the largest are 5 and 7: times −1 they are put back in their places."""
    net = network("input: [1, 5]\nlayers: ['p = max_pool(2)', affine(-1), max_unpool(p)]")
    assert result(net, [1.0, 5.0, 7.0, 2.0, 3.0]) == [0, -5, -7, 0, 0]


def test_the_first_of_equal_elements_counts_and_the_last_of_overlapping_windows() -> None:
    net = network("input: [1, 4]\nlayers: ['p = max_pool(2, stride=1)', affine(2), max_unpool(p)]")
    assert result(net, [4.0, 4.0, 1.0, 3.0]) == [8, 8, 0, 6]


@pytest.mark.parametrize("size", ["3x33x46", "3x64x64", "3x8x9"])
def test_it_works_for_every_input(size: str) -> None:
    assert report(SEGNET, input=size).output == (4, *map(int, size.split("x")[1:]))


def test_it_has_no_operations_and_the_field_of_a_transposed_window() -> None:
    net = network(SEGNET)
    pools = {node.path: node.index for node in net.nodes if node.layer.kind == "max_pool"}
    unpools = [node for node in net.nodes if node.layer.kind == "max_unpool"]
    assert [node.inputs[1] for node in unpools] == [pools["pool2"], pools["pool1"]]
    assert [node.output for node in unpools] == [(16, 16, 23), (8, 33, 46)]
    assert all(sum(node.layer.work(node.input_shapes, node.output)) == 0 for node in unpools)
    verdict = verify(net)
    assert verdict.held
    assert "with few channels" in verdict.how
    assert verify(network(SEGNET, input="3x480x640"), most=300_000).held  # on a smaller input


def test_expanded_it_is_read_back() -> None:
    text = write_network(network(SEGNET))
    assert "max_unpool(pool2)" in text
    again = network(text, input="3x65x66")
    assert again.nodes[-1].output == (4, 65, 66)
    rng = Random(1)
    values = [rng.gauss(0, 1) for _ in range(3 * 33 * 46)]
    assert result(network(text), values) == result(network(SEGNET), values)


def test_sizes_of_another_output() -> None:
    """A pool of 2 reduces both 8 and 9 positions to 4."""
    text = """
        input: [1, 9]
        layers:
          - eight = conv(1, 2)
          - from(input) -> (p = max_pool(2))
          - max_unpool(p, like=eight)
    """
    net = network(text)
    assert net.nodes[-1].output == (1, 8)
    assert network(write_network(net)).nodes[-1].output == (1, 8)


@pytest.mark.parametrize(
    ("call", "code", "text"),
    [
        ("max_unpool(c)", "bad-argument", "`c` is the output of `conv`, not of a `max_pool`"),
        ("max_unpool(input)", "bad-argument", "`input` is the output of no layer, not of a `max_pool`"),
        ("max_unpool(2)", "bad-argument", "`pool` must be the name of an output of `max_pool`, found 2"),
        ("max_unpool", "missing-argument", "`max_unpool` needs `pool`"),
        ("max_unpool(q)", "unknown-name", ""),
        ("max_unpool(p, like=c) -> relu", "shape-mismatch", "3×4×4"),
        ("conv(2, 1) -> max_unpool(p)", "shape-mismatch", "but its input is 2×4×4"),
        ("max_pool(2) -> max_unpool(p)", "shape-mismatch", "but its input is 3×2×2"),
        ("flatten -> max_unpool(p)", "wrong-rank", "flat"),
    ],
)
def test_invalid_arguments(call: str, code: str, text: str) -> None:
    found = read(f"""
        input: [3, 8, 8]
        layers:
          - c = conv(3, 5, stride=2)
          - from(input) -> (p = max_pool(2))
          - {call}
          - add: [from(c) -> global_avg_pool -> flatten, identity]
    """).problems
    first = next(each for each in found if each.severity == "error")
    assert first.code == code
    assert text in first.message


def test_consequences_of_a_mistake_are_not_reported() -> None:
    text = "layers:\n  - conv(4, 99)\n  - p = max_pool(2)\n  - conv(4, 1) -> max_unpool(p) -> conv(3, 1)"
    assert [code for code, *_ in problems(text)] == ["kernel-too-large"]


def test_pytorch_has_the_same_indices() -> None:
    """A pool that rounds up and pads: the last windows are cut off, and indices are those of the unpadded map."""
    text = "input: [1, 6]\nlayers: ['p = max_pool(3, stride=2, padding=1, ceil=true)', max_unpool(p)]"
    net = network(text)
    # windows at −1…1, 1…3, 3…5 and 5…7: the largest are 2 at 1, 4 at 2, 9 at 5 and again 9 at 5
    assert result(net, [1.0, 2.0, 4.0, 3.0, 0.0, 9.0]) == [0, 2, 4, 0, 0, 9]
    assert verify(net).held
