"""The arena of a network as a document, JSON and CSV: where each tensor begins, and how large the arena is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.analysis.memory import Memory
from cnncalc.render.columns import join
from cnncalc.render.csv import write_csv
from cnncalc.render.document import (
    BLANK,
    EMPTY,
    Block,
    Cell,
    Column,
    Paragraph,
    Table,
    drop_columns,
    elide_paths,
    fit_table,
)
from cnncalc.render.memory import describe_batch
from cnncalc.render.numbers import format_bytes, format_digits, format_figure, format_share
from cnncalc.render.view import View


def describe_arena(memory: Memory, view: View) -> Iterator[Block]:
    """The size of the arena, the lower bound, and the place of each tensor in the order in which they are made."""
    arena = memory.arena
    yield Paragraph(((memory.report.name, "title"), (f"  arena in {memory.dtypes.label}{describe_batch(memory)}", "")))
    over = arena.size - arena.bound
    more = (
        f", {format_share(over, arena.bound)} above the peak of {arena.bound:,} bytes" if over else ", the peak itself"
    )
    text = f"{arena.size:,} bytes = {format_bytes(arena.size)}{more}"
    yield Paragraph((("size  ", "head"), (text, "")), 6)
    yield BLANK
    units = view.human is not False
    tables = (
        _draw(memory, units=bool(view.human)),
        *drop_columns(_draw(memory, units=units), ["shape", "last read", "step"]),
    )
    yield elide_paths(fit_table(tables, view.width), 0, view.width)
    yield BLANK
    yield Paragraph((
        ("Norms and activations are computed with the layer before them. Offsets by TensorFlow Lite's greedy rule, the "
         "largest tensor first, aligned to 16 bytes; without the buffers that such a runtime keeps besides.", ""),
    ))  # fmt: skip


def _draw(memory: Memory, *, units: bool) -> Table:
    arena = memory.arena
    return Table([
        Column("tensor", [Cell(memory.name(place.buffer)) for place in arena.places], footer=Cell("arena", "head")),
        Column("shape", [Cell(join(memory.shape(place.buffer))) for place in arena.places], True, EMPTY),
        Column("offset", [Cell(format_digits(place.offset)) for place in arena.places], True, EMPTY),
        Column(
            "bytes", [Cell(format_figure(place.size, "bytes", units=units)) for place in arena.places], True,
            Cell(format_figure(arena.size, "bytes", units=units), "head"),
        ),
        Column("step", [Cell(format_digits(place.first)) for place in arena.places], True, EMPTY),
        Column("last read", [Cell(format_digits(place.last)) for place in arena.places], True, EMPTY),
    ])  # fmt: skip


def record_arena(memory: Memory) -> dict[str, Any]:
    """The arena for JSON."""
    arena = memory.arena
    tensors = [
        {
            "tensor": memory.name(place.buffer), "shape": memory.shape(place.buffer), "offset": place.offset,
            "bytes": place.size, "first": place.first, "last": place.last,
        }
        for place in arena.places
    ]  # fmt: skip
    return {"bytes": arena.size, "bound": arena.bound, "tensors": tensors}


def write_arena_csv(memory: Memory) -> str:
    """The tensors as CSV."""
    header = ["tensor", "shape", "offset", "bytes", "first", "last"]
    return write_csv(
        header,
        ([memory.name(each.buffer), memory.shape(each.buffer), *each[1:]] for each in memory.arena.places),
    )
