"""Settings for the size of an output: factors, sizes, or the sizes of another output."""

from __future__ import annotations

from typing import Any

from cnncalc import limits
from cnncalc.layers.arguments import NONE, Factor, LayerError, Value
from cnncalc.layers.base import Layer, expand_per_axis
from cnncalc.layers.settings import REQUIRED, IntegerSetting, PerAxisSetting, Setting, is_integer, to_integer

LEAST_FACTOR = 1e-6
KeptSizes = int | tuple[int | None, ...]  # None where an axis keeps its size


class FactorSetting(Setting):
    """A number above 0 for every axis, or a list with one for each. A whole number is kept as an integer."""

    expects = "a number above 0, or a list with one for each axis"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple):
            if not 1 <= len(value) <= 3:
                raise ValueError
            return tuple(map(self.accepts_one, value))
        return self.accepts_one(value)

    def accepts_one(self, value: Value) -> Value:
        """The factor of one axis."""
        value = to_integer(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST_FACTOR <= value <= limits.SIZE:
            raise ValueError
        return value


class LikeSetting(Setting):
    """The spatial sizes of a named output; files contain its name."""

    expects = "the name of an output, or spatial sizes"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple) and 1 <= len(value) <= 3:
            sizes = tuple(map(to_integer, value))
            if all(is_integer(size, 1) for size in sizes):
                return sizes
        raise ValueError


class KeptSizesSetting(PerAxisSetting):
    """A size for every axis, or a list with one for each; `none` keeps the size that an axis has."""

    def __init__(self, default: Value = REQUIRED, *, minimum: int = 1, **more: str) -> None:
        super().__init__(default, minimum=minimum, **more)
        self.expects += "; `none` in it keeps the size of an axis"

    def accepts(self, value: Value) -> Value:
        if isinstance(value, tuple):
            if not 1 <= len(value) <= 3:
                raise ValueError
            return tuple(None if size is None or size == NONE else IntegerSetting.accepts(self, size) for size in value)
        return super().accepts(value)


# As in `settings`.


def factors(default: Value = REQUIRED, *, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return FactorSetting(default, symbol=symbol, brief=brief, doc=doc)


def like(*, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return LikeSetting(None, symbol=symbol, brief=brief, doc=doc)


def kept_sizes(default: Value = REQUIRED, *, symbol: str = "", brief: str = "", doc: str = "") -> Any:
    return KeptSizesSetting(default, symbol=symbol, brief=brief, doc=doc)


def each_factor(value: Factor, axes: int) -> tuple[float, ...]:
    """One factor for each axis. Raises LayerError `wrong-rank` for a list of another length."""
    return expand_per_axis("factor", value if isinstance(value, tuple) else (value,) * axes, axes)


def check_one_of(layer: Layer, *names: str) -> None:
    """Raises LayerError unless exactly one of these optional arguments is given."""
    given = [name for name in names if getattr(layer, name) is not None]
    listed = ", ".join(f"`{name}`" for name in names[:-1]) + f" or `{names[-1]}`"
    if not given:
        raise LayerError("missing-argument", f"`{layer.kind}` needs {listed}", argument=names[0])
    if len(given) > 1:
        found = " and ".join(f"`{name}`" for name in given)
        message = f"`{layer.kind}` takes only one of {listed}, found {found}"
        raise LayerError("bad-argument", message, argument=given[-1])
