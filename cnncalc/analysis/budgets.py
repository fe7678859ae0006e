"""Whether the figures of a network meet conditions, by how much they miss them, and which layers carry the most."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.analysis.expect import Reference
from cnncalc.analysis.figures import FIGURES, Dtype, Figure, Value, find_figure, is_figure, list_foreign_figures
from cnncalc.analysis.report import Report
from cnncalc.conditions import (
    BYTES,
    COUNTS,
    EXAMPLES,
    SECONDS,
    SHARE,
    Bound,
    Condition,
    ConditionError,
    format_seconds,
    parse_condition,
)
from cnncalc.errors import Problem, Source, Span, UsageError
from cnncalc.nearest import spell_out
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.roofline import Device

_ROUNDED = 1_000  # numbers from here on are shown without decimals
CARRIERS = 3  # layers that carry the most, in the message


class Budget(NamedTuple):
    """A figure, the condition that it must meet, and where that is written."""

    figure: Figure
    condition: Condition
    span: Span


def parse_budget(text: str) -> Budget:
    """`macs <= 300 M`, as `--limit` takes it. Raises UsageError."""
    word = re.match(r"\s*([A-Za-z_]+(?:\([\w-]+\))?)", text)
    name = word[1] if word else ""
    figure = find_figure(name) if is_figure(name) else None
    if figure is None:
        meant = spell_out(name, list_foreign_figures() if "(" in name else FIGURES)
        hint = f"did you mean `{meant}`?" if meant else f"the figures are {', '.join(FIGURES)}"
        raise UsageError(f"--limit takes a figure and a condition, e.g. 'macs <= 300 M', not {text!r}; {hint}")
    assert word
    try:
        condition = parse_condition(text[word.end() :])
        check_units(figure, condition)
    except ConditionError as error:
        hint = f"; did you mean '{name} {error.repair}'?" if error.repair else ""
        raise UsageError(f"--limit {text!r}: {error}{hint}") from None
    return Budget(figure, condition, Span(Source("--limit", text), 0, len(text)))


def check_units(figure: Figure, condition: Condition) -> None:
    """Raises ConditionError where the units of a condition are not those of its figure."""
    of_written = {
        "bytes": (*BYTES, *COUNTS), "count": COUNTS, "ratio": COUNTS, "sizes": ("",), "seconds": SECONDS
    }  # fmt: skip
    units = of_written[figure.written]
    for bound in (condition.least, condition.most):
        if bound is not None and bound.unit not in (*units, SHARE):
            known = ", ".join(filter(None, units))
            alike = (unit for unit in units if unit and bound.unit.upper().startswith(unit.upper()))
            meant = None if bound.unit in SECONDS else next(alike, None)
            repair = condition.text.replace(bound.unit, meant) if meant else ""
            takes = f"its units are {known}" if known else "it takes numbers without a unit"
            raise ConditionError(f"`{figure.name}` is no figure in {bound.unit}; {takes}", repair)
    if not (condition.least or condition.most):
        raise ConditionError(f"write {EXAMPLES}")


class Excess(NamedTuple):
    """By how much a figure misses a bound, what the bound allows, and whether it is the upper one."""

    over: Fraction
    allowed: Fraction
    bound: Bound
    is_upper: bool


def find_excess(condition: Condition, found: Value, whole: Value = None) -> Excess | None:
    """The bound that a figure misses, of sizes by the worst axis; `whole` is the figure that shares are of."""
    for bound, is_upper in ((condition.most, True), (condition.least, False)):
        if bound is not None:
            sign = 1 if is_upper else -1
            ends = _resolve(bound, whole, found)
            over, end = max((sign * (value - end), end) for value, end in zip(_sizes(found), ends, strict=True))
            if over > 0 or (condition.strict and over == 0):
                return Excess(over, end, bound, is_upper)
    return None


def check_budget(
    budget: Budget, report: Report, reference: Reference, first: Report | None = None, dtype: Dtype = Dtype.float32
) -> list[Problem]:
    """A problem `expect-mismatch` if the network misses a budget.

    Shares are of `first`, or of what `reference` gives for the name in the condition. Raises what `reference` raises,
    and ConditionError for a share of nothing.
    """
    figure, condition, span = budget
    whole = measure_whole(budget, reference, first, dtype, report.device)
    found = figure.measure_network(report, dtype)
    if found is None or (condition.is_relative and whole is None):
        what = f"`{figure.name}`" + (f" of {condition.of or 'the first'}" if found is not None else "")
        return [Problem("expect-mismatch", f"{what} is undefined, but `{condition.text}` is expected", span)]
    excess = find_excess(condition, found, whole)
    if excess is None:
        return []
    write = format_seconds if figure.written == "seconds" else _format
    unit = " bytes" if figure.written == "bytes" else ""
    message = f"`{figure.name}` is {write(found)}{unit}, but {_describe_bound(condition, excess, write)} is expected"
    if not isinstance(found, tuple):
        message += f": {_describe_difference(excess, write)}"
    help_text = _list_carriers(figure, report, excess, dtype) if excess.is_upper else ""
    return [Problem("expect-mismatch", message, span, help_text)]


def measure_whole(
    budget: Budget,
    reference: Reference,
    first: Report | None = None,
    dtype: Dtype = Dtype.float32,
    device: Device | None = None,
) -> Value:
    """The figure of which the bounds are shares, None if they are none. Raises as `check_budget`."""
    figure, condition, span = budget
    if not condition.is_relative:
        return None
    other = reference(condition.of, _place(condition.of, span)) if condition.of else first
    if other is None:
        raise ConditionError(f"`{condition.text}` is a share of nothing: write `{condition.text} of ARCH`")
    return figure.measure_network(other._replace(device=device), dtype)


def _place(name: str, span: Span) -> Span:
    """Where the name of the other architecture is written."""
    at = span.text.rfind(name)
    return span if at < 0 else span._replace(start=span.start + at, end=span.start + at + len(name))


def _sizes(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def _resolve(bound: Bound, whole: Value, found: Value) -> tuple[Fraction, ...]:
    """What a bound allows, for each of the sizes that a figure has."""
    if bound.unit == SHARE:
        return tuple(bound.number * size for size in _sizes(whole))
    return (bound.value,) * len(_sizes(found))


def _describe_bound(condition: Condition, excess: Excess, write: Callable[[Value], str]) -> str:
    if condition.least == condition.most:
        word = "exactly"
    elif condition.strict:
        word = "less than" if excess.is_upper else "more than"
    else:
        word = "at most" if excess.is_upper else "at least"
    if excess.bound.unit != SHARE:
        return f"{word} {excess.bound.text}"
    return f"{word} {excess.bound.text} of {condition.of or 'the first'}, {write(excess.allowed)},"


def _describe_difference(excess: Excess, write: Callable[[Value], str]) -> str:
    """`14,159,265 more (4.7 %)`."""
    text = f"{write(excess.over)} {'more' if excess.is_upper else 'less'}"
    if excess.allowed and excess.over <= 10 * excess.allowed:
        text += f" ({float(100 * excess.over / excess.allowed):.1f} %)"
    return text


def _format(value: Value) -> str:
    if isinstance(value, tuple):
        return "×".join(map(_format, value))
    return f"{float(value):,.1f}" if value != int(value) and abs(value) < _ROUNDED else f"{round(value):,}"


def _list_carriers(figure: Figure, report: Report, excess: Excess, dtype: Dtype) -> str:
    """Which layers carry the most of a figure that adds up, or are over the bound of a peak; "" of others."""
    if figure.together == "max" and figure.of_layers is not None:
        return _list_peaks(figure.of_layers(report, dtype), report, excess)
    if figure.together != "sum" or not figure.is_column:
        return ""
    found = figure.of_layers(report, dtype) if figure.of_layers else map(figure.measure_layer, report.layers)
    values = [(value, layer.path) for value, layer in zip(found, report.layers, strict=True)]
    total = sum(value for value, _ in values)
    largest = sorted(values, key=lambda each: -each[0])[:CARRIERS]
    shares = [f"{path} {float(100 * value / total):.1f} %" for value, path in largest if 100 * value >= total]
    return f"most of it is in {', '.join(shares)}" if shares else ""


def _list_peaks(values: Sequence[Value], report: Report, excess: Excess) -> str:
    """The layers at which a figure is over a bound, the largest first and the first of equals."""
    over = [(value, layer.path) for value, layer in zip(values, report.layers, strict=True)]
    over = sorted((each for each in over if each[0] and each[0] > excess.allowed), key=lambda each: -each[0])
    if not over:
        return ""
    shown = ", ".join(f"{path} {_format(value)}" for value, path in over[:CARRIERS])
    return f"the limit is exceeded in {_count(len(over))}: {shown}" + ", …" * (len(over) > CARRIERS)


def _count(layers: int) -> str:
    return f"{layers:,} layer" + "s" * (layers != 1)
