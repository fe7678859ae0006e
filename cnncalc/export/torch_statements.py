"""The statements of a constructor that make modules: attributes, chains, dictionaries of branches, loops."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from cnncalc.errors import CnncalcError
from cnncalc.export.expressions import identifier
from cnncalc.export.layout import Bracketed, Code, Conditional, Keyed, call, flat, indented, lay_out
from cnncalc.export.torch_names import is_taken
from cnncalc.records import NamedTuple

NOTHING = "nn.Identity()"


class Entry(NamedTuple):
    """A module by its name, made only if a condition holds, or in each round of a loop, whose number its name has.

    An `unnamed` one is a layer that has only the name of its kind and a number.
    """

    name: str
    code: Code
    condition: str = ""
    loop: str = ""
    unnamed: bool = False

    def written(self) -> Code:
        """The module, or one that changes nothing."""
        return Conditional(self.code, self.condition, NOTHING) if self.condition else self.code


class Setting(NamedTuple):
    """A statement of the constructor that makes a module, below a line such as `if stride != 1:` if it has one."""

    prefix: str
    code: Code
    header: str = ""


def setting(entry: Entry, of: str = "self") -> list[Setting]:
    """The statements that make a module an attribute."""
    header = entry.loop or (f"if {entry.condition}:" if entry.condition else "")
    if not is_attribute(entry.name):
        return [Setting("", call(f"{of}.add_module", name_text(entry), entry.code), header)]
    return [Setting(f"{of}.{entry.name} = ", entry.code, header)]


def name_text(entry: Entry) -> str:
    """The name of a module as Python text."""
    return f'{"f" * bool(entry.loop)}"{entry.name}"'


def reading(name: str, loop: str = "") -> str:
    """The module with a name, in `forward`."""
    return f"self.{name}" if is_attribute(name) else f'self.get_submodule({"f" * bool(loop)}"{name}")'


def is_attribute(name: str) -> bool:
    """Whether a module with this name is an attribute that can be written."""
    return name.isidentifier() and not is_taken(name) and identifier(name) == name


def written(settings: Sequence[Setting], margin: int) -> list[str]:
    """The lines of statements; those under the same condition are together."""
    lines: list[str] = []
    before = ""
    for header, found in groupby(settings, key=lambda each: each.header):
        inside = [line for each in found for line in statement(each.prefix, each.code, margin + 4 * bool(header))]
        otherwise = header in (f"if not {before[3:]}", f"if not ({before[3:-1]}):")
        lines += ["else:" if otherwise else header, *indented(inside)] if header else inside
        before = "" if otherwise else header
    return lines


VARIABLE = re.compile(r"(?:self\.)?\w+(?= = $)")  # an attribute of something else has a type that is not known
LOOP_LINES = 3  # of a repeat in a list; longer ones are loops


def statement(prefix: str, code: Code, margin: int) -> list[str]:
    """The lines of one statement. A chain that gets a name is filled module by module."""
    target = VARIABLE.match(prefix)
    parts = named_parts(code) if target else None
    if target is None or parts is None:
        lines = lay_out(prefix, code, "", margin)
        repeat = _repeat_of(code) if target and len(lines) > LOOP_LINES else None
        return _loop(target[0], repeat, margin) if target and repeat else lines
    made = [each for name, part in parts for each in setting(_entry(name, part), target[0])]
    return [f"{prefix}nn.Sequential()", *written(made, margin)]


def _entry(name: str, code: Code) -> Entry:
    """A module of a chain; one that may change nothing is left out then."""
    if isinstance(code, Conditional) and code.no == NOTHING:
        return Entry(name, code.yes, code.condition)
    return Entry(name, code)


def _repeat_of(code: Code) -> Bracketed | None:
    """The list of a repeat, `[… for index in range(…)]`, None if it is none."""
    item = code.items[0] if isinstance(code, Bracketed) and code.head == "nn.Sequential" and code.items else None
    return item.value if isinstance(item, Keyed) and item.key == "*" and isinstance(item.value, Bracketed) else None


FIRST = re.compile(r".+ if index == 0 else .+")  # channels that are others in the first round


def _loop(target: str, repeat: Bracketed, margin: int) -> list[str]:
    """The lines of a loop that appends the rounds of a repeat."""
    (element,) = repeat.items
    lines: list[str] = []
    if isinstance(element, Bracketed) and element.items:
        first, *others = element.items
        if isinstance(first, str) and FIRST.fullmatch(first):
            lines = lay_out("before = ", first, "", margin + 4)
            element = element._replace(items=("before", *others))
    lines += lay_out("", call(f"{target}.append", element), "", margin + 4)
    return [f"{target} = nn.Sequential()", f"{repeat.clause}:", *indented(lines)]


def dictionary(items: Iterable[tuple[str, Code]], head: str = "OrderedDict") -> Code:
    """`OrderedDict(name=module)`, or a dictionary in brackets where a name is no identifier."""
    pairs = list(items)
    if all(name.isidentifier() and identifier(name) == name for name, _ in pairs):
        return call(head, *(Keyed(f"{name}=", code) for name, code in pairs))
    return call(head, Bracketed("", tuple(Keyed(f'"{name}": ', code) for name, code in pairs), "{}"))


def named_parts(code: Code) -> Iterator[tuple[str, Code]] | None:
    """The modules of a chain that `sequential` wrote, by their names, None for other code."""
    inner = code.items[0] if isinstance(code, Bracketed) and code.head == "nn.Sequential" and code.items else None
    if not isinstance(inner, Bracketed) or inner.head != "OrderedDict":
        return None
    (braces, *_) = inner.items or ("",)
    items = braces.items if isinstance(braces, Bracketed) else inner.items
    return ((item.key.strip('"=: '), item.value) for item in items if isinstance(item, Keyed))


class Looped(CnncalcError):
    """Modules of a loop cannot be in an expression."""


def sequential(entries: Sequence[Entry]) -> Code:
    """`nn.Sequential` of modules with names. Raises Looped."""
    if any(entry.loop for entry in entries):
        raise Looped
    return call("nn.Sequential", dictionary((entry.name, entry.written()) for entry in entries))


LOOSE = re.compile(r"\b(or|if)\b")  # what `and` would take apart


def both(condition: str, other: str) -> str:
    """That two conditions hold, as Python text; "" is one that always does."""
    if not condition or not other:
        return condition or other
    return " and ".join(f"({each})" if LOOSE.search(each) else each for each in (condition, other))


class NotSequential(CnncalcError):
    """A part of a body is no chain of modules: it belongs into `forward`."""


def in_dictionary(entry: Entry) -> Code:
    """A module in a dictionary, by its name."""
    return call("nn.ModuleDict", Bracketed("", (Keyed(f'"{entry.name}": ', entry.code),), "{}"))


BORDER = re.compile(r"nn\.ZeroPad[123]d\(")


def as_branch(entries: Sequence[Entry]) -> Code:
    """The modules of a branch: `nn.Sequential`, unless they are a border alone. Raises NotSequential as `in_line`."""
    (first, *others) = entries
    alone = not others and first.unnamed and not first.condition and not first.loop
    return first.code if alone and BORDER.match(flat(first.code)) else in_line(entries)


POOL = re.compile(r"self\.((?:max|avg)_pool\d+) = ")


def find_alike(entry: Entry, settings: Sequence[Setting]) -> str:
    """The name of a pool that is made already and is the same as an unnamed one, "" for none."""
    if not entry.unnamed or entry.condition or not POOL.fullmatch(f"self.{entry.name} = "):
        return ""
    alike = (each for each in settings if not each.header and flat(each.code) == flat(entry.code))
    return next((found[1] for each in alike if (found := POOL.fullmatch(each.prefix))), "")


def in_line(entries: Sequence[Entry]) -> Code:
    """`nn.Sequential` of modules. Raises NotSequential where a loop makes them."""
    try:
        return sequential(entries)
    except Looped:
        raise NotSequential from None
