"""pycls, which has the figures of RegNets: multiply-adds, and a bias once whatever the size of the map."""

from __future__ import annotations

from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import M, ignored, quantity, same

BLOCKS = "pycls/models/blocks.py"
BIASES = quantity("b", "biases", lambda call: call.biases)

CONVENTION = Convention(
    name="pycls",
    title="pycls",
    version="2020",
    url="https://github.com/facebookresearch/pycls/blob/main",
    unit="flops",
    per_mac=1,
    operations={
        **ignored(BLOCKS, "pycls has no such layer"),
        **same(BLOCKS, M + BIASES, "conv", "conv_same", "linear", "linear_map"),
    },
    parameters={},
)
