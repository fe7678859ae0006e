"""`cnncalc schema`."""

from cnncalc.cli import options
from cnncalc.cli.output import emit


def schema(output: options.Output = None) -> None:
    """The JSON Schema of the architecture file, by which an editor completes and checks what is written."""
    from cnncalc.render.schema import schema_json

    emit(schema_json(), output)
