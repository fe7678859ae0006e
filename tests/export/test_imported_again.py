"""Exported PyTorch code, read by our own reader: the same numbers, and our paths as the keys of arrays."""

from __future__ import annotations

import re
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

UNUSED = {"wavenet"}  # its last residual convolution, which no output needs
# Kinds that are known by the numbers of constants, not only by shapes: offsets, biases of zeros, divisors of a mean.
CONSTANT = {"relative_position_bias", "continuous_position_bias", "lstm", "gru", "avg_pool"}
PART = re.compile(r"\[\d+:\d+\]")  # of an array, as a product that does not read all of it


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
@pytest.mark.parametrize("name", [name for name in bundled() if name not in UNUSED])
def test_a_bundled_network_comes_back(torch: Any, name: str) -> None:
    reading = read(name)
    graph = traced(torch, reading)
    assert not graph.refusals
    network = reading.require_network()
    assert figures(read_graph(graph, name).require_network()) == figures(network)
    keys = [PART.sub("", str(array.key)) for node in graph.nodes for array in node.arrays.values()]
    assert {path.replace("_.", ".") for path in keys} == {path.replace("_.", ".") for path, _ in arrays_of(network)}


def test_a_layer_that_nothing_reads_is_left_out_with_a_note(torch: Any) -> None:
    again = read_graph(traced(torch, read("wavenet")), "wavenet")
    theirs, ours = figures(again.require_network()), figures(read("wavenet").require_network())
    assert ours["parameters"] - theirs["parameters"] == 32 * 32 + 32  # of the last `to_residual`
    assert ours["outputs"] == theirs["outputs"]
    notes = again.require_network().notes
    assert "Left out with 1,056 parameters, as no output needs it: stack.49.add1.new.conv1." in notes
