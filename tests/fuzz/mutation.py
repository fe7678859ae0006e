"""Files that were good or nearly so, with bytes, tokens or lines put in, taken out, doubled, exchanged or spliced."""

from __future__ import annotations

import random
import re
from functools import cache

from cnncalc import limits
from cnncalc.layers import KINDS
from cnncalc.spec.files import bundled_folder
from tests.marks import GALLERY

NUMBERS = (
    "0", "-1", "1", "2", "7", "127", "128", "1000", "65536", "1000000000", "1000000001", "10" + "0" * 29, "9" * 400,
    "0.5", "1e-320", "1e308", "1e400", "-0.0", "007", "0x10", "1_000", "12:30", "½", "٣", "²",
)  # fmt: skip
TOKENS = (
    "->", "(", ")", "[", "]", "{", "}", ":", ": ", ",", "*", "**", "//", "%", "=", "==", "!=", " <= ", ".", " if ",
    " else ", " and ", "not ", "index", "channels", "in_channels", "input", "from(e)", "reuse(e)", "identity",
    "outputs", "add", "activation(relu)", "conv(3, 3)", "true", "m.y", "* 5", "* 1000", "1/0", "same", "half", "caffe",
    "axis=1", ", axis=-1", "axes=[1, 0]", "over=[0, 1]", "like=input", "mode=reflect", "rest", "none", "here.height",
    "previous(2, before=e)", "from(e[0])", "rounds(e)", " != none",
    "max_unpool(e)", "mean_over([1, 2])", "concat(a, b, axis=1)", "stack(axis=-1):",
    "dialect=caffe", "\n", "  ", "    ", "\t", "- ", "-", "? ", "#", "'", '"', "|", ">", "|2-", "&a ", "*a", "<<: ",
    "!t ", "!!python/object/apply:os.system ", "%YAML 1.1\n", "---\n", "...\n", "@", "`", "~", "null", "\\x1b[31m",
    "\ufeff", "\x00", "\x1b", "\x7f", "\x85", "\xa0", "\u2028", "\r", "\r\n", "é", "🙂", "e\u0301", "\u202e", "𝟛",
    "weights: {conv1: {weight: [1]}}", "extends: case", "extends: resnet50", "expect: {layers: 1}", *NUMBERS,
)  # fmt: skip
BYTES = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\x00", b"\x1b", b"\xc2\x85")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[A-Za-z_]\w*")
_BLOW_UP = 200  # one in so many mutations makes a file large


@cache
def seeds() -> tuple[bytes, ...]:
    """What is mutated: the bundled architectures and the gallery, good and bad."""
    paths = [*bundled_folder().iterdir(), *GALLERY.rglob("*")]
    return tuple(path.read_bytes() for path in sorted(paths) if path.suffix in (".yaml", ".json"))


def mutated(chance: random.Random, base: bytes | None = None) -> bytes:
    """One of the files, or `base`, with a few changes, by bytes, by tokens or by lines; now and then a large one."""
    data = chance.choice(seeds()) if base is None else base
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
        if chance.randrange(_BLOW_UP) == 0:
            data = blown_up(data, chance)
        elif chance.randrange(6) == 0:
            data = _bytes(data, chance)
        else:
            change = chance.choice((_token, _token, _cut, _doubled, _number, _number, _word, _lines, _spliced, _nested))
            data = change(data.decode("utf-8", "surrogateescape"), chance).encode("utf-8", "surrogateescape")
    return data[: limits.FILE_BYTES]


def _bytes(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(3):
        case 0:
            return data[:at] + chance.choice(BYTES) + data[at:]
        case 1:
            return data[:at] + data[at + 1 :]
        case _:
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :] if at < len(data) else data


def blown_up(data: bytes, chance: random.Random) -> bytes:
    """A slice of it again and again, up to a mebibyte in all."""
    at = chance.randrange(len(data) + 1)
    piece = data[at : at + chance.choice((1, 3, 30, 300))] or b" "
    if chance.randrange(2):  # whole lines
        lines = data.splitlines(keepends=True) or [b"\n"]
        first = chance.randrange(len(lines))
        piece, at = b"".join(lines[first : first + chance.choice((1, 1, 3))]), sum(map(len, lines[:first]))
    room = chance.choice((10_000, 100_000, limits.FILE_BYTES)) - len(data)
    return data[:at] + piece * max(room // len(piece), 1) + data[at:]


def _place(text: str, chance: random.Random) -> int:
    """Any place, or one where a word begins or ends."""
    edges = [place for found in _WORD.finditer(text) for place in found.span()]
    return chance.choice(edges) if edges and chance.randrange(2) else chance.randrange(len(text) + 1)


def _token(text: str, chance: random.Random) -> str:
    at = _place(text, chance)
    return text[:at] + chance.choice(TOKENS) + text[at:]


def _cut(text: str, chance: random.Random) -> str:
    at = _place(text, chance)
    return text[:at] + text[at + chance.randrange(1, 20) :]


def _doubled(text: str, chance: random.Random) -> str:
    at = _place(text, chance)
    end = at + chance.choice((5, 20, 200))
    return text[:end] + text[at:]


def _replaced(text: str, pattern: re.Pattern[str], chance: random.Random, others: tuple[str, ...]) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return text
    start, end = chance.choice(found).span()
    return text[:start] + chance.choice(others) + text[end:]


def _number(text: str, chance: random.Random) -> str:
    return _replaced(text, _NUMBER, chance, NUMBERS)


def _word(text: str, chance: random.Random) -> str:
    """A word in the place of another: of the file's own, or the name of a kind."""
    own = tuple(_WORD.findall(text))
    return _replaced(text, _WORD, chance, chance.choice((own or KINDS, KINDS, TOKENS)))


def _lines(text: str, chance: random.Random) -> str:
    """Two lines exchanged, or one moved, doubled or indented."""
    lines = text.split("\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            lines[first], lines[second] = lines[second], lines[first]
        case 1:
            lines.insert(second, lines.pop(first))
        case 2:
            lines.insert(second, lines[first])
        case _:
            lines[first] = chance.choice(("  ", "    ", " ", "\t")) + lines[first]
    return "\n".join(lines)


def _spliced(text: str, chance: random.Random) -> str:
    """The beginning of it and the end of another file."""
    other = chance.choice(seeds()).decode("utf-8", "surrogateescape")
    return text[: _place(text, chance)] + other[_place(other, chance) :]


def _nested(text: str, chance: random.Random) -> str:
    """A word within parentheses or lists, up to more than are read."""
    found = list(_WORD.finditer(text))
    if not found:
        return text
    start, end = chance.choice(found).span()
    opened, closed = chance.choice(("()", "[]", "{}", ("(", " -> relu)"), ("(", ") * 2"), ("not ", ""), ("-", "")))
    depth = chance.choice((1, 2, 5, 50, 99, 101, 3000))
    return text[:start] + opened * depth + text[start:end] + closed * depth + text[end:]
