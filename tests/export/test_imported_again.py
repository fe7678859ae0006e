"""Exported PyTorch code, read by our own reader: the same numbers, and our paths as the keys of arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.network import Network
from cnncalc.reading import Reading, read, read_graph
from cnncalc.spec.files import bundled

from .modules import arrays_of, code_of, made

pytestmark = pytest.mark.torch

# What the reader refuses, with a part of what it says: windows of a bias for all of a batch, and a mean of positions
# inside only, whose divisors are computed.
NOT_READ = dict.fromkeys(["maxvit_t", "swin_b", "swin_s", "swin_t"], "the examples of a batch") | dict.fromkeys(
    ["swin_v2_b", "swin_v2_s", "swin_v2_t", "nasnet_a_large", "nasnet_a_mobile"], "its weights are computed"
)
# Layers that no output needs, which the reader leaves out: the last residual convolution.
UNUSED = {"wavenet"}
CONSTANT = {"relative_position_bias"}  # kinds that are known by the numbers of a constant, not only by shapes


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        yield pytest.importorskip("torch", reason="PyTorch is not installed")


def traced(torch: Any, reading: Reading) -> Any:
    """The graph that the reader makes of the exported module."""
    from cnncalc.exchange.from_torch import trace

    network = reading.require_network()
    constant = CONSTANT & {node.layer.kind for node in network.nodes}
    with torch.device("cpu" if constant else "meta"):
        module = made(torch, code_of(reading))
    (shape, *others) = network.inputs.values()
    return trace(module, dict(network.inputs) if others else {"": shape})


def figures(network: Network) -> dict[str, Any]:
    totals = analyze(network).totals
    outputs = [network.shape_at(index) for index in network.outputs.values()]
    return {
        "parameters": totals.parameters, "buffers": totals.buffers, "macs": totals.work.macs,
        "attention": totals.work.attention_macs, "outputs": outputs,
    }  # fmt: skip


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", [name for name in bundled() if name not in {*NOT_READ, *UNUSED}])
def test_a_bundled_network_comes_back(torch: Any, name: str) -> None:
    reading = read(name)
    graph = traced(torch, reading)
    assert not graph.refusals
    network = reading.require_network()
    assert figures(read_graph(graph, name).require_network()) == figures(network)
    keys = [array.key for node in graph.nodes for array in node.arrays.values() if node.shares is None]
    assert {path.replace("_.", ".") for path in keys} == {path.replace("_.", ".") for path, _ in arrays_of(network)}


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_not_read_is_refused(torch: Any, name: str) -> None:
    graph = traced(torch, read(name))
    assert any(NOT_READ[name] in refusal.message for refusal in graph.refusals)


def test_a_layer_that_nothing_reads_is_left_out(torch: Any) -> None:
    theirs, ours = (figures(each) for each in (
        read_graph(traced(torch, read("wavenet")), "wavenet").require_network(), read("wavenet").require_network()
    ))  # fmt: skip
    assert ours["parameters"] - theirs["parameters"] == 32 * 32 + 32  # of the last `to_residual`
    assert ours["outputs"] == theirs["outputs"]
