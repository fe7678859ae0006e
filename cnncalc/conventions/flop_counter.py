"""PyTorch's own counter, `torch.utils.flop_counter.FlopCounterMode`: the products that PyTorch executes, times 2."""

from __future__ import annotations

from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import NOTHING, M, at, ignored, same, wrong

FUSED = "attention is one operator, which is in the table for CUDA only"

CONVENTION = Convention(
    name="flop-counter",
    title="torch FlopCounterMode",
    version="2.13.0",
    url="https://github.com/pytorch/pytorch/blob/v2.13.0/torch/utils/flop_counter.py",
    unit="FLOPs",
    per_mac=2,
    operations={
        **ignored("#L729-L751", "its operator is not in the table"),
        **same(
            "#L131-L177", 2 * M, "conv", "conv_same", "conv_standardized", "conv_loose", "table_conv", "transposed_conv"
        ),
        **same("#L75-L112", 2 * M, "linear", "linear_map", "linear_loose", "matmul", "gru", "rnn"),
        **at("#L729-L751", attention={"class": 2 * M, "function": wrong(NOTHING, FUSED)}),
    },
    parameters=None,
    notes=("On a CPU: attention is one operator, which is in its table for CUDA only.",),
)
