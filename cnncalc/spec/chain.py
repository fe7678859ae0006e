"""A chain of layers on the command line, in place of a file."""

from __future__ import annotations

import re

from cnncalc.errors import Source, UsageError
from cnncalc.layers import KINDS
from cnncalc.spec.files import is_file
from cnncalc.spec.load import Loaded, input_text, load_source
from cnncalc.spec.write import in_quotes

CALL = re.compile(r"\s*\w+\(")


def is_chain(text: str) -> bool:
    """Whether a text is a chain of layers and not the name of a file.

    >>> [is_chain(text) for text in ("conv(72, 3)", "relu -> flatten", "relu", "alexnet", "my (old).yaml")]
    [True, True, True, False, False]
    """
    return "->" in text or text in KINDS or (CALL.match(text) is not None and not is_file(text))


def open_chain(text: str, input: str | None) -> Loaded:
    """Read a chain as a file would be. Raises UsageError where the input is not given or not sizes."""
    if input is None:
        raise UsageError("a chain of layers needs --input, as --input 3x224x224")
    plain = all(sign not in text for sign in ("\n", ": ", " #")) and text[:1].isalpha() and text.isprintable()
    layers = text if plain else in_quotes(text)
    file = f"layers: {layers}\nname: {in_quotes(text)}\ninput: {input_text(input)}\n"
    return load_source(Source("<command line>", file))
