"""DeepSpeed's profiler: as calflops, which began as its copy, where that is right."""

from __future__ import annotations

from cnncalc.conventions.calflops import OPERATIONS
from cnncalc.conventions.calls import UPSAMPLING
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import LEFT, B, M, at, quantity, same, wrong
from cnncalc.conventions.factors import clear_odd, leave_out_fractions

UPSAMPLED = quantity("o, H W", "output elements, or positions that are given", lambda c: c.amount or c.scaled or 0)

CONVENTION = Convention(
    name="deepspeed",
    title="DeepSpeed's profiler",
    version="0.19.8",
    url="https://github.com/deepspeedai/DeepSpeed/blob/v0.19.8/deepspeed",
    unit="FLOPs",
    per_mac=2,
    operations={
        **OPERATIONS,
        **at("profiling/flops_profiler/profiler.py#L614-L662", transposed_conv=2 * M + B),
        **same(
            "profiling/flops_profiler/profiler.py#L720-L746",
            wrong(UPSAMPLED, "of a given size the channels are left out"),
            *UPSAMPLING,
        ),
        **at("profiling/flops_profiler/profiler.py#L769-L869", matmul=2 * LEFT, attention=2 * M),
    },
    parameters={},
    prepare=lambda calls, report: leave_out_fractions(clear_odd(calls), report),
    notes=("It leaves the network in eval mode.",),
)
