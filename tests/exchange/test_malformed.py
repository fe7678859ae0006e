"""Nodes and layers with values of other types: refused at their place, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnncalc.errors import Problem
from cnncalc.exchange import keras_layers, onnx_context, onnx_folding
from cnncalc.reading import read

from .keras_files import functional, layer
from .onnx_files import Attribute, model, node, tensor

ERRORS = (TypeError, IndexError, KeyError, ValueError, AttributeError, OverflowError, ZeroDivisionError)
IMAGE = {"x": (1, 3, 8, 8)}


def problem(path: Path, data: bytes | dict[str, Any]) -> Problem:
    """The only problem of a file, with its place in it."""
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    (found,) = read(str(path)).problems
    return found


@pytest.mark.parametrize("value", ["a", 0.5, [1]])
def test_a_shape_from_an_axis_that_is_no_number_is_refused_where_it_is_needed(tmp_path: Path, value: Attribute) -> None:
    nodes = [node("Shape", "x", "s", start=value), node("Reshape", "x s", "y", name="here")]
    found = problem(tmp_path / "net.onnx", model(nodes, inputs=IMAGE, outputs=["y"]))
    assert found.code == "no-layer-kind"
    assert found.message == "a shape from an axis that is no number (Reshape, 3×8×8, node 'here')"


@pytest.mark.parametrize("value", [2.5, 2, "linear"])
def test_factors_that_are_no_list_are_refused(tmp_path: Path, value: Attribute) -> None:
    nodes = [node("Upsample", "x", "y", name="here", scales=value)]
    found = problem(tmp_path / "net.onnx", model(nodes, inputs=IMAGE, outputs=["y"]))
    assert found.message == "its attribute `scales` is of another type (Upsample, 3×8×8, node 'here')"


@pytest.mark.parametrize("op", ["ReduceMean", "Squeeze", "Unsqueeze", "Resize"])
@pytest.mark.parametrize("value", [2, 2.5, "a"])
def test_axes_that_are_no_list_are_not_as_if_left_out(tmp_path: Path, op: str, value: Attribute) -> None:
    nodes = [node(op, "x", "y", name="here", axes=value)]
    found = problem(tmp_path / "net.onnx", model(nodes, inputs=IMAGE, outputs=["y"], opset=11))
    assert found.message == f"its attribute `axes` is of another type ({op}, 3×8×8, node 'here')"


@pytest.mark.parametrize("value", [2.5, "a"])
def test_parts_of_a_split_that_are_no_list_are_refused(tmp_path: Path, value: Attribute) -> None:
    nodes = [node("Split", "x", "y z", name="here", axis=1, split=value)]
    found = problem(tmp_path / "net.onnx", model(nodes, inputs=IMAGE, outputs=["y"], opset=11))
    assert found.message == "its attribute `split` is of another type (Split, 3×8×8, node 'here')"


VECTOR = tensor("v", (2,), [3, 64])
SHAPES = {  # nodes that compute a shape, with an attribute of another type, and why it is not computed
    "keepdims": (node("ReduceProd", "v", "s", keepdims=1.0), "its attribute `keepdims` is of another type"),
    "allowzero": (node("Reshape", "v two", "s", allowzero="1"), "its attribute `allowzero` is of another type"),
    "to": (node("Cast", "v", "s", to=7.0), "its attribute `to` is of another type"),
    "an unknown type": (node("Cast", "v", "s", to=8), "numbers become the type 8, which is not read"),
    "axis": (node("Flatten", "v", "s", axis="1"), "its attribute `axis` is of another type"),
    "value": (node("ConstantOfShape", "two", "s", value=3), "its attribute `value` is not one number"),
    "several values": (
        node("ConstantOfShape", "two", "s", value=tensor("", (2,), [1, 1])),
        "its attribute `value` is not one number",
    ),
    "perm": (node("Transpose", "v", "s", perm=0), "0 is no order of 1 axes"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_attribute_of_another_type_is_not_as_if_left_out(tmp_path: Path, name: str) -> None:
    wrong, reason = SHAPES[name]
    nodes = [wrong, node("Reshape", "x s", "y", name="here")]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=[VECTOR, tensor("two", (1,), [2])])
    assert problem(tmp_path / "net.onnx", data).message == f"{reason} (Reshape, 3×8×8, node 'here')"


@pytest.mark.parametrize(("name", "value"), [("antialias", "a"), ("keep_aspect_ratio_policy", 1)])
def test_attributes_of_a_resize_are_typed(tmp_path: Path, name: str, value: Any) -> None:
    nodes = [node("Resize", "x - f", "y", name="here", **{name: value})]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=[tensor("f", (4,), [1.0, 1.0, 2.0, 2.0])])
    found = problem(tmp_path / "net.onnx", data)
    assert found.message == f"its attribute `{name}` is of another type (Resize, 3×8×8, node 'here')"


def test_a_node_without_outputs_is_refused(tmp_path: Path) -> None:
    data = model([node("Relu", "x", "y"), node("Relu", "y", "", name="here")], inputs=IMAGE, outputs=["y"])
    assert problem(tmp_path / "net.onnx", data).message == "it has no outputs (Relu, node 'here')"


def test_a_pattern_of_nodes_without_inputs_is_none(tmp_path: Path, nets_used: list[str]) -> None:
    nodes = [node("Sigmoid", "", "s"), node("Mul", "x s", "y", name="here")]
    found = problem(tmp_path / "net.onnx", model(nodes, inputs=IMAGE, outputs=["y"]))
    assert "node 'here'" in found.message
    nets_used.clear()


@pytest.mark.parametrize("error", ERRORS)
def test_the_last_net_of_onnx_refuses_the_node(
    tmp_path: Path, nets_used: list[str], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setitem(onnx_context.OPS, "Relu", fail)
    data = model([node("Relu", "x", "y", name="here")], inputs=IMAGE, outputs=["y"])
    found = problem(tmp_path / "net.onnx", data)
    assert found.message == "its attributes cannot be read (Relu, 3×8×8, node 'here')"
    monkeypatch.setitem(onnx_folding._VIEWS, "Squeeze", fail)
    nodes = [node("Squeeze", "c", "s"), node("Reshape", "x s", "y", name="here")]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=[tensor("c", (1,), [192])])
    found = problem(tmp_path / "net.onnx", data)
    assert found.message == "the attributes of `Squeeze` cannot be read (Reshape, 3×8×8, node 'here')"
    assert len(nets_used) == 2
    nets_used.clear()


@pytest.mark.parametrize("error", ERRORS)
def test_the_last_net_of_keras_refuses_the_layer(
    tmp_path: Path, nets_used: list[str], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setitem(keras_layers.LAYERS, "ReLU", fail)
    found = problem(tmp_path / "net.json", functional(layer("ReLU", "y", "x"), outputs=["y"]))
    assert found.message == "`y`: its attributes cannot be read (ReLU, 8×8×3)"
    assert len(nets_used) == 1
    nets_used.clear()


@pytest.mark.parametrize("value", [3, 1.5, "x", True])
def test_calls_of_a_layer_of_another_type_are_refused_by_its_name(tmp_path: Path, value: object) -> None:
    for name in ("inbound_nodes", "args", "kwargs", "config"):
        given = json.loads(json.dumps(layer("ReLU", "y", "x")))
        (call,) = given["inbound_nodes"]
        {"inbound_nodes": given, "config": call["args"][0]}.get(name, call)[name] = value
        found = problem(tmp_path / "net.json", functional(given, outputs=["y"]))
        assert found.code == "unreadable"
        assert f"the `{name}` of its layer `y` is {str(value)!r}" in found.message


@pytest.mark.parametrize("value", [3, "x", [1]])
def test_a_first_layer_without_a_configuration_is_refused_by_its_name(tmp_path: Path, value: object) -> None:
    first = {"class_name": "ReLU", "name": "y", "config": value}
    found = problem(tmp_path / "net.json", {"class_name": "Sequential", "config": {"layers": [first]}})
    assert f"the `config` of its layer `y` is {str(value)!r}" in found.message
