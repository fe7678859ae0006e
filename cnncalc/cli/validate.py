"""`cnncalc validate`."""

from cnncalc.cli import options
from cnncalc.cli.output import colored, emit
from cnncalc.cli.reading import read


def validate(
    archs: options.Archs,
    format: options.TextFormatOption = options.TextFormat.text,
    output: options.Output = None,
    color: options.ColorOption = options.Color.auto,
) -> int:
    """Every problem of every file.

    The promises under `expect` are checked too. Exit code 1 where there is an error.
    """
    found = [(arch, read(arch, promises=True)) for arch in archs]
    files = [("<standard input>" if arch == "-" else arch, result.problems) for arch, result in found]
    if format == "json":
        from cnncalc.render.json import problems_json

        emit(problems_json(files), output)
    else:
        from cnncalc.render.problems import verdicts

        emit(verdicts(files, color=colored(color, output)), output)
    return int(any(result.failed for _, result in found))
