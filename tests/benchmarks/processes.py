"""`cnncalc summary` as a whole process, against the imports that it cannot do without and against other tools."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from .measure import FLOOR, MIB, Section, Usage, in_turn, judged, launched, medians, number
from .others import NEEDED, NETWORKS, Others

ROUNDS = 3  # with the other tools
BETWEEN = 6  # rounds without them, before each of these
AIMS = {"torchinfo": (20, 15), "onnx-tool": (2, None)}  # times as fast, and in which part of the memory
COLOURED = "resnet50 --color always"
PIPE_AIM, TERMINAL_AIM = 1.15, 1.7  # × the floor; into a pipe Rich is not imported
DRAWN = ("alexnet", "vgg16", "resnet50", "inception_v1", "densenet121", "mobilenet_v2", "unet")
DRAWN_AIM = 2.5  # × the floor, of `cnncalc draw`


def measured(others: Others, env: Mapping[str, str]) -> tuple[dict[str, Usage], dict[str, Usage]]:
    """The medians of `floor` and the networks, and by tool and network those of the ratios to cnncalc's run before."""
    own = {"floor": [sys.executable, "-c", FLOOR]}
    own |= {name: [sys.executable, "-m", "cnncalc", "summary", *name.split()] for name in (*NETWORKS, COLOURED)}
    own |= {f"draw {name}": [sys.executable, "-m", "cnncalc", "draw", name, "--format", "svg"] for name in DRAWN}
    in_turn(own, 1, env)  # fills the caches, as looking for the other tools did for them
    used: dict[str, list[Usage]] = {key: [] for key in own}
    ratios: dict[str, list[Usage]] = {f"{tool} {name}": [] for name in NETWORKS for tool in others.tools}
    with TemporaryDirectory() as folder:
        if "onnx-tool" in others.tools:
            others.export(folder, env)
        for _ in range(ROUNDS):
            for key, runs in in_turn(own, BETWEEN, env).items():
                used[key] += runs
            for key in ratios:
                tool, name = key.split()
                mine, theirs = launched(own[name], env), launched(others.command(tool, name, folder), env)
                ratios[key].append(Usage(theirs.seconds / mine.seconds, theirs.peak / mine.peak))
    return medians(used), medians(ratios)


def section(others: Others, env: Mapping[str, str]) -> Section:
    """Two rows for each network: time and memory."""
    used, ratios = measured(others, env)
    floor = used["floor"]
    rows = [["imports alone", "ms", number(floor.seconds * 1e3)], ["", "MiB", number(floor.peak / MIB)]]
    for name in (*NETWORKS, COLOURED):
        own = used[name]
        aim = TERMINAL_AIM if name == COLOURED else PIPE_AIM
        time = [name, "ms", number(own.seconds * 1e3), judged(own.seconds / floor.seconds, most=aim)]
        memory = ["", "MiB", number(own.peak / MIB), judged(own.peak / floor.peak)]
        for tool in NEEDED:
            ratio = ratios.get(f"{tool} {name}")
            faster, smaller = AIMS.get(tool, (None, None))
            time.append(judged(ratio.seconds, least=faster) if ratio else "–  ")
            memory.append(judged(ratio.peak, least=smaller) if ratio else "–  ")
        rows += [time, memory]
    for name in (f"draw {each}" for each in DRAWN):
        own = used[name]
        time = [name, "ms", number(own.seconds * 1e3), judged(own.seconds / floor.seconds, most=DRAWN_AIM)]
        memory = ["", "MiB", number(own.peak / MIB), judged(own.peak / floor.peak)]
        rows += [[*row, *("–  " for _ in NEEDED)] for row in (time, memory)]
    heads = ["whole process", "", "cnncalc", "× floor", *(f"{tool} ×" for tool in NEEDED)]
    missing = [tool for tool in NEEDED if tool not in others.tools]
    notes = [
        f"Imports alone, the floor: `{FLOOR}`.",
        f"Medians of {ROUNDS * BETWEEN} runs of `cnncalc summary` and `draw`, in turn; of {ROUNDS} of the others.",
        "The others, each after a run of ours, take torchvision's network; onnx-tool reads files exported before.",
        f"Aims: time at most {PIPE_AIM} × the floor, in colour {TERMINAL_AIM} ×, to draw {DRAWN_AIM} ×; torchinfo at",
        "least 20 × and 15 × the memory, onnx-tool 2 ×.",
        *([f"– not installed: {', '.join(missing)}"] if missing else []),
    ]
    return Section(heads, rows, notes)
