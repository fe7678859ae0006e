"""Expressions of an architecture file as Python text, and with other expressions put in for their names."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping

from cnncalc.errors import CnncalcError, Span
from cnncalc.layers.arguments import Value
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
    Unknown,
)
from cnncalc.spec.name_expressions import Index, Member, Name
from cnncalc.spec.values import Word

# How tightly each form binds; an operand that binds less is in parentheses.
CHOICE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)
_BINDS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "**": POWER}
_PLAIN_OPERAND = re.compile(r"-?[\w.]+")


class Unwritable(CnncalcError):
    """An expression has no counterpart in the constructor of a module."""


def quote(text: str) -> str:
    """A string in double quotes, as `ruff format` writes it: one line of printable characters.

    >>> print(quote('a "b"'), quote("c\\nd"))
    'a "b"' "c\\nd"
    """
    from json import dumps

    if not text.isprintable():
        return dumps(text)
    quoted = text.replace("\\", "\\\\")
    return f"'{quoted}'" if '"' in quoted and "'" not in quoted else '"' + quoted.replace('"', '\\"') + '"'


def literal(value: Value) -> str:
    """A number, a word, a boolean, none or a list as Python text; a list is a tuple.

    >>> literal((1e-5, 3, "same"))
    '(1e-5, 3, "same")'
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, str):
        return quote(str(value))
    return repr(value).replace("e-0", "e-")


def identifier(name: str, taken: Callable[[str], bool] = lambda _: False) -> str:
    """A valid name of Python that is not taken, like the given one.

    >>> identifier("3x3"), identifier("lambda"), identifier("kernel")
    ('_3x3', 'lambda_', 'kernel')
    """
    from unicodedata import normalize

    found = re.sub(r"\W", "_", normalize("NFKC", name)) or "_"
    found = found if found.isidentifier() else f"_{found}"
    while keyword.iskeyword(found) or keyword.issoftkeyword(found) or taken(found):
        found += "_"
    return found


def put_in(expression: Expression, replace: Callable[[Expression], Expression | None]) -> Expression:
    """An expression with others in place of its parts, wherever `replace` gives one."""
    found = replace(expression)
    if found is not None:
        return found
    if expression.size == 1:
        return expression
    span = expression.span
    parts = [put_in(part, replace) for part in expression.parts()]
    if isinstance(expression, Arithmetic):
        return combine(expression.operator, parts[0], parts[1], span)
    if isinstance(expression, Listed):
        return Listed(span, tuple(parts))
    if isinstance(expression, Index):
        return Index(span, *parts)
    if isinstance(expression, Negative):
        return Negative(span, expression.operator, parts[0])
    if isinstance(expression, ComparisonExpression):
        return ComparisonExpression(span, expression.operators, tuple(parts))
    if isinstance(expression, Logic):
        return Logic(span, expression.word, *parts)
    if isinstance(expression, Not):
        return Not(span, parts[0])
    if isinstance(expression, Choice):
        return choose(parts[0], parts[1], parts[2], span)
    if isinstance(expression, Function):
        return Function(span, expression.name, tuple(parts))
    return Member(span, parts[0], expression.name) if isinstance(expression, Member) else expression


def put_names(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """An expression with others in place of names."""
    return put_in(expression, lambda part: values.get(part.name) if isinstance(part, Name) else None)


def combine(operator: str, left: Expression, right: Expression, span: Span) -> Expression:
    """Two expressions with an operator between them; two integers are computed, 0 and 1 fall out."""
    a, b = (each.value if isinstance(each, Literal) else None for each in (left, right))
    if isinstance(a, int) and isinstance(b, int) and operator in ("+", "-", "*"):
        return Literal(span, {"+": a + b, "-": a - b, "*": a * b}[operator])
    if isinstance(a, int) and isinstance(b, int) and operator in ("//", "/") and b and a % b == 0:
        return Literal(span, a // b)
    if operator == "+" and is_channels(left) and isinstance(right, Arithmetic):
        rest, taken = right.parts()
        if right.operator == "-" and is_same(taken, left):
            return rest
    if operator == "+" and (more := _like_terms(left, right, span)):
        return more
    if operator in ("*", "//") and (more := _one_factor(operator, left, right, span)):
        return more
    if (operator == "+" and b == 0) or (operator in ("*", "//") and b == 1 and not isinstance(b, bool)):
        return left
    if (operator == "+" and a == 0) or (operator == "*" and a == 1 and not isinstance(a, bool)):
        return right
    return Arithmetic(span, operator, left, right)


def _like_terms(left: Expression, right: Expression, span: Span) -> Expression | None:
    """`2 * a` for `a + a`, and `3 * a` for `2 * a + a`."""
    if isinstance(left, Literal | Listed):
        return None
    if is_same(left, right):
        return Arithmetic(span, "*", Literal(span, 2), right)
    if isinstance(left, Arithmetic) and left.operator == "*" and isinstance(left.left, Literal):
        count = left.left.value
        if isinstance(count, int) and is_same(left.right, right):
            return Arithmetic(span, "*", Literal(span, count + 1), right)
    return None


def _one_factor(operator: str, left: Expression, right: Expression, span: Span) -> Expression | None:
    """`6 * a` for `2 * (3 * a)`, and `2 * in_channels` for `6 * in_channels // 3`: what is exact for floats as well."""
    number, product = (left, right) if operator == "*" else (right, left)
    if not isinstance(product, Arithmetic) or product.operator != "*" or not isinstance(product.left, Literal):
        return None
    a, b = product.left.value, number.value if isinstance(number, Literal) else None
    if type(a) is not int or type(b) is not int or a < 1 or b < 1:
        return None
    if operator == "*":
        exact = not a & (a - 1) or not b & (b - 1)
        return Arithmetic(span, "*", Literal(span, a * b), product.right) if exact else None
    whole = is_channels(product.right) and a % b == 0
    return combine("*", Literal(span, a // b), product.right, span) if whole else None


def is_channels(expression: Expression) -> bool:
    """Whether an expression is the channels of a block's input, which are an integer."""
    return isinstance(expression, Name) and expression.name == "in_channels"


def choose(yes: Expression, condition: Expression, no: Expression, span: Span) -> Expression:
    """`yes if condition else no`, without the condition where both are the same in any case."""
    if is_same(yes, no):
        return yes
    if isinstance(condition, ComparisonExpression) and all(isinstance(each, Literal) for each in condition.operands):
        return yes if condition.evaluate(_NOTHING) else no
    if isinstance(condition, ComparisonExpression) and condition.operators in (("!=",), ("==",)):
        first, second = condition.operands
        if (is_same(first, yes) and is_same(second, no)) or (is_same(first, no) and is_same(second, yes)):
            return yes if condition.operators == ("!=",) else no
    if isinstance(condition, Logic) and condition.word == "or":
        parts = (condition.left, condition.right)
        if any(choose(yes, part, no, span) is yes for part in parts):
            return yes
    return Choice(span, yes, condition, no)


class KnownValues:
    """A scope of names whose values are known; others are words."""

    def __init__(self, *values: Mapping[str, Value]) -> None:
        self.values = values

    def lookup(self, name: str, span: Span) -> Value:
        for each in self.values:
            if name in each:
                return each[name]
        return {"true": True, "false": False}.get(name, Word(name))

    def spend(self, work: int, span: Span) -> None:
        """Nothing: what is evaluated was evaluated before."""

    def spoil(self, name: str) -> None:
        """Nothing: there are no mistakes."""

    def member(self, owner: Value, name: str, span: Span) -> Value:
        raise Unknown

    def round(self, owner: Value, index: int, spans: tuple[Span, Span]) -> Value:
        raise Unknown

    def previous(self, distance: int, before: Value | None, spans: tuple[Span, Span]) -> Value:
        raise Unknown


_NOTHING = KnownValues()


def is_same(one: Expression, other: Expression) -> bool:
    """Whether two expressions are written alike."""
    if one is other:
        return True
    try:
        return to_python(one, _own_name) == to_python(other, _own_name)
    except Unwritable:
        return False


def _own_name(name: str) -> str:
    return name


def to_python(expression: Expression, named: Callable[[str], str], use: Callable[[str], None] = lambda _: None) -> str:
    """Python text with the same value. `named` writes a name, and `use` is told the functions that it calls.

    Raises Unwritable.
    """
    return _Writer(named, use).write(expression)[0]


class _Writer:
    """Writes expressions, each with how tightly it binds."""

    def __init__(self, named: Callable[[str], str], use: Callable[[str], None]) -> None:
        self.named = named
        self.use = use

    def write(self, expression: Expression) -> tuple[str, int]:
        if isinstance(expression, Literal):
            value = expression.value
            text = self.named(value) if isinstance(value, Word) else literal(value)
            return text, ATOM if isinstance(value, bool | str | tuple) or value >= 0 else SIGN
        if isinstance(expression, Name):
            return self.named(expression.name), ATOM
        if isinstance(expression, Listed):
            items = [self.write(item)[0] for item in expression.items]
            return f"({', '.join(items)}{',' * (len(items) == 1)})", ATOM
        if isinstance(expression, Index):
            return f"{self.operand(expression.owner, ATOM)}[{self.write(expression.index)[0]}]", ATOM
        if isinstance(expression, Arithmetic):
            return self.arithmetic(expression)
        if isinstance(expression, Negative):
            return f"{expression.operator}{self.operand(expression.operand, SIGN)}", SIGN
        if isinstance(expression, Function):
            return self.function(expression), ATOM
        return self.logic(expression)

    def logic(self, expression: Expression) -> tuple[str, int]:
        if isinstance(expression, ComparisonExpression):
            text = self.operand(expression.operands[0], SUM)
            for operator, operand in zip(expression.operators, expression.operands[1:], strict=True):
                text += f" {operator} {self.operand(operand, SUM)}"
            return text, COMPARISON
        if isinstance(expression, Logic):
            binds = AND if expression.word == "and" else OR
            left, right = (self.operand(each, binds) for each in (expression.left, expression.right))
            return f"{left} {expression.word} {right}", binds
        if isinstance(expression, Not):
            return f"not {self.operand(expression.operand, NOT)}", NOT
        if isinstance(expression, Choice):
            yes, condition = self.operand(expression.yes, OR), self.operand(expression.condition, OR)
            return f"{yes} if {condition} else {self.write(expression.no)[0]}", CHOICE
        raise Unwritable

    def operand(self, expression: Expression, least: int) -> str:
        text, binds = self.write(expression)
        return text if binds >= least else f"({text})"

    def arithmetic(self, expression: Arithmetic) -> tuple[str, int]:
        binds = _BINDS[expression.operator]
        left = self.operand(expression.left, binds + (binds == POWER))
        right = self.operand(expression.right, SIGN if binds == POWER else binds + 1)
        tight = binds == POWER and _PLAIN_OPERAND.fullmatch(left) and _PLAIN_OPERAND.fullmatch(right)
        space = "" if tight else " "
        return f"{left}{space}{expression.operator}{space}{right}", binds

    def function(self, expression: Function) -> str:
        name = expression.name
        self.use(name)
        arguments = ", ".join(self.write(argument)[0] for argument in expression.arguments)
        return f"{'math.' if name in ('ceil', 'floor') else ''}{name}({arguments})"
