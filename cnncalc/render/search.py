"""Which conventions give a printed figure: the answers of `conventions.search` with their ledgers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.conventions.search import ANSWERS, Answer, Outcome
from cnncalc.render.columns import join, list_inputs
from cnncalc.render.document import BLANK, Block, Pairs, Paragraph, make_paragraph
from cnncalc.render.numbers import format_share
from cnncalc.render.reconcile import list_ledger, record_ledger

AS_OURS = "as cnncalc counts"
UNITS = {"parameters": "parameters", "operations": "macs"}


def describe_outcome(report: Report, figure: str, outcome: Outcome, sources: Sequence[str]) -> Iterator[Block]:
    """The answers, the best first, each with its ledger; without any the nearest. `sources` print this figure."""
    sizes = f"  {list_inputs(report.inputs, join)} → {join(report.output)}"
    yield Paragraph(((report.name, "title"), (sizes, "")))
    yield make_paragraph(_summarize(figure, outcome))
    if sources:
        yield make_paragraph(f"as published: {'; '.join(sources)}")
    for answer in outcome.answers or ((outcome.nearest,) if outcome.nearest else ()):
        yield from _describe_answer(answer)


def _summarize(figure: str, outcome: Outcome) -> str:
    found, tried = len(outcome.answers), f"{outcome.tried:,} combinations of tools, inputs and variants"
    left = "" if outcome.complete else " Some with more departures were left out, as they would take too long."
    if not found:
        return f"None of {tried} gives {figure}; the nearest is below.{left}"
    verb = "gives" if found == 1 else "give"
    best = ", those with fewest departures from the file" if found == ANSWERS else ""
    return f"{found} of {tried} {verb} {figure}{best}.{left}"


def _describe_answer(answer: Answer) -> Iterator[Block]:
    yield BLANK
    yield make_paragraph(_format_title(answer), "title")
    if answer.others:
        ways = "; ".join(map(format_way, answer.others))
        yield make_paragraph(f"the same by {ways}", indent=2)
    yield Pairs(list(list_ledger(answer.ledger, UNITS[answer.counts], _describe_fit(answer))), "", 2)


def format_way(departures: tuple[str, ...]) -> str:
    """The departures of an answer, in a line."""
    return ", ".join(departures) or AS_OURS


def _format_title(answer: Answer) -> str:
    """The same, with what counts."""
    departures = [*answer.departures]
    return format_way((*departures, *([] if answer.by_tool or not departures else [AS_OURS])))


def _describe_fit(answer: Answer) -> str:
    text, fit = answer.figure.text, answer.fit
    if fit is not None:
        return f"{fit.phrase} {text}"
    difference = int(answer.ledger.theirs - answer.figure.number)
    share = format_share(abs(difference), int(answer.figure.number)) or "0%"
    return f"is {share} {'more' if difference > 0 else 'less'} than {text}"


def dump_outcome(report: Report, figure: str, outcome: Outcome, sources: Sequence[str]) -> str:
    """The answers as JSON."""
    from cnncalc.render.json import FORMAT, dump

    return dump({
        "format": FORMAT,
        "name": report.name,
        "input": report.input,
        "figure": figure,
        "published": sources,
        "tried": outcome.tried,
        "complete": outcome.complete,
        "answers": [_record(answer) for answer in outcome.answers],
        "nearest": _record(outcome.nearest) if outcome.nearest else None,
    })  # fmt: skip


def _record(answer: Answer) -> dict[str, Any]:
    return {
        "counts": answer.counts,
        "departures": answer.departures,
        "others": answer.others,
        "fit": None if answer.fit is None else answer.fit.name,
        "ledger": record_ledger(answer.ledger),
    }


CSV_HEADER = ("rank", "counts", "departures", "fit", "line", "amount", "mistake")


def write_outcome_csv(outcome: Outcome) -> str:
    """A row for each line of the ledger of each answer; the first is our figure, the last the answer."""
    from cnncalc.render.csv import write_csv

    return write_csv(list(CSV_HEADER), list(_list_rows(outcome)))


def _list_rows(outcome: Outcome) -> Iterator[list[Any]]:
    for rank, answer in enumerate(outcome.answers or ([outcome.nearest] if outcome.nearest else []), 1):
        start = [rank, answer.counts, format_way(answer.departures), answer.fit.name if answer.fit is not None else ""]
        yield [*start, "ours", answer.ledger.ours, ""]
        yield from ([*start, line.text, line.amount, line.mistake] for line in answer.ledger.lines)
        yield [*start, "theirs", answer.ledger.theirs, ""]
