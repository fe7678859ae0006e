"""fvcore: the operators of a traced network; a multiply-accumulate is one flop."""

from __future__ import annotations

from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import I2, LEFT, NOTHING, O2, I, M, at, ignored, norms, same, wrong
from cnncalc.conventions.traced import leave_out_unread

NORMS = "nn/jit_handles.py#L230-L258"

CONVENTION = Convention(
    name="fvcore",
    title="fvcore",
    version="0.1.5.post20221221",
    url="https://github.com/facebookresearch/fvcore/blob/main/fvcore",
    unit="flops",
    per_mac=1,
    operations={
        **ignored("nn/flop_count.py#L26-L44", "its operator is not in the table", "untraceable"),
        **same(
            "nn/jit_handles.py#L127-L171", M, "conv", "conv_standardized", "conv_loose", "table_conv", "transposed_conv"
        ),
        **at(
            "nn/jit_handles.py#L127-L171",
            conv_same={"module": wrong(NOTHING, "the operator `_convolution_mode` is not in the table")},
        ),
        **same("nn/jit_handles.py#L82-L110", M, "linear", "linear_map", "linear_loose"),
        **at("nn/jit_handles.py#L190-L210", matmul=LEFT),
        **norms(NORMS, 5 * I, 4 * I, 4 * I),
        **norms(NORMS, 2 * I, I, I, kinds=["batch_norm"]),
        **at("nn/jit_handles.py#L261-L281", adaptive_avg_pool=I2, upsample_nearest=O2, upsample_linear=4 * O2),
    },
    parameters={},
    prepare=leave_out_unread,
    notes=(
        "In train mode, a batch norm counts 5 for each input element.",
        "It cannot trace unpooling, nor pools of Caffe whose windows may start behind the map.",
    ),
)
