"""torchprofile: the operators of a traced network, weighed as multiply-accumulates."""

from __future__ import annotations

from math import prod

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import NOTHING, O2, M, O, at, ignored, norms, quantity, same, wrong
from cnncalc.conventions.traced import leave_out_unread


def by_output(call: Call) -> int:
    """ΠO times what it takes for a convolution's inputs: the second axis of the kernel, or the first."""
    within = call.output[0] // call.groups  # the second axis of the kernel of a transposed convolution
    n = within if call.output[0] == call.inputs[0][0] else call.inputs[0][0]
    return call.elements * n * prod(call.kernel)


BY_OUTPUT = quantity("o K C_in", "products", by_output)

CONVENTION = Convention(
    name="torchprofile",
    title="torchprofile",
    version="0.1.0",
    url="https://github.com/zhijian-liu/torchprofile/blob/master/torchprofile",
    unit="MACs",
    per_mac=1,
    operations={
        **ignored("handlers.py#L209-L314", "its operator is not in the table", "untraceable"),
        **same("handlers.py#L77-L84", M, "conv", "conv_standardized", "conv_loose", "table_conv"),
        **at(
            "handlers.py#L77-L84",
            conv_same={"module": wrong(NOTHING, "the operator `_convolution_mode` is not in the table")},
            transposed_conv=wrong(BY_OUTPUT, "the kernel is applied at each output position, whatever the groups"),
        ),
        **same("handlers.py#L180-L207", M, "linear", "linear_map", "linear_loose", "matmul", "lstm", "attention"),
        **norms("handlers.py#L87-L94", O, NOTHING, NOTHING),
        **same("handlers.py#L97-L98", O, "avg_pool", "adaptive_avg_pool", "mean"),
        **at("handlers.py#L73-L74", multiply=O, sizes=O, locally_connected=M, local_response_norm=3 * O),
        **at("handlers.py#L101-L106", leaky_relu=O, upsample_linear=4 * O2),
    },
    parameters=None,
    prepare=leave_out_unread,
    notes=("It cannot trace unpooling, nor pools of Caffe whose windows may start behind the map.",),
)
