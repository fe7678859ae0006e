"""A folded graph as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnncalc.figure.folded import Cluster, list_nodes
from cnncalc.figure.palette import PALETTE
from cnncalc.render.text import clean

if TYPE_CHECKING:
    from cnncalc.figure.folded import FoldedGraph, GraphNode


def write_mermaid(graph: FoldedGraph) -> str:
    """A folded graph as a flowchart from top to bottom."""
    lines = ["flowchart TD", *_write_members(graph.members, "  ")]
    lines += [f"  {start} -->|{_quote(text)}| {end}" for start, end, text in graph.edges]
    for role in sorted({node.role for node in list_nodes(graph.members)}):
        fill, edge = PALETTE[role]
        lines.append(f"  classDef {role} fill:{fill},stroke:{edge},color:#1A1A1A")
    return "\n".join(lines) + "\n"


def _write_members(members: tuple[GraphNode | Cluster, ...], indent: str) -> Iterator[str]:
    for member in members:
        if isinstance(member, Cluster):
            yield f"{indent}subgraph {member.key} [{_quote(member.label)}]"
            yield from _write_members(member.members, indent + "  ")
            yield f"{indent}end"
        else:
            times = f" ×{member.times}" if member.times > 1 else ""
            yield f"{indent}{member.key}[{_quote(member.label + times)}]:::{member.role}"


def _quote(text: str) -> str:
    """A text in quotes, with entities for what Mermaid would read as markup.

    >>> _quote('a "b" <c>#')
    '"a #quot;b#quot; #lt;c#gt;#35;"'
    """
    escaped = clean(text).replace("#", "#35;").replace("&", "#amp;")
    for sign, name in (('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;"), ("\\", "#92;")):
        escaped = escaped.replace(sign, name)
    return f'"{escaped}"'
