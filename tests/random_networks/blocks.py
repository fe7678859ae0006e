"""Blocks of random networks: forms that authors know, their insides drawn, some of them calling others."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from .building import ALWAYS
from .steps import NEW_WORDS, Steps
from .tree import Block, Branch, Call, Chain, Item, Parenthesis, branch, call, meeting

NAMES = (
    "unit", "cell", "stack", "mix", "body", "early", "late", "trunk", "part", "tap", "left", "right", "inside", "low",
    "high", "mid", "deep", "flat", "near", "far", "twin", "core", "edge", "root", "leaf", "stem", "top", "base",
)  # fmt: skip


class Made(NamedTuple):
    """A block that is there: how it is called for so many channels and with a stride."""

    called: Callable[[str, str], Item]
    strided: bool


def as_one(items: list[Item]) -> Item:
    """Several items as one."""
    return items[0] if len(items) == 1 else Item(Parenthesis(Chain(tuple(items))))


class Blocks:
    """What the layers and the blocks are drawn from."""

    def __init__(self, rng: Random, steps: Steps) -> None:
        self.rng = rng
        self.steps = steps
        self.axes = steps.axes
        self.sizes: list[int] = []
        self.params: dict[str, str] = {}
        self.blocks: list[Block] = []
        self.made: list[Made] = []
        self.joining: list[Callable[[str], Item]] = []  # blocks that take an output
        self.inner: list[tuple[Callable[[str], Item], str]] = []  # blocks with an output that has a name
        self.names: list[str] = []  # outputs that have the sizes of what flows
        self.given = 0
        self.at_top = False

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def fresh(self) -> str:
        """A name that no other block or output has."""
        self.given += 1
        round, at = divmod(self.given - 1, len(NAMES))
        return NAMES[at] + "_" * round

    def number(self, value: int) -> str:
        """A number, or an expression in params that comes to it."""
        values: dict[str, object] = {}
        for name, text in self.params.items():
            values[name] = eval(text, ALWAYS, values)
        width = eval(self.params["width"])
        ways = [str(value)] * 3 + [f"max({value}, 1)", f"[{value + 1}, {value}][1]", f"({value} if width > 1 else 2)"]
        ways += [f"({value // width} * width)"] if value % width == 0 else []
        ways += [f"(width // {width // value})"] if width % value == 0 else []
        ways += [f"(width + {value - width})"] if value > width else [f"({value} - width + width)"]
        ways += [f"divisible({value}, 4)"] if value % 4 == 0 else []
        ways += ["(double // 2 + 1 - 1)"] if "double" in values and value == width else []
        ways += [f"(min({value}, 2 ** 9) - 0 * depth % 7)"] if "depth" in values else []
        return self.rng.choice(ways)

    def width(self) -> str:
        """Channels, often as an expression whose value does not matter as long as all branches have the same."""
        ways = [self.number(self.rng.choice((4, 8, 8, 12, 16, 24)))] * 6
        ways += [
            "floor(width / 3) * 4 + 4",
            "(width ** 2 // 16 + 4)",
            "2 * max(width, 6) - 4",
            "divisible(width * 0.9, 4)",
        ]
        ways += ["4 * ceil(width * ratio / 4)", "divisible(width * ratio, 4)", "2 * round(width * ratio / 2)"] * (
            "ratio" in self.params
        )
        ways += ["(width if wide else 2 * width)", "[4, 8][0 if wide else 1]"] * ("wide" in self.params)
        ways += ["4 * depths[1]", "8 * depths[0]"] * ("depths" in self.params)
        return self.rng.choice(ways)

    def condition(self) -> str:
        """A condition on the params."""
        ways = ["width > 4", "width % 8 == 0", "width // 4 <= 2 or width == 16"]
        ways += ["wide", "not wide", "wide and width != 8"] if "wide" in self.params else []
        ways += ["depth >= 2", "1 < depth + 1"] if "depth" in self.params else []
        return self.rng.choice(ways)

    def count(self) -> str:
        ways = [str(self.rng.choice((2, 2, 3, 1)))] * 3
        ways += ["depth"] if "depth" in self.params else []
        ways += ["depths[0]", "depths[-1]", "max(depths[0], depths[1])"] if "depths" in self.params else []
        return self.rng.choice(ways)

    # what keeps the sizes, and comes to `out` channels

    def body(self, out: str, *, depth: int) -> tuple[Chain, ...]:
        """Items one below another."""
        outer, chains = len(self.names), []
        for _ in range(self.rng.randint(0, 2)):
            chain = self.inner_chain("channels" if self.chance(0.5) else out, depth=depth)
            if self.chance(0.25):
                name = self.fresh()
                chain = chain._replace(name=name)
                self.names.append(name)
            chains.append(chain)
        chains.append(self.inner_chain(out, depth=depth))
        del self.names[outer if not self.at_top or depth < 2 else len(self.names) :]
        return tuple(chains)

    def inner_chain(self, out: str, *, depth: int) -> Chain:
        if depth > 0 and self.chance(0.4):
            return self.merged(out, depth=depth)
        return Chain(tuple(self.items(out)))

    def items(self, out: str) -> list[Item]:
        """A chain of layers; among them repeats, conditions, blocks."""
        if self.made and self.chance(0.3):
            item = self.rng.choice(self.made).called(out, "1")
            if self.chance(0.3):
                item = item._replace(times=self.count() if out == "channels" else self.rng.choice(("1", "2")))
            return [item, *self.plains(1)]
        items = [*self.plains(1), *self.steps.keep(out), *self.plains(2)]
        if self.chance(0.1) and out != "channels":
            items.insert(0, self.growing())
        if self.chance(0.2):
            items.append(self.repeated())
        if self.chance(0.2):
            items.append(self.conditional())
        if self.chance(0.08):
            items = [Item(Parenthesis(Chain(tuple(items), self.fresh() if self.chance(0.5) else "")))]
        return items

    def plains(self, most: int) -> list[Item]:
        return [self.steps.plain() for _ in range(self.rng.randint(0, most))]

    def repeated(self) -> Item:
        """Rounds of a parenthesis or a layer, some of which count themselves."""
        count = self.count()
        if self.chance(0.3):
            return call("conv", "channels", "3 if index == 0 else 1", padding="half")._replace(times=count)
        inside = self.rng.choice((self.steps.keep("channels"), [self.steps.plain(), self.steps.plain()]))
        if self.chance(0.3):
            odd = self.steps.plain()._replace(condition="index % 2 == 1")
            inside = [*inside, odd]
        if self.chance(0.15):
            rounds = call("conv", "channels", "2 * index + 1", padding="half")._replace(times="index + 1")
            inside = [*inside, rounds, self.steps.plain()._replace(times="index")]
        return Item(Parenthesis(Chain(tuple(inside))), count)

    def growing(self) -> Item:
        """Rounds each of which has more channels than the one before."""
        conv = call("conv", f"{self.rng.choice((4, 6))} * (index + 1)", 1)
        return Item(Parenthesis(Chain((conv, *self.plains(1), self.steps.activation()))), self.count())

    def conditional(self) -> Item:
        item = self.rng.choice((self.steps.plain(), as_one(self.steps.keep())))
        otherwise = self.steps.plain().unit if self.chance(0.5) else None
        return item._replace(condition=self.condition(), otherwise=otherwise)

    def labelled(self, ends: list[Branch]) -> tuple[Branch, ...]:
        """Branches with labels, as a list where they can be and chance will have it."""
        if self.chance(0.3) and not any(end.condition for end in ends):
            return tuple(ends)
        labels = self.rng.choice((("a", "b", "c", "d"), ("1x1", "3x3", "pool", "proj"), ("x", "y", "z", "on")))
        return tuple(end._replace(label=label) for end, label in zip(ends, labels, strict=False))

    def merged(self, out: str, *, depth: int) -> Chain:
        """Branches that meet."""
        word = self.rng.choice(("add", "add", "concat", "concat", "multiply", self.rng.choice(NEW_WORDS)))
        if out == "channels" and word == "concat" and self.chance(0.9):
            word = "add"
        ends = [Branch(self.body(out, depth=depth - 1)) for _ in range(self.rng.randint(1, 2))]
        if word == "multiply":
            gate = [call("global_avg_pool"), call("conv", out, 1), call("sigmoid")]
            ends.append(branch(*gate))
        elif self.chance(0.4):
            ends.append(branch(call("identity"), condition=f"channels == {out}" if out != "channels" else ""))
        elif out != "channels" and self.chance(0.3):
            shortcut = call("conv", out, 1)._replace(condition=f"channels != {out}")
            ends.append(branch(shortcut))
        else:
            ends.append(branch(*self.items(out)))
        if self.chance(0.2):
            ends.append(branch(*self.steps.keep(out), condition=self.condition()))
        elif self.names and self.chance(0.5):
            way = [call("from", self.rng.choice(self.names)), call("conv", out, 1)]
            if out != "channels" or self.chance(0.2):
                ends.append(branch(*way))
        if word in ("subtract", "divide") and not self.chance(0.1):
            ends = ends[-2:]
        condition = self.condition() if out == "channels" and word == "add" and self.chance(0.1) else ""
        return meeting(word, self.labelled(ends), condition)

    # the forms of blocks

    def draw_block(self) -> None:
        draw = self.rng.choice(
            [self.plain_block] * 2 + [self.any_block] * 2
            + [self.residual, self.bottleneck, self.dense, self.inception, self.split, self.gate, self.fractal]
            + [self.skip, self.named_inside, self.twins, self.own_activation]
        )  # fmt: skip
        draw(self.fresh())
        self.names.clear()

    def declare(self, name: str, parameters: list[tuple[str, str]], *chains: Chain, strided: bool = False) -> None:
        """Declare a block whose first parameter is `out`, and which has a `stride` where it is strided."""
        self.blocks.append(Block(name, tuple(parameters), chains))
        places = [parameter for parameter, _ in parameters]

        def called(out: str, stride: str) -> Item:
            if not strided or (stride == "1" and self.chance(0.7)):
                return call(name, out) if self.chance(0.8) else call(name, out=out)
            if self.chance(0.5) and places[1] == "stride":
                return call(name, out, stride)
            return call(name, out, stride=stride)

        self.made.append(Made(called, strided))

    def plain_block(self, name: str) -> None:
        conv = call("conv", "out", "kernel", "stride", padding=self.rng.choice(("half", "same")), bias="false")
        chain = Chain((conv, self.steps.norm(), self.steps.activation()))
        kernel = ("kernel", self.rng.choice(("3", "1", "5", "3 if out > 4 else 1")))
        self.declare(name, [("out", ""), kernel, ("stride", "1")], chain, strided=True)

    def residual(self, name: str) -> None:
        first = self.rng.choice([made.called for made in self.made if made.strided] or [self.plain_way])
        body = branch(first("out", "stride"), self.steps.activation(), *self.steps.keep("out"))
        way = call("conv", "out", 1, "stride")
        if self.chance(0.5):
            shortcut = branch(way._replace(condition="stride != 1 or in_channels != out"))
        else:
            shortcut = branch(way, condition="stride != 1 or in_channels != out")
        ends = [body, shortcut]
        if self.chance(0.3):
            ends.append(branch(call("identity"), condition="stride == 1 and in_channels == out"))
        chains = [meeting("add", self.labelled(ends)), Chain((self.steps.activation(),))]
        self.declare(name, [("out", ""), ("stride", "1")], *chains, strided=True)

    def plain_way(self, out: str, stride: str) -> Item:
        return call("conv", out, 3, stride=stride, padding=1)

    def bottleneck(self, name: str) -> None:
        """Narrow or wide inside, by a default that counts."""
        hidden = self.rng.choice(
            ("max(1, in_channels // 2)", "in_channels * factor", "2 * out", "divisible(out / 2, 2)")
        )
        parameters = [("out", ""), ("stride", "1"), ("factor", "2"), ("hidden", hidden)]
        middle = [call("depthwise_conv", 3, "stride", "half")]
        if self.chance(0.5):
            middle = [call("conv", "hidden", 3, stride="stride", padding=1, groups="hidden")]
        inner = (call("conv", "hidden", 1), self.steps.activation(), *middle, *self.plains(1), call("conv", "out", 1))
        body = branch(*inner)
        identity = branch(call("identity"), condition="stride == 1 and in_channels == out")
        if "factor" not in hidden:
            parameters.pop(2)
        self.declare(name, parameters, meeting("add", self.labelled([body, identity])), strided=True)

    def any_block(self, name: str) -> None:
        """Whatever comes."""
        parameters = [("out", "")]
        chains = list(self.body("out", depth=2))
        if self.chance(0.4):
            parameters.append(("kind", self.rng.choice(("relu", "silu", "mish"))))
            chains.append(Chain((call("activation", "kind"),)))
        if self.chance(0.4):
            parameters.append(("normal", self.rng.choice(("true", "false", "out > 8"))))
            chains.append(Chain((self.steps.norm()._replace(condition="normal"),)))
        if self.chance(0.3):
            parameters.append(("rounds", "out // 4"))
            chains.append(Chain((self.steps.plain()._replace(times="rounds"),)))
        if self.chance(0.3):
            parameters.append(("way", self.rng.choice(("same", "half"))))
            parameters.append(("window", "3" if self.axes != 2 else self.rng.choice(("3", "[3, 1]", "[1, 5]"))))
            chains.append(Chain((call("conv", "channels", "window", padding="way", groups="channels"),)))
        if self.chance(0.2):  # in the place of the file's
            parameters.append(("width", self.rng.choice(("4", "2 * out", "in_channels"))))
            chains += [Chain((call("conv", "width", 1),)), Chain((call("conv", "out", 1),))]
        if self.chance(0.2):
            chains.append(self.against_input())
        self.declare(name, parameters, *chains)

    def against_input(self) -> Chain:
        """What flows here beside what flowed into the block."""
        start = call("from", "input")
        ends = [branch(call("identity")), branch(start, call("conv", "out", 1))]
        return meeting("add", self.labelled(ends))

    def own_activation(self, name: str) -> None:
        """A block in the place of a kind that is built in."""
        chain = Chain((call("relu6"), call("scale", 0.5), self.steps.norm()))
        if not any(block.name == "mish" for block in self.blocks):
            self.blocks.append(Block("mish", (), (chain,)))

    def twins(self, name: str) -> None:
        """Branches that share their weights."""
        shared = self.fresh()
        one = Branch(
            (Chain((call("conv", "out", 3, padding=1),), shared), Chain(tuple(self.plains(2)) or (call("relu"),)))
        )
        other = branch(*self.plains(1), call("reuse", shared))
        self.declare(name, [("out", "")], meeting("add", self.labelled([one, other])))

    def dense(self, name: str) -> None:
        ends = [branch(call("identity")), branch(*self.steps.keep("growth"))]
        chain = meeting("concat", self.labelled(ends))
        rest = Chain((*self.plains(1), *self.steps.keep("out")))
        parameters = [("out", ""), ("growth", self.rng.choice(("4", "max(2, out // 2)")))]
        self.declare(name, parameters, chain, *([chain] if self.chance(0.5) else []), rest)

    def inception(self, name: str) -> None:
        part = self.rng.choice(("out", "2 * out", "max(1, out // 2)"))
        ends = [branch(*self.items(text)) for text in ("out", part)]
        pool = (self.steps.small_pool(), call("conv", part, 1))
        merge = meeting("concat", self.labelled([*ends, branch(*pool)]))
        self.declare(name, [("out", "")], merge, Chain((call("conv", "out", 1),)))

    def gate(self, name: str) -> None:
        squeeze = self.rng.choice(("max(1, channels // 4)", "ceil(channels / 3)", "out"))
        gate = (call("global_avg_pool"), call("conv", squeeze, 1), call("relu"), call("conv", "out", 1))
        ends = [branch(call("identity")), branch(*gate, call("hard_sigmoid"))]
        chains = Chain(tuple(self.steps.keep("out"))), meeting("multiply", self.labelled(ends))
        self.declare(name, [("out", "")], *chains)

    def split(self, name: str) -> None:
        """The channels in two parts, one of which goes another way, and shuffled."""
        parts = self.rng.choice(("2", "[channels // 2, channels - channels // 2]", "[1, channels - 1]"))
        one, other = call("channel_split", parts, 0), call("channel_split", parts=parts, take=1)
        ends = [branch(one), branch(other, *self.steps.keep())]
        shuffle = Chain((call("channel_shuffle", self.rng.choice(("2", "channels"))),))
        chains = (Chain((call("conv", "out", 1),)), meeting("concat", self.labelled(ends)), shuffle)
        self.declare(name, [("out", "")], *chains)

    def skip(self, name: str) -> None:
        """A block that takes up an output that its caller hands to it."""
        ends = [
            branch(call("from", "other")),
            branch(*(self.plains(2) or [call("identity")])),
        ]
        chains = (meeting("concat", self.labelled(ends)), Chain(tuple(self.steps.keep("channels"))))
        self.blocks.append(Block(name, (("other", ""),), chains))
        self.joining.append(lambda output: Item(Call(name, (output,))))

    def fractal(self, name: str) -> None:
        """A block that calls itself."""
        short = branch(*self.steps.keep("out"))
        deeper = call(name, "out", "levels - 1")
        long = branch(deeper, deeper) if self.chance(0.5) else branch(deeper)
        merge = meeting("add", self.labelled([short, long]), "levels > 1")
        base = Parenthesis(Chain(tuple(self.steps.keep("out"))))
        first = Chain((Item(base, condition="levels == 1"),))
        self.declare(name, [("out", ""), ("levels", self.rng.choice(("2", "3")))], first, merge)

    def named_inside(self, name: str) -> None:
        inside = self.fresh()
        chains = (Chain(tuple(self.steps.keep("out")), inside), Chain(tuple(self.items("out"))))
        self.declare(name, [("out", "")], *chains)
        called = self.made[-1].called
        self.inner.append((lambda out: called(out, "1"), inside))
