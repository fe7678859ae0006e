"""What all modes of `run` share: what is executed, of which layers, within which limits, and how it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.errors import UsageError
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from cnncalc.cli.bounds import Bounds
    from cnncalc.cli.input_data import GivenInputs
    from cnncalc.execution.weights import Weights
    from cnncalc.layers.ops import Map
    from cnncalc.network import Network, Node
    from cnncalc.reading import Reading
    from cnncalc.render.document import Block
    from cnncalc.render.view import View


class Task(NamedTuple):
    """A network with its inputs and weights, and what the options of all modes say."""

    reading: Reading
    given: GivenInputs
    weights: Weights
    seed: int | None
    at: str | None
    all_: bool
    bounds: Bounds
    format: TextFormat
    view: View

    @property
    def net(self) -> Network:
        """The network, which has no errors."""
        return self.reading.require_network()

    def read_inputs(self) -> list[Map]:
        """The inputs in order. Raises UsageError and CnncalcError."""
        from cnncalc.layers.ops import Map

        return [Map(*each) for each in self.given.read(self.net, self.seed)]

    def choose_layers(self) -> dict[str, int]:
        """The layers whose outputs are shown, by their paths; by default the network's outputs. Raises UsageError."""
        net = self.net
        paths = {node.path: node.index for node in net.nodes}
        if self.all_:
            return paths
        if self.at is not None:
            return {net.nodes[index].path: index for index in _find(net, self.at, paths)}
        last = net.outputs.get("")
        ends = [index for index in net.outputs.values() if index >= 0] if last is None or last < 0 else [last]
        return {net.nodes[index].path: index for index in ends or [len(net.nodes) - 1]}

    def choose_layer(self) -> Node:
        """The one layer that is written out. Raises UsageError if there are several."""
        chosen = self.choose_layers()
        if len(chosen) > 1:
            raise UsageError(f"one layer is written out: choose it with --at PATH, e.g. --at {next(iter(chosen))}")
        (index,) = chosen.values()
        return self.net.nodes[index]

    def refuse(self, wanted: Collection[int], shown: Collection[int], executed: Sequence[Node] | None = None) -> None:
        """Raises UsageError if computing the wanted layers, to show some of the outputs, exceeds a limit.

        `executed` are executed in place of the network's layers.
        """
        self.bounds.refuse(self.net, list_needed(self.net, wanted), shown, executed)

    def write(self, *, document: Callable[[View], Iterable[Block]], json: Callable[[], str]) -> str:
        """What was computed, in the format that is asked for."""
        return write_text(self.format, self.view, document=document, json=json)


def list_needed(net: Network, chosen: Collection[int]) -> list[Node]:
    """The layers that are executed to compute the chosen ones."""
    from cnncalc.execution.run import find_needed

    wanted = find_needed(net, chosen)
    return [node for node in net.nodes if node.index in wanted]


def _find(net: Network, at: str, paths: dict[str, int]) -> list[int]:
    """The layer of this path, this number or named output, or with the output of this group; or all of its outputs."""
    from cnncalc.paths import PathError, find_nth, find_path

    if (nth := find_nth(at, [node.layer.kind for node in net.nodes])) is not None:
        return [nth]
    try:
        return [paths[find_path(at, paths)]]
    except PathError:
        groups = {group.path: group for group in net.groups if group.path and _is_made(group.result)}
        found = find_path(at, {**groups, **paths}, former=net.former_paths, outputs=net.output_paths())
        group = groups.get(found)
        if group is None:
            return [paths[found]]
        if group.result is not None:
            return [group.result]
        inside = range(group.first, group.last)
        return [index for index in net.outputs.values() if index in inside] or [group.last - 1]


def _is_made(result: int | None) -> bool:
    """Whether the result of a group is computed by a layer, and not an input that is passed on."""
    return result is None or result >= 0
