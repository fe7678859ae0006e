"""`--convention`: a table with what another tool counts, in place of what cnncalc counts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cnncalc.cli import options

if TYPE_CHECKING:
    from cnncalc.render.view import View

HELP = "Show what another tool counts, e.g. thop; `cnncalc guide conventions` lists the names."
Convention = Annotated[
    str | None,
    options.option("--convention", metavar="NAME", help=HELP, autocompletion=options.complete_convention),
]
REPLACED = ("parameters", "macs")  # columns in whose place those of the tool are


def count_by(name: str, view: "View", default: Sequence[str], *, programs: bool) -> "View":
    """The view with the figures of a tool in place of ours, which formats for programs keep. Raises UsageError."""
    from cnncalc.conventions import named
    from cnncalc.conventions.figures import list_figures

    figures = [*list_figures(named(name))]
    if programs and view.columns is None:
        return view._replace(convention=name)
    columns = view.columns or tuple(default)
    at = next((at for at, column in enumerate(columns) if column in REPLACED), len(columns))
    kept = [column for column in columns if column not in REPLACED]
    return view._replace(columns=tuple(dict.fromkeys([*kept[:at], *figures, *kept[at:]])), convention=name)
