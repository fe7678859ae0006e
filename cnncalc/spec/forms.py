"""Repairs of items in the form of other tools: names before colons, mappings with `type`, branches with dashes.

Each function returns possible repairs of a node and reports nothing. `repairs` then tries which of them work.
"""

from __future__ import annotations

import re

from cnncalc.errors import Fix, Span
from cnncalc.layers import KINDS
from cnncalc.layers.structure import MERGES, STRUCTURE_WORDS
from cnncalc.spec.nodes import YamlList, YamlMapping, YamlNode, YamlString
from cnncalc.spec.repairs import write
from cnncalc.spec.segments import free_name

TYPE_KEYS = ("type", "kind", "layer", "layer_type", "class", "class_name", "op", "module")
NAME_KEYS = ("name", "id", "label")
NESTED_KEYS = ("args", "arguments", "config", "params", "parameters", "kwargs", "settings", "options", "attrs")
_WORD = r"[A-Za-z_][\w.]*"
_DEEPER_ITEM = r"\n[ \t]*-[ \t]+"


def is_label(key: YamlString) -> bool:
    """Whether a key is a name, perhaps with a condition, and neither a kind nor a structure word."""
    word = key.value.split(" ")[0]
    return word.isidentifier() and word not in KINDS and word not in STRUCTURE_WORDS


def texts_of(node: YamlNode) -> list[str]:
    """The strings of an item or of a list of items, [] if one of them is not a string."""
    items = node.items if isinstance(node, YamlList) else [node]
    texts = [item.body.strip() for item in items if isinstance(item, YamlString) and item.value]
    return texts if len(texts) == len(items) else []


def name_an_item(key: YamlString, node: YamlNode) -> list[Fix]:
    """Repairs of `stem: conv(8, 3)`, where `stem` is a name; a similar name if it looks like an unnamed item's path."""
    from cnncalc.spec.foreign import find_kind  # only needed for mistakes

    texts = texts_of(node)
    if not is_label(key) or not key.value.isidentifier() or not texts:
        return []
    if isinstance(node, YamlList) and (merge := find_kind(key.value)) in MERGES:
        return [write(key.span, merge)]
    whole = Span(key.span.source, key.span.start, node.span.end)
    chain = " -> ".join(texts)
    return [write(whole, f"{name} = {chain}") for name in dict.fromkeys((key.value, free_name(key.value)))]


def type_key(node: YamlMapping) -> YamlString | None:
    """The key that names the kind in an item such as `{type: conv, out: 8}`, None if there is none."""
    for key, value in node.pairs:
        if not isinstance(value, YamlString) or key.value not in TYPE_KEYS or not re.fullmatch(_WORD, value.value):
            continue
        if len(node.pairs) > 1 or key.value not in ("layer", "op", "module") or _is_kind(value.value):
            return key
    return None


def _is_kind(word: str) -> bool:
    from cnncalc.spec.foreign import find_kind  # only needed for mistakes

    return word in KINDS or bool(find_kind(word))


def repair_mapping(node: YamlMapping, key: YamlString) -> list[Fix]:
    """Repairs of an item as a mapping whose `key` names the kind: a call with the other pairs as arguments."""
    kind, name = node.values[key.value], ""
    assert isinstance(kind, YamlString)
    arguments: list[str] = []
    for other, value in node.pairs:
        if other.value in NAME_KEYS and isinstance(value, YamlString):
            name = free_name(re.sub(r"\W", "_", value.value))
        elif other is not key:
            arguments += _arguments(other.value, value)
    span = node.span if node.flow else Span(node.span.source, node.pairs[0][0].span.start, node.span.end)
    return _calls(span, kind.value, arguments, name)


def repair_neighbors(node: YamlMapping) -> list[Fix]:
    """Repairs of `{conv: 8, kernel: 3}`, or of `conv:` with its arguments not indented below it."""
    (key, value), *others = node.pairs
    if is_label(key) or not re.fullmatch(_WORD, key.value) or key.value in MERGES:
        return []
    arguments = texts_of(value)
    for other, given in others:
        arguments += _arguments(other.value, given)
    span = node.span if node.flow else Span(node.span.source, key.span.start, node.span.end)
    return _calls(span, key.value, arguments, "")


def _calls(span: Span, kind: str, arguments: list[str], name: str) -> list[Fix]:
    """Repairs that write a call, translated from another tool if needed, with and without a name."""
    from cnncalc.spec.flow import quote  # only needed for mistakes
    from cnncalc.spec.foreign import translate_call

    text = f"{kind}({', '.join(arguments)})" if arguments else kind
    calls = [*translate_call(text, kind), text]
    named = [f"{name} = {call}" if "->" not in call else f"({name} = {call}" for call in calls if name]
    named = [text if text[0] != "(" else text.replace(" ->", ") ->", 1) for text in named]
    in_flow = span.text.startswith("{")
    quoted = [quote(text) for text in calls if in_flow and re.search(r"[,\[\]]", text)]
    return [write(span, text) for text in (*named, *calls, *quoted)]


def _arguments(name: str, node: YamlNode) -> list[str]:
    """The arguments that correspond to a pair of a mapping."""
    if isinstance(node, YamlString):
        return [f"{name}={node.value}"] if node.value else []
    if isinstance(node, YamlList):
        listed = ", ".join(texts_of(node)) if not node.flow else node.span.text[1:-1]
        return [listed] if name in NESTED_KEYS else [f"{name}=[{listed}]"]
    if name in NESTED_KEYS:
        return [argument for key, value in node.pairs for argument in _arguments(key.value, value)]
    return []


def drop_dashes(node: YamlList) -> Fix | None:
    """The repair of named branches that also have dashes; None if not all of them have a name."""
    labels = [
        isinstance(item, YamlMapping) and len(item.pairs) == 1 and is_label(item.pairs[0][0]) for item in node.items
    ]
    named = [value for item in node.items if isinstance(item, YamlMapping) for _, value in item.pairs]
    if node.flow or not all(labels) or all(isinstance(value, YamlMapping) for value in named):
        return None
    return Fix(node.span, _without_dashes(node), "remove the dashes: branches have names or dashes")


def drop_dashes_of_names(node: YamlNode) -> tuple[Fix, ...]:
    """The repair of blocks or params that are a list of mappings with one name each."""
    if not isinstance(node, YamlList) or node.flow or not node.items:
        return ()
    if not all(isinstance(item, YamlMapping) and len(item.pairs) == 1 for item in node.items):
        return ()
    return (Fix(node.span, _without_dashes(node), "remove the dashes before the names"),)


def _without_dashes(node: YamlList) -> str:
    return re.sub(rf"(\A|\n {{{node.span.column - 1}}})-(?= )", r"\1 ", node.span.text)


def list_layers(node: YamlNode) -> tuple[Fix, ...]:
    """The repair of `layers` as a mapping of names: a list of items with these names."""
    if not isinstance(node, YamlMapping) or node.flow or len(node.pairs) < 2:
        return ()
    texts = [value.span.text if isinstance(value, YamlString) and value.plain else "" for _, value in node.pairs]
    if not all(texts) or not all(key.value.isidentifier() for key, _ in node.pairs):
        return ()
    gap = "\n" + " " * (node.span.column - 1)
    items = [f"- {free_name(key.value)} = {text}" for (key, _), text in zip(node.pairs, texts, strict=True)]
    return (Fix(node.span, gap.join(items), "write a list of items with these names"),)


def list_numbers(text: YamlString) -> tuple[Fix, ...]:
    """The repair of numbers without brackets, `3, 32, 32`, `3 32 32` or `3 x 32 x 32`."""
    numbers = re.findall(r"[0-9]+", text.body)
    if (
        len(numbers) < 2
        or not text.plain
        or not re.fullmatch(r"[0-9]+(?:\s*[,xX×]\s*[0-9]+|\s+[0-9]+)+", text.body.strip())
    ):
        return ()
    return (write(text.span, f"[{', '.join(numbers)}]"),)


def align_items(text: YamlString) -> tuple[Fix, ...]:
    """Repairs of items that are indented more than the item before them, which YAML reads as part of its string."""
    source, start, _ = text.span
    if not text.plain or not re.search(_DEEPER_ITEM, text.body):
        return ()
    number, column = source.position(start)
    before = source.line(number)[: column - 1]
    fixes = []
    if before.strip() == "-":
        margin = before[: before.index("-")]
        aligned = re.sub(_DEEPER_ITEM, f"\n{margin}- ", text.body)
        fixes.append(Fix(text.span, aligned, "align it with the item above it"))
    fixes.append(Fix(text.span, re.sub(_DEEPER_ITEM, " -> ", text.body), "connect the layers with `->`"))
    return tuple(fixes)
