"""The points of a sweep: one architecture, read once, made and analyzed again with other params and input sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.budgets import Budget, find_excess
from cnncalc.analysis.figures import FIGURES, Dtype, Value
from cnncalc.compare.sweep import INPUT, Axis, Point, is_number, settle_axis
from cnncalc.errors import Problem, UsageError
from cnncalc.layers.base import Shape
from cnncalc.network import INPUT_NAME
from cnncalc.reading import read_variants
from cnncalc.spec.expressions import Literal
from cnncalc.spec.load import parse_overrides, parse_sizes

if TYPE_CHECKING:
    from cnncalc.analysis.roofline import Device


_SHAPE = re.compile(r"\d\s*[x×,]\s*\d")  # in a value with all sizes


class Evaluation:
    """Computes the figures of an architecture at the values of the axes."""

    def __init__(
        self,
        name: str,
        axes: Sequence[Axis],
        inputs: Sequence[str],
        settings: Sequence[str],
        figures: Sequence[str],
        budgets: Sequence[tuple[Budget, Value]] = (),
        dtype: Dtype = Dtype.float32,
        device: Device | None = None,
    ) -> None:
        """`budgets` are conditions, each with the figure that its shares are of. Raises SpecError and UsageError."""
        self.axes: Sequence[Axis] = axes
        self.figures, self.budgets, self.dtype, self.device = figures, budgets, dtype, device
        first = [(axis.name, _first(axis)) for axis in axes if axis.name != INPUT]
        check_given(settings, axes)
        check_values([axis for axis in axes if axis.name != INPUT])
        texts = [*settings, *(f"{axis}={value}" for axis, value in first)]
        self.variants, has_inputs, has_params = read_variants(name, inputs or find_shape(axes), texts)
        self.inputs, self.settings = [] if has_inputs else list(inputs), [] if has_params else list(settings)
        if inputs and INPUT in {axis.name for axis in axes} and not has_inputs:
            raise UsageError("--input and --vary both give the input size")
        self.name = self.variants.description.name
        self.needs_fields = any(FIGURES[figure].of_fields for figure in figures)
        own = self.variants.load(parse_overrides(self.inputs, self.settings, [] if has_params else first))
        self.shapes: Mapping[str, Shape] = own.network.inputs if own.network else {}

    def settle(self, *, limited: bool) -> list[Axis]:
        """The axes, for the kinds of numbers that the file's params are. Raises UsageError."""
        self.axes = [
            settle_axis(axis, limited=limited, whole=not limited or self._is_whole(axis.name)) for axis in self.axes
        ]
        return self.axes

    def _is_whole(self, name: str) -> bool:
        """Whether a param is a whole number in the file; sizes of inputs are."""
        entry = self.variants.description.params.get(name)
        value = entry.value if entry else None
        return name == INPUT or (isinstance(value, Literal) and type(value.value) is int)

    def __call__(self, values: tuple[str, ...]) -> Point:
        """The point at these values. Raises UsageError for what is no param or size."""
        inputs, varied = list(self.inputs), []
        for axis, value in zip(self.axes, values, strict=True):
            if axis.name == INPUT:
                inputs = resize_inputs(value, self.shapes)
            else:
                varied.append((axis.name, value))
        loaded = self.variants.load(parse_overrides(inputs, self.settings, varied))
        network = loaded.network
        error = next((problem for problem in loaded.problems if problem.severity == "error"), None)
        if error is not None or network is None or not network.complete:
            shape = network.input if network and len(network.inputs) == 1 else ()
            problem = error or Problem("bad-input", "the network has no input size")
            return Point(values, shape, problem=problem, held=False)
        report = analyze(network, fields=self.needs_fields)._replace(device=self.device)
        figures = {name: FIGURES[name].measure_network(report, self.dtype) for name in self.figures}
        missed = frozenset(self._find_missed(figures))
        shapes = tuple(report.inputs.values())
        return Point(
            values, shapes[0] if len(shapes) == 1 else shapes, report.output, figures, held=not missed, missed=missed
        )

    def _find_missed(self, figures: Mapping[str, Value]) -> Iterator[tuple[str, bool]]:
        """The figures that are over a limit (True) or under one (False); of one that is undefined, both."""
        for budget, whole in self.budgets:
            name = budget.figure.name
            if figures[name] is None:
                yield from ((name, True), (name, False))
            elif excess := find_excess(budget.condition, figures[name], whole):
                yield name, excess.is_upper


def resize_inputs(value: str, shapes: Mapping[str, Shape]) -> list[str]:
    """The options of the inputs for a size of all spatial axes, or for the sizes themselves. Raises UsageError."""
    if _SHAPE.search(value):
        parse_sizes(value)
        return [value]
    if not value.isdecimal() or int(value) < 1:
        raise UsageError(f"--vary input takes whole sizes from 1 on, e.g. 96 or 3x96x64, not {value!r}")
    if not any(len(shape) > 1 for shape in shapes.values()):
        raise UsageError("--vary input: the network has no input with spatial axes")
    found = []
    for name, shape in shapes.items():
        text = "x".join([str(shape[0]), *[value] * (len(shape) - 1)])
        found.append(text if name == INPUT_NAME else f"{name}={text}")
    return found


def find_shape(axes: Sequence[Axis]) -> list[str]:
    """The first of the inputs that are varied, if it has all sizes: what leaves its sizes open is read with it."""
    return [each.values[0] for each in axes if each.name == INPUT and each.values and _SHAPE.search(each.values[0])]


def check_given(settings: Sequence[str], axes: Sequence[Axis]) -> None:
    """Raises UsageError for a param that is both set and varied."""
    varied = {axis.name for axis in axes}
    for text in settings:
        name = text.partition("=")[0].strip()
        if name in varied:
            raise UsageError(f"--set and --vary both give {name!r}")


def check_values(axes: Sequence[Axis]) -> None:
    """Raises UsageError for a value of a param that cannot be read, before the first network is made."""
    for axis in axes:
        for value in axis.values:
            if not is_number(value):
                parse_overrides((), (), [(axis.name, value)])


def _first(axis: Axis) -> str:
    from cnncalc.compare.sweep import format_number

    return format_number(axis.ends[0]) if axis.ends else axis.values[0]
