"""Kinds of later versions, compared with arithmetic by hand and published numbers."""

from __future__ import annotations

from math import exp, prod, sqrt, tanh

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


@pytest.mark.parametrize(
    ("kind", "settings", "channels", "count"),
    [
        # keras.io, Bidirectional LSTM on IMDB: 98,816 for each layer of 64; 2 · 4 · 64 · (128 + 64 + 1)
        ("lstm", {"hidden": 64, "bidirectional": True, "biases": 1}, 128, 98_816),
        # F. Chollet, Deep Learning with Python, 2017, 6.2: SimpleRNN(32) and LSTM(32) on 32 channels
        ("rnn", {"hidden": 32, "biases": 1}, 32, 2_080),
        ("lstm", {"hidden": 32, "biases": 1}, 32, 8_320),
        # TensorFlow, Text generation with an RNN: GRU(1024) on 256 channels, two vectors: 3 · 1024 · (256 + 1024 + 2)
        ("gru", {"hidden": 1024}, 256, 3_938_304),
        # Keras without reset_after: one vector; 3 · 1024 · (256 + 1024 + 1)
        ("gru", {"hidden": 1024, "biases": 1, "reset_after": False}, 256, 3_935_232),
        ("lstm", {"hidden": 5, "layers": 2, "biases": 0}, 3, 4 * 5 * (3 + 5) + 4 * 5 * (5 + 5)),
    ],
)
def test_parameters_of_recurrent_layers(kind: str, settings: dict[str, object], channels: int, count: int) -> None:
    assert parameters(kind_class(kind)(**settings), (channels, 7)) == count


def test_one_position_of_recurrent_layers_by_hand() -> None:
    """Weights 1 and biases 0: of x = 0.5 and no state, sums of 0.5; at the second position, of 0.5 and the state."""

    def run(kind: str, **settings: object) -> list[float]:
        layer = kind_class(kind)(hidden=1, **settings)
        return list(
            layer.execute((Map((1, 2), [0.5, 0.5]),), lambda name, shape: [1.0] * prod(shape), Numbers()).values
        )

    def sigma(x: float) -> float:
        return 1 / (1 + exp(-x))

    first = tanh(0.5)
    assert run("rnn", biases=0) == pytest.approx([first, tanh(0.5 + first)])
    assert run("rnn", biases=1, activation="relu") == pytest.approx([1.5, 3.0])  # and a bias of 1
    cell = sigma(0.5) * tanh(0.5)  # i·g, and nothing is forgotten
    h = sigma(0.5) * tanh(cell)
    z = 0.5 + h
    cell = sigma(z) * cell + sigma(z) * tanh(z)
    assert run("lstm", biases=0) == pytest.approx([h, sigma(z) * tanh(cell)])
    h = (1 - sigma(0.5)) * tanh(0.5)
    r = sigma(0.5 + h)
    last = (1 - r) * tanh(0.5 + r * h) + r * h
    assert run("gru", biases=0) == pytest.approx([h, last])
    # where the reset gate comes after the product and its bias, it is another bias than the input's
    after = run("gru")
    before = run("gru", reset_after=False)
    assert after[0] == pytest.approx((1 - sigma(2.5)) * tanh(1.5 + sigma(2.5)))
    assert before[0] == pytest.approx((1 - sigma(2.5)) * tanh(2.5))


def test_recurrent_layers_reject_what_is_no_sequence() -> None:
    for shape, help_text in (((8,), "reshape"), ((8, 4, 4), "reshape")):
        with pytest.raises(LayerError, match="needs a sequence") as found:
            kind_class("gru")(hidden=3).output_shape((shape,))
        assert found.value.code == "wrong-rank"
        assert help_text in found.value.help
    for settings in ({"biases": 3}, {"layers": 101}):
        with pytest.raises(LayerError) as found:
            kind_class("lstm")(hidden=3, **settings)
        assert found.value.code == "bad-argument"


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
