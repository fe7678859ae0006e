"""Calls as people write them for other tools: the suggested call is the same layer."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.errors import Problem, Source
from cnncalc.network import Network
from cnncalc.reading import read_text

# call → what is offered, by the signatures of torch.nn 2.13
TORCH = {
    "nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)":
        "conv(64, kernel=3, stride=1, padding=1, bias=false)",
    "nn.Conv2d(3, 64, 3, padding='same')": "conv(64, 3, padding=same)",
    "nn.Conv2d(in_channels=3, out_channels=64, kernel_size=(3, 5))": "conv(out=64, kernel=[3, 5])",
    "torch.nn.Conv2d(3, 64, 7, 2, 3)": "conv(64, 7, 2, 3)",
    "nn.Conv2d(3, 64, 3, 1, 1, 1, 1, False)": "conv(64, 3, 1, 1, 1, 1, false)",
    "nn.Conv2d(3, 6, 3, groups=3)": "conv(6, 3, groups=3)",
    "nn.Conv2d(3, 8, kernel_size=3, dilation=2, padding=2)": "conv(8, kernel=3, padding=2, dilation=2)",
    "nn.LazyConv2d(64, 3)": "conv(64, 3)",
    "nn.ConvTranspose2d(3, 32, 2, stride=2)": "transposed_conv(32, 2, stride=2)",
    "nn.ConvTranspose2d(3, 32, 3, 2, 1, 1)": "transposed_conv(32, 3, 2, 1, 1)",
    "nn.MaxPool2d(kernel_size=2, stride=2)": "max_pool(kernel=2, stride=2)",
    "nn.MaxPool2d(3, 2, 1, ceil_mode=True)": "max_pool(3, 2, 1, ceil=true)",
    "nn.AvgPool2d(3, 2, 1, count_include_pad=False)": "avg_pool(3, 2, 1, count_padding=false)",
    "nn.AdaptiveAvgPool2d((1, 1))": "adaptive_avg_pool([1, 1])",
    "nn.AdaptiveAvgPool2d(output_size=(7, 7))": "adaptive_avg_pool(size=[7, 7])",
    "nn.ReLU(inplace=True)": "relu",
    "nn.ReLU(True)": "relu",
    "nn.ReLU6()": "relu6",
    "nn.LeakyReLU(0.2, inplace=True)": "leaky_relu(0.2)",
    "nn.PReLU()": "prelu(shared=true)",
    "nn.PReLU(num_parameters=3)": "prelu(shared=false)",
    "nn.BatchNorm2d(3, eps=1e-3, momentum=0.01)": "batch_norm(epsilon=1e-3)",
    "nn.GroupNorm(1, 3)": "group_norm(1)",
    "nn.LayerNorm([3, 16, 16])": "layer_norm(over=all)",
    "nn.InstanceNorm2d(3, affine=True)": "instance_norm(affine=true)",
    "nn.LocalResponseNorm(5)": "local_response_norm(5)",
    "nn.Dropout2d(p=0.5)": "dropout(rate=0.5)",
    "nn.Upsample(scale_factor=2, mode='bilinear')": "upsample(factor=2, mode=bilinear)",
    "nn.UpsamplingNearest2d(scale_factor=2)": "upsample(factor=2)",
    "nn.UpsamplingBilinear2d(scale_factor=2)": "upsample(factor=2, mode=bilinear, align_corners=true)",
    "nn.Upsample(24)": "upsample(size=24)",
    "nn.Upsample(None, 2)": "upsample(2)",
    "nn.Upsample(size=(24, 32), mode='bilinear', align_corners=True)":
        "upsample(mode=bilinear, size=[24, 32], align_corners=true)",
    "nn.ReflectionPad2d(3)": "pad(3, mode=reflect)",
    "nn.ReplicationPad2d((1, 2, 3, 4))": "pad(amount=[[3, 4], [1, 2]], mode=replicate)",
    "nn.Conv2d(3, 8, 3, padding=1, padding_mode='circular')": "pad(1, mode=circular) -> conv(8, 3)",
    "nn.ZeroPad2d((1, 2, 3, 4))": "pad(amount=[[3, 4], [1, 2]])",
    "nn.ConstantPad2d(1, 0)": "pad(1, 0)",
    "nn.Flatten(start_dim=1)": "flatten",
    "nn.Softmax(dim=1)": "softmax",
    "nn.Hardswish()": "hard_swish",
    "nn.ELU(alpha=1.0)": "elu(alpha=1.0)",
    "nn.Identity()": "identity",
}  # fmt: skip
# by the signatures of keras 3, and of Keras 2 where it differs
KERAS = {
    "tf.keras.layers.Conv2D(32, (3, 3), activation='relu', input_shape=(28, 28, 1))": "conv(32, [3, 3]) -> relu",
    'layers.Conv2D(32, 3, padding="same", activation="relu")': "conv(32, 3, padding=same) -> relu",
    "keras.layers.Conv2D(filters=32, kernel_size=(3,3), strides=(2,2), padding='valid', use_bias=False)":
        "conv(out=32, kernel=[3,3], stride=[2,2], padding=valid, bias=false)",
    "Conv2D(32, kernel_size=3, strides=2, padding='same', kernel_initializer='he_normal')":
        "conv(32, kernel=3, stride=2, padding=same)",
    "Conv2D(32, 3, padding='same', activation=tf.nn.relu)": "conv(32, 3, padding=same) -> relu",
    "Conv2D(64, (3, 3), activation='relu', name='block1_conv1')": "conv(64, [3, 3]) -> relu",
    "Conv2DTranspose(16, 3, strides=2, padding='same')": "transposed_conv(16, 3, stride=2, padding=same)",
    "DepthwiseConv2D(3, padding='same')": "depthwise_conv(3, padding=same)",
    "layers.MaxPooling2D((2, 2))": "max_pool([2, 2])",
    "MaxPool2D()": "max_pool(kernel=2)",
    "layers.GlobalAveragePooling2D()": "global_avg_pool",
    "BatchNormalization(axis=-1)": "batch_norm(epsilon=1e-3)",
    "BatchNormalization(momentum=0.9, epsilon=1e-5)": "batch_norm(epsilon=1e-5)",
    "SpatialDropout2D(0.2)": "dropout(0.2)",
    "Activation('softmax')": "softmax",
    "layers.ReLU(6.)": "relu6",
    "layers.ReLU(max_value=6)": "relu6",
    "layers.LeakyReLU(alpha=0.1)": "leaky_relu(slope=0.1)",
    "UpSampling2D(size=(2, 2), interpolation='bilinear')": "upsample(factor=[2, 2], mode=bilinear)",
    "layers.ZeroPadding2D(((0, 1), (2, 3)))": "pad([[0, 1], [2, 3]])",
    "Cropping2D(cropping=((2, 2), (4, 4)))": "crop(amount=[[2, 2], [4, 4]])",
}  # fmt: skip
# of a sequence [8, 16]; Keras returns the last position alone unless it is told otherwise
SEQUENCES = {
    "nn.LSTM(8, 16, 2, batch_first=True, bias=False, bidirectional=True)": "lstm(16, 2, bidirectional=true, biases=0)",
    "nn.GRU(8, 16, 2, dropout=0.5)": "gru(16, 2)",
    "nn.RNN(8, 16, 1, 'relu')": "rnn(16, 1, activation=relu)",
    "LSTM(64, activation='tanh', return_sequences=True)": "lstm(64, biases=1)",
    "layers.GRU(64)": "gru(64) -> slice(axis=1, start=-1) -> flatten",
    "layers.GRU(64, reset_after=False, return_sequences=True)": "gru(64, biases=1, reset_after=false)",
    "layers.SimpleRNN(64, activation='relu', return_sequences=True)": "rnn(64, biases=1, activation=relu)",
}
# what is not only another name
OTHERS = {
    "F.interpolate(x, scale_factor=2, mode='nearest')": "upsample(factor=2, mode=nearest)",
    "interpolate(224)": "upsample(size=224)",
    "F.max_pool2d(x, 2)": "max_pool(2)",
    "F.relu(x)": "relu",
    "nn.MaxPool2d(2, return_indices=True)": "max_pool(2)",
    "torch.flatten(x, 1)": "flatten",
    "F.interpolate(x, scale_factor=2, mode='bilinear')": "upsample(factor=2, mode=bilinear)",
    "tf.nn.relu": "relu",
    "conv(8, 3, activation=relu)": "conv(8, 3) -> relu",
    "fc(10)": "linear(10)",
    "CONV2D(8, 3)": "conv(8, 3)",
}
# a repair of these would be another layer
WITHOUT = [
    "nn.AvgPool2d(2, divisor_override=3)", "F.relu(self.conv1(x))",
    "layers.PReLU(shared_axes=[1, 2])",
    "layers.ReLU(max_value=5)", "resize(224)",
    "nn.LSTM(3, 16, proj_size=4)", "layers.LSTM(64, go_backwards=True)",
]  # fmt: skip


def text_of(item: str, *, flat: bool = False) -> str:
    before = "  - flatten\n" if flat else ""
    return f"input: [3, 16, 16]\nlayers:\n{before}  - {item}\n"


def repaired(call: str, wanted: str) -> Network:
    """The network after the first repair of the only problem."""
    (problem,) = read_text(Source("net.yaml", text_of(call, flat=wanted.startswith("linear")))).problems
    assert problem.fixes[0].text == wanted
    return read_text(Source("net.yaml", problem.fixes[0].apply())).require_network()


@pytest.mark.parametrize(("call", "wanted"), [*TORCH.items(), *KERAS.items(), *OTHERS.items()])
def test_the_suggested_call(call: str, wanted: str) -> None:
    repaired(call, wanted)


@pytest.mark.parametrize(("call", "wanted"), SEQUENCES.items())
def test_recurrent_layers(call: str, wanted: str) -> None:
    text = f"input: [8, 16]\nlayers:\n  - {call}\n"
    problem = read_text(Source("net.yaml", text)).problems[0]
    assert wanted in problem.fixes[0].apply()
    network = read_text(Source("net.yaml", problem.fixes[0].apply())).require_network()
    if call.startswith("nn."):
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        module: Any = eval(call, {"nn": torch.nn})  # a call of the table above
        assert sum(each.numel() for each in module.parameters()) == analyze(network).totals.parameters


@pytest.mark.parametrize("call", WITHOUT)
def test_nothing_is_suggested_for_a_layer_without_a_counterpart(call: str) -> None:
    problems = read_text(Source("net.yaml", text_of(call))).problems
    assert problems
    assert [fix.text for problem in problems for fix in problem.fixes if problem.code != "unknown-name"] == []


@pytest.mark.torch
@pytest.mark.parametrize(("call", "wanted"), TORCH.items())
def test_it_has_the_parameters_and_the_output_of_pytorch(call: str, wanted: str) -> None:
    import torch

    module: Any = eval(call, {"nn": torch.nn, "torch": torch})  # a call of the table above
    output = module.eval()(torch.zeros(1, 3, 16, 16))
    report = analyze(repaired(call, wanted))
    assert tuple(output.shape[1:]) == (report.layers[-1].output if report.layers else (3, 16, 16))
    assert sum(parameter.numel() for parameter in module.parameters()) == report.totals.parameters


# Calls drawn at random from PyTorch's signatures


def drawn_call(chance: Random) -> str:
    """A call for an input of 12×16×16, with a random part of its arguments by position and the others by name."""
    out, kernel, stride, dilation = 4 * chance.randint(1, 6), chance.randint(1, 4), chance.randint(1, 3), 1
    padding, groups, bias = chance.randint(0, kernel // 2), chance.choice((1, 2, 4)), chance.choice((True, False))
    pair = chance.choice((kernel, (kernel, kernel)))
    arguments = chance.choice(
        (
            ("Conv2d", [("in_channels", 12), ("out_channels", out), ("kernel_size", pair), ("stride", stride),
                        ("padding", padding), ("dilation", chance.randint(1, 2)), ("groups", groups), ("bias", bias)]),
            ("ConvTranspose2d", [("in_channels", 12), ("out_channels", out), ("kernel_size", pair), ("stride", stride),
                                 ("padding", padding), ("output_padding", chance.randrange(stride)),
                                 ("groups", groups), ("bias", bias), ("dilation", dilation)]),
            ("MaxPool2d", [("kernel_size", kernel), ("stride", stride), ("padding", padding), ("dilation", dilation)]),
            ("AvgPool2d", [("kernel_size", kernel), ("stride", stride), ("padding", padding), ("ceil_mode", bias)]),
            ("BatchNorm2d", [("num_features", 12), ("eps", 1e-3), ("momentum", 0.2), ("affine", bias)]),
            ("GroupNorm", [("num_groups", groups), ("num_channels", 12), ("eps", 1e-3), ("affine", bias)]),
            ("InstanceNorm2d", [("num_features", 12), ("eps", 1e-3), ("momentum", 0.2), ("affine", bias)]),
        )
    )  # fmt: skip
    name, parameters = arguments
    given = chance.randint(3 if name.startswith("Conv") else 2 if name == "GroupNorm" else 1, len(parameters))
    by_name = [pair for pair in parameters[given:] if chance.random() < 0.5]
    texts = [*(str(value) for _, value in parameters[:given]), *(f"{key}={value}" for key, value in by_name)]
    return f"nn.{name}({', '.join(texts)})"


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(150))
def test_any_call_of_pytorch_has_its_parameters_and_its_output(seed: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    call = drawn_call(Random(seed))
    try:
        module = eval(call, {"nn": torch.nn})
        output = module(torch.zeros(1, 12, 16, 16))
    except (ValueError, RuntimeError):
        return  # a call that PyTorch refuses, too
    (problem,) = (each for each in read_text(Source("net.yaml", text_of_twelve(call))).problems if is_error(each))
    report = analyze(read_text(Source("net.yaml", problem.fixes[0].apply())).require_network())
    assert tuple(output.shape[1:]) == report.layers[0].output, call
    assert sum(parameter.numel() for parameter in module.parameters()) == report.totals.parameters, call


# Calls drawn at random from the signatures of Keras, and what they are by arithmetic


def size_in_keras(size: int, kernel: int, stride: int, padding: str) -> int:
    return -(-size // stride) if padding == "same" else (size - kernel) // stride + 1


@pytest.mark.parametrize("seed", range(120))
def test_any_call_of_keras_has_its_parameters_and_its_output(seed: int) -> None:
    chance = Random(seed)
    out, kernel, stride = chance.randint(1, 30), chance.randint(1, 4), chance.randint(1, 3)
    padding, bias = chance.choice(("valid", "same")), chance.choice((True, False))
    window = [("strides", stride), ("padding", f"'{padding}'")]
    name, required, others, parameters, channels = chance.choice(
        (
            ("Conv2D", [("filters", out), ("kernel_size", chance.choice((kernel, (kernel, kernel))))],
             [*window, ("use_bias", bias)], kernel * kernel * 12 * out + bias * out, out),
            ("DepthwiseConv2D", [("kernel_size", kernel)],
             [*window, ("use_bias", bias)], kernel * kernel * 12 + bias * 12, 12),
            ("SeparableConv2D", [("filters", out), ("kernel_size", kernel)],
             [*window, ("use_bias", bias)], kernel * kernel * 12 + 12 * out + bias * out, out),
            ("MaxPooling2D", [("pool_size", kernel)], window, 0, 12),
            ("AveragePooling2D", [("pool_size", kernel)], window, 0, 12),
        )
    )  # fmt: skip
    positional = [str(value) for _, value in (*required, *window)][: chance.randint(0, len(required) + 2)]
    rest = [*required, *others][len(positional) :]
    by_name = [f"{key}={value}" for key, value in rest]
    chance.shuffle(by_name)
    call = f"layers.{name}({', '.join((*positional, *by_name))})"
    (problem,) = (each for each in read_text(Source("net.yaml", text_of_twelve(call))).problems if is_error(each))
    report = analyze(read_text(Source("net.yaml", problem.fixes[0].apply())).require_network())
    sizes = [size_in_keras(size, kernel, stride, padding) for size in (16, 16)]
    assert report.layers[-1].output == (channels, *sizes), call
    assert report.totals.parameters == parameters, call


def text_of_twelve(call: str) -> str:
    return f"input: [12, 16, 16]\nlayers:\n  - {call}\n"


def is_error(problem: Problem) -> bool:
    return problem.severity == "error"


# Around the call, in programs


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        ("self.conv1 = nn.Conv2d(3, 6, 5)", "conv_1 = conv(6, 5)"),
        ("nn.Conv2d(3, 6, 5),", "conv(6, 5)"),
        ("Conv2D(8, 3)(x)", "conv(8, 3)"),
        (
            "nn.Conv2d(3, 8, 3) -> nn.BatchNorm2d(8) -> nn.ReLU(inplace=True)",
            "conv(8, 3, bias=false) -> batch_norm -> relu",
        ),
    ],
)
def test_in_rounds(item: str, wanted: str) -> None:
    text = text_of(item)
    for _ in range(9):
        repairs = [problem.fixes[0] for problem in read_text(Source("net.yaml", text)).problems if problem.fixes]
        if not repairs:
            break
        text = repairs[0].apply()
    assert text == text_of(wanted)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("layers.Concatenate()([a, b])", "concat(a, b)"),
        ("Concatenate(axis=-1)([a, b])", "concat(a, b)"),
        ("Concatenate(axis=3)([a, b])", "concat(a, b)"),  # batch, height, width, channels
        ("Concatenate(axis=1)([a, b])", "concat(a, b, axis=1)"),
        ("Concatenate(axis=-2)([a, b])", "concat(a, b, axis=-1)"),
        ("c = tf.concat([a, b], axis=2)", "concat(a, b, axis=2)"),
        ("Add()([a, b, a])", "add(a, b, a)"),
        ("c = torch.cat([a, b], dim=1)", "concat(a, b)"),  # batch, channels, height, width
        ("torch.cat((a, b), 2)", "concat(a, b, axis=1)"),
        ("torch.cat([a, b], dim=-1)", "concat(a, b, axis=-1)"),
        ("torch.stack([a, b], dim=1)", "stack(a, b)"),
    ],
)
def test_merges_of_other_tools(call: str, wanted: str) -> None:
    before = "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 1)\n  - b = conv(4, 1)\n  - "
    problem = next(
        each for each in read_text(Source("net.yaml", f"{before}{call}\n")).problems if "unread" not in each.code
    )
    assert problem.fixes[0].text.removeprefix("c = ") == wanted
    assert read_text(Source("net.yaml", problem.fixes[0].apply())).network


@pytest.mark.parametrize("call", ["torch.cat([a, b])", "Concatenate(axis=0)([a, b])", "Add(axis=1)([a, b])"])
def test_a_merge_over_the_batch_is_not_suggested(call: str) -> None:
    before = "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 1)\n  - b = conv(4, 1)\n  - "
    problems = read_text(Source("net.yaml", f"{before}{call}\n")).problems
    assert not [fix for problem in problems for fix in problem.fixes if "a, b" in fix.text]
