"""Keras: `summary` and `count_params` count parameters, with the statistics of batch norms; operations not at all.

The networks of keras.applications are not always those of the papers, nor of torchvision: their figures differ again.
"""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Convention, Own
from cnncalc.conventions.counts import BUFFERS, OWN, Count, at, norms, quantity
from cnncalc.conventions.traced import leave_out_unread
from cnncalc.conventions.written import calls_of

MORE = quantity("", "numbers", lambda call: call.amount or 0)
PLACE = "layers/layer.py#L1165-L1170"
UNREAD = Count(how="which a model of Keras leaves out")

CONVENTION = Convention(
    name="keras",
    title="Keras",
    version="3.15.1",
    url="https://github.com/keras-team/keras/blob/v3.15.1/keras/src",
    unit="",
    per_mac=0,
    operations={},
    parameters={
        **norms(PLACE, OWN + BUFFERS, kinds=["batch_norm"]),
        **at(PLACE, added_biases=MORE, left_out_factors=MORE, normalization=MORE, unread=UNREAD),
    },
    prepare=leave_out_unread,
    notes=("Trainable parameters are cnncalc's where the network is the same.",),
)


def own(name: str, report: Report) -> Own | None:
    """How keras.applications builds the bundled architecture of this name, where it has other parameters."""
    if name in ("resnet50", "resnet101", "resnet152"):
        work, text = "added_biases", "its convolutions have biases"
    elif name == "inception_v3":
        work, text = "left_out_factors", "its batch norms have no factor"
    elif name.startswith("efficientnet_b"):
        calls = [*calls_of(report), Call(0, "normalization", "module", (), (), amount=2 * report.input[0] + 1)]
        return Own("keras.applications", calls, "it normalizes its input")
    else:
        return None
    calls = calls_of(report)
    sign = 1 if work == "added_biases" else -1
    more = [
        Call(call.layer, work, "module", (), (), amount=sign * call.output[0])
        for call in calls
        if call.work == ("conv" if sign > 0 else "batch_norm")
    ]
    return Own("keras.applications", [*calls, *more], text)
