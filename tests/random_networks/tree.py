"""A network as the test has it in mind: what is written as a file and, apart from that, built in PyTorch.

Every number and every condition is an expression in text. The file takes it as it stands, and the builder leaves it to
Python's own `eval`, of whose syntax the language's is a part. Nothing here knows a shape.
"""

from __future__ import annotations

from typing import NamedTuple


class Call(NamedTuple):
    """A layer, a block's call, or a word such as `from`: arguments by position, then by name."""

    kind: str
    args: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()


class Parenthesis(NamedTuple):
    """A chain as one unit."""

    chain: Chain


class Merge(NamedTuple):
    """Branches that meet in `add`, `multiply` or `concat`, or end in outputs of their own."""

    word: str
    branches: tuple[Branch, ...]


Unit = Call | Parenthesis | Merge


class Item(NamedTuple):
    """A unit, repeated or not, there always or only where a condition holds."""

    unit: Unit
    times: str = ""
    condition: str = ""
    otherwise: Unit | None = None


class Chain(NamedTuple):
    """Items one behind the other; a merge is the only item of its chain. "" is no name."""

    items: tuple[Item, ...]
    name: str = ""


class Branch(NamedTuple):
    """A branch of a merge; where no branch of it has a label, they are written as a list."""

    body: tuple[Chain, ...]
    label: str = ""
    condition: str = ""


class Block(NamedTuple):
    """A declaration: parameters with their defaults, "" for none."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    body: tuple[Chain, ...]


class Tree(NamedTuple):
    """A whole network. `settings` are params that the command line turns, `turned` is another input that it gives.

    `names` are those of several inputs, which have the same sizes; without them there is one.
    """

    input: tuple[str, ...]
    params: dict[str, str]
    blocks: tuple[Block, ...]
    layers: tuple[Chain, ...]
    settings: dict[str, str]
    turned: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def call(kind: str, *args: object, **named: object) -> Item:
    """A call as an item of a chain."""
    return Item(Call(kind, tuple(map(str, args)), tuple((name, str(value)) for name, value in named.items())))


def branch(*items: Item, condition: str = "") -> Branch:
    """A branch of one chain."""
    return Branch((Chain(items),), condition=condition)


def meeting(word: str, branches: tuple[Branch, ...], condition: str = "") -> Chain:
    """A merge as an item of its own."""
    return Chain((Item(Merge(word, branches), condition=condition),))
