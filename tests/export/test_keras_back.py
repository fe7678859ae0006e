"""Exported Keras models are read back by our reader of Keras as the same network."""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnncalc.analysis.analyze import iterate_costs
from cnncalc.errors import Source, SpecError
from cnncalc.export.about import output_key
from cnncalc.export.axes import Layout
from cnncalc.export.keras_file import find_live
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Node
from cnncalc.reading import read, read_text
from cnncalc.spec.files import bundled

from ..random_networks.drawing import drawn
from ..random_networks.writing import written
from .keras_models import code_of, code_or_reason, has_both, made

pytestmark = [
    pytest.mark.torch,
    *map(pytest.mark.filterwarnings, ("ignore::DeprecationWarning", "ignore::UserWarning")),
]
# Bundled networks that our reader refuses, with the reason that it gives.
REFUSED: dict[str, str] = {}
NAMED = ("lenet5",)  # without blocks, so that our reader finds no others
RECURRENT = ("lstm", "gru", "rnn")
RANDOM = 300
BATCHES = 20
LAYOUTS = [*Layout]


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("torch", reason="PyTorch is not installed, on which Keras runs here")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras", reason="Keras is not installed")


def totals(network: Network) -> Counter[str]:
    """Parameters, buffers and macs of the layers that lead to an output: a Keras model has no others."""
    live, found = find_live(network), Counter[str]()
    for node, costs in zip(network.nodes, iterate_costs(network), strict=True):
        if node.index in live:
            found.update(parameters=costs.weights + costs.biases, buffers=costs.buffers, macs=costs.work.macs)
    return found


def layers_of(network: Network) -> Counter[Any]:
    """The layers with weights: kind, sizes of the output, and the shapes of their arrays, in any order.

    What a transposed convolution gives is cropped by another layer in Keras, and recurrent layers are not stacked.
    """
    live = find_live(network)
    found: Counter[Any] = Counter()
    for node in network.nodes:
        for shapes in arrays_of(node) if node.index in live else ():
            has_size = node.layer.kind not in (*RECURRENT, "transposed_conv")
            found[node.layer.kind, significant(node.output) if has_size else None, shapes] += 1
    return found


def arrays_of(node: Node) -> Iterator[tuple[Shape, ...]]:
    """The shapes of the arrays of a layer, if it has any; of each of stacked ones."""
    groups = defaultdict(list)
    for each in node.layer.weights(node.input_shapes):
        stacked = re.search(r"_l(\d+)", each.name) if node.layer.kind in RECURRENT else None
        groups[stacked and stacked[1]].append(each.shape)
    yield from (tuple(shapes) for shapes in groups.values())


def significant(shape: Shape) -> Shape:
    """Without axes of one position: a norm of a vector may be one of a map of 1×1."""
    return tuple(size for size in shape if size != 1)


def read_back(keras: Any, text: str, path: Path) -> Network:
    """The network that our reader makes of an exported file. Raises SpecError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with keras.device("meta"):
            model = made(text)
    path.write_text(model.to_json(), encoding="utf-8")
    return read(str(path)).require_network()


def assert_same(found: Network, network: Network) -> None:
    assert totals(found) == totals(network)
    assert layers_of(found) == layers_of(network)
    assert outputs_of(found) == outputs_of(network)


def outputs_of(network: Network) -> dict[str, Shape]:
    return {output_key(name): network.shape_at(index) for name, index in network.outputs.items()}


def shapes_in(network: Network) -> Counter[Shape]:
    """The shapes of all arrays: Keras's depthwise and separable convolutions of three axes, e.g., are plain ones."""
    live = find_live(network)
    nodes = [node for node in network.nodes if node.index in live and node.shares is None]
    return Counter(each.shape for node in nodes for each in node.layer.weights(node.input_shapes))


@pytest.mark.sample(8)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [name for name in bundled() if name not in REFUSED])
def test_a_model_is_read_back(keras: Any, tmp_path: Path, name: str, layout: Layout) -> None:
    network = read(name).require_network()
    found = read_back(keras, code_of(read(name), layout), tmp_path / f"{name}.json")
    assert_same(found, network)
    if name in NAMED:
        weighty = [node.path for node in network.nodes if node.layer.weights(node.input_shapes)]
        assert [node.path for node in found.nodes if node.layer.weights(node.input_shapes)] == weighty


@pytest.mark.parametrize("name", REFUSED)
def test_what_our_reader_refuses_has_a_place_and_a_reason(keras: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError) as raised:
        read_back(keras, code_of(read(name)), tmp_path / f"{name}.json")
    for problem in raised.value.problems:
        assert problem.code == "no-layer-kind"
        assert problem.path
        assert REFUSED[name] in problem.message


@pytest.mark.sample(1)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_networks_are_read_back(keras: Any, tmp_path: Path, batch: int) -> None:
    for seed in range(batch * RANDOM // BATCHES, (batch + 1) * RANDOM // BATCHES):
        reading = read_text(Source(f"n{seed}.yaml", written(drawn(seed), Random(seed))))
        network = reading.network
        if reading.failed or network is None or not network.nodes:
            continue
        text, reason = code_or_reason(reading, LAYOUTS[seed % 2])
        if reason:
            continue
        found = read_back(keras, text, tmp_path / f"n{seed}.json")
        assert shapes_in(found) == shapes_in(network)
        ours, theirs = totals(network), totals(found)
        if any(map(has_both, network.nodes)):  # every other position of a convolution without a stride
            ours["macs"] = max(ours["macs"], theirs["macs"])
        assert theirs == ours
        assert outputs_of(found) == outputs_of(network)
