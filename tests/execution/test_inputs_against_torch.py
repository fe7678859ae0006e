"""The receptive field on each input against autograd: where the gradient of one output unit is not 0."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze

from ..networks import network

pytestmark = pytest.mark.torch

TEXT = """
input: {left: [2, 40, 40], right: [3, 20, 20]}
layers:
  - a = from(left) -> conv(4, 3, stride=2, padding=1) -> relu
  - b = from(right) -> conv(4, 5, padding=4, dilation=2) -> relu
  - add: [from(a), from(b)]
  - conv(4, 3, padding=1)
"""
UNIT = 10  # on both axes, far from the borders


def test_the_gradient_of_one_unit_reaches_its_field_of_each_input() -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    left, right = (torch.ones(shape, requires_grad=True) for shape in ((1, 2, 40, 40), (1, 3, 20, 20)))
    a, b, last = torch.nn.Conv2d(2, 4, 3, 2, 1), torch.nn.Conv2d(3, 4, 5, 1, 4, 2), torch.nn.Conv2d(4, 4, 3, 1, 1)
    with torch.no_grad():
        for module in (a, b, last):
            module.weight.fill_(1.0)
            module.bias.fill_(0.0)
    last(torch.relu(a(left)) + torch.relu(b(right)))[0, 0, UNIT, UNIT].backward()
    seen = analyze(network(TEXT)).layers[-1].seen
    for name, tensor in (("left", left), ("right", right)):
        field = seen[name].receptive_field
        assert field is not None
        for axis in range(2):
            first = field.start[axis] + UNIT * field.stride[axis]
            reached = tensor.grad[0].abs().sum(dim=(0, 2 - axis)).nonzero().flatten().tolist()
            assert (reached[0], reached[-1]) == (first, first + field.size[axis] - 1)
