"""Calls as other tools write them, `nn.Conv2d(3, 64, kernel_size=3)`, and what they are here."""

from __future__ import annotations

import re

from cnncalc.errors import Fix
from cnncalc.layers import KINDS
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.tree import Call

# Names that differ by more than capitals, underscores and the number of dimensions.
KIND_NAMES = {
    "dense": "linear", "fc": "linear", "fully_connected": "linear", "convolution": "conv", "bn": "batch_norm",
    "convtranspose": "transposed_conv", "deconv": "transposed_conv", "maxpooling": "max_pool", "pool": "max_pool",
    "averagepooling": "avg_pool", "averagepool": "avg_pool", "globalaveragepooling": "global_avg_pool",
    "globalmaxpooling": "global_max_pool", "batchnormalization": "batch_norm", "layernormalization": "layer_norm",
    "lrn": "local_response_norm", "swish": "silu", "zeropadding": "pad", "cropping": "crop", "upsampling": "upsample",
    "droppath": "stochastic_depth", "depthwiseconv": "depthwise_conv", "separableconv": "separable_conv",
    "cat": "concat", "concatenate": "concat",
}  # fmt: skip
ARGUMENT_NAMES = {
    "kernel_size": "kernel", "out_channels": "out", "filters": "out", "units": "out", "out_features": "out",
    "strides": "stride", "pad": "padding", "num_groups": "groups", "eps": "epsilon", "negative_slope": "slope",
    "ceil_mode": "ceil", "count_include_pad": "count_padding", "use_bias": "bias", "scale_factor": "factor",
    "output_size": "size", "upscale_factor": "factor", "pool_size": "kernel", "dilation_rate": "dilation",
    "depth_multiplier": "multiplier", "p": "rate", "size": "factor",
}  # fmt: skip
# What flows in is known here and not written.
NOT_WRITTEN = (
    "in_channels", "in_features", "num_features", "num_channels", "normalized_shape", "inplace", "input_shape",
)  # fmt: skip


def kind_named(name: str) -> str:
    """The kind that another tool's name means, "" where none does."""
    bare = re.sub(r"_?[123][dD]$", "", name.rpartition(".")[2])
    squeezed = bare.replace("_", "").lower()
    for kind in (*KINDS, *STRUCTURE_WORDS):
        if kind.replace("_", "") == squeezed:
            return kind
    return KIND_NAMES.get(squeezed, KIND_NAMES.get(bare.lower(), ""))


def argument_named(name: str, known: list[str]) -> str:
    """The argument that another tool's name means, "" where the kind has none such."""
    meant = ARGUMENT_NAMES.get(name, "")
    return meant if meant in known else ""


def rewritten(call: Call, kind: str, known: list[str]) -> tuple[Fix, ...]:
    """Repairs that write another tool's call as ours: with all arguments, without the first, without any."""
    positional = [argument.span.text for argument in call.arguments if not argument.name]
    named = [
        f"{argument_named(argument.name, known) or argument.name}={argument.value.span.text}"
        for argument in call.arguments
        if argument.name and argument.name not in NOT_WRITTEN
    ]
    if call.by_name:
        return ()
    texts = []
    for written in ([*positional, *named], [*positional[1:], *named], []):
        text = f"{kind}({', '.join(written)})" if written else kind
        if text not in texts:
            texts.append(text)
    return tuple(Fix(call.span, text, f"write `{text}`") for text in texts)
