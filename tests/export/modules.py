"""Exported modules, imported and compared with the network that they were written from."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.export.torch_module import write_module
from cnncalc.layers.ops import Map
from cnncalc.network import Network, Node
from cnncalc.reading import Reading

COUNTER = "num_batches_tracked"  # of PyTorch's batch norms, which no layer of ours has


def code_of(reading: Reading) -> str:
    """The exported file."""
    network = reading.require_network()
    assert reading.description is not None
    return write_module(reading.description, network).text


def made(torch: Any, text: str) -> Any:
    """The module that a file defines last, at inference."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    classes = [each for each in names.values() if isinstance(each, type) and each.__module__ == "exported"]
    return classes[-1]().eval()


def arrays_of(network: Network) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The arrays of a network by path and name, in the order of its layers; shared ones once."""
    for node in network.nodes:
        if node.shares is None:
            yield from ((f"{node.path}.{each.name}", each.shape) for each in node.layer.weights(node.input_shapes))


def state_of(module: Any) -> dict[str, Any]:
    return {name: array for name, array in module.state_dict().items() if not name.endswith(COUNTER)}


def outputs_of(module: Any, inputs: list[Any]) -> dict[str, Any]:
    """What a module returns by the names of outputs, without the batch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = module(*inputs)
    return {name: each[0] for name, each in found.items()} if isinstance(found, dict) else {"": found[0]}


def names_of_outputs(network: Network) -> dict[str, int]:
    """The outputs of a network as an exported module names them."""
    if list(network.outputs) == [""]:
        return network.outputs
    return {name or "output": index for name, index in network.outputs.items()}


def executed(network: Network, state: Mapping[str, Any], inputs: list[Any]) -> dict[str, list[float]]:
    """The outputs by the executor, with the arrays of a module and its inputs."""

    def weigh(node: Node, name: str, shape: object) -> list[float]:
        owner = node if node.shares is None else network.nodes[node.shares]
        found: list[float] = state[f"{owner.path}.{name}"].flatten().tolist()
        return found

    starts = [
        Map(shape, each[0].flatten().tolist()) for shape, each in zip(network.inputs.values(), inputs, strict=True)
    ]
    ends = names_of_outputs(network)
    results = run(network, starts, weigh, Numbers(), keep=set(ends.values()))
    return {name: list(results[index].values) for name, index in ends.items()}
