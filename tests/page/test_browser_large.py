"""A page of 10,000 layers: every action touches a bounded number of rows, from which its time follows.

Times are measured in the benchmarks, not here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .browser import Page

pytestmark = pytest.mark.chromium

COUNT = 10_000
SHOWN = 100  # rows at once
GROUPED = f"""\
input: [4, 32, 32]
blocks:
  unit(out): conv(out, 3, padding=1) -> relu
  stage(out): unit(out) * 50
layers:
  - stage(4) * {COUNT // 100}
"""
FLAT = "input: [4, 32, 32]\nlayers:\n" + "  - conv(4, 1) -> relu\n" * (COUNT // 2)
COUNTED = """
window.touched = new Set();
new MutationObserver(changes => {
  for (const {target, addedNodes} of changes) {
    if (target.tagName === 'TR') touched.add(target);
    for (const each of addedNodes) if (each.tagName === 'TR') touched.add(each);
  }
}).observe(document.querySelector('tbody[data-none], table.layers tbody'),
           {subtree: true, attributes: true, attributeFilter: ['hidden', 'aria-expanded'], childList: true});
0
"""


@pytest.fixture(scope="module", params=["grouped", "flat"])
def large(request: pytest.FixtureRequest, make: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / f"{request.param}.yaml"
    path.write_text(GROUPED if request.param == "grouped" else FLAT, encoding="utf-8")
    return make(str(path))


@pytest.mark.sample(1)
def test_every_action_touches_few_rows(large: Path, page: Page) -> None:
    page.open(large.as_uri())
    page.evaluate(COUNTED)

    def act(what: Callable[[], None]) -> None:
        page.evaluate("touched.clear()")
        what()
        assert page.evaluate("touched.size") <= 2 * SHOWN
        assert page.count("table.layers tbody tr:not([hidden])") <= SHOWN

    for text in ("conv", "relu", "conv 77", "no such", ""):
        act(lambda text=text: page.write("input.search", text))  # type: ignore[misc]
    for selector in ("button.unfold", "button.fold", "input.flat", "th[data-column=activations] button", "input.flat"):
        act(lambda selector=selector: page.click(selector))  # type: ignore[misc]
    act(lambda: page.click("figure.chart[data-figure=memory] svg", (0.999, 0.5)))
    assert page.text(".panel .path").startswith(("relu", "stage"))
    page.evaluate("document.querySelector('tbody tr[tabindex=\"0\"]').focus()")
    for key in ("Home", "End", "ArrowUp", "PageUp", "Home"):
        act(lambda key=key: page.press(key))  # type: ignore[misc]


@pytest.mark.sample(1)
def test_all_rows_can_be_reached(large: Path, page: Page) -> None:
    page.open(large.as_uri())
    page.click("input.flat")
    seen: set[str] = set()
    shown = "[...document.querySelectorAll('table.layers tbody tr:not([hidden])')].map(row => row.dataset.layer)"
    for first in range(0, COUNT, SHOWN):
        assert f"rows {first + 1:,} to {min(first + SHOWN, COUNT):,} of {COUNT:,}" in page.text(".count")
        seen |= {*page.evaluate(shown)}
        if first + SHOWN < COUNT:
            page.click("button.next")
    assert seen == {str(layer) for layer in range(COUNT)}
    assert page.evaluate("document.querySelector('button.next').disabled")
    page.click("button.previous")
    assert not page.evaluate("document.querySelector('button.next').disabled")


@pytest.mark.sample(1)
def test_a_search_adds_up_all_that_it_finds(large: Path, page: Page) -> None:
    page.open(large.as_uri())
    page.write("input.search", "conv")
    data = json.loads(page.text("#data"))["networks"][0]
    macs = sum(data["layers"]["macs"])
    assert f"{COUNT // 2:,} of {COUNT:,} layers: " in page.text(".count")
    assert f"{macs:,} macs (100.0%)" in page.text(".count")


@pytest.mark.sample(1)
def test_paper_gets_all_rows(large: Path, page: Page) -> None:
    page.open(large.as_uri())
    page.click("input.flat")
    for event, rows in [("beforeprint", COUNT), ("afterprint", SHOWN)]:
        page.evaluate(f"dispatchEvent(new Event('{event}'))")
        assert page.count("table.layers tbody tr:not([hidden])") == rows
