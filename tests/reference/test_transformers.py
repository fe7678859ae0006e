"""The vision transformers of torchvision, leaf by leaf, beside the modules of torchvision itself.

Attention is one leaf there: its projections, scores and position biases are functions of one module. Its work is
written out here by hand, that of the others is counted from what goes through them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.report import Report

pytestmark = pytest.mark.torch

# name → the parameters and the GMACs that torchvision publishes with its weights
PUBLISHED: dict[str, tuple[int, float]] = {
    "vit_b_16": (86567656, 17.564), "vit_b_32": (88224232, 4.409), "vit_l_16": (304326632, 61.555),
    "vit_l_32": (306535400, 15.378), "vit_h_14": (632045800, 167.295),  # that at 518×518: below
    "swin_t": (28288354, 4.491), "swin_s": (49606258, 8.741), "swin_b": (87768224, 15.431),
    "swin_v2_t": (28351570, 5.94), "swin_v2_s": (49737442, 11.546), "swin_v2_b": (87930848, 20.325),
    "maxvit_t": (30919624, 5.558),
}  # fmt: skip
ATTENTION = (
    "MultiheadAttention",
    "ShiftedWindowAttention",
    "ShiftedWindowAttentionV2",
    "RelativePositionalMultiHeadAttention",
)
# our layers that are one module there, by their paths
OF_ATTENTION = re.compile(r".*(multi_head_attention\d+|window_attention\d+|partitioned_attention\d+)(?=\.|$)")


class Leaf(NamedTuple):
    """The parameters, the macs and the number of elements of the output."""

    parameters: int
    macs: int
    elements: int


@pytest.fixture(scope="module")
def torchvision() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("torch", reason="PyTorch is not installed")
        return pytest.importorskip("torchvision", reason="torchvision is not installed")


def macs(module: Any, x: Any, y: Any) -> int:
    """Of one image; of attention: the projections, and the products of queries and keys and of weights and values."""
    if type(module).__name__ not in ATTENTION:
        weight = getattr(module, "weight", None)
        return 0 if weight is None or weight.dim() < 2 else int(y[0].numel() * weight[0].numel())
    channels: int = y.shape[-1]
    positions = int(y[0].numel()) // channels
    seen = positions  # by each position
    if hasattr(module, "window_size"):
        seen = module.window_size[0] * module.window_size[1]
    if hasattr(module, "max_seq_len"):
        seen = module.max_seq_len
    offsets = 0
    if hasattr(module, "cpb_mlp"):
        offsets = (2 * module.window_size[0] - 1) * (2 * module.window_size[1] - 1)
        offsets *= sum(layer.weight.numel() for layer in (module.cpb_mlp[0], module.cpb_mlp[2]))
    return 4 * positions * channels**2 + 2 * positions * seen * channels + offsets


def leaves_of(torchvision: Any, name: str, size: int) -> list[Leaf]:
    """Modules with parameters in the order in which they run, and parameters of their own of those around them."""
    import torch

    with torch.device("meta"):
        model = getattr(torchvision.models, name)().eval()
    found: list[Leaf] = []

    def record(module: Any, inputs: Any, output: Any) -> None:
        y = output[0] if isinstance(output, tuple) else output
        parameters = sum(each.numel() for each in module.parameters())
        found.append(Leaf(parameters, macs(module, inputs[0], y), y[0].numel()))

    inside: set[str] = set()
    for path, module in model.named_modules():
        if type(module).__name__ in ATTENTION:
            inside.update(f"{path}.{inner}" for inner, _ in module.named_modules() if inner)
    for path, module in model.named_modules():
        is_leaf = not [*module.children()] and [*module.parameters()]
        if path not in inside and (is_leaf or type(module).__name__ in ATTENTION):
            module.register_forward_hook(record)
    with torch.no_grad():
        model(torch.empty(1, 3, size, size, device="meta"))
    assert sum(leaf.parameters for leaf in found) + alone(model) == sum(each.numel() for each in model.parameters())
    return found


def alone(model: Any) -> int:
    """Parameters of the model and the encoder themselves: ViT's class token and positions."""
    return sum(
        each.numel() for path, each in model.named_parameters() if path in ("class_token", "encoder.pos_embedding")
    )


def our_leaves(report: Report) -> Iterator[Leaf]:
    """Our layers with parameters, those of an attention as one; learned tensors and their sums are no modules there."""
    path, whole = "", Leaf(0, 0, 0)
    for layer in report.layers:
        attention = OF_ATTENTION.match(layer.path)
        if path and (attention is None or attention[0] != path):
            yield whole
            path, whole = "", Leaf(0, 0, 0)
        size = 1
        for axis in layer.output:
            size *= axis
        if attention:
            path = attention[0]
            whole = Leaf(whole.parameters + layer.parameters, whole.macs + layer.work.macs, size)
        elif layer.parameters and layer.kind not in ("learned", "shift"):
            yield Leaf(layer.parameters, layer.work.macs, size)


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_leaf(torchvision: Any, name: str) -> None:
    report = analyze(load(name))
    assert [*our_leaves(report)] == leaves_of(torchvision, name, report.input[-1])


@pytest.mark.parametrize("name", PUBLISHED)
def test_totals(name: str) -> None:
    totals = analyze(load(name)).totals
    assert (totals.parameters, round(totals.work.macs / 1e9, 3)) == PUBLISHED[name]


def test_vit_h_14_at_the_size_of_its_weights() -> None:
    totals = analyze(load("vit_h_14", input="3x518x518")).totals
    assert (totals.parameters, round(totals.work.macs / 1e9, 3)) == (633470440, 1016.717)
