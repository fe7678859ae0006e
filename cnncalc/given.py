"""What a file gives besides its network: expectations, and arrays of its layers."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.errors import Span
from cnncalc.layers.arguments import Value
from cnncalc.records import NamedTuple


class Expectation(NamedTuple):
    """A figure under `expect`, which `validate` compares with the computed one."""

    key: str
    value: Value
    key_span: Span
    span: Span


class GivenArray(NamedTuple):
    """An array given by the user: nested lists of numbers, and its position, None if it is not in YAML."""

    value: Value
    span: Span | None = None


GivenWeights = Mapping[str, Mapping[str, GivenArray]]  # path of a layer → name of the array → the array
