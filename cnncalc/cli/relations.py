"""Which options of a command need or exclude one another: declared beside each, checked before a command runs.

An option that is given and has no effect is wrong usage. What it needs, what it has no effect with, and which options
name files is declared in its annotation, `Annotated[int, option("--channel"), Needs("--save-image")]`; `command.py`
checks the annotations of all commands. `tests/cli/test_options.py` tries every pair of options.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from cnncalc.cli.formats import ENDINGS, OTHER_ENDING, TEXT_ENDINGS, refuse_picture
from cnncalc.cli.output import STANDARD_OUTPUT
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    import typer

STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


class Needs:
    """The option has an effect only if one of the conditions holds.

    A condition is an option that is given (`--save-image`), an argument (`ARCH`), or the value of an option, given or
    by default (`--format table`). A shared option may name formats that a command lacks; if it lacks all of them,
    nothing is needed.
    """

    def __init__(self, *conditions: str) -> None:
        self.conditions = conditions


class Without:
    """The option has no effect if one of the conditions holds."""

    def __init__(self, *conditions: str) -> None:
        self.conditions = conditions


class Reads:
    """The value names a file to read, `-` standard input; if `named`, it may be `NAME=FILE`."""

    def __init__(self, *, named: bool = False) -> None:
        self.named = named


class Writes:
    """The value names a file to write, `-` standard output."""


def list_relations(command: Any) -> dict[str, list[object]]:
    """The declarations beside each parameter of a command, by its name."""
    hints = get_type_hints(command.callback.__wrapped__, include_extras=True)
    kinds = (Needs, Without, Reads, Writes)
    return {
        name: [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, kinds)]
        for name, hint in hints.items()
    }


def format_label(param: Any) -> str:
    """The name of a parameter in messages: `--output`, `ARCH`."""
    if param.param_type_name == "argument":
        return str(param.human_readable_name).strip("[].")
    return str(next((name for name in param.opts if name.startswith("--")), param.opts[0]))


class Given:
    """The parameters of a command by their labels, which of them are given, and their values."""

    def __init__(self, command: Any, ctx: typer.Context) -> None:
        self.params: dict[str, Any] = {format_label(param): param for param in command.params}
        self.relations = list_relations(command)
        self.given = {
            name
            for name, param in self.params.items()
            if (source := ctx.get_parameter_source(param.name)) is not None and source.name == "COMMANDLINE"
        }
        self.values: dict[str, Any] = ctx.params
        self.by_ending = self._choose_format()

    def _choose_format(self) -> str:
        """Set the format by the ending of --output, unless --format is given; returns the reason, "" if not set."""
        output = self.get_value("--output")
        if not output or "--format" not in self.params or "--format" in self.given:
            return ""
        ending = Path(output).suffix.lower()
        choices = self.get_choices("--format")
        if ENDINGS.get(ending) in choices:
            self.values[self.params["--format"].name] = ENDINGS[ending]
            return f"the ending of {output!r}"
        return ""

    def check_ending(self) -> None:
        """Raises UsageError for an --output with the ending of a format that the command does not have."""
        output, choices = self.get_value("--output"), self.get_choices("--format")
        if not output or self.by_ending or not choices or "--format" in self.given:
            return
        ending = Path(output).suffix.lower()
        if "svg" in choices:
            refuse_picture(output)
        if OTHER_ENDING.fullmatch(ending) and ending not in TEXT_ENDINGS:
            possible = [known for known, format in ENDINGS.items() if format in choices]
            text = f"this command writes no `{ending}` file: use {', '.join(possible)} or .txt, or name a --format"
            raise UsageError(f"--output {output!r}: {text}")

    def get_value(self, name: str) -> Any:
        """The value of a parameter, None if the command does not have it."""
        return self.values.get(self.params[name].name) if name in self.params else None

    def get_choices(self, name: str) -> list[str]:
        """The choices of an option, [] if it has none or the command does not have it."""
        return list(getattr(self.params[name].type, "choices", ())) if name in self.params else []

    def holds(self, condition: str) -> bool:
        """Whether a condition of `Needs` or `Without` holds."""
        name, _, value = condition.partition(" ")
        return str(self.get_value(name)) == value if value else name in self.given

    def can_hold(self, condition: str) -> bool:
        """Whether the command has the option, and the option the value."""
        name, _, value = condition.partition(" ")
        return name in self.params and (not value or value in self.get_choices(name))

    def iterate_files(self, kind: type) -> Iterator[tuple[str, str]]:
        """The labels and values of parameters that name files to read or to write."""
        for name, param in self.params.items():
            for relation in self.relations.get(param.name, ()):
                if isinstance(relation, kind):
                    value = self.values.get(param.name)
                    values = [
                        text for text in (value if isinstance(value, (list, tuple)) else [value]) if text is not None
                    ]
                    named = isinstance(relation, Reads) and relation.named
                    yield from ((name, text) for text in values)
                    yield from ((name, text.partition("=")[2]) for text in values if named and "=" in text)


def check(given: Given) -> None:
    """Raises UsageError if an option has no effect, or if two parameters name one file."""
    for name in given.params:
        if name in given.given:
            for relation in given.relations.get(given.params[name].name, ()):
                _check_relation(name, relation, given)
    _check_input(given)
    _check_outputs(given)
    given.check_ending()


def _check_relation(name: str, relation: object, given: Given) -> None:
    if isinstance(relation, Without):
        for condition in relation.conditions:
            if given.holds(condition):
                raise UsageError(f"`{name}` has no effect with `{condition}`{_explain_format(condition, given)}")
    if isinstance(relation, Needs) and not any(map(given.holds, relation.conditions)):
        possible = [condition for condition in relation.conditions if given.can_hold(condition)]
        if possible:
            raise UsageError(
                f"`{name}` has an effect only with {_join_conditions(possible)}{_explain_format(possible[0], given)}"
            )


def _join_conditions(conditions: list[str]) -> str:
    """Join conditions for a message, with each option only once.

    >>> _join_conditions(["--want"]), _join_conditions(["--format table", "--format csv", "--format latex"])
    ('`--want`', '`--format table`, `csv` or `latex`')
    """
    words = [f"`{conditions[0]}`"]
    for before, condition in pairwise(conditions):
        option, _, value = condition.partition(" ")
        words.append(f"`{value}`" if value and before.startswith(f"{option} ") else f"`{condition}`")
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _explain_format(condition: str, given: Given) -> str:
    """Why the format is what it is, if it was chosen by a file ending."""
    if given.by_ending and condition.startswith("--format "):
        return f"; {given.by_ending} means `--format {given.get_value('--format')}`"
    return ""


def _check_input(given: Given) -> None:
    """Raises UsageError if standard input is read more than once."""
    readers = [name for name, text in given.iterate_files(Reads) if text in STANDARD_INPUT]
    if len(readers) > 1:
        first, second = readers[:2]
        who = f"`{first}` names it twice" if first == second else f"`{first}` and `{second}` both name it"
        raise UsageError(f"standard input can be read only once: {who}")


def _check_outputs(given: Given) -> None:
    """Raises UsageError if a file is written twice, or read and written."""
    written: dict[str, str] = {}
    if "--output" in given.params and given.get_value("--output") is None:
        written["-"] = "--output"
    for name, text in given.iterate_files(Writes):
        if not text:
            raise UsageError(f"`{name}` needs the name of a file")
        file = _identify_file(text)
        if file in written:
            place = "standard output" if file == "-" else "the same file"
            raise UsageError(f"`{written[file]}` and `{name}` both write {place}")
        if text != os.devnull:
            written[file] = name
    if not written.keys() - {"-"}:
        return
    from cnncalc.spec.files import find

    for name, text in given.iterate_files(Reads):
        writer = written.get(_identify_file(find(text) or text)) if text not in STANDARD_INPUT else None
        if writer:
            raise UsageError(f"`{writer}` would overwrite {text!r}, which `{name}` reads")


def _identify_file(path: str) -> str:
    """The same string for all names of a file: links are followed, and case is ignored, as on some systems."""
    if path in STANDARD_OUTPUT:
        return "-"
    try:
        return os.path.realpath(path).casefold()
    except (OSError, ValueError):  # the working folder is gone, or the name is invalid
        return path
