"""Products of matrices and learned tensors: numbers by hand, and what attention is made of."""

from __future__ import annotations

from math import prod

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.execution.verify import verify
from cnncalc.execution.weights import FlatArray, Weights
from cnncalc.layers import kind_class
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map
from cnncalc.spec.write import write_network

from ..networks import network, problems, read, report
from .one import calculate


def ramp(shape: Shape) -> Map:
    """0, 1, 2, …"""
    return Map(shape, [float(n) for n in range(prod(shape))])


@pytest.mark.parametrize(
    ("transpose", "shapes", "values"),
    [
        # [[0, 1], [2, 3]] · [[0, 1, 2], [3, 4, 5]]
        ("none", ((2, 2), (2, 3)), [3, 4, 5, 9, 14, 19]),
        # [[0, 2], [1, 3]] · the same
        ("first", ((2, 2), (2, 3)), [6, 8, 10, 9, 13, 17]),
        # [[0, 1]] · [[0, 2, 4], [1, 3, 5]]
        ("second", ((1, 2), (3, 2)), [1, 3, 5]),
        # two matrices of 1×2, each with the one of 2×1: 0·0 + 1·1, 2·0 + 3·1
        ("none", ((2, 1, 2), (1, 2, 1)), [1, 3]),
    ],
)
def test_products_by_hand(transpose: str, shapes: tuple[Shape, ...], values: list[float]) -> None:
    layer = kind_class("matmul")(transpose=transpose)
    made = calculate(layer, tuple(map(ramp, shapes)))
    assert (made.shape, made.values) == (layer.output_shape(shapes), values)


@pytest.mark.parametrize(
    ("call", "shapes", "code", "help"),
    [
        ("matmul", ("[2, 3]", "[2, 3]"), "shape-mismatch", "`transpose=first`"),
        ("matmul(transpose=first)", ("[2, 3]", "[4, 3]"), "shape-mismatch", "`transpose=second`"),
        ("matmul", ("[2, 3]", "[5, 4]"), "shape-mismatch", ""),
        ("matmul", ("[4, 2, 3]", "[5, 3, 2]"), "shape-mismatch", ""),
        ("matmul", ("[2, 3]", "[1, 3, 2]"), "shape-mismatch", ""),
        ("matmul", ("[6]", "[6]"), "wrong-rank", ""),
    ],
)
def test_products_that_are_refused(call: str, shapes: tuple[str, str], code: str, help: str) -> None:
    a, b = shapes
    text = f"input: {{a: {a}, b: {b}}}\nlayers: [{{{call}: [from(a), from(b)]}}]"
    (problem,) = read(text).problems
    assert problem.code == code
    assert help in problem.help


def test_authors_may_name_outputs_by_the_words_of_transpose() -> None:
    text = "layers: [first = relu, second = tanh, 'matmul(first, second, transpose=second)']"
    assert problems(text) == []
    assert network(text).nodes[-1].output == (3, 8, 8)


TOKEN = """
    input: [4, 6]
    layers:
      - concat(axis=1):
          token: learned([4, 1])
          patches: identity
      - shift(per=element)
"""


def test_a_learned_tensor_is_counted_and_starts_a_path() -> None:
    found = report(TOKEN)
    assert found.layers[0].parameters == 4
    assert found.totals.parameters == 4 + 4 * 7
    assert (found.layers[0].inputs, found.layers[0].sources, found.layers[0].seen) == ((), (), {})
    assert found.layers[0].activations == 0  # it is among the weights
    assert found.output == (4, 7)
    assert problems(TOKEN) == []
    assert problems("layers: [relu, 'learned([3, 8])', tanh]") == [("lost-value", 2, 17)]


def test_a_learned_tensor_is_executed_and_verified() -> None:
    net = network(TOKEN)
    given = {("concat1.token.learned1", "weight"): FlatArray((4, 1), [1.0, 2.0, 3.0, 4.0])}
    given["shift1", "bias"] = FlatArray((4, 7), [0.5] * 28)
    made = run(net, (ramp((4, 6)),), Weights(net, given, None), Numbers())
    assert made[net.nodes[-1].index].values[:8] == [1.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 2.5]
    assert verify(net).held


def test_a_network_without_any_use_of_its_input_is_written_and_read() -> None:
    net = network(TOKEN)
    again = network(write_network(net))
    assert [(node.layer, node.inputs, node.output) for node in again.nodes] == [
        (node.layer, node.inputs, node.output) for node in net.nodes
    ]


ATTENTION = """
    input: [12, 10]
    layers:
      - x = identity
      - q = from(x) -> conv(12, 1) -> reshape([3, 4, rest])
      - k = from(x) -> conv(12, 1) -> reshape([3, 4, rest])
      - v = from(x) -> conv(12, 1) -> reshape([3, 4, rest])
      - weights = matmul(q, k, transpose=first) -> softmax(over=-1)
      - matmul(v, weights, transpose=second)
      - reshape([12, rest])
"""


def test_attention_by_its_parts() -> None:
    """3 heads of 4 channels on 10 positions: 2·3·10·10·4 macs of products, 3·12·12·10 of the projections."""
    found = report(ATTENTION)
    assert found.totals.work.attention_macs == 2 * 3 * 10 * 10 * 4
    assert found.totals.work.macs == 2400 + 3 * 12 * 12 * 10
    last = found.layers[-1]
    assert last.whole
    assert (last.whole.size, last.whole.exact) == ((10,), False)
    assert verify(network(ATTENTION)).held
