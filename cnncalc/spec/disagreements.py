"""The problem of branches with different shapes, and possible repairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Note
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape, format_shape
from cnncalc.layers.settings import SameAs
from cnncalc.network import INPUT, NOTHING
from cnncalc.spec.binding import convert_error
from cnncalc.spec.builder import Builder
from cnncalc.spec.family import Description
from cnncalc.spec.repairs import set_argument
from cnncalc.spec.rounding import (
    Meeting,
    change_input,
    change_rounding,
    crop_text,
    find_multiple,
    find_rounded,
    notes_of,
    pad_all,
)
from cnncalc.spec.scope import Flow
from cnncalc.spec.tree import Block, Branch, Call, chains_of, units_of


def explain_disagreement(
    call: Call,
    known: Sequence[tuple[Branch, Flow]],
    error: LayerError,
    built: Builder,
    about: Description,
    *,
    rounds: bool,
) -> Mistake:
    """The mistake for a merge, at the first branch that differs from the earlier ones, or at a wrong argument."""
    if error.branch < 0:
        return convert_error(error, call)
    number = error.branch
    culprit, flow = known[number]
    reference, first = known[0]
    listed = known if len(known) <= limits.LISTED_SHAPES else (known[0], known[number])
    shapes = ", ".join(f"{name_branch(branch)} is {format_shape(flow.shape)}" for branch, flow in listed if flow.shape)
    fixes: list[Fix] = []
    if first.shape and flow.shape and culprit.body and not is_structured(culprit):
        fixes = [
            *suggest_shortcut(reference, first.shape, culprit, flow.shape),
            *suggest_padding(reference),
            *suggest_padding(culprit),
            *suggest_stride(reference, culprit, flow.shape, first.shape),
        ]
    if error.append:
        index, layer = error.append
        branch = known[index][0]
        if branch.body and not is_structured(branch):
            text = f"{branch.body_span.text} -> {layer}"
            fixes.insert(0, Fix(branch.body_span, text, f"add `{layer}` at the end of the branch: `{text}`"))
    notes: list[Note] = []
    meeting = meeting_of(built, about, first, flow)
    if meeting and error.about == "size":
        notes, more = explain_sizes(meeting, reference, culprit)
        fixes = [*more, *fixes] if any(fix.alternative for fix in more) else [*fixes, *more]
    help_text = "" if rounds else error.help  # a round has no end of its own to change
    message = f"the branches of `{call.kind}` have different shapes: {shapes}"
    mistake = Mistake(error.code, message, culprit.span, help_text, *fixes)
    for note in notes:
        mistake.note(note)
    return mistake


def meeting_of(built: Builder, about: Description, first: Flow, second: Flow) -> Meeting | None:
    """Two branches that meet; None after a failure, when their layers are not known, or if their ranks differ."""
    if built.failed or len(first.shape or ()) != len(second.shape or ()) or NOTHING in (first.node, second.node):
        return None
    inputs = dict(zip(count(INPUT, -1), built.inputs.values(), strict=False))
    named = zip(count(INPUT, -1), about.inputs.items(), strict=False)
    written = {index: (name, entry.value) for index, (name, entry) in named}
    params = {name: entry.value for name, entry in about.params.items()}
    return Meeting(built.nodes, first.node, second.node, inputs, written, params)


def explain_sizes(meeting: Meeting, reference: Branch, culprit: Branch) -> tuple[list[Note], list[Fix]]:
    """Notes on the layers that made the sizes of two branches differ, and repairs.

    If a layer rounded a size down, all repairs that work are offered; if only padding is missing, the first one.
    """
    rounded = find_rounded(meeting)
    if not rounded:
        return [], []
    notes = notes_of(rounded)
    padded = [fix for branch in (reference, culprit) if branch.body for fix in pad_all(rounded, branch.body_span)]
    fixes = [*change_rounding(rounded), *padded, *suggest_crop(meeting, reference, culprit)]
    if all(each.window.stride == 1 for each in rounded):
        return notes, [fix._replace(alternative=False) for fix in fixes]
    found = find_multiple(meeting)
    if found:
        offered = list(change_input(meeting, found))
        fixes += offered
        if not offered or offered[0].span.source.is_option:
            sizes = " and ".join(map(format_shape, dict.fromkeys(found.inputs.values())))
            notes.append(Note(f"they agree for {found.describe()}, e.g. an input of {sizes}"))
    return notes, fixes


def suggest_crop(meeting: Meeting, reference: Branch, culprit: Branch) -> list[Fix]:
    """The repair that crops the larger map at the end of its branch."""
    first, second = meeting.shape_at(meeting.first), meeting.shape_at(meeting.second)
    for branch, larger, smaller in ((reference, first, second), (culprit, second, first)):
        if all(more >= less for more, less in zip(larger[1:], smaller[1:], strict=True)):
            if not branch.body or is_structured(branch):
                return []
            call, text = crop_text(larger, smaller), branch.body_span.text.strip()
            written = call if text == "identity" else f"{text} -> {call}"
            why = f"crop {name_branch(branch)}: `{written}`"
            return [Fix(branch.body_span, each, why, alternative=True) for each in (written, f'"{written}"')]
    return []


def name_branch(branch: Branch) -> str:
    """Format the name of a branch; branches of a list have numbers."""
    if not branch.body:
        return branch.label  # a round of a repeat, or an output by its name
    return f"branch {branch.label}" if branch.label.isdigit() else f"`{branch.label}`"


def is_structured(branch: Branch) -> bool:
    """Whether a branch is not a single string, so that it cannot be replaced by one."""
    return branch.body_span.text.startswith(("-", "{", "["))


def calls_of(branch: Branch) -> list[Call]:
    return [unit for unit in units_of(chains_of(branch.body)) if isinstance(unit, Call) and not unit.by_name]


def parameters_of(call: Call) -> list[str]:
    """The parameters of a call."""
    target = call.target
    if isinstance(target, Block):
        return [parameter.name for parameter in target.parameters]
    return list(target.settings) if isinstance(target, type) and issubclass(target, Layer) else []


def find_text(branch: Branch, *names: str) -> str:
    """The text of an argument in the last call of a branch that sets it to anything but 1."""
    for call in reversed(calls_of(branch)):
        for name in names:
            if name in call.bound and call.bound[name].span.text != "1":
                return call.bound[name].span.text
    return ""


def suggest_shortcut(reference: Branch, wanted: Shape, culprit: Branch, found: Shape) -> list[Fix]:
    """The repair of a shortcut: a 1×1 convolution with the channels, and if needed the stride, of the first branch."""
    if len(wanted) != len(found) or len(wanted) < 2 or culprit.body_span.text.strip() != "identity":
        return []
    ratio = -(-found[1] // wanted[1])
    strides = [""] if found[1:] == wanted[1:] else []
    strides += [text for text in (find_text(reference, "stride"), str(ratio) if ratio > 1 else "") if text]
    outs = [text for text in (find_text(reference, "out"), *first_arguments(reference), str(wanted[0])) if text]
    change = f"{name_branch(reference)} changes "
    change += f"channels {found[0]} → {wanted[0]}" if wanted[0] != found[0] else f"the size {found[1]} → {wanted[1]}"
    fixes = []
    for stride in strides:
        for out in dict.fromkeys(outs):
            text = f"conv({out}, 1{f', {stride}' if stride else ''})"
            help_text = f"{change}; use a 1×1 convolution as {name_branch(culprit)}: `{text}`"
            fixes.append(Fix(culprit.body_span, text, help_text))
    return fixes


def first_arguments(branch: Branch) -> list[str]:
    """The first argument of each call in a branch, the last call first: it is often the number of output channels."""
    return [call.arguments[0].value.span.text for call in reversed(calls_of(branch)) if call.arguments][:2]


def suggest_padding(branch: Branch) -> list[Fix]:
    """The repairs that add a padding which keeps the size of the map, for windows without padding."""
    fixes: list[Fix] = []
    for call in calls_of(branch):
        names = parameters_of(call)
        if "padding" in names and "padding" not in call.bound and "kernel" in call.bound:
            fixes += set_argument(call, "padding", "half", "keep the size of the map:")
            if "stride" not in call.bound and steps_by_its_window(call) and call.arguments:
                text = f"{call.span.text[:-1]}, stride=1, padding=half)"
                fixes.append(Fix(call.span, text, f"the stride of a pool defaults to its window: `{text}`"))
    return fixes


def steps_by_its_window(call: Call) -> bool:
    """Whether the stride of a layer kind defaults to its kernel, like that of a pool."""
    target = call.target
    is_layer = isinstance(target, type) and issubclass(target, Layer)
    return is_layer and isinstance(target.settings["stride"].default, SameAs)


def suggest_stride(reference: Branch, culprit: Branch, found: Shape, wanted: Shape) -> list[Fix]:
    """The repairs that use the stride of one branch for a window of the other."""
    if len(found) != len(wanted) or len(found) < 2:
        return []
    fixes: list[Fix] = []
    for branch, text, ratio in (
        (culprit, find_text(reference, "stride"), -(-found[1] // wanted[1])),
        (reference, find_text(culprit, "stride"), -(-wanted[1] // found[1])),
    ):
        for call in calls_of(branch):
            if "stride" in parameters_of(call):
                for value in (text, str(ratio) if ratio > 1 else "1"):
                    if value:
                        fixes += set_argument(call, "stride", value, "use the stride of the other branch:")
    return fixes
