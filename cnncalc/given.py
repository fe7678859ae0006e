"""What a file states beside its network: the numbers that it expects, and arrays of its layers."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.errors import Span
from cnncalc.layers.arguments import Value
from cnncalc.records import NamedTuple


class Expectation(NamedTuple):
    """A number that a file states under `expect`, and that `validate` compares with what is computed."""

    key: str
    value: Value
    key_span: Span
    span: Span


class GivenArray(NamedTuple):
    """An array that a user gives: nested lists of numbers, and where it is written, None where in no file of ours."""

    value: Value
    span: Span | None = None


GivenWeights = Mapping[str, Mapping[str, GivenArray]]  # path of a layer → name of the array → the array
