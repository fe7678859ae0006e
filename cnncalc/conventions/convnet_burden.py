"""convnet-burden, whose table of estimates many READMEs repeat: batch norms are merged, exponentials left out."""

from __future__ import annotations

from math import prod
from typing import cast

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import B, I, M, O, ignored, quantity, same
from cnncalc.layers.window import Windowed

BURDEN = "core/burden.m"
POOLED = quantity("o S²", "positions that steps of pools cover", lambda call: call.elements * prod(call.stride))

POOLS = ("max_pool", "avg_pool")


def know_pools(calls: list[Call], report: Report) -> list[Call]:
    """Pools are counted by their output and stride, however PyTorch would write them."""
    if not any(call.work == "unknown" for call in calls):
        return calls
    found = []
    for call in calls:
        layer = report.layers[call.layer]
        if call.work == "unknown" and layer.kind in POOLS:
            strides = tuple(axis.stride for axis in cast(Windowed, layer.layer).axes(layer.inputs))
            call = call._replace(work=layer.kind, stride=strides)
        found.append(call)
    return found


CONVENTION = Convention(
    name="convnet-burden",
    title="convnet-burden",
    version="2017",
    url="https://github.com/albanie/convnet-burden/blob/master",
    unit="FLOPs",
    per_mac=1,
    operations={
        **ignored(BURDEN, "it has no such layer"),
        **same(BURDEN, M + B, "conv", "conv_same", "transposed_conv", "linear", "linear_map"),
        **same(BURDEN, 2 * O, "relu"),
        **same(BURDEN, 2 * POOLED, *POOLS),
        **same(BURDEN, 2 * I, "adaptive_avg_pool", "adaptive_max_pool"),
        **same(BURDEN, O, "add"),
    },
    parameters=None,
    prepare=know_pools,
)
