"""torchvision's documentation, which calls multiply-accumulates FLOPS: its figures are those of cnncalc."""

from __future__ import annotations

from cnncalc.conventions.calls import PRODUCTS
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import M, ignored, same

TABLE = "models.html#table-of-all-available-classification-weights"

CONVENTION = Convention(
    name="torchvision",
    title="torchvision's docs",
    version="0.28.0",
    url="https://docs.pytorch.org/vision/0.28",
    unit="GFLOPS",
    per_mac=1,
    operations={**ignored(TABLE, ""), **same(TABLE, M, *PRODUCTS, "unknown")},
    parameters={},
    notes=("The figures of all 98 weights are cnncalc's macs.",),
)
