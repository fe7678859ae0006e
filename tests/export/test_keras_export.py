"""Exported Keras code, made and run on PyTorch: layers, shapes, arrays and outputs are those of the network."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.errors import Source, SpecError
from cnncalc.execution.narrow import narrow
from cnncalc.export.about import A_LAYER_A_LINE, count_numbers, output_key
from cnncalc.export.axes import Layout
from cnncalc.export.keras_file import find_live
from cnncalc.export.keras_model import write_flat
from cnncalc.export.keras_names import layer_name
from cnncalc.layers import KINDS, kind_class
from cnncalc.network import Network
from cnncalc.reading import read, read_text
from cnncalc.spec.files import bundled

from .. import processes
from .keras_models import called, code_of, code_or_reason, executed, fill, has_both, made, random_arrays
from .random_readings import BATCHES, readings_of

# NumPy 2 asks tensors of PyTorch for arguments that they do not have; Keras warns of a softmax of one element.
IGNORED = ("ignore::DeprecationWarning", "ignore::UserWarning")
pytestmark = [pytest.mark.torch, *map(pytest.mark.filterwarnings, IGNORED)]

# Bundled networks that Keras cannot say, with what of them.
REFUSED: dict[str, str] = {}
# Those that are written a layer a line: blocks that are applied again, outputs in blocks, numbers of axes that vary.
FLAT = {"enet", "segnet", "retinanet_resnet50_fpn", "siamese", "unetpp"}
# What has another name, or stands before or after what has it.
MOVED = {"layer_norm", "multi_head_attention", "transposed_conv", "upsample", "lstm", "gru", "rnn"}
MOST_WORK = 60_000  # macs and elements of a network that the executor runs in a test
NARROW = 400_000  # steps of a narrowed network
LARGE = 3_000_000_000  # macs of a network that is not run in full size
LAYOUTS = [*Layout]


@pytest.fixture(scope="module")
def keras() -> Iterator[Any]:
    os.environ["KERAS_BACKEND"] = "torch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch = pytest.importorskip("torch", reason="PyTorch is not installed, on which Keras runs here")
        module = pytest.importorskip("keras", reason="Keras is not installed")
        if module.backend.backend() != "torch":
            pytest.skip("Keras runs on another backend in this process")
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield module
        torch.set_num_threads(threads)


def assert_same_layers(keras: Any, text: str, network: Network, layout: Layout) -> None:
    """Layers have our paths, in our order, with our shapes; arrays our numbers, without those that lead nowhere."""
    with keras.device("meta"):
        model, calls = called(keras, text)
    live = find_live(network)
    assert model.count_params() == count_numbers(network, nodes=live)
    trainable = sum(each.value.numel() for each in model.trainable_weights)
    assert trainable == model.count_params() - count_numbers(network, nodes=live, buffers=True)
    known = {layer_name(node.path): node for node in network.nodes}
    assert len(known) == len(network.nodes)
    seen: dict[str, tuple[int, ...]] = {}
    for name, shape in calls:
        if name in known:
            seen.setdefault(name, shape)
    order = [known[name].index for name in seen]
    assert order == sorted(order)
    for name, shape in seen.items():
        node = known[name]
        if node.layer.kind not in MOVED and not has_both(node):
            wanted = node.output[:1] if len(shape) == 1 and node.layer.kind.startswith("global_") else node.output
            assert shape == layout.shape(wanted), name
    weighty = [node for node in network.nodes if node.shares is None and node.layer.weights(node.input_shapes)]
    for node in weighty:
        assert any(name == layer_name(node.path) or name.startswith(f"{layer_name(node.path)}-") for name, _ in calls)
    outputs = model.output if isinstance(model.output, dict) else {"output": model.output}
    assert {name: tuple(each.shape[1:]) for name, each in outputs.items()} == {
        output_key(name): layout.shape(network.shape_at(index)) for name, index in network.outputs.items()
    }


def outputs_of(keras: Any, model: Any, inputs: list[Any], layout: Layout) -> dict[str, Any]:
    """The outputs for inputs with the channels first, and so themselves."""
    import numpy

    turned = [numpy.moveaxis(each, 0, -1) if layout.is_last else each for each in inputs]
    given = [keras.ops.convert_to_tensor(each[None].astype("float32")) for each in turned]
    found = model(given if len(given) > 1 else given[0], training=False)
    found = found if isinstance(found, dict) else {"output": found}
    arrays = {name: keras.ops.convert_to_numpy(each)[0] for name, each in found.items()}
    return {name: numpy.moveaxis(each, -1, 0) if layout.is_last else each for name, each in arrays.items()}


def assert_close(found: Any, wanted: Any) -> None:
    """Equal to 1e-4 of the largest value, in float32."""
    import numpy

    assert found.shape == wanted.shape
    known = wanted[numpy.isfinite(wanted)]
    largest = max(numpy.abs(known).max(initial=0), 1e-6)
    near = (numpy.abs(found - wanted) <= 1e-4 * largest) | (found == wanted)
    assert (near | (numpy.isnan(found) & numpy.isnan(wanted))).all()


def assert_same_outputs(keras: Any, text: str, network: Network, layout: Layout, seed: int) -> None:
    """The outputs are those of the executor with the same arrays."""
    import numpy

    model = made(text)
    arrays = random_arrays(numpy, network, seed)
    fill(numpy, network, model, arrays, layout)
    generator = numpy.random.default_rng(seed)
    inputs = [generator.random(shape) for shape in network.inputs.values()]
    theirs = outputs_of(keras, model, inputs, layout)
    for name, ours in executed(network, arrays, inputs).items():
        assert_close(theirs[name], numpy.array(ours.values).reshape(ours.shape))


def is_small(network: Network) -> bool:
    totals = analyze(network).totals
    return max(totals.work.macs, totals.activations, totals.parameters) <= MOST_WORK


@pytest.mark.sample(8)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [name for name in bundled() if name not in REFUSED])
def test_a_bundled_network_is_exported(keras: Any, name: str, layout: Layout) -> None:
    reading = read(name)
    text = code_of(reading, layout)
    assert_same_layers(keras, text, reading.require_network(), layout)
    assert text == code_of(read(name), layout)
    assert (A_LAYER_A_LINE in text) == (name in FLAT)


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", [name for name in bundled() if name not in {*REFUSED, *FLAT}])
def test_blocks_compute_what_single_layers_do(keras: Any, name: str) -> None:
    """The code with blocks and that without them give the same numbers from the same arrays."""
    import numpy

    network = read(name).require_network()
    if analyze(network).totals.work.macs > LARGE or analyze(network).totals.parameters > 60_000_000:
        pytest.skip("it is too large to run")
    model, plain = made(code_of(read(name))), made(write_flat(network, Layout.channels_last))
    for layer in plain.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    inputs = [numpy.random.default_rng(1).random(shape) for shape in network.inputs.values()]
    wanted = outputs_of(keras, plain, inputs, Layout.channels_last)
    for key, found in outputs_of(keras, model, inputs, Layout.channels_last).items():
        assert_close(found, wanted[key])


@pytest.mark.sample(4)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [name for name in bundled() if name not in REFUSED])
def test_a_narrowed_network_gives_its_outputs(keras: Any, name: str, layout: Layout) -> None:
    found = narrow(read(name).require_network(), NARROW)
    if found is None:
        pytest.skip("too large even with few channels")
    assert_same_outputs(keras, write_flat(found[0], layout), found[0], layout, 1)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_refused_as_a_whole(name: str) -> None:
    with pytest.raises(SpecError) as raised:
        code_of(read(name))
    problems = raised.value.problems
    assert {problem.code for problem in problems} == {"no-counterpart"}
    assert all(problem.span and REFUSED[name] in problem.message for problem in problems)


def test_the_checks_of_a_file_hold_and_can_fail(keras: Any) -> None:
    text = code_of(read("lenet5"))
    exec(compile(text, "lenet5.py", "exec"), {"__name__": "__main__"})
    with pytest.raises(AssertionError):
        exec(compile(text.replace("== 61_706", "== 61_707"), "lenet5.py", "exec"), {"__name__": "__main__"})


@pytest.mark.sample(1)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_networks(keras: Any, batch: int) -> None:
    exported = 0
    for seed, reading in readings_of(batch):
        network = reading.require_network()
        layout = LAYOUTS[seed % 2]
        text, reason = code_or_reason(reading, layout)
        if reason:
            continue
        assert_same_layers(keras, text, network, layout)
        if is_small(network):
            assert_same_outputs(keras, text, network, layout, seed)
        exported += 1
    assert exported


def test_most_random_networks_have_their_blocks() -> None:
    found = [code_or_reason(reading, LAYOUTS[0]) for batch in range(BATCHES) for _, reading in readings_of(batch)]
    written = [text for text, reason in found if not reason]
    assert len(written) > len(found) / 2
    assert sum(A_LAYER_A_LINE in text for text in written) <= len(written) / 4


def test_a_repeat_without_rounds_counts_as_one_in_the_numbers_after_it(keras: Any) -> None:
    text = """
input: [4, 9, 9]
blocks:
  some(depth): (conv(4, 1) -> tanh) * depth -> conv(5, 1) -> tanh
layers:
  - some(0) -> some(2) -> some(1)
"""
    reading = read_text(Source("net.yaml", text))
    for layout in LAYOUTS:
        assert_same_layers(keras, code_of(reading, layout), reading.require_network(), layout)


def cases() -> Iterator[Any]:
    for kind in KINDS:
        for at, example in enumerate(kind_class(kind).examples()):
            if len(example.inputs) < 2:
                shape = example.inputs[0] if example.inputs else (1, 4)
                yield pytest.param(kind_class(kind)(**example.settings), shape, id=f"{kind}-{at}")


@pytest.mark.sample(40)
@pytest.mark.parametrize(("layer", "shape"), [*cases()])
def test_each_kind_gives_its_outputs(keras: Any, layer: Any, shape: tuple[int, ...]) -> None:
    reading = read_text(Source("one.yaml", f"input: {list(shape)}\nlayers:\n  - {layer!r}\n"))
    if reading.failed or not is_small(reading.require_network()):
        pytest.skip("it needs another layer, or is too large for the executor")
    network = reading.require_network()
    for layout in LAYOUTS:
        text, reason = code_or_reason(reading, layout)
        assert bool(text) or "Keras" in reason
        if text:
            assert_same_outputs(keras, text, network, layout, 1)


# What Keras lacks, as helpers at the top of the file do it.
HELPED = {
    "gru(3, biases=1)": (2, 5),
    "gru(3, biases=2, reset_after=false)": (2, 5),
    "gru(3, layers=2, bidirectional=true, biases=1)": (2, 5),
    "lstm(3, bidirectional=true)": (2, 5),
    "transposed_conv(4, 3, stride=2, dilation=3, output_padding=2)": (2, 4, 3),
    "transposed_conv(4, [3, 2], stride=[1, 3], padding=1, groups=2)": (2, 4, 3),
    "locally_connected(3, [2, 3], stride=[2, 1])": (2, 5, 6),
    "table_conv([[0, 2], [1]], 3, stride=2, padding=1)": (3, 6, 5),
    "standardized_conv(4, 3, gain=true, epsilon=1e-3)": (2, 5, 4),
    "avg_pool(3, stride=2, padding=same, count_padding=false)": (2, 6, 5),
    "avg_pool(3, stride=2, padding=1, ceil=true)": (2, 6, 5),
    "max_pool(2, stride=2, dilation=2)": (2, 7, 6),
    "pad([[1, 2], [0, 1]], mode=circular)": (2, 4, 3),
    "upsample(1.5, mode=linear)": (2, 4, 6),
}


@pytest.mark.sample(10)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("layer", HELPED)
def test_helpers_give_our_outputs_and_can_be_saved(keras: Any, layer: str, layout: Layout) -> None:
    """A model that is made again from what is saved of it gives the same, too."""
    import numpy

    shape = HELPED[layer]
    network = read_text(Source("one.yaml", f"input: {list(shape)}\nlayers:\n  - {layer}\n")).require_network()
    text = write_flat(network, layout)
    assert "(layers." in text
    assert_same_outputs(keras, text, network, layout, 1)
    model = made(text)
    again = keras.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    inputs = [numpy.random.default_rng(2).random(shape)]
    wanted = outputs_of(keras, model, inputs, layout)["output"]
    assert_close(outputs_of(keras, again, inputs, layout)["output"], wanted)


def test_keras_is_not_loaded_to_export() -> None:
    code = "from cnncalc.cli.app import run\nimport sys\nrun(['export', 'lenet5', '--to', 'keras'])\n"
    code += "assert not {'keras', 'torch', 'numpy'} & set(sys.modules)"
    processes.run([sys.executable, "-c", code], capture_output=True, check=True)
