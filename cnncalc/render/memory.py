"""The memory of a network at inference as a document, JSON and CSV: the peak first, and what is alive there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cnncalc.analysis.folding import Row, fold
from cnncalc.analysis.liveness import Alive, Mode
from cnncalc.analysis.memory import InMode, Memory
from cnncalc.analysis.ordering import Move
from cnncalc.render.columns import join, list_inputs
from cnncalc.render.csv import write_csv
from cnncalc.render.document import (
    BLANK,
    EMPTY,
    Block,
    Cell,
    Column,
    Pairs,
    Paragraph,
    Table,
    drop_columns,
    elide_paths,
    fit_table,
)
from cnncalc.render.json import FORMAT, dump
from cnncalc.render.numbers import draw_bar, format_bytes, format_digits, format_figure, format_share
from cnncalc.render.view import View

BAR = 12  # cells of a full bar
TITLES = {Mode.separate: "separate", Mode.in_place: "in place", Mode.fused: "fused"}
ABOUT = {
    Mode.separate: "each output in memory of its own",
    Mode.in_place: "element by element, an input that nothing reads later is overwritten",
    Mode.fused: "norms and activations computed with the layer before them",
}
NOT_COUNTED = "working memory within layers, alignment, allocator, framework and program"
SHOWN_READERS = 3  # of a tensor
SHOWN_MOVES = 3  # of another order
DROPPED = ("held for later", "shape", "output")  # columns that are dropped at a narrow width, in this order


def describe_memory(memory: Memory, view: View) -> Iterator[Block]:
    """The peak and what is alive there, the layers, the totals."""
    report = memory.report
    sizes = f"  {list_inputs(report.inputs, join)} → {join(report.output)}"
    how = f"  memory in {memory.dtypes.label}{describe_batch(memory)}"
    yield Paragraph(((report.name, "title"), (sizes, ""), (how, "")))
    separate = memory.mode(Mode.separate)
    yield Paragraph((("peak  ", "head"), (_describe_peak(memory, separate), "")), 6)
    if memory.where:
        yield Paragraph((("there  ", "head"), (_describe_shown(memory, separate), "")), 7)
    yield BLANK
    if separate.peak.step >= 0:
        yield _fit(view, lambda bars, units: _draw_alive(memory, separate, view, bars=bars, units=units))
        yield BLANK
    rows = fold(report, view.depth)
    if rows:
        yield _fit(view, lambda bars, units: _draw_layers(memory, rows, bars=bars, units=units))
        yield BLANK
    yield Pairs(list(_list_totals(memory)))


def describe_batch(memory: Memory) -> str:
    """`, batch of 32`, "" for one example."""
    return f", batch of {memory.batch:,}" if memory.batch > 1 else ""


def _fit(view: View, draw: Callable[[bool, bool], Table]) -> Table:
    """A table in the first variant that fits; `draw` makes it with bars or not, and in units or not."""
    units = view.human is not False

    def list_variants() -> Iterator[Table]:
        yield draw(True, bool(view.human))
        yield draw(True, units)
        yield from drop_columns(draw(False, units), DROPPED)

    return elide_paths(fit_table(list_variants(), view.width), 0, view.width)


def _describe_peak(memory: Memory, inmode: InMode) -> str:
    size = memory.bytes_of(inmode.peak.elements)
    text = f"{format_digits(size)} bytes = {format_bytes(size)}" if size >= 1024 else f"{format_digits(size)} bytes"
    if inmode.at is None:
        return f"{text}, the input"
    layer = memory.report.layers[inmode.at]
    more = f", the first of {inmode.ties:,} layers with as much" if inmode.ties > 1 else ""
    return f"{text} at {layer.path} ({layer.kind}){more}"


def _describe_shown(memory: Memory, inmode: InMode) -> str:
    """What is alive at the layer that is asked for."""
    layer = memory.report.layers[inmode.plan.steps[memory.shown_step].layer]
    size = memory.bytes_of(inmode.alive[memory.shown_step])
    return f"{_describe_bytes(size)} at {layer.path} ({layer.kind})"


def _join_readers(memory: Memory, each: Alive) -> str:
    """The layers that still read a tensor after this one."""
    names = [memory.report.layers[at].path for at in each.readers]
    if len(names) > SHOWN_READERS:
        names = [*names[:SHOWN_READERS], f"{len(names) - SHOWN_READERS} more"]
    if each.is_kept:
        names.append("output of the network")
    return ", ".join(names)


def _name_role(each: Alive) -> str:
    return "output" if each.is_made else "input" if each.is_read else "held"


def _draw_alive(memory: Memory, inmode: InMode, view: View, *, bars: bool, units: bool) -> Table:
    found = inmode.list_at(memory.shown_step)
    total = inmode.alive[memory.shown_step]
    most = found[0].elements if found else 0
    waits = [_join_readers(memory, each) for each in found]
    columns = [
        Column("alive there", [Cell(memory.name(each.buffer)) for each in found], footer=Cell("together", "head")),
        Column("shape", [Cell(join(memory.shape(each.buffer))) for each in found], True, EMPTY),
        _make_bytes_column(memory, "bytes", [each.elements for each in found], total, units=units),
        *[Column("", _draw_bars([each.elements for each in found], most), footer=EMPTY, bar=True)] * bars,
        Column("is", [Cell(_name_role(each)) for each in found], footer=EMPTY),
        *[Column("still read by", list(map(Cell, waits)), footer=EMPTY)] * (view.width is None or bars),
    ]  # fmt: skip
    return Table(columns)


def _draw_bars(values: Sequence[int], most: int) -> list[Cell]:
    return [Cell(draw_bar(value, most, BAR), "bar") for value in values]


def _make_bytes_column(
    memory: Memory, header: str, values: Sequence[int | None], footer: int | None, *, units: bool
) -> Column:
    """Elements as bytes."""

    def write(value: int | None) -> str:
        return "" if value is None else format_figure(memory.bytes_of(value), "bytes", units=units)

    cells = [Cell(write(value), "" if value else "faint") for value in values]
    return Column(header, cells, True, EMPTY if footer is None else Cell(write(footer), "head"))


def _draw_layers(memory: Memory, rows: Sequence[Row], *, bars: bool, units: bool) -> Table:
    """The layers; of a group that is folded, the most of its layers."""
    inmode = memory.mode(Mode.separate)
    alive, held, sizes, shown = [], [], [], [row for row in rows if not row.head]
    places = {layer.path: index for index, layer in enumerate(memory.report.layers)}
    for row in shown:
        inside = [places[layer.path] for layer in row.inside]
        alive.append(max(inmode.layers[at] for at in inside))
        held.append(max(memory.held[at] for at in inside))
        root = inmode.plan.roots[places[row.result.path]] if row.result else None  # of which the result is a view
        sizes.append(inmode.plan.sizes[root] if root in inside else 0)
    outputs = [memory.report.layers[places[row.result.path]].output if row.result else None for row in shown]
    most = inmode.peak.elements
    columns = [
        Column("layer", [Cell(_format_path(row)) for row in shown], footer=Cell("peak", "head")),
        Column("output", [Cell(join(shape)) for shape in outputs], True, EMPTY),
        _make_bytes_column(memory, "output bytes", sizes, None, units=units),
        _make_bytes_column(memory, "alive", alive, most, units=units),
        *[Column("", _draw_bars(alive, most), footer=EMPTY, bar=True)] * bars,
        _make_bytes_column(memory, "held for later", held, None, units=units),
    ]
    return Table(columns)


def _format_path(row: Row) -> str:
    return f"{row.path} ×{row.rounds}" if row.rounds else row.path


def _list_totals(memory: Memory) -> Iterator[tuple[str, str]]:
    separate = memory.mode(Mode.separate).peak.elements
    for mode in TITLES:
        found = memory.mode(mode)
        share = "" if mode == Mode.separate else f", {format_share(found.peak.elements, separate)} of separate"
        at = "" if found.at is None else f", at {memory.report.layers[found.at].path}"
        yield TITLES[mode], f"{_describe_bytes(memory.bytes_of(found.peak.elements))}{share}: {ABOUT[mode]}{at}"
    if not memory.joins:
        yield "order", _describe_order(memory)
    total = memory.report.totals
    parts = f"{format_digits(total.parameters)} parameters and {format_digits(total.buffers)} buffers"
    yield "weights", f"{_describe_bytes(memory.weights)}: {parts}, not part of the peak"
    elements = memory.input_elements
    yield "input", f"{_describe_bytes(memory.bytes_of(elements))}: {format_digits(elements)} elements, part of the peak"
    every = memory.bytes_of(total.activations)
    yield "all outputs", f"{_describe_bytes(every)}: they are never alive together"
    yield "not counted", NOT_COUNTED


def _describe_order(memory: Memory) -> str:
    """What another order of the layers would save."""
    best, file = memory.ordering, memory.mode(Mode.separate).peak.elements
    if best.peak >= file:
        return "that of the file is the best" if best.is_proven else "that of the file; no better one was found"
    saved = f"{format_share(file - best.peak, file)} less than that of the file"
    proof = "" if best.is_proven else "; not proven best"
    moves = memory.moves
    texts = [_describe_move(move) for move in moves[:SHOWN_MOVES]] or ["views that nothing reads are made at once"]
    if len(moves) > SHOWN_MOVES:
        texts.append(f"{len(moves) - SHOWN_MOVES} more")
    size = _describe_bytes(memory.bytes_of(best.peak))
    return f"another one takes {size}, {saved}: {'; '.join(texts)}{proof}"


def _describe_move(move: Move) -> str:
    """`shortcut after body in stage1.add1`."""
    if not move.merge:
        return f"{move.moved} after {move.after}"
    moved, after = (path.removeprefix(f"{move.merge}.") for path in (move.moved, move.after))
    return f"{moved} after {after} in {move.merge}"


def _describe_bytes(number: int) -> str:
    return f"{format_digits(number)} bytes = {format_bytes(number)}" if number >= 1024 else f"{number} bytes"


# for programs


def dump_memory(memory: Memory, **more: Any) -> str:
    """The peaks of all modes, what is alive at the first, and every layer; elements are those of one example."""
    report = memory.report
    separate = memory.mode(Mode.separate)
    steps = [
        {
            "path": layer.path, "kind": layer.kind, "output": layer.output, "elements": elements,
            "bytes": memory.bytes_of(elements), "held": held,
        }
        for layer, elements, held in zip(report.layers, separate.layers, memory.held, strict=True)
    ]  # fmt: skip
    return dump({
        "format": FORMAT,
        "name": report.name,
        "batch": memory.batch,
        "dtype": memory.dtypes.activations.value,
        "dtypes": {name: dtype.value for name, dtype in memory.dtypes._asdict().items()},
        "input": {"elements": memory.input_elements, "bytes": memory.bytes_of(memory.input_elements)},
        "weights_memory": memory.weights,
        "peak": {**_record_peak(memory, separate), "alive": _record_alive(memory, separate, separate.peak.step)},
        "modes": {mode.value: _record_peak(memory, memory.mode(mode)) for mode in TITLES},
        **({"at": _record_shown(memory)} if memory.where else {}),
        **({} if memory.joins else {"order": _record_order(memory)}),
        **more,
        "steps": steps,
    })  # fmt: skip


def _record_shown(memory: Memory) -> dict[str, Any]:
    """The layer that is asked for."""
    inmode, step = memory.mode(Mode.separate), memory.shown_step
    layer = memory.report.layers[inmode.plan.steps[step].layer]
    elements = inmode.alive[step]
    alive = _record_alive(memory, inmode, step)
    return {"path": layer.path, "elements": elements, "bytes": memory.bytes_of(elements), "alive": alive}


def _record_order(memory: Memory) -> dict[str, Any]:
    best = memory.ordering
    return {
        "elements": best.peak, "bytes": memory.bytes_of(best.peak), "proven": best.is_proven,
        "bound": best.bound, "moves": [move._asdict() for move in memory.moves],
    }  # fmt: skip


def _record_peak(memory: Memory, inmode: InMode) -> dict[str, Any]:
    at = None if inmode.at is None else memory.report.layers[inmode.at].path
    elements = inmode.peak.elements
    return {"elements": elements, "bytes": memory.bytes_of(elements), "at": at, "ties": inmode.ties}


def _record_alive(memory: Memory, inmode: InMode, step: int) -> list[dict[str, Any]]:
    if step < 0:
        return []
    return [
        {
            "tensor": memory.name(each.buffer), "shape": memory.shape(each.buffer), "elements": each.elements,
            "bytes": memory.bytes_of(each.elements), "role": _name_role(each),
            "readers": [memory.report.layers[at].path for at in each.readers], "output": each.is_kept,
        }
        for each in inmode.list_at(step)
    ]  # fmt: skip


def write_memory_csv(memory: Memory) -> str:
    """The layers as CSV, in elements and bytes."""
    header = ["layer", "kind", "output", "alive_elements", "alive_bytes", "held_elements", "held_bytes"]
    header += [f"{mode}_bytes" for mode in TITLES if mode != Mode.separate]
    others = [memory.mode(mode).layers for mode in TITLES if mode != Mode.separate]
    layers = memory.report.layers
    parts = zip(layers, memory.mode(Mode.separate).layers, memory.held, *others, strict=True)
    return write_csv(
        header,
        (
            [layer.path, layer.kind, layer.output, alive, memory.bytes_of(alive), held, memory.bytes_of(held)]
            + [memory.bytes_of(each) for each in more]
            for layer, alive, held, *more in parts
        ),
    )
