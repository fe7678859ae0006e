"""Conditions on a figure, as a file states them under `expect` and a user with `--limit`: one grammar for both.

`<= 300 M`, `100 M .. 300 M`, `200..`, `4.1 G ± 5%`, `<= 105% of mobilenet_v2`, and against another architecture at hand
`<= +5%`. Units are exact: 300 M is 300,000,000, and 1 KiB is 1,024.
"""

from __future__ import annotations

import re
from fractions import Fraction

from cnncalc.errors import CnncalcError
from cnncalc.nearest import nearest
from cnncalc.records import NamedTuple

COUNTS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
BYTES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "kB": 10**3, "MB": 10**6, "GB": 10**9}
SECONDS = {
    "": Fraction(1), "s": Fraction(1), "ms": Fraction(1, 10**3), "µs": Fraction(1, 10**6), "us": Fraction(1, 10**6),
    "ns": Fraction(1, 10**9),
}  # fmt: skip
SHARE = "%"
UNITS = (*COUNTS, *BYTES, *SECONDS, SHARE)
EXAMPLES = "`<= 300 M`, `100 k .. 2 M`, `200..`, `4.1 G ± 5%` or `<= 105% of mobilenet_v2`"

_OPERATORS = {"<=": "<=", "≤": "<=", ">=": ">=", "≥": ">=", "<": "<", ">": ">", "==": "=", "=": "="}
_QUANTITY = r"(?P<sign>[+-]?)(?P<number>[0-9]{1,20}(?:_?[0-9]{3}){0,6}(?:\.[0-9]{1,20})?)\s*(?P<unit>[A-Za-zµ%]*)"
_OF = re.compile(r"(?:\s|(?<=%))of\s+(?P<name>\S.*)$", re.DOTALL)
# what makes a text a condition, and no expression: an operator, a range, a tolerance, a share or a unit
_SIGNS = re.compile(r"\s*[<>=≤≥]|.*(?:\.\.|±|\+-|%\s*$|%\s+of\s)|\s*[0-9.]+\s*[A-Za-zµ]+\s*$", re.DOTALL)


class ConditionError(CnncalcError):
    """A text is no condition. `repair` is the text that may be meant."""

    def __init__(self, message: str, repair: str = "") -> None:
        super().__init__(message)
        self.repair = repair


class Bound(NamedTuple):
    """A number with its unit; a share is one of 100 (105% is 1.05). `text` is how it is written."""

    number: Fraction
    unit: str
    text: str

    @property
    def value(self) -> Fraction:
        """The number in units of one."""
        return self.number * (SECONDS | COUNTS | BYTES)[self.unit]


class Condition(NamedTuple):
    """What a figure must be: from `least` to `most`, which are excluded where it is `strict`.

    Shares are of the figure of the architecture `of`, or where that is "" of the one that another is compared with.
    """

    text: str
    least: Bound | None = None
    most: Bound | None = None
    strict: bool = False
    of: str = ""

    @property
    def is_relative(self) -> bool:
        """Whether it is a share of another architecture's figure."""
        return any(bound is not None and bound.unit == SHARE for bound in (self.least, self.most))


def format_seconds(seconds: Fraction | float) -> str:
    """Three digits in seconds or parts of them.

    >>> format_seconds(Fraction(1, 3000)), format_seconds(Fraction(0)), format_seconds(Fraction(12))
    ('333 µs', '0 s', '12.0 s')
    """
    amount = Fraction(seconds)
    if not amount:
        return "0 s"
    unit = next((unit for unit in ("s", "ms", "µs") if abs(amount) >= SECONDS[unit]), "ns")
    value = float(amount / SECONDS[unit])
    return f"{value:,.{0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2}f} {unit}"


def is_condition(text: str) -> bool:
    """Whether a text is meant as a condition, and is no expression."""
    return _SIGNS.match(text) is not None


def parse_condition(text: str) -> Condition:
    """Read a condition. Raises ConditionError."""
    text = text.strip()
    of = _OF.search(text)
    name = of["name"].strip() if of else ""
    rest = text[: of.start()] if of else text
    operator = next((sign for sign in _OPERATORS if rest.startswith(sign)), "")
    if operator:
        bound = _bound(rest.removeprefix(operator), text)
        sign = _OPERATORS[operator]
        least, most = (bound if ">" in sign or sign == "=" else None), (bound if "<" in sign or sign == "=" else None)
        found = Condition(text, least, most, sign in ("<", ">"), name)
    elif ".." in rest:
        found = _range(rest, text)._replace(of=name)
    elif parts := re.fullmatch(r"(.*?)(?:±|\+-|\+/-)\s*([0-9.]+)\s*%", rest, re.DOTALL):
        middle, part = _bound(parts[1], text), _bound(f"{parts[2]}%", text).number
        least = middle._replace(number=middle.number * (1 - part), text=f"{parts[1].strip()} − {parts[2]}%")
        most = middle._replace(number=middle.number * (1 + part), text=f"{parts[1].strip()} + {parts[2]}%")
        found = Condition(text, least, most, of=name)
    else:
        bound = _bound(rest, text)
        found = Condition(text, bound, bound, of=name)
    if name and not found.is_relative:
        raise ConditionError(f"`of {name}` needs a share, e.g. `<= 105% of {name}`")
    return found


def _range(rest: str, text: str) -> Condition:
    first, last = (part.strip() for part in rest.split("..", 1))
    if not first and not last:
        raise ConditionError(f"`{text}` has no end: write {EXAMPLES}")
    if first and not re.search("[A-Za-zµ%]", first) and (unit := re.search(r"[A-Za-zµ%]+$", last)):
        first += f" {unit[0]}"  # 3..4 M
    least, most = (_bound(part, text) if part else None for part in (first, last))
    if least and most and least.unit != SHARE != most.unit and least.value > most.value:
        raise ConditionError(f"the range `{rest.strip()}` runs backwards", f"{last} .. {first}")
    return Condition(text, least, most)


def _bound(part: str, text: str) -> Bound:
    part = part.strip()
    found = re.fullmatch(_QUANTITY, part.replace(",", "_"))
    if not found:
        raise ConditionError(f"{f'`{text}` is no' if text else 'there is no'} condition: write {EXAMPLES}")
    unit = found["unit"]
    number = Fraction(found["number"].replace("_", ""))
    if unit == SHARE:
        number /= 100
        number = 1 + number if found["sign"] == "+" else 1 - number if found["sign"] == "-" else number
    elif found["sign"]:
        raise ConditionError(f"a sign needs a share: `{found['sign']}5%` is 5% {_MORE[found['sign']]} than the other")
    elif unit not in UNITS:
        meant = next((known for known in UNITS if known.lower() == unit.lower()), "") or nearest(unit, UNITS)
        repair = text.replace(unit, meant) if meant else ""
        raise ConditionError(f"unknown unit `{unit}`; the units are {', '.join(filter(None, UNITS))}", repair)
    return Bound(number, unit, part)


_MORE = {"+": "more", "-": "less"}
