"""How figures name and colour layers by their kinds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnncalc.layers import FAMILIES

if TYPE_CHECKING:
    from cnncalc.analysis.report import LayerReport

ROLES = {  # family of kinds → the role of its boxes
    "conv": "conv", "unshared": "conv", "separable": "depthwise", "transposed": "upsampling", "resize": "upsampling",
    "unpool": "upsampling", "linear": "linear", "recurrent": "linear", "attention": "linear",
    "products": "linear", "pool": "pool", "merge": "merge", "softmax": "softmax",
    "reshape": "reshape", "axes": "reshape", "border": "reshape",
}  # fmt: skip
OTHER = "norm"  # of norms, activations, arithmetic
KIND_ROLES = {"depthwise_conv": "depthwise", "pixel_unshuffle": "reshape"}
TITLES = {  # role → what a legend calls it
    "conv": "convolution", "depthwise": "depthwise convolution", "pool": "pooling", "linear": "linear",
    "upsampling": "upsampling", "norm": "norm, activation", "merge": "merge", "softmax": "softmax",
    "reshape": "reshape", "activation": "with activation",
}  # fmt: skip
FAMILY_TITLES = {  # of roles with several families: what a legend calls each that occurs
    "linear": "linear", "recurrent": "recurrent", "attention": "attention", "products": "matrix product",
    "normalization": "norm", "magnitude": "norm", "activation": "activation", "arithmetic": "arithmetic",
    "reduction": "reduction", "regular": "scale, dropout", "learned": "learned values",
}  # fmt: skip
NAMES = {
    "depthwise_conv": "dw-conv", "separable_conv": "sep-conv", "spatial_separable_conv": "sep-conv",
    "transposed_conv": "up-conv", "local_response_norm": "LRN",
}  # fmt: skip
WITH_STRIP = ("conv", "depthwise", "linear", "upsampling")  # roles of boxes on which an activation is a strip


def find_role(kind: str) -> str:
    """The role of a layer kind in the palette.

    >>> find_role("conv"), find_role("gelu"), find_role("max_pool")
    ('conv', 'norm', 'pool')
    """
    return KIND_ROLES.get(kind) or ROLES.get(FAMILIES[kind], OTHER)


def find_title(role: str, kinds: Iterable[str]) -> str:
    """What a legend calls a role in a figure with boxes of these kinds.

    >>> find_title("norm", ["conv", "batch_norm"]), find_title("pool", []), find_title("linear", ["linear", "lstm"])
    ('norm', 'pooling', 'linear, recurrent')
    """
    families = {FAMILIES[kind] for kind in kinds if find_role(kind) == role}
    titles = dict.fromkeys(title for family, title in FAMILY_TITLES.items() if family in families)
    return ", ".join(titles) or TITLES[role]


def is_activation(kind: str) -> bool:
    """Whether layers of a kind are drawn as a strip on the layer before them."""
    return FAMILIES[kind] == "activation"


def name_kind(kind: str) -> str:
    """The short name of a kind: `dw-conv`, `max pool`."""
    return NAMES.get(kind) or kind.replace("_", " ")


def format_sizes(sizes: tuple[int, ...]) -> str:
    """Sizes along axes: `3×224×224`."""
    return "×".join(map(str, sizes))


def format_window(layer: LayerReport) -> str:
    """The kernel of a layer, e.g. `3×3`, "" for a layer without one."""
    kernel = layer.arguments.get("kernel")
    return format_sizes(kernel) if isinstance(kernel, tuple) else str(kernel or "")


def format_step(layer: LayerReport) -> str:
    """The stride of a layer if it is not 1, e.g. `/2`, `/1×2×2`; of an upsampling by a factor, e.g. `×2`."""
    arguments = layer.arguments
    value, sign = (arguments["stride"], "/") if "stride" in arguments else (arguments.get("factor"), "×")
    steps = value if isinstance(value, tuple) else (value,)
    if {*steps} in ({1}, {None}):
        return ""
    return sign + "×".join(map(str, steps[:1] if len({*steps}) == 1 else steps))
