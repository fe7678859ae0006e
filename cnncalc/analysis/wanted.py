"""The search of `calc --want`: which arguments of a layer give the wanted output size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import product

from cnncalc import limits
from cnncalc.layers.arguments import LayerError, Value
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.settings import SameAs
from cnncalc.network import Network, Node
from cnncalc.records import NamedTuple

FREE = ("kernel", "stride", "padding")
Settings = tuple[tuple[str, Value], ...]


class Answer(NamedTuple):
    """Arguments of one layer, or the same for several layers, and the resulting sizes."""

    paths: tuple[str, ...]
    settings: Settings
    sizes: Shape

    @property
    def path(self) -> str:
        """The paths of the layers as one string."""
        return ", ".join(self.paths)

    @property
    def weight(self) -> tuple[int, ...]:
        """The sort key of answers: the largest argument, then all."""
        numbers = [_find_largest(value) for _, value in self.settings]
        return (max(numbers), *numbers)


def _find_largest(value: Value) -> int:
    return max(map(_find_largest, value)) if isinstance(value, tuple) else int(value)


class Search(NamedTuple):
    """The result: arguments that give the wanted sizes, or else the nearest ones, and why others are invalid."""

    layers: tuple[str, ...]  # those whose arguments were tried
    wanted: Shape
    answers: tuple[Answer, ...]
    nearest: tuple[Answer, ...]
    refused: str  # one reason why some values are invalid, "" if all are valid


def search(network: Network, wanted: Shape, free: Sequence[str] = ("padding",)) -> Search:
    """Try values of the free arguments: for one layer after the other, then the same values for all layers together.

    For a transposed convolution with free padding, output paddings are tried too. Only the layers and the input of the
    network are used: the layers need not fit together as they are written.
    """
    layers = [node for node in network.nodes if all(name in node.layer.settings for name in free)]
    answers: list[Answer] = []
    others: list[Answer] = []
    refused = ""
    candidates = [(node,) for node in layers] + ([tuple(layers)] if len(layers) > 1 else [])
    for nodes in candidates:
        tried: list[Answer] = []
        changed, paths = {node.index for node in nodes}, tuple(node.path for node in nodes)
        for settings in _iterate_settings(network, nodes, free, wanted):
            try:
                sizes = _compute_sizes(network, changed, settings)
            except LayerError as error:
                refused = refused or error.message
                continue
            tried.append(Answer(paths, settings, sizes))
        exact = [answer for answer in tried if answer.sizes == wanted]
        answers += exact or _combine_axes(tried, wanted)
        others += tried
    nearest = () if answers else _find_nearest(others, wanted)
    answers.sort(key=lambda answer: (answer.weight, len(answer.paths)))
    return Search(tuple(node.path for node in layers), wanted, tuple(answers), nearest, refused)


def _iterate_settings(
    network: Network, nodes: Sequence[Node], free: Sequence[str], wanted: Shape
) -> Iterator[Settings]:
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
    if "padding" in free and len(free) == 1:  # one more on one side, which equal sides cannot give
        for side in range(limits.WANTED_ARGUMENT):
            pair = ((side, side + 1),) * len(wanted)
            yield (("padding", pair),)


def _compute_sizes(network: Network, changed: Collection[int], settings: Settings) -> Shape:
    """The spatial sizes of the network's output with some layers changed. Raises LayerError."""
    shapes: dict[int, Shape] = dict(network.starts)
    for node in network.nodes:
        layer = _replace_settings(node.layer, settings) if node.index in changed else node.layer
        shapes[node.index] = layer.output_shape(tuple(shapes[source] for source in node.inputs))
    return shapes[network.outputs.get("", len(network.nodes) - 1)][1:]


def _replace_settings(layer: Layer, settings: Settings) -> Layer:
    """The layer with these arguments; a stride that defaults to the kernel, e.g. of a pool, follows it."""
    kept = {
        name: getattr(layer, name)
        for name, setting in layer.settings.items()
        if not (isinstance(setting.default, SameAs) and getattr(layer, name) == layer.default_of(name))
    }
    return type(layer)(**{**kept, **dict(settings)})


def _combine_axes(tried: list[Answer], wanted: Shape) -> list[Answer]:
    """If no value fits all axes: the first value for each axis, combined.

    If an axis needs one more on one side, the padding of every axis is written as a pair.
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


def _find_nearest(tried: list[Answer], wanted: Shape) -> tuple[Answer, ...]:
    """The nearest sizes below and above, each with the smallest arguments."""
    fitting = [answer for answer in tried if len(answer.sizes) == len(wanted)]
    below = [answer for answer in fitting if sum(answer.sizes) < sum(wanted)]
    above = [answer for answer in fitting if sum(answer.sizes) > sum(wanted)]
    found = []
    if below:
        found.append(min(below, key=lambda answer: (-sum(answer.sizes), answer.weight)))
    if above:
        found.append(min(above, key=lambda answer: (sum(answer.sizes), answer.weight)))
    return tuple(found)
