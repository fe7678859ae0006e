"""ARCH, as every command reads it: through the one door, with its warnings on standard error."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.cli.messages import note
from cnncalc.cli.output import message

if TYPE_CHECKING:
    from cnncalc.layers.base import Shape
    from cnncalc.reading import Reading


def read(
    arch: str,
    inputs: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
    *,
    layers: bool = False,
) -> "Reading":
    """Read an architecture that is whole; its warnings are reported when the command has ended. Raises SpecError.

    With `layers`, a name of no file is a chain of layers.
    """
    reading = read_partly(arch, inputs, settings, layers=layers)
    reading.require_network()
    return reading


def read_partly(
    arch: str,
    inputs: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
    *,
    layers: bool = False,
    where: str = "",
) -> "Reading":
    """Read an architecture as far as it goes; all problems are reported when the command has ended.

    `where` tells this reading of the file from others: it is a note of its errors.
    """
    from cnncalc.errors import Note
    from cnncalc.reading import read

    reading = read(arch, inputs=inputs or (), settings=settings or (), layers=layers)
    note(
        problem._replace(notes=(*problem.notes, Note(where))) if where and problem.severity == "error" else problem
        for problem in reading.problems
    )
    if inputs and reading.is_chain and reading.network is not None:
        _note_signal(reading.network.input)
    return reading


def _note_signal(shape: "Shape") -> None:
    """Say how the sizes of a chain's input are read where those of an image may be meant."""
    from cnncalc.spec.input_order import may_be_image

    if may_be_image(shape):
        channels, length = shape
        message(
            f"cnncalc: note: --input {channels}x{length} is {channels} channels of length {length}; an image has its"
            f" channels first, e.g. 1x{channels}x{length}\n"
        )
