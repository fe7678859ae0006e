"""YAML's flow style: strings inside brackets and braces that need quotes, since YAML splits them at commas."""

from __future__ import annotations

import re

from cnncalc import limits

OPENING = {"[": "]", "{": "}"}
_GAP = re.compile(r"(?:\s|#[^\n]*\n)*")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_COLON = re.compile(r":(?=[\s,\[\]{}]|$)")


def strings_to_quote(text: str, begin: int) -> list[tuple[int, int]]:
    """The strings in the brackets or braces at an offset that need quotes, each from its start to its end.

    >>> text = '{a: split([4, 8], 0), b: "conv(8, 3)", c: relu}'
    >>> [text[start:end] for start, end in strings_to_quote(text, 0)]
    ['split([4, 8], 0)']
    """
    return _Scanner(text[: begin + limits.STRING_CHARACTERS], begin).scan()


def quote(text: str) -> str:
    """Quote a string for YAML; escape sequences are only used for characters that are not printable.

    >>> print(quote("a: b"), quote('5" disk'), quote('5" ü\\n\\x9b\\u2028\\U000e0041'))
    "a: b" '5" disk' "5\\" ü\\n\\u009b\\u2028\\U000e0041"
    """
    if text.isprintable():
        return f'"{text}"' if '"' not in text and "\\" not in text else "'" + text.replace("'", "''") + "'"
    from json import dumps  # only needed for such characters

    quoted = dumps(text, ensure_ascii=False)
    return "".join(character if character.isprintable() else _escape(ord(character)) for character in quoted)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 2**16 else f"\\U{code:08x}"  # not a surrogate pair, as JSON writes


class _Scanner:
    """Scans brackets and braces like YAML, but reads a call as one string."""

    def __init__(self, text: str, begin: int) -> None:
        self.text = text
        self.at = begin
        self.found: list[tuple[int, int]] = []

    def scan(self) -> list[tuple[int, int]]:
        open_brackets: list[str] = []
        while self.at < len(self.text):
            self.at = _end(_GAP, self.text, self.at)
            character = self.text[self.at : self.at + 1]
            if character in OPENING:
                open_brackets.append(character)
                self.at += 1
            elif character == OPENING.get(open_brackets[-1] if open_brackets else ""):
                open_brackets.pop()
                self.at += 1
                if not open_brackets:
                    break
            elif character == "," or _COLON.match(self.text, self.at):
                self.at += 1
            elif quoted := _QUOTED.match(self.text, self.at):
                self.at = quoted.end()
            elif not self.string():
                break
        return self.found

    def string(self) -> bool:
        """Skip a string without quotes, and keep it if it needs them; returns whether there is a string."""
        start, depth = self.at, 0
        while self.at < len(self.text):
            character = self.text[self.at]
            if not depth and (character in ",]}\n" or _COLON.match(self.text, self.at)):
                break
            depth += (character in "([") - (character in ")]")
            self.at += 1
        body = self.text[start : self.at].rstrip()
        if re.search(r"[,\[\]]", body):
            self.found.append((start, start + len(body)))
        return self.at > start


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start
