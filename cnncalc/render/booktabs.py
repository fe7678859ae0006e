"""Documents in LaTeX, with tables by the package booktabs, for an article or a beamer frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.render.document import Block, Cell, Pairs, Table
from cnncalc.render.latex import escape_name

HEAD = "% for \\input{...}; needs \\usepackage{booktabs}\n"
BOLD = ("head", "title")  # styles


def write_latex(blocks: Iterable[Block]) -> str:
    """Write a document, each of its blocks as a paragraph."""
    parts = ("".join(_write(block)) for block in blocks)
    return HEAD + "\n\\par\\smallskip\n".join(filter(None, parts))


def _write(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _write_table(block)
    elif isinstance(block, Pairs):
        pairs = (f"\\textbf{{{escape_name(name)}}}: {escape_name(text)}" for name, text in block.pairs)
        yield "\\noindent " + "\\\\\n".join(pairs) + "\n"
    else:
        text = "".join(_emphasize(escape_name(text), style) for text, style in block.pieces)
        yield f"\\noindent {text.strip()}\n" if text.strip() else ""


def _write_table(table: Table) -> Iterator[str]:
    columns = [column for column in table.columns if not column.bar]
    yield f"\\noindent\\begin{{tabular}}{{@{{}}{''.join('r' if column.right else 'l' for column in columns)}@{{}}}}\n"
    yield "\\toprule\n" + _write_line(escape_name(column.header) for column in columns) + "\\midrule\n"
    for number, row in enumerate(zip(*(column.cells for column in columns), strict=True)):
        if number in table.sections:
            yield "\\addlinespace\n"
        yield _write_line(map(_mark_up, row))
    if columns[0].footer:
        yield "\\midrule\n" + _write_line(_mark_up(column.footer) if column.footer else "" for column in columns)
    yield "\\bottomrule\n\\end{tabular}\n"


def _write_line(cells: Iterable[str]) -> str:
    """One row. The empty group prevents a bracket at its beginning from being read as an argument of `\\\\`."""
    return f"{{}}{' & '.join(cells)} \\\\\n"


def _mark_up(cell: Cell) -> str:
    """A cell in LaTeX, in bold by its style, indented by its leading blanks."""
    text = cell.text.lstrip(" ")
    deep = "\\quad " * ((len(cell.text) - len(text)) // 2)
    return deep + _emphasize(escape_name(text), cell.style)


def _emphasize(text: str, style: str) -> str:
    return f"\\textbf{{{text}}}" if style in BOLD and text else text
