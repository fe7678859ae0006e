"""Explanations in LaTeX, for a handout: to be read in where amsmath is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnncalc.analysis.explain import Explained
from cnncalc.analysis.field_sums import Step
from cnncalc.analysis.lines import Line, Sum
from cnncalc.render.explain import format_heading, join_factors
from cnncalc.render.latex_lines import LETTER, PAGE, fill_rows
from cnncalc.render.numbers import format_digits
from cnncalc.render.text import elide

LONGEST_LABEL = 28  # characters of a path beside a formula
HEAD = "% for \\input{...}; needs \\usepackage{amsmath}\n"
BRACKETS = {"⌊": ("⌋", "floor"), "⌈": ("⌉", "ceil"), "(": (")", "")}
CLOSING = {closing for closing, _ in BRACKETS.values()}
SYMBOLS = {"·": r" \cdot ", "−": "-", "×": r"\times ", "→": r"\to ", "-": "-"}
SPECIAL = {char: f"\\{char}" for char in "#$%&_{}"} | {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "×": r"$\times$", "→": r"$\to$", "·": r"$\cdot$", "−": "$-$",
    "≤": r"$\leq$", "≥": r"$\geq$", "±": r"$\pm$", "²": "$^2$", "†": r"\dag{}", "‡": r"\ddag{}", "–": "--",
    "…": r"\dots{}", "√": r"$\surd$", "Π": r"$\Pi$", "Σ": r"$\Sigma$", "ε": r"$\varepsilon$", "½": r"$\frac12$",
    "⌊": r"$\lfloor$", "⌋": r"$\rfloor$", "⌈": r"$\lceil$", "⌉": r"$\rceil$",
}  # fmt: skip
LETTERS = "ßæøåœÆØÅŒ“”‘’"  # what every font of LaTeX has, beside letters with an accent
ACCENTS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327"
WORDS = re.compile(r"(?<![A-Za-z])([A-Za-z]+)_(\w+(?:,\w)?)|[a-z][a-z'\- ]{3,}[a-z]")  # C_out, P_before,h; or words


def explain_latex(explained: Sequence[Explained]) -> str:
    """A paragraph with aligned equations for each layer."""
    return HEAD + "".join("".join(_paragraph(each)) for each in explained)


def _paragraph(each: Explained) -> Iterator[str]:
    path = escape(each.path).replace(".", r".\allowbreak{}")
    heading = f"\\textbf{{{path}}}\\quad {escape(format_heading(each))}"
    yield f"\n\\par\\medskip{{\\raggedright\\noindent {heading}\\par}}\n"  # beamer has no \paragraph
    yield _alignment([(line.label, _line(line)) for line in each.lines])
    if len(each.chain) > 2:
        yield "Receptive field, layer by layer:\n"
        yield _alignment([_step(step) for step in each.chain])


def _alignment(lines: Sequence[tuple[str, list[str]]]) -> str:
    """Labels with formulas beside them, those in as many rows as the width of the page asks for."""
    labels = [elide(label, LONGEST_LABEL) for label, _ in lines]
    room = PAGE - LETTER * max(map(len, labels))
    rows = [
        row
        for label, (_, parts) in zip(labels, lines, strict=True)
        for row in fill_rows(rf"\text{{{escape(label)}}}", parts, room)
    ]
    return "{\\allowdisplaybreaks\n\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}}\n"


def _line(line: Line) -> list[str]:
    """The parts of a line, each of which may begin a row."""
    parts: list[str] = []
    for each in line.sums:
        first, *others = _sum(each)
        parts += [rf"; \quad {first}" if parts else first, *(f" = {part}" for part in others)]
    if line.remark:
        parts += _remark(line.remark, after=bool(parts))
    return parts


def _remark(text: str, *, after: bool) -> Iterator[str]:
    """The words of a remark, which may be on several rows; paths among them are elided."""
    for number, word in enumerate(text.split()):
        before = r"; \quad " if after and not number else ""
        yield rf"{before}\text{{{' ' * (number > 0)}{escape(elide(word, LONGEST_LABEL))}}}"


def _step(step: Step) -> tuple[str, list[str]]:
    name = f"{step.path}, {step.axis}" if step.axis else step.path
    parts = [math(step.numbers), f" = {_number(step.result)}"] if step.numbers else [_number(step.result)]
    return name, [*parts, *_remark(step.remark, after=True)]


def _sum(each: Sum) -> list[str]:
    """What is equal to one another: the name, the formula in symbols and in numbers, the result."""
    parts = [math(join_factors(each.symbols)), math(each.numbers), _number(each.result)]
    found = [part for part in parts if part]
    if not each.name or each.name == each.symbols:
        return found
    return [rf"\text{{step }} {found[0]}", *found[1:]] if each.name == "step" else [math(each.name), *found]


def _number(number: int) -> str:
    return format_digits(number).replace(",", "{,}")


def math(text: str) -> str:
    r"""A formula in LaTeX's mathematics.

    >>> print(math("⌊(227 + 2·0 − 11)/4⌋ + 1"))
    \left\lfloor \frac{227 + 2 \cdot 0 - 11}{4} \right\rfloor + 1
    >>> print(math("K·K·C_in·C_out"))
    K \cdot K \cdot C_{\mathrm{in}} \cdot C_{\mathrm{out}}
    """
    return _Reader(text).whole()


class _Reader:
    """Rewrites a formula from left to right, brackets by what is in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> str:
        """Up to the end, or to the bracket that closes."""
        start = self.at
        found = []
        while self.at < len(self.text) and self.text[self.at] not in CLOSING:
            if self.text[self.at] in BRACKETS:
                found += [_plain(self.text[start : self.at]), self.bracket()]
                start = self.at
            else:
                self.at += 1
        return "".join([*found, _plain(self.text[start : self.at])])

    def bracket(self) -> str:
        """One bracket with all that is in it; of a rounded quotient, a fraction."""
        closing, name = BRACKETS[self.text[self.at]]
        self.at += 1
        inside = self.whole()
        if self.text[self.at : self.at + 1] == closing:
            self.at += 1
        if not name:
            return rf"\left({inside}\right)"
        over, slash, under = _divided(inside)
        body = rf"\frac{{{_bare(over)}}}{{{_bare(under)}}}" if slash else inside
        return rf"\left\l{name} {body} \right\r{name}"


def _divided(text: str) -> tuple[str, str, str]:
    """A quotient cut at its only slash outside brackets."""
    depth = 0
    for at, char in enumerate(text):
        depth += text.startswith((r"\left", "{"), at)
        depth -= text.startswith((r"\right", "}"), at)
        if char == "/" and depth == 0:
            return text[:at], "/", text[at + 1 :]
    return text, "", ""


def _bare(text: str) -> str:
    """A text without the brackets around all of it."""
    begin, end = r"\left(", r"\right)"
    inside = text[len(begin) : -len(end)]
    whole = text.startswith(begin) and text.endswith(end) and begin not in inside
    return inside if whole else text


def _plain(text: str) -> str:
    """A formula without brackets: symbols, names, words."""
    text = WORDS.sub(_worded, text)
    text = re.sub(r"\b(max|min|gcd)\b(?!})", r"\\\1", text).replace(" mod ", r" \bmod ")
    return "".join(SYMBOLS.get(char, char) for char in text)


def _worded(found: re.Match[str]) -> str:
    name, index = found.groups()
    return rf"{name}_{{\mathrm{{{index}}}}}" if name else rf"\text{{{found[0]}}}"


def escape(text: str) -> str:
    r"""Text that LaTeX shows as it is; characters that its fonts may lack are written by their numbers.

    >>> print(escape("max_pool 3×3"), escape("é網"))
    max\_pool 3$\times$3 é\texttt{U+7DB2}
    """
    return "".join(SPECIAL.get(char) or (char if char.isascii() else _beyond_ascii(char)) for char in text)


def _beyond_ascii(char: str) -> str:
    from unicodedata import normalize

    parts = normalize("NFD", char)
    known = char in LETTERS or (len(parts) == 2 and parts[0].isascii() and parts[1] in ACCENTS)
    return char if known else rf"\texttt{{U+{ord(char):04X}}}"
