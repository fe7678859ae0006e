"""How PyTorch and Keras call what is a kind here: names, the order of their parameters, defaults that differ.

One table, for the repairs of calls that were written as there, and for import and export. Sources: the signatures of
`torch.nn` 2.13 and of `keras.layers` 3; the tests compare them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

INPUT = "<input>"  # in place of our argument: what the layer gets, which is known here and not written
NOTHING = "<nothing>"  # it changes nothing that cnncalc computes: a device, a momentum, a seed
OTHER = "<other>"  # it has no counterpart: a call that gives it another value than the default cannot be rewritten
ACTIVATION = "<activation>"  # an activation after the layer


class Signature(NamedTuple):
    """A layer of another tool.

    `parameters` maps its parameters, in their order, to our argument, or to one of the marks above. `defaults` are
    arguments whose default differs there, as they are written here; `words` values that have another name here.
    """

    kind: str
    parameters: dict[str, str]
    defaults: dict[str, str] = {}  # noqa: RUF012  # read only
    words: dict[str, str] = {}  # noqa: RUF012


def _signature(kind: str, defaults: Mapping[str, str] = MappingProxyType({}), /, **parameters: str) -> Signature:
    """A signature; the parameters in their order."""
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
    padding_mode=OTHER,
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
    padding_mode=OTHER,
)
_TORCH_NORM = dict(
    num_features=INPUT, eps="epsilon", momentum=NOTHING, affine="affine", track_running_stats=NOTHING, bias=OTHER
)
# By the name without its module and its number of axes: `nn.Conv2d` is Conv.
PYTORCH: dict[str, Signature] = {
    "Conv": _signature("conv", **_TORCH_CONV),
    "ConvTranspose": _signature("transposed_conv", **_TORCH_TRANSPOSED),
    "Linear": _signature("linear", in_features=INPUT, out_features="out", bias="bias"),
    "BatchNorm": _signature("batch_norm", **_TORCH_NORM),
    "InstanceNorm": _signature("instance_norm", **_TORCH_NORM),
    "GroupNorm": _signature(
        "group_norm", num_groups="groups", num_channels=INPUT, eps="epsilon", affine="affine", bias=OTHER
    ),
    "LayerNorm": _signature(
        "layer_norm", normalized_shape=INPUT, eps="epsilon", elementwise_affine="affine", bias=OTHER
    ),
    "LocalResponseNorm": _signature("local_response_norm", size="size", alpha="alpha", beta="beta", k="k"),
    "MaxPool": _signature(
        "max_pool",
        kernel_size="kernel",
        stride="stride",
        padding="padding",
        dilation="dilation",
        return_indices=OTHER,
        ceil_mode="ceil",
    ),
    "AvgPool": _signature(
        "avg_pool",
        kernel_size="kernel",
        stride="stride",
        padding="padding",
        ceil_mode="ceil",
        count_include_pad="count_padding",
        divisor_override=OTHER,
    ),
    "AdaptiveAvgPool": _signature("adaptive_avg_pool", output_size="size"),
    "Flatten": _signature("flatten", start_dim=NOTHING, end_dim=NOTHING),
    "Dropout": _signature("dropout", p="rate", inplace=NOTHING),
    "ReLU": _signature("relu", inplace=NOTHING),
    "ReLU6": _signature("relu6", inplace=NOTHING),
    "LeakyReLU": _signature("leaky_relu", negative_slope="slope", inplace=NOTHING),
    "ELU": _signature("elu", alpha="alpha", inplace=NOTHING),
    "SELU": _signature("selu", inplace=NOTHING),
    "GELU": _signature("gelu", approximate=OTHER),
    "SiLU": _signature("silu", inplace=NOTHING),
    "Mish": _signature("mish", inplace=NOTHING),
    "Hardswish": _signature("hard_swish", inplace=NOTHING),
    "Hardsigmoid": _signature("hard_sigmoid", inplace=NOTHING),
    "Sigmoid": _signature("sigmoid"),
    "Tanh": _signature("tanh"),
    "Softplus": _signature("softplus", beta=OTHER, threshold=OTHER),
    "Softmax": _signature("softmax", dim=NOTHING),
    "Upsample": _signature(
        "upsample", size=OTHER, scale_factor="factor", mode="mode", align_corners=OTHER, recompute_scale_factor=OTHER
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
    data_format=OTHER,
    dilation_rate="dilation",
    groups="groups",
    activation=ACTIVATION,
    use_bias="bias",
)
_KERAS_POOL = dict(pool_size="kernel", strides="stride", padding="padding", data_format=OTHER)
_KERAS_GLOBAL = dict(data_format=OTHER, keepdims=OTHER)
# By the name without its number of axes: `Conv2D` is Conv.
KERAS: dict[str, Signature] = {
    "Conv": _signature("conv", **_KERAS_CONV),
    "DepthwiseConv": _signature(
        "depthwise_conv",
        kernel_size="kernel",
        strides="stride",
        padding="padding",
        depth_multiplier="multiplier",
        data_format=OTHER,
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
        data_format=OTHER,
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
        data_format=OTHER,
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
        "batch_norm", {"epsilon": "1e-3"}, axis=OTHER, momentum=NOTHING, epsilon="epsilon"
    ),
    "LayerNormalization": _signature("layer_norm", {"epsilon": "1e-3"}, axis=OTHER, epsilon="epsilon"),
    "GroupNormalization": _signature(
        "group_norm", {"groups": "32", "epsilon": "1e-3"}, groups="groups", axis=OTHER, epsilon="epsilon"
    ),
    "Dropout": _signature("dropout", rate="rate", noise_shape=OTHER, seed=NOTHING),
    "Flatten": _signature("flatten", data_format=OTHER),
    "Activation": _signature(ACTIVATION, activation=ACTIVATION),
    "ReLU": _signature("relu", max_value=OTHER, negative_slope=OTHER, threshold=OTHER),
    "LeakyReLU": _signature("leaky_relu", {"slope": "0.3"}, negative_slope="slope"),
    "ELU": _signature("elu", alpha="alpha"),
    "Softmax": _signature("softmax", axis=OTHER),
    "UpSampling": _signature(
        "upsample", {"factor": "2"}, size="factor", data_format=OTHER, interpolation="mode"
    )._replace(words={"bilinear": "linear"}),
    "ZeroPadding": _signature("pad", {"amount": "1"}, padding="amount", data_format=OTHER),
    "Cropping": _signature("crop", cropping="amount", data_format=OTHER),
    "Concatenate": _signature("concat", axis=OTHER),
    "Add": _signature("add"),
    "Multiply": _signature("multiply"),
}
# Activations that have another name there.
ACTIVATIONS = {"swish": "silu", "linear": "identity", "hard_silu": "hard_swish", "leaky_relu": "leaky_relu(0.2)"}


def bare_name(name: str) -> str:
    """A layer's name without its module and its number of axes.

    >>> bare_name("torch.nn.Conv2d"), bare_name("Conv2DTranspose"), bare_name("relu6"), bare_name("conv_3d")
    ('Conv', 'ConvTranspose', 'relu6', 'conv')
    """
    return re.sub(r"_?[123][dD](?=_?[Tt]ranspose$|$)", "", name.rpartition(".")[2])


def signatures(name: str) -> list[Signature]:
    """The layers of other tools that a name can mean, in any capitals, the likeliest first.

    PyTorch writes `2d` and Keras `2D`; where the name does not tell, PyTorch comes first.
    """
    wanted = _folded(bare_name(name))
    found = [[table[each] for each in table if _folded(each) == wanted] for table in (PYTORCH, KERAS)]
    if re.search(r"[123]D", name):
        found.reverse()
    return [signature for each in found for signature in each]


def _folded(name: str) -> str:
    return name.replace("_", "").lower()
