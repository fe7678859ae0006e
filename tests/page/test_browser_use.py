"""A page in use: clicks, keys, the address, Back, folding, sorting, searching, the theme."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import cnncalc

from .browser import Page

pytestmark = pytest.mark.chromium

SHOWN = "[...document.querySelectorAll('table.layers tbody tr:not([hidden])')]"
NAMES = f"{SHOWN}.map(row => row.dataset.path ?? row.dataset.layer)"
CHOSEN = "[...document.querySelectorAll('tbody tr.chosen')].map(row => Number(row.dataset.layer))"
HELD = "document.activeElement.dataset.path ?? document.activeElement.dataset.layer ?? document.activeElement.tagName"


@pytest.fixture
def resnet(make: Callable[..., Path], page: Page) -> Page:
    page.open(make("resnet50").as_uri())
    return page


def path_of(page: Page, layer: int) -> str:
    return str(
        page.evaluate(f"JSON.parse(document.querySelector('#data').textContent).networks[0].layers.path[{layer}]")
    )


def go_back(page: Page, steps: int = -1) -> None:
    page.evaluate(
        f"new Promise(done => {{addEventListener('popstate', () => done(), {{once: true}}); history.go({steps});}})"
    )


def check_selection(page: Page, layer: int) -> None:
    """Table, panel, charts, drawing and address agree."""
    path = path_of(page, layer)
    assert page.evaluate(CHOSEN) == [layer]
    assert page.evaluate("[...document.querySelectorAll('tr[aria-selected=true]')].length") == 1
    assert page.text(".panel .path") == path
    assert page.evaluate("decodeURIComponent(location.hash)") == f"#layer={path}"
    network = "JSON.parse(document.querySelector('#data').textContent).networks[0]"
    for x, memory in page.evaluate(
        "[...document.querySelectorAll('figure.chart')].map(figure => "
        "[Number(figure.querySelector('.cursor').getAttribute('x')), figure.dataset.figure === 'memory'])"
    ):
        bars = None if memory else page.evaluate(f"{network}.bars")
        assert x == (layer if bars is None else max(at for at, first in enumerate(bars) if first <= layer))
    drawn = page.evaluate(f"{network}.drawn[{layer}]")
    chosen = page.evaluate("[...document.querySelectorAll('.drawing .chosen')].map(box => box.id)")
    assert chosen == ([f"n0-layer-{drawn}"] if drawn >= 0 else [])


def test_a_click_on_a_row_chooses_its_layer_everywhere(resnet: Page) -> None:
    resnet.click("button.unfold")
    for layer in (5, 60, 175):
        resnet.click(f"tr[data-layer='{layer}'] td:nth-of-type(2)")
        check_selection(resnet, layer)


def test_a_click_on_a_bar_chooses_its_layer_everywhere(resnet: Page) -> None:
    for figure in ("parameters", "macs", "activations", "memory"):
        for layer in (20, 100):
            resnet.click(f"figure.chart[data-figure={figure}] svg", ((layer + 0.5) / 176, 0.9))
            check_selection(resnet, layer)


def test_a_click_on_a_box_chooses_its_layer_everywhere(resnet: Page) -> None:
    boxes = resnet.evaluate("[...document.querySelectorAll('.drawing g[id^=n0-layer-]')].map(box => box.id)")
    assert len(boxes) > 10
    for box in boxes[:: len(boxes) // 4]:
        resnet.click(f"#{box}")
        check_selection(resnet, int(box.removeprefix("n0-layer-")))


def test_back_and_forward_show_what_was_chosen(resnet: Page) -> None:
    first = resnet.text(".panel .path")
    resnet.click("button.unfold")
    for layer in (3, 9):
        resnet.click(f"tr[data-layer='{layer}'] td")
    go_back(resnet)
    check_selection(resnet, 3)
    go_back(resnet)
    assert resnet.text(".panel .path") == first
    assert resnet.evaluate("location.hash") == ""
    go_back(resnet, 2)
    check_selection(resnet, 9)


def test_an_address_opens_the_page_at_its_layer(make: Callable[..., Path], page: Page) -> None:
    page.open(f"{make('resnet50').as_uri()}#layer=conv4_x.bottleneck1.3.add1.body.conv_bn2.conv1")
    (index,) = (
        index
        for index, layer in enumerate(cnncalc.analyze(cnncalc.load("resnet50")).layers)
        if layer.path == page.text(".panel .path")
    )
    check_selection(page, index)
    box = "document.querySelector('tr.chosen').getBoundingClientRect()"
    frame = "document.querySelector('.layers .scroll').getBoundingClientRect()"
    assert page.evaluate(f"{box}.top >= {frame}.top && {box}.bottom <= {frame}.bottom"), "it is not in view"


@pytest.mark.parametrize(
    "fragment", ["#layer=no.such.layer", "#n0-layers", "#layer=%E0%A4%A", "#layer=conv_bn1&network=7"]
)
def test_an_address_of_nothing_changes_nothing(fragment: str, make: Callable[..., Path], page: Page) -> None:
    page.open(make("resnet50").as_uri())
    first = page.text(".panel .path")
    page.open(make("resnet50").as_uri() + fragment)
    assert page.text(".panel .path") == first
    assert page.events("Runtime.exceptionThrown") == []


def test_arrow_keys_walk_and_fold(resnet: Page) -> None:
    resnet.click("button.fold")
    resnet.evaluate(f"{SHOWN}[0].focus()")
    assert resnet.evaluate(HELD) == "conv_bn1"
    resnet.press("ArrowRight")
    assert resnet.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    resnet.press("ArrowRight")
    check_selection(resnet, 0)
    assert resnet.evaluate(HELD) == "0"
    resnet.press("ArrowDown", "ArrowDown")
    check_selection(resnet, 2)
    resnet.press("ArrowUp", "ArrowUp", "ArrowLeft")
    assert resnet.evaluate(HELD) == "conv_bn1"
    resnet.press("ArrowLeft")
    assert resnet.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    resnet.press("ArrowLeft", "ArrowUp", "Home")
    assert resnet.evaluate(HELD) == "conv_bn1", "there is nothing before it"
    resnet.press("End")
    check_selection(resnet, 175)
    resnet.press("ArrowDown")
    check_selection(resnet, 175)
    go_back(resnet)
    assert resnet.evaluate("location.hash") == "", "walking is one step of the history"


def test_enter_and_space_act_as_a_click(resnet: Page) -> None:
    resnet.click("button.fold")
    resnet.evaluate("document.querySelector('tr[data-path=conv2_x]').focus()")
    before = len(resnet.evaluate(NAMES))
    resnet.press("Enter")
    assert len(resnet.evaluate(NAMES)) == before + 3
    resnet.press(" ")
    assert len(resnet.evaluate(NAMES)) == before
    resnet.press("ArrowUp")
    check_selection(resnet, 3)


def test_the_table_is_one_stop_of_tab(resnet: Page) -> None:
    assert resnet.count("tbody tr[tabindex='0']") == 1
    resnet.click("button.unfold")
    resnet.click("tr[data-layer='9'] td")
    assert resnet.count("tbody tr[tabindex='0']") == 1
    assert resnet.evaluate("document.querySelector('tbody tr[tabindex=\"0\"]').dataset.layer") == "9"
    resnet.press("Tab")
    assert not resnet.evaluate("document.activeElement.closest('tbody')")
    resnet.press("Tab", modifiers=8)
    assert resnet.evaluate(HELD) == "9"


def test_a_large_network_begins_folded_and_a_small_one_open(make: Callable[..., Path], page: Page) -> None:
    page.open(make("resnet50").as_uri())
    folded = page.evaluate(f"{SHOWN}.filter(row => row.classList.contains('group')).map(row => row.dataset.path)")
    assert {"conv3_x", "conv4_x", "conv5_x"} <= {*folded}
    assert page.evaluate(f"{SHOWN}.length") < 40
    page.open(make("alexnet").as_uri())
    assert page.count("table.layers tbody tr[hidden]") == 0


def test_folding_hides_what_is_in_a_group(resnet: Page) -> None:
    resnet.click("button.unfold")
    every = resnet.evaluate(NAMES)
    inside = [name for name in every if name.startswith("conv4_x.")]
    assert len(inside) > 10
    resnet.click("tr[data-path=conv4_x] th")
    left = resnet.evaluate(NAMES)
    assert not [name for name in left if name.startswith("conv4_x.")]
    assert "conv4_x" in left
    resnet.click("tr[data-path=conv4_x] th")
    assert resnet.evaluate(NAMES) == every, "groups within are as they were"


def column(page: Page, name: str) -> list[tuple[int, int, int | None]]:
    """Level, number and layer of the rows that are shown."""
    places = ["layer", "settings", "output", "parameters", "macs", "activations", "receptive_field"]
    cell = f"row.cells[{places.index(name)}].textContent"
    rows = page.evaluate(f"{SHOWN}.map(row => [row.dataset.level, {cell}, row.dataset.layer ?? null])")
    return [
        (int(level), int(text.replace(",", "")), None if layer is None else int(layer)) for level, text, layer in rows
    ]


@pytest.mark.parametrize("name", ["parameters", "macs", "activations"])
def test_sorting_keeps_layers_below_their_groups(name: str, resnet: Page) -> None:
    resnet.click("button.unfold")
    before = column(resnet, name)
    names = resnet.evaluate(NAMES)
    for direction, sign in [("descending", -1), ("ascending", 1)]:
        resnet.click(f"th[data-column={name}] button.sort")
        heads = resnet.evaluate(
            "[...document.querySelectorAll('th[aria-sort]')].map(e => [e.dataset.column, e.ariaSort])"
        )
        assert [head for head in heads if head[1] != "none"] == [[name, direction]]
        rows = column(resnet, name)
        assert sorted(rows, key=str) == sorted(before, key=str)
        siblings: dict[int, int] = {}  # of each level the value before, since its group began
        for level, value, _ in rows:
            siblings = {each: last for each, last in siblings.items() if each <= level}
            assert sign * siblings.get(level, sign * -(10**18)) <= sign * value
            siblings[level] = value
        for at, (level, value, layer) in enumerate(rows):  # the sum of a group is that of what is below it
            if layer is None:
                below = []
                for deeper, part, index in rows[at + 1 :]:
                    if deeper <= level:
                        break
                    below += [part] * (index is not None)
                assert value == sum(below)
    resnet.click("th[data-column=layer] button.sort")
    assert resnet.evaluate(NAMES) == names


def test_without_groups_the_layers_are_sorted_over_all(resnet: Page) -> None:
    resnet.click("input.flat")
    assert len(resnet.evaluate(NAMES)) == 176
    resnet.click("th[data-column=macs] button.sort")
    numbers = [value for _, value, layer in column(resnet, "macs") if layer is not None]
    report = cnncalc.analyze(cnncalc.load("resnet50"))
    assert numbers == sorted((layer.work.macs for layer in report.layers), reverse=True)
    shown = resnet.evaluate(f"{SHOWN}.map(row => row.cells[0].innerText)")
    paths = [path_of(resnet, int(layer)) for layer in resnet.evaluate(NAMES)[:5]]
    assert [text.replace("\n", "").strip() for text in shown[:5]] == paths, "names without groups are paths"


def test_a_search_shows_what_fits_with_its_sums(resnet: Page) -> None:
    report = cnncalc.analyze(cnncalc.load("resnet50"))
    resnet.write("input.search", "conv4_x 3x3")
    found = [int(name) for name in resnet.evaluate(NAMES) if name.isdigit()]
    wanted = [
        index
        for index, layer in enumerate(report.layers)
        if "conv4_x" in layer.path and layer.kind == "conv" and layer.arguments["kernel"] == (3, 3)
    ]
    assert found == wanted
    assert len(found) == 6
    parameters = sum(report.layers[at].parameters for at in wanted)
    macs = sum(report.layers[at].work.macs for at in wanted)
    text = resnet.text(".layers .count")
    assert text.startswith("6 of 176 layers: ")
    assert f"{parameters:,} parameters ({100 * parameters / report.totals.parameters:.1f}%)" in text
    assert f"{macs:,} macs" in text
    groups = [name for name in resnet.evaluate(NAMES) if not name.isdigit()]
    assert all(name.startswith("conv4_x") for name in groups), "only groups of what was found"
    resnet.write("input.search", "")
    assert resnet.text(".layers .count") == "176 layers"
    resnet.write("input.search", "no such thing")
    assert resnet.evaluate(NAMES) == []
    assert resnet.text(".layers .count").startswith("0 of 176 layers")


def test_a_search_finds_the_settings_of_groups(resnet: Page) -> None:
    resnet.write("input.search", "bottleneck(256, 2)")
    found = [int(name) for name in resnet.evaluate(NAMES) if name.isdigit()]
    report = cnncalc.analyze(cnncalc.load("resnet50"))
    assert found == [at for at, layer in enumerate(report.layers) if layer.path.startswith("conv4_x.bottleneck1.0.")]


def test_two_networks_are_chosen_from_apart(make: Callable[..., Path], page: Page) -> None:
    page.open(make("alexnet", "vgg11").as_uri())
    assert page.count("article.network") == 2
    page.click("article[data-network='1'] tr[data-layer='4'] td")
    hash_ = page.evaluate("location.hash")
    assert hash_.endswith("&network=1")
    second = page.text("article[data-network='1'] .panel .path")
    first = page.text("article[data-network='0'] .panel .path")
    page.click("article[data-network='0'] tr[data-layer='2'] td")
    assert page.text("article[data-network='1'] .panel .path") == second
    go_back(page)
    assert page.text("article[data-network='1'] .panel .path") == second
    assert page.text("article[data-network='0'] .panel .path") == first


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_is_the_systems_or_the_chosen_one(dark: bool, make: Callable[..., Path], page: Page) -> None:
    page.show(1280, dark=dark)
    address = make("alexnet").as_uri()
    page.open(address)
    ground = "getComputedStyle(document.body).backgroundColor"
    own = page.evaluate(ground)
    other = "light" if dark else "dark"

    def choose_theme(value: str) -> None:
        page.evaluate(
            f"(select => {{select.value = {json.dumps(value)}; select.dispatchEvent(new Event('change'));}})"
            "(document.querySelector('select.theme'))"
        )

    choose_theme(other)
    assert page.evaluate(ground) != own
    page.open(address)
    assert page.evaluate(ground) != own, "it is kept"
    assert page.evaluate("document.querySelector('select.theme').value") == other
    choose_theme("")
    assert page.evaluate(ground) == own


def test_a_page_that_may_keep_nothing_works(make: Callable[..., Path], page: Page) -> None:
    refuse = "Object.defineProperty(window, 'localStorage', {get() {throw new DOMException('no', 'SecurityError');}});"
    page.send("Page.addScriptToEvaluateOnNewDocument", source=refuse)
    page.open(make("alexnet").as_uri())
    page.evaluate(
        "(select => {select.value = 'dark'; select.dispatchEvent(new Event('change'));})"
        "(document.querySelector('select.theme'))"
    )
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.text(".layers .count").endswith(" layers")
    assert page.events("Runtime.exceptionThrown") == []
