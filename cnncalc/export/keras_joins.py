"""Merges of tensors in Keras: layers where it has one, else expressions of `keras.ops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnncalc.export.axes import Layout
from cnncalc.export.keras_call import Unsayable
from cnncalc.export.layout import Bracketed, Code, Keyed, call, flat

LAYERS = {
    "add": "Add", "multiply": "Multiply", "subtract": "Subtract", "maximum": "Maximum", "minimum": "Minimum",
    "mean": "Average",
}  # fmt: skip

ELEMENTWISE = frozenset({*LAYERS, "divide"})


class Joined:
    """A merge: its kind, the number of axes of its parts, its arguments, and how its layer is called."""

    def __init__(self, kind: str, rank: int, label: Callable[[str], str], layout: Layout, helpers: set[str]) -> None:
        self.kind = kind
        self.rank = rank
        self.label = label
        self.layout = layout
        self.helpers = helpers
        self.axis = 0
        self.transpose = "none"
        self.heads = 1

    def write(self, parts: Sequence[str] | str) -> Code:
        """The tensors in `parts`, joined; a text is a list that holds them. Raises Unsayable."""
        listed: Code = parts if isinstance(parts, str) else Bracketed("", tuple(parts), "[]")
        name = Keyed("name=", self.label(""))
        if self.kind == "concat":
            axis = self.layout.axis(self.axis, self.rank)
            options: list[Code] = [] if axis in (-1, self.rank) else [f"axis={axis}"]
            return apply(call("layers.Concatenate", *options, name), listed)
        if self.kind in LAYERS:
            return apply(call(f"layers.{LAYERS[self.kind]}", name), listed)
        if self.kind == "stack":
            return self.stack(listed)
        if isinstance(parts, str):
            raise Unsayable(f"`{self.kind}` of a list of tensors")
        if self.kind == "divide":
            return f"{parts[0]} / {parts[1]}"
        if self.kind == "matmul":
            return self.product(*parts)
        if self.kind == "attention":
            self.helpers.add("attend")
            return call("attend", *parts, str(self.heads))
        raise Unsayable(f"Keras has no layer for `{self.kind}`")

    def stack(self, parts: Code) -> Code:
        """A stack along a new axis; our new axis 0 are the channels."""
        axis = self.axis % (self.rank + 1)
        if not self.layout.is_last:
            return call("ops.stack", parts, f"axis={axis + 1}")
        made = call("ops.stack", parts, f"axis={axis or -1}")
        return made if axis or self.rank == 1 else call("ops.moveaxis", made, "-2", "1")

    def product(self, first: str, second: str) -> Code:
        """A product of matrices, of which the rows and columns are our last two axes."""
        letters = {2: ("mk", "kn", "mn"), 3: ("hmk", "hkn", "hmn"), 4: ("ghmk", "ghkn", "ghmn")}[self.rank]
        one, two, out = letters
        one = one[:-2] + one[-1] + one[-2] if self.transpose == "first" else one
        two = two[:-2] + two[-1] + two[-2] if self.transpose == "second" else two
        turned = [f"b{each[1:] + each[0] if self.layout.is_last else each}" for each in (one, two, out)]
        return call("ops.einsum", f'"{turned[0]},{turned[1]}->{turned[2]}"', first, second)


def apply(layer: Bracketed, *given: Code) -> Bracketed:
    """A layer, made and applied."""
    return Bracketed(flat(layer), given)
