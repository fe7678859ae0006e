"""Repairs of problems. Each is tried on the file before it is offered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from cnncalc import limits
from cnncalc.errors import Fix, Problem, Span, failed
from cnncalc.nearest import similar_names
from cnncalc.spec.tree import Call

COST_OF_STEP = 8  # the cost of expanding an item; reading a byte costs 1
EVALUATED_PER_BYTE = 3  # parts of expressions that are evaluated for the same cost

# After one of these, the rest of the text is not checked: once it is repaired, other problems may appear.
UNREAD = ("yaml-syntax", "yaml-feature", "wrong-form", "syntax", "ambiguous-if")  # nor is the text before it checked
BEST, WORST = 0, 3  # ranks of repairs
HIDING = (
    *UNREAD, "unknown-kind", "unknown-name", "unknown-argument", "unknown-key", "extends-missing", "bad-input",
)  # fmt: skip


def write(span: Span, text: str, why: str = "") -> Fix:
    """The repair that replaces a span with a text."""
    return Fix(span, text, f"{why}: `{text}`" if why else f"write `{text}`")


def replace_all(edits: list[tuple[Span, str]], why: str) -> Fix:
    """One repair that makes several replacements, at spans of one source that do not overlap."""
    edits = sorted(edits, key=lambda edit: edit[0][1:])
    (first, _), (last, _) = edits[0], edits[-1]
    pieces, at = [], first.start
    for span, text in edits:
        pieces += [first.source.text[at : span.start], text]
        at = span.end
    return Fix(first._replace(end=last.end), "".join(pieces), why)


def rename(span: Span, name: str, known: Iterable[str]) -> tuple[Fix, ...]:
    """The repairs of a misspelt name, the likeliest first, none if no known name is similar."""
    return tuple(guess(span, found) for found in similar_names(name, known))


def guess(span: Span, name: str) -> Fix:
    """The repair that suggests the name that was probably meant."""
    return Fix(span, name, f"did you mean `{name}`?", guess=True)


def set_argument(call: Call, name: str, value: str, why: str = "") -> tuple[Fix, ...]:
    """The repair that sets an argument of a call to a value."""

    def help_with(written: str) -> str:
        return f"{why} {written}" if why else f"write {written}"

    if name in call.bound:
        at = call.bound[name].span
        written = f"`{value}` in place of `{at.text}`" if value == name else f"`{name}={value}`"
        return (Fix(at, value, help_with(written)),)
    if call.by_name:
        return ()
    text = f"{name}={value}"
    if call.arguments:
        end = call.arguments[-1].span
        return (Fix(Span(end.source, end.end, end.end), f", {text}", help_with(f"`{text}`")),)
    return (Fix(call.span, f"{call.kind}({text})", help_with(f"`{call.kind}({text})`")),)


def confirm_repairs(
    problems: list[Problem], cost: int, read_again: Callable[[str], tuple[list[Problem], int]]
) -> list[Problem]:
    """The problems, each with the best of its repairs that work, and the alternatives that work as well.

    A repair works if the repaired file, read again, no longer has the problem; of equally good ones the first counts.
    Other repairs are not offered, except a similar name, which is suggested as a question. `read_again`
    returns the problems of a text and the cost of finding them; `cost` is that of the first reading.
    """
    trials, room = limits.REPAIR_TRIALS, limits.REPAIR_COST
    found = []
    for problem in problems:
        held: tuple[Fix, ...] = ()
        rank = WORST
        for fix in problem.fixes[: limits.REPAIR_TRIALS_EACH]:
            if trials <= 0 or cost > room:
                break
            quoted = any((fix.span, fix.text) == (other.span, f'"{other.text}"') for other in held)
            if quoted or (held and rank == BEST and not fix.alternative):
                continue
            after, cost = read_again(fix.apply())
            trials, room = trials - 1, room - cost
            here = _rank(fix, problem, problems, after)
            if here < rank:
                held, rank = (fix,), here
            elif here == rank < WORST and fix.alternative:
                held = (*held, fix)
        asked = next((fix.help for fix in problem.fixes if fix.guess), "")
        found.append(problem._replace(fixes=held, help=_offer(held) or problem.help or asked))
    return found


def _offer(fixes: tuple[Fix, ...]) -> str:
    """The help text that offers one repair or another."""
    return "; or ".join(fix.help for fix in fixes)


def _rank(fix: Fix, problem: Problem, before: list[Problem], after: list[Problem]) -> int:
    """The rank of a repair, from BEST to WORST; the latter does not work.

    It is best if only the other problems remain. If there are also problems that its own problem hid, it is better if
    these are in other lines, and worse if they are in text that it did not change.
    """
    new = _new_problems(fix, problem, before, after)
    if new is None:
        return WORST
    end = fix.span.start + len(fix.text)
    repair = Span(fix.span.source, fix.span.start, end)
    rank = BEST
    for other in new:
        if other.span is not None and _was_hidden(other, problem, repair):
            here = fix.span.line <= other.span.line <= fix.span.line + fix.text.count("\n")
            rank = max(rank, BEST + (here and other.severity == "error"))
        elif _was_carried(other, problem, fix):
            rank = WORST - 1
        else:
            return WORST
    return rank


def _new_problems(fix: Fix, problem: Problem, before: list[Problem], after: list[Problem]) -> list[Problem] | None:
    """The problems after a repair except the other problems; None if its own problem remains, at its new position."""
    grown = fix.text.count("\n") - fix.span.text.count("\n")
    left = Counter(_line_of(other) for other in before if other is not problem)
    if problem.span and problem.span.start >= fix.span.end:
        moved = problem.span.start + len(fix.text) - len(fix.span.text)
        if any(other.code == problem.code and other.span and other.span.start == moved for other in after):
            return None
    ends_errors = problem.severity == "warning" and failed(before) and not failed(after)  # errors hide all warnings
    new = []
    for other in after:
        code, line = _line_of(other)
        before_it = other.span is None or other.span.source.name != fix.span.source.name or line < fix.span.line
        within = line <= fix.span.line + fix.text.count("\n")
        moved_within = range(fix.span.line, fix.span.line + fix.span.text.count("\n") + 1)
        lines = (line,) if before_it else (line, line - grown, *moved_within) if within else (line - grown,)
        known = next((at for at in lines if left[code, at]), None)
        if known is not None:
            left[code, known] -= 1
        elif not ends_errors:
            new.append(other)
    return new


def _was_carried(other: Problem, problem: Problem, fix: Fix) -> bool:
    """Whether a problem is in a part of the text that the repair did not change, and was hidden by this problem.

    If the text could not be read, this may be any error; after an unknown name, which determines the meaning of its
    arguments, only an error of the same sort. The layer that the unknown name stands for may need a `flatten`.
    """
    if other.span is None or problem.span is None or other.span.source.name != fix.span.source.name:
        return False
    start, end = fix.span.start, fix.span.start + len(fix.text)
    within = start <= other.span.start and other.span.end <= end
    same_text = (other.span.start, other.span.end) == (start, end)
    same = (other.code, other.span.text) == (problem.code, problem.span.text)
    hidden = problem.code in UNREAD or (problem.code in HIDING and other.code in HIDING)
    if problem.code in HIDING and other.code == "wrong-rank":
        return within and not fix.guess
    return (
        within
        and not same
        and not same_text
        and hidden
        and other.severity == "error"
        and other.span.text in fix.span.text
    )


def _was_hidden(other: Problem, problem: Problem, repair: Span) -> bool:
    """Whether a problem was hidden by this one before, and is not caused by the repair.

    Warnings are only given for files without errors, so every error hides them.
    """
    assert other.span
    elsewhere = other.span.source.name != repair.source.name
    if problem.code == "yaml-syntax" and other.code != problem.code:  # nothing at all was checked before
        return other.code not in HIDING or elsewhere or not repair.start <= other.span.start <= repair.end
    if other.severity == "warning" and problem.severity == "error":
        around = not elsewhere and other.span.start <= repair.start <= repair.end <= other.span.end
        return problem.code in HIDING or not around
    if problem.code not in HIDING:
        return False
    before_it = other.span.end <= repair.start and other.code not in (UNREAD if problem.code in UNREAD else HIDING)
    if not elsewhere and other.code in UNREAD and not other.span.source.text[repair.end : other.span.start].strip():
        return False  # a problem directly after the repair is caused by it
    return elsewhere or other.span.start > repair.end or before_it


def _line_of(problem: Problem) -> tuple[str, int]:
    return problem.code, problem.span.line if problem.span else 0
