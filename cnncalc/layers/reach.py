"""Which input positions an output position of a layer reads, axis by axis; `analysis` derives receptive fields."""

from __future__ import annotations

from typing import Literal

from cnncalc.records import NamedTuple


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


class Resample(NamedTuple):
    """An axis of another size: `up` outputs for each `down` inputs.

    With one tap, output y reads the input ⌊y·down/up⌋. With 2 or 4 taps it reads as many inputs around the point
    (y + ½)·down/up − ½ or, if `aligned`, y·down/up: half of them before and half after it. If the point is itself an
    input, only that one is read.
    """

    up: int
    down: int = 1
    taps: int = 1
    aligned: bool = False

    def reads(self, output: int) -> tuple[int, int]:
        """The first and the last input that an output reads, as if the map continued beyond its borders."""
        up, down, taps, aligned = self
        if taps == 1:
            return output * down // up, output * down // up
        point, parts = (output * down, up) if aligned else ((2 * output + 1) * down - up, 2 * up)
        below, rest = divmod(point, parts)
        return (below + 1 - taps // 2, below + taps // 2) if rest else (below, below)

    @property
    def growth(self) -> int:
        """The number of inputs that an output reads at most, minus 1."""
        always_whole = self.up == 1 and (self.aligned or self.down % 2 == 1)
        return 0 if always_whole else self.taps - 1


class AdaptiveWindow(NamedTuple):
    """Output y of `output` reads the inputs ⌊y·input/output⌋ up to, not including, ⌈(y + 1)·input/output⌉."""

    input: int
    output: int


class Everywhere(NamedTuple):
    """Every output reads the same position, and all others of the axis through statistics."""

    size: int


class EveryPosition(NamedTuple):
    """Every output reads all positions of the axis; if `causal`, those up to its own; if `by_data`, some of them."""

    size: int
    causal: bool = False
    by_data: bool = False


class Folded(NamedTuple):
    """A border of positions of the map: output y reads the input y − before, or another one if that is outside.

    It is then the position mirrored at the edge (`reflect`), the one at the edge (`replicate`), or the one at the same
    distance from the opposite end (`circular`).
    """

    size: int
    before: int
    after: int
    mode: str

    @property
    def moves(self) -> tuple[int, int]:
        """The largest distances of a position that is read to the left and to the right of y − before."""
        if self.mode == "circular":
            return (self.size if self.after else 0), (self.size if self.before else 0)
        times = 2 if self.mode == "reflect" else 1
        return times * self.after, times * self.before


class Rearranged:
    """Each output element is one input element, at any position; the last `kept` axes are unchanged."""

    __slots__ = ("kept",)

    def __init__(self, kept: int) -> None:
        self.kept = kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rearranged) and self.kept == other.kept

    def __hash__(self) -> int:
        return hash((Rearranged, self.kept))

    def __repr__(self) -> str:
        return f"Rearranged({self.kept})"


# of one axis
Rule = Window | TransposedWindow | Resample | AdaptiveWindow | Everywhere | EveryPosition | Folded

# A rule for each axis; or "pointwise": only the same position; "normalized": the same position, and all others through
# the statistics; "flatten": positions become elements; "whole": every element reads the whole input.
# "anywhere": every element may read any position of all inputs, as in attention, by weights that depend on the data.
Reach = tuple[Rule, ...] | Rearranged | Literal["pointwise", "normalized", "flatten", "whole", "anywhere"]
