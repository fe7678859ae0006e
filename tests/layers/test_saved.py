"""The tensors that each kind keeps for its backward pass, compared with those of PyTorch."""

from __future__ import annotations

import json
import warnings
from math import prod
from pathlib import Path
from typing import Any

import pytest

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.base import Layer, Shapes
from cnncalc.layers.window import Windowed

from .cases import random_cases
from .test_against_torch import (
    MODULES,
    NO_MODULE,
    function_output,
    is_numeric,
    is_refused_for_no_reason_of_shape,
    sides,
)

BATCH = 2
# Kinds that PyTorch has not: what its functions for them keep depends on how they are put together.
COMPOSED = ("standardized_conv", "locally_connected", "table_conv", "deformable_conv")
SAVED = json.loads((Path(__file__).parent.parent / "reference" / "torch-saved.json").read_text(encoding="utf-8"))
# Cases of the reference, on a batch of 2 of 8×6×6, as layers.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "conv": ("conv", {"out": 16, "kernel": 3, "padding": 1}), "linear": ("linear", {"out": 5}),
    "depthwise_conv": ("depthwise_conv", {"kernel": 3, "padding": 1}),
    "transposed_conv": ("transposed_conv", {"out": 4, "kernel": 2, "stride": 2}),
    "max_pool": ("max_pool", {"kernel": 2}), "avg_pool": ("avg_pool", {"kernel": 2}),
    "global_avg_pool (mean)": ("global_avg_pool", {}),
    "global_max_pool (AdaptiveMaxPool2d 1)": ("global_max_pool", {}),
    "adaptive_avg_pool 3": ("adaptive_avg_pool", {"size": 3}), "batch_norm": ("batch_norm", {}),
    "layer_norm whole": ("layer_norm", {"over": "all"}), "layer_norm channels (permute)": ("layer_norm", {}),
    "group_norm": ("group_norm", {"groups": 2}), "instance_norm": ("instance_norm", {}),
    "instance_norm affine": ("instance_norm", {"affine": True}), "local_response_norm": ("local_response_norm", {}),
    "prelu": ("prelu", {}), "gelu": ("gelu", {}), "sigmoid": ("sigmoid", {}), "tanh": ("tanh", {}),
    "softplus": ("softplus", {}), "softmax": ("softmax", {}), "dropout": ("dropout", {}),
    "stochastic_depth": ("stochastic_depth", {"rate": 0.1}), "flatten": ("flatten", {}), "scale": ("scale", {}),
    "channel_split": ("channel_split", {"parts": 2, "take": 0}), "channel_shuffle": ("channel_shuffle", {"groups": 2}),
    "pad": ("pad", {"amount": 1}), "crop": ("crop", {"amount": 1}), "upsample nearest": ("upsample", {"factor": 2}),
    "relu": ("relu", {}), "relu6": ("relu6", {}), "leaky_relu": ("leaky_relu", {}), "elu": ("elu", {}),
    "selu": ("selu", {}), "silu": ("silu", {}), "hard_swish": ("hard_swish", {}), "hard_sigmoid": ("hard_sigmoid", {}),
    "mish": ("mish", {}), "add": ("add", {}), "multiply": ("multiply", {}), "concat": ("concat", {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def count_saved(layer: Layer, inputs: Shapes) -> int:
    """Bytes that a layer keeps for BATCH examples in float32."""
    output = layer.output_shape(inputs)
    saved = layer.saved(inputs, output)
    elements = sum(prod(inputs[at]) for at in saved.inputs) + prod(output) * saved.output
    extras = sum(each.elements * (1 if each.once else BATCH) * max(each.bytes_each, 4) for each in saved.extras)
    return 4 * BATCH * elements + extras


@pytest.mark.parametrize("case", CASES)
def test_the_reference(case: str) -> None:
    kind, settings = CASES[case]
    shape = (288,) if kind == "linear" else (8, 6, 6)
    inputs = (shape, shape) if kind in ("add", "multiply", "concat") else (shape,)
    assert count_saved(kind_class(kind)(**settings), inputs) == SAVED["kinds"][case]["bytes"]


def is_another_in_pytorch(layer: Any, module: Any, inputs: Shapes) -> bool:
    """Whether the module for a layer is not the one that PyTorch users would choose.

    It pads separately if the sides differ, drops elements where the layer drops examples, or is composed of functions.
    """
    if layer.kind in COMPOSED or layer.kind == "stochastic_depth" or getattr(layer, "rate", 0) == 1:
        return True
    if layer.kind == "prelu" and layer.per in ("position", "element"):
        return True
    if layer.gated and (layer.biases == 1 or not getattr(layer, "reset_after", True)):
        return True
    pads = isinstance(layer, Windowed) and module is not None and any(sides(layer, inputs))
    return pads and any(type(each).__name__ == "Module" for each in module.modules())


def is_plain_pool(pool: Any) -> bool:
    """Whether PyTorch's MaxUnpool can invert a max pool: without dilation, rounding up and uneven padding."""
    return is_numeric(pool) and not pool.ceil and pool.dilation in (1, (1,), (1, 1), (1, 1, 1))


def count_in_torch(torch: Any, layer: Layer, inputs: Shapes) -> int | None:
    """Bytes of the storages that PyTorch keeps, each once, without parameters; None if it has no such layer."""
    # in float64, since oneDNN has an LSTM of float32 that keeps a reserve of a size of its own
    wide = torch.float64 if layer.gated else torch.float32
    tensors = [torch.randn(BATCH, *shape, requires_grad=True, dtype=wide) for shape in inputs]
    module = None
    if layer.kind not in NO_MODULE:
        module = MODULES[layer.kind](torch, layer, inputs, len(next(iter(inputs), ())) - 1)
        if module is None or is_refused_for_no_reason_of_shape(layer, inputs):
            return None
        module.to(wide).train()
    if is_another_in_pytorch(layer, module, inputs):
        return None
    if layer.kind == "max_unpool" and not is_plain_pool(layer.pool):  # type: ignore[attr-defined]
        return None
    known = [*module.parameters(), *module.buffers()] if module is not None else []
    own = {each.untyped_storage().data_ptr() for each in known}
    kept: list[Any] = []

    def pack(tensor: Any) -> Any:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        made = module(*tensors) if module is not None else function_output(torch, layer, tensors)
    assert made.shape[0] == BATCH
    storages: dict[int, int] = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in kept}
    return sum(size for address, size in storages.items() if address not in own) // (2 if layer.gated else 1)


@pytest.mark.torch
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in (*COMPOSED, "stochastic_depth")])
def test_what_pytorch_keeps(torch: Any, kind: str) -> None:
    compared = 0
    for layer, inputs in random_cases(kind, 25):
        if kind == "batch_norm" and getattr(layer, "epsilon", 1) == 0:
            continue  # PyTorch refuses it in training
        found = count_in_torch(torch, layer, inputs)
        if found is not None:
            assert count_saved(layer, inputs) == found, (layer, inputs)
            compared += 1
    assert compared >= 5
