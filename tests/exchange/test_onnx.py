"""ONNX files, written by hand: ops of all opsets, constants, arrangements, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cnncalc.cli.app import run
from cnncalc.reading import Reading, read

from .. import processes
from .onnx_files import field, model, node, tensor, varint

IMAGE = {"x": (1, 3, 8, 8)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reading(folder: Path, data: bytes, inputs: Sequence[str] = ()) -> Reading:
    (folder / "net.onnx").write_bytes(data)
    return read("net.onnx", inputs=inputs)


def calls(found: Reading) -> list[str]:
    """The layers of a network that has no errors, as calls."""
    assert [problem.message for problem in found.problems] == []
    return [repr(each.layer) for each in found.require_network().nodes]


def refused(found: Reading) -> list[str]:
    assert {problem.code for problem in found.problems} == {"no-layer-kind"}
    return [problem.message for problem in found.problems]


def one(op: str, inputs: str = "x", **attributes: object) -> list[bytes]:
    return [node(op, inputs, "y", **attributes)]  # type: ignore[arg-type]


W = tensor("w", (4, 3, 3, 3))
B = tensor("b", (4,))
ONE: dict[str, tuple[list[bytes], list[bytes], list[str]]] = {
    "conv": (one("Conv", "x w b", pads=[1, 1, 1, 1], strides=[2, 2]), [W, B], ["conv(4, 3, stride=2, padding=1)"]),
    "conv, same": (
        one("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2]),
        [W],
        ["conv(4, 3, stride=2, padding=[[0, 1], [0, 1]], bias=false)"],
    ),
    "conv, same, lower": (
        one("Conv", "x w", auto_pad="SAME_LOWER", strides=[2, 2]),
        [W],
        ["conv(4, 3, stride=2, padding=[[1, 0], [1, 0]], bias=false)"],
    ),
    "depthwise": (
        one("Conv", "x d", group=3, pads=[1, 0, 1, 0]),
        [tensor("d", (6, 1, 3, 1))],
        ["depthwise_conv([3, 1], padding=[1, 0], multiplier=2, bias=false)"],
    ),
    "transposed": (
        one("ConvTranspose", "x t", strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
        [tensor("t", (3, 5, 3, 3))],
        ["transposed_conv(5, 3, stride=2, padding=1, output_padding=1, bias=false)"],
    ),
    "transposed, same": (
        one("ConvTranspose", "x t", strides=[2, 2], auto_pad="SAME_UPPER"),
        [tensor("t", (3, 5, 3, 3))],
        ["transposed_conv(5, 3, stride=2, padding=[[0, 1], [0, 1]], bias=false)"],
    ),
    "max pool": (
        one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        [],
        ["max_pool(3, stride=2, ceil=true)"],
    ),
    "average pool": (
        one("AveragePool", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]),
        [],
        ["avg_pool(3, stride=1, padding=1, count_padding=false)"],
    ),
    "average pool, counted": (
        one("AveragePool", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1], count_include_pad=1),
        [],
        ["avg_pool(3, stride=1, padding=1)"],
    ),
    "batch norm": (
        one("BatchNormalization", "x s t m v", epsilon=0.001),
        [tensor(name, (3,)) for name in "stmv"],
        ["batch_norm(epsilon=0.001)"],
    ),
    "instance norm": (
        one("InstanceNormalization", "x s t"),
        [tensor(name, (3,)) for name in "st"],
        ["instance_norm(affine=true)"],
    ),
    "response norm": (
        one("LRN", alpha=0.0005, beta=0.5, bias=2.0, size=3),
        [],
        ["local_response_norm(size=3, alpha=5e-4, beta=0.5, k=2)"],
    ),
    "leaky relu": (one("LeakyRelu", alpha=0.1), [], ["leaky_relu(slope=0.1)"]),
    "leaky relu, default": (one("LeakyRelu"), [], ["leaky_relu"]),
    "elu": (one("Elu", alpha=0.5), [], ["elu(alpha=0.5)"]),
    "prelu": (one("PRelu", "x p"), [tensor("p", (3, 1, 1))], ["prelu"]),
    "prelu, one": (one("PRelu", "x p"), [tensor("p", (1,))], ["prelu(shared=true)"]),
    "gelu": (one("Gelu", approximate="tanh"), [], ["gelu(approximate=tanh)"]),
    "hard sigmoid": (one("HardSigmoid", alpha=1 / 6), [], ["hard_sigmoid"]),
    "hard sigmoid of ONNX": (one("HardSigmoid"), [], ["affine(factor=0.2, offset=0.5)", "clip(0, 1)"]),
    "relu6": (one("Clip", "x low high"), [tensor("low", (), [0.0]), tensor("high", (), [6.0])], ["relu6"]),
    "relu6 of old opsets": (one("Clip", min=0.0, max=6.0), [], ["relu6"]),
    "clip from below": (
        one("Clip", "x low"),
        [tensor("low", (), [2.0])],
        ["affine(offset=-2)", "relu", "affine(offset=2)"],
    ),
    "softmax": (one("Softmax", axis=1), [], ["softmax"]),
    "softmax of columns": (one("Softmax"), [], ["softmax(over=2)"]),
    "dropout": (one("Dropout", "x rate"), [tensor("rate", (), [0.2])], ["dropout(rate=0.2)"]),
    "times a number": (one("Mul", "x k"), [tensor("k", (), [0.1])], ["affine(factor=0.1)"]),
    "a number minus": (one("Sub", "k x"), [tensor("k", (), [1.0])], ["affine(factor=-1, offset=1)"]),
    "over a number": (one("Div", "x k"), [tensor("k", (), [8.0])], ["affine(factor=0.125)"]),
    "times channels": (one("Mul", "x k"), [tensor("k", (3, 1, 1))], ["scale"]),
    "plus positions": (one("Add", "x k"), [tensor("k", (8, 8))], ["shift(per=position)"]),
    "plus elements": (one("Add", "x k"), [tensor("k", (1, 3, 8, 8))], ["shift(per=element)"]),
    "square": (one("Pow", "x k"), [tensor("k", (), [2.0])], ["power(2)"]),
    "mean": (one("ReduceMean", axes=[2, 3]), [], ["global_avg_pool"]),
    "mean of later opsets": (
        one("ReduceMean", "x a", keepdims=0),
        [tensor("a", (2,), [-1, -2])],
        ["global_avg_pool", "flatten"],
    ),
    "logarithm of the softmax of columns": (one("LogSoftmax"), [], ["log_softmax(over=2)"]),
    "largest of channels": (one("ReduceMax", axes=[1]), [], ["max_over(0)"]),
    "mean of channels and columns": (one("ReduceMean", axes=[1, 3]), [], ["mean_over([0, 2])"]),
    "mean of rows": (one("ReduceMean", axes=[2]), [], ["adaptive_avg_pool([1, none])"]),
    "sum of columns": (one("ReduceSum", "x a"), [tensor("a", (1,), [3])], ["sum_over(2)"]),
    "sum of positions": (
        one("ReduceSum", "x a", keepdims=0),
        [tensor("a", (2,), [2, 3])],
        ["sum_over([1, 2])", "flatten"],
    ),
    "length": (one("ReduceL2", axes=[1]), [], ["power(2)", "sum_over(0)", "sqrt"]),
    "sum of absolute values": (one("ReduceL1", axes=[1]), [], ["abs", "sum_over(0)"]),
    "logarithm of a sum": (one("ReduceLogSumExp", axes=[1]), [], ["exp", "sum_over(0)", "log"]),
    "largest": (one("GlobalMaxPool"), [], ["global_max_pool"]),
    "pad": (one("Pad", pads=[0, 0, 1, 0, 0, 0, 2, 0], value=1.5), [], ["pad([[1, 2], [0, 0]], value=1.5)"]),
    "pad mirrored": (one("Pad", pads=[0, 0, 1, 2, 0, 0, 1, 2], mode="reflect"), [], ["pad([1, 2], mode=reflect)"]),
    "pad by the edge": (
        one("Pad", pads=[0, 0, 1, 0, 0, 0, 0, 0], mode="edge"),
        [],
        ["pad([[1, 0], [0, 0]], mode=replicate)"],
    ),
    "pad from the other end": (one("Pad", pads=[0, 0, 1, 1, 0, 0, 1, 1], mode="wrap"), [], ["pad(1, mode=circular)"]),
    "pad of later opsets": (
        one("Pad", "x p - a"),
        [tensor("p", (2,), [1, 1]), tensor("a", (1,), [-1])],
        ["pad([0, 1])"],
    ),
    "slice": (
        one("Slice", "x s e a t"),
        [tensor(name, (1,), [at]) for name, at in (("s", 1), ("e", 2**60), ("a", 3), ("t", 2))],
        ["slice(2, 1, stop=8, step=2)"],
    ),
    "slice of old opsets": (one("Slice", starts=[0], ends=[-4], axes=[2]), [], ["split(2, 0, axis=1)"]),
    "nearest": (
        one("Resize", "x - f", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        [tensor("f", (4,), [1.0, 1.0, 2.0, 2.0])],
        ["upsample(2)"],
    ),
    "nearest of half pixels": (one("Resize", "x - f"), [tensor("f", (4,), [1.0, 1.0, 3.0, 3.0])], ["upsample(3)"]),
    "linear": (
        one("Resize", "x - - s", mode="linear"),
        [tensor("s", (4,), [1, 3, 5, 20])],
        ["upsample(mode=linear, size=[5, 20])"],
    ),
    "corners": (
        one("Resize", "x - f", mode="linear", coordinate_transformation_mode="align_corners"),
        [tensor("f", (4,), [1.0, 1.0, 2.0, 2.0])],
        ["upsample(2, mode=linear, align_corners=true)"],
    ),
    "nearest of old opsets": (one("Resize", "x f"), [tensor("f", (4,), [1.0, 1.0, 1.5, 1.5])], ["upsample(1.5)"]),
    "upsample of opset 9": (one("Upsample", "x f"), [tensor("f", (4,), [1.0, 1.0, 2.0, 2.0])], ["upsample(2)"]),
    "space to depth": (
        one("SpaceToDepth", blocksize=2),
        [],
        ["reshape([3, 4, 2, 4, 2])", "transpose([2, 4, 0, 1, 3])", "reshape([12, 4, 4])"],
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_an_op_is_a_layer(folder: Path, name: str) -> None:
    nodes, tensors, wanted = ONE[name]
    opset = (10 if "nearest" in name else 12) if "old" in name else 9 if "opset 9" in name else 17
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors, opset=opset))
    assert calls(found) == wanted


def test_a_flat_layer_takes_the_bias_that_is_added_after_it(folder: Path) -> None:
    for nodes, arrays in (
        ([node("Gemm", "f w b", "y")], {"w": (192, 5), "b": (5,)}),
        ([node("Gemm", "f w b", "y", transB=1)], {"w": (5, 192), "b": (5,)}),
        ([node("MatMul", "f w", "m"), node("Add", "b m", "y")], {"w": (192, 5), "b": (5,)}),
    ):
        tensors = [tensor(name, shape) for name, shape in arrays.items()]
        data = model([node("Flatten", "x", "f"), *nodes], inputs=IMAGE, outputs=["y"], tensors=tensors)
        found = reading(folder, data)
        assert calls(found) == ["flatten", "linear(5)"]
        assert found.require_report().totals.parameters == 192 * 5 + 5


def test_products_of_tensors_and_learned_tokens(folder: Path) -> None:
    """Attention of 65 tokens of 3 channels, one of them learned: 65·65·3 macs for the scores, and as many for the
    values."""
    nodes = [
        node("Reshape", "x shape", "p"),
        node("Transpose", "p", "q", perm=[0, 2, 1]),
        node("Expand", "token one", "t"),
        node("Concat", "t q", "s", axis=1),
        node("Add", "s place", "z"),
        node("Transpose", "z", "k", perm=[0, 2, 1]),
        node("MatMul", "z k", "scores"),
        node("Softmax", "scores", "w", axis=-1),
        node("MatMul", "w z", "y"),
    ]
    arrays = [tensor("token", (1, 1, 3)), tensor("place", (1, 65, 3))]
    sizes = [tensor("shape", (3,), [0, 3, -1]), tensor("one", (3,), [1, 1, 3])]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=[*arrays, *sizes]))
    kinds = [each.layer.kind for each in found.require_network().nodes]
    assert sorted(set(kinds)) == ["concat", "learned", "matmul", "reshape", "shift", "softmax"]
    totals = found.require_report().totals
    assert (totals.work.macs, totals.work.attention_macs) == (2 * 65 * 65 * 3, 2 * 65 * 65 * 3)
    assert totals.parameters == 3 + 65 * 3
    assert found.require_network().nodes[-1].output == (65, 3)


SEQUENCE = {"x": (1, 5, 3)}  # batch, positions, channels
RECURRENT = [tensor("w", (1, 8, 3)), tensor("r", (1, 8, 2)), tensor("b", (1, 16))]


def test_a_recurrent_op_is_a_layer(folder: Path) -> None:
    """Four gates of 2 from 3 inputs and 2 of the state at each of 5 positions, with both biases of ONNX."""
    nodes = [node("LSTM", "x w r b", "a h", hidden_size=2, layout=1), node("Flatten", "h", "y")]
    data = model(nodes, inputs=SEQUENCE, outputs=["y"], tensors=RECURRENT)
    found = reading(folder, data)
    assert "lstm(2)" in calls(found)
    totals = found.require_report().totals
    assert totals.parameters == 4 * 2 * (3 + 2 + 2)
    assert totals.work.macs == 5 * 4 * 2 * (3 + 2)
    assert found.require_network().nodes[-1].output == (2,)


@pytest.mark.parametrize(
    ("inputs", "more", "reason"),
    [
        ("x w r b", {"direction": "reverse"}, "only reads backwards"),
        ("x w r b", {"clip": 3.0}, "a recurrent layer with bounds"),
        ("x w r b - first", {}, "a first state of its own"),
        ("x w r b lengths", {}, "sequences of different lengths"),
        ("x w b", {}, "weights of other sizes"),
        ("x w r r", {}, "biases of other sizes"),
        ("x w r b", {"direction": "bidirectional"}, "weights of other sizes"),
        ("x w r b", {"activations": 3}, "a recurrent layer with other activations: 3"),
    ],
)
def test_a_recurrent_op_that_no_kind_has_is_refused(folder: Path, inputs: str, more: Any, reason: str) -> None:
    tensors = [*RECURRENT, tensor("first", (1, 1, 2), [1.0, 2.0]), tensor("lengths", (1,), [4])]
    data = model([node("LSTM", inputs, "y", layout=1, **more)], inputs=SEQUENCE, outputs=["y"], tensors=tensors)
    (message,) = refused(reading(folder, data))
    assert reason in message


def test_an_output_that_is_not_read_is_refused_where_it_is_used(folder: Path) -> None:
    nodes = [node("LSTM", "x w r b", "a h c", layout=1), node("Relu", "c", "y")]
    (message,) = refused(reading(folder, model(nodes, inputs=SEQUENCE, outputs=["y"], tensors=RECURRENT)))
    assert message == "output 3 of LSTM is not read (Relu)"


def test_a_linear_layer_of_tokens_is_a_convolution_of_one_position(folder: Path) -> None:
    nodes = [
        node("Reshape", "x shape", "t"),
        node("Transpose", "t", "s", perm=[0, 2, 1]),
        node("MatMul", "s w", "m"),
        node("Add", "m b", "n"),
        node("Gelu", "n", "g"),
        node("MatMul", "g v", "y"),
    ]
    tensors = [tensor("shape", (3,), [0, 3, -1]), tensor("w", (3, 5)), tensor("b", (5,)), tensor("v", (5, 2))]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors))
    wanted = ["conv(5, 1)", "gelu", "conv(2, 1, bias=false)", "transpose([1, 2, 0])", "reshape([64, 2])"]
    assert calls(found) == wanted
    assert found.require_report().totals.work.macs == 64 * (3 * 5 + 5 * 2)


def test_shapes_computed_by_nodes_are_constants(folder: Path) -> None:
    """Reshape to [Shape(x)[0], 3, -1], as exporters write it, on an open batch."""
    nodes = [
        node("Shape", "x", "shape"),
        node("Constant", "", "zero", value=tensor("", (), [0])),
        node("Gather", "shape zero", "first"),
        node("Unsqueeze", "first axes", "batch"),
        node("Relu", "x", "r"),
        node("Concat", "batch rest", "sizes", axis=0),
        node("Reshape", "r sizes", "y"),
    ]
    tensors = [tensor("axes", (1,), [0]), tensor("rest", (2,), [6, -1])]
    found = reading(folder, model(nodes, inputs={"x": ("N", 3, 8, 8)}, outputs=["y"], tensors=tensors))
    assert calls(found) == ["relu", "reshape([6, 32])"]


def test_types_of_constants_are_those_of_the_file(folder: Path) -> None:
    """⌊8·3/2⌋ = 12 positions by integers, and 8·(3/2) = 12 by numbers with fractions; 3/2 of integers would be 1."""
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape three", "rows", axis=0),
        node("Cast", "rows", "real", to=1),
        node("Cast", "three", "factor", to=1),
        node("Cast", "two", "divisor", to=1),
        node("Div", "factor divisor", "half"),
        node("Mul", "real half", "size"),
        node("Cast", "size", "whole", to=7),
        node("Mul", "whole sixteen", "wide"),
        node("Concat", "one wide", "sizes", axis=0),
        node("Reshape", "x sizes", "y"),
    ]
    tensors = [tensor(name, (1,), [at]) for name, at in (("one", 1), ("two", 2), ("three", 3), ("sixteen", 16))]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors))
    assert calls(found) == ["flatten"]


def test_a_reduction_of_some_axes_of_constants_is_not_taken_for_one_of_all(folder: Path) -> None:
    for axes, wanted in (([0, 1], None), ([0], "ReduceProd of constants is not computed")):
        nodes = [node("ReduceProd", "m", "s", axes=axes, keepdims=0), node("Unsqueeze", "s a", "t")]
        nodes = [*nodes, node("Concat", "one t", "u", axis=0), node("Reshape", "x u", "y")]
        tensors = [tensor("m", (2, 2), [1, 2, 4, 24]), tensor("a", (1,), [0]), tensor("one", (1,), [1])]
        found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors))
        if wanted is None:
            assert calls(found) == ["flatten"]
        else:
            assert [problem.code for problem in found.problems] == ["no-layer-kind"]


def test_what_the_new_exporter_of_pytorch_writes_without_its_optimizer(folder: Path) -> None:
    """Zeros as the bias of a convolution that has none; numbers with the type of a tensor; lists of parts."""
    nodes = [
        node("Shape", "w", "n", start=0, end=1),
        node("Constant", "", "zero", value=tensor("", (), [0.0])),
        node("CastLike", "zero x", "typed"),
        node("Expand", "typed n", "zeros"),
        node("Conv", "x w zeros", "c"),
        node("SplitToSequence", "c two", "parts", axis=1),
        node("SequenceAt", "parts first", "a"),
        node("SequenceAt", "parts last", "b"),
        node("CastLike", "zero a", "low"),
        node("Clip", "a low", "d"),
        node("Concat", "b d", "y", axis=1),
    ]
    tensors = [W, tensor("two", (), [2]), tensor("first", (), [0]), tensor("last", (), [-1])]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors))
    assert calls(found) == ["conv(4, 3, bias=false)", "channel_split(2, 1)", "channel_split(2, 0)", "relu", "concat"]


def test_zeros_of_many_channels_are_no_bias(folder: Path) -> None:
    nodes = [node("Expand", "zero n", "zeros"), node("Conv", "x w zeros", "y")]
    tensors = [tensor("w", (6000, 3, 1, 1)), tensor("zero", (1,), [0.0]), tensor("n", (1,), [6000])]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors))
    assert calls(found) == ["conv(6000, 1, bias=false)"]


def test_weights_in_another_file_are_counted_and_not_opened(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file that it names is not there, and nobody asks for it."""
    place = field(13, field(1, "location") + field(2, "../weights.bin"))
    away = b"".join(field(1, size) for size in (4, 3, 3, 3)) + field(2, 1) + field(8, "w") + place + field(14, 1)
    (folder / "net.onnx").write_bytes(model(one("Conv", "x w"), inputs=IMAGE, outputs=["y"], tensors=[away]))
    found = read("net.onnx")
    assert found.require_report().totals.parameters == 4 * 27
    assert found.graph is not None
    assert found.graph.notes == ["The file's weights are in another file, which is not opened."]
    assert run(["import", "net.onnx", "-o", "net.yaml", "--save-weights", "weights.json"]) == 1
    assert "the source holds no numbers for `weight` of conv1" in capsys.readouterr().err
    assert not (folder / "net.yaml").exists()


def test_lists_of_tensors(folder: Path) -> None:
    nodes = [
        node("SplitToSequence", "x", "rows", axis=2, keepdims=0),
        node("SequenceAt", "rows at", "r"),
        node("SequenceConstruct", "r r", "two"),
        node("ConcatFromSequence", "two", "y", axis=2, new_axis=1),
    ]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=[tensor("at", (), [3])]))
    assert calls(found)[-2:] == ["reshape([3, 8])", "stack(axis=1)"]
    assert found.require_network().outputs
    for last, reason in (
        (node("SequenceAt", "rows far", "y"), "there is no item 8 of 8"),
        (node("SequenceAt", "x at", "y"), "its input is no list of tensors"),
        (node("Relu", "rows", "y"), "its input is a list of tensors"),
        (node("Conv", "x rows", "y"), "its weights depend on the input"),
    ):
        data = model(
            [nodes[0], last], inputs=IMAGE, outputs=["y"], tensors=[tensor("at", (), [3]), tensor("far", (), [8])]
        )
        (message,) = refused(reading(folder, data))
        assert reason in message


def test_transposes_of_channels_last_files_dissolve(folder: Path) -> None:
    """As tf2onnx writes: every convolution between two transposes, merges and borders with the channels last."""
    to: dict[str, Any] = {"perm": [0, 3, 1, 2]}
    back: dict[str, Any] = {"perm": [0, 2, 3, 1]}
    nodes = [
        node("Transpose", "x", "a", **to),
        node("Conv", "a w", "b", pads=[1, 1, 1, 1]),
        node("Transpose", "b", "c", **back),
        node("Relu", "c", "d"),
        node("Pad", "d p", "e"),
        node("Transpose", "e", "f", **to),
        node("Conv", "f v", "g"),
        node("Transpose", "g", "h", **back),
        node("Add", "h d", "i"),
        node("ReduceMean", "i", "j", axes=[1, 2], keepdims=0),
        node("MatMul", "j u", "y"),
    ]
    tensors = [
        tensor("w", (4, 3, 3, 3)),
        tensor("v", (4, 4, 3, 3)),
        tensor("u", (4, 2)),
        tensor("p", (8,), [0, 1, 1, 0, 0, 1, 1, 0]),
    ]
    found = reading(folder, model(nodes, inputs={"x": ("unk", 8, 8, 3)}, outputs=["y"], tensors=tensors))
    assert found.require_network().input == (3, 8, 8)
    assert calls(found) == [
        "conv(4, 3, padding=1, bias=false)",
        "relu",
        "pad(1)",
        "conv(4, 3, bias=false)",
        "add",
        "global_avg_pool",
        "flatten",
        "linear(2, bias=false)",
    ]


def test_what_exporters_write_out_is_one_layer(folder: Path) -> None:
    numbers = {"half": 0.5, "one": 1.0, "root": 2**0.5, "two": 2.0, "epsilon": 1e-6}
    scalars = [tensor(name, (), [number]) for name, number in numbers.items()]
    gelu = [
        node("Div", "x root", "a"),
        node("Erf", "a", "b"),
        node("Add", "b one", "c"),
        node("Mul", "x c", "d"),
        node("Mul", "d half", "y"),
    ]
    norm = [
        node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
        node("ReduceMean", "t", "m", axes=[-1]),
        node("Sub", "t m", "s"),
        node("Pow", "s two", "q"),
        node("ReduceMean", "q", "v", axes=[-1]),
        node("Add", "v epsilon", "e"),
        node("Sqrt", "e", "r"),
        node("Div", "s r", "n"),
        node("Mul", "n scale", "o"),
        node("Add", "o shift", "p"),
        node("Transpose", "p", "y", perm=[0, 3, 1, 2]),
    ]
    groups = [
        node("Reshape", "x three", "g"),
        node("InstanceNormalization", "g ones zeros", "i", epsilon=1e-5),
        node("Shape", "x", "old"),
        node("Reshape", "i old", "j"),
        node("Mul", "j wide", "k"),
        node("Add", "k low", "y"),
    ]
    gates: dict[str, tuple[str, dict[str, Any]]] = {
        "silu": ("Sigmoid", {}),
        "hard_swish": ("HardSigmoid", {"alpha": 1 / 6}),
    }
    cases = {
        "gelu": gelu,
        "layer_norm(epsilon=1e-6)": norm,
        "group_norm(3)": groups,
        **{kind: [node(op, "x", "g", **more), node("Mul", "g x", "y")] for kind, (op, more) in gates.items()},
        "mish": [node("Softplus", "x", "p"), node("Tanh", "p", "t"), node("Mul", "x t", "y")],
    }
    tensors = [
        *scalars,
        tensor("scale", (3,)),
        tensor("shift", (3,)),
        tensor("three", (3,), [0, 3, -1]),
        tensor("ones", (3,), [1.0] * 3),
        tensor("zeros", (3,), [0.0] * 3),
        tensor("wide", (3, 1, 1)),
        tensor("low", (3, 1, 1)),
    ]
    for wanted, nodes in cases.items():
        assert calls(reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors))) == [wanted]


def test_shared_arrays_are_shared_weights_but_for_equal_numbers(folder: Path) -> None:
    """Exporters write equal arrays once: what is the same all over, zeros or ones, is no sign of a shared layer."""
    nodes = [
        node("Conv", "x w b", "p", pads=[1, 1, 1, 1]),
        node("BatchNormalization", "p one zero zero one", "q"),
        node("Conv", "q w b", "r", pads=[1, 1, 1, 1]),
        node("BatchNormalization", "r one zero zero one", "y"),
    ]
    tensors = [
        tensor("w", (3, 3, 3, 3)),
        tensor("b", (3,)),
        tensor("one", (3,), [1.0] * 3),
        tensor("zero", (3,), [0.0] * 3),
    ]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors))
    assert calls(found) == ["conv(3, 3, padding=1)", "batch_norm"] * 2
    assert [each.shares for each in found.require_network().nodes] == [None, None, 0, None]
    assert found.require_report().totals.parameters == 81 + 3 + 2 * 6


def test_modules_are_in_the_names_of_nodes(folder: Path) -> None:
    nodes = [
        node("Conv", "x w", "a", name="/layer1/layer1.0/conv1/Conv"),
        node("Relu", "a", "b", name="/layer1/layer1.0/Relu"),
        node("Relu", "b", "y", name="/head/Relu"),
    ]
    found = reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=[W]))
    assert found.graph
    assert [found.graph.scopes[each.scope].path for each in found.graph.nodes] == ["layer1.0.conv1", "layer1.0", "head"]
    assert run(["explain", "net.onnx", "conv1"]) == 0


def test_all_that_has_no_layer_kind_is_listed_with_its_place_and_shapes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [
        node("Relu", "x", "a"),
        node("Einsum", "a a", "b", name="/layer1/attn/Einsum"),
        node("Relu", "b", "c"),
        node("Erf", "c", "d", name="/layer2/Erf"),
        node("Twist", "d", "e", name="twisted", domain="com.acme"),
        node("MatMul", "e e", "y"),
    ]
    between = {"b": (1, 3, 8, 8), "d": (1, 3, 8, 8)}
    data = model(nodes, inputs=IMAGE, outputs=["y"], between=between)
    assert refused(reading(folder, data)) == [
        "`layer1.attn`: Einsum has no layer kind (Einsum, 3×8×8 · 3×8×8)",
        "`layer2`: Erf has no layer kind (Erf, 3×8×8)",
        "com.acme::Twist has no layer kind (com.acme::Twist, 3×8×8, node 'twisted')",
    ]
    assert run(["summary", "net.onnx"]) == 1
    out, err = capsys.readouterr()
    assert "relu1" in out
    assert "an error follows the last layer shown" in out
    assert err.count("error[no-layer-kind]") == 3
    assert run(["import", "net.onnx", "-o", "net.yaml"]) == 1
    assert not (folder / "net.yaml").exists()


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (one("If", "x", then_branch=b""), "If has no layer kind"),
        (one("GRU"), "a recurrent layer that only reads backwards, or of no sequences"),
        (one("Conv", "x x"), "its weights depend on the input"),
        (one("Gather", "table x"), "a table whose rows are chosen by the input"),
        (one("Reshape", "x x"), "a shape depends on values that are not known"),
        (one("ReduceMean"), "a reduction over the batch"),
        (one("Pad", pads=[0, 0, 1, 1, 0, 0, 1, 1], mode="mirror"), "a border in mode 'mirror'"),
        (one("Pad", pads=[0, 0, 1, 1, 0, 0, -1, 1], mode="edge"), "a border in mode 'replicate' that takes positions"),
        (one("Resize", "x - factor", mode="linear", coordinate_transformation_mode="asymmetric"), "'asymmetric'"),
        (one("Resize", "x - factor", mode="linear", antialias=1), "a resize with a filter"),
        (one("MatMul", "x number"), "a learned array of one number that is no tensor of an example"),
        ([node("SplitToSequence", "x", "z", axis=1), node("Sum", "z", "y")], "it lacks an input"),
        (one("Add", "x nothing"), "nothing makes its input `nothing`"),
        ([node("Relu", "x", "z"), node("Identity", "table", "y")], "it does not depend on the input"),
        ([node("ConstantOfShape", "four", "z"), node("Concat", "x z", "y", axis=1)], "computed by other nodes"),
        (one("AveragePool", kernel_shape=[2, 2], dilations=[2, 2]), "an average pool with a dilation"),
        (one("Conv", "x w", group=2), "groups"),
    ],
)
def test_an_op_that_cannot_be_said_is_refused(folder: Path, nodes: list[bytes], reason: str) -> None:
    tensors = [
        tensor("table", (1, 4, 8, 8)),
        tensor("four", (4,), [1, 1, 8, 8]),
        tensor("number", (), [2.5]),
        tensor("factor", (4,), [1.0, 1.0, 2.0, 2.0]),
        W,
    ]
    (message,) = refused(reading(folder, model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors, opset=13)))
    assert reason in message


def test_sizes_of_the_file_are_checked(folder: Path) -> None:
    """A rule of ours that differs from that of the exporter is an error and no other number."""
    nodes = [node("MaxPool", "x", "a", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), node("Relu", "a", "y")]
    right, wrong = (model(nodes, inputs=IMAGE, outputs=["y"], between={"a": (1, 3, size, size)}) for size in (4, 5))
    assert calls(reading(folder, right)) == ["max_pool(3, stride=2, ceil=true)", "relu"]
    (message,) = refused(reading(folder, wrong))
    assert "its output is 1×3×5×5 in the file, and 1×3×4×4 by the rules of its layer" in message


def test_a_sweep_varies_open_sizes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A convolution of 3×3 by 4 channels on 3: 3·3·3·4 macs at each of (n − 2)² positions."""
    tensors = [tensor("k", (4, 3, 3, 3), [0.0] * 108)]
    nodes = [node("Conv", "x k", "y")]
    inputs = {"x": (1, 3, "h", "w")}
    (folder / "net.onnx").write_bytes(model(nodes, inputs=inputs, outputs=["y"], tensors=tensors))
    sizes = ["--input", "3x8x8", "--vary", "input=5,32"]
    assert run(["sweep", "net.onnx", *sizes, "-c", "macs", "-f", "csv"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [int(row.split(",")[1]) for row in rows] == [108 * 3 * 3, 108 * 30 * 30]


def test_open_sizes_need_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = model(one("Relu"), inputs={"x": ("N", 3, "H", "W")}, outputs=["y"])
    found = reading(folder, data)
    assert [(problem.code, problem.message, problem.help) for problem in found.problems] == [
        (
            "bad-input",
            "net.onnx: its input `x` is N×3×H×W",
            "give the sizes that are open, e.g. --input 3x224x224",
        )
    ]
    assert reading(folder, data, ["3x32x40"]).require_network().input == (3, 32, 40)
    (problem,) = reading(folder, data, ["32x40"]).problems
    assert "--input has 2 sizes, but `x` is N×3×H×W, its batch first" in problem.message


def test_an_input_with_its_channels_last_is_given_channels_first(folder: Path) -> None:
    """As everywhere; the order of the file, which would be another network, is refused."""
    nodes = [node("Transpose", "x", "a", perm=[0, 3, 1, 2]), node("Conv", "a w", "y")]
    data = model(nodes, inputs={"x": ("N", "H", "W", 3)}, outputs=["y"], tensors=[tensor("w", (4, 3, 3, 3))])
    assert reading(folder, data, ["3x32x20"]).require_network().nodes[0].output == (4, 30, 18)
    for given, wanted in (((), "e.g. --input 3x224x224"), (("32x20x3",), "write --input 3x224x224")):
        (problem,) = reading(folder, data, given).problems
        assert problem.code == "bad-input"
        assert wanted in problem.help


def test_several_inputs_and_outputs_have_their_names(folder: Path) -> None:
    nodes = [node("Relu", "left:0", "a"), node("Add", "a right:0", "out.1"), node("Neg", "a", "out.2")]
    inputs = {"left:0": (1, 3, 8, 8), "right:0": (1, 3, 8, 8)}
    found = reading(folder, model(nodes, inputs=inputs, outputs=["out.1", "out.2"]))
    network = found.require_network()
    assert network.inputs == {"left_0": (3, 8, 8), "right_0": (3, 8, 8)}
    assert network.outputs == {"out_1": 1, "out_2": 2}


def test_a_file_that_is_no_model_says_so(folder: Path) -> None:
    whole = model(one("Relu"), inputs=IMAGE, outputs=["y"])
    for data, reason in (
        (whole[:-30], "a field ends at byte"),
        (field(1, 8) + field(2, "producer"), "it has no graph"),
        (whole + varint(7 << 3 | 3), "begins no field"),
        (model(one("Relu"), inputs=IMAGE, outputs=["y"], opset=6), "its opset is 6"),
        (model(one("Relu", "w"), inputs={}, outputs=["y"], tensors=[W]), "it has 0 inputs"),
    ):
        (problem,) = reading(folder, data).problems
        assert problem.code == "unreadable"
        assert reason in problem.message
        assert problem.message.startswith("net.onnx: ")


def test_every_command_takes_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = [node("Conv", "x w b", "c", pads=[1, 1, 1, 1]), node("Relu", "c", "y")]
    (folder / "net.onnx").write_bytes(model(nodes, inputs=IMAGE, outputs=["y"], tensors=[W, B]))
    for command in (
        ["summary"],
        ["validate"],
        ["explain"],
        ["run"],
        ["verify"],
        ["show"],
        ["show", "--expand"],
        ["import"],
        ["compare", "--separable", "depthwise"],
    ):
        assert run([command[0], "net.onnx", *command[1:]]) == 0
        out, err = capsys.readouterr()
        assert out
        assert err == ""
    assert run(["import", "net.onnx", "-o", "net.yaml"]) == 0
    assert run(["compare", "net.onnx", "net.yaml"]) == 0
    assert run(["validate", "net.yaml", "--strict"]) == 0
    assert run(["import", "net.onnx", "--input", "3x9x9"]) == 0
    assert "input: [3, 9, 9]" in capsys.readouterr().out


def test_weights_are_stepped_over(folder: Path) -> None:
    """A file of 60 MB takes no more memory than its text; no framework is loaded."""
    large = tensor("w", (8, 3, 1, 1), [0.5] * 24) + field(99, bytes(60_000_000))
    (folder / "net.onnx").write_bytes(model(one("Conv", "x w"), inputs=IMAGE, outputs=["y"], tensors=[large]))
    script = "import sys, tracemalloc\nfrom cnncalc.cli.app import run\ntracemalloc.start()\n"
    script += "assert run(['summary', 'net.onnx']) == 0\n"
    script += "assert not {'torch', 'onnx', 'numpy', 'google.protobuf'} & set(sys.modules)\n"
    script += "print(tracemalloc.get_traced_memory()[1], file=sys.stderr)"
    done = processes.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=folder)
    assert int(done.stderr) < 20 * 2**20


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_weights_that_json_cannot_write_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], number: float
) -> None:
    tensors = [tensor("k", (1, 1, 1, 1), [number])]
    nodes = [node("Conv", "x k", "y", name="/a/Conv")]
    (folder / "net.onnx").write_bytes(model(nodes, inputs={"x": (1, 1, 2, 2)}, outputs=["y"], tensors=tensors))
    assert run(["import", "net.onnx", "-o", "net.yaml", "--save-weights", "weights.json"]) == 1
    assert "`weight` of conv1 has an infinite number or NaN" in capsys.readouterr().err
    assert not (folder / "weights.json").exists()
    assert not (folder / "net.yaml").exists()


def test_the_weights_of_a_small_network_are_written_for_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A convolution of 1×1 by 2 and a matrix of ones: each output is 2·(1 + 2 + … + 4) + 0.5."""
    nodes = [node("Conv", "x k", "c", name="/a/Conv"), node("Flatten", "c", "f"), node("Gemm", "f m b", "y")]
    tensors = [tensor("k", (1, 1, 1, 1), [2.0]), tensor("m", (4, 2), [1.0] * 8), tensor("b", (2,), [0.5, -0.5])]
    inputs = {"x": (1, 1, 2, 2)}
    (folder / "net.onnx").write_bytes(model(nodes, inputs=inputs, outputs=["y"], tensors=tensors))
    (folder / "x.json").write_text("[[[1, 2], [3, 4]]]")
    assert run(["import", "net.onnx", "-o", "net.yaml", "--save-weights", "weights.json"]) == 0
    arguments = ["run", "net.yaml", "--input-data", "x.json", "--weights", "weights.json", "-f", "json"]
    assert run(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "20.5" in out
    assert "19.5" in out


@pytest.mark.parametrize(
    ("op", "inputs", "wanted"),
    [
        ("Add", "x c", [2.0 + 1, 4.0 + 2]),
        ("Sub", "x c", [2.0 - 1, 4.0 - 2]),
        ("Sub", "c x", [1 - 2.0, 2 - 4.0]),
        ("Mul", "c x", [1 * 2.0, 2 * 4.0]),
        ("Div", "x c", [2.0 / 1, 4.0 / 2]),
    ],
)
def test_an_array_that_is_subtracted_or_divides_has_its_numbers_turned(
    folder: Path, capsys: pytest.CaptureFixture[str], op: str, inputs: str, wanted: list[float]
) -> None:
    data = model([node(op, inputs, "y")], inputs={"x": (1, 2)}, outputs=["y"], tensors=[tensor("c", (2,), [1.0, 2.0])])
    (folder / "net.onnx").write_bytes(data)
    (folder / "x.json").write_text("[2.0, 4.0]")
    assert run(["import", "net.onnx", "-o", "net.yaml", "--save-weights", "weights.json"]) == 0
    capsys.readouterr()
    assert run(["run", "net.yaml", "--input-data", "x.json", "--weights", "weights.json", "-f", "json"]) == 0
    (output,) = json.loads(capsys.readouterr().out)["outputs"].values()
    assert output["values"] == wanted


@pytest.mark.parametrize("content", [b"", b"\x00" * 9, b"input: [3, 8, 8]\nlayers: [relu]\n", bytes(range(255, 0, -1))])
@pytest.mark.parametrize(("ending", "kind"), [("onnx", "an ONNX file"), ("keras", "a Keras file")])
def test_a_file_is_what_its_ending_says_or_is_refused(content: bytes, ending: str, kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"net.{ending}"
    file.write_bytes(content)
    (problem,) = read(str(file)).problems
    assert (problem.code, problem.message) == ("unreadable", f"{file}: it does not begin as {kind} does")
