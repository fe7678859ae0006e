"""What a class of a module is made of while it is written: its parameters, its constructor, its `forward`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cnncalc.errors import Mistake
from cnncalc.export.expressions import KnownValues, identifier, literal, put_names, to_python
from cnncalc.export.recording import Instance
from cnncalc.export.torch_names import is_reserved, is_taken
from cnncalc.export.torch_statements import Entry, Setting
from cnncalc.layers.arguments import Value
from cnncalc.records import NamedTuple
from cnncalc.spec.expressions import Expression, Unknown
from cnncalc.spec.name_expressions import Member, Name, names_in, parts_of

CHANNELS = "channels"
IN_CHANNELS = "in_channels"
RAW = "\0"  # before a name that is Python text already


class Tensor(NamedTuple):
    """A named output in `forward`: its variable, and its channels as an expression, None if they are not known.

    For a max pool that an unpooling reads, `before` is the variable of what goes into it.
    """

    variable: str
    channels: Expression | None
    before: str = ""


class ClassText:
    """One class while it is written. Parts of a body that become a class of their own have the same names."""

    def __init__(self, name: str, params: Mapping[str, Value], words: Mapping[str, str]) -> None:
        """`params` are those of the file, by value; `words` are classes that words of arguments stand for."""
        self.name = name
        self.params = params
        self.words = words
        self.used: dict[str, None] = {}  # names that the constructor needs, in order
        self.locals: dict[str, Expression] = {}  # variables of the constructor
        self.kept: dict[str, str] = {}  # attributes for `forward`, with their values
        self.statements: dict[str, str] = {}  # the values of variables, written where they are used
        self.init: list[Setting] = []
        self.forward: list[str] = []
        self.tensors: dict[str, None] = {}  # named outputs that `forward` takes as arguments
        self.functions: set[str] = set()  # of expressions
        self.helpers: set[str] = set()
        self.entries: list[Entry] | None = None  # of a class that is a chain
        self.result = "x"
        self.more: list[str] = []  # variables that `forward` returns beside its result
        self.input = "x"  # the parameter of `forward`
        self.reads_input = True  # whether `forward` has it: not if all that it reads are named outputs
        self.out: Expression | None = None  # the channels of its output
        self.own_names: frozenset[str] = frozenset()  # parameters of the block, and channels
        self.gives = False  # whether it gives named outputs of the network, by name
        self.recursive = False  # whether the block calls itself
        self.in_channels: Expression = Name(None, IN_CHANNELS)  # type: ignore[arg-type]  # of its input
        self.tensor_names: frozenset[str] = frozenset()  # parameters that are named outputs
        self.outer: ClassText | None = None  # the class of which it is a part
        self.outer_locals: set[str] = set()  # variables of the constructor around it

    def named(self, name: str) -> str:
        """A name of the architecture in the constructor."""
        if name in ("true", "false"):
            return name.title()
        if name in self.locals or name == "index":
            return name
        if name in self.own_names or name in self.params:
            self.used[name] = None
            return python_name(name)
        if name in self.words:
            return self.words[name]
        return literal(name)

    def text(self, expression: Expression) -> str:
        """An expression as Python text in the constructor. Raises Unwritable."""
        return to_python(expression, self.named, self.functions.add)

    def inner(self, expression: Expression) -> str:
        """An expression as Python text in `forward`, where names are attributes. Raises Unwritable."""
        return to_python(expression, self.named_inside, self.functions.add)

    def named_inside(self, name: str) -> str:
        """A name of the architecture in `forward`, or a text that begins with RAW as it is."""
        if name.startswith(RAW):
            return name[len(RAW) :]
        text = self.named(name)
        if name in self.locals or name in self.used:
            return f"self.{self.keep(text, text)}"
        return text

    def keep(self, text: str, name: str) -> str:
        """Keep what a text of the constructor comes to for `forward`; the name of the attribute."""
        for known, kept in self.kept.items():
            if kept == text:
                return known
        name = f"kept{name}" if name.startswith("_") else name  # modules have no such attributes of others
        name = identifier(name, lambda each: each in self.kept or is_taken(each))
        self.kept[name] = text
        return name

    def arguments(self, current: str, more: Sequence[str]) -> str:
        """The arguments of a call of `forward` with the current tensor and named outputs."""
        return ", ".join([*([current] if self.reads_input else []), *more])

    def finish(self) -> None:
        """Leave out the input of a `forward` that does not read it, if it has others."""
        if not self.tensors or self.recursive:
            return
        text = "\n".join([*self.forward, ", ".join([self.result, *self.more])])
        # a statement goes on in lines that are indented or close a bracket
        statements = re.split(r"\n(?![ )\]])", text)
        first = next((each for each in statements if re.search(rf"\b{self.input}\b", each)), "")
        value = first.removeprefix(f"{self.input} = ")
        self.reads_input = re.search(rf"\b{self.input}\b", value) is not None

    def expand(self, expression: Expression) -> Expression:
        """An expression without the variables of the constructor."""
        for _ in range(len(self.locals) + 1):
            if not any(name.name in self.locals for name in names_in(expression)):
                break
            expression = put_names(expression, self.locals)
        return expression


def python_name(name: str) -> str:
    """The name of a parameter in Python; what modules use themselves is not taken."""
    return identifier(name, is_reserved)


def evaluate(expression: Expression, instance: Instance, params: Mapping[str, Value]) -> Value | None:
    """The value of an expression in one run, None if it has none."""
    if any(isinstance(part, Member) for part in parts_of(expression)):
        return None
    try:
        return expression.evaluate(KnownValues(instance.values, params))
    except (Mistake, Unknown):
        return None


def agrees(expression: Expression | None, wanted: Iterable[tuple[Instance, int]], owner: ClassText) -> bool:
    """Whether an expression comes to the wanted numbers in all runs."""
    if expression is None:
        return False
    whole = owner.expand(expression)
    return all(evaluate(whole, instance, owner.params) == number for instance, number in wanted)
