"""Choosing a layer of a page by its address, as a link or Back does."""

from __future__ import annotations

import json

from .browser import Page


def choose(page: Page, path: str) -> None:
    """Go to a layer by the address, unless it is there."""
    page.evaluate(
        f"new Promise(done => {{const wanted = '#layer=' + encodeURIComponent({json.dumps(path)});"
        " if (location.hash === wanted) return done();"
        " addEventListener('popstate', () => done(), {once: true}); location.hash = wanted;})"
    )
