"""What every command does around its own work: check its options against one another, and report problems."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from cnncalc.cli.messages import reporting
from cnncalc.cli.relations import Given, check, label
from cnncalc.errors import UsageError


class Command(TyperCommand):
    """A command whose options are checked against one another before it runs."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an option that is given twice, of which the first would have no effect."""
        if not ctx.resilient_parsing:  # which is the completion of a line that is being written
            _, _, order = self.make_parser(ctx).parse_args(list(args))
            for param in order:
                if param.param_type_name == "option" and not param.multiple and order.count(param) > 1:
                    raise UsageError(f"`{label(param)}` is given more than once")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, with its messages. Raises UsageError where an option has no effect."""
        check(Given(self, ctx))
        return reporting(lambda: super(Command, self).invoke(ctx), ctx.params.get("color") or "auto")
