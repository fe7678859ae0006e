"""The pages of all bundled networks, as they are seen on a telephone: nothing fails, whichever layer is chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.spec.files import bundled

from .browser import Page
from .choosing import choose

pytestmark = pytest.mark.chromium

CHOSEN = 12  # layers of each network
LOOK = """(() => {
  const seen = document.querySelector('.picture .seen');
  return {path: document.querySelector('.panel .path').textContent,
          caption: document.querySelector('.field figcaption')?.textContent ?? null,
          box: seen && ['x', 'y', 'width', 'height'].map(name => Number(seen.getAttribute(name))),
          view: document.querySelector('.picture')?.getAttribute('viewBox').split(' ').map(Number) ?? null,
          wide: document.documentElement.scrollWidth};
})()"""


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", bundled())
def test_every_layer_can_be_chosen(name: str, make: Callable[..., Path], page: Page) -> None:
    page.show(390, 844)
    page.open(make(name).as_uri())
    report = cnncalc.analyze(cnncalc.load(name))
    every = range(len(report.layers))
    for index in {*every[:: -(-len(every) // CHOSEN)], every[-1]}:
        layer = report.layers[index]
        choose(page, layer.path)
        found: dict[str, Any] = page.evaluate(LOOK)
        assert found["path"] == layer.path
        assert found["wide"] <= 390, layer.path
        if found["box"] is None:
            continue
        (x, y, width, height), (left, top, across, down) = found["box"], found["view"]
        assert left <= x
        assert top <= y
        assert x + width <= left + across
        assert y + height <= top + down
        assert found["caption"]
        field = layer.receptive_field
        if layer.is_local and field and len(field.size) == 2 == len(layer.output) - 1:
            assert [width, height] == [field.size[1], field.size[0]], layer.path
        assert not {"NaN", "undefined"} & {*found["caption"].split()}
    assert page.events("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded") == []
