"""What tools see that trace a network: not the layers whose outputs nothing reads."""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import Call


def leave_out_unread(calls: list[Call], report: Report) -> list[Call]:
    """The calls, with those of layers that no output depends on as work of their own; the same list without."""
    read = {index for index in report.ends if index >= 0}
    for index in range(len(report.layers) - 1, -1, -1):
        if index in read:
            read.update(report.layers[index].sources)
    if len(read) == len(report.layers):
        return calls
    return [call if call.layer in read else call._replace(work="unread") for call in calls]
