"""ONNX ops that make maps of other sizes."""

from __future__ import annotations

from typing import Any

from cnncalc import limits
from cnncalc.exchange import views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor
from cnncalc.exchange.onnx_constants import axes_of, axis_in, require_integers, require_values
from cnncalc.exchange.onnx_context import (
    Context,
    Inputs,
    attribute,
    attribute_numbers,
    input_at,
    op,
    shorten,
    tensor_of,
)
from cnncalc.exchange.onnx_file import OnnxNode
from cnncalc.layers.arguments import Value


@op("Resize", "Upsample")
def resize(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x = tensor_of(inputs)
    rank = len(x.shape)
    factors, sizes = _scales_and_sizes(node, inputs, rank)
    settings = _resampling(node, factors, sizes, by_corners=node.op == "Upsample" or context.opset < 11)
    if attribute(node, "antialias", 0) or attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Refusal("a resize with a filter, or that keeps the aspect ratio")
    graph = context.graph
    axes = [graph.axis_of(x, dim) for dim in range(1, rank)]
    if axes[0] == 0 or {*axes} != {*range(rank - 1)}:  # what lies otherwise is laid out, its channels first
        x = graph.plain(x)
        axes = [*range(rank - 1)]
    order = [0] * (rank - 1)  # for each axis its dimension
    for dim, axis in enumerate(axes, start=1):
        order[axis or 0] = dim
    changed = [dim for dim in range(rank) if (factors[dim] != 1 if factors else sizes[dim] != x.shape[dim])]
    if 0 in changed or order[0] in changed:
        raise Refusal("a resize of the batch or of the channels")
    if not changed:
        return x
    if factors:
        settings["factor"] = [shorten(factors[dim]) for dim in order[1:]]
    else:
        settings["size"] = [sizes[dim] for dim in order[1:]]
    made = graph.tensor(graph.add("upsample", [x.node], **settings))
    return views.permute(made, [0, *((axis or 0) + 1 for axis in axes)])


def _scales_and_sizes(node: OnnxNode, inputs: Inputs, rank: int) -> tuple[list[float], list[int]]:
    """The factor, or the size, of each axis; one of the lists is empty."""
    at = 1 if node.op == "Upsample" or len(inputs) == 2 else 2
    given = input_at(inputs, at) if len(inputs) > 1 else None
    factors = require_values(given, "a factor") if given is not None else attribute_numbers(node, "scales")
    wanted = input_at(inputs, 3)
    sizes = require_integers(wanted, "a size") if wanted is not None else []
    axes = axes_of(node, ())
    if axes is not None and len(axes) == len(factors or sizes):
        full: list[Any] = [1] * rank if factors else list(tensor_of(inputs).shape)
        for axis, value in zip(axes, factors or sizes, strict=True):
            full[axis_in(axis, rank)] = value
        factors, sizes = (full, []) if factors else ([], full)
    if not all(isinstance(each, int | float) and 0 < each < limits.SIZE for each in factors):
        raise Refusal("a resize whose factors are no numbers above 0")
    if len(factors or sizes) != rank or (factors and sizes):
        raise Refusal("a resize without a factor or a size for each axis")
    return factors, sizes


def _resampling(node: OnnxNode, factors: list[float], sizes: list[int], *, by_corners: bool) -> dict[str, Value]:
    """The arguments that say how values between positions are made. Raises Refusal where PyTorch does it otherwise.

    `by_corners` is whether positions are counted from the corners of pixels where no attribute says how.
    """
    mode = attribute(node, "mode", "nearest")
    way = attribute(node, "coordinate_transformation_mode", "asymmetric" if by_corners else "half_pixel")
    if mode == "nearest":
        rounding = attribute(node, "nearest_mode", "floor" if by_corners else "round_prefer_floor")
        whole = bool(factors) and all(float(factor).is_integer() for factor in factors)
        centred = way in ("half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn") and rounding.startswith("round")
        if not (way == "asymmetric" and rounding == "floor") and not (whole and centred):
            raise Refusal(f"the nearest position by {way!r} and {rounding!r} has no layer kind")
        return {}
    if mode not in ("linear", "cubic"):
        raise Refusal(f"a resize in mode {mode!r} has no layer kind")
    if mode == "cubic" and (attribute(node, "cubic_coeff_a", -0.75) != -0.75 or attribute(node, "exclude_outside", 0)):
        raise Refusal("a cubic resize with another coefficient")
    if way not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise Refusal(f"an interpolation by {way!r} has no layer kind")
    return {"mode": "linear" if mode == "linear" else "bicubic", "align_corners": way == "align_corners"}


@op("DepthToSpace")
def depth_to_space(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, block = tensor_of(inputs), attribute(node, "blocksize", 1)
    batch, channels, height, width = _four(x)
    square = block * block
    if block < 1 or channels % square:
        raise Refusal(f"{channels} channels in squares of {block}")
    if attribute(node, "mode", "DCR") == "CRD":
        parts, order = (batch, channels // square, block, block, height, width), (0, 1, 4, 2, 5, 3)
    else:
        parts, order = (batch, block, block, channels // square, height, width), (0, 3, 4, 1, 5, 2)
    moved = views.permute(views.view(x, parts), order)
    return views.view(moved, (batch, channels // square, height * block, width * block))


@op("SpaceToDepth")
def space_to_depth(context: Context, node: OnnxNode, inputs: Inputs) -> Tensor:
    x, block = tensor_of(inputs), attribute(node, "blocksize", 1)
    batch, channels, height, width = _four(x)
    if block < 1 or height % block or width % block:
        raise Refusal(f"a map of {height}×{width} in squares of {block}")
    parts = (batch, channels, height // block, block, width // block, block)
    moved = views.permute(views.view(x, parts), (0, 3, 5, 1, 2, 4))
    return views.view(moved, (batch, channels * block * block, height // block, width // block))


def _four(x: Tensor) -> tuple[int, int, int, int]:
    if len(x.shape) != 4:
        raise Refusal(f"its input has {len(x.shape)} axes")
    batch, channels, height, width = x.shape
    return batch, channels, height, width
