"""Exported Keras models are read back by our reader of Keras as the same network."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.export.axes import Layout
from cnncalc.network import Network
from cnncalc.reading import read
from cnncalc.spec.files import bundled

from .keras_models import code_of, made

pytestmark = [
    pytest.mark.torch,
    *map(pytest.mark.filterwarnings, ("ignore::DeprecationWarning", "ignore::UserWarning")),
]
# What our reader of Keras does not know: operations, layers of the file, attention.
UNREAD = (
    "ops.",
    "(layers.Layer)",
    "MultiHeadAttention",
    "RMSNormalization",
    "PReLU",
    "Adaptive",
    "x[",
    "_[",
    " / ",
    "lead to no output",
)
NAMED = ("lenet5",)  # without blocks, so that our reader finds no others


def layers_of(network: Network) -> Counter[Any]:
    """The layers with weights: kind, output, and the shapes of their arrays, in any order.

    What a transposed convolution gives is cropped by another layer in Keras.
    """
    return Counter(
        (
            node.layer.kind,
            node.output if node.layer.kind != "transposed_conv" else None,
            tuple(each.shape for each in node.layer.weights(node.input_shapes)),
        )
        for node in network.nodes
        if node.layer.weights(node.input_shapes)
    )


@pytest.mark.sample(12)
@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("name", bundled())
def test_a_model_is_read_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, layout: Layout) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("torch", reason="PyTorch is not installed, on which Keras runs here")
    network = read(name).require_network()
    text = code_of(read(name), layout)
    if any(each in text for each in UNREAD) or len(network.inputs) > 1:
        pytest.skip("our reader of Keras does not know all of it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = pytest.importorskip("keras", reason="Keras is not installed")
        with keras.device("meta"):
            model = made(text)
    path = tmp_path / f"{name}.json"
    path.write_text(model.to_json(), encoding="utf-8")
    found = read(str(path)).require_network()
    ours, theirs = analyze(network).totals, analyze(found).totals
    assert (theirs.parameters, theirs.buffers, theirs.work.macs) == (ours.parameters, ours.buffers, ours.work.macs)
    assert layers_of(found) == layers_of(network)
    assert list(found.outputs.values()) or found.nodes[-1].output == network.nodes[-1].output
    if name in NAMED:
        weighty = [node.path for node in network.nodes if node.layer.weights(node.input_shapes)]
        assert [node.path for node in found.nodes if node.layer.weights(node.input_shapes)] == weighty
