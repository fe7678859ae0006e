"""Exported PyTorch code, imported and run: arrays, keys, shapes and outputs are those of the network."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from math import isnan
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.errors import Source, SpecError
from cnncalc.export.about import A_LAYER_A_LINE
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.base import Layer
from cnncalc.network import Network
from cnncalc.reading import Reading, read, read_text
from cnncalc.spec.files import bundled

from .modules import arrays_of, code_of, executed, made, names_of_outputs, outputs_of, state_of
from .random_readings import BATCHES, readings_of

pytestmark = pytest.mark.torch

# Those that are written a layer a line: rounds that read earlier ones, and numbers that depend on sizes.
FLAT = {
    "coatnet_0", "hardnet68", "nasnet_a_large", "nasnet_a_mobile", "pnasnet5_large", "unetpp"
}  # fmt: skip
MOST_WORK = 60_000  # macs and elements of a network that the executor runs in a test
ALONE_REFUSED = ("Caffe", "another mode than zeros")
# What PyTorch refuses to run though the shapes fit, see `random_networks.kinds.PYTORCH`.
OF_PYTORCH = ("smaller than kernel size", "more than 1 spatial element", "more than 1 value per channel")


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        module = pytest.importorskip("torch", reason="PyTorch is not installed")
    threads = module.get_num_threads()
    module.set_num_threads(1)
    yield module
    module.set_num_threads(threads)


def assert_same_arrays(torch: Any, text: str, network: Network) -> None:
    """The state has our arrays by our paths, in our order; a name that modules use themselves has a `_` more."""
    with torch.device("meta"):
        module = made(torch, text)
    theirs = [(name, tuple(array.shape)) for name, array in state_of(module).items()]
    ours = list(arrays_of(network))
    assert [shape for _, shape in theirs] == [shape for _, shape in ours]
    for (name, _), (path, _) in zip(theirs, ours, strict=True):
        assert [segment.removesuffix("_") for segment in name.split(".")] == [
            segment.removesuffix("_") for segment in path.split(".")
        ]
    counted = sum(each.numel() for each in module.parameters())
    assert counted == analyze(network).totals.parameters - sum(
        getattr(layer, "fixed_parameters", 0) for layer in analyze(network).layers
    )
    inputs = [torch.empty((1, *shape), device="meta") for shape in network.inputs.values()]
    shapes = {name: tuple(each.shape) for name, each in outputs_of(module, inputs).items()}
    assert shapes == {name: network.shape_at(index) for name, index in names_of_outputs(network).items()}


def assert_same_outputs(torch: Any, text: str, network: Network, seed: int) -> None:
    """The outputs in float64 are those of the executor with the same arrays, to 1e-9 of the largest."""
    module = made(torch, text).double()
    generator = torch.Generator().manual_seed(seed)
    for name, array in state_of(module).items():
        numbers = torch.rand(array.shape, generator=generator, dtype=torch.float64)
        array.copy_(numbers / 2 + (0.5 if "var" in name else 0.1))
    inputs = [torch.rand((1, *shape), generator=generator, dtype=torch.float64) for shape in network.inputs.values()]
    with torch.no_grad():
        theirs = outputs_of(module, inputs)
    for name, ours in executed(network, state_of(module), inputs).items():
        largest = max((abs(number) for number in ours if not isnan(number)), default=0.0)
        for a, b in zip(theirs[name].flatten().tolist(), ours, strict=True):
            assert (isnan(a) and isnan(b)) or abs(a - b) <= 1e-9 * max(largest, 1e-9), name


def is_small(network: Network) -> bool:
    totals = analyze(network).totals
    return max(totals.work.macs, totals.activations, totals.parameters) <= MOST_WORK


@pytest.mark.sample(20)
@pytest.mark.parametrize("name", bundled())
def test_a_bundled_network_is_exported(torch: Any, name: str) -> None:
    reading = read(name)
    text = code_of(reading)
    assert_same_arrays(torch, text, reading.require_network())
    assert text == code_of(read(name))
    assert (A_LAYER_A_LINE in text) == (name in FLAT)


def test_what_cannot_be_said_is_refused_as_a_whole() -> None:
    """Each layer without a counterpart is a problem at its place."""
    layers = "max_pool(1, stride=3, padding=half, ceil=true, dialect=caffe)"
    reading = read_text(Source("caffe.yaml", f"input: [1, 30, 30]\nlayers:\n  - {layers}\n  - relu -> {layers}\n"))
    with pytest.raises(SpecError) as raised:
        code_of(reading)
    found = [(problem.code, problem.span and problem.span.line) for problem in raised.value.problems]
    assert found == [("no-counterpart", 3), ("no-counterpart", 4)]


def test_a_block_may_have_the_name_of_a_helper(torch: Any) -> None:
    text = """
input: [2, 4, 4]
blocks:
  axis_norm: layer_norm -> relu
  half(padding_of): conv(padding_of, 3, padding=half)
layers: axis_norm -> half(4)
"""
    reading = read_text(Source("names.yaml", text))
    assert_same_arrays(torch, code_of(reading), reading.require_network())
    assert_same_outputs(torch, code_of(reading), reading.require_network(), 1)


def test_the_checks_of_a_file_hold_and_can_fail(torch: Any) -> None:
    text = code_of(read("lenet5"))
    exec(compile(text, "lenet5.py", "exec"), {"__name__": "__main__"})
    with pytest.raises(AssertionError):
        exec(compile(text.replace("== 61_706", "== 61_707"), "lenet5.py", "exec"), {"__name__": "__main__"})


@pytest.mark.sample(2)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_networks(torch: Any, batch: int) -> None:
    exported = flat = 0
    for seed, reading in readings_of(batch):
        network = reading.require_network()
        text = code_of(reading)
        flat += A_LAYER_A_LINE in text
        why = ""
        try:
            assert_same_arrays(torch, text, network)
            if is_small(network):
                assert_same_outputs(torch, text, network, seed)
        except (RuntimeError, ValueError) as error:
            why = str(error)
        assert not why or any(each in why for each in OF_PYTORCH), (seed, why)
        exported += 1
    assert flat <= exported / 3


def cases() -> Iterator[tuple[Layer, tuple[tuple[int, ...], ...]]]:
    for kind in KINDS:
        for example in kind_class(kind).examples():
            yield kind_class(kind)(**example.settings), example.inputs


# Kinds that are more than a module on one tensor, each tried in the random networks or refused above.
NOT_ALONE = {"max_unpool"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NOT_ALONE])
def test_each_kind_gives_its_outputs(torch: Any, kind: str) -> None:
    tried = 0
    for layer, inputs in cases():
        if layer.kind != kind or len(inputs) > 1 or len(set(inputs)) > 1:
            continue
        reading = alone(layer, inputs[0] if inputs else (1, 4))
        if reading is None or reading.failed or not is_small(reading.require_network()):
            continue
        why = ""
        try:
            text = code_of(reading)
        except SpecError as error:
            why = str(error)
        if why:
            assert any(each in why for each in ALONE_REFUSED), layer
            continue
        try:
            assert_same_outputs(torch, text, reading.require_network(), 1)
        except (RuntimeError, ValueError) as error:
            why = str(error)
        assert not why or any(each in why for each in OF_PYTORCH), (layer, why)
        tried += 1
    merges = {
        "add",
        "multiply",
        "concat",
        "subtract",
        "divide",
        "maximum",
        "minimum",
        "mean",
        "stack",
        "matmul",
        "attention",
    }
    assert tried or kind in merges, kind


def alone(layer: Layer, shape: tuple[int, ...]) -> Reading | None:
    """A network of one layer."""
    return read_text(Source("one.yaml", f"input: {list(shape)}\nlayers:\n  - {layer!r}\n"))


def test_the_input_of_a_block_in_a_part_that_is_a_class(torch: Any) -> None:
    """`from(input)` is the input of the block, not of the part, as in pre-activation ResNets."""
    text = """
input: [2, 6, 6]
blocks:
  preact(out, stride=1):
    - batch_norm -> relu
    - add:
        body: conv(out, 3, stride, padding=1)
        shortcut: conv(out, 1, stride) if stride != 1 or in_channels != out else from(input)
layers: preact(2) -> preact(4, 2) -> preact(4)
"""
    reading = read_text(Source("input.yaml", text))
    assert A_LAYER_A_LINE not in code_of(reading)
    assert_same_outputs(torch, code_of(reading), reading.require_network(), 1)
