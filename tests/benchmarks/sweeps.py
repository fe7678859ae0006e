"""A point of `cnncalc sweep`, whose file is read once, against reading it anew, and against torchinfo."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc import analyze, load
from cnncalc.compare.sweep import Point, iterate_points, parse_axis
from cnncalc.sweeping import Evaluation

from .measure import Section, best, judged, number
from .others import Others

VARIED = ("width=0.25..1.75:0.25", "input=96..256:32")  # 7 · 6 points
FIGURES = ("parameters", "macs", "activations")
RUNS = 5
FRESH_AIM, TORCHINFO_AIM = 0.7, 60
THEIRS = {"mobilenet_v2": "mobilenet_v2()"}


def sweep() -> list[Point]:
    """All points."""
    axes = [parse_axis(text) for text in VARIED]
    return list(iterate_points(axes, Evaluation("mobilenet_v2", axes, (), (), FIGURES), largest=True))


def read_each(points: list[Point]) -> None:
    """The same points, each read and analyzed anew."""
    for width, size in (point.values for point in points):
        analyze(load("mobilenet_v2", settings={"width": float(width)}, input=[3, int(size), int(size)]))


def section(others: Others, env: Mapping[str, str]) -> Section:
    """One row."""
    points = sweep()
    own = best(sweep, RUNS, 1) / len(points)
    fresh = best(lambda: read_each(points), RUNS, 1) / len(points)
    row = ["mobilenet_v2", number(own * 1e3), number(fresh * 1e3), judged(own / fresh, most=FRESH_AIM)]
    if "torchinfo" in others.tools:
        theirs, _ = others.meta(RUNS, env, THEIRS)["mobilenet_v2"]
        row += [number(theirs * 1e3), judged(theirs / own, least=TORCHINFO_AIM)]
    else:
        row.append("–")
    heads = ["a point of a sweep", "ms", "read anew ms", "×", "torchinfo on meta ms", "×"]
    notes = [
        f"{len(points)} points, {' and '.join(VARIED)}; shortest runs. Aims: at most {FRESH_AIM} of a point that",
        f"is read anew; torchinfo, with building the network, at least {TORCHINFO_AIM} ×.",
    ]
    return Section(heads, [row], notes)
