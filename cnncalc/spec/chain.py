"""Chains of layers on the command line instead of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.errors import Source
from cnncalc.layers import KINDS
from cnncalc.layers.arguments import format_value
from cnncalc.layers.base import Shape
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.flow import quote

_START = re.compile(r"\s*(?:\w+\s*=\s*)?(?:(?:torch|nn|F|functional|tf|keras|layers)\.)*(\w+)\s*(?:$|[*,|;]|if\b|x\b)")
_PATH = re.compile(r"[/\\]|\.\w{1,12}$")


def is_chain(text: str) -> bool:
    """Whether a text that is not the name of a file is a chain of layers, perhaps with mistakes.

    >>> [is_chain(text) for text in ("conv(72, 3)", "relu -> flatten", "relu", "x = relu", "relu * 3", "nn.Flatten")]
    [True, True, True, True, True, True]
    >>> [is_chain(text) for text in ("alexnet", "net.yaml", "conv.yaml", "pool/net")]
    [False, False, False, False]
    """
    if "(" in text or "->" in text:
        return True
    start = _START.match(text)
    if start is None or start[1] in KINDS or start[1] in STRUCTURE_WORDS:
        return start is not None
    from cnncalc.layers.absent import find_absent  # only needed for mistakes
    from cnncalc.spec.foreign import find_kind

    return bool(find_kind(start[1]) or find_absent(start[1]))


def is_path(text: str) -> bool:
    """Whether a text has a folder or an extension.

    >>> is_path("nets/mine"), is_path("mine.yaml"), is_path("swish * 2")
    (True, True, False)
    """
    return _PATH.search(text) is not None


def chain_source(text: str, inputs: Sequence[tuple[str, Shape]], params: Sequence[tuple[str, str]] = ()) -> Source:
    """The text of a file for a chain, with its inputs by name ("" for a single one) and the params that it uses."""
    plain = all(mark not in text for mark in ("\n", ": ", " #")) and text[:1].isalpha() and text.isprintable()
    layers = text if plain else quote(text)
    named = ", ".join(f"{quote(name)}: {format_value(shape)}" for name, shape in inputs if name)
    sizes = f"{{{named}}}" if named else format_value(inputs[0][1])
    lines = [f"layers: {layers}", f"name: {quote(text)}", f"input: {sizes}"]
    if params:
        lines += ["params:", *(f"  {quote(name)}: {quote(value)}" for name, value in params)]
    return Source("<command line>", "\n".join(lines) + "\n")
