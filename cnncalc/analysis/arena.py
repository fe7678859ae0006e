"""An arena: one block of memory with a place for every tensor, as runtimes for small devices plan it.

The places are found by TensorFlow Lite's greedy rule: the largest tensor first, each at the lowest offset at which it
fits between those placed before that are alive at the same time. Of equal sizes the one that was added last comes
first; the other way gives other sizes. Tensors are added in the order in which they are made, the inputs first.

Source: TensorFlow Lite Micro, tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc; Y. Pisarchyk & J. Lee,
Efficient Memory Management for Deep Neural Net Inference, arXiv:2001.03288.
"""

from __future__ import annotations

from bisect import insort

from cnncalc import limits
from cnncalc.analysis.liveness import Plan, measure
from cnncalc.errors import CnncalcError
from cnncalc.records import NamedTuple

ALIGNMENT = 16  # bytes, of TensorFlow Lite Micro


class Placed(NamedTuple):
    """A tensor in the arena: where it begins, its bytes with those that align the next, and its first and last step."""

    buffer: int
    offset: int
    size: int
    first: int
    last: int


class Arena(NamedTuple):
    """The places of all tensors, in the order in which they are made; the size of the arena, and the peak in bytes."""

    places: tuple[Placed, ...]
    size: int
    bound: int


def plan_arena(plan: Plan, bytes_each: int, alignment: int = ALIGNMENT) -> Arena:
    """The arena for elements of so many bytes. In it no tensor overwrites another that is alive.

    Raises CnncalcError for more tensors than `limits.ARENA_TENSORS`.
    """
    first = dict.fromkeys(plan.starts, 0)
    last = dict.fromkeys(plan.starts, 0)
    number = 0
    for step in plan.steps:
        for buffer in step.reads:
            last[buffer] = number
        if step.makes is not None:
            first[step.makes] = last[step.makes] = number
            number += 1
    last.update(dict.fromkeys(plan.kept, number))
    added = [*sorted(plan.starts, reverse=True), *(buffer for buffer in first if buffer not in plan.starts)]
    if len(added) > limits.ARENA_TENSORS:
        raise CnncalcError(
            f"these are {len(added):,} tensors, and at most {limits.ARENA_TENSORS:,} are placed in an arena"
        )
    sizes = {buffer: -(plan.sizes[buffer] * bytes_each // -alignment) * alignment for buffer in added}
    offsets = _place(sizes, first, last)
    places = tuple(Placed(buffer, offsets[buffer], sizes[buffer], first[buffer], last[buffer]) for buffer in added)
    size = max((place.offset + place.size for place in places), default=0)
    aligned = plan._replace(sizes=sizes, steps=tuple(step._replace(work=0, over=()) for step in plan.steps))
    return Arena(places, size, max(measure(aligned), default=size))


def _place(sizes: dict[int, int], first: dict[int, int], last: dict[int, int]) -> dict[int, int]:
    """The offset of each buffer, of sizes in the order in which they were added."""
    offsets: dict[int, int] = {}
    placed: list[tuple[int, int]] = []  # offsets with their buffers, from the lowest
    for buffer in sorted(reversed(list(sizes)), key=lambda each: -sizes[each]):
        offset = 0
        for at, other in placed:
            if first[other] <= last[buffer] and first[buffer] <= last[other]:
                if at - offset >= sizes[buffer]:
                    break
                offset = max(offset, at + sizes[other])
        offsets[buffer] = offset
        insort(placed, (offset, buffer))
    return offsets
