"""The graph that readers make: views and operations against PyTorch, what is refused, and its text read again."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import pytest

from cnncalc.errors import Source
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Array, Graph, Tensor
from cnncalc.exchange.operations import (
    affine,
    apply,
    concat,
    learned,
    linear,
    merge,
    pad,
    pointwise,
    reduce,
    softmax,
    stack,
    total,
)
from cnncalc.exchange.views import drop, expand, insert, permute, take, view
from cnncalc.exchange.write_flat import to_network, write_flat
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.layers.ops import Map
from cnncalc.network import Network
from cnncalc.reading import read_text

SHAPE = (8, 6, 4)
Case = tuple[Callable[[Graph, Tensor], Tensor], Callable[[Any, Any], Any]]


def shuffled(graph: Graph, x: Tensor) -> Tensor:
    return view(permute(view(x, (1, 2, 4, 6, 4)), (0, 2, 1, 3, 4)), (1, 8, 6, 4))


def pixels(graph: Graph, x: Tensor) -> Tensor:
    return view(permute(view(x, (1, 2, 2, 2, 6, 4)), (0, 1, 4, 2, 5, 3)), (1, 2, 12, 8))


def space_to_depth(graph: Graph, x: Tensor) -> Tensor:
    return view(permute(view(x, (1, 8, 3, 2, 2, 2)), (0, 1, 3, 5, 2, 4)), (1, 32, 3, 2))


def windows(graph: Graph, x: Tensor) -> Tensor:
    return view(permute(view(x, (1, 8, 3, 2, 2, 2)), (0, 2, 4, 3, 5, 1)), (1, 6, 4, 8))


def last(x: Tensor) -> Tensor:
    return permute(x, (0, 2, 3, 1))


CASES: dict[str, Case] = {
    "flatten": (lambda g, x: view(x, (1, 192)), lambda t, x: x.flatten(1)),
    "reshape": (lambda g, x: view(x, (1, 4, 2, 24)), lambda t, x: x.reshape(1, 4, 2, 24)),
    "permute": (lambda g, x: permute(x, (0, 3, 1, 2)), lambda t, x: x.permute(0, 3, 1, 2)),
    "permute and view": (lambda g, x: view(last(x), (1, 24, 8)), lambda t, x: x.permute(0, 2, 3, 1).reshape(1, 24, 8)),
    "there and back": (lambda g, x: permute(last(x), (0, 3, 1, 2)), lambda t, x: x),
    "channel shuffle": (shuffled, lambda t, x: t.nn.functional.channel_shuffle(x, 2)),
    "pixel shuffle": (pixels, lambda t, x: t.nn.functional.pixel_shuffle(x, 2)),
    "pixel unshuffle": (space_to_depth, lambda t, x: t.nn.functional.pixel_unshuffle(x, 2)),
    "windows": (windows, lambda t, x: x.view(1, 8, 3, 2, 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(1, 6, 4, 8)),
    "slice of channels": (lambda g, x: take(g, x, 1, 4, 8), lambda t, x: x[:, 4:8]),
    "slice of rows": (lambda g, x: take(g, x, 2, 1, 6, 2), lambda t, x: x[:, :, 1:6:2]),
    "slice of groups": (
        lambda g, x: take(g, view(x, (1, 4, 2, 6, 4)), 1, 1, 3),
        lambda t, x: x.view(1, 4, 2, 6, 4)[:, 1:3],
    ),
    "slice inside groups": (
        lambda g, x: take(g, view(x, (1, 4, 2, 6, 4)), 2, 1, 2),
        lambda t, x: x.view(1, 4, 2, 6, 4)[:, :, 1:2],
    ),
    "slice after a permutation": (
        lambda g, x: take(g, last(x), 2, 1, 3),
        lambda t, x: x.permute(0, 2, 3, 1)[:, :, 1:3],
    ),
    "index": (lambda g, x: drop(take(g, x, 1, 3, 4), 1), lambda t, x: x[:, 3]),
    "gate": (
        lambda g, x: merge(g, "multiply", [x, reduce(g, "avg", x, [2, 3], keep=True)]),
        lambda t, x: x * x.mean((2, 3), keepdim=True),
    ),
    "gate, channels last": (
        lambda g, x: merge(g, "multiply", [reduce(g, "avg", last(x), [1, 2], keep=True), last(x)]),
        lambda t, x: (x * x.mean((2, 3), keepdim=True)).permute(0, 2, 3, 1),
    ),
    "spatial attention": (
        lambda g, x: merge(g, "multiply", [x, reduce(g, "max", x, [1], keep=True)]),
        lambda t, x: x * x.amax(1, keepdim=True),
    ),
    "expanded": (
        lambda g, x: merge(g, "add", [x, expand(g, reduce(g, "max", x, [2, 3], keep=True), (1, 8, 6, 4))]),
        lambda t, x: x + x.amax((2, 3), keepdim=True).expand(1, 8, 6, 4),
    ),
    "difference of ranks": (
        lambda g, x: merge(g, "subtract", [x, insert(insert(take(g, view(x, (1, 192)), 1, 0, 8), 2), 3)]),
        lambda t, x: x - x.flatten(1)[:, :8, None, None],
    ),
    "mean of rows": (lambda g, x: reduce(g, "avg", x, [2], keep=False), lambda t, x: x.mean(2)),
    "mean of channels": (lambda g, x: reduce(g, "avg", x, [1], keep=False), lambda t, x: x.mean(1)),
    "mean of channels and columns": (
        lambda g, x: reduce(g, "avg", x, [1, 3], keep=True),
        lambda t, x: x.mean((1, 3), keepdim=True),
    ),
    "mean of tokens": (
        lambda g, x: reduce(g, "avg", permute(view(x, (1, 8, 24)), (0, 2, 1)), [1], keep=False),
        lambda t, x: x.flatten(2).transpose(1, 2).mean(1),
    ),
    "sum of two groups": (
        lambda g, x: total(g, view(x, (1, 2, 4, 6, 4)), [1], keep=False),
        lambda t, x: x.view(1, 2, 4, 6, 4).sum(1),
    ),
    "sum of rows": (lambda g, x: total(g, x, [2], keep=False), lambda t, x: x.sum(2)),
    "softmax of channels": (lambda g, x: softmax(g, x, 1), lambda t, x: x.softmax(1)),
    "softmax of columns": (lambda g, x: softmax(g, x, 3), lambda t, x: x.softmax(3)),
    "softmax in groups": (
        lambda g, x: softmax(g, view(x, (1, 2, 4, 6, 4)), 2),
        lambda t, x: x.view(1, 2, 4, 6, 4).softmax(2),
    ),
    "softmax between groups": (
        lambda g, x: softmax(g, view(x, (1, 2, 4, 6, 4)), 1),
        lambda t, x: x.view(1, 2, 4, 6, 4).softmax(1),
    ),
    "concat of channels": (
        lambda g, x: concat(g, [x, pointwise(g, "relu", x)], 1),
        lambda t, x: t.cat([x, x.relu()], 1),
    ),
    "concat, channels last": (
        lambda g, x: concat(g, [last(x), last(pointwise(g, "relu", x))], 3),
        lambda t, x: t.cat([x, x.relu()], 1).permute(0, 2, 3, 1),
    ),
    "concat of rows": (lambda g, x: concat(g, [x, take(g, x, 2, 0, 1)], 2), lambda t, x: t.cat([x, x[:, :, :1]], 2)),
    "stack": (lambda g, x: stack(g, [x, pointwise(g, "relu", x)], 2), lambda t, x: t.stack([x, x.relu()], 2)),
    "padded rows": (
        lambda g, x: pad(g, x, [(0, 0), (0, 0), (1, 2), (0, 1)], 3),
        lambda t, x: t.nn.functional.pad(x, (0, 1, 1, 2), value=3),
    ),
    "padded, channels last": (
        lambda g, x: pad(g, last(x), [(0, 0), (1, 0), (0, 2), (0, 0)]),
        lambda t, x: t.nn.functional.pad(x.permute(0, 2, 3, 1), (0, 0, 0, 2, 1, 0)),
    ),
    "padded channels": (
        lambda g, x: pad(g, x, [(0, 0), (2, 1), (0, 0), (0, 0)]),
        lambda t, x: t.nn.functional.pad(x, (0, 0, 0, 0, 2, 1)),
    ),
    "cropped and padded": (
        lambda g, x: pad(g, x, [(0, 0), (0, 0), (-1, 0), (0, 1)]),
        lambda t, x: t.nn.functional.pad(x, (0, 1, -1, 0)),
    ),
    "affine": (lambda g, x: affine(g, last(x), 0.5, -1), lambda t, x: x.permute(0, 2, 3, 1) * 0.5 - 1),
}


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def written(graph: Graph) -> Network:
    """The text of a graph, read again; it must be the network that was written."""
    read = read_text(Source("net.yaml", write_flat(graph)))
    assert not read.failed, (read.problems, write_flat(graph))
    again, first = read.require_network(), to_network(graph)
    assert [node.layer for node in again.nodes] == [node.layer for node in first.nodes]
    assert [node.inputs for node in again.nodes] == [node.inputs for node in first.nodes]
    assert [node.output for node in again.nodes] == [node.output for node in first.nodes]
    assert [node.shares for node in again.nodes] == [node.shares for node in first.nodes]
    assert again.outputs == first.outputs
    return again


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_an_operation_is_that_of_pytorch(torch: Any, name: str) -> None:
    ours, theirs = CASES[name]
    graph = Graph({"input": SHAPE}, batch=1, name=name)
    found = ours(graph, graph.input())
    graph.outputs = {"": graph.materialize(found)}
    x = torch.arange(prod(SHAPE), dtype=torch.float64).mul(0.7).sin().reshape(1, *SHAPE)
    wanted = theirs(torch, x)
    assert found.shape == tuple(wanted.shape)
    network = written(graph)
    end = network.outputs[""]
    start = Map(SHAPE, x.reshape(-1).tolist())
    made = run(network, [start], lambda node, array, shape: [], Numbers(), keep={end}).get(end, start)
    assert made.shape == tuple(wanted.shape[1:])
    assert max(abs(a - b) for a, b in zip(made.values, wanted.reshape(-1).tolist(), strict=True)) < 1e-12


def test_a_batch_does_not_change_the_layers() -> None:
    texts = set()
    for batch in (1, 2, 7):
        graph = Graph({"input": SHAPE}, batch=batch, name="net")
        x = graph.input()
        x = view(permute(view(x, (batch, 2, 4, 6, 4)), (0, 2, 1, 3, 4)), (batch, 8, 6, 4))
        x = reduce(graph, "avg", last(x), [1, 2], keep=False)
        graph.outputs = {"": graph.materialize(linear(graph, x, {"weight": Array("w", (5, 8))}, 5))}
        texts.add(write_flat(graph))
    assert len(texts) == 1


def test_equal_keys_are_the_same_weights() -> None:
    graph = Graph({"input": (4, 8, 8)}, batch=1, name="twice")
    for _ in range(2):
        weights = {"weight": Array("c.weight", (4, 4, 3, 3)), "bias": Array("c.bias", (4,))}
        graph.outputs = {
            "": apply(
                graph,
                "conv",
                graph.input() if not graph.nodes else graph.tensor(0),
                weights,
                out=4,
                kernel=[3, 3],
                padding=1,
            ).node
        }
    network = written(graph)
    assert [node.shares for node in network.nodes] == [None, 0]
    with pytest.raises(Refusal, match="`bias` of `conv` belongs to another layer"):
        apply(
            graph,
            "conv",
            graph.input(),
            {"weight": Array("d.weight", (4, 4, 1, 1)), "bias": Array("c.bias", (4,))},
            out=4,
            kernel=1,
        )
    with pytest.raises(Refusal, match="weights are shared by different layers"):
        apply(
            graph,
            "conv",
            graph.input(),
            {"weight": Array("c.weight", (4, 4, 3, 3)), "bias": Array("c.bias", (4,))},
            out=4,
            kernel=3,
        )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda g: view(g.input(), (2, 5)), "cuts across an axis|fewer elements"),
        (lambda g: g.plain(view(g.input(), (16, 6, 4))), "examples of a batch"),
        (lambda g: g.plain(permute(g.input(), (1, 0, 2, 3))), "the batch|examples of a batch"),
        (lambda g: concat(g, [g.input(), g.input()], 0), "along the batch"),
        (lambda g: take(g, g.input(), 0, 0, 1), "slice of the batch"),
        (lambda g: apply(g, "conv", g.input(), {"weight": Array("w", (4, 8, 5, 5))}, out=4, kernel=3), "array `bias`"),
        (
            lambda g: apply(g, "conv", g.input(), {"weight": Array("w", (4, 8, 5, 5))}, out=4, kernel=3, bias=False),
            "is 4×8×5×5, not 4×8×3×3",
        ),
        (lambda g: apply(g, "max_pool", g.input(), kernel=30), "does not fit"),
        (lambda g: apply(g, "nothing", g.input()), "no layer kind `nothing`"),
        (lambda g: learned(g, "scale", g.input(), Array("w", (8, 1, 4))), "some of the axes"),
        (lambda g: g.plain(expand(g, reduce(g, "avg", g.input(), [2, 3], keep=True), (2, 8, 6, 4))), "expanded"),
    ],
)
def test_what_cannot_be_said_is_refused(make: Callable[[Graph], object], reason: str) -> None:
    graph = Graph({"input": SHAPE}, batch=2, name="net")
    with pytest.raises(Refusal, match=reason):
        make(graph)


def test_all_refusals_are_reported_and_the_layers_before_the_first_are_written() -> None:
    graph = Graph({"input": SHAPE}, batch=2, name="net")
    x = pointwise(graph, "relu", graph.input())
    for path in ("layer1.0", "layer1.1"):
        graph.scope = graph.open_scope(path, "Block")
        made = graph.attempt(partial(apply, graph, "nothing", x), op="torch.nothing", inputs=[x], place="net.py:3")
        assert made is None
        x = graph.stand_in((2, 8, 6, 4))
    x = pointwise(graph, "relu", x)
    messages = [problem.message for problem in graph.refusals]
    assert messages == [
        f"`layer1.{at}`: there is no layer kind `nothing` (torch.nothing, 8×6×4, net.py:3)" for at in (0, 1)
    ]
    assert [problem.path for problem in graph.refusals] == ["layer1.0", "layer1.1"]
    network = to_network(graph)
    assert [node.layer.kind for node in network.nodes] == ["relu"]
    assert not network.complete
