"""Ledgers add up, and columns to their totals, for all bundled networks and random ones."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.report import Report
from cnncalc.conventions import NAMES, named, own
from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.written import calls_of
from cnncalc.errors import Source, SpecError
from cnncalc.reading import read_text
from cnncalc.spec.files import bundled

from ..random_networks.drawing import drawn
from ..random_networks.writing import written


def assert_adds_up(convention: Convention, report: Report, calls: list[Call]) -> None:
    counted = convention.apply(report, calls)
    columns = ("parameters", report.totals.parameters), ("operations", report.totals.work.macs)
    for name, ours in columns:
        ledger = getattr(counted, name)
        if ledger:
            assert ledger.ours == ours
            assert ledger.ours + sum(line.amount for line in ledger.lines) == ledger.theirs, convention.name
            assert all(line.amount for line in ledger.lines)
            assert sum(getattr(each, name) for each in counted.layers) == ledger.theirs, convention.name
    assert len(counted.layers) == len(report.layers)
    known = {at for at, each in enumerate(counted.layers) if each.operations is not None}
    assert not known & {*counted.unknown}


@pytest.mark.sample(40)
@pytest.mark.parametrize("name", bundled())
def test_bundled_networks(name: str) -> None:
    report = analyze(load(name), fields=False)
    calls = calls_of(report)
    for tool in NAMES:
        convention = named(tool)
        assert_adds_up(convention, report, calls)
        found = own(convention, name, report)
        if found:
            assert_adds_up(convention, report, found.calls)


@pytest.mark.sample(4)
@pytest.mark.parametrize("seeds", [range(at, at + 30) for at in range(0, 300, 30)], ids=str)
def test_random_networks(seeds: range) -> None:
    read = 0
    for seed in seeds:
        try:
            network = read_text(Source("random.yaml", written(drawn(seed), Random(seed)))).require_network()
        except SpecError:  # some have mistakes on purpose
            continue
        report = analyze(network, fields=False)
        calls = calls_of(report)
        for tool in NAMES:
            assert_adds_up(named(tool), report, calls)
        read += 1
    assert read > 10
