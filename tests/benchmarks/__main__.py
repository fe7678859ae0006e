"""How fast cnncalc is, in ratios that are taken in one run.

    python -m tests.benchmarks [--others PYTHON] [--only PART] [--write]

`--others` is an interpreter that has PyTorch, torchvision and the tools to compare with, where it is not this one;
`--write` puts the table into the guide's page on speed.
"""

from __future__ import annotations

import platform
import re
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from textwrap import fill

from cnncalc import __version__
from cnncalc.guide import page, page_path
from tests.documents import blocks

from . import bounds, execution, growth, inside, many, modules, processes, sweeps
from .measure import environment, table
from .others import Others, found

PARTS = {
    "processes": processes.section,
    "inside": inside.section,
    "modules": modules.section,
    "sweeps": sweeps.section,
    "growth": growth.section,
    "execution": execution.section,
    "many": many.section,
    "bounds": bounds.section,
}
WIDTH = 110


def machine(others: Others) -> str:
    """What the figures were taken on."""
    try:
        cpu = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        cpu = None
    versions: Mapping[str, str] = {
        "cnncalc": __version__,
        **{name: version(name) for name in ("typer", "rich", "pyyaml")},
        **others.versions,
    }
    tools = ", ".join(f"{name} {each}" for name, each in versions.items())
    text = (
        f"{cpu[1] if cpu else platform.processor() or platform.machine()}, {cpu_count()} cores,"
        f" {platform.system()}, Python {platform.python_version()}; {tools}"
    )
    return fill(text, WIDTH, break_on_hyphens=False)


def write(text: str) -> None:
    """Put the table into the block of the guide that is marked for it."""
    old = page("speed")
    (block,) = (each for each in blocks(old, "text") if each.title == "benchmarks")
    page_path("speed").write_text(f"{old[: block.start]}{text}\n{old[block.end :]}", encoding="utf-8")


def main() -> None:
    """Print the table, part by part."""
    parser = ArgumentParser(
        prog="python -m tests.benchmarks", description="Print how fast cnncalc is, in ratios that are taken in one run."
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="a part of the table, once or more")
    parser.add_argument("--others", default=sys.executable, metavar="PYTHON", help="has the tools to compare with")
    parser.add_argument("--write", action="store_true", help="put the table into the guide")
    options = parser.parse_args()
    with environment() as env:
        others = found(options.others, env)
        texts = [machine(others)]
        print(texts[0], flush=True)
        for part in options.only or PARTS:
            texts.append(table(PARTS[part](others, env)))
            print(f"\n{texts[-1]}", flush=True)
    if options.write:
        write("\n\n".join(texts))


if __name__ == "__main__":
    main()
