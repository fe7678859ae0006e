"""The digits of a seeded run: the same stream everywhere, and sums that differ by less than 10⁻¹² between Pythons.

Python 3.11 adds floats one after the other; `sum` of 3.12 and on compensates what is lost, and `math.sumprod` rounds
once. Both ways are followed here within one interpreter.
"""

from __future__ import annotations

import hashlib
import importlib
import math
import pkgutil
import random
import sys
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import reduce
from operator import add, mul
from typing import Any

import pytest

from cnncalc.execution import interpretations
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.execution.weights import Weights, sample_input
from cnncalc.layers.ops import Map
from cnncalc.network import Network

from ..cli.running import cnncalc
from ..networks import network

CLOSE = 1e-12


# the stream


class MersenneTwister:
    """MT19937 as published: M. Matsumoto & T. Nishimura, ACM TOMACS 8 (1998), and their mt19937ar.c of 2002."""

    def __init__(self, key: list[int]) -> None:
        mt = [19650218]
        for i in range(1, 624):
            mt.append((1812433253 * (mt[-1] ^ mt[-1] >> 30) + i) & 0xFFFFFFFF)
        i, j = 1, 0
        for k in [*range(max(624, len(key))), *[None] * 623]:
            mixed = mt[i - 1] ^ mt[i - 1] >> 30
            if k is not None:
                mt[i] = (mt[i] ^ mixed * 1664525) + key[j] + j & 0xFFFFFFFF
                j = (j + 1) % len(key)
            else:
                mt[i] = (mt[i] ^ mixed * 1566083941) - i & 0xFFFFFFFF
            i += 1
            if i == 624:
                mt[0], i = mt[623], 1
        mt[0] = 0x80000000
        self.mt, self.index = mt, 0

    def word(self) -> int:
        """The next 32 bits."""
        mt, i = self.mt, self.index
        y = mt[i] & 0x80000000 | mt[(i + 1) % 624] & 0x7FFFFFFF
        mt[i] = mt[(i + 397) % 624] ^ y >> 1 ^ (0x9908B0DF if y & 1 else 0)
        self.index = (i + 1) % 624
        y = mt[i]
        y ^= y >> 11
        y ^= y << 7 & 0x9D2C5680
        y ^= y << 15 & 0xEFC60000
        return y ^ y >> 18

    def real(self) -> float:
        """The next number from 0 to 1, of 53 bits."""
        a, b = self.word() >> 5, self.word() >> 6
        return (a * 67108864 + b) / 9007199254740992


def stream(text: str) -> MersenneTwister:
    """The stream that a text names: its bytes followed by their SHA-512 are the key, as in Python since 3.2."""
    data = text.encode()
    number = int.from_bytes(data + hashlib.sha512(data).digest(), "big")
    return MersenneTwister([number >> 32 * n & 0xFFFFFFFF for n in range(-(-number.bit_length() // 32))])


def test_the_generator_is_the_published_one() -> None:
    """The first words of mt19937ar.out, for its key."""
    twister = MersenneTwister([0x123, 0x234, 0x345, 0x456])
    assert [twister.word() for _ in range(5)] == [1067595299, 955945823, 477289528, 4107218783, 4228976476]


def test_inputs_and_weights_are_of_that_stream() -> None:
    expected = stream("7 input")
    assert sample_input(7, (1, 30, 30)).values == [expected.real() for _ in range(900)]
    net = network("layers: ['conv(4, 3, bias=false)']")
    expected, bound = stream("7 conv1 weight"), 1 / 27**0.5
    drawn = Weights(net, {}, 7)(net.nodes[0], "weight", (4, 3, 3, 3))
    assert drawn == [-bound + 2 * bound * expected.real() for _ in range(108)]


@pytest.mark.parametrize("arguments", [["lenet5", "--seed", "3"], ["two_conv", "--all", "--seed", "4"]])
def test_one_python_gives_the_same_digits_each_time(arguments: list[str]) -> None:
    runs = [cnncalc("run", *arguments, "-f", "json", PYTHONHASHSEED=seed) for seed in ("0", "1")]
    assert runs[0].returncode == 0
    assert runs[0].stdout == runs[1].stdout


# the sums


def one_after_the_other(values: Iterable[Any], start: Any = 0) -> Any:
    """`sum` of Python 3.11."""
    return reduce(add, values, start)


def rounded_once(values: Iterable[Any], start: Any = 0) -> Any:
    """The exact sum, rounded: no compensated one is closer."""
    values = [start, *values]
    if not all(isinstance(value, int | float) for value in values):
        return reduce(add, values)
    exact = sum(map(Fraction, values))
    return float(exact) if any(isinstance(value, float) for value in values) else int(exact)


# way → how it adds numbers, and products
WAYS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "3.11": (one_after_the_other, lambda a, b: one_after_the_other(map(mul, a, b), 0.0)),
    "3.12": (rounded_once, lambda a, b: float(sum(map(mul, map(Fraction, a), map(Fraction, b))))),
}
NETWORKS = {
    "convolutions": "conv(8, 3) -> gelu -> depthwise_conv(3) -> separable_conv(6, 3) -> conv(4, 2, groups=2)",
    "transposed": "transposed_conv(6, 3, stride=2) -> elu -> transposed_conv(4, 2, groups=2) -> conv(3, 1)",
    "norms": "conv(4, 3) -> batch_norm -> layer_norm -> group_norm(2) -> instance_norm -> local_response_norm -> silu",
    "pools": "conv(8, 3) -> avg_pool(3, stride=1) -> adaptive_avg_pool(2) -> tanh -> global_avg_pool -> softmax",
    "dense": "conv(16, 5) -> relu -> flatten -> linear(40) -> layer_norm -> linear(10) -> softmax",
    "deep": "max_pool(2) -> (conv(6, 3, padding=1) -> batch_norm -> hard_swish) * 9 -> flatten -> linear(5) -> softmax",
}


@pytest.fixture(params=NETWORKS)
def net(request: pytest.FixtureRequest) -> Network:
    return network(f"layers: ['{NETWORKS[request.param]}']")


@pytest.fixture
def adding(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes all modules that compute add as the named Python does."""
    modules = [importlib.import_module(f"cnncalc.{room}") for room in ("execution", "layers")]
    names = [each.name for room in modules for each in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")]

    def add_as(way: str) -> None:
        for name in names:
            monkeypatch.setattr(importlib.import_module(name), "sum", WAYS[way][0], raising=False)
        monkeypatch.setattr(interpretations, "DOT", WAYS[way][1])

    return add_as


def numbers(net: Network) -> list[list[float]]:
    """What each layer gives."""
    start = sample_input(5, net.input)
    made = run(net, [Map(start.shape, start.values)], Weights(net, {}, 5), Numbers())
    return [made[node.index].values for node in net.nodes]


def assert_close(some: list[list[float]], others: list[list[float]]) -> None:
    """Relative to the largest number of the layer: where numbers cancel, one alone may be off by more of itself."""
    for one, other in zip(some, others, strict=True):
        scale = max(map(abs, one))
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) <= CLOSE * scale


def test_the_sums_of_all_pythons_are_close(net: Network, adding: Callable[[str], None]) -> None:
    """Those of this Python, whichever it is, and those of 3.11 and of 3.12."""
    here = numbers(net)
    adding("3.11")
    old = numbers(net)
    adding("3.12")
    new = numbers(net)
    assert_close(old, new)
    assert_close(here, new)


def test_a_sum_that_loses_digits_is_not_close(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is not too wide: sums in single precision exceed it."""
    here = numbers(net)
    single = random.Random(1)
    monkeypatch.setattr(
        interpretations, "DOT", lambda a, b: WAYS["3.12"][1](a, b) * (1 + single.uniform(-(2**-24), 2**-24))
    )
    with pytest.raises(AssertionError):
        assert_close(here, numbers(net))


def test_sumprod_is_what_is_used_where_there_is_one() -> None:
    assert (interpretations.DOT is getattr(math, "sumprod", None)) == (sys.version_info >= (3, 12))
