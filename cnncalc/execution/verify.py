"""Verifying a network: executing it and checking every declared figure against what was counted and traced.

`observe` executes the network, `checks` compares.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from cnncalc import limits
from cnncalc.errors import CnncalcError
from cnncalc.execution.checks import Checker, LayerVerdict
from cnncalc.execution.effort import explain_excess_steps
from cnncalc.execution.memory import explain_excess_memory
from cnncalc.execution.narrow import narrow
from cnncalc.execution.observe import Trace, count_layers, count_network, isolate, trace_layers, trace_network
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

APART = "each layer at its own setting with few channels, beside the positions traced through all"
Tick = Callable[[int, int], None]  # layers done, of how many


class Verdict(NamedTuple):
    """The result of verifying a network; `how` describes what was executed in its place."""

    name: str
    how: str
    inputs: dict[str, Shape]
    layers: tuple[LayerVerdict, ...]

    @property
    def input(self) -> Shape:
        """The shape of the first input."""
        return next(iter(self.inputs.values()))

    @property
    def held(self) -> bool:
        """Whether all checks passed."""
        return not any(layer.differences for layer in self.layers)


def verify(network: Network, *, most: int = limits.VERIFIED_STEPS, tick: Tick = lambda done, total: None) -> Verdict:
    """Execute a narrowed network with counting and tracing elements, and check the figures of every layer.

    Raises CnncalcError if it has too many layers, or if neither the narrowed network nor its layers fit the limits.
    """
    if len(network.nodes) > limits.VERIFIED_LAYERS:
        raise CnncalcError(
            f"{network.name} has {len(network.nodes):,} layers, and `verify` takes at most {limits.VERIFIED_LAYERS:,}"
        )
    found = narrow(network, most)
    if found is None:
        alone = list(map(isolate, network.nodes))
        limit = limits.VERIFIED_AT_MOST
        if why := explain_excess_steps(network, alone, limit) or explain_excess_memory(network, alone, limit):
            raise CnncalcError(why)
    net, how = found or (network, APART)
    steps = count(1)

    def step() -> None:
        tick(next(steps), 2 * len(net.nodes))

    counted = count_network(net, step) if found else count_layers(net, step)
    checker = Checker(net, counted)
    layers = []

    def check(node: Node, trace: Trace) -> None:
        layers.append(checker.check_layer(node, trace))
        step()

    if found:
        trace_network(net, check)
    else:
        trace_layers(net, check)
    return Verdict(network.name, how, net.inputs, tuple(layers))
