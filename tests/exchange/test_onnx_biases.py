"""Tables of relative positions and unpoolings in ONNX files, as others write them, against what their papers say."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, prod
from pathlib import Path
from typing import Any

import pytest

from cnncalc import limits
from cnncalc.reading import Reading

from .onnx_files import model, node, tensor
from .test_onnx import calls, folder, reading, refused  # noqa: F401  # a fixture

# Swin's relative_position_index of a window of 2×2, computed by its code:
# https://github.com/microsoft/Swin-Transformer/blob/main/models/swin_transformer.py
PAIRS = [4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4]
TO_HEADS: dict[str, Any] = {"perm": [2, 0, 1]}
SCORES = {"x": (1, 3, 4, 4)}


def table_file(pairs: Sequence[int] = PAIRS, shape: Sequence[int] = (4, 4), **attributes: Any) -> bytes:
    """Scores of 3 heads and 4 positions, to which a bias is added, rows of a table of 9 offsets."""
    nodes = [
        node("Gather", "table pairs", "rows", **attributes),
        node("Reshape", "rows sizes", "square"),
        node("Transpose", "square", "heads", **TO_HEADS),
        node("Unsqueeze", "heads zero", "bias"),
        node("Add", "x bias", "y"),
    ]
    tensors = [
        tensor("table", (9, 3)),
        tensor("pairs", shape, pairs),
        tensor("sizes", (3,), [4, 4, -1]),
        tensor("zero", (1,), [0]),
    ]
    return model(nodes, inputs=SCORES, outputs=["y"], tensors=tensors)


@pytest.mark.parametrize("shape", [(4, 4), (16,)])
def test_rows_of_a_learned_table_are_a_bias_of_positions(folder: Path, shape: Sequence[int]) -> None:  # noqa: F811
    found = reading(folder, table_file(shape=shape))
    assert calls(found) == ["relative_position_bias(3, [2, 2])", "add"]
    assert parameters(found) == 9 * 3


def test_other_rows_are_no_bias_of_positions(folder: Path) -> None:  # noqa: F811
    """A transposed index is that of j − i, which is another layer."""
    turned = [PAIRS[4 * column + row] for row in range(4) for column in range(4)]
    (message,) = refused(reading(folder, table_file(turned)))
    assert "its weights are computed by other nodes" in message


def computed_file(*, after: bool, factor: float = 16.0, scale: float = 8.0, base: float = 8.0) -> bytes:
    """The same with a table that two linear layers compute; its sigmoid is after the rows, as torchvision's Swin V2 has
    it, or before them, as this program writes it."""
    steps = [-1, 0, 1]
    spaced = [(0 if not at else at / abs(at)) * log2(1 + scale * abs(at)) / log2(base) for at in steps]
    coordinates = [float(value) for y in spaced for x in spaced for value in (y, x)]
    linear = [
        node("MatMul", "coordinates w1", "a"),
        node("Add", "a b1", "b"),
        node("Relu", "b", "c"),
        node("MatMul", "c w2", "d"),
        node("Reshape", "d rows", "e"),
    ]
    bound = [node("Sigmoid", "e" if not after else "h", "s"), node("Mul", "factor s", "m")]
    looked_up = [
        node("Gather", "m pairs" if not after else "e pairs", "f"),
        node("Reshape", "f sizes", "g"),
        node("Transpose", "g", "h", **TO_HEADS),
    ]
    end = [node("Unsqueeze", "h zero" if not after else "m zero", "i"), node("Add", "x i", "y")]
    nodes = [*linear, *looked_up, *bound, *end] if after else [*linear, *bound, *looked_up, *end]
    tensors = [
        tensor("coordinates", (1, 3, 3, 2), coordinates),
        tensor("w1", (2, 5)),
        tensor("b1", (5,)),
        tensor("w2", (5, 3)),
        tensor("rows", (2,), [-1, 3]),
        tensor("factor", (), [factor]),
        tensor("pairs", (16,), PAIRS),
        tensor("sizes", (3,), [4, 4, -1]),
        tensor("zero", (1,), [0]),
    ]
    return model(nodes, inputs=SCORES, outputs=["y"], tensors=tensors)


@pytest.mark.parametrize("after", [True, False])
def test_a_table_that_is_computed_is_a_continuous_bias(folder: Path, after: bool) -> None:  # noqa: F811
    found = reading(folder, computed_file(after=after))
    assert calls(found) == ["continuous_position_bias(3, [2, 2], hidden=5)", "add"]
    assert parameters(found) == 2 * 5 + 5 + 5 * 3


@pytest.mark.parametrize("other", [{"factor": 8.0}, {"scale": 4.0}, {"base": 4.0}])
@pytest.mark.parametrize("after", [True, False])
def test_a_table_that_is_computed_otherwise_is_refused(
    folder: Path,  # noqa: F811
    other: dict[str, float],
    after: bool,
) -> None:
    assert refused(reading(folder, computed_file(after=after, **other)))


def test_positions_of_a_file_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    assert limits.ONNX_POSITIONS < limits.ONNX_POSITIONS_TOTAL
    for limit in ("ONNX_POSITIONS", "ONNX_POSITIONS_TOTAL"):
        with monkeypatch.context() as patch:
            patch.setattr(limits, limit, 16)
            assert not reading(folder, table_file()).failed
            patch.setattr(limits, limit, 15)
            assert refused(reading(folder, table_file()))


def unpooled(**attributes: Any) -> bytes:
    """A max pool of 2×2 of a map of 5×4, and an unpooling by its indices."""
    pool: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2], **attributes}
    nodes = [node("MaxPool", "x", "p i", **pool), node("Relu", "p", "r"), node("MaxUnpool", "r i size", "y", **pool)]
    tensors = [tensor("size", (4,), [1, 3, 5, 4])]
    return model(nodes, inputs={"x": (1, 3, 5, 4)}, outputs=["y"], tensors=tensors)


def test_an_unpooling_takes_the_indices_of_its_pool(folder: Path) -> None:  # noqa: F811
    found = reading(folder, unpooled())
    assert found.require_network().nodes[-1].output == (3, 5, 4)
    assert calls(found)[-1].startswith("max_unpool(")


def test_indices_are_read_by_unpoolings_alone(folder: Path) -> None:  # noqa: F811
    pool: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [node("MaxPool", "x", "p i", **pool), node("Relu", "i", "y")]
    (message,) = refused(reading(folder, model(nodes, inputs={"x": (1, 3, 4, 4)}, outputs=["y"])))
    assert "its input is the indices of a max pool" in message
    (message,) = refused(reading(folder, unpooled(storage_order=1)))
    assert "counts columns first" in message


@pytest.mark.parametrize("op", ["MaxUnpool", "Conv", "Concat", "Gather", "PositionBias"])
def test_indices_in_other_places_are_refused(folder: Path, op: str) -> None:  # noqa: F811
    pool: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
    for inputs in ("i", "i i", "p i", "i p", "p p", "i i i", "i w", "w i", "w w w w"):
        nodes = [node("MaxPool", "x", "p i", **pool), node(op, inputs, "y", axis=1)]
        data = model(nodes, inputs={"x": (1, 3, 4, 4)}, outputs=["y"], tensors=[tensor("w", (3, 3))])
        found = reading(folder, data)
        assert found.failed or op == "Concat"


def test_slices_backwards_are_flips(folder: Path) -> None:  # noqa: F811
    """As PyTorch exports `flip`, and a part of an axis in reverse order."""

    def calls_of(start: int, stop: int, step: int) -> list[str]:
        tensors = [tensor(name, (1,), [value]) for name, value in zip("abcd", (start, stop, 2, step), strict=True)]
        data = model([node("Slice", "x a b c d", "y")], inputs={"x": (1, 3, 4, 4)}, outputs=["y"], tensors=tensors)
        return calls(reading(folder, data))

    assert calls_of(-1, -(2**63), -1) == ["flip(1)"]
    assert calls_of(2, 0, -1) == ["slice(1, 1, stop=3)", "flip(1)"]


def parameters(found: Reading) -> int:
    nodes = found.require_network().nodes
    return sum(prod(weight.shape) for each in nodes for weight in each.layer.weights(each.input_shapes))
