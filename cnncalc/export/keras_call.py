"""A layer as the writers of Keras code ask about it: its arguments as Python text, and what they come to each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError
from cnncalc.export.axes import Layout
from cnncalc.export.expressions import literal
from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.layers.base import Layer, Shape
from cnncalc.records import NamedTuple


class Unsayable(CnncalcError):
    """Something has no counterpart in Keras; the message says what."""


class Applied(NamedTuple):
    """A layer of Keras that is made with a name, our path and a `suffix`, and applied to the current tensor."""

    code: Bracketed
    suffix: str = ""
    more: tuple[str, ...] = ()  # other tensors that it is given


class Computed(NamedTuple):
    """An expression of the current tensor."""

    write: Callable[[str], Code]


Step: TypeAlias = "Applied | Computed"


class KerasCall:
    """A layer: of a network, then all of its arguments are values, or in the text of a block, where it runs often."""

    def __init__(
        self,
        layers: Sequence[Layer],
        inputs: Sequence[tuple[Shape, ...]],
        label: Callable[[str], str],
        layout: Layout,
        helpers: set[str],
        texts: Mapping[str, Callable[[], str]] | None = None,
        items: Mapping[str, Callable[[], list[str]]] | None = None,
    ) -> None:
        """`inputs` are the shapes that go into each of `layers`; `label` writes the layer's name with a suffix.

        `texts` write the arguments that depend on names, `items` those of them that are lists by their elements.
        """
        self.layers = layers
        self.kind: str = layers[0].kind
        self.inputs = inputs
        self.label = label
        self.layout = layout
        self.helpers = helpers
        self.texts = texts or {}
        self.listed = items or {}
        self.x = ""  # the variable of the current tensor, in the text of a block
        self.is_ordered = True  # whether what is flattened must keep our order

    @property
    def rank(self) -> int:
        """The number of axes of the input, without the batch. Raises Unsayable where it is not always the same."""
        ranks = {len(shapes[0]) for shapes in self.inputs if shapes} or {1}
        if len(ranks) != 1:
            raise Unsayable(f"`{self.kind}` is called with tensors of other numbers of axes")
        return next(iter(ranks))

    @property
    def axes(self) -> int:
        """The number of its spatial axes."""
        return self.rank - 1

    # values

    def values(self, name: str) -> list[Any]:
        """The values that an argument comes to, each once."""
        found: list[Any] = []
        for layer in self.layers:
            if (value := getattr(layer, name)) not in found:
                found.append(value)
        return found

    def only(self, name: str) -> Any:
        """The value of an argument that must be the same each time. Raises Unsayable."""
        values = self.values(name)
        if len(values) != 1:
            raise Unsayable(f"`{name}` of `{self.kind}` has several values")
        return values[0]

    def shapes(self) -> set[Shape]:
        """The shapes of the input."""
        return {shapes[0] for shapes in self.inputs}

    def shape(self) -> Shape:
        """The shape of the input, which must be the same each time. Raises Unsayable."""
        shapes = self.shapes()
        if len(shapes) != 1:
            raise Unsayable(f"the input of `{self.kind}` has other sizes each time, which its arguments do not tell")
        return next(iter(shapes))

    def channels(self) -> str:
        """The channels of the input: a number in a network, else what the tensor has."""
        return str(self.shape()[0]) if self.x == "" else f"{self.x}.shape[{self.layout.channels()}]"

    def is_written(self, name: str) -> bool:
        """Whether an argument depends on names."""
        return name in self.texts

    def text(self, name: str) -> str:
        """An argument as Python text."""
        return self.texts[name]() if name in self.texts else literal(self.only(name))

    def items(self, name: str) -> list[str]:
        """The elements of an argument that is a list, as Python text."""
        if name in self.listed:
            return self.listed[name]()
        if name in self.texts:
            raise Unsayable(f"`{name}` of `{self.kind}` is a list that is computed")
        value = self.only(name)
        return [str(item) for item in (value if isinstance(value, tuple) else (value,))]

    def option(self, key: str, name: str, default: Any) -> list[Code]:
        """An argument of Keras by its name there, none if it has the default of Keras."""
        if not self.is_written(name) and self.values(name) == [default]:
            return []
        return [Keyed(f"{key}=", self.text(name))]

    # text

    def axis(self, axis: int) -> int:
        """The axis in Keras, counted from the end where it is the same for all ranks only so. Raises Unsayable."""
        ranks = {len(shapes[0]) for shapes in self.inputs if shapes}
        found = {(self.layout.axis(axis, rank), rank) for rank in ranks or {1}}
        for ways in ({at for at, _ in found}, {at - rank - 1 if at > 0 else at for at, rank in found}):
            if len(ways) == 1:
                return ways.pop()
        raise Unsayable(f"`{self.kind}` is called with tensors of other numbers of axes")

    def format(self) -> list[Code]:
        """`data_format`, where it is not Keras's default."""
        return [] if self.layout.is_last else [Keyed("data_format=", '"channels_first"')]

    def helper(self, name: str) -> str:
        """The name of a helper, which is then part of the file."""
        self.helpers.add(name)
        return name

    def layer(self, name: str, *arguments: Code) -> Bracketed:
        """The constructor of a layer of Keras."""
        return call(f"layers.{name}", *arguments)

    def turned(self, made: Bracketed, order: Sequence[int] = ()) -> list[Step]:
        """A layer between two that permute the axes and bring them back; by default the channels are last for it."""
        order = order or (*range(2, self.rank + 1), 1)
        back = tuple(order.index(axis) + 1 for axis in range(1, self.rank + 1))
        steps = [Applied(self.layer("Permute", literal(tuple(each))), suffix) for each, suffix in
                 ((order, "-turned"), (back, "-back"))]  # fmt: skip
        return [steps[0], Applied(made), steps[1]]

    def per_axes(self, name: str) -> str:
        """`Conv2D`, by the number of spatial axes."""
        return name.format(f"{max(self.axes, 1)}D")
