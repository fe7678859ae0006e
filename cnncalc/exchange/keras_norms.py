"""Layers of Keras that normalize or rescale, and those that act in training alone."""

from __future__ import annotations

from functools import partial
from math import isfinite, sqrt
from typing import Any

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor, Unstated
from cnncalc.exchange.keras_layers import LAYERS, Call, axis_of, layer
from cnncalc.layers.arguments import Value

EPSILON = 1e-7  # of Keras's backends
CHANNELS = 8  # that constants are applied to, each by a layer of its own


def _normalization(kind: str, call: Call) -> Tensor:
    epsilon = call.get("epsilon", (int, float), 1e-3)
    scale, shift = call.get("scale", bool, True), call.get("center", bool, True)
    if call.get("rms_scaling", bool, False):
        raise Refusal("a layer normalization without means")
    more: dict[str, Value] = {"groups": call.get("groups", int, 32)} if kind == "group_norm" else {}
    axes = call.config.get("axis")
    if kind == "layer_norm" and isinstance(axes, list) and len(axes) > 1:
        x, more = _with_axes(call, axes)
    else:
        x = views.with_axis(call.graph, call.x, axis_of(call), 0)
    if more.get("groups") in (-1, call.graph.shape_at(x.node)[0]):
        kind, more = "instance_norm", {}  # a group for each channel, as Keras's documentation has it
    settings = {"epsilon": epsilon, "scale": scale, "shift": shift, "affine": scale or shift, **more}
    if not (scale or shift):
        settings.update(scale=True, shift=True)
    return operations.pointwise(call.graph, kind, x, Unstated(call.key), **settings)


def _with_axes(call: Call, axes: list[Any]) -> tuple[Tensor, dict[str, Value]]:
    """The tensor as it is normalized over several axes, and our word for them. Raises Refusal."""
    rank = len(call.x.shape)
    if not all(type(axis) is int and -rank <= axis < rank and axis % rank for axis in axes):
        raise Refusal(f"its axis is {str(axes)[:40]!r}")
    over = sorted({axis % rank for axis in axes})
    if len(over) == rank - 1:
        return call.x, {"over": "all"}
    return call.graph.plain(call.x), {"over": [axis - 1 for axis in over]}


LAYERS["BatchNormalization"] = partial(_normalization, "batch_norm")
LAYERS["LayerNormalization"] = partial(_normalization, "layer_norm")
LAYERS["GroupNormalization"] = partial(_normalization, "group_norm")


@layer("RMSNormalization")
def rms_normalization(call: Call) -> Tensor:
    epsilon = call.get("epsilon", (int, float), 1e-6)
    x = views.with_axis(call.graph, call.x, axis_of(call), 0)
    return operations.pointwise(call.graph, "rms_norm", x, Unstated(call.key), epsilon=epsilon)


@layer("Normalization")
def normalization(call: Call) -> Tensor:
    """(x − mean)/√variance, of constants or of statistics that were adapted to data, which are buffers."""
    axis = axis_of(call)
    if call.get("invert", bool, False):
        raise Refusal("a normalization that is undone")
    if call.config.get("mean") is not None:
        means, variances = (_numbers(call, name) for name in ("mean", "variance"))
        count = max(len(means), len(variances))
        means, variances = (each * count if len(each) == 1 else each for each in (means, variances))
        factors = [1 / max(sqrt(max(variance, 0)), EPSILON) for variance in variances]
        pairs = zip(means, factors, strict=False)
        return _by_channel(call, axis, factors, [-mean * factor for mean, factor in pairs])
    x = views.with_axis(call.graph, call.x, axis, 0)
    call.graph.note(
        "The means and variances of Normalization layers are buffers; Keras also counts the number of its examples."
    )
    return operations.pointwise(call.graph, "batch_norm", x, Unstated(call.key), affine=False, epsilon=0)


@layer("Rescaling")
def rescaling(call: Call) -> Tensor:
    scales, offsets = (_numbers(call, name, default) for name, default in (("scale", 1), ("offset", 0)))
    count = max(len(scales), len(offsets))
    scales, offsets = (each * count if len(each) == 1 else each for each in (scales, offsets))
    return _by_channel(call, len(call.x.shape) - 1, scales, offsets)


def _numbers(call: Call, name: str, default: float | None = None) -> list[float]:
    """A number, or several, of the configuration. Raises Refusal."""
    value = call.config.get(name, default)
    while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    found = value if isinstance(value, list) else [value]
    if not found or not all(type(each) in (int, float) and isfinite(each) for each in found):
        raise Refusal(f"its `{name}` is {str(value)[:40]!r}")
    return found


def _by_channel(call: Call, axis: int, factors: list[float], offsets: list[float]) -> Tensor:
    """factor·x + offset with constants for each position of an axis; one layer where all are equal."""
    x = call.x
    if len(factors) != len(offsets) or len(factors) not in (1, x.shape[axis]):
        raise Refusal(f"it has {len(factors)} factors and {len(offsets)} offsets for an axis of {x.shape[axis]}")
    pairs = list(zip(factors, offsets, strict=True))
    if len({*pairs}) == 1:
        return operations.affine(call.graph, x, *pairs[0])
    if len(pairs) > CHANNELS:
        raise Refusal(f"constants for each of {len(pairs)} channels")
    parts = [
        operations.affine(call.graph, views.take(call.graph, x, axis, at, at + 1), *pair)
        for at, pair in enumerate(pairs)
    ]
    return operations.concat(call.graph, parts, axis)


@layer("LayerScale")
def layer_scale(call: Call) -> Tensor:
    """Of Keras's ConvNeXt: a learned factor for each channel."""
    x = views.with_axis(call.graph, call.x, len(call.x.shape) - 1, 0)
    return operations.pointwise(call.graph, "scale", x, Unstated(call.key), initial=call.get("init_values", float, 1.0))


# Keras's own documentation: at inference, the output is identical to the input
TRAINING_ONLY = (
    "ActivityRegularization", "AugMix", "CutMix", "GaussianDropout", "GaussianNoise", "MixUp", "RandAugment",
    "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomElasticTransform",
    "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert",
    "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomZoom",
)  # fmt: skip


def _training_only(kind: str, call: Call) -> Tensor:
    call.graph.note(f"{kind}, which acts in training alone, is left out.")
    return call.x


LAYERS.update({kind: partial(_training_only, kind) for kind in TRAINING_ONLY})
