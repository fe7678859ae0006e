"""How long `cnncalc summary` takes, against the imports that it cannot do without.

    python tests/benchmarks/startup.py [RUNS]

Whole processes are run in turn, so that what else the machine does falls on all of them alike; medians are shown.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
RUNS = 21
FLOOR = "import yaml, typer, rich.console, rich.table"
NETWORKS = ("alexnet", "vgg16", "inception_v1", "resnet50")
PROCESSES = {
    FLOOR: ["-c", FLOOR],
    **{f"cnncalc summary {name}": ["-m", "cnncalc", "summary", name] for name in NETWORKS},
    "cnncalc summary resnet50 --color always": ["-m", "cnncalc", "summary", "resnet50", "--color", "always"],
}


def environment(cache: str) -> dict[str, str]:
    """Byte code is written, as it is where a package is installed, and to a folder of its own."""
    unset = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": cache}


def processes(runs: int) -> dict[str, float]:
    """The median seconds of each process; a round before the first counted one fills the caches."""
    seconds: dict[str, list[float]] = {name: [] for name in PROCESSES}
    with TemporaryDirectory() as cache:
        env = environment(cache)
        for run in range(runs + 1):
            for name, arguments in PROCESSES.items():
                start = perf_counter()
                subprocess.run([sys.executable, *arguments], env=env, stdout=subprocess.PIPE, check=True)
                if run:
                    seconds[name].append(perf_counter() - start)
    return {name: median(found) for name, found in seconds.items()}


def in_process(runs: int) -> dict[str, float]:
    """The median seconds of `load` and `analyze`, once everything is imported."""
    sys.path.insert(0, str(ROOT))
    from cnncalc import analyze, load

    def both(name: str) -> Callable[[], object]:
        return lambda: analyze(load(name))

    return {f"load and analyze {name}": median(times(both(name), runs)) for name in NETWORKS}


def times(work: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each of several runs after a first one."""
    work()
    found = []
    for _ in range(runs):
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return found


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    runs = int(arguments[0]) if arguments else RUNS
    whole = processes(runs)
    floor = whole[FLOOR]
    for title, figures in ((f"whole process, median of {runs}", whole), ("within a process", in_process(runs))):
        print(f"{title:<45} {'ms':>7} {'ratio':>6}")
        for name, seconds in figures.items():
            print(f"  {name:<43} {1000 * seconds:7.1f} {seconds / floor:6.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
