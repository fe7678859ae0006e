"""ONNX files checked by the onnx package, and run by onnxruntime: outputs are those of the executor.

Needs onnx and onnxruntime: `pip install -e '.[onnx]'`, `pytest -m torch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from random import Random
from typing import Any

import pytest

from cnncalc.errors import Source
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.narrow import narrow
from cnncalc.execution.run import run
from cnncalc.execution.weights import sample_input
from cnncalc.export.onnx_model import write_model
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, Weight
from cnncalc.layers.ops import Map
from cnncalc.network import Network, Node
from cnncalc.reading import read, read_text
from cnncalc.spec.files import bundled

from ..random_networks.drawing import drawn
from ..random_networks.writing import written
from .modules import code_of, made, state_of
from .onnx_models import file_of, networks_of, tame_numbers
from .test_torch_export import is_small, torch  # noqa: F401  # a fixture

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

STEPS = 3_000_000  # of a network that the executor runs in a test: a second or two
RANDOM = 300
BATCHES = 10
EXAMPLES = 2  # of a batch
# Ops of which onnx itself infers no sizes, or not the size of the batch.
NOT_INFERRED = {"MaxUnpool", "Resize", "DeformConv"}
# Networks that are too large for the executor even with few channels, compared with their PyTorch code.
BY_PYTORCH = ("swin_t", "swin_v2_t", "maxvit_t", "mobilevit_s", "coatnet_0", "capsnet")


@pytest.fixture(scope="module")
def onnx() -> Any:
    return pytest.importorskip("onnx", reason="onnx is not installed")


@pytest.fixture(scope="module")
def runtime() -> Any:
    pytest.importorskip("numpy", reason="NumPy is not installed")
    found = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    found.set_default_logger_severity(4)
    return found


def sizes_of(value: Any) -> tuple[object, ...]:
    kind = value.type.tensor_type
    sizes = [size.dim_value if size.HasField("dim_value") else size.dim_param for size in kind.shape.dim]
    return (kind.elem_type, *sizes)


def assert_valid(onnx: Any, data: bytes) -> None:
    """The checker has nothing against a file, and all sizes that it says are those that are inferred."""
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    ours = {value.name: sizes_of(value) for value in [*model.graph.value_info, *model.graph.output]}
    beyond = {name for node in model.graph.node if node.op_type in NOT_INFERRED for name in node.output}
    kept = [value for value in model.graph.value_info if value.name in beyond]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True, check_type=True).graph
    theirs = {value.name: sizes_of(value) for value in [*inferred.value_info, *inferred.output]}
    batches = {sizes[1] for sizes in theirs.values() if str(sizes[1]).startswith("unk__")} if beyond else set()
    for name, sizes in ours.items():
        found = theirs[name]
        assert found == sizes or (found[1] in batches and found[2:] == sizes[2:]), name


def assert_same_outputs(runtime: Any, network: Network, tolerance: float = 1e-5) -> None:
    """The outputs of both examples of a batch are the executor's, to a share of the largest."""
    import numpy

    session = runtime.InferenceSession(file_of(network, numbers=True), providers=["CPUExecutionProvider"])
    inputs = [
        [sample_input(seed, shape, name).values for seed in range(EXAMPLES)] for name, shape in network.inputs.items()
    ]
    feeds = {
        given.name: numpy.array(values, dtype="float32").reshape(EXAMPLES, *shape)
        for given, values, shape in zip(session.get_inputs(), inputs, network.inputs.values(), strict=True)
    }
    theirs = session.run(None, feeds)

    def weigh(node: Node, name: str, shape: Shape) -> list[float]:
        owner = node if node.shares is None else network.nodes[node.shares]
        return tame_numbers(owner, name, shape)[0]

    for example in range(EXAMPLES):
        starts = [Map(shape, values[example]) for shape, values in zip(network.inputs.values(), inputs, strict=True)]
        results = run(network, starts, weigh, Numbers(), keep={*network.outputs.values()})
        for found, index in zip(theirs, network.outputs.values(), strict=True):
            wanted = numpy.array(results[index].values).reshape(results[index].shape)
            assert found[example].shape == wanted.shape
            finite = numpy.isfinite(wanted)
            assert (numpy.isfinite(found[example]) == finite).all()
            largest = abs(wanted[finite]).max(initial=0)
            assert abs(found[example] - wanted)[finite].max(initial=0) <= tolerance * max(largest, 1e-30)


def narrowed(network: Network) -> Network | None:
    found = narrow(network, STEPS)
    return None if found is None else found[0]


@pytest.mark.sample(20)
@pytest.mark.parametrize("name", bundled())
def test_a_bundled_network(onnx: Any, runtime: Any, name: str) -> None:
    network = read(name).require_network()
    assert_valid(onnx, file_of(network))
    small = narrowed(network)
    if small is not None:
        assert_valid(onnx, file_of(small, numbers=True))
        assert_same_outputs(runtime, small, 1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_of_each_kind(onnx: Any, runtime: Any, kind: str) -> None:
    for network in networks_of(kind):
        assert_valid(onnx, file_of(network))
        small = narrowed(network) or network
        assert_valid(onnx, file_of(small, numbers=True))
        assert_same_outputs(runtime, small, 1e-4)


@pytest.mark.sample(2)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_networks(onnx: Any, runtime: Any, batch: int) -> None:
    compared = 0
    for seed in range(batch * RANDOM // BATCHES, (batch + 1) * RANDOM // BATCHES):
        reading = read_text(Source(f"n{seed}.yaml", written(drawn(seed), Random(seed))))
        if reading.failed or reading.network is None or not reading.network.nodes:
            continue
        assert_valid(onnx, file_of(reading.network))
        if is_small(reading.network):
            assert_same_outputs(runtime, reading.network, 1e-4)
            compared += 1
    assert compared


TABLES = """
input: [4, 9, 8]
layers:
  - max_pool(2, stride=1, padding=same, dilation=3)         # more padding than the kernel is large
  - transposed_conv(4, 3, output_padding=2, dilation=3)     # an output padding above the stride
  - avg_pool(3, stride=2, padding=1, ceil=true)             # padding is counted, what is beyond it is not
  - max_pool([3, 2], stride=[2, 3], padding=[1, 0], ceil=true)  # one axis is rounded up
  - pad(1, mode=circular) -> upsample(1.3) -> upsample([1.5, 2], mode=linear)
  - local_response_norm(4) -> layer_norm(over=[0, 2]) -> softmax(groups=2)
  - rnn_ish = reshape([4, rest]) -> gru(3, biases=1, layers=2, bidirectional=true) -> gru(2, reset_after=false)
"""


def test_what_runtimes_do_otherwise(onnx: Any, runtime: Any) -> None:
    """Layers that are written in another way than their op of ONNX, since runtimes refuse it or do something else."""
    network = read_text(Source("tables.yaml", TABLES)).require_network()
    assert_valid(onnx, file_of(network))
    assert_same_outputs(runtime, network)


def test_parameters_can_be_given_as_inputs(runtime: Any) -> None:
    """A file without numbers runs with arrays that are given beside the image."""
    import numpy

    network = read("two_conv").require_network()
    session = runtime.InferenceSession(file_of(network), providers=["CPUExecutionProvider"])
    arrays = {
        f"{node.path}.{weight.name}": numpy.array(tame_numbers(node, weight.name, weight.shape)[0], dtype="float32")
        for node in network.nodes
        for weight in node.layer.weights(node.input_shapes)
    }
    image = numpy.ones((1, *network.input), dtype="float32")
    feeds = {given.name: arrays[given.name].reshape(given.shape) for given in session.get_inputs()[1:]}
    (found,) = session.run(None, {"input": image, **feeds})
    other = runtime.InferenceSession(file_of(network, numbers=True), providers=["CPUExecutionProvider"])
    assert numpy.allclose(found, other.run(None, {"input": image})[0], rtol=1e-5)


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", BY_PYTORCH)
def test_a_large_network_gives_the_outputs_of_its_code(runtime: Any, torch: Any, name: str) -> None:  # noqa: F811
    reading = read(name)
    network = reading.require_network()
    assert narrowed(network) is None
    module = made(torch, code_of(reading)).float()
    arrays = dict(zip(arrays_in_order(network), state_of(module).values(), strict=True))
    for number, ((_, weight), array) in enumerate(arrays.items()):
        spread = torch.rand(array.shape, generator=torch.Generator().manual_seed(number))
        if weight.neutral is None:
            array.copy_((spread - 0.35) * 2 / prod(weight.shape[1:]) ** 0.75)
        else:
            array.copy_(weight.neutral + (spread - 0.5) / 2)
    numbers = {(index, weight.name): array for (index, weight), array in arrays.items()}
    model = write_model(network, lambda node, name, shape: [numbers[node.index, name].flatten().tolist()], "0")
    session = runtime.InferenceSession(b"".join(model.chunks), providers=["CPUExecutionProvider"])
    inputs = [torch.rand((EXAMPLES, *shape)) for shape in network.inputs.values()]
    theirs = session.run(None, {given.name: x.numpy() for given, x in zip(session.get_inputs(), inputs, strict=True)})
    with torch.no_grad():
        wanted = module(*inputs).numpy()
    assert abs(theirs[0] - wanted).max() <= 1e-4 * abs(wanted).max()
    assert wanted.std() > 0.005 * abs(wanted).max()


def arrays_in_order(network: Network) -> Iterator[tuple[int, Weight]]:
    """The arrays of a network with the index of their node, in the order of its layers."""
    for node in network.nodes:
        if node.shares is None:
            yield from ((node.index, weight) for weight in node.layer.weights(node.input_shapes))
