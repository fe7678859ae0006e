"""A cursor over the tokens of a string, which reports tokens that do not fit. `grammar` derives its parser from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Span
from cnncalc.layers import KINDS
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.forms import align_items, list_numbers
from cnncalc.spec.nodes import YamlString
from cnncalc.spec.repairs import write
from cnncalc.spec.segments import free_name
from cnncalc.spec.tokens import Token, connect, describe_token, tokenize

T = TypeVar("T")

CLOSING = {"(": ")", "[": "]"}


class Cursor:
    """Reads one string from left to right. Every method raises Mistake at the first token that does not fit."""

    def __init__(self, text: YamlString) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.position = 0
        self.depth = 0
        self.token = self.tokens[0]  # the current token, and its kind
        self.kind = self.token.kind

    def next(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.position += 1
            self.token = self.tokens[self.position]
            self.kind = self.token.kind
        return token

    def take(self, kind: str) -> Token | None:
        return self.next() if self.kind == kind else None

    def expect(self, kind: str, what: str) -> Token:
        if self.kind != kind:
            self.fail(f"expected {what}, found {describe_token(self.token)}", *self.suggest_repairs(kind))
        return self.next()

    def separated(self, close: str, read: Callable[[], T]) -> tuple[T, ...]:
        """Read items separated by commas, up to the closing bracket."""
        found = []
        while not self.take(close):
            found.append(read())
            if self.kind != close and not self.take(","):
                self.fail(
                    f"expected `,` or `{close}`, found {describe_token(self.token)}", *self.suggest_repairs(close)
                )
        return tuple(found)

    def whole(self, read: Callable[[], T], what: str) -> T:
        """Read the whole string with `read`."""
        if self.kind == "end":
            self.fail(f"expected {what}, found nothing")
        value = read()
        if self.kind != "end":
            whole = align_items(self.text) if self.kind == "-" else list_numbers(self.text)
            self.fail(f"{describe_token(self.token)} is not allowed after {what}", *whole, *self.suggest_repairs(""))
        return value

    def since(self, start: int) -> Span:
        """The span from the token at an index to the last token read."""
        return self.text.at(self.tokens[start].start, self.tokens[max(self.position - 1, start)].end)

    def span_of(self, token: Token) -> Span:
        return self.text.at(token.start, max(token.end, token.start + 1) if token.kind != "end" else token.end)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > limits.NESTING:
            raise Mistake(
                "too-large",
                f"parentheses and operators are nested more than {limits.NESTING} levels deep",
                self.text.span,
            )

    def fail(self, message: str, *fixes: Fix, help: str = "", span: Span | None = None) -> NoReturn:
        raise Mistake("syntax", message, span or self.span_of(self.token), help, *fixes)

    def suggest_repairs(self, wanted: str) -> tuple[Fix, ...]:
        """Possible repairs of a token that does not fit, where `wanted` was expected."""
        here = self.span_of(self.token)
        before = here._replace(end=here.start)
        found = [*self.repair_count(), *self.repair_python(), *self.repair_opening(), *self.repair_arrow()]
        earlier = [token.kind for token in self.tokens[max(self.position - 2, 0) : self.position]]
        if self.kind == "=" and wanted in CLOSING.values() and earlier == [",", "name"]:
            comma = self.tokens[self.position - 2]
            found.append(Fix(self.text.at(comma.start, comma.start), wanted, f"close it with `{wanted}`"))
        elif self.kind == "=":
            found.append(Fix(here, "==", "use `==` to compare"))
        if self.kind in (",", "name") or (self.kind == "(" and self.tokens[self.position - 1].kind != ")"):
            text = " ->" if self.kind == "," else "-> "
            at = here if self.kind == "," else before
            found.append(Fix(at, text, "connect layers with `->`"))
        if self.kind in (")", "]") and self.kind != wanted:
            found.append(Fix(here, "", f"remove the `{self.kind}`", alternative=self.kind == "]"))
        if wanted in CLOSING.values():
            if self.kind in ("name", "number", "["):
                found.append(Fix(before, ", ", "separate arguments with commas"))
            count = next((token.start for token in reversed(self.tokens) if token.kind == "*"), self.tokens[-1].start)
            spaces = len(self.text.body[:count]) - len(self.text.body[:count].rstrip())
            ends = [self.text.at(at, at) for at in (count - spaces, self.tokens[-1].start)]
            found += [Fix(at, wanted, f"close it with `{wanted}`") for at in (before, *ends)]
        return tuple(found)

    def repair_opening(self) -> list[Fix]:
        """Repairs of a bracket that is closed but not opened: `conv8, 3)`, `conv(8, 3, 1])`."""
        if self.kind not in (",", ")", "]") or not self.position:
            return []
        last = self.tokens[self.position - 1]
        found = []
        if self.kind != "]" and last.kind == "name":
            stems = [kind for kind in (*KINDS, *STRUCTURE_WORDS) if last.text.startswith(kind)]
            stem = max(stems, key=len, default=last.text.rstrip("0123456789"))
            at = self.text.at(last.start + len(stem), last.start + len(stem))
            found += [Fix(at, "(", f"open it: `{stem}(`")] if stem and stem != last.text else []
        elif self.kind == "]":
            commas = [token.end for token in self.tokens[: self.position] if token.kind in (",", "(", "=", "[")]
            for start in commas[-2:]:
                gap = len(self.text.body[start:]) - len(self.text.body[start:].lstrip())
                at = self.text.at(start + gap, start + gap)
                listed = self.text.body[start + gap : self.token.start]
                found.append(Fix(at, "[", f"open it: `[{listed.strip()}]`", alternative=True))
        return found

    def repair_arrow(self) -> tuple[Fix, ...]:
        """The repair of `conv(8, 3) => relu`, `… >> relu` and `… + relu`, and of a comment `// …`."""
        if self.kind == "//" and self.depth == 0:
            return (Fix(self.span_of(self.token), "#", "comments begin with `#`"),)
        mark = next((mark for mark in ("=>", ">>", "+") if self.text.body.startswith(mark, self.token.start)), "")
        return (connect(self.text, mark),) if mark and self.depth == 0 else ()

    def repair_python(self) -> tuple[Fix, ...]:
        """Repairs of Python code around a layer: `self.conv = …`, a last comma."""
        here, start = self.span_of(self.token), self.tokens[0]
        before = self.tokens[self.position - 1] if self.position else start
        if self.kind == "=" and before.kind == "name" and self.position >= 3 and self.tokens[1].kind == ".":
            name = self.text.at(start.start, before.end)
            return (write(name, free_name(before.text)),)
        if self.kind == "," and self.tokens[self.position + 1].kind == "end":
            return (Fix(here, "", "remove the last `,`"),)
        return ()

    def repair_count(self) -> tuple[Fix, ...]:
        """The repair of `relu x 2` and of `relu x2`; the `x` is the current token."""
        count = re.fullmatch("[xX]([0-9]*)", self.token.text) if self.kind == "name" and self.position else None
        if count is None:
            return ()
        at, following = self.span_of(self.token), self.tokens[self.position + 1]
        if count[1] or following.kind not in ("number", "name"):
            return (write(at, f"* {count[1]}".rstrip()),)
        return (write(at._replace(end=self.span_of(following).end), f"* {following.text}"),)

    def repair_order(self) -> tuple[Fix, ...]:
        """The repair of `3 * relu`, `3 x relu` and `3x relu`; the number is the current token."""
        number, *rest = self.tokens[self.position :]
        count = number.text.rstrip("xX")
        if rest and count == number.text and rest[0].text in ("*", "x", "X"):
            rest = rest[1:]
        elif count == number.text:
            return ()
        if not count.isdigit() or not rest or rest[0].kind != "name":
            return ()
        end = rest[0].end
        depth = 0
        for token in rest[1:]:
            depth += (token.kind == "(") - (token.kind == ")")
            if depth < 0 or (not depth and token.kind != ")"):
                break
            end = token.end
        unit = self.text.body[rest[0].start : end]
        return (write(self.text.at(number.start, end), f"{unit} * {count}"),)

    def repair_percent(self) -> tuple[Fix, ...]:
        """The repair of `50%`, where a value is missing after the `%`."""
        if self.position < 2 or self.tokens[self.position - 1].kind != "%":
            return ()
        number = self.tokens[self.position - 2]
        if number.kind != "number":
            return ()
        return (write(self.text.at(number.start, self.tokens[self.position - 1].end), f"{float(number.text) / 100:g}"),)

    def repair_parentheses(self, start: int) -> tuple[Fix, ...]:
        """The repair of `(3, 3)`; its `(` is the token at an index."""
        end = next((token for token in self.tokens[self.position :] if token.kind == ")"), None)
        if end is None:
            return ()
        first = self.tokens[start]
        inner = self.text.body[first.end : end.start]
        return (write(self.text.at(first.start, end.end), f"[{inner}]"),)
