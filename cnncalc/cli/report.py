"""`cnncalc report`."""

from cnncalc import __version__
from cnncalc.cli import options
from cnncalc.cli.output import emit
from cnncalc.cli.reading import read


def report(
    arch: options.Arch,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    output: options.Output = None,
) -> None:
    """Write one HTML page that explains a network: totals, charts, all layers, their arithmetic, a drawing.

    The page needs no other file and no connection.
    """
    from cnncalc.render.page.document import write_page
    from cnncalc.render.page.subject import Subject

    reading = read(arch, inputs, settings)
    subject = Subject(0, arch, reading.require_network(), reading.require_report())
    emit(write_page([subject], f"cnncalc {__version__}"), output)
