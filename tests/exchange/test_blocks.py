"""Structure recovered: the text that is written of a graph with modules, read again, is the graph; and is short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc.cli.show import text_of
from cnncalc.errors import Source
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.body import Unsaid
from cnncalc.exchange.check import agrees
from cnncalc.exchange.graph import TOP, Array, Graph
from cnncalc.exchange.lines import folded, packed
from cnncalc.exchange.write_blocks import write_blocks
from cnncalc.exchange.write_flat import write_flat
from cnncalc.layers.structure import MERGES
from cnncalc.layers.window import Windowed
from cnncalc.network import INPUT, Network
from cnncalc.reading import read, read_graph, read_text
from cnncalc.spec.files import bundled

from .onnx_files import model, node, tensor

# Lines of the text that is written of a bundled network whose own file has about as many.
SHORT = {
    "resnet50": 30,
    "vgg16": 16,
    "densenet121": 30,
    "mobilenet_v2": 30,
    "resnext101_64x4d": 30,
    "convnext_tiny": 30,
}


def graph_of(network: Network, classes: dict[str, str] | None = None) -> Graph:
    """A graph as a reader would make it: the groups of a file are modules, `classes` theirs by their words."""
    graph = Graph(network.inputs, batch=1, name="net")
    scopes: list[tuple[str, int]] = []
    for each in network.nodes:
        path = [name for name in each.path.split(".")[:-1] if name.rstrip("0123456789") not in MERGES]
        same = 0
        while same < min(len(path), len(scopes)) and scopes[same][0] == path[same]:
            same += 1
        del scopes[same:]
        for at, name in enumerate(path[same:], start=same):
            parent = scopes[-1][1] if scopes else TOP
            word = path[at - 1] if name.isdigit() else name
            kind = (classes or {}).get(word.rstrip("0123456789"), "")
            scopes.append((name, graph.open_scope(".".join(path[: at + 1]), kind, parent)))
        graph.scope = scopes[-1][1] if scopes else TOP
        key = each.index if each.shares is None else each.shares
        arrays = {w.name: Array((key, w.name), w.shape) for w in each.layer.weights(each.input_shapes)}
        settings = {name: getattr(each.layer, name) for name in each.layer.settings}
        if isinstance(each.layer, Windowed):  # words are of our language
            settings["padding"] = [(axis.before, axis.after) for axis in each.layer.axes(each.input_shapes)]
        graph.add(each.layer.kind, each.inputs, arrays, **settings)
    graph.outputs = dict(network.outputs)
    return graph


def said_again(graph: Graph) -> str:
    """The text with blocks, which must be the graph when it is read."""
    text, order = write_blocks(graph)
    found = read_text(Source("net.yaml", text))
    assert not found.failed, (found.problems, text)
    assert agrees(graph, order, found.require_network()), text
    return text


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_a_bundled_network_is_written_and_read_as_it_is(name: str) -> None:
    network = read(name).require_network()
    if any(each.like is not None for each in network.nodes):
        pytest.skip("sizes of other outputs are said in the flat text alone")
    try:
        graph = graph_of(network)
    except Refusal as refusal:
        pytest.skip(f"the graph does not share weights so: {refusal}")
    text = said_again(graph)
    assert len(text) < 2 * len(write_flat(graph))


@pytest.mark.parametrize("name", SHORT)
def test_the_text_is_as_a_person_writes_it(name: str) -> None:
    text = said_again(graph_of(read(name).require_network()))
    lines = text.splitlines()
    assert len(lines) <= SHORT[name]
    assert max(map(len, lines)) <= 100


def test_blocks_that_differ_in_a_shortcut_are_one_with_a_condition() -> None:
    """And what differs is a parameter, or follows from one; repeats are repeats, and stages have their names."""
    network = read("resnet50").require_network()
    containers = dict.fromkeys(("conv_bn", "body", "shortcut"), "Sequential")
    graph = graph_of(network, {"bottleneck": "Bottleneck", **containers})
    assert said_again(graph) == (
        'name: "net"\n'
        "input: [3, 224, 224]\n"
        "\n"
        "blocks:\n"
        "  bottleneck(width, stride=1):\n"
        "    - add:\n"
        "        body:\n"
        "          - conv(width, 1, bias=false) -> batch_norm -> relu\n"
        "          - conv(width, 3, stride, padding=1, bias=false) -> batch_norm -> relu\n"
        "          - conv(4 * width, 1, bias=false) -> batch_norm\n"
        "        shortcut: (conv(4 * width, 1, stride, bias=false) -> batch_norm) if in_channels != 4 * width\n"
        "    - relu\n"
        "\n"
        "layers:\n"
        "  - conv(64, 7, stride=2, padding=3, bias=false) -> batch_norm -> relu\n"
        "  - max_pool(3, stride=2, padding=1)\n"
        "  - conv2_x = bottleneck(64) * 3\n"
        "  - conv3_x = bottleneck(128, stride=2) -> bottleneck(128) * 3\n"
        "  - conv4_x = bottleneck(256, stride=2) -> bottleneck(256) * 5\n"
        "  - conv5_x = bottleneck(512, stride=2) -> bottleneck(512) * 2\n"
        "  - global_avg_pool -> flatten -> linear(1000) -> softmax\n"
    )


def test_a_text_that_is_not_the_graph_is_not_taken() -> None:
    graph = graph_of(read("resnet18").require_network())
    text, order = write_blocks(graph)
    for old, new in (
        ("stride=2", "stride=1"),
        ("bias=false", "bias=true"),
        ("relu", "gelu"),
        ("linear(1000)", "linear(999)"),
    ):
        assert old in text
        network = read_text(Source("net.yaml", text.replace(old, new, 1))).network
        assert network is None or not agrees(graph, order, network)
    assert not agrees(graph, order[::-1], read_text(Source("net.yaml", text)).require_network())


def test_sizes_of_other_outputs_are_left_to_the_flat_text(capsys: pytest.CaptureFixture[str]) -> None:
    graph = Graph({"input": (3, 8, 8)}, batch=1, name="net")
    small = graph.add("max_pool", [INPUT], kernel=2)
    graph.outputs = {"": graph.add("upsample", [small], size=(8, 8), like=INPUT)}
    with pytest.raises(Unsaid):
        write_blocks(graph)
    found = read_graph(graph, "net.onnx")
    text = text_of(found, expand=False, overridden="")
    assert agrees(graph, found.order, read_text(Source("net.yaml", text)).require_network())
    assert capsys.readouterr().err == (
        "cnncalc: note: net.onnx is written a layer a line, without blocks:"
        " a layer takes its size from another output\n"
    )


def test_a_text_that_reads_back_as_another_network_is_replaced_by_the_flat_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = graph_of(read("resnet18").require_network())
    text, order = write_blocks(graph)
    assert not read_graph(graph, "net.onnx").flat
    monkeypatch.setattr(
        "cnncalc.exchange.write_blocks.write_blocks", lambda _: (text.replace("bias=false", "bias=true", 1), order)
    )
    found = read_graph(graph, "net.onnx")
    assert "blocks:" not in text_of(found, expand=False, overridden="")
    assert agrees(graph, found.order, found.require_network())
    assert "without blocks: read again, they are not the same network" in capsys.readouterr().err
    assert "note" not in (text_of(found, expand=True, overridden=""), capsys.readouterr().err)[1]


def test_modules_of_an_onnx_file_are_blocks(tmp_path: Path) -> None:
    nodes, before = [], "x"
    for at in range(4):
        path = f"/body/body.{at}"
        nodes += [
            node("Conv", f"{before} w{at}", f"a{at}", name=f"{path}/conv/Conv", pads=[1, 1, 1, 1]),
            node("Relu", f"a{at}", f"b{at}", name=f"{path}/Relu"),
            node("Add", f"b{at} {before}", f"c{at}", name=f"{path}/Add"),
        ]
        before = f"c{at}"
    weights = [tensor(f"w{at}", (3, 3, 3, 3)) for at in range(4)]
    (tmp_path / "net.onnx").write_bytes(model(nodes, inputs={"x": (1, 3, 8, 8)}, outputs=[before], tensors=weights))
    assert read(str(tmp_path / "net.onnx")).text.partition("blocks:")[2] == (
        "\n"
        "  body_block:\n"
        "    - add:\n"
        "        body: conv(3, 3, padding=1, bias=false) -> relu\n"
        "        skip: identity\n"
        "\n"
        "layers:\n"
        "  - body = body_block * 4\n"
    )


def test_deeply_nested_merges_are_within_the_width() -> None:
    """Each takes the two before, as the fusions of HRNet do: they are written one after another, in time that grows
    with their number, not with that of the ways through them."""
    graph = Graph({"input": (4, 8, 8)}, batch=1, name="net")
    values = [INPUT, graph.add("tanh", [INPUT])]
    for _ in range(40):
        values.append(graph.add("add", [graph.add("relu", [each]) for each in values[-2:]]))
    graph.outputs = {"": values[-1]}
    text, order = write_blocks(graph)
    assert max(map(len, text.splitlines())) <= 100
    assert agrees(graph, order, read_text(Source("net.yaml", text)).require_network())


def test_long_calls_are_continued_on_the_next_line() -> None:
    graph = Graph({"input": (4, 8, 8)}, batch=1, name="net")
    settings: dict[str, Any] = {
        "kernel": (12, 13),
        "stride": (12, 13),
        "padding": (112, 113),
        "dilation": (12, 13),
        "groups": 4,
    }
    weight = Array("w", (123456, 1, 12, 13))
    graph.outputs = {"": graph.add("conv", [INPUT], {"weight": weight}, out=123456, bias=False, **settings)}
    text, order = write_blocks(graph)
    assert "- conv(123456, [12, 13]" in text
    assert max(map(len, text.splitlines())) <= 100
    assert agrees(graph, order, read_text(Source("net.yaml", text)).require_network())


def test_lines_end_before_a_layer_with_weights() -> None:
    tokens = ["conv(8, 3)", "batch_norm", "relu", "conv(8, 3)", "batch_norm", "relu"]
    assert packed(tokens, 45) == ["conv(8, 3) -> batch_norm -> relu", "conv(8, 3) -> batch_norm -> relu"]
    assert folded(tokens) == ["(conv(8, 3) -> batch_norm -> relu) * 2"]
