"""SVG: the figures of `figure` as text that viewers, browsers and Inkscape read alike.

Only presentation attributes are written: no CSS, markers, clip paths, filters or `foreignObject`. Arrowheads are
polygons, and texts are `<text>` at a computed baseline. Ids begin with a prefix, for pages with several figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from cnncalc.figure.palette import PALETTE, WHITE, mix
from cnncalc.figure.scene import (
    STROKE,
    Circle,
    Group,
    Item,
    Leaf,
    Line,
    Point,
    Polygon,
    Rect,
    Scene,
    Text,
    arrowhead,
    round_corners,
)
from cnncalc.figure.text import BASELINE, SIZE
from cnncalc.records import NamedTuple
from cnncalc.render.markup import escape

FONT = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', sans-serif"
DASHES = "2.5 2"


def write_svg(scene: Scene, *, background: str | None = WHITE, prefix: str = "cnncalc-") -> str:
    """A figure as an SVG document, on a background (None: transparent).

    `prefix` begins all ids; groups that stand for layers have the index of their first layer, `cnncalc-layer-3`.
    """
    left, top, width, height = scene.canvas.left, scene.canvas.top, scene.canvas.width, scene.canvas.height
    box = " ".join(map(number, (left, top, width, height)))
    usual = _find_usual(scene)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}pt" height="{number(height)}pt" '
        f'viewBox="{box}" role="img" aria-labelledby="{prefix}title {prefix}description" font-family="{FONT}" '
        f'font-size="{usual.size}" stroke-width="{usual.stroke}" text-anchor="middle" stroke-linejoin="round">',
        f'<title id="{prefix}title">{escape(scene.title)}</title>',
        f'<desc id="{prefix}description">{escape(scene.description)}</desc>',
    ]
    if background:
        lines.append(f'<rect{_position(left, top)} {_size(width, height)} fill="{background}"/>')
    lines += _write_items(scene.items, prefix, usual)
    return "\n".join([*lines, "</svg>"]) + "\n"


class _Usual(NamedTuple):
    """The size of most texts and the stroke of most edges and lines, which the others have to state."""

    size: str
    stroke: str


def _find_usual(scene: Scene) -> _Usual:
    sizes, strokes = Counter({number(SIZE): 0}), Counter({number(STROKE): 0})
    for item in scene.leaves():
        if isinstance(item, Text):
            sizes[number(item.size)] += 1
        elif item.stroke:
            strokes[number(item.stroke)] += 1
    return _Usual(max(sizes, key=sizes.__getitem__), max(strokes, key=strokes.__getitem__))


def number(value: float) -> str:
    """A number with at most two decimals.

    >>> number(3.0), number(-0.001), number(2.499)
    ('3', '0', '2.5')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _write_items(items: Iterable[Item], prefix: str, usual: _Usual) -> Iterator[str]:
    for item in items:
        if isinstance(item, Group):
            name = f' id="{prefix}layer-{item.layers[0]}"' if item.layers else ""
            yield f"<g{name}>" + (f"<title>{escape(item.title)}</title>" if item.title else "")
            yield from _write_items(item.items, prefix, usual)
            yield "</g>"
        else:
            yield _write_leaf(item, usual)


def _write_leaf(item: Leaf, usual: _Usual) -> str:
    if isinstance(item, Rect):
        corner = f' rx="{number(item.radius)}"' if item.radius else ""
        return f"<rect{_position(item.x, item.y)} {_size(item.width, item.height)}{corner}{_paint(item, usual)}/>"
    if isinstance(item, Circle):
        return f'<circle cx="{number(item.x)}" cy="{number(item.y)}" r="{number(item.radius)}"{_paint(item, usual)}/>'
    if isinstance(item, Polygon):
        return f'<polygon points="{_list(item.points)}"{_paint(item, usual)}/>'
    return _write_line(item, usual) if isinstance(item, Line) else _write_text(item, usual)


def _write_line(line: Line, usual: _Usual) -> str:
    color = PALETTE[line.role].line
    points, head = arrowhead(line) if line.arrow else (line.points, ())
    start, *parts = [line.points[:1], *round_corners(points, line.radius)]
    path = f"M{_join(start)}" + "".join(f"{'Q' if len(part) == 2 else 'L'}{_join(part)}" for part in parts)
    dashes = f' stroke-dasharray="{DASHES}"' if line.dashed else ""
    written = f'<path d="{path}" fill="none" stroke="{color}"{_width(line.stroke, usual)}{dashes}/>'
    return written + (f'<polygon points="{_list(head)}" fill="{color}"/>' if head else "")


def _write_text(item: Text, usual: _Usual) -> str:
    baseline = BASELINE * item.size
    if item.upwards:
        position = f' transform="translate({number(item.x + baseline)} {number(item.y)}) rotate(-90)"'
    else:
        position = _position(item.x, item.y + baseline)
    size = number(item.size)
    size = "" if size == usual.size else f' font-size="{size}"'
    anchor = "" if item.anchor == "middle" else f' text-anchor="{item.anchor}"'
    weight = ' font-weight="bold"' if item.bold else ""
    return f'<text{position}{size}{anchor}{weight} fill="{PALETTE[item.role].fill}">{escape(item.text)}</text>'


def _width(stroke: float, usual: _Usual) -> str:
    width = number(stroke)
    return "" if width == usual.stroke else f' stroke-width="{width}"'


def _paint(item: Rect | Polygon | Circle, usual: _Usual) -> str:
    fill, line = PALETTE[item.role]
    text = f' fill="{mix(fill, item.shade) or "none"}"'
    if line and item.stroke:
        text += f' stroke="{line}"{_width(item.stroke, usual)}'
    return text + (f' stroke-dasharray="{DASHES}"' if not isinstance(item, Circle) and item.dashed else "")


def _position(x: float, y: float) -> str:
    return f' x="{number(x)}" y="{number(y)}"'


def _size(width: float, height: float) -> str:
    return f'width="{number(width)}" height="{number(height)}"'


def _join(points: Iterable[Point]) -> str:
    return " ".join(f"{number(x)} {number(y)}" for x, y in points)


def _list(points: Iterable[Point]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)
