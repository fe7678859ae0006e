"""Layers that add or remove a border: pad and crop."""

from __future__ import annotations

from cnncalc.layers.arguments import Amount, LayerError
from cnncalc.layers.base import (
    SAVES_INPUT,
    SAVES_NOTHING,
    CarriesChannels,
    Example,
    Maps,
    NoOperations,
    Saved,
    Shape,
    Shapes,
    expand_per_axis,
    format_shape,
    spatial_sizes,
)
from cnncalc.layers.ops import GetWeight, Map, Ops
from cnncalc.layers.reach import Folded, Reach, Window
from cnncalc.layers.settings import amount, real, word
from cnncalc.layers.targets import check_one_of, like
from cnncalc.layers.window import Pairs, add_sides, simplify, split_padding, to_pairs

FOLDING = ("reflect", "replicate", "circular")  # modes whose border contains positions of the map


class _Border(CarriesChannels, NoOperations):
    """Base of kinds with an amount on both sides of every spatial axis, or the sizes of another output."""

    linear = True
    amount: Amount | None
    like: tuple[int, ...] | None

    def check_arguments(self) -> None:
        check_one_of(self, "amount", "like")

    def sides(self, inputs: Shapes) -> Pairs:
        """The amount (before, after) on every axis; of an odd difference in size, the larger part is after."""
        sizes = spatial_sizes(self.kind, inputs[0])
        if self.amount is not None:
            return to_pairs("amount", self.amount, len(sizes))
        wanted = self.wanted(inputs)
        self.check_sizes(sizes, wanted)
        return tuple(split_padding(abs(have - want)) for have, want in zip(sizes, wanted, strict=True))

    def amount_for(self, x: Map, ops: Ops) -> Amount:
        """The amount for execution."""
        if self.like is not None:
            return ops.sides_to(x, self.like)
        assert self.amount is not None
        return self.amount

    def wanted(self, inputs: Shapes) -> Shape:
        """The spatial sizes of the output, with `like`. Raises LayerError `wrong-rank`."""
        assert self.like is not None
        return expand_per_axis("like", self.like, len(inputs[0]) - 1)

    def check_sizes(self, sizes: Shape, wanted: Shape) -> None:
        """Raises LayerError `shape-mismatch` if the input is too large for `pad`, or too small for `crop`."""
        raise NotImplementedError

    def sizes_error(self, sizes: Shape, wanted: Shape, *, verb: str, other: str) -> LayerError:
        """The error for an input that is too large or too small; `other` is the kind that is suitable."""
        have, want = (format_shape((1, *each)).removeprefix("1×") for each in (sizes, wanted))
        text = f"`{self.kind}` to {want} cannot {verb} the input, which is {have}"
        return LayerError(
            "shape-mismatch", text, help=f"write `{other}(like=…)` to {verb} it", argument="like", about="size"
        )


class Pad(_Border, kind="pad"):
    """[C, *I] → [C, *(I + before + after)], adds a border of an amount, or up to the sizes of an output.

    The border has a constant value, or by `mode` the positions mirrored at the edge, the position at the edge, or the
    positions from the opposite end.
    """

    reference = "PyTorch, torch.nn.ConstantPad2d, ReflectionPad2d, ReplicationPad2d, CircularPad2d"
    amount: Amount | None = amount(
        None, symbol="P", brief="by {}", doc="a number, one for each axis, or pairs [before, after]"
    )
    value: float = real(0, brief="of {}", doc="value of the border")
    mode: str = word("zeros", words=("zeros", *FOLDING), brief="{}", doc="what the border contains; `zeros`: `value`")
    like: tuple[int, ...] | None = like(symbol="O", brief="to {}", doc="a named output with the wanted sizes")

    def check_arguments(self) -> None:
        super().check_arguments()
        if self.value and self.mode in FOLDING:
            text = f"`value` is for a constant border, not for mode `{self.mode}`"
            raise LayerError("bad-argument", text, argument="value", suggest={"value": 0, "mode": "zeros"})

    def check(self, inputs: Shapes) -> None:
        """Raises LayerError `padding-too-large` if the map has too few positions for the border."""
        if self.mode not in ("reflect", "circular"):
            return
        spare = int(self.mode == "reflect")  # the position at the edge is not repeated
        sizes, sides = inputs[0][1:], self.sides(inputs)
        for size, side in zip(sizes, sides, strict=True):
            if max(side) > size - spare:
                pairs = zip(sizes, sides, strict=True)
                most = tuple((min(before, i - spare), min(after, i - spare)) for i, (before, after) in pairs)
                raise LayerError(
                    "padding-too-large",
                    f"`{self.kind}` with mode `{self.mode}` adds at most {size - spare} positions to a side of {size},"
                    f" but it is {max(side)}",
                    offer="at most {}",
                    suggest={"amount": simplify(most)} if self.like is None else {},
                    argument="amount" if self.like is None else "like",
                    about="size",
                )

    def check_sizes(self, sizes: Shape, wanted: Shape) -> None:
        if any(have > want for have, want in zip(sizes, wanted, strict=True)):
            raise self.sizes_error(sizes, wanted, verb="shrink", other="crop")

    def result_shape(self, inputs: Shapes) -> Shape:
        sides = self.sides(inputs)
        if self.like is not None:
            return (inputs[0][0], *self.wanted(inputs))
        return (inputs[0][0], *(i + add_sides(a, b) for i, (a, b) in zip(inputs[0][1:], sides, strict=True)))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        sides = self.sides(inputs)
        if self.mode not in FOLDING:
            return tuple(Window(1, before=before) for before, _ in sides)
        return tuple(Folded(i, *side, self.mode) for i, side in zip(inputs[0][1:], sides, strict=True))

    def saved(self, inputs: Shapes, output: Shape) -> Saved:
        return SAVES_INPUT if self.mode in ("reflect", "replicate") else SAVES_NOTHING

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        amount = self.amount_for(inputs[0], ops)
        if self.mode in FOLDING:
            return ops.fold(inputs[0], amount, self.mode)
        return ops.pad(inputs[0], amount, self.value)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"amount": 3}, ((3, 224, 224),)),
            Example({"amount": ((0, 1), (2, 0)), "value": -1}, ((2, 5, 6),)),
            Example({"amount": 2, "mode": "reflect"}, ((2, 5, 6),)),
            Example({"amount": ((1, 2),), "mode": "circular"}, ((3, 5),)),
            Example({"like": (8, 9), "mode": "replicate"}, ((2, 5, 6),)),
        )


class Crop(_Border, kind="crop"):
    """[C, *I] → [C, *(I − before − after)], removes a border, or what exceeds the sizes of an output."""

    shows_part = True
    reference = "O. Ronneberger, P. Fischer, T. Brox, U-Net, arXiv:1505.04597"
    amount: Amount | None = amount(
        None, symbol="A", brief="by {}", doc="a number, one for each axis, or pairs [before, after]"
    )
    like: tuple[int, ...] | None = like(symbol="O", brief="to {}", doc="a named output with the wanted sizes")

    def check_sizes(self, sizes: Shape, wanted: Shape) -> None:
        if any(have < want for have, want in zip(sizes, wanted, strict=True)):
            raise self.sizes_error(sizes, wanted, verb="enlarge", other="pad")

    def result_shape(self, inputs: Shapes) -> Shape:
        axes = tuple(zip(inputs[0][1:], self.sides(inputs), strict=True))
        if self.like is not None:
            return (inputs[0][0], *self.wanted(inputs))
        for i, (a, b) in axes:
            if a + b >= i:
                most = tuple(side if sum(side) < size else ((size - 1) // 2,) * 2 for size, side in axes)
                raise LayerError(
                    "size-runs-out",
                    f"`{self.kind}` removes {a} + {b} = {a + b} of {i} positions: none is left",
                    offer="at most {}",
                    suggest={"amount": simplify(most)},
                    argument="amount",
                    about="size",
                )
        return (inputs[0][0], *(i - add_sides(a, b) for i, (a, b) in axes))

    def reach(self, inputs: Shapes, output: Shape) -> Reach:
        return tuple(Window(1, before=-before) for before, _ in self.sides(inputs))

    def execute(self, inputs: Maps, get_weight: GetWeight, ops: Ops) -> Map:
        return ops.crop(inputs[0], self.amount_for(inputs[0], ops))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example({"amount": 4}, ((64, 64, 64),)),
            Example({"amount": ((0, 1), (2, 0))}, ((2, 5, 6),)),
            Example({"like": (4, 3)}, ((2, 5, 6),)),
        )
