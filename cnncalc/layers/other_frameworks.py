"""The layers of Caffe and of MATLAB that correspond to our kinds, for repairs of calls in their style.

Sources: `caffe.proto` of BVLC Caffe 1.0, and MATLAB's Deep Learning Toolbox, R2024b.
"""

from __future__ import annotations

from cnncalc.layers.frameworks import IGNORED, UNSUPPORTED, Parameters, Signature

_CAFFE: Parameters = {
    **dict.fromkeys(("axis", "engine", "moving_average_fraction", "pool"), IGNORED),
    **dict.fromkeys(("global_pooling", "norm_region"), UNSUPPORTED),
    "bias_term": "bias", "dropout_ratio": "rate", "eps": "epsilon", "group": "groups", "kernel_size": "kernel",
    "local_size": "size", "negative_slope": "slope", "num_output": "out", "pad": "padding", "use_global_stats": IGNORED,
}  # fmt: skip
_MATLAB: Parameters = {
    **dict.fromkeys(("Name", "NumChannels", "MeanDecay", "VarianceDecay"), IGNORED),
    **dict.fromkeys(("PaddingValue", "HasUnpoolingOutputs"), UNSUPPORTED),
    "Alpha": "alpha", "Beta": "beta", "Cropping": "padding", "DilationFactor": "dilation", "Epsilon": "epsilon",
    "K": "k", "Padding": "padding", "Stride": "stride", "filterSize": "kernel", "numFilters": "out",
    "numGroups": "groups", "outputSize": "out", "poolSize": "kernel", "probability": "rate", "scale": "slope",
    "windowChannelSize": "size",
}  # fmt: skip


def _signature(ours: Parameters, kind: str, parameters: str = "", **defaults: str) -> Signature:
    return Signature(kind, {name: ours.get(name, name) for name in parameters.split()}, defaults)


def _caffe(kind: str, parameters: str = "", **defaults: str) -> Signature:
    return _signature(_CAFFE, kind, parameters, **defaults)


def _matlab(kind: str, parameters: str = "", **defaults: str) -> Signature:
    return _signature(_MATLAB, kind, parameters, **defaults)


_CAFFE_CONV = "num_output kernel_size stride pad dilation group bias_term engine axis"
_CAFFE_POOL = "pool pad kernel_size stride engine global_pooling"
# By the `type` of a layer. Pools round up. A pool of `pool: AVE` is `Pooling_AVE`.
CAFFE: dict[str, Signature] = {
    "Convolution": _caffe("conv", _CAFFE_CONV),
    "Deconvolution": _caffe("transposed_conv", _CAFFE_CONV),
    "InnerProduct": _caffe("linear", "num_output bias_term axis"),
    "Pooling": _caffe("max_pool", _CAFFE_POOL, stride="1", ceil="true", dialect="caffe"),
    "Pooling_AVE": _caffe("avg_pool", _CAFFE_POOL, stride="1", ceil="true", dialect="caffe"),
    "LRN": _caffe("local_response_norm", "local_size alpha beta norm_region k engine", alpha="1", size="5"),
    "BatchNorm": _caffe("batch_norm", "use_global_stats moving_average_fraction eps", affine="false"),
    "Dropout": _caffe("dropout", "dropout_ratio"),
    "ReLU": _caffe("relu", "engine"),
    "TanH": _caffe("tanh", "engine"),
}
_MATLAB_CONV = "filterSize numFilters Stride Padding DilationFactor PaddingValue NumChannels Name"
_MATLAB_POOL = "poolSize Stride Padding HasUnpoolingOutputs Name"
# By the name without its number of axes and `Layer`: `convolution2dLayer` is convolution. A pool moves by 1.
MATLAB: dict[str, Signature] = {
    "convolution": _matlab("conv", _MATLAB_CONV),
    "transposedConv": _matlab("transposed_conv", "filterSize numFilters Stride Cropping NumChannels Name"),
    "maxPooling": _matlab("max_pool", _MATLAB_POOL, stride="1"),
    "averagePooling": _matlab("avg_pool", _MATLAB_POOL, stride="1"),
    "globalAveragePooling": _matlab("global_avg_pool", "Name"),
    "globalMaxPooling": _matlab("global_max_pool", "Name"),
    "fullyConnected": _matlab("linear", "outputSize Name"),
    "batchNormalization": _matlab("batch_norm", "Epsilon MeanDecay VarianceDecay Name"),
    "instanceNormalization": _matlab("instance_norm", "Epsilon Name", affine="true"),
    "layerNormalization": _matlab("layer_norm", "Epsilon Name"),
    "groupNormalization": _matlab("group_norm", "numGroups Epsilon Name"),
    "crossChannelNormalization": _matlab("local_response_norm", "windowChannelSize Alpha Beta K Name", k="2"),
    "relu": _matlab("relu", "Name"),
    "leakyRelu": _matlab("leaky_relu", "scale Name"),
    "sigmoid": _matlab("sigmoid", "Name"),
    "tanh": _matlab("tanh", "Name"),
    "swish": _matlab("silu", "Name"),
    "gelu": _matlab("gelu", "Name"),
    "softmax": _matlab("softmax", "Name"),
    "dropout": _matlab("dropout", "probability Name"),
    "flatten": _matlab("flatten", "Name"),
}
