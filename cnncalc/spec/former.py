"""The paths of version 0.1, so that an error about an old path can name the new one.

There a repeat without a name was `group1` (or `conv1`, for `conv(8, 3) * 2`) with a segment for each round, in which
the numbering started again: `group1.0.linear1` is now `linear1`.
"""

from __future__ import annotations

from cnncalc.network import Network
from cnncalc.spec.family import Description
from cnncalc.spec.segments import Segments, names_its_item
from cnncalc.spec.tree import Body, Call, Chain, Merge, SyntaxGroup


def map_former_paths(former: Network, network: Network) -> dict[str, list[str]]:
    """The former paths of layers and groups that no longer exist, each with the paths of its layers now."""
    paths = [node.path for node in network.nodes]
    known = {*paths, *(group.path for group in network.groups)}
    found = {node.path: [path] for node, path in zip(former.nodes, paths, strict=True)}
    found |= {group.path: paths[group.first : group.last] for group in former.groups if group.last > group.first}
    return {path: now for path, now in found.items() if path not in known}


def make_former_segments(description: Description) -> Segments:
    """The segment that each unit and chain had in a path."""
    found: Segments = {}
    for body in (description.layers or (), *(block.body for block in description.blocks.values())):
        _set_body(body, found)
    return found


def _set_body(body: Body, found: Segments, counts: dict[str, int] | None = None) -> None:
    counts = {} if counts is None else counts
    for chain in body:
        if chain.name and not names_its_item(chain):
            found[id(chain)] = chain.name
            _set_chain(chain, found, {}, "")
        else:
            _set_chain(chain, found, counts, chain.name)


def _set_chain(chain: Chain, found: Segments, counts: dict[str, int], name: str) -> None:
    for item in chain.items:
        for unit in (item.unit, item.otherwise):
            if unit is None:
                continue
            if isinstance(unit, SyntaxGroup) and item.count is None:
                _set_body((unit.chain,), found, counts)
                continue
            word = unit.kind if isinstance(unit, Call) else unit.word if isinstance(unit, Merge) else "group"
            if word not in ("identity", "from"):
                counts[word] = counts.get(word, 0) + 1
                found[id(unit)] = name or f"{word}{counts[word]}"
            if isinstance(unit, SyntaxGroup):
                _set_body((unit.chain,), found)
            elif isinstance(unit, Merge):
                for branch in unit.branches:
                    _set_body(branch.body, found)
