"""The benchmark in ptflops' README, made before its functions were counted too: each module once."""

from __future__ import annotations

from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import B, I, M, O, ignored, same

README = "README.md#benchmark"

CONVENTION = Convention(
    name="ptflops-readme",
    title="ptflops, its README",
    version="before 0.7",
    url="https://github.com/sovrasov/flops-counter.pytorch",
    unit="MACs",
    per_mac=1,
    operations={
        **ignored(README, "its class was not in the table"),
        **same(README, M + B, "conv", "conv_same", "transposed_conv", "linear", "linear_map"),
        **same(README, 2 * I, "batch_norm"),
        **same(README, I, "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool"),
        **same(README, O, "relu", "relu6", "prelu", "elu", "leaky_relu"),
    },
    parameters={},
)
