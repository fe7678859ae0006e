"""Gradients against PyTorch's autograd, in float64: of every kind by itself, and of exported networks."""

from __future__ import annotations

import warnings
from random import Random
from typing import Any

import pytest

from cnncalc.execution.backward import go_back
from cnncalc.execution.weights import Weights, sample_input
from cnncalc.layers import KINDS
from cnncalc.layers.ops import Map, fill_map
from cnncalc.reading import read

from ..export.modules import code_of, made, state_of
from .test_against_torch import forward, kept_by, tensor
from .test_gradients import cases, gradients, random_output

pytestmark = pytest.mark.torch

TOLERANCE = 1e-9  # relative to the largest of an array
SIXTH = 1e-7  # of `hard_sigmoid`, whose derivative PyTorch keeps as a float32
NETWORKS = (
    ("lenet5", None),
    ("conv(4, 3, padding=1) -> batch_norm -> relu -> max_pool(2) -> flatten -> linear(5)", "3x8x8"),
    (
        "conv(6, 3, padding=1) -> silu -> group_norm(3) -> global_avg_pool -> flatten -> linear(2)",
        "3x6x6",
    ),
    ("lstm(4, bidirectional=true) -> multi_head_attention(2) -> layer_norm -> gru(3)", "5x6"),
    ("transposed_conv(3, 4, stride=2, padding=1) -> prelu -> depthwise_conv(3) -> upsample(2, mode=linear)", "2x5x5"),
)


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def assert_close(ours: list[float], theirs: Any, about: object, tolerance: float = TOLERANCE) -> None:
    wanted = [0.0] * len(ours) if theirs is None else theirs.reshape(-1).tolist()
    scale = max(map(abs, wanted), default=0.0) + 1e-300
    assert len(ours) == len(wanted)
    for one, other in zip(ours, wanted, strict=True):
        assert abs(one - other) <= tolerance * max(scale, 1e-3), (about, one, other)


def go_back_in_torch(out: Any, gradient: Any) -> bool:
    """Compute the gradients; False where PyTorch's group norm without arrays fails to."""
    try:
        (out * gradient).sum().backward()
    except RuntimeError as error:
        if "tensor does not have a device" not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_every_kind(torch: Any, kind: str) -> None:
    compared = 0
    for case in cases(kind):
        tensors = [tensor(torch, x).requires_grad_() for x in case.maps]
        out, module = forward(torch, case.layer, case.maps, tensors, case.arrays)
        if out is None:
            continue
        output = random_output(case, Random(kind))
        ours = gradients(case, output)
        if out.requires_grad and not go_back_in_torch(out, tensor(torch, output)):
            continue
        for own, each in zip(ours.inputs, tensors, strict=True):
            about = (case.layer, case.shapes)
            assert_close(own.values, each.grad, about, SIXTH if kind == "hard_sigmoid" else TOLERANCE)
        kept = {} if module is None else kept_by(module)
        for weight in case.layer.weights(case.shapes) if kept else ():
            parameter = kept[weight.role].pop(0)
            if weight.role != "buffer":
                assert_close(ours.arrays[weight.name].values, parameter.grad, (case.layer, weight.name))
        compared += 1
    assert compared


@pytest.mark.parametrize(("name", "size"), NETWORKS)
def test_gradients_of_exported_networks(torch: Any, name: str, size: str | None) -> None:
    """The module that `export` writes, with the arrays that cnncalc samples."""
    reading = read(name, inputs=[] if size is None else [size])
    net = reading.require_network()
    weights = Weights(net, {}, 1)
    module = made(torch, code_of(reading)).double()
    state = state_of(module)
    with torch.no_grad():
        for node in net.nodes:
            for weight in node.layer.weights(node.input_shapes) if node.shares is None else ():
                values = torch.tensor(weights(node, weight.name, weight.shape), dtype=torch.float64)
                state[f"{node.path}.{weight.name}"].copy_(values.reshape(weight.shape))
    start = Map(*sample_input(1, net.input))
    x = tensor(torch, start).requires_grad_()
    module(x).sum().backward()
    last = net.outputs[""]
    ours = go_back(net, [start], weights, {last: fill_map(net.nodes[last].output, 1.0)})
    assert_close(ours.inputs[-1].values, x.grad, name)
    theirs = {path: each.grad for path, each in module.named_parameters()}
    names = [(node, array) for node in net.nodes for array in ours.arrays.get(node.index, {})]
    assert {f"{node.path}.{array}" for node, array in names} == theirs.keys()
    for node, array in names:
        assert_close(ours.arrays[node.index][array].values, theirs[f"{node.path}.{array}"], (name, node.path, array))
