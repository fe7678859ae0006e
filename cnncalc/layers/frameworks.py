"""The layers of PyTorch and Keras that correspond to our kinds: names, parameters in order, defaults that differ.

`layers.other_frameworks` has those of Caffe and MATLAB, which are only read.
`spec.foreign` uses the tables to suggest repairs of calls in the style of these frameworks. Sources: the signatures of
`torch.nn` 2.13 and of `keras.layers` 3; the tests compare them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnncalc.records import NamedTuple

INPUT = "<input>"  # in place of our argument: the size of the input, which cnncalc infers
IGNORED = "<ignored>"  # no effect on what cnncalc computes: a device, a momentum, a seed
UNSUPPORTED = "<unsupported>"  # no counterpart: a call with another value than the default cannot be rewritten
BORDER = "<border>"  # how a border is filled, which is a separate layer here
ACTIVATION = "<activation>"  # an activation after the layer
SEQUENCE = "<sequence>"  # whether all positions are returned; if not, the last one is selected after the layer


class Signature(NamedTuple):
    """The signature of a layer in PyTorch or Keras.

    `parameters` maps its parameters, in order, to our arguments or to one of the constants above. `defaults` are our
    arguments whose default differs there, in our notation; `words` are values with another name in cnncalc.
    """

    kind: str
    parameters: dict[str, str]
    defaults: dict[str, str] = {}  # noqa: RUF012  # read only
    words: dict[str, str] = {}  # noqa: RUF012


Parameters = Mapping[str, str]


# What a parameter of a layer corresponds to, wherever it occurs; an exception is written with its layer.
_PYTORCH: Parameters = {
    **dict.fromkeys(("in_channels", "in_features", "num_channels", "num_features", "normalized_shape"), INPUT),
    **dict.fromkeys(
        ("dim", "end_dim", "inplace", "momentum", "return_indices", "start_dim", "track_running_stats"), IGNORED
    ),
    **dict.fromkeys(
        (
            "divisor_override", "recompute_scale_factor", "threshold",
        ),
        UNSUPPORTED,
    ),
    "padding_mode": BORDER,
    "ceil_mode": "ceil", "count_include_pad": "count_padding", "elementwise_affine": "affine", "eps": "epsilon",
    "kernel_size": "kernel", "negative_slope": "slope", "num_groups": "groups", "out_channels": "out",
    "out_features": "out", "output_size": "size", "p": "rate", "scale_factor": "factor", "upscale_factor": "factor",
}  # fmt: skip
_KERAS: Parameters = {
    "activation": ACTIVATION,
    **dict.fromkeys(("momentum", "seed"), IGNORED),
    **dict.fromkeys(("axis", "data_format", "keepdims", "max_value", "noise_shape", "threshold"), UNSUPPORTED),
    "cropping": "amount", "depth_multiplier": "multiplier", "dilation_rate": "dilation", "filters": "out",
    "interpolation": "mode", "kernel_size": "kernel", "negative_slope": "slope", "pool_size": "kernel",
    "size": "factor", "strides": "stride", "units": "out", "use_bias": "bias",
}  # fmt: skip


def _signature(ours: Parameters, kind: str, parameters: str = "", **exceptions: str) -> Signature:
    """A signature by its parameters in order; those without another name in `ours` have the same one in cnncalc."""
    return Signature(kind, {name: exceptions.get(name) or ours.get(name, name) for name in parameters.split()})


def _pytorch(kind: str, parameters: str = "", **exceptions: str) -> Signature:
    return _signature(_PYTORCH, kind, parameters, **exceptions)


def _keras(kind: str, parameters: str = "", **exceptions: str) -> Signature:
    return _signature(_KERAS, kind, parameters, **exceptions)


_TORCH_RECURRENT = "input_size hidden_size num_layers bias batch_first dropout bidirectional"
_TORCH_CELL = {
    "input_size": INPUT, "hidden_size": "hidden", "num_layers": "layers", "bias": "biases", "batch_first": IGNORED,
    "dropout": IGNORED, "nonlinearity": "activation", "proj_size": UNSUPPORTED,
}  # fmt: skip
_TORCH_NORM = "num_features eps momentum affine track_running_stats bias"
# By the name without its module and its number of axes: `nn.Conv2d` is Conv.
PYTORCH: dict[str, Signature] = {
    "Conv": _pytorch("conv", "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode"),
    "ConvTranspose": _pytorch(
        "transposed_conv",
        "in_channels out_channels kernel_size stride padding output_padding groups bias dilation padding_mode",
    ),
    "Linear": _pytorch("linear", "in_features out_features bias"),
    "BatchNorm": _pytorch("batch_norm", _TORCH_NORM, bias="shift"),
    "InstanceNorm": _pytorch("instance_norm", _TORCH_NORM, bias="shift"),
    "GroupNorm": _pytorch("group_norm", "num_groups num_channels eps affine bias", bias="shift"),
    "LayerNorm": _pytorch("layer_norm", "normalized_shape eps elementwise_affine bias", bias="shift"),
    "RMSNorm": _pytorch("rms_norm", "normalized_shape eps elementwise_affine", elementwise_affine="scale"),
    "LocalResponseNorm": _pytorch("local_response_norm", "size alpha beta k"),
    "MaxPool": _pytorch("max_pool", "kernel_size stride padding dilation return_indices ceil_mode"),
    "AvgPool": _pytorch("avg_pool", "kernel_size stride padding ceil_mode count_include_pad divisor_override"),
    "AdaptiveAvgPool": _pytorch("adaptive_avg_pool", "output_size"),
    "AdaptiveMaxPool": _pytorch("adaptive_max_pool", "output_size return_indices"),
    "Flatten": _pytorch("flatten", "start_dim end_dim"),
    "Dropout": _pytorch("dropout", "p inplace"),
    "ReLU": _pytorch("relu", "inplace"),
    "ReLU6": _pytorch("relu6", "inplace"),
    "LeakyReLU": _pytorch("leaky_relu", "negative_slope inplace"),
    "PReLU": _pytorch("prelu", "num_parameters init", num_parameters="shared", init=IGNORED)._replace(
        defaults={"shared": "true"}
    ),
    "ELU": _pytorch("elu", "alpha inplace"),
    "SELU": _pytorch("selu", "inplace"),
    "GELU": _pytorch("gelu", "approximate", approximate="approximate"),
    "SiLU": _pytorch("silu", "inplace"),
    "Mish": _pytorch("mish", "inplace"),
    "Hardswish": _pytorch("hard_swish", "inplace"),
    "Hardsigmoid": _pytorch("hard_sigmoid", "inplace"),
    "Sigmoid": _pytorch("sigmoid"),
    "Tanh": _pytorch("tanh"),
    "Softplus": _pytorch("softplus", "beta threshold", beta=UNSUPPORTED),
    "Softmax": _pytorch("softmax", "dim"),
    "LogSoftmax": _pytorch("log_softmax", "dim"),
    "Upsample": _pytorch("upsample", "size scale_factor mode align_corners recompute_scale_factor"),
    "UpsamplingNearest": _pytorch("upsample", "size scale_factor"),
    "UpsamplingBilinear": _pytorch("upsample", "size scale_factor")._replace(
        defaults={"mode": "bilinear", "align_corners": "true"}
    ),
    "PixelShuffle": _pytorch("pixel_shuffle", "upscale_factor"),
    "PixelUnshuffle": _pytorch("pixel_unshuffle", "downscale_factor", downscale_factor="factor"),
    "ChannelShuffle": _pytorch("channel_shuffle", "groups"),
    "ZeroPad": _pytorch("pad", "padding", padding="amount"),
    "ConstantPad": _pytorch("pad", "padding value", padding="amount"),
    **{
        f"{name}Pad": _pytorch("pad", "padding", padding="amount")._replace(defaults={"mode": mode})
        for name, mode in (("Reflection", "reflect"), ("Replication", "replicate"), ("Circular", "circular"))
    },
    "Identity": _pytorch("identity"),
    "MultiheadAttention": _pytorch(
        "multi_head_attention",
        "embed_dim num_heads dropout bias add_bias_kv add_zero_attn kdim vdim batch_first",
        embed_dim=INPUT,
        num_heads="heads",
        dropout=IGNORED,
        add_bias_kv=UNSUPPORTED,
        add_zero_attn=UNSUPPORTED,
        kdim=UNSUPPORTED,
        vdim=UNSUPPORTED,
        batch_first=IGNORED,
    ),
    "LSTM": _pytorch("lstm", f"{_TORCH_RECURRENT} proj_size", **_TORCH_CELL),
    "GRU": _pytorch("gru", _TORCH_RECURRENT, **_TORCH_CELL),
    "RNN": _pytorch("rnn", _TORCH_RECURRENT.replace("bias", "nonlinearity bias"), **_TORCH_CELL),
}

_KERAS_POOL = "pool_size strides padding data_format"
_KERAS_RECURRENT = "dropout recurrent_dropout return_sequences return_state go_backwards stateful unroll use_cudnn"
_CELL = {
    "units": "hidden", "use_bias": "biases", "return_sequences": SEQUENCE, "unit_forget_bias": IGNORED,
    **dict.fromkeys(("activation", "recurrent_activation", "return_state", "go_backwards"), UNSUPPORTED),
    **dict.fromkeys(("dropout", "recurrent_dropout", "stateful", "unroll", "use_cudnn"), IGNORED),
}  # fmt: skip
_USUAL = {"tanh": "null", "sigmoid": "null"}  # activations of gates, of which there are no others here
# By the name without its number of axes: `Conv2D` is Conv.
KERAS: dict[str, Signature] = {
    "Conv": _keras("conv", "filters kernel_size strides padding data_format dilation_rate groups activation use_bias"),
    "DepthwiseConv": _keras(
        "depthwise_conv", "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias"
    ),
    "SeparableConv": _keras(
        "separable_conv",
        "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias",
    ),
    "ConvTranspose": _keras(
        "transposed_conv",
        "filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias",
    ),
    "Dense": _keras("linear", "units activation use_bias"),
    "MaxPooling": _keras("max_pool", _KERAS_POOL)._replace(defaults={"kernel": "2"}),
    "MaxPool": _keras("max_pool", _KERAS_POOL)._replace(defaults={"kernel": "2"}),
    "AveragePooling": _keras("avg_pool", _KERAS_POOL),
    "AvgPool": _keras("avg_pool", _KERAS_POOL),
    "GlobalAveragePooling": _keras("global_avg_pool", "data_format keepdims"),
    "GlobalMaxPooling": _keras("global_max_pool", "data_format keepdims"),
    "BatchNormalization": _keras(
        "batch_norm", "axis momentum epsilon center scale", axis=IGNORED, center="shift"
    )._replace(defaults={"epsilon": "1e-3"}),
    "LayerNormalization": _keras("layer_norm", "axis epsilon center scale", center="shift")._replace(
        defaults={"epsilon": "1e-3"}
    ),
    "GroupNormalization": _keras("group_norm", "groups axis epsilon center scale", center="shift")._replace(
        defaults={"groups": "32", "epsilon": "1e-3"}
    ),
    "RMSNormalization": _keras("rms_norm", "axis epsilon"),
    "UnitNormalization": _keras("l2_norm", "axis"),
    "Dropout": _keras("dropout", "rate noise_shape seed"),
    "Flatten": _keras("flatten", "data_format"),
    "Activation": _keras(ACTIVATION, "activation"),
    "ReLU": _keras("relu", "max_value negative_slope threshold", negative_slope=UNSUPPORTED),
    "LeakyReLU": _keras("leaky_relu", "negative_slope alpha", alpha="slope")._replace(defaults={"slope": "0.3"}),
    "ELU": _keras("elu", "alpha"),
    "Softmax": _keras("softmax", "axis"),
    "UpSampling": _keras("upsample", "size data_format interpolation")._replace(defaults={"factor": "2"}),
    "ZeroPadding": _keras("pad", "padding data_format", padding="amount")._replace(defaults={"amount": "1"}),
    "Cropping": _keras("crop", "cropping data_format"),
    "Concatenate": _keras("concat", "axis"),
    "Add": _keras("add"),
    "Multiply": _keras("multiply"),
    "LSTM": _keras(
        "lstm", f"units activation recurrent_activation use_bias unit_forget_bias {_KERAS_RECURRENT}", **_CELL
    )._replace(defaults={"biases": "1"}, words=_USUAL),
    "GRU": _keras(
        "gru", f"units activation recurrent_activation use_bias reset_after {_KERAS_RECURRENT}", **_CELL
    )._replace(words=_USUAL),
    "SimpleRNN": _keras(
        "rnn", f"units activation use_bias {_KERAS_RECURRENT}", **{**_CELL, "activation": "activation"}
    )._replace(defaults={"biases": "1"}),
}


def _onnx(kind: str, parameters: str = "", **exceptions: str) -> Signature:
    return _signature(_ONNX, kind, parameters, **exceptions)


_ONNX: Parameters = {
    **dict.fromkeys(("activations", "storage_order", "stash_type", "momentum", "training_mode"), IGNORED),
    "auto_pad": "padding", "ceil_mode": "ceil", "count_include_pad": "count_padding", "dilations": "dilation",
    **dict.fromkeys(("activation_alpha", "activation_beta", "clip", "direction", "input_forget"), UNSUPPORTED),
    "hidden_size": "hidden", "layout": IGNORED, "linear_before_reset": "reset_after",
    "group": "groups", "kernel_shape": "kernel", "num_groups": "groups", "pads": "padding", "ratio": "rate",
    "strides": "stride",
}  # fmt: skip
_ONNX_RECURRENT = "activation_alpha activation_beta activations clip direction hidden_size"
_ONNX_POOL = "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides"
# Ops by their names, with their attributes in alphabetical order, as ONNX lists them; inputs are not in it.
ONNX: dict[str, Signature] = {
    "Conv": _onnx("conv", "auto_pad dilations group kernel_shape pads strides"),
    "ConvTranspose": _onnx(
        "transposed_conv", "auto_pad dilations group kernel_shape output_padding output_shape pads strides",
        output_shape=UNSUPPORTED,
    ),
    "Gemm": _onnx(
        "linear", "alpha beta transA transB", alpha=UNSUPPORTED, beta=UNSUPPORTED, transA=UNSUPPORTED, transB=IGNORED
    ),
    "MatMul": _onnx("linear"),
    "MaxPool": _onnx("max_pool", "auto_pad ceil_mode dilations kernel_shape pads storage_order strides"),
    "AveragePool": _onnx("avg_pool", _ONNX_POOL)._replace(defaults={"count_padding": "false"}),
    "GlobalAveragePool": _onnx("global_avg_pool"),
    "GlobalMaxPool": _onnx("global_max_pool"),
    "BatchNormalization": _onnx("batch_norm", "epsilon momentum training_mode"),
    "InstanceNormalization": _onnx("instance_norm", "epsilon"),
    "GroupNormalization": _onnx("group_norm", "epsilon num_groups stash_type"),
    "LayerNormalization": _onnx("layer_norm", "axis epsilon stash_type", axis=UNSUPPORTED),
    "RMSNormalization": _onnx("rms_norm", "axis epsilon stash_type", axis=UNSUPPORTED)._replace(
        defaults={"epsilon": "1e-5"}
    ),
    "LpNormalization": _onnx("l2_norm", "axis p", axis=UNSUPPORTED, p=UNSUPPORTED)._replace(defaults={"epsilon": "0"}),
    "LRN": _onnx("local_response_norm", "alpha beta bias size", bias="k"),
    "Relu": _onnx("relu"),
    "LeakyRelu": _onnx("leaky_relu", "alpha", alpha="slope"),
    "PRelu": _onnx("prelu"),
    "Elu": _onnx("elu", "alpha"),
    "Selu": _onnx("selu", "alpha gamma", alpha=UNSUPPORTED, gamma=UNSUPPORTED),
    "Gelu": _onnx("gelu", "approximate"),
    "Swish": _onnx("silu", "alpha", alpha=UNSUPPORTED),
    "Mish": _onnx("mish"),
    "HardSwish": _onnx("hard_swish"),
    "HardSigmoid": _onnx("hard_sigmoid", "alpha beta", alpha=UNSUPPORTED, beta=UNSUPPORTED),
    "Sigmoid": _onnx("sigmoid"),
    "Tanh": _onnx("tanh"),
    "Softplus": _onnx("softplus"),
    "Softmax": _onnx("softmax", "axis", axis=UNSUPPORTED),
    "Dropout": _onnx("dropout", "seed", seed=IGNORED),
    "Flatten": _onnx("flatten", "axis", axis=UNSUPPORTED),
    "Reshape": _onnx("reshape", "allowzero", allowzero=IGNORED),
    "Transpose": _onnx("transpose", "perm", perm="axes"),
    "Pad": _onnx("pad", "mode", mode=UNSUPPORTED),
    "Concat": _onnx("concat", "axis"),
    "Add": _onnx("add"),
    "Sub": _onnx("subtract"),
    "Mul": _onnx("multiply"),
    "Div": _onnx("divide"),
    "Max": _onnx("maximum"),
    "Min": _onnx("minimum"),
    "Mean": _onnx("mean"),
    "Pow": _onnx("power"),
    "Sqrt": _onnx("sqrt"),
    "Abs": _onnx("abs"),
    "Exp": _onnx("exp"),
    "Log": _onnx("log"),
    "Clip": _onnx("clip"),
    "DepthToSpace": _onnx("pixel_shuffle", "blocksize mode", blocksize="factor", mode=UNSUPPORTED),
    "SpaceToDepth": _onnx("pixel_unshuffle", "blocksize", blocksize="factor"),
    "LSTM": _onnx("lstm", f"{_ONNX_RECURRENT} input_forget layout"),
    "GRU": _onnx("gru", f"{_ONNX_RECURRENT} layout linear_before_reset")._replace(defaults={"reset_after": "false"}),
    "RNN": _onnx("rnn", f"{_ONNX_RECURRENT} layout"),
}  # fmt: skip

# Files of ours say of an input by this key and value that it is a parameter without numbers.
ONNX_PARAMETER = ("cnncalc.role", "parameter")
# The gates of recurrent kinds in ONNX's order, by their numbers here: i, f, g, o are i, o, f, c; r, z, n are z, r, h.
ONNX_GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}

# Other names of layers, by the names in the tables.
ALIASES = {
    "SyncBatchNorm": "BatchNorm", "SpatialDropout": "Dropout", "AlphaDropout": "Dropout", "interpolate": "Upsample",
    "LazyConv": "Conv", "LazyConvTranspose": "ConvTranspose", "LazyLinear": "Linear", "LazyBatchNorm": "BatchNorm",
}  # fmt: skip
# Parameters of any layer that change no figure.
IGNORED_ANYWHERE = re.compile(
    "[Nn]ame|dtype|device|trainable|batch_size|.*(?:_initializer|_regularizer|_constraint|Initializer|LearnRateFactor)"
)
# Activations that have another name in PyTorch or Keras.
ACTIVATIONS = {"swish": "silu", "linear": "identity", "hard_silu": "hard_swish", "leaky_relu": "leaky_relu(0.2)"}


def strip_name(name: str) -> str:
    """The name of a layer without its module and its number of axes.

    >>> strip_name("torch.nn.Conv2d"), strip_name("Conv2DTranspose"), strip_name("relu6"), strip_name("conv_3d")
    ('Conv', 'ConvTranspose', 'relu6', 'conv')
    """
    return re.sub(r"_?[123][dD](?=_?[Tt]ranspose$|$)", "", name.rpartition(".")[2])


def find_signatures(name: str) -> list[Signature]:
    """The layers of other frameworks that a name can mean, in any case, the likeliest first.

    PyTorch writes `2d` and Keras `2D`; for other names PyTorch comes first. MATLAB ends all names in `Layer`.
    """
    from cnncalc.layers.other_frameworks import CAFFE, MATLAB  # which import this module

    bare = strip_name(name)
    if name.endswith("Layer"):
        of_matlab = MATLAB.get(re.sub("[123]d", "", name.removesuffix("Layer")))
        return [of_matlab] if of_matlab else []
    meant = next((known for alias, known in ALIASES.items() if _normalize(alias) == _normalize(bare)), bare)
    wanted = _normalize(meant)
    found = [[table[each] for each in table if _normalize(each) == wanted] for table in (PYTORCH, KERAS)]
    of_keras, of_pytorch = re.match(r"(?:tf|keras|layers)\.", name), re.match(r"(?:torch|nn|F)\.", name)
    if re.search(r"[123]D", name) or of_keras:
        found.reverse()
    if (of_keras or of_pytorch) and found[0]:
        found = found[:1]
    signatures = [signature for each in found for signature in each]
    signatures += [CAFFE[name]] if name in CAFFE else []
    if bare.lower().startswith("lazy"):  # the size of the input is not given
        return [
            each._replace(parameters={name: ours for name, ours in each.parameters.items() if ours != INPUT})
            for each in signatures
        ]
    return signatures


def _normalize(name: str) -> str:
    return name.replace("_", "").lower()
