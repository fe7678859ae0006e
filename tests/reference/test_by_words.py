"""Layers that are no kinds, written with the words of the language: the numbers are those of the same in PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.execution.weights import Weights
from cnncalc.layers.base import Shape
from cnncalc.layers.ops import Map

from ..execution.one import random_map

pytestmark = pytest.mark.torch

GOOD = Path(__file__).parents[1] / "gallery" / "good"
Arrays = Callable[..., Any]  # path and name → an array


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def conv(torch: Any, x: Any, arrays: Arrays, path: str, padding: int = 1) -> Any:
    return torch.nn.functional.conv2d(x, arrays(path, "weight"), arrays(path, "bias"), padding=padding)


def conv_lstm(torch: Any, arrays: Arrays, video: Any, state: Any) -> Any:
    """Gates i, f, g, o of a convolution of the frame and the output."""
    hidden, cell = state.chunk(2, dim=1)
    for frame in video.unbind(2):
        gates = conv(torch, torch.cat((frame, hidden), 1), arrays, "first.gates.conv1")
        i, f, g, o = gates.chunk(4, dim=1)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
    return conv(torch, hidden, arrays, "conv1", 0)


def conv_gru(torch: Any, arrays: Arrays, video: Any, state: Any) -> Any:
    """The state is reset before the product."""
    for frame in video.unbind(2):
        reset, kept = conv(torch, torch.cat((frame, state), 1), arrays, "first.gates.conv1").sigmoid().chunk(2, dim=1)
        new = conv(torch, torch.cat((frame, reset * state), 1), arrays, "first.new.conv1").tanh()
        state = (1 - kept) * new + kept * state
    return conv(torch, state, arrays, "conv1", 0)


def dynamic_conv(torch: Any, arrays: Arrays, x: Any) -> Any:
    """One convolution with the sum of four kernels; the table has the taps of a kernel before its channels."""
    x = conv(torch, x, arrays, "conv1").relu()
    pooled = x.mean((2, 3))
    hidden = torch.nn.functional.linear(
        pooled, arrays("dynamic1.linear1", "weight"), arrays("dynamic1.linear1", "bias")
    ).relu()
    path = "dynamic1.shares.linear1"
    shares = torch.nn.functional.linear(hidden, arrays(path, "weight"), arrays(path, "bias")).softmax(1)
    kernels = arrays("dynamic1.table", "weight").reshape(4, 32, 3, 3, 16).permute(0, 1, 4, 2, 3)
    kernel = (shares.reshape(4, 1, 1, 1, 1) * kernels).sum(0)
    return torch.nn.functional.conv2d(x, kernel, padding=1)


CASES: list[tuple[Callable[..., Any], list[str], dict[str, Shape]]] = [
    (conv_lstm, ["width=2"], {"video": (1, 4, 5, 3), "state": (4, 5, 3)}),
    (conv_gru, ["width=3"], {"video": (2, 4, 5, 3), "state": (3, 5, 3)}),
    (dynamic_conv, [], {"": (16, 5, 4)}),
]


@pytest.mark.parametrize(("theirs", "settings", "inputs"), CASES)
def test_outputs(torch: Any, theirs: Callable[..., Any], settings: list[str], inputs: dict[str, Shape]) -> None:
    sizes = inputs if len(inputs) > 1 else inputs[""]
    net = load(str(GOOD / f"{theirs.__name__}.yaml"), input=sizes, settings=settings)
    maps = [random_map(Random(name), shape) for name, shape in inputs.items()]
    weights = Weights(net, {}, 7)
    last = len(net.nodes) - 1
    ours: Map = run(net, maps, weights, Numbers(), keep={last})[last]
    nodes = {node.path: node for node in net.nodes}

    def arrays(path: str, name: str) -> Any:
        node = nodes[path]
        shape = next(each.shape for each in node.layer.weights(node.input_shapes) if each.name == name)
        return torch.tensor(weights(node, name, shape), dtype=torch.float64).reshape(shape)

    tensors = [torch.tensor(x.values, dtype=torch.float64).reshape(1, *x.shape) for x in maps]
    wanted = theirs(torch, arrays, *tensors)
    assert ours.shape == tuple(wanted.shape[1:])
    assert ours.values == pytest.approx(wanted.flatten().tolist(), rel=1e-9, abs=1e-12)


def test_macs_of_a_dynamic_convolution() -> None:
    """Those of the convolution, of the two linear layers, and four products for each number of the kernel."""
    macs = analyze(load(str(GOOD / "dynamic_conv.yaml"))).totals.work.macs
    assert macs == 28 * 28 * (16 * 16 * 9 + 16 * 32 * 9) + 16 * 4 + 4 * 4 + 4 * 32 * 16 * 9
