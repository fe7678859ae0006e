"""A network written as a file is read back as the same network."""

from __future__ import annotations

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.errors import Source
from cnncalc.network import INPUT, Network
from cnncalc.reading import load, read_text
from cnncalc.spec.files import bundled
from cnncalc.spec.write import write_network
from tests.networks import network

WEB = """
params: {width: 4}
blocks:
  head:
    - conv(2, 1) -> flatten
layers:
  - stem = conv(8, 3, padding=same)
  - (relu -> conv(8, 3, padding=1)) * 2
  - x = conv(width * 2, [3, 1], padding=[[1, 1], [0, 0]], bias=false)
  - reuse(x)
  - concat:
      a: identity
      b: from(stem) -> max_pool(3, stride=1, padding=1)
      c: from(input)
  - outputs:
      side: head
      half_: avg_pool(2) -> relu
  - channel_split(19, take=0)
  - add:
      - sigmoid
      - from(input) -> conv(1, 1)
      - identity
"""


def read_back(written: Network) -> Network:
    text = write_network(written)
    found = read_text(Source("written.yaml", text), check_expect=True)
    assert not [problem for problem in found.problems if problem.severity == "error"], text
    read = {index for node in written.nodes for index in node.inputs} | set(written.outputs.values())
    unwanted = {"unread-output"} if len(read - {INPUT}) < len(written.nodes) else {"unread-output", "lost-value"}
    assert not [problem for problem in found.problems if problem.code in unwanted], text
    return found.require_network()


def check_same(one: Network, other: Network) -> None:
    """The same layers between the same layers, and the same numbers."""
    for node, again in zip(one.nodes, other.nodes, strict=True):
        assert (node.layer, node.inputs, node.output, node.shares) == (
            again.layer, again.inputs, again.output, again.shares
        )  # fmt: skip
    assert sorted(one.outputs.values()) == sorted(other.outputs.values())
    assert analyze(one).totals == analyze(other).totals
    assert (one.name, one.source, one.input) == (other.name, other.source, other.input)


@pytest.mark.sample(20)
@pytest.mark.parametrize("name", bundled())
def test_bundled_networks_survive(name: str) -> None:
    original = load(name)
    check_same(original, read_back(original))


def test_named_outputs_shared_weights_and_names_survive() -> None:
    original = network(WEB)
    check_same(original, read_back(original))
    auxiliary = load("inception_v1", settings=["auxiliary=true"])
    check_same(auxiliary, read_back(auxiliary))


def test_paths_are_kept_if_no_name_is_needed() -> None:
    original = load("vgg11")
    again = read_back(original)
    assert [node.path for node in again.nodes][:2] == ["vgg1_conv1", "vgg1_relu1"]
    assert [node.path for node in read_back(load("two_conv")).nodes] == [n.path for n in load("two_conv").nodes]


def test_texts_are_quoted() -> None:
    original = network('name: "a: b # \\"c\\""\nnotes: "- x\\ny"\nlayers: [relu]')
    assert read_back(original).name == 'a: b # "c"'
    assert read_back(original).notes == "- x\ny"
