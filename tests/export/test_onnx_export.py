"""ONNX files as our own reader reads them again: every tensor with its sizes, every layer with its path and numbers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from math import prod
from pathlib import Path
from random import Random

import pytest

from cnncalc import limits
from cnncalc.errors import CnncalcError, Source, SpecError
from cnncalc.exchange.from_onnx import read as read_onnx
from cnncalc.exchange.write_flat import to_network
from cnncalc.execution.run import find_needed
from cnncalc.execution.weights import sample_array
from cnncalc.export import onnx_model
from cnncalc.export.onnx_file import BATCH
from cnncalc.export.onnx_kinds import RULES
from cnncalc.export.onnx_model import write_model
from cnncalc.layers import KINDS
from cnncalc.network import Network, Node
from cnncalc.reading import read, read_text
from cnncalc.spec.files import bundled

from ..networks import network
from ..random_networks.drawing import drawn
from ..random_networks.writing import written
from .onnx_models import as_read, file_of, networks_of, no_numbers, tame_numbers

RANDOM = 300
BATCHES = 10
# Kinds that ONNX says in nodes which the reader takes for no layer kind: kernels that are computed, an op without a
# kind of its own, and positions that are gathered one by one.
NOT_READ = {"standardized_conv", "deformable_conv", "locally_connected", "table_conv"}
# What the reader refuses of other kinds.
UNREAD = (
    "positions are chosen", "layer normalization over the last", "there are no layers", "cuts across an axis",
    "does not depend on the input", "is more than half its window", "for some of the axes",
)  # fmt: skip


def key_figures(found: Network) -> tuple[int, int, list[tuple[int, ...]]]:
    """The elements of all arrays, and the macs, of the layers that lead to outputs; and the shapes of the outputs."""
    needed = find_needed(found, {*found.outputs.values()})
    nodes = [node for node in found.nodes if node.index in needed]
    weights = [w for node in nodes if node.shares is None for w in node.layer.weights(node.input_shapes)]
    macs = sum(node.layer.work(node.input_shapes, node.output).macs for node in nodes)
    return sum(prod(w.shape) for w in weights), macs, [found.shape_at(index) for index in found.outputs.values()]


def figures_of(node: Node) -> tuple[object, ...]:
    """What a layer counts: its kind, elements, arrays, macs and multiplications."""
    arrays = [(weight.role, weight.shape) for weight in node.layer.weights(node.input_shapes)]
    work = node.layer.work(node.input_shapes, node.output)
    return node.layer.kind, prod(node.output), arrays, work.macs, work.multiplications


def assert_sound(data: bytes, found: Network, folder: Path) -> None:
    """Every tensor is made once, before it is read, and has its sizes; each layer ends with a node of its path."""
    model = as_read(data, folder)
    known = [*model.inputs, *model.tensors]
    for made in model.nodes:
        assert {*filter(None, made.inputs)} <= {*known}, made.name
        known += filter(None, made.outputs)
    assert len({*known}) == len(known)
    names = [made.name for made in model.nodes]
    assert len({*names}) == len(names)
    sizes = {**model.inputs, **model.sizes, **model.outputs}
    assert {*sizes} == {*known} - {*model.tensors}
    for node in found.nodes:
        assert node.path in names
        assert sizes[node.path] == (BATCH, *node.output)


def read_back(data: bytes, folder: Path) -> Network | str:
    """The network that our reader makes of a file, or the first thing that it refuses."""
    (folder / "net.onnx").write_bytes(data)
    graph = read_onnx(str(folder / "net.onnx"), {})
    return graph.refusals[0].message if graph.refusals else to_network(graph)


def is_continued(node: Node) -> bool:
    """Whether zeros follow the input of a transposed convolution, which are multiplied too."""
    if node.layer.kind != "transposed_conv":
        return False
    axes = node.layer.axes(node.input_shapes)  # type: ignore[attr-defined]
    extras = node.layer.output_paddings(len(axes))  # type: ignore[attr-defined]
    return any(extra - axis.after >= axis.stride for axis, extra in zip(axes, extras, strict=True))


def assert_read_back(data: bytes, found: Network, folder: Path) -> bool:
    """The same totals, and of layers with arrays, where they are one layer again, the same; whether it is read."""
    other = read_back(data, folder)
    if isinstance(other, str):
        kinds = {node.layer.kind for node in found.nodes}
        assert kinds & NOT_READ or any(each in other for each in UNREAD), other
        return False
    wanted, got = key_figures(found), key_figures(other)
    assert got[::2] == wanted[::2]
    assert got[1] == wanted[1] or any(map(is_continued, found.nodes))
    ours = {node.path: node for node in found.nodes}
    for node in other.nodes:
        twin = ours.get(node.path)
        if twin is not None and twin.layer.kind == node.layer.kind and figures_of(twin)[2]:
            assert figures_of(node) == figures_of(twin)
    return True


def test_every_kind_has_a_rule() -> None:
    assert {*RULES} == {*KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_of_each_kind(kind: str, tmp_path: Path) -> None:
    for found in networks_of(kind):
        for numbers in (False, prod(found.nodes[0].output) < 20_000 and key_figures(found)[0] < 20_000):
            data = file_of(found, numbers=numbers)
            assert_sound(data, found, tmp_path)
            assert assert_read_back(data, found, tmp_path) <= (kind not in NOT_READ)


@pytest.mark.sample(20)
@pytest.mark.parametrize("name", bundled())
def test_a_bundled_network(name: str, tmp_path: Path) -> None:
    found = read(name).require_network()
    data = file_of(found)
    assert data == file_of(read(name).require_network())
    assert_sound(data, found, tmp_path)
    assert assert_read_back(data, found, tmp_path)


def test_paths_are_kept(tmp_path: Path) -> None:
    found = read("resnet50").require_network()
    other = read_back(file_of(found), tmp_path)
    assert isinstance(other, Network)
    groups = {group.path for group in found.groups}
    merged = [f"{node.path}.{node.layer.kind}1" if node.path in groups else node.path for node in found.nodes]
    at = merged.index("flatten1")  # a view, which is a part of the linear layer when the file is read
    assert [node.path for node in other.nodes][:at] == merged[:at]
    assert [*map(figures_of, other.nodes)] == [*map(figures_of, found.nodes)]


@pytest.mark.sample(2)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_networks(batch: int, tmp_path: Path) -> None:
    tried = refused = 0
    for seed in range(batch * RANDOM // BATCHES, (batch + 1) * RANDOM // BATCHES):
        reading = read_text(Source(f"n{seed}.yaml", written(drawn(seed), Random(seed))))
        if reading.failed or reading.network is None or not reading.network.nodes:
            continue
        data = file_of(reading.network)
        assert_sound(data, reading.network, tmp_path)
        refused += not assert_read_back(data, reading.network, tmp_path)
        tried += 1
    assert tried > 5
    assert refused < tried


# Numbers


def floats_of(data: bytes, name: str, folder: Path) -> list[float]:
    values = as_read(data, folder).tensors[name].load()
    assert values is not None
    return values


def singles(numbers: list[float]) -> list[float]:
    return [struct.unpack("<f", struct.pack("<f", number))[0] for number in numbers]


def test_arrays_have_their_paths_and_numbers(tmp_path: Path) -> None:
    found = network("layers:\n  - body = conv(4, 3) -> batch_norm -> prelu\n  - flatten -> linear(2)")
    data = file_of(found, numbers=True)
    tensors = as_read(data, tmp_path).tensors
    for node in found.nodes:
        for weight in node.layer.weights(node.input_shapes):
            (numbers,) = tame_numbers(node, weight.name, weight.shape)
            name = f"{node.path}.{weight.name}"
            assert [size for size in tensors[name].shape if size > 1] == [size for size in weight.shape if size > 1]
            assert floats_of(data, name, tmp_path) == singles(numbers)


def test_gates_are_in_the_order_of_onnx(tmp_path: Path) -> None:
    """PyTorch's i, f, g, o are i, o, f, c: https://onnx.ai/onnx/operators/onnx__LSTM.html"""
    found = network("input: [2, 5]\nlayers:\n  - lstm(1)")
    by_gate = {"weight_ih_l0": [1, 2, 3, 4, 5, 6, 7, 8], "weight_hh_l0": [1, 2, 3, 4]}
    by_gate |= {"bias_ih_l0": [1, 2, 3, 4], "bias_hh_l0": [5, 6, 7, 8]}
    data = b"".join(write_model(found, lambda node, name, shape: [by_gate[name]], "0").chunks)
    assert floats_of(data, "lstm1.weight_ih_l0", tmp_path) == [1, 2, 7, 8, 3, 4, 5, 6]
    assert floats_of(data, "lstm1.weight_hh_l0", tmp_path) == [1, 4, 2, 3]
    assert floats_of(data, "lstm1.bias_l0", tmp_path) == [1, 4, 2, 3, 5, 8, 6, 7]


def test_without_numbers_arrays_are_inputs(tmp_path: Path) -> None:
    """As any reader sees it: the inputs of the graph are the image and the arrays; nothing has numbers."""
    found = read("lenet5").require_network()
    data = file_of(found)
    model = write_model(found, no_numbers, "0")
    arrays = [w for node in found.nodes for w in node.layer.weights(node.input_shapes)]
    assert model.without_numbers == len(arrays)
    assert len(data) < 5_000 < 4 * key_figures(found)[0]
    assert [*as_read(data, tmp_path).inputs] == ["input"]


def test_shared_arrays_are_written_once(tmp_path: Path) -> None:
    text = "layers:\n  - a = conv(3, 3, padding=1)\n  - b = reuse(a)\n  - c = conv(3, 3, padding=1)"
    found = network(text)
    model = as_read(file_of(found, numbers=True), tmp_path)
    kernels = [node.inputs[1] for node in model.nodes if node.op == "Conv"]
    assert kernels == ["a.weight", "a.weight", "c.weight"]
    assert sorted(model.tensors) == ["a.bias", "a.weight", "c.bias", "c.weight"]


def test_outputs_have_the_names_of_the_network(tmp_path: Path) -> None:
    ends = "mask: conv(2, 1)\n      classes: global_avg_pool -> flatten"
    text = f"layers:\n  - body = conv(4, 3)\n  - outputs:\n      {ends}"
    model = as_read(file_of(network(text)), tmp_path)
    assert {name.rpartition(".")[2] for name in model.outputs} == {"mask", "classes"}
    assert [*as_read(file_of(network("layers:\n  - conv(4, 3)")), tmp_path).outputs] == ["conv1"]


def test_the_opset_is_as_old_as_the_ops(tmp_path: Path) -> None:
    assert as_read(file_of(network("layers:\n  - conv(4, 3) -> relu")), tmp_path).opset == 18
    assert as_read(file_of(network("layers:\n  - conv(4, 3) -> gelu")), tmp_path).opset == 20


def test_what_onnx_cannot_say_is_refused_as_a_whole() -> None:
    text = "input: [1, 10, 10]\nlayers:\n" + "  - max_pool(1, stride=2, ceil=true, dialect=caffe)\n" * 2
    found = read_text(Source("caffe.yaml", text)).require_network()
    with pytest.raises(SpecError) as raised:
        file_of(found)
    assert [(problem.code, problem.span and problem.span.line) for problem in raised.value.problems] == [
        ("no-counterpart", 3), ("no-counterpart", 4)
    ]  # fmt: skip


def test_names_from_outside_stay_names(tmp_path: Path) -> None:
    """Names that are those of inputs or arrays, and any text in the name and the source of a network."""
    text = (
        'name: "\\x00 \\" </script> é 🖼"\nsource: "a\\n\\nb"\ninput: {weight: [3, 8, 8], output: [3, 8, 8]}\n'
        "layers:\n  - from(weight) -> conv(3, 3, padding=1)\n  - add: [identity, from(output)]\n"
        "  - batch = conv(2, 3)\n  - left = conv(2, 3)\n"
    )
    found = read_text(Source("hostile.yaml", text)).require_network()
    data = file_of(found)
    assert_sound(data, found, tmp_path)
    assert as_read(data, tmp_path).name == found.name
    assert_read_back(data, found, tmp_path)


# Sizes


def test_large_arrays_are_made_block_by_block() -> None:
    found = read("alexnet").require_network()

    def in_blocks(node: Node, name: str, shape: tuple[int, ...]) -> Iterator[list[float]]:
        for left in range(prod(shape), 0, -1000):
            yield [0.0] * min(left, 1000)

    model = write_model(found, in_blocks, "0")
    assert model.size > 4 * 62_378_344
    sizes = [len(chunk) for chunk, _ in zip(model.chunks, range(5_000), strict=False)]
    assert max(sizes) <= 5_000


@pytest.mark.parametrize(("units", "fits"), [(475_000, True), (540_000, False)])
def test_nothing_is_made_before_it_is_written(units: int, fits: bool) -> None:
    """Of 1.9 GB, which protobuf can hold, or of 2.2 GB, which it cannot."""
    found = network(f"input: [1000]\nlayers:\n  - linear({units}, bias=false)")
    made = 0

    def in_blocks(node: Node, name: str, shape: tuple[int, ...]) -> Iterator[list[float]]:
        nonlocal made
        while True:
            made += 1
            yield [0.0] * 1000

    if fits:
        model = write_model(found, in_blocks, "0")
        assert model.size > 4 * 1000 * units
        assert made == 0
        assert sum(len(chunk) for chunk, _ in zip(model.chunks, range(10), strict=False)) < 40_000
        assert made < 10
    else:
        with pytest.raises(CnncalcError, match="protobuf allows"):
            write_model(found, in_blocks, "0")
        assert made == 0


def test_pieces_of_large_arrays_are_those_of_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gates in another order, and a projection in three, from blocks that end anywhere."""
    layers = (
        "lstm(3, layers=2, bidirectional=true)",
        "a = multi_head_attention(2)",
        "relu -> multi_head_attention(3, a)",
    )
    text = "input: [5, 4]\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers)
    found = network(text)
    whole = file_of(found, numbers=True)

    def in_blocks(node: Node, name: str, shape: tuple[int, ...]) -> Iterator[list[float]]:
        (numbers,) = tame_numbers(node, name, shape)
        yield from (numbers[at : at + 7] for at in range(0, len(numbers), 7))

    for kept in (0, 2**24):
        monkeypatch.setattr(onnx_model, "KEPT", kept)
        assert b"".join(write_model(found, in_blocks, "0").chunks) == whole


def test_more_than_protobuf_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = network("layers:\n  - conv(8, 3)")
    size = len(file_of(found, numbers=True))
    monkeypatch.setattr(limits, "PROTOBUF_BYTES", size)
    file_of(found, numbers=True)
    monkeypatch.setattr(limits, "PROTOBUF_BYTES", size - 1)
    with pytest.raises(CnncalcError, match=rf"would have {size:,} bytes, but protobuf allows {size - 1:,}"):
        file_of(found, numbers=True)


def test_tables_are_shared_and_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two layers with the same 4×4 pairs of positions have one table of 16 numbers."""
    bias = "relative_position_bias(2, [2, 2])"
    found = network(f"input: [2, 4, 4]\nlayers:\n  - add:\n    - identity\n    - {bias}\n    - {bias}\n")
    monkeypatch.setattr(limits, "ONNX_TABLES", 16)
    model = as_read(file_of(found), tmp_path)
    assert [each.shape for name, each in model.tensors.items() if name.endswith("/table")] == [(4, 4)]
    monkeypatch.setattr(limits, "ONNX_TABLES", 15)
    with pytest.raises(SpecError, match=r"arrays of positions and shares with more than 15 numbers"):
        file_of(found)


def test_numbers_beyond_single_precision_are_refused() -> None:
    found = network("layers:\n  - conv(1, 1)")
    for number, fits in ((3e38, True), (1e39, False), (-1e300, False)):
        model = write_model(found, lambda node, name, shape, number=number: [[number] * prod(shape)], "0")  # type: ignore[misc]
        if fits:
            assert b"".join(model.chunks)
        else:
            with pytest.raises(CnncalcError, match=r"conv1\.weight has a number that single precision cannot hold"):
                b"".join(model.chunks)


def test_random_weights_are_those_of_run() -> None:
    node = network("input: [3, 11, 11]\nlayers:\n  - conv(300, 11, bias=false)").nodes[0]
    numbers = sample_array(7, node, "weight", (300, 3, 11, 11))
    assert len(numbers) == 300 * 3 * 121 > 2**16
    bound = 363**-0.5
    assert min(numbers) < -0.99 * bound
    assert max(numbers) > 0.99 * bound
    assert max(map(abs, numbers)) <= bound
