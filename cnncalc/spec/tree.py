"""The syntax tree: bodies are chains of items, each with its position. `grammar` and `bodies` build it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnncalc.errors import Span
from cnncalc.records import NamedTuple
from cnncalc.spec.expressions import Expression


class Argument(NamedTuple):
    """One argument of a call; `name` is "" if it is given by position."""

    name: str
    value: Expression
    span: Span


class SyntaxUnit:
    """The part of an item that runs and may be repeated: a call, a group or a merge.

    `segment` is its segment of a path, as far as the text determines it: its name, or its `path_word` and `ordinal` (0
    if it has none). A `flat` repeat adds no segment to the paths; each of its rounds advances the numbering of the
    enclosing body by `per_round`, a number for each word. The check sets all of these.
    """

    __slots__ = ("flat", "ordinal", "path_word", "per_round", "segment", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.segment = ""
        self.path_word = ""
        self.ordinal = 0
        self.flat = False
        self.per_round: dict[str, int] = {}


class Call(SyntaxUnit):
    """`conv(64, 3, padding=1)`. The check sets `target` and `bound`.

    A merge in one line, `concat(a, b, axis=1)`, has the names of outputs in `sources`; only its other arguments are
    bound.
    """

    __slots__ = ("arguments", "bound", "by_name", "constant", "kind", "kind_span", "sources", "target")

    def __init__(
        self, kind: str, kind_span: Span, arguments: tuple[Argument, ...], span: Span, by_name: bool = False
    ) -> None:
        super().__init__(span)
        self.kind = kind
        self.kind_span = kind_span
        self.arguments = arguments
        self.by_name = by_name  # with arguments in a YAML mapping
        self.target: Any = None  # a Block, a class of Layer, a structure word, or None if the call is invalid
        self.bound: dict[str, Expression] = {}
        self.constant: Any = None  # the layer, if all arguments are constant
        self.sources: tuple[Expression, ...] = ()


class SyntaxGroup(SyntaxUnit):
    """A chain in parentheses."""

    __slots__ = ("chain",)

    def __init__(self, chain: Chain, span: Span) -> None:
        super().__init__(span)
        self.chain = chain


class Branch(NamedTuple):
    """One branch of a merge, only present if its condition is true; with `rounds`, one for each round of a repeat."""

    label: str
    condition: Expression | None
    body: Body
    span: Span  # of its key, or of the whole branch if it is in a list
    body_span: Span
    rounds: Expression | None = None


class Merge(SyntaxUnit):
    """A merge such as `add` or `concat(axis=1)`, or `outputs`, with branches, or with `rounds(…)` in their place.

    `head` is the word with its arguments: the call of a layer, unless the word is `outputs`.
    """

    __slots__ = ("branches", "head", "rounds", "word")

    def __init__(self, head: Call, branches: tuple[Branch, ...], rounds: Expression | None = None) -> None:
        super().__init__(head.span)
        self.head = head
        self.word = head.kind
        self.branches = branches
        self.rounds = rounds


class Broken(SyntaxUnit):
    """An item that could not be read, which is already reported. `names` are the outputs that it may define."""

    __slots__ = ("names",)

    def __init__(self, span: Span, names: frozenset[str]) -> None:
        super().__init__(span)
        self.names = names


class Item(NamedTuple):
    """`unit * count if condition else otherwise`."""

    unit: SyntaxUnit
    count: Expression | None  # type: ignore[assignment]  # replaces tuple.count, which is not used
    condition: Expression | None
    otherwise: SyntaxUnit | None
    span: Span


class Chain:
    """`name = item -> item -> …`. `segment` is set, as for a unit, if the chain is a group with its own path."""

    __slots__ = ("items", "name", "name_span", "ordinal", "path_word", "segment", "span")

    def __init__(self, name: str, name_span: Span | None, items: tuple[Item, ...], span: Span) -> None:
        self.name = name
        self.name_span = name_span
        self.items = items
        self.span = span
        self.segment = ""
        self.path_word = ""
        self.ordinal = 0


Body = tuple[Chain, ...]


class Parameter(NamedTuple):
    """A parameter of a block."""

    name: str
    default: Expression | None
    span: Span


class Block:
    """A block of the file: its parameters and its body."""

    __slots__ = ("body", "name", "names", "optional", "parameters", "span")

    def __init__(self, name: str, parameters: tuple[Parameter, ...], body: Body, span: Span) -> None:
        self.name = name
        self.parameters = parameters
        self.optional = {parameter.name: parameter.default is not None for parameter in parameters}
        self.body = body
        self.span = span
        self.names: frozenset[str] = frozenset()  # of its outputs; the check sets them

    def signature(self) -> str:
        """The declaration of the block, as written."""
        return self.span.text


def units_of(chains: Iterable[Chain]) -> list[SyntaxUnit]:
    """Every unit of some chains, in the order of the file."""
    found: list[SyntaxUnit] = []
    for chain in chains:
        for item in chain.items:
            found.append(item.unit)
            if item.otherwise:
                found.append(item.otherwise)
    return found


def chains_of(body: Body) -> list[Chain]:
    """Every chain of a body, including those in parentheses and branches."""
    found: list[Chain] = []
    waiting = list(reversed(body))
    while waiting:
        chain = waiting.pop()
        found.append(chain)
        for item in reversed(chain.items):
            for unit in (item.otherwise, item.unit):
                if isinstance(unit, SyntaxGroup):
                    waiting.append(unit.chain)
                elif isinstance(unit, Merge):
                    waiting.extend(inner for branch in reversed(unit.branches) for inner in reversed(branch.body))
    return found


def expressions_of(chains: Iterable[Chain]) -> list[Expression]:
    """Every expression of some chains."""
    found: list[Expression] = []
    for chain in chains:
        for item in chain.items:
            found.extend(part for part in (item.count, item.condition) if part)
            for unit in (item.unit, item.otherwise):
                if isinstance(unit, Call):
                    found.extend(argument.value for argument in unit.arguments)
                elif isinstance(unit, Merge):
                    found.extend(argument.value for argument in unit.head.arguments)
                    parts = [part for branch in unit.branches for part in (branch.condition, branch.rounds)]
                    found.extend(part for part in parts if part)
                    found.extend([unit.rounds] if unit.rounds else [])
    return found


def count_starts(chain: Chain) -> int:
    """How many items `from` a chain begins with."""
    units = (item.unit for item in chain.items)
    return next((at for at, unit in enumerate(units) if not (isinstance(unit, Call) and unit.kind == "from")), 0)


def is_single(chain: Chain) -> bool:
    """Whether a chain consists of one item, except for a `from` before it."""
    starts = (item.unit for item in chain.items[:-1])
    return all(isinstance(unit, Call) and unit.kind == "from" for unit in starts)


def may_be_off(body: Body) -> bool:
    """Whether every item of a body has a condition."""
    return all(
        item.condition is not None
        or (isinstance(item.unit, SyntaxGroup) and not item.count and may_be_off((item.unit.chain,)))
        for chain in body
        for item in chain.items
    )


def passes_on(body: Body) -> bool:
    """Whether a body contains `identity`."""
    return any(isinstance(item.unit, Call) and item.unit.kind == "identity" for chain in body for item in chain.items)
