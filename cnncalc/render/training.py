"""The memory of training as a document, JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.analysis.training import Training
from cnncalc.render.csv import write_csv
from cnncalc.render.document import BLANK, EMPTY, Block, Cell, Column, Pairs, Paragraph, Table, elide_paths, fit_table
from cnncalc.render.numbers import format_bytes, format_digits, format_figure, format_share
from cnncalc.render.view import View

SHOWN_CHECKPOINTS = 10
ABOUT = {
    "tensors": "inputs and outputs of layers, each once",
    "indices": "of the largest elements, int64",
    "masks": "of dropout",
    "statistics": "means and deviations of norms",
    "maps": "results within layers",
}


def describe_training(training: Training, view: View) -> Iterator[Block]:
    """All together, its parts, and what checkpoints would save."""
    settings = training.settings
    dtype = f"mixed {settings.dtype} and float16" if settings.mixed else settings.dtype.value
    title = f"  training in {dtype}, {settings.optimizer}, batch of {settings.batch:,}"
    yield Paragraph(((training.report.name, "title"), (title, "")))
    yield Paragraph((("all together  ", "head"), (_describe_bytes(training.total), "")), 14)
    yield Paragraph((("peak of a step  ", "head"), (_describe_peak(training), "")), 16)
    yield BLANK
    parts = list(_list_parts(training))
    columns = [
        Column("part", [Cell(name) for name, _, _ in parts], footer=Cell("all together", "head")),
        Column(
            "bytes", [Cell(format_figure(size, "bytes", units=bool(view.human))) for _, size, _ in parts], True,
            Cell(format_figure(training.total, "bytes", units=bool(view.human)), "head"),
        ),
        Column("", [Cell(text) for _, _, text in parts], footer=EMPTY),
    ]  # fmt: skip
    yield fit_table((Table(columns), Table(columns[:2])), view.width)
    yield BLANK
    yield Paragraph((("kept for the backward pass  ", "head"), (_describe_bytes(training.kept.total), "")), 4)
    kept = [(name, f"{format_digits(size)}: {ABOUT[name]}") for name, size in _list_kept(training) if size]
    yield Pairs(kept, indent=2)
    yield from _describe_checkpoints(training, view)


def _describe_bytes(number: int) -> str:
    return f"{format_digits(number)} bytes = {format_bytes(number)}" if number >= 1024 else f"{number} bytes"


def _describe_peak(training: Training) -> str:
    peak = training.step_peak
    where = "the input" if peak.layer is None else training.report.layers[peak.layer].path
    return f"{_describe_bytes(peak.bytes)} at {where}, {'backward' if peak.is_backward else 'forward'}"


def _list_kept(training: Training) -> list[tuple[str, int]]:
    return [("tensors", training.kept.tensors), *training.kept.extras.items()]


def _list_parts(training: Training) -> Iterator[tuple[str, int, str]]:
    totals, settings = training.report.totals, training.settings
    copies = ", with float16 copies" if settings.mixed else ""
    yield "parameters", training.parameters, f"{format_digits(totals.parameters)} weights and biases{copies}"
    yield "buffers", training.buffers, f"{format_digits(totals.buffers)} running statistics"
    states = settings.optimizer.states
    text = f"{states} number{'s' * (states != 1)} for each parameter" if states else "none"
    yield "optimizer", training.state, f"{settings.optimizer}: {text}"
    text = f"activations and gradients, {_describe_gradients(training)}"
    yield "peak of a step", training.step_peak.bytes, text


def _describe_gradients(training: Training) -> str:
    return f"those of parameters {format_digits(training.gradients)} bytes at the end"


def _describe_checkpoints(training: Training, view: View) -> Iterator[Block]:
    found = training.list_checkpoints()
    if not found:
        return
    shown = found[:SHOWN_CHECKPOINTS]
    total = training.kept.total
    yield BLANK
    numbers = [
        Column("saves", [Cell(format_figure(each.saved, "bytes", units=bool(view.human))) for each in shown], True),
        Column("", [Cell(format_share(each.saved, total)) for each in shown], True),
    ]
    headers = ("computed again instead of kept", "computed again")
    tables = [Table([Column(header, [Cell(each.path) for each in shown]), *numbers]) for header in headers]
    yield elide_paths(fit_table(tables, view.width), 0, view.width)
    if len(found) > len(shown):
        yield Paragraph(((f"and {len(found) - len(shown)} more blocks that save less", "faint"),))


def record_training(training: Training) -> dict[str, Any]:
    """The memory of training for JSON."""
    settings, peak = training.settings, training.step_peak
    at = None if peak.layer is None else training.report.layers[peak.layer].path
    return {
        "optimizer": settings.optimizer.value, "batch": settings.batch, "mixed": settings.mixed,
        "dtype": settings.dtype.value, "bytes": training.total, "parameters": training.parameters,
        "buffers": training.buffers, "gradients": training.gradients, "optimizer_state": training.state,
        "saved": {"bytes": training.kept.total, **dict(_list_kept(training))},
        "step": {"bytes": peak.bytes, "at": at, "backward": peak.is_backward},
        "checkpoints": [{"path": each.path, "bytes": each.saved} for each in training.list_checkpoints()],
    }  # fmt: skip


def write_training_csv(training: Training) -> str:
    """The parts as CSV."""
    rows = [[name, size] for name, size, _ in _list_parts(training)]
    rows += [["gradients", training.gradients]]
    rows += [[f"saved {name}", size] for name, size in _list_kept(training)]
    rows += [[f"checkpoint {each.path}", each.saved] for each in training.list_checkpoints()]
    return write_csv(["part", "bytes"], rows)
