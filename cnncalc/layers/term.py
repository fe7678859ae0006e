"""Whole numbers that remember the arithmetic they came from.

The rules of the layer kinds are plain arithmetic. Fed with terms in place of numbers they give, beside the value, the
formula that made it, so that the formula shown is the formula computed.
"""

from __future__ import annotations

import math

SUM, QUOTIENT, PRODUCT, ATOM = range(4)  # how tightly a text binds, loosest first


class Term(int):
    """An integer with the formula that made it.

    >>> i, p, k, s = Term.of("I", 227), Term.of("P", 0), Term.of("K", 11), Term.of("S", 4)
    >>> size = (i + 2 * p - k) // s + 1
    >>> size.symbols, size.numbers, int(size)
    ('⌊(I + 2·P − K)/S⌋ + 1', '⌊(227 + 2·0 − 11)/4⌋ + 1', 55)
    """

    operator: str
    operands: tuple[int, ...]
    symbol: str
    quiet: bool

    @classmethod
    def of(cls, symbol: str, value: int, *, quiet: bool = False) -> Term:
        """A number by its name. One that is `quiet` is left out where it is a factor or a divisor of 1."""
        term = cls(value)
        term.operator, term.operands, term.symbol, term.quiet = "", (), symbol, quiet
        return term

    @classmethod
    def made(cls, value: int, operator: str, *operands: int) -> Term:
        """A number that an operator made."""
        term = cls(value)
        term.operator, term.operands, term.symbol, term.quiet = operator, operands, "", False
        return term

    @property
    def symbols(self) -> str:
        """The formula by the names of its numbers."""
        return render(self, numbers=False)[0]

    @property
    def numbers(self) -> str:
        """The formula with the numbers put in."""
        return render(self, numbers=True)[0]

    def __add__(self, other: int) -> int:
        return plus(self, other)

    def __radd__(self, other: int) -> int:
        return plus(other, self)

    def __sub__(self, other: int) -> int:
        return minus(self, other)

    def __rsub__(self, other: int) -> int:
        return minus(other, self)

    def __mul__(self, other: int) -> int:
        return times(self, other)

    def __rmul__(self, other: int) -> int:
        return times(other, self)

    def __floordiv__(self, other: int) -> int:
        return over(self, other)

    def __rfloordiv__(self, other: int) -> int:
        return over(other, self)

    def __mod__(self, other: int) -> int:
        return Term.made(int(self) % int(other), "mod", self, other)

    def __rmod__(self, other: int) -> int:
        return Term.made(int(other) % int(self), "mod", other, self)

    def __neg__(self) -> int:
        if self.operator == "neg":
            return self.operands[0]
        if self.operator == "/" and is_negated(self.operands[1]):  # −(a // −b) is how ⌈a/b⌉ is computed
            return Term.made(-int(self), "ceil", self.operands[0], -self.operands[1])
        return Term.made(-int(self), "neg", self)


def gcd(a: int, b: int) -> int:
    """Greatest common divisor, of terms too."""
    return call("gcd", math.gcd(a, b), a, b)


def largest(*numbers: int) -> int:
    """The largest number, of terms too."""
    return call("max", max(map(int, numbers)), *numbers)


def call(name: str, value: int, *operands: int) -> int:
    """The value of a function, as a term where an operand is one."""
    return Term.made(value, name, *operands) if any(isinstance(each, Term) for each in operands) else value


def literal(number: int, value: int) -> bool:
    """Whether it is this number, written out."""
    return number == value and not isinstance(number, Term)


def neutral(factor: int) -> bool:
    """Whether it is a 1 that a product does not show."""
    return factor == 1 and (not isinstance(factor, Term) or factor.quiet)


def is_negated(number: int) -> bool:
    """Whether it is written with a minus sign before it."""
    return number.operator == "neg" if isinstance(number, Term) else number < 0


def plus(a: int, b: int) -> int:
    if literal(a, 0) or literal(b, 0):
        return a if literal(b, 0) else b
    return a - -b if is_negated(b) else joined(a, b, "+")


def minus(a: int, b: int) -> int:
    if literal(a, 0) or literal(b, 0):
        return a if literal(b, 0) else -b
    return a + -b if is_negated(b) else joined(a, b, "−")


def joined(a: int, b: int, sign: str) -> int:
    """a + b or a − b; a number at the end of each is made one: x − 1 + 1 is x."""
    signed = int(b) if sign == "+" else -int(b)
    if isinstance(a, Term) and not isinstance(b, Term) and a.operator in ("+", "−"):
        rest, last = a.operands
        if not isinstance(last, Term):
            return rest + ((last if a.operator == "+" else -last) + signed)
    return Term.made(int(a) + signed, sign, a, b)


def times(a: int, b: int) -> int:
    if literal(a, 0) or literal(b, 0):
        return 0
    if neutral(a) or neutral(b):
        return a if neutral(b) else b
    return Term.made(int(a) * int(b), "·", a, b)


def over(a: int, b: int) -> int:
    if is_negated(b) and neutral(-b):
        return -a
    if neutral(b):
        return a
    if isinstance(a, Term) and isinstance(b, Term) and a.symbol and a.symbol == b.symbol:
        return 1
    return Term.made(int(a) // int(b), "/", a, b)


def render(number: int, *, numbers: bool) -> tuple[str, int]:
    """The text of a term, by names or with numbers, and how tightly it binds."""
    if not isinstance(number, Term):
        return str(number).replace("-", "−"), SUM if number < 0 else ATOM
    if not number.operator:
        return (str(int(number)) if numbers else number.symbol), ATOM
    rule = RENDERED.get(number.operator, (f"{number.operator}({{}}, {{}})", ATOM, (SUM, SUM)))
    if number.operator == "/" and is_exact(*number.operands):
        rule = ("{}/{}", QUOTIENT, (PRODUCT, ATOM))
    template, level, needed = rule
    texts = [wrapped(each, least, numbers) for each, least in zip(number.operands, needed, strict=True)]
    return template.format(*texts), level


# operator → its template, how tightly the whole binds, how tightly each operand must
RENDERED: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "+": ("{} + {}", SUM, (SUM, SUM)),
    "−": ("{} − {}", SUM, (SUM, QUOTIENT)),
    "·": ("{}·{}", PRODUCT, (PRODUCT, PRODUCT)),
    "/": ("⌊{}/{}⌋", ATOM, (PRODUCT, ATOM)),
    "ceil": ("⌈{}/{}⌉", ATOM, (PRODUCT, ATOM)),
    "mod": ("({} mod {})", ATOM, (ATOM, ATOM)),
    "neg": ("−{}", SUM, (PRODUCT,)),
}


def is_exact(a: int, b: int) -> bool:
    """Whether it is a number by its name, such as C_in, that is divided without a remainder: C_in/G."""
    return isinstance(a, Term) and not a.operator and int(a) % int(b) == 0


def wrapped(number: int, least: int, numbers: bool) -> str:
    """The text of an operand, in parentheses where it binds more loosely than it must."""
    text, level = render(number, numbers=numbers)
    return f"({text})" if level < least else text
