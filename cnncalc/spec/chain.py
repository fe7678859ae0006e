"""Chains of layers on the command line, in place of a file."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import Source
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape
from cnncalc.layers.settings import show
from cnncalc.spec.write import in_quotes


def is_chain(text: str) -> bool:
    """Whether a text that is not the name of a file is a chain of layers.

    >>> [is_chain(text) for text in ("conv(72, 3)", "relu -> flatten", "relu", "alexnet", "net.yaml")]
    [True, True, True, False, False]
    """
    return "(" in text or "->" in text or text.strip() in KINDS


def chain_source(text: str, input: Shape, params: Sequence[tuple[str, str]] = ()) -> Source:
    """The text of a file for a chain, with its input and the params that it uses."""
    plain = all(sign not in text for sign in ("\n", ": ", " #")) and text[:1].isalpha() and text.isprintable()
    layers = text if plain else in_quotes(text)
    lines = [f"layers: {layers}", f"name: {in_quotes(text)}", f"input: {show(input)}"]
    if params:
        lines += ["params:", *(f"  {in_quotes(name)}: {in_quotes(value)}" for name, value in params)]
    return Source("<command line>", "\n".join(lines) + "\n")
