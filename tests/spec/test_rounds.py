"""Repeats with a memory: `previous`, single rounds, rounds as branches, optional outputs, chains that are reused."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from textwrap import dedent
from typing import Any

import pytest

from cnncalc.errors import Source
from cnncalc.network import Network
from cnncalc.reading import read_text
from cnncalc.spec.write import write_network


def network(text: str) -> Network:
    return read_text(Source("net.yaml", "input: [3, 8, 8]\n" + dedent(text))).require_network()


def problems(text: str) -> list[tuple[str, str]]:
    found = read_text(Source("net.yaml", "input: [3, 8, 8]\n" + dedent(text))).problems
    return [(each.code, each.message) for each in found if each.severity == "error"]


def wiring(net: Network) -> list[tuple[Any, ...]]:
    """Every layer with what it reads, and the outputs: equal for networks that differ in their paths alone."""
    nodes = [(repr(node.layer), node.inputs, node.output, node.shares) for node in net.nodes]
    return [*nodes, tuple(net.outputs.values())]


CELL = """
blocks:
  cell(out, left):
    - add:
        left: from(left) -> conv(out, 1)
        right: conv(out, 3, padding=1)
    - relu
layers:
  - stem = conv(4, 3, padding=1) -> relu
"""


def test_previous_is_what_entered_the_rounds_before() -> None:
    """As it is written out by hand: the first round has what is named before the repeat."""
    rounds = """
      - cells = cell(5 + index, previous(2, before=stem)) * 4
    """
    by_hand = """
      - c0 = cell(5, stem)
      - c1 = cell(6, stem)
      - c2 = cell(7, c0)
      - cell(8, c1)
    """
    assert wiring(network(CELL + dedent(rounds).replace("- c", "  - c"))) == wiring(
        network(CELL + dedent(by_hand).replace("- c", "  - c"))
    )


def memory(entered: str, before: str, outputs: Sequence[str], distance: int) -> str:
    """What `previous(distance)` is in the round after these, by the definition."""
    entering = [entered, *outputs]  # what enters round 0, 1, …
    position = len(outputs) - distance + 1
    return entering[position] if position >= 0 else before


@pytest.mark.sample(10)
@pytest.mark.parametrize("seed", range(40))
def test_a_repeat_with_a_memory_is_its_rounds_written_one_after_the_other(seed: int) -> None:
    """Random distances of two arguments that may be left out; and one round, and all rounds, read afterwards."""
    rng = Random(f"memory of {seed}")
    count, first, second = rng.randint(1, 6), rng.randint(1, 4), rng.randint(1, 6)
    before = "stem" if first <= 2 and rng.random() < 0.5 else "none"
    shift = rng.randint(0, 3)
    block = """
blocks:
  cell(out, a, b=none):
    - concat:
        a if a != none: from(a)
        b if b != none: from(b)
        main: identity
    - conv(out, 1)
layers:
  - stem = conv(4, 3, padding=1) -> relu
  - start = conv(3, 1)
"""
    picked = rng.randint(-count, count - 1)
    last = f"previous({second}, before=none) if index >= {shift} else none"
    repeated = f"""
  - cells = cell(4 + index, previous({first}, before={before}), {last}) * {count}
  - concat:
      all: rounds(cells)
      one: from(cells[{picked}])
      start: from(start)
  - outputs: rounds(cells)
"""
    names: list[str] = []
    lines = []
    for index in range(count):
        a = memory("start", before, names, first)
        b = memory("start", "none", names, second) if index >= shift else "none"
        names.append(f"c{index}")
        lines.append(f"  - c{index} = cell({4 + index}, {a}, {b})")
    branches = ", ".join(f"from({name})" for name in [*names, names[picked], "start"])
    lines.append(f"  - concat: [{branches}]")
    lines.append("  - outputs: {" + ", ".join(f"{name}: from({name})" for name in names) + "}")
    assert wiring(network(block + repeated)) == wiring(network(block + "\n".join(lines)))


@pytest.mark.sample(6)
@pytest.mark.parametrize("seed", range(20))
def test_a_file_and_its_expansion_agree(seed: int) -> None:
    """Repeats of repeats, where each round of the outer one begins anew, with blocks, groups and chains reused."""
    rng = Random(f"expansion of {seed}")
    distance = rng.randint(1, 2)
    before, outer = ", before=stem" if distance == 2 else "", rng.randint(1, 3)
    text = f"""
blocks:
  cell(out, left):
    - add:
        left: from(left) -> conv(out, 1)
        right: conv(out, 3, padding=1)
    - inner = relu
  stage(out, depth, left):
    - first = conv(out, 1) -> tanh
    - cells = cell(out, previous({distance}, before=left)) * depth
    - concat:
        - rounds(cells.inner)
        - from(cells[{rng.randint(-1, 0)}])
    - conv(out, 1)
layers:
  - stem = conv(4, 3, padding=1) -> relu -> conv(3, 1)
  - again = reuse(stem)
  - (cell(4, previous({distance}{before})) -> ((add(previous(1), again) if channels == 3) -> relu) * 2) * {outer}
  - stages = stage(4 + index, {rng.randint(1, 3)}, previous({rng.randint(1, 2)}, before=stem)) * {rng.randint(1, 3)}
  - reuse(stages.first) if stages.first.channels == 1
  - concat:
      stages: rounds(stages.first)
      last: from(stages[-1].cells[0])
      again: from(again)
  - outputs: {{main: identity, side: rounds(stages.first)}}
"""
    net = network(text)
    expanded = read_text(Source("net.yaml", write_network(net))).require_network()
    assert wiring(net) == wiring(expanded)


def test_the_rounds_among_other_branches_keep_their_order() -> None:
    net = network("""
        layers:
          - a = conv(1, 1) -> relu
          - cells = conv(2 + index, 1) * 3
          - concat:
              a: from(a)
              cells: rounds(cells)
              b if false: rounds(cells)
              again: from(a)
          - concat:
              - rounds(cells)
              - identity
    """)
    by_path = {node.path: node for node in net.nodes}
    index = {node.path: node.index for node in net.nodes}
    cells = [index[f"cells.{each}"] for each in range(3)]
    assert by_path["concat1"].inputs == (index["a.relu1"], *cells, index["a.relu1"])
    assert by_path["concat2"].inputs == (*cells, index["concat1"])


def test_outputs_are_named_by_the_repeat_or_the_branch() -> None:
    text = """
        blocks:
          head(out):
            - main = conv(out, 1)
            - score = sigmoid
        layers:
          - heads = head(2) * 2
          - outputs: {}
    """
    whole, inner, branch = "rounds(heads)", "rounds(heads.main)", "{x: rounds(heads.main), y: identity}"
    assert list(network(text.format(whole)).outputs) == ["heads.0", "heads.1"]
    assert list(network(text.format(inner)).outputs) == ["heads.0.main", "heads.1.main"]
    assert list(network(text.format(branch)).outputs) == ["x.0", "x.1", "y"]


def test_a_round_has_the_outputs_of_its_block() -> None:
    net = network("""
        blocks:
          layer:
            - wide = conv(8, 1)
            - conv(3, 1)
          cell(left):
            - add: {left: from(left), right: relu}
        layers:
          - layers = layer * 3
          - from(layers[1].wide) -> conv(3, 1)
          - cell(layers[0]) -> cell(layers[-2])
          - upsample(like=layers[0])
    """)
    read = [node.inputs[0] for node in net.nodes if node.layer.kind == "add"]
    index = {node.path: node.index for node in net.nodes}
    assert read == [index["layers.0.conv2"], index["layers.1.conv2"]]
    assert net.nodes[index["conv1"]].inputs == (index["layers.1.wide"],)


def test_a_chain_is_reused_with_its_weights() -> None:
    """A `from` that it begins with is not part of it; names in it keep their first outputs."""
    net = network("""
        layers:
          - start = relu
          - chain = from(start) -> (low = conv(4, 3, padding=1)) -> relu -> conv(3, 1)
          - again = reuse(chain)
          - reuse(again)
          - add:
              low: from(low) -> conv(3, 1)
              here: identity
    """)
    index = {node.path: node.index for node in net.nodes}
    shares = {node.path: node.shares for node in net.nodes if node.shares is not None}
    low, last = index["chain.low"], index["chain.conv2"]
    assert set(shares.values()) == {low, last}
    assert [path.split(".")[0] for path in shares] == ["again", "again", "reuse2", "reuse2"]
    assert net.nodes[index["again.low"]].inputs == (last,)
    assert net.nodes[index["add1.low.conv1"]].inputs == (low,)


def test_a_repeated_chain_is_reused_in_its_round() -> None:
    """With the index of that round; the name of a repeat is its last round."""
    net = network("""
        layers:
          - groups = (conv(3, 2 * index + 1, padding=half) -> relu) * 3
          - reuse(groups[0]) -> reuse(groups)
    """)
    reused = [(repr(node.layer), node.shares) for node in net.nodes if node.shares is not None]
    assert reused == [("conv(3, 1, padding=half)", 0), ("conv(3, 5, padding=half)", 4)]


def test_weights_of_a_merge_are_reused() -> None:
    net = network("""
        layers:
          - both = add:
              a: conv(3, 1)
              b: conv(3, 3, padding=1)
          - reuse(both)
    """)
    assert [node.shares for node in net.nodes] == [None, None, None, 0, 1, None]


def test_none_is_compared_with_anything() -> None:
    text = """
        blocks:
          b(x=none):
            - relu if x == none else tanh
        layers:
          - a = sigmoid
          - b -> b(a) -> b(3) -> b([1, 2]) -> b(false) -> b(relu) -> b(none)
    """
    assert [node.layer.kind for node in network(text).nodes] == ["sigmoid", "relu", *["tanh"] * 5, "relu"]


# Names that were free before


def test_an_author_s_previous_is_a_name() -> None:
    source = Source(
        "net.yaml",
        dedent("""
            input: [3, 8, 8]
            params: {previous: 4}
            blocks:
              cell(k, before): conv(k, before)
            layers:
              - conv(previous, 1) -> cell(previous, 1)
        """),
    )
    found = read_text(source)
    assert [node.output for node in found.require_network().nodes] == [(4, 8, 8), (4, 8, 8)]
    assert [each.code for each in found.problems if each.code == "shadow"] == ["shadow"]


def test_a_block_may_be_named_previous() -> None:
    net = network("""
        blocks:
          previous(k): conv(k, 1)
          cell(left):
            - add: {left: from(left), right: relu}
        layers:
          - stem = previous(3)
          - cell(previous(2, before=stem)) * 2
    """)
    assert [node.layer.kind for node in net.nodes] == ["conv", "relu", "add", "relu", "add"]


# Limits


def test_chains_that_reuse_one_another_stop_at_a_limit() -> None:
    """Each runs the one before it twice: 2^60 layers."""
    chains = "\n".join(f"  - x{at} = reuse(x{at - 1}) -> reuse(x{at - 1})" for at in range(1, 61))
    found = problems(f"layers:\n  - x0 = conv(3, 1) -> relu\n{chains}\n")
    assert [code for code, _ in found] == ["too-large"]


def test_chains_that_reuse_one_another_are_nested_up_to_a_limit() -> None:
    chains = "\n".join(f"  - x{at} = reuse(x{at - 1}) -> relu" for at in range(1, 300))
    found = problems(f"layers:\n  - x0 = relu -> relu\n{chains}\n")
    assert found[0][0] == "too-large"


def test_long_memories() -> None:
    """A distance of any size is looked up at once, whatever the number of rounds."""
    text = """
        blocks:
          cell(left=none):
            - relu if left == none else tanh
        layers:
          - cell(previous({}, before=none)) * 1000
    """
    kinds = [node.layer.kind for node in network(text.format(600)).nodes]
    assert kinds == ["relu"] * 599 + ["tanh"] * 401
    assert {node.layer.kind for node in network(text.format(10**17)).nodes} == {"relu"}
    rounds = "layers:\n  - cells = relu * 1000\n  - (from(cells[index]) -> relu) * 1000\n  - add: rounds(cells)\n"
    assert len(network(rounds).nodes) == 2001
