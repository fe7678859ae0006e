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


def test_problems_of_the_file_are_reported() -> None:
    done = cnncalc("explain", "-", stdin="input: [3, 8, 8]\nlayers: ['conv(4, 9)']\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kernel-too-large" in done.stderr


def test_the_receptive_field_is_written_layer_by_layer_once() -> None:
    """Of one layer, of a group, of what several endings or a pattern fit; of all layers it is not."""
    for path in ("conv5", "conv*", "*", "max_pool2"):
        assert cnncalc("explain", "alexnet", path).stdout.count("layer by layer") == 1
    group = cnncalc("explain", "resnet18", "conv2_x").stdout
    assert group.count("layer by layer") == 1
    assert group.count("\n\nconv2_x.") == 13  # 14 layers: 2 blocks of 2 convolutions, norms and relus, and an add
    assert "relu1   relu: 64×56×56" in group
    assert "35 + (3 − 1)·4 = 43" in group
    assert "layer by layer" not in cnncalc("explain", "alexnet").stdout


def test_a_group_or_an_ending_that_several_have() -> None:
    several = cnncalc("explain", "resnet18", "basic1.1").stdout
    for stage in range(2, 6):
        assert f"\nconv{stage}_x.basic1.1.add1   add" in f"\n{several}"
    assert "basic1.0" not in several.partition("layer by layer")[0]
    assert cnncalc("explain", "resnet18", "conv_bn1.conv1").stdout.startswith("conv_bn1.conv1   conv 7×7")
    assert cnncalc("explain", "resnet18", "shortcut.*conv1").stdout.count("conv 1×1, stride 2") == 3
    done = cnncalc("explain", "resnet18", "conv2x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean `conv2_x`?" in done.stderr


def test_the_nth_of_a_kind() -> None:
    """VGG-16 has 2 + 2 + 3 + 3 + 3 convolutions: the seventh is the last of its third block."""
    assert cnncalc("explain", "vgg16", "conv#7").stdout.startswith("vgg3.conv3   conv 3×3, padding 1: 256×56×56 →")
    assert cnncalc("explain", "vgg16", "conv#7").stdout == cnncalc("explain", "vgg16", "vgg3.conv3").stdout
    for wanted, said in (
        ("conv#14", "there is no conv#14; the network has conv#1 to conv#13"),
        ("conv#0", "conv#1 to conv#13"),
        ("convv#1", "no layer of the kind 'convv'; did you mean `conv`?"),
        ("gelu#1", "no layer of the kind 'gelu'"),
        ("conv#", "there is no layer 'conv#'"),
    ):
        ran = cnncalc("explain", "vgg16", wanted)
        assert ran.returncode == 2
        assert said in ran.stderr
