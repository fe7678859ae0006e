"""The search for settings against brute force over all settings up to 12."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from cnncalc import limits
from cnncalc.analysis.wanted import search
from cnncalc.network import Network
from cnncalc.reading import load


def chain(text: str, input: str) -> Network:
    return load(text, input=input)


def brute(size: int, wanted: int) -> set[tuple[int, int, int]]:
    """Every kernel, stride and padding that gives the wanted size, windows counted one by one."""
    found = set()
    for kernel, stride, padding in product(
        range(1, limits.WANTED_ARGUMENT + 1), range(1, limits.WANTED_ARGUMENT + 1), range(limits.WANTED_ARGUMENT + 1)
    ):
        places = [at for at in range(0, size + 2 * padding, stride) if at + kernel <= size + 2 * padding]
        if len(places) == wanted:
            found.add((kernel, stride, padding))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_all_three_free_against_brute_force(seed: int) -> None:
    rng = Random(seed)
    size, wanted = rng.randint(1, 40), rng.randint(1, 40)
    found = search(chain("conv(2, 1)", f"1x{size}"), (wanted,), ("kernel", "stride", "padding"))
    assert {tuple(value for _, value in answer.settings) for answer in found.answers} == brute(size, wanted)


@pytest.mark.parametrize("name", ["kernel", "stride", "padding"])
def test_one_free_against_brute_force(name: str) -> None:
    rng = Random(name)
    place = ("kernel", "stride", "padding").index(name)
    for _ in range(30):
        size, wanted = rng.randint(12, 30), rng.randint(1, 30)
        fixed = {"kernel": rng.randint(1, 9), "stride": rng.randint(1, 4), "padding": rng.randint(0, 5)}
        call = f"conv(2, {fixed['kernel']}, stride={fixed['stride']}, padding={fixed['padding']})"
        found = search(chain(call, f"1x{size}x{size}"), (wanted, wanted), (name,))
        values = {answer.settings[0][1] for answer in found.answers if isinstance(answer.settings[0][1], int)}
        right = {each[place] for each in brute(size, wanted)
                 if all(each[at] == fixed[other] for at, other in enumerate(fixed) if other != name)}  # fmt: skip
        assert {value for value in values if value <= limits.WANTED_ARGUMENT} == right


def test_alexnets_input() -> None:
    found = search(chain("conv(96, 11, stride=4)", "3x224x224"), (55, 55))
    assert [answer.settings for answer in found.answers] == [
        (("padding", 2),), (("padding", ((1, 2), (1, 2))),), (("padding", 3),), (("padding", ((2, 3), (2, 3))),),
    ]  # fmt: skip


def test_axes_apart() -> None:
    (answer,) = search(chain("conv(96, 11, stride=4)", "3x224x224"), (55, 54)).answers
    assert answer.settings == (("padding", (2, 0)),)


def test_none_and_why() -> None:
    found = search(chain("conv(8, 3, stride=2)", "3x9x9"), (2, 2))
    assert not found.answers
    assert [(answer.settings, answer.sizes) for answer in found.nearest] == [((("padding", 0),), (4, 4))]
    pool = search(chain("max_pool(2)", "3x8x8"), (7, 7))
    assert not pool.answers
    assert "more than half its window" in pool.refused


def test_every_layer_of_a_chain_is_tried() -> None:
    found = search(chain("conv(4, 3) -> relu -> avg_pool(3, stride=2)", "3x8x8"), (3, 3))
    assert {answer.path for answer in found.answers} >= {"conv1", "avg_pool1"}
    for answer in found.answers:
        assert answer.sizes == (3, 3)


def test_settings_that_do_not_fit_are_passed_over() -> None:
    assert search(chain("conv(4, 3) -> conv(4, 3)", "3x5x5"), (1, 1), ("kernel",)).answers


def test_an_even_axis_beside_an_odd_one() -> None:
    """(4 − 3 + 2)/1 + 1 = 4 on one axis, (4 − 3 + 3)/1 + 1 = 5 on the other."""
    (answer,) = search(chain("conv(1, 3)", "1x4x4"), (4, 5)).answers
    assert answer.settings == (("padding", ((1, 1), (1, 2))),)


def test_output_padding_of_a_transposed_convolution_comes_first() -> None:
    """(4 − 1)·2 − 2·1 + (3 − 1) + 1 + 1 = 8, as PyTorch's documentation of ConvTranspose2d writes it."""
    found = search(chain("transposed_conv(1, 3, stride=2, padding=1)", "1x4x4"), (8, 8))
    assert found.answers[0].settings == (("output_padding", 1),)
    assert all(answer.sizes == (8, 8) for answer in found.answers)


def test_the_same_of_every_layer() -> None:
    """Two 3×3 convolutions keep the size with padding 1 on each: 8 − 3 + 2 + 1 = 8, twice."""
    found = search(chain("conv(4, 3) -> relu -> conv(4, 3)", "1x8x8"), (8, 8))
    assert found.answers[0].paths == ("conv1", "conv2")
    assert found.answers[0].settings == (("padding", 1),)
