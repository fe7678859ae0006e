"""A network as Keras code a layer a line, without blocks: for what no function of a block can say."""

from __future__ import annotations

from collections import Counter

from cnncalc.errors import Problem, Span
from cnncalc.export.axes import Layout
from cnncalc.export.expressions import literal, quote
from cnncalc.export.keras_call import Applied, KerasCall, Unsayable
from cnncalc.export.keras_joins import Joined, apply
from cnncalc.export.keras_kinds import steps_of
from cnncalc.export.keras_lines import Assign, Statement, drop_kept_axes
from cnncalc.export.keras_names import free_variable, layer_name
from cnncalc.export.keras_order import flattens_in_order
from cnncalc.export.layout import Code, Keyed, call
from cnncalc.layers.window import Axis, Windowed
from cnncalc.network import Network, Node

LONGEST_NAME = 32  # of a variable; longer paths have a number


class FlatWriter:
    """Writes a network layer by layer; each has the path of its layer as its name."""

    def __init__(self, network: Network, layout: Layout, inputs: dict[str, str], taken: set[str]) -> None:
        """`inputs` are the variables of the inputs, by name; `taken` names that no variable can have."""
        self.network = network
        self.layout = layout
        self.helpers: set[str] = set()
        self.lines: list[Statement] = []
        self.refusals: dict[Span, Problem] = {}
        self.ordered = flattens_in_order(network)
        self.readers = Counter(index for node in network.nodes for index in node.inputs)
        self.readers.update(network.outputs.values())
        pools = {node.inputs[1] for node in network.nodes if node.layer.restores}
        self.readers.update(network.nodes[index].inputs[0] for index in pools)  # whose inputs are read again
        self.shared = {node.shares for node in network.nodes}
        self.layers: dict[int, str] = {}  # variables of layers that are applied again
        self.variables = {-1 - at: variable for at, variable in enumerate(inputs.values())}
        self.taken = taken | set(inputs.values()) | {"x"}

    def write(self) -> None:
        """The lines, and what has no counterpart."""
        for node in self.network.nodes:
            try:
                self.node(node)
            except Unsayable as refused:
                self.refusals[node.span] = Problem("no-counterpart", str(refused), node.span, path=node.path)
                self.variables[node.index] = "x"

    def label(self, node: Node, suffix: str) -> str:
        return quote(layer_name(node.path + suffix))

    def node(self, node: Node) -> None:
        texts = [self.variables[index] for index in node.inputs] or [self.variables[-1]]
        kind = node.layer.kind
        if node.layer.restores:
            self.assign(node, self.restored(node, texts[0]))
            return
        if len(node.inputs) > 1 and kind != "multi_head_attention":
            self.assign(node, self.joined(node, texts))
            return
        given = KerasCall(
            [node.layer], [node.input_shapes], lambda suffix: self.label(node, suffix), self.layout, self.helpers,
            {"memory": lambda: texts[1]} if len(node.inputs) > 1 else None,
        )  # fmt: skip
        given.is_ordered = node.index in self.ordered
        x = texts[0]
        if kind == "flatten" and x == "x" and drop_kept_axes(self.lines, x):
            self.variables[node.index] = x
            return
        for step in steps_of(given):
            code = self.applied(node, step, x) if isinstance(step, Applied) else step.write(x)
            x = self.assign(node, code)

    def applied(self, node: Node, step: Applied, x: str) -> Code:
        """A layer that is made and applied, or one that was made before, if this node shares it."""
        given = [x, *(each.format(x=x) for each in step.more)]
        made = step.code._replace(items=(*step.code.items, Keyed("name=", self.label(node, step.suffix))))
        has_weights = bool(node.layer.weights(node.input_shapes))
        if node.shares is not None and has_weights and step.suffix not in ("-pad", "-crop", "-last", "-first"):
            if step.suffix:
                raise Unsayable(f"a `{node.layer.kind}` that is applied again")
            return f"{self.layers[node.shares]}({', '.join(given)})"
        if node.index in self.shared and has_weights and not step.suffix:
            variable = free_variable(f"{self.name(node)}_layer", self.taken)
            self.taken.add(variable)
            self.layers[node.index] = variable
            self.lines.append(Assign(variable, made))
            return f"{variable}({', '.join(given)})"
        return apply(made, *given)

    def restored(self, node: Node, x: str) -> Code:
        """An unpooling by the maxima of a pool whose windows lie side by side. Raises Unsayable."""
        pool = self.network.nodes[node.inputs[1]]
        assert isinstance(pool.layer, Windowed)
        axes, sizes = pool.layer.axes(pool.input_shapes), pool.input_shapes[0][1:]
        plain = all(axis == Axis(axis.size, axis.kernel, axis.kernel, 1, 0, 0) for axis in axes)
        if not plain or node.output[1:] != sizes or len(sizes) != 2:
            raise Unsayable("Keras has no unpooling by the indices of a pool whose windows overlap or have a border")
        self.helpers.add("MaxUnpooling2D")
        made = call(
            "MaxUnpooling2D", literal(tuple(axis.kernel for axis in axes)), Keyed("name=", self.label(node, ""))
        )
        return apply(made, x, self.variables[pool.inputs[0]])

    def joined(self, node: Node, texts: list[str]) -> Code:
        rank = len(node.input_shapes[0])
        if any(len(shape) != rank for shape in node.input_shapes):
            raise Unsayable(f"`{node.layer.kind}` of tensors with other numbers of axes")
        join = Joined(node.layer.kind, rank, lambda suffix: self.label(node, suffix), self.layout, self.helpers)
        join.axis = getattr(node.layer, "axis", 0)
        join.transpose = getattr(node.layer, "transpose", "none")
        join.heads = getattr(node.layer, "heads", 1)
        return join.write(texts)

    def assign(self, node: Node, code: Code) -> str:
        """Assign the output of a layer; its variable."""
        variable = self.variables.get(node.index) or self.variable(node)
        self.lines.append(Assign(variable, code))
        return variable

    def name(self, node: Node) -> str:
        return node.path.replace(".", "_") if len(node.path) <= LONGEST_NAME else f"y{node.index}"

    def variable(self, node: Node) -> str:
        """The variable of a layer's output: `x` if the next layer alone reads it."""
        following = self.network.nodes[node.index + 1 : node.index + 2]
        alone = self.readers[node.index] <= 1 and any(node.index in each.inputs for each in following)
        last = node.index == len(self.network.nodes) - 1
        variable = "x" if alone or last else free_variable(self.name(node), self.taken)
        self.taken.add(variable)
        self.variables[node.index] = variable
        return variable
