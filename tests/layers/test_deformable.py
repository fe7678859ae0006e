"""Deformable convolution against torchvision's, with the convolution of its offsets: arrays and outputs."""

from __future__ import annotations

import warnings
from random import Random
from typing import Any

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.layers import kind_class
from cnncalc.layers.ops import Map

pytestmark = pytest.mark.torch

CASES = [
    ({"out": 6, "kernel": 3, "padding": 1}, (4, 7, 9)),
    ({"out": 6, "kernel": (3, 2), "stride": (1, 2), "padding": (2, 0), "bias": False}, (4, 7, 9)),
    ({"out": 4, "kernel": 3, "dilation": 2, "padding": 2, "groups": 2, "mask": True}, (4, 7, 5)),
    ({"out": 2, "kernel": 2, "stride": 2, "offset_groups": 4, "mask": True}, (4, 6, 6)),
    ({"out": 8, "kernel": 1, "groups": 4, "offset_groups": 2}, (4, 3, 2)),
]


@pytest.fixture(scope="module")
def ops() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        return pytest.importorskip("torchvision", reason="torchvision is not installed").ops


@pytest.fixture(scope="module")
def loaded(ops: Any) -> Any:
    """The operations, where torchvision's binaries go with the installed PyTorch."""
    import torch

    try:
        ops.deform_conv2d(torch.zeros(1, 1, 1, 1), torch.zeros(1, 2, 1, 1), torch.zeros(1, 1, 1, 1))
    except RuntimeError:
        pytest.skip("the binaries of torchvision are of another PyTorch")
    return ops


def run_theirs(torch: Any, layer: Any, x: Any, convolutions: tuple[Any, Any]) -> Any:
    """The output by torchvision's operation; the last third of a modulated layer's moves are its factors."""
    own, moving = convolutions
    moves = moving(x)
    if not layer.mask:
        return own(x, moves)
    first, second, factors = moves.chunk(3, dim=1)
    return own(x, torch.cat((first, second), dim=1), factors.sigmoid())


def modules(torch: Any, ops: Any, layer: Any, channels: int) -> tuple[Any, Any]:
    """The layer, and the convolution of its offsets."""
    window = (layer.kernel, layer.stride, layer.padding, layer.dilation)
    own = ops.DeformConv2d(channels, layer.out, *window, layer.groups, layer.bias)
    taps = own.weight.shape[2] * own.weight.shape[3]
    return own, torch.nn.Conv2d(channels, (3 if layer.mask else 2) * layer.offset_groups * taps, *window)


def arrays_of(own: Any, moving: Any) -> dict[str, Any]:
    """The parameters of both by the names of the layer."""
    return {**dict(own.named_parameters()), **{f"conv_offset.{name}": p for name, p in moving.named_parameters()}}


@pytest.mark.parametrize(("settings", "shape"), CASES)
def test_arrays(ops: Any, settings: dict[str, Any], shape: tuple[int, ...]) -> None:
    import torch

    layer = kind_class("deformable_conv")(**settings)
    theirs = arrays_of(*modules(torch, ops, layer, shape[0]))
    arrays = {weight.name: weight.shape for weight in layer.weights((shape,))}
    assert arrays == {name: tuple(array.shape) for name, array in theirs.items()}


@pytest.mark.parametrize(("settings", "shape"), CASES)
def test_outputs(loaded: Any, settings: dict[str, Any], shape: tuple[int, ...]) -> None:
    import torch

    layer = kind_class("deformable_conv")(**settings)
    own, moving = (each.double() for each in modules(torch, loaded, layer, shape[0]))
    theirs = arrays_of(own, moving)
    rng = Random(f"deformable {settings}")
    x = Map(shape, [rng.uniform(-2, 2) for _ in range(shape[0] * shape[1] * shape[2])])
    given = torch.tensor(x.values, dtype=torch.float64).reshape(1, *shape)
    with torch.no_grad():
        for array in theirs.values():  # so that some elements are moved beyond the edge
            array.uniform_(-1.5, 1.5)
        wanted = run_theirs(torch, layer, given, (own, moving))
    ours = layer.execute((x,), lambda name, shape: theirs[name].flatten().tolist(), Numbers())
    assert ours.shape == tuple(wanted.shape[1:]) == layer.output_shape((shape,))
    assert ours.values == pytest.approx(wanted.flatten().tolist(), rel=1e-9, abs=1e-9)
