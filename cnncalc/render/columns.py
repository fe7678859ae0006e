"""The columns of a summary, each defined once for all formats: the figures, and descriptions of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.figures import FIGURES, Dtype, Figure, find_figure, is_figure
from cnncalc.errors import UsageError
from cnncalc.network import INPUT_NAME
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.contents import Contents
    from cnncalc.analysis.folding import Row
    from cnncalc.analysis.report import LayerReport, Report, Seen
    from cnncalc.layers.base import Shape

Value = Any  # int | str | tuple[int | Fraction, ...] | Fraction (a share) | None
SHARED = ("parameters", "macs", "multiplications")  # figures of which the share of the total is a column too


class Context:
    """What a column may look at beside its row."""

    def __init__(self, report: Report, dtype: Dtype = Dtype.float32, *, channels_last: bool = False) -> None:
        self.report = report
        self.channels_last = channels_last
        self.dtype = dtype
        self._of_layers: dict[str, dict[str, Value]] = {}
        self._contents: Contents | None = None
        self._indexes: dict[str, int] = {}

    def measure(self, row: Row, figure: Figure) -> Value:
        """A figure of a row; of one that is computed of all layers at once, once."""
        if figure.of_layers is None:
            return row.measure(figure, self.dtype)
        if row.head:
            return None
        if figure.name not in self._of_layers:
            values = figure.of_layers(self.report, self.dtype)
            paths = (layer.path for layer in self.report.layers)
            self._of_layers[figure.name] = dict(zip(paths, values, strict=True))
        found = [self._of_layers[figure.name][layer.path] for layer in row.inside]
        return found[0] if len(found) == 1 else figure.combine(found)

    def order(self, shape: Shape | None) -> Shape | None:
        """The sizes of a tensor in the order in which they are shown."""
        return (*shape[1:], shape[0]) if shape and self.channels_last else shape

    def describe_contents(self, row: Row, *, bare: bool = False) -> str:
        """What a row holds, as tables of papers print it: `1×1, 64 → 3×3, 64 → 1×1, 256`.

        A single part is in brackets with its number, `[…] ×3`, unless it is `bare`, beside a name that has this number.
        """
        from cnncalc.analysis.contents import Contents, join_parts  # for this column only

        if not row.inside:
            return ""
        if self._contents is None:
            self._contents = Contents(self.report)
            self._indexes = {layer.path: index for index, layer in enumerate(self.report.layers)}
        first, last = self._indexes[row.inside[0].path], self._indexes[row.inside[-1].path]
        parts = self._contents.describe(first, last + 1)
        single = bare and len(parts) == 1 and parts[0].times == max(row.rounds or 1, 1)
        return parts[0].text if single else join_parts(parts)

    def describe_nth(self, row: Row) -> str:
        """Which layers of their kind are in a row, `conv 7 of 13`; of a group those with macs, `conv 5–7 of 13`."""
        found: dict[str, list[int]] = {}
        for layer in row.inside if not row.head else ():
            if layer.work.macs or len(row.inside) == 1:
                found.setdefault(layer.kind, []).append(self._numbers[layer.path])
        texts = []
        for kind, numbers in found.items():
            last = f"–{numbers[-1]:,}" if len(numbers) > 1 else ""
            texts.append(f"{kind} {numbers[0]:,}{last} of {self._kinds[kind]:,}")
        return ", ".join(texts)

    @cached_property
    def _kinds(self) -> Counter[str]:
        return Counter(layer.kind for layer in self.report.layers)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The number of each layer among those of its kind, from 1, by its path."""
        counted: Counter[str] = Counter()
        found = {}
        for layer in self.report.layers:
            counted[layer.kind] += 1
            found[layer.path] = counted[layer.kind]
        return found


class Column(NamedTuple):
    """One column. If it shows a figure, its total is the figure of the network."""

    name: str
    title: str
    short: str
    value: Callable[[Row, Context], Value]
    right: bool = True
    figure: Figure | None = None
    share: bool = False  # the value is a share of the total
    text: Callable[[Row], str] | None = None  # what the table shows instead of the value

    @property
    def adds_up(self) -> bool:
        """Whether the rows of the column add up to its total."""
        return self.figure is not None and self.figure.together == "sum" and not self.share

    def total(self, context: Context) -> Value:
        """The value of the network, None if there is none to show."""
        if self.figure is None or self.share:
            return None
        total: Value = self.figure.measure_network(context.report, context.dtype)
        return context.order(total) if self.name == "output" else total


def format_field(layer: LayerReport | None) -> str:
    """Format a receptive field for the table; if those of several inputs differ, each with the input's name."""
    texts = {name: format_seen(seen) for name, seen in layer.seen.items()} if layer else {}
    if len(set(texts.values())) <= 1:
        return next(iter(texts.values()), "–")
    return ", ".join(f"{name} {text}" for name, text in texts.items())


def format_seen(seen: Seen) -> str:
    """Format what a unit sees: one number if it is square, with the marks that `notes.explain_marks` explains."""
    size = _measure_field(seen)
    if size is None:
        return "–"
    text = f"{size[0]}" if isinstance(size, tuple) and len(set(size)) == 1 else join(size)
    field, whole = seen.receptive_field, seen.whole
    if size == "all" or not seen.is_local:
        bound = "≤" if whole and not whole.exact else ""
        return f"{bound}{text}{'' if seen.centred else '†'}"
    more = "*" if whole or (field and field.gated) else ""
    bound = ("~" if field and field.varies else "") + ("≤" if field and not field.exact else "")
    return f"{bound}{text}{'°' if field and field.folded else ''}{more}{'' if seen.centred else '†'}"


def _measure_field(seen: Seen) -> tuple[int, ...] | str | None:
    """What a unit sees: the size per axis, or `all`."""
    if seen.is_local:
        return seen.receptive_field.size if seen.receptive_field else None
    if seen.whole:
        return "all" if seen.whole.all else seen.whole.size
    return None


def join(value: Value, by: str = "×") -> str:
    """Format a value: axes joined, shapes separated by commas."""
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return ", ".join(join(shape, by) for shape in value)
    if isinstance(value, tuple):
        return by.join(map(str, value))
    return "" if value is None else str(value)


def _get_field(row: Row, name: str) -> Value:
    field = row.result.receptive_field if row.result else None
    value: Value = getattr(field, name) if field else None
    return value


def format_shape(shape: Shape, *, channels_last: bool = False) -> str:
    """Format the sizes of a tensor.

    >>> format_shape((96, 55, 55)), format_shape((96, 55, 55), channels_last=True)
    ('96×55×55', '55×55×96')
    """
    return join((*shape[1:], shape[0]) if channels_last and shape else shape)


def format_shapes(inputs: tuple[Shape, ...], *, channels_last: bool = False) -> str:
    """Format the inputs of a layer; those of a merge on one line.

    >>> format_shapes(((3, 8, 8),)), format_shapes(((3, 8, 8), (5, 8, 8)))
    ('3×8×8', '(3 + 5)×8×8')
    >>> format_shapes(((3, 8, 8),) * 2), format_shapes(((3, 8, 8), (3, 1, 1)))
    ('2 · 3×8×8', '3×8×8 + 3×1×1')
    >>> format_shapes(((3, 8, 8), (5, 8, 8)), channels_last=True)
    '8×8×(3 + 5)'
    """
    texts = [format_shape(shape, channels_last=channels_last) for shape in inputs]
    if len(texts) > 1 and len(set(texts)) == 1:
        return f"{len(texts)} · {texts[0]}"
    if len(texts) > 1 and len({shape[1:] for shape in inputs}) == 1:
        channels = f"({' + '.join(str(shape[0]) for shape in inputs)})"
        sizes = [str(size) for size in inputs[0][1:]]
        return "×".join([*sizes, channels] if channels_last else [channels, *sizes])
    return " + ".join(texts)


def list_inputs(inputs: Mapping[str, Shape], write: Callable[[Shape], str]) -> str:
    """Format the inputs of a network with their names, `left 3×64×64, right 3×64×64`; a single one may have none."""
    return ", ".join(write(shape) if name == INPUT_NAME else f"{name} {write(shape)}" for name, shape in inputs.items())


def _make_column(figure: Figure) -> Column:
    def measure(row: Row, context: Context) -> Value:
        return context.measure(row, figure)

    return Column(figure.name, figure.title, figure.short, measure, figure=figure)


def _make_share_column(figure: Figure) -> Column:
    """The column of the share of each row in the total of a figure."""

    def measure(row: Row, context: Context) -> Value:
        part, whole = row.measure(figure, context.dtype), figure.measure_network(context.report, context.dtype)
        return Fraction(part, whole) if isinstance(part, int) and whole else None

    return Column(f"{figure.name}_share", f"{figure.title} share", "share", measure, figure=figure, share=True)


def find_column(name: str) -> Column:
    """The column of a name, also of a figure as another tool counts it. Raises KeyError."""
    return COLUMNS[name] if name in COLUMNS else _make_column(find_figure(name))


def find_columns(names: str, known: Collection[str], *, foreign: bool = False) -> tuple[str, ...]:
    """The names in a list `layer,output,macs`, each once. Raises UsageError for an unknown one.

    With `foreign`, figures as other tools count them are known too: `macs(thop)`.
    """
    from cnncalc.nearest import spell_out

    wanted = [name.strip().lower().replace(" ", "_") for name in names.split(",") if name.strip()]
    listed = f"the columns are {', '.join(known)}"
    if not wanted:
        raise UsageError(f"--columns needs a name; {listed}")
    for name in wanted:
        if name not in known and not (foreign and name.endswith(")") and is_figure(name)):
            meant = spell_out(name, known)
            hint = f", did you mean `{meant}`?" if meant else ";"
            raise UsageError(f"there is no column {name!r}{hint} {listed}")
    return tuple(dict.fromkeys(wanted))


# Columns that show a figure differently from how it is measured.
_OUTPUT = Column(
    "output", "output", "output", lambda row, context: context.order(row.output), figure=FIGURES["output"],
)  # fmt: skip
_FIELD = Column(
    "receptive_field", "receptive field", "field",
    lambda row, _: _measure_field(row.result.first_seen) if row.result else None,
    text=lambda row: format_field(row.result),
)  # fmt: skip
SPECIAL = {column.name: column for column in (_OUTPUT, _FIELD)}

COLUMNS = {
    column.name: column
    for column in (
        Column("layer", "layer", "layer", lambda row, _: row.path, right=False),
        Column("kind", "kind", "kind", lambda row, _: row.kind, right=False),
        Column("line", "line", "line", lambda row, _: row.line),
        Column("settings", "settings", "settings", lambda row, _: row.settings, right=False),
        Column(
            "input",
            "input",
            "input",
            lambda row, context: format_shapes(row.inputs, channels_last=context.channels_last),
        ),
        *(SPECIAL.get(figure.name) or _make_column(figure) for figure in FIGURES.values() if figure.is_column),
        Column("stride", "stride", "stride", lambda row, _: _get_field(row, "stride")),
        Column("start", "start", "start", lambda row, _: _get_field(row, "start")),
        *(_make_share_column(FIGURES[name]) for name in SHARED),
        Column(
            "contents",
            "contents",
            "contents",
            lambda row, context: context.describe_contents(row),
            right=False,
        ),
        Column("nth", "nth", "nth", lambda row, context: context.describe_nth(row), right=False),
    )
}
DEFAULT = ("layer", "settings", "input", "output", "parameters", "macs", "receptive_field")


def list_columns(report: Report) -> list[str]:
    """The columns that are defined for a report: without a device, not those of one."""
    return [
        name for name, column in COLUMNS.items() if report.device or not (column.figure and column.figure.of_device)
    ]
