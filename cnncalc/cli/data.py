"""Reading the files of `run`: the input, as nested lists or a picture, and the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc import limits
from cnncalc.cli.output import write_message
from cnncalc.errors import CnncalcError, SpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Source
    from cnncalc.execution.weights import FlatArray, Weights
    from cnncalc.layers.base import Shape
    from cnncalc.network import Network
    from cnncalc.reading import Reading


def read_weights(reading: Reading, file: str | None, seed: int | None) -> Weights:
    """The arrays of a file and of the architecture; with a file, missing ones are sampled only if a seed is given.

    Raises SpecError and CnncalcError.
    """
    from cnncalc.execution.weights import Weights, check_weights, list_omitted
    from cnncalc.spec import weights

    net = reading.require_network()
    written, problems = weights.find_weights(reading.description)
    if file is not None:
        more, others = weights.read_weights(_decode(file, _read(file)))
        written, problems = {**written, **more}, [*problems, *others]
    found, wrong = check_weights(net, written, complete=file is not None and seed is None)
    if problems or wrong:
        unplaced = f"{file}: " if file is not None else ""
        named = [problem if problem.span else problem._replace(message=unplaced + problem.message) for problem in wrong]
        raise SpecError([*problems, *named])
    if names := list_omitted(net, found):
        rest = f" and {len(names) - limits.LISTED_ARRAYS} more" if len(names) > limits.LISTED_ARRAYS else ""
        listed = ", ".join(names[: limits.LISTED_ARRAYS]) + rest
        write_message(f"cnncalc: note: omitted beside other arrays, so without effect: {listed}\n")
    return Weights(net, found, seed)


def read_inputs(net: Network, files: Sequence[str], seed: int | None) -> list[FlatArray]:
    """The inputs in order; one without a file is random.

    Raises UsageError if it is unclear which input a file is for, CnncalcError for a wrong shape.
    """
    from cnncalc.execution.weights import sample_input
    from cnncalc.network import input_label

    given = _assign_files(net, files)
    return [
        _read_input(name, shape, given[name]) if name in given else sample_input(seed or 0, shape, input_label(name))
        for name, shape in net.inputs.items()
    ]


def _assign_files(net: Network, files: Sequence[str]) -> dict[str, str]:
    """The file of each input, by the input's name."""
    from cnncalc.network import INPUT_NAME, input_label

    found: dict[str, str] = {}
    for text in files:
        name, equals, file = text.partition("=")
        if not equals or name not in net.inputs or name == INPUT_NAME:
            name, file = next(iter(net.inputs)), text
            if len(net.inputs) > 1:
                names = ", ".join(net.inputs)
                raise UsageError(f"{net.name} has several inputs ({names}): write --input-data NAME=FILE, not {text!r}")
        if name in found:
            raise UsageError(f"--input-data gives the {input_label(name)} more than once")
        found[name] = file
    return found


def _read_input(name: str, wanted: Shape, file: str) -> FlatArray:
    """Read one input."""
    from cnncalc.execution.netpbm import PictureError, is_picture, read_header, read_picture
    from cnncalc.execution.weights import NestedError

    try:
        data = _read(file)
        if is_picture(data):
            _check_shape(name, wanted, file, read_header(data).shape)  # before any pixel is decoded
            return read_picture(data)
        source = _decode(file, data)
        del data  # it may be large
        found = _read_lists(source)
    except (NestedError, PictureError) as error:
        raise CnncalcError(f"{file}: {error}") from None
    _check_shape(name, wanted, file, found.shape)
    return found


def _read_lists(source: Source) -> FlatArray:
    from cnncalc.execution.weights import NestedError, flatten_array
    from cnncalc.spec.weights import read_array

    nested, problems = read_array(source)
    if problems:
        raise SpecError(problems)
    found = flatten_array(nested)
    if not found.shape:
        raise NestedError("nested lists of numbers are expected, found a number")
    return found


def _check_shape(name: str, wanted: Shape, file: str, shape: Shape) -> None:
    from cnncalc.layers.base import format_shape
    from cnncalc.network import INPUT_NAME

    if shape != wanted:
        hint, own = "", "" if name == INPUT_NAME else f"{name}="
        if len(shape) == len(wanted):
            hint = f"; use --input {own}{'x'.join(map(str, shape))}"
        takes = f"the network takes {own}{format_shape(wanted)}"
        raise CnncalcError(f"{file}: the input is {format_shape(shape)}, but {takes}{hint}")


def _read(name: str) -> bytes:
    from cnncalc.spec.files import read_bytes

    try:
        data = read_bytes(name, limits.DATA_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise CnncalcError(f"cannot read {name or 'an empty name'}: {reason}") from None
    if len(data) > limits.DATA_BYTES:
        raise CnncalcError(f"{name} is larger than the limit of {limits.DATA_BYTES // 2**20} MiB")
    return data


def _decode(name: str, data: bytes) -> Source:
    from cnncalc.errors import Source

    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CnncalcError(f"{name} is neither UTF-8 text nor a PGM or PPM picture") from None
