"""Which input positions an output position of a layer reads, axis by axis; gives the receptive fields in `analysis`."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Window(NamedTuple):
    """Output y reads the inputs y·stride − before + k·dilation, k = 0 … kernel − 1."""

    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1

    def last(self, output: int) -> int:
        """The last input position that is read, for this number of outputs."""
        return (output - 1) * self.stride - self.before + (self.kernel - 1) * self.dilation


class TransposedWindow(NamedTuple):
    """A transposed window: input u writes to the outputs u·stride − before + k·dilation."""

    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1


class Upsampling(NamedTuple):
    """Output y reads the input ⌊y/factor⌋ or, where `linear`, the two inputs beside (y + ½)/factor − ½."""

    factor: int
    linear: bool = False


class AdaptiveWindow(NamedTuple):
    """Output y of `output` reads the inputs ⌊y·input/output⌋ up to, not including, ⌈(y + 1)·input/output⌉."""

    input: int
    output: int


Rule = Window | TransposedWindow | Upsampling | AdaptiveWindow  # of one axis

# An axis each; or "pointwise": only the same position; "normalized": the same position, and all others through the
# statistics; "flatten": positions become elements; "whole": every element reads the whole input.
Reach = tuple[Rule, ...] | Literal["pointwise", "normalized", "flatten", "whole"]
