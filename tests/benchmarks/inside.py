"""`load` and `analyze` within a process, against torchinfo on PyTorch's meta device, where nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cnncalc import analyze, load

from .measure import Section, best, judged, number
from .others import NETWORKS, Others

ROUNDS = 3
RUNS = 5
AIM = 20
AIMED = ("resnet50", "densenet121")


def both(name: str, size: str | None = None) -> object:
    """What is timed."""
    return analyze(load(name, input=size))


def section(others: Others, env: Mapping[str, str]) -> Section:
    """A row for each network."""
    owns, metas = [], []
    for _ in range(ROUNDS):
        owns.append([best(partial(both, name), RUNS, 0.3) for name in NETWORKS])
        if "torchinfo" in others.tools:
            metas.append(others.meta(RUNS, env))
    rows = []
    for name, *own in zip(NETWORKS, *owns, strict=True):
        theirs = [each[name] for each in metas]
        aims = (AIM if name in AIMED else None, None)
        row = [name, number(min(own) * 1e3)]
        for seconds, aim in zip(map(min, zip(*theirs, strict=True)), aims, strict=False):
            row += [number(seconds * 1e3), judged(seconds / min(own), least=aim)]
        rows.append(row if theirs else [*row, "–"])
    heads = ["within a process", "load, analyze ms", "torchinfo on meta ms", "×", "its summary alone ms", "×"]
    return Section(heads, rows, [f"Shortest runs; torchinfo's with building the network. Aim: at least {AIM} ×."])
