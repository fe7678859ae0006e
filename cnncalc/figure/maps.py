"""The feature maps of a network in a row, for the styles that draw maps instead of layers.

A map is the output of a layer, or of a block in which branches meet, which is drawn as one thing. Layers that do not
change the shape belong to the map before them. `fold_maps` then writes equal neighbours once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.figure.kinds import (
    WITH_STRIP,
    find_role,
    format_sizes,
    format_step,
    format_window,
    is_activation,
)
from cnncalc.figure.tree import Chain, Frame, Merge, Outputs, Step, build_tree, walk
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.report import LayerReport, Report

INPUT_ROLE = "input"
TRIVIAL = ("reshape", "norm", "softmax")  # roles of layers on a skip that is still drawn as one
VIEWS = ("flatten", "crop", "pad")  # after which no map of its own is drawn
MERGES_OF_BLOCK = 2  # in a row; more are blocks themselves
BLOCKS_OF_BODY = 3  # at least, in a branch beside which a skip is drawn
SIGNS = {"concat": "‖", "stack": "‖", "multiply": "×"}  # in the circle of a merge; of others a +


class FigureError(UsageError):
    """A style cannot show a network; the message names one that can."""


class FeatureMap(NamedTuple):
    """A map, drawn as one box or one stack.

    - `shape`, `role`: its shape, (C, *spatial) or (N,), and its role in the palette.
    - `layers`: the indexes of all layers that it stands for, () for the input.
    - `title`: what a pointer shows.
    - `kernel`: of its layer, with the stride: `3×3, /2`; `window` is the span of the kernel along each axis.
    - `kind`: the kind of its layer, "" of a block.
    - `activated`: whether an activation follows its layer.
    - `block`: the name of the block that it is the output of, "" for a single layer.
    - `stage`: the name of the outermost group around it.
    - `times`: how many equal ones it stands for.
    - `note`: a figure of its layers, where figures are shown.
    - `skips`: the indexes of layers far before it that it reads too; `merge` is the sign of how they meet, if they do.
    - `copied`: whether it is a map of a skip; it follows the map with which it is concatenated.
    - `follows`: whether it reads the map before it.
    """

    shape: Shape
    role: str
    layers: tuple[int, ...] = ()
    title: str = ""
    kernel: str = ""
    window: tuple[int, ...] = ()
    kind: str = ""
    activated: bool = False
    block: str = ""
    stage: str = ""
    times: int = 1
    note: str = ""
    skips: tuple[int, ...] = ()
    merge: str = ""
    copied: bool = False
    follows: bool = True

    @property
    def flat(self) -> bool:
        """Whether it has no spatial axes."""
        return len(self.shape) == 1

    @property
    def sizes(self) -> Shape:
        """The sizes of the spatial axes."""
        return self.shape[1:]


def format_page(width: float) -> str:
    """A width of a page that is enough.

    >>> format_page(504)
    '178mm'
    """
    return f"{ceil(width * 25.4 / 72)}mm"


def list_maps(report: Report, style: str) -> list[FeatureMap]:
    """The maps of a network in order, the input first. Raises FigureError for what cannot be shown in one row."""
    if len(report.inputs) > 1:
        raise FigureError(f"{style} shows one input, and the network has {len(report.inputs)}: use `--style graph`")
    walker = _Walker(report, style)
    tree = build_tree(report)
    walker.find_blocks(tree)
    walker.walk(tree, "")
    for one in walker.maps[1:]:
        if not one.follows:
            path = report.layers[one.layers[0]].path
            raise FigureError(f"{style} shows one path, and another begins at `{path}`: use `--style graph`")
    return walker.maps


class _Walker:
    """Collects the maps of a tree."""

    def __init__(self, report: Report, style: str) -> None:
        self.layers: Sequence[LayerReport] = report.layers
        self.style = style
        self.maps = [FeatureMap(report.input, INPUT_ROLE, title=f"input {format_sizes(report.input)}")]
        self.blocks: set[str] = set()

    def find_blocks(self, tree: Chain) -> None:
        """Collect the names of blocks in which branches meet anywhere: all their calls are drawn alike."""
        for item in walk(tree):
            if isinstance(item, Frame) and self._is_merging(item):
                self.blocks.add(_name_block(item))

    def _is_merging(self, frame: Frame) -> bool:
        merges = [item for item in frame.body.items if isinstance(item, Merge)]
        return 1 <= len(merges) <= MERGES_OF_BLOCK and not self._list_far(frame)

    def _list_far(self, item: Frame | Merge) -> tuple[int, ...]:
        """What the layers of an item read from before it, except the current tensor."""
        sources = (source for index in range(item.first, item.last) for source in self.layers[index].sources)
        return tuple(dict.fromkeys(source for source in sources if source < item.first and source != item.entry))

    def walk(self, chain: Chain, stage: str) -> None:
        """Add the maps of a chain."""
        for item in chain.items:
            if isinstance(item, Step):
                self._add_step(item, stage)
            elif isinstance(item, Merge):
                self._add_merge(item, stage)
            elif isinstance(item, Frame):
                self._add_frame(item, stage or _name_stage(item))
            else:
                raise self._refuse_outputs(item)

    def _refuse_outputs(self, item: Outputs) -> FigureError:
        path = self.layers[item.first].path
        return FigureError(f"{self.style} shows no outputs beside the main path, e.g. `{path}`: use `--style graph`")

    def _add_step(self, step: Step, stage: str) -> None:
        main = self.layers[step.main]
        role, last = find_role(main.kind), self.maps[-1]
        sources = self.layers[step.first].sources
        far = tuple(source for source in sources if source != step.entry)
        output = self.layers[step.layers[-1]].output
        if not far and (main.kind in VIEWS or (role in TRIVIAL and output == last.shape)):
            self._absorb(step.layers)
            return
        made = FeatureMap(
            output, role, step.layers, f"{main.path}: {main.layer!r} → {format_sizes(output)}",
            _describe_kernel(main), _span_window(main), main.kind,
            role in WITH_STRIP and any(is_activation(self.layers[index].kind) for index in step.layers),
            stage=stage, skips=far, follows=step.entry in sources,
        )  # fmt: skip
        self.maps.append(made)

    def _absorb(self, layers: tuple[int, ...]) -> None:
        self.maps[-1] = self.maps[-1]._replace(layers=(*self.maps[-1].layers, *layers))

    def _add_merge(self, merge: Merge, stage: str) -> None:
        """A block; or, where skips come from far before, what they meet."""
        kind = self.layers[merge.layer].kind
        parts = self._split(merge)
        if parts is None:
            self._add_block(merge, kind, stage)
            return
        own, far = parts
        layers = (*(index for branch in far for index in range(*_span(branch))), merge.layer, *merge.after)
        starts = tuple(map(self._find_start, far))
        self.walk(own, stage)
        if kind != "concat":
            self._absorb(layers)
            self.maps[-1] = self.maps[-1]._replace(skips=self.maps[-1].skips + starts, merge=SIGNS.get(kind, "+"))
            return
        shapes = [self.layers[branch.result].output if branch.result >= 0 else self.maps[0].shape for branch in far]
        copies = [
            FeatureMap(shape, "copy", title=f"a copy of {self._name(start)}", stage=stage, skips=(start,), copied=True)
            for shape, start in zip(shapes, starts, strict=True)
        ]
        copies[0] = copies[0]._replace(layers=layers)
        self.maps += copies

    def _split(self, merge: Merge) -> tuple[Chain, list[Chain]] | None:
        """The branch of the main path and those that are drawn as skips, None if a merge is drawn as a block."""
        far = [branch for branch in merge.branches if self._find_start(branch) != merge.entry]
        own = [branch for branch in merge.branches if self._find_start(branch) == merge.entry]
        if not far and any(self._is_body(branch) for branch in own):
            far = [branch for branch in own if not self._is_body(branch)]
            own = [branch for branch in own if self._is_body(branch)]
        if not far or len(own) != 1 or merge.collected or not all(map(self._is_trivial, far)):
            return None
        return own[0], far

    def _name(self, index: int) -> str:
        return self.layers[index].path if index >= 0 else "the input"

    def _find_start(self, branch: Chain) -> int:
        """The tensor that a branch begins with."""
        if not branch.items:
            return branch.result
        sources = self.layers[branch.items[0].first].sources
        return branch.entry if branch.entry in sources or not sources else sources[0]  # none: a learned tensor

    def _is_body(self, branch: Chain) -> bool:
        """Whether a branch has so many blocks that they are drawn one by one."""
        return sum(isinstance(item, Frame | Merge) for item in branch.items) >= BLOCKS_OF_BODY

    def _is_trivial(self, branch: Chain) -> bool:
        return all(
            isinstance(item, Step) and find_role(self.layers[item.main].kind) in TRIVIAL for item in branch.items
        )

    def _is_walkable(self, chain: Chain) -> bool:
        """Whether the maps of a chain that reads from far before it are one path, with skips that are drawn."""
        for item in chain.items:
            if isinstance(item, Step):
                walkable = item.entry in self.layers[item.first].sources
            elif isinstance(item, Merge):
                walkable = not self._list_far(item) or self._split(item) is not None
            else:
                walkable = isinstance(item, Frame) and self._is_walkable(item.body)
            if not walkable:
                return False
        return True

    def _add_frame(self, frame: Frame, stage: str) -> None:
        is_block = self._is_merging(frame) or _name_block(frame) in self.blocks
        if not self._is_walkable(frame.body) if self._list_far(frame) else is_block:
            self._add_block(frame, _name_block(frame), stage)
            return
        self.walk(frame.body, stage)
        if frame.after:
            self._absorb(frame.after)

    def _add_block(self, item: Frame | Merge, name: str, stage: str) -> None:
        if any(isinstance(inner, Outputs) for branch in _chains(item) for inner in walk(branch)):
            raise self._refuse_outputs(next(i for b in _chains(item) for i in walk(b) if isinstance(i, Outputs)))
        result = item.own_result
        output = self.layers[result].output if result >= 0 else self.maps[0].shape
        path = item.path if isinstance(item, Frame) else self.layers[item.layer].path
        far = self._list_far(item)
        made = FeatureMap(
            output, "conv", tuple(range(item.first, item.last)), f"{path}: {name} → {format_sizes(output)}",
            block=name, stage=stage, skips=far,
        )  # fmt: skip
        self.maps.append(made)


def _describe_kernel(layer: LayerReport) -> str:
    """Kernel and stride in short: `3×3, /2`; `k9` of one axis."""
    window = format_window(layer)
    return ", ".join(filter(None, (f"k{window}" if window.isdigit() else window, format_step(layer))))


def _span_window(layer: LayerReport) -> tuple[int, ...]:
    """The positions from the first to the last that a kernel reads, dilation included, along each axis."""
    kernel = layer.arguments.get("kernel")
    if not isinstance(kernel, tuple):
        return ()
    steps = layer.arguments.get("dilation")
    dilation = steps if isinstance(steps, tuple) else (1,) * len(kernel)
    return tuple((size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True))


def _chains(item: Frame | Merge) -> tuple[Chain, ...]:
    return (item.body,) if isinstance(item, Frame) else item.branches


def _name_block(frame: Frame) -> str:
    return frame.title.partition("(")[0] or frame.path.rpartition(".")[2]


def _name_stage(frame: Frame) -> str:
    """The last part of the path that is no number."""
    return next((part for part in reversed(frame.path.split(".")) if not part.isdigit()), "")


def _span(branch: Chain) -> tuple[int, int]:
    """The first of its layers, and the index after the last."""
    return (branch.items[0].first, branch.items[-1].last) if branch.items else (0, 0)


def fold_maps(maps: Sequence[FeatureMap], level: int) -> list[FeatureMap]:
    """The maps with equal neighbours as one: none at level 0, equal ones at 1, those of a stage at 2.

    Of a run that becomes one, only the last is read by skips, or all by the same.
    """
    if not level:
        return [*maps]
    readers = _list_readers(maps)
    runs: list[list[FeatureMap]] = []
    before: object = None
    for place, one in enumerate(maps):
        key = _key(one, level)
        alike = key == before and not one.skips and not one.copied
        if alike and readers[place - 1] <= readers[place]:
            runs[-1].append(one)
        else:
            runs.append([one])
        before = key
    return [_join(run, level) for run in runs]


def _list_readers(maps: Sequence[FeatureMap]) -> list[set[int]]:
    """For each map the places of those that read it by a skip."""
    where = locate(maps)
    readers: list[set[int]] = [set() for _ in maps]
    for place, one in enumerate(maps):
        for source in one.skips:
            readers[where[source]].add(place)
    return readers


def locate(maps: Sequence[FeatureMap]) -> dict[int, int]:
    """For each layer the place of the map that stands for it; 0, the input, for the network's inputs."""
    places = {index: place for place, one in enumerate(maps) for index in one.layers}
    return places | {-1: 0}


def _key(one: FeatureMap, level: int) -> object:
    """What is equal for maps that are folded."""
    if level > 1 and one.stage and not one.flat:
        return one.stage, one.sizes
    if one.block:
        return one.block, one.stage.rstrip("0123456789"), one.sizes
    return one.role, one.kernel, one.activated, one.shape


def _join(run: list[FeatureMap], level: int) -> FeatureMap:
    last = run[-1]
    if len(run) == 1:
        return last
    layers = tuple(index for one in run for index in one.layers)
    same = len({_key(one, 1) for one in run}) == 1
    count = sum(one.times for one in run) if same else 1
    block = last.block if same else last.stage
    title = f"{last.stage or last.title.partition(':')[0]} → {format_sizes(last.shape)}"
    stage = last.stage if last.stage == run[0].stage else f"{run[0].stage}–{last.stage}"
    return last._replace(
        stage=stage, layers=layers, times=count, block=block, title=f"{title} ×{count}" if count > 1 else title,
        role=last.role if same else "conv", skips=run[0].skips, merge=run[0].merge,
    )  # fmt: skip


def _name_run(one: FeatureMap) -> str:
    bare = one.stage.rstrip("0123456789")
    return bare if bare == one.block else one.stage


def describe_runs(maps: Sequence[FeatureMap]) -> Iterator[tuple[str, int, int]]:
    """The stages in order: the name, and the places of the first and the last of its maps.

    Neighbours that are called by their block and a number are one, without the number.
    """
    place = 0
    for stage, members in groupby(maps, _name_run):
        count = len([*members])
        if stage:
            yield stage, place, place + count - 1
        place += count
