"""One file as it stands: its keys, with every text read by the grammar. What it extends is not looked at here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from cnncalc.errors import Mistake, Problems, Source, Span
from cnncalc.layers.structure import MERGES
from cnncalc.spec.expressions import Expression, Listed
from cnncalc.spec.grammar import Head, Parser, read_chain, read_declaration, read_expression, read_head
from cnncalc.nearest import did_you_mean
from cnncalc.spec.nodes import Listing, Mapping, Node, Text, form, parse
from cnncalc.spec.tree import Argument, Block, Body, Branch, Broken, Call, Chain, Item, Merge, Unit

KEYS = ("name", "input", "layers", "blocks", "params", "expect", "source", "notes", "allow", "weights", "extends")
MERGE_WORDS = (*MERGES, "outputs")
T = TypeVar("T")


class Entry(NamedTuple):
    """A value of `params`, `expect` or `input` with the place of its key."""

    value: Expression
    key_span: Span


class Document:
    """What one file says. Keys that it does not have are empty, `layers` and `input` None."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.texts: dict[str, Text] = {}  # name, source, notes, extends
        self.input: Entry | None = None
        self.layers: Body | None = None
        self.layers_span: Span | None = None
        self.blocks: dict[str, Block] = {}
        self.params: dict[str, Entry] = {}
        self.expect: dict[str, Entry] = {}
        self.allow: dict[str, Text] = {}  # a warning's code → the reason; places of the codes in `allow_spans`
        self.allow_spans: dict[str, Span] = {}
        self.weights: Node | None = None

    def text(self, key: str) -> str:
        """The text of a key, "" where it is not there."""
        return self.texts[key].value if key in self.texts else ""


def read_document(source: Source, problems: Problems) -> Document | None:
    """What a file says; None where nothing can be made of it. All that is wrong goes to `problems`."""
    root = parse(source, problems)
    if root is None or not isinstance(root, Mapping):
        if not problems.errors:
            found = "nothing" if root is None else form(root)
            problems.add(
                "wrong-form",
                f"an architecture is a mapping with `input` and `layers`, found {found}",
                Span(source, 0, 0) if root is None else root.span,
                help="begin with `input: [3, 224, 224]` and `layers:`",
            )
        return None
    return _Reader(source, problems).document(root)


class _Reader:
    """Makes a document of nodes; a part that cannot be read is noted and left out."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self.result = Document(source)
        self.problems = problems

    def attempt(self, read: Callable[[Text], T], text: Text) -> T | None:
        """What `read` makes of a text, None where it has a mistake."""
        try:
            return read(text)
        except Mistake as mistake:
            problem = mistake.problem
            self.problems.add(problem.code, problem.message, problem.span, help=problem.help)
            return None

    def refuse(self, message: str, span: Span, help: str = "") -> None:
        self.problems.add("wrong-form", message, span, help=help)

    # the keys of a document

    def document(self, root: Mapping) -> Document:
        readers: dict[str, Callable[[Text, Node], None]] = {
            "input": self.input, "layers": self.layers, "blocks": self.blocks, "params": self.params,
            "expect": self.expect, "allow": self.allow, "weights": self.weights,
        }  # fmt: skip
        for key, node in root.pairs:
            if key.value in readers:
                readers[key.value](key, node)
            elif key.value not in KEYS:
                self.problems.add(
                    "unknown-key", f"a document has no key `{key.value}`", key.span,
                    help=did_you_mean(key.value, KEYS) or "the keys are " + ", ".join(KEYS),
                )  # fmt: skip
            elif isinstance(node, Text):
                self.result.texts[key.value] = node
            else:
                self.refuse(f"`{key.value}` is a text, found {form(node)}", node.span)
        return self.result

    def mapping(self, key: Text, node: Node) -> list[tuple[Text, Node]]:
        if isinstance(node, Mapping):
            return node.pairs
        if not (isinstance(node, Text) and node.plain and not node.value):
            self.refuse(f"`{key.value}` is a mapping of names, found {form(node)}", node.span)
        return []

    def input(self, key: Text, node: Node) -> None:
        value = self.value(node)
        if value:
            self.result.input = Entry(value, key.span)

    def layers(self, key: Text, node: Node) -> None:
        self.result.layers_span = key.span
        self.result.layers = self.body(node, "`layers`")

    def blocks(self, key: Text, node: Node) -> None:
        for declaration, inner in self.mapping(key, node):
            read = self.attempt(read_declaration, declaration)
            body = self.body(inner, f"block `{declaration.value}`")
            if read is None:
                continue
            name, parameters = read
            if name in self.result.blocks:
                self.problems.add("duplicate-name", f"a block `{name}` is declared already", declaration.span)
            else:
                self.result.blocks[name] = Block(name, parameters, body, declaration.span)

    def params(self, key: Text, node: Node) -> None:
        self.result.params.update(self.entries(key, node))

    def expect(self, key: Text, node: Node) -> None:
        self.result.expect.update(self.entries(key, node))

    def entries(self, key: Text, node: Node) -> dict[str, Entry]:
        values = ((name, self.value(inner)) for name, inner in self.mapping(key, node))
        return {name.value: Entry(value, name.span) for name, value in values if value}

    def allow(self, key: Text, node: Node) -> None:
        for code, reason in self.mapping(key, node):
            if isinstance(reason, Text) and reason.value:
                self.result.allow[code.value] = reason
                self.result.allow_spans[code.value] = code.span
            else:
                self.refuse(f"`allow: {code.value}` needs a reason, a text", reason.span)

    def weights(self, key: Text, node: Node) -> None:
        self.mapping(key, node)
        self.result.weights = node

    # bodies and items

    def body(self, node: Node, what: str) -> Body:
        if isinstance(node, Listing):
            if not node.items:
                self.problems.add("empty-branch", f"{what} has nothing in it", node.span, help="write `identity` for nothing")
            return tuple(self.item(item) for item in node.items)
        if isinstance(node, Text) and not node.value and node.plain:
            self.problems.add("empty-branch", f"{what} has nothing in it", node.span, help="write `identity` for nothing")
            return (_broken(node.span),)
        return (self.item(node),)

    def item(self, node: Node) -> Chain:
        if isinstance(node, Text):
            return self.attempt(read_chain, node) or _broken(node.span)
        if isinstance(node, Listing):
            self.refuse("a list cannot stand as an item", node.span, "write its items one below another, or join them with `->`")
            return _broken(node.span)
        return self.mapping_item(node) or _broken(node.span)

    def mapping_item(self, node: Mapping) -> Chain | None:
        if not node.pairs:
            self.refuse("an empty mapping cannot stand as an item", node.span)
            return None
        key, value = node.pairs[0]
        if len(node.pairs) > 1:
            extra = node.pairs[1][0]
            self.refuse(f"an item that is a mapping has one key; `{extra.value}` stands beside `{key.value}`", extra.span)
            return None
        head = self.attempt(read_head, key)
        if head is None:
            return None
        unit: Unit | None
        if head.word in MERGE_WORDS:
            unit = self.merge(head, value)
        else:
            unit = self.call(head, value)
        if unit is None:
            return None
        item = Item(unit, None, head.condition, None, key.span)
        return Chain(head.name, head.name_span, (item,), key.span)

    def merge(self, head: Head, node: Node) -> Merge | None:
        word = head.word
        branches: list[Branch] = []
        if isinstance(node, Listing):
            for number, inner in enumerate(node.items, start=1):
                branches.append(Branch(str(number), None, self.body(inner, f"branch {number} of `{word}`"), inner.span))
        elif isinstance(node, Mapping):
            for key, inner in node.pairs:
                read = self.attempt(_read_branch_key, key)
                body = self.body(inner, f"branch `{key.value}` of `{word}`")
                if read is None:
                    return None
                if any(branch.label == read[0] for branch in branches):
                    self.problems.add("duplicate-name", f"a branch `{read[0]}` is there already", key.span)
                branches.append(Branch(read[0], read[1], body, inner.span))
        elif not node.value:
            self.problems.add("empty-branch", f"`{word}` has no branches", head.word_span)
            return None
        else:
            self.refuse(f"`{word}` has branches, a mapping of names or a list, found {form(node)}", node.span)
            return None
        if not branches:
            self.problems.add("empty-branch", f"`{word}` has no branches", node.span)
            return None
        return Merge(word, tuple(branches), head.word_span)

    def call(self, head: Head, node: Node) -> Call | None:
        """A call written by name, `conv: {out: 64, kernel: 3}`."""
        kind = head.word
        if isinstance(node, Text):
            text = f"{kind}({node.value})" if node.value else kind
            self.refuse(f"`{kind}:` takes its arguments by name, found {form(node)}", node.span if node.value else head.word_span, f"write `- {text}`")
            return None
        if isinstance(node, Listing):
            inner = ", ".join(item.span.text for item in node.items)
            self.refuse(f"`{kind}:` takes its arguments by name, found a list", node.span, f"write `- {kind}({inner})`")
            return None
        arguments = []
        for key, inner_node in node.pairs:
            value = self.value(inner_node)
            if value is None:
                return None
            arguments.append(Argument(key.value, value, Span(key.span.source, key.span.start, inner_node.span.end)))
        return Call(kind, head.word_span, tuple(arguments), head.word_span)

    def value(self, node: Node) -> Expression | None:
        """An expression: a text by the grammar, a list of such."""
        if isinstance(node, Text):
            return self.attempt(read_expression, node)
        if isinstance(node, Mapping):
            self.refuse("a value is a number, a word, an expression or a list, found a mapping", node.span)
            return None
        items = [self.value(item) for item in node.items]
        if any(item is None for item in items):
            return None
        try:
            return Listed(node.span, tuple(item for item in items if item))
        except Mistake as mistake:
            self.problems.add(mistake.problem.code, mistake.problem.message, mistake.problem.span)
            return None


def _broken(span: Span) -> Chain:
    return Chain("", None, (Item(Broken(span), None, None, None, span),), span)


def _read_branch_key(text: Text) -> tuple[str, Expression | None]:
    parser = Parser(text)

    def read() -> tuple[str, Expression | None]:
        label = parser.take("number") or parser.expect("name", "a branch's name")
        return label.text, parser.condition()

    return parser.whole(read, "a branch's name, as `skip` or `skip if stride == 1`")
