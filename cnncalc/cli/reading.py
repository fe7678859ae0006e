"""Reading ARCH: all commands do it here, so that all report the same problems."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.cli.messages import note
from cnncalc.cli.output import write_message

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
    """Read an architecture; its warnings are reported after the command. Raises SpecError if it has errors.

    With `layers`, a name that is not a file is a chain of layers.
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
    varied: Sequence[tuple[str, str]] = (),
    where: str = "",
) -> "Reading":
    """Read an architecture up to its first error; all problems are reported after the command.

    `varied` are the names and values of --vary. `where` is added to errors as a note, if the same file is read several
    times.
    """
    from cnncalc.errors import Note
    from cnncalc.reading import read

    if ":" in arch:
        _warn_of_code(arch)
    reading = read(arch, inputs=inputs or (), settings=settings or (), layers=layers, varied=varied)
    note(
        problem._replace(notes=(*problem.notes, Note(where))) if where and problem.severity == "error" else problem
        for problem in reading.problems
    )
    for text in reading.graph.assumptions if reading.graph is not None else ():
        write_message(f"cnncalc: note: {text}\n")
    if inputs and reading.is_chain and reading.network is not None:
        _note_signal(reading.network.input)
    return reading


def _warn_of_code(arch: str) -> None:
    """Say that a PyTorch module is read by running its code."""
    from cnncalc.exchange.modules import parse_module_name
    from cnncalc.spec.files import find

    module = parse_module_name(arch) if find(arch) is None else None
    if module and not module.is_missing:
        write_message(f"cnncalc: note: {module.source} is run to read the module, as any program of Python\n")


def _note_signal(shape: "Shape") -> None:
    """Note that the input of a chain is read as a signal, if it may be meant as an image."""
    from cnncalc.spec.input_order import may_be_image

    if may_be_image(shape):
        channels, length = shape
        write_message(
            f"cnncalc: note: --input {channels}x{length} is {channels} channels of length {length}; an image has its"
            f" channels first, e.g. 1x{channels}x{length}\n"
        )
