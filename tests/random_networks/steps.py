"""Steps of random networks: layers in random settings that, most of them, keep the sizes of a map or halve them."""

from __future__ import annotations

from random import Random

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import format_value
from cnncalc.layers.structure import MERGES

from ..layers.test_registry import SIGNATURES
from .tree import Call, Chain, Item, Parenthesis, call

ACTIVATIONS = (
    "relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "hard_swish", "hard_sigmoid", "sigmoid",
    "tanh", "softplus", "mish",
)  # fmt: skip
FIRST = {line.partition("(")[0] for line in SIGNATURES.split("\n")}
SPECIAL = ("max_unpool", "multi_head_attention")  # which stages of their own draw
NEW = [kind for kind in KINDS if kind not in (*FIRST, *MERGES, *SPECIAL) and kind_class(kind).sources]
OFTEN_REFUSED = ("mean_over", "sum_over", "max_over", "pixel_unshuffle", "locally_connected", "table_conv")
NEW_WORDS = ("subtract", "divide", "maximum", "minimum", "mean")
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


class Steps:
    """Draws steps for maps of so many spatial axes. `out` is always an expression, a number or a name."""

    def __init__(self, rng: Random, axes: int) -> None:
        self.rng = rng
        self.axes = axes

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def listed(self, values: list[int]) -> str:
        """A value for each axis, as one number where they are all the same, most times."""
        if len(set(values)) == 1 and self.chance(0.8):
            return str(values[0])
        if self.chance(0.002):  # one is forgotten
            values = values[1:] or [*values, 1]
        return f"[{', '.join(map(str, values))}]"

    def each(self, *choices: int) -> list[int]:
        """A value for each axis, the same for all most times."""
        if self.chance(0.7):
            return [self.rng.choice(choices)] * self.axes
        return [self.rng.choice(choices) for _ in range(self.axes)]

    def parted(self, totals: list[int]) -> str:
        """Pairs of before and after that make up a total on each axis."""
        pairs = []
        for total in totals:
            before = self.rng.randint(0, total)
            pairs.append(f"[{before}, {total - before}]")
        return f"[{', '.join(pairs)}]"

    def bias(self, settings: dict[str, object]) -> dict[str, object]:
        if self.chance(0.4):
            settings["bias"] = self.rng.choice(("true", "false"))
        return settings

    # what keeps the sizes

    def keep(self, out: str = "channels") -> list[Item]:
        """Layers that change the channels to `out` and leave the sizes as they are."""
        draw = self.rng.choice(
            [self.conv] * 6
            + [self.transposed] * 3
            + [self.separable, self.separable, self.full_and_cut, self.pad_before, self.there_and_back, self.grouped]
            + ([self.spatial, self.shuffled] if self.axes == 2 else [])
        )
        return draw(out)

    def extents(self, *kernels: int) -> tuple[list[int], list[int], list[int]]:
        """Kernel, dilation, and the padding that makes up for them, on each axis."""
        k = self.each(*kernels)
        d = self.each(1, 1, 1, 2, 3) if self.chance(0.4) else [1] * self.axes
        return k, d, [(kn - 1) * dn for kn, dn in zip(k, d, strict=True)]

    def windowed(self, *kernels: int) -> tuple[str, dict[str, object]]:
        """The kernel and the settings with which a window of stride 1 keeps the sizes."""
        k, d, total = self.extents(*kernels)
        settings: dict[str, object] = {}
        if max(d) > 1:
            settings["dilation"] = self.listed(d)
        even = [t % 2 for t in total]
        ways = ["same", self.parted(total)]
        if not any(even):
            ways += ["half", "half", self.listed([t // 2 for t in total]), self.listed([t // 2 for t in total])]
        settings["padding"] = self.rng.choice(ways)
        if max(total) == 0:
            del settings["padding"]
        return self.listed(k), settings

    def conv(self, out: str) -> list[Item]:
        kernel, settings = self.windowed(1, 2, 3, 3, 3, 5)
        if self.chance(0.25):
            settings["groups"] = self.rng.choice(("2", "2", "4", "channels" if out == "channels" else "1"))
        return [self.named("conv", ("out", out), ("kernel", kernel), **self.bias(settings))]

    def named(self, kind: str, *required: tuple[str, object], **settings: object) -> Item:
        """A call whose arguments without a default are given by position, or by name too."""
        if self.chance(0.15):
            return call(kind, **dict(required), **settings)
        if kind == "conv" and "padding" in settings and self.chance(0.1):
            defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": "true"}
            return call(kind, *dict(required).values(), *{**defaults, **settings}.values())
        return call(kind, *(value for _, value in required), **settings)

    def grouped(self, out: str) -> list[Item]:
        """A convolution in as many groups as channels come out, or 1×1 in groups with a shuffle behind it."""
        kernel, settings = self.windowed(3, 5)
        if self.chance(0.5):
            return [call("conv", out, 1), call("conv", out, kernel, groups=out, **self.bias(settings))]
        return [call("conv", out, 1, groups=2), call("channel_shuffle", 2), call("depthwise_conv", kernel, **settings)]

    def transposed(self, out: str) -> list[Item]:
        k, d, total = self.extents(1, 2, 3, 3, 5)
        settings: dict[str, object] = {}
        if max(d) > 1:
            settings["dilation"] = self.listed(d)
            if min(d) > 1 and self.chance(0.5):
                settings["output_padding"] = 1
                total = [t + 1 for t in total]
        if any(t % 2 for t in total) or self.chance(0.4):
            settings["padding"] = self.parted(total) if self.chance(0.6) else "same"
        elif max(total):
            settings["padding"] = self.listed([t // 2 for t in total])
        if self.chance(0.35):
            settings["groups"] = 2
        return [self.named("transposed_conv", ("out", out), ("kernel", self.listed(k)), **self.bias(settings))]

    def separable(self, out: str) -> list[Item]:
        kernel, settings = self.windowed(2, 3, 3, 5)
        if self.chance(0.3):
            settings["multiplier"] = self.rng.randint(1, 3)
        if out == "channels" and "multiplier" not in settings and self.chance(0.4):
            return [call("depthwise_conv", kernel, **self.bias(settings))]
        if self.chance(0.6):
            return [self.named("separable_conv", ("out", out), ("kernel", kernel), **self.bias(settings))]
        return [call("depthwise_conv", kernel, **settings), call("conv", out, 1)]

    def spatial(self, out: str) -> list[Item]:
        kernel = self.each(1, 3, 5)
        padding = self.rng.choice(("half", "same", self.listed([k // 2 for k in kernel])))
        return [call("spatial_separable_conv", out, self.listed(kernel), **self.bias({"padding": padding}))]

    def shuffled(self, out: str) -> list[Item]:
        factor = self.rng.randint(2, 3)
        return [call("conv", f"{factor * factor} * {out}", 1), call("pixel_shuffle", factor), call("avg_pool", factor)]

    def full_and_cut(self, out: str) -> list[Item]:
        k, d, total = self.extents(2, 3, 4)
        settings = {"dilation": self.listed(d)} if max(d) > 1 else {}
        uneven = any(t % 2 for t in total) or self.chance(0.5)
        cut = self.parted(total) if uneven else self.listed([t // 2 for t in total])
        return [call("conv", out, self.listed(k), padding="full", **settings), call("crop", cut)]

    def pad_before(self, out: str) -> list[Item]:
        k, d, total = self.extents(2, 3, 4)
        settings: dict[str, object] = {"dilation": self.listed(d)} if max(d) > 1 else {}
        if self.chance(0.3):
            settings["padding"] = "valid"
        mode = {"mode": self.rng.choice(("zeros", "reflect", "replicate", "circular"))} if self.chance(0.5) else {}
        return [call("pad", self.parted(total), **mode), call("conv", out, self.listed(k), **self.bias(settings))]

    def there_and_back(self, out: str) -> list[Item]:
        """Larger by a factor, and smaller again."""
        factor = self.each(2, 3)
        text = self.listed(factor)
        if self.chance(0.5):
            mode = {"mode": LINEAR[self.axes if self.chance(0.9) else 1]} if self.chance(0.4) else {}
            return [call("upsample", text, **mode), call("conv", out, text, stride=text)]
        made = call("transposed_conv", out, text, stride=text, **self.bias({}))
        if self.chance(0.5):
            made = call("transposed_conv", out, 3, stride=2, padding=1, output_padding=1)
            return [made, call("max_pool", 2)]
        return [made, call(self.rng.choice(("max_pool", "avg_pool")), text)]

    # what keeps channels and sizes

    def plain(self) -> Item:
        """A norm, an activation, a pool of stride 1, or the like."""
        return self.rng.choice((self.norm, self.activation, self.activation, self.small_pool, self.other))()

    def new(self) -> list[Item]:
        """More often than not a kind that is newer than these networks, as one of its examples has it."""
        if not NEW or not self.chance(0.6):
            return []
        kind = self.rng.choice((*NEW, *OFTEN_REFUSED))
        if kind == "pixel_unshuffle":
            return [call("upsample", 2), call(kind, 2)] if self.axes == 2 or self.chance(0.1) else []
        if kind in ("slice", "split", "transpose"):
            return [self.part_or_turn(kind)]
        if kind.endswith("_over"):  # a gate of the whole, or one that is broadcast
            return [call(kind, self.rng.choice(("0", "1", "-1", f"[1, {self.axes}]", "[0, 1]")))]
        if kind.startswith("adaptive"):
            return [call(kind, self.kept_sizes())]
        example = self.rng.choice(kind_class(kind).examples())
        return [call(kind, **{name: format_value(value) for name, value in example.settings.items()})]

    def kept_sizes(self) -> str:
        """Sizes of an adaptive pool, some of which stay as they are."""
        sizes = [self.rng.choice(("none", str(self.rng.randint(1, 4)))) for _ in range(self.axes)]
        return f"[{', '.join(sizes)}]"

    def part_or_turn(self, kind: str) -> Item:
        """Of the channels the first half, where there is one, or two axes exchanged, which fit or do not."""
        if kind == "slice":
            return call("slice", 0, 0, "max(1, channels // 2)", **({"step": 2} if self.chance(0.3) else {}))
        if kind == "split":
            return call("split", "2 if channels % 2 == 0 else 1", 0, axis=self.rng.choice(("0", "0", "0", "-1")))
        order = list(range(self.axes + 1))
        if self.chance(0.5):
            order[-1], order[-2] = order[-2], order[-1]
        return call("transpose", f"[{', '.join(map(str, order))}]")

    def norm(self) -> Item:
        affine = {"affine": self.rng.choice(("true", "false"))} if self.chance(0.3) else {}
        kind = self.rng.choice(
            ("batch_norm", "batch_norm", "layer_norm", "group_norm", "instance_norm", "scale", "lrn")
        )
        if kind == "layer_norm":
            over = self.rng.choice(("all", "channels", "-1", "[1, 0]", "[1]"))
            return call(kind, **({"over": over} if self.chance(0.5) else {}), **affine)
        if kind == "group_norm":
            return call(kind, self.rng.choice(("1", "2", "channels", "max(1, channels // 2)")), **affine)
        if kind == "lrn":
            return call("local_response_norm", **({"size": self.rng.randint(1, 6)} if self.chance(0.5) else {}))
        return call(kind) if kind == "scale" else call(kind, **affine)

    def activation(self) -> Item:
        kind = self.rng.choice(ACTIVATIONS)
        settings: dict[str, dict[str, object]] = {
            "leaky_relu": {"slope": 0.2}, "prelu": {"shared": "true"}, "elu": {"alpha": 0.5},
        }  # fmt: skip
        if self.chance(0.2):
            return call("activation", kind)
        return call(kind, **(settings.get(kind, {}) if self.chance(0.5) else {}))

    def small_pool(self) -> Item:
        kind = self.rng.choice(("max_pool", "avg_pool"))
        k = self.each(2, 3, 3, 4)
        if self.chance(0.01):
            padding = "full"
        elif all(kn == 3 for kn in k) and self.chance(0.6):
            padding = self.rng.choice(("1", "half", "same"))
        else:
            padding = "same" if self.chance(0.7) else f"[{', '.join(f'[{(n - 1) // 2}, {n // 2}]' for n in k)}]"
        settings: dict[str, object] = {"stride": 1, "padding": padding}
        if kind == "max_pool" and padding in ("same", "half") and self.chance(0.3):
            settings["dilation"] = 2
            settings["padding"] = "same"
        if kind == "avg_pool" and self.chance(0.3):
            settings["count_padding"] = "false"
        return call(kind, self.listed(k), **settings)

    def other(self) -> Item:
        both = self.parted([self.rng.randint(1, 3) for _ in range(self.axes)])
        drawn = (
            call("dropout"),
            call("stochastic_depth", 0.1),
            call("softmax", **({"groups": 2} if self.chance(0.3) else {"over": 1} if self.chance(0.2) else {})),
            call("channel_shuffle", 2),
            call("identity"),
            Item(Parenthesis(Chain((call("pad", both, value=1), call("crop", both))))),
        )
        return self.rng.choice(drawn)

    # what halves the sizes, rounding up, whatever they are

    def halve(self, out: str, *, stride: str = "2") -> list[Item]:
        """Layers of stride `stride` that all come to ⌈I/S⌉, and to `out` channels."""
        by_window = [
            call("conv", out, self.listed(self.each(1, 3, 5)), stride, **self.bias({"padding": "half"})),
            call("conv", out, 3, stride=stride, padding=1),
            call("conv", out, self.listed(self.each(1, 2, 3, 4)), stride=stride, padding="same"),
            call("separable_conv", out, 3, stride, "half"),
        ]
        if stride != "2" or self.chance(0.6):
            return [self.rng.choice(by_window)]
        pools = [
            call("max_pool", 3, stride=2, padding=1),
            call("avg_pool", 3, 2, 1),
            call("max_pool", 2, ceil="true"),
            call("avg_pool", 2, ceil="true"),
            call("max_pool", 3, stride=2, padding="same"),
            call("max_pool", 2) if self.chance(0.3) else call("avg_pool", 1, stride=2, ceil="true"),
        ]
        return [self.rng.choice(pools), *([] if out == "channels" else [call("conv", out, 1)])]

    def wild(self, sizes: list[int], out: str) -> tuple[list[Item], list[int]]:
        """A window in any settings, and about what it makes of the sizes."""
        r = self.rng
        kind = r.choice(("conv", "conv", "transposed_conv", "transposed_conv", "max_pool", "avg_pool"))
        k = [r.randint(1, max(1, min(6, size + 1))) for size in sizes] if self.chance(0.5) else self.each(2, 3, 4)
        s, d = self.each(1, 2, 3), self.each(1, 1, 1, 2)
        pads = self.each(0, 0, 1, 2)
        required = [out, self.listed(k)] if "conv" in kind else [self.listed(k)]
        settings: dict[str, object] = {"stride": self.listed(s), "padding": self.listed(pads)}
        d = [1] * self.axes if kind == "avg_pool" else d
        if max(d) > 1:
            settings["dilation"] = self.listed(d)
        if "pool" in kind:
            if self.chance(0.9):
                pads = [min(p, kn // 2) for p, kn in zip(pads, k, strict=True)]
                settings["padding"] = self.listed(pads)
            if self.chance(0.5):
                settings["ceil"] = "true"
        made, extent = [], [dn * (kn - 1) + 1 for kn, dn in zip(k, d, strict=True)]
        if kind == "transposed_conv":
            extra = [r.randint(0, max(sn, dn) - (0 if self.chance(0.1) else 1)) for sn, dn in zip(s, d, strict=True)]
            settings |= {"output_padding": self.listed(extra)} if max(extra) else {}
            if self.chance(0.15):
                settings["padding"] = self.rng.choice(("same", "half", "valid", "full"))
            made = [(i - 1) * sn - 2 * p + e + x for i, sn, p, e, x in zip(sizes, s, pads, extent, extra, strict=True)]
        else:
            made = [(i + 2 * p - e) // sn + 1 for i, sn, p, e in zip(sizes, s, pads, extent, strict=True)]
        return [Item(Call(kind, tuple(required), tuple((a, str(b)) for a, b in settings.items())))], made
