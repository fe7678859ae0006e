"""Numbers for `run`: weights and inputs at the edge of what a double holds and beyond, and pictures of all sorts."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from cnncalc.execution.weights import nest
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import format_value
from cnncalc.layers.base import Shape
from cnncalc.layers.structure import MERGES
from tests.fuzz.driver import DATA, FILE, NOTHING, Beside
from tests.fuzz.mutation import mutated
from tests.layers.cases import random_case

CHAINED = tuple(kind for kind in KINDS if kind not in MERGES and kind_class(kind).examples()[0].inputs)
NUMBERS = (
    "0", "-0.0", "1", "-1", "5e-324", "1e-300", "1e300", "-1e300", "1.7976931348623157e308", "-1.7976931348623157e308",
    "9007199254740993", "1" + "0" * 308, "800", "-800", "0.1",
)  # fmt: skip
NO_NUMBERS = ("1e309", "-1e999", "NaN", "Infinity", "1" + "0" * 5_000, "null", "true", '"1"', "[1]", "{}")
LARGEST = 3_000  # elements of an array
SHOWN = (
    (), ("--all",), ("--format", "json", "--all"), ("--picture",), ("--picture", "--color", "always", "--width", "7"),
    ("--save-image", "image.pgm"), ("--matrix", "--at", "it"), ("--matrix", "--at", "it", "--format", "json"),
)  # fmt: skip


class Case(NamedTuple):
    """An architecture, a file of numbers and its family beside it, and the command that is given these."""

    architecture: bytes
    data: bytes
    args: tuple[str, ...]
    beside: Beside = NOTHING


def array(chance: random.Random, shape: Shape, wrong: bool) -> str:
    """Nested lists; a few of the numbers are none where it is wrong, or the lists have another shape."""
    if wrong and chance.random() < 0.3:
        shape = chance.choice((shape[1:], (1, *shape), shape[::-1], (*shape[:-1], shape[-1] + 1)))
    few = chance.sample(NUMBERS, chance.choice((1, 2, 5)))
    texts = [chance.choice(few) for _ in range(prod(shape))]
    if wrong and texts:
        texts[chance.randrange(len(texts))] = chance.choice(NO_NUMBERS)
    made: Any = nest(shape, list(range(len(texts)))) if shape else 0
    return joined(made, texts)


def joined(indexes: Any, texts: list[str]) -> str:
    """Nested lists of indexes, as JSON of the texts that these number."""
    if isinstance(indexes, list):
        return "[" + ", ".join(joined(inner, texts) for inner in indexes) + "]"
    return str(texts[indexes])


def layers(chance: random.Random) -> Case:
    """One layer of any kind with weights of its own, in the file or beside it, and an input."""
    wrong = chance.random() < 0.3
    while True:
        layer, inputs = random_case(chance, chance.choice(CHAINED))
        arrays = layer.weights(inputs)
        if getattr(layer, "memory", None):  # another output
            continue
        if max(map(prod, (*inputs, layer.output_shape(inputs), *(weight.shape for weight in arrays)))) <= LARGEST:
            break
    flat = len(inputs[0]) == 1
    shape = (*inputs[0], 1) if flat else inputs[0]
    head = f"input: {format_value(shape)}\nlayers:\n" + "  - flatten\n" * flat + f"  - it = {layer!r}\n"
    given = ", ".join(
        f'"{chance.choice((weight.name, weight.alias or weight.name))}": {array(chance, weight.shape, wrong)}'
        for weight in arrays
    )
    shown = chance.choice(SHOWN)
    match chance.randrange(3):
        case 0:
            data = array(chance, shape, wrong)
            option: tuple[str, ...] = ("--seed", "1") if "--matrix" in shown else ("--input-data", DATA)
            head += f"weights: {{it: {{{given}}}}}\n" if given else ""
        case 1:
            data = f'{{"it": {{{given}}}}}'
            option = ("--weights", DATA, "--seed", "1")
        case _:
            head += f"weights: {{it: {{{given}}}}}\n" if given else ""
            return Case(head.encode(), b"", (chance.choice(("validate", "verify", "run")), FILE))
    return Case(head.encode(), data.encode(), ("run", FILE, *option, *shown))


def pictures(chance: random.Random) -> Case:
    """A picture: right, cut off, too large, of other values than it says, with comments, or with bytes changed."""
    magic = chance.choice(("P2", "P3", "P5", "P6", "P2", "P5", "P1", "P7"))
    width, height = (chance.choice(("1", "2", "5", "40", "99999", "0", "-1", "x", "1e9")) for _ in range(2))
    largest = chance.choice(("1", "9", "255", "256", "65535", "65536", "0", "x"))
    between = chance.choice((" ", "\n", "\r\n", "\t \n", " # a comment\n", "#\n" * 30_000, " " * 100_000, ""))
    if chance.randrange(2):  # what may be right
        magic, width, height = chance.choice((("P2", "5", "5"), ("P5", "5", "5"), ("P3", "1", "1"), ("P6", "1", "1")))
        largest, between = chance.choice(("9", "255", "65535")), between or " "
    header = between.join((magic, width, height, largest)).encode() + b"\n"
    count = chance.choice((0, 1, 24, 25, 26, 75, 150, 5_000, 200_000))
    if magic in ("P2", "P3", "P1"):
        piece = chance.choice((b"1 ", b"9 ", b"0\n", b"255 ", b"1 # x\n", b"#\n", b"-1 ", b"1.5 ", b"9" * 99 + b" "))
        data = header + piece * count
    else:
        data = header + chance.randbytes(count)
    shape = chance.choice(("1, 5, 5", "3, 5, 5", "1, 40, 2", "1, 2, 40", "3, 1, 1", "1, 5", "1, 5, 5, 5"))
    if chance.randrange(4) == 0:
        data = data[:2] + mutated(chance, data[2:20_000])
    shown = chance.choice(SHOWN[:6])
    return Case(f"input: [{shape}]\nlayers: [relu]\n".encode(), data, ("run", FILE, "--input-data", DATA, *shown))


def documents(chance: random.Random) -> Case:
    """Any other text in place of an input or of weights: much, deep, of many names, of no use."""
    text = chance.choice((
        "[" * 500 + "1" + "]" * 500, "[" * 30_000, "[" + "[0]," * 9_000 + "0]", "{" * 500,
        '{"a":' * 900 + "1" + "}" * 900,
        "{" + ",".join(f'"x{number}": {{"weight": 1}}' for number in range(3_000)) + "}",
        '{"it": {' + ",".join(f'"w{number}": 1' for number in range(3_000)) + "}}", "- 1\n" * 9_000, "x: y\n" * 5_000,
        json.dumps({"it": {"weight": [[1e308]], "bias": [{"a": 1}]}}), '["' + "😀" * 9_000 + '"]', "", "null", "[]",
        "[[]]",
        " " * 60_000 + "[1]", '{"it": {"weight": 1, "weight": 2}}', "\ufeff[[1]]", "[1,]", "[1 2]", "&a [*a]", "[NaN]",
    ))  # fmt: skip
    option = chance.choice(("--input-data", "--weights"))
    head = "input: [1, 1]\nlayers:\n  - flatten -> it = linear(1)\n" if chance.randrange(2) else (
        "input: [1, 1]\nlayers:\n  - it = batch_norm\n"
    )  # fmt: skip
    data = text.encode()
    return Case(head.encode(), mutated(chance, data) if chance.randrange(4) == 0 else data, ("run", FILE, option, DATA))


NUMERIC: tuple[Callable[[random.Random], Case], ...] = (layers, pictures, documents)
