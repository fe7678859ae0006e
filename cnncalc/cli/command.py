"""The class of every command: it checks the options against one another, runs the function and reports problems."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from cnncalc.cli.messages import run_and_report
from cnncalc.cli.relations import Given, check, format_label
from cnncalc.errors import UsageError

BOXED = 76  # characters of a line; in narrower boxes Rich cuts the names of options


class Command(TyperCommand):
    """A command whose options are checked against one another before it runs."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the help in boxes, or without them on a narrow terminal."""
        if formatter.width < BOXED:
            self.rich_markup_mode = None
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an option that is given twice, of which the first would have no effect."""
        if not ctx.resilient_parsing:  # set while the shell completes a line
            _, _, order = self.make_parser(ctx).parse_args(list(args))
            for param in order:
                if param.param_type_name == "option" and not param.multiple and order.count(param) > 1:
                    raise UsageError(f"`{format_label(param)}` is given more than once")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, with its messages. Raises UsageError where an option has no effect."""
        check(Given(self, ctx))
        return run_and_report(lambda: super(Command, self).invoke(ctx), ctx.params.get("color") or "auto")
