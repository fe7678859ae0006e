"""The memory of training: what is kept for the backward pass, gradients, the optimizer's state, the peak of a step.

What a layer keeps is its rule `saved`. The tensors are those of eager PyTorch where nothing is computed in place: each
is counted once, whoever keeps it, and a view is the tensor that it shows. The step is gone through layer by layer:
forward in the order of the file, backward in the reverse. A layer's backward pass takes what it has kept, the gradient
of its output, those of its inputs, and those of its weights, which stay. A second gradient of one tensor is added to
the first out of place. What a layer has kept is released with it, the outputs of the network and its inputs are not.
The gradient of the loss, of the size of an output, is not counted: of a sum it is one number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from math import prod

from cnncalc.analysis.figures import Dtype
from cnncalc.analysis.liveness import Passed, Tensors, report_tensors
from cnncalc.analysis.optimizers import Optimizer
from cnncalc.analysis.report import Report
from cnncalc.layers.base import Layer, Saved, Shapes
from cnncalc.layers.separable import TwoSteps
from cnncalc.network import Group
from cnncalc.records import NamedTuple

MIXED = Dtype.float16  # of activations, and of a copy of the weights
EXTRAS = ("indices", "masks", "statistics", "maps")


class Settings(NamedTuple):
    """How a network is trained. With `mixed`, activations and a copy of the weights are float16."""

    optimizer: Optimizer = Optimizer.adam
    batch: int = 1
    mixed: bool = False
    dtype: Dtype = Dtype.float32

    @property
    def activation_bytes(self) -> int:
        """Bytes of an element of activations."""
        return MIXED.bytes if self.mixed else self.dtype.bytes


class Kept(NamedTuple):
    """Bytes kept for the backward pass: tensors that pass between layers, and what layers make for it alone."""

    tensors: int
    extras: dict[str, int]

    @property
    def total(self) -> int:
        """All bytes."""
        return self.tensors + sum(self.extras.values())


class StepPeak(NamedTuple):
    """The most bytes of activations and gradients at one time in a step, the layer, and whether going backward."""

    bytes: int
    layer: int | None
    is_backward: bool


class Checkpoint(NamedTuple):
    """A block that is computed again in the backward pass, and the bytes that need not be kept then."""

    path: str
    saved: int


class Training:
    """The memory of training a network."""

    def __init__(self, report: Report, settings: Settings) -> None:
        self.report = report
        self.settings = settings
        self.flow = _Flow(report_tensors(report), settings)

    @cached_property
    def kept(self) -> Kept:
        """What is kept for the backward pass."""
        return self.flow.count_kept()

    @property
    def parameters(self) -> int:
        """Bytes of the parameters; with `mixed`, of their copies too."""
        each = self.settings.dtype.bytes + (MIXED.bytes if self.settings.mixed else 0)
        return self.report.totals.parameters * each

    @property
    def buffers(self) -> int:
        """Bytes of the buffers."""
        return self.report.totals.buffers * self.settings.dtype.bytes

    @property
    def gradients(self) -> int:
        """Bytes of the gradients of the parameters."""
        return self.report.totals.parameters * self.settings.dtype.bytes

    @property
    def state(self) -> int:
        """Bytes of the optimizer's state."""
        return self.settings.optimizer.states * self.gradients

    @cached_property
    def step_peak(self) -> StepPeak:
        """The peak of a step: activations, gradients of activations and of parameters."""
        return self.flow.find_peak(self.settings.dtype.bytes, [bool(each.shares) for each in self.report.layers])

    @property
    def total(self) -> int:
        """Bytes of all: parameters, buffers, optimizer, and the peak of a step."""
        return self.parameters + self.buffers + self.state + self.step_peak.bytes

    def list_checkpoints(self) -> list[Checkpoint]:
        """What each outermost named block would save, computed again in the backward pass; those that save most first.

        Its input is kept in place of what is inside.
        """
        found = [Checkpoint(group.path, self.flow.count_recomputed(group)) for group in self._blocks()]
        return sorted((each for each in found if each.saved > 0), key=lambda each: -each.saved)

    def _blocks(self) -> Iterator[Group]:
        end = 0
        for group in sorted(self.report.groups, key=lambda group: (group.first, group.depth)):
            if group.form == "block" and group.first >= end:
                end = group.last
                yield group


class _Flow:
    """The tensors of a step, in bytes of a batch, by the layer or input that makes them."""

    def __init__(self, tensors: Tensors, settings: Settings) -> None:
        self.layers, self.owners, self.first, last = _take_apart(tensors.layers)
        self.ends = {last[end] if end >= 0 else end for end in tensors.ends}
        self.starts = tensors.starts
        self.batch = settings.batch
        self.each = settings.activation_bytes
        self.roots = {start: start for start in tensors.starts}
        self.sizes = {start: prod(shape) * self.batch * self.each for start, shape in tensors.starts.items()}
        self.trained = dict.fromkeys(tensors.starts, False)  # whether a tensor has a gradient
        self.saves: list[Saved] = []
        self.keeps: list[frozenset[int]] = []  # the tensors that each layer keeps
        self.parameters: list[int] = []
        known: dict[tuple[int, Shapes], tuple[Saved, int]] = {}  # layers that are repeated are one object
        for index, passed in enumerate(self.layers):
            key = id(passed.layer), passed.inputs
            if key not in known:
                known[key] = passed.layer.saved(passed.inputs, passed.output), _count_parameters(passed)
            rule, parameters = known[key]
            self.parameters.append(parameters)
            is_view = passed.layer.shows_part or (passed.layer.storage == "view" and not rule.extras)
            self.roots[index] = self.roots[passed.sources[0]] if is_view else index
            is_weight = passed.layer.storage == "weights"
            self.sizes[index] = 0 if is_weight else prod(passed.output) * self.batch * self.each
            self.trained[index] = parameters > 0 or any(self.trained[source] for source in passed.sources)
            rule = rule if self.trained[index] else Saved()
            kept = {self.roots[passed.sources[at]] for at in rule.inputs}
            self.saves.append(rule)
            self.keeps.append(frozenset(kept | {self.roots[index]} if rule.output else kept))
        self.savers = Counter(root for keeps in self.keeps for root in keeps)  # how many layers keep a tensor

    def count_extras(self, index: int) -> Counter[str]:
        """Bytes of what a layer makes for its backward pass alone."""
        found: Counter[str] = Counter()
        for extra in self.saves[index].extras:
            times = 1 if extra.once else self.batch
            found[extra.name] += extra.elements * times * max(extra.bytes_each, self.each)
        return found

    def sum_extras(self, index: int) -> int:
        """All bytes of what a layer makes for its backward pass alone."""
        return sum(self.count_extras(index).values()) if self.saves[index].extras else 0

    def count_kept(self) -> Kept:
        """What all layers keep."""
        layers = range(len(self.layers))
        tensors = {root for index in layers for root in self.keeps[index]}
        extras: Counter[str] = Counter(dict.fromkeys(EXTRAS, 0))
        for index in layers:
            extras.update(self.count_extras(index))
        return Kept(sum(self.sizes[root] for root in tensors), dict(extras))

    def count_recomputed(self, group: Group) -> int:
        """The bytes that need not be kept where the layers of a group are computed again from its inputs."""
        inside = range(self.first[group.first], self.first[group.last])
        own = Counter(root for index in inside for root in self.keeps[index])
        ends = {self.roots[end] for end in self.ends}
        entering = {self.roots[source] for index in inside for source in self.layers[index].sources} - {*inside}
        free = {root for root, times in own.items() if times == self.savers[root] and root not in ends}
        more = sum(self.sizes[root] for root in entering if not self.savers[root] and root >= 0)
        extras = sum(map(self.sum_extras, inside))
        return sum(self.sizes[root] for root in free - entering) + extras - more

    def find_peak(self, bytes_each: int, shared: list[bool]) -> StepPeak:
        """The peak of a step, with so many bytes a gradient of a parameter; `shared` layers have none of their own."""
        step = _Step(self)
        for index in range(len(self.layers)):
            step.go_forward(index)
        for index in reversed(range(len(self.layers))):
            counted = 0 if shared[self.owners[index]] else self.parameters[index]
            step.go_backward(index, counted * bytes_each)
        layer = None if step.peak.layer is None else self.owners[step.peak.layer]
        return step.peak._replace(layer=layer)


def _take_apart(layers: Sequence[Passed]) -> tuple[list[Passed], list[int], list[int], list[int]]:
    """The layers with each one in two steps as two, the owner of each, and the first and last of each owner."""
    found: list[Passed] = []
    owners: list[int] = []
    first: list[int] = []
    last: list[int] = []
    known: dict[tuple[int, Shapes], tuple[Layer, Layer]] = {}  # layers that are repeated are one object
    for index, passed in enumerate(layers):
        first.append(len(found))
        sources = tuple([last[source] if source >= 0 else source for source in passed.sources])
        if isinstance(passed.layer, TwoSteps):
            key = id(passed.layer), passed.inputs
            one, other = known.get(key) or known.setdefault(key, passed.layer.steps(passed.inputs))
            between = passed.layer.intermediate(passed.inputs, passed.output)
            found.append(Passed(one, passed.inputs, between, sources))
            found.append(Passed(other, (between,), passed.output, (len(found) - 1,)))
        else:
            found.append(passed._replace(sources=sources))
        owners += [index] * (len(found) - first[-1])
        last.append(len(found) - 1)
    return found, owners, [*first, len(found)], last


def _count_parameters(passed: Passed) -> int:
    weights = passed.layer.weights(passed.inputs)
    return sum(prod(weight.shape) for weight in weights if weight.role != "buffer")


class _Step:
    """A step of training in progress: the bytes that are alive."""

    def __init__(self, flow: _Flow) -> None:
        self.flow = flow
        self.left = Counter(flow.roots[source] for each in flow.layers for source in each.sources)
        self.savers = flow.savers.copy()
        self.stays = {flow.roots[end] for end in flow.ends} | {*flow.starts}
        self.alive = {*flow.starts}
        self.live = sum(flow.sizes[start] for start in self.alive)
        self.peak = StepPeak(self.live, None, False)
        self.gradients: dict[int, int] = {}  # of the output of a layer, by a number
        self.held: Counter[int] = Counter()  # how many layers' gradients are one
        self.bytes: dict[int, int] = {}

    def reach(self, size: int, index: int, *, is_backward: bool) -> None:
        """Update the peak with a number of bytes alive."""
        if size > self.peak.bytes:
            self.peak = StepPeak(size, index, is_backward)

    def release(self, root: int) -> None:
        """Release a tensor unless it is still needed."""
        if root in self.alive and not self.left[root] and not self.savers[root] and root not in self.stays:
            self.alive.remove(root)
            self.live -= self.flow.sizes[root]

    def go_forward(self, index: int) -> None:
        """Compute a layer, whose saved tensors then stay alive."""
        flow = self.flow
        self.live += flow.sum_extras(index)
        if flow.roots[index] == index:
            self.alive.add(index)
            self.live += flow.sizes[index]
        self.reach(self.live, index, is_backward=False)
        for source in flow.layers[index].sources:
            self.left[flow.roots[source]] -= 1
        for root in {flow.roots[source] for source in (*flow.layers[index].sources, index)}:
            self.release(root)

    def go_backward(self, index: int, weights: int) -> None:
        """Compute the gradients of the inputs and of the weights, then release what the layer has kept."""
        flow, passed = self.flow, self.flow.layers[index]
        if not flow.trained[index]:
            return
        own = self.gradients.pop(index, None)
        made: list[tuple[int, int]] = []  # sources with the number of their gradient
        wide: list[int] = []  # gradients that are still to be summed over the axes that were broadcast
        for source, shape in zip(passed.sources, passed.inputs, strict=True):
            if not flow.trained[source]:
                continue
            is_broadcast = passed.layer.broadcasts and prod(shape) < prod(passed.output)
            if self._shares(index) and not is_broadcast:
                number = -1 if own is None else own
            elif is_broadcast and not self._shares(index):
                number = self._make(flow.sizes[index])
                wide.append(len(made))
            else:
                number = self._make(flow.sizes[source])
            self.held[number] += 1
            made.append((source, number))
        self.live += weights
        self.reach(self.live, index, is_backward=True)
        for at in wide:
            source, number = made[at]
            made[at] = source, self._make(flow.sizes[source])
            self.held[made[at][1]] += 1
            self.reach(self.live, index, is_backward=True)
            self._drop(number)
        self.live -= flow.sum_extras(index)
        self._drop(own)
        for root in flow.keeps[index]:
            self.savers[root] -= 1
            self.release(root)
        for source, number in made:
            before = self.gradients.get(source)
            if before is None:
                self.gradients[source] = number
                continue
            total = self._make(flow.sizes[source])
            self.held[total] += 1
            self.reach(self.live, index, is_backward=True)
            self._drop(before)
            self._drop(number)
            self.gradients[source] = total

    def _shares(self, index: int) -> bool:
        layer = self.flow.layers[index].layer
        return layer.shares_gradient or (layer.storage == "view" and not self.flow.saves[index].extras)

    def _make(self, size: int) -> int:
        """A new gradient."""
        number = len(self.bytes)
        self.bytes[number] = size
        self.live += size
        return number

    def _drop(self, number: int | None) -> None:
        """Release a gradient unless it is that of another layer's output too; −1 is that of the loss."""
        if number is None or number < 0:
            return
        self.held[number] -= 1
        if not self.held[number]:
            self.live -= self.bytes[number]
