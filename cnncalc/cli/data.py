"""Reading the files of `run`, and its weights; `input_data` reads its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc import limits
from cnncalc.cli.output import write_message
from cnncalc.errors import CnncalcError, SpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Source
    from cnncalc.execution.weights import Weights
    from cnncalc.reading import Reading


def read_weights(reading: Reading, file: str | None, seed: int | None, kernels: Sequence[str] = ()) -> Weights:
    """The arrays of a file and of the architecture; with a file, missing ones are sampled only if a seed is given.

    `kernels` are those of --kernel, which come before both. Raises SpecError, UsageError and CnncalcError.
    """
    from cnncalc.execution.weights import Weights, check_weights, list_omitted
    from cnncalc.spec import weights

    net = reading.require_network()
    written, problems = weights.find_weights(reading.description)
    if file is not None:
        more, others = weights.read_weights(decode_data(file, read_data(file)))
        written, problems = {**written, **more}, [*problems, *others]
    found, wrong = check_weights(net, written, complete=file is not None and seed is None)
    if problems or wrong:
        unplaced = f"{file}: " if file is not None else ""
        named = [problem if problem.span else problem._replace(message=unplaced + problem.message) for problem in wrong]
        raise SpecError([*problems, *named])
    if kernels:
        from cnncalc.cli.kernels import assign_kernels

        given = assign_kernels(net, kernels)
        if file is not None and (twice := given.keys() & check_weights(net, more, complete=False)[0].keys()):
            raise UsageError(f"`--kernel` and `--weights` both give {'.'.join(min(twice))}")
        return Weights(net, {**found, **given}, seed)
    if names := list_omitted(net, found):
        rest = f" and {len(names) - limits.LISTED_ARRAYS} more" if len(names) > limits.LISTED_ARRAYS else ""
        listed = ", ".join(names[: limits.LISTED_ARRAYS]) + rest
        write_message(f"cnncalc: note: omitted beside other arrays, so without effect: {listed}\n")
    return Weights(net, found, seed)


def read_data(name: str) -> bytes:
    """The bytes of a file. Raises CnncalcError."""
    from cnncalc.spec.files import read_bytes

    try:
        data = read_bytes(name, limits.DATA_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise CnncalcError(f"cannot read {name or 'an empty name'}: {reason}") from None
    if len(data) > limits.DATA_BYTES:
        raise CnncalcError(f"{name} is larger than the limit of {limits.DATA_BYTES // 2**20} MiB")
    return data


def decode_data(name: str, data: bytes) -> Source:
    """The text of the bytes of a file. Raises CnncalcError."""
    from cnncalc.errors import Source

    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CnncalcError(f"{name} is neither UTF-8 text nor a PNG, PGM or PPM picture") from None
