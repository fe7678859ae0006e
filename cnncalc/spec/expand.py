"""Expands a description to a network: runs blocks, evaluates expressions, and has `apply` apply the layers.

After a mistake the expansion continues with what can still be checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from cnncalc import limits
from cnncalc.errors import Mistake, Problem, Problems, Span
from cnncalc.layers import FAMILIES, kind_class
from cnncalc.layers.arguments import NONE, Value, format_value
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import INPUT, INPUT_NAME, NOTHING, Network
from cnncalc.spec.apply import Applier, no_tensor
from cnncalc.spec.binding import make_layer
from cnncalc.spec.branches import order_branches
from cnncalc.spec.builder import Builder, raise_recursion_limit, shorten
from cnncalc.spec.expressions import Expression, Unknown
from cnncalc.spec.family import Description
from cnncalc.spec.replay import Replays
from cnncalc.spec.rounds import Memory, each_round
from cnncalc.spec.scope import DefinedChain, Definition, Flow, Frame, Output, take_memory, take_pool, take_sizes
from cnncalc.spec.segments import Prefix, Segments
from cnncalc.spec.tree import (
    Block,
    Body,
    Branch,
    Broken,
    Call,
    Chain,
    Item,
    Merge,
    SyntaxGroup,
    SyntaxUnit,
    is_single,
    may_be_off,
    passes_on,
)
from cnncalc.spec.values import require_boolean, require_integer, typed_key


class Expander:
    """Runs bodies in the order of the layers. `Builder` collects the result."""

    def __init__(
        self, description: Description, params: dict[str, Value], problems: Problems, former: Segments | None = None
    ) -> None:
        """`former` are the segments of paths of version 0.1, if these are wanted."""
        self.former = former
        self.description = description
        self.params = params
        self.problems = problems
        self.built = Builder({}, problems, description.amount)
        self.replays = Replays(self.built)
        self.layers = description.made
        self.applier = Applier(description, self.built)

    def network(self, inputs: Mapping[str, Shape | None], body: Body) -> Network | None:
        """The network of a description, None if the shape of one of the `inputs` is unknown. Raises TooLarge."""
        self.built = built = Builder(inputs, self.problems, self.description.amount)
        self.replays = Replays(built)
        self.applier = Applier(self.description, built)
        flows = [Flow(index, shape) for index, shape in zip(count(INPUT, -1), inputs.values(), strict=False)]
        start = flows[0] if len(flows) == 1 else Flow(NOTHING if flows else INPUT, None)
        frame = Frame("", {}, self.params, start, self.description.names, None, None, self.description.amount)
        named = zip(inputs, flows, strict=True)
        frame.outputs = {name: Output(flow, None) for name, flow in named if name not in (INPUT_NAME, *self.params)}
        with raise_recursion_limit():
            end = self.body(body, frame, start, "")
        if end.node == NOTHING and not end.ended and not built.failed:
            built.note(no_tensor(self.description, body[-1].span), "")
        network = built.network(self.description, end.node, ended=end.ended)
        self.report_unread_inputs(network)
        return network

    def report_unread_inputs(self, network: Network | None) -> None:
        """Warn of inputs that no layer and no output reads."""
        if network is None or not network.complete or self.problems.errors or len(network.inputs) < 2:
            return
        read = {index for node in network.nodes for index in node.inputs}.union(network.outputs.values())
        for index, (name, entry) in zip(count(INPUT, -1), self.description.inputs.items(), strict=False):
            if index not in read:
                help_text = f"use it, e.g. with `from({name})`, or remove it"
                self.problems.add(
                    Problem("unread-input", f"the input `{name}` is never used", entry.key_span, help_text)
                )

    # bodies, chains, items

    def body(self, body: Body, frame: Frame, flow: Flow, path: str) -> Flow:
        """Run a body whose paths begin with `path`."""
        prefix = Prefix(f"{path}." if path else "", self.former)
        for chain in body:
            flow = self.chain(chain, frame, flow, prefix)
        return flow

    def chain(self, chain: Chain, frame: Frame, flow: Flow, prefix: Prefix) -> Flow:
        opened = None
        if chain.segment:
            path = prefix.path_of(chain)
            opened = self.built.open(path)
            prefix = Prefix(f"{path}.", self.former)
        whole = self.define(chain, frame) if chain.name else None
        definition = None
        for item in chain.items:
            flow, definition = self.item(item, frame, flow, prefix)
        if opened is not None:
            self.built.close(opened, "chain", opened.path.rpartition(".")[2], flow)
        if chain.name and flow.node == NOTHING:
            self.built.note(no_tensor(self.description, chain.span), prefix.path_of(chain))
            flow = Flow(INPUT, None)
        if chain.name:
            alone = definition if is_single(chain) else None
            frame.outputs[chain.name] = Output(flow, alone or (whole and whole.over(len(self.built.nodes))))
        return flow

    def define(self, chain: Chain, frame: Frame) -> Definition:
        """The definition of a chain that begins here."""
        defined = DefinedChain(chain, frame, frame.index, frame.memory)
        return Definition(None, None, {}, len(self.built.nodes), 0, chain=defined)

    def item(self, item: Item, frame: Frame, flow: Flow, prefix: Prefix) -> tuple[Flow, Definition | None]:
        unit, count, condition, otherwise, span = item
        self.built.step(span)
        frame.flow = flow
        mark, index, memory = self.built.save_state(), frame.index, frame.memory
        try:
            if condition and not self.judge(condition, frame):
                return self.unit(otherwise, frame, flow, prefix) if otherwise else (flow, None)
            if count:
                return self.repeat(item, count, frame, flow, prefix)
            return self.unit(unit, frame, flow, prefix)
        except Unknown:
            self.built.failed = True
        except Mistake as mistake:
            self.built.note(mistake, prefix.path_of(unit).removesuffix("."))
        self.built.restore_state(mark)
        frame.index, frame.memory = index, memory
        return Flow(INPUT, None), None

    def judge(self, condition: Expression, frame: Frame) -> bool:
        return require_boolean(frame.value(condition), condition.span)

    def repeat(
        self, item: Item, expression: Expression, frame: Frame, flow: Flow, prefix: Prefix
    ) -> tuple[Flow, Definition | None]:
        count = require_integer(frame.value(expression), expression.span, "a count", "bad-count")
        if count < 0:
            raise Mistake("bad-count", f"a repeat count must be 0 or more, found {count}", expression.span)
        unit = item.unit
        path = "" if unit.flat and not self.former else prefix.path_of(unit)
        opened = self.built.open(path)
        outer = frame.index, frame.memory
        rounds: list[Output] = []
        frame.memory = Memory(Output(flow, None), rounds)
        for index in range(count):
            self.built.step(expression.span)
            self.built.repeats.append((item, index))
            frame.index = index
            frame.flow = flow
            if not path:
                prefix.count_on(unit.per_round, min(index, 1))
            round_path = f"{path}.{index}" if path else ""
            if isinstance(unit, SyntaxGroup):
                round_opened = self.built.open(round_path)
                inner = Prefix(f"{round_path}.", self.former) if path else prefix
                whole = self.define(unit.chain, frame)
                flow = self.chain(unit.chain, frame, flow, inner)
                definition: Definition | None = whole.over(len(self.built.nodes))
                self.built.close(round_opened, "round", str(index), flow)
            else:
                flow, definition = self.unit(unit, frame, flow, prefix, round_path)
            rounds.append(Output(flow, definition))
            self.built.repeats.pop()
            if self.built.failed and index > 0:  # further rounds would only fail again
                prefix.count_on(unit.per_round, 0 if path else count - 1 - index)
                break
        frame.index, frame.memory = outer
        self.built.close(opened, "repeat", path.rpartition(".")[2], flow, len(rounds))
        last = rounds[-1].definition if rounds else None
        last = last or Definition(None, None, {}, opened.first, len(self.built.nodes))
        return flow, last._replace(rounds=rounds, planned=count)

    def unit(
        self, unit: SyntaxUnit, frame: Frame, flow: Flow, prefix: Prefix, path: str = ""
    ) -> tuple[Flow, Definition | None]:
        """Run one unit; `path` is the path of a round, "" for the path of the unit."""
        if isinstance(unit, Call):
            return self.call(unit, frame, flow, path or prefix.path_of(unit))
        if isinstance(unit, SyntaxGroup):
            self.built.enter(unit.span)
            flow = self.chain(unit.chain, frame, flow, prefix)
            self.built.depth -= 1
            return flow, None
        if isinstance(unit, Merge):
            return self.merge(unit, frame, flow, path or prefix.path_of(unit)), None
        assert isinstance(unit, Broken)
        for name in unit.names - frame.outputs.keys():
            frame.outputs[name] = Output(Flow(INPUT, None), None)
        raise Unknown

    # calls

    def call(self, call: Call, frame: Frame, flow: Flow, path: str) -> tuple[Flow, Definition | None]:
        if call.sources:
            return self.line(call, frame, flow, path), None
        if call.constant:
            return self.applier.apply(call.constant, flow, call, path)
        target = call.target
        if target is None:
            raise Unknown
        if isinstance(target, Block):
            values = {name: frame.value(value) for name, value in call.bound.items()}
            return self.block(target, values, call, frame, flow, path)
        if isinstance(target, str):
            return self.structure(target, call, frame, flow, path)
        settings = {name: frame.value(value) for name, value in call.bound.items()}
        like = take_sizes(settings, call)
        pool = take_pool(settings, call, self.built.nodes, failed=self.built.failed)
        memory = take_memory(settings, call)
        layer = make_layer(call, call.target, settings, self.layers)
        if pool:
            other, sizes = Flow(pool.index, pool.output), pool.inputs[0] if like is None else like
            return self.applier.apply_two(layer, flow, other, call, path, sizes), None
        if memory:
            return self.applier.apply_two(layer, flow, memory, call, path), None
        return self.applier.apply(layer, flow, call, path, like)

    def block(
        self, block: Block, values: dict[str, Value], call: Call, caller: Frame, flow: Flow, path: str
    ) -> tuple[Flow, Definition | None]:
        given: dict[str, Value] = {}
        frame = Frame(block.name, given, self.params, flow, block.names, caller, call.span, caller.amount)
        if self.built.depth >= limits.NESTING and frame.recurs():
            message = f"`{block.name}` calls itself without end: {frame.chain()}"
            help_text = f"add a condition that ends the recursion, e.g. `{shorten(call.span.text)} if …`"
            raise Mistake("recursion", message, call.span, help_text)
        self.built.enter(call.span)
        for name, default, _ in block.parameters:
            if name in values:
                given[name] = values[name]
            elif default:
                given[name] = frame.value(default)
        first = len(self.built.nodes)
        key = (block, flow.shape, flow.ended, *typed_key(given.values()))
        end = self.replays.again(key, path, flow)
        if end is None:
            start = self.replays.start(path, flow)
            end = self.run(block, call.span, frame, path)
            self.replays.keep(key, start, end, frame)
        self.built.depth -= 1
        return end, Definition(block, None, values, first, len(self.built.nodes), frame.outputs)

    def run(self, block: Block, span: Span, frame: Frame, path: str) -> Flow:
        title = frame.title()
        self.built.calls.append((title, span))
        opened = self.built.open(path)
        end = self.body(block.body, frame, frame.input, path)
        self.built.close(opened, "block", title, end)
        self.built.calls.pop()
        return end

    # structure words

    def structure(self, word: str, call: Call, frame: Frame, flow: Flow, path: str) -> tuple[Flow, Definition | None]:
        if word == "identity":
            return flow.for_next_item(), None
        (expression,) = call.bound.values()
        value = frame.value(expression)
        if word == "activation":
            return self.activation(value, call, expression.span, frame, flow, path)
        if not isinstance(value, Output):
            help_text = f"test it before, `… if {expression.span.text} != {NONE}`" if value == NONE else ""
            message = f"`{word}` needs a named output, found {format_value(value)}"
            raise Mistake("bad-value", message, expression.span, help_text)
        if word == "from":
            self.built.lost.append((flow.node, call.span))
            return value.flow, value.definition
        from cnncalc.spec.reuse import reuse  # only for networks that share weights

        return reuse(self, value, call, frame, flow, path)

    def activation(
        self, value: Value, call: Call, span: Span, frame: Frame, flow: Flow, path: str
    ) -> tuple[Flow, Definition | None]:
        """`activation(act)`: apply the kind or the block that a word names."""
        if isinstance(value, str):
            block = self.description.blocks.get(value)
            if block and all(parameter.default for parameter in block.parameters):
                return self.block(block, {}, call, frame, flow, path)
            if value == "identity":
                return flow.for_next_item(), None
            target = find_activation(value)
            if target and not block:
                return self.applier.apply(self.layers.setdefault(target, target()), flow, call, path)
        raise Mistake(
            "bad-value",
            f"`activation` needs the name of an activation without required arguments, found {format_value(value)}",
            span,
        )

    # merges

    def line(self, call: Call, frame: Frame, flow: Flow, path: str) -> Flow:
        """Merge named outputs, as a merge in one line does."""
        self.built.lost.append((flow.node, call.span))
        present: list[tuple[Branch, Flow]] = []
        for source in call.sources:
            output = frame.value(source)
            if not isinstance(output, Output):
                message = f"`{call.kind}` needs named outputs, found {format_value(output)}"
                help_text = f"name each branch, `a = {source.span.text}`, and write `{call.kind}(a, …)`"
                raise Mistake("bad-value", message, source.span, help_text if isinstance(output, str) else "")
            present.append((Branch(f"`{source.span.text}`", None, (), source.span, source.span), output.flow))
        return self.applier.join(call, present, frame, path)

    def merge(self, merge: Merge, frame: Frame, flow: Flow, path: str) -> Flow:
        if merge.word != "outputs" and merge.head.target is None:
            raise Unknown
        self.built.enter(merge.span)
        opened = self.built.open(path)
        flow = flow.for_next_item()
        first = self.built.ends.open(path if merge.word == "outputs" else "")
        present: list[tuple[Branch, Flow]] = []
        if merge.rounds:
            whole = Branch("", None, (), merge.span, merge.span, merge.rounds)
            present = self.rounds(whole, merge, frame, flow, path)
        for branch in merge.branches:
            frame.flow = flow
            if branch.condition and not self.judge(branch.condition, frame):
                continue
            if branch.rounds:
                present += self.rounds(branch, merge, frame, flow, f"{path}.{branch.label}")
            else:
                end = self.branch(branch, merge, frame, flow, f"{path}.{branch.label}")
                if end.node == NOTHING and not (end.ended and merge.word == "outputs"):
                    raise no_tensor(self.description, branch.body_span)
                present.append((branch, end))
        self.built.depth -= 1
        if merge.word == "outputs":
            result = flow._replace(ended=self.built.ends.close(merge, first))
        elif not present:
            why = "the repeat has no rounds" if merge.rounds else "every condition is false"
            raise Mistake("empty-branch", f"`{merge.word}` has no branch left: {why}", merge.span)
        elif len(present) == 1 and kind_class(merge.word).passes_single:
            result = present[0][1]
        else:
            frame.flow = flow
            present = order_branches(merge, present)
            result = self.applier.join(merge.head, present, frame, path, rounds=bool(merge.rounds))
        form = "outputs" if merge.word == "outputs" else "merge"
        conditions = tuple(branch.condition is not None for branch in merge.branches)
        self.built.close(opened, form, merge.word, result, conditions=conditions)
        return result

    def rounds(self, branch: Branch, merge: Merge, frame: Frame, flow: Flow, path: str) -> list[tuple[Branch, Flow]]:
        """The outputs of the rounds in `rounds(…)`, as branches; `path` is that of a branch, or of a whole merge."""
        assert branch.rounds
        span = branch.rounds.span
        self.built.lost.append((flow.node, span))
        outputs = each_round(branch.rounds, frame)
        self.built.step(span, len(outputs))
        for index, (label, output) in enumerate(outputs if merge.word == "outputs" else ()):
            self.built.ends.add(f"{path}.{index if branch.label else label}", output.flow.node)
        of = f" of `{span.text}`" if branch.label else ""
        return [
            (Branch(f"round {index}{of}", None, (), span, span), output.flow)
            for index, (_, output) in enumerate(outputs)
        ]

    def branch(self, branch: Branch, merge: Merge, frame: Frame, flow: Flow, path: str) -> Flow:
        opened = self.built.open(path)
        end = self.body(branch.body, frame, flow, path)
        concatenates = merge.word != "outputs" and kind_class(merge.word).concatenates
        if concatenates and end is flow and may_be_off(branch.body) and not passes_on(branch.body):
            message = f"every item of `{branch.label}` is switched off, so the branch returns its input"
            help_text = "put the condition in the key of the branch: `name if …:`"
            self.problems.add(Problem("idle-branch", message, branch.span, help_text, path))
        self.built.close(opened, "branch", branch.label, end)
        if merge.word == "outputs" and not end.ended:
            self.built.ends.add(path, end.node)
        return end


def find_activation(name: str) -> type[Layer] | None:
    """The class of an activation without required arguments, None for other names."""
    return kind_class(name) if FAMILIES.get(name) == "activation" else None
