"""Translates calls of other tools that merge tensors, `Concatenate(axis=-1)([a, b])` or `torch.cat([a, b], dim=1)`."""

from __future__ import annotations

import re

from cnncalc.layers.structure import MERGES
from cnncalc.spec.foreign import find_kind

NAME = r"[A-Za-z_]\w*"
TENSORS = rf"[(\[]\s*({NAME}(?:\s*,\s*{NAME})+)\s*,?\s*[)\]]"
ASSIGNED = rf"({NAME}\s*=\s*)?([\w.]+)"
AXIS = r"(?:(?:axis|dim)\s*=\s*)?(-?[0-9]+)"
OF_KERAS = re.compile(rf"{ASSIGNED}\((?:{AXIS})?\)\({TENSORS}\)\s*")
OF_FUNCTIONS = re.compile(rf"{ASSIGNED}\({TENSORS}(?:\s*,\s*{AXIS})?\)\s*")


def translate_merge(text: str) -> str:
    """The merge of named outputs that corresponds to another tool's call with a list of tensors, "" for other strings.

    The axes of PyTorch begin with the batch, those of Keras end with the channels.

    >>> translate_merge("layers.Concatenate(axis=-1)([a, b])"), translate_merge("x = Add()([a, b])")
    ('concat(a, b)', 'x = add(a, b)')
    >>> translate_merge("torch.cat([a, b], dim=1)"), translate_merge("torch.cat((a, b), 2)")
    ('concat(a, b)', 'concat(a, b, axis=1)')
    """
    if found := OF_KERAS.fullmatch(text):
        assigned, name, axis, tensors = found.groups()
    elif found := OF_FUNCTIONS.fullmatch(text):
        assigned, name, tensors, axis = found.groups()
    else:
        return ""
    kind = find_kind(name)
    ours = _axis(name, axis)
    if kind not in MERGES or ours is None or (ours and kind not in ("concat", "stack")):
        return ""
    names = ", ".join(each.strip() for each in tensors.split(","))
    return f"{assigned or ''}{kind}({names}{f', axis={ours}' if ours else ''})"


def _axis(name: str, text: str | None) -> int | None:
    """Our axis for that of another tool, None for the batch, which does not exist here."""
    if text is None:
        return None if name.startswith("torch") else 0
    axis = int(text)
    if axis == 0:
        return None
    if name.startswith("torch"):
        return axis - 1 if axis > 0 else axis
    if axis < 0:  # height, width, channels
        return axis + 1
    return 0 if axis > 2 else axis
