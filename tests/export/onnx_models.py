"""Networks written as ONNX files for the tests: their numbers, and what they are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from random import Random

from cnncalc.errors import Source, Span
from cnncalc.exchange.onnx_file import OnnxModel, read_model
from cnncalc.exchange.protobuf import Wire
from cnncalc.export.onnx_model import write_model
from cnncalc.layers import kind_class
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Network, Node

NOWHERE = Span(Source("", ""), 0, 0)


def no_numbers(node: Node, name: str, shape: Shape) -> None:
    return None


def tame_numbers(node: Node, name: str, shape: Shape) -> list[list[float]]:
    """Numbers with which signals neither die nor grow from layer to layer, nor are all of one sign."""
    random = Random(f"{node.path} {name}").random
    weight = next(each for each in node.layer.weights(node.input_shapes) if each.name == name)
    if weight.neutral is not None:
        return [[weight.neutral + (random() - 0.5) / 2 for _ in range(prod(shape))]]
    factor = 2 / prod(shape[1:])
    return [[(random() * 1.4 - 0.2) * factor for _ in range(prod(shape))]]


def file_of(network: Network, *, numbers: bool = False) -> bytes:
    """The bytes of a network's file, with or without numbers."""
    model = write_model(network, tame_numbers if numbers else no_numbers, "0")
    data = b"".join(model.chunks)
    assert len(data) == model.size
    return data


def as_read(data: bytes, folder: Path) -> OnnxModel:
    """What our own reader finds in a file."""
    path = folder / "read.onnx"
    path.write_bytes(data)
    with path.open("rb") as file:
        return read_model(Wire(file))


def networks_of(kind: str) -> Iterator[Network]:
    """Networks of one layer, of each example of a kind; an unpooling has its pool, and what has no input is added."""
    for example in kind_class(kind).examples():
        layer, shapes = kind_class(kind)(**example.settings), example.inputs
        if layer.restores:
            pool, size = getattr(layer, "pool"), (shapes[0][0], *getattr(layer, "like"))  # noqa: B009
            nodes = [_node(0, "pooled", pool, (-2,), (size,)), _node(1, "layer", layer, (-1, 0), shapes)]
            yield _network({"x": shapes[0], "y": size}, nodes)
        elif not shapes:
            shape = layer.output_shape(())
            added = _node(1, "added", kind_class("add")(), (-1, 0), (shape, shape))
            yield _network({"x": shape}, [_node(0, "layer", layer, (), ()), added])
        else:
            inputs = {f"x{at}": shape for at, shape in enumerate(shapes)}
            yield _network(inputs, [_node(0, "layer", layer, tuple(-1 - at for at in range(len(shapes))), shapes)])


def _node(index: int, path: str, layer: Layer, inputs: tuple[int, ...], shapes: tuple[Shape, ...]) -> Node:
    return Node(index, path, layer, inputs, shapes, layer.output_shape(shapes), NOWHERE)


def _network(inputs: dict[str, Shape], nodes: list[Node]) -> Network:
    return Network("one", "", "", inputs, tuple(nodes), (), {"": len(nodes) - 1})
