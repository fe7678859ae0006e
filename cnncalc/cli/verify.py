"""`cnncalc verify`."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

from cnncalc import limits
from cnncalc.cli import options
from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.cli.jobs import Jobs, map_in_order
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.relations import Needs, Reads, Without
from cnncalc.render.progress import Progress

if TYPE_CHECKING:
    from cnncalc.execution.verify import Verdict
    from cnncalc.render.view import View


Arch = Annotated[
    str | None,
    options.argument(
        "[ARCH]", f"{options.ARCH_HELP} Without it, all bundled architectures.", options.complete_architecture
    ),
    Reads(),
]
Inputs = Annotated[options.Inputs, Needs("ARCH")]
Settings = Annotated[options.Settings, Needs("ARCH")]
VerifyJobs = Annotated[Jobs, Without("ARCH")]


def verify(
    arch: Arch = None,
    inputs: Inputs = None,
    settings: Settings = None,
    format: options.TextFormatOption = TextFormat.text,
    jobs: VerifyJobs = None,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Execute a network and check every computed number against what was counted.

    The network is narrowed first: few channels, the same geometry. Exit code 1 if anything differs.
    """
    from cnncalc.spec.files import bundled

    found = _verify_all(bundled(), jobs) if arch is None else [_verify_network(arch, inputs, settings)]
    emit(_write(found, arch is None, format, make_view(output, width, color)), output)
    return int(not all(verdict.held for verdict in found))


def _write(found: "list[Verdict]", many: bool, format: TextFormat, view: "View") -> str:
    from cnncalc.render import verdict

    return write_text(
        format, view,
        document=lambda view: verdict.list_verdicts(found, view) if many else verdict.describe_verdict(found[0], view),
        json=lambda: verdict.dump_verdicts(found),
    )  # fmt: skip


def _verify_all(names: list[str], jobs: int | None) -> "list[Verdict]":
    progress = Progress()
    found: list[Verdict] = []
    try:
        for verdict in map_in_order(_verify_bundled, names, jobs, weight=10):
            found.append(verdict)
            progress.report(f"verify {verdict.name}", len(found), len(names))
    finally:
        progress.clear()
    return found


def _verify_bundled(name: str) -> "Verdict":
    from cnncalc.execution.verify import verify
    from cnncalc.reading import load

    return verify(load(name), most=limits.VERIFIED_STEPS_OF_MANY)


def _verify_network(
    arch: str, inputs: list[str] | None = None, settings: list[str] | None = None, most: int | None = None
) -> "Verdict":
    from cnncalc.cli.reading import read
    from cnncalc.execution.verify import verify

    progress = Progress()
    try:
        network = read(arch, inputs, settings).require_network()
        tick = partial(progress.report, f"verify {network.name}")
        return verify(network, most=most or limits.VERIFIED_STEPS, tick=tick)
    finally:
        progress.clear()
