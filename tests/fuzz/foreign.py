"""Files of other programs, damaged: bytes and numbers changed, parts cut, doubled and exchanged, attributes made up."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

from tests.exchange.onnx_files import Attribute, field, model, node, tensor, varint

OPS = (
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "Gemm", "MatMul", "BatchNormalization",
    "InstanceNormalization", "GroupNormalization", "LayerNormalization", "RMSNormalization", "LpNormalization", "LRN",
    "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Gelu", "Swish", "HardSigmoid", "Clip", "Softmax", "Dropout",
    "Identity", "Cast", "Neg", "Reciprocal", "Pow", "Add", "Sub", "Mul", "Div", "Sum", "Mean", "Max", "Min",
    "ReduceMean", "ReduceMax", "ReduceSum", "ReduceL2", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze",
    "Expand", "Concat", "Split", "Slice", "Gather", "Pad", "Resize", "Upsample", "DepthToSpace", "SpaceToDepth",
    "Shape", "Constant", "ConstantOfShape", "Range", "Where", "Equal", "ReduceProd", "If", "Erf", "Sigmoid", "Sqrt",
    "ReduceL1", "ReduceLogSumExp", "ReduceSumSquare", "SplitToSequence", "SequenceAt", "SequenceConstruct",
    "ConcatFromSequence", "CastLike", "LSTM", "GRU", "RNN",
)  # fmt: skip
NAMES = (
    "kernel_shape", "strides", "pads", "dilations", "group", "auto_pad", "axis", "axes", "perm", "epsilon", "alpha",
    "beta", "value", "mode", "ceil_mode", "blocksize", "size", "keepdims", "num_outputs", "split", "starts", "ends",
    "scales", "output_shape", "output_padding", "num_groups", "ratio", "to", "min", "max", "p", "start", "end",
    "coordinate_transformation_mode", "nearest_mode", "transB", "allowzero", "approximate", "new_axis",
    "noop_with_empty_axes", "antialias", "hidden_size", "direction", "activations", "layout", "linear_before_reset",
)  # fmt: skip
NUMBERS = (-(2**63), -1000, -2, -1, 0, 1, 2, 3, 4, 7, 8, 64, 4096, 10**6, 10**9, 2**31, 2**62, 2**63 - 1)
SHAPES: tuple[tuple[int, ...], ...] = (
    (),
    (1,),
    (3,),
    (4,),
    (2, 2),
    (4, 3, 3, 3),
    (3, 1, 1),
    (1, 3, 8, 8),
    (192, 5),
    (8,),
)


def _attribute(chance: random.Random) -> Attribute:
    return chance.choice(
        (
            chance.choice(NUMBERS),
            chance.uniform(-3, 3),
            chance.choice((float("nan"), float("inf"), 1e38, 1e-45, 0.0)),
            [chance.choice(NUMBERS[2:9]) for _ in range(chance.randrange(7))],
            [chance.choice(NUMBERS) for _ in range(chance.randrange(7))],
            chance.choice(("", "SAME_UPPER", "SAME_LOWER", "VALID", "constant", "linear", "cubic", "CRD", "é\x1b[31m")),
            _tensor(chance, "value"),
        )
    )


def _tensor(chance: random.Random, name: str) -> bytes:
    shape = chance.choice(SHAPES)
    if chance.randrange(2):
        count = 1
        for size in shape:
            count *= size
        return tensor(name, shape, [chance.choice(NUMBERS[1:13]) for _ in range(count)])
    return tensor(name, shape)


def made_up(chance: random.Random) -> bytes:
    """A model of any ops with any inputs and attributes."""
    known = ["x", *(f"t{at}" for at in range(8))]
    tensors = [_tensor(chance, f"t{at}") for at in range(8)]
    nodes = []
    for at in range(chance.randrange(1, 12)):
        inputs = [chance.choice(known[-4:] if chance.randrange(2) else known) for _ in range(chance.randrange(5))]
        inputs = inputs or ["x"]
        inputs[0] = known[-1] if len(known) > 9 and chance.randrange(4) else inputs[0]
        more: dict[str, Any] = {chance.choice(NAMES): _attribute(chance) for _ in range(chance.randrange(4))}
        nodes.append(node(chance.choice(OPS), " ".join(inputs), f"y{at} z{at}", **more))
        known.append(f"y{at}")
    sizes = chance.choice(((1, 3, 8, 8), ("N", 3, 8, 8), (1, 8), (2, 3, 8), (1, 3, 4, 8, 8), ("N", 3, "H", "W"), ()))
    return model(
        nodes, inputs={"x": sizes}, outputs=[known[-1]], tensors=tensors, opset=chance.choice((7, 9, 12, 13, 18, 23))
    )


@cache
def seeds() -> tuple[bytes, ...]:
    """Good models."""
    from tests.exchange.test_onnx import IMAGE, ONE

    return tuple(model(nodes, inputs=IMAGE, outputs=["y"], tensors=tensors) for nodes, tensors, _ in ONE.values())


def damaged(chance: random.Random) -> bytes:
    """A good model, or one that is made up, with a few changes of its bytes; it still begins as an ONNX file."""
    data = chance.choice(seeds()) if chance.randrange(2) else made_up(chance)
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 8))):
        at, end = sorted(chance.randrange(8, len(data)) for _ in range(2)) if len(data) > 16 else (0, 0)
        part = chance.choice(
            (
                bytes([chance.randrange(256)]),
                varint(chance.choice(NUMBERS)),
                data[at:end],
                data[at : at + 8] * chance.choice((2, 3, 1000)),
                field(chance.choice((1, 2, 5, 9, 11, 12)), data[at:end]),
                b"",
            )
        )
        longer = chance.choice((False, False, False, True))  # most often all lengths stay true
        data = data[:at] + part + data[at + (0 if longer else len(part)) :]
        if chance.randrange(12) == 0:
            data = data[: chance.randrange(9, max(len(data), 10))]
    return b"\x08\x08\x12" + data[3:]
