"""Reads bodies: the items of `layers`, blocks and branches, written as strings or as mappings with one key."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TypeVar

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Problem, Problems, Span
from cnncalc.layers import KINDS
from cnncalc.layers.structure import LATER_MERGES, MERGES, ROUNDS
from cnncalc.spec.expressions import Expression, Listed
from cnncalc.spec.forms import drop_dashes, name_an_item, repair_mapping, repair_neighbors, type_key
from cnncalc.spec.grammar import Head, Parser, read_chain, read_expression, read_head, read_rounds
from cnncalc.spec.nodes import YamlList, YamlMapping, YamlNode, YamlString, describe_node, is_empty
from cnncalc.spec.repairs import rename, replace_all, write
from cnncalc.spec.tree import Argument, Body, Branch, Broken, Call, Chain, Item, Merge

MERGE_WORDS = (*MERGES, "outputs")
T = TypeVar("T")
_GIVEN_NAME = r"([^\W\d]\w*)[ \t]*(?:=(?!=)|:(?=\s))"  # in an item that cannot be read

_NOTHING = "write `identity` to return the input unchanged"


class BodyReader:
    """Reads YAML nodes as bodies; a part that cannot be read is reported and omitted."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        # items that are merges, unless a block of the family has that name
        self.unsettled: list[tuple[Chain, Head, YamlNode, YamlString]] = []

    def attempt(self, read: Callable[[YamlString], T], text: YamlString) -> T | None:
        """Read a string with `read`; None if it has a mistake, which is reported."""
        try:
            return read(text)
        except Mistake as mistake:
            self.problems.add(mistake.problem)
            return None

    def refuse(self, message: str, span: Span, *fixes: Fix, help: str = "") -> None:
        self.problems.add(Problem("wrong-form", message, span, help, fixes=fixes))

    def empty(self, what: str, span: Span, *fixes: Fix) -> None:
        help_text = _NOTHING if fixes else ""
        self.problems.add(Problem("empty-branch", f"{what} is empty", span, help_text, fixes=fixes))

    def body(self, node: YamlNode, what: str, span: Span, *, branch: bool = False) -> Body:
        """A body; `span` is the position of the key before it, where an empty one is reported.

        A `branch` may be `identity` and nothing else.
        """
        if isinstance(node, YamlList):
            if not node.items:
                self.empty(what, node.span, *([Fix(node.span, "identity", _NOTHING)] if branch else []))
            elif node.flow and self.is_split(node):
                return (make_broken(node.span),)
            return tuple(self.item(item) for item in node.items)
        if is_empty(node):
            after = span._replace(start=_past_colon(span), end=_past_colon(span))
            self.empty(what, span, *([Fix(after, " identity", _NOTHING)] if branch else []))
            return (make_broken(span),)
        return (self.item(node),)

    def is_split(self, node: YamlList, *, branches: bool = False) -> bool:
        """Whether a comma inside a call has split the strings of a list in brackets, which is reported.

        The repair joins items of a chain, and quotes branches.
        """
        for item in node.items:
            if isinstance(item, YamlString) and item.plain and item.value.count("(") != item.value.count(")"):
                joined = " -> ".join(call.strip("\"'") for call in _split_calls(node.span.text[1:-1]))
                text, how = (_quote_calls(node.span), "quote the calls") if branches else (joined, "connect them")
                fix = Fix(node.span, text, f"put each item on its own line, or {how}: `{text}`")
                message = "a comma inside a call splits a list in brackets"
                self.refuse(message, item.span, fix, help=f"put each item on its own line, or {how}")
                return True
        return False

    def item(self, node: YamlNode) -> Chain:
        if isinstance(node, YamlString):
            return self.attempt(read_chain, node) or make_broken(node.span)
        if isinstance(node, YamlList):
            if not (node.flow and self.is_split(node)):
                self.refuse_list(node)
            return make_broken(node.span)
        return self.mapping_item(node) or make_broken(
            node.span._replace(start=node.pairs[0][0].span.start) if node.pairs else node.span
        )

    def refuse_list(self, node: YamlList) -> None:
        texts = [item.span.text for item in node.items if isinstance(item, YamlString)]
        fixes = []
        if len(texts) == len(node.items) > 0:
            fixes = [write(node.span, f"{texts[0]}({', '.join(texts[1:])})"), write(node.span, " -> ".join(texts))]
        self.refuse(
            "a list is not allowed as an item", node.span, *fixes, help="write each of its items on its own line"
        )

    def mapping_item(self, node: YamlMapping) -> Chain | None:
        if not node.pairs:
            self.refuse("an empty mapping is not allowed as an item", node.span)
            return None
        key, value = node.pairs[0]
        if key.value.count("(") > key.value.count(")"):
            self.refuse_colon(key, value)
            return None
        kind = type_key(node)
        if kind:
            message = f"a layer is a call, not a mapping with `{kind.value}`"
            self.refuse(message, kind.span, *repair_mapping(node, kind), help="write `kind(arguments)`")
            return None
        if len(node.pairs) > 1:
            self.refuse_second_key(node)
            return None
        head = self.attempt(read_head, key)
        if head is None:
            return None
        chain = Chain(head.name, head.name_span, (), key.span)
        self.unsettled.append((chain, head, value, key))
        if head.word not in LATER_MERGES:
            self.settle(self.unsettled.pop(), ())
        return chain

    def settle_all(self, blocks: Collection[str]) -> None:
        """Read the items that depend on which blocks there are."""
        while self.unsettled:
            self.settle(self.unsettled.pop(), blocks)

    def settle(self, item: tuple[Chain, Head, YamlNode, YamlString], blocks: Collection[str]) -> None:
        """Read an item that is a mapping: a merge, or a call."""
        chain, head, value, key = item
        is_merge = head.word in MERGE_WORDS and (head.word not in blocks or bool(head.arguments))
        unit = self.merge(head, value, key) if is_merge else self.call(head, value, key)
        if unit is None:
            whole = Span(key.span.source, key.span.start, max(key.span.end, value.span.end))
            chain.name, chain.items = "", make_broken(whole).items
        else:
            chain.items = (Item(unit, None, head.condition, None, key.span),)

    def refuse_colon(self, key: YamlString, value: YamlNode) -> None:
        """Report `conv(4, kernel: 3)`, which YAML reads as a key and a value."""
        past = _past_colon(key.span)
        at = Span(key.span.source, past - 1, past)
        gap = Span(at.source, key.span.end, value.span.start)
        name = re.search(r"[(,]\s*(\w+)$", key.value)
        fixes: tuple[Fix, ...] = ()
        message = "a colon followed by a space is not allowed inside a call"
        if name:
            message = "use `=`, not a colon, to give an argument by name"
            fixes = (Fix(gap, "=", f"write `{name[1]}={value.span.text.rstrip(')')}`"),)
        self.problems.add(Problem("syntax", message, at, fixes=fixes))

    def refuse_second_key(self, node: YamlMapping) -> None:
        """Report `name:` or `if:` beside a kind, which belong in the key, or branches beside their merge."""
        (key, value), (extra, extra_value) = node.pairs[:2]
        if key.value in MERGE_WORDS and isinstance(value, YamlString) and not value.value and not node.flow:
            branches = Span(extra.span.source, extra.span.start, node.span.end)
            fix = Fix(branches, "    " + branches.text.replace("\n", "\n    "), "indent them by 4 more spaces")
            self.refuse(f"the branches of `{key.value}` are not indented below it", extra.span, fix)
            return
        fixes = repair_neighbors(node)
        whole = Span(key.span.source, key.span.start, extra_value.span.end)
        rest = whole.source.text[key.span.end : value.span.end]
        if len(node.pairs) == 2 and isinstance(extra_value, YamlString):
            text = extra_value.value
            if extra.value in ("name", "id"):
                fixes = [Fix(whole, f"{text} = {key.value}{rest}", f"write `{text} = {key.value}: …`")]
            elif extra.value in ("if", "when"):
                fixes = [Fix(whole, f"{key.value} if {text}{rest}", f"write `{key.value} if {text}: …`")]
        message = f"an item that is a mapping has only one key, found `{extra.value}` after `{key.value}`"
        self.refuse(message, extra.span, *fixes, help="write `NAME = kind: …` or `kind if CONDITION: …`")

    # merges

    def merge(self, head: Head, node: YamlNode, key: YamlString) -> Merge | None:
        branches: list[Branch] | None
        call = Call(head.word, head.word_span, head.arguments, head.span)
        if isinstance(node, YamlList):
            branches = self.branch_list(head.word, node)
        elif isinstance(node, YamlMapping):
            branches = self.branch_mapping(head.word, node)
        elif re.match(rf"{ROUNDS}\b", node.value):
            rounds = self.attempt(read_rounds, node)
            return Merge(call, (), rounds) if rounds else None
        elif node.value:
            branches = None
            message = f"`{head.word}` needs branches, a mapping of names or a list, found {describe_node(node)}"
            help_text = "write each branch on its own line below it, e.g. `- identity`"
            help_text += f"; or `{ROUNDS}(NAME)`, for the rounds of a repeat"
            self.refuse(message, node.span, help=help_text)
        else:
            branches = []
        if branches == []:
            self.empty(f"`{head.word}`", head.word_span)
        return Merge(call, tuple(branches)) if branches else None

    def branch_list(self, word: str, node: YamlList) -> list[Branch] | None:
        if node.flow and self.is_split(node, branches=True):
            return None
        dashes = drop_dashes(node)
        if dashes:
            self.refuse(f"the branches of `{word}` have both dashes and names", node.items[0].span, dashes)
            return None
        return [
            _make_branch(str(n), None, body, inner.span, inner.span)
            for n, inner in enumerate(node.items, start=1)
            for body in [self.body(inner, f"branch {n} of `{word}`", inner.span, branch=True)]
        ]

    def branch_mapping(self, word: str, node: YamlMapping) -> list[Branch] | None:
        if node.flow and self.is_split_mapping(node):
            return None
        branches: list[Branch] = []
        labels: set[str] = set()
        unread = False
        for key, inner in node.pairs:
            read = self.attempt(_read_branch_key, key)
            body = self.body(inner, f"branch `{key.value}` of `{word}`", key.span, branch=True)
            if read is None:
                unread = True
                continue
            label, condition = read
            if label in labels:
                self.problems.add(Problem("duplicate-name", f"duplicate branch `{label}`", key.span))
            labels.add(label)
            branches.append(_make_branch(label, condition, body, key.span, inner.span))
        return None if unread else branches

    def is_split_mapping(self, node: YamlMapping) -> bool:
        """Whether a comma inside a call has split the strings of a mapping in braces, which is reported."""
        for _, value in node.pairs:
            if isinstance(value, YamlString) and value.plain and value.value.count("(") > value.value.count(")"):
                quoted = _quote_calls(node.span)
                self.refuse(
                    "a comma inside a call splits a mapping in braces",
                    value.span,
                    Fix(node.span, quoted, f"put each branch on its own line, or quote the calls: `{quoted}`"),
                    help="put each branch on its own line",
                )
                return True
        return False

    # calls with arguments in a mapping, and values

    def call(self, head: Head, node: YamlNode, key: YamlString) -> Call | None:
        """A call with arguments in a mapping, `conv: {out: 64, kernel: 3}`."""
        kind = head.word
        merges = () if kind in KINDS else rename(head.word_span, kind, MERGE_WORDS)
        if merges and _has_chains(node):
            message = f"unknown merge `{kind}`"
            self.problems.add(Problem("unknown-kind", message, head.word_span, fixes=merges))
            return None
        if not isinstance(node, YamlMapping):
            value = node.value if isinstance(node, YamlString) else ", ".join(item.span.text for item in node.items)
            text = f"{key.value}({value})" if value else key.value
            whole = Span(key.span.source, key.span.start, max(node.span.end, _past_colon(key.span)))
            found = "nothing" if isinstance(node, YamlString) and not value else describe_node(node)
            from cnncalc.layers.absent import find_absent  # only needed for mistakes

            absent = None if kind in KINDS else find_absent(kind)
            if absent and isinstance(node, YamlList):
                message = f"there is no `{kind}`: {absent.what}"
                self.problems.add(Problem("unknown-kind", message, head.word_span, absent.instead))
                return None
            fixes = (*name_an_item(key, node), write(whole, text))
            self.refuse(f"`{kind}:` needs a mapping of arguments, found {found}", key.span, *fixes)
            return None
        arguments = []
        for name, inner in node.pairs:
            value_of = self.value(inner)
            if value_of is None:
                return None
            arguments.append(Argument(name.value, value_of, Span(name.span.source, name.span.start, inner.span.end)))
        return Call(kind, head.word_span, tuple(arguments), head.word_span, by_name=True)

    def value(self, node: YamlNode) -> Expression | None:
        """An expression: a string, or a list of expressions."""
        if isinstance(node, YamlString):
            return self.attempt(read_expression, node)
        if isinstance(node, YamlMapping):
            self.refuse("expected a number, a word, an expression or a list, found a mapping", node.span)
            return None
        items = [self.value(item) for item in node.items]
        if any(item is None for item in items):
            return None
        values = tuple(item for item in items if item)
        return self.attempt(lambda _: Listed(node.span, values), YamlString("", node.span, '"'))


def _make_branch(label: str, condition: Expression | None, body: Body, span: Span, body_span: Span) -> Branch:
    """A branch; if its body is `rounds(NAME)` alone, it is one for each round."""
    items = body[0].items if len(body) == 1 and not body[0].name else ()
    unit = items[0].unit if len(items) == 1 and items[0].span == items[0].unit.span else None
    if isinstance(unit, Call) and unit.kind == ROUNDS and [argument.name for argument in unit.arguments] == [""]:
        return Branch(label, condition, (), span, body_span, unit.arguments[0].value)
    return Branch(label, condition, body, span, body_span)


def _has_chains(node: YamlNode) -> bool:
    """Whether a node can only be branches: a list, or a mapping with values that are not expressions."""
    if not isinstance(node, YamlMapping):
        return isinstance(node, YamlList)
    for _, inner in node.pairs:
        if not isinstance(inner, YamlString):
            return True
        try:
            read_expression(inner)
        except Mistake:
            return True
    return False


def make_broken(span: Span) -> Chain:
    """A placeholder for a chain that could not be read."""
    names = frozenset(re.findall(_GIVEN_NAME, span.text[: limits.STRING_CHARACTERS]))
    return Chain("", None, (Item(Broken(span, names), None, None, None, span),), span)


def _past_colon(span: Span) -> int:
    """The offset after the colon of a key."""
    colon = span.source.text.find(":", span.end)
    return colon + 1 if colon >= 0 else span.end


def _quote_calls(flow: Span) -> str:
    """The text of a list or mapping in brackets with its calls in quotes."""
    from cnncalc.spec.flow import quote, strings_to_quote  # only needed for mistakes

    spans = [Span(flow.source, *found) for found in strings_to_quote(flow.source.text, flow.start)]
    ends = [(flow._replace(end=flow.start), ""), (flow._replace(start=flow.end), "")]
    return replace_all([*ends, *((span, quote(span.text)) for span in spans)], "").text


def _split_calls(text: str) -> list[str]:
    """Split a text at the commas outside of parentheses and brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    return [*parts, text[start:].strip()]


def _read_branch_key(text: YamlString) -> tuple[str, Expression | None]:
    parser = Parser(text)

    def read() -> tuple[str, Expression | None]:
        label = parser.token if parser.token.text.isdigit() else parser.expect("name", "a branch name")
        parser.take("number")
        return label.text, parser.condition()

    return parser.whole(read, "a branch name, e.g. `skip` or `skip if stride == 1`")
