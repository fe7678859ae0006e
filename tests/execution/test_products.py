"""Products of matrices and learned tensors: numbers by hand, and what attention is made of."""

from __future__ import annotations

from math import prod
from random import Random

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


def numbers(seed: str, shape: Shape) -> Map:
    rng = Random(seed)
    return Map(shape, [rng.gauss(0, 1) for _ in range(prod(shape))])


def close(a: list[float], b: list[float]) -> bool:
    return len(a) == len(b) and all(abs(x - y) <= 1e-9 * (1 + abs(x)) for x, y in zip(a, b, strict=True))


def test_attention_agrees_with_its_parts() -> None:
    """In work too, but for the scaling, which is 1/2 for the parts' heads of 4 channels."""
    text = """
        input: {q: [12, 5], k: [12, 7], v: [6, 7]}
        layers:
          - a = from(q) -> affine(0.5) -> reshape([3, 4, rest])
          - b = from(k) -> reshape([3, 4, rest])
          - c = from(v) -> reshape([3, 2, rest])
          - w = matmul(a, b, transpose=first) -> softmax(over=-1)
          - matmul(c, w, transpose=second)
          - outputs: {parts: 'reshape([6, rest])', whole: 'attention(q, k, v, heads=3)'}
    """
    net = network(text)
    starts = tuple(numbers(name, shape) for name, shape in net.inputs.items())
    made = run(net, starts, Weights(net, {}, 1), Numbers())
    parts, whole = (made[index].values for index in net.outputs.values())
    assert close(parts, whole)
    *several, last = report(text).layers
    together = several[0].work
    for layer in several[1:]:
        together = together.plus(layer.work)
    assert last.work == together
    assert last.work.attention_macs == 5 * 7 * 12 + 5 * 7 * 6
    assert verify(net).held


def test_attention_with_projections_agrees_with_convolutions_around_it() -> None:
    text = """
        input: [6, 5]
        layers:
          - m = multi_head_attention(2)
          - q = from(input) -> conv(6, 1)
          - k = from(input) -> conv(6, 1)
          - v = from(input) -> conv(6, 1)
          - attention: {value: from(v), query: from(q), key: from(k)}
          - conv(6, 1)
    """.replace("attention: {", "attention(heads=2): {")
    net = network(text)
    arrays = {name: numbers(name, shape) for name, shape in (("i", (18, 6)), ("b", (18,)), ("o", (6, 6)), ("c", (6,)))}
    given: dict[tuple[str, str], FlatArray] = {}
    for name, own in (("in_proj_weight", "i"), ("in_proj_bias", "b"), ("out_proj.weight", "o"), ("out_proj.bias", "c")):
        given["m", name] = FlatArray(*arrays[own])
    for at, path in enumerate(("q.conv1", "k.conv1", "v.conv1")):
        given[path, "weight"] = FlatArray((6, 6, 1), arrays["i"].values[36 * at : 36 * at + 36])
        given[path, "bias"] = FlatArray((6,), arrays["b"].values[6 * at : 6 * at + 6])
    given["conv1", "weight"] = FlatArray((6, 6, 1), arrays["o"].values)
    given["conv1", "bias"] = FlatArray((6,), arrays["c"].values)
    made = run(net, (numbers("x", (6, 5)),), Weights(net, given, None), Numbers())
    assert close(made[0].values, made[net.nodes[-1].index].values)
    first, *others = report(text).layers
    assert first.parameters == sum(layer.parameters for layer in others) == 4 * 36 + 4 * 6
    assert first.work.macs == sum(layer.work.macs for layer in others) == 4 * 36 * 5 + 2 * 25 * 6
    assert verify(net).held


@pytest.mark.torch
def test_attention_with_a_memory_is_that_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    net = network("input: {x: [6, 5], y: [4, 7]}\nlayers: ['from(x) -> multi_head_attention(3, memory=y)']")
    (node,) = net.nodes
    module = torch.nn.MultiheadAttention(6, 3, kdim=4, vdim=4, batch_first=True).double()
    given = {}
    for name, array in module.named_parameters():
        shape = tuple(array.shape)
        values = numbers(name, shape).values
        array.data = torch.tensor(values, dtype=torch.float64).reshape(shape)
        given[node.path, name] = FlatArray(shape, values)
    x, y = numbers("x", (6, 5)), numbers("y", (4, 7))
    made = run(net, (x, y), Weights(net, given, None), Numbers())[0]
    one, other = (torch.tensor(each.values, dtype=torch.float64).reshape(1, *each.shape).mT for each in (x, y))
    theirs = module(one, other, other)[0].mT.flatten().tolist()
    assert close(made.values, theirs)


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        ("multi_head_attention(5)", "groups-mismatch"),
        ("conv(6, 1) -> multi_head_attention(2, memory=[6, 7])", "bad-argument"),
        ("multi_head_attention(2, memory=3)", "bad-argument"),
        ("{attention: [identity, identity]}", "wrong-form"),
        ("{attention: {query: identity, key: identity, values: identity}}", "wrong-form"),
        ("{attention: {query: identity, key: 'conv(4, 1)', value: identity}}", "shape-mismatch"),
        ("reshape([2, 3, 5]) -> multi_head_attention(2)", "wrong-rank"),
        ("flatten -> multi_head_attention(2)", "wrong-rank"),
    ],
)
def test_attention_that_is_refused(layers: str, code: str) -> None:
    item = layers if layers.startswith("{") else f"'{layers}'"
    found = [problem for problem in read(f"input: [6, 5]\nlayers: [{item}]").problems if problem.severity == "error"]
    assert [problem.code for problem in found] == [code]


def test_attention_is_written_and_read() -> None:
    text = """
        input: {x: [12, 10], y: [8, 7]}
        layers:
          - mem = from(y) -> conv(10, 1)
          - from(x) -> multi_head_attention(3, memory=mem)
          - attention(heads=2): {value: from(y), query: from(x), key: "from(y) -> conv(12, 1)"}
    """
    net = network(text)
    again = network(write_network(net))
    assert [(node.layer, node.inputs) for node in again.nodes] == [(node.layer, node.inputs) for node in net.nodes]
