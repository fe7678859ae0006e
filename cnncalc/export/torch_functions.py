"""Layers and merges without weights that are an expression in `forward`: views, selections, arithmetic, joins."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.export.torch_construct import Refused


class Step(Protocol):
    """A layer in `forward`: its arguments as they can be written there."""

    kind: str

    @property
    def axes(self) -> int:
        """The number of spatial axes, 0 for a flat input. Raises Refused if it differs each time."""

    def constant(self, name: str) -> Any:
        """The value of an argument that is always the same. Raises Refused."""

    def values(self, name: str) -> list[Any]:
        """The values that an argument comes to, each once."""

    def inner(self, name: str) -> str:
        """An argument as Python text that is valid in `forward`. Raises Unwritable."""

    def items(self, name: str) -> list[str]:
        """The elements of an argument that is a list, as Python text that is valid in `forward`. Raises Unwritable."""

    def sizes(self, name: str) -> str | None:
        """The spatial sizes of the tensor that an argument names, as text; None if it names none."""

    def helper(self, name: str) -> str:
        """The name of a helper, which is then part of the file."""


def behind_batch(axis: int) -> int:
    """The number of an axis in a tensor with a batch."""
    return axis + 1 if axis >= 0 else axis


def write_function(step: Step, x: str) -> Code | None:
    """The output of a layer for the tensor `x`; None if the kind is none of these. Raises Refused, Unwritable."""
    write = FUNCTIONS.get(step.kind)
    return write(step, x) if write else None


def write_join(kind: str, parts: Sequence[str], axis: int) -> Code:
    """The tensors in `parts`, joined by a merge."""
    if kind in ("concat", "stack"):
        name = "torch.cat" if kind == "concat" else "torch.stack"
        return call(name, Bracketed("", tuple(parts), "[]"), Keyed("dim=", str(behind_batch(axis))))
    if kind in ("maximum", "minimum"):
        joined = parts[0]
        for part in parts[1:]:
            joined = f"torch.{kind}({joined}, {part})"
        return joined
    if kind == "mean":
        return f"({' + '.join(parts)}) / {len(parts)}"
    sign = SIGNS.get(kind)
    if sign is None:
        raise Refused(f"there is no module for `{kind}`")
    return f" {sign} ".join(f"({part})" if _is_sum(part) and sign != "+" else part for part in parts)


SIMPLE = re.compile(r"-?[\w.]+")
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "matmul": "@"}


def _is_sum(text: str) -> bool:
    """Whether an operator stands in a text outside of its brackets."""
    depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if not depth and character in " *":
            return True
    return False


def _method(name: str) -> Callable[[Step, str], Code]:
    return lambda step, x: f"{owner_of(x)}.{name}()"


def owner_of(x: str) -> str:
    """A tensor, of which a method is called."""
    return f"({x})" if _is_sum(x) else x


def _reshape(step: Step, x: str) -> Code:
    sizes = ["-1" if item == "rest" else item for item in step.items("shape")]
    return f"{owner_of(x)}.reshape({', '.join([f'len({x})', *sizes])})"


def _split(step: Step, x: str) -> Code:
    axis = behind_batch(step.constant("axis") if step.kind == "split" else 0)
    listed = any(isinstance(value, tuple) for value in step.values("parts"))
    return f"{owner_of(x)}.{'split' if listed else 'chunk'}({step.inner('parts')}, dim={axis})[{step.inner('take')}]"


def _slice(step: Step, x: str) -> Code:
    axis, by = step.constant("axis"), step.constant("step")
    end = f":{by}" if by != 1 else ""
    before = ":, " * (axis + 1) if axis >= 0 else "..., "
    after = ", :" * (-1 - axis) if axis < 0 else ""
    start, stop = step.inner("start"), step.inner("stop")
    start, stop = "" if start == "0" else start, "" if stop == "None" else stop
    return f"{owner_of(x)}[{before}{start}:{stop}{end}{after}]"


def _flip(step: Step, x: str) -> Code:
    return f"{owner_of(x)}.flip({behind_batch(step.constant('axis'))})"


def _roll(step: Step, x: str) -> Code:
    return f"{owner_of(x)}.roll({step.inner('by')}, {behind_batch(step.constant('axis'))})"


def _transpose(step: Step, x: str) -> Code:
    axes = [behind_batch(axis) for axis in step.constant("axes")]
    return f"{owner_of(x)}.permute({', '.join(map(str, [0, *axes]))})"


def _softmax(step: Step, x: str) -> Code:
    return f"{owner_of(x)}.unflatten(1, ({step.inner('groups')}, -1)).{step.kind}(2).flatten(1, 2)"


def _reduce(name: str) -> Callable[[Step, str], Code]:
    def write(step: Step, x: str) -> Code:
        axes = step.constant("axes")
        over = tuple(map(behind_batch, axes if isinstance(axes, tuple) else (axes,)))
        more = f", correction={step.constant('correction')}" if step.kind == "variance_over" else ""
        return f"{owner_of(x)}.{name}({over if len(over) > 1 else over[0]}{more}, keepdim=True)"

    return write


def _affine(step: Step, x: str) -> Code:
    factor, offset = step.inner("factor"), step.inner("offset")
    text = x if factor in ("1", "1.0") else f"{factor} * {owner_of(x)}"
    return (
        text if offset in ("0", "0.0") else f"{text} - {offset[1:]}" if offset.startswith("-") else f"{text} + {offset}"
    )


def _power(step: Step, x: str) -> Code:
    base, exponent = owner_of(x), step.inner("n").removesuffix(".0")
    space = "" if SIMPLE.fullmatch(base) and SIMPLE.fullmatch(exponent) else " "  # as `ruff format` writes it
    return f"{base}{space}**{space}{exponent}"


def _clip(step: Step, x: str) -> Code:
    return f"{owner_of(x)}.clamp({step.inner('low')}, {step.inner('high')})"


def _l2_norm(step: Step, x: str) -> Code:
    return call("F.normalize", x, "dim=1", f"eps={step.inner('epsilon')}")


def _interpolate(step: Step, x: str) -> Code:
    mode = step.constant("mode")
    sizes = step.sizes("like") or f"({', '.join(step.items('size'))},)".replace(",,", ",")
    options: list[Code] = [f"size={sizes}"]
    if mode != "nearest":
        name = ("linear", "bilinear", "trilinear")[step.axes - 1] if mode == "linear" else mode
        options.append(f'mode="{name}"')
    if step.constant("align_corners"):
        options.append("align_corners=True")
    return call("F.interpolate", x, *options)


def _fit(step: Step, x: str) -> Code:
    sizes = step.sizes("like")
    if step.kind == "pad" and step.constant("mode") != "zeros":
        raise Refused("`pad(like=…)` with another mode than zeros")
    value = step.inner("value") if step.kind == "pad" else "0"
    return call(step.helper("fit"), x, f"{sizes}", *([f"value={value}"] if value not in ("0", "0.0") else []))


FUNCTIONS: dict[str, Callable[[Step, str], Code]] = {
    "reshape": _reshape,
    "channel_split": _split,
    "split": _split,
    "slice": _slice,
    "flip": _flip,
    "roll": _roll,
    "transpose": _transpose,
    "softmax": _softmax,
    "log_softmax": _softmax,
    "mean_over": _reduce("mean"),
    "sum_over": _reduce("sum"),
    "max_over": _reduce("amax"),
    "variance_over": _reduce("var"),
    "affine": _affine,
    "power": _power,
    "clip": _clip,
    "l2_norm": _l2_norm,
    "upsample": _interpolate,
    "pad": _fit,
    "crop": _fit,
    **{name: _method(name) for name in ("sqrt", "abs", "exp", "log")},
}
