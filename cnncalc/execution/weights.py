"""The arrays of layers: given by the user, or sampled from a seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import inf, isfinite, prod, sqrt
from random import Random
from typing import Any

from cnncalc.errors import CnncalcError, Problem, Problems
from cnncalc.given import GivenArray, GivenWeights
from cnncalc.layers.arguments import format_value
from cnncalc.layers.base import Shape, Weight
from cnncalc.nearest import did_you_mean
from cnncalc.network import INPUT_NAME, Network, Node
from cnncalc.paths import PathError, PathFinder
from cnncalc.records import NamedTuple

BLOCK = 2**16  # numbers that are sampled at once
Array = Any  # a number, or a list of arrays


class FlatArray(NamedTuple):
    """An array as its shape and a flat list."""

    shape: Shape
    values: list[float]


class NestedError(CnncalcError):
    """Nested lists do not form an array of numbers."""


def flatten_array(nest: Array) -> FlatArray:
    """Convert nested lists to an array. Raises NestedError if they are ragged or contain anything but numbers."""
    level = [nest]
    shape: list[int] = []
    while level and isinstance(level[0], list | tuple):
        sizes = {len(item) if isinstance(item, list | tuple) else -1 for item in level}
        if len(sizes) > 1:
            raise NestedError(f"the lists at depth {len(shape) + 1} are not equally long")
        shape.append(len(level[0]))
        level = [inner for item in level for inner in item]
    if prod(shape) == 0:
        raise NestedError("a list is empty")
    for item in level:
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise NestedError(f"numbers are expected, found {_describe_item(item)}")
    try:
        values = [float(item) for item in level]
    except OverflowError:
        values = [inf]
    if not all(map(isfinite, values)):
        raise NestedError("finite numbers are expected, found one that is infinite or not a number")
    return FlatArray(tuple(shape), values)


def _describe_item(item: object) -> str:
    """Describe an item that is not a number; for a deeply nested one, only its type."""
    if isinstance(item, list | tuple):
        return "lists of different depth"
    return "a mapping" if isinstance(item, dict) else repr(str(item)[:40])


def nest(shape: Shape, values: list[Any]) -> Array:
    """Convert a flat list to nested lists."""
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values


class Weights:
    """The arrays for `run`. A layer that is applied again has the arrays of its first application.

    If only some arrays of a layer are given, the others have their neutral value: a bias is 0, a norm is the identity.
    Arrays of other layers are sampled from the seed, each from its own random stream named by the seed, the path and
    the array, so that none depends on the others: a kernel and its bias uniformly within ±1/√n, where n is the number
    of inputs of one output, everything else uniformly within ½ of its neutral value.
    """

    def __init__(self, network: Network, given: Mapping[tuple[str, str], FlatArray], seed: int | None) -> None:
        self.network = network
        self.given = given
        self.owners = {path for path, _ in given}
        self.seed = seed or 0

    def __call__(self, node: Node, name: str, shape: Shape) -> list[float]:
        owner = self.network.nodes[node.shares] if node.shares is not None else node
        array = self.given.get((owner.path, name))
        if array is None:
            neutral = _get_neutral_values(owner)[name] if owner.path in self.owners else None
            return sample_array(self.seed, owner, name, shape) if neutral is None else [float(neutral)] * prod(shape)
        assert array.shape == shape, f"{owner.path}.{name} is {array.shape}, but {shape} is needed"
        return array.values


def _get_neutral_values(node: Node) -> dict[str, int | None]:
    """The neutral value of each array of a layer."""
    return {weight.name: weight.neutral for weight in node.layer.weights(node.input_shapes)}


def list_omitted(network: Network, given: Mapping[tuple[str, str], FlatArray]) -> list[str]:
    """The omitted arrays of layers with other arrays given, e.g. `conv1.bias`; they have their neutral values."""
    owners = {path for path, _ in given}
    return [
        f"{node.path}.{name}"
        for node in network.nodes
        if node.path in owners and node.shares is None
        for name, neutral in _get_neutral_values(node).items()
        if (node.path, name) not in given and neutral is not None
    ]


def sample_array(seed: int, node: Node, name: str, shape: Shape) -> list[float]:
    """Sample an array of a layer, by the rule in the docstring of `Weights`."""
    return list(chain.from_iterable(sample_blocks(seed, node, name, shape)))


def sample_blocks(seed: int, node: Node, name: str, shape: Shape) -> Iterator[list[float]]:
    """The same array in blocks, so that a large one need not be in memory."""
    chance = Random(f"{seed} {node.path} {name}").random
    kernel: Weight | None = None  # the array before a bias
    for weight in node.layer.weights(node.input_shapes):
        kernel = weight if weight.role != "bias" else kernel
        if weight.name == name:
            break
    if kernel is None or kernel.neutral is None:
        bound = 1 / sqrt(prod((kernel.shape if kernel else shape)[1:]))
        low, width = -bound, 2 * bound
    else:
        low, width = (weight.neutral or 0) - 0.5, 1.0
    for left in range(prod(shape), 0, -BLOCK):
        yield [low + width * chance() for _ in range(min(left, BLOCK))]


def sample_input(seed: int, shape: Shape, label: str = INPUT_NAME) -> FlatArray:
    """An input from the seed, uniform from 0 to 1, as a picture's brightness; each has a stream of its own."""
    chance = Random(f"{seed} {label}").random
    return FlatArray(shape, [chance() for _ in range(prod(shape))])


def check_weights(
    network: Network, given: GivenWeights, *, complete: bool
) -> tuple[dict[tuple[str, str], FlatArray], list[Problem]]:
    """The given arrays by path and name, and the problems with them.

    With `complete`, an array that is not given is also a problem.
    """
    keepers = {node.path: node for node in network.nodes if node.shares is None and _get_weight_shapes(node)}
    found: dict[tuple[str, str], FlatArray] = {}
    finder = PathFinder(keepers, what="layer with weights", former=network.former_paths)
    problems = Problems()
    tried: set[tuple[str, str]] = set()
    for path, arrays in given.items():
        if problems.full:
            break
        span = next((array.span for array in arrays.values()), None)
        try:
            node = keepers[finder.find(path)]
        except PathError as error:
            problems.add(Problem("unknown-name", f"`weights`: {error.message}", span, error.help))
            continue
        for name, array in arrays.items():
            if problems.full:
                return found, problems.found
            weight = _find_weight(node, name)
            problem = _check_duplicate(node, name, weight, arrays, array) or _check_array(
                node, name, weight, array, found
            )
            if problem:
                problems.add(problem)
            tried.add((node.path, weight.name if weight else name))
    for problem in _report_missing(keepers.values(), tried) if complete else ():
        problems.add(problem)
    return found, problems.found


def _get_weight_shapes(node: Node) -> dict[str, Shape]:
    return {weight.name: weight.shape for weight in node.layer.weights(node.input_shapes)}


def _find_weight(node: Node, name: str) -> Weight | None:
    """Find the declaration of an array by its name or its alias."""
    declared = node.layer.weights(node.input_shapes)
    return next((weight for weight in declared if name in (weight.name, weight.alias)), None)


def _check_duplicate(
    node: Node, name: str, weight: Weight | None, arrays: Mapping[str, GivenArray], array: GivenArray
) -> Problem | None:
    """The problem of an array that is given both by its name and by its alias."""
    if weight is None or name == weight.name or weight.name not in arrays:
        return None
    text = f"`{weight.name}` of {node.path} is given twice, also as `{name}`"
    return Problem("duplicate-key", text, array.span, "leave one of them out", node.path)


def _check_array(
    node: Node, name: str, weight: Weight | None, array: GivenArray, found: dict[tuple[str, str], FlatArray]
) -> Problem | None:
    """Add a given array to `found`, or return the problem with it."""
    if weight is None:
        wanted = _get_weight_shapes(node)
        hint = did_you_mean(name, wanted) or "its arrays are " + ", ".join(wanted)
        text = f"the {node.layer.kind} {node.path} has no array `{name}`"
        return Problem("unknown-name", text, array.span, hint, node.path)
    try:
        shaped = flatten_array(array.value)
    except NestedError as error:
        return Problem("bad-value", f"`{name}` of {node.path}: {error}", array.span, path=node.path)
    if shaped.shape != weight.shape:
        text = f"`{name}` of {node.path} is {format_value(shaped.shape)}, but {format_value(weight.shape)} is needed"
        return Problem("shape-mismatch", text, array.span, path=node.path)
    for at, value in enumerate(shaped.values if weight.role == "buffer" else ()):
        if why := node.layer.reject(weight.name, value):
            text = f"`{name}` of {node.path} is {format_value(value)} at index {at}, but {why}"
            return Problem("bad-value", text, array.span, path=node.path)
    found[node.path, weight.name] = shaped
    return None


def _report_missing(keepers: Iterable[Node], tried: set[tuple[str, str]]) -> list[Problem]:
    """One problem for all missing arrays that do not have a neutral value."""
    begun = {path for path, _ in tried}
    left = [
        (node, name, shape)
        for node in keepers
        for name, shape in _get_weight_shapes(node).items()
        if (node.path, name) not in tried and (node.path not in begun or _get_neutral_values(node)[name] is None)
    ]
    if not left:
        return []
    node, name, shape = left[0]
    more = f", nor {len(left) - 1:,} other arrays" if len(left) > 1 else ""
    text = f"`{name}` {format_value(shape)} of {node.path} is not given{more}"
    return [Problem("missing-key", text, None, "add --seed to sample the arrays that are left out", node.path)]


def get_ones(node: Node, name: str, shape: Shape) -> list[float]:
    """An array of ones, for interpretations that ignore the values."""
    return [1.0] * prod(shape)
