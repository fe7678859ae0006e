"""Sizes of a tensor in expressions: `here.height`, `skip.width`, `input.channels`."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.errors import Mistake, Span
from cnncalc.layers.base import Shape, format_shape
from cnncalc.spec.repairs import guess, rename

AXIS_NAMES: tuple[tuple[str, ...], ...] = ((), ("length",), ("height", "width"), ("depth", "height", "width"))
SIZE_NAMES = ("channels", "length", "height", "width", "depth")


def find_size(name: str, shape: Shape, span: Span) -> int:
    """The size `name` of a tensor of this shape. Raises Mistake if it has no such axis; `span` is of `OWNER.NAME`."""
    if name == "channels":
        return shape[0]
    names = AXIS_NAMES[len(shape) - 1]
    if name in names:
        return shape[1 + names.index(name)]
    owner = owner_of(span)
    if not names:
        message = f"`{owner}` has no {name}: it is flat, {format_shape(shape)}"
        help_text = f"`{owner}.channels` is its number of elements"
        raise Mistake("wrong-rank", message, span, help_text)
    count = "1 spatial axis" if len(names) == 1 else f"{len(names)} spatial axes"
    message = f"`{owner}` has no {name}: it is {format_shape(shape)}, with {count}"
    listed = " or ".join(f"`{owner}.{each}`" for each in names)
    fixes = [guess(_name_span(span, name), names[0])] if len(names) == 1 else []
    raise Mistake("wrong-rank", message, span, f"write {listed}", *fixes)


def unknown_member(name: str, span: Span, inner: Iterable[str] | None) -> Mistake:
    """The mistake for a name after a dot that is neither a size nor one of the outputs inside a block call, `inner`."""
    fixes = rename(_name_span(span, name), name, [*SIZE_NAMES, *(inner or ())])
    sizes = f"sizes are {', '.join(SIZE_NAMES)}"
    if inner is None:
        message = f"`{owner_of(span)}` has no `{name}`: only a named block call has outputs inside it"
        return Mistake("bad-value", message, span, sizes, *fixes)
    known = ", ".join(inner) or "none"
    return Mistake("unknown-name", f"the block has no output `{name}`", span, f"its outputs: {known}; {sizes}", *fixes)


def owner_of(span: Span) -> str:
    """The text before the last dot."""
    return span.text.rpartition(".")[0].rstrip()


def _name_span(span: Span, name: str) -> Span:
    return span._replace(start=span.end - len(name))
