"""The expressions of architecture files: each kind is a class, evaluated within limits, every error with a position."""

from __future__ import annotations

from typing import Protocol

from cnncalc import limits
from cnncalc.errors import CnncalcError, Mistake, Span
from cnncalc.layers.arguments import NONE, Value, format_value
from cnncalc.spec.values import (
    ARITHMETIC,
    EQUALITY,
    FUNCTIONS,
    ORDER,
    ListValue,
    compute_within_limits,
    describe_value,
    is_number,
    require_boolean,
)  # fmt: skip


class Unknown(CnncalcError):
    """A value depends on an earlier mistake, which is already reported."""


class Scope(Protocol):
    """Looks up the values of names."""

    def lookup(self, name: str, span: Span) -> Value:
        """The value of a bare name. Raises Mistake if it has none."""

    def spend(self, work: int, span: Span) -> None:
        """Count parts of expressions and elements of lists that are evaluated. Raises Mistake, then Unknown."""

    def spoil(self, name: str) -> None:
        """Make a name unknown after its value was reported."""

    def member(self, owner: Value, name: str, span: Span) -> Value:
        """`owner.name`, an output inside a block call, or a size of an output. Raises Mistake if there is none."""

    def round(self, owner: Value, index: int, spans: tuple[Span, Span]) -> Value:
        """`owner[index]`, the output of one round of a repeat. Raises Mistake if there is none."""

    def previous(self, distance: int, before: Value | None, spans: tuple[Span, Span]) -> Value:
        """What entered this round of a repeat, or an earlier one. Raises Mistake if there is none."""


class Expression:
    """An expression: its position, its depth, and the number of its parts."""

    __slots__ = ("depth", "size", "span")

    def __init__(self, span: Span, *parts: Expression) -> None:
        self.span = span
        self.depth: int = 1 + max([part.depth for part in parts]) if parts else 1
        self.size: int = 1 + sum([part.size for part in parts]) if parts else 1
        if self.depth > limits.NESTING:
            raise Mistake("too-large", f"an expression is nested more than {limits.NESTING} levels deep", span)

    def evaluate(self, scope: Scope) -> Value:
        """The value. Raises Mistake."""
        raise NotImplementedError

    def parts(self) -> tuple[Expression, ...]:
        """The direct parts of this expression."""
        return ()


class Literal(Expression):
    """A constant number or word."""

    __slots__ = ("value",)

    def __init__(self, span: Span, value: Value) -> None:
        super().__init__(span)
        self.value = value

    def evaluate(self, scope: Scope) -> Value:
        return self.value


class Unreadable(Expression):
    """A placeholder for an expression that could not be read, which is already reported."""

    __slots__ = ()

    def evaluate(self, scope: Scope) -> Value:
        raise Unknown


class Listed(Expression):
    """`[a, b]`."""

    __slots__ = ("items",)

    def __init__(self, span: Span, items: tuple[Expression, ...]) -> None:
        super().__init__(span, *items)
        self.items = items

    def evaluate(self, scope: Scope) -> Value:
        return make_list([item.evaluate(scope) for item in self.items], self.span)

    def parts(self) -> tuple[Expression, ...]:
        return self.items


class Arithmetic(Expression):
    """`a + b` and the other arithmetic operations."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, span: Span, operator: str, left: Expression, right: Expression) -> None:
        super().__init__(span, left, right)
        self.operator = operator
        self.left = left
        self.right = right

    def evaluate(self, scope: Scope) -> Value:
        left, right = self.left.evaluate(scope), self.right.evaluate(scope)
        for side, value in ((self.left, left), (self.right, right)):
            if not is_number(value):
                raise Mistake("bad-value", f"`{self.operator}` needs numbers, found {describe_value(value)}", side.span)
        return compute_within_limits(ARITHMETIC[self.operator], (left, right), self.span)

    def parts(self) -> tuple[Expression, ...]:
        return self.left, self.right


class Negative(Expression):
    """`-a`, `+a`."""

    __slots__ = ("operand", "operator")

    def __init__(self, span: Span, operator: str, operand: Expression) -> None:
        super().__init__(span, operand)
        self.operator = operator
        self.operand = operand

    def evaluate(self, scope: Scope) -> Value:
        value = self.operand.evaluate(scope)
        if not is_number(value):
            raise Mistake(
                "bad-value", f"`{self.operator}` needs a number, found {describe_value(value)}", self.operand.span
            )
        return -value if self.operator == "-" else value

    def parts(self) -> tuple[Expression, ...]:
        return (self.operand,)


class ComparisonExpression(Expression):
    """`a < b <= c`, `a == b`."""

    __slots__ = ("operands", "operators")

    def __init__(self, span: Span, operators: tuple[str, ...], operands: tuple[Expression, ...]) -> None:
        super().__init__(span, *operands)
        self.operators = operators
        self.operands = operands

    def evaluate(self, scope: Scope) -> Value:
        left = self.operands[0].evaluate(scope)
        for position, operator in enumerate(self.operators):
            right = self.operands[position + 1].evaluate(scope)
            if isinstance(right, ListValue):
                scope.spend(right.size, self.span)
            if not self.holds(position, operator, left, right):
                return False
            left = right
        return True

    def holds(self, position: int, operator: str, left: Value, right: Value) -> bool:
        if operator in EQUALITY:
            if NONE in (left, right):  # of any type: an optional argument that is not given
                return EQUALITY[operator](left, right)
            if any(isinstance(left, one) != isinstance(right, one) for one in (bool, tuple, str, int | float)):
                raise Mistake(
                    "bad-value",
                    f"{describe_value(left)} and {describe_value(right)} cannot be compared: their types differ",
                    self.span,
                )
            if not isinstance(left, int | float | str | tuple):
                message = f"outputs can only be compared with `{NONE}`"
                raise Mistake("bad-value", message, self.span)
            return EQUALITY[operator](left, right)
        for side, value in zip(self.operands[position:], (left, right), strict=False):
            if not is_number(value):
                raise Mistake("bad-value", f"`{operator}` needs numbers, found {describe_value(value)}", side.span)
        return ORDER[operator](left, right)

    def parts(self) -> tuple[Expression, ...]:
        return self.operands


class Logic(Expression):
    """`a and b`, `a or b`."""

    __slots__ = ("left", "right", "word")

    def __init__(self, span: Span, word: str, left: Expression, right: Expression) -> None:
        super().__init__(span, left, right)
        self.word = word
        self.left = left
        self.right = right

    def evaluate(self, scope: Scope) -> Value:
        left = require_boolean(self.left.evaluate(scope), self.left.span)
        if left is (self.word == "or"):
            return left
        return require_boolean(self.right.evaluate(scope), self.right.span)

    def parts(self) -> tuple[Expression, ...]:
        return self.left, self.right


class Not(Expression):
    """`not a`."""

    __slots__ = ("operand",)

    def __init__(self, span: Span, operand: Expression) -> None:
        super().__init__(span, operand)
        self.operand = operand

    def evaluate(self, scope: Scope) -> Value:
        return not require_boolean(self.operand.evaluate(scope), self.operand.span)

    def parts(self) -> tuple[Expression, ...]:
        return (self.operand,)


class Choice(Expression):
    """`a if c else b`."""

    __slots__ = ("condition", "no", "yes")

    def __init__(self, span: Span, yes: Expression, condition: Expression, no: Expression) -> None:
        super().__init__(span, yes, condition, no)
        self.yes = yes
        self.condition = condition
        self.no = no

    def evaluate(self, scope: Scope) -> Value:
        chosen = self.yes if require_boolean(self.condition.evaluate(scope), self.condition.span) else self.no
        return chosen.evaluate(scope)

    def parts(self) -> tuple[Expression, ...]:
        return self.yes, self.condition, self.no


class Function(Expression):
    """`min(a, b)` and the other functions."""

    __slots__ = ("arguments", "name")

    def __init__(self, span: Span, name: str, arguments: tuple[Expression, ...]) -> None:
        super().__init__(span, *arguments)
        self.name = name
        self.arguments = arguments
        least, most, _ = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} or more"
            raise Mistake(
                "bad-value", f"`{name}` takes {wanted} argument{'s' * (wanted != '1')}, not {len(arguments)}", span
            )

    def evaluate(self, scope: Scope) -> Value:
        values = [argument.evaluate(scope) for argument in self.arguments]
        if len(values) == 1 and isinstance(values[0], tuple) and values[0] and self.name in ("min", "max"):
            values = list(values[0])
            scope.spend(len(values), self.span)
        for value in values:
            if not is_number(value):
                raise Mistake("bad-value", f"`{self.name}` needs numbers, found {describe_value(value)}", self.span)
        if self.name == "divisible" and (values[1] != int(values[1]) or values[1] < 1):
            raise Mistake(
                "bad-value",
                f"`divisible` needs an integer divisor of 1 or more, found {format_value(values[1])}",
                self.span,
            )
        compute = FUNCTIONS[self.name][2]
        return compute_within_limits(compute, (values,) if self.name in ("min", "max") else values, self.span)

    def parts(self) -> tuple[Expression, ...]:
        return self.arguments


def make_list(values: list[Value], span: Span) -> ListValue:
    """A list of values. Raises Mistake `too-large` at the limit."""
    value = ListValue(values)
    value.size = sum([item.size if isinstance(item, ListValue) else 1 for item in values])
    if value.size > limits.LIST_ELEMENTS:
        message = f"a list has {value.size:,} elements, more than the limit of {limits.LIST_ELEMENTS:,}"
        raise Mistake("too-large", message, span)
    return value


def evaluate_constant(expression: Expression) -> Value | None:
    """The value of an expression that is a number, a word or a list of these; None for other expressions."""
    if isinstance(expression, Literal):
        return expression.value
    if not isinstance(expression, Listed):
        return None
    values = [evaluate_constant(item) for item in expression.items]
    return None if any(value is None for value in values) else make_list(values, expression.span)
