"""Bytes moved, intensity and the least time, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.analysis.roofline import Device, Moved, compute_intensity, count_moved, list_least_times
from cnncalc.reading import read

from ..networks import report

FLOATS = (Dtype.float32, Dtype.float32, Dtype.float32)


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("conv(4, 3, padding=1)", Moved(192 + 256, 108, 4)),  # 3·8·8 in, 4·8·8 out, 3·3·3·4 weights
        ("batch_norm", Moved(2 * 192, 3, 3 + 6)),
        ("flatten", Moved()),
        ("relu", Moved(2 * 192)),
        ("separable_conv(4, 3, padding=1)", Moved(192 + 2 * 192 + 256, 27 + 12, 4)),  # the map between twice
    ],
)
def test_what_a_layer_moves(text: str, moved: Moved) -> None:
    assert count_moved(report(f"layers: ['{text}']").layers[0]) == moved


def test_a_tensor_that_is_read_twice_is_read_once() -> None:
    found = report("layers: [relu, add: [identity, identity]]")
    assert count_moved(found.layers[1]) == Moved(192 + 192)


def test_shared_weights_are_read_again() -> None:
    found = report("layers: ['a = conv(3, 1)', 'relu', 'reuse(a)']")
    assert count_moved(found.layers[2]) == count_moved(found.layers[0])


def test_the_longer_of_two_times_bounds_a_layer() -> None:
    """A linear layer of 192 to 10: 3,840 operations, 4·(192 + 10 + 1,920 + 10) = 8,528 bytes."""
    found = report("layers: ['flatten -> linear(10)']")
    slow_memory = Device(Fraction(3840), Fraction(4264))
    slow_compute = Device(Fraction(1920), Fraction(8528))
    flatten, linear = map(tuple, list_least_times(found, FLOATS, slow_memory, 1))
    assert flatten == (0, 0, 0, "")
    assert linear == (3840, 8528, 2, "bandwidth")
    assert tuple(list_least_times(found, FLOATS, slow_compute, 1)[1]) == (3840, 8528, 2, "compute")


def test_a_batch_reads_weights_once() -> None:
    found = report("layers: ['flatten -> linear(10)']")
    (_, linear) = list_least_times(found, FLOATS, Device(Fraction(1), Fraction(1)), 8)
    assert linear[:2] == (8 * 3840, 4 * (8 * 202 + 1930))


def test_intensity_of_a_known_network() -> None:
    """VGG-16, whose 138 M parameters are each read once."""
    found = read("vgg16").require_report()
    moved = FIGURES["bytes_moved"].measure_network(found)
    assert moved > 4 * found.totals.parameters
    assert FIGURES["intensity"].measure_network(found) == compute_intensity(found.totals.work.macs, moved)
    assert compute_intensity(1, 0) is None


def test_the_figure_of_a_network_is_the_sum_of_its_layers() -> None:
    """By 1,000 bytes a second: relu moves 2·192 elements of 4 bytes, linear 192 + 10 + 1,920 + 10."""
    device = Device(Fraction(10**9), Fraction(1000))
    found = report("layers: ['relu', 'flatten -> linear(10)']")._replace(device=device)
    figure = FIGURES["least_time"]
    assert figure.of_layers is not None
    assert list(figure.of_layers(found, Dtype.float32)) == [Fraction(1536, 1000), 0, Fraction(8528, 1000)]
    assert figure.measure_network(found) == Fraction(10064, 1000)
    assert figure.measure_network(found, Dtype.int8) == Fraction(2516, 1000)
    assert figure.measure_network(found._replace(device=None)) is None
