"""Families of files: one is given to a command, and the others, which extend one another, are beside it."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import NamedTuple

from cnncalc import limits
from cnncalc.spec.files import bundled, bundled_folder
from tests.fuzz.bombs import BOMBS, UNITS, largest
from tests.fuzz.driver import FILE, Beside, Special
from tests.fuzz.large import HEAD, LARGE
from tests.fuzz.mutation import mutated

MOST = limits.EXTENDED_FILES
LAYERS = f"{HEAD}layers: [relu]\n"
_EXTENDS = re.compile(rb"^extends: *([\w.-]+)", re.MULTILINE)


class Family(NamedTuple):
    """The file that a command is given, and those beside it."""

    architecture: bytes
    beside: Beside


Maker = Callable[[random.Random], Family]


def linked(texts: Sequence[str | bytes], last: str = "") -> Family:
    """The texts as files of which each extends the next; the last one extends `last`, if that is given."""
    names = [*(f"base{number}" for number in range(1, len(texts))), last]
    contents = [
        (f"extends: {name}\n".encode() if name else b"") + (text.encode() if isinstance(text, str) else text)
        for name, text in zip(names, texts, strict=True)
    ]
    return Family(contents[0], {f"{name}.yaml": content for name, content in zip(names, contents[1:], strict=False)})


def symlink(target: str) -> Special:
    return lambda path: path.symlink_to(target)


def hard_link(name: str) -> Special:
    return lambda path: path.hardlink_to(path.parent / name)


def chains(chance: random.Random) -> Family:
    """As many files as may extend one another, or more."""
    own = chance.choice(("", "# a comment\n", "params: {a: 1}\n", "name: x\n", "layers: [conv(4, 3)]\n", "wrong: 1\n"))
    length = chance.choice((2, MOST - 1, MOST, MOST + 1, 3 * MOST))
    return linked([*[own] * (length - 1), LAYERS])


def cycles(chance: random.Random) -> Family:
    """The last file extends another one of the family, also by another name of the same file."""
    length = chance.choice((1, 2, 3, MOST - 1, MOST, MOST + 1))
    names = ["case", FILE, *(f"base{number}" for number in range(1, length))]
    back = chance.choice(names)
    if chance.randrange(3):
        return linked([LAYERS] * length, back)
    family = linked([LAYERS] * length, "other")
    target = back.removesuffix(".yaml") + ".yaml"
    return family._replace(beside={**family.beside, "other.yaml": chance.choice((symlink, hard_link))(target)})


# What may be found in place of a base. None: nothing.
UNUSABLE: tuple[bytes | Special | None, ...] = (
    None, Path.mkdir, os.mkfifo, *map(symlink, ("nowhere", "base1.yaml", "base2.yaml", "..", "/dev/zero", "/dev/full")),
    b"", b"\n" * 1_000, LAYERS.encode("utf-16"), b"name: \xe9\n" + LAYERS.encode(), b"\x89PNG\r\n\x1a\n" + bytes(99),
    b"PK\x03\x04" + bytes(99), bytes(1_000), bytes(limits.FILE_BYTES), b" " * (limits.FILE_BYTES - 40),
    b"# " * limits.FILE_BYTES, b"[" * limits.FILE_BYTES, b"x" * 20 * limits.FILE_BYTES, b"import torch\n",
    b'{"class_name": "Sequential", "config": []}', b"[1]", b"- relu\n", b"relu", b"---\n---\n", b"a: [", b"&a [*a]",
    b"extends: 1", b"extends:", b"{extends: {a: b}}", b"null",
)  # fmt: skip


def unusable(chance: random.Random) -> Family:
    """A base that is missing, a folder, a pipe, a link, not text, not an architecture or huge."""
    length = chance.choice((1, 2, 3, MOST - 1))
    family = linked([chance.choice(("", LAYERS))] * length, f"base{length}")
    found = chance.choice(UNUSABLE)
    return family if found is None else family._replace(beside={**family.beside, f"base{length}.yaml": found})


NAMES = (
    "base1", "base1.yaml", "base1.yaml.yaml", "BASE1", "-", "--", ".", "..", "...", ".yaml", "a" * 250, "a" * 251,
    "a" * 300, "é", "con", "nul.yaml", "../base1", "./base1", "/etc/passwd", "base 1", "''", "'base1'", "3", "~", "1.0",
    "true", "[base1]", "[base1, base2]", "{base1: base2}", "&a base1", "!t base1", "base1 base2", "|\n  base1",
    '"\\ud800"', '"\\0"', '"base1\\n"', "'*'", "$HOME", "%s", "resnet18.yml", "RESNET18", "resnet18.json", "nets.lock",
)  # fmt: skip


def names(chance: random.Random) -> Family:
    """What `extends` says, with or without a file of that name."""
    name = chance.choice(NAMES)
    family = linked([LAYERS], name)
    stem = chance.choice((name, name + ".yaml", name + ".yml", "base1.yaml"))
    if re.fullmatch(r"(?!\.{1,2}$)[^/\0\s\\]{1,255}", stem) and len(stem.encode()) <= 255 and chance.randrange(3):
        return family._replace(beside={stem: LAYERS.encode()})
    return family


# Entries of each section, with the number of the file and that of the entry, or twice the same number.
ENTRIES = {
    "params": (
        "  p{0}x{1}: 1\n", "  p{0}x{1}: [1] * 10000\n", "  p{0}x{1}: [[1, 2] * 50] * 90\n",
        "  p{0}x{1}: " + "(1 + 2) * 3 + " * 30 + "1\n", "  p{0}x{1}: max(" + "1, " * 90 + "p0x0)\n",
        "  p{0}x{1}: nothing\n", "  p{0}x{1}: [" + "1, " * 900 + "]\n", "  p{0}x{1}: p{0}x{1}\n",
    ),
    "blocks": (
        "  b{0}x{1}:\n    - relu\n", "  b{0}x{1}(x, y=x * 2):\n    - (conv(x, 3, padding=1) if y > 1) -> relu\n",
        "  b{0}x{1}:\n    - add: [relu, identity, b0x0]\n", "  b{0}x{1}:\n    - b{0}x{1}\n",
        "  b{0}x{1}:\n    - rellu -> conv(8, 99, strid=2)\n", "  b{0}x{1}: [a, b, c, d, e]\n",
    ),
    "layers": (
        "  - relu\n", "  - x{0}x{1} = conv(channels, 3, padding=1)\n", "  - rellu\n", "  - conv(3, 3, strid=2)\n",
        "  - (relu -> sigmoid) * 90\n", "  - conv(p0x0, 1)\n", "  - b0x0 -> b{0}x{1}\n", "  - {{relu: {{}}}}\n",
    ),
    "allow": ("  unseen-edge: because\n", "  x{0}x{1}: because\n", "  dead-output: [a, b]\n"),
    "expect": ("  macs: {1}\n", "  x{0}x{1}: 1\n", "  outputs: {{x: [3, {1}]}}\n"),
    "weights": ("  conv{1}: {{weight: [1, 2, 3]}}\n", "  x: [[[[{0}]]]]\n", "  x{0}x{1}: {{a: b}}\n"),
    "notes: |": ("  a note of some words\n", "  " + "x" * 9_000 + "\n"),
    "x": ("  - [a, b, c]\n", "y{0}x{1}: 1\n", "  a{1}: {{b: 1}}\n"),
}  # fmt: skip


def section(chance: random.Random, file: int, key: str, entry: str, room: int) -> str:
    """A section of a file, of so many bytes at most."""
    parts = [f"{key if ':' in key else key + ':'}\n"]
    for number in count():
        text = entry.format(file, number)
        room -= len(text)
        if room < 0 or number > 60_000:
            return "".join(parts)
        parts.append(text)
    raise AssertionError


def multiplied(chance: random.Random) -> Family:
    """Each file has as much as one file may have, or its share of that, under names of its own or the same names."""
    files = chance.choice((2, 3, 7, MOST))
    room = chance.choice((limits.FILE_BYTES - 200, limits.FILE_BYTES // files - 200, 40_000 // files, 40_000))
    key = chance.choice(list(ENTRIES))
    entry = chance.choice(ENTRIES[key])
    own = chance.randrange(2)
    texts = [section(chance, file * own, key, entry, room) for file in range(files)]
    end = chance.choice((HEAD, "input: [p0x0, p0x0]\n", ""))
    texts[-1] += end if key == "layers" else end + "layers: [relu]\n"
    return linked(texts)


def large_files(chance: random.Random) -> Family:
    """Each file is a large one of its own sort."""
    files = chance.choice((2, 3, MOST))
    room = chance.choice((limits.FILE_BYTES, limits.FILE_BYTES // files - 30, 60_000 // files))
    few = chance.choices(LARGE, k=chance.choice((1, 2)))
    return linked([chance.choice(few)(chance).encode()[:room] for _ in range(files)])


def bombs(chance: random.Random) -> Family:
    """Each file replaces the layers or a block of the next by what becomes as much as is allowed."""
    texts = [
        largest(BOMBS[chance.choice(list(BOMBS))], chance.choice(list(UNITS.values())))
        for _ in range(chance.choice((2, 3, 5)))
    ]
    return linked([chance.choice((text, text.partition("layers:")[0])) for text in texts[1:]] + texts[:1])


UNITS_OF_BLOCKS = (
    "relu", "conv(w0, 3, padding=1)", "conv(x, 1)", "b0", "b1(2)", "b2(w1, 3)", "b0 * w1", "e = relu", "from(e)",
    "reuse(e)", "add: [identity, b0]", "(b1(4) if w0 > 2)", "from(input)", "linear(3)", "rounds(e)", "w0", "b3.x",
)  # fmt: skip
VALUES = ("1", "2", "w1", "w0 + 1", "[1, 2]", "[w1] * 3", "'a'", "1/0", "true", "input", "index", "99999999999")


def overrides(chance: random.Random) -> Family:
    """Each file overrides some of the params, blocks and other parts of the next ones, which may then fit no longer."""
    return linked([overriding(chance, all_parts=chance.randrange(6) == 0) for _ in range(chance.choice((1, 3, 9)))] + [
        overriding(chance, all_parts=True)
    ])  # fmt: skip


def overriding(chance: random.Random, *, all_parts: bool) -> str:
    """A file that has any of the parts, or all of them."""
    items = [f"    - {chance.choice(UNITS_OF_BLOCKS)}\n" for _ in range(9)]
    blocks = [f"  {name}:\n{chance.choice(items)}{chance.choice(items)}" for name in ("b0", "b1(x)", "b2(x, y=w0)")]
    blocks += [f"  {chance.choice(('b0(x)', 'b1', 'b2', 'b3(x=1)', 'relu', 'b1(x, x)'))}:\n{chance.choice(items)}"]
    params = [f"  w{number}: {chance.choice(VALUES)}\n" for number in (0, 1, 2)]
    parts = [
        f"input: {chance.choice(('[3, 8, 8]', '[w0, 8]', '{left: [3, 8], right: [3, 8]}', '[3]', 'w0', '[0]'))}\n",
        "params:\n" + "".join(params if all_parts else chance.sample(params, 1)),
        "blocks:\n" + "".join(blocks[:3] if all_parts else chance.sample(blocks, 2)),
        "layers:\n" + "".join(chance.sample(items, 3)),
        f"expect: {{{chance.choice(('macs', 'layers', 'output'))}: {chance.choice(VALUES)}}}\n",
        f"allow: {{{chance.choice(('unseen-edge', 'small-field', 'unused-block', 'x'))}: {chance.choice(VALUES)}}}\n",
        f"weights: {{conv1: {{weight: {chance.choice(VALUES)}}}}}\n",
    ]
    kept = parts[:4] if all_parts else chance.sample(parts, chance.choice((0, 1, 3)))
    return "".join(chance.sample(kept, len(kept)))


def same_twice(chance: random.Random) -> Family:
    """The same base twice: named twice, by two names, as two copies, or hidden behind its own name."""
    text = chance.choice(
        (LAYERS, "blocks:\n  b:\n    - relu\n" + LAYERS, "params: {a: 1}\n", overriding(chance, all_parts=True))
    )
    base, copy = text.encode(), (b"extends: base2\n" + text.encode())
    line = chance.choice(("extends: base1\n", "extends: base2\n", "extends: base1\nextends: base1\n"))
    line = chance.choice((line, "extends: base1\nextends: base2\n", "extends: [base1, base1]\n"))
    second: bytes | Special = chance.choice((base, copy, symlink("base1.yaml"), hard_link("base1.yaml")))
    name = chance.choice(("resnet50", "vgg16"))
    hidden = chance.choice((f"extends: {name}\n".encode(), symlink(str(bundled_folder() / "vgg16.yaml"))))
    return chance.choice((
        Family(line.encode() + base, {"base1.yaml": copy, "base2.yaml": second}),
        Family(line.encode(), {"base1.yaml": copy, "base2.yaml": second}),
        Family(line.encode(), {"base1.yaml": copy, "base1.yml": base, "base1": base, "base2.yml": base}),
        Family(f"extends: {name}\n".encode(), {f"{name}.yaml": hidden}),
    ))  # fmt: skip


@cache
def bundled_families() -> tuple[tuple[tuple[str, bytes], ...], ...]:
    """The bundled files that extend others, each with these in order, by name."""
    texts = {name: (bundled_folder() / f"{name}.yaml").read_bytes() for name in bundled()}
    found = []
    for name in texts:
        chain = [name]
        while base := _EXTENDS.search(texts[chain[-1]]):
            chain.append(base[1].decode())
        if len(chain) > 1:
            found.append(tuple((each, texts[each]) for each in chain))
    return tuple(found)


def mutated_bundled(chance: random.Random) -> Family:
    """A bundled family of which some files are changed; those that lie beside the first replace the bundled ones."""
    (_, first), *others = chance.choice(bundled_families())
    beside: dict[str, bytes | Special] = {
        f"{name}.yaml": mutated(chance, text) if chance.randrange(3) else text
        for name, text in others
        if chance.randrange(4)
    }
    return Family(mutated(chance, first) if chance.randrange(2) else first, beside)


def mutated_families(chance: random.Random) -> Family:
    """One of the other small families, with one of its files changed."""
    family = chance.choice((chains, cycles, overrides, same_twice))(chance)
    texts = {FILE: family.architecture, **family.beside}
    name = chance.choice(list(texts))
    text = texts[name]
    texts[name] = mutated(chance, text) if isinstance(text, bytes) else mutated(chance)
    architecture = texts.pop(FILE)
    assert isinstance(architecture, bytes)
    return Family(architecture, texts)


FAMILIES: tuple[Maker, ...] = (
    chains, cycles, unusable, names, multiplied, large_files, bombs, overrides, same_twice, mutated_bundled,
    mutated_families,
)  # fmt: skip
