"""Upsamplings of which a tool multiplies the input by the factor that the call gives, and not by what comes out."""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import UPSAMPLING, Call


def leave_out_fractions(calls: list[Call], report: Report) -> list[Call]:
    """What is counted is not known if the product is not an integer."""
    unknown = [call.work in UPSAMPLING and call.amount is None and call.scaled is None for call in calls]
    return [call._replace(work="unknown") if each else call for call, each in zip(calls, unknown, strict=True)]


def clear_odd(calls: list[Call]) -> list[Call]:
    """A padding `same` of an odd kernel is counted alike, however it is written."""
    return [
        call._replace(work="conv") if call.work == "conv_same" and all(k % 2 for k in call.kernel) else call
        for call in calls
    ]


def leave_out_tuples(calls: list[Call], report: Report) -> list[Call]:
    """For a tool that fails on a factor for each axis."""
    fails = [call.work in UPSAMPLING and bool(call.stride) for call in calls]
    return [call._replace(work="unknown") if each else call for call, each in zip(calls, fails, strict=True)]
