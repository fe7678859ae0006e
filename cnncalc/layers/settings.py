"""The settings of a layer kind: what values each takes, and how a signature, a message and the table show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc import limits
from cnncalc.errors import CnncalcError

Value = Any  # int | float | bool | str (a word) | tuple of these
PerAxis = int | tuple[int, ...]
Amount = int | tuple[int, ...] | tuple[tuple[int, int], ...]
Padding = Amount | str


class LayerError(CnncalcError):
    """A rule of a layer does not hold for these arguments and this input.

    What can be done about it is data, never read out of a text:

    - `suggest`: values of arguments, each of which alone would mend it, the likeliest first.
    - `insert_before`: the layer that is missing before this one; `change` are arguments to change with it.
    - `append`: for a merge, the index of a branch and the layer that is missing at its end.

    `argument` names the argument at fault ("" where it is the input) and `found` the value that it cannot take. `about`
    is "size" where only the spatial sizes are at fault: where they are not known for certain, such an error is not
    reported. `detail` is the end of the message that holds for exactly these sizes. `branch` is the index of the first
    input of a merge that does not agree with those before it, −1 elsewhere. `help` is for people; without one they are
    shown the suggestions in the words of `offer`.
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
        listed = " or ".join(f"`{name}={show(value)}`" for name, value in self.suggest.items())
        self.help = help or (offer.format(listed) if listed else "")


class Same:
    """A default that is the value of another setting, as a pool's `stride=kernel`."""

    def __init__(self, setting: str) -> None:
        self.setting = setting


REQUIRED: Any = object()


def show(value: Value) -> str:
    """A value as an architecture file writes it.

    >>> show((3, 1)), show(True), show(1e-05), show(0.0001), show("same")
    ('[3, 1]', 'true', '1e-5', '1e-4', 'same')
    """
    if type(value) is int and -limits.SIZE <= value <= limits.SIZE:  # nearly always
        return str(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return scientific(value) if 0 < abs(value) < 1e-3 else repr(value).removesuffix(".0")
    if isinstance(value, int) and abs(value) > limits.SIZE**2:
        return f"a number of {value.bit_length()} bits"
    return str(value)


def scientific(value: float) -> str:
    """A float with an exponent, in the fewest digits that say which it is."""
    texts = (f"{value:.{digits}e}" for digits in range(18))
    mantissa, exponent = next(text for text in texts if float(text) == value).split("e")
    return f"{mantissa}e{int(exponent)}"


class Setting:
    """One setting: its default, its symbol in formulas, its place in the table's short form.

    `brief` is the template by which the table shows a value that is not the default, "" to leave it out.
    """

    expects = "a value"
    words: tuple[str, ...] = ()

    def __init__(self, default: Value = REQUIRED, *, symbol: str = "", brief: str = "", doc: str = "") -> None:
        self.name = ""
        self.default = default
        self.symbol = symbol
        self.brief = brief
        self.doc = doc

    def accepts(self, value: Value) -> Value:
        """The value to keep; raises ValueError where this setting cannot take it."""
        raise NotImplementedError

    def read(self, value: Value) -> Value:
        """The value to keep for what a file or a caller gives; raises LayerError `bad-argument`."""
        try:
            return self.accepts(value)
        except ValueError as error:
            text = f"`{self.name}` must be {error.args[0] if error.args else self.expects}, found {show(value)}"
            help_text = ""
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > limits.SIZE:
                bound = f"more than {limits.SIZE:,}" if value > 0 else f"less than -{limits.SIZE:,}"
                text = f"`{self.name}` is {show(value)}: {bound} is not supported"
            elif self.words and isinstance(value, str):
                help_text = "one of " + ", ".join(self.words)
            raise LayerError(
                "bad-argument", text, help=help_text, argument=self.name, found=value, suggest=self.suggestions(value)
            ) from None

    def suggestions(self, value: Value) -> dict[str, Value]:
        """What was probably meant by a value that this setting cannot take."""
        return {}

    def signature(self) -> str:
        """The setting as it stands in a signature, `stride=1`."""
        if self.default is REQUIRED:
            return self.name
        return f"{self.name}={self.default.setting if isinstance(self.default, Same) else show(self.default)}"

    def short(self, value: Value, axes: int = 0) -> str:
        """The value in the table's short form, "" where it is the default or not worth a place.

        A template that is only the value shows a number that holds for all `axes` once for each: `3×3`.
        """
        value = uniform(value)
        plain = 1 if isinstance(self.default, Same) else self.default
        if not self.brief or value == plain:
            return ""
        if self.brief == "{}" and axes and isinstance(value, int):
            value = (value,) * axes
        return self.brief.format(short(value))


def uniform(value: Value) -> Value:
    """One value for all axes and sides where a list gives each the same, else the list."""
    if isinstance(value, tuple) and value:
        first = uniform(value[0])
        if not isinstance(first, tuple) and all(uniform(each) == first for each in value):
            return first
    return value


def short(value: Value) -> str:
    """`3`, `3×1` for one value an axis, `1+2` for an uneven pair before and after."""
    if not isinstance(value, tuple):
        return show(value)
    return "×".join(f"{each[0]}+{each[1]}" if isinstance(each, tuple) else show(each) for each in map(uniform, value))


def is_integer(value: Value, minimum: int) -> bool:
    """An integer within bounds; a boolean is none."""
    return isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= limits.SIZE


def as_integer(value: Value) -> Value:
    """A double that stands for an integer, as that number; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class IntegerSetting(Setting):
    """An integer."""

    def __init__(self, default: Value = REQUIRED, *, minimum: int = 1, **more: str) -> None:
        super().__init__(default, **more)
        self.minimum = minimum
        self.expects = f"an integer, {minimum} or more"

    def accepts(self, value: Value) -> Value:
        value = as_integer(value)
        if not is_integer(value, self.minimum):
            raise ValueError
        return value


class PerAxisSetting(IntegerSetting):
    """An integer for every axis, or a list with one for each."""

    def __init__(self, default: Value = REQUIRED, *, minimum: int = 1, **more: str) -> None:
        super().__init__(default, minimum=minimum, **more)
        self.expects += ", or a list with one for each axis"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple):
            if not 1 <= len(value) <= 3:
                raise ValueError
            return tuple(super(PerAxisSetting, self).accepts(size) for size in value)
        return super().accepts(value)


class AmountSetting(PerAxisSetting):
    """A number for every side, one for each axis, or a pair [before, after] for each axis."""

    def __init__(self, default: Value = REQUIRED, *, minimum: int = 0, **more: str) -> None:
        super().__init__(default, minimum=minimum, **more)
        self.expects += ", or a pair [before, after] for each"
        if self.words:
            self.expects += ", or one of " + ", ".join(self.words)

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple) and value and all(isinstance(pair, tuple) for pair in value):
            if len(value) > 3 or any(len(pair) != 2 for pair in value):
                raise ValueError
            return tuple((IntegerSetting.accepts(self, a), IntegerSetting.accepts(self, b)) for a, b in value)
        return super().accepts(value)


class PaddingSetting(AmountSetting):
    """An amount, or one of the words that derive it from the kernel."""

    words = ("valid", "half", "same", "full")

    def accepts(self, value: Value) -> Value:
        return value if value in self.words else super().accepts(value)

    def short(self, value: Value, axes: int = 0) -> str:
        return value if isinstance(value, str) else super().short(value, axes)


class SizesSetting(Setting):
    """An integer, or a list of integers."""

    def __init__(self, default: Value = REQUIRED, *, single: bool, longest: int, **more: str) -> None:
        super().__init__(default, **more)
        self.single = single
        self.longest = longest
        self.expects = f"{'an integer or ' if single else ''}a list of integers, each 1 or more"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple) and 1 <= len(value) <= self.longest:
            sizes = tuple(map(as_integer, value))
            if all(is_integer(size, 1) for size in sizes):
                return sizes
        elif self.single and is_integer(as_integer(value), 1):
            return as_integer(value)
        raise ValueError

    def short(self, value: Value, axes: int = 0) -> str:
        return self.brief.format("+".join(map(show, value)) if isinstance(value, tuple) else show(value))


LEAST_PERCENTAGE = 5  # from which a number is rather a percentage than a share


class RealSetting(Setting):
    """A number, between bounds."""

    def __init__(
        self, default: Value = REQUIRED, *, minimum: float | None = None, maximum: float | None = None, **more: str
    ) -> None:
        super().__init__(default, **more)
        self.minimum = -limits.SIZE if minimum is None else minimum
        self.maximum = limits.SIZE if maximum is None else maximum
        self.expects = "a number"
        if minimum is not None:
            self.expects += f", {minimum:g} or more" if maximum is None else f" from {minimum:g} to {maximum:g}"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        if not self.minimum <= value <= self.maximum:  # neither is a NaN
            raise ValueError
        return float(value)

    def suggestions(self, value: Value) -> dict[str, Value]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {self.name: value / 100} if is_number and self.maximum == 1 and LEAST_PERCENTAGE <= value <= 100 else {}


class FlagSetting(Setting):
    """true or false."""

    expects = "true or false"

    def accepts(self, value: Value) -> Value:
        if not isinstance(value, bool):
            raise ValueError
        return value

    def suggestions(self, value: Value) -> dict[str, Value]:
        return {self.name: value == 1} if is_integer(value, 0) and value in (0, 1) else {}

    def short(self, value: Value, axes: int = 0) -> str:
        if not self.brief or value == self.default:
            return ""
        return self.brief if value else f"no {self.brief}"


class WordSetting(Setting):
    """One of a few words."""

    def __init__(self, default: Value = REQUIRED, *, words: tuple[str, ...], **more: str) -> None:
        super().__init__(default, **more)
        self.words = words
        self.expects = "one of " + ", ".join(words)

    def accepts(self, value: Value) -> Value:
        if value not in self.words:
            raise ValueError
        return value


# What the classes call; typed as Any so that each attribute keeps its own annotation.


def integer(default: Value = REQUIRED, *, minimum: int = 1, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return IntegerSetting(default, minimum=minimum, symbol=symbol, brief=brief, doc=doc)


def per_axis(default: Value = REQUIRED, *, minimum: int = 1, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return PerAxisSetting(default, minimum=minimum, symbol=symbol, brief=brief, doc=doc)


def amount(default: Value = REQUIRED, *, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return AmountSetting(default, symbol=symbol, brief=brief, doc=doc)


def padding(default: Value = 0) -> Any:
    return PaddingSetting(default, symbol="P", brief="p{}", doc="zeros around the map")


def sizes(
    default: Value = REQUIRED,
    *,
    single: bool = False,
    longest: int = limits.LIST_ELEMENTS,
    brief: str = "",
    doc: str = "",
) -> Any:
    return SizesSetting(default, single=single, longest=longest, brief=brief, doc=doc)


def real(
    default: Value = REQUIRED,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    brief: str = "",
    doc: str = "",
) -> Any:
    return RealSetting(default, minimum=minimum, maximum=maximum, brief=brief, doc=doc)


def flag(default: Value = REQUIRED, *, brief: str = "", doc: str = "") -> Any:
    return FlagSetting(default, brief=brief, doc=doc)


def word(default: Value = REQUIRED, *, words: tuple[str, ...], brief: str = "", doc: str = "") -> Any:
    return WordSetting(default, words=words, brief=brief, doc=doc)
