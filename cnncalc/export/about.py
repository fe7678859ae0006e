"""What an exported file says of its network: name, totals and source in a docstring, and the keys of its outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from math import prod
from textwrap import wrap

from cnncalc.export.expressions import quote
from cnncalc.layers.base import Shapes
from cnncalc.network import Network, Node

LEFT_OUT = "Parts of the architecture that do not run with its params as they are here are left out."
A_LAYER_A_LINE = "It is written a layer a line, without the blocks of the architecture."


def docstring(network: Network, notes: Sequence[str]) -> list[str]:
    """The lines of a docstring; of text from outside, what is not printable is escaped. `notes` are paragraphs."""
    told = [summarize(network), *(["", network.source] if network.source else [])]
    lines = [part for line in told for part in wrap(printable(line), 85) or [""]]
    lines += [line for note in notes for line in ["", *wrap(note, 85)]]
    lines[-1] += '"""'
    return [f'"""{lines[0]}', *lines[1:]]


def summarize(network: Network) -> str:
    """The name, the sizes of the inputs and the totals, as a sentence."""
    shapes = ", ".join("×".join(map(str, shape)) for shape in network.inputs.values())
    macs = sum(node.layer.work(node.input_shapes, node.output).macs * times for node, times in _alike(network.nodes))
    learned = count_numbers(network) - count_numbers(network, buffers=True)
    return f"{network.name} at {shapes}: {learned:,} parameters, {macs:,} macs."


def count_numbers(network: Network, *, buffers: bool = False, nodes: Collection[int] | None = None) -> int:
    """The numbers of all arrays of a network, or of the running statistics of norms alone; of some nodes, if given."""
    counted = [node for node in network.nodes if node.shares is None and (nodes is None or node.index in nodes)]
    return sum(
        prod(weight.shape) * times
        for node, times in _alike(counted)
        for weight in node.layer.weights(node.input_shapes)
        if not buffers or weight.name.rpartition(".")[2].startswith("running_")
    )


def _alike(nodes: Iterable[Node]) -> Iterator[tuple[Node, int]]:
    """One of all nodes with the same layer and input shapes, and how many they are."""
    first: dict[tuple[int, Shapes], Node] = {}
    times = Counter((id(first.setdefault((id(node.layer), node.input_shapes), node))) for node in nodes)
    return ((node, times[id(node)]) for node in first.values())


def printable(text: str) -> str:
    """A text for a docstring: backslashes, quotes, and what is not printable, escaped."""
    characters = (
        character if character.isprintable() and character not in '\\"' else quote(character)[1:-1]
        for character in text.replace('"', "'")
    )
    return "".join(characters)


def output_key(name: str) -> str:
    """The key of a named output in what a network returns; of the last layer's, `output`."""
    return name or "output"
