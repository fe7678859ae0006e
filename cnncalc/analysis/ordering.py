"""The order in which layers run, where it matters: the best for the peak, by a certificate or by search.

No order has a peak below the *bound*: a layer runs with its inputs, its output, and every tensor that an ancestor has
made and a descendant still reads. If the order of the file is not above the bound it is best.

Otherwise the network is cut where all layers so far lead to one tensor that all later ones depend on; between two cuts
the sets of layers that have run are searched best first, by the peak on the way there: the first way to the whole set
is the best. What is alive after a set has run does not depend on the order, so a set is visited once. A layer that
takes nothing more and stays within the bound is run at once, which is never worse. Where there are more sets than
`limits.ORDER_STEPS` allow, some at a time are followed (a beam), and the result is not proven best; the order of the
file is kept unless another is better.

Compare: C. Lin et al., MCUNetV2, arXiv:2110.15352; E. Liberis & N. Lane, Neural networks on microcontrollers: saving
memory at inference via operator reordering, arXiv:1910.05110.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from cnncalc import limits
from cnncalc.analysis.liveness import Plan, Step, count_readers, measure
from cnncalc.analysis.report import Report
from cnncalc.network import Group
from cnncalc.records import NamedTuple

COST_OF_STATE = 20  # a state that is made, in steps that are looked at


class Ordering(NamedTuple):
    """The best order that was found: its peak in elements, its steps, whether it is proven best, and the bound."""

    peak: int
    order: tuple[Step, ...]
    is_proven: bool
    bound: int


class _Budget:
    """The work that may still be done for all parts of a network together: steps looked at in searches, in beams."""

    def __init__(self) -> None:
        self.searches = self.beams = limits.ORDER_STEPS

    def take_beam(self, steps: int) -> int:
        """How many sets a beam through so many steps may follow, which are then paid for; 0 for none."""
        width = min(self.beams // (2 * COST_OF_STATE * steps**2), limits.ORDER_BEAM)
        self.beams -= width * COST_OF_STATE * steps**2
        return width


class _State(NamedTuple):
    """Layers that have run, as bits; the most elements alive so far; those alive now; the steps in order, linked."""

    peak: int
    done: int
    live: int
    way: tuple[int, object] | None


def find_best_order(plan: Plan) -> Ordering:
    """The best order that is found for a plan. The steps of views, which cost nothing, follow what they show."""
    steps = [step for step in plan.steps if step.makes is not None]
    alive = measure(plan, steps)
    parts = list(_cut(plan, steps))
    budget = _Budget()
    bound = max((part.bound for part in parts), default=0)
    peak, proven, found = 0, True, []
    for part in parts:
        highest = max(alive[part.first : part.last])
        order: Sequence[int] = range(part.first, part.last)
        if highest > bound and part.last - part.first > 1:
            better, complete = part.search(highest, bound, budget)
            proven = proven and complete
            if better is not None:
                order, highest = better
        peak = max(peak, highest)
        found += [steps[at] for at in order]
    highest = max(measure(plan), default=sum(plan.sizes[start] for start in plan.starts))
    if not steps:
        return Ordering(highest, plan.steps, True, highest)
    if peak >= highest:  # as good: the file's own order
        return Ordering(highest, plan.steps, proven or highest <= bound, min(bound, highest))
    return Ordering(peak, tuple(found), proven or peak <= bound, bound)


def _cut(plan: Plan, steps: Sequence[Step]) -> Iterator[_Part]:
    """The steps between cuts: where nothing is alive but what the last one made, and all before led there."""
    left = count_readers(steps)
    reading = {*left}
    waiting = {start for start in plan.starts if left[start]}
    entering = waiting | (plan.kept & plan.starts)
    kept = plan.kept & plan.starts
    first, is_open = 0, False
    for at, step in enumerate(steps):
        left.subtract(step.reads)
        waiting -= {buffer for buffer in step.reads if not left[buffer]}
        if step.makes in plan.kept and step.makes is not None:
            kept |= {step.makes}
        if step.makes in reading:
            waiting.add(step.makes)
        else:
            is_open = True  # an end, which later layers do not depend on
        if (waiting == {step.makes} and not is_open) or at + 1 == len(steps):
            yield _Part(plan, steps, first, at + 1, frozenset(entering))
            entering = {*kept, *waiting}
            first = at + 1


class _Part:
    """The steps between two cuts, numbered from `first`; sets of them are bits."""

    def __init__(self, plan: Plan, steps: Sequence[Step], first: int, last: int, entering: frozenset[int]) -> None:
        """`entering` are the buffers that are alive before the first of the steps."""
        self.plan, self.first, self.last = plan, first, last
        self.steps = steps[first:last]
        self.entering = entering
        self.live = sum(plan.sizes[buffer] for buffer in entering)
        self.makers = {step.makes: at for at, step in enumerate(self.steps)}
        self.readers: dict[int, int] = {}
        for at, step in enumerate(self.steps):
            for buffer in step.reads:
                self.readers[buffer] = self.readers.get(buffer, 0) | 1 << at
        end = self.steps[-1].makes if last < len(steps) else None
        self.stays = plan.kept if end is None else plan.kept | {end}  # what the steps of this part do not free
        self.needs = [
            sum({1 << self.makers[buffer] for buffer in step.reads if buffer in self.makers}) for step in self.steps
        ]
        if len(self.steps) == 1:
            self.bound = self.run(_State(0, 0, self.live, None), 0)[0]
        else:
            self.bound = self._bound() if len(self.steps) <= limits.ORDER_PART else 0

    def _bound(self) -> int:
        """The most that any step takes whatever the order: with what an ancestor made and a descendant reads."""
        sizes, highest = self.plan.sizes, 0
        ancestors, descendants = [0] * len(self.steps), [0] * len(self.steps)
        for at, needs in enumerate(self.needs):
            ancestors[at] = needs
            for other in _bits(needs):
                ancestors[at] |= ancestors[other]
        for at in reversed(range(len(self.steps))):
            for other in _bits(self.needs[at]):
                descendants[other] |= descendants[at] | 1 << at
        for at, step in enumerate(self.steps):
            made = [self.steps[other].makes for other in _bits(ancestors[at])]
            through = {
                buffer for buffer in (*made, *self.entering)
                if buffer is not None and (self.readers.get(buffer, 0) & descendants[at] or buffer in self.stays)
            }  # fmt: skip
            over = [sizes[buffer] for buffer in step.over if buffer not in through]
            taken = through | {*step.reads} | ({step.makes} if step.makes is not None else set())
            total = sum(sizes[buffer] for buffer in taken) + step.work - max(over, default=0)
            highest = max(highest, total)
        return highest

    def run(self, state: _State, at: int) -> tuple[int, int]:
        """The elements alive while a step runs after a state, and those alive after it."""
        step, sizes = self.steps[at], self.plan.sizes
        done = state.done | 1 << at
        freed = [buffer for buffer in step.reads if not self.readers[buffer] & ~done and buffer not in self.stays]
        made = sizes[step.makes] if step.makes is not None else 0
        over = max([sizes[buffer] for buffer in step.over if buffer in freed], default=0)
        kept = made if step.makes in self.readers or step.makes in self.stays else 0
        return state.live + made - over + step.work, state.live + kept - sum([sizes[buffer] for buffer in freed])

    def follow(self, state: _State, below: int, bound: int) -> Iterator[_State]:
        """The states after one more step, with a peak less than `below`; one alone where it can only help."""
        found = []
        for at, needs in enumerate(self.needs):
            if state.done >> at & 1 or needs & ~state.done:
                continue
            alive, live = self.run(state, at)
            after = _State(max(state.peak, alive), state.done | 1 << at, live, (at, state.way))
            if live <= state.live and alive <= max(state.peak, bound):
                yield after
                return
            if after.peak < below:
                found.append(after)
        yield from found

    def search(self, below: int, bound: int, budget: _Budget) -> tuple[tuple[list[int], int] | None, bool]:
        """An order with the least peak, if it is less than `below`, with its peak; and whether that is proven."""
        if len(self.steps) > limits.ORDER_PART:
            return None, False
        start = _State(0, 0, self.live, None)
        everything = (1 << len(self.steps)) - 1
        heap = [(0, 0, 0, start)]
        seen: set[int] = set()
        number = 0
        least = budget.searches // 2  # the other half is for the parts after this one
        while heap:
            _, _, _, state = heappop(heap)
            if state.done == everything:
                return (self._unlink(state), state.peak), True
            if state.done in seen:
                continue
            seen.add(state.done)
            budget.searches -= len(self.steps)
            if budget.searches <= least:
                return self._beam(start, below, bound, budget.take_beam(len(self.steps))), False
            for after in self.follow(state, below, bound):
                number += 1
                budget.searches -= COST_OF_STATE
                heappush(heap, (max(after.peak, bound), -after.done.bit_count(), number, after))
        return None, True

    def _beam(self, start: _State, below: int, bound: int, width: int) -> tuple[list[int], int] | None:
        """The best order among some sets of each size."""
        states = [start] * (width > 0)
        for _ in self.steps:
            after: dict[int, _State] = {}
            for state in states:
                for each in self.follow(state, below, bound):
                    if each.done not in after or each.peak < after[each.done].peak:
                        after[each.done] = each
            states = sorted(after.values(), key=lambda each: (max(each.peak, bound), each.live))[:width]
        return (self._unlink(states[0]), states[0].peak) if states else None

    def _unlink(self, state: _State) -> list[int]:
        found: list[int] = []
        way: object = state.way
        while isinstance(way, tuple):
            at, way = way
            found.append(self.first + at)
        return found[::-1]


def _bits(number: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


class Move(NamedTuple):
    """What another order does otherwise: a branch of a merge, or a layer, runs after another that it ran before."""

    merge: str  # "" for layers
    moved: str
    after: str


def list_moves(report: Report, plan: Plan, order: Sequence[Step]) -> list[Move]:
    """How an order differs from that of the file, merge by merge; where no merge tells, the first layer that waits."""
    steps = [step for step in plan.steps if step.makes is not None]
    first = next((at for at, (old, new) in enumerate(zip(steps, order, strict=False)) if old is not new), None)
    if first is None or order is plan.steps:
        return []
    places = {step.layer: place for place, step in enumerate(order)}
    branches = sorted((group for group in report.groups if group.form == "branch"), key=lambda group: group.first)
    firsts = [group.first for group in branches]
    found = []
    for merge in report.groups:
        if merge.form == "merge":
            inside = branches[bisect_left(firsts, merge.first) : bisect_left(firsts, merge.last)]
            for one, other in pairwise(group for group in inside if group.depth == merge.depth + 1):
                before = _list_before(one, other, places)
                if before:
                    is_whole = len(before) == sum(at in places for at in range(other.first, other.last))
                    after = other.path if is_whole else report.layers[before[-1]].path
                    found.append(Move(merge.path, one.path, after))
    if not found:
        waits = steps[first].layer
        ahead = order[places[waits] - 1].layer
        found = [Move("", report.layers[waits].path, report.layers[ahead].path)]
    return found


def _list_before(one: Group, other: Group, places: dict[int, int]) -> list[int]:
    """The layers of the other branch, in order, that run before the last one of the first branch."""
    end = max((places[at] for at in range(one.first, one.last) if at in places), default=-1)
    return sorted((at for at in range(other.first, other.last) if places.get(at, end) < end), key=lambda at: places[at])
