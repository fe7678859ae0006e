"""Repairs of names that are never read, and of a name that is assigned again and again, as in programs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.errors import Fix, Problem, Span
from cnncalc.spec.name_expressions import names_in
from cnncalc.spec.repairs import replace_all
from cnncalc.spec.tree import Broken, Chain, expressions_of, units_of

_EQUALS = re.compile(r"\s*=\s*")


def unread_output(name: str, span: Span) -> Problem:
    """The problem for an output that nothing reads."""
    why = f"use it, e.g. with `from({name})`, or remove the name"
    given = _given_name(span)
    return Problem("unread-output", f"the output `{name}` is never used", span, why, fixes=(Fix(given, "", why),))


def drop_names(name: str, chains: Sequence[Chain]) -> tuple[Fix, ...]:
    """The repair of `x = …` that occurs again and again: the name is removed except from the output that is read.

    None if several of these outputs are read, or if a part of the body, which may read one, is not well-formed.
    """
    if any(isinstance(unit, Broken) for unit in units_of(chains)):
        return ()
    given = sorted(chain.name_span for chain in chains if chain.name == name and chain.name_span)
    read = [one.span.start for expression in expressions_of(chains) for one in names_in(expression) if one.name == name]
    needed = {max((span.start for span in given if span.start < at), default=-1) for at in read}
    if len(needed) > 1 or -1 in needed:
        return ()
    dropped = [(_given_name(span), "") for span in given if span.start not in needed]
    where = " where it is not read" if needed else ": a layer needs no name"
    return (replace_all(dropped, f"remove `{name} =`{where}"),)


def _given_name(span: Span) -> Span:
    """The span of `x = `, from the span of the name."""
    equals = _EQUALS.match(span.source.text, span.end)
    return span._replace(end=equals.end() if equals else span.end)
