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
EXPORTED = "resnet50.onnx"  # 100 MB with its weights, which are stepped over
EXPORTED_AIM, EXPORTED_MOST = 1.5, 40 * MIB  # × the floor, and bytes
DRAWN_AIM = 2.5  # × the floor, of `cnncalc draw`
REPORTED = "report resnet50"
REPORTED_AIM = 5  # × the floor


def measured(others: Others, env: Mapping[str, str]) -> tuple[dict[str, Usage], dict[str, Usage]]:
    """The medians of `floor` and the networks, and by tool and network those of the ratios to cnncalc's run before."""
    own = {"floor": [sys.executable, "-c", FLOOR]}
    own |= {name: [sys.executable, "-m", "cnncalc", "summary", *name.split()] for name in (*NETWORKS, COLOURED)}
    own |= {f"draw {name}": [sys.executable, "-m", "cnncalc", "draw", name, "--format", "svg"] for name in DRAWN}
    own[REPORTED] = [sys.executable, "-m", "cnncalc", *REPORTED.split()]
    ratios: dict[str, list[Usage]] = {f"{tool} {name}": [] for name in NETWORKS for tool in others.tools}
    with TemporaryDirectory() as folder:
        if "onnx-tool" in others.tools:
            others.export(folder, env)
            own[EXPORTED] = [sys.executable, "-m", "cnncalc", "summary", f"{folder}/{EXPORTED}"]
            ratios[f"onnx-tool {EXPORTED}"] = []
        in_turn(own, 1, env)  # fills the caches, as looking for the other tools did for them
        used: dict[str, list[Usage]] = {key: [] for key in own}
        for _ in range(ROUNDS):
            for key, runs in in_turn(own, BETWEEN, env).items():
                used[key] += runs
            for key in ratios:
                tool, name = key.split()
                command = others.command(tool, name.removesuffix(".onnx"), folder)
                mine, theirs = launched(own[name], env), launched(command, env)
                ratios[key].append(Usage(theirs.seconds / mine.seconds, theirs.peak / mine.peak))
    return medians(used), medians(ratios)


def _rows(name: str, own: Usage, floor: Usage, ratios: Mapping[str, Usage]) -> list[list[str]]:
    """The time and the memory of a command, and how many times as much the other tools need."""
    aims = {COLOURED: TERMINAL_AIM, EXPORTED: EXPORTED_AIM, REPORTED: REPORTED_AIM}
    aim = aims.get(name, DRAWN_AIM if name.startswith("draw") else PIPE_AIM)
    most = EXPORTED_MOST / floor.peak if name == EXPORTED else None
    time = [name, "ms", number(own.seconds * 1e3), judged(own.seconds / floor.seconds, most=aim)]
    memory = ["", "MiB", number(own.peak / MIB), judged(own.peak / floor.peak, most=most)]
    for tool in NEEDED:
        ratio = ratios.get(f"{tool} {name}")
        faster, smaller = AIMS.get(tool, (None, None))
        time.append(judged(ratio.seconds, least=faster) if ratio else "–  ")
        memory.append(judged(ratio.peak, least=smaller) if ratio else "–  ")
    return [time, memory]


def section(others: Others, env: Mapping[str, str]) -> Section:
    """Two rows for each network: time and memory."""
    used, ratios = measured(others, env)
    floor = used["floor"]
    rows = [["imports alone", "ms", number(floor.seconds * 1e3)], ["", "MiB", number(floor.peak / MIB)]]
    for name in (*NETWORKS, COLOURED, EXPORTED):
        if name in used:
            rows += _rows(name, used[name], floor, ratios)
    for name in (*(f"draw {each}" for each in DRAWN), REPORTED):
        rows += _rows(name, used[name], floor, {})
    heads = ["whole process", "", "cnncalc", "× floor", *(f"{tool} ×" for tool in NEEDED)]
    missing = [tool for tool in NEEDED if tool not in others.tools]
    notes = [
        f"Imports alone, the floor: `{FLOOR}`.",
        f"Medians of {ROUNDS * BETWEEN} runs of `summary`, `draw` and `report`, in turn; of {ROUNDS} of the others.",
        "The others, each after a run of ours, take torchvision's network; onnx-tool reads files exported before.",
        f"{EXPORTED} is such a file with its weights, 100 MB.",
        f"Aims: time at most {PIPE_AIM} × the floor, in colour {TERMINAL_AIM} ×, of the file {EXPORTED_AIM} × and",
        f"{EXPORTED_MOST // MIB} MiB, to draw {DRAWN_AIM} ×, of a report {REPORTED_AIM} ×;",
        "torchinfo at least 20 × and 15 × the memory, onnx-tool 2 ×.",
        *([f"– not installed: {', '.join(missing)}"] if missing else []),
    ]
    return Section(heads, rows, notes)
