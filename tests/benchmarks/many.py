"""Many files in one call: `cnncalc validate` of a thousand, `cnncalc list` of all that are bundled."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from cnncalc.spec.files import bundled, bundled_folder

from .measure import FLOOR, MIB, Section, in_turn, judged, medians, number
from .others import Others

FILES = 1_000
ROUNDS = 3
LIST_AIM = 5


def fill(folder: Path) -> None:
    """Write the bundled architectures, over and over, each under a name of its own."""
    for index, name in enumerate(islice(cycle(bundled()), FILES)):
        text = (bundled_folder() / f"{name}.yaml").read_text(encoding="utf-8")
        (folder / f"{name}_{index}.yaml").write_text(text.replace("\nname: ", f"\nname: {index} ", 1), encoding="utf-8")


def section(others: Others, env: Mapping[str, str]) -> Section:
    """A row for each command."""
    with TemporaryDirectory() as folder:
        fill(Path(folder))
        commands = {
            "floor": ["-c", FLOOR],
            "list": ["-m", "cnncalc", "list"],
            "validate": ["-m", "cnncalc", "validate", folder],
        }
        whole = {name: [sys.executable, *arguments] for name, arguments in commands.items()}
        in_turn({name: whole[name] for name in ("floor", "list")}, 1, env)
        used = medians(in_turn(whole, ROUNDS, env))
    floor = used["floor"]
    rows = []
    for name, title, files, aim in (
        ("list", "cnncalc list", len(bundled()), LIST_AIM),
        ("validate", "cnncalc validate", FILES, None),
    ):
        seconds, peak = used[name]
        each = (seconds - floor.seconds) / files * 1e3
        ratio = judged(seconds / floor.seconds, most=aim)
        rows.append([title, f"{files:,}", number(seconds * 1e3), ratio, number(each), number(peak / MIB)])
    heads = ["many files", "files", "ms", "× floor", "ms a file over the floor", "MiB"]
    return Section(heads, rows, [f"Medians of {ROUNDS} runs. Aim: `cnncalc list` at most {LIST_AIM} × the floor."])
