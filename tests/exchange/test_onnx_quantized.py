"""Files of quantized networks, and activations that older opsets write out, as exporters of others have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc.exchange.from_onnx import read as read_onnx
from cnncalc.exchange.onnx_quantized import NOTE

from .onnx_files import model, node, tensor
from .test_onnx import calls, folder, reading, refused  # noqa: F401  # a fixture

IMAGE = {"x": (1, 2, 4, 4)}
KERNEL = [1, 2, 3, 4]  # of two channels from two
NUMBERS = [(1 - 1) * 0.5, (2 - 1) * 0.5, 3 * 2.0, 4 * 2.0]  # (x − zero point) · scale, by output channel
TENSORS = [
    tensor("k", (2, 2, 1, 1), KERNEL),
    tensor("ks", (2,), [0.5, 2.0]),
    tensor("kz", (2,), [1, 0]),
    tensor("s", (), [0.25]),
    tensor("z", (), [128]),
    tensor("b", (2,), [8, -4]),
    tensor("bs", (), [0.125]),
    tensor("m", (32, 3), [5] * 96),
]


def arrays_of(data: bytes) -> dict[str, list[float] | None]:
    Path("net.onnx").write_bytes(data)
    graph = read_onnx("net.onnx", {})
    assert graph.notes == [NOTE]
    return {name: array.load() for each in graph.nodes for name, array in each.arrays.items()}


def test_pairs_around_layers_are_left_out(folder: Path) -> None:  # noqa: F811
    """What quantizers write by default: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html"""
    nodes = [
        node("QuantizeLinear", "x s z", "xq"),
        node("DequantizeLinear", "xq s z", "xd"),
        node("DequantizeLinear", "k ks kz", "kd", axis=0),
        node("DequantizeLinear", "b bs", "bd"),
        node("Conv", "xd kd bd", "c"),
        node("QuantizeLinear", "c s z", "cq"),
        node("DequantizeLinear", "cq s z", "cd"),
        node("Relu", "cd", "y"),
    ]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=TENSORS)
    assert calls(reading(folder, data)) == ["conv(2, 1)", "relu"]
    assert arrays_of(data) == {"weight": NUMBERS, "bias": [1.0, -0.5]}


def test_layers_of_integers_are_layers(folder: Path) -> None:  # noqa: F811
    """The bias of a convolution is in units of the scales of input and kernel, as QLinearConv says."""
    nodes = [
        node("QuantizeLinear", "x s z", "xq"),
        node("QLinearConv", "xq s z k ks kz s z b", "cq"),
        node("Reshape", "cq flat", "f"),
        node("QLinearMatMul", "f s z m s z s z", "yq"),
        node("DequantizeLinear", "yq s z", "y"),
    ]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=[*TENSORS, tensor("flat", (2,), [1, -1])])
    assert calls(reading(folder, data)) == ["conv(2, 1)", "flatten", "linear(3, bias=false)"]
    arrays = arrays_of(data)
    assert arrays["bias"] == [8 * 0.25 * 0.5, -4 * 0.25 * 2.0]
    assert arrays["weight"] == [(5 - 128) * 0.25] * 96


def test_arrays_that_are_rounded_in_training_have_no_numbers(folder: Path) -> None:  # noqa: F811
    nodes = [
        node("QuantizeLinear", "w s z", "q"),
        node("DequantizeLinear", "q s z", "d"),
        node("DequantizeLinear", "x s z", "xd"),
        node("Conv", "xd d", "y"),
    ]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=[*TENSORS, tensor("w", (3, 2, 1, 1))])
    assert calls(reading(folder, data)) == ["conv(3, 1, bias=false)"]
    assert arrays_of(data) == {"weight": None}


def test_scales_that_are_found_while_it_runs_are_those_of_the_kernel(folder: Path) -> None:  # noqa: F811
    """As quantize_dynamic of ONNX Runtime writes them."""
    nodes = [
        node("DynamicQuantizeLinear", "x", "q qs qz"),
        node("ConvInteger", "q k qz kz", "i"),
        node("Cast", "i", "f", to=1),
        node("Mul", "qs ks", "scale"),
        node("Mul", "f scale", "c"),
        node("Relu", "c", "r"),
        node("Flatten", "r", "t"),
        node("DynamicQuantizeLinear", "t", "p ps pz"),
        node("MatMulInteger", "p m pz", "j"),
        node("Cast", "j", "g", to=1),
        node("Mul", "ps s", "other"),
        node("Mul", "other g", "y"),
    ]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=TENSORS)
    assert calls(reading(folder, data)) == ["conv(2, 1, bias=false)", "relu", "flatten", "linear(3, bias=false)"]
    Path("net.onnx").write_bytes(data)
    graph = read_onnx("net.onnx", {})
    loaded = [array.load() for each in graph.nodes for array in each.arrays.values()]
    assert loaded == [NUMBERS, [5 * 0.25] * 96]


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([node("DequantizeLinear", "k ks kz", "d", axis=0, block_size=2)], "scales of blocks"),
        ([node("DequantizeLinear", "k m", "d", axis=0)], "scales of blocks"),
        ([node("DequantizeLinear", "k ks", "d", axis=9)], "there is no axis 9"),
        ([node("QLinearConv", "x s z x ks kz s z", "d")], "its weights, or their scale, depend on the input"),
    ],
)
def test_other_integers_are_refused(folder: Path, nodes: list[bytes], reason: str) -> None:  # noqa: F811
    end = node("Conv", "x d", "y")
    assert reason in " ".join(
        refused(reading(folder, model([*nodes, end], inputs=IMAGE, outputs=["y"], tensors=TENSORS)))
    )


def written_out(*, last: str, first: str, clip: dict[str, Any] | None = None) -> list[bytes]:
    """x · relu6(x + 3)/6 with the division first or last, by 6 or times 1/6."""
    gate = [node("Add", "x three", "a"), node("Clip", "a" if clip else "a zero six", "g", **(clip or {}))]
    operands = {"Div": "six", "Mul": "sixth"}
    if first:
        return [*gate, node(first, f"g {operands[first]}", "h"), node("Mul", "x h", "y")]
    return [*gate, node("Mul", "x g", "m"), node(last, f"m {operands[last]}", "y")]


@pytest.mark.parametrize(("first", "last"), [("Div", ""), ("Mul", ""), ("", "Div"), ("", "Mul")])
@pytest.mark.parametrize("clip", [None, {"min": 0.0, "max": 6.0}])
def test_hard_swish_is_found_in_its_parts(folder: Path, first: str, last: str, clip: Any) -> None:  # noqa: F811
    numbers = {"three": 3.0, "zero": 0.0, "six": 6.0, "sixth": 1 / 6}
    tensors = [tensor(name, (), [number]) for name, number in numbers.items()]
    nodes = written_out(first=first, last=last, clip=clip)
    opset = 10 if clip else 13
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors, opset=opset)
    assert calls(reading(folder, data)) == ["hard_swish"]
    gate = [*nodes[:2], node("Div", "g six", "y")]
    data = model(gate, inputs=IMAGE, outputs=["y"], tensors=tensors, opset=opset)
    assert calls(reading(folder, data)) == ["hard_sigmoid"]


@pytest.mark.parametrize(("bound", "wanted"), [(6.0, "relu6"), (2.5, "clip(0, 2.5)")])
def test_a_minimum_bounds_a_relu(folder: Path, bound: float, wanted: str) -> None:  # noqa: F811
    nodes = [node("Relu", "x", "a"), node("Min", "bound a", "y")]
    data = model(nodes, inputs=IMAGE, outputs=["y"], tensors=[tensor("bound", (), [bound])])
    assert calls(reading(folder, data)) == [wanted]


@pytest.mark.parametrize("other", ["three", "zero", "six", "sixth"])
def test_other_numbers_are_no_hard_swish(folder: Path, other: str) -> None:  # noqa: F811
    numbers = {"three": 3.0, "zero": 0.0, "six": 6.0, "sixth": 1 / 6} | {other: 2.5}
    tensors = [tensor(name, (), [number]) for name, number in numbers.items()]
    nodes = written_out(first="Mul", last="")
    found = calls(reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors, opset=13)))
    assert "hard_swish" not in found
    assert len(found) > 2
