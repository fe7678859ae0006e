"""`cnncalc layers`."""

from enum import StrEnum
from typing import Annotated, assert_never

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.errors import UsageError


class LayersFormat(StrEnum):
    """How layer kinds are written."""

    text = "text"
    json = "json"


def _kinds(incomplete: str) -> list[str]:
    from cnncalc.layers import KINDS

    return [name for name in KINDS if name.startswith(incomplete)]


Kind = Annotated[str | None, options.argument("[KIND]", "A layer kind, e.g. conv.", _kinds)]
Format = Annotated[LayersFormat, options.FORMAT]


def layers(
    kind: Kind = None,
    format: Format = LayersFormat.text,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """List the layer kinds, or describe one: its arguments, its formulas, an example."""
    from cnncalc.layers import KINDS
    from cnncalc.layers.structure import STRUCTURE_WORDS
    from cnncalc.render import kinds

    if kind is not None and kind not in KINDS and kind not in STRUCTURE_WORDS:
        from cnncalc.nearest import did_you_mean

        hint = did_you_mean(kind, [*KINDS, *STRUCTURE_WORDS])
        raise UsageError(f"there is no layer kind {kind!r}; {hint or 'see cnncalc layers'}")
    match format:
        case LayersFormat.json:
            text = kinds.kinds_json(kind)
        case LayersFormat.text:
            from cnncalc.render.show import show

            blocks = kinds.list_kinds() if kind is None else kinds.describe_kind(kind)
            text = show(blocks, make_view(output, width, color))
        case _:
            assert_never(format)
    emit(text, output)
