"""Explains YAML errors by the mistake that was probably made, since PyYAML's messages are in terms of its grammar.

PyYAML's errors have no codes. What must be read from their messages is in `PHRASES` and nowhere else; if a version of
PyYAML uses other words, a general message at the position of its error takes the place of the guesses that need them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from cnncalc import limits
from cnncalc.errors import Fix, Problem, Source, Span
from cnncalc.spec.flow import OPENING, quote, strings_to_quote
from cnncalc.spec.repairs import replace_all

_BRACKETS = re.compile(r"""[\[\]{}]|(?<=[\s\[{,:])(?:'[^']*'|"(?:[^"\\]|\\.)*"|\#[^\n]*)""", re.DOTALL)

# What an error shows → the attribute of PyYAML's error, and the phrase in it. Checked with PyYAML 6.0.1 to 6.0.4, with
# libyaml and in pure Python.
PHRASES = {
    "colon": ("problem", "mapping values"),  # a colon and a space where no key is allowed
    "character": ("problem", "cannot start any token"),
    "flow": ("context", "flow"),  # inside brackets or braces
    "quoted": ("context", "quoted"),  # inside quotes
    "block": ("context", "block"),  # in lines structured by indentation
}

_WIDE_COLON = re.compile(r"\s*(?:- *)?\w+(?:[(\uff08][^()\uff08\uff09]*[)\uff09])?(\uff1a *)(.?)")

Guess = Callable[["Scene"], "Problem | None"]


class Scene:
    """The lines around the position of an error."""

    def __init__(self, source: Source, error: Any) -> None:
        mark = error.problem_mark or error.context_mark
        begin = error.context_mark or mark
        size = len(source.text)
        self.source = source
        self.clues = {clue for clue, (where, phrase) in PHRASES.items() if phrase in (getattr(error, where) or "")}
        self.at = min(mark.index, size) if mark else 0
        self.begin = min(begin.index, size) if begin else 0
        self.number = source.position(self.at)[0]
        self.line = source.line(self.number)[: limits.SEARCHED_CHARACTERS]
        self.start = source.starts[self.number - 1]

    def before(self) -> tuple[int, str]:
        """The last line before this one that is neither empty nor a comment; number 0 if there is none."""
        for number in range(self.number - 1, 0, -1):
            text = self.source.line(number)[: limits.SEARCHED_CHARACTERS]
            if text.strip() and not text.lstrip().startswith("#"):
                return number, text
        return 0, ""

    def span(self, start: int, end: int) -> Span:
        """A span by offsets within the line."""
        return Span(self.source, self.start + start, self.start + end)

    def problem(self, message: str, span: Span, *fixes: Fix, help: str = "") -> Problem:
        return Problem("yaml-syntax", message, span, help, fixes=fixes)


def explain(source: Source, error: Any) -> Problem:
    """The problem of a text for which PyYAML's parser raised this error."""
    scene = Scene(source, error)
    for guess in GUESSES:
        found = guess(scene)
        if found:
            return found
    at = scene.at if scene.at < len(source.text) else max(scene.begin, 0)
    reason = error.problem or error.context or "it cannot be read"
    return scene.problem(f"not well-formed YAML: {reason}", Span(source, at, min(at + 1, len(source.text))))


def _tab(scene: Scene) -> Problem | None:
    indent = re.match(r"[ \t]*", scene.line)
    if indent is None or "\t" not in indent[0]:
        return None
    tab = indent[0].index("\t")
    fix = Fix(scene.span(0, indent.end()), indent[0].replace("\t", "  "), "replace it with spaces")
    return scene.problem(
        "tabs are not allowed for indentation", scene.span(tab, tab + 1), fix, help="indent with spaces"
    )


def _at_least(scene: Scene) -> Problem | None:
    """`macs: >= 200`: what begins with `>` is a block of text to YAML."""
    found = re.search(r"[:,{]\s*(?:\w+:\s+)?(>=?\s*[0-9][^,}#]*?)\s*(?:[,}#]|$)", scene.line)
    if not found:
        return None
    span = scene.span(found.start(1), found.end(1))
    fix = Fix(span, f'"{found[1]}"', "put it in quotes")
    return scene.problem("a string that begins with `>` needs quotes", span, fix)


def _no_space_after_colon(scene: Scene) -> Problem | None:
    return _no_space(scene, r"\s*(?:- )?\w+(:)[^\s:]", "the colon", "the colon")


def _wide_colon(scene: Scene) -> Problem | None:
    """A full-width colon after a key, on this line, on the previous one or where the error began."""
    opening = scene.source.position(scene.begin)[0]
    for number in (scene.number, scene.before()[0], opening):
        found = _WIDE_COLON.match(scene.source.line(number)[: limits.SEARCHED_CHARACTERS]) if number else None
        if found:
            start = scene.source.starts[number - 1]
            span = Span(scene.source, start + found.start(1), start + found.end(1))
            fix = Fix(span, ": " if found[2] else ":", "write an ASCII colon")
            return scene.problem("a key ends in an ASCII colon", span, fix)
    return None


def _no_space_after_dash(scene: Scene) -> Problem | None:
    found = _no_space(scene, r"\s*(-)[\w(]", "the `-`", "the `-` of a list")
    if found and found.span:
        others = islice(re.finditer(r"(?m)^[ \t]*-(?=[\w(])", scene.source.text), limits.TRANSLATED_CALLS)
        ends = {found.span.end, *(each.end() for each in others)}
        edits = [(Span(scene.source, end, end), " ") for end in ends]
        found = found._replace(fixes=(replace_all(edits, found.fixes[0].help),))
    return found


def _no_space(scene: Scene, pattern: str, mark: str, described: str) -> Problem | None:
    """A missing space after a mark, the group of the pattern, on this line or on the previous one."""
    for number in (scene.number, scene.before()[0]):
        found = re.match(pattern, scene.source.line(number)) if number else None
        if found:
            start = scene.source.starts[number - 1] + found.start(1)
            fix = Fix(Span(scene.source, start + 1, start + 1), " ", f"add a space after {mark}")
            return scene.problem(f"a space is missing after {described}", Span(scene.source, start, start + 1), fix)
    return None


def _comment_in_chain(scene: Scene) -> Problem | None:
    """A comment that ends a plain string, although a chain continues on the line below."""
    previous = scene.source.line(scene.number - 1) if scene.number > 1 else ""
    found = re.search(r"(?:^|\s)(#.*)$", previous)
    if not found or "colon" in scene.clues:
        return None
    if not (scene.line.lstrip().startswith("->") or re.search(r"->\s*#", previous)):
        return None
    start = scene.source.starts[scene.number - 2]
    span = Span(scene.source, start + found.start(1), start + found.end(1))
    first = start + found.start() if previous[: found.start()].strip() else start
    last = span.end if first > start else scene.start
    fix = Fix(Span(scene.source, first, last), "", "move the comment above the chain, or remove it")
    return scene.problem("a comment ends the string, so the chain cannot continue below it", span, fix)


def _key_beside_text(scene: Scene) -> Problem | None:
    """`- relu` followed by `name: x`."""
    found = re.match(r"\s*(\w+):\s*(.*?)\s*(?:#.*)?$", scene.line)
    number, before = scene.before()
    item = re.match(r"\s*- +(?![\w ]+:)(.+?)\s*$", before)
    if not found or not item or "colon" not in scene.clues:
        return None
    start = scene.source.starts[number - 1] + item.start(1)
    whole = Span(scene.source, start, scene.start + found.end())
    key, value, text = found[1], found[2], item[1]
    if key in ("name", "id"):
        written = f"{value} = {text}"
    elif key in ("if", "when"):
        written = f"{text} if {value}"
    elif text.endswith(")"):
        written = f"{text[:-1]}, {key}={value})"
    else:
        written = f"{text}({key}={value})"
    fix = Fix(whole, written, f"write `- {written}`")
    return scene.problem(f"`{key}:` is not allowed beside `{text}`", scene.span(found.start(1), found.end(1)), fix)


def _colon_in_parentheses(scene: Scene) -> Problem | None:
    """`unit(out: 4):`, where a default is meant."""
    found = re.match(r"[^#]*\([^()]*?(\w+)(\s*:\s+)([\w.\[\]]+)", scene.line[: limits.SEARCHED_CHARACTERS])
    if not found or "colon" not in scene.clues:
        return None
    fix = Fix(scene.span(found.start(2), found.end(2)), "=", f"write `{found[1]}={found[3]}`")
    colon = scene.line.index(":", found.start(2))
    return scene.problem("use `=`, not a colon, inside parentheses", scene.span(colon, colon + 1), fix)


def _colon_in_title(scene: Scene) -> Problem | None:
    found = re.match(r"\s*(?:- )?[^\s:]+:\s+([^'\"\[{|>].*?)\s*$", scene.line)
    if not found or "colon" not in scene.clues:
        return None
    quoted = quote(found[1])
    fix = Fix(scene.span(found.start(1), found.end(1)), quoted, f"put it in quotes: `{quoted}`")
    colon = scene.at - scene.start
    span = scene.span(colon, colon + 1) if 0 <= colon < len(scene.line) else scene.span(found.start(1), found.end(1))
    return scene.problem("a colon followed by a space inside a string", span, fix)


def _call_in_brackets(scene: Scene) -> Problem | None:
    """`{a: split([4, 8], 0)}`, `{out: 8 * depths[0]}`: inside braces and brackets a `[` begins a list."""
    if "flow" not in scene.clues:
        return None
    text, begin = scene.source.text, scene.begin
    spans = [Span(scene.source, *found) for found in strings_to_quote(text, begin)] if text[begin:] else []
    if not spans or spans[0].start > scene.at:
        return None
    edits = [(span, quote(span.text)) for span in spans]
    listed = " and ".join(f"`{quoted}`" for _, quoted in edits[:3])
    message = "inside braces or brackets, a string with a comma or a bracket needs quotes"
    return scene.problem(message, spans[0], replace_all(edits, f"put it in quotes: {listed}"), help="put it in quotes")


def _escape(scene: Scene) -> Problem | None:
    """A backslash in double quotes that begins no escape sequence."""
    text = scene.source.text
    start = text.rfind("\\", scene.begin, scene.at + 1)
    if "quoted" not in scene.clues or start < 0 or scene.at == len(text):
        return None
    if text[start - 1] == "\\":  # of `\q` PyYAML's loader in Python marks the `q`
        return None
    found = re.compile(r"\\(?:[xuU][0-9a-fA-F]{0,8}|.)?").match(text, start)
    return bad_escape(Span(scene.source, start, found.end() if found else start + 1))


def bad_escape(span: Span) -> Problem:
    """The problem for an invalid escape sequence."""
    double = Fix(span, f"\\{span.text}", "write `\\\\` for a backslash")
    return Problem("yaml-syntax", f"`{span.text}` is not a valid escape sequence", span, fixes=(double,))


def _find_closing(text: str, begin: int) -> int:
    """The offset of the bracket that closes the one at `begin`, or -1. Brackets in quotes and comments do not count."""
    depth = 0
    for found in _BRACKETS.finditer(text, begin):
        if found[0] in OPENING:
            depth += 1
        elif found[0] in OPENING.values():
            depth -= 1
            if not depth:
                return found.start()
    return -1


def _within_brackets(scene: Scene) -> Problem | None:
    """An unexpected character inside brackets that are closed."""
    if "flow" not in scene.clues or scene.at == len(scene.source.text):
        return None
    text, span = scene.source.text, Span(scene.source, scene.at, scene.at + 1)
    if text[scene.at] == "," and scene.begin == scene.at:
        return scene.problem("there is nothing before this comma", span, Fix(span, "", "remove it"))
    close = OPENING.get(text[scene.begin], "")
    if not close or _find_closing(text, scene.begin) < scene.at or text[scene.at] in OPENING.values():
        return None
    if text[scene.at] == ":":
        return scene.problem(f"expected `,` or `{close}`, found a second colon", span)
    comma = Fix(span._replace(end=scene.at), ",", "add a `,` before it")
    return scene.problem(f"expected `,` or `{close}` before this", span, comma)


def _not_closed(scene: Scene) -> Problem | None:
    if "flow" in scene.clues:
        begin = scene.begin
        if begin == len(scene.source.text):  # the text ends after the opening bracket
            begin = max(scene.source.text.rfind("["), scene.source.text.rfind("{"), 0)
        bracket = scene.source.text[begin : begin + 1]
        if bracket not in OPENING:
            return None
        close = OPENING[bracket]
        line, _ = scene.source.position(begin)
        end = scene.source.starts[line - 1] + len(scene.source.line(line).rstrip())
        fix = Fix(Span(scene.source, end, end), close, f"close it with `{close}`")
        return scene.problem(f"this `{bracket}` is not closed", Span(scene.source, begin, begin + 1), fix)
    if "quoted" in scene.clues:
        mark = scene.source.text[scene.begin : scene.begin + 1]
        line, _ = scene.source.position(scene.begin)
        end = scene.source.starts[line - 1] + len(scene.source.line(line).rstrip())
        fix = Fix(Span(scene.source, end, end), mark, f"close it with {mark}")
        return scene.problem("this quote is not closed", Span(scene.source, scene.begin, scene.begin + 1), fix)
    return None


def _arrow_at_margin(scene: Scene) -> Problem | None:
    for number in (scene.number, scene.before()[0]):
        line = scene.source.line(number) if number else ""
        if line.lstrip().startswith("->"):
            indent = len(line) - len(line.lstrip())
            start = scene.source.starts[number - 1] + indent
            span = Span(scene.source, start, start + 2)
            before = span._replace(end=start)
            fixes = [Fix(before, " " * n, "indent it more than the item above it") for n in (2, 4, 6)]
            return scene.problem("a line that continues a chain must be indented more", span, *fixes)
    return None


def _quote_in_quotes(scene: Scene) -> Problem | None:
    """`name: 'it's'`, on this line or on the last before it."""
    for number in (scene.number, scene.before()[0]):
        line = scene.source.line(number)[: limits.SEARCHED_CHARACTERS] if number else ""
        found = re.match(r"\s*(?:- )?(?:\w+:\s+)?('[^\n]*')\s*$", line)
        inner = found[1][1:-1] if found else ""
        if found and "'" in inner.replace("''", ""):
            start = scene.source.starts[number - 1]
            span = Span(scene.source, start + found.start(1), start + found.end(1))
            fix = Fix(span, quote(inner), "use double quotes")
            return scene.problem("a quote inside quotes", span, fix)
    return None


def _slashes(scene: Scene) -> Problem | None:
    """A comment `// …` after a list, on this line or on the last before it."""
    for number in (scene.number, scene.before()[0]):
        line = scene.source.line(number)[: limits.SEARCHED_CHARACTERS] if number else ""
        found = re.match(r"[^#]*[\]}'\"]\s+(//)", line)
        if found:
            start = scene.source.starts[number - 1]
            span = Span(scene.source, start + found.start(1), start + found.end(1))
            return scene.problem("comments begin with `#`", span, Fix(span, "#", "write `#`"))
    return None


def _missing_dash(scene: Scene) -> Problem | None:
    """A line among items that has no dash."""
    number, before = scene.before()
    margin = len(before) - len(before.lstrip())
    item = re.match(r"( *)- ", scene.line)
    if not item or len(item[1]) != margin or not re.match(r" *[A-Za-z][\w.]*(?:\(|\s*(?:->|$))", before):
        return None
    start = scene.source.starts[number - 1]
    span = Span(scene.source, start + margin, start + len(before.rstrip()))
    fix = Fix(span._replace(end=span.start), "- ", "begin it with `- `, like the others")
    return scene.problem("this list item has no `-`", span, fix)


def _indentation(scene: Scene) -> Problem | None:
    if "block" not in scene.clues:
        return None
    indent = len(scene.line) - len(scene.line.lstrip())
    _, before = scene.before()
    opening = scene.source.line(scene.source.position(scene.begin)[0])
    wanted = {len(text) - len(text.lstrip()) for text in (before, opening)}
    fixes = [
        Fix(scene.span(0, indent), " " * other, f"indent it by {other} spaces, like the line it belongs to")
        for other in sorted(wanted - {indent}, key=lambda other: abs(other - indent))
    ]
    end = max(indent + 1, len(scene.line.rstrip()))
    message = "the indentation of this line matches none of the lines above it"
    return scene.problem(message, scene.span(indent, end), *fixes, help="align it with the lines it belongs to")


def _reserved_character(scene: Scene) -> Problem | None:
    if "character" not in scene.clues:
        return None
    character = scene.source.text[scene.at : scene.at + 1]
    span = Span(scene.source, scene.at, scene.at + 1)
    if character == "\t":
        return scene.problem("a tab is not allowed here", span, Fix(span, " ", "replace it with a space"))
    return scene.problem(f"a string cannot begin with {character!r}", span, Fix(span, "", f"remove the {character!r}"))


GUESSES: tuple[Guess, ...] = (
    _tab, _wide_colon, _at_least, _no_space_after_dash, _no_space_after_colon, _quote_in_quotes, _slashes,
    _comment_in_chain, _key_beside_text, _colon_in_parentheses, _colon_in_title, _call_in_brackets, _escape,
    _within_brackets, _not_closed, _arrow_at_margin, _reserved_character, _missing_dash, _indentation,
)  # fmt: skip
