"""Upsamplings of which a tool multiplies the input by the factor that the call gives, and not by what comes out."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import UPSAMPLING, Call


def replace_work(calls: list[Call], work: str, where: Callable[[Call], bool]) -> list[Call]:
    """The calls, some with another work: the same list if there are none of these."""
    if not any(map(where, calls)):
        return calls
    return [call._replace(work=work) if where(call) else call for call in calls]


def leave_out_fractions(calls: list[Call], report: Report) -> list[Call]:
    """What is counted is not known if the product is not an integer."""
    return replace_work(
        calls, "unknown", lambda call: call.work in UPSAMPLING and call.amount is None and call.scaled is None
    )


def clear_odd(calls: list[Call]) -> list[Call]:
    """A padding `same` of an odd kernel is counted alike, however it is written."""
    return replace_work(calls, "conv", lambda call: call.work == "conv_same" and all(k % 2 for k in call.kernel))


def leave_out_tuples(calls: list[Call], report: Report) -> list[Call]:
    """For a tool that fails on a factor for each axis."""
    return replace_work(calls, "unknown", lambda call: call.work in UPSAMPLING and bool(call.stride))
