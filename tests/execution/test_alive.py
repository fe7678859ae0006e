"""The tensors alive that the executor counts, held against the declared ones; and declarations that are wrong."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc import load
from cnncalc.execution.verify import APART, verify
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.axes import ChannelSplit
from cnncalc.layers.ops import Map
from cnncalc.layers.reshape import Flatten
from cnncalc.layers.separable import TwoSteps
from cnncalc.network import Network

from ..layers.cases import random_cases
from ..networks import network
from .one import Arrays, calculate, random_map

WHAT = "elements alive"


def alive(net: Network) -> dict[str, tuple[object, object]]:
    """The declared and the counted elements of each layer."""
    return {
        layer.path: (check.declared, check.found)
        for layer in verify(net).layers
        for check in layer.checks
        if check.what == WHAT
    }


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "inception_v1", "xception", "shufflenet_v2_x0_5", "siamese"])
def test_every_layer_of_a_network_is_counted(name: str) -> None:
    found = alive(load(name))
    assert found or verify(load(name)).how == APART
    assert all(declared == counted for declared, counted in found.values())


def test_counted_by_hand() -> None:
    """The executor keeps 2·4·4 of the input, of `skip` and of both branches, until the sum has read them."""
    net = network(
        "input: [2, 4, 4]\nlayers: ['conv(2, 1)', add: {a: 'conv(2, 1) -> relu', b: identity}, flatten -> linear(1)]"
    )
    map_, vector = 2 * 4 * 4, 1
    counted = {path: found for path, (_, found) in alive(net).items()}
    assert list(counted.values()) == [2 * map_, 2 * map_, 3 * map_, 3 * map_, map_, map_ + vector]


def test_outputs_are_counted_to_the_end() -> None:
    net = network("input: [2, 4, 4]\nlayers: ['conv(2, 1)', outputs: {a: 'conv(2, 1)', b: 'conv(2, 1) -> conv(2, 1)'}]")
    assert [found for _, found in alive(net).values()] == [64, 64, 96, 96]


@pytest.mark.parametrize(
    ("cls", "attribute", "wrong", "text"),
    [
        (Flatten, "storage", "new", "layers: ['conv(4, 1) -> flatten -> linear(3)']"),
        (ChannelSplit, "storage", "view", "layers: ['conv(4, 1) -> channel_split(2, 0)']"),
        (TwoSteps, "in_steps", False, "layers: ['separable_conv(4, 3, padding=1)']"),
    ],
)
def test_a_wrong_declaration_is_found(
    cls: type, attribute: str, wrong: object, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verify(network(text)).held
    monkeypatch.setattr(cls, attribute, wrong)
    verdict = verify(network(text))
    assert {check.what for layer in verdict.layers for check in layer.differences} >= {WHAT}


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_is_the_input_itself_for_views_and_for_nothing_else(kind: str) -> None:
    """This is how the executor tells what is alive, whatever the kind says."""
    rng = Random(kind)
    for layer, shapes in random_cases(kind, 12):
        inputs = tuple(random_map(rng, shape) for shape in shapes)
        made: Map = calculate(layer, inputs, Arrays(rng))
        assert any(made.values is x.values for x in inputs) == (kind_class(kind).storage == "view")
