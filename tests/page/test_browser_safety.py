"""A page is safe and open to all: axe finds nothing, it asks for no other file, and hostile names stay texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .browser import Page
from .npm import AXE, install

pytestmark = pytest.mark.chromium

HOSTILE = """\
name: "</script><script>alert(1)</script><b>&amp; \\u202e\\u0007 <img src=x onerror=alert(2)>"
source: "=cmd()|' /C calc'!A0 \\"quoted\\", <i>"
input: [3, 16, 16]
blocks:
  twice(out): conv(out, 3, padding=1) -> relu -> conv(out, 3, padding=1)
layers:
  - first = twice(4)
  - global_avg_pool -> flatten -> linear(10)
"""
PAGES = [("resnet50",), ("lenet5", "alexnet"), ("wavenet",)]
SCREENS = [(width, dark) for width in (1280, 390) for dark in (False, True)]
FAULTS = """axe.run(document,
  {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(
  found => found.violations.map(each => [each.id, each.nodes.map(node => node.html.slice(0, 200)).slice(0, 5)]))"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core."""
    return (install(AXE, tmp_path_factory.mktemp("axe")) / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="session")
def hostile(make: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "=1+1, <b>.yaml"
    path.write_text(HOSTILE, encoding="utf-8")
    return make(str(path))


@pytest.mark.sample(4)
@pytest.mark.parametrize(("width", "dark"), SCREENS)
@pytest.mark.parametrize("names", PAGES, ids=" ".join)
def test_axe_finds_nothing(
    names: tuple[str, ...], width: int, dark: bool, axe: str, make: Callable[..., Path], page: Page
) -> None:
    page.show(width, dark=dark, still=True)
    page.open(make(*names).as_uri())
    page.evaluate(axe + "; 0")
    page.click("button.unfold")
    page.click("tr[data-layer='3'] th")
    page.write("input.search", "conv4" if names == ("resnet50",) else "1")
    page.click("th[data-column=macs] button")
    assert page.evaluate(FAULTS) == []


def test_axe_finds_what_is_wrong(axe: str, make: Callable[..., Path], page: Page) -> None:
    page.open(make("lenet5").as_uri())
    page.evaluate("document.querySelector('.sliders label').replaceWith(document.querySelector('input.unit-x'))")
    page.evaluate("document.querySelector('.facts dt').style.color = '#bbb'")
    page.evaluate(axe + "; 0")
    assert {name for name, _ in page.evaluate(FAULTS)} >= {"label", "color-contrast"}


@pytest.mark.parametrize("names", PAGES, ids=" ".join)
def test_nothing_scrolls_sideways_on_a_telephone(names: tuple[str, ...], make: Callable[..., Path], page: Page) -> None:
    page.show(390, 844)
    page.open(make(*names).as_uri())
    page.click("button.unfold")
    page.click("input.flat")
    page.write("input.search", "conv")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("names", PAGES, ids=" ".join)
def test_a_page_is_one_request_and_says_nothing(names: tuple[str, ...], make: Callable[..., Path], page: Page) -> None:
    page.open(make(*names).as_uri())
    page.click("input.flat")
    page.click("tr[data-layer='0'] th")
    page.write("input.search", "conv")
    requests = [event["request"]["url"] for event in page.events("Network.requestWillBeSent")]
    assert requests == [make(*names).as_uri()]
    assert page.events("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded") == []


def test_the_policy_lets_no_other_script_run(make: Callable[..., Path], page: Page) -> None:
    page.open(make("lenet5").as_uri())
    page.evaluate(
        "(script => {script.textContent = 'window.ran = true'; document.body.append(script);})"
        "(document.createElement('script'))"
    )
    page.evaluate("document.body.setAttribute('onclick', 'window.ran = true'); document.body.click()")
    assert page.evaluate("window.ran") is None
    assert "Content Security Policy" in str(page.events("Log.entryAdded"))


def test_hostile_names_are_texts(hostile: Path, page: Page) -> None:
    page.send("Page.addScriptToEvaluateOnNewDocument", source="window.alert = () => {window.ran = true;};")
    page.open(hostile.as_uri())
    assert page.count("script") == 2
    assert page.count("img, header b, header i, td b, th b") == 0
    assert page.text("h1") == "</script><script>alert(1)</script><b>&amp; \\u202e\\x07 <img src=x onerror=alert(2)>"
    assert page.evaluate("window.ran") is None
    assert page.events("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded") == []
    page.click("tr[data-layer='1'] th")
    assert page.text(".panel .path").startswith("first")


def test_nothing_moves_for_those_who_ask_for_it(make: Callable[..., Path], page: Page) -> None:
    moving = (
        "[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0"
        " || getComputedStyle(e).animationName !== 'none' || getComputedStyle(e).scrollBehavior === 'smooth').length"
    )
    page.open(make("lenet5").as_uri())
    assert page.evaluate(moving) > 0
    page.show(1280, still=True)
    assert page.evaluate(moving) == 0
