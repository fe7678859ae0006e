"""Sweeps: what is varied, which points are kept, and the largest that fits, against counting by hand."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from cnncalc import limits
from cnncalc.compare.sweep import (
    Axis,
    Point,
    arrange,
    count_points,
    iterate_points,
    keep_unbeaten,
    parse_axis,
    settle_axis,
)
from cnncalc.errors import CnncalcError, Problem, UsageError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("width=1,2,4", ("1", "2", "4")),
        ("width = 0.25 , 1", ("0.25", "1")),
        ("width=0.25..1:0.25", ("0.25", "0.5", "0.75", "1")),
        ("width=0.1..0.35:0.1", ("0.1", "0.2", "0.3")),  # exact: 0.1 + 0.2 is 0.3
        ("input=96..160:32", ("96", "128", "160")),
        ("input=3x96x96,[3, 64, 64]", ("3x96x96", "[3, 64, 64]")),
        ("act=relu,relu6", ("relu", "relu6")),
        ("layers=[1, 2],[3, 4]", ("[1, 2]", "[3, 4]")),
        ("x=-1..1:1", ("-1", "0", "1")),
    ],
)
def test_values(text: str, values: tuple[str, ...]) -> None:
    assert parse_axis(text).values == values


def test_a_range_without_a_step_has_ends() -> None:
    assert parse_axis("width=0.25..2") == Axis("width", (), (Fraction(1, 4), Fraction(2)))
    assert parse_axis("width=1..2") == Axis("width", (), (Fraction(1), Fraction(2)), whole=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("width", "takes NAME"),
        ("=1", "takes NAME"),
        ("width=", "takes NAME"),
        ("width=2..1", "backwards; write width=1..2$"),
        ("width=2..1:1", "backwards; write width=1..2:1$"),
        ("width=2..1:-0.5", "backwards; write width=1..2:0.5$"),
        ("width=1..2:0", "more than 0; write width=1..2:0.1$"),
        ("width=96..256:0", "more than 0; write width=96..256:20$"),
        ("width=1..1:0", "more than 0; write width=1..1:1$"),
        ("x=0.000000001..0.000000002:0", "more than 0; write x=0.000000001..0.000000002:0.000000001$"),
        ("width=1..2:-1", "more than 0; write width=1..2:1$"),
        ("width=a..b", "FIRST..LAST:STEP"),
        ("width=1,,2", "missing"),
        ("width=0..1000000000:1", "more than 100,000; write width=0..1000000000:20000$"),
        ("width=0..2:0.00001", "200,001 values are more than 100,000; write width=0..2:0.00003$"),
    ],
)
def test_wrong_values_are_wrong_usage(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_axis(text)


def test_a_grid_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = [parse_axis("a=1..10:1"), parse_axis("b=1..10:1")]
    assert count_points(axes) == 100
    monkeypatch.setattr(limits, "SWEEP_POINTS", 99)
    with pytest.raises(UsageError, match="100 points"):
        count_points(axes)
    with pytest.raises(UsageError, match="more than once"):
        count_points([axes[0], axes[0]])
    with pytest.raises(UsageError, match="only one range"):
        count_points([parse_axis("a=1..2"), parse_axis("b=1..2")])


def test_a_grid_goes_through_all_values_the_last_fastest() -> None:
    axes = [parse_axis("a=1,2"), parse_axis("b=x,y,z")]
    points = [point.values for point in iterate_points(axes, Point, largest=True)]
    assert points == [("1", "x"), ("1", "y"), ("1", "z"), ("2", "x"), ("2", "y"), ("2", "z")]


def stepped(most: int, step: Fraction = Fraction(1, 20)) -> tuple[list[str], object]:
    """A figure that grows by whole steps, and what was asked of it."""
    asked: list[str] = []

    def evaluate(values: tuple[str, ...]) -> Point:
        asked.append(values[-1])
        cost = int(Fraction(values[-1]) / step)
        return Point(values, figures={"macs": cost}, held=cost <= most)

    return asked, evaluate


@pytest.mark.parametrize("seed", range(50))
def test_the_largest_that_fits_is_found(seed: int) -> None:
    """The figure is ⌊20·width⌋: at most `most` of it is any width below (most + 1)/20."""
    chance = random.Random(seed)
    most = chance.randint(6, 38)
    asked, evaluate = stepped(most)
    (point,) = iterate_points([parse_axis("width=0.25..2")], evaluate, largest=True)  # type: ignore[arg-type]
    assert point.figures["macs"] == most  # not one step less
    assert len(point.values[0]) <= len("1.09")  # in the fewest digits: at most two after the point
    assert len(asked) < 50


def test_the_smallest_that_fits_and_whole_numbers() -> None:
    def evaluate(values: tuple[str, ...]) -> Point:
        size = int(values[0])  # sizes are whole
        return Point(values, figures={"output": size // 3}, held=size // 3 >= 50)

    (point,) = iterate_points([parse_axis("input=32..512")], evaluate, largest=False)
    assert point.values == ("150",)


def test_nothing_and_all_of_a_range_fit() -> None:
    for most, values, held in ((-1, ("0.25",), False), (10**6, ("2",), True)):
        _, evaluate = stepped(most)
        (point,) = iterate_points([parse_axis("width=0.25..2")], evaluate, largest=True)  # type: ignore[arg-type]
        assert (point.values, point.held) == (values, held)


def test_a_figure_that_goes_up_and_down_is_not_searched() -> None:
    def evaluate(values: tuple[str, ...]) -> Point:
        cost = abs(int(values[0]) - 50)
        return Point(values, figures={"macs": cost, "depth": cost % 7}, held=cost <= 20)

    axes = [parse_axis("input=0..100")]
    with pytest.raises(CnncalcError, match=r"`macs` neither grows .* give a step, e.g. --vary input=0..100:1$"):
        list(iterate_points(axes, evaluate, largest=True, limited=["macs"]))
    (point,) = iterate_points([parse_axis("input=50..100")], evaluate, largest=True, limited=["macs"])
    assert point.values == ("70",)  # what is only shown may do so


def broken(values: tuple[str, ...]) -> Point:
    return Point(values, problem=Problem("bad-input", "it does not fit"), held=False)


def within(values: tuple[str, ...], cost: int, least: int, most: int) -> Point:
    missed = {("macs", True)} if cost > most else {("macs", False)} if cost < least else set()
    return Point(values, figures={"macs": cost}, held=not missed, missed=frozenset(missed))


@pytest.mark.parametrize("seed", range(60))
def test_the_ends_need_not_fit(seed: int) -> None:
    """Sizes run out below `first`, and a limit from both sides is met by few sizes: as all of them tried in turn."""
    chance = random.Random(seed)
    first, slope = chance.randint(1, 300), chance.choice([-3, -1, 1, 2])
    least = chance.randint(1, 400) * slope
    most = least + chance.randint(0, 40)

    def evaluate(values: tuple[str, ...]) -> Point:
        size = int(values[0])
        return within(values, slope * size, least, most) if size >= first else broken(values)

    every = [evaluate((str(size),)) for size in range(1, 513)]
    held = [point.values for point in every if point.held]
    for largest in (True, False):
        (point,) = iterate_points([parse_axis("input=1..512")], evaluate, largest=largest, limited=["macs"])
        assert point.held == bool(held)
        if held:
            assert point.values == held[-1 if largest else 0]


def test_errors_between_values_without_one_are_not_searched_over() -> None:
    """A U-Net takes each 16th size alone: bisection would stop below any of the others."""

    def evaluate(values: tuple[str, ...]) -> Point:
        return within(values, int(values[0]), 0, 300) if int(values[0]) % 64 == 0 else broken(values)

    with pytest.raises(CnncalcError, match=r"an error at input=\d+, .* it does not fit; give a step, e.g. .*:1$"):
        list(iterate_points([parse_axis("input=0..512")], evaluate, largest=True, limited=["macs"]))
    with pytest.raises(CnncalcError, match="an error at"):  # one sample alone is without an error
        list(iterate_points([parse_axis("input=1..513")], lambda values: (
            within(values, 257, 0, 300) if values == ("257",) else broken(values)
        ), largest=True, limited=["macs"]))  # fmt: skip


@pytest.mark.parametrize("largest", [True, False])
def test_errors_above_what_is_over_a_limit_are_not_in_the_way(largest: bool) -> None:
    """A network of more than 30,000 layers is refused; that changes nothing for those of 7 to 50."""

    def evaluate(values: tuple[str, ...]) -> Point:
        return within(values, int(values[0]), 7, 50) if int(values[0]) <= 30_000 else broken(values)

    (point,) = iterate_points([parse_axis("input=0..100000")], evaluate, largest=largest, limited=["macs"])
    assert point.values == ("50" if largest else "7",)


def test_errors_at_all_values_tried_are_a_row() -> None:
    axes = [parse_axis("blocks=1,2"), parse_axis("input=1..512")]
    first, second = iterate_points(
        axes, lambda values: broken(values) if values[0] == "1" else within(values, 1, 0, 9), largest=True
    )
    assert first.problem
    assert first.problem.message.startswith("errors at all 9 values tried, e.g. it does not fit; give a step, e.g. ")
    assert second.values == ("2", "512")


def test_a_search_for_what_is_whole_in_the_file_is_in_whole_numbers() -> None:
    """A factor of 1.37 is found in 1..4; of blocks, which are whole, it is 1, and no error at 1.5 is in the way."""

    def scale(values: tuple[str, ...]) -> Point:
        return within(values, int(100 * Fraction(values[0])), 0, 137)

    def repeat(values: tuple[str, ...]) -> Point:
        return scale(values) if Fraction(values[0]).denominator == 1 else broken(values)

    for last in (3, 4, 8):
        width, blocks = (
            settle_axis(parse_axis(f"{name}=1..{last}"), whole=name == "blocks", limited=True)
            for name in ("width", "blocks")
        )
        (point,) = iterate_points([width], scale, largest=True, limited=["macs"])
        assert point.values == ("1.37",)
        (point,) = iterate_points([blocks], repeat, largest=True, limited=["macs"])
        assert point.values == ("1",)
        (decimal,) = (settle_axis(parse_axis(f"blocks=1.0..{last}"), whole=True, limited=True),)
        assert not decimal.whole


def test_a_range_of_whole_numbers_has_a_step_of_1() -> None:
    assert settle_axis(parse_axis("blocks=1..4"), limited=False).values == ("1", "2", "3", "4")
    listed = parse_axis("blocks=1..4:3")
    assert settle_axis(listed, limited=False) == listed
    with pytest.raises(UsageError, match=r"needs a step, e.g. width=1..4:0.3;"):
        settle_axis(parse_axis("width=1.0..4"), limited=False)
    with pytest.raises(UsageError, match="more than 100,000"):
        settle_axis(parse_axis("blocks=1..1000000"), limited=False)


def test_each_value_of_the_others_is_searched_for() -> None:
    def evaluate(values: tuple[str, ...]) -> Point:
        cost = int(values[0]) * int(values[1])
        return Point(values, figures={"macs": cost}, held=cost <= 60)

    axes = [parse_axis("size=1,2,3"), parse_axis("input=1..100")]
    assert [point.values for point in iterate_points(axes, evaluate, largest=True)] == [
        ("1", "60"), ("2", "30"), ("3", "20"),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("names", [("macs", "parameters"), ("macs", "parameters", "activations"), ("macs", "width")])
def test_the_front_is_what_brute_force_finds(seed: int, names: tuple[str, ...]) -> None:
    chance = random.Random(seed)
    points = []
    for number in range(60):
        figures = {name: chance.randint(0, 12) for name in ("macs", "parameters", "activations")}
        points.append(Point((str(chance.randint(0, 12)), str(number)), figures=figures))

    def rate(point: Point) -> list[int]:
        return [-int(point.values[0]) if name == "width" else point.figures[name] for name in names]

    def beats(one: Point, other: Point) -> bool:
        return rate(one) != rate(other) and all(a <= b for a, b in zip(rate(one), rate(other), strict=True))

    found = keep_unbeaten(points, names, ("width", "number"))
    wanted = [point for point in points if not any(beats(other, point) for other in points)]
    assert sorted(point.values for point in found) == sorted(point.values for point in wanted)
    assert [rate(point)[0] for point in found] == sorted(rate(point)[0] for point in found)


def test_of_figures_without_a_better_side_there_is_no_front(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="neither less nor more"):
        keep_unbeaten([], ["macs", "depth"], ())
    monkeypatch.setattr(limits, "PARETO_POINTS", 1)
    points = [Point((), figures={"macs": 1, "parameters": 1, "activations": 1})] * 2
    with pytest.raises(UsageError, match="at most 1 point"):
        keep_unbeaten(points, ["macs", "parameters", "activations"], ())


def test_what_is_shown() -> None:
    points = [
        Point(("1",), figures={"macs": 5}),
        Point(("2",), figures={"macs": 3}, held=False),
        Point(("3",), figures={"macs": 3}),
        Point(("4",), figures={"macs": 3}),
    ]
    found = arrange("net", ("n",), points, ["macs"], pareto=False, largest=False)
    assert [(point.values[0], point.best) for point in found.points] == [("3", True), ("4", True), ("1", False)]
    assert (found.tried, found.missed, found.broken) == (4, 1, 0)
    found = arrange("net", ("n",), points, ["n"], pareto=False, largest=True)
    assert [(point.values[0], point.best) for point in found.points] == [("4", True), ("3", False), ("1", False)]
    found = arrange("net", ("n",), points, [], pareto=False, largest=False)
    assert [point.values[0] for point in found.points] == ["1", "3", "4"]


@pytest.mark.parametrize("goals", [[], ["macs"], ["n"]])
def test_a_point_with_an_error_is_a_row_whatever_is_asked_for(goals: list[str]) -> None:
    over = Point(("2",), figures={"macs": 3}, held=False)
    for points in ([broken(("0",)), within(("1",), 5, 0, 9)], [broken(("0",)), within(("1",), 5, 0, 9), over]):
        found = arrange("net", ("n",), points, goals, pareto=False, largest=False)
        assert {point.values for point in found.points} == {("0",), ("1",)}
        assert not any(point.best for point in found.points if point.problem)
