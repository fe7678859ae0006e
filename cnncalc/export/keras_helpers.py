"""Helpers of exported Keras code, as text: what Keras lacks. Each is written only where it is needed.

In the texts, AXIS is the axis of the channels, and what is between `<` and `|` is for channels last, what is between
`|` and `>` for channels first.
"""

from __future__ import annotations

import re

from cnncalc.export.axes import Layout
from cnncalc.export.keras_helpers_convolutions import CONVOLUTIONS
from cnncalc.export.keras_helpers_layers import LAYERS
from cnncalc.export.keras_helpers_views import FUNCTIONS

_EITHER = re.compile(r"<([^|>]*)\|([^>]*)>")
_NUMBERED = re.compile(r"(.*)([123])([dD].*)")  # a helper for a number of axes
_NEEDS = {
    "Resize": "cubic",
    "RelativePositionBias": "relative_index",
    "ContinuousPositionBias": "relative_index",
}


def helper_names(names: set[str]) -> list[str]:
    """The names of helpers with those that they need, in the order of the file."""
    whole = names | {_NEEDS[name] for name in names if name in _NEEDS}
    return sorted(whole, key=lambda name: (name in _NEEDS, name.lower()))


def helper_text(name: str, layout: Layout) -> str:
    """The lines of a helper."""
    known = {**LAYERS, **CONVOLUTIONS, **FUNCTIONS}
    numbered = _NUMBERED.fullmatch(name)
    number = numbered[2] if numbered and name not in known else ""
    text = known[f"{numbered[1]}{{n}}{numbered[3]}" if numbered and number else name].replace("{n}", number)
    if text.lstrip().startswith("class "):  # a model with it can be saved and loaded; our reader knows it by this name
        text = f'@keras.saving.register_keras_serializable("<cnncalc|cnncalc_first>")\n{text.lstrip()}'
    text = _EITHER.sub(lambda found: found[1 if layout.is_last else 2], text)
    return text.replace("AXIS", str(layout.channels())).strip("\n")
