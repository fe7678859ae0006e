"""What a lecture is given with: chains, kernels and data on the command line, units, gradients, precisions, pictures.

The words of a command line are right most times; a case has a wrong one now and then, or damaged files beside it.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

from cnncalc.execution.kernels import NAMED
from tests.fuzz.driver import DATA, FILE
from tests.fuzz.mutation import mutated
from tests.fuzz.numbers import NO_NUMBERS, NUMBERS, Case

LAYERS = (
    "conv(1, 3)", "conv(2, 2, padding=1)", "conv(4, 3, padding=same, dilation=2)", "conv(2, 3, stride=2, bias=false)",
    "depthwise_conv(3, padding=1)", "separable_conv(2, 3)", "transposed_conv(2, 2, stride=2)", "max_pool(2)",
    "max_pool(3, 1, padding=1)", "avg_pool(2, ceil=true)", "global_avg_pool", "batch_norm", "layer_norm",
    "relu", "sigmoid", "gelu", "softmax", "exp", "log", "sqrt", "linear(3)", "flatten", "upsample(2)",
    "upsample(2, mode=linear)", "pad(1, mode=reflect)", "local_response_norm", "dropout", "lstm(3)", "group_norm(1)",
    "deformable_conv(2, 2)",
    "conv(1, 9)", "conv(64, 3, padding=1)", "max_pool(99)", "nothing", "conv(", "relu -> ", "conv(1, 3)) -> relu",
)  # fmt: skip
SHAPES = (
    "1x3x3",
    "1x5x7",
    "3x8x8",
    "2x9",
    "6",
    "1x1x1",
    "1x4x4x4",
    "3x64x64",
    "1x500x500",
    "16x90x90",
    "0x3",
    "a",
    "3x3x-1",
)
PATTERNS = ("ramp", "ones", "noise", "checker", "digit")
UNITS = (
    "0,0,0",
    "0,1,1",
    "0",
    "0,0",
    "1,2,3",
    "0,0,0,0",
    "-1,0,0",
    "9,9,9",
    "a,b,c",
    "",
    ",,",
    "²,0,0",
    "99999999999,0,0",
    "0, 0, 1",
)
OPTIONS = (
    "--explain", "--through", "--unit", "--at", "--all", "--gradient", "--output-gradient", "--stats", "--matrix",
    "--precision", "--picture", "--effective-field", "--seed", "--format", "--width", "--channel", "--save-image",
    "--color", "--kernel", "--max-memory", "--max-multiplications",
)  # fmt: skip


def rows(chance: random.Random, largest: int = 5) -> str:
    """Numbers as they are written on a command line; now and then no matrix, or no numbers."""
    height, width = chance.randint(1, largest), chance.randint(1, largest)
    few = chance.sample(NUMBERS, 3) if chance.randrange(3) == 0 else ("1", "2", "-1", "0", "0.5", "3", "1/3", "1e2")
    wrong = chance.randrange(5) == 0
    lines = [[chance.choice(few) for _ in range(width)] for _ in range(height)]
    if wrong:
        line = chance.choice(lines)
        line[chance.randrange(width) :] = chance.choice(
            ([], ["1", "1"], [chance.choice(NO_NUMBERS[:4])], ["x"], ["1,,2"])
        )
    return chance.choice(("; ", ";", " ; ", "\n")).join(chance.choice((" ", ", ", ",")).join(line) for line in lines)


def data(chance: random.Random) -> str:
    """The value of an option that takes numbers, a pattern or a file."""
    return chance.choice(
        (rows(chance), rows(chance, 9), chance.choice(PATTERNS), DATA, "./ones", "missing.png", "", "1")
    )


def option(chance: random.Random, name: str) -> list[str]:
    """An option with a value of its sort, or of another."""
    values: dict[str, Callable[[], str]] = {
        "--through": lambda: chance.choice(("1", "2", "9", "0", "-1", "x", "99999999999")),
        "--unit": lambda: chance.choice(UNITS),
        "--at": lambda: chance.choice(("conv1", "relu1", "cnv1", "", "max_pool1", "conv*", "linear1", "[", "conv#1")),
        "--output-gradient": lambda: data(chance),
        "--precision": lambda: chance.choice(("float32", "float16", "bfloat16", "float8", "", "FLOAT16")),
        "--effective-field": lambda: chance.choice(("1", "2", "20", "0", "-3", "x", "1000000")),
        "--seed": lambda: chance.choice(("0", "7", "-1", "x", "9" * 40)),
        "--format": lambda: chance.choice(("json", "text", "markdown", "latex", "cvs")),
        "--width": lambda: chance.choice(("1", "20", "79", "100000", "0")),
        "--channel": lambda: chance.choice(("0", "1", "99", "-1")),
        "--save-image": lambda: chance.choice(("image.pgm", "image.png", "/nowhere/x.png", "")),
        "--color": lambda: chance.choice(("always", "never")),
        "--kernel": lambda: chance.choice((*NAMED, "sobelx", rows(chance), f"conv1={rows(chance)}", DATA)),
        "--max-memory": lambda: chance.choice(("0", "1", "20", "250")),
        "--max-multiplications": lambda: chance.choice(("0", "100", "100000")),
    }  # fmt: skip
    return [name, values[name]()] if name in values else [name]


def chains(chance: random.Random) -> Case:
    """`run` with a chain, and some of its options."""
    chain = " -> ".join(
        chance.choice(LAYERS[:-5] if chance.randrange(8) else LAYERS) for _ in range(chance.randint(1, 3))
    )
    args = ["run", chain]
    if chance.randrange(2):
        args += ["--input", chance.choice(SHAPES)]
    if chance.randrange(3) or "--input" not in args:
        args += ["--input-data", data(chance)]
    mode = chance.choice((
        ["--unit"], ["--explain"], ["--gradient"], ["--gradient", "--output-gradient"], ["--gradient", "--stats"],
        ["--matrix"], ["--precision"], ["--effective-field"], ["--picture"], ["--save-image"], [],
    ))  # fmt: skip
    for name in dict.fromkeys([*mode, *chance.sample(OPTIONS, chance.choice((0, 0, 0, 0, 1, 3)))]):
        args += option(chance, name)
    return Case(b"", files(chance), tuple(args))


def kernels(chance: random.Random) -> Case:
    """`kernel` with a name, numbers, or a file."""
    text = chance.choice((chance.choice([*NAMED]), rows(chance), rows(chance, 9), DATA, "sobelx", "", "1", "./blur"))
    more = option(chance, chance.choice(("--format", "--width", "--color")))
    return Case(b"", files(chance), ("kernel", *more, "--", text))


def files(chance: random.Random) -> bytes:
    """The file of numbers: a CSV or a picture as it should be, or damaged."""
    made = chance.choice((csv, png, pgm))(chance)
    if chance.randrange(3) == 0:
        made = made[: chance.randrange(len(made) + 1)] if chance.randrange(2) else mutated(chance, made[:20_000])
    return made


def csv(chance: random.Random) -> bytes:
    """Rows of numbers, with separators, quotes and heads of all sorts."""
    between = chance.choice((",", ";", "\t", " ", ", "))
    end = chance.choice(("\n", "\r\n", "\r", "\n\n"))
    height, width = chance.choice(((3, 3), (5, 7), (1, 6), (1, 1), (2_000, 30), (1, 40_000)))
    cells = [chance.choice((*NUMBERS, "1", "2", '"3"')) for _ in range(7)]
    lines = [between.join(cells[(y + x) % 7] for x in range(width)) for y in range(height)]
    if chance.randrange(4) == 0:
        lines[chance.randrange(height)] = chance.choice(("a,b,c", "", "# x", '"', "1,2", "\ufeff1", "1,,3", "=1+1"))
    return end.join(lines).encode()


def png(chance: random.Random) -> bytes:
    """A PNG of any colour type, depth and interlacing, with pixels enough or not, chunks twice, missing or damaged."""
    width, height = (chance.choice((1, 3, 3, 8, 28, 500, 0, 2**31, 70_000)) for _ in range(2))
    if chance.randrange(3):
        width, height = chance.choice(((3, 3), (8, 8), (28, 28), (5, 7)))
    depth, colour = chance.choice((1, 2, 4, 8, 8, 16, 3, 0)), chance.choice((0, 0, 2, 3, 4, 6, 1))
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    line = (min(width, 5_000) * samples * depth + 7) // 8
    pixels = b"".join(
        bytes([chance.choice((0, 0, 1, 2, 3, 4, 5))]) + chance.randbytes(line) for _ in range(min(height, 600))
    )
    if chance.randrange(8) == 0:
        pixels = bytes(chance.choice((10**6, 2 * 10**7)))
    head = struct.pack(
        ">IIBBBBB", width, height, depth, colour, *chance.choice(((0, 0, 0),) * 4 + ((0, 0, 1), (1, 1, 2)))
    )
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    if colour == 3:
        chunks.insert(1, (b"PLTE", chance.randbytes(chance.choice((3, 768, 769, 0)))))
    if chance.randrange(5) == 0:
        del chunks[chance.randrange(len(chunks))]
    if chance.randrange(5) == 0 and chunks:
        chunks.insert(chance.randrange(len(chunks)), chance.choice((*chunks, (b"tRNS", b"\0"), (b"zzZZ", b"x" * 9))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(pack(chance, kind, content) for kind, content in chunks)


def pack(chance: random.Random, kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, now and then with another length or checksum."""
    check = zlib.crc32(kind + content) ^ (chance.randrange(60) == 0)
    length = len(content) if chance.randrange(60) else chance.choice((0, 2**31 - 1, 2**32 - 1))
    return struct.pack(">I", length) + kind + content + struct.pack(">I", check)


def pgm(chance: random.Random) -> bytes:
    """A PGM or PPM of 3×3 to 8×8 pixels."""
    width, height = chance.randint(3, 8), chance.randint(3, 8)
    magic, samples = chance.choice(((b"P2", 1), (b"P5", 1), (b"P3", 3), (b"P6", 3)))
    head = magic + b"\n%d %d\n255\n" % (width, height)
    count = width * height * samples
    if magic in (b"P2", b"P3"):
        return head + b" ".join(b"%d" % chance.randrange(256) for _ in range(count)) + b"\n"
    return head + chance.randbytes(count)


NETS = (
    "lenet5",
    "alexnet",
    "resnet18",
    "mobilenet_v2",
    "unet",
    "vgg16",
    FILE,
    "lenet",
    "conv(8, 3) -> relu -> conv(8, 3)",
)
COMMANDS = (
    (("exercise",), ("--seed 3", "--blanks 9", "--check case.data", "--format csv", "--solutions", "--format markdown",
                     "--seed x", "--only shapes")),
    (("reconcile",), ("4.1G", "1e400", "0", "-3", "25.6M", "4.13 GFLOPs", "x", "--format json", "61,100,840")),
    (("report",), ("-o page.html", "lenet5", "--format html", "-o /nowhere/x", "--check case.data")),
    (("export",), ("--to pytorch", "--to keras", "--to onnx", "--to yaml", "-o /dev/null", "--random-weights",
                   "--weights case.data", "--class Net")),
    (("explain",), ("conv1 --unit 0,0", "conv1 --unit 99,x", "conv2 --from conv1", "conv1 --from conv2", "--gradient",
                    "conv#1", "conv#99", "nothing")),
    (("run",), ("--at conv1 --unit 0,0,0", "--at relu1 --unit 1,2,3 --through 2", "--explain --at conv1",
                "--gradient --stats", "--gradient --at conv1 --input 3x32x32", "--matrix --at conv1",
                "--precision float16", "--input-data digit", "--input-data case.data", "--weights case.data")),
)  # fmt: skip


def commands(chance: random.Random) -> Case:
    """Other commands of a lecture on bundled networks, with words that fit together or do not."""
    (name,), words = chance.choice(COMMANDS)
    more = chance.sample(words, chance.choice((0, 1, 1, 2)))
    net = b"input: [3, 16, 16]\nlayers: ['conv(4, 3)', relu, 'max_pool(2)', flatten, 'linear(3)']"
    return Case(net, files(chance), (name, chance.choice(NETS), *" ".join(more).split()))


LECTURES: tuple[Callable[[random.Random], Case], ...] = (chains, kernels, commands)
