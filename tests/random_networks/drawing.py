"""Random networks: a seed gives a tree. Of shapes it knows about as much as an author does who is in a hurry."""

from __future__ import annotations

import re
from random import Random

from .blocks import Blocks
from .steps import NEW_WORDS, Steps
from .tree import Block, Branch, Call, Chain, Item, Merge, Parenthesis, Tree, Unit, branch, call, meeting

SPOILT = 0.2  # of the networks have a number or a word changed
PART = re.compile(r"(?<![\w.])[0-9]+(?![\w.])|\b[a-z_]+\b|[=!]=")
OPPOSITES = (("same", "half"), ("full", "valid"), ("true", "false"), ("channels", "in_channels"), ("==", "!="))
OTHER = {one: other for pair in OPPOSITES for one, other in (pair, pair[::-1])}


class Drawing(Blocks):
    """Draws one network: params, blocks, and layers as stages that halve, keep or enlarge the map."""

    def tree(self) -> Tree:
        r = self.rng
        sizes = {1: (9, 40), 2: (7, 20), 3: (5, 9)}[self.axes]
        same = r.randint(*sizes)
        self.sizes = [same if self.chance(0.5) else r.randint(*sizes) for _ in range(self.axes)]
        self.first = self.sizes
        self.draw_params()
        channels = r.choice((1, 2, 3, 4))
        first, *others = (str(size) for size in self.sizes)
        input = (str(channels), f"width + {first} - width", *others)  # so that `width` is always read
        for _ in range(r.randint(1, 3)):
            self.draw_block()
        self.at_top = True
        layers = [*self.stem(), *(chain for _ in range(r.randint(1, 3)) for chain in self.stage()), *self.head()]
        tree = Tree(input, self.params, tuple(self.blocks), tuple(layers), {})
        params = read_params(tree)
        settings = {"width": str(r.choice((4, 8, 12)))} if "width" in params and self.chance(0.15) else {}
        turned = (channels, *(size + r.choice((-1, 1, 2, 4)) for size in self.first)) if self.chance(0.1) else ()
        tree = tree._replace(params=params, settings=settings, turned=tuple(map(str, turned)))
        return spoilt(tree, r) if self.chance(SPOILT) else tree

    def draw_params(self) -> None:
        r = self.rng
        self.params["width"] = r.choice(("4", "8", "8", "12", "16"))
        for name, text in (
            ("depth", str(r.randint(0, 3))),
            ("double", "2 * width"),
            ("depths", f"[{r.randint(1, 2)}, {r.randint(1, 3)}]"),
            ("wide", r.choice(("true", "false"))),
            ("ratio", r.choice(("0.5", "0.75", "2", "1.5"))),
            ("act", r.choice(("relu", "silu", "tanh"))),
        ):
            if self.chance(0.4):
                self.params[name] = text

    # the parts of the layers

    def stem(self) -> list[Chain]:
        out = self.width()
        if self.chance(0.3):
            items, self.sizes = self.steps.wild(self.sizes, out)
        elif self.chance(0.5):
            items = self.steps.halve(out)
            self.halve_sizes()
        else:
            items = self.steps.keep(out)
        return [Chain((*items, *self.steps.new(), self.steps.plain()))]

    def halve_sizes(self) -> None:
        self.sizes = [(size + 1) // 2 for size in self.sizes]
        self.names.clear()

    def stage(self) -> list[Chain]:
        """A few items after one another, as a network's stage."""
        out = self.width()
        draw = self.rng.choice(
            [self.keeping_stage] * 5
            + [self.halving_stage] * 4
            + [self.wild_stage] * 2
            + [self.hourglass, self.line_stage, self.reusing_stage, self.reading_inside, self.heads, self.unpooling]
            + [self.weighing_stage]
        )
        return draw(out)

    def keeping_stage(self, out: str) -> list[Chain]:
        return list(self.body(out, depth=self.rng.randint(1, 2)))

    def halving_stage(self, out: str) -> list[Chain]:
        strided = [made for made in self.made if made.strided]
        if strided and self.chance(0.5):
            made = self.rng.choice(strided)
            item = made.called(out, "2")
            if self.chance(0.4):  # only the first round halves
                item = made.called(out, "2 if index == 0 else 1")._replace(times=self.rng.choice(("2", "3")))
            chains = [Chain((item,))]
        elif self.chance(0.5):
            word = self.rng.choice(("add", "concat", "add", "multiply"))
            ends = [branch(*self.steps.halve(out)) for _ in range(self.rng.randint(2, 3))]
            chains = [meeting(word, self.labelled(ends))]
        else:
            chains = [Chain((*self.steps.halve(out), self.steps.plain()))]
        self.halve_sizes()
        return [*chains, *self.body("channels", depth=1)] if self.chance(0.5) else chains

    def wild_stage(self, out: str) -> list[Chain]:
        items: list[Item] = []
        for _ in range(self.rng.randint(1, 2)):
            more, sizes = self.steps.wild(self.sizes, out)
            items += more
            self.sizes = [max(1, min(size, 60)) for size in sizes]
        self.names.clear()
        return [Chain(tuple(items))]

    def hourglass(self, out: str) -> list[Chain]:
        """Down and up again, with what was there on the way taken up by its name."""
        chains, levels = [], []
        by_name = self.chance(0.5)  # the sizes are taken from the way down, whatever they are
        halvings = (n for n in range(3) if any(size % 2 ** (n + 1) for size in self.sizes))
        deepest = 2 if by_name else next(halvings, 2)
        if deepest == 0 and self.chance(0.8):  # an odd size does not come back
            return self.keeping_stage(out)
        self.names.clear()
        for _ in range(max(deepest, 1)):
            name = self.fresh()
            levels.append(name)
            chains.append(Chain(tuple(self.steps.keep(out)), name))
            chains.append(Chain(tuple(self.steps.halve("channels"))))
        chains += self.body("channels", depth=1)
        for name in reversed(levels):
            up = self.rng.choice((call("upsample", 2), call("transposed_conv", out, 2, stride=2)))
            after = Call("transposed_conv", (out, "3"), (("stride", "2"), ("padding", "1")))
            up = Item(after) if self.chance(0.05) else up
            if by_name:
                chains += [Chain((*self.enlarged(name), call("conv", out, 1)))]
                up = call("identity")
            ends = [branch(call("from", name)), branch(up)]
            if self.joining and self.chance(0.5):
                chains += [Chain((up,)), Chain((self.rng.choice(self.joining)(name),))]
            else:
                chains.append(meeting(self.rng.choice(("add", "concat")), self.labelled(ends)))
            chains.append(Chain((call("conv", out, 1),)))
        self.names.clear()
        return chains

    def enlarged(self, name: str) -> list[Item]:
        """A map as large as an earlier one."""
        modes = ["nearest", "linear", "area", *(["bicubic"] if self.axes == 2 else [])]
        ways = [
            [call("upsample", like=name, mode=self.rng.choice(modes))],
            [call("upsample", 3), call("crop", like=name)],
            [call("pad", like=name, value=0.5)],
            [call("crop", like=name)] if self.chance(0.1) else [call("upsample", like=name)],
        ]
        return self.rng.choice(ways)

    def unpooling(self, out: str) -> list[Chain]:
        """A max pool, and its elements put back where they were."""
        name = self.fresh()
        pool = self.rng.choice(
            (call("max_pool", 2), call("max_pool", 2, ceil="true"), call("max_pool", 3, stride=2, padding=1))
        )
        before, between = self.steps.keep(out), [self.steps.plain(), *self.steps.keep("channels")]
        more = [call("conv", f"{out} + 1", 1)] if self.chance(0.05) else []
        return [
            Chain(tuple(before)),
            Chain((pool,), name),
            Chain((*between, *more)),
            Chain((call("max_unpool", name),)),
        ]

    def line_stage(self, out: str) -> list[Chain]:
        """Two outputs that meet by their names."""
        both, one, other = self.fresh(), self.fresh(), self.fresh()
        words = ("stack",) if all(block.name != "stack" for block in self.blocks) else ()
        word = self.rng.choice(("add", "concat", "multiply", *words, *NEW_WORDS))
        start = call("from", both)
        chains = [Chain(tuple(self.steps.keep(out)), both), Chain((start, *self.steps.keep("channels")), one)]
        gate = (
            [call("global_avg_pool")]
            if word not in ("concat", "stack") and self.chance(0.3)
            else self.steps.keep("channels")
        )
        chains.append(Chain((start, *gate), other))
        self.names.clear()
        if word == "stack":  # an output of its own, which has an axis more
            axis = {"axis": self.rng.choice(("0", "1", "-1"))} if self.chance(0.7) else {}
            end = branch(call(word, one, other, **axis), call("flatten"), call("linear", 4))
            return [*chains, meeting("outputs", (end._replace(label=self.fresh()),))]
        return [*chains, Chain((call(word, one, other), *([call("conv", out, 1)] if word == "concat" else [])))]

    def weighing_stage(self, out: str) -> list[Chain]:
        """Products of a map with itself, as in attention, after the addition of learned numbers."""
        before, learned, both, scores = (self.fresh() for _ in range(4))
        shape = self.rng.choice(("channels", "channels", "1", "width"))
        how = self.rng.choice(("second", "second", "second", "first", "none"))
        self.names.clear()
        kind = self.rng.choice(("relative_position_bias", "continuous_position_bias"))
        table = branch(call(kind, self.rng.randint(1, 3), self.rng.choice(("[2]", "[2, 3]"))), call("flatten"))
        tables = [meeting("outputs", (table._replace(label=self.fresh()),))] if self.chance(0.5) else []
        return [
            *tables,
            Chain(tuple(self.steps.keep(out)), before),
            Chain((call("learned", f"[{', '.join((shape, *'1' * self.axes))}]"),), learned),
            Chain((call(self.rng.choice(("add", "multiply")), before, learned),), both),
            Chain((call("matmul", both, before, transpose=how), call("softmax", over=-1)), scores),
            Chain((call("matmul", scores, both), *self.attending(both, before))),
        ]

    def attending(self, query: str, other: str) -> list[Item]:
        """Attention to an earlier output, of a sequence."""
        if self.axes != 1 and self.chance(0.98):
            return []
        heads = self.rng.choice((1, 2, 2, 4, 3))
        memory = {"memory": other} if self.chance(0.5) else {}
        some = call("multi_head_attention", heads, **memory, **({"bias": "false"} if self.chance(0.3) else {}))
        return [some, call("attention", query, other, other, heads=heads)][: self.rng.choice((1, 2))]

    def reusing_stage(self, out: str) -> list[Chain]:
        """A layer or a block whose weights are applied again, twice at most, behind something else."""
        name = self.fresh()
        if self.made and self.chance(0.5):
            item = self.rng.choice(self.made).called("channels", "1")
        else:
            item = self.rng.choice(
                (call("conv", "channels", 3, padding="half"), call("separable_conv", 8, 3, padding=1))
            )
        again = call("reuse", name)._replace(
            times=self.rng.choice(("", "", "", "2", "depth" if "depth" in self.params else ""))
        )
        between = [self.steps.halve("channels")[0]] if self.chance(0.2) else [self.steps.plain()]
        last = [again, self.steps.plain(), again] if self.chance(0.3) else [again]
        self.names.clear()
        return [Chain((*self.steps.keep(out),)), Chain((item,), name), Chain((*between, *last))]

    def reading_inside(self, out: str) -> list[Chain]:
        """A block's call with a name, through which an output inside is read."""
        if not self.inner:
            return self.keeping_stage(out)
        name = self.fresh()
        called, inside = self.rng.choice(self.inner)
        ends = [branch(call("from", f"{name}.{inside}")), branch(call("identity"))]
        return [Chain((called(out),), name), meeting("concat", self.labelled(ends))]

    def heads(self, out: str) -> list[Chain]:
        """Outputs on the way."""
        ends = []
        for _ in range(self.rng.randint(1, 2)):
            items = self.flat_end() if self.chance(0.6) else self.steps.keep(out)
            ends.append(branch(*items)._replace(label=self.fresh()))
        return [meeting("outputs", tuple(ends))]

    def flat_end(self) -> list[Item]:
        pools = [call("global_avg_pool"), call("global_max_pool"), call("adaptive_avg_pool", self.rng.randint(1, 3))]
        sizes = self.steps.listed(self.steps.each(1, 2, 3))
        pools.append(call("adaptive_avg_pool", sizes))
        pools.append(call(self.rng.choice(("adaptive_avg_pool", "adaptive_max_pool")), self.steps.kept_sizes()))
        classes = self.number(self.rng.randint(1, 10))
        hidden = [call("linear", 8, **self.steps.bias({})), self.flat_plain()] if self.chance(0.4) else []
        last = [call("softmax")] if self.chance(0.4) else []
        flat = call("reshape", "[rest]") if self.chance(0.2) else call("flatten")
        return [self.rng.choice(pools), flat, *hidden, call("linear", classes), *last]

    def flat_plain(self) -> Item:
        kinds = ("batch_norm", "layer_norm", "relu", "prelu", "scale", "dropout", "gelu")
        return call(self.rng.choice(kinds))

    def head(self) -> list[Chain]:
        r = self.rng
        if self.chance(0.15):
            return self.heads("8")
        if self.chance(0.4):
            return []
        if self.chance(0.15):
            return [Chain((call("flatten"), call("linear", r.randint(1, 10))))]
        if self.chance(0.2):
            shape: list[object] = [2, 4] if self.axes == 1 else [4, 1, 2]
            if self.chance(0.5):
                shape[self.rng.randrange(len(shape))] = "rest"
            wanted = "8" if self.chance(0.9) else "9"
            return [
                Chain(
                    (*self.flat_end()[:2], call("linear", wanted), call("reshape", f"[{', '.join(map(str, shape))}]"))
                )
            ]
        if self.chance(0.08):  # what an author forgets: what is flat, and what is not
            return [Chain((self.rng.choice((call("linear", 3), call("pixel_shuffle", 1))),))]
        if self.chance(0.04):
            return [Chain((call("flatten"), self.rng.choice((call("conv", 4, 1), call("max_pool", 1), call("scale")))))]
        return [Chain(tuple(self.flat_end()))]


def drawn(seed: int) -> Tree:
    """The network of a seed."""
    rng = Random(f"network {seed}")
    return with_inputs(Drawing(rng, Steps(rng, rng.choice((1, 2, 2, 2, 3)))).tree(), Random(f"inputs {seed}"))


def with_inputs(tree: Tree, rng: Random) -> Tree:
    """The tree with two or three inputs in place of its one, now and then; they meet before its first layer."""
    names = ("left", "right", "other")[: rng.choice((2, 2, 3))]
    words = set(re.findall(r"\w+", str([tree.params, tree.blocks, tree.layers])))
    if rng.random() > 0.15 or words & {"input", "in_channels", *names}:
        return tree
    steps = Steps(rng, len(tree.input) - 1)
    branches = tuple(
        Branch((Chain((call("from", name), *(steps.keep() if rng.random() < 0.5 else ()))),)) for name in names
    )
    first = Chain((Item(Merge(rng.choice(("add", "add", "multiply", "concat")), branches)),))
    return tree._replace(names=names, layers=(first, *tree.layers))


def read_params(tree: Tree) -> dict[str, str]:
    """The params that something reads; cnncalc refuses the others."""
    params = dict(tree.params)
    while True:
        words = set(re.findall(r"\w+", str(tree._replace(params={}))))
        words |= set(re.findall(r"[a-z]\w+", str(list(params.values()))))
        if all(name in words for name in params):
            return params
        params = {name: text for name, text in params.items() if name in words}


# a number or a word changed


def spoilt(tree: Tree, rng: Random) -> Tree:
    """The tree with one number or word in it changed; the network may be the better for it."""
    counter = Spoiler(-1, rng)
    counter.tree(tree)
    return Spoiler(rng.randrange(counter.at), rng).tree(tree)


class Spoiler:
    """Copies a tree, and changes the number or word that comes as number `target`."""

    def __init__(self, target: int, rng: Random) -> None:
        self.target = target
        self.rng = rng
        self.at = 0

    def text(self, text: str) -> str:
        return PART.sub(lambda found: self.part(found[0]), text)

    def part(self, text: str) -> str:
        if not text.isdigit() and text not in OTHER:
            return text
        self.at += 1
        if self.at - 1 != self.target:
            return text
        if text in OTHER:
            return OTHER[text]
        return str(self.rng.choice((int(text) + 1, int(text) + 1, max(1, int(text) - 1), int(text) + 2)))

    def tree(self, tree: Tree) -> Tree:
        params = {name: self.text(text) for name, text in tree.params.items()}
        blocks = tuple(
            Block(
                block.name,
                tuple((name, self.text(default)) for name, default in block.parameters),
                self.body(block.body),
            )
            for block in tree.blocks
        )
        return tree._replace(
            input=tuple(map(self.text, tree.input)), params=params, blocks=blocks, layers=self.body(tree.layers)
        )

    def body(self, chains: tuple[Chain, ...]) -> tuple[Chain, ...]:
        return tuple(Chain(tuple(map(self.item, chain.items)), chain.name) for chain in chains)

    def item(self, item: Item) -> Item:
        otherwise = self.unit(item.otherwise) if item.otherwise else None
        return Item(self.unit(item.unit), self.text(item.times), self.text(item.condition), otherwise)

    def unit(self, unit: Unit) -> Unit:
        if isinstance(unit, Parenthesis):
            return Parenthesis(self.body((unit.chain,))[0])
        if isinstance(unit, Merge):
            return Merge(unit.word, tuple(map(self.branch, unit.branches)))
        if unit.kind == "layer_norm":  # whose `channels` is no number
            return unit
        named = tuple((name, self.text(value)) for name, value in unit.named)
        return Call(unit.kind, tuple(map(self.text, unit.args)), named)

    def branch(self, one: Branch) -> Branch:
        return Branch(self.body(one.body), one.label, self.text(one.condition))
