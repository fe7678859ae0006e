"""The question turned round: which settings of a layer give the output that is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from cnncalc import limits
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.settings import LayerError, SameAs, Value
from cnncalc.network import INPUT, Network, Node

FREE = ("kernel", "stride", "padding")
Settings = tuple[tuple[str, Value], ...]


class Answer(NamedTuple):
    """Settings of one layer, or the same of each of several, and the sizes that come out."""

    paths: tuple[str, ...]
    settings: Settings
    sizes: Shape

    @property
    def path(self) -> str:
        """The paths of the layers in one text."""
        return ", ".join(self.paths)

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
    """Try the free settings: of one layer after the other, all others as they are, then the same of all together.

    A transposed convolution whose padding is free may have an output padding as well. Of the network only the layers
    and the input count: as it is written it need not fit.
    """
    layers = [node for node in network.nodes if all(name in node.layer.settings for name in free)]
    answers: list[Answer] = []
    others: list[Answer] = []
    refused = ""
    subjects = [(node,) for node in layers] + ([tuple(layers)] if len(layers) > 1 else [])
    for nodes in subjects:
        tried: list[Answer] = []
        changed, paths = {node.index for node in nodes}, tuple(node.path for node in nodes)
        for settings in _tried(network, nodes, free, wanted):
            try:
                sizes = _sizes_with(network, changed, settings)
            except LayerError as error:
                refused = refused or error.message
                continue
            tried.append(Answer(paths, settings, sizes))
        exact = [answer for answer in tried if answer.sizes == wanted]
        answers += exact or _by_axis(tried, wanted)
        others += tried
    nearest = () if answers else _nearest(others, wanted)
    answers.sort(key=lambda answer: (answer.weight, len(answer.paths)))
    return Search(tuple(node.path for node in layers), wanted, tuple(answers), nearest, refused)


def _tried(network: Network, nodes: Sequence[Node], free: Sequence[str], wanted: Shape) -> Iterator[Settings]:
    inputs = max(max(node.input_shapes[0]) for node in nodes)
    largest = limits.WANTED_ARGUMENT
    if len(free) == 1:
        largest = min(max(largest, 4 * max(wanted), inputs), limits.WANTED_ALONE)
    ranges = (range(0 if name == "padding" else 1, largest + 1) for name in free)
    for values in product(*ranges):
        yield tuple(zip(free, values, strict=True))
    if list(free) == ["padding"] and all("output_padding" in node.layer.settings for node in nodes):
        present = {vars(node.layer)["padding"] for node in nodes}
        strides = [stride for node in nodes if isinstance(stride := vars(node.layer)["stride"], int)]
        for padding, more in product(range(limits.WANTED_ARGUMENT), range(1, max(strides, default=1))):
            own = (("padding", padding),) if {padding} != present else ()
            yield (*own, ("output_padding", more))
    if "padding" in free and len(free) == 1:  # one more on one side: what equal sides step over
        for side in range(limits.WANTED_ARGUMENT):
            pair = ((side, side + 1),) * len(wanted)
            yield (("padding", pair),)


def _sizes_with(network: Network, changed: Collection[int], settings: Settings) -> Shape:
    """The spatial sizes of the network's output with some layers changed. Raises LayerError."""
    shapes: dict[int, Shape] = {INPUT: network.input}
    for node in network.nodes:
        layer = _with(node.layer, settings) if node.index in changed else node.layer
        shapes[node.index] = layer.output_shape(tuple(shapes[source] for source in node.inputs))
    return shapes[network.outputs.get("", len(network.nodes) - 1)][1:]


def _with(layer: Layer, settings: Settings) -> Layer:
    """The layer with these settings; a stride that is the kernel's size goes on being that, as a pool's."""
    kept = {
        name: getattr(layer, name)
        for name, setting in layer.settings.items()
        if not (isinstance(setting.default, SameAs) and getattr(layer, name) == layer.default_of(name))
    }
    return type(layer)(**{**kept, **dict(settings)})


def _by_axis(tried: list[Answer], wanted: Shape) -> list[Answer]:
    """Where no setting is right for all axes: the first that is for each, put together.

    Where an axis wants one more on one side, the padding of every axis is written as a pair.
    """
    if not tried or len(tried[0].sizes) != len(wanted) or len(set(wanted)) == 1:
        return []
    names = [name for name, _ in tried[0].settings]
    each = []
    for axis, size in enumerate(wanted):
        found = [
            answer for answer in tried if answer.sizes[axis] == size and [name for name, _ in answer.settings] == names
        ]
        if not found:
            return []
        each.append(min(found, key=lambda answer: (_is_pair(answer), answer.weight)))
    columns = list(zip(*([value for _, value in answer.settings] for answer in each), strict=True))
    if any(map(_is_pair, each)):
        columns = [tuple(value[0] if isinstance(value, tuple) else (value, value) for value in columns[0])]
    return [Answer(each[0].paths, tuple(zip(names, columns, strict=True)), wanted)]


def _is_pair(answer: Answer) -> bool:
    """Whether the padding differs from side to side."""
    return any(isinstance(value, tuple) for _, value in answer.settings)


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
