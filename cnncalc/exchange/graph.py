"""A graph of our kinds, as every reader of another format makes it: layers, modules, and what cannot be said."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, TypeVar

from cnncalc import limits
from cnncalc.errors import Problem
from cnncalc.exchange.arrangement import BATCH, Atom, Dims, Refusal, count, join, parts_of_axes, whole_axes
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import LayerError, Value
from cnncalc.layers.base import Layer, Shape, Shapes, format_shape
from cnncalc.layers.settings import PerAxisSetting, Setting
from cnncalc.layers.targets import FactorSetting
from cnncalc.layers.window import simplify
from cnncalc.network import INPUT
from cnncalc.records import NamedTuple

T = TypeVar("T")
TOP = 0  # the scope of the whole network


class Array(NamedTuple):
    """A learned array or buffer of the source: what makes it the same array elsewhere, and its shape there.

    Layers with equal keys share weights; a key that occurs once is not shared. `load` gives its numbers in the order of
    our array, where the source has them. `form` says how they are computed of those that the source learns, 0 where
    they are these themselves.
    """

    key: Hashable
    shape: Shape
    load: Callable[[], list[float] | None] = lambda: None
    form: int = 0


def permuted(array: Array, order: Sequence[int]) -> Array:
    """The array with its axes in another order."""
    shape = array.shape
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))]

    def load() -> list[float] | None:
        numbers = array.load()
        if numbers is None:
            return None
        places = [0]
        for axis in order:
            places = [place + at * strides[axis] for place in places for at in range(shape[axis])]
        return [numbers[place] for place in places]

    return array._replace(shape=tuple(shape[axis] for axis in order), load=load)


class Unstated(NamedTuple):
    """In place of the arrays of a layer whose sizes the source does not state: what makes them the same elsewhere."""

    key: Hashable


class Scope(NamedTuple):
    """One call of a module of the source: its path, "layer1.0", its class, and the call around it (None at the top)."""

    path: str
    type_name: str
    parent: int | None


class Tensor(NamedTuple):
    """A tensor of the source: the node that makes it (as in a Network, negative for inputs), how its dimensions lie on
    that node's axes, and its sizes, the batch included. A dimension may be larger than its atoms: it was expanded."""

    node: int
    dims: Dims
    shape: Shape

    @property
    def expanded(self) -> bool:
        """Whether elements are repeated, as `expand` does."""
        return any(count(dim) != size for dim, size in zip(self.dims, self.shape, strict=True))


class GraphNode(NamedTuple):
    """One layer. `layer` is None where it stands in for what is refused; `scope` is the call of a module that made it.

    `arrays` are those of the source by our names; `shares` is the node whose weights it applies again, `like` the one
    whose sizes it takes.
    """

    layer: Layer | None
    inputs: tuple[int, ...]
    output: Shape
    scope: int
    arrays: Mapping[str, Array]
    shares: int | None = None
    like: int | None = None


class Graph:
    """The graph of a network, and what a reader says of it.

    - `inputs`: the shape of each input by its name, without the batch; an only one is called "input".
    - `nodes`: layers in the order in which they run; `scopes`: calls of modules, the first is the whole network.
    - `outputs`: the node of each output by its name, "" for an only one.
    - `refusals`: what has no layer kind, in order; `notes`: what was left out or changed and matters little.
    """

    def __init__(self, inputs: Mapping[str, Shape], *, batch: int, name: str, source: str = "") -> None:
        self.inputs = {name: tuple(shape) for name, shape in inputs.items()}
        self.batch = batch
        self.name = name
        self.source = source
        self.nodes: list[GraphNode] = []
        self.scopes = [Scope("", "", None)]
        self.scope = TOP  # of the layers that are added next
        self.outputs: dict[str, int] = {}
        self.refusals: list[Problem] = []
        self.first_refused: int | None = None  # the number of nodes when something was refused first
        self.notes: list[str] = []
        self.assumptions: list[str] = []  # notes of what the source does not say, and was taken for granted
        self._layers: dict[tuple[str, tuple[tuple[str, Value], ...]], Layer] = {}
        self._by_arrays: dict[Any, int] = {}  # the node of each tuple of keys
        self._keys: dict[Any, int] = {}  # the node of each key
        self._made: dict[Any, int] = {}  # the node that was added to lay a tensor out
        self._starts = dict(enumerate(self.inputs.values()))

    def note(self, text: str) -> None:
        """Add a note, unless there is the same already."""
        if text not in self.notes:
            self.notes.append(text)

    def assume(self, text: str) -> None:
        """Note what the source does not say."""
        self.note(text)
        self.assumptions.append(text)

    def shape_at(self, node: int) -> Shape:
        """Shape of what a node gives, or of an input, without the batch."""
        return self.nodes[node].output if node >= 0 else self._starts[INPUT - node]

    def input(self, name: str = "") -> Tensor:
        """An input by its name, "" for the first."""
        number = list(self.inputs).index(name) if name else 0
        return self.tensor(INPUT - number)

    def tensor(self, node: int) -> Tensor:
        """The output of a node as it is, [batch, *shape]."""
        shape = self.shape_at(node)
        return Tensor(node, whole_axes(shape, self.batch), (self.batch, *shape))

    def open_scope(self, path: str, type_name: str, parent: int = TOP) -> int:
        """Declare a call of a module; `graph.scope = …` says that the next layers are made by it."""
        self.scopes.append(Scope(path, type_name, parent))
        return len(self.scopes) - 1

    # Layers

    def add(
        self,
        kind: str,
        inputs: Sequence[int],
        arrays: Mapping[str, Array] | Unstated | None = None,
        *,
        like: int | None = None,
        **settings: Value,
    ) -> int:
        """Add a layer; its index. Arguments may be lists with one value for each axis, equal ones are made one.

        Raises Refusal where there is no such kind, the arguments or inputs do not fit, or the arrays of the layer have
        other names or numbers of elements than those of the source.
        """
        if len(self.nodes) >= limits.LAYERS:
            raise Refusal(f"the network has more than {limits.LAYERS:,} layers")
        shapes = tuple(map(self.shape_at, inputs))
        if like is not None and kind in KINDS and kind_class(kind).restores:
            settings["like"] = self.shape_at(like)[1:]
        try:
            layer = self._layer(kind, settings)
            output = layer.output_shape(shapes)
            if len(output) > limits.AXES:
                raise Refusal(f"a tensor has more than {limits.AXES} axes")
            found = self._checked(layer, shapes, arrays or {})
        except LayerError as error:
            raise Refusal(str(error)) from None
        index = len(self.nodes)
        shares = self._shared(index, layer, found)
        self.nodes.append(GraphNode(layer, tuple(inputs), output, self.scope, found, shares, like))
        return index

    def _layer(self, kind: str, settings: Mapping[str, Value]) -> Layer:
        """The layer of these arguments, one object for all that are equal."""
        if kind not in KINDS:
            raise Refusal(f"there is no layer kind `{kind}`")
        known = kind_class(kind).settings
        key = kind, tuple((name, _argument(known.get(name), value)) for name, value in settings.items())
        if key not in self._layers:
            self._layers[key] = kind_class(kind)(**dict(key[1]))
        return self._layers[key]

    def _checked(self, layer: Layer, shapes: Shapes, arrays: Mapping[str, Array] | Unstated) -> dict[str, Array]:
        """The arrays, by our names. Raises Refusal where they are not those that the layer has."""
        if isinstance(arrays, Unstated):
            return {each.name: Array((arrays.key, each.name), each.shape) for each in layer.weights(shapes)}
        wanted = {weight.name: weight.shape for weight in layer.weights(shapes)}
        for name in sorted({*wanted} ^ {*arrays}):
            what = "lacks" if name in wanted else "has"
            raise Refusal(f"`{layer.kind}` {what} an array `{name}`")
        for name, shape in wanted.items():
            if prod(shape) != prod(arrays[name].shape):
                found = "×".join(map(str, arrays[name].shape)) or "a number"
                raise Refusal(f"the array `{name}` of `{layer.kind}` is {found}, not {format_shape(shape)}")
        return {name: arrays[name] for name in wanted}

    def _shared(self, index: int, layer: Layer, arrays: Mapping[str, Array]) -> int | None:
        """The node that has these arrays already. Raises Refusal where only some of them are shared."""
        if not arrays:
            return None
        keys = tuple(array.key for array in arrays.values())
        first = self._by_arrays.get(keys)
        if first is not None:
            if self.nodes[first].layer != layer:
                raise Refusal(f"weights are shared by different layers: {self.nodes[first].layer!r} and {layer!r}")
            if any(self.nodes[first].arrays[name].form != array.form for name, array in arrays.items()):
                raise Refusal("its weights are computed otherwise than those of another layer, of the same parameters")
            return first
        for name, array in arrays.items():
            if array.key in self._keys:
                raise Refusal(f"the array `{name}` of `{layer.kind}` belongs to another layer, too: no `reuse` says so")
        self._by_arrays[keys] = index
        self._keys.update(dict.fromkeys(keys, index))
        return None

    def is_learned(self, array: Array | None) -> bool:
        """Whether an array is a tensor of its own already, `learned`."""
        node = self._keys.get(array.key) if array is not None else None
        layer = self.nodes[node].layer if node is not None else None
        return layer is not None and layer.kind == "learned"

    # How a tensor lies

    def is_plain(self, tensor: Tensor) -> bool:
        """Whether a tensor is the output of its node, [batch, *shape], as it is."""
        shape = self.shape_at(tensor.node)
        return tensor.shape == (self.batch, *shape) and tensor.dims == whole_axes(shape, self.batch)

    def axis_of(self, tensor: Tensor, dim: int) -> int | None:
        """The axis of the node that a dimension is, whole; None where it is not one."""
        shape, atoms = self.shape_at(tensor.node), tensor.dims[dim]
        if len(atoms) == 1:
            axis, stride, size = atoms[0]
            return axis if axis != BATCH and stride == 1 and shape[axis] == size == tensor.shape[dim] else None
        if atoms or tensor.shape[dim] != 1:
            return None
        if self.is_plain(tensor):
            return dim - 1 if dim else None
        single = [axis for axis, size in enumerate(shape) if size == 1]
        return single[0] if len(single) == 1 else None

    def materialize(self, tensor: Tensor) -> int:
        """The node whose output is this tensor without its batch, in its order; layers are added where they are needed.

        Raises Refusal where the batch is not the first dimension, or where elements are repeated.
        """
        if self.is_plain(tensor):
            return tensor.node
        known = self._made.get(tensor)
        if known is None:
            known = self._made[tensor] = self._lay_out(tensor)
        return known

    def plain(self, tensor: Tensor) -> Tensor:
        """The same tensor as the output of a node."""
        return self.tensor(self.materialize(tensor))

    def _lay_out(self, tensor: Tensor) -> int:
        wanted = tensor.shape[1:] or (1,)
        if not tensor.shape or tensor.shape[0] != self.batch or tensor.dims[0] != join([Atom(BATCH, 1, self.batch)]):
            raise Refusal("the examples of a batch are not the first axis")
        if tensor.expanded:
            raise Refusal(f"a tensor is expanded to {format_shape(wanted)}")
        node = tensor.node
        atoms = join(atom for dim in tensor.dims[1:] for atom in dim)
        shape = self.shape_at(node)
        if atoms != join(Atom(axis, 1, size) for axis, size in enumerate(shape)):
            node = self._rearranged(tensor, atoms)
        return self._reshaped(node, wanted)

    def _reshaped(self, node: int, shape: Shape) -> int:
        if self.shape_at(node) == shape:
            return node
        return self.add("flatten", [node]) if len(shape) == 1 else self.add("reshape", [node], shape=shape)

    def _rearranged(self, tensor: Tensor, atoms: Sequence[Atom]) -> int:
        """Layers after which the elements are in the order of the atoms: a shuffle by its name, else a transpose."""
        node, shape, wanted = tensor.node, self.shape_at(tensor.node), tensor.shape[1:]
        if len(shape) == 3 and len(wanted) == 3:
            for kind, factor in ((kind, larger // smaller) for kind, larger, smaller in _ratios(shape, wanted)):
                if tensor.dims == _pixels(kind, factor, shape, self.batch):
                    return self.add(kind, [node], factor=factor)
        parts = parts_of_axes(atoms, shape)
        canonical = [part for axis in parts for part in axis]
        groups = parts[0][0].size if parts[0] else 0
        if len(shape) > 1 and list(atoms) == [*parts[0][::-1], *canonical[2:]] and len(parts[0]) == 2:
            return self.add("channel_shuffle", [node], groups=groups)
        node = self._reshaped(node, tuple(part.size for part in canonical))
        return self.add("transpose", [node], axes=tuple(canonical.index(atom) for atom in atoms))

    # What cannot be said

    def refuse(
        self,
        reason: object,
        *,
        op: str = "",
        inputs: Iterable[Tensor | Shape] = (),
        place: str = "",
        scope: int | None = None,
    ) -> None:
        """Report what has no layer kind: why, the op as the source calls it, its input shapes, and where it is."""
        if self.first_refused is None:
            self.first_refused = len(self.nodes)
        shapes = (each.shape[1:] if isinstance(each, Tensor) else each for each in inputs)
        details = ", ".join(
            filter(None, (op, " · ".join("×".join(map(str, shape)) for shape in shapes if shape), place))
        )
        path = self.scopes[self.scope if scope is None else scope].path
        where = f"`{path}`: " if path else ""
        message = f"{where}{reason} ({details})" if details else f"{where}{reason}"
        self.refusals.append(Problem("no-layer-kind", message, path=path))

    def stand_in(self, shape: Shape) -> Tensor:
        """A tensor of the source, [batch, …], in place of one that is refused, so that what follows is looked at."""
        own = tuple(shape[1:]) or (1,)
        more = shape[0] // self.batch if shape and shape[0] % self.batch == 0 else 1  # of an example, beside the batch
        self.nodes.append(GraphNode(None, (), own if more == 1 else (more, *own), self.scope, {}))
        found = self.tensor(len(self.nodes) - 1)
        if more > 1:
            dims = (join([*found.dims[0], *found.dims[1]]), *found.dims[2:])
            return Tensor(found.node, dims[: len(shape)], tuple(shape))
        return found._replace(shape=tuple(shape), dims=found.dims[: len(shape)]) if len(shape) == 1 else found

    def attempt(
        self,
        make: Callable[[], T],
        *,
        op: str,
        inputs: Iterable[Tensor | Shape] = (),
        place: str | Callable[[], str] = "",
    ) -> T | None:
        """What `make` gives; None where it raises Refusal, which is reported, and the layers that it added dropped."""
        count = len(self.nodes)
        try:
            return make()
        except Refusal as refusal:
            del self.nodes[count:]
            for table in (self._by_arrays, self._keys, self._made):
                for key in [key for key, index in table.items() if index >= count]:
                    del table[key]
            self.refuse(refusal, op=op, inputs=inputs, place=place if isinstance(place, str) else place())
            return None


def _argument(setting: Setting | None, value: Any) -> Value:
    """An argument as our layers take it: lists as tuples, and one value where all axes have the same."""
    if isinstance(value, list | tuple):
        value = tuple(tuple(each) if isinstance(each, list) else each for each in value)
        if isinstance(setting, PerAxisSetting | FactorSetting):
            return simplify(value)
    return value


def _ratios(shape: Shape, wanted: Shape) -> Iterable[tuple[str, int, int]]:
    if shape[1] and wanted[1] > shape[1] and wanted[1] % shape[1] == 0:
        yield "pixel_shuffle", wanted[1], shape[1]
    if wanted[1] and shape[1] > wanted[1] and shape[1] % wanted[1] == 0:
        yield "pixel_unshuffle", shape[1], wanted[1]


def _pixels(kind: str, factor: int, shape: Shape, batch: int) -> Dims | None:
    """The arrangement that `pixel_shuffle` or `pixel_unshuffle` of a map of this shape makes."""
    channels, height, width = shape
    first = join([Atom(BATCH, 1, batch)])
    square = factor * factor
    if kind == "pixel_shuffle" and channels % square == 0:
        return (
            first,
            join([Atom(0, square, channels // square)]),
            join([Atom(1, 1, height), Atom(0, factor, factor)]),
            join([Atom(2, 1, width), Atom(0, 1, factor)]),
        )
    if kind == "pixel_unshuffle" and height % factor == width % factor == 0:
        return (
            first,
            join([Atom(0, 1, channels), Atom(1, 1, factor), Atom(2, 1, factor)]),
            join([Atom(1, factor, height // factor)]),
            join([Atom(2, factor, width // factor)]),
        )
    return None
