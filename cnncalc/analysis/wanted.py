"""The question turned round: which settings of a layer give the output that is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.settings import LayerError, Same, Value
from cnncalc.network import INPUT, Network, Node

FREE = ("kernel", "stride", "padding")
LARGEST = 12  # of each setting that is tried, where several are free
LARGEST_ALONE = 4096  # of one that alone is free, or of the wanted sizes
Settings = tuple[tuple[str, Value], ...]


class Answer(NamedTuple):
    """Settings of one layer, and the sizes that come out."""

    path: str
    settings: Settings
    sizes: Shape

    @property
    def weight(self) -> tuple[int, ...]:
        """By what answers are sorted: the largest setting, then all."""
        numbers = [_largest_in(value) for _, value in self.settings]
        return (max(numbers), *numbers)


def _largest_in(value: Value) -> int:
    return max(map(_largest_in, value)) if isinstance(value, tuple) else int(value)


class Search(NamedTuple):
    """What was found: settings that give the wanted sizes, or else those that come nearest, and what was refused."""

    layers: tuple[str, ...]  # those whose settings were tried
    wanted: Shape
    answers: tuple[Answer, ...]
    nearest: tuple[Answer, ...]
    refused: str  # one reason why some settings cannot be, "" where all can


def search(network: Network, wanted: Shape, free: Sequence[str] = ("padding",)) -> Search:
    """Try the free settings, of one layer after the other, all the others as they are.

    Of the network only the layers and the input count: as it is written it need not fit.
    """
    layers = [node for node in network.nodes if all(name in node.layer.settings for name in free)]
    answers: list[Answer] = []
    others: list[Answer] = []
    refused = ""
    for node in layers:
        tried: list[Answer] = []
        for settings in _tried(network, node, free, wanted):
            try:
                sizes = _sizes_with(network, node, settings)
            except LayerError as error:
                refused = refused or error.message
                continue
            tried.append(Answer(node.path, settings, sizes))
        exact = [answer for answer in tried if answer.sizes == wanted]
        answers += exact or _by_axis(tried, wanted)
        others += tried
    nearest = () if answers else _nearest(others, wanted)
    answers.sort(key=lambda answer: answer.weight)
    return Search(tuple(node.path for node in layers), wanted, tuple(answers), nearest, refused)


def _tried(network: Network, node: Node, free: Sequence[str], wanted: Shape) -> Iterator[Settings]:
    largest = LARGEST if len(free) > 1 else min(max(LARGEST, 4 * max(wanted), *node.input_shapes[0]), LARGEST_ALONE)
    ranges = (range(0 if name == "padding" else 1, largest + 1) for name in free)
    for values in product(*ranges):
        yield tuple(zip(free, values, strict=True))
    if "padding" in free and len(free) == 1:  # one more on one side: what equal sides step over
        for side in range(LARGEST):
            pair = ((side, side + 1),) * len(wanted)
            yield (("padding", pair),)


def _sizes_with(network: Network, changed: Node, settings: Settings) -> Shape:
    """The spatial sizes of the network's output with one layer changed. Raises LayerError."""
    shapes: dict[int, Shape] = {INPUT: network.input}
    for node in network.nodes:
        layer = _with(node.layer, settings) if node.index == changed.index else node.layer
        shapes[node.index] = layer.output_shape(tuple(shapes[source] for source in node.inputs))
    return shapes[network.outputs.get("", len(network.nodes) - 1)][1:]


def _with(layer: Layer, settings: Settings) -> Layer:
    """The layer with these settings; a stride that is the kernel's size goes on being that, as a pool's."""
    kept = {
        name: getattr(layer, name)
        for name, setting in layer.settings.items()
        if not (isinstance(setting.default, Same) and getattr(layer, name) == layer.default_of(name))
    }
    return type(layer)(**{**kept, **dict(settings)})


def _by_axis(tried: list[Answer], wanted: Shape) -> list[Answer]:
    """Where no setting is right for all axes: the first that is for each, put together."""
    if not tried or len(tried[0].sizes) != len(wanted) or len(set(wanted)) == 1:
        return []
    even = [answer for answer in tried if all(isinstance(value, int) for _, value in answer.settings)]
    each = []
    for axis, size in enumerate(wanted):
        found = [answer for answer in even if answer.sizes[axis] == size]
        if not found:
            return []
        each.append(min(found, key=lambda answer: answer.weight))
    names = [name for name, _ in each[0].settings]
    columns = zip(*([value for _, value in answer.settings] for answer in each), strict=True)
    return [Answer(each[0].path, tuple(zip(names, columns, strict=True)), wanted)]


def _nearest(tried: list[Answer], wanted: Shape) -> tuple[Answer, ...]:
    """The nearest below and above, each by the least settings."""
    fitting = [answer for answer in tried if len(answer.sizes) == len(wanted)]
    below = [answer for answer in fitting if sum(answer.sizes) < sum(wanted)]
    above = [answer for answer in fitting if sum(answer.sizes) > sum(wanted)]
    found = []
    if below:
        found.append(min(below, key=lambda answer: (-sum(answer.sizes), answer.weight)))
    if above:
        found.append(min(above, key=lambda answer: (sum(answer.sizes), answer.weight)))
    return tuple(found)
