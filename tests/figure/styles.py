"""All styles of figures."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.analysis.report import Report
from cnncalc.figure.flat import draw_flat
from cnncalc.figure.graph import draw_graph
from cnncalc.figure.scene import Scene
from cnncalc.figure.volumes import draw_volumes

STYLES: dict[str, Callable[[Report], list[Scene]]] = {
    "graph": draw_graph,
    "volumes": lambda report: [draw_volumes(report)],
    "flat": lambda report: [draw_flat(report)],
}
