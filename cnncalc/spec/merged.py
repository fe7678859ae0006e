"""Writes a file and those it extends as one text, which keeps the parts and comments of the files as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cnncalc.errors import Amount, Problems, Source
from cnncalc.records import NamedTuple
from cnncalc.spec.family import Description
from cnncalc.spec.nodes import YamlMapping, YamlNode, YamlString, parse

OWN = ("name", "source", "notes", "published", "expect", "weights")  # never inherited
JOINED = ("params", "allow", "blocks")
EDITOR_LINE = "# yaml-language-server:"

# The comment above each part, in the order of the parts.
LESSONS = {
    "name": "",
    "source": "",
    "notes": "",
    "input": """\
The shape of the input: [channels, height, width], or [C, L], or [C, D, H, W]. `--input 3x64x64` overrides it.""",
    "params": """\
Values that are used below by their names. `--set NAME=VALUE` overrides one on the command line.""",
    "allow": """\
Warnings that are silenced in this file, each with its reason.""",
    "blocks": """\
Layers defined in this file, called like the built-in ones. Parameters are in parentheses, those with defaults last.
A block is a list of items; the output of each is the input of the next.
  a -> b -> c          one after the other, on one line
  (a -> b) * 3         three times, each time with new weights; `index` counts the rounds from 0
  a if CONDITION       only if the condition is true; `a if CONDITION else b`
  in_channels          the channels of the input of the block; `channels`, those of the current tensor
  add:                 branches with the same input, added; likewise `multiply:` and `concat:`
  identity             the input, unchanged: the shortcut""",
    "layers": """\
The network, from input to output. `stem = conv(64, 7)` names a part; `from(stem)` starts a new path at its output.""",
    "weights": """\
The weights that `cnncalc run` uses.""",
    "expect": """\
Figures that `cnncalc validate` checks. Change them along with the network, or remove them.""",
    "published": """\
Figures as others print them, with their sources. They are not checked, since others count otherwise.""",
}


class Piece(NamedTuple):
    """The lines of a file that belong to a key: the comments above it, the key and its value."""

    name: str
    text: str
    node: YamlNode


def merged(description: Description, *, without: Collection[tuple[str, str]] = (), head: str = "") -> str:
    """The text of an equivalent file without `extends`.

    `without` are parts to omit, e.g. ("blocks", "bottleneck"); `head` is a comment for the top.
    """
    files = [_sections(document.source) for document in description.documents]
    parts = [comment(head)] if head else []
    for key, lesson in LESSONS.items():
        text = _part(key, files, {name for section, name in without if section == key})
        if text:
            parts.append(f"\n{comment(lesson)}{text}\n" if lesson else f"{text}\n")
    if head:
        parts.insert(1, "\n")
    return "".join(parts)


def comment(text: str) -> str:
    """A text as lines of a comment.

    >>> comment("a\\nb")
    '# a\\n# b\\n'
    """
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def _sections(source: Source) -> dict[str, Piece]:
    source.amount = Amount()  # it is read a second time
    root = parse(source, Problems())
    pairs = root.pairs if isinstance(root, YamlMapping) else []
    return {piece.name: piece for piece in _pieces(source, pairs, len(source.text))}


def _pieces(source: Source, pairs: list[tuple[YamlString, YamlNode]], end: int) -> Iterator[Piece]:
    """The pairs of a mapping in block style, each with its lines."""
    starts = [_start(source, key) for key, _ in pairs]
    for (key, node), start, stop in zip(pairs, starts, [*starts[1:], end], strict=True):
        lines = source.text[start:stop].rstrip().splitlines()
        text = "\n".join(line for line in lines if not line.startswith(EDITOR_LINE))
        yield Piece(key.value, text, node)


def _start(source: Source, key: YamlString) -> int:
    """The offset of the lines of a key, including comments directly above it with the same indentation."""
    line, column = source.position(key.span.start)
    while line > 1 and source.line(line - 1).startswith(" " * (column - 1) + "#"):
        line -= 1
    return source.starts[line - 1]


def _part(key: str, files: list[dict[str, Piece]], without: set[str]) -> str:
    """The text of a top-level key, "" if it has none. The first of the files extends the others."""
    if key in OWN:
        files = files[:1]
    having = [file[key] for file in files if key in file]
    if not having or key not in JOINED or (len(having) == 1 and not without):
        return having[0].text if having else ""
    entries: list[Piece] = []
    for section in reversed(having):
        entries = _override_entries(entries, _entries(section))
    kept = [entry.text for entry in entries if entry.name not in without]
    return "\n".join([f"{key}:", *kept]) if kept else ""


def _entries(section: Piece) -> list[Piece]:
    """The entries of `params`, `allow` or `blocks`, by name."""
    node = section.node
    if not isinstance(node, YamlMapping):
        return []
    if node.flow:
        why = section.text.rpartition(node.span.text)[2].strip()
        texts = [f"  {name.span.text}: {held.span.text}" for name, held in node.pairs]
        texts[-1:] = [f"{last}    {why}".rstrip() for last in texts[-1:]]
        return [Piece(name.value, text, held) for (name, held), text in zip(node.pairs, texts, strict=True)]
    source = node.span.source
    end = source.text.index(section.text, 0) + len(section.text)
    pieces = _pieces(source, node.pairs, end)
    return [piece._replace(name=piece.name.partition("(")[0].strip()) for piece in pieces]


def _override_entries(base: list[Piece], own: list[Piece]) -> list[Piece]:
    """The entries, overridden by those of an extending file; a new one comes before the next that overrides one."""
    result, new = list(base), []
    for piece in own:
        at = next((at for at, other in enumerate(result) if other.name == piece.name), None)
        if at is None:
            new.append(piece)
        else:
            result[at : at + 1] = [*new, piece]
            new = []
    return result + new
