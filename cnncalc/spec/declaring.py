"""The repair that makes a named chain a block, so that it can be reused."""

from __future__ import annotations

import re

from cnncalc.errors import Fix
from cnncalc.spec.family import Description
from cnncalc.spec.repairs import replace_all
from cnncalc.spec.tree import Call, Chain, Merge, chains_of, units_of

_BLOCKS = re.compile(r"^blocks:[ \t]*(?:#[^\n]*)?\n(?P<margin>[ ]+)(?=\S)", re.MULTILINE)
_LAYERS = re.compile(r"^layers:", re.MULTILINE)


def declare_chain(description: Description, call: Call, name: str) -> tuple[Fix, ...]:
    """The repair of `reuse(stem)` where `stem` is a chain: a block with its layers, called in place of the chain."""
    chain = _chain_named(description, call, name)
    if chain is None:
        return ()
    source = chain.span.source
    block = f"{name}_layers"
    while block in description.blocks:
        block += "_"
    inside = chain.span._replace(start=chain.items[0].span.start)
    layers = re.sub(r"\s*\n\s*", " ", inside.text)
    blocks, first = _BLOCKS.search(source.text), _LAYERS.search(source.text)
    if blocks:
        margin, at = blocks["margin"], blocks.start("margin")
        declared = f"{margin}{block}:\n{margin}  - {layers}\n"
    elif first:
        at = first.start()
        declared = f"blocks:\n  {block}:\n    - {layers}\n"
    else:
        return ()
    why = f"declare it as a block: `{block}:` with `- {layers}` under `blocks`, and write `{name} = {block}`"
    return (replace_all([(inside, block), (inside._replace(start=at, end=at), declared)], why),)


def _chain_named(description: Description, call: Call, name: str) -> Chain | None:
    """The last chain of that name before a call, without branches."""
    found = None
    for body in (*(block.body for block in description.blocks.values()), description.layers or ()):
        for chain in chains_of(body):
            is_before = chain.span.source is call.span.source and chain.span.end <= call.span.start
            if chain.name == name and is_before and not any(isinstance(unit, Merge) for unit in units_of([chain])):
                found = chain
    return found
