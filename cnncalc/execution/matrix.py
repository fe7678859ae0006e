"""Linear layers as the matrix that multiplies their flattened input: one layer, or a chain as a product."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc import limits
from cnncalc.errors import UsageError
from cnncalc.execution.interpretations import DOT, Numbers
from cnncalc.execution.run import GetNodeWeight, execute
from cnncalc.layers.ops import Map
from cnncalc.network import Node

Matrix = list[list[float]]  # a row for every output, a column for every input


def compute_matrix(node: Node, weigh: GetNodeWeight) -> Matrix:
    """The matrix of a layer without its bias: each column is the output for a single 1. Raises UsageError.

    The rows of a convolution contain its shifted kernel; a transposed convolution has the transpose of such a matrix.
    """
    if not node.layer.linear or len(node.inputs) > 1:
        raise UsageError(f"{node.path} is a {node.layer.kind}, not a linear layer, so it has no matrix")
    inputs, outputs = prod(node.input_shapes[0]), prod(node.output)
    if inputs * outputs > limits.MATRIX_ELEMENTS:
        raise UsageError(
            f"the matrix of {node.path} has {outputs:,} × {inputs:,} elements, and more than"
            f" {limits.MATRIX_ELEMENTS:,} are not shown; a smaller --input makes it smaller"
        )

    constants = {weight.name for weight in node.layer.weights(node.input_shapes) if weight.neutral == 0}

    def without_constants(node: Node, name: str, shape: tuple[int, ...]) -> list[float]:
        return [0.0] * prod(shape) if name in constants else weigh(node, name, shape)

    def apply_layer(values: list[float]) -> list[float]:
        return list(execute(node, (Map(node.input_shapes[0], values),), without_constants, Numbers()).values)

    border = apply_layer([0.0] * inputs)  # of a pad with other values than 0
    columns = []
    for at in range(inputs):
        single = [0.0] * inputs
        single[at] = 1.0
        columns.append([value - rest for value, rest in zip(apply_layer(single), border, strict=True)])
    return [list(row) for row in zip(*columns, strict=True)]


def multiply_matrices(nodes: Sequence[Node], weigh: GetNodeWeight) -> Matrix:
    """The matrix of a chain of layers without their biases, the product of their matrices. Raises UsageError."""
    made = compute_matrix(nodes[0], weigh)
    for node in nodes[1:]:
        following = compute_matrix(node, weigh)
        if (count := len(following) * len(made[0])) > limits.MATRIX_ELEMENTS:
            raise UsageError(
                f"the matrix up to {node.path} has {len(following):,} × {len(made[0]):,} = {count:,} elements, and more"
                f" than {limits.MATRIX_ELEMENTS:,} are not shown; a smaller --input makes it smaller"
            )
        columns = list(zip(*made, strict=True))
        made = [[DOT(row, column) for column in columns] for row in following]
    return made
