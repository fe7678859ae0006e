"""Kinds of later versions, compared with arithmetic by hand and published numbers."""

from __future__ import annotations

from math import sqrt

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.layers import kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.ops import Map

# LeCun et al. 1998, Table I: the maps of S2 that each map of C3 reads.
TABLE_I = (
    *((n, n + 1, n + 2) for n in range(4)), (0, 4, 5), (0, 1, 5),
    *((n, n + 1, n + 2, n + 3) for n in range(3)), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5),
)  # fmt: skip


def parameters(layer: Layer, shape: Shape) -> int:
    total = 0
    for weight in layer.weights((shape,)):
        size = 1
        for axis in weight.shape:
            size *= axis
        total += size if weight.role != "buffer" else 0
    return total


def test_c3_of_lenet_5_has_1516_parameters() -> None:
    """(6·3 + 9·4 + 6) · 25 + 16 = 1,516, as the paper says."""
    layer = kind_class("table_conv")(connections=TABLE_I, kernel=5)
    assert layer.output_shape(((6, 14, 14),)) == (16, 10, 10)
    assert parameters(layer, (6, 14, 14)) == 1516
    assert layer.work(((6, 14, 14),), (16, 10, 10)).macs == 60 * 25 * 100


def test_l4_of_deepface_has_its_published_size() -> None:
    """DeepFace, 3: L4 has 16 filters of 9×9×16 at each of 55×55 positions of a 63×63 map."""
    layer = kind_class("locally_connected")(out=16, kernel=9, bias=False)
    assert layer.output_shape(((16, 63, 63),)) == (16, 55, 55)
    assert parameters(layer, (16, 63, 63)) == 55 * 55 * 16 * 9 * 9 * 16


@pytest.mark.parametrize(
    ("kind", "settings", "count"),
    [
        ("scale", {}, 4), ("scale", {"per": "all"}, 1), ("scale", {"per": "position"}, 15),
        ("shift", {"per": "element"}, 60), ("prelu", {"per": "position"}, 15), ("prelu", {"shared": True}, 1),
        ("batch_norm", {"scale": False}, 4), ("layer_norm", {"shift": False}, 4),
        ("group_norm", {"groups": 2, "affine": False, "scale": True}, 0), ("rms_norm", {}, 4), ("response_norm", {}, 8),
        ("l2_norm", {}, 0), ("pixel_unshuffle", {"factor": 1}, 0),
        ("standardized_conv", {"out": 2, "kernel": 3, "gain": True}, 2 * 4 * 9 + 2 + 2),
    ],
)  # fmt: skip
def test_parameters(kind: str, settings: dict[str, object], count: int) -> None:
    assert parameters(kind_class(kind)(**settings), (4, 3, 5)) == count


def test_values_by_hand() -> None:
    def run(kind: str, x: Map, **settings: object) -> list[float]:
        arrays = {"weight": 1.0, "bias": 0.0}
        layer = kind_class(kind)(**settings)
        return list(layer.execute((x,), lambda name, shape: [arrays[name]] * shape[0], Numbers()).values)

    assert run("l2_norm", Map((2, 1), [3.0, 4.0])) == pytest.approx([0.6, 0.8])
    assert run("rms_norm", Map((2, 1), [3.0, 4.0]), epsilon=0) == pytest.approx([3 / sqrt(12.5), 4 / sqrt(12.5)])
    # norms of the channels 5 and 0, their mean 2.5: the first is doubled and added to itself, the second stays 0
    found = run("response_norm", Map((2, 2), [3.0, 4.0, 0.0, 0.0]), epsilon=0)
    assert found == pytest.approx([9.0, 12.0, 0.0, 0.0])
    # a 1×4×2 map: positions of each 2×2 block become channels, row by row
    found = run("pixel_unshuffle", Map((1, 4, 2), [1, 2, 3, 4, 5, 6, 7, 8]), factor=2)
    assert found == [1, 5, 2, 6, 3, 7, 4, 8]


def test_wrong_channels_and_unordered_lists_are_rejected() -> None:
    with pytest.raises(LayerError, match="input channel 2, but the input has the channels 0 to 1"):
        kind_class("table_conv")(connections=((0, 2),), kernel=1).output_shape(((2, 3, 3),))
    for connections in (((1, 0),), ((0, 0),), ((),), (), (1,)):
        with pytest.raises(LayerError, match="ascending order"):
            kind_class("table_conv")(connections=connections, kernel=1)
    with pytest.raises(LayerError, match="cannot divide a spatial size of 3"):
        kind_class("pixel_unshuffle")(factor=2).output_shape(((1, 4, 3),))
    with pytest.raises(LayerError, match="one slope for all"):
        kind_class("prelu")(shared=True, per="element").output_shape(((1, 4, 3),))
