"""ptflops with the backend aten: the operators that PyTorch executes, of which it counts products."""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import NOTHING, B, M, at, ignored, same, wrong
from cnncalc.conventions.factors import replace_work

FUSED = "attention is one operator, which is not in the table"


def prepare(calls: list[Call], report: Report) -> list[Call]:
    """Where the layout of tensors decides whether a bias is counted, that is not known."""
    return replace_work(calls, "unknown", _depends)


def _depends(call: Call) -> bool:
    return (call.work == "linear_loose" and bool(call.amount)) or (call.work in ("gru", "rnn") and call.bias)


CONVENTION = Convention(
    name="ptflops-aten",
    title="ptflops, backend aten",
    version="0.7.5",
    url="https://github.com/sovrasov/flops-counter.pytorch/blob/v0.7.5/ptflops",
    unit="MACs",
    per_mac=1,
    operations={
        **ignored("aten_ops.py#L109-L116", "its operator is not in the table"),
        **same(
            "aten_ops.py#L71-L106", M + B, "conv", "conv_same", "conv_standardized", "conv_loose", "transposed_conv"
        ),
        **same("aten_ops.py#L36-L54", M + B, "linear", "linear_map", "linear_loose"),
        **at("aten_ops.py#L23-L33", matmul=M, table_conv=M),
        **at("aten_ops.py#L109-L116", gru=M, rnn=M),
        **at("aten_ops.py#L57-L68", attention={"class": M, "function": wrong(NOTHING, FUSED)}),
    },
    parameters={},
    prepare=prepare,
    notes=(
        "It counts parameters that require a gradient.",
        "It leaves the network in eval mode, and two hooks on each direct child.",
    ),
)
