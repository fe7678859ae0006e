"""Bytes moved, arithmetic intensity, and the roofline: the least time that a device can take.

A layer reads its inputs and its arrays and writes its output, each once; a view moves nothing, and a layer in two steps
writes the map between them and reads it. Its operations are 2 for each mac, others are not counted. On a device with so
many operations a second and so many bytes a second a layer takes at least the longer of the two times. It is a lower
bound: caches hold nothing, and nothing is computed twice or waits.

Source: S. Williams, A. Waterman, D. Patterson, Roofline: An Insightful Visual Performance Model, CACM 52, 2009.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod

from cnncalc.analysis.figures import Dtype
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.records import NamedTuple


class Moved(NamedTuple):
    """Elements that a layer reads or writes."""

    activations: int = 0
    weights: int = 0
    biases: int = 0  # and buffers


def count_moved(layer: LayerReport) -> Moved:
    """What a layer moves. A tensor that it reads twice is read once; weights that are shared are read again."""
    if layer.layer.storage in ("view", "weights"):  # whoever reads it moves it
        return Moved()
    read = sum(prod(shape) for shape in dict(zip(layer.sources, layer.inputs, strict=False)).values())
    between = 2 * layer.layer.inner_elements(layer.inputs, layer.output) if layer.layer.in_steps else 0
    found = {"weight": 0, "bias": 0, "buffer": 0}
    for weight in layer.layer.weights(layer.inputs):
        found[weight.role] += prod(weight.shape)
    return Moved(read + between + prod(layer.output), found["weight"], found["bias"] + found["buffer"])


def compute_intensity(macs: int, moved: int) -> float | None:
    """Operations for each byte moved, to hundredths; None where nothing is moved."""
    return round(2 * macs / moved, 2) if moved else None


class Device(NamedTuple):
    """Operations and bytes a second."""

    compute: Fraction
    bandwidth: Fraction


class LeastTime(NamedTuple):
    """Of a layer: operations, bytes moved, seconds, and the bound that it meets: compute, bandwidth, or "" for none."""

    operations: int
    moved: int
    seconds: Fraction
    bound: str


def list_least_times(report: Report, dtypes: tuple[Dtype, Dtype, Dtype], device: Device, batch: int) -> list[LeastTime]:
    """The least time of each layer for a batch; `dtypes` are those of activations, weights and biases."""
    return [_compute_least_time(layer, dtypes, device, batch) for layer in report.layers]


def _compute_least_time(
    layer: LayerReport, dtypes: tuple[Dtype, Dtype, Dtype], device: Device, batch: int
) -> LeastTime:
    activations, weights, biases = count_moved(layer)
    moved = batch * activations * dtypes[0].bytes + weights * dtypes[1].bytes + biases * dtypes[2].bytes
    operations = 2 * batch * layer.work.macs
    computing, moving = operations / device.compute, moved / device.bandwidth
    bound = "" if not moved else "compute" if computing > moving else "bandwidth"
    return LeastTime(operations, moved, max(computing, moving), bound)
