"""Layers that move elements, or resample a map, as ONNX nodes."""

from __future__ import annotations

import struct
from fractions import Fraction
from math import floor
from typing import Any

from cnncalc.export.onnx_file import BATCH, INT64, Value
from cnncalc.export.onnx_graph import WRAPPING, LayerNodes, Refused
from cnncalc.export.onnx_windows import means
from cnncalc.layers.targets import each_factor
from cnncalc.layers.term import to_fraction


def flatten(of: LayerNodes) -> Value:
    return of.op("Flatten", [of.x], of.output, axis=1)


def reshape(of: LayerNodes) -> Value:
    return of.reshaped(of.x, of.output)


def channel_shuffle(of: LayerNodes) -> Value:
    groups, (channels, *sizes) = of.layer.groups, of.shape
    parts = of.reshaped(of.x, (BATCH, groups, channels // groups, *sizes))
    return of.reshaped(of.transposed(parts, [0, 2, 1, *range(3, len(parts.dims))]), of.output)


def pixel_shuffle(of: LayerNodes) -> Value:
    return of.op("DepthToSpace", [of.x], of.output, blocksize=of.layer.factor, mode="CRD")


def pixel_unshuffle(of: LayerNodes) -> Value:
    factor, (channels, height, width) = of.layer.factor, of.shape
    dims = (BATCH, channels, height // factor, factor, width // factor, factor)
    return of.reshaped(of.transposed(of.reshaped(of.x, dims), [0, 1, 3, 5, 2, 4]), of.output)


def slice_(of: LayerNodes) -> Value:
    axis, start, stop = of.layer.bounds(of.shape)
    return of.sliced(of.x, axis + 1, start, stop, of.layer.step)


def split(of: LayerNodes) -> Value:
    axis = of.layer.axis_of(of.shape)
    first = of.layer.first(of.shape[axis])
    return of.sliced(of.x, axis + 1, first, first + of.node.output[axis])


def flip(of: LayerNodes) -> Value:
    axis = of.layer.axis % len(of.shape)
    return of.sliced(of.x, axis + 1, of.shape[axis] - 1, -1, -1)


def roll(of: LayerNodes) -> Value:
    axis = of.layer.axis % len(of.shape)
    size = of.shape[axis]
    by = of.layer.by % size
    if not by:
        return of.x
    parts = [of.sliced(of.x, axis + 1, size - by, size), of.sliced(of.x, axis + 1, 0, size - by)]
    return of.op("Concat", parts, of.output, axis=axis + 1)


def transpose(of: LayerNodes) -> Value:
    return of.transposed(of.x, [0, *(axis + 1 for axis in of.layer.order(of.shape))])


MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(of: LayerNodes) -> Value:
    sides = of.layer.sides((of.shape,))
    amounts = of.integers("pads", [0, 0, *(a for a, _ in sides), 0, 0, *(b for _, b in sides)])
    mode = MODES[of.layer.mode]
    if mode == "wrap":
        of.graph.need(WRAPPING)
    border = [of.numbers("value", [of.layer.value])] if mode == "constant" else []
    return of.op("Pad", [of.x, amounts, *border], of.output, mode=mode)


def crop(of: LayerNodes) -> Value:
    sides = of.layer.sides((of.shape,))
    starts, ends = [a for a, _ in sides], [i - b for i, (_, b) in zip(of.shape[1:], sides, strict=True)]
    axes = [*range(2, 2 + len(sides))]
    given = [of.integers(name, each) for name, each in (("starts", starts), ("ends", ends), ("axes", axes))]
    return of.op("Slice", [of.x, *given], of.output)


def upsample(of: LayerNodes) -> Value:
    layer, sizes, made = of.layer, of.shape[1:], of.node.output[1:]
    if layer.mode == "area":
        return means(of, "AveragePool")
    factors = [None] * len(sizes) if layer.factor is None else [*each_factor(layer.factor, len(sizes))]
    # PyTorch ignores the factor where it keeps or, of two axes, doubles one
    plain = {"linear": (1,), "nearest": (1, 2) if len(sizes) == 2 else ()}
    mode = "nearest" if layer.mode == "nearest" else "cubic" if layer.mode == "bicubic" else "linear"
    ratios = [
        Fraction(o, i)
        if f is None or any(o == i * times for times in plain.get(mode, ()))
        else Fraction(to_fraction(f)[0], to_fraction(f)[1])
        for i, o, f in zip(sizes, made, factors, strict=True)
    ]
    is_exact = all(ratio == Fraction(o, i) for ratio, i, o in zip(ratios, sizes, made, strict=True))
    if mode == "nearest" and not is_exact:
        return _nearest(of, ratios)
    attributes: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": "half_pixel"}
    if mode == "nearest":
        attributes |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    elif layer.align_corners:
        attributes["coordinate_transformation_mode"] = "align_corners"
    if mode == "cubic":
        attributes["cubic_coeff_a"] = -0.75
    by_factor = not is_exact or all(ratio.denominator == 1 for ratio in ratios)
    if by_factor:
        given = [None, of.numbers("scales", [float(ratio) for ratio in ratios], (len(sizes),))]
        _check_sizes(of, ratios)
    else:
        given = [None, None, of.integers("sizes", made)]
    return of.op("Resize", [of.x, *given], of.output, axes=[*range(2, 2 + len(sizes))], **attributes)


def _check_sizes(of: LayerNodes, ratios: list[Fraction]) -> None:
    """Raises Refused where a factor in single precision gives another size."""
    for size, made, ratio in zip(of.shape[1:], of.node.output[1:], ratios, strict=True):
        (single,) = struct.unpack("<f", struct.pack("<f", float(ratio)))
        if floor(size * single) != made:
            raise Refused(f"the factor {float(ratio)}, of which single precision makes another size")


def _nearest(of: LayerNodes, ratios: list[Fraction]) -> Value:
    """The nearest positions of each axis, listed."""
    x = of.x
    for axis, (size, made, ratio) in enumerate(zip(of.shape[1:], of.node.output[1:], ratios, strict=True), 2):
        if ratio != 1:
            x = of.gathered(x, axis, _nearest_positions(of, size, made, ratio))
    return x


def _nearest_positions(of: LayerNodes, size: int, made: int, ratio: Fraction) -> Value:
    up, down = ratio.numerator, ratio.denominator
    key = ("nearest", size, made, up, down)
    return of.table(key, (made,), lambda: [min(y * down // up, size - 1) for y in range(made)], INT64)
