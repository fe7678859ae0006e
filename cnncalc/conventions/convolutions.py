"""The convolutions alone, as much of the literature on pruning counts, and He et al. for VGG-16."""

from __future__ import annotations

from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import M, ignored, same

PLACE = ""  # no program

CONVENTION = Convention(
    name="convolutions",
    title="the convolutions alone",
    version="",
    url="https://arxiv.org/abs/1512.03385",
    unit="multiply-adds",
    per_mac=1,
    operations={
        **ignored(PLACE, ""),
        **same(PLACE, M, "conv", "conv_same", "conv_standardized", "conv_loose", "transposed_conv"),
    },
    parameters=None,
)
