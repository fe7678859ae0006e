"""The layers of PyTorch and Keras that correspond to our kinds: names, parameters in order, defaults that differ.

`spec.foreign` uses the tables to suggest repairs of calls in the style of these frameworks. Sources: the signatures of
`torch.nn` 2.13 and of `keras.layers` 3; the tests compare them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

INPUT = "<input>"  # in place of our argument: the size of the input, which cnncalc infers
IGNORED = "<ignored>"  # no effect on what cnncalc computes: a device, a momentum, a seed
UNSUPPORTED = "<unsupported>"  # no counterpart: a call with another value than the default cannot be rewritten
ACTIVATION = "<activation>"  # an activation after the layer


class Signature(NamedTuple):
    """The signature of a layer in PyTorch or Keras.

    `parameters` maps its parameters, in order, to our arguments or to one of the constants above. `defaults` are our
    arguments whose default differs there, in our notation; `words` are values with another name in cnncalc.
    """

    kind: str
    parameters: dict[str, str]
    defaults: dict[str, str] = {}  # noqa: RUF012  # read only
    words: dict[str, str] = {}  # noqa: RUF012


def _signature(kind: str, defaults: Mapping[str, str] = MappingProxyType({}), /, **parameters: str) -> Signature:
    """A signature with its parameters in order."""
    return Signature(kind, parameters, dict(defaults))


_TORCH_CONV = dict(
    in_channels=INPUT,
    out_channels="out",
    kernel_size="kernel",
    stride="stride",
    padding="padding",
    dilation="dilation",
    groups="groups",
    bias="bias",
    padding_mode=UNSUPPORTED,
)
_TORCH_TRANSPOSED = dict(
    in_channels=INPUT,
    out_channels="out",
    kernel_size="kernel",
    stride="stride",
    padding="padding",
    output_padding="output_padding",
    groups="groups",
    bias="bias",
    dilation="dilation",
    padding_mode=UNSUPPORTED,
)
_TORCH_NORM = dict(
    num_features=INPUT, eps="epsilon", momentum=IGNORED, affine="affine", track_running_stats=IGNORED, bias=UNSUPPORTED
)
# By the name without its module and its number of axes: `nn.Conv2d` is Conv.
PYTORCH: dict[str, Signature] = {
    "Conv": _signature("conv", **_TORCH_CONV),
    "ConvTranspose": _signature("transposed_conv", **_TORCH_TRANSPOSED),
    "Linear": _signature("linear", in_features=INPUT, out_features="out", bias="bias"),
    "BatchNorm": _signature("batch_norm", **_TORCH_NORM),
    "InstanceNorm": _signature("instance_norm", **_TORCH_NORM),
    "GroupNorm": _signature(
        "group_norm", num_groups="groups", num_channels=INPUT, eps="epsilon", affine="affine", bias=UNSUPPORTED
    ),
    "LayerNorm": _signature(
        "layer_norm", normalized_shape=INPUT, eps="epsilon", elementwise_affine="affine", bias=UNSUPPORTED
    ),
    "LocalResponseNorm": _signature("local_response_norm", size="size", alpha="alpha", beta="beta", k="k"),
    "MaxPool": _signature(
        "max_pool",
        kernel_size="kernel",
        stride="stride",
        padding="padding",
        dilation="dilation",
        return_indices=UNSUPPORTED,
        ceil_mode="ceil",
    ),
    "AvgPool": _signature(
        "avg_pool",
        kernel_size="kernel",
        stride="stride",
        padding="padding",
        ceil_mode="ceil",
        count_include_pad="count_padding",
        divisor_override=UNSUPPORTED,
    ),
    "AdaptiveAvgPool": _signature("adaptive_avg_pool", output_size="size"),
    "Flatten": _signature("flatten", start_dim=IGNORED, end_dim=IGNORED),
    "Dropout": _signature("dropout", p="rate", inplace=IGNORED),
    "ReLU": _signature("relu", inplace=IGNORED),
    "ReLU6": _signature("relu6", inplace=IGNORED),
    "LeakyReLU": _signature("leaky_relu", negative_slope="slope", inplace=IGNORED),
    "ELU": _signature("elu", alpha="alpha", inplace=IGNORED),
    "SELU": _signature("selu", inplace=IGNORED),
    "GELU": _signature("gelu", approximate=UNSUPPORTED),
    "SiLU": _signature("silu", inplace=IGNORED),
    "Mish": _signature("mish", inplace=IGNORED),
    "Hardswish": _signature("hard_swish", inplace=IGNORED),
    "Hardsigmoid": _signature("hard_sigmoid", inplace=IGNORED),
    "Sigmoid": _signature("sigmoid"),
    "Tanh": _signature("tanh"),
    "Softplus": _signature("softplus", beta=UNSUPPORTED, threshold=UNSUPPORTED),
    "Softmax": _signature("softmax", dim=IGNORED),
    "Upsample": _signature(
        "upsample",
        size=UNSUPPORTED,
        scale_factor="factor",
        mode="mode",
        align_corners=UNSUPPORTED,
        recompute_scale_factor=UNSUPPORTED,
    )._replace(words={"bilinear": "linear", "trilinear": "linear"}),
    "PixelShuffle": _signature("pixel_shuffle", upscale_factor="factor"),
    "ChannelShuffle": _signature("channel_shuffle", groups="groups"),
    "ZeroPad": _signature("pad", padding="amount"),
    "Identity": _signature("identity"),
}

_KERAS_CONV = dict(
    filters="out",
    kernel_size="kernel",
    strides="stride",
    padding="padding",
    data_format=UNSUPPORTED,
    dilation_rate="dilation",
    groups="groups",
    activation=ACTIVATION,
    use_bias="bias",
)
_KERAS_POOL = dict(pool_size="kernel", strides="stride", padding="padding", data_format=UNSUPPORTED)
_KERAS_GLOBAL = dict(data_format=UNSUPPORTED, keepdims=UNSUPPORTED)
# By the name without its number of axes: `Conv2D` is Conv.
KERAS: dict[str, Signature] = {
    "Conv": _signature("conv", **_KERAS_CONV),
    "DepthwiseConv": _signature(
        "depthwise_conv",
        kernel_size="kernel",
        strides="stride",
        padding="padding",
        depth_multiplier="multiplier",
        data_format=UNSUPPORTED,
        dilation_rate="dilation",
        activation=ACTIVATION,
        use_bias="bias",
    ),
    "SeparableConv": _signature(
        "separable_conv",
        filters="out",
        kernel_size="kernel",
        strides="stride",
        padding="padding",
        data_format=UNSUPPORTED,
        dilation_rate="dilation",
        depth_multiplier="multiplier",
        activation=ACTIVATION,
        use_bias="bias",
    ),
    "ConvTranspose": _signature(
        "transposed_conv",
        filters="out",
        kernel_size="kernel",
        strides="stride",
        padding="padding",
        output_padding="output_padding",
        data_format=UNSUPPORTED,
        dilation_rate="dilation",
        activation=ACTIVATION,
        use_bias="bias",
    ),
    "Dense": _signature("linear", units="out", activation=ACTIVATION, use_bias="bias"),
    "MaxPooling": _signature("max_pool", {"kernel": "2"}, **_KERAS_POOL),
    "MaxPool": _signature("max_pool", {"kernel": "2"}, **_KERAS_POOL),
    "AveragePooling": _signature("avg_pool", **_KERAS_POOL),
    "AvgPool": _signature("avg_pool", **_KERAS_POOL),
    "GlobalAveragePooling": _signature("global_avg_pool", **_KERAS_GLOBAL),
    "GlobalMaxPooling": _signature("global_max_pool", **_KERAS_GLOBAL),
    "BatchNormalization": _signature(
        "batch_norm", {"epsilon": "1e-3"}, axis=UNSUPPORTED, momentum=IGNORED, epsilon="epsilon"
    ),
    "LayerNormalization": _signature("layer_norm", {"epsilon": "1e-3"}, axis=UNSUPPORTED, epsilon="epsilon"),
    "GroupNormalization": _signature(
        "group_norm", {"groups": "32", "epsilon": "1e-3"}, groups="groups", axis=UNSUPPORTED, epsilon="epsilon"
    ),
    "Dropout": _signature("dropout", rate="rate", noise_shape=UNSUPPORTED, seed=IGNORED),
    "Flatten": _signature("flatten", data_format=UNSUPPORTED),
    "Activation": _signature(ACTIVATION, activation=ACTIVATION),
    "ReLU": _signature("relu", max_value=UNSUPPORTED, negative_slope=UNSUPPORTED, threshold=UNSUPPORTED),
    "LeakyReLU": _signature("leaky_relu", {"slope": "0.3"}, negative_slope="slope"),
    "ELU": _signature("elu", alpha="alpha"),
    "Softmax": _signature("softmax", axis=UNSUPPORTED),
    "UpSampling": _signature(
        "upsample", {"factor": "2"}, size="factor", data_format=UNSUPPORTED, interpolation="mode"
    )._replace(words={"bilinear": "linear"}),
    "ZeroPadding": _signature("pad", {"amount": "1"}, padding="amount", data_format=UNSUPPORTED),
    "Cropping": _signature("crop", cropping="amount", data_format=UNSUPPORTED),
    "Concatenate": _signature("concat", axis=UNSUPPORTED),
    "Add": _signature("add"),
    "Multiply": _signature("multiply"),
}
# Activations that have another name in PyTorch or Keras.
ACTIVATIONS = {"swish": "silu", "linear": "identity", "hard_silu": "hard_swish", "leaky_relu": "leaky_relu(0.2)"}


def strip_name(name: str) -> str:
    """The name of a layer without its module and its number of axes.

    >>> strip_name("torch.nn.Conv2d"), strip_name("Conv2DTranspose"), strip_name("relu6"), strip_name("conv_3d")
    ('Conv', 'ConvTranspose', 'relu6', 'conv')
    """
    return re.sub(r"_?[123][dD](?=_?[Tt]ranspose$|$)", "", name.rpartition(".")[2])


def find_signatures(name: str) -> list[Signature]:
    """The PyTorch and Keras layers that a name can mean, in any case, the likeliest first.

    PyTorch writes `2d` and Keras `2D`; for other names PyTorch comes first.
    """
    wanted = _normalize(strip_name(name))
    found = [[table[each] for each in table if _normalize(each) == wanted] for table in (PYTORCH, KERAS)]
    if re.search(r"[123]D", name):
        found.reverse()
    return [signature for each in found for signature in each]


def _normalize(name: str) -> str:
    return name.replace("_", "").lower()
