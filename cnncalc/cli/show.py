"""`cnncalc show`."""

from cnncalc.cli import options
from cnncalc.cli.output import colored, emit


def show(
    arch: options.Arch,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """An architecture file as it is written."""
    from cnncalc.errors import Mistake, SpecError
    from cnncalc.render.source import source_text
    from cnncalc.spec.files import find, read_source

    try:
        text = read_source(find(arch)).text
    except Mistake as mistake:
        problem = mistake.problem
        raise SpecError([problem if mistake.has_place else problem._replace(span=None)]) from None
    emit(source_text(text, color=colored(color, output)), output)
