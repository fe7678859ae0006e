"""Pages of networks, each made once, with what the rest of the program says of them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cnncalc.analysis.analyze import analyze
from cnncalc.network import Network
from cnncalc.reading import read
from cnncalc.render.page.document import write_page
from cnncalc.render.page.subject import Subject

from .dom import Element, parse


def page_of(*networks: Network) -> str:
    return write_page(
        [Subject(number, f"net{number}", each, analyze(each)) for number, each in enumerate(networks)], "cnncalc"
    )


@cache
def text_of(name: str) -> str:
    return page_of(read(name).require_network())


@cache
def page(name: str) -> Element:
    return parse(text_of(name))


@cache
def summary(name: str) -> dict[str, Any]:
    """What `summary --format json` writes."""
    return read(name).require_report().to_dict()


def data_of(page: Element) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.one("script", id="data").text)
    return found
