"""The data of a page: all that its script needs to show a chosen layer, as `explain` does, and to write exports.

Columns have an element for each layer in the order of execution. What is equal for several layers is stored once, in
lists that columns point into.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc import limits
from cnncalc.analysis.explain import Explained, explain_layer
from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.figure.layout import find_drawn
from cnncalc.figure.scene import Group, Item
from cnncalc.layers.arguments import format_short
from cnncalc.render.columns import format_field, format_shapes
from cnncalc.render.explain import format_heading, format_line
from cnncalc.render.json import encode
from cnncalc.render.latex import SPECIAL
from cnncalc.render.markup import Markup
from cnncalc.render.page.picture import find_canvas
from cnncalc.render.text import clean

if TYPE_CHECKING:
    from fractions import Fraction

    from cnncalc.analysis.report import LayerReport, Seen
    from cnncalc.render.page.subject import Subject

FORMAT = 1
EXACT = 2**53 - 1  # the largest integer up to which the numbers of JavaScript are exact
COUNTS = ("parameters", "weights", "biases", "buffers", "macs", "multiplications", "activations")


class Pool:
    """A list of distinct values, each known by a key."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[Hashable, int] = {}

    def place(self, key: Hashable, make: Callable[[], Any]) -> int:
        """The index of the value of a key, which is made where the key is new."""
        at = self._places.get(key)
        if at is None:
            at = self._places[key] = len(self.values)
            self.values.append(make())
        return at


def write_data(subjects: Sequence[Subject]) -> Markup:
    """The data of all networks as JSON that may be inside a `script` element."""
    document = {"format": FORMAT, "latex": SPECIAL, "networks": list(map(record_network, subjects))}
    return Markup(encode(document, ascii=False, compact=True).replace("<", "\\u003c"))


def record_network(subject: Subject) -> dict[str, Any]:
    """The data of one network."""
    report = subject.report
    canvas = find_canvas(report)
    totals = {name: _record_count(FIGURES[name].measure_network(report)) for name in COUNTS}
    return {
        "label": clean(subject.label),
        "name": clean(report.name),
        "inputs": {clean(name): shape for name, shape in report.inputs.items()},
        "output": report.output,
        "totals": {**totals, "peak_memory": _record_count(subject.peak)},
        "picture": canvas and {**canvas._asdict(), "input": clean(canvas.input)},
        **_Layers(subject).record(),
        "bars": [bar.first for bar in subject.bars] if len(subject.bars) < len(report.layers) else None,
        "drawn": list_drawn(subject),
    }


def _record_count(number: int) -> int | str:
    """A number; a string of digits where JavaScript would round it."""
    return number if number <= EXACT else str(number)


class _Layers:
    """Makes the columns of the layers, and the lists that they point into."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.records, self.fields, self.lines, self.texts = Pool(), Pool(), Pool(), Pool()
        self.explained: dict[Hashable, int] = {}

    def record(self) -> dict[str, Any]:
        layers, memory = self.subject.report.layers, self.subject.memory
        columns: dict[str, Any] = {
            "path": [clean(layer.path) for layer in layers],
            "line": [layer.line for layer in layers],
            "sources": [layer.sources for layer in layers],
            "record": [self._place_record(layer) for layer in layers],
            "field": [self._place_field(layer) for layer in layers],
            "lines": [self._place_lines(index) for index in range(len(layers))],
            "memory": [_record_count(memory.bytes_of(alive)) for alive in self.subject.tensors.layers],
            "shares": {index: clean(layer.shares) for index, layer in enumerate(layers) if layer.shares},
        }
        for name in COUNTS:
            measure = FIGURES[name].of_costs
            assert measure
            columns[name] = [_record_count(measure(layer.costs, Dtype.float32)) for layer in layers]
        return {
            "layers": columns,
            "records": self.records.values,
            "fields": self.fields.values,
            "lines": self.lines.values,
            "texts": self.texts.values,
        }

    def _place_field(self, layer: LayerReport) -> int:
        return self.fields.place((*layer.seen.items(),), lambda: _record_field(layer))

    def _place_record(self, layer: LayerReport) -> int:
        return self.records.place((layer.layer, layer.inputs), lambda: _record_layer(layer))

    def _place_lines(self, index: int) -> int:
        """The index of the lines that `explain` has for a layer; −1 for those of too many different layers."""
        layers, node = self.subject.report.layers, self.subject.network.nodes[index]
        layer = layers[index]
        sources = [self._place_field(layers[at]) if at >= 0 else at - 1 for at in layer.sources]
        alone = index if len(sources) > 1 else -1  # the lines of a merge name its branches
        key = (self._place_record(layer), self._place_field(layer), *sources, alone, layer.shares, node.like)
        if key not in self.explained:
            self.explained[key] = self._explain(index) if len(self.explained) < limits.EXPLAINED_LAYERS else -1
        return self.explained[key]

    def _explain(self, index: int) -> int:
        lines = explain_layer(self.subject.network, self.subject.report, index, chain=False).lines
        pairs = ((line.label, format_line(line)) for line in lines)
        texts = [self._place_text(text) for pair in pairs for text in pair]
        return self.lines.place(tuple(texts), lambda: texts)

    def _place_text(self, text: str) -> int:
        return self.texts.place(text, lambda: clean(text))


def _record_layer(layer: LayerReport) -> dict[str, Any]:
    """What is the same for all layers with equal arguments and inputs."""
    kind = layer.layer
    return {
        "kind": layer.kind,
        "call": clean(repr(kind)),
        "heading": clean(format_heading(Explained(layer.path, kind, layer.inputs, layer.output, ()))),
        "settings": clean(kind.summarize_settings(layer.axes)),
        "arguments": [(name, clean(format_argument(value))) for name, value in layer.arguments.items()],
        "inputs": layer.inputs,
        "input": format_shapes(layer.inputs),
        "output": layer.output,
        "weights": [(weight.name, weight.shape) for weight in kind.weights(layer.inputs)],
    }


def format_argument(value: Any) -> str:
    """Format an argument for reading, e.g. `3×3`."""
    return format_short(value)


def _record_field(layer: LayerReport) -> dict[str, Any]:
    """What the units of a layer see of each input that reaches it."""
    seen = {clean(name): each for name, each in layer.seen.items()}
    return {
        "text": clean(format_field(layer)),
        "by": {name: _record_seen(each) for name, each in seen.items()},
        "whole": {name: each.whole._asdict() for name, each in seen.items() if each.whole},
        "centred": all(each.centred for each in seen.values()),
    }


def _record_seen(seen: Seen) -> dict[str, Any] | None:
    field = seen.receptive_field
    return field and {**field._asdict(), "stride": [_record_step(step) for step in field.stride]}


def _record_step(step: int | Fraction) -> int | float:
    return int(step) if step.denominator == 1 else float(step)


def list_drawn(subject: Subject) -> list[int]:
    """For each layer the number in the id of the element that shows it, −1 where there is none.

    A layer that is folded into another one is shown by that.
    """
    count = len(subject.report.layers)
    if subject.scene is None:
        return [-1] * count
    own = {index: things[0] for things in _list_things(subject.scene.items) for index in things}
    folded, _ = find_drawn(subject.tree)
    return [own.get(index, own.get(folded.get(index, -1), -1)) for index in range(count)]


def _list_things(items: Sequence[Item]) -> Iterator[tuple[int, ...]]:
    """The indexes of the layers that each element with an id stands for."""
    for item in items:
        if isinstance(item, Group):
            if item.layers:
                yield item.layers
            yield from _list_things(item.items)
