"""From the tree of a network to the pieces of a block diagram.

Flow is the tensor that enters a chain at its top; what else a layer reads comes from elsewhere, and is a `Want`. A
layer that is folded into another one is represented by it, so that whatever reads it has a place to read it from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.figure import labels
from cnncalc.figure.frames import FramePiece
from cnncalc.figure.kinds import WITH_STRIP, find_role, format_sizes, is_activation, name_kind
from cnncalc.figure.look import PLAIN, Look
from cnncalc.figure.meeting import Beside, Branch, Fan, Meeting, Side
from cnncalc.figure.pieces import Closed, Gone, Leaf, Piece, Pill
from cnncalc.figure.stack import Link, Stack
from cnncalc.figure.tree import (
    Chain,
    Frame,
    Item,
    Merge,
    Outputs,
    Step,
    chains_in,
    count_of,
    is_level,
    own_layers,
    result_of,
)
from cnncalc.layers import FAMILIES
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

SIGNS = {"add": "+", "multiply": "×", "concat": "‖"}
TOGETHER = 3  # inputs of one layer from elsewhere that have connectors of their own
FANNED = 3  # branches of layers that are set side by side above a bar


class Row(NamedTuple):
    """Pieces from top to bottom: the links above them and below the last, and the tensors that leave them."""

    pieces: list[Piece]
    links: list[Link]
    results: list[int]

    def add(self, link: Link, piece: Piece, result: int) -> None:
        self.links.append(link)
        self.pieces.append(piece)
        self.results.append(result)


class Layout:
    """Lays out the items of a tree down to a depth of frames; deeper ones are closed.

    `needed` are the tensors that are read from elsewhere, each with the number of its connectors: those that the
    `wants` of a first layout, made without them, have. `sizes` if shapes are noted inside frames too.
    """

    def __init__(
        self, report: Report, tree: Chain, depth: int, *, needed: Mapping[int, int] | None = None, look: Look = PLAIN,
        sizes: bool = False,
    ) -> None:  # fmt: skip
        self.report, self.layers, self.tree, self.depth = report, report.layers, tree, depth
        self.look, self.sizes = look, sizes
        self.drawn, self.last_rounds = find_drawn(tree)
        self.links: set[tuple[int, int]] = set()  # (tensor, the layer that names what reads it), all that is drawn
        self.things: dict[int, tuple[int, ...]] = {}  # the layers of each thing that is drawn, by that which names it
        self.signs: set[str] = set()  # of merges
        self.kinds: set[str] = set()  # that name boxes
        self.needed: Mapping[int, int] = needed or {}

    def represent(self, index: int) -> int:
        """The layer that is drawn for a layer."""
        return self.drawn.get(index, index)

    def make_row(
        self, items: Sequence[Item], flow: int | None, level: int, *, result: int | None = None,
        pieces: Sequence[Piece] = (),
    ) -> Row:  # fmt: skip
        """The pieces of some items that the tensor `flow` enters, and of more `pieces` below them.

        `result` is the tensor that must leave them, if that may be another than that of the last item.
        """
        row = Row([], [], [])
        current, shown = flow, self._shape(flow)
        self._add_gone(row, (-1,) if not level and flow is not None else (), current)
        for item in items:
            lead = self.find_lead(item)
            if lead is not None and lead != current and self.has_pill(lead):
                row.add(Link(None, flows=False), self.make_pill(lead), lead)
                current, shown = lead, self._shape(lead)
            note = self._note_shape(current, shown, level) if lead == current and lead is not None else ""
            shown = self._shape(current) if note else shown
            row.add(Link(lead, lead == current, note), self.make_piece(item, lead, level), self._result_of(item))
            current = row.results[-1]
            shown = self._shape(current) if isinstance(row.pieces[-1], Closed) else shown  # which has it inside
            self._add_gone(row, own_layers(item) if isinstance(item, Step | Merge) else (), current)
        for piece in pieces:
            row.add(Link(current, flows=True), piece, current or 0)
        end = current if result is None else self.represent(result)
        row.links.append(Link(None if pieces else end, flows=end == current))
        return row

    def _add_gone(self, row: Row, layers: Sequence[int], current: int | None) -> None:
        """Add what another network has after some layers."""
        texts = [text for index in layers for text in self.look.list_gone(index)]
        if texts:
            row.add(Link(current, flows=True), Gone(texts), current or 0)

    def make_stack(
        self, items: Sequence[Item], flow: int | None, level: int, *, result: int, framed: bool = False, **more: Any
    ) -> Stack:
        """The same as a stack, of which only the tensors between the pieces can be read from elsewhere."""
        row = self.make_row(items, flow, level, result=result, **more)
        return Stack(row.pieces, row.links, row.results, flow, self.needed, ends_tapped=not framed)

    def _result_of(self, item: Item) -> int:
        """The tensor that leaves an item, as it is drawn."""
        return self.represent(item.own_result)

    def has_pill(self, tensor: int) -> bool:
        """Whether an input of several is drawn where it is read."""
        return tensor < 0 and len(self.report.inputs) > 1 and tensor not in self.needed

    def make_pill(self, tensor: int) -> Pill:
        """The pill of an input."""
        shape = self._shape(tensor)
        sizes = format_sizes(shape) if isinstance(shape, tuple) else ""
        return Pill(labels.shorten(f"{self.report.input_labels[tensor]} {sizes}"))

    def _shape(self, index: int | None) -> object:
        if index is None or index < -len(self.report.inputs):
            return None
        if index < 0:
            return [*self.report.inputs.values()][-1 - index]
        return self.layers[self.last_rounds.get(index, index)].output

    def _note_shape(self, index: int | None, shown: object, level: int) -> str:
        """The shape of a tensor, if it is not the one that was shown before it."""
        shape = self._shape(index)
        if (level and not self.sizes) or not isinstance(shape, tuple) or shape == shown:
            return ""
        return format_sizes(shape)

    def find_lead(self, item: Item) -> int | None:
        """The tensor that enters an item at its top: the current one if it is read inside, or that of its first layer.

        None if all branches of a merge begin elsewhere.
        """
        entry = self.represent(item.entry)
        if self._reads(item, entry):
            return entry
        first: Item | None = item
        while isinstance(first, Frame):
            first = first.body.items[0] if first.body.items else None
        if isinstance(first, Step):
            sources = self.layers[first.first].sources
            return self.represent(sources[0]) if sources else None
        return None

    def _reads(self, item: Item, tensor: int) -> bool:
        if isinstance(item, Outputs) and any(
            not branch.items and branch.result == item.entry for branch in item.branches
        ):
            return True
        return any(
            self.represent(source) == tensor
            for index in range(item.first, item.last)
            for source in self.layers[index].sources
        )

    def make_piece(self, item: Item, flow: int | None, level: int) -> Piece:
        """The piece of an item that the tensor `flow` enters."""
        if isinstance(item, Step):
            if FAMILIES[self.layers[item.main].kind] == "merge" and len(self.layers[item.main].sources) > 1:
                return self._make_merge(_as_merge(item, self.layers[item.main].sources), flow, level)
            return self._make_leaf(item, flow)
        if isinstance(item, Merge):
            return self._make_merge(item, flow, level)
        if isinstance(item, Outputs):
            return self._make_outputs(item, flow, level)
        return self._make_frame(item, flow, level)

    def _make_leaf(self, step: Step, flow: int | None) -> Leaf:
        main = self.layers[step.main]
        role, layers = find_role(main.kind), list_layers(step)
        leaf = Leaf(
            labels.label_step(step, self.report),
            labels.describe_step(step, self.report),
            step.layers,
            self.look.paint(role, layers),
            times=_times(step),
            note=self.look.note(layers),
            strip=role in WITH_STRIP and any(is_activation(self.layers[index].kind) for index in step.layers),
        )
        self.things[step.main] = step.layers
        self.kinds.add(main.kind)
        leaf.attach(self._list_wanted(step, flow, step.main), {})
        return leaf

    def _list_wanted(self, item: Item, flow: int | None, main: int) -> list[tuple[int, ...]]:
        """What the layers of an item that is drawn as one box read beside the flow, those of one connector together."""
        sources = dict.fromkeys(
            self.represent(source)
            for index in range(item.first, item.last)
            for source in self.layers[index].sources
            if not item.first <= source < item.last
        )
        self.links |= {(source, main) for source in sources}
        elsewhere = [source for source in sources if source != flow]
        return [tuple(elsewhere)] if len(elsewhere) > TOGETHER else [(source,) for source in elsewhere]

    def _make_frame(self, frame: Frame, flow: int | None, level: int) -> Piece:
        layers = list_layers(frame)
        head, title = labels.head_frame(frame), frame.path or frame.title
        times = _times(frame)
        if level < self.depth or not is_level(frame):
            if frame.after:
                self.things[frame.after[0]] = frame.after
                self.links.add((self.represent(frame.body.result), frame.after[0]))
            stack = self.make_stack(
                frame.body.items, flow, level + is_level(frame), result=frame.body.result, framed=True
            )
            role = self.look.paint("", layers)
            note = self.look.head(layers)
            return FramePiece(stack, head, title, inner=level % 2 == 1, times=times, note=note, role=role)
        shape = self._shape(frame.own_result)
        closed = Closed(
            labels.fit_call(head[0] if not head[1] or len(head[0]) > 3 else " ".join(head), labels.ROOM, bold=True),
            format_sizes(shape) if isinstance(shape, tuple) else "",
            f"{title}: {frame.title}",
            tuple(range(frame.first, frame.last)),
            self.look.paint("inner", layers),
            times=times,
            note=self.look.summarize(layers),
        )
        inside = {
            index: self.needed[index]
            for index in range(frame.first, frame.last)
            if index in self.needed and index != self.represent(frame.own_result)
        }
        self.things[frame.first] = tuple(range(frame.first, frame.last))
        closed.attach(self._list_wanted(frame, flow, frame.first), inside)
        return closed

    def _make_branch(self, chain: Chain, flow: int | None, level: int, *pieces: Piece) -> Branch:
        if chain.items or (pieces and chain.result == chain.entry):
            stack = self.make_stack(chain.items, flow, level, result=chain.result, pieces=pieces)
            return Branch(stack, enters=stack.entered)
        result = self.represent(chain.result)
        if result == flow:
            return Branch(None, enters=True)
        return Branch(None, enters=False, source=result)

    def _make_merge(self, merge: Merge, flow: int | None, level: int) -> Piece:
        layer = self.layers[merge.layer]
        branches = [self._make_branch(chain, flow, level) for chain in merge.branches]
        self.things[merge.layer] = merge.layer, *merge.after
        self.links |= {(self.represent(source), merge.layer) for source in layer.sources}
        collected = [*dict.fromkeys(map(self.represent, merge.collected))]
        many = len(merge.collected) > TOGETHER or len(collected) < len(merge.collected)
        if flow in collected:
            collected.remove(flow)
            branches.append(Branch(None, enters=True))
        inner = [name_kind(self.layers[index].kind) for index in merge.after]
        layers = (merge.layer, *merge.after)
        every = [index for each in (merge, *merge.others) for index in own_layers(each)]
        note = self.look.note(every)
        sign = "" if many else SIGNS.get(layer.kind, "")
        meeting = Meeting(
            sign=sign,
            text=labels.label_merge(merge, self.report, counted=many),
            title=f"{layer.path}: {layer.kind} → {format_sizes(layer.output)}",
            layers=layers,
            role=self.look.paint("merge", every),
            beside=" · ".join(filter(None, [", ".join(inner), note])),
        )
        if sum(1 for branch in branches if branch.piece) >= FANNED:
            return Fan(branches, meeting)
        self.signs.add(sign)
        return Side(branches, meeting, collected)

    def _make_outputs(self, outputs: Outputs, flow: int | None, level: int) -> Piece:
        branches = []
        for chain in outputs.branches:
            shape = self._shape(chain.result)
            text = f"{chain.name} {format_sizes(shape)}" if isinstance(shape, tuple) else chain.name
            branches.append(self._make_branch(chain, flow, level, Pill(labels.shorten(text))))
        ends = outputs.last == len(self.layers) and outputs.entry not in self.report.ends
        return Fan(branches, None) if ends else Beside(branches)


def _as_merge(step: Step, sources: tuple[int, ...]) -> Merge:
    """A merge of named outputs, `add(a, b)`, of which each may come from anywhere."""
    others = tuple(_as_merge(each, sources) for each in step.others)
    return Merge(step.main, step.layers[1:], (), sources, step.entry, step.first, others)


def _times(item: Item) -> str:
    return f"×{count_of(item)}" if item.others else ""


def list_layers(item: Item) -> list[int]:
    """All layers of an item, those that are folded into it included."""
    return [index for each in (item, *item.others) for index in range(each.first, each.last)]


def find_drawn(tree: Chain) -> tuple[dict[int, int], dict[int, int]]:
    """For each layer that is folded into another one the one that is drawn; for each result of a fold the last one."""
    drawn: dict[int, int] = {}
    last: dict[int, int] = {}

    def visit(chain: Chain) -> None:
        for item in chain.items:
            for inner in chains_in(item):
                visit(inner)
            for other in item.others:
                shift = item.first - other.first
                for index in range(other.first, other.last):
                    drawn[index] = drawn.get(index + shift, index + shift)
            if item.others:
                last[item.own_result] = result_of(item)

    visit(tree)
    return drawn, last
