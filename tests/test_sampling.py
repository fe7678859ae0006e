"""Tests with the marker `sample(n)` run n of their cases, sampled by a seed, and with `--full` all of them."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from .conftest import find_deselected


def case(name: str, *count: int) -> Any:
    """A collected case of a test, with the marker if there is a count."""
    marker = SimpleNamespace(args=count) if count else None

    class Item:
        nodeid = name

        def get_closest_marker(self, name: str) -> Any:
            return marker if name == "sample" else None

    return Item()


def sample(items: list[Any], seed: int) -> list[str]:
    deselected = find_deselected(items, seed)
    return [item.nodeid for item in items if item not in deselected]


ITEMS = [*(case(f"a.py::test_a[{n}]", 10) for n in range(100)), *(case(f"a.py::test_b[{n}]", 10) for n in range(100))]


def test_a_sample_depends_on_the_seed_and_the_name() -> None:
    first, second = sample(ITEMS, 0), sample(ITEMS, 1)
    assert Counter(name.partition("[")[0] for name in first) == {"a.py::test_a": 10, "a.py::test_b": 10}
    assert first == sample(ITEMS, 0) != second
    assert len({name.partition("[")[2] for name in first}) > 10
    assert len({*first, *second}) > 20


def test_other_tests_run_all_cases() -> None:
    others = [case("a.py::test_c"), case("a.py::test_d[0]"), case("a.py::test_d[1]"), case("a.py::test_e[0]", 10)]
    assert sample(others, 0) == [item.nodeid for item in others]


def test_a_sample_of_zero_runs_only_with_full() -> None:
    assert sample([case("a.py::test_f", 0), case("a.py::test_g[0]", 0)], 0) == []


def test_a_test_without_cases_is_not_sampled() -> None:
    with pytest.raises(pytest.UsageError, match="test_h has no cases"):
        sample([case("a.py::test_h", 3)], 0)


def test_this_run_is_sampled(request: pytest.FixtureRequest) -> None:
    """Without `--full`, no test runs more cases than its marker says."""
    count = Counter(item.nodeid.partition("[")[0] for item in request.session.items)
    for item in request.session.items:
        marker = item.get_closest_marker("sample")
        if marker and not request.config.getoption("full"):
            assert count[item.nodeid.partition("[")[0]] <= marker.args[0]
