"""Block diagrams that show a figure: its value beside each box, which is coloured by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.figure.legend import Entry
from cnncalc.figure.look import Look
from cnncalc.figure.palette import HEAT

if TYPE_CHECKING:
    from cnncalc.analysis.figures import Dtype, Figure
    from cnncalc.analysis.report import Report

LEVELS = len(HEAT)


class Heat(Look):
    """Boxes in the colour of a figure of their layers, from white for none to dark for the most of a layer.

    `write` is how values are written.
    """

    def __init__(self, report: Report, figure: Figure, dtype: Dtype, write: Callable[[Any], str]) -> None:
        self.report, self.figure, self.dtype, self.write = report, figure, dtype, write
        self.of_all = figure.of_layers(report, dtype) if figure.of_layers else None
        self.values: dict[tuple[int, ...], Any] = {}
        self.most: float = 0
        self.scale: list[Entry] = []

    def measure(self, layers: Sequence[int]) -> Any:
        """The figure of several layers together, None if it is undefined."""
        key = tuple(layers)
        if key not in self.values:
            self.values[key] = self._measure(key)
        return self.values[key]

    def _measure(self, layers: tuple[int, ...]) -> Any:
        if self.of_all is not None:
            return self.figure.combine([self.of_all[index] for index in layers])
        reports = [self.report.layers[index] for index in layers]
        if self.figure.of_several:
            return self.figure.of_several(reports, self.dtype)
        values = [self.figure.measure_layer(layer, self.dtype) for layer in reports]
        if self.figure.together == "last":  # of a map also where it is flattened then
            values = [value for value in values if value is not None]
        return self.figure.combine(values)

    def prepare(self, things: Sequence[Sequence[int]]) -> None:
        """Set the scale by the things that are drawn."""
        self.most = max((weigh(self.measure(layers)) for layers in things), default=0)
        bounds = [self.most * (level + 1) / LEVELS for level in range(LEVELS)]
        integral = all(isinstance(weigh(value), int) for value in self.values.values())
        texts = [self.write(round(bound) if integral else bound) for bound in bounds]
        title = f"{self.figure.title} "
        self.scale = [
            Entry(f"heat{level}", f"{title if not level else ''}≤ {text}") for level, text in enumerate(texts)
        ]

    def paint(self, role: str, layers: Sequence[int]) -> str:
        weight = weigh(self.measure(layers))
        if not role or (role == "merge" and not weight):
            return role
        return f"heat{min(LEVELS - 1, int(weight * LEVELS / self.most) if self.most else 0)}"

    def list_entries(self, roles: Collection[str]) -> Sequence[Entry]:
        return self.scale

    def head(self, layers: Sequence[int]) -> str:
        return self.note(layers)

    def note(self, layers: Sequence[int]) -> str:
        value = self.measure(layers)
        return self.write(value) if weigh(value) else ""


def weigh(value: Any) -> float:
    """A value as one number: of sizes the largest.

    >>> weigh((11, 7)), weigh(None), weigh(3)
    (11, 0, 3)
    """
    if isinstance(value, tuple):
        return max(map(weigh, value), default=0)
    return value or 0
