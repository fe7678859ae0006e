"""The figures of each tool, exactly.

`figures.json` holds what the tools themselves printed, at the versions in it, for torchvision's networks in eval mode
with a batch of 1, for keras.applications, and for small modules: [parameters, operations], null where there is none.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.report import Report
from cnncalc.conventions import NAMES, named, torchvision

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "figures.json").read_text("utf-8"))
NETWORKS: dict[str, Any] = FIGURES["networks"]
TOOLS = [name for name in NAMES if name in NETWORKS["resnet50"]]


@cache
def report_of(name: str) -> Report:
    settings = {"auxiliary": "false"} if name in ("fcn_resnet50", "deeplabv3_resnet50") else {}
    return analyze(load(name, input=NETWORKS[name]["input"], settings=settings), fields=False)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_figures_of_torchvision_s_own_networks(name: str) -> None:
    report = report_of(name)
    own = torchvision.own(name, report)
    assert own
    for tool in TOOLS:
        counted = named(tool).apply(report, own.calls)
        figures = [each and each.theirs for each in (counted.parameters, counted.operations)]
        assert figures == NETWORKS[name][tool], tool
