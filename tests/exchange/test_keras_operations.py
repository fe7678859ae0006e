"""Operations of `keras.ops` and of Python on tensors: what is read computes what Keras computes."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest

from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.layers.ops import Map
from cnncalc.reading import Reading, read

from .keras_files import Layer, functional, layer

SHAPE = (4, 6, 8)  # height, width, channels


Model = Callable[[Any, Any, Any], Any]  # of keras.ops, keras.layers and the input
SAID: dict[str, Model] = {
    "a slice": lambda ops, layers, x: x[:, 1:3, ::2, 2:],
    "a slice from the end": lambda ops, layers, x: x[..., -3:],
    "one position": lambda ops, layers, x: x[:, 0, -1],
    "a new axis": lambda ops, layers, x: ops.squeeze(x[:, None, 0] * 2, 1),
    "equal parts": lambda ops, layers, x: ops.multiply(*ops.split(x, 2, axis=-1)),
    "parts at indices": lambda ops, layers, x: ops.concatenate(ops.split(x, [1, 3], axis=1)[::-1], axis=1),
    "the second of three parts": lambda ops, layers, x: ops.split(x, 3, axis=2)[1],
    "numbers around a tensor": lambda ops, layers, x: (1 - x) / 4 + 2 / (x + 3) - 0.5,
    "bounds": lambda ops, layers, x: ops.minimum(ops.maximum(x, 0.25), 0.75),
    "clip": lambda ops, layers, x: ops.clip(x, 0.2, 0.6),
    "a power": lambda ops, layers, x: ops.sqrt(x) ** 3 + ops.square(-x) + ops.rsqrt(x + 1),
    "activations": lambda ops, layers, x: ops.silu(ops.leaky_relu(ops.gelu(x) - 0.1)) + ops.elu(-x),
    "broadcasting": lambda ops, layers, x: x * ops.mean(x, axis=(1, 2), keepdims=True),
    "a mean": lambda ops, layers, x: ops.mean(x, axis=-1),
    "a sum and a least element": lambda ops, layers, x: ops.sum(x, axis=1) - ops.min(x, axis=1),
    "a variance": lambda ops, layers, x: ops.var(x, axis=-1, keepdims=True) + x,
    "a reshape": lambda ops, layers, x: ops.reshape(x, (-1, 24, 8)),
    "a reshape across axes": lambda ops, layers, x: ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, 3, 64)),
    "axes moved": lambda ops, layers, x: ops.moveaxis(x, -1, 1),
    "axes swapped": lambda ops, layers, x: ops.swapaxes(x, 1, 3),
    "a stack": lambda ops, layers, x: ops.max(ops.stack([x, 1 - x], axis=1), axis=1),
    "a border": lambda ops, layers, x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)), constant_values=0.5),
    "a border of channels": lambda ops, layers, x: ops.pad(x, ((0, 0), (0, 0), (0, 0), (2, 1))),
    "a mirrored border": lambda ops, layers, x: ops.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)), mode="reflect"),
    "a border that is never the maximum": lambda ops, layers, x: layers.MaxPooling2D(3, 2)(
        ops.pad(-x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-inf)
    ),
    "a pool that rounds up": lambda ops, layers, x: layers.MaxPooling2D(3, 3)(
        ops.pad(-x, ((0, 0), (0, 2), (0, 0), (0, 0)), constant_values=-inf)
    ),
    "a shift": lambda ops, layers, x: ops.roll(x, 3, axis=2),
    "a flip": lambda ops, layers, x: ops.flip(x, axis=1),
    "positions taken": lambda ops, layers, x: ops.take(x, [1, 3, 5], axis=2),
    "a product of matrices": lambda ops, layers, x: ops.matmul(x, ops.transpose(x, (0, 1, 3, 2))),
    "einsum": lambda ops, layers, x: ops.einsum("bhwc,bhvc->bhwv", x, x),
    "attention by hand": lambda ops, layers, x: ops.einsum(
        "bqk,bkc->bqc", ops.softmax(ops.einsum("bqc,bkc->bqk", x[:, 0], x[:, 1]) / 8**0.5), x[:, 2]
    ),
    "a norm of length": lambda ops, layers, x: ops.normalize(x, axis=-1),
    "softmax along an axis": lambda ops, layers, x: ops.softmax(x, axis=1) + ops.log_softmax(x, axis=2),
    "channels shuffled": lambda ops, layers, x: ops.reshape(
        ops.transpose(ops.reshape(x, (-1, 4, 6, 2, 4)), (0, 1, 2, 4, 3)), (-1, 4, 6, 8)
    ),
    "depth to space": lambda ops, layers, x: ops.depth_to_space(x, 2) if hasattr(ops, "depth_to_space") else x * 1,
    "windows": lambda ops, layers, x: ops.max(ops.reshape(x, (-1, 2, 2, 3, 2, 8)), axis=(2, 4)),
    "zeros around one position": lambda ops, layers, x: layers.ZeroPadding2D(1)(
        ops.mean(x, axis=(1, 2), keepdims=True)
    ),
}


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.sample(20)
@pytest.mark.parametrize("name", SAID)
def test_what_is_read_computes_what_keras_computes(keras: Any, tmp_path: Path, name: str) -> None:
    import numpy

    start = keras.Input(SHAPE)
    model = keras.Model(start, SAID[name](keras.ops, keras.layers, start))
    (tmp_path / "net.json").write_text(model.to_json())
    found = read(str(tmp_path / "net.json"))
    assert [problem.message for problem in found.problems] == []
    network = found.require_network()
    given = numpy.random.default_rng(1).random(SHAPE).astype("float32")
    (last,) = network.outputs.values()
    x = numpy.moveaxis(given, -1, 0)
    mine = run(network, [Map(x.shape, x.flatten().tolist())], lambda *_: [], Numbers(), keep={last})[last]
    theirs = keras.ops.convert_to_numpy(model(given[None]))[0]
    theirs = numpy.moveaxis(theirs, -1, 0) if theirs.ndim > 1 else theirs
    assert mine.shape == theirs.shape
    assert numpy.allclose(mine.values, theirs.flatten(), rtol=1e-5, atol=1e-6)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_attention_has_the_weights_of_keras(keras: Any, tmp_path: Path) -> None:
    """Our kind where all widths are equal, else its projections."""
    layers, x, y = keras.layers, keras.Input((10, 12)), keras.Input((5, 8))
    for made, kinds in (
        (layers.MultiHeadAttention(3, 4)(x, x), {"multi_head_attention"}),
        (layers.MultiHeadAttention(3, 4, use_bias=False)(x, y), {"multi_head_attention"}),
        (layers.MultiHeadAttention(2, 5, value_dim=7, output_shape=9)(x, value=y, key=y), {"conv", "attention"}),
    ):
        model = keras.Model([x, y], layers.Add()([made, layers.Dense(made.shape[-1])(y[:, :1])]))
        (tmp_path / "net.json").write_text(model.to_json())
        found = read(str(tmp_path / "net.json"))
        assert [problem.message for problem in found.problems] == []
        assert kinds <= {node.layer.kind for node in found.require_network().nodes}
        assert found.require_report().totals.parameters == model.count_params()


def operation(kind: str, name: str, args: list[Any], **config: Any) -> Layer:
    """A call of `keras.ops`; texts in `args` are tensors."""

    def value(given: Any) -> Any:
        if isinstance(given, list):
            return [value(each) for each in given]
        return layer("", "", given)["inbound_nodes"][0]["args"][0] if isinstance(given, str) else given

    return {
        "module": "keras.src.ops.numpy", "class_name": kind, "name": name, "config": {"name": name, **config},
        "inbound_nodes": [{"args": [value(each) for each in args], "kwargs": {}}],
    }  # fmt: skip


def part(start: object = None, stop: object = None, step: object = None) -> dict[str, Any]:
    return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}


def reading(folder: Path, model: object) -> Reading:
    (folder / "net.json").write_text(json.dumps(model))
    return read(str(folder / "net.json"))


def kinds(found: Reading) -> list[str]:
    assert [problem.message for problem in found.problems] == []
    return [repr(each.layer) for each in found.require_network().nodes]


def test_several_outputs_of_an_operation_and_several_of_a_model_by_name(tmp_path: Path) -> None:
    parts = operation("Split", "s", ["x"], indices_or_sections=3, axis=-1)
    second = layer("ReLU", "y", "s")
    second["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["s", 0, 2]
    model = functional(parts, second, outputs=["y"])
    model["config"]["output_layers"] = {"main": ["y", 0, 0], "left": ["s", 0, 0]}
    found = reading(tmp_path, model)
    assert sorted(kinds(found)) == ["channel_split(3, 0)", "channel_split(3, 2)", "relu"]
    network = found.require_network()
    assert {name: network.shape_at(index) for name, index in network.outputs.items()} == {
        "main": (1, 8, 8), "left": (1, 8, 8),
    }  # fmt: skip


def test_a_slice_backwards_is_a_flip(tmp_path: Path) -> None:
    """Which Keras knows on other backends than PyTorch."""
    given = operation("GetItem", "y", ["x", [part(), part(None, None, -1)]])
    assert "flip(1)" in kinds(reading(tmp_path, functional(given, outputs=["y"])))


def test_an_output_that_there_is_not_is_no_model(tmp_path: Path) -> None:
    model = functional(operation("Split", "s", ["x"], indices_or_sections=3, axis=-1), outputs=["s"])
    model["config"]["output_layers"] = [["s", 0, 3]]
    (problem,) = reading(tmp_path, model).problems
    assert "its layer `s` has no output 3" in problem.message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (operation("GetItem", "y", ["x", [part(0, 1, 0), part()]]), "a slice"),
        (operation("GetItem", "y", ["x", [part(), part(None, None, -2)]]), "a slice"),
        (operation("GetItem", "y", ["x", [part(), 9]]), "lie outside of it"),
        (operation("GetItem", "y", ["x", [part(), part("a")]]), "a slice between bounds that are computed"),
        (operation("Split", "y", ["x"], indices_or_sections=5, axis=1), "it is divided by '5'"),
        (operation("Split", "y", ["x"], indices_or_sections=2, axis=0), "its `axis` is the batch"),
        (operation("Mean", "y", ["x"], axis=None), "a reduction over the batch"),
        (operation("Reshape", "y", ["x"], newshape=[-1, 7]), "its shape is '[-1, 7]'"),
        (operation("ExpandDims", "y", ["x"], axis=0), "a new axis before the batch"),
        (operation("Pad", "y", ["x"], pad_width=[[0, 0], [1, 1]]), "its `pad_width` is"),
        (operation("Pad", "y", ["x"], pad_width=1, mode="median"), "its mode is 'median'"),
        (operation("Power", "y", ["x", "x"]), "its `x2` is"),
        (operation("Cholesky", "y", ["x"]), "Cholesky has no layer kind"),
        (operation("Einsum", "y", ["x", "x"], subscripts="bhwc,bhwc->b"), "einsum of 'bhwc,bhwc->b'"),
        ({**layer("Scale", "y", "x", per="channel"), "registered_name": "mine>Scale"}, "Scale has no layer kind"),
    ],
)
def test_what_has_no_kind_is_refused_at_its_place(tmp_path: Path, given: Layer, message: str) -> None:
    found = reading(tmp_path, functional(given, outputs=["y"]))
    assert {problem.code for problem in found.problems} == {"no-layer-kind"}
    assert found.problems[0].message.startswith("`y`: ")
    assert message in found.problems[0].message


@pytest.mark.parametrize(
    "given",
    [
        operation("Take", "y", ["x", {"class_name": "__numpy__", "config": {"value": [0, 1, 10**12]}}], axis=1),
        operation("GetItem", "y", ["x", [None] * 100_000]),
        operation("Split", "y", ["x"], indices_or_sections=10**12, axis=1),
        operation("ExpandDims", "y", ["x"], axis=[1] * 100_000),
        operation("Pad", "y", ["x"], pad_width=[[0, 0], [0, 10**12], [0, 0], [0, 0]]),
        operation("Reshape", "y", ["x"], newshape=[1] * 100_000 + [192]),
    ],
)
def test_large_numbers_end_in_a_refusal(tmp_path: Path, given: Layer) -> None:
    assert {problem.code for problem in reading(tmp_path, functional(given, outputs=["y"])).problems} == {
        "no-layer-kind"
    }


def test_a_layer_of_our_exports_is_known_by_its_registered_name(tmp_path: Path) -> None:
    """The layout is part of the name: of 8×8×3 the channels are the last axis, or the first."""
    for package, channels in (("cnncalc", 3), ("cnncalc_first", 8)):
        given = {**layer("Scale", "y", "x", per="channel", initial=0.5), "registered_name": f"{package}>Scale"}
        found = reading(tmp_path, functional(given, outputs=["y"]))
        assert kinds(found) == ["scale(initial=0.5)"]
        assert found.require_report().totals.parameters == channels
