"""Explaining the backward pass of a layer: how its gradients are written, and their multiply-accumulates."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.figures import FIGURES
from cnncalc.analysis.lines import Line, Sum
from cnncalc.analysis.report import LayerReport
from cnncalc.layers.derivatives import describe_array, describe_input

NOT_TRAINED = "training leaves those out that lead to the network's input"


def explain_gradients(layer: LayerReport) -> Iterator[Line]:
    """The lines of the gradients of the inputs and of each learned array, and of the macs to both."""
    if rule := describe_input(layer.layer):
        yield Line("gradient of input" + "s" * (len(layer.inputs) > 1), (), rule)
    for weight in layer.layer.weights(layer.inputs):
        if weight.role != "buffer":
            yield Line(f"gradient of {weight.name}", (), describe_array(layer.layer, weight.name))
    work = layer.work
    if not work.macs:
        return
    found = {
        "macs to inputs": ("+", FIGURES["input_gradient_macs"]),
        "macs to weights": ("−", FIGURES["weight_gradient_macs"]),
    }
    for label, (sign, figure) in found.items():
        symbols, numbers = "macs", ""
        if work.attention_macs:
            symbols, numbers = f"macs {sign} attention macs", f"{work.macs} {sign} {work.attention_macs}"
        is_first = label == "macs to inputs" and any(source < 0 for source in layer.sources)
        sums = (Sum("", symbols, numbers, figure.measure_layer(layer)),)
        yield Line(label, sums, NOT_TRAINED if is_first else "")
