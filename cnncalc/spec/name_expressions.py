"""Expressions that name something: a value, an output inside another, a round of a repeat, an earlier round."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import Mistake, Span
from cnncalc.layers.arguments import Value
from cnncalc.spec.expressions import Expression, Scope, Unknown
from cnncalc.spec.repairs import rename, write
from cnncalc.spec.values import describe_value, require_integer

PREVIOUS = "previous"
BEFORE = "before"
_ARGUMENTS = ("k", BEFORE)
_SIGNATURE = f"the signature is `{PREVIOUS}(k, {BEFORE}=…)`"


class Name(Expression):
    """A bare name; `known` is False if the check reported it."""

    __slots__ = ("known", "name")

    def __init__(self, span: Span, name: str) -> None:
        super().__init__(span)
        self.name = name
        self.known = True

    def evaluate(self, scope: Scope) -> Value:
        if not self.known:
            raise Unknown
        return scope.lookup(self.name, self.span)


class Member(Expression):
    """`m1.y0`."""

    __slots__ = ("name", "owner")

    def __init__(self, span: Span, owner: Expression, name: str) -> None:
        super().__init__(span, owner)
        self.owner = owner
        self.name = name

    def evaluate(self, scope: Scope) -> Value:
        return scope.member(self.owner.evaluate(scope), self.name, self.span)

    def parts(self) -> tuple[Expression, ...]:
        return (self.owner,)


class Index(Expression):
    """`depths[0]`, an element of a list; `cells[0]`, the output of one round of a repeat."""

    __slots__ = ("index", "owner")

    def __init__(self, span: Span, owner: Expression, index: Expression) -> None:
        super().__init__(span, owner, index)
        self.owner = owner
        self.index = index

    def evaluate(self, scope: Scope) -> Value:
        owner, index = self.owner.evaluate(scope), self.index.evaluate(scope)
        if not isinstance(owner, tuple | int | float | str):
            number = require_integer(index, self.index.span, "an index")
            return scope.round(owner, number, (self.owner.span, self.index.span))
        if not isinstance(owner, tuple):
            if isinstance(self.owner, Name):
                scope.spoil(self.owner.name)
            raise Mistake("bad-value", f"only lists can be indexed, found {describe_value(owner)}", self.owner.span)
        index = require_integer(index, self.index.span, "an index")
        if not -len(owner) <= index < len(owner):
            last = f"the last is [{len(owner) - 1}]" if owner else "it is empty"
            raise Mistake(
                "bad-value", f"index {index} is out of range for a list of {len(owner)}: {last}", self.index.span
            )
        return owner[index]

    def parts(self) -> tuple[Expression, ...]:
        return self.owner, self.index


class Previous(Expression):
    """`previous(2, before=stem)`: what entered the round before this one of a repeat, in the first round `stem`."""

    __slots__ = ("before", "distance")

    def __init__(self, span: Span, distance: Expression, before: Expression | None) -> None:
        super().__init__(span, distance, *([before] if before else []))
        self.distance = distance
        self.before = before

    def evaluate(self, scope: Scope) -> Value:
        distance = require_integer(self.distance.evaluate(scope), self.distance.span, f"the number of `{PREVIOUS}`")
        before = self.before.evaluate(scope) if self.before else None
        return scope.previous(distance, before, (self.span, (self.before or self.distance).span))

    def parts(self) -> tuple[Expression, ...]:
        return (self.distance, self.before) if self.before else (self.distance,)


def make_previous(span: Span, arguments: Sequence[tuple[str, Expression, Span]]) -> Previous:
    """`previous(…)` with these arguments, each with its name, "" for one by position. Raises Mistake."""
    found: dict[str, Expression] = {}
    for position, (given, value, at) in enumerate(arguments):
        name = given or (_ARGUMENTS[position] if position < len(_ARGUMENTS) else "")
        if name not in _ARGUMENTS:
            message = f"`{PREVIOUS}` has no argument `{name}`" if name else f"`{PREVIOUS}` takes two arguments"
            fixes = rename(at._replace(end=at.start + len(name)), name, [BEFORE]) if name else ()
            raise Mistake("unknown-argument", message, at, _SIGNATURE, *fixes)
        if name in found:
            raise Mistake("duplicate-argument", f"duplicate argument `{name}`", at, _SIGNATURE)
        found[name] = value
    if _ARGUMENTS[0] not in found:
        text = f"{PREVIOUS}({', '.join(['1', *(each.text for *_, each in arguments)])})"
        message = f"`{PREVIOUS}` needs a number: 1 is what enters this round, 2 what entered the one before"
        raise Mistake("missing-argument", message, span, _SIGNATURE, write(span, text))
    return Previous(span, found[_ARGUMENTS[0]], found.get(BEFORE))


def parts_of(expression: Expression) -> list[Expression]:
    """An expression and every expression within it."""
    found = [expression]
    for part in found:
        found.extend(part.parts())
    return found


def names_in(expression: Expression) -> list[Name]:
    """Every bare name in an expression."""
    if expression.size == 1:  # nearly always
        return [expression] if isinstance(expression, Name) else []
    return [part for part in parts_of(expression) if isinstance(part, Name)]


def members_in(expression: Expression) -> list[str]:
    """Every name after a dot in an expression."""
    return [] if expression.size == 1 else [part.name for part in parts_of(expression) if isinstance(part, Member)]
