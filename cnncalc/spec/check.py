"""Checks a description before any number is known: names, segments of paths, and the arguments of every call."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Problem, Problems, Span
from cnncalc.layers import KINDS, LATER_FAMILIES, LATER_WORDS, OWN_WORDS, RESERVED_WORDS
from cnncalc.layers.structure import LATER_MERGES, STRUCTURE_WORDS
from cnncalc.network import INPUT_NAME
from cnncalc.spec.binding import bind
from cnncalc.spec.bodies import MERGE_WORDS
from cnncalc.spec.expressions import Expression
from cnncalc.spec.family import Description
from cnncalc.spec.name_expressions import PREVIOUS, Name, members_in, names_in
from cnncalc.spec.repairs import guess, rename, replace_all, write
from cnncalc.spec.segments import NUMBER, free_name, set_segments, word_and_number
from cnncalc.spec.sizes import SIZE_NAMES
from cnncalc.spec.tree import Block, Body, Broken, Call, Chain, Merge, chains_of, expressions_of, units_of
from cnncalc.spec.values import FUNCTIONS

BOOLEANS = {"true": True, "false": False}
HERE = "here"
SPECIAL = ("in_channels", "channels", "index", "input", HERE)
SHADOWABLE = LATER_WORDS | {HERE, PREVIOUS}  # words that were added later: an author's name takes precedence
RESERVED = (RESERVED_WORDS | frozenset(FUNCTIONS) | frozenset(SPECIAL) | frozenset(BOOLEANS)) - SHADOWABLE
_NAME = re.compile(r"\w+")
FOREIGN_WORDS = {
    "True": "true", "False": "false", "yes": "true", "no": "false", "on": "true", "off": "false", "SAME": "same",
    "None": "false none", "null": "false none",
    "VALID": "valid", "FULL": "full",
}  # fmt: skip


def hides_uses(problem: Problem) -> bool:
    """Whether a problem hides a part of the file, which may use names that seem to be unused."""
    return problem.severity == "error" and (problem.code != "unknown-key" or bool(problem.fixes))


def find_forgotten(names: Sequence[str], read: Collection[str]) -> list[str]:
    """The outputs of a body that were probably meant to be read and are not.

    In a series they are those between two that are read: a pyramid over c1 to c5 begins with c2, and the main path of a
    U-Net continues from the last level. If several others are not read, or none is read at all, they are probably named
    for the sake of their paths.

    >>> find_forgotten(["stem", "low"], {"low"}), find_forgotten(["enc1", "enc2", "enc3", "enc4"], {"enc1", "enc4"})
    (['stem'], ['enc2', 'enc3'])
    >>> find_forgotten(["c5", "c11", "c17"], {"c17"}), find_forgotten(["c1", "c2"], {"c2"}), find_forgotten(["a"], ())
    ([], [], [])
    """
    if len(names) == 1:
        return []
    by_stem: dict[str, list[str]] = {}
    for name in names:
        by_stem.setdefault(name.rstrip("0123456789"), []).append(name)
    alone = [series[0] for series in by_stem.values() if len(series) == 1 and series[0] not in read]
    found = alone if len(alone) == 1 else []
    for series in by_stem.values():
        used = [at for at, name in enumerate(series) if name in read]
        found += [name for name in series[used[0] : used[-1]] if name not in read] if used else []
    return found


class _Either:
    """The union of several collections, which are not copied."""

    def __init__(self, *collections: Container[str]) -> None:
        self.collections = collections

    def __contains__(self, word: object) -> bool:
        return any(word in each for each in self.collections)


def _drop_defaults(block: Block) -> tuple[Fix, ...]:
    """The repair of parameters out of order, if all calls set them: no defaults before one without."""
    last = max(at for at, parameter in enumerate(block.parameters) if parameter.default is None)
    dropped = [parameter for parameter in block.parameters[:last] if parameter.default is not None]
    names = " and ".join(f"`{parameter.name}`" for parameter in dropped)
    return (replace_all([(each.span, each.name) for each in dropped], f"remove the default of {names}"),)


def _is_out_of_order(block: Block) -> bool:
    """Whether a parameter without a default follows one with a default."""
    optional = [parameter.default is not None for parameter in block.parameters]
    return optional != sorted(optional)


class Checker:
    """Checks a description, and binds every call to its kind or block, so that the expansion only evaluates."""

    def __init__(self, description: Description, problems: Problems, replaced: Sequence[Expression] = ()) -> None:
        """`replaced` are values of the file that the command line overrides; what they use counts as used."""
        self.description = description
        self.problems = problems
        self.whole = not any(map(hides_uses, problems.found))  # a part that cannot be read may use anything
        self.used_params = {name.name for expression in replaced for name in names_in(expression)}
        self.used_blocks = set(self.used_params)
        self.members: set[str] = set()  # names used from outside their block, `m1.y0`
        bodies = [block.body for block in description.blocks.values()] + [description.layers or ()]
        self.left_out: set[int] = set()  # names, by identity, that the repair of a call omits
        self.outputs = {chain.name for body in bodies for chain in chains_of(body) if chain.name}  # of all bodies
        self.named: list[tuple[dict[str, Span], set[str]]] = []  # the outputs of each body, and the names it reads
        self.like_sizes: list[tuple[str, Span]] = []  # outputs that have the name of a size

    def check(self) -> None:
        """Check everything and report problems; an invalid call gets no `target`."""
        description = self.description
        self.check_params()
        # it is not known which arguments their calls omit
        description.unread.update(block.name for block in description.blocks.values() if _is_out_of_order(block))
        for block in description.blocks.values():
            self.check_block(block)
        if description.layers is not None:
            inputs = [name for name in description.inputs if name not in (INPUT_NAME, *description.params)]
            description.names = self.check_body(description.layers, inputs, frozenset(inputs))
        for name, span in self.like_sizes:
            if name in self.members:
                message = f"the output `{name}` hides the size of the same name in `….{name}`"
                self.problems.add(Problem("shadow", message, span, "rename it; readers may mistake it for the size"))
        if self.whole:
            self.check_unused()

    def check_unused(self) -> None:
        """Report what this file declares and nothing uses, unless an error may be a misspelt use of it."""
        description = self.description
        errors = [problem for problem in self.problems.found if problem.severity == "error"]
        suggested = {word for problem in errors for fix in problem.fixes for word in _NAME.findall(fix.text)}
        reported = {problem.span for problem in errors}
        for name, block in description.own_blocks.items():
            if name not in self.used_blocks and name not in suggested and block.span not in reported:
                self.problems.add(Problem("unused-block", f"the block `{name}` is never used", block.span, "remove it"))
        for names, read in self.named:
            for name in find_forgotten(list(names), read | self.members):
                if name not in suggested and names[name].source is description.documents[0].source:
                    from cnncalc.spec.rebinding import unread_output  # only needed for mistakes

                    self.problems.add(unread_output(name, names[name]))
        others = [name for name in description.params if name not in description.own_params]
        for name in description.own_params:
            span = description.params[name].key_span
            is_reported = name in suggested or span in reported
            if name not in self.used_params and not is_reported and not self.problems.full:
                fixes = rename(span, name, others)
                message = f"the param `{name}` is never used"
                self.problems.add(Problem("unused-param", message, span, "use it, or remove it", fixes=fixes))

    # names

    def check_params(self) -> None:
        earlier: set[str] = set()
        for name, entry in self.description.params.items():
            self.check_name(name, entry.key_span, "a param")
            self.check_names(entry.value, (), earlier)
            earlier.add(name)
        for name, entry in self.description.inputs.items():
            named = name != INPUT_NAME or len(self.description.inputs) > 1
            if named and self.check_name(name, entry.key_span, "an input") and name in earlier:
                message = f"`{name}` is a param and an input"
                self.problems.add(Problem("duplicate-name", message, entry.key_span, "rename one of them"))
            self.check_names(entry.value, (), earlier)
        for entry in self.description.expect.values():
            self.check_names(entry.value, (), earlier)

    def check_name(self, name: str, span: Span, what: str, *, reserved: Collection[str] = RESERVED) -> bool:
        """Whether a name is allowed; reserved words and numbers are not, which is reported."""
        if name in reserved:
            self.problems.add(Problem("bad-name", f"{what} cannot be named `{name}`, which is a reserved word", span))
        elif not _NAME.fullmatch(name) or NUMBER.fullmatch(name):
            self.problems.add(
                Problem("bad-name", f"names consist of letters, digits and `_`, and are not numbers: `{name}`", span)
            )
        else:
            if reserved and name in SHADOWABLE:
                message = f"{what} named `{name}` hides the built-in word"
                self.problems.add(
                    Problem("shadow", message, span, "rename it; readers may mistake it for the built-in word")
                )
            return True
        return False

    def check_block(self, block: Block) -> None:
        # reserved words are allowed: where a kind is expected, such a word can only be a block
        self.check_name(block.name, block.span, "a block", reserved=())
        if block.name in STRUCTURE_WORDS or (block.name in MERGE_WORDS and block.name not in LATER_MERGES):
            message = f"a block cannot be named `{block.name}`, which is a reserved word"
            self.problems.add(Problem("bad-name", message, block.span))
        elif block.name in KINDS:
            self.problems.add(
                Problem(
                    "shadows-kind",
                    f"the block `{block.name}` replaces the built-in kind",
                    block.span,
                    "rename it; readers may mistake it for the built-in kind",
                )
            )
        names: list[str] = []
        optional = False
        for parameter in block.parameters:
            self.check_name(parameter.name, parameter.span, "a parameter")
            if parameter.name in names:
                self.problems.add(Problem("duplicate-name", f"duplicate parameter `{parameter.name}`", parameter.span))
            if parameter.default:
                self.check_names(parameter.default, names, self.description.params)
            elif optional:
                message = f"`{parameter.name}` has no default, but follows a parameter with a default"
                help_text = f"declare it before those with a default, or give it one: `{parameter.name}=…`"
                fixes = _drop_defaults(block)
                self.problems.add(Problem("syntax", message, parameter.span, help_text, fixes=fixes))
            optional = optional or parameter.default is not None
            names.append(parameter.name)
        used = block.name in self.used_blocks
        block.names = self.check_body(block.body, names, frozenset(names))
        if not used:  # only called by itself
            self.used_blocks.discard(block.name)

    def check_body(self, body: Body, parameters: Sequence[str], taken: frozenset[str]) -> frozenset[str]:
        """Check a whole body; returns the names of its outputs."""
        repeated = set_segments(body, self.description.blocks)
        outputs: set[str] = set()
        rebound: dict[str, tuple[Fix, ...]] = {}
        chains = chains_of(body)
        units = units_of(chains)
        here = {*repeated, *(unit.path_word for unit in units)}
        numbered = _Either(here, self.description.blocks)
        for chain in chains:
            if chain.name and chain.name_span and self.check_name(chain.name, chain.name_span, "an output"):
                if chain.name in outputs and chain.name not in rebound:
                    from cnncalc.spec.rebinding import drop_names  # only needed for mistakes

                    rebound[chain.name] = drop_names(chain.name, chains) if len(rebound) < limits.REBOUND_NAMES else ()
                self.check_output_name(chain, outputs, taken, numbered, rebound.get(chain.name, ()))
                outputs.add(chain.name)
                if chain.name in SIZE_NAMES:
                    self.like_sizes.append((chain.name, chain.name_span))
        unread = {name for unit in units if isinstance(unit, Broken) for name in unit.names}
        known = {*parameters, *outputs, *unread}
        for unit in units:
            if isinstance(unit, Call | Merge) and not self.problems.full:
                if isinstance(unit, Call):
                    self.used_blocks.add(unit.kind)
                    if unit.kind in self.description.unread:
                        continue
                try:
                    bind(unit, self.description, known)
                except Mistake as mistake:
                    for one in (mistake, *mistake.others):
                        self.problems.add(one.problem)
                    if isinstance(unit, Call):
                        self.leave_out(unit, mistake)
        read: set[str] = set()
        for expression in expressions_of(chains):
            read.update(self.check_names(expression, known, self.description.params))
            self.members.update(members_in(expression))
        self.named.append(({chain.name: chain.name_span for chain in chains if chain.name_span}, read))
        return frozenset(outputs)

    def leave_out(self, call: Call, mistake: Mistake) -> None:
        """Do not report names in a call of another tool that its repair omits or rewrites."""
        if mistake.problem.code == "unknown-kind":
            fixes = mistake.problem.fixes
            left = set(_NAME.findall(fixes[0].text)) if fixes else ()
            names = [name for argument in call.arguments for name in names_in(argument.value)]
            self.left_out.update(id(name) for name in names if name.name not in left)

    def check_output_name(
        self,
        chain: Chain,
        outputs: Collection[str],
        parameters: Collection[str],
        words: Container[str],
        rebound: tuple[Fix, ...],
    ) -> None:
        """Check that the name of an output is free and does not look like the path of an unnamed layer.

        `words` are those that are numbered in this body; a kind that was added later only counts if it is used here.
        """
        name, span = chain.name, chain.name_span
        assert span
        found = word_and_number(name, words)
        if found and found[0] in LATER_FAMILIES and found[0] not in words:
            found = None
        if name in outputs or name in parameters:
            message = f"duplicate name `{name}` in this block"
            self.problems.add(Problem("duplicate-name", message, span, "rename one of them", fixes=rebound))
        elif found:
            other = free_name(name, words)
            message = f"`{name}` looks like the path of an unnamed `{found[0]}`"
            self.problems.add(Problem("bad-name", message, span, fixes=(Fix(span, other, f"rename it to `{other}`"),)))

    def check_names(self, expression: Expression, known: Collection[str], params: Collection[str]) -> list[str]:
        """All names of an expression; unknown names are reported, used params are collected."""
        names = names_in(expression)
        for name in names:
            name.known = True
            if name.name in known:
                continue
            if name.name in params:
                self.used_params.add(name.name)
                continue
            if name.name in self.description.blocks:
                self.used_blocks.add(name.name)
            if not self.is_word(name.name) and name.name not in SPECIAL:
                name.known = False
                if self.problems.full or name.name in self.description.unread or id(name) in self.left_out:
                    continue
                self.problems.add(self.unknown(name, [*known, *params]))
        return [name.name for name in names]

    def unknown(self, name: Name, known: Collection[str]) -> Problem:
        """The problem for an unknown name."""
        message, help_text = f"unknown name `{name.name}`", ""
        if name.name in self.description.params:
            return Problem(
                "unknown-name",
                f"the param `{name.name}` is declared further down",
                name.span,
                "a param can only use params declared above it",
            )
        if name.name in self.description.inputs:
            help_text = f"`{name.name}` is an input of the network: pass it as an argument"
        elif name.name in self.outputs:
            help_text = f"`{name.name}` is an output of another block: pass it as an argument"
        return Problem("unknown-name", message, name.span, help_text, fixes=self.suggest_names(name, known))

    def suggest_names(self, name: Name, known: Collection[str]) -> tuple[Fix, ...]:
        """The repairs of an unknown name, the likeliest first."""
        if re.fullmatch(r"[0-9]+(x[0-9]+)+", name.name):
            return (write(name.span, f"[{name.name.replace('x', ', ')}]", "lists are written in brackets"),)
        factor = re.fullmatch(r"([0-9]+)([A-Za-z_]\w*)", name.name)
        if factor and factor[2] in known:
            return (write(name.span, f"{factor[1]} * {factor[2]}"),)
        from cnncalc.spec.foreign import find_kind  # only needed for mistakes

        words = FOREIGN_WORDS.get(name.name, f"{PREVIOUS}(1)" if name.name == PREVIOUS else "").split()
        kind = find_kind(name.name)
        names = [*known, *RESERVED, *SHADOWABLE, *KINDS, *self.description.blocks]
        return (
            *(write(name.span, word) for word in words),
            *([guess(name.span, kind)] if kind else []),
            *dict.fromkeys((*rename(name.span, name.name, known), *rename(name.span, name.name, names))),
        )

    def is_word(self, name: str) -> bool:
        """Whether a name is a word of the language or a block."""
        words = (RESERVED, SHADOWABLE, OWN_WORDS, KINDS, STRUCTURE_WORDS, self.description.blocks)
        return name != PREVIOUS and any(name in each for each in words)
