"""Writes a network as a file without blocks and expressions, one layer per line, in the order of execution."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from cnncalc.given import Published
from cnncalc.layers.arguments import Value, format_value
from cnncalc.layers.base import Shape
from cnncalc.layers.settings import LIKE, MEMORY, POOL
from cnncalc.layers.structure import MERGES
from cnncalc.network import INPUT, INPUT_NAME, NOTHING, Network, Node
from cnncalc.spec.check import RESERVED
from cnncalc.spec.flow import quote
from cnncalc.spec.segments import NUMBER, add_number, free_name

T = TypeVar("T")
COMMENT_AT = 50  # the column of the comments


def write_network(
    network: Network,
    *,
    notes: str = "",
    expect: Mapping[str, Value] | None = None,
    allow: Mapping[str, str] | None = None,
    published: Iterable[Published] = (),
) -> str:
    """The text of a file that describes this network.

    Layers that others refer to get names; if there are none, all layers whose path would change. Other paths that
    change are written as comments. `notes` replace those of the network; `expect` are expected figures, `allow` the
    warnings to allow, with their reasons, `published` figures that others print.
    """
    names = _names(network)
    heads = {"name": network.name, "source": network.source, "notes": notes or network.notes}
    lines = [f"{key}: {quote(text)}" for key, text in heads.items() if text]
    lines.append(f"input: {format_inputs(network.inputs)}")
    lines += write_allow(allow or {}).splitlines()
    lines += ["", "layers:"]
    lines += [f"  - {line}" for line in _body(network, names)] or ["  - identity"]
    if expect:
        lines += ["", "expect:", *(f"  {key}: {format_value(value)}" for key, value in expect.items())]
    if published:
        lines += ["", "published:", *(f"  - {{{', '.join(_list_pairs(entry))}}}" for entry in published)]
    return "\n".join(lines) + "\n"


def write_weights(arrays: Mapping[str, Mapping[str, tuple[Shape, Sequence[float]]]]) -> str:
    """The `weights` of a file: of each path the arrays by name, each with its shape and its values, flat."""
    lines = ["", "weights:"]
    for path, named in arrays.items():
        lines.append(f"  {quote(path)}:")
        lines += [f"    {name}: {_nest(shape, [*map(repr, values)])}" for name, (shape, values) in named.items()]
    return "\n".join(lines) + "\n"


def _nest(shape: Shape, texts: Sequence[str]) -> str:
    """Numbers as nested lists."""
    for size in reversed(shape):
        texts = [f"[{', '.join(texts[at : at + size])}]" for at in range(0, len(texts), size)]
    return texts[0]


def _list_pairs(entry: Published) -> Iterator[str]:
    """The keys and values of an entry of `published`."""
    yield from (f"{name}: {quote(figure.text)}" for name, figure in entry.figures.items())
    for name in ("source", "convention", "notes"):
        if text := getattr(entry, name):
            yield f"{name}: {quote(text.value)}"
    if entry.input:
        yield f"input: {format_value(entry.input)}"


def write_allow(allow: Mapping[str, str]) -> str:
    """The `allow` of a file, with the reason of each warning; "" if there is none."""
    return "\n".join(["allow:", *(f"  {code}: {quote(text)}" for code, text in allow.items()), ""]) if allow else ""


def format_inputs(inputs: Mapping[str, Shape]) -> str:
    """The inputs as a file gives them: the sizes of an only one without a name, or those of each by its name."""
    if INPUT_NAME in inputs:
        return format_value(inputs[INPUT_NAME])
    return "{" + ", ".join(f"{name}: {format_value(shape)}" for name, shape in inputs.items()) + "}"


def _start(network: Network) -> int:
    """The current tensor at the first item: the input, or none if there are several."""
    return INPUT if len(network.inputs) == 1 else NOTHING


def _body(network: Network, names: dict[int, str]) -> Iterator[str]:
    """The items. Each reads the output of the previous node, unless `from` names another."""
    flow, natural = _start(network), _natural_paths(network)
    for node in network.nodes:
        named = f"{names[node.index]} = " if names[node.index] else ""
        if node.layer.kind in MERGES:
            branches = ("identity" if source == flow else _from(source, names) for source in node.inputs)
            yield f"{named}{node.layer!r}: [{', '.join(branches)}]"
        else:
            source = next(iter(node.inputs), flow)
            if source != flow:
                yield _from(source, names)
            text = named + (_call(network, node, names) if node.shares is None else f"reuse({names[node.shares]})")
            moved = not named and node.path != natural[node.index]
            yield f"{text:{COMMENT_AT}} # {node.path}" if moved else text
        flow = node.index
    yield from _ends(network, names, flow)


def _ends(network: Network, names: dict[int, str], flow: int) -> Iterator[str]:
    """The named outputs, and the end of the chain if it is not the last layer."""
    named = {name: index for name, index in network.outputs.items() if name}
    if named:
        labels = _unique({index: _word(name) for index, name in enumerate(named)})
        ends = (f"{labels[at]}: {_from(index, names)}" for at, index in enumerate(named.values()))
        yield f"outputs: {{{', '.join(ends)}}}"
    end = network.outputs.get("", flow)
    if end != flow or (named and "" in network.outputs):
        yield _from(end, names)


def _call(network: Network, node: Node, names: dict[int, str]) -> str:
    """The layer as a call; a max pool is the name of its output, and `like` that of an output."""
    call = repr(node.layer)
    if node.layer.restores:
        call = call.replace(format_value(getattr(node.layer, POOL)), names[node.inputs[1]])
    if len(node.inputs) > 1 and hasattr(node.layer, MEMORY):
        return call.replace(
            f"{MEMORY}={format_value(getattr(node.layer, MEMORY))}", f"{MEMORY}={names[node.inputs[1]]}"
        )
    written = f"{LIKE}={format_value(getattr(node.layer, LIKE, None))}"
    if (like := _find_like(network, node)) is not None:
        return call.replace(written, f"{LIKE}={names[like]}")
    return call.replace(f", {written}", "") if node.layer.restores else call


def _find_like(network: Network, node: Node) -> int | None:
    """The node whose sizes a layer takes, None for most; also where they are those of the input of its max pool."""
    if node.layer.restores and node.like == network.nodes[node.inputs[1]].inputs[0]:
        return None
    return node.like


def _from(index: int, names: dict[int, str]) -> str:
    return f"from({names[index]})"


def _sources(network: Network) -> set[int]:
    """The nodes that need a name: those read by a layer that does not follow directly, reused ones, and outputs."""
    found: set[int] = set()
    flow = _start(network)
    for node in network.nodes:
        found.update(source for source in node.inputs if source != flow)
        found.update(node.inputs[1:] if node.layer.kind not in MERGES else ())
        found.update(index for index in (node.shares, _find_like(network, node)) if index is not None)
        flow = node.index
    found.update(index for name, index in network.outputs.items() if name or index != flow)
    if any(network.outputs):
        found.update(network.outputs.values())
    return found


def _names(network: Network) -> dict[int, str]:
    """A name for each input and each node, "" for none."""
    sources, natural = _sources(network), _natural_paths(network)
    wanted = dict(zip(network.starts, network.inputs, strict=True))
    for node in network.nodes:
        named = node.index in sources or (not sources and node.path != natural[node.index])
        wanted[node.index] = _word(node.path) if named else ""
    return _unique(wanted)


def _natural_paths(network: Network) -> dict[int, str]:
    """The path that each node would have without a name."""
    counts: Counter[str] = Counter()
    found: dict[int, str] = {}
    for node in network.nodes:
        word = node.layer.kind if node.shares is None else "reuse"
        counts[word] += 1
        found[node.index] = add_number(word, counts[word])
    return found


def _word(path: str) -> str:
    """Turn a path into a name that is allowed.

    >>> _word("conv2_x.0.conv1"), _word("conv1"), _word("3"), _word("half")
    ('conv2_x_0_conv1', 'conv_1', 'n3', 'half_')
    """
    name = re.sub(r"\W", "_", path) or "n"
    if NUMBER.fullmatch(name):
        return f"n{name}"
    return f"{name}_" if name in RESERVED else free_name(name)


def make_names(paths: Iterable[str]) -> dict[str, str]:
    """A name that is allowed for each of the paths, no two alike.

    >>> make_names(["serving:0", "serving.0", "7"])
    {'serving:0': 'serving_0', 'serving.0': 'serving_0_', '7': 'n7'}
    """
    return _unique({path: _word(path) for path in paths})


def _unique(names: dict[T, str]) -> dict[T, str]:
    """The names, with `_` appended to repeated ones."""
    taken: set[str] = set()
    found: dict[T, str] = {}
    for index, name in names.items():
        while name and name in taken:
            name += "_"
        taken.add(name)
        found[index] = name
    return found
