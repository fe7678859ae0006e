"""The part of YAML that the language uses: strings, lists and mappings, each with its position.

The tree is built from the events of PyYAML's parser, not from its nodes: events show anchors, aliases and tags, and
need no recursion. `document` and `bodies` read the tree.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Problem, Problems, Source, Span

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_ONLY_CALLS = "write repeated layers as a block, under `blocks`"
_REFUSED = "<<"  # a placeholder for a key that is not supported; its value is dropped
_NO_CHARACTER = r"\\(?:u|U0000)[dD][89a-fA-F][0-9a-fA-F]{2}|\\U(?!000|0010)[0-9a-fA-F]{8}"  # compiled when it is needed
_SURROGATE = re.compile("[\ud800-\udfff]")
_PROPERTY = re.compile(r"([&!][^\s,\[\]{}]*)\s*")


class YamlString:
    """A scalar. `value` is its value in YAML, `body` the same as written in the file, from offset `origin`.

    If the two differ by more than line breaks (by escapes in quotes), `body` is the value and its parts have no
    positions.
    """

    __slots__ = ("body", "origin", "plain", "span", "value")

    def __init__(self, value: str, span: Span, style: str | None) -> None:
        self.value = value
        self.span = span
        self.plain = not style
        source, start, end = span
        raw = source.text[start:end]
        self.body = value
        self.origin: int | None = None
        if self.plain:
            self.body, self.origin = raw, start
        elif style in ("'", '"') and raw[1:-1] == value:
            self.origin = start + 1
        elif style in ("|", ">"):
            header = raw.find("\n") + 1
            self.body, self.origin = raw[header:], start + header

    def at(self, start: int, end: int) -> Span:
        """The span in the file of a part of the body."""
        if self.origin is None:
            return self.span
        return Span(self.span.source, self.origin + start, self.origin + end)


class YamlList:
    """A sequence, in block or flow style."""

    __slots__ = ("flow", "items", "span")

    def __init__(self, span: Span, flow: bool) -> None:
        self.items: list[YamlNode] = []
        self.span = span
        self.flow = flow


class YamlMapping:
    """A mapping: pairs in the order of the file; keys are strings, each occurs once."""

    __slots__ = ("flow", "pairs", "span", "values")

    def __init__(self, span: Span, flow: bool) -> None:
        self.pairs: list[tuple[YamlString, YamlNode]] = []
        self.values: dict[str, YamlNode] = {}
        self.span = span
        self.flow = flow


YamlNode = YamlString | YamlList | YamlMapping


def is_empty(node: YamlNode) -> bool:
    """Whether there is no value: a key or a dash with nothing after it."""
    return isinstance(node, YamlString) and node.plain and not node.value


def describe_node(node: YamlNode) -> str:
    """Describe a node in a message."""
    if isinstance(node, YamlString):
        return f"the string `{node.value[:40]}`" if node.value else "nothing"
    return "a list" if isinstance(node, YamlList) else "a mapping"


class _Builder:
    """Builds nodes from events."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self.source = source
        self.problems = problems
        self.open: list[YamlList | YamlMapping] = []
        self.keys: list[YamlString | None] = []  # the current key of each open mapping
        self.root: YamlNode | None = None

    def span(self, event: Any) -> Span:
        return Span(self.source, event.start_mark.index, event.end_mark.index)

    def without_properties(self, span: Span) -> Span:
        """The span of a node without the anchors and tags before it, which are reported."""
        while found := _PROPERTY.match(self.source.text, span.start):
            at = span._replace(end=found.end(1))
            what = "anchors" if at.text.startswith("&") else "tags"
            fix = Fix(span._replace(end=found.end()), "", f"remove `{at.text}`; {_ONLY_CALLS}")
            self.problems.add(
                Problem("yaml-feature", f"{what} (`{at.text}`) are not supported", at, _ONLY_CALLS, fixes=(fix,))
            )
            span = span._replace(start=found.end(), end=max(found.end(), span.end))
        return span

    def put(self, node: YamlNode) -> None:
        """Add a finished node to the innermost open list or mapping."""
        amount = self.source.amount
        amount.nodes += 1
        if amount.nodes > limits.YAML_NODES:
            message = f"the file has more than {limits.YAML_NODES:,} strings, lists and mappings"
            raise Mistake("too-large", message, node.span, "write repeated layers as a block")
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent, YamlList):
            parent.items.append(node)
        elif (key := self.keys[-1]) is not None:
            self.keys[-1] = None
            if key.plain and key.value == _REFUSED:
                pass
            elif parent.flow and key.value.count(")") > key.value.count("("):
                pass  # the rest of a call split by a comma, which is reported at the start of the call
            elif key.value in parent.values:
                self.problems.add(Problem("duplicate-key", f"duplicate key `{key.value}`", key.span))
            else:
                parent.pairs.append((key, node))
                parent.values[key.value] = node
        elif isinstance(node, YamlString):
            if node.plain and node.value == _REFUSED:
                self.problems.add(Problem("yaml-feature", "merge keys are not supported", node.span, help=_ONLY_CALLS))
            self.keys[-1] = node
        else:
            if not (parent.flow and self.is_in_call(parent.span.start, node.span.start)):
                message = f"a key must be a string, found {describe_node(node)}"
                self.problems.add(Problem("wrong-form", message, node.span))
            self.keys[-1] = YamlString(_REFUSED, node.span, None)
        parent.span = parent.span._replace(end=max(parent.span.end, node.span.end))

    def is_in_call(self, start: int, end: int) -> bool:
        """Whether a parenthesis is open before `end`: a call that is split, which is reported elsewhere."""
        before = self.source.text[max(start, end - limits.TRANSLATED_CALL) : end]
        return before.count("(") > before.count(")")

    def begin(self, node: YamlList | YamlMapping) -> None:
        if len(self.open) >= limits.NESTING:
            raise Mistake(
                "too-large", f"lists and mappings are nested more than {limits.NESTING} levels deep", node.span
            )
        self.open.append(node)
        self.keys.append(None)

    def finish(self, end: int) -> None:
        node = self.open.pop()
        self.keys.pop()
        if node.flow:
            node.span = node.span._replace(end=end)
        self.put(node)

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.problems.add(
                Problem(
                    "yaml-feature", f"aliases (`*{event.anchor}`) are not supported", self.span(event), help=_ONLY_CALLS
                )
            )
            self.put(YamlString("", self.span(event), '"'))
        elif isinstance(event, yaml.NodeEvent):
            span = self.without_properties(self.span(event))
            if isinstance(event, yaml.ScalarEvent):
                if event.style == '"' and _SURROGATE.search(event.value):
                    raise UnicodeError
                self.put(YamlString(event.value, span, event.style))
            elif isinstance(event, yaml.SequenceStartEvent):
                self.begin(YamlList(span, bool(event.flow_style)))
            elif isinstance(event, yaml.MappingStartEvent):
                self.begin(YamlMapping(span, bool(event.flow_style)))
        elif isinstance(event, yaml.CollectionEndEvent):
            self.finish(self.span(event).end)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise Mistake(
                "yaml-feature",
                "only one document per file is supported",
                self.span(event),
                "write each network in its own file",
            )


def _too_deep(reached: _Builder, event: Any, error: Any) -> Problem | None:
    """The problem of nesting too deeply that the scanner skipped while reading ahead to another error, if there is one.

    It reads ahead up to 1,024 characters where a key may begin, and since libyaml 0.2.6 it stops by itself at 1,000
    levels. Parsing the text before the error again yields the events that were not reached.
    """
    text = reached.source.text
    end = (error.problem_mark or error.context_mark or event.end_mark).index
    ahead = text[event.end_mark.index : end]
    if len(reached.open) + ahead.count("[") + ahead.count("{") <= limits.NESTING:
        return None
    builder = _Builder(reached.source, Problems())
    try:
        for before in yaml.parse(text[:end], Loader=LOADER):
            builder.take(before)
    except Mistake as mistake:
        return mistake.problem
    except yaml.YAMLError:
        pass
    return None


def _forbidden_character(source: Source, start: int) -> Problem:
    """The first character that YAML does not allow, else the first invalid escape sequence from `start` on.

    PyYAML's positions cannot be used: its loaders count bytes or characters, and the one in Python accepts any escape.
    """
    found = yaml.reader.Reader.NON_PRINTABLE.search(source.text)
    if found:
        span = Span(source, *found.span())
        message = f"the character U+{ord(found[0]):04X} is not allowed in YAML"
        return Problem("not-text", message, span, fixes=(Fix(span, "", "remove it"),))
    from cnncalc.spec.yaml_mistakes import bad_escape

    found = re.compile(_NO_CHARACTER).search(source.text, start)
    return bad_escape(Span(source, *(found.span() if found else (start, start))))


def parse(source: Source, problems: Problems) -> YamlNode | None:
    """The tree of a text, None if it is empty or not well-formed. Adds its problems to `problems`."""
    builder = _Builder(source, problems)
    event: Any = None
    try:
        for event in yaml.parse(source.text, Loader=LOADER):
            builder.take(event)
    except Mistake as mistake:
        problems.add(mistake.problem)
        return None
    except yaml.MarkedYAMLError as error:
        from cnncalc.spec.yaml_mistakes import explain  # only needed for errors

        problems.add(_too_deep(builder, event, error) or explain(source, error))
        return None
    except (yaml.YAMLError, ValueError, OverflowError):  # a ReaderError, or an error of an escape sequence
        problems.add(_forbidden_character(source, event.start_mark.index if event else 0))
        return None
    return builder.root
