"""The command line: which commands there are, and how a run ends. Each command imports what it needs when it runs."""

import signal
import sys
from importlib import import_module
from io import StringIO
from typing import Annotated, Any

import typer

from cnncalc import __version__
from cnncalc.cli.command import Command
from cnncalc.cli.encoding import install
from cnncalc.cli.ends import INTERRUPTED, Ended, listen, told
from cnncalc.cli.output import emit, give_up, message
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.system import is_reader_gone

CommandLineError: Any = typer.BadParameter.__mro__[2]  # typer's base of all that is wrong with a command line

# The panels of the help, and their commands: each is a module of its name, and a function in it.
PANELS = {
    "Look": {
        "summary": "summary",
        "memory": "memory",
        "calc": "calc",
        "explain": "explain",
        "show": "show",
        "list": "list_",
    },
    "Check": {"validate": "validate", "verify": "verify", "schema": "schema"},
    "Compare": {"compare": "compare"},
    "Execute": {"run": "run"},
    "Learn": {"guide": "guide", "layers": "layers", "codes": "codes", "new": "new"},
}
COMMANDS = {name: (function, panel) for panel, names in PANELS.items() for name, function in names.items()}


def _version(wanted: bool) -> None:
    if wanted:
        emit(f"cnncalc {__version__}\n")
        raise typer.Exit


def cnncalc(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Sizes, parameters, multiply-accumulates and receptive fields of convolutional networks."""


def application(wanted: str = "") -> typer.Typer:
    """The program with all its commands; with the wanted one alone if there is such: typer takes its time with each."""
    app = typer.Typer(
        name="cnncalc",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",  # of help alone, which loads rich: usage errors are plain text
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(cnncalc)
    for name in [wanted] if wanted in COMMANDS else COMMANDS:
        function, panel = COMMANDS[name]
        module = import_module(f"cnncalc.cli.{name}")
        command = getattr(module, function)
        app.command(name, cls=Command, help=_paragraphs(command.__doc__ or ""), rich_help_panel=panel)(command)
    return app


def _paragraphs(text: str) -> str:
    """A docstring whose paragraphs are a line each, for help to break them where it likes."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def main() -> None:
    """Run the command line and end with its exit code."""
    install()
    listen()
    sys.exit(run())


def run(args: list[str] | None = None) -> int:
    """Run the command line: 0 all well, 1 the input has problems, 2 wrong usage. A bug keeps its traceback."""
    args = sys.argv[1:] if args is None else args
    try:
        code = application(next(iter(args), ""))(args, prog_name="cnncalc", standalone_mode=False) or 0
    except CnncalcError as error:
        from cnncalc.render.text import brief

        message(f"cnncalc: {brief(str(error))}\n")
        code = 2 if isinstance(error, UsageError) else 1
    except CommandLineError as error:
        message(_shown(error))
        code = error.exit_code
    except OSError as error:  # where nobody else took care of it; most often typer's, at a help text on a full disk
        reason = give_up(error)
        if not is_reader_gone(error):
            message(f"cnncalc: {reason}\n")
        code = 0 if is_reader_gone(error) else 1
    except MemoryError:
        message("cnncalc: there is not enough memory\n")
        code = 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Ended as ended:
        code = told(ended.number)
    except SystemExit as end:  # typer ends so when the reader of a help text goes away
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        code = 0
    if code == INTERRUPTED:
        told(signal.SIGINT)
    return int(code)


def _shown(error: Any) -> str:
    """What typer says of a command line, with nothing in it that a terminal obeys."""
    from cnncalc.render.text import brief

    told_by_typer = StringIO()
    error.show(told_by_typer)
    return "\n".join(map(brief, told_by_typer.getvalue().split("\n")))
