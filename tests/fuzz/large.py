"""Files of up to a mebibyte, and small ones of which much becomes: each way to be large, drawn anew for every seed."""

from __future__ import annotations

import random
from collections.abc import Callable

from cnncalc import limits
from cnncalc.layers import KINDS, kind_class
from tests.fuzz.bombs import BOMBS, UNITS, largest

Maker = Callable[[random.Random], str]
HEAD = "input: [3, 64, 64]\n"
LINES = (
    "conv(8, 3, padding=1)", "relu", "conv(8, 3, padding=half, bias=false) -> batch_norm -> relu", "max_pool(3, 1, 1)",
    "conv(channels, [3, 1], padding=same) -> silu", "local_response_norm(5)", "layer_norm", "dropout(0.5)",
    "upsample(2) -> max_pool(2)", "transposed_conv(8, 4, 2, 1) -> relu -> avg_pool(2)", "conv: {out: 8, kernel: 1}",
    "separable_conv(8, 3, padding=1)", "pad(1) -> crop(1)", "channel_shuffle(1)", "softmax",
    "conv(8, 3, padding=full)", "adaptive_avg_pool([64, 64])", "(relu -> relu) * 2", "identity", "a = relu",
    "from(input)",
)  # fmt: skip
WRONG = (
    "rellu", "conv(8)", "conv(8, 3, strid=2)", "conv(8, 3", "conv(8, nothing)", "Conv2d(3, 8, 3)", "relu -> -> relu",
    "relu: 3", "conv: [8, 3]", "conv(8, 99)", "conv(8, 3, groups=7)", "linear(10)", "x = relu", "from(nowhere)",
    "&a relu", "{conv: {out: 8}, name: x}", "[relu]", "'", "conv(1/0, 3)", "add", "conv(8, 3x3)", "relu if 1",
    "relu * -1", "é", "@", "conv(8, 3, padding='same')", "nn.Conv2d(3, 8)", "conv2d(3, 8, kernel_size=3)",
    "relu -> relu if true -> relu", "add: {a: conv(4, 1), b: conv(5, 1)}", "max_pool(2, padding=7)", "! relu", "|",
    "conv(8, 3, bias=False)", "<<: x",
)  # fmt: skip


def filled(head: str, line: Callable[[int], str], chance: random.Random, end: str = "") -> str:
    """So many lines that the file is of some size up to the largest."""
    room = chance.choice((20_000, 49_000, 200_000, limits.FILE_BYTES)) - len(head.encode()) - len(end.encode())
    lines = [head]
    number = 0
    while (room := room - len((text := line(number)).encode())) >= 0:
        lines.append(text)
        number += 1
    return "".join(lines) + end


def repeated(chance: random.Random) -> int:
    """A count of rounds, up to what is allowed."""
    return chance.choice((10, 300, 3_000, 10_000, 33_000, 99_000, 300_000))


def good_lines(chance: random.Random) -> str:
    few = chance.sample(LINES, chance.choice((1, 1, 3)))
    return filled(HEAD + "layers:\n", lambda number: f"  - {few[number % len(few)]}\n", chance)


def wrong_lines(chance: random.Random) -> str:
    few = chance.sample(WRONG, chance.choice((1, 1, 2, 5)))
    return filled(HEAD + "layers:\n", lambda number: f"  - {few[number % len(few)]}\n", chance)


def wrong_among_good(chance: random.Random) -> str:
    """Repairs are tried, of each problem and with all that the rest of the file becomes."""
    rounds, wrong = repeated(chance), chance.sample(WRONG, 2)
    lines = [f"  - {chance.choice((*LINES, *wrong))}\n" for _ in range(chance.choice((5, 50, 500)))]
    return f"{HEAD}layers:\n  - relu * {rounds}\n{''.join(lines)}"


def one_line(chance: random.Random) -> str:
    piece, separator = chance.choice((*LINES, *WRONG)), chance.choice((" -> ", ", ", " + ", " ", "; ", "\t", "\n    "))
    opened, closed = chance.choice(
        (("", ""), ("[", "]"), ("'", "'"), ("(", ")"), ('"', '"'), ("{", "}"), ("|\n    ", ""))
    )
    text = filled("", lambda number: piece + separator, chance)
    return f"{HEAD}layers: {opened}{text}{closed}"[: limits.FILE_BYTES]


def nested(chance: random.Random) -> str:
    opened, closed = chance.choice(
        (("[", "]"), ("{a: ", "}"), ("(", ")"), ("- ", ""), ("? ", ""), ("add: [", "]"), ("a: ", ""))
    )
    depth = chance.choice((90, 99, 101, 1_000, 20_000, limits.FILE_BYTES // 8))
    middle = chance.choice(("relu", "relu\n" * 20_000, ""))
    where = chance.choice(("layers: ", "weights: ", "params: {a: ", "blocks: ", ""))
    return HEAD + where + opened * depth + middle + closed * depth


def deep_indents(chance: random.Random) -> str:
    depth = chance.choice((20, 90, 300, 1_000))
    word = chance.choice(("add", "concat", "outputs", "a"))
    lines = [f"{'  ' * (2 * n + 1)}- {word}:\n{'  ' * (2 * n + 3)}b{n}:\n" for n in range(depth)]
    return f"{HEAD}layers:\n{''.join(lines)}{'  ' * (2 * depth + 2)}- relu\n"[: limits.FILE_BYTES]


def blocks_that_call(chance: random.Random) -> str:
    """Each calls the one before: once, twice, under conditions, or without end."""
    call = chance.choice(
        ("b{} -> relu", "b{} -> b{}", "b{} * 2", "(b{} -> relu) * 3", "b{} if channels > 0", "relu -> b{}")
    )
    count = chance.choice((20, 90, 5_000))
    end = chance.choice(("relu", "identity", "conv(8, 3, padding=1)", f"b{count - 1}", "b0 -> b0", "rellu"))
    blocks = "".join(f"  b{n}:\n    - {call.replace('{}', str(n - 1))}\n" for n in range(1, count))
    return f"{HEAD}blocks:\n  b0:\n    - {end}\n{blocks}layers: [b{count - 1}]\n"


def many_blocks(chance: random.Random) -> str:
    used = chance.random() < 0.5
    blocks = filled(
        f"{HEAD}blocks:\n", lambda n: f"  b{n}(x, y=x * {n}):\n    - (conv(x, 3, padding=1) if y > 1) -> relu\n", chance
    )
    names = range(blocks.count(":\n    -") if used else 1)
    return (blocks + "layers:\n" + "".join(f"  - b{n}(4)\n" for n in names))[: limits.FILE_BYTES]


def repeats(chance: random.Random) -> str:
    """A hundred thousand layers, or more than are allowed, of which each is as dear as can be."""
    unit = chance.choice((*LINES, *map(_example, KINDS)))
    rounds = repeated(chance)
    size = chance.choice((8, 64, 1_000, 10**9))
    shape = chance.choice((f"[3, {size}]", f"[3, {size}, {size}]", f"[3, {size}, {size}, {size}]"))
    text = chance.choice((f"({unit}) * {rounds}", f"(({unit}) * 100) * {rounds // 100}", f"(a = {unit}) * {rounds}"))
    return f"input: {shape}\nlayers:\n  - {text}\n"


def _example(kind: str) -> str:
    """A call of any kind; a merge stands in a block of its own."""
    example = kind_class(kind).examples()[0]
    return repr(kind_class(kind)(**example.settings))


def growing(chance: random.Random) -> str:
    """Channels, sizes or fields that grow from round to round."""
    body = chance.choice((
        "concat:\n        a: identity\n        b: conv(12, 3, padding=1)",
        "add:\n        a: relu\n        b: conv(channels, 1)",
        "add:\n        a: conv(3, 3, padding=1)\n        b: identity\n        c: conv(3, 7, padding=3)",
        "concat: [identity, identity]", "conv(channels + 1, 3, padding=1)", "pad(1)", "upsample(2)",
        "conv(3, 3, padding=full)",
        "add: [upsample(3) -> max_pool(3), "
        "transposed_conv(channels, 6, 2, 2) -> max_pool(2), adaptive_avg_pool([60, 60]) -> pad(2)]",
        "multiply:\n        a: identity\n        b: global_avg_pool -> conv(channels, 1) -> sigmoid",
        "outputs: {x: relu}", "add: [adaptive_avg_pool([63, 62]) -> pad([[0, 1], [1, 1]]), identity]",
        "upsample(127) -> max_pool(127)", "transposed_conv(3, 120, 60, 30) -> avg_pool(60)",
        "conv(3, 3, padding=1, stride=2) -> upsample(2)",
        "concat:\n        a: conv(index + 1, 1)\n        b: conv(channels, 1)",
        "conv(3, 3, padding=[[index, 2], [1, 1]])",
    ))  # fmt: skip
    return f"{HEAD}blocks:\n  grow:\n    - {body}\nlayers:\n  - grow * {repeated(chance)}\n"


def many_branches(chance: random.Random) -> str:
    word, key = chance.choice(("add", "concat", "multiply", "outputs")), chance.choice(("      b{}: ", "      - "))
    branch = chance.choice(
        ("relu", "identity", "conv(3, 3, padding=1)", "upsample({}) -> max_pool({})", "skip", "rellu")
    )
    count = chance.choice((100, 500, 5_000, 30_000))
    lines = "".join(f"{key}{branch}\n".replace("{}", str(n + 1)) for n in range(count))
    times = chance.choice((1, 1, 10, 300))
    return f"{HEAD}blocks:\n  wide:\n    - {word}:\n{lines}layers: [wide * {times}]\n"[: limits.FILE_BYTES]


def many_names(chance: random.Random) -> str:
    """Named outputs, read often, not at all, or before they are there."""
    count = chance.choice((100, 3_000, 20_000))
    read = chance.choice(("from(x{})", "reuse(x{})", "from(x0)", "from(y{})", "relu", "conv(x{}, 1)", "from(x{}.y)"))
    pairs = "".join(f"  - x{n} = relu\n  - {read}\n".replace("{}", str(n)) for n in range(count))
    return (HEAD + "layers:\n" + pairs)[: limits.FILE_BYTES]


def long_names(chance: random.Random) -> str:
    """Paths are made of names: those of blocks within blocks, with all layers below."""
    name, depth, rounds = chance.choice((10, 1_000, 9_000)) * "n", chance.choice((1, 20, 90)), repeated(chance)
    blocks = "".join(f"  b{n}:\n    - {name}{n} = b{n - 1}\n" for n in range(1, depth))
    return f"{HEAD}blocks:\n  b0:\n    - {name} = relu * {rounds}\n{blocks}layers: [b{depth - 1}]\n"[
        : limits.FILE_BYTES
    ]


def long_texts(chance: random.Random) -> str:
    character = chance.choice(
        ("a", "é", "漢", "🙂", "\u0301", "\\e", " ", "\t", "''", "\\", "%", "*", "ａ", "ﬁ", "\u200b")
    )
    text = filled("", lambda n: character, chance)
    where = chance.choice((
        "name: {}", "source: '{}'", "notes: >\n  {}", 'notes: "{}"', "layers: [{}]", "{}: x", "layers: ['relu # {}']",
        "# {}", "layers:\n  - {} = relu", "layers:\n  - conv({}, 3)", "extends: {}", "expect: {{}: 1}",
        "allow: {linear-pair: {}}", "params: {p: {}}", "layers:\n  - {}", "blocks:\n  {}:\n    - relu",
        "layers:\n  - relu -> rellu # {}", "weights: {'{}': 1}",
    ))  # fmt: skip
    return f"{where.replace('{}', text)}\n{HEAD}layers: [conv(8, 3), rellu]\n".encode()[: limits.FILE_BYTES].decode(
        errors="ignore"
    )


def expressions(chance: random.Random) -> str:
    """Params that depend on each other, as dear as expressions can be, and lists that are handed on."""
    line = chance.choice((
        "p{m}: p{n} + p{n}", "p{m}: [p{n}, p{n}]", "p{m}: [p{n}][0]", "p{m}: p0 ** p{n}",
        "p{m}: min(" + "1, " * 90 + "p{n})", "p{m}: " + "(" * 90 + "p{n}" + ")" * 90, "p{m}: " + "1 + " * 90 + "p{n}",
        "p{m}: p{n} if p{n} == p{n} else p0", "p{m}: 2 ** 59 * p0 - 2 ** 59", "p{m}: 1.0000001 ** p{n}",
        "p{m}: p{k} + 1", "p{m}: [" + "[1], " * 300 + "p0]", "p{m}: p{n}[0] + p{n}[1]", "p{m}: " + "-" * 90 + "p{n}",
        "p{m}: " + "1 < " * 2_000 + "p{n}", "p{m}: 9" + "9" * 3_000,
    ))  # fmt: skip
    end = "layers: [relu if p0 == p1, relu * p1]\n"

    def written(n: int) -> str:
        return "  " + line.replace("{m}", str(n + 1)).replace("{n}", str(n)).replace("{k}", str(n + 2)) + "\n"

    return filled(f"{HEAD}params:\n  p0: 1\n", written, chance, end)


def long_lists(chance: random.Random) -> str:
    """A list as long as one may be, as an argument of what runs often."""
    size = chance.choice((100, 3_000, 9_990))
    body = chance.choice((
        "relu if x[{}] == 1", "relu if x == x", "relu * max(x)", "channel_split(x, 0)", "channel_split(x)",
        "reshape(x)", "b0(x)", "b0(x) -> b0([x])", "relu if min(x) > 0", "conv(x, 3)", "conv(1, 3, padding=x)",
        "relu if [x, x] == [x, x]",
    ))  # fmt: skip
    body = body.replace("{}", str(size - 1))
    text = "[" + ", ".join(["1"] * size) + "]"
    block = f"  b0(x):\n    - relu\n  b1(x):\n    - {body}\n"
    calls = f"b1({chance.choice(('ones', text))}) * {repeated(chance)}"
    head = f"input: [{size}, 8, 8]\nparams:\n  ones: {text}\n"
    return f"{head}blocks:\n{block}layers:\n  - {calls}\n  - relu if ones[0] == 1\n"


def keys(chance: random.Random) -> str:
    """Keys that are not known, twice there, or too many."""
    line = chance.choice((
        "k{}: 1\n", "a: 1\n", "layers: [relu]\n", "expect: {}\n", "? k{}\n", "k{}:\n  - x\n", "blocks:\n  b: [relu]\n",
        '"": {}\n',
    ))  # fmt: skip
    return filled(HEAD, lambda n: line.replace("{}", str(n)), chance)


def entries(chance: random.Random) -> str:
    section, line = chance.choice((
        ("expect", "parameters{}: {}"), ("expect", "p{}: nothing"), ("allow", "linear-pairs{}: x"),
        ("allow", "unseen-edge: {}"), ("weights", "conv{}: {weight: [1, 2]}"), ("weights", "conv1.{}: 1"),
        ("weights", "x{}: {y{}: [[1], 2]}"), ("blocks", "b{}(:\n    - relu"), ("blocks", "b: relu"),
        ("blocks", "conv{}(x, x): relu"), ("params", "p{}: q{}"),
    ))  # fmt: skip
    tail = chance.choice(("layers: [relu]\n", "layers: [conv(8, 3)]\n", "layers: [rellu]\n", ""))
    return filled(f"{HEAD}{section}:\n", lambda n: f"  {line}\n".replace("{}", str(n)), chance, tail)


def weights(chance: random.Random) -> str:
    """Arrays: right, ragged, too long, too deep, of no numbers."""
    number = chance.choice(("1", "1.5", "1e999", "nan", "x", "[1]", "'1'", "-0", "{a: 1}", "1_0"))
    shape = chance.choice(("flat", "rows", "deep"))
    text = filled("", lambda n: f"{number}, " if shape != "rows" or n % 9 else f"{number}], [", chance)
    opened = {"flat": 1, "rows": 2, "deep": 90}[shape]
    return f"{HEAD}layers: [conv(8, 3)]\nweights: {{conv1: {{weight: {'[' * opened}{text}1{']' * opened}}}}}\n"[
        -limits.FILE_BYTES :
    ]


def warnings(chance: random.Random) -> str:
    unit = chance.choice((
        "conv(8, 1)", "conv(8, 1) -> batch_norm", "max_pool(2) -> upsample(2) -> pad([[0, 1], [0, 1]])",
        "conv(8, 1, padding=1) -> crop(1)", "b = relu", "concat: [(identity if false), conv(1, 1)]",
        "conv(3, 13, padding=6)", "relu -> from(input)", "add: [conv(8, 1), conv(8, 3, 2, 1) -> upsample(2)]",
        "linear(9) -> linear(9)",
    ))  # fmt: skip
    allow = chance.choice(("", "allow: {linear-pair: a reason, unread-output: a reason}\n"))
    if chance.randrange(2):
        return filled(f"{HEAD}{allow}layers:\n", lambda n: f"  - {unit}\n", chance)
    return f"{HEAD}{allow}blocks:\n  b0:\n    - {unit}\nlayers: [b0 * {repeated(chance)}]\n"


def extending(chance: random.Random) -> str:
    base = chance.choice(("densenet161", "resnet152", "case", "base", "inception_v3", "efficientnet_b7", "nowhere"))
    line = chance.choice(("  p{}: 1\n", "  depths: [3, 4, {}, 3]\n", "  width: {}\n"))
    return filled(f"extends: {base}\nparams:\n", lambda n: line.replace("{}", str(n)), chance)


def deep_reuse(chance: random.Random) -> str:
    """A block used again within a block that is used again."""
    depth, rounds = chance.choice((5, 14, 40)), chance.choice((1, 10, 100))
    blocks = "".join(f"  b{n}:\n    - x = b{n - 1}\n    - reuse(x){' * 2' * (rounds > 1)}\n" for n in range(1, depth))
    unit = chance.choice(("relu", "conv(3, 3, padding=1)", "upsample(2) -> max_pool(2)"))
    return f"{HEAD}blocks:\n  b0:\n    - {unit}\n{blocks}layers: [b{depth - 1} * {rounds}]\n"


def bombs(chance: random.Random) -> str:
    """A few lines that become as much as is allowed: some way to repeat a layer of some kind."""
    return largest(chance.choice(list(BOMBS.values())), chance.choice(list(UNITS.values())))


LARGE: tuple[Maker, ...] = (
    good_lines, wrong_lines, wrong_among_good, one_line, nested, deep_indents, blocks_that_call, many_blocks, repeats,
    growing, many_branches, many_names, long_names, long_texts, expressions, long_lists, keys, entries, weights,
    warnings, extending, deep_reuse, bombs,
)  # fmt: skip


def large(chance: random.Random) -> bytes:
    """One of them."""
    return chance.choice(LARGE)(chance).encode()
