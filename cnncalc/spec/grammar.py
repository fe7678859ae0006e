"""Parses strings: chains, items and calls, the keys that declare blocks and branches, and expressions.

text   =  [ NAME "=" ] chain
chain  =  item { "->" item }
item   =  unit [ "*" count ] [ "if" condition [ "else" unit ] ]
unit   =  KIND [ "(" arguments ")" ]  |  "(" text ")"
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NoReturn

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Span
from cnncalc.layers import KINDS
from cnncalc.layers.structure import MERGES, ROUNDS
from cnncalc.records import NamedTuple
from cnncalc.spec.cursor import Cursor
from cnncalc.spec.expressions import (
    Arithmetic,
    Choice,
    ComparisonExpression,
    Expression,
    Function,
    Listed,
    Literal,
    Logic,
    Negative,
    Not,
)  # fmt: skip
from cnncalc.spec.name_expressions import PREVIOUS, Index, Member, Name, make_previous
from cnncalc.spec.nodes import YamlString
from cnncalc.spec.repairs import rename, write
from cnncalc.spec.tokens import Token, describe_token
from cnncalc.spec.tree import Argument, Call, Chain, Item, Parameter, SyntaxGroup, SyntaxUnit
from cnncalc.spec.values import FUNCTIONS

# The precedence of binary operators; higher binds tighter.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER = range(1, 9)
_BINDING = {
    "or": _OR, "and": _AND,
    "<": _COMPARE, "<=": _COMPARE, ">": _COMPARE, ">=": _COMPARE, "==": _COMPARE, "!=": _COMPARE,
    "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "**": _POWER,
}  # fmt: skip


class Head(NamedTuple):
    """A key of a mapping item, `[NAME =] WORD [(arguments)] [if condition]`; `span` is that of the word and arguments.

    Only a merge takes arguments in its key.
    """

    name: str
    name_span: Span | None
    word: str
    word_span: Span
    arguments: tuple[Argument, ...]
    span: Span
    condition: Expression | None


class Parser(Cursor):
    """Parses one string. Every method raises Mistake at the first token that does not fit."""

    # chains and items

    def chain(self) -> Chain:
        start = self.position
        name = self.name_before_equals()
        items = [self.item()]
        while self.take("->"):
            if self.kind == "name" and self.tokens[self.position + 1].kind == "=":
                self.refuse_loose_name()
            items.append(self.item())
        name_span = self.span_of(name) if name else None
        chain = Chain(name.text if name else "", name_span, tuple(items), self.since(start))
        if len(items) > 1:
            for item in items:
                if item.condition:
                    self.refuse_loose_condition(chain, item)
        return chain

    def refuse_loose_condition(self, chain: Chain, item: Item) -> None:
        before = " -> ".join(part.span.text for part in chain.items[: chain.items.index(item)])
        condition = item.condition.span.text if item.condition else ""
        unit = item.unit.span.text
        readings = f"`({item.span.text})` for this item only"
        if before:
            readings += f", or `({before} -> {unit}) if {condition}` for all items up to here"
        raise Mistake(
            "ambiguous-if",
            "put an item with `if` in parentheses inside a chain",
            item.span,
            f"write {readings}",
            Fix(item.span, f"({item.span.text})", f"write {readings}"),
        )

    def refuse_loose_name(self) -> NoReturn:
        start = self.position
        self.name_before_equals()
        self.item()
        span = self.since(start)
        text = f"({span.text})"
        fix = Fix(span, text, f"put it in parentheses: `{text}`")
        self.fail("put an item with a name in parentheses inside a chain", fix, span=span)

    def name_before_equals(self) -> Token | None:
        if self.kind == "number" and self.tokens[self.position + 1].kind == "=":
            message = f"names consist of letters, digits and `_`, and are not numbers: `{self.token.text}`"
            raise Mistake("bad-name", message, self.span_of(self.token))
        if self.kind == "name" and self.tokens[self.position + 1].kind == "=":
            name = self.next()
            self.next()
            return name
        return None

    def item(self) -> Item:
        start = self.position
        unit = self.unit()
        count = self.expression(_SUM) if self.take("*") else None
        condition = otherwise = None
        if self.take("if"):
            condition = self.expression(_OR)
            if self.take("else"):
                otherwise = self.other_unit()
        return Item(unit, count, condition, otherwise, self.since(start))

    def other_unit(self) -> SyntaxUnit:
        """The unit after `else`; a repeated one needs parentheses."""
        start = self.position
        unit = self.unit()
        if self.kind == "*":
            operator = self.span_of(self.next())
            self.expression(_SUM)
            span = self.since(start)
            parentheses = write(span, f"({span.text})")
            self.fail("put a repeated layer after `else` in parentheses", parentheses, span=operator)
        return unit

    def unit(self) -> SyntaxUnit:
        start = self.position
        if self.take("("):
            self.enter()
            chain = self.chain()
            self.expect(")", "`)`")
            self.depth -= 1
            return SyntaxGroup(chain, self.since(start))
        if self.kind == "-":
            spaced = re.sub(r"(?m)^([ \t]*-)(?=[\w(])", r"\1 ", self.text.span.text)
            self.fail(
                "a layer cannot begin with `-`", Fix(self.text.span, spaced, "add a space after the `-` of a list")
            )
        if self.kind == "end" and self.position and self.tokens[self.position - 1].kind == "->":
            arrow = self.span_of(self.tokens[self.position - 1])
            self.fail("nothing follows the `->`", Fix(arrow, "", "remove the last `->`"), span=arrow)
        if self.kind == "->":
            self.fail("expected a layer, found `->`", Fix(self.span_of(self.token), "", "remove this `->`"))
        if self.kind == "number":
            self.fail(f"a layer cannot begin with a number: `{self.token.text}`", *self.repair_order())
        if self.kind == "name" and self.token.text[0].isdigit() and (turned := self.repair_order()):
            self.fail(f"a layer cannot begin with a number: `{self.token.text}`", *turned)
        kind = self.expect("name", "a layer")
        while self.kind == "." and self.tokens[self.position + 1].kind == "name":  # `nn.Conv2d`, which is not a kind
            self.next()
            last = self.next()
            kind = Token("name", f"{kind.text}.{last.text}", kind.start, last.end)
        try:
            arguments = self.arguments() if self.take("(") else ()
        except Mistake as mistake:
            if kind.text in MERGES and not mistake.problem.help and not mistake.problem.fixes:
                help_text = f"`{kind.text}(a, b)` takes names of outputs; write other branches below `{kind.text}:`"
                mistake.problem = mistake.problem._replace(help=help_text)
            raise
        return Call(kind.text, self.text.at(kind.start, kind.end), arguments, self.since(start))

    def arguments(self) -> tuple[Argument, ...]:
        found = self.separated(")", self.argument)
        for before, argument in pairwise(found):
            if before.name and not argument.name:
                message = "positional arguments are not allowed after arguments by name"
                text = f"NAME={argument.span.text}"
                raise Mistake("syntax", message, argument.span, f"write it by name as well, `{text}`")
        return found

    def argument(self) -> Argument:
        start = self.position
        name = self.name_before_equals()
        value = self.expression()
        return Argument(name.text if name else "", value, self.since(start))

    # keys

    def head(self) -> Head:
        name = self.name_before_equals()
        start = self.position
        word = self.expect("name", "a layer")
        word_span = self.text.at(word.start, word.end)
        arguments = self.arguments() if word.text in MERGES and self.take("(") else ()
        span = self.since(start)
        name_span = self.span_of(name) if name else None
        return Head(name.text if name else "", name_span, word.text, word_span, arguments, span, self.condition())

    def condition(self) -> Expression | None:
        return self.expression(_OR) if self.take("if") else None

    def declaration(self) -> tuple[str, tuple[Parameter, ...]]:
        name = self.expect("name", "a block name")
        return name.text, self.separated(")", self.parameter) if self.take("(") else ()

    def parameter(self) -> Parameter:
        start = self.position
        name = self.expect("name", "a parameter")
        default = self.expression() if self.take("=") else None
        return Parameter(name.text, default, self.since(start))

    # expressions

    def expression(self, least: int = 0) -> Expression:
        """An expression of operators with a precedence of at least `least`; `if … else` only if it is 0."""
        start = self.position
        self.enter()
        left = self.prefixed()
        while (binding := _BINDING.get(self.kind, 0)) and binding >= least:
            operator = self.kind
            if binding == _COMPARE:
                left = self.comparison(start, left)
                continue
            self.next()
            right = self.expression(binding if operator == "**" else binding + 1)
            make = Logic if binding in (_OR, _AND) else Arithmetic
            left = make(self.since(start), operator, left, right)
        if least == 0 and self.take("if"):
            condition = self.expression(_OR)
            if self.kind != "else":
                text = self.since(start).text
                self.fail("a value with `if` needs an `else`", help=f"add an `else`: `{text} else …`")
            self.next()
            left = Choice(self.since(start), left, condition, self.expression())
        self.depth -= 1
        return left

    def comparison(self, start: int, first: Expression) -> Expression:
        operators, operands = [], [first]
        while _BINDING.get(self.kind) == _COMPARE:
            operators.append(self.next().kind)
            operands.append(self.expression(_COMPARE + 1))
        return ComparisonExpression(self.since(start), tuple(operators), tuple(operands))

    def prefixed(self) -> Expression:
        start = self.position
        if self.take("not"):
            operand = self.expression(_NOT)
            return Not(self.since(start), operand)
        if self.kind in ("-", "+"):
            operator = self.next().kind
            operand = self.expression(_SIGN)
            return Negative(self.since(start), operator, operand)
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
            if self.kind == "(" and token.text == PREVIOUS:
                self.next()
                arguments = self.arguments()
                return make_previous(self.since(start), arguments)
            if self.kind == "(":
                return self.function(start, token)
            return Name(self.since(start), token.text)
        if self.take("("):
            value = self.expression()
            if self.kind == ",":
                self.fail("lists are written in brackets", *self.repair_parentheses(start))
            self.expect(")", "`)`")
            return value
        if self.take("["):
            items = self.separated("]", self.expression)
            return Listed(self.since(start), items)
        share = self.repair_percent()
        message = (
            "write a share as a number from 0 to 1" if share else f"expected a value, found {describe_token(token)}"
        )
        self.fail(message, *share, *self.suggest_repairs(""))

    def number(self, token: Token) -> int | float:
        digits = token.text.lstrip("0") or "0"
        value = int(digits) if digits.isdigit() and len(digits) <= len(str(limits.NUMBER)) else float(token.text)
        if value > limits.NUMBER:
            raise Mistake("too-large", "a number is larger than 10^18", self.span_of(token))
        return int(digits) if digits.isdigit() else value

    def function(self, start: int, token: Token) -> Expression:
        if token.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            self.fail(
                f"`{token.text}(…)` is not allowed in an expression; the functions are {known}",
                *rename(self.span_of(token), token.text, FUNCTIONS),
                span=self.span_of(token),
            )
        self.next()
        arguments = self.separated(")", self.expression)
        return Function(self.since(start), token.text, arguments)


def read_chain(text: YamlString) -> Chain:
    """An item written as a string."""
    try:
        parser = Parser(text)
        return parser.whole(parser.chain, "a layer")
    except Mistake as mistake:  # in a call that Python could read, as `Conv2D(8, (3, 3), activation='relu')`
        if mistake.problem.code == "syntax":
            from cnncalc.spec.foreign import find_calls, translate_call  # only needed for mistakes
            from cnncalc.spec.foreign_inputs import repair_applied_call
            from cnncalc.spec.foreign_merges import translate_merge

            merge = translate_merge(text.body)
            whole = [write(text.span, merge)] if merge else repair_applied_call(text)
            calls = () if whole else find_calls(text.body)
            fixes = {
                write(text.at(start, end), here): name in KINDS
                for start, end, name in calls
                for here in translate_call(text.body[start:end], name)
            }
            whole += [fix for fix, is_ours in fixes.items() if not is_ours]
            rest = [fix for fix, is_ours in fixes.items() if is_ours]
            mistake.problem = mistake.problem._replace(fixes=(*whole, *mistake.problem.fixes, *rest))
        raise


def read_expression(text: YamlString) -> Expression:
    """The value of a param, or of an argument in a mapping."""
    parser = Parser(text)
    return parser.whole(parser.expression, "a value")


def read_head(text: YamlString) -> Head:
    """The key of an item that is written as a mapping."""
    parser = Parser(text)
    return parser.whole(parser.head, "the key of an item")


def read_declaration(text: YamlString) -> tuple[str, tuple[Parameter, ...]]:
    """The key that declares a block: its name and parameters."""
    parser = Parser(text)
    return parser.whole(parser.declaration, "a block declaration, e.g. `name(width, stride=1)`")


def read_rounds(text: YamlString) -> Expression:
    """The name in `rounds(NAME)` or `rounds(NAME.INNER)`, which takes the place of the branches of a merge."""
    parser = Parser(text)

    def read() -> Expression:
        parser.next()
        parser.expect("(", f"the name of a repeat in parentheses, `{ROUNDS}(NAME)`")
        name = parser.expression()
        parser.expect(")", "`)`")
        return name

    return parser.whole(read, f"`{ROUNDS}(NAME)`")
