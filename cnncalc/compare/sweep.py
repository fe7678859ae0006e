"""Sweeps: the figures of one network for many values of its params and input sizes, and the best of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product
from math import floor, log10, prod

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
    """What is varied: a param or the input size, and its values as they would be written.

    A range without a step has `ends` in place of values; it is `whole` if only whole numbers in it are meant.
    """

    name: str
    values: tuple[str, ...]
    ends: tuple[Fraction, Fraction] | None = None
    whole: bool = False


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
        suffix = f":{found[3].lstrip('-')}" if found[3] and Fraction(found[3]) else ""
        raise UsageError(f"--vary {text!r}: the range runs backwards; write {name}={found[2]}..{found[1]}{suffix}")
    if found[3] is None:
        return Axis(name, (), (first, last), whole="." not in values.replace("..", ""))
    step = Fraction(found[3])
    if step <= 0:
        least = Fraction(1, 10**9) if last > first else Fraction(1)  # the finest step that can be written
        meant = format_number(-step or max(_round_up((last - first) / 10), least))
        raise UsageError(f"--vary {text!r}: the step must be more than 0; write {name}={found[1]}..{found[2]}:{meant}")
    count = (last - first) // step + 1
    if count > limits.SWEEP_POINTS:
        meant = f"{name}={found[1]}..{found[2]}:{format_number(_round_up((last - first) / (limits.SWEEP_POINTS - 1)))}"
        raise UsageError(f"--vary {text!r}: {count:,} values are more than {limits.SWEEP_POINTS:,}; write {meant}")
    return Axis(name, tuple(format_number(first + step * number) for number in range(count)))


def settle_axis(axis: Axis, *, limited: bool, whole: bool = True) -> Axis:
    """An axis with values: a range of whole numbers without a step has a step of 1.

    If values within limits are searched, it remains a range, of whole numbers only if what is varied is `whole`.
    Raises UsageError for a range that needs a step.
    """
    if axis.ends is None:
        return axis
    if limited:
        return axis._replace(whole=axis.whole and whole)
    first, last = map(format_number, axis.ends)
    if axis.whole:
        return parse_axis(f"{axis.name}={first}..{last}:1")
    step = format_number(max(_round_up((axis.ends[1] - axis.ends[0]) / 10), Fraction(1, 10**9)))
    example = f"{axis.name}={first}..{last}:{step}"
    raise UsageError(f"--vary {axis.name} needs a step, e.g. {example}; `sweep` searches in a range with --limit")


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


def _round_up(number: Fraction) -> Fraction:
    """A step that is not smaller, of one digit."""
    if number <= 0:
        return Fraction(0)
    unit = Fraction(10) ** floor(log10(number))
    return -(-number // unit) * unit


class Point(NamedTuple):
    """The figures of a network at some values, or the problem that it has there."""

    values: tuple[str, ...]
    input: Shape | tuple[Shape, ...] = ()
    output: Shape = ()
    figures: Mapping[str, Value] = {}
    problem: Problem | None = None
    held: bool = True  # whether it is within all limits
    missed: frozenset[tuple[str, bool]] = frozenset()  # figures over (True) or under (False) a limit
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


def iterate_points(
    axes: Sequence[Axis], evaluate: Evaluate, *, largest: bool, limited: Sequence[str] = ()
) -> Iterator[Point]:
    """The points of a grid; with a range without a step, at each the largest or smallest value within the limits.

    Raises CnncalcError where one of the `limited` figures does not grow or fall all along that range.
    """
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

        yield _Search(axes[at], evaluate_at, limited).find(largest=largest)


class _Search:
    """Finds the largest or smallest value of a range at which the network is within its limits, by bisection."""

    def __init__(self, axis: Axis, evaluate: Callable[[str], Point], limited: Sequence[str]) -> None:
        assert axis.ends
        self.limited = limited
        self.name = axis.name
        self.first, self.last = axis.ends
        self.evaluate = evaluate
        self.known: dict[Fraction, Point] = {}
        digits = 0
        while (self.last - self.first) * 10**digits < FINEST and self.first < self.last:
            digits += 1
        self.digits = 0 if axis.whole else digits + MORE_DIGITS
        self.unit = Fraction(1, 10**self.digits)

    def at(self, value: Fraction) -> Point:
        if value not in self.known:
            self.known[value] = self.evaluate(format_number(value))
        return self.known[value]

    def find(self, *, largest: bool) -> Point:
        """The point; one with an error or over a limit if there is no other.

        Raises CnncalcError where a figure does not grow along the range, or an error is between values without one.
        """
        span = self.last - self.first
        samples = sorted({self._round(self.first + span * part / (SAMPLES - 1)) for part in range(SAMPLES)})
        valid = [value for value in samples if not self.at(value).problem]
        if not valid:
            return self._report_errors(self.at(self.last if largest else self.first), len(samples))
        least = valid[0]  # then the least value without an error: sizes run out below it
        if least != samples[0]:
            before = samples[samples.index(least) - 1]
            least = self._bisect(least, before, lambda point: not point.problem)
        self._require_growth()
        held = [value for value in (least, *valid) if self.at(value).held] or self._find_held(least)
        if not held:
            self._require_growth()
            return self.at(least)
        good, bad = (max(held), self.last) if largest else (min(held), least)
        good = bad if self._holds(self.at(bad)) else self._bisect(good, bad, self._holds)
        self._require_growth()
        return self._shorten(good, largest=largest)

    def _report_errors(self, point: Point, tried: int) -> Point:
        """A point whose problem says that the other values that were tried have errors too."""
        assert point.problem
        message = f"errors at all {tried} values tried, e.g. {point.problem.message}; {self._advise()}"
        return point._replace(problem=point.problem._replace(message=message)) if tried > 1 else point

    def _bisect(self, good: Fraction, bad: Fraction, is_good: Callable[[Point], bool]) -> Fraction:
        """The last good value on the way to a bad one."""
        while abs(bad - good) > self.unit:
            middle = self._round((good + bad) / 2)
            if middle in (good, bad):
                break
            good, bad = (middle, bad) if is_good(self.at(middle)) else (good, middle)
        return good

    def _find_held(self, least: Fraction) -> list[Fraction]:
        """A value within all limits, where those that are missed at one end of the range are met at the other."""
        low, high = least, self.last
        below, above = self.at(low).missed, self.at(high).missed
        while high - low > self.unit and not below & above:
            middle = self._round((low + high) / 2)
            point = self.at(middle)
            if self._holds(point):
                return [middle]
            if middle in (low, high) or (point.missed & below and point.missed & above):
                break
            low, high = (middle, high) if point.missed & below else (low, middle)
        return []

    def _holds(self, point: Point) -> bool:
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
        known = sorted(self.known.items())
        for (value, point), (after, other) in pairwise(known):
            if other.problem and not point.problem and not self._is_beyond(value):
                where = f"{self.name}={format_number(after)}, and none at {format_number(value)}"
                raise CnncalcError(f"there is an error at {where}: {other.problem.message}; {self._advise()}")
        points = [point for _, point in known if not point.problem]
        for name in self.limited if points else ():
            values = [point.figures[name] for point in points]
            steps = list(pairwise(values))
            if None in values or all(a <= b for a, b in steps) or all(a >= b for a, b in steps):
                continue
            ends = f"{self.name}={format_number(self.first)}..{format_number(self.last)}"
            raise CnncalcError(f"`{name}` neither grows nor falls all along {ends}; {self._advise()}")

    def _is_beyond(self, value: Fraction) -> bool:
        """Whether a limit that is met at a smaller value is missed here, and so at all larger ones."""
        before = [point for other, point in self.known.items() if other < value and not point.problem]
        return any(miss not in point.missed for miss in self.at(value).missed for point in before)

    def _advise(self) -> str:
        step = (self.last - self.first) / 16
        if not self.digits:
            step = Fraction(-(-(self.last - self.first) // FINEST))
        ends = f"{format_number(self.first)}..{format_number(self.last)}"
        return f"give a step, e.g. --vary {self.name}={ends}:{format_number(step)}"


def check_names(names: Sequence[str], axes: Sequence[str], option: str) -> None:
    """Raises UsageError for a name that is neither a figure nor varied."""
    from cnncalc.nearest import spell_out

    for name in names:
        if name not in FIGURES and name not in axes:
            meant = spell_out(name, [*FIGURES, *axes])
            hint = f"did you mean `{meant}`?" if meant else f"figures are {', '.join(FIGURES)}"
            raise UsageError(f"{option}: {name!r} is neither a figure nor varied; {hint}")


def is_number(text: str) -> bool:
    """Whether a value is a decimal number."""
    return re.fullmatch(_NUMBER, text) is not None


def measure_point(point: Point, name: str, axes: Sequence[str]) -> Value:
    """A figure of a point, or what is varied, as a number; None where it is none."""
    if name not in axes:
        return point.figures.get(name)
    text = point.values[list(axes).index(name)]
    return Fraction(text) if is_number(text) else None


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

    Those with a problem are shown too, after what is sorted, but are no rivals of the unbeaten.
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
        shown += [point for point in points if point.problem]
    else:
        shown = [point for point in points if point.held or point.problem]
    return Sweep(name, tuple(axes), tuple(shown), len(points), broken, missed)
