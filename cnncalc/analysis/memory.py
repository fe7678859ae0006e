"""The memory that a network takes at inference: where its tensors are, in bytes of given data types.

`liveness` counts elements; here they are put together with the weights and the data types, for `cnncalc memory`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from math import prod

from cnncalc.analysis.arena import Arena, plan_arena
from cnncalc.analysis.figures import Dtype
from cnncalc.analysis.liveness import (
    Alive,
    Mode,
    Plan,
    find_peak,
    list_alive,
    make_plan,
    measure,
    peak_per_layer,
    report_tensors,
)
from cnncalc.analysis.ordering import Move, Ordering, find_best_order, list_moves
from cnncalc.analysis.report import Report
from cnncalc.records import NamedTuple

BETWEEN = " (between its two steps)"


class Dtypes(NamedTuple):
    """The data types of what is stored. Buffers are stored as biases are: numbers for each channel."""

    activations: Dtype = Dtype.float32
    weights: Dtype = Dtype.float32
    biases: Dtype = Dtype.float32

    @classmethod
    def all(cls, dtype: Dtype) -> Dtypes:
        """One data type for everything."""
        return cls(dtype, dtype, dtype)

    @property
    def label(self) -> str:
        """`float32`, or what each of them is."""
        if len(set(self)) == 1:
            return self.activations.value
        return ", ".join(f"{name} {dtype}" for name, dtype in self._asdict().items())


class InMode:
    """The tensors of a network in one mode: the plan, what is alive at each step, and the peak."""

    def __init__(self, plan: Plan, report: Report) -> None:
        self.plan = plan
        self.alive = measure(plan)
        self.layers = peak_per_layer(plan, self.alive, len(report.layers))
        self.peak = find_peak(self.alive, plan)

    @property
    def at(self) -> int | None:
        """The index of the layer at which the peak is; None before the first."""
        return self.plan.steps[self.peak.step].layer if self.peak.step >= 0 else None

    @property
    def ties(self) -> int:
        """How many layers reach the peak."""
        steps = zip(self.plan.steps, self.alive, strict=True)
        return len({step.layer for step, each in steps if each == self.peak.elements})

    def list_at(self, step: int) -> list[Alive]:
        """The tensors alive at a step, the largest first."""
        return list_alive(self.plan, step)


class Memory:
    """The memory of a network at inference."""

    def __init__(
        self, report: Report, dtypes: Dtypes, batch: int = 1, *, joins: bool = False, where: Collection[int] = ()
    ) -> None:
        """With `joins`, branches write into the output of their concat. `where` are the layers that are asked for."""
        self.report = report
        self.dtypes = dtypes
        self.batch = batch
        self.joins = joins
        self.where = where
        self._modes: dict[Mode, InMode] = {}

    def mode(self, mode: Mode) -> InMode:
        """The tensors in a mode."""
        if mode not in self._modes:
            self._modes[mode] = InMode(make_plan(report_tensors(self.report), mode, joins=self.joins), self.report)
        return self._modes[mode]

    @property
    def shown_step(self) -> int:
        """The step of which the tensors alive are shown: that of the peak, or of the layers that are asked for."""
        separate = self.mode(Mode.separate)
        asked = [at for at, step in enumerate(separate.plan.steps) if step.layer in self.where]
        return max(asked, key=lambda at: separate.alive[at]) if asked else separate.peak.step

    @cached_property
    def ordering(self) -> Ordering:
        """The best order of the layers that is found, with outputs apart."""
        return find_best_order(self.mode(Mode.separate).plan)

    @cached_property
    def moves(self) -> list[Move]:
        """What the best order does otherwise than the file."""
        return list_moves(self.report, self.mode(Mode.separate).plan, self.ordering.order)

    @cached_property
    def arena(self) -> Arena:
        """The arena for norms and activations fused, as runtimes for small devices have them."""
        return plan_arena(make_plan(report_tensors(self.report), Mode.fused), self.bytes_of(1))

    def bytes_of(self, elements: int) -> int:
        """Bytes of so many elements of activations, for each example of the batch."""
        return elements * self.batch * self.dtypes.activations.bytes

    @property
    def weights(self) -> int:
        """Bytes of weights, biases and buffers."""
        totals = self.report.totals
        return totals.weights * self.dtypes.weights.bytes + (totals.biases + totals.buffers) * self.dtypes.biases.bytes

    @property
    def input_elements(self) -> int:
        """Elements of all inputs together."""
        return sum(map(prod, self.report.inputs.values()))

    @cached_property
    def held(self) -> list[int]:
        """For each layer, the elements that are alive only because later layers read them, or as outputs."""
        inmode = self.mode(Mode.separate)
        own = [0] * len(self.report.layers)
        for step, alive in zip(inmode.plan.steps, inmode.alive, strict=True):
            sizes = inmode.plan.sizes
            used = sum(sizes[buffer] for buffer in {*step.reads, step.makes} if buffer is not None) + step.work
            own[step.layer] = max(own[step.layer], alive - used)
        return own

    def name(self, buffer: int) -> str:
        """The maker of a buffer: the path of a layer, or an input."""
        layers = self.report.layers
        if buffer < 0:
            return self.report.input_labels[buffer]
        return layers[buffer].path if buffer < len(layers) else layers[buffer - len(layers)].path + BETWEEN

    def shape(self, buffer: int) -> tuple[int, ...] | None:
        """The shape of a buffer; None of a map between two steps."""
        if buffer < 0:
            return dict(zip(self.report.input_labels, self.report.inputs.values(), strict=True))[buffer]
        return self.report.layers[buffer].output if buffer < len(self.report.layers) else None


def list_alive_elements(report: Report, mode: str) -> list[int] | list[None]:
    """The elements alive while each layer runs; None of a part of a network, where later readers are not known."""
    if not (report.ends and report.complete):
        return [None] * len(report.layers)
    return InMode(make_plan(report_tensors(report), Mode(mode)), report).layers


def find_peak_elements(report: Report, mode: str) -> int | None:
    """The most elements alive at one time; None of a part of a network."""
    if not (report.ends and report.complete):
        return None
    plan = make_plan(report_tensors(report), Mode(mode))
    return find_peak(measure(plan), plan).elements
