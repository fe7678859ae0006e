"""Functions of Keras code while they are written, and where in a body their writer is."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.errors import Span
from cnncalc.export.axes import Layout
from cnncalc.export.expressions import identifier, literal, put_in, to_python
from cnncalc.export.keras_call import Unsayable
from cnncalc.export.keras_lines import Assign, Statement
from cnncalc.export.keras_names import RESERVED, SEPARATOR, free_variable, layer_name
from cnncalc.export.layout import Code, as_call
from cnncalc.layers.arguments import NONE, Value
from cnncalc.spec.expressions import ComparisonExpression, Expression, Literal
from cnncalc.spec.name_expressions import Member, Name
from cnncalc.spec.segments import add_number
from cnncalc.spec.tree import Block, Chain, SyntaxUnit

RAW = "\0"  # before a name that is Python text already
# Which axis of a tensor a size is, by the layout; those of a batch and of the channels are not counted.
SIZES = {"length": -1, "width": -1, "height": -2, "depth": -3}


class FunctionText:
    """One function while it is written: that of a block, or that of the model if there is no block."""

    def __init__(self, name: str, block: Block | None, params: Mapping[str, Value], used: list[str]) -> None:
        """`params` are those of the file, by value, and `used` those that the function and what it calls need."""
        self.name = name
        self.block = block
        self.params = params
        self.used = used
        self.own = {parameter.name for parameter in block.parameters} if block else set()
        self.passed: Mapping[str, str] = {}  # names of params of the file in functions of blocks
        self.tensors: set[str] = set()  # parameters that are named outputs
        self.exported: list[str] = []  # named outputs that are read from outside
        self.reads_channels = False  # whether `in_channels` is read
        self.statements: list[Statement] = []
        self.result = "x"
        self.start = "x"  # the parameter that is the input
        self.taken: set[str] = set()  # variables of named outputs

    def named(self, name: str) -> str:
        """A name of the architecture as Python text, or a text that begins with RAW as it is."""
        if name.startswith(RAW):
            return name[len(RAW) :]
        if name in ("true", "false"):
            return name.title()
        if name in self.own:
            return python_name(name)
        return self.param(name) if name in self.params else literal(name)

    def param(self, name: str) -> str:
        """A param of the file in this function; in that of a block, it has another name than all parameters."""
        return python_name(name) if self.block is None else self.passed.get(name, python_name(name))


class State:
    """Where a writer is: the current tensor, the prefix of paths, the numbering, and what is named."""

    def __init__(self, owner: FunctionText, layout: Layout, prefix: str, current: str) -> None:
        self.owner = owner
        self.layout = layout
        self.prefix = prefix
        self.current = current  # the variable of the current tensor
        self.input = current
        self.variable = "x"  # what is assigned to
        self.statements = owner.statements
        self.ahead: dict[str, tuple[int, tuple[str, ...]]] = {}  # of the numbering: a number, and texts that are added
        self.index = ""  # the variable of the repeat around, "" without one
        self.tensors: dict[str, str] = {}  # variables by the names of outputs
        self.lists: dict[str, str] = {}  # texts of lists with the outputs of all rounds
        self.passed = ""  # the list with what entered the rounds of the repeat around
        self.layers: dict[str, str] = {}  # variables of layers that are applied again
        self.busy: frozenset[str] = frozenset()  # variables of what is around

    def copy(self) -> State:
        """The same place, to go on from in another way."""
        made = State(self.owner, self.layout, self.prefix, self.current)
        made.__dict__.update(self.__dict__)
        made.ahead = dict(self.ahead)
        return made

    def inner(self, segment: str) -> State:
        """The start of a body with paths of its own."""
        made = self.copy()
        made.prefix += segment + SEPARATOR
        made.ahead = {}
        return made

    # statements

    def assign(self, code: Code, variable: str = "") -> None:
        """Assign a value to a variable, which is then the current tensor."""
        variable = variable or self.variable
        if code != variable:
            self.statements.append(Assign(variable, as_call(code)))
        self.current = variable

    def settle(self) -> None:
        """Assign the current tensor to the variable, if it has another."""
        self.assign(self.current)

    def free(self, name: str) -> str:
        """A variable like a name, which nothing has."""
        taken = self.busy | self.owner.taken | {self.current, self.variable, self.input, *self.tensors.values()}
        taken |= {python_name(each) for each in {*self.owner.own, *self.owner.params}} | {*self.owner.passed.values()}
        return free_variable(name, taken)

    # names of layers

    def segment(self, part: SyntaxUnit | Chain) -> str:
        """The segment of a path, with the number in braces where a loop decides it."""
        number, texts = self.ahead.get(part.path_word, (0, ()))
        if not part.ordinal or (not number and not texts):
            return part.segment
        if not texts:
            return add_number(part.path_word, part.ordinal + number)
        number += part.ordinal
        sign = [f"+ {number}"] if number > 0 else [f"- {-number}"] if number else []
        return f"{add_number(part.path_word, 1)[:-1]}{{{' '.join([' + '.join(texts), *sign])}}}"

    def label(self, segment: str, suffix: str = "") -> str:
        """The name of a layer as Python text."""
        return quoted(layer_name(f"{self.prefix}{segment}{suffix}"))

    def path(self, segment: str) -> str:
        """The path of a block as Python text."""
        return quoted(f"{self.prefix}{segment}")

    def advance(self, word: str, number: int, text: str = "") -> None:
        """Advance the numbering, by a number or by a text."""
        before, texts = self.ahead.get(word, (0, ()))
        self.ahead[word] = (before + number, (*texts, text) if text else texts)

    # expressions

    def text(self, expression: Expression) -> str:
        """An expression as Python text. Raises Unwritable."""
        return to_python(put_in(expression, self.replace), self.owner.named, self.use)

    def use(self, function: str) -> None:
        if function == "divisible":
            self.owner.taken.add("divisible")

    def replace(self, part: Expression) -> Expression | None:
        """What a name of a tensor, or of a size of one, is in Python."""
        if isinstance(part, Name):
            return self.replace_name(part)
        if isinstance(part, Member) and isinstance(part.owner, Name):
            variable = self.variable_of(part.owner.name)
            if variable and (part.name == "channels" or part.name in SIZES):
                return raw(part.span, f"{variable}.shape[{self.axis(part.name)}]")
        if isinstance(part, ComparisonExpression) and len(part.operands) == 2:
            tensor, other = part.operands
            is_none = isinstance(other, Name | Literal) and getattr(other, "name", getattr(other, "value", "")) == NONE
            if is_none and isinstance(tensor, Name) and tensor.name in self.owner.tensors:
                word = "is not" if part.operators == ("!=",) else "is"
                return raw(part.span, f"{python_name(tensor.name)} {word} None")
        return None

    def replace_name(self, part: Name) -> Expression | None:
        if part.name == "channels":
            return raw(part.span, f"{self.current}.shape[{self.layout.channels()}]")
        if part.name == "in_channels":
            self.owner.reads_channels = True
            return raw(part.span, "in_channels")
        if part.name == "index" and self.index:
            return raw(part.span, self.index)
        if part.name == NONE:
            return raw(part.span, "None")
        return None

    def axis(self, size: str) -> int:
        """The axis of a size by its name."""
        if size == "channels":
            return self.layout.channels()
        return SIZES[size] - self.layout.is_last

    def variable_of(self, name: str) -> str:
        """The variable of a tensor by its name, "" if it has none."""
        if name == "here":
            return self.current
        if name == "input":
            return self.input
        if name in self.owner.tensors:
            return python_name(name)
        return self.tensors.get(name, "")

    def find(self, name: str, span: Span) -> str:
        """The same. Raises Unsayable."""
        found = self.variable_of(name)
        if not found:
            raise Unsayable(f"`{span.text}` is no output that the function has here")
        return found


def raw(span: Span, text: str) -> Name:
    """Python text as an expression."""
    return Name(span, RAW + text)


def quoted(text: str) -> str:
    """A name of a layer as Python text; with braces it is filled in."""
    return f'f"{text}"' if "{" in text else f'"{text}"'


def python_name(name: str) -> str:
    """The name of a parameter in Python."""
    return identifier(name, lambda each: each in RESERVED or each == "in_channels")
