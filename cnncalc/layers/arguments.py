"""Arguments of a layer: the types of their values, how these are written, and the error for those that do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc import limits
from cnncalc.errors import CnncalcError

Value = Any  # int | float | bool | str (a word) | tuple of these
PerAxis = int | tuple[int, ...]
Factor = float | tuple[float, ...]
Amount = int | tuple[int, ...] | tuple[tuple[int, int], ...]
Padding = Amount | str
NONE = "none"  # how None is written: the value of an argument that is not used


class LayerError(CnncalcError):
    """These arguments, or this input, violate a rule of a layer.

    The repairs are data, so that no code depends on the wording of a message:

    - `suggest`: values of arguments, each of which is a repair by itself, the likeliest first.
    - `insert_before`: the layer that is missing before this one; `change` are arguments to change at the same time.
    - `append`: for a merge, the index of a branch and the layer that is missing at its end.

    `argument` is the name of the wrong argument ("" if it is the input) and `found` its value. `about` is "size" if
    only the spatial sizes are wrong: where they are not certain, such an error is not reported; and "elements" if it
    is wrong in any case, but the suggestions depend on them. `detail` is the end of the message that depends on the
    exact sizes. `branch` is the index of the first input of a merge that does not fit those before it, else −1. `help`
    is shown to the user; without it, the suggestions in the template `offer`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        detail: str = "",
        help: str = "",
        argument: str = "",
        found: Value = None,
        about: str = "channels",
        branch: int = -1,
        suggest: Mapping[str, Value] | None = None,
        offer: str = "use {}",
        insert_before: str = "",
        change: Mapping[str, Value] | None = None,
        append: tuple[int, str] | None = None,
    ) -> None:
        super().__init__(message + detail)
        self.code = code
        self.message = message
        self.detail = detail
        self.argument = argument
        self.found = found
        self.about = about
        self.branch = branch
        self.suggest = dict(suggest or {})
        self.insert_before = insert_before
        self.change = dict(change or {})
        self.append = append
        listed = " or ".join(f"`{name}={format_value(value)}`" for name, value in self.suggest.items())
        self.help = help or (offer.format(listed) if listed else "")


def format_value(value: Value) -> str:
    """Format a value as in an architecture file.

    >>> format_value((3, 1)), format_value(True), format_value(1e-05), format_value(0.0001), format_value("same")
    ('[3, 1]', 'true', '1e-5', '1e-4', 'same')
    """
    if type(value) is int and -limits.SIZE <= value <= limits.SIZE:  # nearly always
        return str(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(format_value, value)) + "]"
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_scientific(value) if 0 < abs(value) < 1e-3 else repr(value).removesuffix(".0")
    if isinstance(value, int) and abs(value) > limits.SIZE**2:
        return f"a number of {value.bit_length()} bits"
    return str(value)


def format_scientific(value: float) -> str:
    """Format a float with an exponent, in the fewest digits that identify it."""
    texts = (f"{value:.{digits}e}" for digits in range(18))
    mantissa, exponent = next(text for text in texts if float(text) == value).split("e")
    return f"{mantissa}e{int(exponent)}"


def collapse(value: Value) -> Value:
    """One value for all axes and sides if a list has the same for each, else the list."""
    if isinstance(value, tuple) and value:
        first = collapse(value[0])
        if not isinstance(first, tuple) and all(collapse(each) == first for each in value):
            return first
    return value


def format_short(value: Value) -> str:
    """Format an amount: `3`; `3×1` for one value per axis; `1+2` for a pair (before, after)."""
    if not isinstance(value, tuple):
        return format_value(value)
    return "×".join(
        f"{each[0]}+{each[1]}" if isinstance(each, tuple) else format_value(each) for each in map(collapse, value)
    )
