"""Integers that record the formula they were computed by.

The rules of the layer kinds are ordinary arithmetic. Applied to terms instead of integers they give, besides the value,
its formula; so the formula that is shown is always the one that is computed. `trace` applies them.
"""

from __future__ import annotations

import math
from typing import Any

SUM, QUOTIENT, PRODUCT, ATOM = range(4)  # precedence, lowest first
CLOSE = 1e-15  # relative distance up to which a float is replaced by a simple fraction
LARGEST_DENOMINATOR = 10_000  # of such a fraction
SHORT = 6  # characters of a factor that is written with its decimals


class Term(int):
    """An integer with its formula.

    >>> i, p, k, s = Term.of("I", 227), Term.of("P", 0), Term.of("K", 11), Term.of("S", 4)
    >>> size = (i - k + 2 * p) // s + 1
    >>> size.symbols, size.numbers, int(size)
    ('(I − K + 2·P)/S + 1', '(227 − 11 + 2·0)/4 + 1', 55)
    """

    operator: str
    operands: tuple[int, ...]
    symbol: str
    quiet: bool

    @classmethod
    def of(cls, symbol: str, value: int, *, quiet: bool = False) -> Term:
        """A number with a name. A `quiet` one with the value 1 is omitted as a factor or divisor."""
        term = cls(value)
        term.operator, term.operands, term.symbol, term.quiet = "", (), symbol, quiet
        return term

    @classmethod
    def from_operation(cls, value: int, operator: str, *operands: Any) -> Term:
        """The result of an operation."""
        term = cls(value)
        term.operator, term.operands, term.symbol, term.quiet = operator, operands, "", False
        return term

    @property
    def symbols(self) -> str:
        """The formula with the names of the numbers."""
        return render_term(self, numbers=False)[0]

    @property
    def numbers(self) -> str:
        """The formula with the values of the numbers."""
        return render_term(self, numbers=True)[0]

    def __add__(self, other: int) -> int:
        return add(self, other)

    def __radd__(self, other: int) -> int:
        return add(other, self)

    def __sub__(self, other: int) -> int:
        return subtract(self, other)

    def __rsub__(self, other: int) -> int:
        return subtract(other, self)

    def __mul__(self, other: int) -> int:
        return multiply(self, other)

    def __rmul__(self, other: int) -> int:
        return multiply(other, self)

    def __floordiv__(self, other: int) -> int:
        return floor_divide(self, other)

    def __rfloordiv__(self, other: int) -> int:
        return floor_divide(other, self)

    def __mod__(self, other: int) -> int:
        return Term.from_operation(int(self) % int(other), "mod", self, other)

    def __rmod__(self, other: int) -> int:
        return Term.from_operation(int(other) % int(self), "mod", other, self)

    def __neg__(self) -> int:
        if self.operator == "neg":
            return self.operands[0]
        if self.operator == "/" and is_negated(self.operands[1]):  # −(a // −b) is how ⌈a/b⌉ is computed
            return Term.from_operation(-int(self), "ceil", self.operands[0], -self.operands[1])
        return Term.from_operation(-int(self), "neg", self)


class Real(float):
    """A number with a fraction, by its name."""

    symbol: str

    @classmethod
    def of(cls, symbol: str, value: float) -> Real:
        """A number by its name."""
        real = cls(value)
        real.symbol = symbol
        return real


def scaled(size: int, factor: float) -> int:
    """⌊size·factor⌋ in floating point, of terms too; exact where the factor is an integer."""
    if isinstance(factor, int):
        return size * factor
    value = int(int(size) * factor)
    return Term.from_operation(value, "scaled", size, factor) if isinstance(size, Term) else value


def to_fraction(factor: float) -> tuple[int, int]:
    """A factor as a fraction of integers: a simple one if it differs only by rounding, else the exact one.

    >>> to_fraction(1.1), to_fraction(4 / 3)
    ((11, 10), (4, 3))
    """
    from fractions import Fraction  # only needed for factors

    exact = Fraction(float(factor))
    simple = exact.limit_denominator(LARGEST_DENOMINATOR)
    found = simple if simple and abs(simple - exact) <= CLOSE * exact else exact
    return found.numerator, found.denominator


def gcd(a: int, b: int) -> int:
    """Greatest common divisor, also of terms."""
    return apply_function("gcd", math.gcd(a, b), a, b)


def maximum(*numbers: int) -> int:
    """The largest number, also of terms."""
    return apply_function("max", max(map(int, numbers)), *numbers)


def apply_function(name: str, value: int, *operands: int) -> int:
    """The value of a function, as a term if an operand is one."""
    return Term.from_operation(value, name, *operands) if any(isinstance(each, Term) for each in operands) else value


def is_literal(number: int, value: int) -> bool:
    """Whether it is a plain integer with this value."""
    return number == value and not isinstance(number, Term)


def is_neutral(factor: int) -> bool:
    """Whether it is a 1 that is omitted in products."""
    return factor == 1 and (not isinstance(factor, Term) or factor.quiet)


def is_negated(number: int) -> bool:
    """Whether its formula begins with a minus sign."""
    return number.operator == "neg" if isinstance(number, Term) else number < 0


def add(a: int, b: int) -> int:
    if is_literal(a, 0) or is_literal(b, 0):
        return a if is_literal(b, 0) else b
    return a - -b if is_negated(b) else combine(a, b, "+")


def subtract(a: int, b: int) -> int:
    if is_literal(a, 0) or is_literal(b, 0):
        return a if is_literal(b, 0) else -b
    return a + -b if is_negated(b) else combine(a, b, "−")


def combine(a: int, b: int, operator: str) -> int:
    """a + b or a − b; constants at the end are combined: x − 1 + 1 is x."""
    signed = int(b) if operator == "+" else -int(b)
    if isinstance(a, Term) and not isinstance(b, Term) and a.operator in ("+", "−"):
        rest, last = a.operands
        if not isinstance(last, Term):
            return rest + ((last if a.operator == "+" else -last) + signed)
    return Term.from_operation(int(a) + signed, operator, a, b)


def multiply(a: int, b: int) -> int:
    if is_literal(a, 0) or is_literal(b, 0):
        return 0
    if is_neutral(a) or is_neutral(b):
        return a if is_neutral(b) else b
    return Term.from_operation(int(a) * int(b), "·", a, b)


def floor_divide(a: int, b: int) -> int:
    if is_negated(b) and is_neutral(-b):
        return -a
    if is_neutral(b):
        return a
    if isinstance(a, Term) and isinstance(b, Term) and a.symbol and a.symbol == b.symbol:
        return 1
    return Term.from_operation(int(a) // int(b), "/", a, b)


def render_term(number: float, *, numbers: bool) -> tuple[str, int]:
    """The string of a term, with names or values, and its precedence."""
    if isinstance(number, float):
        return (number.symbol if isinstance(number, Real) and not numbers else repr(float(number))), ATOM
    if not isinstance(number, Term):
        return str(number).replace("-", "−"), SUM if number < 0 else ATOM
    if not number.operator:
        return (str(int(number)) if numbers else number.symbol), ATOM
    if number.operator == "scaled" and numbers:
        return render_scaled(*number.operands, value=int(number)), ATOM
    rule = TEMPLATES.get(number.operator, (f"{number.operator}({{}}, {{}})", ATOM, (SUM, SUM)))
    if number.operator == "/" and is_exact(*number.operands):
        rule = ("{}/{}", QUOTIENT, (PRODUCT, ATOM))
    template, level, needed = rule
    strings = [parenthesize(each, least, numbers) for each, least in zip(number.operands, needed, strict=True)]
    return template.format(*strings), level


def render_scaled(size: int, factor: float, *, value: int) -> str:
    """⌊size·factor⌋ with numbers; a factor with many digits is a simple fraction if the result is the same."""
    text = repr(float(factor))
    if len(text) > SHORT:
        up, down = to_fraction(factor)
        if int(size) * up // down == value and down <= LARGEST_DENOMINATOR:
            text = f"{up}/{down}"
    return f"⌊{parenthesize(size, PRODUCT, True)}·{text}⌋"


# operator → template, its precedence, the lowest precedence of each operand without parentheses
TEMPLATES: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "+": ("{} + {}", SUM, (SUM, SUM)),
    "−": ("{} − {}", SUM, (SUM, QUOTIENT)),
    "·": ("{}·{}", PRODUCT, (PRODUCT, PRODUCT)),
    "/": ("⌊{}/{}⌋", ATOM, (PRODUCT, ATOM)),
    "ceil": ("⌈{}/{}⌉", ATOM, (PRODUCT, ATOM)),
    "scaled": ("⌊{}·{}⌋", ATOM, (PRODUCT, PRODUCT)),
    "mod": ("({} mod {})", ATOM, (ATOM, ATOM)),
    "neg": ("−{}", SUM, (PRODUCT,)),
}


def is_exact(a: int, b: int) -> bool:
    """Whether a division has no remainder, so that nothing is rounded, e.g. C_in/G or (227 − 11)/4."""
    return isinstance(a, Term) and int(a) % int(b) == 0


def parenthesize(number: float, least: int, numbers: bool) -> str:
    """The string of an operand, in parentheses if its precedence is lower than `least`."""
    text, level = render_term(number, numbers=numbers)
    return f"({text})" if level < least else text
