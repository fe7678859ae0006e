"""A network as a PyTorch module a layer a line, without blocks: for what no class of a block can say."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cnncalc.errors import Problem, Span
from cnncalc.export.about import output_key
from cnncalc.export.expressions import identifier, literal, quote
from cnncalc.export.layout import Code, as_call, call, indented, lay_out
from cnncalc.export.torch_construct import Module, Refused
from cnncalc.export.torch_functions import write_function, write_join
from cnncalc.export.torch_kinds import attend, modules_of
from cnncalc.export.torch_names import module_key
from cnncalc.layers.base import Shape
from cnncalc.layers.window import to_pairs
from cnncalc.network import Network, Node

LONGEST_NAME = 32  # of a variable; longer paths have a number


class NodeCall:
    """A layer of a network as `torch_kinds` and `torch_functions` ask about it: all arguments are values."""

    def __init__(self, node: Node, helpers: set[str]) -> None:
        self.node = node
        self.layer = node.layer
        self.kind = node.layer.kind
        self.helpers = helpers
        before = node.input_shapes[0] if node.input_shapes else node.output
        self.before: Shape = before
        self.axes = len(before) - 1

    def channels(self) -> str:
        return str(self.before[0])

    def shape(self) -> Shape:
        return self.before

    def values(self, name: str) -> list[Any]:
        return [getattr(self.layer, name)]

    def constant(self, name: str) -> Any:
        return getattr(self.layer, name)

    def text(self, name: str) -> str:
        return literal(self.constant(name))

    def inner(self, name: str) -> str:
        return self.text(name)

    def items(self, name: str) -> list[str]:
        value = self.constant(name)
        return [str(item) for item in (value if isinstance(value, tuple) else (value,) * self.axes)]

    def sizes(self, name: str) -> str | None:
        value = self.constant(name)
        return literal(value) if isinstance(value, tuple) else None

    def is_given(self, name: str) -> bool:
        return bool(self.constant(name) != self.layer.default_of(name))

    def parts(self, name: str) -> Code | None:
        pairs = to_pairs(name, self.constant(name), self.axes)
        return literal(tuple(side for pair in reversed(pairs) for side in pair))

    def reads_another(self) -> bool:
        return len(self.node.inputs) > 1

    def is_dynamic(self, name: str) -> bool:
        return False

    def helper(self, name: str) -> str:
        self.helpers.add(name)
        return name


class FlatWriter:
    """Writes a network layer by layer; each module has the path of its layer."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.helpers: set[str] = {"put"}
        self.init: list[str] = []
        self.forward: list[str] = []
        self.refusals: dict[Span, Problem] = {}
        self.readers = Counter(index for node in network.nodes for index in node.inputs)
        self.readers.update(network.outputs.values())
        pools = {node.inputs[1] for node in network.nodes if node.layer.restores}
        self.readers.update(network.nodes[index].inputs[0] for index in pools)  # whose inputs are read again
        several = len(network.inputs) > 1
        self.inputs = [identifier(name) if several else "x" for name in network.inputs]
        self.variables = {-1 - at: name for at, name in enumerate(self.inputs)}
        self.taken = {*self.inputs, "x", "self", "torch", "nn", "F", "math"}
        if not several and self.readers[-1] > 1:
            self.inputs = ["inputs"]
            self.variables[-1] = "inputs"

    def write(self) -> None:
        """The lines of the constructor and of `forward`, and what has no counterpart."""
        for node in self.network.nodes:
            try:
                self.node(node)
            except Refused as refused:
                self.refusals[node.span] = Problem("no-counterpart", f"PyTorch: {refused}", node.span, path=node.path)
                self.variables[node.index] = "x"

    def node(self, node: Node) -> None:
        given = NodeCall(node, self.helpers)
        texts = [self.variables[index] for index in node.inputs] or [self.inputs[0]]
        modules = None if node.layer.restores or len(node.inputs) > 1 else modules_of(given)
        if modules is not None:
            self.apply(node, [*modules], texts[0])
            return
        if node.layer.kind == "multi_head_attention":
            memory = node.input_shapes[1][0]
            self.apply(node, attend(given, None if memory == given.before[0] else memory), ", ".join(texts))
            return
        if node.layer.restores:
            code: Code = self.restored(node, given, texts)
        elif len(node.inputs) > 1:
            code = self.joined(node, texts)
        else:
            found = write_function(given, texts[0])
            if found is None:
                raise Refused(f"there is no module for `{node.layer.kind}`")
            code = found
        self.assign(node, code)

    def apply(self, node: Node, modules: list[Module], x: str) -> None:
        """Make the modules of a layer, unless it shares them, and apply them one after another."""
        path = node.path if node.shares is None else self.network.nodes[node.shares].path
        variable = self.variable(node)
        for suffix, made in modules:
            name = quote(".".join(map(module_key, (path + suffix).split("."))))
            if node.shares is None:
                self.init += lay_out("", call("put", "self", name, made), "", 8)
            self.forward += lay_out(f"{variable} = ", as_call(f"self.get_submodule({name})({x})"), "", 8)
            x = variable

    def joined(self, node: Node, texts: list[str]) -> Code:
        if node.layer.kind == "attention":
            self.helpers.add("attention")
            return call("attention", *texts, str(getattr(node.layer, "heads", 1)))
        turned = list(texts)
        at = {"first": 0, "second": 1}.get(getattr(node.layer, "transpose", ""))
        if at is not None:
            turned[at] += ".mT"
        return write_join(node.layer.kind, turned, getattr(node.layer, "axis", 0))

    def restored(self, node: Node, given: NodeCall, texts: list[str]) -> Code:
        """An unpooling by the indices of a pool, which are found again from its input."""
        from cnncalc.export.torch_pools import pool_of, unpooled

        before = self.network.nodes[node.inputs[1]]
        size = "" if before.input_shapes[0][1:] == node.output[1:] else literal(node.output[1:])
        name = given.helper(f"unpool{given.axes}d")
        return unpooled(name, texts[0], self.variables[before.inputs[0]], pool_of(self.network, node), size)

    def assign(self, node: Node, code: Code) -> None:
        """Assign the output of a layer."""
        self.forward += lay_out(f"{self.variable(node)} = ", as_call(code), "", 8)

    def variable(self, node: Node) -> str:
        """The variable of a layer's output: `x` if the next layer alone reads it."""
        following = self.network.nodes[node.index + 1 : node.index + 2]
        alone = self.readers[node.index] <= 1 and any(node.index in each.inputs for each in following)
        last = node.index == len(self.network.nodes) - 1
        name = node.path.replace(".", "_") if len(node.path) <= LONGEST_NAME else f"y{node.index}"
        variable = "x" if alone or last else identifier(name, lambda each: each in self.taken)
        self.taken.add(variable)
        self.variables[node.index] = variable
        return variable

    def class_lines(self, name: str) -> list[str]:
        """The class."""
        tensor = "torch.Tensor"
        lines, result = list(self.forward), "x"
        outputs = self.network.outputs
        returned = tensor
        if [*outputs] == [""]:
            result = self.variables[outputs[""]]
        else:
            returned, result = f"dict[str, {tensor}]", "outputs"
            lines.append(f"outputs: dict[str, {tensor}] = {{}}")
            for each, index in outputs.items():
                lines.append(f"outputs[{quote(output_key(each))}] = {self.variables[index]}")
        head = call("def forward", "self", *(f"{each}: {tensor}" for each in self.inputs))
        return [
            f"class {name}(nn.Module):",
            *indented(["def __init__(self) -> None:", *indented(["super().__init__()", *self.init])]),
            "",
            *indented(lay_out("", head, f" -> {returned}:", 4)),
            *indented(indented([*lines, f"return {result}"])),
        ]
