"""The paths of layers, by hand from the rules: a name if there is one, else a word and a number."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from cnncalc import load
from cnncalc.execution.weights import check_weights
from cnncalc.given import GivenArray
from cnncalc.network import Network
from cnncalc.paths import PathError, PathFinder, find_path, find_paths
from cnncalc.spec.files import bundled

from ..cli.running import cnncalc
from ..networks import layers, network, problems


def paths(text: str) -> list[str]:
    return [layer.partition(":")[0] for layer in layers(text)]


def test_ordinals_count_items_that_are_switched_off() -> None:
    assert layers("layers: [relu, relu if channels == 9, relu, x = relu, relu]") == [
        "relu1: relu", "relu3: relu", "x: relu", "relu5: relu"
    ]  # fmt: skip


def test_parentheses_that_are_not_repeated_are_transparent() -> None:
    assert layers("layers: [(relu -> (relu)) -> relu]") == ["relu1: relu", "relu2: relu", "relu3: relu"]


def test_names_of_items_chains_and_repeats() -> None:
    assert layers("layers: [a = relu, b = relu * 2, c = relu -> tanh, (d = relu -> tanh) -> relu]") == [
        "a: relu", "b.0: relu", "b.1: relu", "c.relu1: relu", "c.tanh1: tanh", "d.relu1: relu", "d.tanh1: tanh",
        "relu3: relu",
    ]  # fmt: skip


def test_identity_and_from_take_no_ordinal() -> None:
    assert layers("""
        layers:
          - a = relu -> identity
          - tanh
          - add:
              - from(a) -> relu
              - identity
    """) == ["a.relu1: relu", "tanh1: tanh", "add1.1.relu1: relu", "add1: add"]


def test_paths_of_a_residual_network() -> None:
    found = [node.path for node in load("resnet50").nodes]
    assert "conv3_x.bottleneck1.0.add1.body.conv_bn2.conv1" in found
    assert len(found) == len(set(found))


# repeats without a name, which add nothing to a path


def test_counting_continues_in_a_repeat_without_a_name() -> None:
    assert paths("layers: [flatten, linear(9) -> relu, (dropout -> linear(9) -> relu) * 2, linear(9)]") == [
        "flatten1", "linear1", "relu1", "dropout1", "linear2", "relu2", "dropout2", "linear3", "relu3", "linear4"
    ]  # fmt: skip
    assert paths("layers: ['conv(4, 1) * 3', 'conv(4, 1)']") == ["conv1", "conv2", "conv3", "conv4"]


def test_the_classifiers_of_alexnet_and_vgg_16() -> None:
    alexnet = [node.path for node in load("alexnet").nodes]
    assert alexnet[-8:] == [
        "dropout1", "linear1", "relu6", "dropout2", "linear2", "relu7", "linear3", "softmax1"
    ]  # fmt: skip
    vgg = [node.path for node in load("vgg16").nodes]
    assert [path for path in vgg if path.startswith("vgg3.")] == [
        "vgg3.conv1", "vgg3.relu1", "vgg3.conv2", "vgg3.relu2", "vgg3.conv3", "vgg3.relu3", "vgg3.max_pool1"
    ]  # fmt: skip


def chain(chance: Random, depth: int, *, written_out: bool) -> str:
    """Random layers and repeats; if `written_out`, each repeat is replaced by its rounds."""
    items = []
    for _ in range(chance.randint(1, 4)):
        inner = chance.choice(("relu", "tanh", "elu"))
        if depth and chance.random() < 0.6:
            inner = chain(chance, depth - 1, written_out=written_out)
        count = chance.randint(1, 3)
        items.append(" -> ".join([f"({inner})"] * count) if written_out else f"({inner}) * {count}")
    return " -> ".join(items)


@pytest.mark.parametrize("seed", range(40))
def test_a_repeat_has_the_paths_of_its_rounds_written_one_after_the_other(seed: int) -> None:
    repeated, flat = (chain(Random(seed), 3, written_out=written_out) for written_out in (False, True))
    assert paths(f"layers: [{repeated}]") == paths(f"layers: [{flat}]")


def test_counting_continues_in_nested_repeats() -> None:
    assert paths("layers: [((relu -> tanh) * 2 -> elu) * 2, relu]") == [
        "relu1", "tanh1", "relu2", "tanh2", "elu1", "relu3", "tanh3", "relu4", "tanh4", "elu2", "relu5"
    ]  # fmt: skip


def test_a_repeat_that_is_switched_off_or_of_no_rounds_counts_as_it_is_written() -> None:
    assert paths("layers: [(relu) * 0, relu, (relu -> tanh) * 3 if channels == 9, relu]") == ["relu2", "relu4"]


def test_a_repeated_block_keeps_its_round() -> None:
    text = """
        blocks:
          unit(out):
            - conv(out, 1) * 2
            - relu
        layers: [unit(4) * 2, unit(5), (unit(4) -> relu) * 2, stem = unit(4) * 2, s = (relu -> tanh) * 2]
    """
    assert paths(text) == [
        "unit1.0.conv1", "unit1.0.conv2", "unit1.0.relu1", "unit1.1.conv1", "unit1.1.conv2", "unit1.1.relu1",
        "unit2.conv1", "unit2.conv2", "unit2.relu1",
        "unit3.conv1", "unit3.conv2", "unit3.relu1", "relu1", "unit4.conv1", "unit4.conv2", "unit4.relu1", "relu2",
        "stem.0.conv1", "stem.0.conv2", "stem.0.relu1", "stem.1.conv1", "stem.1.conv2", "stem.1.relu1",
        "s.0.relu1", "s.0.tanh1", "s.1.relu1", "s.1.tanh1",
    ]  # fmt: skip


def test_branches_are_counted_by_themselves() -> None:
    assert paths("""
        layers:
          - relu * 2
          - add:
              a: relu * 2 -> relu
              b: identity
          - relu
    """) == ["relu1", "relu2", "add1.a.relu1", "add1.a.relu2", "add1.a.relu3", "add1", "relu3"]


def test_a_name_within_rounds_gets_a_number() -> None:
    assert paths("layers: ['((stem = conv(4, 1)) -> (two = relu -> tanh)) * 2', relu]") == [
        "stem1", "two1.relu1", "two1.tanh1", "stem2", "two2.relu1", "two2.tanh1", "relu1"
    ]  # fmt: skip
    assert problems("layers: ['((stem = relu) -> tanh) * 2', stem2 = relu]") == [("bad-name", 2, 41)]


def test_numbers_are_separated_from_names_that_end_in_a_digit() -> None:
    text = """
        blocks:
          part2:
            - relu6 * 2
        layers: [part2, part2]
    """
    assert paths(text) == ["part2_1.relu6_1", "part2_1.relu6_2", "part2_2.relu6_1", "part2_2.relu6_2"]
    assert problems("layers: [relu6_1 = relu]") == [("bad-name", 2, 10)]


def test_repeats_without_a_name_are_groups_without_a_path() -> None:
    net = network("layers: [(relu -> tanh) * 3]")
    assert [(group.path, group.form, group.first, group.last, group.rounds) for group in net.groups] == [
        ("", "repeat", 0, 6, 3), ("", "round", 0, 2, 0), ("", "round", 2, 4, 0), ("", "round", 4, 6, 0)
    ]  # fmt: skip


# the paths of version 0.1

OLD = [
    ("alexnet", "group1.0.linear1", "linear1"),
    ("alexnet", "group1.1.relu1", "relu7"),
    ("vgg16", "vgg3.group1.2.conv1", "vgg3.conv3"),
    ("vgg16", "group1.1.dropout1", "dropout2"),
    ("mobilenet_v2", "relu61", "relu6_1"),
]


@pytest.mark.parametrize(("name", "old", "new"), OLD)
def test_an_old_path_is_an_error_that_names_the_new_one(name: str, old: str, new: str) -> None:
    net = load(name)
    known = [node.path for node in net.nodes]
    assert new in known
    for find in (find_path, find_paths):
        with pytest.raises(PathError) as caught:
            find(old, known, former=net.former_paths)
        assert caught.value.help.endswith(f" {new}")


@pytest.mark.parametrize("name", bundled())
def test_every_old_path_leads_to_existing_paths(name: str) -> None:
    net = load(name)
    known = {node.path for node in net.nodes}
    former = net.former_paths()
    assert not known & set(former)
    assert all(now and set(now) <= known for now in former.values())
    assert len(known) == len(net.nodes)


def test_an_old_path_of_a_group_names_its_layers() -> None:
    net = load("alexnet")
    assert net.former_paths()["group1.0"] == ["dropout1", "linear1", "relu6"]


def test_old_paths_are_rejected_everywhere(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    text = "input: [1, 4, 4]\nlayers:\n  - (conv(1, 1) -> relu) * 2\n"
    file.write_text(text, encoding="utf-8")
    weights = tmp_path / "weights.json"
    weights.write_text('{"group1.1.conv1": {"weight": [[[[2]]]], "bias": [0]}}', encoding="utf-8")
    for arguments in (
        ("run", "--at", "group1.1.conv1"),
        ("run", "--weights", str(weights)),
        ("explain", "group1.1.conv1"),
        ("compare", "--separable", "depthwise", "--only", "group1.1.conv1"),
        ("compare", "--dense", "--at", "group1.1.conv1"),
        ("compare", "lenet5", "--at", "group1.1.conv1"),
    ):
        command, *options = arguments
        ran = cnncalc(command, str(file), *options)
        assert ran.returncode in (1, 2), arguments
        assert "it is now conv2" in ran.stderr, arguments
    file.write_text(f"{text}weights:\n  group1.1.conv1:\n    weight: [[[[2]]]]\n", encoding="utf-8")
    ran = cnncalc("validate", str(file))
    assert ran.returncode == 1
    assert "net.yaml:6:13: error[unknown-name]" in ran.stdout
    assert "it is now conv2" in ran.stdout


def test_many_wrong_paths_of_weights_read_the_former_paths_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def map_former_paths(*networks: Network) -> dict[str, list[str]]:
        read.append(networks)
        return {}

    monkeypatch.setattr("cnncalc.spec.former.map_former_paths", map_former_paths)
    net = network("input: [3, 8, 8]\nlayers: [batch_norm]")
    given = {f"x{number}": {"weight": GivenArray([1.0])} for number in range(50)}
    assert [problem.code for problem in check_weights(net, given, complete=False)[1]] == ["unknown-name"] * 50
    assert len(read) == 1


def test_a_finder_agrees_with_a_search_through_all_paths() -> None:
    """Seeded paths and endings: the index finds what a plain search finds."""
    chance = Random(7)
    known = list(dict.fromkeys(".".join(chance.choices("abc", k=chance.randint(1, 4))) for _ in range(40)))
    finder = PathFinder(known)
    for _ in range(500):
        wanted = ".".join(chance.choices("abc", k=chance.randint(1, 3)))
        assert finder.find_endings(wanted) == [path for path in known if path.endswith("." + wanted)]


def test_patterns_are_compared_with_a_bounded_number_of_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncalc.limits.MATCHED_PATHS", 12)
    finder = PathFinder(["conv1", "conv2", "relu1", "relu2"])
    assert [finder.find(pattern) for pattern in ("c*1", "c*2", "r*1")] == ["conv1", "conv2", "relu1"]
    with pytest.raises(PathError, match="too many patterns for 4 paths"):
        finder.find("r*2")
