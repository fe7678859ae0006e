"""The settings of a layer kind: which values each accepts, and its form in signatures, messages and the table.

A kind declares settings (`stride: PerAxis = per_axis(1)`); a layer has a value for each, its arguments. `spec.binding`
assigns the arguments of a call to settings.
"""

from __future__ import annotations

from typing import Any

from cnncalc import limits
from cnncalc.layers.arguments import NONE, LayerError, Value, collapse, format_short, format_value


class SameAs:
    """A default that is the value of another setting, e.g. `stride=kernel` of a pool."""

    def __init__(self, setting: str) -> None:
        self.setting = setting


REQUIRED: Any = object()
POOL = "pool"  # the argument that takes a max pool, by the name of its output
MEMORY = "memory"  # the argument that takes a named output
LIKE = "like"  # the argument that takes the sizes of a named output


class Setting:
    """One setting: its default, its symbol in formulas, its short form in the table.

    `brief` is the template for a value that is not the default, "" to omit it from the table.
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
        """The value to store. Raises ValueError if it is not allowed."""
        raise NotImplementedError

    def read(self, value: Value) -> Value:
        """The value to store for a value in a file or a call. Raises LayerError `bad-argument`."""
        if self.default is None and (value is None or value == NONE):
            return None
        try:
            return self.accepts(value)
        except ValueError as error:
            text = f"`{self.name}` must be {error.args[0] if error.args else self.expects}, found {format_value(value)}"
            help_text = ""
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > limits.SIZE:
                bound = f"more than {limits.SIZE:,}" if value > 0 else f"less than -{limits.SIZE:,}"
                text = f"`{self.name}` is {format_value(value)}: {bound} is not supported"
            elif self.words and isinstance(value, str):
                help_text = "one of " + ", ".join(self.words)
            raise LayerError(
                "bad-argument",
                text,
                help=help_text,
                argument=self.name,
                found=value,
                suggest=self.suggest_values(value),
            ) from None

    def suggest_values(self, value: Value) -> dict[str, Value]:
        """The arguments that were probably intended by a value that is not allowed."""
        return {}

    def signature(self) -> str:
        """The setting in a signature, e.g. `stride=1`."""
        if self.default is REQUIRED:
            return self.name
        return f"{self.name}={self.default.setting if isinstance(self.default, SameAs) else format_value(self.default)}"

    def abbreviate(self, value: Value, axes: int = 0) -> str:
        """The value in the table's short form, "" if it is the default or not shown.

        With the template "{}", a number for all `axes` is repeated for each: `3×3`.
        """
        value = collapse(value)
        plain = 1 if isinstance(self.default, SameAs) else self.default
        if not self.brief or value == plain:
            return ""
        if self.brief == "{}" and axes and isinstance(value, int):
            value = (value,) * axes
        return self.brief.format(format_short(value))


def is_integer(value: Value, minimum: int) -> bool:
    """Whether the value is an integer from `minimum` to `limits.SIZE`, and not a boolean."""
    return isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= limits.SIZE


def to_integer(value: Value) -> Value:
    """Convert a float with an integral value to an integer; return any other value unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class IntegerSetting(Setting):
    """An integer."""

    def __init__(self, default: Value = REQUIRED, *, minimum: int = 1, **more: str) -> None:
        super().__init__(default, **more)
        self.minimum = minimum
        self.expects = f"an integer, {minimum} or more"

    def accepts(self, value: Value) -> Value:
        value = to_integer(value)
        if not is_integer(value, self.minimum):
            raise ValueError
        return value


class AxisSetting(IntegerSetting):
    """An axis: 0 is the channels, −1 the last."""

    def __init__(self, default: Value = REQUIRED, **more: str) -> None:
        super().__init__(default, minimum=-limits.AXES, **more)
        self.expects = "an integer, 0 for the channels, -1 for the last axis"

    def accepts(self, value: Value) -> Value:
        value = super().accepts(value)
        if value >= limits.AXES:
            raise ValueError
        return value


class AxisOrderSetting(Setting):
    """A list of axes."""

    expects = "a list of axes, e.g. [1, 0]"

    def accepts(self, value: Value) -> Value:
        if not isinstance(value, tuple) or not 1 <= len(value) <= limits.AXES:
            raise ValueError
        axes = tuple(map(to_integer, value))
        if not all(is_integer(axis, -limits.AXES) and axis < limits.AXES for axis in axes):
            raise ValueError
        return axes

    def abbreviate(self, value: Value, axes: int = 0) -> str:
        return self.brief.format(format_value(value))


def resolve_axis(kind: str, axis: int, axes: int, argument: str = "axis") -> int:
    """The index of an axis, from 0. Raises LayerError `wrong-rank` if a tensor with so many axes does not have it."""
    if not -axes <= axis < axes:
        known = "the only axis is 0" if axes == 1 else f"the axes are 0 to {axes - 1}"
        message = f"`{argument}` of `{kind}` is {axis}, but {known}"
        raise LayerError("wrong-rank", message, argument=argument, found=axis)
    return axis % axes


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
    """An amount, or a word by which it is derived from the kernel."""

    words = ("valid", "half", "same", "full")

    def accepts(self, value: Value) -> Value:
        return value if value in self.words else super().accepts(value)

    def abbreviate(self, value: Value, axes: int = 0) -> str:
        return value if isinstance(value, str) else super().abbreviate(value, axes)


REST_WORD = "rest"  # in place of a size that is inferred from the others
REST = -1  # PyTorch's notation for the same


class SizesSetting(Setting):
    """An integer, or a list of integers."""

    def __init__(
        self, default: Value = REQUIRED, *, single: bool, longest: int, rest: bool = False, **more: str
    ) -> None:
        """With `rest`, that word is allowed in place of one size. −1 is accepted too, for the layer to report it."""
        super().__init__(default, **more)
        self.single = single
        self.longest = longest
        self.rest = rest
        self.expects = f"{'an integer or ' if single else ''}a list of integers, each 1 or more"
        if rest:
            self.expects += ", one of which may be `rest`"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple) and 1 <= len(value) <= self.longest:
            sizes = tuple(map(to_integer, value))
            free = (REST, REST_WORD) if self.rest else ()
            if all(is_integer(size, 1) or size in free for size in sizes) and sizes.count(REST_WORD) <= 1:
                return sizes
        elif self.single and is_integer(to_integer(value), 1):
            return to_integer(value)
        raise ValueError

    def abbreviate(self, value: Value, axes: int = 0) -> str:
        return self.brief.format(
            "+".join(map(format_value, value)) if isinstance(value, tuple) else format_value(value)
        )


class IndexListsSetting(Setting):
    """A list of lists of indices, each list in ascending order."""

    expects = "a list of lists of indices from 0, each in ascending order"

    def accepts(self, value: Value) -> Value:
        if not isinstance(value, tuple) or not value or not all(isinstance(each, tuple) and each for each in value):
            raise ValueError
        lists = tuple(tuple(map(to_integer, each)) for each in value)
        for indices in lists:
            if not all(is_integer(index, 0) for index in indices) or list(indices) != sorted(set(indices)):
                raise ValueError
        return lists

    def abbreviate(self, value: Value, axes: int = 0) -> str:
        return self.brief.format(sum(map(len, value)))


MIN_PERCENTAGE = 5  # a larger number in place of a fraction is probably a percentage


class RealSetting(Setting):
    """A number between bounds."""

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
        if not self.minimum <= value <= self.maximum:  # not so for NaN
            raise ValueError
        return float(value)

    def suggest_values(self, value: Value) -> dict[str, Value]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {self.name: value / 100} if is_number and self.maximum == 1 and MIN_PERCENTAGE <= value <= 100 else {}


class FlagSetting(Setting):
    """true or false."""

    expects = "true or false"

    def accepts(self, value: Value) -> Value:
        if not isinstance(value, bool):
            raise ValueError
        return value

    def suggest_values(self, value: Value) -> dict[str, Value]:
        return {self.name: value == 1} if is_integer(value, 0) and value in (0, 1) else {}

    def abbreviate(self, value: Value, axes: int = 0) -> str:
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


# Used in the classes of kinds. They return Any so that each attribute has its own annotation.


def integer(default: Value = REQUIRED, *, minimum: int = 1, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return IntegerSetting(default, minimum=minimum, symbol=symbol, brief=brief, doc=doc)


def per_axis(default: Value = REQUIRED, *, minimum: int = 1, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return PerAxisSetting(default, minimum=minimum, symbol=symbol, brief=brief, doc=doc)


def amount(default: Value = REQUIRED, *, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return AmountSetting(default, symbol=symbol, brief=brief, doc=doc)


def padding(default: Value = 0) -> Any:
    return PaddingSetting(default, symbol="P", brief="p{}", doc="zeros added around the map")


def axis(default: Value = REQUIRED, *, brief: str = "axis {}", doc: str = "") -> Any:
    return AxisSetting(default, brief=brief, doc=doc)


def axis_order(*, brief: str = "", doc: str = "") -> Any:
    return AxisOrderSetting(brief=brief, doc=doc)


def sizes(
    default: Value = REQUIRED,
    *,
    single: bool = False,
    longest: int = limits.LIST_ELEMENTS,
    rest: bool = False,
    brief: str = "",
    doc: str = "",
) -> Any:
    return SizesSetting(default, single=single, longest=longest, rest=rest, brief=brief, doc=doc)


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


def index_lists(default: Value = REQUIRED, *, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return IndexListsSetting(default, symbol=symbol, brief=brief, doc=doc)
