"""A constructor of PyTorch for a layer, by the table of PyTorch's own names and orders of arguments."""

from __future__ import annotations

from typing import Any, Protocol

from cnncalc.errors import CnncalcError
from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.layers.base import Shape
from cnncalc.layers.frameworks import INPUT, PYTORCH
from cnncalc.layers.settings import REQUIRED
from cnncalc.records import NamedTuple


class Refused(CnncalcError):
    """Something has no counterpart in the target; the message says what."""


class Module(NamedTuple):
    """A module of a layer. `suffix` is what its name adds to that of the layer, "" for the layer itself."""

    suffix: str
    code: Code


class Given(Protocol):
    """A layer in the text, as it is called: its arguments as Python text, and the values that they come to."""

    kind: str

    @property
    def axes(self) -> int:
        """The number of spatial axes, 0 for a flat input. Raises Refused if it differs each time."""

    def channels(self) -> str:
        """The channels of the input, as Python text. Raises Unwritable."""

    def shape(self) -> Shape:
        """The shape of the input, if it is always the same. Raises Unwritable."""

    def text(self, name: str) -> str:
        """An argument as Python text. Raises Unwritable."""

    def values(self, name: str) -> list[Any]:
        """The values that an argument comes to, each once."""

    def is_given(self, name: str) -> bool:
        """Whether an argument has, or may have, another value than its default."""

    def parts(self, name: str) -> Code | None:
        """An argument that is a list of pairs as Python text of their elements from the last axis on, else None."""

    def reads_another(self) -> bool:
        """Whether the layer reads a named output besides its input."""

    def is_dynamic(self, name: str) -> bool:
        """Whether an argument depends on the sizes of tensors."""

    def helper(self, name: str) -> str:
        """The name of a helper, which is then part of the file."""


def construct(given: Given, name: str, **other: str) -> Bracketed:
    """A constructor of PyTorch. `other` are texts of our arguments in place of what is written; "" leaves one out."""
    signature = PYTORCH[name]
    arguments: list[Code] = []
    for parameter, ours in signature.parameters.items():
        if ours == INPUT:
            arguments.append(other.get(INPUT) or given.channels())
        elif ours in other:
            arguments += [_by_position(parameter, other[ours], arguments)] if other[ours] else []
        elif ours in SETTINGS_ELSEWHERE or ours not in settings_of(given):
            continue
        elif settings_of(given)[ours].default is REQUIRED or parameter in REQUIRED_THERE.get(name, ()):
            arguments.append(given.text(ours))
        elif given.is_given(ours):
            arguments.append(_by_position(parameter, given.text(ours), arguments))
    return call(module_name(given, name), *arguments)


def _by_position(parameter: str, text: str, before: list[Code]) -> Code:
    """An argument by its name; a stride, and a padding after it, by their position, as is usual after a kernel."""
    at = {"stride": 3, "padding": 4}.get(parameter)
    return (
        text
        if at == len(before) and not any(isinstance(each, Keyed) for each in before)
        else Keyed(f"{parameter}=", text)
    )


REQUIRED_THERE = {"LocalResponseNorm": ("size",)}  # parameters without a default, where ours has one


SETTINGS_ELSEWHERE = ("shift", "scale")  # of norms: `one_sided`


def settings_of(given: Given) -> dict[str, Any]:
    from cnncalc.layers import kind_class

    return kind_class(given.kind).settings


def module_name(given: Given, name: str) -> str:
    """`nn.Conv2d`, or `nn.ReLU` for what has no number of axes."""
    return f"nn.{name}{max(given.axes, 1)}d" if name in PER_AXES else f"nn.{name}"


PER_AXES = frozenset({
    "Conv", "ConvTranspose", "BatchNorm", "InstanceNorm", "MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool",
})  # fmt: skip


def only(given: Given, name: str) -> Any:
    """The value of an argument that must be the same each time. Raises Refused."""
    values = given.values(name)
    if len(values) != 1:
        raise Refused(f"`{name}` of `{given.kind}` has several values")
    return values[0]


def product(first: str, second: str) -> str:
    """The product of two texts."""
    first, second = (text if text.replace("_", "").isalnum() else f"({text})" for text in (first, second))
    return second if first == "1" else first if second == "1" else f"{first} * {second}"


def as_float(text: str) -> str:
    """A number as Python text that is a float."""
    return f"{text}.0" if text.lstrip("-").isdigit() else text
