"""Names of exported Keras code: of layers, variables and functions."""

from __future__ import annotations

import re
from collections.abc import Collection

from cnncalc.export.expressions import identifier
from cnncalc.export.keras_helpers_convolutions import CONVOLUTIONS
from cnncalc.export.keras_helpers_layers import LAYERS
from cnncalc.export.keras_helpers_views import FUNCTIONS

# A name of a layer cannot have a `/` in it, as Keras says, nor a `.`, as PyTorch says of parameters. Our names have no
# `-` in them, so that paths with it are different where ours are.
SEPARATOR = "-"

# Names of exported files that no variable or function of an architecture can have.
RESERVED = frozenset({
    "Any", "Tensor", "functools",
    "keras", "layers", "ops", "np", "math", "x", "name", "index", "inputs", "outputs", "model", "pad", "min",
    "max", "round", "int", "abs", "sum", "range", "len", "tuple", "list", "dict", "str", "float", "bool", *LAYERS,
    *CONVOLUTIONS, *FUNCTIONS,
})  # fmt: skip
# What Keras names itself: inputs, and the operations of `keras.ops` and of operators.
_OF_KERAS = re.compile(
    r"(absolute|abs|add|broadcast_to|cast|clip|divide|einsum|exp|flip|gelu|get_item|input_layer|log|log_softmax|max|"
    r"mean|moveaxis|multiply|normalize|pad|power|prod|relu|reshape|roll|rsqrt|softmax|split|sqrt|square|stack|"
    r"subtract|sum|take|tensordot|transpose|true_divide|var)(_\d+)?"
)


def layer_name(path: str) -> str:
    """The name of a layer in Keras.

    >>> layer_name("conv2_x.bottleneck1.0.add1.body.conv1"), layer_name("pad")
    ('conv2_x-bottleneck1-0-add1-body-conv1', 'pad-')
    """
    name = path.replace(".", SEPARATOR)
    return name + SEPARATOR if _OF_KERAS.fullmatch(name) else name


def function_name(name: str, taken: Collection[str]) -> str:
    """The name of a function in small letters, which is not taken.

    >>> function_name("ResNet-50", ()), function_name("3x3", ())
    ('resnet_50', '_3x3')
    """
    words = re.sub(r"\W+", "_", name).strip("_").lower()
    return identifier(words or "part", lambda each: each in taken or each in RESERVED)


def free_variable(name: str, taken: Collection[str]) -> str:
    """A variable like a name, which is not taken."""
    return identifier(name if not name[:1].isdigit() else f"branch_{name}", lambda each: each in taken or (
        each in RESERVED))  # fmt: skip
