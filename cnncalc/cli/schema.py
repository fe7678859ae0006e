"""`cnncalc schema`."""

from cnncalc.cli import options
from cnncalc.cli.output import emit


def schema(output: options.Output = None) -> None:
    """Print the JSON Schema of architecture files, by which an editor completes and checks them."""
    from cnncalc.render.schema import schema_json

    emit(schema_json(), output)
