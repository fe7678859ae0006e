"""Explanations in LaTeX, for a document that loads amsmath."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cnncalc.analysis.explain import Explained
from cnncalc.analysis.field_sums import Step
from cnncalc.analysis.lines import Line, Sum
from cnncalc.render.explain import format_heading, join_factors
from cnncalc.render.latex_lines import LETTER, PAGE, fill_rows
from cnncalc.render.numbers import format_digits
from cnncalc.render.text import clean, elide

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
    "∝": r"$\propto$", "³": "$^3$",
    "⌊": r"$\lfloor$", "⌋": r"$\rfloor$", "⌈": r"$\lceil$", "⌉": r"$\rceil$",
}  # fmt: skip
LETTERS = "ßæøåœÆØÅŒ“”‘’"  # in every font of LaTeX, as are letters with an accent
ACCENTS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327"
WORDS = re.compile(r"(?<![A-Za-z])([A-Za-z]+)_(\w+(?:,\w)?)|[a-z][a-z'\- ]{3,}[a-z]")  # C_out, P_before,h; or words


def explain_latex(explained: Sequence[Explained]) -> str:
    """A heading and aligned equations for each layer."""
    return HEAD + "".join("".join(_write_paragraph(each)) for each in explained)


def _write_paragraph(each: Explained) -> Iterator[str]:
    path = escape(each.path).replace(".", r".\allowbreak{}")
    heading = f"\\textbf{{{path}}}\\quad {escape(format_heading(each))}"
    yield f"\n\\par\\medskip{{\\raggedright\\noindent {heading}\\par}}\n"  # beamer has no \paragraph
    yield _write_alignment([(line.label, _list_parts(line)) for line in each.lines])
    if len(each.chain) > 2:
        yield "Receptive field, layer by layer:\n"
        yield _write_alignment([_list_step_parts(step) for step in each.chain])


def _write_alignment(lines: Sequence[tuple[str, list[str]]]) -> str:
    """Labels with formulas beside them, each formula on as many rows as it needs."""
    labels = [elide(label, LONGEST_LABEL) for label, _ in lines]
    room = PAGE - LETTER * max(map(len, labels))
    rows = [
        row
        for label, (_, parts) in zip(labels, lines, strict=True)
        for row in fill_rows(rf"\text{{{escape(label)}}}", parts, room)
    ]
    return "{\\allowdisplaybreaks\n\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}}\n"


def _list_parts(line: Line) -> list[str]:
    """The parts of a line; a row can begin with any of them."""
    parts: list[str] = []
    for each in line.sums:
        first, *others = _list_sum_parts(each)
        parts += [rf"; \quad {first}" if parts else first, *(f" = {part}" for part in others)]
    if line.remark:
        parts += _split_remark(line.remark, after=bool(parts))
    return parts


def _split_remark(text: str, *, after: bool) -> Iterator[str]:
    """The words of a remark, which may take several rows; long paths are elided."""
    for number, word in enumerate(text.split()):
        before = r"; \quad " if after and not number else ""
        yield rf"{before}\text{{{' ' * (number > 0)}{escape(elide(word, LONGEST_LABEL))}}}"


def _list_step_parts(step: Step) -> tuple[str, list[str]]:
    name = f"{step.path}, {step.axis}" if step.axis else step.path
    parts = (
        [format_math(step.numbers), f" = {_format_number(step.result)}"]
        if step.numbers
        else [_format_number(step.result)]
    )
    return name, [*parts, *_split_remark(step.remark, after=True)]


def _list_sum_parts(each: Sum) -> list[str]:
    """The sides of an equation: the name, the formula in symbols and in numbers, the result."""
    parts = [format_math(join_factors(each.symbols)), format_math(each.numbers), _format_number(each.result)]
    found = [part for part in parts if part]
    if not each.name or each.name == each.symbols:
        return found
    return [rf"\text{{step }} {found[0]}", *found[1:]] if each.name == "step" else [format_math(each.name), *found]


def _format_number(number: int) -> str:
    return format_digits(number).replace(",", "{,}")


@lru_cache(maxsize=1_000)
def format_math(text: str) -> str:
    r"""A formula in LaTeX's math mode.

    >>> print(format_math("⌊(227 + 2·0 − 11)/4⌋ + 1"))
    \left\lfloor \frac{227 + 2 \cdot 0 - 11}{4} \right\rfloor + 1
    >>> print(format_math("K·K·C_in·C_out"))
    K \cdot K \cdot C_{\mathrm{in}} \cdot C_{\mathrm{out}}
    """
    return _Reader(text).read_formula()


class _Reader:
    """Rewrites a formula from left to right, with its brackets recursively."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read_formula(self) -> str:
        """Read up to the end or a closing bracket."""
        start = self.at
        found = []
        while self.at < len(self.text) and self.text[self.at] not in CLOSING:
            if self.text[self.at] in BRACKETS:
                found += [_replace_symbols(self.text[start : self.at]), self.read_bracket()]
                start = self.at
            else:
                self.at += 1
        return "".join([*found, _replace_symbols(self.text[start : self.at])])

    def read_bracket(self) -> str:
        """Read a bracket with its contents; a rounded quotient becomes a fraction."""
        closing, name = BRACKETS[self.text[self.at]]
        self.at += 1
        inside = self.read_formula()
        if self.text[self.at : self.at + 1] == closing:
            self.at += 1
        if not name:
            return rf"\left({inside}\right)"
        over, slash, under = _split_quotient(inside)
        body = rf"\frac{{{_strip_brackets(over)}}}{{{_strip_brackets(under)}}}" if slash else inside
        return rf"\left\l{name} {body} \right\r{name}"


def _split_quotient(text: str) -> tuple[str, str, str]:
    """Split a quotient at its only slash outside brackets."""
    depth = 0
    for at, char in enumerate(text):
        depth += text.startswith((r"\left", "{"), at)
        depth -= text.startswith((r"\right", "}"), at)
        if char == "/" and depth == 0:
            return text[:at], "/", text[at + 1 :]
    return text, "", ""


def _strip_brackets(text: str) -> str:
    """Remove the brackets around a whole formula."""
    begin, end = r"\left(", r"\right)"
    inside = text[len(begin) : -len(end)]
    whole = text.startswith(begin) and text.endswith(end) and begin not in inside
    return inside if whole else text


def _replace_symbols(text: str) -> str:
    """A formula without brackets: symbols, names, words."""
    text = WORDS.sub(_replace_word, text)
    text = re.sub(r"\b(max|min|gcd)\b(?!})", r"\\\1", text).replace(" mod ", r" \bmod ")
    return "".join(SYMBOLS.get(char, char) for char in text)


def _replace_word(found: re.Match[str]) -> str:
    name, index = found.groups()
    return rf"{name}_{{\mathrm{{{index}}}}}" if name else rf"\text{{{found[0]}}}"


def escape(text: str) -> str:
    r"""Escape text for LaTeX; characters that its fonts may lack are written by their numbers.

    >>> print(escape("max_pool 3×3"), escape("é網"))
    max\_pool 3$\times$3 é\texttt{U+7DB2}
    """
    return "".join(SPECIAL.get(char) or (char if char.isascii() else _escape_character(char)) for char in text)


def escape_name(text: str) -> str:
    r"""Escape a text that may have any characters: those that cannot be printed as in a terminal."""
    return escape(clean(text))


def _escape_character(char: str) -> str:
    from unicodedata import normalize

    parts = normalize("NFD", char)
    known = char in LETTERS or (len(parts) == 2 and parts[0].isascii() and parts[1] in ACCENTS)
    return char if known else rf"\texttt{{U+{ord(char):04X}}}"
