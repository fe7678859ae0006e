"""Reads one file: its keys, with every string parsed by `grammar`. `family` joins it with the files that it extends."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from cnncalc import limits
from cnncalc.errors import Fix, Problem, Problems, Source, Span
from cnncalc.given import Published
from cnncalc.network import INPUT_NAME
from cnncalc.records import NamedTuple
from cnncalc.spec.bodies import BodyReader, make_broken
from cnncalc.spec.expressions import Expression, Literal, Unreadable
from cnncalc.spec.forms import drop_dashes_of_names, list_layers
from cnncalc.spec.grammar import read_declaration
from cnncalc.spec.nodes import YamlMapping, YamlNode, YamlString, describe_node, is_empty, parse
from cnncalc.spec.repairs import rename, write
from cnncalc.spec.tree import Block, Body

KEYS = (
    "name", "input", "layers", "blocks", "params", "expect", "source", "notes", "published", "allow", "weights",
    "extends",
)  # fmt: skip

_FIRST_WORD = re.compile(r"\A\w+")
_LISTED_NAME = re.compile(r"(?m)^[ \t]*(?:-[ \t]+)?(\w+)")
_EQUALS = re.compile(r"(?m)^([ \t]*\w+)[ \t]*=[ \t]*(?=[^\s=])")
_NO_SPACE = re.compile(r"(?m)^([ \t]*\w+(?:\([^()\n]*\))?:)(?=[^\s:])")

_OWN_KEYS = {"layers", "input", "blocks", "extends"}  # a file with one of these is an architecture


class Reason(NamedTuple):
    """Why a warning is allowed, and the position of its code."""

    text: str
    span: Span


class KeyedValue(NamedTuple):
    """A value of `params`, `expect` or `input` with the position of its key."""

    value: Expression
    key_span: Span


class Document:
    """The contents of one file. Keys that it does not have are empty, `layers` is None."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.texts: dict[str, YamlString] = {}  # name, source, notes, extends
        self.has_input = False  # also if it cannot be read
        self.inputs: dict[str, KeyedValue] = {}  # by name; INPUT_NAME for a single input without a name
        self.layers: Body | None = None
        self.blocks: dict[str, Block] = {}
        self.params: dict[str, KeyedValue] = {}
        self.expect: dict[str, KeyedValue] = {}
        self.allow: dict[str, Reason] = {}  # code of a warning → reason
        self.weights: YamlNode | None = None
        self.published: tuple[Published, ...] = ()
        self.unread: set[str] = set()  # params and blocks that cannot be read, which is reported
        self.settle: Callable[[Collection[str]], None] = _settle_nothing

    def text(self, key: str) -> str:
        """The string of a key, "" if it is missing."""
        return self.texts[key].value if key in self.texts else ""


def _settle_nothing(blocks: Collection[str]) -> None:
    """Nothing is left to read."""


def read_document(source: Source, problems: Problems) -> Document | None:
    """Read a file; None if nothing of it can be read. Adds its problems to `problems`."""
    reported = Problems()
    root = parse(source, reported)
    if not isinstance(root, YamlMapping) or not _OWN_KEYS & root.values.keys():
        from cnncalc.spec.file_formats import TEXT, recognize, refuse  # only needed for other files

        found_format = recognize(source.text[: limits.FORMAT_BYTES].encode("utf-8", "replace"), TEXT)
        if found_format:
            problems.add(refuse(found_format, source, len(source.line(1))))
            return None
    for problem in reported.found:
        problems.add(problem)
    if root is None or not isinstance(root, YamlMapping):
        if not problems.errors:
            found = "nothing" if root is None else describe_node(root)
            problems.add(
                Problem(
                    "wrong-form",
                    f"an architecture must be a mapping with `input` and `layers`, found {found}",
                    Span(source, 0, 0) if root is None else root.span,
                    help="begin with `input: [3, 224, 224]` and `layers:`",
                )
            )
        return None
    return _Reader(source, problems).document(root)


def _add_spaces(names: Span) -> tuple[Fix, ...]:
    """The repair of `width:8`, without a space after the colon, or of `width = 8`, on one or several lines."""
    spaced = _NO_SPACE.sub(r"\1 ", names.text)
    if spaced != names.text:
        return (Fix(names, spaced, "add a space after the colon"),)
    with_colons = _EQUALS.sub(r"\1: ", names.text)
    return (Fix(names, with_colons, "write a colon after the name"),) if with_colons != names.text else ()


class _Reader(BodyReader):
    """Reads YAML nodes as a document."""

    def __init__(self, source: Source, problems: Problems) -> None:
        super().__init__(problems)
        self.result = Document(source)
        self.result.settle = self.settle_all

    def document(self, root: YamlMapping) -> Document:
        readers: dict[str, Callable[[YamlString, YamlNode], None]] = {
            "input": self.input, "layers": self.layers, "blocks": self.blocks, "params": self.params,
            "expect": self.expect, "allow": self.allow, "weights": self.weights, "published": self.published,
        }  # fmt: skip
        for key, node in root.pairs:
            if key.value in readers:
                readers[key.value](key, node)
            elif key.value not in KEYS:
                self.unknown_key(root, key, node)
            elif isinstance(node, YamlString):
                self.result.texts[key.value] = node
            else:
                self.refuse(f"`{key.value}` must be a string, found {describe_node(node)}", node.span)
        return self.result

    def unknown_key(self, root: YamlMapping, key: YamlString, node: YamlNode) -> None:
        known = "the keys are " + ", ".join(KEYS)
        fixes: tuple[Fix, ...] = ()
        if not self.problems.full:
            from cnncalc.spec.top_keys import suggest_keys  # only needed for a mistake

            unknown = [name for name in KEYS if name not in root.values]
            fixes = (*suggest_keys(root, key, node, KEYS), *rename(key.span, key.value, unknown))
        self.problems.add(Problem("unknown-key", f"unknown key `{key.value}`", key.span, known, fixes=fixes))

    def pairs(self, key: YamlString, node: YamlNode) -> list[tuple[YamlString, YamlNode]]:
        if isinstance(node, YamlMapping):
            return node.pairs
        if not is_empty(node):
            help_text = "write each `NAME: …` on its own line below it"
            message = f"`{key.value}` must be a mapping of names, found {describe_node(node)}"
            fixes = drop_dashes_of_names(node) or _add_spaces(node.span)
            self.refuse(message, node.span, *fixes, help=help_text)
            self.result.unread.update(_LISTED_NAME.findall(node.span.text))
        return []

    def input(self, key: YamlString, node: YamlNode) -> None:
        self.result.has_input = True
        if not isinstance(node, YamlMapping):
            value = self.value(node)
            if value:
                self.result.inputs = {INPUT_NAME: KeyedValue(value, key.span)}
            return
        sizes = [inner.value for _, inner in node.pairs if isinstance(inner, YamlString) and inner.value.isdecimal()]
        if len(sizes) == len(node.pairs):
            if sizes:
                fix = write(node.span, f"[{', '.join(sizes)}]")
                self.refuse("the sizes of an input are a list, found a mapping", node.span, fix)
            else:
                self.refuse("`input` is empty", node.span, help="write sizes, or `{left: [3, 64, 64], right: …}`")
            return
        for name, inner in node.pairs:  # one that cannot be read still has its name
            self.result.inputs[name.value] = KeyedValue(self.value(inner) or Unreadable(inner.span), name.span)

    def layers(self, key: YamlString, node: YamlNode) -> None:
        if fixes := list_layers(node):
            self.refuse("`layers` must be a list, found a mapping", node.span, *fixes)
            self.result.layers = (make_broken(node.span),)
            return
        self.result.layers = self.body(node, "`layers`", key.span)

    def blocks(self, key: YamlString, node: YamlNode) -> None:
        for declaration, inner in self.pairs(key, node):
            read = self.attempt(read_declaration, declaration)
            body = self.body(inner, f"block `{declaration.value}`", declaration.span)
            if read is None:
                self.result.unread.update(_FIRST_WORD.findall(declaration.value))
                continue
            name, parameters = read
            if name in self.result.blocks:
                message = f"duplicate block `{name}`"
                self.problems.add(Problem("duplicate-name", message, declaration.span))
            else:
                self.result.blocks[name] = Block(name, parameters, body, declaration.span)

    def params(self, key: YamlString, node: YamlNode) -> None:
        self.result.params.update(self.entries(key, node))

    def expect(self, key: YamlString, node: YamlNode) -> None:
        """The expectations; those of `outputs` by `outputs.NAME`."""
        for name, inner in self.pairs(key, node):
            if name.value == "outputs":
                outputs = self.entries(name, inner)
                self.result.expect.update({f"outputs.{output}": value for output, value in outputs.items()})
            elif value := self.expectation(inner):
                self.result.expect[name.value] = KeyedValue(value, name.span)

    def expectation(self, node: YamlNode) -> Expression | None:
        """An expression, or a condition such as `<= 300 M`."""
        if not isinstance(node, YamlString) or node.value.isdecimal():
            return self.value(node)
        from cnncalc.conditions import ConditionError, is_condition, parse_condition  # for files with `expect`

        if not is_condition(node.value):
            return self.value(node)
        try:
            return Literal(node.span, parse_condition(node.value))
        except ConditionError as error:
            fixes = (write(node.span, error.repair),) if error.repair else ()
            self.problems.add(Problem("bad-value", str(error), node.span, fixes=fixes))
            return None

    def entries(self, key: YamlString, node: YamlNode) -> dict[str, KeyedValue]:
        found = {}
        for name, inner in self.pairs(key, node):
            if is_empty(inner) and (fixes := _add_spaces(name.span)):
                self.refuse("a space is missing after the colon", name.span, *fixes)
                self.result.unread.update(_FIRST_WORD.findall(name.value))
            elif value := self.value(inner):
                found[name.value] = KeyedValue(value, name.span)
            else:
                self.result.unread.add(name.value)
        return found

    def allow(self, key: YamlString, node: YamlNode) -> None:
        from cnncalc.errors.codes import all_codes, warnings  # only needed for files with `allow`

        for code, reason in self.pairs(key, node):
            if self.problems.full:
                return
            known = code.value in warnings.NAMES
            if not known and code.value in all_codes():
                self.refuse(f"`{code.value}` is an error, and only warnings can be allowed", code.span)
            elif not known and isinstance(node, YamlMapping) and node.flow and is_empty(reason):
                help_text = "put the reason in quotes, or write the entry on its own line"
                self.refuse("this reason is split at a comma", code.span, help=help_text)
            elif not known:
                fixes = rename(code.span, code.value, sorted(warnings.NAMES))
                self.problems.add(Problem("unknown-key", f"unknown warning `{code.value}`", code.span, fixes=fixes))
            elif isinstance(reason, YamlString) and reason.value:
                self.result.allow[code.value] = Reason(reason.value, code.span)
            else:
                self.refuse(f"`{code.value}` needs a reason, a string", code.span)

    def published(self, key: YamlString, node: YamlNode) -> None:
        from cnncalc.spec.published import read_published  # only needed for files with `published`

        self.result.published = read_published(key, node, self.problems)

    def weights(self, key: YamlString, node: YamlNode) -> None:
        self.pairs(key, node)
        self.result.weights = node
