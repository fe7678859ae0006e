"""Names that modules of PyTorch use themselves, and how our words are called there."""

from __future__ import annotations

from collections.abc import Collection

from cnncalc.export.expressions import identifier
from cnncalc.export.torch_helpers import helper_names
from cnncalc.layers import FAMILIES
from cnncalc.layers.frameworks import PYTORCH

# Attributes of nn.Module, nn.Sequential and nn.ModuleDict in PyTorch 2.13: no module in them can have such a name.
_OF_MODULES = frozenset(
    [
        "T_destination",
        "add_module",
        "append",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "clear",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extend",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "insert",
        "ipu",
        "items",
        "keys",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "pop",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "update",
        "values",
        "xpu",
        "zero_grad",
    ]
)


def is_taken(name: str) -> bool:
    """Whether a module cannot have an attribute of this name."""
    return name in _OF_MODULES or name.startswith("_")


# What the text of a file means by these names, besides its helpers.
_OF_FILES = frozenset({
    "self", "x", "y", "nn", "torch", "F", "math", "functools", "layers", "layer", "index", "before", "branch", "parts",
    "pieces", "outputs", "range", "super", "sum", "len", "max", "min", "round", "abs", "int", "float", "bool", "str",
    "tuple", "dict", "list", "type",
})  # fmt: skip
_OF_HELPERS = frozenset(helper_names())


def is_reserved(name: str) -> bool:
    """Whether a parameter or a variable cannot have this name."""
    return name in _OF_FILES or name in _OF_HELPERS


def branch_variable(label: str, taken: Collection[str]) -> str:
    """The variable of a branch, by its label."""
    name = f"branch_{label}" if label[:1].isdigit() else label
    return identifier(name, lambda each: each in taken or is_reserved(each))


def module_key(name: str) -> str:
    """The name of a module: that of our path, with a `_` where modules use it themselves."""
    return f"{name}_" if name in _OF_MODULES or name.startswith("__") else name


# The classes of PyTorch for activations without required arguments, by our word.
ACTIVATION_MODULES = {
    signature.kind: f"nn.{name}"
    for name, signature in reversed(PYTORCH.items())
    if FAMILIES.get(signature.kind) == "activation" and "num_parameters" not in signature.parameters
}
ACTIVATION_MODULES["identity"] = "nn.Identity"
