"""Pools of Keras: of windows, adaptive, of all positions. A border of −∞ is the padding of the max pool after it."""

from __future__ import annotations

from functools import partial

from cnncalc.exchange import operations
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor
from cnncalc.exchange.keras_layers import LAYERS, Call
from cnncalc.exchange.views import Padded
from cnncalc.layers.arguments import Value


def windowed(kind: str, axes: int, call: Call) -> Tensor:
    """A pool of windows; one with gaps is a layer of a file of ours."""
    kernel = call.sizes("pool_size", axes, 2)
    strides = call.sizes("strides", axes) if call.config.get("strides") is not None else kernel
    same = call.get("padding", str, "valid") == "same"
    settings: dict[str, Value] = {"kernel": kernel, "stride": strides, "padding": "same" if same else 0}
    if kind == "avg_pool" and same:
        settings["count_padding"] = False
    if kind == "max_pool" and "dilation_rate" in call.config:
        settings["dilation"] = call.sizes("dilation_rate", axes)
    border = call.inputs[0]
    if kind == "max_pool" and isinstance(border, Padded):
        if same:
            raise Refusal("a max pool with a border of −∞ and the same padding")
        return _padded(axes, call, border, settings)
    return call.back(operations.apply(call.graph, kind, call.channels_first(), **settings))


def _padded(axes: int, call: Call, border: Padded, settings: dict[str, Value]) -> Tensor:
    """A max pool with a border of −∞: with this padding, or one that ends elsewhere and has the same windows.

    Ours is at most half a window, but that windows may reach beyond it where the size is rounded up.
    """
    first = 2 if call.is_first else 1
    sides = border.sides[first : first + axes]
    if any(map(any, [*border.sides[:first], *border.sides[first + axes :]])):
        raise Refusal("a border of −∞ that is no padding of the pool")
    graph, x = call.graph, call._replace(inputs=[border.inside]).channels_first()
    kernel, strides = call.sizes("pool_size", axes), call.sizes("strides", axes)
    gaps = zip(kernel, call.sizes("dilation_rate", axes), strict=True)
    extents = [dilation * (size - 1) + 1 for size, dilation in gaps]
    padded = [size + a + b for size, (a, b) in zip(x.shape[2:], sides, strict=True)]
    wanted = [(size - extent) // step + 1 for size, extent, step in zip(padded, extents, strides, strict=True)]
    clipped = [(a, min(b, size // 2)) for (a, b), size in zip(sides, kernel, strict=True)]
    ways: list[dict[str, Value]] = [{"padding": sides}, *({"padding": p, "ceil": True} for p in (clipped, "half"))]
    reason: Refusal | None = None
    for way in [*ways, {"padding": "half"}, {"padding": "same"}]:
        try:
            made = operations.apply(graph, "max_pool", x, **{**settings, **way})
        except Refusal as refusal:
            reason = reason or refusal
            continue
        layer = graph.nodes[made.node].layer
        begins = [axis.before for axis in layer.axes((graph.shape_at(graph.nodes[made.node].inputs[0]),))]  # type: ignore[union-attr]
        if [*made.shape[2:]] == wanted and begins == [a for a, _ in sides]:
            return call.back(made)
    raise reason or Refusal("a border of −∞ that is no padding of the pool")


def _adaptive(kind: str, axes: int, call: Call) -> Tensor:
    sizes = call.sizes("output_size", axes)
    return call.back(operations.apply(call.graph, kind, call.channels_first(), size=sizes))


def _global(kind: str, axes: int, call: Call) -> Tensor:
    first = 2 if call.is_first else 1
    keep = call.get("keepdims", bool, False)
    return operations.reduce(call.graph, kind, call.x, range(first, first + axes), keep=keep)


for _axes in (1, 2, 3):
    for _name, _kind in (("Average", "avg"), ("Max", "max")):
        LAYERS[f"{_name}Pooling{_axes}D"] = partial(windowed, f"{_kind}_pool", _axes)
        LAYERS[f"Adaptive{_name}Pooling{_axes}D"] = partial(_adaptive, f"adaptive_{_kind}_pool", _axes)
        LAYERS[f"Global{_name}Pooling{_axes}D"] = partial(_global, _kind, _axes)
