"""A report restricted to one input of the network: what each layer sees of that input."""

from __future__ import annotations

from cnncalc.analysis.report import NOTHING_SEEN, ReceptiveField, Report, Seen
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.records import NamedTuple


class InputView(NamedTuple):
    """What the layers of a network see of one of its inputs, which is at index `start`."""

    network: Network
    report: Report
    start: int
    name: str

    @property
    def shape(self) -> Shape:
        """The shape of the input."""
        return self.report.inputs[self.name]

    def reaches(self, index: int) -> bool:
        """Whether the input reaches a layer; of the inputs, only itself."""
        return self.name in self.report.layers[index].seen if index >= 0 else index == self.start

    def seen(self, index: int) -> Seen:
        """What the units of a layer see of the input."""
        return self.report.layers[index].seen.get(self.name, NOTHING_SEEN)

    def field(self, index: int) -> ReceptiveField | None:
        """The receptive field of a layer, or of the input itself."""
        if index >= 0:
            return self.seen(index).receptive_field
        axes = len(self.shape) - 1
        return ReceptiveField((1,) * axes, (1,) * axes, (0,) * axes) if axes and index == self.start else None

    def sources(self, index: int) -> list[int]:
        """The inputs of a layer that see something of the input."""
        return [source for source in self.network.nodes[index].inputs if self.reaches(source)]


def views(network: Network, report: Report, index: int) -> list[InputView]:
    """A view for each input that reaches a layer."""
    each = zip(network.starts, network.inputs, strict=True)
    return [InputView(network, report, start, name) for start, name in each if name in report.layers[index].seen]
