"""Random small networks with branches, written as architecture files."""

from __future__ import annotations

from random import Random

ACTIVATIONS = ("relu", "silu", "leaky_relu(0.1)", "tanh", "hard_swish", "gelu", "elu", "prelu")


def random_network(rng: Random) -> str:
    """A stem, some merges of branches of equal shape, and a head."""
    axes = rng.choice((1, 2, 2, 2, 3))
    channels = rng.choice((2, 4, 6))
    size = {1: 14, 2: 9, 3: 5}[axes]
    sizes = [str(size + rng.randint(0, 2)) for _ in range(axes)]
    lines = [f"input: [{rng.randint(1, 3)}, {', '.join(sizes)}]", "layers:"]
    lines.append(f"  - start = conv({channels}, 3, stride={rng.randint(1, 2)}, padding=1) -> batch_norm -> relu")
    for _ in range(rng.randint(1, 3)):
        lines += random_merge(rng, channels, axes)
    lines.append(f"  - {random_down(rng, axes)}")
    lines.append(rng.choice(("  - global_avg_pool -> flatten", "  - flatten", "  - adaptive_avg_pool(2) -> flatten")))
    lines.append(f"  - linear({rng.randint(1, 5)}) -> softmax")
    return "\n".join(lines) + "\n"


def random_merge(rng: Random, channels: int, axes: int) -> list[str]:
    word = rng.choice(("add", "add", "concat", "multiply", "maximum", "minimum", "mean", "subtract"))
    lines = [f"  - {word}:"]
    for number in range(2 if word == "subtract" else rng.randint(2, 3)):
        lines.append(f"      b{number}: {random_branch(rng, channels, axes)}")
    if word == "multiply" and rng.random() < 0.5:
        lines.append(f"      gate: global_avg_pool -> conv({channels}, 1) -> sigmoid")
    if word == "add" and rng.random() < 0.5:
        lines.append("      skip: from(start)")
    if word == "concat":
        lines.append(f"  - conv({channels}, 1)")
    return lines


def random_branch(rng: Random, channels: int, axes: int) -> str:
    """A chain that keeps the shape."""
    steps = []
    for _ in range(rng.randint(1, 3)):
        kernel, dilation = rng.choice((1, 2, 3)), rng.randint(1, 2)
        steps.append(
            rng.choice(
                (
                    f"conv({channels}, {kernel}, padding=same, dilation={dilation}, groups={rng.choice((1, 2))})",
                    f"depthwise_conv({kernel}, padding=same, bias={rng.choice(('true', 'false'))})",
                    f"separable_conv({channels}, 3, padding=half)",
                    f"transposed_conv({channels}, 3, padding=1, bias=false)",
                    "batch_norm",
                    "instance_norm(affine=true)",
                    f"group_norm({rng.choice((1, 2))})",
                    "layer_norm",
                    f"max_pool(3, stride=1, padding=1) -> {rng.choice(ACTIVATIONS)}",
                    "avg_pool(3, stride=1, padding=1, count_padding=false)",
                    f"{rng.choice(ACTIVATIONS)} -> dropout",
                    "local_response_norm(3)",
                    "channel_shuffle(2)",
                    "crop(1) -> pad(1)",
                    "upsample(2) -> avg_pool(2)",
                    f"transposed_conv({channels}, 2, stride=2) -> max_pool(2)",
                )
            )
        )
    return " -> ".join(steps)


def random_down(rng: Random, axes: int) -> str:
    return rng.choice(
        (
            "max_pool(2, ceil=true)",
            "avg_pool(3, stride=2, padding=1, ceil=true)",
            "conv(4, 3, stride=2, padding=half)",
            "max_pool([" + ", ".join(["2"] * axes) + "]) -> relu6",
        )
    )
