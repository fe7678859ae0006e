"""Files of a few lines that become as much as is allowed: every way to repeat, with every kind of layer in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cnncalc import limits
from cnncalc.errors import Source
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import LayerError, format_value
from cnncalc.layers.base import Shape
from cnncalc.layers.structure import MERGES
from cnncalc.spec.load import load_source

SHAPES: tuple[Shape, ...] = ((3, 64, 64, 64), (3, 64, 64), (3, 64))  # more axes are more work
# Arguments, by name, with which most kinds keep the shape of their input; each axis is work of its own.
KEEPING = {
    "out": 3, "kernel": (3, 5, 7), "stride": 1, "padding": "half", "groups": 3, "size": 64, "factor": 1, "amount": 0,
    "parts": 1, "take": 0, "rate": 0.5, "shape": (3, 64, 64, 64),
}  # fmt: skip


class Unit(NamedTuple):
    """A call of a layer kind, the input that it takes, and whether its output has the same shape."""

    text: str
    input: Shape
    keeps: bool

    @property
    def again(self) -> str:
        """The call, and then the input again where its output has another shape."""
        return self.text if self.keeps else f"{self.text} -> from(input)"

    @property
    def head(self) -> str:
        """The input of the file. A flat one is made of a map."""
        return f"input: {format_value(self.input if len(self.input) > 1 else (*self.input, 1))}\n"

    @property
    def flat(self) -> str:
        """The items that come first."""
        return "  - flatten\n" if len(self.input) == 1 else ""


def unit_of(kind: str) -> Unit:
    """A call of a kind: on as many axes as it takes, its shape kept if it can be, else its first example."""
    made = kind_class(kind)
    if made.restores:
        return Unit(f"(pool = max_pool(2)) -> {kind}(pool)", SHAPES[0], keeps=True)
    for shape in (*SHAPES, (3,)):
        settings = {name: fitted(value, shape) for name, value in KEEPING.items() if name in made.settings}
        try:
            layer = made(**settings)
            if layer.output_shape((shape,)) == shape:
                return Unit(repr(layer), shape, keeps=True)
        except LayerError:
            continue
    example = made.examples()[0]
    return Unit(repr(made(**example.settings)), next(iter(example.inputs), SHAPES[0]), keeps=False)


def fitted(value: object, shape: Shape) -> object:
    """A list with one value for each axis, cut to the axes of a shape; any other value as it is."""
    if not isinstance(value, tuple):
        return value
    return shape if value[1:] == SHAPES[0][1:] else value[: len(shape) - 1]


CHAINED = [kind for kind in KINDS if kind not in MERGES and kind_class(kind).examples()[0].inputs]  # with an input
UNITS = {kind: unit_of(kind) for kind in CHAINED}


def block(unit: Unit, body: str, calls: str, others: str = "") -> str:
    """A file with a block `l` of these items."""
    return f"{unit.head}blocks:\n{others}  l:\n{body}layers:\n{unit.flat}  - {calls}\n"


def repeated_block(unit: Unit, count: int) -> str:
    return block(unit, f"    - {unit.again}\n", f"l * {count}")


def parenthesis(unit: Unit, count: int) -> str:
    again = unit.text if unit.keeps else f"{unit.text} -> from(start)"
    return f"{unit.head}layers:\n{unit.flat}  - start = identity\n  - ({again}) * {count}\n"


def reuse(unit: Unit, count: int) -> str:
    again = "reuse(c)" if unit.keeps else "(reuse(c) -> from(input))"
    back = "" if unit.keeps else "    - from(input)\n"
    return block(unit, f"    - c = {unit.text}\n{back}    - {again} * 99\n", f"l * {count // 100}")


def reuse_of_a_block(unit: Unit, count: int) -> str:
    return block(unit, "    - c = m\n    - reuse(c) * 99\n", f"l * {count // 100}", f"  m:\n    - {unit.again}\n")


def reuse_within_reuse(unit: Unit, count: int) -> str:
    depth = count.bit_length() - 1
    others = f"  b0:\n    - {unit.again}\n"
    others += "".join(f"  b{n}:\n    - c = b{n - 1}\n    - reuse(c)\n" for n in range(1, depth))
    return block(unit, f"    - b{depth - 1}\n", "l", others)


def reuse_of_chains(unit: Unit, count: int) -> str:
    depth = count.bit_length() - 1
    lines = "".join(f"  - c{n} = reuse(c{n - 1}) -> reuse(c{n - 1})\n" for n in range(1, depth))
    return f"{unit.head}layers:\n{unit.flat}  - start = identity\n  - c0 = {unit.text} -> identity\n{lines}"


def memories(unit: Unit, count: int) -> str:
    """Every round reads what entered the one before, and two others that are there or not."""
    inner = "        - identity\n        - from(a)\n        - from(b if b != none else c if c != none else a)\n"
    call = "l(previous(1), previous(2, before=none), previous(index + 1, before=none))"
    return f"{unit.head}blocks:\n  l(a, b, c):\n    - add:\n{inner}layers:\n{unit.flat}  - {call} * {count}\n"


def doubled_blocks(unit: Unit, count: int) -> str:
    depth = count.bit_length() - 1
    others = f"  b0:\n    - {unit.again}\n"
    others += "".join(f"  b{n}:\n    - b{n - 1} -> b{n - 1}\n" for n in range(1, depth))
    return block(unit, f"    - b{depth - 1}\n", "l", others)


def merged(word: str) -> Callable[[Unit, int], str]:
    """Three branches that are alike, and a merge of them: four layers in three or four steps."""

    def text(unit: Unit, count: int) -> str:
        back = "" if unit.keeps and word != "concat" else "    - from(input)\n"
        branches = "".join(f"        {name}: {unit.text}\n" for name in "abc")
        return block(unit, f"    - {word}:\n{branches}{back}", f"l * {count // 4}")

    return text


def add_of_reuse(unit: Unit, count: int) -> str:
    back = "" if unit.keeps else "    - from(input)\n"
    rest = "identity" if unit.keeps else "reuse(c)"
    merge = f"    - add:\n        a: reuse(c)\n        b: {rest}\n        c: reuse(c)\n"
    return block(unit, f"    - c = {unit.text}\n{back}{merge}{back}", f"l * {count // 4}")


def many_branches(unit: Unit, count: int) -> str:
    branches = "".join(f"        - {unit.text}\n" for _ in range(100))
    back = "" if unit.keeps else "    - from(input)\n"
    return block(unit, f"    - add:\n{branches}{back}", f"l * {count // 101}")


def rounds(unit: Unit, count: int) -> str:
    return block(unit, f"    - {unit.again}\n", f"s = l * {count - 1}\n  - add: rounds(s)\n")


def rounds_of_rounds(unit: Unit, count: int) -> str:
    inner = f"  m:\n    - {unit.again}\n"
    return block(unit, "    - s = m * 99\n    - add: rounds(s)\n", f"l * {count // 100}", inner)


def rounds_again(unit: Unit, count: int) -> str:
    """The same rounds as branches of many merges: edges in place of layers."""
    merges = "".join("  - add: rounds(s)\n" for _ in range(100))
    return block(unit, f"    - {unit.again}\n", f"s = l * {count // 100}\n{merges}")


def outputs(unit: Unit, count: int) -> str:
    return block(unit, f"    - outputs: {{x: '{unit.text}'}}\n", f"l * {count}")


def named(unit: Unit, count: int) -> str:
    lines = "".join(
        f"  - x{n} = {unit.text}\n" + ("" if unit.keeps else "  - from(start)\n") for n in range(count // 4)
    )
    return f"{unit.head}layers:\n{unit.flat}  - start = identity\n{lines}"


def named_in_a_block(unit: Unit, count: int) -> str:
    back = "" if unit.keeps else "    - from(input)\n"
    body = f"    - x = {unit.text}\n{back}    - y = identity\n    - add: [from(y), identity]\n"
    return block(unit, body, f"l * {count // 2}")


def read_from_afar(unit: Unit, count: int) -> str:
    """An early output that many merges read."""
    other = unit.text if unit.keeps else "identity"
    blocks = f"  l(far):\n    - add:\n        a: from(far)\n        b: {other}\n"
    items = f"  - start = relu\n  - l(start) * {count // 2}\n"
    return f"{unit.head}blocks:\n{blocks}layers:\n{unit.flat}{items}"


def growing(unit: Unit, count: int) -> str:
    """Every round has other channels."""
    other = unit.text if unit.keeps else "identity"
    small = "conv(1, 1)" if len(unit.input) > 1 else "linear(1)"
    body = f"    - concat:\n        a: identity\n        b: {small}\n    - {other}\n"
    return block(unit, body.replace("groups=3", "groups=1"), f"l * {count // 3}")


def titles(unit: Unit, count: int) -> str:
    """Every round has other arguments."""
    body = f"  l(n, m=n + 1):\n    - {unit.again}\n    - relu if n < 0\n"
    return f"{unit.head}blocks:\n{body}layers:\n{unit.flat}  - l(index) * {count}\n"


def settings(unit: Unit, count: int) -> str:
    """Every round has a layer of its own, where a kind takes an argument that leaves the shape."""
    text = unit.text
    for name, other in (("padding=half", "padding=[[index, 0]]"), ("0.5", "0.5 / (index + 1)")):
        text = text.replace(name, other)
    return f"{unit.head}layers:\n{unit.flat}  - ({text} -> from(input)) * {count}\n"


BOMBS: dict[str, Callable[[Unit, int], str]] = {
    "repeated block": repeated_block, "parenthesis": parenthesis, "reuse": reuse, "reuse of a block": reuse_of_a_block,
    "reuse within reuse": reuse_within_reuse, "reuse of chains": reuse_of_chains, "memories": memories,
    "doubled blocks": doubled_blocks,
    **{f"{word} of three": merged(word) for word in MERGES},
    "add of reuse": add_of_reuse, "many branches": many_branches, "rounds": rounds,
    "rounds of rounds": rounds_of_rounds, "rounds again": rounds_again, "outputs": outputs, "named": named,
    "named in a block": named_in_a_block, "read from afar": read_from_afar, "growing": growing, "titles": titles,
    "settings": settings,
}  # fmt: skip

FEW = 400  # layers of a small one, by which it is measured


def largest(make: Callable[[Unit, int], str], unit: Unit) -> str:
    """The file that becomes nearly as much as is allowed, whatever bound it meets first."""
    loaded = load_source(Source("", make(unit, FEW)))
    if loaded.network is None:
        return make(unit, limits.LAYERS)
    nodes = loaded.network.nodes
    different = len({(id(node.layer), node.input_shapes) for node in nodes})
    room = [limits.LAYERS / max(len(nodes), 1), limits.EXPANSION_STEPS / max(loaded.steps, 1)]
    if different > FEW // 5:
        room.append(limits.DIFFERENT_LAYERS / different)
    return make(unit, int(FEW * min(room) * 0.97))
