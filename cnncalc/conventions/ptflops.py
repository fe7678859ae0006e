"""ptflops with its default backend: hooks on modules of known classes, and functions that it replaces meanwhile."""

from __future__ import annotations

from cnncalc.conventions.calls import UPSAMPLING
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import (
    LRN_PADDED,
    NOTHING,
    B,
    Count,
    Forms,
    I,
    M,
    O,
    at,
    ignored,
    norms,
    quantity,
    same,
    wrong,
)
from cnncalc.conventions.factors import leave_out_fractions

TABLE = "pytorch_ops.py#L271-L336"
FUNCTIONS = "pytorch_ops.py#L347-L383"
TWICE = "seen twice, as a module and as the function that it calls"


def twice(count: Count) -> Forms:
    """A module in the table that calls a function which is counted too."""
    return {"module": wrong(2 * count, TWICE), "class": count, "function": count, "operator": NOTHING}


def only_module(count: Count, mistake: str = "its class is not in the table") -> Forms:
    """A module in the table; the function that it calls is not counted."""
    return {"module": count, "class": wrong(NOTHING, mistake), "function": NOTHING, "operator": NOTHING}


# The module by its output; the function by its input times the factor, or by the size that it is given.
RESIZED = quantity("o", "output elements", lambda call: call.elements if call.scaled is None else call.scaled)
UPSAMPLED: Forms = {"module": wrong(O + RESIZED, TWICE), "function": RESIZED}


CONVENTION = Convention(
    name="ptflops",
    title="ptflops, backend pytorch",
    version="0.7.5",
    url="https://github.com/sovrasov/flops-counter.pytorch/blob/v0.7.5/ptflops",
    unit="MACs",
    per_mac=1,
    operations={
        **ignored(TABLE, "neither its class nor the function that it calls is in the tables"),
        **same("pytorch_ops.py#L60-L92", M + B, "conv", "conv_same", "transposed_conv"),
        **at("pytorch_ops.py#L35-L43", linear=M + B, linear_map=M + B),
        **norms("pytorch_ops.py#L51-L57", only_module(2 * I), only_module(2 * I), only_module(I)),
        **norms("pytorch_ops.py#L51-L57", only_module(I), kinds=["layer_norm"]),
        **same("pytorch_ops.py#L30-L32", twice(O), "relu", "prelu", "elu", "gelu", "gelu_tanh"),
        **at("pytorch_ops.py#L30-L32", leaky_relu=only_module(O)),
        **at(
            FUNCTIONS,
            relu6={"module": O, "function": O},
            silu={"module": O, "function": O},
            softmax={"module": O, "function": O, "operator": NOTHING},
        ),
        **same("pytorch_ops.py#L46-L48", twice(I), "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool"),
        **same("pytorch_ops.py#L21-L27", UPSAMPLED, *UPSAMPLING),
        **same("pytorch_ops.py#L397-L419", {"operator": NOTHING, "function": O}, "add", "multiply"),
        **at("pytorch_ops.py#L397-L419", matmul={"operator": wrong(NOTHING, "`@` is not seen"), "function": M}),
        **at("pytorch_engine.py#L434-L460", local_response_norm=3 * O + LRN_PADDED),
    },
    parameters={},
    prepare=leave_out_fractions,
    notes=(
        "It counts parameters that require a gradient.",
        "On an error it prints it, and returns no figures.",
        "It leaves the network in eval mode.",
    ),
)
