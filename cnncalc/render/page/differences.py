"""What differs between the two networks of a page: their totals side by side, and the layers that are not the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.compare.side_by_side import Aligned, ComparedNetwork, SideBySide
from cnncalc.render.html import write_html
from cnncalc.render.markup import Markup, element
from cnncalc.render.side_by_side import TOTALS, compare_side_by_side
from cnncalc.render.view import View

if TYPE_CHECKING:
    from cnncalc.render.page.subject import Subject

COMPARED = (*TOTALS, "peak_memory")


def write_differences(first: Subject, second: Subject, rows: Sequence[Aligned]) -> Markup:
    """The tables that `compare` shows of two networks, given their aligned layers."""
    networks = tuple(ComparedNetwork(each.label, each.report) for each in (first, second))
    totals, *_ = compare_side_by_side(SideBySide(networks), View(columns=COMPARED))
    *_, layers = compare_side_by_side(SideBySide(networks, tuple(rows)), View())
    states = [row.state for row in rows]
    counts = {state: states.count(state) for state in ("same", "changed", "before", "after")}
    summary = (
        f"Layers: {counts['same']:,} the same (=), {counts['changed']:,} changed (~), "
        f"{counts['before']:,} only in {first.label} (−), {counts['after']:,} only in {second.label} (+)"
    )
    return element(
        "section",
        element("h2", "What differs", id="differences-title"),
        element("div", write_html([totals], classes=True), class_="scroll totals-compared", tabindex=0, role="region",
                aria_label="Totals side by side"),
        element("p", summary),
        element("div", write_html([layers], classes=True), class_="scroll layers-compared", tabindex=0, role="region",
                aria_label="Layers side by side"),
        class_="differences", aria_labelledby="differences-title",
    )  # fmt: skip
