"""What papers call FLOPs or MAdds, unless they say otherwise: multiply-accumulates, as cnncalc counts them."""

from __future__ import annotations

from cnncalc.conventions.torchvision_docs import CONVENTION as DOCS

CONVENTION = DOCS._replace(
    name="papers",
    title="papers' MAdds",
    version="",
    url="https://arxiv.org/abs/1512.03385",
    unit="multiply-adds",
    notes=("Those that differ have conventions of their own.",),
)
