"""The texts of a block diagram: what is written in a box, and in the head of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.figure.kinds import find_role, format_sizes, format_step, format_window, name_kind
from cnncalc.figure.text import SIZE, fit_text, text_room
from cnncalc.figure.tree import Frame, Merge, Step

if TYPE_CHECKING:
    from cnncalc.analysis.report import LayerReport, Report

ROOM = 118.0  # pt of a text in a box or a head; a longer name is shortened
WITH_CHANNELS = frozenset(("conv", "linear"))  # roles of boxes in which the channels of the output are written
NAMED = 2  # kinds that are named in a box without a convolution


def shorten(text: str) -> str:
    """A text that fits into a box."""
    return fit_text(text, ROOM)


def label_step(step: Step, report: Report) -> str:
    """What is written in the box of a step: `3×3 conv, 64, /2`; of norms and activations alone, their kinds."""
    main = report.layers[step.main]
    if find_role(main.kind) == "norm" and len(step.layers) > 1:
        kinds = [name_kind(report.layers[index].kind) for index in step.layers]
        text = ", ".join(kinds[:NAMED]) + (", …" if len(kinds) > NAMED else "")
    else:
        text = label_layer(main)
    return shorten(text)


def label_layer(layer: LayerReport) -> str:
    """A layer in short: `3×3 conv, 64, /2`."""
    window, step = format_window(layer), format_step(layer)
    window = f"k{window}" if window.isdigit() else window
    parts = [f"{window} {name_kind(layer.kind)}".lstrip()]
    role = find_role(layer.kind)
    if (role in WITH_CHANNELS and layer.kind != "matmul") or layer.kind in (
        "transposed_conv",
        "separable_conv",
        "spatial_separable_conv",
    ):
        parts.append(str(layer.output[0]))
    if step:
        parts.append(step)
    for name, sign in (("groups", "g"), ("dilation", "d")):
        value = getattr(layer.layer, name, 1) if "kernel" in layer.layer.settings else 1
        values = value if isinstance(value, tuple) else (value,)
        if {*values} != {1}:
            parts.append(sign + format_sizes(values[:1] if len({*values}) == 1 else values))
    return ", ".join(parts)


def label_merge(merge: Merge, report: Report, *, counted: bool = False) -> str:
    """What is written in the bar or the box of a merge: `concat, 256`, or if its inputs are counted `add of 50`."""
    layer = report.layers[merge.layer]
    if counted:
        return f"{name_kind(layer.kind)} of {len(layer.sources)}"
    return f"{name_kind(layer.kind)}, {layer.output[0]}" if layer.layer.concatenates else name_kind(layer.kind)


def head_frame(frame: Frame) -> tuple[str, str]:
    """The head of a frame: in bold its name or its call, and beside a name the call: `conv2_x`, `stage(64, 3, 1)`."""
    name = frame.path.rpartition(".")[2]
    titles = {each.title for each in (frame, *frame.others)}
    call = frame.title if len(titles) == 1 else frame.title.partition("(")[0] + "(…)"
    base = call.partition("(")[0]
    if not call or call == name:
        return name, ""
    if name.rstrip("0123456789") == "reuse":
        return f"{call}, reused", ""
    if name.rstrip("0123456789") == base or name.isdigit() or not name:
        return call, ""
    return name, call


def fit_call(call: str, room: float, size: float = SIZE, bold: bool = False) -> str:
    """Shorten a call to a room by leaving out its last arguments.

    >>> fit_call("inception(64, 96, 128, 16, 32, 32)", 90), fit_call("conv2_x", 90)
    ('inception(64, 96, …)', 'conv2_x')
    """
    name, parenthesis, rest = call.partition("(")
    shorter, arguments = call, rest.rstrip(")").split(", ")
    while parenthesis and text_room(shorter, size, bold) > room and len(arguments) > 1:
        arguments.pop()
        shorter = f"{name}({', '.join(arguments)}, …)"
    return fit_text(shorter, room, size, bold)


def describe_step(step: Step, report: Report) -> str:
    """What is shown where a pointer rests on a box: the layers and what leaves them."""
    layers = [report.layers[index] for index in step.layers]
    main = report.layers[step.main]
    others = "".join(f" + {layer.kind}" for layer in layers if layer is not main)
    return f"{main.path}: {main.layer!r}{others} → {format_sizes(layers[-1].output)}"
