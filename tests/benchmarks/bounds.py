"""Files of a few lines that become as much as the limits allow: whole runs of the commands that read any file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from cnncalc import limits
from tests.fuzz.bombs import BOMBS, UNITS, largest

from .measure import FLOOR, MIB, Section, in_turn, judged, medians, number
from .others import Others

ROUNDS = 3
AIM = 26  # 2 s where the floor takes 77 ms
HEAD = "input: [3, 64, 64, 64]\n"
LONG = " + ".join(["index"] * 90)  # as deep as expressions may be
LINE = "  - conv(8, 3, padding=1)  # not too many words for its bytes\n"
DIFFERENT = "layers: ['conv(channels + 1, [3, 5, 7], padding=half) * {}']\n"

# what it has → the bomb, and the kind of layer in it; each becomes as large as the first limit that it meets
BOUND = {
    "separable_conv, used again": ("reuse", "separable_conv"),
    "transposed_conv, used again": ("reuse", "transposed_conv"),
    "add of three, used again": ("add of reuse", "conv"),
    "add of three conv": ("add of three", "conv"),
    "named outputs": ("outputs", "relu"),
}


def texts() -> Iterator[tuple[str, str, str]]:
    """What each file has, its text, and the command that takes it."""
    for what, (bomb, kind) in BOUND.items():
        text = largest(BOMBS[bomb], UNITS[kind])
        yield from ((what, text, command) for command in ("validate", "summary", "summary -f json"))
    different = HEAD + DIFFERENT.format(limits.DIFFERENT_LAYERS)
    for command in ("validate", "summary -f json", "compare --separable depthwise -f json"):
        yield "conv, all of them different", different, command
    explained = HEAD + DIFFERENT.format(limits.EXPLAINED_LAYERS)
    yield from (("the same, explained", explained, f"explain -f {form}") for form in ("text", "latex"))
    rounds = limits.EVALUATION_STEPS // (10 * (2 * LONG.count("index") - 1) + 10)
    expressions = f"{HEAD}layers: ['(relu if max({', '.join([LONG] * 10)}) >= 0) * {rounds}']\n"
    yield "expressions", expressions, "validate"
    yield "a sum of rounds", largest(BOMBS["rounds"], UNITS["relu"]), "memory"


def write_family(folder: Path) -> Path:
    """As many files as may extend one another, with as many bytes as they may have together; the first of them.

    Each has layers in place of those of the next.
    """
    lines = (limits.FILE_BYTES // limits.EXTENDED_FILES - 100) // len(LINE)
    for file in range(limits.EXTENDED_FILES):
        head = HEAD if file + 1 == limits.EXTENDED_FILES else f"extends: family{file + 1}\n"
        (folder / f"family{file}.yaml").write_text(f"{head}layers:\n{LINE * lines}", encoding="utf-8")
    return folder / "family0.yaml"


def section(others: Others, env: Mapping[str, str]) -> Section:
    """A row for each file and command."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        commands = {("floor", ""): [sys.executable, "-c", FLOOR]}
        for index, (what, text, command) in enumerate(texts()):
            path = folder / f"{index}.yaml"
            path.write_text(text, encoding="utf-8")
            verb, *options = command.split()
            commands[what, command] = [sys.executable, "-m", "cnncalc", verb, str(path), *options]
        family = str(write_family(folder))
        commands["20 files", "validate"] = [sys.executable, "-m", "cnncalc", "validate", family]
        whole = {" · ".join(key): command for key, command in commands.items()}
        in_turn({"floor": commands["floor", ""]}, 1, env)
        used = medians(in_turn(whole, ROUNDS, env))
    floor = used.pop("floor · ")
    rows = []
    for key, (seconds, peak) in used.items():
        what, _, command = key.partition(" · ")
        ratio = judged(seconds / floor.seconds, most=AIM)
        rows.append([what, command, number(seconds * 1e3), ratio, number(peak / MIB)])
    heads = ["at the limits", "", "ms", "× floor", "MiB"]
    return Section(heads, rows, [f"Medians of {ROUNDS} runs. Aim: at most {AIM} × the floor, for 2 s."])
