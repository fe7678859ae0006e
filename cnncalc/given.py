"""What a file gives besides its network: expectations, published figures, and arrays of its layers."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.errors import Span
from cnncalc.layers.arguments import Value
from cnncalc.records import NamedTuple
from cnncalc.rounded import Rounded


class Expectation(NamedTuple):
    """A figure under `expect`, which `validate` compares with the computed one."""

    key: str
    value: Value
    key_span: Span
    span: Span


class Text(NamedTuple):
    """A string of a file with its position."""

    value: str
    span: Span


class Published(NamedTuple):
    """Figures of the network as a source prints them, under `published`: by their names, `parameters`, `macs`, `flops`.

    `convention` names what counts like that, None for that of cnncalc. `input` is its shape, or all its spatial sizes;
    None for the one of the file.
    """

    figures: Mapping[str, Rounded]
    source: Text | None
    convention: Text | None
    notes: Text | None
    input: int | tuple[int, ...] | None
    span: Span


class GivenArray(NamedTuple):
    """An array given by the user: nested lists of numbers, and its position, None if it is not in YAML."""

    value: Value
    span: Span | None = None


GivenWeights = Mapping[str, Mapping[str, GivenArray]]  # path of a layer → name of the array → the array
