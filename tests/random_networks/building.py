"""A tree built in PyTorch, layer by layer as what flows in is known, and run. Of cnncalc nothing is used."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any, NamedTuple

from cnncalc.layers.structure import MERGES

from .kinds import PLAIN, Kinds, Refused, TooLarge
from .tree import Block, Call, Chain, Item, Merge, Parenthesis, Tree, Unit

WORDS = (
    *("valid", "half", "same", "full", "all", "nearest", "linear", "bilinear", "trilinear"),
    *("channel", "position", "element", "none", "rest", "zeros", "reflect", "replicate", "circular"),
    *("bicubic", "area", "tanh", "first", "second"),
)
ACTIVATIONS = (*PLAIN, "gelu", "leaky_relu", "prelu", "elu")

Shape = tuple[int, ...]


class Ran(NamedTuple):
    """A layer that ran."""

    kind: str
    output: Shape
    parameters: int
    macs: int


class Result(NamedTuple):
    """What PyTorch makes of a network: the layers in order, the shapes that come out; or why there is none.

    The first output is the network's own, "" where it has no name.
    `refusal` is "torch" where PyTorch refuses, else a reason in `kinds.LANGUAGE`; `asked_otherwise` counts those in
    `kinds.PYTORCH`.
    """

    layers: list[Ran]
    outputs: dict[str, Shape]
    refusal: str
    message: str
    asked_otherwise: Counter[str]


@dataclass
class Output:
    """A named output: the tensor, and what must be known to apply the layer or the block again."""

    tensor: Any
    made_by: Call | None = None
    values: tuple[list[Any], dict[str, Any]] = ([], {})
    first: int = 0
    last: int = 0
    inner: dict[str, Output] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Output:
        return self.inner[name]


@dataclass
class Frame:
    """One run of a block, or of the layers."""

    names: dict[str, Any]  # params, then parameters, in one
    input: Any
    outputs: dict[str, Output] = field(default_factory=dict)
    index: int | None = None


def divisible(x: float, by: int) -> int:
    """`_make_divisible`, as MobileNet's code in torchvision has it."""
    nearest = max(by, int(x + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * x else nearest


ALWAYS: dict[str, Any] = {
    "__builtins__": {}, "true": True, "false": False, "min": min, "max": max, "round": round, "ceil": math.ceil,
    "floor": math.floor, "divisible": divisible, **{word: word for word in (*WORDS, *ACTIVATIONS)},
}  # fmt: skip


@cache
def compiled(text: str) -> CodeType:
    return compile(text, "expression", "eval")


class Builder:
    """Runs a network; `ran` grows, and beside it the modules of every layer."""

    def __init__(self, torch: Any, tree: Tree, device: str) -> None:
        self.torch = torch
        self.tree = tree
        self.kinds = Kinds(torch, device)
        self.blocks = {block.name: block for block in tree.blocks}
        self.params: dict[str, Any] = {}
        self.ran: list[Ran] = []
        self.modules: list[list[Any]] = []
        self.again: list[list[int]] = []  # for each `reuse` that runs, the layers whose weights it still has to apply
        self.outputs: dict[str, Shape] = {}

    def run(self) -> None:
        for name, text in {**self.tree.params, **self.tree.settings}.items():
            self.params[name] = eval(text, ALWAYS, self.params)
        sizes = [eval(text, ALWAYS, self.params) for text in self.tree.turned or self.tree.input]
        inputs = {
            name: Output(self.torch.zeros(1, *sizes, device=self.kinds.device)) for name in self.tree.names or ("",)
        }
        x = None if self.tree.names else inputs.pop("").tensor
        y = self.body(self.tree.layers, Frame(dict(self.params), x, inputs), x)
        last = self.tree.layers[-1].items[-1].unit
        ends = {"": tuple(y.shape[1:])}
        if isinstance(last, Merge) and last.word == "outputs":  # as the last item, its branches are what comes out
            ends = {branch.label: self.outputs[branch.label] for branch in last.branches}
        self.outputs = {**ends, **self.outputs}

    # expressions

    def value(self, text: str, frame: Frame, x: Any) -> Any:
        names = {**frame.outputs, **frame.names}
        if frame.input is not None:
            names |= {"input": Output(frame.input), "in_channels": frame.input.shape[1]}
        if frame.index is not None:
            names["index"] = frame.index
        if x is not None:
            names["channels"] = x.shape[1]
        found = eval(compiled(text), ALWAYS, names)
        return int(found) if isinstance(found, float) and found.is_integer() else found

    def arguments(self, call: Call, frame: Frame, x: Any) -> tuple[list[Any], dict[str, Any]]:
        return (
            [self.value(text, frame, x) for text in call.args],
            {name: self.value(text, frame, x) for name, text in call.named},
        )

    # structure

    def body(self, chains: tuple[Chain, ...], frame: Frame, x: Any) -> Any:
        for chain in chains:
            x = self.chain(chain, frame, x)
        return x

    def chain(self, chain: Chain, frame: Frame, x: Any) -> Any:
        made = Output(None)
        for item in chain.items:
            made = self.item(item, frame, x)
            x = made.tensor
        if chain.name:
            frame.outputs[chain.name] = made if len(chain.items) == 1 else Output(x)
        return x

    def item(self, item: Item, frame: Frame, x: Any) -> Output:
        if item.condition and not self.value(item.condition, frame, x):
            return self.unit(item.otherwise, frame, x) if item.otherwise else Output(x)
        if not item.times:
            return self.unit(item.unit, frame, x)
        made, outer = Output(x), frame.index
        for index in range(self.value(item.times, frame, x)):
            frame.index = index
            made = self.unit(item.unit, frame, made.tensor)
        frame.index = outer
        return made

    def unit(self, unit: Unit, frame: Frame, x: Any) -> Output:
        if isinstance(unit, Parenthesis):
            return Output(self.chain(unit.chain, frame, x))
        if isinstance(unit, Merge):
            return Output(self.merge(unit, frame, x))
        if unit.kind == "identity":
            return Output(x)
        args, named = self.arguments(unit, frame, x)
        if unit.kind == "from":
            return Output(args[0].tensor)
        if unit.kind in MERGES and unit.kind not in self.blocks:  # of named outputs, in a line
            return Output(self.record(unit.kind, self.kinds.meet(unit.kind, [made.tensor for made in args], **named)))
        if unit.kind == "reuse":
            return self.reuse(args[0], x)
        return self.call(unit, args, named, x)

    def call(self, call: Call, args: list[Any], named: dict[str, Any], x: Any) -> Output:
        """A block or a layer, with its arguments evaluated."""
        first = len(self.ran)
        if call.kind == "activation":
            call, args = Call(args[0]), []
        inner: dict[str, Output] = {}
        if call.kind in self.blocks:
            y, inner = self.block(self.blocks[call.kind], args, named, x)
        else:
            y = self.layer(call.kind, args, named, x)
        return Output(y, call, (args, named), first, len(self.ran), inner)

    def block(self, block: Block, args: list[Any], named: dict[str, Any], x: Any) -> tuple[Any, dict[str, Output]]:
        names = dict(self.params)
        frame = Frame(names, x)
        given = dict(zip((name for name, _ in block.parameters), args, strict=False)) | named
        for name, default in block.parameters:
            names[name] = given[name] if name in given else self.value(default, frame, x)
        return self.body(block.body, frame, x), frame.outputs

    def reuse(self, made: Output, x: Any) -> Output:
        """The same call again, where every layer must take the weights that it had."""
        assert made.made_by
        self.again.append(list(range(made.first, made.last)))
        again = self.call(made.made_by, *made.values, x)
        if self.again.pop():
            raise Refused("reuse")
        return again

    # merges and layers

    def merge(self, merge: Merge, frame: Frame, x: Any) -> Any:
        ends: list[Any] = []
        for branch in merge.branches:
            if branch.condition and not self.value(branch.condition, frame, x):
                continue
            ends.append(self.body(branch.body, frame, x))
            if merge.word == "outputs":
                self.outputs[branch.label] = tuple(ends[-1].shape[1:])
        if merge.word == "outputs":
            return x
        if not ends:
            raise Refused("branches")
        if len(ends) == 1 and merge.word not in ("subtract", "divide", "stack"):
            return ends[0]
        return self.record(merge.word, self.kinds.meet(merge.word, ends))

    def layer(self, kind: str, args: list[Any], named: dict[str, Any], x: Any) -> Any:
        self.kinds.modules, self.kinds.macs = [], 0
        if kind in PLAIN:
            y = self.kinds.apply(getattr(self.torch.nn, PLAIN[kind])(), x)
        else:
            y = getattr(self.kinds, kind)(x, *map(self.taken, args), **{at: self.taken(a) for at, a in named.items()})
        return self.record(kind, y)

    def taken(self, value: Any) -> Any:
        """An argument; of an output its tensor, and what a max pool had before and kept as indices."""
        return value.tensor if isinstance(value, Output) else value

    def record(self, kind: str, y: Any) -> Any:
        modules, macs = self.kinds.modules, self.kinds.macs
        parameters = sum(array.numel() for module in modules for array in module.parameters())
        for layers in self.again:
            self.match(layers, kind, modules)
            parameters = 0
        if y.numel() == 0:
            raise Refused("empty")
        self.kinds.afford(y.numel())
        self.ran.append(Ran(kind, tuple(y.shape[1:]), parameters, macs))
        self.modules.append(modules)
        return y

    def match(self, layers: list[int], kind: str, modules: list[Any]) -> None:
        """Hold a layer against the first of those whose weights are to be applied: PyTorch judges whether they fit."""
        if not layers or self.ran[layers[0]].kind != kind:
            raise Refused("reuse")
        for old, new in zip(self.modules[layers.pop(0)], modules, strict=True):
            new.load_state_dict(old.state_dict(), assign=True)


def built(torch: Any, tree: Tree) -> Result:
    """The network in PyTorch, computed where it is not too large."""
    with torch.inference_mode():
        try:
            return attempted(torch, tree, "cpu")
        except TooLarge:
            return attempted(torch, tree, "meta")


def attempted(torch: Any, tree: Tree, device: str) -> Result:
    builder = Builder(torch, tree, device)
    refusal = message = ""
    try:
        builder.run()
    except Refused as refused:
        refusal, message = refused.reason, str(refused)
    except (RuntimeError, ValueError, IndexError) as error:
        refusal, message = "torch", str(error)
    return Result(builder.ran, builder.outputs, refusal, message, builder.kinds.asked_otherwise)
