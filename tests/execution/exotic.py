"""Random chains and merges of all that moves positions about, without regard to sense."""

from __future__ import annotations

from random import Random


def random_exotic(rng: Random) -> str:
    """A chain of windows of every form, with a merge now and then."""
    axes = rng.choice((1, 1, 2))
    sizes = ", ".join(str(rng.randint(9, 24)) for _ in range(axes))
    lines = [f"input: [{rng.choice((1, 2, 4))}, {sizes}]", "layers:", "  - conv(4, 1)"]
    for number in range(rng.randint(1, 5)):
        if rng.random() < 0.25:
            lines += [f"  - at_{number}_ = identity"]
            lines += [f"  - {rng.choice(('add', 'concat', 'multiply'))}:", "      a: identity"]
            lines += [f"      {name}: {same_size(rng, f'at_{number}_')}" for name in "bc"[: rng.randint(1, 2)]]
            lines.append("  - conv(4, 1, groups=2)")
        else:
            lines.append(f"  - {step(rng, axes)}")
    lines += rng.choice(([], ["  - flatten"], ["  - global_avg_pool"], ["  - flatten", "  - linear(3)"]))
    return "\n".join(lines) + "\n"


def step(rng: Random, axes: int) -> str:
    k, s, d, p, q = rng.randint(1, 4), rng.randint(1, 3), rng.randint(1, 3), rng.randint(0, 3), rng.randint(0, 3)
    sides = "[" + ", ".join([f"[{p}, {q}]"] * axes) + "]"
    linear, cubic = (("linear", "linear"), ("bilinear", "bicubic"))[axes - 1]
    return rng.choice(
        (
            f"conv(4, {k}, stride={s}, padding={sides}, dilation={d})",
            f"conv(4, {k}, stride={s}, padding={rng.choice(('same', 'half', 'full'))})",
            f"max_pool({k}, stride={s}, padding={k // 2}, ceil={rng.choice(('true', 'false'))})",
            f"avg_pool({k}, stride={s}, ceil=true, dialect=caffe)",
            f"transposed_conv(4, {k}, stride={s}, dilation={d})",
            f"transposed_conv(4, 4, stride={s}, padding={rng.choice((0, 1))})",
            f"depthwise_conv({k}, stride={s}, dilation={d}, padding=half)",
            f"upsample({rng.randint(1, 3)})",
            f"upsample({rng.randint(1, 3)}, mode={linear})",
            f"upsample({rng.choice((1.5, 0.75, 4 / 3, 1.1))}, mode={rng.choice((linear, 'nearest', 'area'))})",
            f"upsample(size={rng.randint(5, 25)}, mode={cubic}, align_corners={rng.choice(('true', 'false'))})",
            f"upsample(like=input, mode={rng.choice((linear, 'nearest', 'area', cubic))})",
            f"crop({sides})",
            ("lstm(2, bidirectional=true)", "rnn(4, layers=2)", "gru(4)", f"slice(1, -{k})")[s]
            if axes == 1
            else "relu",
            f"pad({sides})",
            f"adaptive_avg_pool({rng.randint(1, 6)})",
            rng.choice(
                ("instance_norm", "group_norm(2)", "batch_norm", "layer_norm(over=all)", "local_response_norm(3)")
            ),
            rng.choice(("channel_shuffle(2)", "channel_split(2, 0) -> conv(4, 1)", "softmax(2)")),
            rng.choice(
                (
                    f"flip({rng.randint(-1, 1)})",
                    f"roll(1, {s})",
                    f"slice(1, {rng.randint(0, 2)}, 4, step={s})",
                    f"slice(-1, {p % 2}, -1)",
                    "slice(0, 1, 3) -> conv(4, 1)",
                )
            ),
        )
    )


def same_size(rng: Random, named: str) -> str:
    """A branch that keeps the size of the output `named`: windows that look elsewhere, others, and those with gaps."""
    return rng.choice(
        (
            "conv(4, 3, padding=1)",
            "conv(4, 3, padding=same, dilation=2) -> relu",
            "transposed_conv(4, 2, stride=3) -> conv(4, 3, stride=3, padding=1)",
            "transposed_conv(4, 3, padding=1)",
            "crop(1) -> pad(1)",
            "max_pool(3, stride=1, padding=1)",
            "upsample(2) -> avg_pool(2)",
            f"avg_pool(2, ceil=true) -> upsample(like={named}, mode=linear)",
            f"global_avg_pool -> upsample(like={named}, mode=linear)",
            f"upsample(size={rng.randint(1, 30)}) -> upsample(like={named}, mode=area)",
            "conv(4, 1) -> instance_norm",
        )
    )
