"""The command line: its commands, and the exit code of a run. A command imports what it needs when it runs."""

import signal
import sys
from importlib import import_module
from io import StringIO
from keyword import iskeyword
from typing import Annotated, Any

import typer

from cnncalc import __version__
from cnncalc.cli.command import Command
from cnncalc.cli.encoding import install
from cnncalc.cli.ends import INTERRUPTED, Ended, install_handlers, report_signal
from cnncalc.cli.output import abandon_output, emit, write_message
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.system import is_reader_gone

CommandLineError: Any = typer.BadParameter.__mro__[2]  # typer's base class of usage errors

# Panel of the help → its commands, each a module of that name → the function in it.
PANELS = {
    "Look": {
        "summary": "summary",
        "memory": "memory",
        "calc": "calc",
        "explain": "explain",
        "draw": "draw",
        "report": "report",
        "show": "show",
        "list": "list_",
    },
    "Check": {"validate": "validate", "verify": "verify", "schema": "schema"},
    "Compare": {"compare": "compare", "sweep": "sweep", "reconcile": "reconcile"},
    "Execute": {"run": "run", "kernel": "kernel"},
    "Exchange": {"import": "import_", "export": "export"},
    "Learn": {"guide": "guide", "layers": "layers", "codes": "codes", "new": "new", "exercise": "exercise"},
}
COMMANDS = {name: (function, panel) for panel, names in PANELS.items() for name, function in names.items()}


def _show_version(wanted: bool) -> None:
    if wanted:
        emit(f"cnncalc {__version__}\n")
        raise typer.Exit


def cnncalc(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Sizes, parameters, multiply-accumulates and receptive fields of convolutional networks."""


def make_app(wanted: str = "") -> typer.Typer:
    """The program with all commands, or only with the wanted one, since typer needs time for each."""
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
        module = import_module(f"cnncalc.cli.{function if iskeyword(name) else name}")
        command = getattr(module, function)
        app.command(name, cls=Command, help=_join_lines(command.__doc__ or ""), rich_help_panel=panel)(command)
    return app


def _join_lines(text: str) -> str:
    """A docstring with each paragraph on one line, which the help wraps."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def main() -> None:
    """Run the command line and end with its exit code."""
    install()
    install_handlers()
    sys.exit(run())


def run(args: list[str] | None = None) -> int:
    """Run the command line: 0 success, 1 problems in the input, 2 wrong usage. A bug keeps its traceback."""
    args = sys.argv[1:] if args is None else args
    try:
        code = make_app(next(iter(args), ""))(args, prog_name="cnncalc", standalone_mode=False) or 0
    except CnncalcError as error:
        from cnncalc.render.text import elide_message

        write_message(f"cnncalc: {elide_message(str(error))}\n")
        code = 2 if isinstance(error, UsageError) else 1
    except CommandLineError as error:
        write_message(_format_usage_error(error))
        code = error.exit_code
    except OSError as error:  # not handled elsewhere, e.g. when typer writes a help text to a full disk
        reason = abandon_output(error)
        if not is_reader_gone(error):
            write_message(f"cnncalc: {reason}\n")
        code = 0 if is_reader_gone(error) else 1
    except MemoryError:
        write_message("cnncalc: there is not enough memory\n")
        code = 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Ended as ended:
        code = report_signal(ended.number)
    except SystemExit as end:  # raised by typer if the reader of a help text has ended
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        code = 0
    if code == INTERRUPTED:
        report_signal(signal.SIGINT)
    return int(code)


def _format_usage_error(error: Any) -> str:
    """The message of a usage error as typer writes it, with control characters escaped."""
    from cnncalc.render.text import elide_message

    stream = StringIO()
    error.show(stream)
    text = stream.getvalue().replace("\t", "  ")  # before each choice of an option that is missing
    return "\n".join(map(elide_message, text.split("\n")))
