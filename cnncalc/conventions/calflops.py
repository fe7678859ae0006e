"""calflops: functions that it replaces meanwhile, with a multiply-accumulate as two FLOPs; begun from DeepSpeed's."""

from __future__ import annotations

from math import prod

from cnncalc.conventions.calls import UPSAMPLING, Call
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import (
    LRN_PADDED,
    NOTHING,
    B,
    Forms,
    I,
    M,
    O,
    Rules,
    at,
    ignored,
    norms,
    quantity,
    same,
    wrong,
)
from cnncalc.conventions.factors import clear_odd, leave_out_tuples

ACTIVATIONS = "pytorch_ops.py#L43-L68"
NORMS = "pytorch_ops.py#L174-L226"
SAME = "the padding of an even kernel is one too small"
# What is counted wherever the function is called, and not for the operator or the method.
FUNCTION: Forms = {"module": O, "class": O, "function": O, "operator": NOTHING}


def same_places(call: Call) -> int:
    """The output positions, with a padding of ⌊D·(K − 1)/2⌋ on both sides."""
    sizes = zip(call.inputs[0][1:], call.kernel, call.dilation, strict=True)
    return prod(i + d * (k - 1) // 2 * 2 - d * (k - 1) for i, k, d in sizes)


def with_same(call: Call) -> int:
    """The products of a convolution at those positions."""
    return call.macs // prod(call.output[1:]) * same_places(call)


def forward_places(call: Call) -> int:
    """The output positions, if a transposed convolution were a convolution."""
    axes = zip(call.inputs[0][1:], call.kernel, call.stride, call.padding, call.dilation, strict=True)
    return prod((i + 2 * p - (d * (k - 1) + 1)) // s + 1 for i, k, s, p, d in axes)


def divided(call: Call) -> int:
    """The products of a transposed convolution, divided by the groups once more, rounding down."""
    filters = call.output[0] // call.groups // call.groups
    return call.input_elements * prod(call.kernel) * filters


SAME_MACS = quantity("M'", "multiply-accumulates", with_same)
SAME_BIAS = quantity("B'", "outputs with a bias", lambda c: c.output[0] * same_places(c) if c.bias else 0)
DIVIDED = quantity("M/G", "multiply-accumulates", divided)
FORWARD_BIAS = quantity(
    "B'", "outputs with a bias", lambda c: c.output[0] // c.groups * forward_places(c) if c.bias else 0
)
UPSAMPLED = quantity(
    "i, H W", "input elements or output positions", lambda c: c.input_elements if c.amount is None else c.amount
)


OPERATIONS: Rules = {
    **ignored("pytorch_ops.py#L349-L430", "its function is not replaced"),
    **at("pytorch_ops.py#L37-L40", linear=2 * M, linear_map=2 * M, linear_loose=2 * M),
    **same("pytorch_ops.py#L83-L125", 2 * M + B, "conv", "conv_standardized", "conv_loose"),
    **at("pytorch_ops.py#L83-L125", table_conv=2 * M),
    **at("pytorch_ops.py#L83-L125", conv_same={"module": wrong(2 * SAME_MACS + SAME_BIAS, SAME)}),
    **at(
        "pytorch_ops.py#L128-L171",
        transposed_conv=wrong(
            2 * DIVIDED + FORWARD_BIAS, "divided by the groups twice, with the bias at the size of a convolution"
        ),
    ),
    **same(ACTIVATIONS, FUNCTION, "relu", "prelu", "elu", "leaky_relu", "silu", "gelu", "gelu_tanh"),
    **at(ACTIVATIONS, relu6={"module": wrong(NOTHING, "it calls `hardtanh`"), "function": O}),
    **same("pytorch_ops.py#L71-L80", I, "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool"),
    **norms(NORMS, 5 * I, 4 * I, 4 * I),
    **norms(NORMS, 2 * I, I, I, kinds=["batch_norm"]),
    **same("pytorch_ops.py#L229-L251", wrong(UPSAMPLED, "the factor, or the channels, are left out"), *UPSAMPLING),
    **at("pytorch_ops.py#L254-L255", softmax=FUNCTION),
    **same("pytorch_ops.py#L300-L331", {"operator": NOTHING, "function": O}, "add", "multiply"),
    **at("pytorch_ops.py#L274-L280", matmul={"operator": wrong(NOTHING, "`@` is not seen"), "function": 2 * M}),
    **at("pytorch_ops.py#L300-L331", local_response_norm=3 * O + LRN_PADDED),
}

CONVENTION = Convention(
    name="calflops",
    title="calflops",
    version="0.3.2",
    url="https://github.com/MrYxJ/calculate-flops.pytorch/blob/main/calflops",
    unit="FLOPs",
    per_mac=2,
    operations=OPERATIONS,
    parameters={},
    prepare=lambda calls, report: leave_out_tuples(clear_odd(calls), report),
    notes=(
        "It counts parameters that require a gradient, and fails on a network without parameters (StopIteration).",
        "It cannot be imported without transformers.",
        "It leaves the network in eval mode.",
    ),
)
