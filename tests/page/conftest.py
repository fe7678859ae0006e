"""Pages, and Chromium to look at them. A page is made once for each command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..cli.running import cnncalc
from .browser import CHROMIUM, Browser, Page, open_page, start_browser

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """`make("resnet50")`: the page of `cnncalc report resnet50`, as a file."""
    made: dict[tuple[str, ...], Path] = {}

    def run(*args: str) -> Path:
        if args not in made:
            made[args] = tmp_path_factory.mktemp("page") / "page.html"
            done = cnncalc("report", *args, "-o", str(made[args]))
            assert done.returncode == 0, done.stderr
        return made[args]

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium for all tests of a process."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with start_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A tab of its own, whose downloads come into `tmp_path`."""
    with open_page(browser, tmp_path) as opened:
        yield opened
