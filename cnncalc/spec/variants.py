"""One architecture with many params and inputs: its text is only read and checked once."""

from __future__ import annotations

from cnncalc.errors import Problems, Source, SpecError
from cnncalc.spec.check import Checker
from cnncalc.spec.expressions import Expression, Listed, Literal
from cnncalc.spec.family import Description, read_family
from cnncalc.spec.load import Loaded, Overrides, build, override


class Variants:
    """Builds the networks of an architecture for any overrides."""

    def __init__(self, source: Source, path: str) -> None:
        """Read the text. Raises SpecError with its problems if that fails."""
        self.source, self.path = source, path
        problems = Problems()
        description = read_family(source, path, problems)
        if description is None or problems.errors:
            raise SpecError(problems.sorted())
        Checker(description, problems).check()
        if problems.errors:
            raise SpecError(problems.sorted())
        self.description = description
        self.evaluated = description.amount.evaluated

    def load(self, overrides: Overrides) -> Loaded:
        """The network with these overrides, and its problems. Raises UsageError."""
        first = self.description
        description = Description(first.documents)
        description.names, description.made = first.names, first.made
        amount = description.amount
        amount.evaluated, amount.steps, amount.layers = self.evaluated, 0, 0  # each network has its own limits
        problems = Problems()
        override(description, overrides)
        given = [description.params[name].value for name, _ in overrides.params]
        if not all(map(_is_constant, given)):
            Checker(description, problems).check()
        return build(description, self.source, self.path, overrides, problems)


def _is_constant(expression: Expression) -> bool:
    """Whether an expression contains no names, so that there is nothing to check."""
    if isinstance(expression, Listed):
        return all(map(_is_constant, expression.items))
    return isinstance(expression, Literal)
