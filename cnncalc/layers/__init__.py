"""The layer kinds. Each is one class in the module of its family, which is imported when one of its kinds is used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.layers.base import Layer

FIRST_FAMILIES = {  # the kinds of version 0.1 → the module of their family
    "conv": "conv",
    "depthwise_conv": "conv",
    "separable_conv": "separable",
    "spatial_separable_conv": "separable",
    "transposed_conv": "transposed",
    "linear": "linear",
    "max_pool": "pool",
    "avg_pool": "pool",
    "global_avg_pool": "pool",
    "global_max_pool": "pool",
    "adaptive_avg_pool": "pool",
    "batch_norm": "normalization",
    "layer_norm": "normalization",
    "group_norm": "normalization",
    "instance_norm": "normalization",
    "local_response_norm": "normalization",
    "relu": "activation",
    "relu6": "activation",
    "leaky_relu": "activation",
    "prelu": "activation",
    "elu": "activation",
    "selu": "activation",
    "gelu": "activation",
    "silu": "activation",
    "hard_swish": "activation",
    "hard_sigmoid": "activation",
    "sigmoid": "activation",
    "tanh": "activation",
    "softplus": "activation",
    "mish": "activation",
    "softmax": "softmax",
    "dropout": "regular",
    "stochastic_depth": "regular",
    "flatten": "reshape",
    "reshape": "reshape",
    "scale": "regular",
    "channel_split": "axes",
    "channel_shuffle": "reshape",
    "pad": "border",
    "crop": "border",
    "upsample": "resize",
    "pixel_shuffle": "resize",
    "add": "merge",
    "multiply": "merge",
    "concat": "merge",
}

# Kinds added later. A block or an output of the same name in an older file stays valid: see `spec.check`.
LATER_FAMILIES = {
    "adaptive_max_pool": "pool",
    "subtract": "merge",
    "divide": "merge",
    "maximum": "merge",
    "minimum": "merge",
    "mean": "merge",
    "stack": "merge",
    "slice": "axes",
    "split": "axes",
    "flip": "axes",
    "roll": "axes",
    "transpose": "axes",
    "affine": "arithmetic",
    "power": "arithmetic",
    "sqrt": "arithmetic",
    "abs": "arithmetic",
    "exp": "arithmetic",
    "log": "arithmetic",
    "clip": "arithmetic",
    "rms_norm": "magnitude",
    "l2_norm": "magnitude",
    "response_norm": "magnitude",
    "shift": "regular",
    "max_unpool": "unpool",
    "mean_over": "reduction",
    "sum_over": "reduction",
    "max_over": "reduction",
    "variance_over": "reduction",
    "log_softmax": "softmax",
    "pixel_unshuffle": "resize",
    "standardized_conv": "conv",
    "locally_connected": "unshared",
    "table_conv": "unshared",
    "deformable_conv": "deformable",
    "lstm": "recurrent",
    "gru": "recurrent",
    "rnn": "recurrent",
    "matmul": "products",
    "learned": "learned",
    "relative_position_bias": "learned",
    "continuous_position_bias": "learned",
    "attention": "products",
    "multi_head_attention": "attention",
}

FAMILIES = {**FIRST_FAMILIES, **LATER_FAMILIES}
KINDS = tuple(FAMILIES)

# Every word that some argument accepts as its value; a test compares them with the kinds. Authors cannot use the first
# ones as names. The later ones were added when files already existed, so that an author's name takes precedence.
RESERVED_WORDS = frozenset(
    ("valid", "half", "same", "full", "pytorch", "caffe", "channels", "all", "linear", "bilinear", "trilinear")
)
LATER_WORDS = frozenset(
    (
        "nearest",
        "none",
        "rest",
        "bicubic",
        "area",
        "channel",
        "position",
        "element",
        "tanh",
        "relu",
        "zeros",
        "reflect",
        "replicate",
        "circular",
    )
)

# Words of arguments that only kinds added later have: there they take precedence over an author's name.
OWN_WORDS = frozenset(("first", "second"))


@cache
def kind_class(name: str) -> type[Layer]:
    """The class of a layer kind, e.g. MaxPool for `max_pool`. Raises KeyError for an unknown name."""
    module = import_module(f"cnncalc.layers.{FAMILIES[name]}")
    found: type[Layer] = getattr(module, name.title().replace("_", ""))
    return found
