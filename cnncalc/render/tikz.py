r"""TikZ: the figures of `figure` as a picture for LaTeX, which needs `\usepackage{tikz}` only.

The colours are defined at the top, to be changed there; lighter and darker faces are mixed from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.figure.palette import PALETTE
from cnncalc.figure.scene import Circle, Leaf, Line, Point, Polygon, Rect, Scene, Text, arrowhead, round_corners
from cnncalc.figure.text import BASELINE
from cnncalc.render.latex import escape_name
from cnncalc.render.svg import number

HEAD = "% for \\input{...}; needs \\usepackage{tikz}\n"
OPEN, CLOSE = "\\documentclass[tikz]{standalone}\n\\begin{document}\n", "\\end{document}\n"
# Big points are those of SVG; the font sizes are TeX's, which every font has.
PICTURE = "\\begin{tikzpicture}[x=1bp,y=-1bp,line join=round,inner sep=0pt,outer sep=0pt,font=\\sffamily]\n"
ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def write_tikz(scene: Scene, *, background: str | None = None, standalone: bool = False) -> str:
    """A figure as a `tikzpicture`, or as a document if `standalone`, on a background `#RRGGBB` (None: transparent)."""
    leaves = [*scene.leaves()]
    names = [name for name in PALETTE if any(item.role == name for item in leaves)]
    colors = [
        (_name(role, edge), color)
        for role in names
        for edge, color in zip((False, True), PALETTE[role], strict=True)
        if color
    ]
    lines = [f"\\definecolor{{{name}}}{{HTML}}{{{color[1:]}}}\n" for name, color in colors]
    left, top, right, bottom = scene.canvas
    area = f"{_at((left, top))} rectangle {_at((right, bottom))};\n"
    if background:
        lines.append(f"\\definecolor{{cnncalcBackground}}{{HTML}}{{{background[1:]}}}\n")
        area = f"\\fill[cnncalcBackground] {area}"
    else:
        area = f"\\path[use as bounding box] {area}"
    picture = [*lines, PICTURE, area, *(f"{_write(item)}\n" for item in leaves), "\\end{tikzpicture}\n"]
    return "".join([OPEN, *picture, CLOSE] if standalone else [HEAD, *picture])


def _write(item: Leaf) -> str:
    if isinstance(item, Text):
        return _write_text(item)
    if isinstance(item, Line):
        return _write_line(item)
    if isinstance(item, Circle):
        shape = f"{_at((item.x, item.y))} circle[radius={number(item.radius)}bp]"
    elif isinstance(item, Polygon):
        shape = f"{' -- '.join(map(_at, item.points))} -- cycle"
    else:
        shape = f"{_at((item.x, item.y))} rectangle {_at((item.x + item.width, item.y + item.height))}"
    return f"\\path[{','.join(_list_options(item))}] {shape};"


def _list_options(item: Rect | Polygon | Circle) -> Iterator[str]:
    fill, line = PALETTE[item.role]
    if fill:
        other = "black" if item.shade > 0 else "white"
        mixed = f"!{number(100 * (1 - abs(item.shade)))}!{other}" if item.shade else ""
        yield f"fill={_name(item.role)}{mixed}"
    if line and item.stroke:
        yield f"draw={_name(item.role, True)}"
        yield f"line width={number(item.stroke)}bp"
    if isinstance(item, Rect) and item.radius:
        yield f"rounded corners={number(item.radius)}bp"
    if not isinstance(item, Circle) and item.dashed:
        yield "dashed"


def _write_line(line: Line) -> str:
    color = _name(line.role, True)
    points, head = arrowhead(line) if line.arrow else (line.points, ())
    written, at = _at(points[0]), points[0]
    for part in round_corners(points, line.radius):
        end = part[-1]
        if len(part) == 2:  # a quadratic curve as a cubic one
            one, other = (((x + 2 * part[0][0]) / 3, (y + 2 * part[0][1]) / 3) for x, y in (at, end))
            written += f" .. controls {_at(one)} and {_at(other)} .. {_at(end)}"
        else:
            written += f" -- {_at(end)}"
        at = end
    dashes = ",dashed" if line.dashed else ""
    text = f"\\draw[{color},line width={number(line.stroke)}bp{dashes}] {written};"
    return text + (f" \\fill[{color}] {_join(head)} -- cycle;" if head else "")


def _write_text(item: Text) -> str:
    baseline = BASELINE * item.size
    at = (item.x + baseline, item.y) if item.upwards else (item.x, item.y + baseline)
    body = escape_name(item.text)
    body = f"\\bfseries {body}" if item.bold else body
    size = rf"\fontsize{{{number(item.size)}}}{{{number(item.size * 1.2)}}}\selectfont"
    turned = ",rotate=90" if item.upwards else ""
    return rf"\node[anchor={ANCHORS[item.anchor]},text={_name(item.role)}{turned}] at {_at(at)} {{{size} {body}}};"


def _name(role: str, edge: bool = False) -> str:
    """The name of a colour: `cnncalcConv`, `cnncalcConvLine`; a digit may be in it."""
    return f"cnncalc{role.title()}{'Line' if edge else ''}"


def _join(points: Iterable[Point]) -> str:
    return " -- ".join(map(_at, points))


def _at(point: Point) -> str:
    return f"({number(point[0])},{number(point[1])})"
