"""The blanks of an exercise: cells of the table of a network whose values are to be found."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random

from cnncalc import limits
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.layers.base import Shape
from cnncalc.layers.window import Windowed
from cnncalc.nearest import spell_out
from cnncalc.records import NamedTuple

Answer = tuple[int, ...]  # the sizes of a tensor or of a field, or one number


class Asked(NamedTuple):
    """What a column asks: its short and its long name, and what belongs into the cell of a layer, None for no blank."""

    name: str
    figure: str
    find: Callable[[LayerReport], Answer | None]


class Question(NamedTuple):
    """One blank: its number from 1, the index of its layer in the report, what is asked, and what belongs there."""

    number: int
    layer: int
    asked: Asked
    answer: Answer


def _find_output(layer: LayerReport) -> Shape | None:
    """An output with a size of its own, or of a window; not that of a layer that works element by element."""
    return layer.output if isinstance(layer.layer, Windowed) or layer.inputs != (layer.output,) else None


def _find_parameters(layer: LayerReport) -> Answer | None:
    return (layer.parameters,) if layer.parameters else None


def _find_macs(layer: LayerReport) -> Answer | None:
    return (layer.work.macs,) if layer.work.macs else None


def _find_field(layer: LayerReport) -> Answer | None:
    """The receptive field of a layer with a window, where it is the same exact interval for all units."""
    field = layer.receptive_field
    if field is None or field.varies or not field.exact or not isinstance(layer.layer, Windowed):
        return None
    return field.size or None


ASKED = {
    asked.name: asked
    for asked in (
        Asked("output", "output", _find_output),
        Asked("params", "parameters", _find_parameters),
        Asked("macs", "macs", _find_macs),
        Asked("field", "receptive_field", _find_field),
    )
}
DEFAULT = ("output", "params", "field")
PART = 2  # with a seed one of so many blanks stays, at least one


def find_asked(names: str) -> list[Asked]:
    """What a list such as `output,params` asks, each once. Raises UsageError for an unknown name."""
    by_name = ASKED | {asked.figure: asked for asked in ASKED.values()}
    wanted = [name.strip().lower().replace(" ", "_") for name in names.split(",") if name.strip()]
    if not wanted:
        raise UsageError(f"--blank needs a name: {', '.join(ASKED)}")
    for name in wanted:
        if name not in by_name:
            meant = spell_out(name, [*by_name])
            hint = f", did you mean `{meant}`?" if meant else ";"
            raise UsageError(f"nothing is called {name!r}{hint} blanks can be {', '.join(ASKED)}")
    return list({by_name[name].name: by_name[name] for name in wanted}.values())


def draw_questions(report: Report, asked: Collection[Asked], seed: int | None = None) -> list[Question]:
    """The blanks of a network, row by row; with a seed, half of them, drawn by it.

    Raises CnncalcError if there is nothing to ask, and for more blanks than `limits.EXERCISE_BLANKS`.
    """
    found = [
        (index, each, answer)
        for index, layer in enumerate(report.layers)
        for each in asked
        if (answer := each.find(layer)) is not None
    ]
    if not found:
        raise CnncalcError(f"no layer has anything to ask for: {', '.join(each.name for each in asked)}")
    if seed is not None:
        chosen = sorted(Random(seed).sample(range(len(found)), max(len(found) // PART, 1)))
        found = [found[at] for at in chosen]
    if len(found) > limits.EXERCISE_BLANKS:
        raise CnncalcError(f"these are {len(found):,} blanks, and an exercise has at most {limits.EXERCISE_BLANKS:,}")
    return [Question(number, *each) for number, each in enumerate(found, 1)]
