"""Keras models: JSON, `.keras` archives, both versions of the format; and what is refused."""

from __future__ import annotations

import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.exchange import keras_norms
from cnncalc.layers.base import Shape
from cnncalc.reading import Reading, read

from .keras_files import Layer, functional, layer, sequential


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reading(folder: Path, model: object, *inputs: str) -> Reading:
    (folder / "net.json").write_text(json.dumps(model))
    return read("net.json", inputs=inputs)


def calls(found: Reading) -> list[str]:
    assert [problem.message for problem in found.problems] == []
    return [repr(each.layer) for each in found.require_network().nodes]


def one(kind: str, **config: Any) -> Layer:
    return layer(kind, "y", "x", **config)


ONE: dict[str, tuple[Layer, list[str]]] = {
    "conv": (
        one("Conv2D", filters=4, kernel_size=[3, 3], strides=[2, 2], padding="same", activation="relu"),
        ["conv(4, 3, stride=2, padding=same)", "relu"],
    ),
    "conv of one position": (
        one("Conv2D", filters=4, kernel_size=1, strides=2, padding="same"),
        ["conv(4, 1, stride=2)"],
    ),
    "depthwise": (one("DepthwiseConv2D", kernel_size=3, use_bias=False), ["depthwise_conv(3, bias=false)"]),
    "separable": (one("SeparableConv2D", filters=5, kernel_size=[3, 3]), ["separable_conv(5, 3)"]),
    "transposed": (
        one("Conv2DTranspose", filters=2, kernel_size=[2, 2], strides=[3, 3]),
        ["transposed_conv(2, 2, stride=3, output_padding=1)"],
    ),
    "max pool": (one("MaxPooling2D", pool_size=[2, 2], strides=None), ["max_pool(2)"]),
    "average pool": (
        one("AveragePooling2D", pool_size=[3, 3], strides=[2, 2], padding="same"),
        ["avg_pool(3, stride=2, padding=same, count_padding=false)"],
    ),
    "global pool": (one("GlobalAveragePooling2D"), ["global_avg_pool", "flatten"]),
    "batch norm": (one("BatchNormalization", axis=[3], epsilon=0.001), ["batch_norm(epsilon=0.001)"]),
    "batch norm without a scale": (
        one("BatchNormalization", axis=-1, scale=False),
        ["batch_norm(epsilon=0.001, scale=false)"],
    ),
    "layer norm": (one("LayerNormalization", axis=[-1], epsilon=1e-6), ["layer_norm(epsilon=1e-6)"]),
    "dense of positions": (one("Dense", units=4), ["conv(4, 1)"]),
    "flatten": (one("Flatten"), ["transpose([1, 2, 0])", "flatten"]),
    "padding": (one("ZeroPadding2D", padding=[[0, 1], [2, 0]]), ["pad([[0, 1], [2, 0]])"]),
    "cropping": (one("Cropping2D", cropping=[[1, 1], [0, 0]]), ["slice(1, 1, stop=7)"]),
    "upsampling": (one("UpSampling2D", size=[2, 2], interpolation="bilinear"), ["upsample(2, mode=linear)"]),
    "relu6": (one("ReLU", max_value=6.0), ["relu6"]),
    "leaky relu": (one("LeakyReLU", negative_slope=0.1), ["leaky_relu(slope=0.1)"]),
    "swish": (one("Activation", activation="swish"), ["silu"]),
    "softmax": (one("Activation", activation="softmax"), ["softmax"]),
    "rescaling of channels": (
        one("Rescaling", scale=[0.5, 0.25, 1], offset=-1),
        [
            "channel_split(3, 0)",
            "affine(factor=0.5, offset=-1)",
            "channel_split(3, 1)",
            "affine(factor=0.25, offset=-1)",
            "channel_split(3, 2)",
            "affine(offset=-1)",
            "concat",
        ],
    ),
    "normalization by constants": (
        one("Normalization", axis=[-1], mean=[[[0.5]]], variance=0.25),
        ["affine(factor=2, offset=-1)"],  # (x − ½)/√¼
    ),
    "normalization": (one("Normalization", axis=[-1]), ["batch_norm(affine=false, epsilon=0)"]),
    "rescaling": (one("Rescaling", scale=0.5, offset=-1), ["affine(factor=0.5, offset=-1)"]),
    "dropout": (one("Dropout", rate=0.2), ["dropout(rate=0.2)"]),
}


@pytest.mark.parametrize("name", ONE)
def test_a_layer_is_ours(folder: Path, name: str) -> None:
    given, wanted = ONE[name]
    found = reading(folder, functional(given, outputs=["y"]))
    assert found.require_network().input == (3, 8, 8)
    assert calls(found) == wanted


def test_branches_shared_layers_and_models_in_models(folder: Path) -> None:
    """A layer that is called twice has its weights once: 3·3·3·3 + 3, and the dense layer 192·2 + 2."""
    twice = layer("Conv2D", "c", "x", filters=3, kernel_size=[3, 3], padding="same")
    second = layer("Conv2D", "c", "r")["inbound_nodes"]
    twice["inbound_nodes"] += second
    inner = functional(layer("ReLU", "i", "x"), outputs=["i"])
    nested = {**inner, "name": "inner", "inbound_nodes": layer("", "", "c")["inbound_nodes"]}
    add = layer("Add", "a", "x", "x")
    add["inbound_nodes"][0]["args"][0][1]["config"]["keras_history"] = ["c", 1, 0]
    model = functional(
        add, layer("Dense", "d", "f", units=2), layer("Flatten", "f", "a"), twice,
        layer("ReLU", "r", "inner"), nested, outputs=["d"],
    )  # fmt: skip
    found = reading(folder, model)
    assert calls(found) == [
        "conv(3, 3, padding=same)", "relu", "relu", "conv(3, 3, padding=same)", "add", "transpose([1, 2, 0])",
        "flatten", "linear(2)",
    ]  # fmt: skip
    assert found.require_report().totals.parameters == 84 + 386


def test_operators_on_tensors_are_merges_and_affine_maps(folder: Path) -> None:
    """Of a hard sigmoid as Keras's applications write it: relu6(x + 3)·(1/6), times x."""

    def operator(kind: str, name: str, *args: Any) -> Layer:
        made = layer(kind, name, *(each for each in args if isinstance(each, str)))
        tensors = iter(layer("", "", each)["inbound_nodes"][0]["args"][0] for each in args if isinstance(each, str))
        made["inbound_nodes"] = [
            {"args": [next(tensors) if isinstance(each, str) else each for each in args], "kwargs": {}}
        ]
        return {**made, "module": "keras.src.ops.numpy"}

    model = functional(
        operator("Add", "a", "x", 3.0), layer("ReLU", "r", "a", max_value=6.0), operator("Multiply", "m", "r", 0.25),
        operator("Multiply", "y", "x", "m"), outputs=["y"],
    )  # fmt: skip
    assert calls(reading(folder, model)) == ["affine(offset=3)", "relu6", "affine(factor=0.25)", "multiply"]


def test_keras_2_writes_its_calls_as_lists(folder: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "name": "x", "config": {"batch_input_shape": [None, 8, 8, 3], "name": "x"}},
        {
            "class_name": "Conv2D", "name": "c", "config": {"filters": 2, "kernel_size": [1, 1]},
            "inbound_nodes": [[["x", 0, 0, {}]]],
        },
        {
            "class_name": "Concatenate", "name": "y", "config": {"axis": -1},
            "inbound_nodes": [[["c", 0, 0, {}], ["x", 0, 0, {}]]],
        },
    ]  # fmt: skip
    config = {"name": "old", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["y", 0, 0]]}
    found = reading(folder, {"class_name": "Functional", "config": config, "keras_version": "2.15.0"})
    assert calls(found) == ["conv(2, 1)", "concat"]
    assert found.require_network().shape_at(1) == (5, 8, 8)


def test_layers_that_act_in_training_alone_are_left_out_with_a_note(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once for each class; a dropout is a kind of ours, and stays."""
    layers = [("RandomFlip", {}), ("RandomFlip", {}), ("GaussianNoise", {"stddev": 0.1}), ("Dropout", {"rate": 0.25})]
    layers += [(kind, {}) for kind in keras_norms.TRAINING_ONLY if kind not in dict(layers)]
    model = sequential(*(layer(kind, f"l{at}", **config) for at, (kind, config) in enumerate(layers)))
    assert calls(reading(folder, model)) == ["dropout(rate=0.25)"]
    assert run(["show", "net.json"]) == 0
    text, err = capsys.readouterr()
    for kind in keras_norms.TRAINING_ONLY:
        assert text.count(f"{kind}, which acts in training alone, is left out.") == 1
    assert err == ""


def test_an_archive_is_read_and_every_command_takes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = sequential({"class_name": "Conv2D", "config": {"name": "c", "filters": 4, "kernel_size": [3, 3]}})
    with zipfile.ZipFile(folder / "net.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(model))
    for command in ("summary", "validate", "explain", "run", "verify", "show", "import"):
        assert run([command, "net.keras"]) == 0
        out, err = capsys.readouterr()
        assert out
        assert err == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (one("Lambda", function="os.system"), "Lambda holds code, which is not run (Lambda, 8×8×3)"),
        (one("MultiHeadAttention", num_heads=2), "attention with a mask, or without a value"),
        (one("AdditiveAttention"), "AdditiveAttention has no layer kind"),
        (one("Conv2D", filters="many", kernel_size=[3, 3]), "its `filters` is 'many'"),
        (one("Conv2D", filters=4, kernel_size=[3]), "its `kernel_size` is"),
        (one("LSTM", units=3), "a recurrent layer of no sequence"),
        (one("Bidirectional", layer={"class_name": "Dense"}), "a layer in both directions that is 'Dense'"),
        (one("Normalization", axis=-1, invert=True), "a normalization that is undone"),
        (one("Normalization", axis=-1, mean=[1, 2], variance=1), "it has 2 factors and 2 offsets for an axis of 3"),
        (one("Rescaling", scale="a"), "its `scale` is 'a'"),
        (one("RandomCrop", height=4, width=4), "RandomCrop has no layer kind"),
        (one("Activation", activation="mine"), "its activation is 'mine'"),
    ],
)
def test_what_has_no_kind_is_refused(folder: Path, given: Layer, message: str) -> None:
    found = reading(folder, functional(given, outputs=["y"]))
    assert {problem.code for problem in found.problems} == {"no-layer-kind"}
    assert found.problems[0].message.startswith("`y`: ")
    assert message in found.problems[0].message


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"go_backwards": True}, "a recurrent layer with `go_backwards`"),
        ({"activation": "relu"}, "a recurrent layer with other activations: 'relu', 'sigmoid'"),
        ({"recurrent_activation": "hard_sigmoid"}, "other activations: 'tanh', 'hard_sigmoid'"),
        ({"units": 0}, "hidden"),
    ],
)
def test_a_recurrent_layer_that_no_kind_has_is_refused(folder: Path, config: dict[str, Any], message: str) -> None:
    model = functional(one("LSTM", **{"units": 3, **config}), outputs=["y"], shape=(5, 4))
    (problem,) = reading(folder, model).problems
    assert message in problem.message


def test_a_recurrent_layer_by_hand(folder: Path) -> None:
    """Four gates of 3 from 4 channels and 3 of the state at 5 positions, one bias; the last state."""
    found = reading(folder, functional(one("LSTM", units=3), outputs=["y"], shape=(5, 4)))
    assert calls(found)[0] == "lstm(3, biases=1)"
    totals = found.require_report().totals
    assert (totals.parameters, totals.work.macs) == (4 * 3 * (4 + 3 + 1), 5 * 4 * 3 * (4 + 3))
    assert found.require_network().nodes[-1].output == (3,)


def test_open_sizes_need_input_with_the_channels_first(folder: Path) -> None:
    model = functional(one("GlobalMaxPooling2D"), outputs=["y"], shape=(None, None, 3))
    (problem,) = reading(folder, model).problems
    assert (problem.code, problem.message) == ("bad-input", "net.json: its input `x` is ?×?×3")
    shape: Shape = (3, 32, 40)
    assert reading(folder, model, "3x32x40").require_network().input == shape


def test_what_is_no_model_says_so(folder: Path) -> None:
    for text, message in (
        ('{"class_name": "Dense", "config": {}}', "it is the JSON of `Dense`, not of a model of layers"),
        ('{"class_name": "Functional"}', "it has no `config`"),
        ('{"class_name": "Functional", "config": {"layers": [', "its JSON cannot be read"),
        ('{"class_name": "Sequential", "config": {"layers": []}}', "it has 0 inputs"),
    ):
        (folder / "net.json").write_text(text)
        (problem,) = read("net.json").problems
        assert problem.code == "unreadable"
        assert message in problem.message


PARTS = ("null", "-1", "[]", "{}", '"x"', "3.5", "1e999", "true", "", "[[", '"')


@pytest.mark.sample(2)
@pytest.mark.parametrize("hundred", range(20))
def test_damaged_models_are_refused_with_our_own_messages(folder: Path, hundred: int) -> None:
    for number in range(100 * hundred, 100 * hundred + 100):
        chance = random.Random(number)
        text = json.dumps(functional(chance.choice(list(ONE.values()))[0], outputs=["y"]))
        for _ in range(chance.choice((1, 1, 2, 4))):
            at = chance.randrange(40, len(text))
            part = chance.choice(
                ("null", "-1", "[]", "{}", '"x"', "3.5", "1e999", "true", text[at : at + 30], "", "[[", '"')
            )
            text = text[:at] + part + text[at + chance.choice((0, 1, 4)) :]
        (folder / "net.json").write_text(text)
        assert {problem.code for problem in read("net.json").problems} <= {"no-layer-kind", "unreadable", "bad-input"}


def archive(text: str, *, compression: int, name: str = "config.json") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as file:
        file.writestr("metadata.json", "{}")
        file.writestr(name, text)
    return data.getvalue()


@pytest.mark.sample(2)
@pytest.mark.parametrize("hundred", range(20))
def test_damaged_archives_are_refused_with_our_own_messages(folder: Path, hundred: int) -> None:
    for number in range(100 * hundred, 100 * hundred + 100):
        chance = random.Random(number)
        text = json.dumps(functional(*(each for each, _ in ONE.values()), outputs=["y"]))
        data = bytearray(archive(text, compression=chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(30, len(data))] = chance.randrange(256)
        end = chance.choice((len(data), len(data), chance.randrange(60, len(data))))
        (folder / "net.keras").write_bytes(data[:end])
        assert {problem.code for problem in read("net.keras").problems} <= {"no-layer-kind", "unreadable", "bad-input"}


def test_archives_that_are_no_model(folder: Path) -> None:
    """One without the JSON, one with too much of it, one that is nested too deep."""
    large = " " * (limits.KERAS_BYTES + 1)
    for data, message in (
        (archive("{}", compression=zipfile.ZIP_STORED, name="x.json"), "the archive has no config.json"),
        (archive(large, compression=zipfile.ZIP_DEFLATED), "its JSON is larger than 4 MiB"),
        (archive("[" * 100_000, compression=zipfile.ZIP_DEFLATED), "its JSON cannot be read"),
    ):
        (folder / "net.keras").write_bytes(data)
        (problem,) = read("net.keras").problems
        assert problem.code == "unreadable"
        assert message in problem.message


@pytest.mark.sample(1)
@pytest.mark.parametrize("hundred", range(20))
def test_values_of_other_types_are_refused(folder: Path, hundred: int) -> None:
    values: list[Any] = [None, -1, 0, 3, 1.5, "x", [], [1, 2], {}, True, 10**12, [[1]], "same", [None]]
    for number in range(100 * hundred, 100 * hundred + 100):
        chance = random.Random(number)
        given = json.loads(json.dumps(chance.choice(list(ONE.values()))[0]))
        names = [*given["config"], "axis", "padding", "strides", "dilation_rate", "data_format", "activation", "groups"]
        for _ in range(2):
            given["config"][chance.choice(names)] = chance.choice(values)
        codes = {problem.code for problem in reading(folder, functional(given, outputs=["y"])).problems}
        assert codes <= {"no-layer-kind", "unreadable", "bad-input"}


def test_a_model_at_hand_is_read_by_its_json() -> None:
    class Model:
        name = "mine"

        def to_json(self) -> str:
            return json.dumps(functional(one("Conv2D", filters=4, kernel_size=[3, 3]), outputs=["y"]))

    assert [repr(each.layer) for each in cnncalc.from_keras(Model()).nodes] == ["conv(4, 3)"]
