"""`cnncalc validate`."""

from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, assert_never

import typer

from cnncalc.cli import budgets, device, options
from cnncalc.cli.jobs import Jobs, map_in_order
from cnncalc.cli.output import emit, make_view, write_message
from cnncalc.cli.relations import Reads
from cnncalc.errors import UsageError
from cnncalc.system import is_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.analysis.roofline import Device
    from cnncalc.errors import Problem
    from cnncalc.render.view import View


class ValidateFormat(StrEnum):
    """Output formats of problems; `github` is for annotations in a workflow."""

    text = "text"
    json = "json"
    github = "github"


ARCHS_HELP = "Files, folders, bundled architectures, chains of layers with --input, or - for standard input."
Archs = Annotated[list[str], options.argument("ARCH...", ARCHS_HELP, options.complete_architecture), Reads()]
Format = Annotated[ValidateFormat, options.FORMAT]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")]


def validate(
    archs: Archs,
    inputs: options.Inputs = None,
    settings: options.Settings = None,
    limits: budgets.Limits = None,
    compute: device.Compute = None,
    bandwidth: device.Bandwidth = None,
    format: Format = ValidateFormat.text,
    strict: Strict = False,
    jobs: Jobs = None,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Report all problems of architecture files.

    Each has its position and, if one is known, a repair. The expectations under `expect` are checked too. Exit code 1
    if there is an error, or with --strict a warning.
    """
    rates = device.choose_device(compute, bandwidth, (), limits)
    work = partial(_validate_file, inputs=inputs or (), settings=settings or (), limits=limits, rates=rates)
    files = []
    names = list(_iterate_files(archs))
    jobs = 1 if "-" in names else jobs  # standard input is that of the first process
    for name, problems, unchecked in map_in_order(work, names, jobs):
        if unchecked:
            write_message(
                f"cnncalc: note: {name}: the exact figures under `expect` ({unchecked}) are those of the file's own"
                " input and params; only conditions are checked\n"
            )
        files.append((name, problems))
    emit(_write(files, format, make_view(output, None, color), strict=strict), output)
    return int(any(strict or problem.severity == "error" for _, problems in files for problem in problems))


def _validate_file(
    arch: str, inputs: "Sequence[str]", settings: "Sequence[str]", limits: list[Any] | None, rates: "Device | None"
) -> "tuple[str, list[Problem], int]":
    """The name of a file, its problems, and the number of expectations that are not checked."""
    from cnncalc.reading import read

    reading = read(arch, inputs=inputs, settings=settings, check_expect=True)
    missed = [] if reading.failed else budgets.find_missed(limits, reading.require_report()._replace(device=rates))
    return "<standard input>" if arch == "-" else arch, [*reading.problems, *missed], reading.unchecked


def _iterate_files(archs: list[str]) -> Iterator[str]:
    """The files to validate; of a folder, all architecture files in it, by name."""
    from pathlib import Path

    from cnncalc.spec.files import SUFFIXES, find, is_folder

    for arch in _expand_patterns(archs):
        if find(arch) is not None or not is_folder(arch):
            yield arch
            continue
        found = sorted(str(path) for path in Path(arch).rglob("*") if path.suffix in SUFFIXES and not path.is_dir())
        if not found:
            raise UsageError(f"the folder {arch} has no architecture file ({' or '.join(SUFFIXES)})")
        yield from found


def _expand_patterns(archs: list[str]) -> Iterator[str]:
    """The arguments with patterns replaced by the matching files, which shells on Windows leave to programs."""
    from glob import glob

    for arch in archs:
        found = sorted(glob(arch)) if is_windows() and "*" in arch else []  # noqa: PTH207, patterns may be absolute
        yield from found or [arch]


def _write(files: "list[tuple[str, list[Problem]]]", format: ValidateFormat, view: "View", *, strict: bool) -> str:
    match format:
        case ValidateFormat.text:
            from cnncalc.render.problems import describe_files
            from cnncalc.render.show import show

            return show(describe_files(files, view, strict=strict), view)
        case ValidateFormat.json:
            from cnncalc.render.json import dump_problems

            return dump_problems(files)
        case ValidateFormat.github:
            from cnncalc.render.github import format_annotations

            return format_annotations(files)
        case _:
            assert_never(format)
