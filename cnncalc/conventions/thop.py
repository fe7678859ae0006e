"""thop: hooks on modules of the classes in its table; everything else counts nothing, its parameters neither."""

from __future__ import annotations

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import (
    BY_OUTPUT,
    NOTHING,
    OWN,
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

OUTSIDE = "its class is not in the table"
TABLE = "profile.py#L21-L66"


def _in_windows(call: Call) -> int:
    """(ΠI/O + 1) for each output, in floating point and rounded down, as thop computes it."""
    share = 1.0
    for i, o in zip(call.inputs[0][1:], call.output[1:], strict=True):
        share *= i / o
    return int((share + 1) * call.elements)


WINDOWS = quantity("i + o", "input and output elements", _in_windows)
SOFTMAX = quantity("3 o − rows", "exponentials, additions and divisions", lambda call: 3 * call.elements - rows(call))
# For `linear`, `bilinear` and `trilinear`, of which the last is not in its list of modes.
LINEAR = quantity("5 o, 11 o, 0", "operations", lambda call: (5, 11, 0)[len(call.output) - 2] * call.elements)


def rows(call: Call) -> int:
    """The number of sets that a softmax is over."""
    return call.elements // (call.amount or 1)


def module(count: Count) -> Forms:
    """A class in the table."""
    return {"module": count, "class": wrong(NOTHING, OUTSIDE), "function": NOTHING, "operator": NOTHING}


CONVENTION = Convention(
    name="thop",
    title="thop",
    version="0.1.1.post2209072238",
    url="https://github.com/Lyken17/pytorch-OpCounter/blob/master/thop",
    unit="MACs",
    per_mac=1,
    operations={
        **ignored(TABLE, "neither functions nor classes outside of its table are seen"),
        **at(
            "vision/calc_func.py#L175-L181",
            conv=M,
            conv_same=M,
            transposed_conv=wrong(BY_OUTPUT, "the kernel is applied at each output position"),
        ),
        **at("vision/basic_hooks.py#L140-L147", linear=M, linear_map=M),
        **norms(
            "vision/basic_hooks.py#L60-L69",
            module(4 * I),
            module(4 * I),
            module(2 * I),
            kinds=("batch_norm", "layer_norm", "instance_norm"),
        ),
        **at("vision/basic_hooks.py#L82-L87", prelu=O),
        **at("vision/basic_hooks.py#L98-L103", softmax=module(SOFTMAX)),
        **at("vision/basic_hooks.py#L106-L111", avg_pool=module(O)),
        **at("vision/basic_hooks.py#L114-L121", adaptive_avg_pool=module(WINDOWS)),
        **at(
            "vision/calc_func.py#L125-L140",
            upsample_nearest=module(O),
            upsample_linear=module(LINEAR),
            upsample_bicubic=module(259 * O),
        ),
    },
    parameters={
        **same(
            "profile.py#L173-L204",
            wrong(NOTHING, OUTSIDE),
            "conv_standardized",
            "table_conv",
            "locally_connected",
            "group_norm",
            "group_norm_shift",
            "rms_norm",
            "loose",
            "position_bias",
            "attention_module",
            "recurrent_module",
            "lstm",
            "gru",
            "rnn",
        ),
        **norms("profile.py#L173-L204", {"module": OWN, "class": wrong(NOTHING, OUTSIDE)}, kinds=["layer_norm"]),
    },
    notes=("A network that is a single layer has no parameters.",),
)
