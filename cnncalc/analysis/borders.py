"""Units near a border whose padding is made of the map's own positions, by `pad(mode=reflect)` and the like.

A receptive field is that of a unit whose windows do not touch such a border. The units that touch it see real positions
where the field is beyond the image: `Folds` says which units, and how much further than their interval they may see.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from fractions import Fraction
from math import ceil

from cnncalc.layers.reach import (
    AdaptiveWindow,
    EveryPosition,
    Everywhere,
    Folded,
    Resample,
    Rule,
    TransposedWindow,
    Window,
)
from cnncalc.records import NamedTuple


class Folds(NamedTuple):
    """The first `before` and the last `after` units of an axis may see more: `left` positions before, `right` after."""

    before: int
    after: int
    left: int
    right: int

    def touches(self, first: int, last: int, size: int) -> bool:
        """Whether units from first to last are among those, on an axis of this size."""
        return first < self.before or last >= size - self.after

    def widen(self, interval: tuple[int, int]) -> tuple[int, int]:
        """What a unit with this interval sees at most."""
        return interval[0] - self.left, interval[1] + self.right


def step_folds(folds: Folds | None, rule: Rule, size: int, made: int, rate: Fraction, spread: int) -> Folds | None:
    """The folds of `made` outputs of a rule over `size` units.

    The intervals of these are `rate` apart, from which their ends differ by at most `spread`.
    """
    if isinstance(rule, Folded):
        before, after, left, right = folds or Folds(0, 0, 0, 0)
        further_left, further_right = (ceil(rate * units) + spread if units else 0 for units in rule.moves)
        before += rule.before if before or rule.before else 0
        after += rule.after if after or rule.after else 0
        return Folds(min(before, made), min(after, made), left + further_left, right + further_right)
    if folds is None or isinstance(rule, EveryPosition) or (isinstance(rule, AdaptiveWindow) and rule.output == 1):
        return None
    outputs = range(made)
    before = bisect_left(outputs, folds.before, key=lambda y: _ends(rule, y)[0]) if folds.before else 0
    after = made - bisect_left(outputs, size - folds.after, key=lambda y: _ends(rule, y)[1]) if folds.after else 0
    return folds._replace(before=before, after=after) if before or after else None


def unite_folds(each: Iterable[Folds | None]) -> Folds | None:
    """The folds of the union of what the units of several maps see."""
    found = [folds for folds in each if folds]
    return Folds(*map(max, zip(*found, strict=True))) if found else None


def _ends(rule: Rule, y: int) -> tuple[int, int]:
    """The first and the last unit that an output reads, neither of which decreases from one output to the next."""
    if isinstance(rule, Window):
        first = y * rule.stride - rule.before
        return first, first + (rule.kernel - 1) * rule.dilation
    if isinstance(rule, TransposedWindow):
        return -((y + rule.before - (rule.kernel - 1) * rule.dilation) // -rule.stride), (
            y + rule.before
        ) // rule.stride
    if isinstance(rule, AdaptiveWindow):
        return y * rule.input // rule.output, -((y + 1) * rule.input // -rule.output) - 1
    if isinstance(rule, Resample):
        return rule.reads(y)
    assert isinstance(rule, Everywhere)
    return y, y
