"""Models that Keras builds and saves: its applications, and files of all its formats.

Needs keras and torch, its backend here, and h5py, which keras brings: `pip install keras`, `pytest -m torch`.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import pytest

from cnncalc.reading import Reading, read

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

APPLICATIONS = [
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge", "DenseNet121", "DenseNet169",
    "DenseNet201", "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetB4",
    "EfficientNetB5", "EfficientNetB6", "EfficientNetB7", "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2",
    "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S", "InceptionResNetV2", "InceptionV3",
    "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small", "NASNetLarge", "ResNet101", "ResNet101V2",
    "ResNet152", "ResNet152V2", "ResNet50", "ResNet50V2", "VGG16", "VGG19", "Xception",
]  # fmt: skip


def elements(weights: Any) -> int:
    return sum(prod(weight.shape) for weight in weights)


def outputs(found: Reading) -> dict[str, tuple[int, ...]]:
    """The shape that each layer of Keras gives, without axes of size 1, by its name; views give no layer."""
    graph = found.graph
    assert graph is not None
    return {graph.scopes[node.scope].path: _significant(node.output) for node in graph.nodes}


def _significant(shape: Any) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_has_the_weights_and_the_shapes_of_keras(keras: Any, name: str, tmp_path: Path) -> None:
    with keras.device("meta"):
        model = getattr(keras.applications, name)(weights=None)
    (tmp_path / "net.json").write_text(model.to_json())
    found = read(str(tmp_path / "net.json"), inputs=["3x224x224"] if None in model.input.shape[1:] else [])
    assert [problem.message for problem in found.problems] == []
    totals = found.require_report().totals
    assert totals.parameters == elements(model.trainable_weights)
    counters = [weight for weight in model.non_trainable_weights if weight.name == "count"]  # of examples
    assert totals.buffers == elements(model.non_trainable_weights) - len(counters)
    ours = outputs(found)
    compared = 0
    for layer in model.layers:
        shape = layer.output.shape
        if layer.name in ours and None not in shape[1:]:
            assert ours[layer.name] == _significant((shape[-1], *shape[1:-1])), layer.name
            compared += 1
    assert compared > len(model.layers) / 5


def test_files_that_keras_writes(keras: Any, tmp_path: Path) -> None:
    """A `.keras` archive, an `.h5` file and JSON say the same; one with weights alone is refused."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.RandomFlip(),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, padding="same", strides=2, activation="relu"),
            layers.BatchNormalization(),
            layers.SeparableConv2D(4, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.save(tmp_path / "net.keras")
    (tmp_path / "net.json").write_text(model.to_json())
    names = ["net.keras", "net.json"]
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    assert h5py
    model.save(tmp_path / "net.h5")
    model.save_weights(tmp_path / "net.weights.h5")
    networks = [read(str(tmp_path / name)) for name in [*names, "net.h5"]]
    for found in networks:
        assert [problem.message for problem in found.problems] == []
        totals = found.require_report().totals
        assert totals.parameters == elements(model.trainable_weights)
        assert totals.buffers == elements(model.non_trainable_weights)
        assert found.require_network().nodes[-1].output == (3,)
    (problem,) = read(str(tmp_path / "net.weights.h5")).problems
    assert "the file holds weights and no network" in problem.message
    assert json.loads((tmp_path / "net.json").read_text())["class_name"] == "Sequential"


def test_recurrent_layers_have_the_weights_of_keras(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    for first, last in (
        (layers.LSTM(4, return_sequences=True), layers.LSTM(3)),
        (layers.Bidirectional(layers.GRU(4, return_sequences=True)), layers.GRU(3, reset_after=False)),
        (layers.SimpleRNN(4, activation="relu", return_sequences=True), layers.Bidirectional(layers.LSTM(3))),
        (layers.GRU(4, use_bias=False, return_sequences=True), layers.SimpleRNN(3)),
    ):
        model = keras.Sequential([keras.Input((7, 5)), first, last, layers.Dense(2)])
        (tmp_path / "net.json").write_text(model.to_json())
        found = read(str(tmp_path / "net.json"))
        assert [problem.message for problem in found.problems] == []
        assert found.require_report().totals.parameters == elements(model.trainable_weights)
        network = found.require_network()
        assert network.nodes[-1].output == (2,)
        shapes = {node.output[0] for node in network.nodes if node.layer.kind in ("lstm", "gru", "rnn")}
        assert shapes == {first.output.shape[-1], last.output.shape[-1]}
