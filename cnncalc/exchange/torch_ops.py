"""What the handlers of PyTorch's functions have in common. Nothing here imports torch.

A handler takes the graph and what the call was given, tensors as Tensor, parameters as Known, and gives a Tensor or
several. They are in `torch_layers` and `torch_views`, by the names of the functions, `relu_` as `relu`, `__radd__` as
`radd`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

Handler = Callable[..., Any]
OPS: dict[str, Handler] = {}


class Aside(NamedTuple):
    """What a function gives beside its output: the indices of a max pool, by its node, which `max_unpool` takes; the
    weights of an attention, the states of a recurrent layer."""

    pool: int
    shape: Shape


# properties of tensors, which are asked of the meta tensor itself
_QUERIES = (
    "size dim ndim shape dtype device is_cuda numel is_floating_point stride is_contiguous requires_grad layout"
    " is_quantized grad_fn grad __len__ data_ptr type get_device element_size is_complex is_sparse is_meta is_mkldnn"
    " names storage_offset _is_view _base is_leaf _version is_inference nelement __hash__ __repr__ __format__"
    " untyped_storage is_nested is_xla is_mps is_cpu has_names dim_order"
)
QUERIES = frozenset(_QUERIES.split())
# what needs the values of a tensor; in place of the value, so that what follows is looked at
DECIDES = {
    "item": 1, "__bool__": False, "__int__": 1, "__float__": 1.0, "__index__": 1, "tolist": None, "numpy": None,
    "nonzero": None, "equal": False, "allclose": False, "is_nonzero": False,
}  # fmt: skip
# functions that take the sizes, or the data type, of a tensor, and not its values
_CREATES = (
    "new_zeros new_ones new_full new_empty new_tensor zeros_like ones_like full_like empty_like rand_like randn_like"
)
CREATES = frozenset(_CREATES.split())
# handlers that take the sizes of the output
_SHAPED = (
    "view reshape flatten squeeze unflatten unsqueeze view_as reshape_as ravel expand expand_as interpolate"
    " upsample repeat max_unpool1d max_unpool2d max_unpool3d"
)
SHAPED = frozenset(_SHAPED.split())


def op(*names: str) -> Callable[[Handler], Handler]:
    """Declare a handler."""

    def declare(handler: Handler) -> Handler:
        OPS.update(dict.fromkeys(names, handler))
        return handler

    return declare


def each(value: Any, axes: int) -> tuple[Any, ...]:
    """One value for each axis."""
    return tuple(value) * (axes if len(value) == 1 else 1) if isinstance(value, tuple | list) else (value,) * axes


def axis_of(dim: int, rank: int) -> int:
    """A dimension from 0."""
    return dim % rank
