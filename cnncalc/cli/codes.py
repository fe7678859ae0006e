"""`cnncalc codes`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, assert_never

from cnncalc.cli import options
from cnncalc.cli.output import emit, make_view
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.errors import Problem
    from cnncalc.errors.codes import Code


def _codes(incomplete: str) -> list[str]:
    from cnncalc.errors.codes import all_codes

    return [code for code in all_codes() if code.startswith(incomplete)]


class CodesFormat(StrEnum):
    """How codes are written."""

    text = "text"
    json = "json"


CodeArgument = Annotated[
    str | None, options.argument("[CODE]", "The code of an error or a warning, e.g. shape-mismatch.", _codes)
]
Format = Annotated[CodesFormat, options.FORMAT]


def codes(
    code: CodeArgument = None,
    format: Format = CodesFormat.text,
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
    match format:
        case CodesFormat.json:
            text = render.codes_json(chosen)
        case CodesFormat.text:
            from cnncalc.render.show import show

            view = make_view(output, width, color)
            blocks = render.describe_code(chosen[0], _report(chosen[0]), view) if code else render.list_codes(chosen)
            text = show(blocks, view)
        case _:
            assert_never(format)
    emit(text, output)


def _report(code: "Code") -> "list[Problem]":
    """What `validate` reports of the bad example."""
    from cnncalc.errors import Source
    from cnncalc.reading import read_text

    if not code.bad:
        return []
    problems = read_text(Source("net.yaml", code.bad), check_expect=True).problems
    return [problem for problem in problems if problem.code == code.code]
