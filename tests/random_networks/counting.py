"""What there is in a tree, so that a test can say what was drawn."""

from __future__ import annotations

from collections.abc import Iterator

from .tree import Call, Chain, Item, Merge, Parenthesis, Tree, Unit

PADDINGS = ("same", "half", "full", "valid")


def features(tree: Tree) -> set[str]:
    """The parts of the language and the settings that a network uses, and the calls of its layers by their kinds."""
    blocks = {block.name for block in tree.blocks}
    bodies = [tree.layers, *(block.body for block in tree.blocks)]
    found = {f"{len(tree.input) - 1}-D"} | ({"param turned"} if tree.settings else set())
    found |= {"input turned"} if tree.turned else set()
    found |= {"several inputs"} if tree.names else set()
    for item, depth in (pair for body in bodies for pair in items_in(body)):
        found |= set(of_item(item, depth))
    for block in tree.blocks:
        called = {item.unit.kind for item, _ in items_in(block.body) if isinstance(item.unit, Call)}
        found |= {"block within a block"} if called & (blocks - {block.name}) else set()
        found |= {"block within itself"} if block.name in called else set()
        found |= {"default that counts"} if any(not d.isalnum() for _, d in block.parameters if d) else set()
    return found


def items_in(body: tuple[Chain, ...], depth: int = 0) -> Iterator[tuple[Item, int]]:
    """All items, and the merges that are around each."""
    for chain in body:
        for item in chain.items:
            yield item, depth
            for unit in (item.unit, item.otherwise):
                if isinstance(unit, Parenthesis):
                    yield from items_in((unit.chain,), depth)
                elif isinstance(unit, Merge):
                    for branch in unit.branches:
                        yield from items_in(branch.body, depth + 1)


def of_item(item: Item, depth: int) -> Iterator[str]:
    unit: Unit = item.unit
    if item.times:
        yield "repeat"
    if item.condition:
        yield "condition"
    if item.otherwise:
        yield "either or"
    if isinstance(unit, Merge):
        yield unit.word
        yield "branches within branches" if depth else "branches"
        if any(branch.condition for branch in unit.branches):
            yield "branch under a condition"
        if not unit.branches[0].label:
            yield "branches as a list"
    elif isinstance(unit, Call):
        yield from of_call(unit)


def of_call(call: Call) -> Iterator[str]:
    yield call.kind
    named = dict(call.named)
    if any("index" in text for text in (*call.args, *named.values())):
        yield "index in a call"
    if "." in "".join(call.args) and call.kind == "from":
        yield "output inside a block"
    if named.get("groups", "1") != "1" and "conv" in call.kind:
        yield f"grouped {call.kind}"
    if "padding" in named and "[[" in named["padding"]:
        yield "uneven padding"
    elif named.get("padding", "").startswith("["):
        yield "padding for each axis"
    for name in ("output_padding", "ceil", "dilation"):
        if name in named:
            yield name
    if named.get("padding") in PADDINGS:
        yield f"padding={named['padding']}"
