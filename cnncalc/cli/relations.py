"""How the options of a command bear on one another, declared beside each option and checked before a command runs.

An option that is given and has no effect is wrong usage. What it needs, what it has no effect with, and which options
name files is written in its annotation, `Annotated[int, option("--channel"), Needs("--save-image")]`; `command.py` has
all annotations checked, so that no command has code of its own for it. `tests/cli/test_options.py` tries every pair.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from cnncalc.cli.formats import ENDINGS
from cnncalc.cli.output import STANDARD_OUTPUT
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    import typer

STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


class Needs:
    """The option has an effect only where one of the conditions holds.

    A condition is an option that is given (`--save-image`), an argument (`ARCH`), or a value that an option has, given
    or not (`--format table`). A shared option may name formats that a command does not have; where it has none of
    them, nothing is needed.
    """

    def __init__(self, *conditions: str) -> None:
        self.conditions = conditions


class Without:
    """The option has no effect where one of the conditions holds."""

    def __init__(self, *conditions: str) -> None:
        self.conditions = conditions


class Reads:
    """The value names a file to read, `-` standard input; where `named`, it may be `NAME=FILE`."""

    def __init__(self, *, named: bool = False) -> None:
        self.named = named


class Writes:
    """The value names a file to write, `-` standard output."""


def relations(command: Any) -> dict[str, list[object]]:
    """What is declared beside each parameter of a command, by its name."""
    hints = get_type_hints(command.callback.__wrapped__, include_extras=True)
    kinds = (Needs, Without, Reads, Writes)
    return {
        name: [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, kinds)]
        for name, hint in hints.items()
    }


def label(param: Any) -> str:
    """How messages call a parameter: `--output`, `ARCH`."""
    if param.param_type_name == "argument":
        return str(param.human_readable_name).strip("[].")
    return str(next((name for name in param.opts if name.startswith("--")), param.opts[0]))


class Given:
    """The parameters of a command by their labels, those that are given, and the values."""

    def __init__(self, command: Any, ctx: typer.Context) -> None:
        self.params: dict[str, Any] = {label(param): param for param in command.params}
        self.relations = relations(command)
        self.given = {
            name
            for name, param in self.params.items()
            if (source := ctx.get_parameter_source(param.name)) is not None and source.name == "COMMANDLINE"
        }
        self.values: dict[str, Any] = ctx.params
        self.by_ending = self._format_by_ending()

    def _format_by_ending(self) -> str:
        """Set the format that the ending of --output asks for, unless --format is given; the reason, "" if none."""
        output = self.value("--output")
        asked = ENDINGS.get(Path(output).suffix.lower()) if output else None
        if "--format" in self.params and "--format" not in self.given and asked in self.choices("--format"):
            self.values[self.params["--format"].name] = asked
            return f"the ending of {output!r}"
        return ""

    def value(self, name: str) -> Any:
        """The value of a parameter, None where the command has no such parameter."""
        return self.values.get(self.params[name].name) if name in self.params else None

    def choices(self, name: str) -> list[str]:
        """What an option can be, [] where it is no choice or the command does not have it."""
        return list(getattr(self.params[name].type, "choices", ())) if name in self.params else []

    def holds(self, condition: str) -> bool:
        """Whether a condition of `Needs` or `Without` holds."""
        name, _, value = condition.partition(" ")
        return str(self.value(name)) == value if value else name in self.given

    def can_hold(self, condition: str) -> bool:
        """Whether the command has the option, and the option the value."""
        name, _, value = condition.partition(" ")
        return name in self.params and (not value or value in self.choices(name))

    def files(self, kind: type) -> Iterator[tuple[str, str]]:
        """The labels and values of what names files to read or to write."""
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
    """Raises UsageError where an option has no effect, or where two parameters are one file."""
    for name in given.params:
        if name in given.given:
            for relation in given.relations.get(given.params[name].name, ()):
                _check_relation(name, relation, given)
    _check_input(given)
    _check_outputs(given)


def _check_relation(name: str, relation: object, given: Given) -> None:
    if isinstance(relation, Without):
        for condition in relation.conditions:
            if given.holds(condition):
                raise UsageError(f"`{name}` has no effect with `{condition}`{_because(condition, given)}")
    if isinstance(relation, Needs) and not any(map(given.holds, relation.conditions)):
        possible = [condition for condition in relation.conditions if given.can_hold(condition)]
        if possible:
            raise UsageError(f"`{name}` has an effect only with {_listed(possible)}{_because(possible[0], given)}")


def _listed(conditions: list[str]) -> str:
    """Conditions as a sentence has them, an option only once.

    >>> _listed(["--want"]), _listed(["--format table", "--format csv", "--format latex"])
    ('`--want`', '`--format table`, `csv` or `latex`')
    """
    words = [f"`{conditions[0]}`"]
    for before, condition in pairwise(conditions):
        option, _, value = condition.partition(" ")
        words.append(f"`{value}`" if value and before.startswith(f"{option} ") else f"`{condition}`")
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _because(condition: str, given: Given) -> str:
    """Where a format comes from that nobody wrote."""
    if given.by_ending and condition.startswith("--format "):
        return f"; {given.by_ending} asks for `--format {given.value('--format')}`"
    return ""


def _check_input(given: Given) -> None:
    """Standard input can be read once."""
    readers = [name for name, text in given.files(Reads) if text in STANDARD_INPUT]
    if len(readers) > 1:
        first, second = readers[:2]
        who = f"`{first}` names it twice" if first == second else f"`{first}` and `{second}` both name it"
        raise UsageError(f"standard input can be read only once: {who}")


def _check_outputs(given: Given) -> None:
    """No file is written twice, and none that is read is written."""
    written: dict[str, str] = {}
    if "--output" in given.params and given.value("--output") is None:
        written["-"] = "--output"
    for name, text in given.files(Writes):
        if not text:
            raise UsageError(f"`{name}` needs the name of a file")
        file = _identity(text)
        if file in written:
            place = "standard output" if file == "-" else "the same file"
            raise UsageError(f"`{written[file]}` and `{name}` both write {place}")
        if text != os.devnull:
            written[file] = name
    if not written.keys() - {"-"}:
        return
    from cnncalc.spec.files import find

    for name, text in given.files(Reads):
        writer = written.get(_identity(find(text) or text)) if text not in STANDARD_INPUT else None
        if writer:
            raise UsageError(f"`{writer}` would overwrite {text!r}, which `{name}` reads")


def _identity(path: str) -> str:
    """One spelling for each file, links followed. Names that differ in case are one file on some systems."""
    if path in STANDARD_OUTPUT:
        return "-"
    try:
        return os.path.realpath(path).casefold()
    except (OSError, ValueError):  # the working folder is gone; no such name can be
        return path
