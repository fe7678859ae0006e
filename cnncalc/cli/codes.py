"""`cnncalc codes`."""

from typing import TYPE_CHECKING, Annotated

from cnncalc.cli import options
from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.cli.output import emit, make_view
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.errors import Problem
    from cnncalc.errors.codes import Code


def _complete_code(incomplete: str) -> list[str]:
    from cnncalc.errors.codes import all_codes

    return [code for code in all_codes() if code.startswith(incomplete)]


CodeArgument = Annotated[
    str | None,
    options.argument("[CODE]", "The code of an error or a warning, e.g. shape-mismatch.", _complete_code),
]


def codes(
    code: CodeArgument = None,
    format: options.TextFormatOption = TextFormat.text,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """List the codes of errors and warnings, or describe one, with an example and its repair."""
    from cnncalc.errors.codes import all_codes
    from cnncalc.render import codes as render

    known = all_codes()
    if code is not None and code not in known:
        from cnncalc.nearest import did_you_mean

        raise UsageError(f"there is no code {code!r}; {did_you_mean(code, known) or 'see cnncalc codes'}")
    chosen = [known[code]] if code is not None else list(known.values())
    text = write_text(
        format, make_view(output, width, color),
        document=lambda view: (
            render.describe_code(chosen[0], _report(chosen[0]), view) if code else render.list_codes(chosen)
        ),
        json=lambda: render.dump_codes(chosen),
    )  # fmt: skip
    emit(text, output)


def _report(code: "Code") -> "list[Problem]":
    """The problems that `validate` reports in the bad example."""
    from cnncalc.errors import Source
    from cnncalc.reading import read_text

    if not code.bad:
        return []
    problems = read_text(Source("net.yaml", code.bad), check_expect=True).problems
    return [problem for problem in problems if problem.code == code.code]
