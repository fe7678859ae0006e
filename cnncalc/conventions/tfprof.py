"""TensorFlow's profiler, halved, as the authors of EfficientNetV2 print it.

That it is halved is in their code; which operations it counts is inferred from their figures.
"""

from __future__ import annotations

from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import I, M, O, ignored, same

PROFILER = "efficientnetv2/utils.py"

CONVENTION = Convention(
    name="tfprof",
    title="TensorFlow's profiler",
    version="2021",
    url="https://github.com/google/automl/blob/master",
    unit="float operations",
    per_mac=2,
    operations={
        **ignored(PROFILER, "no float operations are registered for it"),
        **same(PROFILER, 2 * M, "conv", "conv_same", "linear", "linear_map", "matmul"),
        **same(PROFILER, 2 * I, "batch_norm"),
        **same(PROFILER, I, "adaptive_avg_pool", "mean"),
        **same(PROFILER, O, "add", "multiply"),
    },
    parameters=None,
)
