"""Reports and problems as JSON. Scripts rely on the keys and their meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import isfinite
from typing import Any

from cnncalc.analysis.by_kind import sum_by_kind
from cnncalc.analysis.figures import COUNTS, FIGURES, OF_DEVICES, WITH_DTYPE, Dtype
from cnncalc.analysis.report import Costs, LayerReport, ReceptiveField, Report, Seen, Whole
from cnncalc.errors import Fix, Note, Problem
from cnncalc.layers.arguments import Value

_Path = tuple[str | int, ...]  # the keys and indexes that lead to a value

FORMAT = 1  # raised when a key changes its meaning or is removed


def dump_summary(report: Report, dtype: Dtype, convention: str = "") -> str:
    """A report as JSON; the layers are the executed ones, so that they add up to the totals.

    `convention` is that of another tool, whose figures are added.
    """
    in_memory = {figure.name: figure.measure_network(report, dtype) for figure in WITH_DTYPE}
    totals = {**_record_figures(report.totals), **in_memory, "dtype": dtype.value}
    totals["depth"] = FIGURES["depth"].measure_network(report)
    by_kind = {each.kind: {"layers": each.layers, **_record_figures(each.costs)} for each in sum_by_kind(report)}
    if report.device:
        totals |= {figure.name: record_value(figure.measure_network(report, dtype)) for figure in OF_DEVICES}
    document = {
        "format": FORMAT,
        "name": report.name,
        "source": report.source,
        "input": report.input,
        "inputs": report.inputs,
        "output": report.output or None,
        "outputs": report.outputs,
        "complete": report.complete,
        "totals": totals,
        "by_kind": by_kind,
        **record_convention(report, convention),
        "layers": LazyList(_Layers(report).record, report.layers),
    }
    return dump(document)


def record_convention(report: Report, name: str) -> dict[str, Any]:
    """What another tool counts, in total and for each layer, as an entry `convention`; none without a name."""
    if not name:
        return {}
    from cnncalc.conventions import named

    counted = named(name).apply(report)
    layers = zip(report.layers, counted.layers, strict=True)
    return {"convention": {
        "name": name,
        "version": counted.convention.version,
        "unit": counted.convention.unit,
        "totals": dict(zip(("parameters", "operations"), counted.totals, strict=True)),
        "layers": [{"path": layer.path, **each._asdict()} for layer, each in layers],
    }}  # fmt: skip


class _Layers:
    """Makes a record of each layer of a report; parts that layers share are made once, by their identity."""

    def __init__(self, report: Report) -> None:
        self.layers = report.layers
        self.inputs = report.input_labels
        self.seen: dict[int, dict[str, Any]] = {}
        self.settings: dict[int, str] = {}
        self.arguments: dict[tuple[int, int], dict[str, Value]] = {}
        self.figures: dict[int, dict[str, int]] = {}

    def record(self, layer: LayerReport) -> dict[str, Any]:
        kind, costs = layer.layer, layer.costs
        settings = self.settings.get(id(kind)) or self.settings.setdefault(id(kind), repr(kind))
        axes = id(kind), layer.axes
        arguments = self.arguments.get(axes)
        if arguments is None:
            arguments = self.arguments[axes] = layer.arguments
        figures = self.figures.get(id(costs)) or self.figures.setdefault(id(costs), _record_figures(costs))
        return {
            "path": layer.path,
            "kind": layer.kind,
            "line": layer.line,
            "settings": settings,
            "arguments": arguments,
            "sources": [self.layers[at].path if at >= 0 else self.inputs[at] for at in layer.sources],
            "inputs": layer.inputs,
            "output": layer.output,
            **figures,
            **(self.seen.get(id(layer.seen)) or self.seen.setdefault(id(layer.seen), _record_seen(layer.seen))),
            "shares": layer.shares or None,
        }


def _record_figures(costs: Costs) -> dict[str, int]:
    return {figure.name: figure.of_costs(costs, Dtype.float32) for figure in COUNTS if figure.of_costs}


def _record_seen(seen: Mapping[str, Seen]) -> dict[str, Any]:
    """What units see of the first input that reaches them, and of each input by its name."""
    fields = {name: each.receptive_field and _record_field(each.receptive_field) for name, each in seen.items()}
    wholes = {name: each.whole and _record_whole(each.whole) for name, each in seen.items()}
    return {
        "receptive_field": next(iter(fields.values()), None),
        "receptive_fields": fields,
        "whole_input": next(iter(wholes.values()), None),
        "whole_inputs": wholes,
        "centred": all(each.centred for each in seen.values()),
    }


def _record_field(field: ReceptiveField) -> dict[str, Any]:
    return {
        "size": field.size,
        "stride": [_simplify_number(step) for step in field.stride],
        "start": field.start,
        "varies": field.varies,
        "exact": field.exact,
        "folded": field.folded,
        "gated": field.gated,
    }


def _record_whole(seen: Whole) -> dict[str, Any]:
    return {"size": seen.size, "start": seen.start, "exact": seen.exact}


def record_value(value: Any) -> Any:
    """A figure; seconds are floats."""
    return float(value) if isinstance(value, Fraction) else value


def _simplify_number(number: int | Fraction) -> int | float:
    return int(number) if number.denominator == 1 else float(number)


def dump_problems(files: Iterable[tuple[str, Sequence[Problem]]]) -> str:
    """The problems of all files as JSON."""
    records = [{"file": name, "problems": list(map(_record_problem, problems))} for name, problems in files]
    return dump({"format": FORMAT, "files": records})


def _record_problem(problem: Problem) -> dict[str, Any]:
    span = problem.span
    line, column = span.source.position(span.start) if span else (None, None)
    return {
        "code": problem.code,
        "severity": problem.severity,
        "line": line,
        "column": column,
        "path": problem.path,
        "message": problem.message,
        "help": problem.help,
        "notes": [_record_note(note) for note in problem.notes],
        "fix": _record_fix(problem.fixes[0]) if problem.fixes else None,
    }


def _record_note(note: Note) -> dict[str, Any]:
    line, column = note.span.source.position(note.span.start) if note.span else (None, None)
    return {"line": line, "column": column, "message": note.text}


def _record_fix(fix: Fix) -> dict[str, Any]:
    """The repair as an edit that replaces the text from one position up to another."""
    source = fix.span.source
    (line, column), (last, end) = source.position(fix.span.start), source.position(fix.span.end)
    return {"line": line, "column": column, "end_line": last, "end_column": end, "text": fix.text}


class LazyList:
    """A list whose elements are made one at a time, by a function of values."""

    def __init__(self, make: Callable[[Any], Any], values: Iterable[Any]) -> None:
        self.make = make
        self.values = values

    def __iter__(self) -> Iterator[Any]:
        return map(self.make, self.values)


class Json(str):
    """A JSON document; `note`, if not "", is for standard error: which numbers JSON cannot represent."""

    note = ""


def dump(document: Mapping[str, Any]) -> Json:
    """JSON with a line for each key and for each element of a list of mappings.

    Infinities and NaN, which JSON lacks, become null, and the note names the first of them.
    """
    try:
        return Json(_join_pieces(document))
    except ValueError:
        lost: list[_Path] = []
        text = Json(_join_pieces(_replace_nonfinite(document, (), lost)))
        more = f" (and for {len(lost) - 1:,} more)" if len(lost) > 1 else ""
        text.note = f"JSON has no infinities and no NaN: null is written for {_format_path(lost[0])}{more}"
        return text


def encode(value: Any, *, indent: int | None = None, ascii: bool = True, compact: bool = False) -> str:
    """Encode a value, with the same settings everywhere; if `compact`, without blanks.

    Raises ValueError for infinities and NaN.
    """
    return _make_encoder(indent, ascii, compact).encode(value)


@cache
def _make_encoder(indent: int | None, ascii: bool, compact: bool) -> json.JSONEncoder:
    separators = (",", ":") if compact else None
    return json.JSONEncoder(indent=indent, ensure_ascii=ascii, allow_nan=False, separators=separators)


def _join_pieces(document: Mapping[str, Any]) -> str:
    return "".join(_iterate_pieces(document))


def _iterate_pieces(document: Mapping[str, Any]) -> Iterator[str]:
    """The text in pieces, so that long lists of layers are not held in memory."""
    start = "{\n"
    for key, value in document.items():
        yield f"{start}  {encode(key)}: "
        start = ",\n"
        if isinstance(value, LazyList) or (isinstance(value, list) and value and isinstance(value[0], dict)):
            yield from _iterate_elements(value)
        else:
            yield encode(value)
    yield "\n}\n"


def _iterate_elements(values: Iterable[Any]) -> Iterator[str]:
    start = "[\n    "
    for value in values:
        yield start
        yield encode(value)
        start = ",\n    "
    yield "\n  ]" if start.startswith(",") else "[]"


def _replace_nonfinite(value: Any, path: _Path, lost: list[_Path]) -> Any:
    """The value with null for each number that is not finite; their paths are added to `lost`."""
    if isinstance(value, Mapping):
        return {key: _replace_nonfinite(inner, (*path, key), lost) for key, inner in value.items()}
    if isinstance(value, list | tuple | LazyList):
        return [_replace_nonfinite(inner, (*path, at), lost) for at, inner in enumerate(value)]
    if isinstance(value, float) and not isfinite(value):
        lost.append(path)
        return None
    return value


def _format_path(path: _Path) -> str:
    """Format a path as in JavaScript, for a message.

    >>> _format_path(("outputs", "stage.0.conv1", "values", 0, 2))
    'outputs["stage.0.conv1"].values[0][2]'
    """
    parts = (f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{encode(key)}]" for key in path)
    return "".join(parts).removeprefix(".")
