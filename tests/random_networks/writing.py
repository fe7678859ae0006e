"""A tree as the text of an architecture file, in the notations that the language has for the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from .tree import Block, Branch, Call, Chain, Item, Merge, Parenthesis, Tree, Unit, call

WIDTH = 100  # from which a chain goes on in lines of its own


def written(tree: Tree, rng: Random) -> str:
    """The file; `rng` chooses among notations that mean the same. What the tree has not is left out."""
    sizes = f"[{', '.join(tree.input)}]"
    inputs = f"{{{', '.join(f'{name}: {sizes}' for name in tree.names)}}}" if tree.names else sizes
    lines = [f"input: {inputs}"] if tree.input else []
    if tree.params:
        lines += ["params:", *(f"  {name}: {value}" for name, value in tree.params.items())]
    if tree.blocks:
        lines.append("blocks:")
        for block in tree.blocks:
            lines += [f"  {head(block)}:", *indented(body(block.body, rng), 4)]
    if tree.layers:
        lines += ["layers:", *indented(body(tree.layers, rng), 2)]
    return "\n".join(lines) + "\n"


def family(tree: Tree, rng: Random) -> tuple[str, str]:
    """The same network as a file that extends `base`, and that base: what is in both is nonsense in the base."""
    nonsense = (Chain((call("relu"),)),)
    params = {name: text for name, text in tree.params.items() if rng.random() < 0.5}
    blocks = tuple(block for block in tree.blocks if rng.random() < 0.5)
    own = tree._replace(params=params, blocks=blocks)
    base = tree._replace(
        params={name: "7" if name in params else text for name, text in tree.params.items()},
        blocks=tuple(block._replace(body=nonsense) if block in blocks else block for block in tree.blocks),
    )
    if rng.random() < 0.3:
        base = base._replace(layers=nonsense)
    else:
        own = own._replace(layers=())
    if rng.random() < 0.3:
        base = base._replace(input=("1",) * len(tree.input))
    else:
        own = own._replace(input=())
    return "extends: base\n" + written(own, rng), written(base, rng)


def head(block: Block) -> str:
    parameters = (f"{name}={default}" if default else name for name, default in block.parameters)
    return f"{block.name}({', '.join(parameters)})" if block.parameters else block.name


def indented(lines: list[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def body(chains: tuple[Chain, ...], rng: Random) -> list[str]:
    """A list of items."""
    lines = []
    for chain in chains:
        first, *rest = item_lines(chain, rng)
        lines += [f"- {first}", *indented(rest, 2)]
    return lines


def item_lines(chain: Chain, rng: Random) -> list[str]:
    """An item of a list: a text, a mapping of one key with branches, or one with arguments by name."""
    only = chain.items[0]
    name = f"{chain.name} = " if chain.name else ""
    if isinstance(only.unit, Merge):
        condition = f" if {only.condition}" if only.condition else ""
        return [f"{name}{only.unit.word}{condition}:", *indented(list(branches(only.unit, rng)), 4)]
    if len(chain.items) == 1 and is_by_name(only) and rng.random() < 0.3:
        assert isinstance(only.unit, Call)
        settings = ", ".join(f"{key}: {in_braces(value)}" for key, value in only.unit.named)
        condition = f" if {only.condition}" if only.condition else ""
        return [f"{name}{only.unit.kind}{condition}: {{{settings}}}"]
    text = chain_text(chain)
    if len(text) > WIDTH or (len(chain.items) > 2 and rng.random() < 0.1):
        return [line if n == 0 else f"  -> {line}" for n, line in enumerate(pieces(chain))]
    return [text]


def is_by_name(item: Item) -> bool:
    """Whether an item is one call that can be written as `conv: {out: 8, kernel: 3}`."""
    unit = item.unit
    return isinstance(unit, Call) and not unit.args and bool(unit.named) and not item.times and not item.otherwise


def in_braces(value: str) -> str:
    """A value within braces, where YAML takes brackets and commas for its own; most in quotes, which are optional."""
    is_list = re.fullmatch(r"[\[\], 0-9]+", value) and "][" not in value
    return f'"{value}"' if re.search(r"[\[\](),]| if ", value) and not is_list else value


def branches(merge: Merge, rng: Random) -> Iterator[str]:
    for branch in merge.branches:
        key = f"{branch.label} if {branch.condition}" if branch.condition else branch.label
        inner = branch_lines(branch, rng)
        if not key:
            yield from (f"- {line}" if n == 0 else f"  {line}" for n, line in enumerate(inner))
        elif len(inner) == 1 and not inner[0].startswith("- "):
            yield f"{key}: {inner[0]}"
        else:
            yield f"{key}:"
            yield from indented(inner, 2)


def branch_lines(branch: Branch, rng: Random) -> list[str]:
    """The body of a branch: one text, or a list."""
    if len(branch.body) == 1 and not isinstance(branch.body[0].items[0].unit, Merge) and rng.random() < 0.8:
        return [chain_text(branch.body[0])]
    return body(branch.body, rng)


def chain_text(chain: Chain) -> str:
    return " -> ".join(pieces(chain))


def pieces(chain: Chain) -> list[str]:
    texts = [item_text(item, alone=len(chain.items) == 1) for item in chain.items]
    if chain.name:
        texts[0] = f"{chain.name} = {texts[0]}"
    return texts


def item_text(item: Item, *, alone: bool) -> str:
    text = unit_text(item.unit)
    if item.times:
        text += f" * {item.times}"
    if item.condition:
        text += f" if {item.condition}"
        if item.otherwise:
            text += f" else {unit_text(item.otherwise)}"
        return text if alone else f"({text})"
    return text


def unit_text(unit: Unit) -> str:
    if isinstance(unit, Parenthesis):
        return f"({chain_text(unit.chain)})"
    assert isinstance(unit, Call)
    arguments = [*unit.args, *(f"{name}={value}" for name, value in unit.named)]
    return f"{unit.kind}({', '.join(arguments)})" if arguments else unit.kind
