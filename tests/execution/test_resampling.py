"""`upsample` against torch.nn.functional.interpolate, in float64: every mode, by factors and to sizes."""

from __future__ import annotations

import warnings
from random import Random
from typing import Any

import pytest

from cnncalc.layers.base import Shape
from cnncalc.layers.resize import Upsample

from ..layers.cases import random_factor
from ..layers.test_against_torch import Upsample as TorchUpsample
from .one import Arrays, calculate, random_map

CASES = 150  # of each mode and number of axes
TOLERANCE = 1e-12
MODES = [("nearest", 1), ("nearest", 2), ("nearest", 3), ("linear", 1), ("linear", 2), ("linear", 3)]
MODES += [("bilinear", 2), ("trilinear", 3), ("bicubic", 2), ("area", 1), ("area", 2), ("area", 3)]


@pytest.mark.parametrize(
    ("settings", "values", "wanted"),
    [
        ({"factor": 1.5}, [1, 2, 3], [1, 1, 2, 3]),  # ⌊y/1.5⌋ = 0, 0, 1, 2 of ⌊4.5⌋ outputs
        ({"factor": 0.5}, [1, 2, 3, 4, 5], [1, 3]),
        ({"size": 5}, [1, 2], [1, 1, 1, 2, 2]),  # ⌊2y/5⌋
        ({"size": 3, "mode": "linear"}, [0, 6], [0, 3, 6]),  # (y + ½)·2/3 − ½ = −1/6, 1/2, 7/6
        ({"size": 4, "mode": "linear", "align_corners": True}, [0, 6], [0, 2, 4, 6]),  # thirds
        ({"size": 2, "mode": "area"}, [1, 2, 6], [1.5, 4]),  # 0 to 1, and 1 to 2: the middle belongs to both
        ({"like": (1,), "mode": "linear", "align_corners": True}, [5, 7], [5]),
        ({"factor": 2, "mode": "linear"}, [4], [4, 4]),
    ],
)
def test_by_hand(settings: dict[str, Any], values: list[float], wanted: list[float]) -> None:
    from cnncalc.execution.interpretations import Numbers
    from cnncalc.layers.ops import Map

    made = Upsample(**settings).execute((Map((1, len(values)), values),), lambda name, shape: [], Numbers())
    assert made.values == pytest.approx(wanted, abs=1e-12)


def random_upsample(rng: Random, mode: str, axes: int) -> tuple[Upsample, Shape]:
    """Any target, larger or smaller, of a small map."""
    shape = (rng.randint(1, 2), *(rng.randint(1, 7) for _ in range(axes)))
    more: dict[str, Any] = {"align_corners": True} if mode not in ("nearest", "area") and rng.random() < 0.4 else {}
    target = rng.choice(("factor", "size", "like"))
    if target == "factor":
        value: Any = random_factor(rng) if rng.random() < 0.5 else tuple(random_factor(rng) for _ in range(axes))
    else:
        value = tuple(rng.randint(1, 12) for _ in range(axes))
    return Upsample(**{target: value}, mode=mode, **more), shape


@pytest.mark.torch
@pytest.mark.parametrize(("mode", "axes"), MODES)
def test_values_are_those_of_interpolate(mode: str, axes: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = Random(f"{mode} {axes}")
    compared = 0
    while compared < CASES:
        layer, shape = random_upsample(rng, mode, axes)
        x = random_map(rng, shape)
        theirs_in = torch.tensor(x.values, dtype=torch.float64).reshape(1, *shape)
        if 0 in layer.result_shape((shape,)):  # some modes refuse it there too, others give an empty tensor
            continue
        theirs = TorchUpsample(torch, layer, axes)(theirs_in)
        assert layer.output_shape((shape,)) == tuple(theirs.shape[1:]), (layer, shape)
        ours = calculate(layer, (x,), Arrays(rng))
        assert ours.shape == tuple(theirs.shape[1:])
        wanted = theirs.reshape(-1).tolist()
        assert max(abs(a - b) for a, b in zip(ours.values, wanted, strict=True)) <= TOLERANCE, (layer, shape)
        compared += 1
