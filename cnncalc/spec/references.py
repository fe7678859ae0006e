"""Other architectures that a file names in its conditions, `<= 105% of mobilenet_v2`."""

from __future__ import annotations

from collections.abc import Collection

from cnncalc import limits
from cnncalc.errors import Mistake, Span, failed
from cnncalc.network import Network
from cnncalc.spec.family import find_architecture
from cnncalc.spec.files import read_source
from cnncalc.spec.load import Loaded, load_source

_CODE = "reference-missing"


def read_reference(name: str, span: Span, loaded: Loaded, known: Collection[str]) -> Network:
    """The network of a file in the same folder, or of a bundled one, with its own input. Raises Mistake.

    Its size counts for the limits of the file that names it; `known` are networks that were already read.
    """
    assert loaded.source is not None
    amount = loaded.source.amount
    if len(known) >= limits.REFERENCES:
        message = f"the conditions of a file name more than {limits.REFERENCES} other architectures"
        raise Mistake("too-large", message, span)
    path = find_architecture(name, loaded.path, span, _CODE)
    try:
        source = read_source(path, most=limits.FILE_BYTES - amount.bytes)
    except Mistake as mistake:
        raise Mistake(_CODE, f"cannot read `{name}`: {mistake.problem.message}", span) from None
    read = load_source(source, path, amount=amount)
    if read.network is None or not read.network.complete or failed(read.problems):
        raise Mistake(_CODE, f"`{name}` has errors", span, f"`cnncalc validate {path}` lists them")
    return read.network
