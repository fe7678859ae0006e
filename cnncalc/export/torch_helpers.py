"""Modules that PyTorch lacks, as text to put into a file; each is written once, where it is needed.

Tests run them: exported networks give the outputs of `cnncalc run`. `{n}` is the number of spatial axes.
"""

from __future__ import annotations

from cnncalc.export.torch_helpers_layers import LAYERS
from cnncalc.export.torch_helpers_windows import WINDOWS

HELPERS: dict[str, str] = {**WINDOWS, **LAYERS}


def helper_text(name: str) -> str:
    """The text of a helper by its name, `Crop2d`."""
    for key, text in HELPERS.items():
        for axes in "123":
            if key.replace("{n}", axes) == name:
                return text.strip("\n").replace("{n}", axes)
    raise KeyError(name)
