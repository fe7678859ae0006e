"""The numbers that textbooks print (worked-examples.yaml), by execution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cnncalc.layers import kind_class
from cnncalc.layers.ops import Map

from .one import apply, count

BOOK: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "reference" / "worked-examples.yaml").read_text(encoding="utf-8")
)


def printed(section: str, what: str) -> dict[str, Any]:
    """The entry of the book whose text begins so."""
    return next(entry for entry in BOOK[section] if entry.get("name", entry.get("what", "")).startswith(what))


def multiplications(kind: str, shape: tuple[int, ...], **settings: Any) -> int:
    return count(kind_class(kind)(**settings), (shape,)).work.multiplications


def test_one_channel_standard_against_spatially_separable() -> None:
    entry = printed("multiplications", "the same as 3x1")
    column = multiplications("conv", (1, 6, 6), out=1, kernel=(3, 1), bias=False)
    row = multiplications("conv", (1, 4, 6), out=1, kernel=(1, 3), bias=False)
    assert [column, row] == entry["parts"] == [72, 48]
    assert multiplications("spatial_separable_conv", (1, 6, 6), out=1, kernel=3) == entry["printed"] == 120
    assert multiplications("conv", (1, 6, 6), out=1, kernel=3) == printed("multiplications", "conv 3x3 on")["printed"]


def test_depthwise_separable() -> None:
    assert (
        multiplications("conv", (3, 8, 8), out=72, kernel=3) == printed("multiplications", "conv 3x3, 8x8")["printed"]
    )
    entry = printed("multiplications", "the same depthwise")
    depthwise = multiplications("depthwise_conv", (3, 8, 8), kernel=3)
    pointwise = multiplications("conv", (3, 6, 6), out=72, kernel=1)
    assert [depthwise, pointwise] == entry["parts"] == [972, 7776]
    assert multiplications("separable_conv", (3, 8, 8), out=72, kernel=3) == entry["printed"]


def test_connections() -> None:
    """A fully connected layer 36 → 16 against a 3×3 convolution of the same 6×6 image."""
    assert multiplications("linear", (36,), out=16) == printed("connections", "fully")["printed"]
    found = count(kind_class("conv")(out=1, kernel=3, bias=False), ((1, 6, 6),))
    assert found.work.multiplications == printed("connections", "sparse")["printed"]
    assert found.arrays == {"weight": (1, 1, 3, 3)}


@pytest.mark.parametrize("entry", BOOK["output-size"], ids=lambda entry: f"{entry['what']} {entry['input']}")
def test_output_sizes(entry: dict[str, Any]) -> None:
    kind = entry["what"].split()[0]
    settings: dict[str, Any] = {}
    if kind != "global_avg_pool":
        kernel = entry.get("kernel", 1)
        settings = {"kernel": tuple(kernel) if isinstance(kernel, list) else kernel, "stride": entry.get("stride", 1)}
        settings |= {"padding": entry.get("padding", 0)}
    if "conv" in kind:
        settings["out"] = entry.get("out", 1)
    shape = tuple(entry["input"])
    wanted = list(entry.get("correct", entry["printed"]))
    assert list(count(kind_class(kind)(**settings), (shape,)).shape)[-len(wanted) :] == wanted


def test_softmax() -> None:
    found = apply("softmax", Map((3,), [2.0, 1.0, 0.1])).values
    assert [round(value, 4) for value in found] == printed("functions", "softmax")["correct"]


def test_other_functions() -> None:
    assert apply("leaky_relu", Map((1,), [-1.0])).values == [printed("functions", "leaky_relu")["printed"]]
    low, high = apply("sigmoid", Map((2,), [-1e-6, 1e-6])).values
    assert (high - low) / 2e-6 == pytest.approx(printed("functions", "largest slope")["printed"])


IMAGE = Map((1, 6, 7), [float((7 * at * at + 3 * at) % 11) for at in range(42)])


def test_sobel_splits_into_a_column_and_a_row() -> None:
    entry = printed("separable-filters", "Sobel")
    kernel = [float(value) for row in entry["kernel"] for value in row]
    column, row = [[float(value) for value in entry[part]] for part in ("column", "row")]
    whole = apply("conv", IMAGE, {"weight": kernel}, out=1, kernel=3, bias=False)
    split = {"column.weight": column, "row.weight": row}
    assert apply("spatial_separable_conv", IMAGE, split, out=1, kernel=3, bias=False) == whole


def test_the_laplacian_does_not_split() -> None:
    """A kernel that splits has rows that are multiples of one another: here every 2×2 minor would have to be 0."""
    (a, b, _), (d, e, _), _ = printed("separable-filters", "Laplacian")["kernel"]
    assert a * e != b * d
    kernel = [0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0]
    whole = apply("conv", IMAGE, {"weight": kernel}, out=1, kernel=3, bias=False)
    split = {"column.weight": [1.0, -4.0, 1.0], "row.weight": [1.0, -4.0, 1.0]}
    assert apply("spatial_separable_conv", IMAGE, split, out=1, kernel=3, bias=False) != whole


def test_gradients_are_convolutions() -> None:
    """Towards the kernel: the input by the output's gradient. Towards the input: fully padded, the kernel turned."""
    x, g, k = (Map((1, n, n), [float(value) for value in range(1, n * n + 1)]) for n in (3, 2, 2))
    kernel = apply("conv", x, {"weight": g.values}, out=1, kernel=2, bias=False)
    assert list(kernel.sizes) == BOOK["gradients"][0]["size"]
    turned = apply("conv", g, {"weight": k.values[::-1]}, out=1, kernel=2, padding="full", bias=False)
    assert list(turned.sizes) == BOOK["gradients"][1]["size"]
    assert turned == apply("transposed_conv", g, {"weight": k.values}, out=1, kernel=2, bias=False)
