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
from cnncalc.conventions import NAMES, named, own
from cnncalc.conventions.ledger import Ledger

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "figures.json").read_text("utf-8"))
NETWORKS: dict[str, Any] = FIGURES["networks"]
TOOLS = [name for name in NAMES if name in NETWORKS["resnet50"] and name != "keras"]


@cache
def report_of(name: str) -> Report:
    settings = {"auxiliary": "false"} if name in ("fcn_resnet50", "deeplabv3_resnet50") else {}
    return analyze(load(name, input=NETWORKS[name]["input"], settings=settings), fields=False)


def total(ledger: Ledger | None) -> int | None:
    return ledger and ledger.theirs


def test_all_tools_of_the_facts_are_there() -> None:
    assert {*TOOLS} == {*NETWORKS["resnet50"]} - {"input", "keras"}
    assert len(NETWORKS) == 52


@pytest.mark.parametrize("name", NETWORKS)
def test_the_figures_of_torchvision_s_own_networks(name: str) -> None:
    report = report_of(name)
    for tool in TOOLS:
        convention = named(tool)
        written = own(convention, name, report)
        assert written
        counted = convention.apply(report, written.calls)
        assert [total(counted.parameters), total(counted.operations)] == NETWORKS[name][tool], tool


@pytest.mark.parametrize("name", [name for name, each in NETWORKS.items() if "keras" in each])
def test_the_parameters_of_keras_applications(name: str) -> None:
    report = report_of(name)
    written = own(named("keras"), name, report)
    counted = named("keras").apply(report, written.calls if written else None)
    assert total(counted.parameters) == NETWORKS[name]["keras"]["params"]
    assert counted.operations is None
