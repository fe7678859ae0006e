"""Time and memory a layer of networks of 10² to 3·10⁴ layers, written out and repeated, and of ever larger inputs."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from cnncalc import load

from .inside import both
from .measure import Section, best, judged, number, printed
from .others import Others

SIZES = (100, 1_000, 10_000, 30_000)
CHAIN = "- conv(8,1)\n" + "- relu\n- tanh\n" * 4 + "- relu\n"  # ten layers: a file has room for no more convolutions
REPEAT = """
blocks:
  residual(out):
    - add: {{body: "conv(out, 3, padding=1) -> relu -> conv(out, 3, padding=1)", shortcut: identity}}
    - relu
layers:
  - residual(8) * {count}
"""  # five layers
TEXTS = {"chain": "input: [8, 32, 32]\nlayers:\n", "repeat": "input: [8, 32, 32]"}
INPUTS = ("3x32x32", "3x1000000x1000000")
SPREAD = 1.5
SAME = 1.1  # for runs that do the same, and the noise


def text(form: str, layers: int) -> str:
    """A network of that many layers, or a few less."""
    return TEXTS[form] + (CHAIN * (layers // 10) if form == "chain" else REPEAT.format(count=layers // 5))


def measured(form: str, size: int) -> tuple[float, float]:
    """Seconds and peak bytes a layer."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.yaml"
        path.write_text(text(form, 10), encoding="utf-8")
        both(str(path))
        path.write_text(text(form, size), encoding="utf-8")
        layers = len(load(str(path)).nodes)
        seconds = best(partial(both, str(path)), 3, 1)
        tracemalloc.start()
        both(str(path))
        peak = tracemalloc.get_traced_memory()[1]
    return seconds / layers, peak / layers


def section(others: Others, env: Mapping[str, str]) -> Section:
    """Two rows for each way of writing a network, each size in a process of its own, and one for the inputs."""
    rows = []
    for form in TEXTS:
        command = [sys.executable, "-m", "tests.benchmarks.growth", form]
        figures = [json.loads(printed([*command, str(size)], env)) for size in SIZES]
        for unit, scale, each in zip(("µs", "KiB"), (1e6, 1 / 1024), zip(*figures, strict=True), strict=True):
            cells = [number(value * scale) for value in each]
            rows.append([form, f"{unit} a layer", *cells, judged(max(each) / each[0], most=SPREAD)])
    times = [best(partial(both, "resnet50", size), 20, 1) for size in INPUTS]
    ratio = judged(times[1] / times[0], most=SAME)
    rows.append(["resnet50, input of 32² and 10⁶²", "ms", *(number(each * 1e3) for each in times), "", "", ratio])
    heads = ["growth", "", "10²", "10³", "10⁴", "3·10⁴ layers", "most/10²"]
    notes = [
        "Load and analyze, shortest runs; peak of tracemalloc."
        f" Aims: at most {SPREAD} × a layer of 10², {SAME} × for inputs."
    ]
    return Section(heads, rows, notes)


if __name__ == "__main__":
    gc.disable()  # as the command does
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
