"""Channel groups: the check that groups divide the channels, and the base classes of kinds that have groups."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Any

from cnncalc import limits
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.channels import Carried, Channels, Chosen
from cnncalc.layers.settings import integer

GROUPS: Any = integer(1, symbol="G", brief="g{}", doc="parts that the channels are divided into")


def check_groups(kind: str, groups: int, channels: int, out: int | None = None, *, argument: str = "groups") -> None:
    """Raises LayerError `groups-mismatch` where groups do not divide the input or output channels."""
    for name, count in (("input", channels), ("output", out)):
        if count is not None and count % groups:
            common = channels if out is None else gcd(channels, out)
            divisor = nearest_divisor(groups, common)
            raise LayerError(
                "groups-mismatch",
                f"`{kind}` cannot divide {count} {name} channels into {groups} {argument}"
                f" ({count} mod {groups} = {count % groups})",
                offer=f"use a divisor of {common}, e.g. {{}}",
                argument=argument,
                suggest={argument: divisor},
            )


def nearest_divisor(wanted: int, number: int) -> int:
    """The divisor of `number` nearest to `wanted`, the smaller of two equally near; 1 if none is within 10,000."""
    for distance in range(limits.DIVISORS_TRIED):
        for candidate in (wanted - distance, wanted + distance):
            if candidate > 0 and number % candidate == 0:
                return candidate
    return 1


class Grouped(Layer):
    """Base of kinds that divide their channels into `groups` equal parts.

    If every channel is a group of its own, it remains so in a narrowed network.
    """

    groups: int

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        channels = inputs[0][0]
        return Carried() if self.groups == channels else Carried((channels // self.groups,))

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(groups=inputs[0][0]) if self.groups == before[0][0] else self


class ChoosesChannels(Layer):
    """Base of kinds with `out` output channels, each of which reads all input channels."""

    out: int

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen()

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        return self.replace(out=divide(self.out))


class ChoosesInGroups(ChoosesChannels):
    """Base of kinds with `out` output channels, each of which reads only the input channels of its group.

    With one group per input channel it is depthwise; narrowing keeps the number of output channels per group.
    """

    groups: int

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Carried() if self.is_depthwise(inputs) else Chosen(self.groups)

    def narrow(self, before: Shapes, inputs: Shapes, divide: Callable[[int], int]) -> Layer:
        if not self.is_depthwise(before):
            return super().narrow(before, inputs, divide)
        return self.replace(groups=inputs[0][0], out=inputs[0][0] * (self.out // self.groups))

    def is_depthwise(self, inputs: Shapes) -> bool:
        """Whether every input channel is a group of its own; False for a single channel."""
        return self.groups == inputs[0][0] > 1
