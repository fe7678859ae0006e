"""Groups folded to rows."""

from __future__ import annotations

import pytest

from cnncalc.analysis.folding import READABLE, Row, fold
from cnncalc.analysis.report import Costs, Report
from cnncalc.network import INPUT, Group

from ..render.samples import MAP, layer, line, report, small


def shown(rows: list[Row]) -> list[str]:
    return ["  " * row.indent + row.title for row in rows]


def test_each_depth_of_a_repeat_in_a_block() -> None:
    made = small()
    ends = ["flatten1", "linear1"]
    assert shown(fold(made, 1)) == ["conv1", "body", *ends]
    assert shown(fold(made, 2)) == ["conv1", "body", "  unit1 ×2", *ends]
    assert shown(fold(made, 3)) == ["conv1", "body", "  unit1.0", "  unit1.1", *ends]
    parts = ["  unit1.0", "    conv1", "    relu1", "  unit1.1", "    conv1", "    relu1"]
    assert shown(fold(made, 4)) == shown(fold(made, 99)) == ["conv1", "body", *parts, *ends]


def test_a_repeat_without_a_path_is_shown_by_its_first_and_last_layer() -> None:
    """Its rounds are no level of their own, and neither are heads."""
    relu, tanh = layer("relu"), layer("tanh")
    layers = [
        line(f"a.{kind}{n}", made, (MAP,), MAP) for n in (1, 2, 3) for kind, made in (("relu", relu), ("tanh", tanh))
    ]
    groups = [Group("a", "block", "a", 0, 6, 5, 0), Group("", "repeat", "", 0, 6, 5, 1, 3)]
    groups += [Group("", "round", str(n), 2 * n, 2 * n + 2, 2 * n + 1, 2) for n in range(3)]
    made = report(layers, tuple(groups))
    (_, folded) = fold(made, 2)
    assert (folded.title, folded.settings, folded.path) == ("relu1…tanh3 ×3", "relu → tanh", "a.relu1…a.tanh3")
    assert (
        shown(fold(made, 3))
        == shown(fold(made, 4))
        == ["a", *(f"  {kind}{n}" for n in (1, 2, 3) for kind in ("relu", "tanh"))]
    )


def test_a_folded_group_sums_its_layers_and_shows_its_result() -> None:
    row = fold(small(), 2)[2]
    assert (row.costs.parameters, row.costs.work.macs, row.costs.activations) == (296, 18432, 1024)
    assert row.inputs == (MAP,)
    assert row.output == MAP
    assert row.result is not None
    assert row.result.path == "body.unit1.1.relu1"
    assert row.settings == "unit(4, …)"  # what the rounds have in common


@pytest.mark.parametrize("depth", [1, 2, 3, 4, None])
def test_rows_add_up_to_the_totals(depth: int | None) -> None:
    made = small()
    rows = [row for row in fold(made, depth) if not row.head]
    assert sum(row.costs.parameters for row in rows) == made.totals.parameters == 2978
    assert sum(row.costs.work.macs for row in rows) == made.totals.work.macs == 27904
    assert sum(row.costs.activations for row in rows) == made.totals.activations
    assert all(row.costs == Costs() for row in fold(made, depth) if row.head)


def chain(rounds: int) -> Report:
    relu = layer("relu")
    layers = [line(f"unit1.{number}.relu{part}", relu, (MAP,), MAP) for number in range(rounds) for part in (1, 2)]
    groups = [Group("unit1", "repeat", "unit1", 0, 2 * rounds, 2 * rounds - 1, 0, rounds)]
    groups += [Group(f"unit1.{n}", "round", str(n), 2 * n, 2 * n + 2, 2 * n + 1, 1) for n in range(rounds)]
    return report(layers, tuple(groups))


@pytest.mark.parametrize(("rounds", "rows"), [(13, 39), (14, 14), (40, 40), (41, 1)])
def test_the_default_depth_is_the_deepest_that_is_readable(rounds: int, rows: int) -> None:
    assert len(fold(chain(rounds), None)) == rows <= READABLE


def test_the_outermost_rows_are_shown_however_many() -> None:
    relu = layer("relu")
    assert len(fold(report([line(f"relu{n}", relu, (MAP,), MAP) for n in range(90)]), None)) == 90


def test_a_group_of_one_layer_is_that_layer_by_the_name_of_the_group() -> None:
    pool = layer("max_pool", kernel=2)
    made = report([line("halve1.max_pool1", pool, (MAP,), (4, 4, 4))], (Group("halve1", "block", "halve", 0, 1, 0, 0),))
    (row,) = fold(made, None)
    assert (row.label, row.path, row.settings) == ("halve1", "halve1.max_pool1", "max_pool 2×2, s2")


def test_a_group_of_the_same_layers_is_no_level_of_its_own() -> None:
    relu = layer("relu")
    layers = [line(f"a.concat1.{branch}.relu{n}", relu, (MAP,), MAP) for branch in "xy" for n in (1, 2)]
    groups = (
        Group("a", "block", "a", 0, 4, 3, 0),
        Group("a.concat1", "merge", "concat", 0, 4, 3, 1),
        Group("a.concat1.x", "branch", "x", 0, 2, 1, 2),
        Group("a.concat1.y", "branch", "y", 2, 4, 3, 2),
    )
    assert shown(fold(report(layers, groups), 1)) == ["a"]
    assert shown(fold(report(layers, groups), 2)) == ["a.concat1", "  x", "  y"]


def test_a_group_that_changes_nothing_passes_its_input_on() -> None:
    relu = layer("relu")
    layers = [line(f"outputs1.side.relu{n}", relu, (MAP,), MAP) for n in (1, 2)]
    made = report(layers, (Group("outputs1", "outputs", "outputs", 0, 2, INPUT, 0),))
    assert fold(made, 1)[0].output == (3, 8, 8)


def test_a_group_cut_short_by_an_error_has_no_output() -> None:
    relu = layer("relu")
    layers = [line(f"a.relu{n}", relu, (MAP,), MAP) for n in (1, 2)]
    (row,) = fold(report(layers, (Group("a", "block", "a", 0, 9, 8, 0),)), 1)
    assert row.output is None
    assert row.result is None
