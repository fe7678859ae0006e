"""Gradients by reverse mode: against central differences, against adjoints, by hand, and what a tape takes."""

from __future__ import annotations

import tracemalloc
from math import exp, isfinite, prod
from random import Random
from typing import Any, NamedTuple

import pytest

from cnncalc.execution.backward import LayerGradients, go_back, go_back_layer
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.tape import BackwardMacs, Tape, TapeError
from cnncalc.execution.weights import Weights, sample_input
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shapes
from cnncalc.layers.ops import Map, PooledMap, fill_map
from cnncalc.network import Network, Node

from ..layers.cases import random_cases
from ..networks import network
from .one import Arrays, with_indices
from .test_extremes import extreme_cases

CASES = 8  # of each kind
LARGEST = 400  # elements of an input
STEP = 1e-5
POSITIVE = ("sqrt", "log", "power", "divide", "local_response_norm")  # of what no root or quotient is near its end


class Case(NamedTuple):
    layer: Layer
    shapes: Shapes
    maps: tuple[Map, ...]
    arrays: Arrays


def smooth_map(rng: Random, shape: tuple[int, ...], kind: str) -> Map:
    """Numbers away from each other and from 0, where functions have corners."""
    signs = (1,) if kind in POSITIVE else (-1, 1)
    return Map(shape, [rng.choice(signs) * rng.uniform(0.3, 2.0) for _ in range(prod(shape))])


def cases(kind: str) -> list[Case]:
    rng = Random(f"gradients {kind}")
    found: list[Case] = []
    for layer, shapes in random_cases(kind, 10 * CASES):
        work = layer.work(shapes, layer.output_shape(shapes))
        if len(found) == CASES or max(map(prod, shapes), default=1) > LARGEST or sum(work) > 100_000:
            continue
        maps = tuple(smooth_map(rng, shape, kind) for shape in shapes)
        found.append(Case(layer, shapes, maps, Arrays(rng)))
    assert len(found) == CASES
    return found


def alone(case: Case) -> Node:
    shapes = case.shapes
    starts = tuple(range(-1, -1 - len(shapes), -1))
    return Node(0, "it", case.layer, starts, shapes, case.layer.output_shape(shapes), None)  # type: ignore[arg-type]


def gradients(case: Case, output: Map) -> LayerGradients:
    return go_back_layer(alone(case), indexed(case), lambda node, name, shape: case.arrays(name, shape), output)


def indexed(case: Case) -> tuple[Map, ...]:
    """The inputs; of an unpooling the second is that of a pool, with indices."""
    return (case.maps[0], with_indices(case.layer, case.maps[1])) if case.layer.kind == "max_unpool" else case.maps


def weighted_output(case: Case, factors: list[float]) -> float:
    made = case.layer.execute(indexed(case), case.arrays, Numbers())
    return float(sum(a * b for a, b in zip(made.values, factors, strict=True)))


def random_output(case: Case, rng: Random) -> Map:
    shape = case.layer.output_shape(case.shapes)
    return Map(shape, [rng.uniform(-1, 1) for _ in range(prod(shape))])


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_central_differences(kind: str) -> None:
    rng = Random(kind)
    for case in cases(kind):
        output = random_output(case, rng)
        found = gradients(case, output)
        # of an unpooling only the first: the second decides where, and its numbers are not read
        inputs = (
            zip(case.maps, found.inputs, strict=True) if kind != "max_unpool" else [(case.maps[0], found.inputs[0])]
        )
        pairs = [(x.values, each.values) for x, each in inputs]
        pairs += [(case.arrays[name], each.values) for name, each in found.arrays.items()]
        for values, own in pairs:
            assert len(values) == len(own)
            for at in rng.sample(range(len(values)), min(len(values), 6)):
                before = values[at]
                values[at] = before + STEP
                above = weighted_output(case, output.values)
                values[at] = before - STEP
                below = weighted_output(case, output.values)
                values[at] = before
                wanted = (above - below) / (2 * STEP)
                assert own[at] == pytest.approx(wanted, rel=2e-5, abs=2e-5), (case.layer, case.shapes)


@pytest.mark.parametrize("kind", KINDS)
def test_every_learned_array_has_a_gradient_and_values_are_those_of_numbers(kind: str) -> None:
    for case in cases(kind):
        output = random_output(case, Random(0))
        learned = {weight.name for weight in case.layer.weights(case.shapes) if weight.role != "buffer"}
        assert gradients(case, output).arrays.keys() == learned
        tape = Tape()
        starts = tuple(
            PooledMap.of(Map(x.shape, tape.start(x.values)), x.indices)
            if isinstance(x, PooledMap)
            else Map(x.shape, tape.start(x.values))
            for x in indexed(case)
        )
        made = case.layer.execute(starts, case.arrays, tape)
        assert tape.look_up(made.values) == case.layer.execute(indexed(case), case.arrays, Numbers()).values


@pytest.mark.parametrize("kind", KINDS)
def test_linear_kinds_are_adjoint(kind: str) -> None:
    """⟨A·x, y⟩ = ⟨x, Aᵀ·y⟩, where A·x is the output without what is added to it."""
    for case in cases(kind):
        if not case.layer.linear or not case.maps:
            continue
        y = random_output(case, Random(1))
        zeros = case._replace(maps=tuple(fill_map(x.shape, 0.0) for x in case.maps))
        forward = weighted_output(case, y.values) - weighted_output(zeros, y.values)
        back = gradients(case, y).inputs
        found = sum(
            a * b for x, each in zip(case.maps, back, strict=True) for a, b in zip(x.values, each.values, strict=True)
        )
        assert found == pytest.approx(forward, rel=1e-9, abs=1e-9), case.layer


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_any_numbers(kind: str) -> None:
    """1e308, infinities and NaN pass without an exception, and every gradient is a float."""
    for layer, shapes, maps, arrays in extreme_cases(kind):
        case = Case(layer, shapes, maps, arrays)
        found = gradients(case, fill_map(layer.output_shape(shapes), 1e308))
        values = [value for made in (*found.inputs, *found.arrays.values()) for value in made.values]
        assert {type(value) for value in values} <= {float}


@pytest.mark.parametrize("kind", KINDS)
def test_macs_of_the_backward_pass(kind: str) -> None:
    """Each mac is one to an input and one to a weight, and of a product of two tensors one to each of them."""
    for case in cases(kind):
        work = case.layer.work(case.shapes, case.layer.output_shape(case.shapes))
        wanted = BackwardMacs(work.macs + work.attention_macs, work.macs - work.attention_macs)
        assert gradients(case, random_output(case, Random(0))).macs == wanted


def numbers_of(net: Network) -> Weights:
    return Weights(net, {}, 0)


def differentiate(net: Network, start: Map, weigh: Any = None, output: Map | None = None) -> Any:
    last = len(net.nodes) - 1
    wanted = output or fill_map(net.nodes[last].output, 1.0)
    return go_back(net, [start], weigh or numbers_of(net), {last: wanted})


def test_the_convolution_of_the_lecture() -> None:
    """I = 1…9, K = [[1, 2], [3, 4]], dO = [[10, 20], [30, 40]]."""
    net = network("input: [1, 3, 3]\nlayers: ['conv(1, 2, bias=false)']")
    start = Map((1, 3, 3), list(map(float, range(1, 10))))
    found = differentiate(net, start, lambda *_: [1.0, 2.0, 3.0, 4.0], Map((1, 2, 2), [10.0, 20.0, 30.0, 40.0]))
    assert found.arrays[0]["weight"].values == [370, 470, 670, 770]
    assert found.inputs[-1].values == [10, 40, 40, 60, 200, 160, 90, 240, 160]


def test_a_max_pool_gives_to_the_first_of_the_largest() -> None:
    net = network("input: [1, 2, 4]\nlayers: ['max_pool(2)']")
    found = differentiate(net, Map((1, 2, 4), [1.0, 5.0, 3.0, 3.0, 2.0, 4.0, 0.0, 3.0]))
    assert found.inputs[-1].values == [0, 1, 1, 0, 0, 0, 0, 0]


def test_dead_units_of_a_relu() -> None:
    net = network("input: [4]\nlayers: [relu]")
    found = differentiate(net, Map((4,), [-1.0, 0.0, 2.0, -3.0]), output=Map((4,), [5.0, 6.0, 7.0, 8.0]))
    assert found.inputs[-1].values == [0, 0, 7, 0]


def test_a_saturated_sigmoid_has_no_gradient_and_not_a_nan() -> None:
    net = network("input: [3]\nlayers: [sigmoid]")
    found = differentiate(net, Map((3,), [-1000.0, 0.0, 1000.0]))
    assert found.inputs[-1].values == [0, 0.25, 0]


def test_weights_that_are_applied_twice_have_the_sum() -> None:
    """O = w·(w·x): dO/dw = 2·w·x."""
    net = network("input: [1]\nlayers: ['a = linear(1, bias=false)', reuse(a)]")
    found = differentiate(net, Map((1,), [5.0]), lambda *_: [3.0])
    assert found.arrays[0]["weight"].values == [30]
    assert found.inputs[-1].values == [9]


def test_an_input_that_is_read_twice_has_the_sum() -> None:
    net = network("input: [2]\nlayers: [{add: [identity, 'affine(3)']}]")
    assert differentiate(net, Map((2,), [1.0, 2.0])).inputs[-1].values == [4, 4]


def chain(of: str, count: int = 10) -> Network:
    return network(f"input: [8]\nlayers: [{', '.join([of] * count)}]")


def input_gradient(net: Network) -> float:
    """The mean size of the gradient of the input, from the mean of the outputs."""
    start = Map(*sample_input(0, net.input))
    found = differentiate(net, start, output=fill_map(net.nodes[-1].output, 1 / net.nodes[-1].output[0]))
    return float(sum(map(abs, found.inputs[-1].values))) / len(found.inputs[-1].values)


def test_gradients_vanish_through_ten_sigmoids() -> None:
    """Each sigmoid leaves a quarter at most, 0.25¹⁰ ≈ 9.5·10⁻⁷ of all; a ReLU leaves a unit all or nothing."""
    assert pytest.approx(9.5e-7, rel=5e-3) == 0.25**10
    alone = input_gradient(chain("sigmoid"))
    assert 0 < 8 * alone <= 0.25**10
    sigmoids, relus = input_gradient(chain("linear(8) -> sigmoid")), input_gradient(chain("linear(8) -> relu"))
    residuals = input_gradient(chain("{add: [identity, 'linear(8) -> sigmoid']}"))
    assert sigmoids < 1e-9
    assert relus > 100 * sigmoids
    assert residuals > 1e-2


def test_the_derivative_of_ten_sigmoids_by_hand() -> None:
    x, product = 0.5, 1.0
    for _ in range(10):
        x = 1 / (1 + exp(-x))
        product *= x * (1 - x)
    found = differentiate(network("input: [1]\nlayers: ['sigmoid * 10']"), Map((1,), [0.5]))
    assert found.inputs[-1].values == [pytest.approx(product, rel=1e-12)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_tape_takes_no_more_than_it_says(kind: str) -> None:
    tapes: list[Tape] = []

    class Watched(Tape):
        def __init__(self, most: float) -> None:
            super().__init__(most)
            tapes.append(self)

    for case in sorted(cases(kind), key=lambda case: sum(map(prod, case.shapes)))[-2:]:
        output = random_output(case, Random(0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cnncalc.execution.backward.Tape", Watched)
            gradients(case, output)
            tracemalloc.start()
            gradients(case, output)
            taken = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert taken < 1.3 * tapes[-1].bytes + 20_000 + 16 * len(output.values), (case.layer, case.shapes)


def test_a_tape_that_is_too_long_names_the_layer() -> None:
    net = network("input: [4]\nlayers: ['one = relu']")
    with pytest.raises(TapeError) as caught:
        go_back(net, [Map((4,), [1.0] * 4)], numbers_of(net), {0: fill_map((4,), 1.0)}, most=100)
    assert caught.value.path == "one"


def test_all_gradients_are_finite_in_a_network_with_everything() -> None:
    net = network(
        "input: [3, 8, 8]\n"
        "layers: ['conv(4, 3, padding=1)', batch_norm, relu, {add: [identity, 'depthwise_conv(3, padding=1)']},"
        " 'max_pool(2)', flatten, 'linear(5)', softmax]"
    )
    found = differentiate(net, Map(*sample_input(1, net.input)))
    values = [value for arrays in found.arrays.values() for made in arrays.values() for value in made.values]
    assert len(values) == 3 * 4 * 9 + 4 + 8 + 4 * 9 + 4 + 5 * 64 + 5
    assert all(map(isfinite, values))
