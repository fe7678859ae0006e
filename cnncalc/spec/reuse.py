"""`reuse(NAME)`: runs a named layer, block or chain again with the same weights, for `expand`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Mistake
from cnncalc.spec.expressions import Unknown
from cnncalc.spec.scope import DefinedChain, Definition, Flow, Frame, Output
from cnncalc.spec.segments import Prefix
from cnncalc.spec.tree import Call, chains_of, count_starts

if TYPE_CHECKING:
    from cnncalc.spec.expand import Expander

Result = tuple[Flow, Definition | None]


def reuse(expander: Expander, value: Output, call: Call, frame: Frame, flow: Flow, path: str) -> Result:
    """Run what computed an output again; each of its layers must need the same weights as the first time.

    Raises Mistake if nothing can be run again, or if the weights differ, Unknown if it depends on a mistake.
    """
    built, definition = expander.built, value.definition
    if value.flow.shape is None or (definition is None and built.failed):
        raise Unknown
    if definition is None or not (definition.layer or definition.block or definition.chain):
        (name,) = call.bound.values()
        message = f"`{name.span.text}` is no layer, block or chain that can be applied again"
        help_text = "name what computes it, `x = conv(8, 3) -> relu`, and use that name"
        raise Mistake("reuse-mismatch", message, name.span, help_text)
    before, start = built.failed, len(built.nodes)
    again: Definition | None = None
    if definition.layer:
        result, again = expander.applier.apply(definition.layer, flow, call, path)
    elif definition.block:
        result, again = expander.block(definition.block, definition.values, call, frame, flow, path)
    elif definition.chain:
        result, again = _run_chain(expander, definition.chain, call, flow, path)
    if before or built.failed:
        return result, None
    expander.applier.share_weights(call, definition, start)
    return result, again


def _run_chain(expander: Expander, defined: DefinedChain, call: Call, flow: Flow, path: str) -> Result:
    """Run a chain where it was defined, without a `from` that it begins with; names in it keep their outputs."""
    chain, frame, index, memory = defined
    built = expander.built
    built.enter(call.span)
    opened = built.open(path)
    kept = frame.index, frame.memory, frame.flow
    names = {each.name: frame.outputs.get(each.name) for each in chains_of((chain,)) if each.name}
    frame.index, frame.memory = index, memory
    definition = expander.define(chain, frame)
    prefix = Prefix(f"{path}.", expander.former)
    for item in chain.items[count_starts(chain) :]:
        flow, _ = expander.item(item, frame, flow, prefix)
    frame.index, frame.memory, frame.flow = kept
    frame.outputs |= {name: output for name, output in names.items() if output}
    built.close(opened, "chain", opened.path.rpartition(".")[2], flow)
    built.depth -= 1
    return flow, definition.over(len(built.nodes))
