"""How fast networks are executed, against the bare dot product of two lists of floats measured in the same run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random

from cnncalc import load
from cnncalc.execution.interpretations import DOT, Numbers
from cnncalc.execution.run import run
from cnncalc.execution.verify import verify
from cnncalc.execution.weights import Weights, sample_input
from cnncalc.layers import kind_class
from cnncalc.layers.ops import Map

from .measure import Section, best, number
from .others import Others

CONVOLUTIONS = (  # input channels, output channels, kernel, size
    (16, 16, 3, 28), (32, 32, 3, 14), (64, 64, 3, 7), (16, 32, 5, 14), (128, 16, 3, 7), (64, 64, 1, 14), (3, 16, 3, 28),
)  # fmt: skip


def bare(length: int) -> float:
    """Seconds of one multiplication in a dot product of two lists."""
    chance = Random(0).random
    a, b = ([chance() for _ in range(length)] for _ in range(2))
    repeats = range(max(400_000 // length, 1))
    return best(lambda: [DOT(a, b) for _ in repeats]) / len(repeats) / length


def convolution(ins: int, outs: int, kernel: int, size: int) -> tuple[float, int]:
    """Seconds of one multiplication in a convolution, and the length of its dot products."""
    chance = Random(1).random
    layer = kind_class("conv")(out=outs, kernel=kernel, padding="half")
    x = Map((ins, size, size), [chance() for _ in range(ins * size * size)])
    arrays = {"weight": [chance() for _ in range(outs * ins * kernel * kernel)], "bias": [0.0] * outs}
    macs = layer.work((x.shape,), layer.output_shape((x.shape,))).macs
    return best(lambda: layer.execute((x,), lambda name, _: arrays[name], Numbers())) / macs, ins * kernel * kernel


def running(name: str) -> tuple[float, int]:
    """Seconds of executing a network whose weights are at hand, and its multiply-accumulates."""
    network = load(name)
    weights = Weights(network, {}, 0)
    arrays = {
        (node.path, weight.name): weights(node, weight.name, weight.shape)
        for node in network.nodes
        for weight in node.layer.weights(node.input_shapes)
    }
    start = Map(*sample_input(0, network.input))
    macs = sum(node.layer.work(node.input_shapes, node.output).macs for node in network.nodes)
    return best(lambda: run(network, [start], lambda node, name, _: arrays[node.path, name], Numbers())), macs


def section(others: Others, env: Mapping[str, str]) -> Section:
    """A row for each layer and each network."""
    rows = []
    for ins, outs, kernel, size in CONVOLUTIONS:
        seconds, length = convolution(ins, outs, kernel, size)
        title = f"conv {kernel}×{kernel}, {ins} → {outs} channels, {size}×{size}"
        rows.append(row(title, seconds, bare(length)))
    for name in ("lenet5", "two_conv"):
        seconds, macs = running(name)
        rows.append([*row(f"run {name}", seconds / macs, bare(144)), number(seconds * 1e3)])
    for name in ("lenet5", "resnet50", "vgg16"):
        rows.append([f"verify {name}", "", "", "", number(best(partial(verify, load(name)), 3) * 1e3)])
    return Section(["executor", "ns a multiplication", "bare dot product", "×", "ms"], rows, [])


def row(title: str, seconds: float, limit: float) -> list[str]:
    """One multiplication beside one of the bare dot product."""
    return [title, number(seconds * 1e9), number(limit * 1e9), number(seconds / limit)]
