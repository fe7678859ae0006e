"""`python -m tests.fuzz SECONDS [SEED]`: the fuzzer for as long as one likes, from a random seed unless one is given.

What it finds is told with the folder in which the file is kept; the exit code says whether it found anything.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests import processes
from tests.benchmarks.measure import FLOOR
from tests.fuzz.driver import COMMANDS, COMMON, FILE, NOTHING, Beside, Driver, Outcome, driver, put
from tests.fuzz.families import FAMILIES
from tests.fuzz.foreign import damaged
from tests.fuzz.large import large
from tests.fuzz.lectures import LECTURES
from tests.fuzz.mutation import mutated
from tests.fuzz.numbers import NUMERIC, Case
from tests.fuzz.structure import documents

BATCH = 200  # documents of one seed
EACH = 30  # cases of one seed of every sort of numbers
EACH_FAMILY = 10  # the same of families
ALONE = 0.077  # seconds of the imports where nothing else runs and SECONDS are two


def structured(number: int, count: int = BATCH) -> list[bytes]:
    """Documents out of the grammar, the same for the same number."""
    made: list[bytes] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents())
    def collect(text: str) -> None:
        made.append(text.encode("utf-8", "surrogateescape"))

    collect()
    return made


def cases(number: int) -> Iterator[tuple[str, bytes]]:
    """Files of one seed, each with how it was made: out of the grammar, these mutated, files mutated, large ones."""
    chance = random.Random(number)
    for text in structured(number):
        yield "structure", text
        yield "structure, mutated", mutated(chance, text)
        yield "mutation", mutated(chance)
        yield "mutation", mutated(chance)
        yield "another program's, damaged", damaged(chance)
    for _ in range(5):
        yield "large", large(chance)


def judged(
    server: Driver, content: bytes, chance: random.Random, beside: Beside = NOTHING
) -> Iterator[tuple[Case, Outcome]]:
    """A file given to one of the commands that every file gets, and now and then to one of the others."""
    commands = [chance.choice(COMMANDS[:COMMON])]
    if chance.randrange(3) == 0:
        commands.append(chance.choice(COMMANDS[COMMON:]))
    for args in commands:
        yield Case(content, b"", args, beside), server.run(content, args, beside=beside)


def outcomes(server: Driver, number: int) -> Iterator[tuple[str, Case, Outcome]]:
    """Every case of one seed, how it was made, and how it was taken."""
    chance = random.Random(f"commands {number}")
    for origin, content in cases(number):
        for case, outcome in judged(server, content, chance):
            yield origin, case, outcome
    for family in FAMILIES * EACH_FAMILY:
        architecture, beside = family(chance)
        for case, outcome in judged(server, architecture, chance, beside):
            yield f"families, {family.__name__}", case, outcome
    for make in (*NUMERIC, *LECTURES, *LECTURES) * EACH:
        case = make(chance)
        yield f"numbers, {make.__name__}", case, server.run(case.architecture, case.args, data=case.data)


def main() -> int:
    """Run for so many seconds; tell every fault of a new sort, and at the end how many cases there were."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    end = time.monotonic() + float(sys.argv[1])
    number = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    print(f"seed {number}", flush=True)
    folder = Path(mkdtemp(prefix="fuzz-"))
    count: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    slowest = largest = 0.0
    with driver() as server:
        while time.monotonic() < end:
            for origin, case, outcome in outcomes(server, number):
                count[origin] += 1
                slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.bytes)
                if outcome.fault() and (fault := outcome.fault(slowness())):
                    tell(folder, case, outcome, f"seed {number}, {origin}", fault, faults)
                if time.monotonic() > end:
                    break
            number += 1
    print(f"{sum(count.values()):,} cases ({', '.join(f'{origin} {n:,}' for origin, n in count.items())}),")
    print(f"slowest {slowest:.2f} s, largest {largest / 10**6:.0f} MB, {sum(faults.values())} faults")
    return int(bool(faults))


def slowness() -> float:
    """How much slower the machine is just now than it is alone: by the processor time of the imports."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    processes.run([sys.executable, "-c", FLOOR], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return max(1.0, (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) / ALONE)


def tell(folder: Path, case: Case, outcome: Outcome, origin: str, fault: str, faults: Counter[str]) -> None:
    """Keep the files of a fault, unless there are enough of its sort."""
    sort = " ".join((outcome.args[0], *fault.split()[:3]))
    faults[sort] += 1
    if faults[sort] <= 20:
        kept = folder / str(sum(faults.values()))  # a folder of its own: the names of a family are part of it
        kept.mkdir()
        path = kept / FILE
        path.write_bytes(case.architecture)
        put(kept, case.beside)
        path.with_suffix(".data").write_bytes(case.data)
        print(
            f"{path} ({origin}, {len(case.architecture):,} bytes): cnncalc {' '.join(outcome.args)} {fault}", flush=True
        )


if __name__ == "__main__":
    sys.exit(main())
