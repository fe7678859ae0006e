"""Saved Keras models, written by hand: as Keras 3 and as Keras 2 have them."""

from __future__ import annotations

from typing import Any

Layer = dict[str, Any]


def layer(kind: str, name: str, *sources: str, **config: Any) -> Layer:
    """A layer of a functional model of Keras 3, called once on the outputs of others."""
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"shape": [], "keras_history": [source, 0, 0]}}
        for source in sources
    ]
    args = tensors if len(tensors) == 1 else [tensors]
    nodes: list[Any] = [{"args": args, "kwargs": {}}] if sources else []
    return {
        "module": "keras.layers", "class_name": kind, "name": name, "config": {"name": name, **config},
        "inbound_nodes": nodes,
    }  # fmt: skip


def functional(*layers: Layer, outputs: list[str], shape: tuple[int | None, ...] = (8, 8, 3)) -> dict[str, Any]:
    start = layer("InputLayer", "x", batch_shape=[None, *shape])
    ends: Any = [[name, 0, 0] for name in outputs]
    config = {
        "name": "net", "layers": [start, *layers], "input_layers": [["x", 0, 0]],
        "output_layers": ends[0] if len(ends) == 1 else ends,
    }  # fmt: skip
    return {"module": "keras", "class_name": "Functional", "config": config}


def sequential(*layers: Layer, shape: tuple[int | None, ...] = (8, 8, 3)) -> dict[str, Any]:
    start = {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, *shape]}}
    return {"class_name": "Sequential", "config": {"name": "net", "layers": [start, *layers]}}
