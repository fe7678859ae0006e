"""`explain`."""

from __future__ import annotations

from .running import cnncalc


def test_one_layer_several_and_all() -> None:
    one = cnncalc("explain", "resnet50", "conv2_x.bottleneck1.0.add1").stdout
    assert "widest by body" in one
    several = cnncalc("explain", "alexnet", "conv*").stdout
    assert several.count("\n\n") == 4
    everything = cnncalc("explain", "alexnet").stdout
    assert everything.startswith("conv1   conv 11×11, stride 4: 3×227×227 → 96×55×55\noutput size       O = ")
    assert "softmax1   softmax" in everything


def test_a_mistyped_path_suggests_the_nearest() -> None:
    done = cnncalc("explain", "alexnet", "cnv2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "`conv2`" in done.stderr


def test_lines_are_wrapped_at_the_width() -> None:
    text = cnncalc("explain", "inception_v1", "--width", "80").stdout
    assert max(map(len, text.splitlines())) <= 80


def test_formats_for_a_handout() -> None:
    assert cnncalc("explain", "alexnet", "conv1", "--format", "latex").stdout.count(r"\begin{align*}") == 1
    assert "| weights | K·K·C\\_in·C\\_out" in cnncalc("explain", "alexnet", "conv1", "--format", "markdown").stdout


def test_what_is_wrong_in_the_file_is_told() -> None:
    done = cnncalc("explain", "-", stdin="input: [3, 8, 8]\nlayers: ['conv(4, 9)']\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kernel-too-large" in done.stderr
