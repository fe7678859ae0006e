"""The random networks that exported code and files are tried on, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from cnncalc.errors import Source
from cnncalc.reading import Reading, read_text

from ..random_networks.drawing import drawn
from ..random_networks.writing import written

SEEDS = 300
BATCHES = 10


def readings_of(batch: int) -> Iterator[tuple[int, Reading]]:
    """The seeds of a batch with what they make, without those that are no network or one without layers."""
    for seed in range(batch * SEEDS // BATCHES, (batch + 1) * SEEDS // BATCHES):
        reading = read_text(Source(f"n{seed}.yaml", written(drawn(seed), Random(seed))))
        if not reading.failed and reading.network is not None and reading.network.nodes:
            yield seed, reading
