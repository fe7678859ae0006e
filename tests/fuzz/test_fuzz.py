"""Any bytes as an architecture file: never a traceback, an exit code that is neither 0 nor 1, 2 s or 300 MB.

The seeds are fixed here; `python -m tests.fuzz SECONDS` runs on from a random one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cnncalc.cli.app import make_app
from cnncalc.cli.relations import Reads, list_relations
from cnncalc.reading import read
from tests.fuzz.__main__ import structured
from tests.fuzz.driver import COMMANDS, COMMON, FILE, Driver, driver
from tests.fuzz.families import FAMILIES, Family
from tests.fuzz.foreign import damaged
from tests.fuzz.large import LARGE, Maker
from tests.fuzz.lectures import LECTURES
from tests.fuzz.mutation import mutated
from tests.fuzz.numbers import NUMERIC, Case

SMALL = 60_000  # bytes of a large file in the plain run, where they are many
SLACK = 3  # for slow machines, and for those that do other things; a run of its own has none


@pytest.fixture(scope="module")
def server() -> Iterator[Driver]:
    with driver() as made:
        yield made


def faults(server: Driver, contents: list[bytes]) -> list[str]:
    """What is wrong with how each was taken: by turns by all commands, mostly by those that every file gets first."""
    found = []
    for number, content in enumerate(contents):
        args = COMMANDS[number // 2 % len(COMMANDS)] if number % 2 else COMMANDS[number // 2 % COMMON]
        if fault := server.run(content, args).fault(SLACK):
            found.append(f"{number}: cnncalc {' '.join(args)} {fault}\n{content[:2000]!r}")
    return found


def test_documents_out_of_the_grammar(server: Driver) -> None:
    texts = structured(1, 60)
    chance = random.Random(1)
    assert faults(server, texts) == []
    assert faults(server, [mutated(chance, text)[:SMALL] for text in texts]) == []


def test_mutations_of_the_bundled_files_and_of_the_gallery(server: Driver) -> None:
    chance = random.Random(2)
    assert faults(server, [mutated(chance)[:SMALL] for _ in range(120)]) == []


@pytest.mark.sample(6)
@pytest.mark.parametrize("make", LARGE, ids=lambda make: make.__name__)
def test_large_files(make: Maker, server: Driver) -> None:
    chance = random.Random(make.__name__)
    assert faults(server, [make(chance).encode()[:SMALL] for _ in range(2)]) == []


@pytest.mark.sample(5)
@pytest.mark.parametrize("make", FAMILIES, ids=lambda make: make.__name__)
def test_families_of_files(make: Callable[[random.Random], Family], server: Driver) -> None:
    chance = random.Random(make.__name__)
    found = []
    for number in range(6):
        architecture, beside = make(chance)
        args = COMMANDS[number % COMMON if number % 3 else number]
        if fault := server.run(architecture, args, beside=beside).fault(SLACK):
            files = {name: content[:500] if isinstance(content, bytes) else content for name, content in beside.items()}
            found.append(f"{number}: cnncalc {' '.join(args)} {fault}\n{architecture[:2000]!r}\n{files}")
    assert found == []


def test_every_command_that_reads_a_file_is_among_them() -> None:
    """`verify` takes as long as it may, and is tried with small networks alone."""
    commands: dict[str, Any] = get_command(make_app()).commands  # type: ignore[attr-defined]
    reading = {
        name
        for name, command in commands.items()
        if any(isinstance(each, Reads) for declared in list_relations(command).values() for each in declared)
    }
    assert {args[0] for args in COMMANDS} | {"verify"} == reading


def test_the_others_of_a_family_are_there_for_its_case_alone(server: Driver) -> None:
    extending = b"extends: base1"
    base = b"input: [3, 8, 8]\nlayers: [relu]"
    assert server.run(extending, ("validate", FILE), beside={"base1.yaml": base}).code == 0
    assert "no architecture `base1`" in server.run(extending, ("validate", FILE)).out


@pytest.mark.parametrize("make", [*NUMERIC, *LECTURES], ids=lambda make: make.__name__)
def test_numbers_and_pictures(make: Callable[[random.Random], Case], server: Driver) -> None:
    chance = random.Random(make.__name__)
    found = []
    for case in (make(chance) for _ in range(60)):
        if fault := server.run(case.architecture, case.args, data=case.data).fault(SLACK):
            found.append(f"cnncalc {' '.join(case.args)} {fault}\n{case.architecture!r}\n{case.data[:500]!r}")
    assert found == []


@pytest.mark.sample(3)
@pytest.mark.parametrize("hundred", range(100))
def test_damaged_files_of_other_programs(hundred: int, tmp_path: Path) -> None:
    """10,000 in all, read in this process; of some the commands are run as on any file."""
    path = tmp_path / "net.onnx"
    codes = set()
    for number in range(100 * hundred, 100 * hundred + 100):
        path.write_bytes(damaged(random.Random(number)))
        found = read(str(path))
        codes |= {problem.code for problem in found.problems}
        if not found.failed:
            assert found.text
    assert codes <= {"no-layer-kind", "unreadable", "bad-input"}


def test_commands_on_damaged_files_of_other_programs(server: Driver) -> None:
    assert faults(server, [damaged(random.Random(number)) for number in range(60)]) == []


def test_what_is_wrong_is_seen(server: Driver) -> None:
    """The bounds bite: what takes too long is killed, and told with the place."""
    content = b"input: [3, 8, 8]\nlayers: [(relu -> sigmoid) * 40000]"
    found = server.run(content, ("validate", FILE), seconds=0.02)
    assert found.fault().startswith("killed by signal 27 after 0.0 s, cnncalc/")
    assert server.run(content, ("validate", FILE))._replace(seconds=1.9).fault() == "took 1.9 s"
    assert "took 301 MB" in server.run(b"", ("validate", FILE))._replace(bytes=301 * 10**6).fault()
    assert "exit code 2" in server.run(b"", ("summary", FILE, "--depth", "x")).fault()
