"""A text of the architecture file cut into tokens, each with its place in the file."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnncalc.errors import Mistake, Span
from cnncalc.spec.nodes import Text

KEYWORDS = frozenset({"if", "else", "and", "or", "not"})
LONGEST = 10_000  # characters of one text

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w))"
    r"|(?P<name>\w+)"
    r"|(?P<symbol>->|\*\*|//|==|!=|<=|>=|[-+*/%()<>\[\],.=])"
    r"|(?P<end>\Z)"
    r"|(?P<unknown>.))"
)


class Token(NamedTuple):
    """`kind` is "number", "name", "end", or the very text of a keyword or symbol; offsets are within the text's body."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: Text) -> list[Token]:
    """The tokens of a text, the last of kind "end". Raises Mistake where a character has no meaning."""
    body = text.body
    if len(body) > LONGEST:
        raise Mistake("too-large", f"a text of {len(body):,} characters; at most {LONGEST:,} are read", text.span)
    tokens = []
    for found in _TOKEN.finditer(body):
        kind = found.lastgroup or ""
        word = found[kind]
        start = found.start(kind)
        if kind == "unknown":
            raise Mistake("syntax", f"{word!r} has no meaning here", text.at(start, start + 1))
        if kind == "symbol" or word in KEYWORDS:
            kind = word
        elif kind == "name" and word.isdigit():
            raise Mistake("syntax", f"{word!r} is no number that is read here", text.at(start, found.end()))
        tokens.append(Token(kind, word, start, found.end()))
        if kind == "end":
            break
    return tokens


def describe(token: Token) -> str:
    """A token as a message names it."""
    return "the end" if token.kind == "end" else f"`{token.text}`"


def span_of(text: Text, first: Token, last: Token) -> Span:
    """The place from one token to another."""
    return text.at(first.start, last.end)
