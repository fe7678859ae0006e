"""`cnncalc list`."""

from cnncalc.cli import options
from cnncalc.cli.output import colored, emit, message
from cnncalc.cli.reading import read


def list_(
    format: options.TableFormatOption = options.TableFormat.table,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """The bundled architectures."""
    from cnncalc.render.catalogue import WRITERS
    from cnncalc.spec.files import bundled

    found = {name: read(name) for name in bundled()}
    reports = {name: result.report for name, result in found.items() if result.report and not result.failed}
    emit(WRITERS[format](reports, colored(color, output)), output)
    for name in found.keys() - reports.keys():
        message(f"cnncalc: {name} has errors, see cnncalc validate {name}\n")
    return int(len(reports) < len(found))
