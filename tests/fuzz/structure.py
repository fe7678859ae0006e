"""Whole documents out of the grammar, as strategies of hypothesis: kinds and arguments are those of the registry.

A document is tame, so that most of it is right and the rest of the program gets to see it, or wild.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from cnncalc.analysis.figures import FIGURES
from cnncalc.errors.codes import all_codes
from cnncalc.layers import KINDS, LATER_WORDS, RESERVED_WORDS, kind_class
from cnncalc.layers.over import AxesSetting
from cnncalc.layers.settings import (
    REQUIRED,
    AmountSetting,
    AxisOrderSetting,
    AxisSetting,
    FlagSetting,
    PerAxisSetting,
    RealSetting,
    Setting,
    SizesSetting,
)
from cnncalc.layers.structure import MERGES, ROUNDS
from cnncalc.layers.targets import FactorSetting, KeptSizesSetting, LikeSetting
from cnncalc.layers.unpool import PoolSetting
from cnncalc.spec.values import ARITHMETIC, EQUALITY, FUNCTIONS, ORDER

T = TypeVar("T")
INPUTS = ("[3, 32, 32]",) * 4 + ("[1, 64]", "[2, 8, 8, 8]", "[4, 17, 5]", "[8, 1, 1]")
ODD_INPUTS = (
    "[64]", "[]", "[3, 0, 8]", "[3, -1, 8]", "[3, 1000000000, 1000000000]", "[1, 3, 8, 8, 8]", "[1.5, 8, 8]",
    "[3, relu]", "[width, 16, 16]", "[[3, 8], 8]", "3", "relu", "[10 ** 30, 8, 8]", 
    "[3, 32, 32] if true else [3]", "{a: 1}", "", "[3, in_channels, 8]", "{}", "{left: [3, 8, 8], left: [3, 8]}",
    "{relu: [3, 8, 8], input: [1]}", "{left: [3, 8, 8], right: {c: 1}}", "{left: [left], conv1: [784], right: relu}",
)  # fmt: skip
NUMBERS = ("1", "2", "3", "4", "8")
ODD_NUMBERS = (
    "0", "-1", "1000000000", "10 ** 18", "10 ** 400", "9" * 30, "1e308", "1e999", "0.1", "5e-324", "-0.0", "2 ** 0.5",
    "(-8) ** 0.5", "1 / 0", "0 ** -1", "0.0 ** -1.5", "1e308 * 10", "50%", "3x3", "true", "'same'",
    "[]", "[[]]", "(3, 3)",
)  # fmt: skip
TRAPS = (
    "- relu:", "- -relu", "- conv: 3", "- conv: [8, 3]", "- {conv: {out: 8, kernel: 3}, name: x}", "- &a relu", "- *a",
    "- !!python/name:os.system relu", "- <<: {a: 1}", "- ? relu", "- |\n  relu\n  -> relu", "- >\n  relu\n   -> relu",
    "- relu\n  -> relu", "- relu # -> (", "- [relu, relu]", "- ''", "-", "- 'relu'", '- "\\u0072elu"', "- relu: {}",
    "- conv(8, 3): {}", "- @x", "- `x`", "- x: y: z", "- {}", "- []", "- null", "- 3", "- add: {}", "- add: []",
    "- add: relu", "- outputs: {}", "- a = b = relu", "- identity * 0", "- '(relu'", "- relu -> ", "- relu, relu",
    "- add: {if: relu}", "- add: [add: [add: [relu, relu], x: relu]]", "- linear(2) -> flatten",
    "- reshape([1, 4, 4])", "- \u2028relu", "- relu\t-> relu", "\t- relu", "- relu\r",
)  # fmt: skip
CODES = all_codes()
WARNINGS = tuple(code.code for code in CODES.values() if code.severity == "warning")
LAYERS = tuple(kind for kind in KINDS if kind not in MERGES)
SHAPE_KEEPING = (
    "relu",
    "batch_norm",
    "conv(8, 3, padding=1)",
    "dropout(0.5)",
    "conv(4, 1)",
    "max_pool(3, 1, padding=1)",
)


class Writer:
    """Writes one document; what it needs to know of what stands above is in the lists of names."""

    def __init__(self, draw: st.DrawFn, wild: int) -> None:
        self.draw = draw
        self.wild = wild
        self.blocks: list[tuple[str, int]] = []  # each with the number of its parameters
        self.values: list[str] = []
        self.outputs: list[str] = []
        self.deep = 0

    def pick(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(options))

    def often(self, percent: int) -> bool:
        number = self.draw(st.integers(0, 99))
        return number < percent

    def odd(self) -> bool:
        return self.often(self.wild)

    def some(self, least: int, most: int) -> range:
        """So many rounds."""
        return range(self.pick(range(least, most + 1)))

    # expressions

    def number(self) -> str:
        if self.odd():
            return self.pick(ODD_NUMBERS)
        if self.values and self.often(25):
            return self.pick(self.values)
        return self.pick(NUMBERS)

    def expectation(self) -> str:
        """A condition as `<= 3 M of lenet5`, right or wrong, or an expression."""
        if not self.often(60):
            return self.expression()
        unit = self.pick(("", " k", " M", "%", " KiB", " x"))
        bound = self.pick(("", "", "+", "-")) + self.number() + unit
        text = self.pick(("<= {}", "< {}", "'>= {}'", "> {}", "{}..", "..{}", "{} .. {}", "{} ± 5%", "= {}"))
        other = self.pick(("", "", " of lenet5", " of case", " of nowhere", " of ../x", " of -", " of base", " of "))
        return text.replace("{}", bound) + other

    def expression(self) -> str:
        """A number, within bounds of depth; where it is odd, anything."""
        self.deep += 1
        try:
            if self.odd():
                return self.strange()
            return self.number() if self.deep > 5 or self.often(65) else self.compound()
        finally:
            self.deep -= 1

    def compound(self) -> str:
        one = self.expression
        match self.pick(range(8)):
            case 0 | 1 | 2:
                return f"{one()} {self.pick(('+', '*', '//', *ARITHMETIC))} {one()}"
            case 3:
                return f"{self.pick(('min', 'max'))}({', '.join(one() for _ in self.some(1, 3))})"
            case 4:
                return f"({one()} if {self.condition()} else {one()})"
            case 5:
                return f"[{one()}, {one()}][{self.pick(('0', '1', '-1'))}]"
            case 6:
                return f"divisible({one()} * {one()}, {self.pick(NUMBERS)})"
            case _:
                return self.pick(("channels", "in_channels", f"({one()})", f"ceil({one()} / 2)"))

    def strange(self) -> str:
        """What is no number, or may be none."""
        one = self.expression if self.deep < 5 else self.number
        match self.pick(range(6)):
            case 0:
                return f"{self.pick(list(FUNCTIONS))}({', '.join(one() for _ in self.some(0, 3))})"
            case 1:
                return f"[{', '.join(one() for _ in self.some(0, 4))}]{'[' + one() + ']' if self.often(50) else ''}"
            case 2:
                return f"{self.pick(('-', '+', 'not ', '- -'))}{one()}"
            case 3:
                return self.condition()
            case 4:
                return f"{self.name()}{self.pick(('.x', '[0]', '[-1]', '.a.b', '(2)'))}"
            case _:
                return self.name()

    def condition(self) -> str:
        signs = self.pick((list(ORDER), list(EQUALITY)))
        text = f"{self.expression()} {self.pick(signs)} {self.expression()}"
        match self.pick(range(8)):
            case 0:
                return f"not {text}"
            case 1:
                return f"{text} {self.pick(('and', 'or'))} {self.condition() if self.deep < 5 else 'true'}"
            case 2 | 3 | 4:
                return self.pick(("true", "false", "in_channels != 8", "channels % 2 == 0", "channels < 64"))
            case _:
                return text

    def name(self) -> str:
        known = ("index", "channels", "in_channels", "input", "true", "relu", "here", *RESERVED_WORDS, *LATER_WORDS)
        unknown = ("nonsense", "x.y", "None", "True", "é", "if", "_", "1e3", "self")
        names: list[str] = [*known, *self.values, *self.outputs, *(unknown if self.odd() else ())]
        name = self.pick(names)
        sizes = ("channels", "height", "width", "length", "depth", "heigth")
        has_sizes = name in ("here", "input", *self.outputs) and self.often(70)
        return f"{name}.{self.pick(sizes)}" if has_sizes else name

    # calls

    def argument(self, setting: Setting) -> str:
        if self.odd():
            return self.pick(ODD_NUMBERS) if self.often(50) else self.strange()
        if setting.words and self.often(60):
            return self.pick(setting.words)
        if isinstance(setting, FlagSetting):
            return self.pick(("true", "false", f"{self.number()} > 2"))
        if isinstance(setting, RealSetting):
            return self.pick(("0.5", "0", "1e-5", "0.1"))
        if isinstance(setting, SizesSetting):
            return self.pick(("[4, 4]", "[8]", "[2, 2, 4]", "2", "[8, rest]", "[rest]", "[rest, rest]", "[4, -1]"))
        if isinstance(setting, AxesSetting | AxisSetting):
            several: tuple[str, ...] = ("[0]", "[1, 2]", "[-1, 0]", "[1, 1]", "[]", "[[1]]")
            one = ("0", "1", "-1", "2", "-3", "5", "-6")
            return self.pick((*one, *several) if isinstance(setting, AxesSetting) else one)
        if isinstance(setting, AxisOrderSetting):
            return self.pick(("[1, 0]", "[0, 2, 1]", "[2, 0, 1]", "[-1, 0, 1]", "[0, 0, 1]", "[0]", "1"))
        if isinstance(setting, LikeSetting | PoolSetting):
            return self.pick(("input", "[8, 8]", "[16]", *self.outputs, *(f"{name}.b0" for name in self.outputs)))
        if isinstance(setting, KeptSizesSetting) and self.often(30):
            return self.pick(("[none, 1]", "[2, none]", "none", "[none]"))
        if isinstance(setting, FactorSetting) and self.often(50):
            return self.pick(("1.5", "0.5", "1 / 3", "[2, 1]", "[0.7, 1.1]", "1e-6", "1e9"))
        if isinstance(setting, AmountSetting) and self.often(20):
            return f"[[{self.number()}, {self.number()}], [{self.number()}, 0]]"
        if isinstance(setting, PerAxisSetting) and self.often(20):
            return f"[{', '.join(self.number() for _ in self.some(1, 3))}]"
        return self.expression()

    def call(self) -> str:
        if self.odd():
            return self.pick((*MERGES, "rellu", "Conv2d", "outputs", "conv2d", "nn.ReLU"))
        kind = self.pick(LAYERS)
        given = []
        by_name = False
        for name, setting in kind_class(kind).settings.items():
            if setting.default is not REQUIRED and not self.often(25):
                by_name = True
                continue
            if setting.default is REQUIRED and self.odd():
                continue
            by_name = by_name or self.often(15)
            given.append(f"{name}={self.argument(setting)}" if by_name and not self.odd() else self.argument(setting))
        if self.odd():
            given.append(self.pick(("strides=2", "8", "out=3", "bias=", "=", "x=y=z", "kernel=[3,3,3,3]")))
        return f"{kind}({', '.join(given)})" if given else kind

    def unit(self) -> str:
        self.deep += 1
        try:
            match self.pick(range(16)):
                case 0 | 1:
                    return self.call()
                case 3 | 4 if self.blocks:
                    name, parameters = self.pick(self.blocks)
                    count = parameters if not self.odd() else self.pick((0, 1, 5))
                    return f"{name}({', '.join(self.expression() for _ in range(count))})"
                case 5 if self.outputs:
                    return f"{self.pick(('from', 'from', 'reuse'))}({self.earlier()})"
                case 6:
                    word = self.name() if self.odd() else self.pick(("relu", "silu", "identity", "gelu"))
                    return f"activation({word})"
                case 7 if self.deep < 5:
                    return f"({self.chain(named=self.often(20))})"
                case 8:
                    return "identity"
                case _:
                    return self.pick(SHAPE_KEEPING)
        finally:
            self.deep -= 1

    def earlier(self) -> str:
        """An output, one of its rounds, or what entered an earlier round."""
        name, number = self.pick(self.outputs), self.pick(("0", "1", "2", "3", "-1", "index", "40", "10 ** 17"))
        before = self.pick(("", "none", name, "input", "3" if self.odd() else "none"))
        memory = f"previous({number}{', before=' if before else ''}{before})"
        return self.pick((name, name, name, f"{name}[{number}]", memory, f"{memory}.a0" if self.odd() else memory))

    def item(self, *, alone: bool) -> str:
        text = self.unit()
        if self.often(15):
            text += f" * {self.pick(('0', '2', '3', '7')) if not self.odd() else self.expression()}"
        if self.often(10):
            text += f" if {self.condition()}{' else ' + self.unit() if self.often(40) else ''}"
            if not alone and not self.odd():
                text = f"({text})"
        return text

    def chain(self, *, named: bool) -> str:
        count = len(self.some(1, 4))
        text = " -> ".join(self.item(alone=count == 1) for _ in range(count))
        return f"{self.new_name(self.outputs)} = {text}" if named else text

    def new_name(self, names: list[str], prefix: str = "a") -> str:
        odd = ("relu", "index", "conv1", "1e3", "same", "é", "x y", "a" * 300, "3", "input")
        name = self.pick(odd) if self.odd() else f"{prefix}{len(names)}"
        names.append(name)
        return name

    # lists of items

    def body(self, indent: str) -> list[str]:
        return [line for _ in self.some(1, 5) for line in self.listed(indent)]

    def listed(self, indent: str) -> list[str]:
        if self.odd():
            return [indent + line for line in self.pick(TRAPS).split("\n")]
        if self.deep < 3 and self.often(25):
            return self.rounds(indent) if self.often(20) else self.merge(indent)
        if self.often(8):
            return [f"{indent}- conv: {{out: {self.number()}, kernel: {self.number()}}}"]
        if len(self.outputs) > 1 and self.often(8):
            ends = [self.pick(self.outputs) for _ in self.some(1, 3)]
            return [f"{indent}- {self.pick(MERGES)}({', '.join(ends)}{self.pick(('', '', ', axis=1', ', axis=-1'))})"]
        text = self.chain(named=self.often(25))
        return [f'{indent}- "{text}"' if self.often(5) else f"{indent}- {text}"]

    def rounds(self, indent: str) -> list[str]:
        """A repeat, and what its rounds gave."""
        count, unit = self.pick(("0", "1", "3", "index + 1", "40")), self.unit()
        name = self.new_name(self.outputs, "r")
        inner = self.pick(("", "", ".a0", ".r0", ".r0.a0")) if not self.odd() else self.pick((".x", " 3", ")", "[0]"))
        return [f"{indent}- {name} = {unit} * {count}", f"{indent}- {self.pick(MERGES)}: {ROUNDS}({name}{inner})"]

    def merge(self, indent: str) -> list[str]:
        self.deep += 1
        word = self.pick((*MERGES, "add", "outputs"))
        word += self.pick(("", "", "(axis=1)", "(axis=-1)", "(axis=0)", "(axis=3)")) if self.often(30) else ""
        lines = [f"{indent}- {word}{' if ' + self.condition() if self.often(8) else ''}:"]
        inside = indent + "    "
        listed = self.often(20)
        for number in self.some(1, 3):
            key = f"b{number}" if not self.odd() else self.pick(("b0", "from", "1x1", "add", "é", "b.c"))
            key += f" if {self.condition()}" if self.often(12) else ""
            text = self.pick(("identity", "relu", "conv(8, 1)")) if self.often(40) else self.chain(named=False)
            if self.outputs and self.often(10):
                text = f"{ROUNDS}({self.pick(self.outputs)})"
            if listed:
                lines.append(f"{inside}- {text}")
            elif self.deep < 3 and self.often(25):
                lines += [f"{inside}{key}:", *self.body(inside + "  ")]
            else:
                lines.append(f"{inside}{key}: {text}")
        self.deep -= 1
        if self.often(25):
            lines[0] = lines[0].replace("- ", f"- {self.new_name(self.outputs)} = ", 1)
        return lines

    # the document

    def params(self) -> list[str]:
        lines: list[str] = []
        for _ in self.some(0, 3):
            text = self.expression() if self.often(50) else self.number()
            lines.append(f"  {self.new_name(self.values, 'w')}: {text}")
        return ["params:", *lines] if lines else []

    def declarations(self) -> list[str]:
        lines = []
        declared = [(f"block{number}", len(self.some(0, 2))) for number in self.some(0, 3)]
        outer = self.values
        for number, (name, parameters) in enumerate(declared):
            # later blocks call earlier ones; wild ones, any and themselves
            self.blocks = declared if self.odd() else declared[:number]
            names = [f"q{position}" for position in range(parameters)]
            texts = [f"{one}={self.expression()}" if self.often(30) else one for one in names]
            self.values, self.outputs = outer + names, []
            lines += [f"  {name}({', '.join(texts)}):" if texts else f"  {name}:", *self.body("    ")]
        self.blocks, self.values, self.outputs = declared, outer, []
        return ["blocks:", *lines] if lines else []

    def rest(self) -> list[str]:
        lines: list[str] = []
        if self.often(10):
            lines += ["expect:", f"  {self.pick(list(FIGURES))}: {self.expectation()}"]
        if self.often(20):
            reason = "a reason" if not self.odd() else self.pick(("", "3", "[x]", "a: b"))
            lines += ["allow:", f"  {self.pick(WARNINGS if not self.odd() else list(CODES))}: {reason}"]
        if self.often(5):
            arrays = ("[[[[1]]]]", "[1, 2", "[nan, 1e999]", "x", "{a: 1}", "[[1], 2]", "[" * 40 + "]" * 40)
            lines += ["weights:", f"  conv1: {{weight: {self.pick(arrays)}, bias: {self.pick(arrays)}}}"]
        if self.often(3):
            lines += [f"extends: {self.pick(('resnet18', 'case', 'base', 'good_base', 'nowhere', '../x', '', '/etc'))}"]
        if self.odd():
            lines += [
                self.pick(
                    ("names: x", "layers: [relu]", "input: [3, 8]", "---", "%YAML 1.2", "? a", "a: b: c", "\ufeff")
                )
            ]
        return lines

    def document(self) -> str:
        params = self.params()
        blocks = self.declarations()
        layers = ["layers:", *self.body("  ")]
        if self.values and not self.odd():  # all are read
            layers.append(f"  - relu if {' + '.join(self.values)} > 0")
        sizes = self.pick(INPUTS if not self.odd() else ODD_INPUTS)
        if self.pick((False, False, False, True)):
            other = self.pick(INPUTS) if self.odd() else sizes
            sizes = f"{{left: {sizes}, right: {other}}}"
            layers.insert(1, f"  - {self.pick(('add', 'multiply', 'concat'))}: [from(left), from(right)]")
        shape = f"input: {sizes}"
        parts = [["name: A network"], [shape], params, blocks, layers, self.rest()]
        if self.odd():
            parts = self.draw(st.permutations(parts))
        return "".join(f"{line}\n" for part in parts for line in part)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document, more or less wild."""
    return Writer(draw, draw(st.sampled_from((0, 0, 0, 1, 1, 4, 20)))).document()
