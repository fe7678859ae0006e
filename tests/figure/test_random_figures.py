"""Volumes and stacks of random networks: without faults, complete, or refused."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.figure.maps import FigureError

from ..networks import read
from ..random_networks.drawing import drawn
from ..random_networks.writing import written
from . import test_flat, test_volumes
from .drawn import drawn_layers
from .styles import STYLES

CHECKS = {"volumes": test_volumes.check_geometry, "flat": test_flat.check_geometry}
NETWORKS, BATCHES = 40, 25


@pytest.mark.sample(1)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_networks(batch: int) -> None:
    shown = 0
    for seed in range(NETWORKS * batch, NETWORKS * (batch + 1)):
        network = read(written(drawn(seed), Random(seed))).network
        if network is None or not network.complete:
            continue
        report = analyze(network)
        for style, check in CHECKS.items():
            try:
                (scene,) = STYLES[style](report)
            except FigureError:
                continue
            assert drawn_layers(scene) == [*range(len(report.layers))], (seed, style)
            assert scene.canvas.width <= 504
            check(scene)
            shown += 1
    assert shown > NETWORKS / 4
