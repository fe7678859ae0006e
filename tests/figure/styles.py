"""All styles of figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cnncalc.analysis.report import Report
from cnncalc.figure.flat import draw_flat
from cnncalc.figure.graph import draw_graph
from cnncalc.figure.look import PLAIN, Look
from cnncalc.figure.scene import Scene
from cnncalc.figure.volumes import draw_volumes

LOOKS: dict[str, Callable[[Report, Look], list[Scene]]] = {
    "graph": lambda report, look: draw_graph(report, look=look),
    "volumes": lambda report, look: [draw_volumes(report, look=look)],
    "flat": lambda report, look: [draw_flat(report, look=look)],
}


def _draw_plainly(draw: Callable[[Report, Look], list[Scene]], report: Report) -> list[Scene]:
    return draw(report, PLAIN)


STYLES: dict[str, Callable[[Report], list[Scene]]] = {
    style: partial(_draw_plainly, draw) for style, draw in LOOKS.items()
}
