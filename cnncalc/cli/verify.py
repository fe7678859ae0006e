"""`cnncalc verify`."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.relations import Needs, Reads
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from cnncalc.execution.verify import Verdict

Arch = Annotated[
    str | None,
    options.argument("[ARCH]", f"{options.ARCH_HELP} Without it, all that are bundled.", options.architectures),
    Reads(),
]
Input = Annotated[options.Input, Needs("ARCH")]
Settings = Annotated[options.Settings, Needs("ARCH")]


def verify(
    arch: Arch = None,
    input: Input = None,
    settings: Settings = None,
    format: options.TextFormatOption = options.TextFormat.text,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Execute a network and hold every computed number against what was counted.

    The network is made thin: few channels, the geometry kept. Exit code 1 where anything differs.
    """
    from cnncalc.execution.verify import MOST_OF_MANY
    from cnncalc.render.show import show
    from cnncalc.render.verdict import describe_verdict, list_verdicts, verdicts_json
    from cnncalc.spec.files import bundled

    view = make_view(output, None, color)
    if arch is not None:
        found = [_verdict(arch, input, settings)]
    else:
        found = [_verdict(name, most=MOST_OF_MANY) for name in bundled()]
    if format == "json":
        emit(verdicts_json(found), output)
    else:
        blocks = describe_verdict(found[0], view) if arch is not None else list_verdicts(found, view)
        emit(show(blocks, view), output)
    return int(not all(verdict.held for verdict in found))


def _verdict(
    arch: str, input: str | None = None, settings: list[str] | None = None, most: int | None = None
) -> "Verdict":
    from cnncalc.cli.reading import read
    from cnncalc.execution.verify import MOST, verify

    progress = Progress()
    try:
        network = read(arch, input, settings).require_network()
        tick = partial(progress.report, f"verify {network.name}")
        return verify(network, most=most or MOST, tick=tick)
    finally:
        progress.clear()
