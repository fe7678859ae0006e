"""Narrowing: how channels go through every kind, and what is left of networks that divide, split and join them."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.execution.narrow import narrow_to
from cnncalc.execution.verify import verify
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import CarriesChannels, Example, Layer, Maps, Shape, Shapes, Weightless, Work
from cnncalc.layers.channels import Apart, Carried, Channels, Chosen
from cnncalc.layers.conv import Conv
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Reach
from cnncalc.network import INPUT, Network, Node

from ..layers.cases import random_cases
from ..networks import network

GATED = """
input: [3, 20, 20]
blocks:
  unit(out, stride=1):
    - add:
        body: conv(2 * out, 1) -> conv(2 * out, 3, stride, 1, groups=2 * out) -> gate -> conv(out, 1)
        shortcut: conv(out, 1, stride)
    - relu
  gate:
    - multiply:
        map: identity
        gate: global_avg_pool -> conv(channels // 4, 1) -> relu -> conv(in_channels, 1) -> sigmoid
layers:
  - conv(16, 3, 2, 1)
  - unit(24) -> unit(24) -> unit(40, 2)
  - global_avg_pool -> flatten -> linear(10)
"""
SHUFFLED = """
input: [3, 16, 16]
layers:
  - conv(48, 3, 1, 1)
  - add:
      body: conv(24, 1, groups=3) -> channel_shuffle(3) -> depthwise_conv(3, padding=1) -> conv(48, 1, groups=3)
      skip: identity
  - concat:
      left: channel_split(2, 0)
      right: channel_split([24, 24], 1) -> conv(24, 3, padding=1)
  - channel_shuffle(2)
  - conv(36, 1) -> pixel_shuffle(3) -> group_norm(2)
  - global_avg_pool -> reshape([4]) -> reshape([4, 1, 1])
"""
DENSE = """
input: [3, 12, 12]
blocks:
  dense:
    - concat:
        before: identity
        new: conv(32, 3, padding=1)
layers:
  - conv(64, 3, padding=1)
  - dense * 4
  - add:
      - conv(192, 1)
      - identity
"""


WIDER = 60
# arguments that count channels, and must be as many times more as there are more input channels
COUNTED = {"reshape": "shape", "channel_split": "parts", "split": "parts", "slice": "start"}
ALL_KEPT = Carried((1,)), Carried((1,), dropped=True)  # where channels become positions, or are taken step by step


def of_one(layer: Layer, inputs: Shapes) -> Network:
    """Convolutions, or linear layers, that give a layer these inputs, and the layer."""
    span = network("layers: [relu]").nodes[0].span
    nodes: list[Node] = []
    start = (5, *inputs[0][1:])
    for index, shape in enumerate(inputs):
        source = kind_class("linear")(out=shape[0]) if len(shape) == 1 else kind_class("conv")(out=shape[0], kernel=1)
        before = (5, *shape[1:])
        nodes.append(Node(index, f"{index}", source, (INPUT,), (before,), source.output_shape((before,)), span))
    merged = tuple(range(len(inputs)))
    nodes.append(Node(len(inputs), "it", layer, merged, inputs, layer.output_shape(inputs), span))
    return Network("", "", "", {"input": start}, tuple(nodes), (), {"": len(inputs)})


def narrowed(layer: Layer, inputs: Shapes) -> Node:
    """The layer as it is left with the fewest channels, all sizes kept."""
    net = of_one(layer, inputs)
    shapes = {INPUT: net.input}
    found = narrow_to(net, [net.input[1:]], joined=True, bare=True).nodes[-1]
    assert [shape[1:] for shape in found.input_shapes] == [shape[1:] for shape in inputs], shapes
    return found


def wider(layer: Layer, inputs: Shapes) -> tuple[Layer, Shapes] | None:
    """The layer on so many times as many channels, but for those that a merge broadcasts; None where it takes none."""
    name = COUNTED.get(layer.kind) if getattr(layer, "axis", 0) % len(inputs[0]) == 0 else None
    value: Any = getattr(layer, name) if name else 0
    if name == "start":
        stop = getattr(layer, "stop", None)
        layer = layer.replace(start=value * WIDER, stop=None if stop is None else stop * WIDER)
    if name == "shape":
        layer = layer if value[0] == "rest" else layer.replace(shape=(value[0] * WIDER, *value[1:]))
    elif isinstance(value, tuple):
        layer = layer.replace(parts=tuple(part * WIDER for part in value))
    widest = max(shape[0] for shape in inputs)
    all_of_them = layer.kind == "concat"
    wide = tuple((shape[0] * WIDER, *shape[1:]) if all_of_them or shape[0] == widest else shape for shape in inputs)
    try:
        layer.output_shape(wide)
    except LayerError:
        return None
    return layer, wide


def test_learned_numbers_are_narrowed_with_what_they_meet() -> None:
    """The channels of the convolution are free, so that its and the learned ones are as few as each other."""
    net = network("layers: [{add: ['conv(96, 1)', 'learned([96, 8, 8])']}, 'conv(5, 1)']")
    narrow = narrow_to(net, [(8, 8)], joined=True, bare=True)
    assert [node.output for node in narrow.nodes] == [(1, 8, 8)] * 4
    assert verify(net).held


@pytest.mark.parametrize(
    ("transpose", "wide", "narrow"),
    [
        ("none", ((64, 5), (5, 7)), ((1, 5), (5, 7))),  # M×K, K×N: only the rows are channels
        ("first", ((64, 5), (64, 7)), ((1, 5), (1, 7))),  # K×M, K×N: the channels are summed
        ("second", ((64, 5), (9, 5)), ((1, 5), (9, 5))),  # M×K, N×K: the second ones become positions
        ("second", ((64, 7, 5), (64, 9, 5)), ((1, 7, 5), (1, 9, 5))),  # a product for each channel
        ("none", ((64, 7, 5), (1, 5, 9)), ((1, 7, 5), (1, 5, 9))),
    ],
)
def test_products_narrow_what_does_not_become_positions(transpose: str, wide: Shapes, narrow: Shapes) -> None:
    layer = kind_class("matmul")(transpose=transpose)
    span = network("layers: [relu]").nodes[0].span
    conv = [kind_class("conv")(out=shape[0], kernel=1) for shape in wide]
    starts = {f"{at}": (5, *shape[1:]) for at, shape in enumerate(wide)}
    nodes = [Node(at, f"c{at}", conv[at], (-1 - at,), ((5, *wide[at][1:]),), wide[at], span) for at in (0, 1)]
    nodes.append(Node(2, "it", layer, (0, 1), wide, layer.output_shape(wide), span))
    net = Network("", "", "", starts, tuple(nodes), (), {"": 2})
    assert narrow_to(net, [shape[1:] for shape in wide], joined=True, bare=True).nodes[-1].input_shapes == narrow
    assert verify(net).held


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind_class(kind).sources])
def test_every_kind_narrows(kind: str) -> None:
    """What 60 times as many channels are narrowed to is no more than the layer takes."""
    checked = 0
    for layer, inputs in random_cases(kind, 40):
        if isinstance(layer.channels(inputs, layer.output_shape(inputs)), Apart):
            checked += 1  # tested above
            continue
        if len({shape[1:] for shape in inputs}) > 1 or len(inputs[0]) > 4 or not (found := wider(layer, inputs)):
            continue
        wide_layer, wide = found
        left = narrowed(wide_layer, wide)
        if wide_layer.channels(wide, wide_layer.output_shape(wide)) in ALL_KEPT:
            assert left.input_shapes == wide
            checked += 1
            continue
        for shape, most in zip(left.input_shapes, inputs, strict=True):
            assert shape[0] <= most[0], (layer, inputs, left)
        assert left.output[0] <= layer.output_shape(inputs)[0], (layer, inputs, left)
        assert left.output[1:] == layer.output_shape(inputs)[1:]
        rule = wide_layer.channels(wide, wide_layer.output_shape(wide))
        assert not isinstance(rule, Chosen) or rule.fixed or left.output[0] == rule.groups * rule.parts
        checked += 1
    assert checked >= 5


class _ChannelMean(Weightless, kind="test_channel_mean"):
    """Mean of the channels: [C, *I] → [1, *I]."""

    reference = "none"

    def result_shape(self, inputs: Shapes) -> Shape:
        return (1, *inputs[0][1:])

    def work(self, inputs: Shapes, output: Shape) -> Work:
        return Work(multiplications=1)

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return "pointwise"

    def channels(self, inputs: Shapes, output: Shape) -> Channels:
        return Chosen(fixed=True)

    def execute(self, inputs: Maps, draw: GetWeight, ops: Ops) -> Map:
        return inputs[0]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example({}, ((3, 2),)),)


class _ToThree(_ChannelMean, kind="test_to_three"):
    """Three channels, whatever there are."""

    def result_shape(self, inputs: Shapes) -> Shape:
        return (3, *inputs[0][1:])


def test_a_kind_from_all_channels_to_a_fixed_number_narrows_what_is_before_it() -> None:
    for layer, left in ((_ChannelMean(), 1), (_ToThree(), 3)):
        found = narrowed(layer, ((64, 5, 5),))
        assert (found.input_shapes, found.output) == (((1, 5, 5),), (left, 5, 5))


def test_what_reads_a_fixed_number_of_channels_is_not_narrowed_below_it() -> None:
    """Three channels and those of a convolution are added: the convolution must keep three as well."""
    net = of_one(_ToThree(), ((64, 5, 5),))
    first = net.nodes[0]
    conv = kind_class("conv")(out=3, kernel=1)
    beside = first._replace(index=2, layer=conv, output=(3, 5, 5))
    both = Node(3, "add", kind_class("add")(), (1, 2), ((3, 5, 5), (3, 5, 5)), (3, 5, 5), first.span)
    net = net._replace(nodes=(*net.nodes, beside, both), outputs={"": 3})
    assert [node.output[0] for node in narrow_to(net, [(5, 5)], joined=True, bare=True).nodes] == [1, 3, 3, 3]


@pytest.mark.parametrize(
    ("kind", "settings", "inputs", "expected"),
    [
        ("conv", {"out": 8, "kernel": 3}, ((4, 5),), Chosen()),
        ("conv", {"out": 8, "kernel": 3, "groups": 2}, ((4, 5),), Chosen(2)),
        ("conv", {"out": 8, "kernel": 3, "groups": 4}, ((4, 5),), Carried()),  # depthwise
        ("conv", {"out": 8, "kernel": 3}, ((1, 5),), Chosen()),
        ("depthwise_conv", {"kernel": 3}, ((1, 5),), Carried()),
        ("separable_conv", {"out": 8, "kernel": 3}, ((4, 5),), Chosen()),
        ("linear", {"out": 8}, ((4,),), Chosen()),
        ("group_norm", {"groups": 2}, ((6, 5),), Carried((3,))),
        ("group_norm", {"groups": 6}, ((6, 5),), Carried()),
        ("pixel_shuffle", {"factor": 2}, ((12, 5, 5),), Carried((3,))),
        ("channel_split", {"parts": 3, "take": 0}, ((6, 5),), Carried((2,), dropped=True)),
        ("channel_split", {"parts": (2, 4), "take": 1}, ((6, 5),), Carried((2, 4), dropped=True)),
        ("channel_split", {"parts": 1, "take": 0}, ((6, 5),), Carried((6,))),
    ],
)
def test_channels_by_hand(kind: str, settings: dict[str, Any], inputs: Shapes, expected: Channels) -> None:
    layer = kind_class(kind)(**settings)
    assert layer.channels(inputs, layer.output_shape(inputs)) == expected


def test_a_family_that_carries_channels_says_so() -> None:
    assert issubclass(kind_class("relu"), CarriesChannels)
    assert kind_class("relu")().channels(((4, 5),), (4, 5)) == Carried()


def test_the_least_channels() -> None:
    net = narrow_to(network(GATED), [(20, 20)], joined=False, bare=True)
    assert {node.output[0] for node in net.nodes} == {1}
    with pytest.raises(LayerError):
        narrow_to(network("input: [4, 6, 6]\nlayers: ['reshape([2, 72])']"), [(5, 6)], joined=True)


def test_the_parts_of_a_split_are_divided_alike() -> None:
    net = narrow_to(
        network("layers: ['conv(48, 3) -> channel_split([16, 20, 12], 0)']"), [(8, 8)], joined=True, bare=True
    )
    assert [node.output[0] for node in net.nodes] == [12, 4]
    net = narrow_to(network("layers: ['conv(48, 3) -> channel_split(4, 1)']"), [(8, 8)], joined=True, bare=True)
    assert [node.output[0] for node in net.nodes] == [4, 1]


def test_in_and_out_channels_differ_so_that_they_cannot_be_mistaken() -> None:
    net = narrow_to(network("layers: ['conv(64, 3) -> relu -> conv(128, 3) -> conv(64, 1)']"), [(8, 8)], joined=False)
    assert [node.layer.out for node in net.nodes if isinstance(node.layer, Conv)] == [3, 2, 3]
