"""One architecture with many inputs: layers that are applied to other sizes, against the same text read anew."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc.errors import Source
from cnncalc.network import INPUT_NAME
from cnncalc.spec import load, variants
from cnncalc.spec.files import bundled, find, read_source
from cnncalc.spec.load import Loaded, Overrides, load_source
from cnncalc.spec.variants import Variants

from ..random_networks.drawing import drawn
from ..random_networks.writing import written


def expanded(source: Source, sizes: list[Overrides], path: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of the networks were expanded; each is as if the text was read anew, or has the same errors."""
    built: list[Loaded] = []
    build = load.build

    def count(*arguments: object) -> Loaded:
        built.append(build(*arguments))  # type: ignore[arg-type]
        return built[-1]

    monkeypatch.setattr(variants, "build", count)
    made = Variants(source, path)
    for overrides in sizes:
        found, fresh = made.load(overrides), load_source(source, path, overrides)
        assert errors(found) == errors(fresh)
        if not errors(fresh):
            assert found.network == fresh.network
    return len(built)


def errors(loaded: Loaded) -> list[str]:
    return [problem.message for problem in loaded.problems if problem.severity == "error"]


def other_sizes(source: Source, path: str, rng: Random) -> list[Overrides]:
    """The network's own input, and sizes from one that nothing fits to twice that."""
    network = load_source(source, path).network
    assert network is not None
    shapes = {"" if name == INPUT_NAME else name: shape for name, shape in network.inputs.items()}
    sizes = [rng.randint(1, 2 * max(map(max, shapes.values()))) for _ in range(3)]
    changed = [{name: (shape[0], *[size] * (len(shape) - 1)) for name, shape in shapes.items()} for size in sizes]
    return [Overrides(tuple(each.items())) for each in (shapes, *changed)]


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_bundled_architectures(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = find(name)
    assert path is not None
    source = read_source(path)
    expanded(source, other_sizes(source, path, Random(name)), path, monkeypatch)


@pytest.mark.sample(30)
@pytest.mark.parametrize("seed", range(300))
def test_random_networks(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("net.yaml", written(drawn(seed), Random(seed)))
    expanded(source, other_sizes(source, "-", Random(seed)), "-", monkeypatch)


@pytest.mark.parametrize(
    ("layers", "times"),
    [
        ("conv(8, 3) -> relu -> global_avg_pool -> flatten -> linear(4)", 1),
        ("a = conv(8, 3)\n- max_pool(2) -> upsample(like=a)", 1),
        ("a = max_pool(2)\n- conv(3, 1) -> max_unpool(a)", 1),
        ("conv(8, 3) -> flatten -> linear(4)", 3),  # an argument may be `in_channels`, which differs after it
        ("conv(8, 3) -> (conv(8, 3) if here.height > 10)", 3),
        ("conv(8, 3) -> upsample(size=[input.height, input.width])", 3),
        ("conv(here.channels * 2, 3)", 1),
    ],
)
def test_what_depends_on_sizes_is_expanded(layers: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("net.yaml", f"input: [3, 8, 8]\nlayers:\n- {layers}\n")
    sizes = [Overrides((("", (3, size, size)),)) for size in (8, 12, 20)]
    assert expanded(source, sizes, "-", monkeypatch) == times


def test_shared_weights_that_no_longer_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer with weights for each position is applied to two maps of 9×9, then to one of 12×12 and one of 9×9."""
    text = """
input: [1, 9, 9]
layers:
- a = locally_connected(1, 1)
- adaptive_avg_pool(9) -> reuse(a)
"""
    sizes = [Overrides((("", (1, size, size)),)) for size in (9, 9, 12)]
    assert expanded(Source("net.yaml", text), sizes, "-", monkeypatch) == 2


def test_a_network_of_the_file_is_not_taken_for_one_of_another_input(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("net.yaml", "input: [3, 8, 8]\nlayers:\n- conv(8, 3)\n")
    sizes = [Overrides((("", (3, 20, 20)),)), Overrides(), Overrides((("", (1, 8, 8)),))]
    expanded(source, sizes, "-", monkeypatch)
