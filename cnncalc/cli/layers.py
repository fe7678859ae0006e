"""`cnncalc layers`."""

from typing import Annotated

from cnncalc.cli import options
from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.cli.output import emit, make_view
from cnncalc.errors import UsageError


def _complete_kind(incomplete: str) -> list[str]:
    from cnncalc.layers import KINDS

    return [name for name in KINDS if name.startswith(incomplete)]


Kind = Annotated[str | None, options.argument("[KIND]", "A layer kind, e.g. conv.", _complete_kind)]


def layers(
    kind: Kind = None,
    format: options.TextFormatOption = TextFormat.text,
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
    text = write_text(
        format, make_view(output, width, color),
        document=lambda _: kinds.list_kinds() if kind is None else kinds.describe_kind(kind),
        json=lambda: kinds.dump_kinds(kind),
    )  # fmt: skip
    emit(text, output)
