"""Modules without arrays as functions: `F.relu(x)` in `forward` in place of a module that is made and called once."""

from __future__ import annotations

import re

from cnncalc.export.layout import Bracketed, Code, as_call, call, flat
from cnncalc.export.torch_body import ClassText, python_name
from cnncalc.export.torch_functions import owner_of
from cnncalc.export.torch_statements import Entry

# The function of each module; both take the same arguments in the same order.
_NAMES = {
    "ReLU": "relu", "ReLU6": "relu6", "LeakyReLU": "leaky_relu", "ELU": "elu", "SELU": "selu", "GELU": "gelu",
    "SiLU": "silu", "Mish": "mish", "Hardswish": "hardswish", "Hardsigmoid": "hardsigmoid", "Sigmoid": "sigmoid",
    "Tanh": "tanh", "Softmax": "softmax", "LogSoftmax": "log_softmax", "Upsample": "interpolate",
    "PixelShuffle": "pixel_shuffle", "PixelUnshuffle": "pixel_unshuffle",
    **{
        f"{name}Pool{axes}d": f"{start}_pool{axes}d"
        for axes in (1, 2, 3)
        for name, start in {
            "Max": "max", "Avg": "avg", "AdaptiveAvg": "adaptive_avg", "AdaptiveMax": "adaptive_max"
        }.items()
    },
}  # fmt: skip
_NAMED = re.compile(r"(?<![\w.\"])(?!(?:True|False|None)\b)[^\W\d]\w*(?!\w*[=(])")


def as_function(entry: Entry, x: str, owner: ClassText | None = None) -> Code | None:
    """What a module makes of the tensor `x`, without the module; None for one with arrays, a name, or a condition.

    Arguments that have names are constants of the class `owner`: one of them is kept for `forward`, more are not worth
    it, nor is any without `owner`.

    >>> from cnncalc.export.layout import call, flat
    >>> flat(as_function(Entry("max_pool1", call("nn.MaxPool2d", "3", "2"), unnamed=True), "y"))
    'F.max_pool2d(y, 3, 2)'
    """
    code = as_call(entry.code)
    if not entry.unnamed or entry.condition or entry.loop or not isinstance(code, Bracketed):
        return None
    name = code.head.removeprefix("nn.")  # a class of the file has another name than any of these
    if name not in _NAMES and name not in ("Flatten", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"):
        return None
    items = _kept([flat(item) for item in code.items], owner)
    if items is None:
        return None
    if name == "Flatten":
        return None if items else f"{owner_of(x)}.flatten(1)"
    if name in _NAMES:
        return call(f"F.{_NAMES[name]}", x, *items)
    (sides,) = items
    return call("F.pad", x, f"[{sides[1:-1]}]" if sides.startswith("(") else f"[{sides}] * {2 * int(name[7])}")


def _kept(items: list[str], owner: ClassText | None) -> list[str] | None:
    """Arguments as they are written in `forward`, None if they do not belong there."""
    names = {name for item in items for name in _NAMED.findall(item)}
    if not names:
        return items
    (name, *others) = names
    if others or owner is None or name not in {*map(python_name, owner.used), *owner.locals}:
        return None
    kept = owner.keep(name, name)
    return [_NAMED.sub(f"self.{kept}", item) for item in items]
