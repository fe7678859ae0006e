"""The grammar of texts: chains, items and calls, the keys that declare blocks and branches, and expressions.

    text   =  [ NAME "=" ] chain
    chain  =  item { "->" item }
    item   =  unit [ "*" count ] [ "if" condition [ "else" unit ] ]
    unit   =  KIND [ "(" arguments ")" ]  |  "(" text ")"
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from cnncalc.errors import Mistake, Span
from cnncalc.spec.expressions import (
    FUNCTIONS, Arithmetic, Choice, Comparison, Expression, Function, Index, Listed, Literal, Logic, Member, Name, Negative, Not, LARGEST
)  # fmt: skip
from cnncalc.spec.nodes import Text
from cnncalc.spec.tokens import KEYWORDS, Token, describe, tokenize
from cnncalc.spec.tree import Argument, Call, Chain, Group, Item, Parameter, Unit

DEEPEST = 100  # parentheses within one another
T = TypeVar("T")

# How tightly the signs between two operands bind.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER = range(1, 9)
_BINDING = {
    "or": _OR, "and": _AND,
    "<": _COMPARE, "<=": _COMPARE, ">": _COMPARE, ">=": _COMPARE, "==": _COMPARE, "!=": _COMPARE,
    "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "**": _POWER,
}  # fmt: skip


class Head(NamedTuple):
    """A key of a mapping item, `[NAME =] WORD [if condition]`."""

    name: str
    name_span: Span | None
    word: str
    word_span: Span
    condition: Expression | None


class Parser:
    """Reads one text from left to right. Every method raises Mistake at the first token that does not fit."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.position = 0
        self.depth = 0

    # tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    @property
    def kind(self) -> str:
        return self.tokens[self.position].kind

    def next(self) -> Token:
        token = self.tokens[self.position]
        if token.kind != "end":
            self.position += 1
        return token

    def take(self, kind: str) -> Token | None:
        return self.next() if self.kind == kind else None

    def expect(self, kind: str, what: str) -> Token:
        if self.kind != kind:
            self.fail(f"expected {what}, found {describe(self.token)}")
        return self.next()

    def fail(self, message: str, help: str = "", token: Token | None = None) -> None:
        token = token or self.token
        end = max(token.end, token.start + 1)
        raise Mistake("syntax", message, self.text.at(token.start, end), help)

    def since(self, start: int) -> Span:
        """The place from the token at an index up to the token read last."""
        return self.text.at(self.tokens[start].start, self.tokens[max(self.position - 1, start)].end)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Mistake("too-large", f"parentheses stand {DEEPEST} deep, and no deeper is read", self.text.span)

    def whole(self, read: Callable[[], T], what: str) -> T:
        """What `read` gives, if it takes the text to its end."""
        if self.kind == "end":
            self.fail(f"expected {what}, found nothing")
        value = read()
        if self.kind != "end":
            self.fail(f"expected the end of {what}, found {describe(self.token)}", self.hint())
        return value

    def hint(self) -> str:
        """What may have been meant by a token that stands where nothing can."""
        if self.kind == "=":
            return "to compare, write `==`"
        if self.kind == "%":
            return "write a fraction, 0.5 for 50 %"
        if self.kind in ("name", "(") and self.position:
            return "join layers with `->`"
        return ""

    # chains and items

    def chain(self) -> Chain:
        start = self.position
        name = self.name_before_equals()
        items = [self.item()]
        while self.take("->"):
            items.append(self.item())
        chain = Chain(name.text if name else "", self.span_of(name), tuple(items), self.since(start))
        if len(items) > 1:
            for item in items:
                if item.condition:
                    self.refuse_loose_condition(chain, item)
        return chain

    def refuse_loose_condition(self, chain: Chain, item: Item) -> None:
        before = " -> ".join(part.span.text for part in chain.items[: chain.items.index(item)])
        condition = item.condition.span.text if item.condition else ""
        unit = item.unit.span.text
        readings = f"`({item.span.text})`, for this item alone"
        if before:
            readings += f", or `({before} -> {unit}) if {condition}`, for all up to here"
        raise Mistake("ambiguous-if", "an item with `if` stands in parentheses in a chain of several", item.span, f"write {readings}")

    def name_before_equals(self) -> Token | None:
        if self.kind == "name" and self.tokens[self.position + 1].kind == "=":
            name = self.next()
            self.next()
            return name
        return None

    def span_of(self, token: Token | None) -> Span | None:
        return self.text.at(token.start, token.end) if token else None

    def item(self) -> Item:
        start = self.position
        unit = self.unit()
        count = self.expression(_SUM) if self.take("*") else None
        condition = otherwise = None
        if self.take("if"):
            condition = self.expression(_OR)
            if self.take("else"):
                otherwise = self.unit()
        return Item(unit, count, condition, otherwise, self.since(start))

    def unit(self) -> Unit:
        start = self.position
        if self.take("("):
            self.enter()
            chain = self.chain()
            self.expect(")", "`)`")
            self.depth -= 1
            return Group(chain, self.since(start))
        if self.kind == "-":
            self.fail("a layer cannot begin with `-`", "put a space after the `-` of a list")
        kind = self.expect("name", "a layer")
        arguments = self.arguments() if self.take("(") else ()
        return Call(kind.text, self.text.at(kind.start, kind.end), arguments, self.since(start))

    def arguments(self) -> tuple[Argument, ...]:
        found = []
        while not self.take(")"):
            start = self.position
            name = self.name_before_equals()
            value = self.expression()
            found.append(Argument(name.text if name else "", value, self.since(start)))
            if found[-1].name == "" and len(found) > 1 and found[-2].name:
                raise Mistake("syntax", "an argument by position cannot follow one by name", found[-1].span)
            if self.kind != ")" and not self.take(","):
                self.fail(f"expected `,` or `)`, found {describe(self.token)}", self.hint())
        return tuple(found)

    # keys

    def head(self) -> Head:
        name = self.name_before_equals()
        word = self.expect("name", "a layer")
        condition = self.condition()
        word_span = self.text.at(word.start, word.end)
        return Head(name.text if name else "", self.span_of(name), word.text, word_span, condition)

    def condition(self) -> Expression | None:
        return self.expression(_OR) if self.take("if") else None

    def declaration(self) -> tuple[str, tuple[Parameter, ...]]:
        name = self.expect("name", "a block's name")
        parameters = []
        if self.take("("):
            while not self.take(")"):
                start = self.position
                parameter = self.expect("name", "a parameter")
                default = self.expression() if self.take("=") else None
                parameters.append(Parameter(parameter.text, default, self.since(start)))
                if self.kind != ")" and not self.take(","):
                    self.fail(f"expected `,` or `)`, found {describe(self.token)}")
        return name.text, tuple(parameters)

    # expressions

    def expression(self, least: int = 0) -> Expression:
        """An expression whose signs bind at least so tightly; `if … else` only where `least` is 0."""
        start = self.position
        self.enter()
        left = self.prefixed()
        while (binding := _BINDING.get(self.kind, 0)) and binding >= least:
            sign = self.kind
            if binding == _COMPARE:
                left = self.comparison(start, left)
                continue
            self.next()
            right = self.expression(binding if sign == "**" else binding + 1)
            make = Logic if binding in (_OR, _AND) else Arithmetic
            left = make(self.since(start), sign, left, right)
        if least == 0 and self.take("if"):
            condition = self.expression(_OR)
            self.expect("else", "`else`")
            left = Choice(self.since(start), left, condition, self.expression())
        self.depth -= 1
        return left

    def comparison(self, start: int, first: Expression) -> Expression:
        signs, operands = [], [first]
        while _BINDING.get(self.kind) == _COMPARE:
            signs.append(self.next().kind)
            operands.append(self.expression(_COMPARE + 1))
        return Comparison(self.since(start), tuple(signs), tuple(operands))

    def prefixed(self) -> Expression:
        start = self.position
        if self.take("not"):
            operand = self.expression(_NOT)
            return Not(self.since(start), operand)
        if self.kind in ("-", "+"):
            sign = self.next().kind
            operand = self.expression(_SIGN)
            return Negative(self.since(start), sign, operand)
        value = self.primary()
        while self.kind in ("[", "."):
            if self.take("["):
                index = self.expression()
                self.expect("]", "`]`")
                value = Index(self.since(start), value, index)
            else:
                self.next()
                name = self.expect("name", "a name")
                value = Member(self.since(start), value, name.text)
        return value

    def primary(self) -> Expression:
        start = self.position
        token = self.token
        if self.take("number"):
            return Literal(self.since(start), self.number(token))
        if self.take("name"):
            if self.kind == "(":
                return self.function(start, token)
            return Name(self.since(start), token.text)
        if self.take("("):
            value = self.expression()
            if self.kind == ",":
                self.fail("a list is written in brackets", "[3, 3] instead of (3, 3)")
            self.expect(")", "`)`")
            return value
        if self.take("["):
            items = self.listed()
            return Listed(self.since(start), items)
        what = "a value"
        if token.kind in KEYWORDS:
            self.fail(f"expected {what}, found the word `{token.text}`")
        self.fail(f"expected {what}, found {describe(token)}")
        raise AssertionError

    def listed(self) -> tuple[Expression, ...]:
        items: list[Expression] = []
        while not self.take("]"):
            items.append(self.expression())
            if self.kind != "]" and not self.take(","):
                self.fail(f"expected `,` or `]`, found {describe(self.token)}")
        return tuple(items)

    def number(self, token: Token) -> int | float:
        value = float(token.text)
        if value > LARGEST:
            raise Mistake("too-large", "a number larger than 10^18", self.text.at(token.start, token.end))
        return int(token.text) if token.text.isdigit() else value

    def function(self, start: int, token: Token) -> Expression:
        if token.text not in FUNCTIONS:
            self.fail(
                f"`{token.text}(…)` cannot stand in an expression; only {', '.join(FUNCTIONS)} can be called there", token=token
            )
        self.next()
        arguments: list[Expression] = []
        while not self.take(")"):
            arguments.append(self.expression())
            if self.kind != ")" and not self.take(","):
                self.fail(f"expected `,` or `)`, found {describe(self.token)}")
        return Function(self.since(start), token.text, tuple(arguments))


def read_chain(text: Text) -> Chain:
    """An item written as text."""
    parser = Parser(text)
    return parser.whole(parser.chain, "a layer or a chain of layers")


def read_expression(text: Text) -> Expression:
    """A value: of a param, of an argument given by name the YAML way."""
    parser = Parser(text)
    return parser.whole(parser.expression, "a value")


def read_head(text: Text) -> Head:
    """The key of an item that is a mapping."""
    parser = Parser(text)
    return parser.whole(parser.head, "an item's key")


def read_declaration(text: Text) -> tuple[str, tuple[Parameter, ...]]:
    """The key that declares a block: its name and parameters."""
    parser = Parser(text)
    return parser.whole(parser.declaration, "a block's declaration, as `name(width, stride=1)`")
