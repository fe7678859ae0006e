"""`cnncalc schema`."""

from cnncalc.cli import options
from cnncalc.cli.output import emit


def schema(output: options.Output = None) -> None:
    """Print the JSON Schema of architecture files, for completion and checks in an editor."""
    from cnncalc.render.schema import dump_schema

    emit(dump_schema(), output)
