"""One architecture with many params and inputs: its text is only read and checked once.

If only sizes of the inputs differ, the layers are not expanded again either: they are applied to the other sizes.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc import limits
from cnncalc.errors import Problems, Source, SpecError, failed
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.settings import LIKE
from cnncalc.network import Network, Node
from cnncalc.spec.check import Checker
from cnncalc.spec.expressions import Expression, Listed, Literal
from cnncalc.spec.family import Description, read_family
from cnncalc.spec.load import Loaded, Overrides, build, override

KEPT_LAYERS = 100_000  # of networks that are kept to be resized: some 50 MB


class Variants:
    """Builds the networks of an architecture for any overrides."""

    def __init__(self, source: Source, path: str) -> None:
        """Read the text. Raises SpecError with its problems if that fails."""
        self.source, self.path = source, path
        problems = Problems()
        description = read_family(source, path, problems)
        if description is None or problems.errors:
            raise SpecError(problems.sorted())
        Checker(description, problems).check()
        if problems.errors:
            raise SpecError(problems.sorted())
        self.description = description
        self.evaluated = description.amount.evaluated
        self.kept: dict[object, Loaded] = {}  # by the values of the params, and the names of the inputs
        self.kept_layers = 0

    def load(self, overrides: Overrides) -> Loaded:
        """The network with these overrides, and its problems. Raises UsageError.

        Warnings are those of the first network with these values of the params.
        """
        key = overrides.params, tuple(name for name, _ in overrides.inputs)
        known = self.kept.get(key)
        if known is not None and known.network is not None:
            network = _resize(known.network, dict(overrides.inputs))
            if network is not None:
                return known._replace(network=network)
        loaded = self._build(overrides)
        if known is None and self._is_resizable(loaded):
            self.kept[key] = loaded
        return loaded

    def _build(self, overrides: Overrides) -> Loaded:
        first = self.description
        description = Description(first.documents)
        description.names, description.made = first.names, first.made
        amount = description.amount
        amount.evaluated, amount.steps, amount.layers = self.evaluated, 0, 0  # each network has its own limits
        amount.sizes_read = False
        problems = Problems()
        override(description, overrides)
        given = [description.params[name].value for name, _ in overrides.params]
        if not all(map(_is_constant, given)):
            Checker(description, problems).check()
        return build(description, self.source, self.path, overrides, problems)

    def _is_resizable(self, loaded: Loaded) -> bool:
        """Whether the layers do not depend on the sizes of the inputs, and can be kept: counts them if so."""
        network = loaded.network
        if network is None or not network.complete or failed(loaded.problems) or self.description.amount.sizes_read:
            return False
        layers = len(network.nodes)
        if layers > limits.DIFFERENT_LAYERS or self.kept_layers + layers > KEPT_LAYERS:
            return False
        self.kept_layers += layers
        return True


def _resize(network: Network, wanted: Mapping[str, Shape]) -> Network | None:
    """The network with the same layers on inputs of other spatial sizes, by name ("" for a single input).

    None where a rule of a layer fails, or channels change, on which arguments of layers may depend.
    """
    inputs = {**network.inputs, **wanted}
    if "" in wanted:
        inputs = dict(zip(network.inputs, wanted.values(), strict=True))
    if not all(_can_resize(shape, inputs[name]) for name, shape in network.inputs.items()):
        return None
    shapes = [node.output for node in network.nodes] + [*inputs.values()][::-1]  # the first input is at −1
    known: dict[tuple[int, Shapes, Shape], tuple[Layer, Shape]] = {}  # layers that are alike are one object
    nodes: list[Node] = []
    for node in network.nodes:
        before = tuple([shapes[index] for index in node.inputs])
        like = () if node.like is None else shapes[node.like][1:]
        key = id(node.layer), before, like
        found = known.get(key)
        if found is None:
            layer = node.layer.replace(**{LIKE: like}) if like else node.layer
            try:
                found = known[key] = layer, layer.output_shape(before)
            except LayerError:
                return None
        layer, output = found
        changed = output[0] != node.output[0] or len(output) != len(node.output)
        if changed or not _shares(layer, before, node, nodes):
            return None
        shapes[node.index] = output
        nodes.append(Node(node.index, node.path, layer, node.inputs, before, output, node.span, node.shares, node.like))
    return network._replace(inputs=dict(inputs), nodes=tuple(nodes))


def _can_resize(shape: Shape, wanted: Shape) -> bool:
    """Whether only sizes of spatial axes differ, within the limit."""
    return wanted[0] == shape[0] and len(wanted) == len(shape) and min(wanted) >= 1 and max(wanted) <= limits.SIZE


def _shares(layer: Layer, inputs: Shapes, node: Node, nodes: list[Node]) -> bool:
    """Whether a layer that shares weights needs the same arrays still."""
    if node.shares is None:
        return True
    first = nodes[node.shares]
    return layer.weights(inputs) == first.layer.weights(first.input_shapes)


def _is_constant(expression: Expression) -> bool:
    """Whether an expression contains no names, so that there is nothing to check."""
    if isinstance(expression, Listed):
        return all(map(_is_constant, expression.items))
    return isinstance(expression, Literal)
