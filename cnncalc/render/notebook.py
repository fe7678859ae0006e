"""What the methods of networks and reports give to notebooks and to programs like pandas."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.network import Network


def show_html(report: Report) -> str:
    """The summary as a table in HTML, without a script."""
    from cnncalc.render.html import write_html
    from cnncalc.render.summary import summarize
    from cnncalc.render.view import View

    return write_html(summarize(report, View()))


def draw_svg(network: Network) -> str | None:
    """The block diagram of a network as one figure, None for a network with too many boxes."""
    from cnncalc.analysis.analyze import analyze
    from cnncalc.figure.fold import make_tree
    from cnncalc.figure.on_screen import draw_for_screen
    from cnncalc.render.svg import write_svg

    report = analyze(network)
    scene = draw_for_screen(report, make_tree(report))
    # A notebook is one page with several figures.
    return write_svg(scene, prefix=f"cnncalc-{crc32(repr(scene.items).encode()):x}-") if scene else None


def make_dict(report: Report) -> dict[str, Any]:
    """The document of `summary --format json`, of lists, dicts, strings and numbers."""
    from cnncalc.analysis.figures import Dtype
    from cnncalc.render.json import dump_summary

    document: dict[str, Any] = json.loads(dump_summary(report, Dtype.float32))
    return document


def list_rows(report: Report) -> list[dict[str, Any]]:
    """A dict for each layer, with the columns of `summary --format csv`; sizes along axes as tuples."""
    from cnncalc.analysis.folding import make_row
    from cnncalc.render.columns import COLUMNS, Context, list_columns

    context = Context(report)
    columns = [COLUMNS[name] for name in list_columns(report)]
    rows = map(make_row, report.layers)
    return [{column.name: _simplify(column.value(row, context)) for column in columns} for row in rows]


def _simplify(value: Any) -> Any:
    """Shares and strides as numbers that every program knows."""
    if isinstance(value, tuple):
        return tuple(map(_simplify, value))
    return float(value) if isinstance(value, Fraction) else value
