"""Outputs of imported networks are the originals', by an interpreter of our networks in PyTorch, flat and as blocks."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.reading import read_graph

from .interpreter import differences, fill

pytestmark = pytest.mark.torch

# of torchvision 0.28, those of each family that have at most 35 million parameters
CLASSIFIERS = [
    "convnext_tiny",
    "densenet121",
    "densenet201",
    "efficientnet_b0",
    "efficientnet_b4",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mnasnet1_3",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "regnet_x_3_2gf",
    "regnet_y_400mf",
    "regnet_y_3_2gf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x2_0",
    "squeezenet1_0",
    "squeezenet1_1",
]
EQUAL = 1e-9


@pytest.mark.sample(3)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_gives_what_it_gave(torch: Any, name: str) -> None:
    models = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    from cnncalc.exchange.from_torch import trace, without_numbers

    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with without_numbers():
        module = models.get_model(name, weights=None, **more)
    module = fill(torch, module, 5)
    size = 96 if name == "inception_v3" else 64
    graph = trace(module, {"": (3, size, size)})
    x = torch.randn(2, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    found = differences(torch, module, graph, read_graph(graph, name), [x])
    assert len(found) == 2
    assert max(found) < EQUAL


@pytest.mark.parametrize("kind", ["window", "grid"])
def test_attention_with_relative_positions_gives_what_it_gave(torch: Any, kind: str) -> None:
    """Windows of a map are further examples of the batch there."""
    maxvit = pytest.importorskip("torchvision.models.maxvit", reason="torchvision is not installed")
    from cnncalc.exchange.from_torch import trace

    nn = torch.nn
    module = fill(torch, maxvit.PartitionAttentionLayer(8, 4, 3, kind, (6, 6), 2, nn.GELU, nn.LayerNorm, 0, 0, 0), 5)
    graph = trace(module, {"": (8, 6, 6)})
    x = torch.randn(2, 8, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    assert max(differences(torch, module, graph, read_graph(graph, kind), [x])) < EQUAL


def test_attention_with_continuous_positions_gives_what_it_gave(torch: Any) -> None:
    """The bias of the keys is set to zero at each run, through a view of a copy of it."""
    swin = pytest.importorskip("torchvision.models.swin_transformer", reason="torchvision is not installed")
    from cnncalc.exchange.from_torch import trace

    module = fill(torch, swin.ShiftedWindowAttentionV2(8, [4, 4], [0, 0], 2), 5)
    steps = torch.arange(-3, 4, dtype=torch.float64) / 3  # torchvision computes the table in single precision
    spaced = steps.sign() * (1 + 8 * steps.abs()).log2() / 3
    module.relative_coords_table.copy_(torch.stack(torch.meshgrid(spaced, spaced, indexing="ij"), dim=-1))
    graph = trace(module, {"": (8, 12, 8)})
    assert graph.notes == ["Weights that are computed of their parameters at each run: qkv.bias, logit_scale."]
    x = torch.randn(2, 8, 12, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    assert max(differences(torch, module, graph, read_graph(graph, "swin"), [x])) < EQUAL


def test_a_vision_transformer_gives_what_it_gave(torch: Any) -> None:
    vision = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    from cnncalc.exchange.from_torch import trace

    module = vision.VisionTransformer(32, 8, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=16, num_classes=5)
    module = fill(torch, module, 5)
    graph = trace(module, {"": (3, 32, 32)})
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    assert max(differences(torch, module, graph, read_graph(graph, "vit"), [x])) < EQUAL
