"""Parts of maps against whole maps: for every kind that is executed on a part, in random settings."""

from __future__ import annotations

from itertools import product
from math import prod
from random import Random

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.parts import (
    Box,
    Part,
    can_execute_part,
    cover,
    cut_node,
    execute_part,
    find_index,
    find_read,
    find_unit,
)
from cnncalc.execution.run import GetNodeWeight
from cnncalc.layers import KINDS
from cnncalc.layers.ops import Map
from cnncalc.network import Node

from ..layers.cases import random_cases
from .one import Arrays, random_map

CASES = 12  # of each kind
IN_PARTS = {"conv", "depthwise_conv", "max_pool", "avg_pool", "table_conv", "relu", "batch_norm", "add", "concat"}


def weigh_by(arrays: Arrays) -> GetNodeWeight:
    return lambda node, name, shape: arrays(name, shape)


def random_box(rng: Random, shape: tuple[int, ...]) -> Box:
    firsts = [rng.randrange(size) for size in shape[1:]]
    return tuple(range(first, rng.randint(first + 1, size)) for first, size in zip(firsts, shape[1:], strict=True))


def cases(kind: str) -> list[Node]:
    found = []
    for layer, shapes in random_cases(kind, 20 * CASES):
        node = Node(0, "it", layer, tuple(range(-1, -1 - len(shapes), -1)), shapes, layer.output_shape(shapes), None)  # type: ignore[arg-type]
        if can_execute_part(node) and sum(map(prod, shapes)) < 2_000 and sum(layer.work(shapes, node.output)) < 200_000:
            found.append(node)
    return found[:CASES]


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_that_of_the_whole(kind: str) -> None:
    rng = Random(f"parts {kind}")
    found = cases(kind)
    assert found or kind not in IN_PARTS
    for node in found:
        maps = [random_map(rng, shape) for shape in node.input_shapes]
        arrays = Arrays(rng)
        whole = Part(node.output, cover(node.output), node.layer.execute(tuple(maps), arrays, Numbers()))
        box = random_box(rng, node.output)
        parts = [
            Part(x.shape, read, Part(x.shape, cover(x.shape), x).cut(read))
            for x, read in zip(maps, find_read(node, box), strict=True)
        ]
        made = execute_part(node, parts, box, weigh_by(arrays), Numbers())
        assert repr(made) == repr(whole.cut(box)), (node.layer, node.input_shapes, box)
        assert cut_node(node, {0: box}).output == made.shape
        assert cut_node(node, {0: box}).input_shapes == tuple(part.made.shape for part in parts)


def test_units_of_a_box() -> None:
    box = (range(3, 5), range(2, 5))
    units = [(channel, *place) for channel in range(2) for place in product(*box)]
    assert [find_unit(at, box) for at in range(12)] == units
    assert [find_index(unit, box) for unit in units] == list(range(12))
    assert Part((1, 9, 9), (range(9),) * 2, Map((1, 9, 9), list(range(81)))).cut(box).values == [
        29, 30, 31, 38, 39, 40
    ]  # fmt: skip
