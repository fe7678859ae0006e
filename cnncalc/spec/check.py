"""What can be said of a description before any number is known: paths, names, and the arguments of every call."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from cnncalc.errors import Mistake, Problems, Span
from cnncalc.layers import KINDS, RESERVED_WORDS, kind_class
from cnncalc.layers.base import Layer
from cnncalc.layers.fields import REQUIRED, LayerError
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.document import MERGE_WORDS
from cnncalc.spec.expressions import FUNCTIONS, Expression, Literal, Name, Word, names_in
from cnncalc.spec.family import Description
from cnncalc.nearest import did_you_mean
from cnncalc.spec.tree import Block, Body, Call, Chain, Group, Merge, chains_of, expressions_of, units_of

BOOLEANS = {"true": True, "false": False}
SPECIAL = ("in_channels", "channels", "index", "input")
RESERVED = frozenset(RESERVED_WORDS) | frozenset(FUNCTIONS) | frozenset(SPECIAL) | frozenset(BOOLEANS)
BLOCK = "a block"
_NAME = re.compile(r"\w+")
_NUMBER = re.compile(r"[0-9]+(?:[eE][0-9]+)?")
_ORDINAL = re.compile(r"(\w*?[^\W\d])([0-9]+)")
_NO_SEGMENT = ("identity", "from")


def set_segments(body: Body, counts: dict[str, int] | None = None) -> None:
    """Give every item of a body its part of the path: its name, or its kind and ordinal, counting what is written."""
    counts = {} if counts is None else counts
    for chain in body:
        if chain.name and not _names_its_item(chain):
            chain.segment = chain.name
            _set_segments_of_items(chain, {}, "")
        else:
            _set_segments_of_items(chain, counts, chain.name)


def _names_its_item(chain: Chain) -> bool:
    """Whether a chain's name is that of its only item, and not of a group of several."""
    item = chain.items[0]
    return len(chain.items) == 1 and (not isinstance(item.unit, Group) or item.count is not None)


def _set_segments_of_items(chain: Chain, counts: dict[str, int], name: str) -> None:
    for item in chain.items:
        for unit in (item.unit, item.otherwise):
            if unit is None:
                continue
            if isinstance(unit, Group) and item.count is None:
                set_segments((unit.chain,), counts)
                continue
            kind = unit.kind if isinstance(unit, Call) else unit.word if isinstance(unit, Merge) else "group"
            if kind not in _NO_SEGMENT:
                counts[kind] = counts.get(kind, 0) + 1
                unit.segment = name or f"{kind}{counts[kind]}"
            if isinstance(unit, Group):
                set_segments((unit.chain,))
            elif isinstance(unit, Merge):
                for branch in unit.branches:
                    set_segments(branch.body)


class Checker:
    """Checks a description; binds every call to what it calls, so that the expansion only evaluates."""

    def __init__(self, description: Description, problems: Problems) -> None:
        self.description = description
        self.problems = problems
        self.used_params: set[str] = set()

    def check(self) -> None:
        """Check everything; what is wrong goes to the problems, and a call that is wrong has no `target`."""
        description = self.description
        self.check_params()
        for block in description.blocks.values():
            self.check_block(block)
        if description.layers is not None:
            self.check_body(description.layers, (), frozenset())
        for name in description.own_params:
            if name not in self.used_params:
                entry = description.params[name]
                self.problems.add(
                    "unused-param", f"nothing reads the param `{name}`", entry.key_span,
                    help=did_you_mean(name, [known for known in description.params if known != name]),
                )  # fmt: skip

    # names

    def check_params(self) -> None:
        earlier: set[str] = set()
        for name, entry in self.description.params.items():
            self.check_name(name, entry.key_span, "a param")
            self.check_names(entry.value, earlier)
            earlier.add(name)
        if self.description.input:
            self.check_names(self.description.input.value, earlier)
        for entry in self.description.expect.values():
            self.check_names(entry.value, earlier)

    def check_name(self, name: str, span: Span, what: str) -> bool:
        """Whether a name may be given; a word of the language or a number may not."""
        if name in RESERVED and what != BLOCK:  # in the place of a kind, such a word can only be a block
            self.problems.add("bad-name", f"{what} cannot be called `{name}`, a word of the language", span)
        elif not _NAME.fullmatch(name) or _NUMBER.fullmatch(name):
            self.problems.add("bad-name", f"{what} is called by letters, digits and `_`, and not by a number: `{name}`", span)
        else:
            return True
        return False

    def check_block(self, block: Block) -> None:
        self.check_name(block.name, block.span, BLOCK)
        if block.name in STRUCTURE_WORDS or block.name in MERGE_WORDS:
            self.problems.add("bad-name", f"a block cannot be called `{block.name}`, a word of the language", block.span)
        elif block.name in KINDS:
            self.problems.add("shadows-kind", f"the block `{block.name}` takes the place of the built-in kind", block.span)
        names: list[str] = []
        optional = False
        for parameter in block.parameters:
            self.check_name(parameter.name, parameter.span, "a parameter")
            if parameter.name in names:
                self.problems.add("duplicate-name", f"`{parameter.name}` is a parameter already", parameter.span)
            if parameter.default:
                self.check_names(parameter.default, {*names, *self.description.params}, names)
            elif optional:
                self.problems.add("syntax", f"`{parameter.name}` has no default, but one before it has", parameter.span)
            optional = optional or parameter.default is not None
            names.append(parameter.name)
        block.names = self.check_body(block.body, names, frozenset(names))

    def check_body(self, body: Body, parameters: Sequence[str], taken: frozenset[str]) -> frozenset[str]:
        """Check a whole body; the names that its chains give."""
        set_segments(body)
        outputs: set[str] = set()
        for chain in chains_of(body):
            if chain.name and chain.name_span and self.check_name(chain.name, chain.name_span, "an output"):
                self.check_output_name(chain.name, chain.name_span, outputs, taken)
                outputs.add(chain.name)
        for unit in units_of(body):
            if isinstance(unit, Call):
                self.bind(unit)
        known = {*parameters, *outputs, *self.description.params}
        shadowed = {*parameters, *outputs}
        for expression in expressions_of(body):
            self.check_names(expression, known, shadowed)
        return frozenset(outputs)

    def check_output_name(self, name: str, span: Span, outputs: Collection[str], parameters: Collection[str]) -> None:
        found = _ORDINAL.fullmatch(name)
        if name in outputs or name in parameters:
            self.problems.add("duplicate-name", f"`{name}` is given twice in this block", span)
        elif found and (found[1] in KINDS or found[1] in self.description.blocks or found[1] in STRUCTURE_WORDS or found[1] == "group"):
            self.problems.add("bad-name", f"`{name}` is what the path of an unnamed `{found[1]}` looks like", span, help=f"call it `{found[1]}_{found[2]}`")

    def check_names(self, expression: Expression, known: Collection[str], shadowed: Collection[str] = ()) -> None:
        """Note every bare name that nothing stands behind, and which params are read."""
        for name in names_in(expression):
            if name.name in self.description.params and name.name not in shadowed and name.name in known:
                self.used_params.add(name.name)
            if name.name not in known and not self.is_word(name.name) and name.name not in SPECIAL:
                name.known = False
                self.problems.add(
                    "unknown-name", f"nothing is called `{name.name}` here", name.span,
                    help=BOOLEAN_HELP.get(name.name, "") or did_you_mean(name.name, [*known, *RESERVED]),
                )  # fmt: skip

    def is_word(self, name: str) -> bool:
        return name in RESERVED or name in KINDS or name in STRUCTURE_WORDS or name in self.description.blocks

    # calls

    def bind(self, call: Call) -> None:
        """Find what a call calls and which argument is which; `target` stays None where that cannot be."""
        kind = call.kind
        block = self.description.blocks.get(kind)
        try:
            if block:
                defaults = {parameter.name: parameter.default is not None for parameter in block.parameters}
                call.bound = self.arguments(call, defaults)
                call.target = block
            elif kind in MERGE_WORDS:
                raise Mistake("wrong-form", f"`{kind}` has branches", call.span, f"write `{kind}:` with a branch a line below it")
            elif kind in STRUCTURE_WORDS:
                self.bind_structure(call)
            elif kind in KINDS:
                self.bind_layer(call, kind_class(kind))
            else:
                names = [*KINDS, *STRUCTURE_WORDS, *self.description.blocks]
                raise Mistake("unknown-kind", f"there is no layer kind and no block `{kind}`", call.kind_span, did_you_mean(kind, names))
        except Mistake as mistake:
            problem = mistake.problem
            self.problems.add(problem.code, problem.message, problem.span, help=problem.help)

    def bind_layer(self, call: Call, target: type[Layer]) -> None:
        bound = self.arguments(call, {name: field.default is not REQUIRED for name, field in target.fields.items()})
        for name, value in bound.items():
            if isinstance(value, Name) and value.name in target.fields[name].words:
                bound[name] = Literal(value.span, Word(value.name))
        call.bound = bound
        if all(isinstance(value, Literal) for value in bound.values()):
            settings = {name: value.value for name, value in bound.items() if isinstance(value, Literal)}
            try:
                call.constant = target(**settings)
            except LayerError as error:
                raise mistake_of(error, call) from None
        call.target = target

    def bind_structure(self, call: Call) -> None:
        signature = STRUCTURE_WORDS[call.kind][0]
        names = re.findall(r"\w+", signature.partition("(")[2])
        call.bound = self.arguments(call, dict.fromkeys(names, False))
        call.target = call.kind

    def arguments(self, call: Call, parameters: dict[str, bool]) -> dict[str, Expression]:
        """Which parameter gets which argument; `parameters` says of each whether it has a default. Raises Mistake."""
        bound: dict[str, Expression] = {}
        names = list(parameters)
        wants = f"`{call.kind}` takes {', '.join(names)}" if names else f"`{call.kind}` takes no arguments"
        for position, argument in enumerate(call.arguments):
            if argument.name and argument.name not in parameters:
                help_text = did_you_mean(argument.name, names) or wants
                raise Mistake("unknown-argument", f"`{call.kind}` has no argument `{argument.name}`", argument.span, help_text)
            if not argument.name and position >= len(names):
                raise Mistake("unknown-argument", f"one argument too many: {wants}", argument.span)
            name = argument.name or names[position]
            if name in bound:
                raise Mistake("duplicate-argument", f"`{name}` is given twice", argument.span)
            bound[name] = argument.value
        missing = [name for name, optional in parameters.items() if not optional and name not in bound]
        if missing:
            listed = " and ".join(f"`{name}`" for name in missing)
            raise Mistake("missing-argument", f"`{call.kind}` needs {listed}", call.span, wants)
        return bound


BOOLEAN_HELP = {"True": "write `true`", "False": "write `false`", "yes": "write `true`", "no": "write `false`"}


def mistake_of(error: LayerError, call: Call) -> Mistake:
    """A layer's error at the argument that it is about."""
    at = call.bound[error.argument].span if error.argument in call.bound else call.span
    return Mistake(error.code, error.message, at, error.help)

