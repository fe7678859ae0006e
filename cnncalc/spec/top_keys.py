"""Repairs of unknown keys at the top of a file: keys of other tools, and keys that belong elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import lru_cache

from cnncalc.errors import Fix, Span
from cnncalc.spec.nodes import YamlList, YamlMapping, YamlNode, YamlString
from cnncalc.spec.repairs import guess, replace_all, write

# Keys of other tools → the corresponding key.
SAME_AS = {
    "model": "layers", "network": "layers", "net": "layers", "architecture": "layers", "modules": "layers",
    "sequential": "layers", "structure": "layers", "definitions": "blocks", "functions": "blocks",
    "variables": "params", "vars": "params", "parameters": "params", "hyperparameters": "params", "constants": "params",
    "hparams": "params", "args": "params", "title": "name", "description": "notes", "input_shape": "input",
    "input_size": "input", "inputs": "input", "image_size": "input", "img_size": "input", "in_shape": "input",
}  # fmt: skip
OUTPUTS = ("outputs", "output", "heads")
EXPECT = "expect"
SIZES = ("output", "output_shape", "output_size", "out_shape")
_NUMBERS = re.compile(r"[\[(]?\s*[0-9][0-9.,\sex]*[\])]?")


def suggest_keys(root: YamlMapping, key: YamlString, node: YamlNode, known: Collection[str]) -> list[Fix]:
    """Repairs of a key that is not among the `known` ones: another key, or its value where it belongs."""
    fixes = []
    if key.value in OUTPUTS:
        fixes += _move_outputs(root, key, node)
    if _holds_numbers(node) and key.value in SIZES and EXPECT not in root.values:
        whole = Span(key.span.source, key.span.start, node.span.end)
        fixes.append(write(whole, f"{EXPECT}: {{{SIZES[0]}: {node.span.text}}}"))
    elif _is_param(key, node):
        fixes.append(_move_params(root, frozenset(known)))
    meant = SAME_AS.get(key.value.lower(), "")
    if meant and meant not in root.values:
        fixes.append(guess(key.span, meant))
    return fixes


def _move_outputs(root: YamlMapping, key: YamlString, node: YamlNode) -> list[Fix]:
    """The repair of `outputs:` beside `layers:`; it belongs at the end of `layers`."""
    layers = root.values.get("layers")
    if not isinstance(layers, YamlList) or layers.flow or not layers.items:
        return []
    margin = " " * (layers.span.column - 1)
    items = node.items if isinstance(node, YamlList) else [node]
    names = [item.value for item in items if isinstance(item, YamlString) and item.value.isidentifier()]
    if isinstance(node, YamlMapping):
        deeper = " " * (len(margin) + 6 - (node.span.column - 1))
        block = f"\n{margin}      " + node.span.text.rstrip().replace("\n", f"\n{deeper}")
        body = node.span.text if node.flow else block
    elif names and len(names) == len(items):
        body = f"{{{', '.join(f'{name}: from({name})' for name in names)}}}"
    else:
        return []
    gap = "" if body.startswith("\n") else " "
    item = f"\n{margin}- outputs:{gap}{body}"
    end = _end_of_line(layers.span.source.text, layers.span.end)
    gone = _whole_lines(Span(key.span.source, key.span.start, node.span.end))
    edits = [(Span(layers.span.source, end, end), item), (gone, "")]
    where = "it is the last item of `layers`"
    written = f"{where}: `- outputs:{gap}{body}`" if gap else f"{where}: move it there, after a dash"
    return [replace_all(edits, written)]


def _holds_numbers(node: YamlNode) -> bool:
    return isinstance(node, YamlString | YamlList) and _NUMBERS.fullmatch(node.span.text) is not None


def _is_param(key: YamlString, node: YamlNode) -> bool:
    """Whether a key with numbers is used by name elsewhere."""
    return _holds_numbers(node) and _count_words(key.span.source.text)[key.value] > 1


@lru_cache(maxsize=1)  # asked of every unknown key of a file
def _count_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


@lru_cache(maxsize=1)
def _move_params(root: YamlMapping, known: frozenset[str]) -> Fix:
    """The repair of all numbers beside `layers:` that belong under `params`, the same for each of them."""
    found = [(key, node) for key, node in root.pairs if key.value not in known and _is_param(key, node)]
    texts = [f"{key.value}: {node.span.text}" for key, node in found]
    spans = [Span(key.span.source, key.span.start, node.span.end) for key, node in found]
    params = root.values.get("params")
    if not isinstance(params, YamlMapping) or not params.pairs:
        text = f"params: {{{', '.join(texts)}}}"
        return replace_all([(spans[0], text), *((_whole_lines(span), "") for span in spans[1:])], f"write `{text}`")
    first = params.pairs[0][0].span
    between = ", " if params.flow else f"\n{' ' * (first.column - 1)}"
    edits = [(first._replace(end=first.start), "".join(text + between for text in texts))]
    edits += [(_whole_lines(span), "") for span in spans]
    return replace_all(edits, f"write `{', '.join(texts)}` under `params`")


def _end_of_line(text: str, offset: int) -> int:
    found = text.find("\n", max(offset - 1, 0))
    return len(text) if found < 0 else found


def _whole_lines(span: Span) -> Span:
    """The lines of a span, including the last line break."""
    text = span.source.text
    return Span(span.source, text.rfind("\n", 0, span.start) + 1, min(_end_of_line(text, span.end) + 1, len(text)))
