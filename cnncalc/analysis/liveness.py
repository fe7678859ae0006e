"""Liveness: the tensors alive while each layer runs, and the peak, as elements of one example.

A `Plan` says for each step which buffers it reads and which one it makes; `measure` goes through its steps in order. A
buffer lives from the step that makes it to its last reader: an input of the network from the beginning, an output to
the end. Views are resolved when the plan is made: they read and pass on the buffer of what they show.

There are three modes. `separate`: every output is a buffer of its own. `in_place`: what works element by element
overwrites an input of the size of its output that no later layer reads. `fused`: a batch norm is part of the weights of
the layer before it, an activation is computed with the layer before it, if nothing else reads that layer; nothing is
overwritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from math import prod

from cnncalc.analysis.report import Report
from cnncalc.layers.base import NO_WORK, Layer, Shape, Shapes
from cnncalc.network import Network
from cnncalc.records import NamedTuple


class Mode(StrEnum):
    """Where outputs are stored."""

    separate = "separate"
    in_place = "in_place"
    fused = "fused"


class Passed(NamedTuple):
    """A layer with what passes through it: shapes, and the indexes of the layers (negative: inputs) that it reads."""

    layer: Layer
    inputs: Shapes
    output: Shape
    sources: tuple[int, ...]


class Tensors(NamedTuple):
    """All that a plan is made of: the inputs by their index, the layers in order, and what is kept to the end."""

    starts: Mapping[int, Shape]
    layers: Sequence[Passed]
    ends: frozenset[int]


def network_tensors(network: Network) -> Tensors:
    """The tensors of a network."""
    layers = [Passed(node.layer, node.input_shapes, node.output, node.inputs) for node in network.nodes]
    return Tensors(network.starts, layers, frozenset(network.outputs.values()))


def report_tensors(report: Report) -> Tensors:
    """The tensors of a network, from its report."""
    starts = dict(zip(report.input_labels, report.inputs.values(), strict=True))
    layers = [Passed(each.layer, each.inputs, each.output, each.sources) for each in report.layers]
    return Tensors(starts, layers, frozenset(report.ends))


class Step(NamedTuple):
    """What a layer, or one of its two steps, does with buffers.

    - `layer`: its index.
    - `reads`: the buffers that it reads, each once.
    - `makes`: the buffer that it makes, None for a view.
    - `over`: those of `reads` that it may overwrite, where it is their last reader.
    - `work`: elements that it needs besides, while it runs.
    """

    layer: int
    reads: tuple[int, ...]
    makes: int | None
    over: tuple[int, ...] = ()
    work: int = 0


class Plan(NamedTuple):
    """The steps of a network, and its buffers by the index of the layer (negative: the input) that makes them.

    The map between the two steps of a layer is the buffer of its index plus the number of layers. `roots` has the
    buffer in which the output of a layer is; `starts` are there before the first step, `kept` after the last.
    """

    steps: tuple[Step, ...]
    sizes: dict[int, int]  # elements
    roots: dict[int, int]
    starts: frozenset[int]
    kept: frozenset[int]


class Peak(NamedTuple):
    """The most elements alive at one time, and the first step at which they are; −1 for none, before the first."""

    elements: int
    step: int


def make_plan(tensors: Tensors, mode: Mode, *, joins: bool = False) -> Plan:
    """The plan of a network in a mode. With `joins`, layers write into the output of the concat that alone reads them.

    That output is there from the first of them on. The steps of a plan with joins are for the order of the file.
    """
    uses = Counter(source for each in tensors.layers for source in each.sources)
    roots: dict[int, int] = {start: start for start in tensors.starts}
    sizes = {start: prod(shape) for start, shape in tensors.starts.items()}
    steps: list[Step] = []
    apart = make_plan(tensors, mode) if joins else None
    into = _find_joins(tensors, apart) if apart else {}
    for index, each in enumerate(tensors.layers):
        reads = tuple(dict.fromkeys([roots[source] for source in each.sources]))
        is_folded = mode == Mode.fused and (
            apart.roots[index] != index if apart else _is_folded(index, tensors, uses, roots)
        )
        if each.layer.storage == "view" or is_folded:
            roots[index] = reads[0]
            steps.append(Step(index, reads, None))
            continue
        target = index
        while target in into:  # a concat may itself write into another
            target = into[target]
        is_new = target not in sizes
        roots[index] = target
        if is_new:
            sizes[target] = 0 if each.layer.storage == "weights" else prod(tensors.layers[target].output)
        inner = each.layer.inner_elements(each.inputs, each.output)
        if each.layer.in_steps:
            between = index + len(tensors.layers)
            sizes[between] = inner
            steps += [Step(index, reads, between), Step(index, (between,), target if is_new else None)]
            continue
        over: tuple[int, ...] = ()
        if mode == Mode.in_place and each.layer.storage == "in place" and target == index:
            pairs = zip(each.sources, each.inputs, strict=True)
            over = tuple(dict.fromkeys(roots[source] for source, shape in pairs if shape == each.output))
        steps.append(Step(index, reads, target if is_new else None, over, inner))
    kept = frozenset(roots[end] for end in tensors.ends if end in roots)
    read = {buffer for step in steps for buffer in step.reads}
    starts = frozenset(start for start in tensors.starts if start in read or start in kept)
    return Plan(tuple(steps), sizes, roots, starts, kept)


def _find_joins(tensors: Tensors, plan: Plan) -> dict[int, int]:
    """For each layer that can write into the output of a concat, the concat: along the channels, in one piece."""
    readers = count_readers(step for step in plan.steps if step.makes is not None)
    found: dict[int, int] = {}
    for index, each in enumerate(tensors.layers):
        if each.layer.concatenates and each.output[0] == sum(shape[0] for shape in each.inputs):
            for root in {plan.roots[source] for source in each.sources}:
                if root >= 0 and readers[root] == 1 and root not in plan.kept:
                    found[root] = index
    return found


def _is_folded(index: int, tensors: Tensors, uses: Counter[int], roots: Mapping[int, int]) -> bool:
    """Whether a norm or an activation is computed with the layer before it, which nothing else reads.

    A norm goes into the weights of that layer, an activation onto what it computes; one activation, as in TFLite.
    """
    each = tensors.layers[index]
    if not each.layer.folds or len(each.sources) > 1:
        return False
    source = each.sources[0]
    if source < 0 or uses[source] > 1 or source in tensors.ends:
        return False
    before = tensors.layers[source]
    if before.layer.storage == "view":
        return False
    if each.layer.linear:
        return before.layer.linear and bool(before.layer.weights(before.inputs))
    is_folded = roots[source] != source
    return before.layer.linear if is_folded else before.layer.work(before.inputs, before.output) != NO_WORK


def count_readers(steps: Iterable[Step]) -> Counter[int]:
    """How many steps read each buffer."""
    return Counter(buffer for step in steps for buffer in step.reads)


def measure(plan: Plan, order: Sequence[Step] | None = None) -> list[int]:
    """The elements alive while each step runs, in the order of the file or another one, which may leave out views."""
    steps = plan.steps if order is None else order
    left = count_readers(steps)
    sizes, kept = plan.sizes, plan.kept
    live = sum(sizes[start] for start in plan.starts if left[start] or start in kept)
    found = []
    for step in steps:
        left.subtract(step.reads)
        freed = {buffer for buffer in step.reads if not left[buffer] and buffer not in kept}
        gone = sum([sizes[buffer] for buffer in freed])
        made = 0 if step.makes is None else sizes[step.makes]
        over = max([sizes[buffer] for buffer in step.over if buffer in freed], default=0)
        found.append(live + made - over + step.work)
        live += made - gone
        if step.makes is not None and not left[step.makes] and step.makes not in kept:
            live -= made
    return found


def find_peak(alive: Sequence[int], plan: Plan | None = None) -> Peak:
    """The peak, the first of equals. Of a network without layers, its inputs."""
    if not alive:
        return Peak(sum(plan.sizes[start] for start in plan.starts) if plan else 0, -1)
    highest = max(alive)
    return Peak(highest, alive.index(highest))


class Alive(NamedTuple):
    """A buffer that is alive at a step: who made it, its elements, and the layers that still read it afterwards.

    `is_read` and `is_made` tell whether the step itself does; `is_kept` whether it is an output of the network.
    """

    buffer: int
    elements: int
    readers: tuple[int, ...]
    is_read: bool
    is_made: bool
    is_kept: bool


def list_alive(plan: Plan, at: int, order: Sequence[Step] | None = None) -> list[Alive]:
    """The buffers alive at a step, the largest first; what is overwritten there is one with what overwrites it."""
    steps = plan.steps if order is None else order
    made = {*plan.starts, *(step.makes for step in steps[: at + 1] if step.makes is not None)}
    step, reads = steps[at], {*steps[at].reads}
    later: dict[int, list[int]] = {}
    for each in steps[at + 1 :]:
        for buffer in each.reads:
            later.setdefault(buffer, []).append(each.layer)
    free = [buffer for buffer in step.over if buffer not in later and buffer not in plan.kept]
    if free and step.makes is not None:
        made.discard(max(free, key=lambda buffer: plan.sizes[buffer]))
    found = [
        Alive(
            buffer, plan.sizes[buffer], tuple(dict.fromkeys(later.get(buffer, ()))),
            buffer in reads, buffer == step.makes, buffer in plan.kept,
        )
        for buffer in made
        if buffer in later or buffer in plan.kept or buffer in reads or buffer == step.makes
    ]  # fmt: skip
    return sorted(found, key=lambda each: (-each.elements, each.buffer))


def peak_per_layer(plan: Plan, alive: Iterable[int], layers: int) -> list[int]:
    """The elements alive while each layer runs: of one in two steps, the larger number."""
    found = [0] * layers
    for step, elements in zip(plan.steps, alive, strict=True):
        found[step.layer] = max(found[step.layer], elements)
    return found
