"""The tokens of a string of an architecture file, each with its position."""

from __future__ import annotations

import re
from functools import lru_cache

from cnncalc import limits
from cnncalc.errors import Fix, Mistake
from cnncalc.records import NamedTuple
from cnncalc.spec.nodes import YamlString
from cnncalc.spec.repairs import write

KEYWORDS = frozenset({"if", "else", "and", "or", "not"})
SHORT = 200  # characters of the strings whose tokens are cached

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w))"
    r"|(?P<name>\w+)"
    r"|(?P<symbol>->|\*\*|//|==|!=|<=|>=|[-+*/%()<>\[\],.=])"
    r"|(?P<end>\Z)"
    r"|(?P<unknown>.))"
)


class Token(NamedTuple):
    """`kind` is "number", "name", "end", or the keyword or symbol itself; offsets are within the body of the string."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: YamlString) -> list[Token]:
    """Split a string into tokens, the last of kind "end". Raises Mistake for a character that has no meaning."""
    body = text.body
    if len(body) > limits.STRING_CHARACTERS:
        raise Mistake(
            "too-large",
            f"a string has {len(body):,} characters, more than the limit of {limits.STRING_CHARACTERS:,}",
            text.span,
        )
    amount = text.span.source.amount
    if amount.words >= limits.TOKENS:
        amount.unread = amount.unread or text.span
        message = f"the calls and expressions have more than {limits.TOKENS:,} words and operators"
        raise Mistake("too-large", message, amount.unread)
    tokens = _cut_short(body) if len(body) <= SHORT else _cut(body)
    if tokens[-1].kind == "unknown":
        raise _unknown(text, tokens[-1])
    amount.words += len(tokens) - 1
    return tokens


def _cut(body: str) -> list[Token]:
    """The tokens of a body, up to its end or to the first of kind "unknown"."""
    tokens = []
    for found in _TOKEN.finditer(body):
        kind, end = found.lastgroup or "", found.end()
        word = found[kind]
        if kind == "symbol" or word in KEYWORDS:
            kind = word
        elif kind == "name" and word.isdigit():  # digits of another script
            kind = "unknown"
        tokens.append(Token(kind, word, end - len(word), end))
        if kind in ("end", "unknown"):
            break
    return tokens


_cut_short = lru_cache(maxsize=1024)(_cut)  # many strings of a file are repeated


# What is often written instead of the operators of the language.
_FOREIGN = {
    "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not ", "→": "->", "×": "*", "·": "*", "−": "-", "≠": "!=",
    "≤": "<=", "≥": ">=", ":": "=", ";": ",", "^": "**", "“": "", "”": "",
}  # fmt: skip


# The full-width forms of ASCII characters, and other characters of East Asian keyboards that are used with them.
_WIDE = re.compile("[\uff01-\uff5e\u3000\u3010\u3011\u3001→×−]")
_NARROW = {"\u3000": " ", "→": "->", "×": "*", "−": "-", "\u3010": "[", "\u3011": "]", "\u3001": ","}

# The name of a param in the syntax of shells, of templates and of Python's f-strings.
_PLACEHOLDER = r"\$?\{\{([^{}]*\w[^{}]*)\}\}|\$?\{([^{}]*\w[^{}]*)\}|[$@](\w+)"  # compiled when it is needed


def _unknown(text: YamlString, token: Token) -> Mistake:
    """The mistake for a character without a meaning, and its probable repairs."""
    body, start = text.body, token.start
    if token.text > "\u3000" and (wide := replace_wide(text.span.text)):
        fix = Fix(text.span, wide, f"write ASCII characters: `{wide}`")
        return Mistake("syntax", f"{token.text!r} is not an ASCII character", text.at(start, token.end), "", fix)
    if token.text.isdigit():
        return Mistake("syntax", f"{token.text!r} is not a number of ASCII digits", text.at(start, token.end))
    quote = body[start]
    if quote in "'\"" and (end := body.find(quote, start + 1)) > 0:
        word = body[start + 1 : end]
        fix = Fix(text.at(start, end + 1), word, f"write `{word}` without quotes")
        return Mistake("syntax", "words are written without quotes", text.at(start, end + 1), fix.help, fix)
    if placeholder := re.compile(_PLACEHOLDER).match(body, start):
        return _placeholder(text, placeholder)
    symbol = next((symbol for symbol in _FOREIGN if body.startswith(symbol, start)), "")
    at = text.at(start, start + max(len(symbol), 1))
    fixes = [write(at, _FOREIGN[symbol].strip())] if symbol else []
    if (
        symbol == "×"
        and (sizes := re.search(r"(?<![0-9])[0-9]+(×[0-9]+)+", body))
        and sizes.start() < start < sizes.end()
    ):
        listed = f"[{sizes[0].replace('×', ', ')}]"
        fixes = [write(text.at(sizes.start(), sizes.end()), listed, "lists are written in brackets"), *fixes]
    if symbol == ";" and not body[start + 1 :].strip():
        fixes = [Fix(at, "", "remove the `;`")]
    elif symbol in (";", "|"):
        chained = connect(text, symbol)
        fixes = [chained, *fixes] if body[:start].count("(") == body[:start].count(")") else [*fixes, chained]
    if symbol == "!":
        fixes = [Fix(at, "not ", "write `not`")]
    return Mistake("syntax", f"`{symbol or body[start]}` has no meaning here", at, "", *fixes)


def connect(text: YamlString, mark: str) -> Fix:
    """The repair that connects layers with `->` in place of a mark, everywhere in a string."""
    return Fix(text.span, re.sub(rf"\s*{re.escape(mark)}\s*", " -> ", text.span.text), "connect layers with `->`")


def replace_wide(text: str) -> str:
    """The text with full-width characters replaced by ASCII, "" if it has none.

    >>> replace_wide("conv（３２，３） -> relu；")
    'conv(32, 3) -> relu;'
    """
    found = _WIDE.sub(lambda character: _NARROW.get(character[0]) or chr(ord(character[0]) - 0xFEE0), text)
    return re.sub(r",(?=\S)", ", ", found) if found != text else ""


def _placeholder(text: YamlString, found: re.Match[str]) -> Mistake:
    """The mistake for `$width`, `${width}` or `{2 * width}`, where `width` or `(2 * width)` is meant."""
    at, inner = text.at(*found.span()), (found[1] or found[2] or found[3]).strip()
    plain = inner if re.fullmatch(r"\w+", inner) else f"({inner})"
    message = "names are written without `$` and braces"
    return Mistake("syntax", message, at, "", write(at, plain))


def describe_token(token: Token) -> str:
    """Describe a token in a message."""
    return "the end" if token.kind == "end" else f"`{token.text}`"
