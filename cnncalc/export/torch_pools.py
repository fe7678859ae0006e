"""Max pools of which an unpooling reads the indices: these are found again from what goes into the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.layout import Bracketed, Code, Keyed, call
from cnncalc.export.torch_call import LayerCall, State, name_of
from cnncalc.export.torch_construct import Refused
from cnncalc.export.torch_flat import NodeCall
from cnncalc.export.torch_kinds import modules_of
from cnncalc.layers.settings import LIKE, POOL
from cnncalc.network import Network, Node
from cnncalc.spec.expressions import Expression
from cnncalc.spec.tree import Call, Chain

if TYPE_CHECKING:
    from cnncalc.export.torch_flow import FlowWriter
    from cnncalc.export.torch_module import ModuleWriter

ELSEWHERE = "`max_unpool` of a pool whose input `forward` does not have here"


class PoolWriter:
    """Writes pools and unpoolings."""

    def __init__(self, module: ModuleWriter, flow: FlowWriter) -> None:
        self.module = module
        self.flow = flow

    def pool(self, chain: Chain, state: State) -> None:
        """A max pool with a name, whose input has a variable of its own. Raises Refused for other chains."""
        *others, last = chain.items
        is_pool = isinstance(last.unit, Call) and getattr(last.unit.target, "kind", "") == "max_pool"
        if not is_pool or last.count or last.condition or any(map(self.flow.makes_modules, others)):
            raise Refused(ELSEWHERE)
        for item in others:
            self.flow.item(item, state)
        before = state.current
        if not before.isidentifier() or before == state.variable:
            before = self.flow.branches.free_variable(f"{chain.name}_input", state)
            self.flow.assign(state, self.flow.last_value(state), before)
        alone = Chain("", None, (last,), chain.span)
        alone.segment, alone.path_word, alone.ordinal = chain.segment, chain.path_word, chain.ordinal
        self.flow.chain(alone, state)
        self.flow.name(chain, state)
        state.tensors[chain.name] = state.tensors[chain.name]._replace(before=before)

    def unpool(self, call: Call, given: LayerCall, state: State) -> Code:
        """An unpooling of the current tensor. Raises Refused."""
        network = self.module.network
        found = {pool_of(network, network.nodes[each.node]) for each in given.instances}
        if len(found) != 1:
            raise Refused("`max_unpool` of pools with other arguments each time")
        size = given.sizes(LIKE) if LIKE in call.bound else ""
        if size is None:
            raise Refused("`max_unpool` to sizes that `forward` does not have")
        name = given.helper(f"unpool{given.axes}d")
        return unpooled(name, state.current, self.input_of(call.bound[POOL], state), found.pop(), size)

    def input_of(self, expression: Expression, state: State) -> str:
        """The variable of what goes into a named pool. Raises Refused."""
        name = name_of(expression)
        if name in state.owner.tensor_names:
            state.owner.tensors[name] = None
            return self.module.argument_name(name)
        tensor = state.tensors.get(name)
        if tensor is None or not tensor.before:
            raise Refused(ELSEWHERE)
        return tensor.before


def pool_of(network: Network, node: Node) -> tuple[Code, ...]:
    """The arguments of the pool of which an unpooling reads the indices. Raises Refused."""
    pool = network.nodes[node.inputs[1]]
    modules = modules_of(NodeCall(pool, set())) or []
    code = modules[0].code if len(modules) == 1 else ""
    if not isinstance(code, Bracketed) or not code.head.startswith("nn.MaxPool"):
        raise Refused("`max_unpool` of a pool with such a border")
    if any(isinstance(item, Keyed) and item.key == "dilation=" for item in code.items):
        raise Refused("`max_unpool` of a pool with dilation")
    return code.items


def unpooled(helper: str, x: str, before: str, pool: tuple[Code, ...], size: str) -> Code:
    """An unpooling of `x` by the indices of a pool of `before`; to other sizes than these, if given."""
    return call(helper, x, before, *pool, *([Keyed("size=", size)] if size else []))
