"""Sweeps: the figures of one network for many values of its params and input sizes, and the best of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product
from math import prod

from cnncalc import limits
from cnncalc.analysis.figures import FIGURES, Value
from cnncalc.errors import CnncalcError, Problem, UsageError
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

INPUT = "input"  # the name by which input sizes are varied
_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*(?::\s*({_NUMBER}))?\s*")
FINEST = 1_000  # parts of a range without a step: of so many, the digits after the point
MORE_DIGITS = 2  # finer than those
SAMPLES = 9  # values of a range without a step where a figure is compared, whether it grows


class Axis(NamedTuple):
    """What is varied: a param or the input size, and its values as they would be written; or the ends of a range."""

    name: str
    values: tuple[str, ...]
    ends: tuple[Fraction, Fraction] | None = None


def parse_axis(text: str) -> Axis:
    """`width=0.25,0.5,1`, `width=0.25..1:0.25`, or, to search in, `width=0.25..2`. Raises UsageError."""
    name, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not name or not values:
        raise UsageError(f"--vary takes NAME=A,B,C or NAME=FIRST..LAST:STEP, not {text!r}")
    found = _RANGE.fullmatch(values)
    if not found:
        if ".." in values:
            form = f"FIRST..LAST:STEP, e.g. {name}=0.25..1.5:0.25, in decimal numbers of up to 15 digits"
            raise UsageError(f"--vary {text!r}: a range is {form}")
        listed = tuple(_split(values))
        if "" in listed:
            raise UsageError(f"--vary {text!r}: a value is missing between two commas")
        return Axis(name, listed)
    first, last = Fraction(found[1]), Fraction(found[2])
    if first > last:
        raise UsageError(f"--vary {text!r}: the range runs backwards; write {name}={found[2]}..{found[1]}")
    if found[3] is None:
        return Axis(name, (), (first, last))
    step = Fraction(found[3])
    if step <= 0:
        raise UsageError(f"--vary {text!r}: the step must be more than 0")
    count = (last - first) // step + 1
    if count > limits.SWEEP_POINTS:
        raise UsageError(f"--vary {text!r}: {count:,} values are more than {limits.SWEEP_POINTS:,}")
    return Axis(name, tuple(format_number(first + step * number) for number in range(count)))


def _split(values: str) -> Iterator[str]:
    """The parts between commas outside brackets."""
    depth, part = 0, ""
    for sign in values:
        depth += (sign in "[(") - (sign in "])")
        if sign == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += sign
    yield part.strip()


def format_number(number: Fraction) -> str:
    """A decimal number with no more digits than it needs.

    >>> format_number(Fraction(5, 4)), format_number(Fraction(96))
    ('1.25', '96')
    """
    if number.denominator == 1:
        return str(number.numerator)
    return f"{float(number):.9f}".rstrip("0")


class Point(NamedTuple):
    """The figures of a network at some values, or the problem that it has there."""

    values: tuple[str, ...]
    input: Shape | tuple[Shape, ...] = ()
    output: Shape = ()
    figures: Mapping[str, Value] = {}
    problem: Problem | None = None
    held: bool = True  # whether it is within all limits
    best: bool = False


Evaluate = Callable[[tuple[str, ...]], Point]


class Sweep(NamedTuple):
    """The points of a sweep in the order in which they are shown; `tried` of them were computed."""

    name: str
    axes: tuple[str, ...]
    points: tuple[Point, ...]
    tried: int
    broken: int = 0
    missed: int = 0


def count_points(axes: Sequence[Axis]) -> int:
    """The number of points of a grid. Raises UsageError for too many, or for a name that is varied twice."""
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--vary gives {name!r} more than once; write its values in one list")
    if sum(axis.ends is not None for axis in axes) > 1:
        raise UsageError("only one range of --vary may be without a step: the largest value is searched in it")
    points = prod(len(axis.values) for axis in axes if axis.ends is None)
    if points > limits.SWEEP_POINTS:
        raise UsageError(f"the sweep has {points:,} points, and at most {limits.SWEEP_POINTS:,} are computed")
    return points


def iterate_points(axes: Sequence[Axis], evaluate: Evaluate, *, largest: bool) -> Iterator[Point]:
    """The points of a grid; with a range without a step, at each the largest or smallest value within the limits."""
    open_axes = [at for at, axis in enumerate(axes) if axis.ends is not None]
    if not open_axes:
        yield from map(evaluate, product(*(axis.values for axis in axes)))
        return
    at = open_axes[0]
    for values in product(*(axis.values or ("",) for axis in axes)):

        def evaluate_at(
            text: str, before: tuple[str, ...] = values[:at], after: tuple[str, ...] = values[at + 1 :]
        ) -> Point:
            return evaluate((*before, text, *after))

        yield _Search(axes[at], evaluate_at).find(largest=largest)


class _Search:
    """Finds the largest or smallest value of a range at which the network is within its limits, by bisection."""

    def __init__(self, axis: Axis, evaluate: Callable[[str], Point]) -> None:
        assert axis.ends
        self.name = axis.name
        self.first, self.last = axis.ends
        self.evaluate = evaluate
        self.known: dict[Fraction, Point] = {}
        whole = self.first.denominator == self.last.denominator == 1 and self.last - self.first > 2
        digits = 0
        while not whole and (self.last - self.first) * 10**digits < FINEST:
            digits += 1
        self.digits = 0 if whole else digits + MORE_DIGITS
        self.unit = Fraction(1, 10**self.digits)

    def at(self, value: Fraction) -> Point:
        if value not in self.known:
            self.known[value] = self.evaluate(format_number(value))
        return self.known[value]

    def find(self, *, largest: bool) -> Point:
        """The point. Raises CnncalcError where a figure does not grow along the range."""
        span = self.last - self.first
        for part in range(SAMPLES):
            self.at(self._round(self.first + span * part / (SAMPLES - 1)))
        good, bad = (self.first, self.last) if largest else (self.last, self.first)
        if self.at(bad).held and not self.at(bad).problem:
            good = bad
        while abs(bad - good) > self.unit and self._holds(good):
            middle = self._round((good + bad) / 2)
            if middle in (good, bad):
                break
            good, bad = (middle, bad) if self._holds(middle) else (good, middle)
        self._require_growth()
        return self._shorten(good, largest=largest) if self._holds(good) else self.at(good)

    def _holds(self, value: Fraction) -> bool:
        point = self.at(value)
        return point.held and not point.problem

    def _round(self, value: Fraction) -> Fraction:
        return min(max(Fraction(value // self.unit) * self.unit, self.first), self.last)

    def _shorten(self, value: Fraction, *, largest: bool) -> Point:
        """The value with the fewest digits that gives the same network."""
        for digits in range(self.digits):
            unit = Fraction(1, 10**digits)
            short = value // unit * unit if largest else -(-value // unit) * unit
            if self.first <= short <= self.last and self.at(short).figures == self.at(value).figures:
                return self.at(short)
        return self.at(value)

    def _require_growth(self) -> None:
        points = [(value, point) for value, point in sorted(self.known.items()) if not point.problem]
        for name in points[0][1].figures if points else ():
            values = [point.figures[name] for _, point in points]
            steps = list(pairwise(values))
            if None in values or all(a <= b for a, b in steps) or all(a >= b for a, b in steps):
                continue
            raise CnncalcError(
                f"`{name}` neither grows nor falls all along {self.name}={format_number(self.first)}.."
                f"{format_number(self.last)}: give a step, e.g. --vary {self.name}={format_number(self.first)}.."
                f"{format_number(self.last)}:{format_number((self.last - self.first) / 16)}"
            )


def check_names(names: Sequence[str], axes: Sequence[str], option: str) -> None:
    """Raises UsageError for a name that is neither a figure nor varied."""
    from cnncalc.nearest import nearest

    for name in names:
        if name not in FIGURES and name not in axes:
            meant = nearest(name, [*FIGURES, *axes])
            hint = f"did you mean `{meant}`?" if meant else f"figures are {', '.join(FIGURES)}"
            raise UsageError(f"{option}: {name!r} is neither a figure nor varied; {hint}")


def measure_point(point: Point, name: str, axes: Sequence[str]) -> Value:
    """A figure of a point, or what is varied, as a number; None where it is none."""
    if name not in axes:
        return point.figures.get(name)
    text = point.values[list(axes).index(name)]
    return Fraction(text) if re.fullmatch(_NUMBER, text) else None


def keep_unbeaten(points: Sequence[Point], names: Sequence[str], axes: Sequence[str]) -> list[Point]:
    """The points of which no other is better in one figure and as good in all: the Pareto front, by the first figure.

    Less is better of what costs; of what is varied, more. Raises UsageError for a figure of which neither is.
    """
    signs = []
    for name in names:
        better = "more" if name in axes else FIGURES[name].better
        if better == "neither":
            raise UsageError(f"--pareto: of `{name}` neither less nor more is better")
        signs.append(1 if better == "less" else -1)
    rated: list[tuple[tuple[Value, ...], Point]] = []
    for point in points:
        measured = [measure_point(point, name, axes) for name in names]
        if None not in measured:
            rated.append((tuple(sign * value for sign, value in zip(signs, measured, strict=True)), point))
    rated.sort(key=lambda each: each[0])
    if len(names) > 2 and len(rated) > limits.PARETO_POINTS:
        most = f"{limits.PARETO_POINTS:,}"
        raise UsageError(f"--pareto: at most {most} points are compared in more than two figures, not {len(rated):,}")
    kept: list[tuple[tuple[Value, ...], Point]] = []
    for values, point in rated:  # a point that beats it comes before it, and is kept or beaten by one that is kept
        rivals = kept if len(names) > 2 else kept[-1:]  # of two figures, the last that is kept has the best second
        if not any(values != other and all(a <= b for a, b in zip(other, values, strict=True)) for other, _ in rivals):
            kept.append((values, point))
    return [point for _, point in kept]


def arrange(
    name: str, axes: Sequence[str], points: Sequence[Point], goals: Sequence[str], *, pareto: bool, largest: bool
) -> Sweep:
    """The points that are shown, in their order: those within the limits, sorted by the goal or unbeaten in all goals.

    If nothing is asked for, all of them, those with a problem too.
    """
    held = [point for point in points if point.held]
    broken = sum(point.problem is not None for point in points)
    missed = len(points) - broken - len(held)
    if pareto:
        shown = keep_unbeaten(held, goals, axes)
    elif goals:
        rated = [(measure_point(point, goals[0], axes), point) for point in held]
        defined = [each for each in rated if each[0] is not None]
        defined.sort(key=lambda each: each[0], reverse=largest)
        shown = [point._replace(best=value == defined[0][0]) for value, point in defined]
    else:
        shown = held if missed else [point for point in points if point.held or point.problem]
    return Sweep(name, tuple(axes), tuple(shown), len(points), broken, missed)
