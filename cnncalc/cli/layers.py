"""`cnncalc layers`."""

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.errors import UsageError


def layers(
    kind: options.Kind = None,
    format: options.TextFormatOption = options.TextFormat.text,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """The layer kinds, or all about one."""
    from cnncalc.layers import KINDS
    from cnncalc.layers.structure import STRUCTURE_WORDS
    from cnncalc.render import kinds
    from cnncalc.render.show import show

    if kind is not None and kind not in KINDS and kind not in STRUCTURE_WORDS:
        from cnncalc.nearest import did_you_mean

        hint = did_you_mean(kind, [*KINDS, *STRUCTURE_WORDS])
        raise UsageError(f"there is no layer kind {kind!r}; {hint or 'see cnncalc layers'}")
    if format == "json":
        emit(kinds.kinds_json(kind), output)
    else:
        blocks = kinds.list_kinds() if kind is None else kinds.describe_kind(kind)
        emit(show(blocks, make_view(output, width, color)), output)
