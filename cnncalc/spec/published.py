"""Reads `published`: figures of the network as sources print them, one mapping or a list of them."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc import limits
from cnncalc.errors import Mistake, Problem, Problems
from cnncalc.given import Published, Text
from cnncalc.rounded import COUNTED, EXAMPLES, RoundedError, parse_figure
from cnncalc.spec.nodes import YamlList, YamlMapping, YamlNode, YamlString, describe_node, is_empty
from cnncalc.spec.repairs import guess, rename, write

TEXTS = ("source", "convention", "notes")
KEYS = (*COUNTED, *TEXTS, "input")
EXAMPLE = '`{macs: 3.8 G, source: "Table 1"}`'
_MEANT = {"params": "parameters", "mac": "macs", "gflops": "flops", "gmacs": "macs", "by": "convention"}
_QUOTE = "put the text in quotes: a comma ends a value inside braces"


def read_published(key: YamlString, node: YamlNode, problems: Problems) -> tuple[Published, ...]:
    """The entries under `published`; those with a mistake are reported and left out."""
    if is_empty(node):
        return ()
    found = []
    for entry in node.items if isinstance(node, YamlList) else [node]:
        try:
            if not isinstance(entry, YamlMapping):
                message = f"an entry of `{key.value}` must be a mapping, found {describe_node(entry)}"
                raise Mistake("wrong-form", message, entry.span, f"write e.g. {EXAMPLE}")
            known = len(problems.found)
            read = _read_entry(entry, problems)
            if len(problems.found) == known:
                found.append(read)
        except Mistake as mistake:
            problems.add(mistake.problem)
    return tuple(found)


def _read_entry(entry: YamlMapping, problems: Problems) -> Published:
    figures, texts, input = {}, {}, None
    known = len(problems.found)
    for at, (key, node) in enumerate(entry.pairs):
        if _is_split(entry, at) and _is_split(entry, at - 1):
            continue  # reported with the one before
        try:
            if key.value in COUNTED:
                figures[key.value] = parse_figure(_require_text(key, node).value)
            elif key.value in TEXTS:
                texts[key.value] = Text(_require_text(key, node).value, node.span)
            elif key.value == "input":
                input = _read_input(node)
            else:
                raise _refuse_key(at, entry)
        except RoundedError as error:
            problems.add(Problem("bad-value", str(error), node.span))
        except Mistake as mistake:
            problems.add(mistake.problem)
    if len(problems.found) == known:  # else it may be one that is misspelt
        if not figures:
            problems.add(_miss("a figure: `parameters`, `macs` or `flops`", entry))
        if "source" not in texts:
            problems.add(_miss("its `source`", entry))
    return Published(figures, texts.get("source"), texts.get("convention"), texts.get("notes"), input, entry.span)


def _miss(what: str, entry: YamlMapping) -> Problem:
    return Problem("missing-key", f"an entry of `published` needs {what}", entry.span, f"write e.g. {EXAMPLE}")


def _is_split(entry: YamlMapping, at: int) -> bool:
    """Whether a key is the rest of a text, which a comma inside braces has ended."""
    return entry.flow and 0 < at < len(entry.pairs) and is_empty(entry.pairs[at][1])


def _refuse_key(at: int, entry: YamlMapping) -> Mistake:
    """An unknown key, or the rest of a text."""
    key = entry.pairs[at][0]
    if _is_split(entry, at):
        before, last = entry.pairs[at - 1][1], at
        while _is_split(entry, last + 1):
            last += 1
        whole = before.span._replace(end=entry.pairs[last][0].span.end)
        plain = isinstance(before, YamlString) and before.plain and before.value and '"' not in whole.text
        quoted = (write(whole, f'"{whole.text}"', "put the text in quotes"),) if plain else ()
        return Mistake("wrong-form", "this text is split at a comma", key.span, _QUOTE, *quoted)
    meant = _MEANT.get(key.value.lower())
    fixes = (guess(key.span, meant),) if meant else rename(key.span, key.value, KEYS)
    message = f"unknown key `{key.value}` in `published`"
    return Mistake("unknown-key", message, key.span, f"the keys are {', '.join(KEYS)}", *fixes)


def _require_text(key: YamlString, node: YamlNode) -> YamlString:
    if isinstance(node, YamlString) and node.value.strip():
        return node
    form = f"a figure, e.g. {EXAMPLES}" if key.value in COUNTED else "a string"
    raise Mistake("wrong-form", f"`{key.value}` must be {form}, found {describe_node(node)}", node.span)


def _read_input(node: YamlNode) -> int | tuple[int, ...]:
    """All spatial sizes as one, or the shape of the input."""
    sizes = tuple(_iterate_sizes(node))
    if isinstance(node, YamlString):
        return sizes[0]
    if not 1 <= len(sizes) <= 4:
        raise Mistake("bad-input", f"`input` has 1 to 4 sizes, found {len(sizes)}", node.span)
    return sizes


def _iterate_sizes(node: YamlNode) -> Iterator[int]:
    for item in node.items if isinstance(node, YamlList) else [node]:
        text = item.value if isinstance(item, YamlString) else ""
        if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 1 <= int(text) <= limits.SIZE):
            sizes = [size for size in text.lower().replace("×", "x").split("x") if size.isdecimal()]
            fixes = [write(item.span, f"[{', '.join(sizes)}]")] if len(sizes) > 1 and item is node else []
            message = f"an input size must be from 1 to {limits.SIZE:,}, found {describe_node(item)}"
            raise Mistake("bad-input", message, item.span, "write `480` or `[3, 480, 480]`", *fixes)
        yield int(text)
