"""Modules that PyTorch lacks, as text to put into a file; each is written once, where it is needed.

Tests run them: exported networks give the outputs of `cnncalc run`. `{n}` is the number of spatial axes.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.export.torch_helpers_layers import LAYERS
from cnncalc.export.torch_helpers_windows import WINDOWS

AXES = "123"
HELPERS: dict[str, str] = {**WINDOWS, **LAYERS}


def helper_names() -> Iterator[str]:
    """The names of all helpers, for every number of axes."""
    for key in HELPERS:
        yield from {key.replace("{n}", axes) for axes in AXES}


def helper_text(name: str) -> str:
    """The text of a helper by its name, `Crop2d`."""
    for key, text in HELPERS.items():
        for axes in AXES:
            if key.replace("{n}", axes) == name:
                return text.strip("\n").replace("{n}", axes)
    raise KeyError(name)
