"""Documents in LaTeX, with tables by the package booktabs, for an article or a beamer frame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnncalc.render.document import Block, Cell, Column, Pairs, Table
from cnncalc.render.latex import escape_name

HEAD = "% for \\input{{...}}; needs \\usepackage{{{}}}\n"
BOLD = ("head", "title")  # styles
MOST_ROWS = 50  # of a table on one page
ROOM = 455.0  # pt: the width of A4 with margins of 25 mm
LETTER = 0.53  # em: of a character, on average
GAP = 6.0  # pt: before and after each column
SIZES = {"": 10, "\\small": 9, "\\footnotesize": 8}  # pt of an em
PARTS = re.compile(r"\.(?=[A-Za-z])")  # of paths
RAGGED = r"\raggedright\let\\\tabularnewline "  # for which `\raggedright` has another meaning
SHRUNK = "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}"  # to the line, if wider


def write_latex(blocks: Iterable[Block]) -> str:
    """Write a document, each of its blocks as a paragraph."""
    written = list(blocks)
    tables = [is_long(block) for block in written if isinstance(block, Table)]
    packages = ["booktabs"] + ["graphicx"] * (False in tables) + ["longtable"] * (True in tables)
    parts = ("".join(_write(block)) for block in written)
    return HEAD.format(",".join(packages)) + "\n\\par\\smallskip\n".join(filter(None, parts))


def is_long(table: Table) -> bool:
    """Whether a table takes several pages."""
    return len(table.columns[0].cells) > MOST_ROWS


def _write(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _write_table(block)
    elif isinstance(block, Pairs):
        pairs = (f"\\textbf{{{_escape(name)}}}: {_escape(text)}" for name, text in block.pairs)
        yield "\\noindent " + "\\\\\n".join(pairs) + "\n"
    else:
        text = "".join(_emphasize(_escape(text), style) for text, style in block.pieces)
        yield f"\\noindent {text.strip()}\n" if text.strip() else ""


def _write_table(table: Table) -> Iterator[str]:
    """A table that is made smaller where it is wider than the line; one of many rows is broken between pages."""
    columns = [column for column in table.columns if not column.bar]
    head = "\\toprule\n" + _write_line(escape_name(column.header) for column in columns) + "\\midrule\n"
    forms = ["r" if column.right else "l" for column in columns]
    if is_long(table):
        size, forms = fit(columns, forms)
        yield f"{{{size}\n\\begin{{longtable}}{{@{{}}{''.join(forms)}@{{}}}}\n{head}\\endhead\n"
    else:
        yield f"\\noindent{SHRUNK}{{%\n\\begin{{tabular}}{{@{{}}{''.join(forms)}@{{}}}}\n{head}"
    broken = [len(form) > 1 for form in forms]
    for number, row in enumerate(zip(*(column.cells for column in columns), strict=True)):
        if number in table.sections:
            yield "\\addlinespace\n"
        yield _write_line(map(_mark_up, row, broken))
    if columns[0].footer:
        yield "\\midrule\n" + _write_line(_mark_up(column.footer) if column.footer else "" for column in columns)
    yield f"\\bottomrule\n\\end{{{'longtable' if is_long(table) else 'tabular'}}}}}\n"


def fit(columns: Sequence[Column], forms: Sequence[str]) -> tuple[str, list[str]]:
    """The size of letters and the forms of columns with which a table is as wide as a page, by its longest texts.

    Where that is not enough, the texts on the left have lines, in columns that share the width that is left.
    """
    letters = [max(map(len, [column.header, *(cell.text for cell in column.cells)])) for column in columns]
    room = ROOM - 2 * GAP * (len(columns) - 1)
    for size, points in SIZES.items():
        if LETTER * points * sum(letters) <= room:
            return size, [*forms]
    texts = sum(count for count, form in zip(letters, forms, strict=True) if form == "l")
    left = room / ROOM - LETTER * points * (sum(letters) - texts) / ROOM
    if left <= 0:
        return size, [*forms]
    widths = [f"p{{{left * count / texts:.3f}\\linewidth}}" for count in letters]
    return size, [width if form == "l" else form for width, form in zip(widths, forms, strict=True)]


def _write_line(cells: Iterable[str]) -> str:
    """One row. The empty group prevents a bracket at its beginning from being read as an argument of `\\\\`."""
    return f"{{}}{' & '.join(cells)} \\\\\n"


def _mark_up(cell: Cell, broken: bool = False) -> str:
    """A cell in LaTeX, in bold by its style, indented by its leading blanks; if `broken`, with lines."""
    text = cell.text.lstrip(" ")
    deep = "\\quad " * ((len(cell.text) - len(text)) // 2)
    if not broken:
        return deep + _emphasize(escape_name(text), cell.style)
    shown = _escape(text).replace(r"\_", r"\_\allowbreak{}")
    return RAGGED + deep + _emphasize(shown, cell.style) if text else ""


def _escape(text: str) -> str:
    """A text whose lines may also end within a path, after a dot."""
    return PARTS.sub(r".\\allowbreak{}", escape_name(text))


def _emphasize(text: str, style: str) -> str:
    return f"\\textbf{{{text}}}" if style in BOLD and text else text
