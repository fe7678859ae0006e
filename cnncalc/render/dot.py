"""A folded graph in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnncalc.figure.folded import Cluster
from cnncalc.figure.palette import PALETTE
from cnncalc.render.text import clean

if TYPE_CHECKING:
    from cnncalc.figure.folded import FoldedGraph, GraphNode

HEAD = """\
  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10, height=0.3]
  edge [fontname="Helvetica", fontsize=8, arrowsize=0.6]
"""


def write_dot(graph: FoldedGraph) -> str:
    """A folded graph as a directed graph from top to bottom, groups as clusters."""
    lines = [*_write_members(graph.members, "  ")]
    lines += [f"  {start} -> {end} [label={_quote(text)}]" for start, end, text in graph.edges]
    return f"digraph {_quote(graph.name)} {{\n{HEAD}" + "\n".join(lines) + "\n}\n"


def _write_members(members: tuple[GraphNode | Cluster, ...], indent: str) -> Iterator[str]:
    for member in members:
        if isinstance(member, Cluster):
            yield f"{indent}subgraph cluster_{member.key} {{"
            yield f'{indent}  label={_quote(member.label)}; labeljust=l; style=rounded; color="#B9BEC7"; fontsize=10'
            yield from _write_members(member.members, indent + "  ")
            yield f"{indent}}}"
        else:
            fill, edge = PALETTE[member.role]
            times = f" ×{member.times}" if member.times > 1 else ""
            yield f'{indent}{member.key} [label={_quote(member.label + times)}, fillcolor="{fill}", color="{edge}"]'


def _quote(text: str) -> str:
    r"""A string of Graphviz.

    >>> _quote('a "b" \\N')
    '"a \\"b\\" \\\\N"'
    """
    escaped = clean(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
