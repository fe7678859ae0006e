"""From the description to the network: blocks expanded, expressions evaluated, the shape of every output found.

After a mistake the expansion goes on with whatever can still be judged: what flows is then unknown, or known but for
its spatial sizes (`doubtful`), and errors that would only follow from that are not told.
"""

from __future__ import annotations

from cnncalc.errors import Fix, Mistake, Note, Problem, Problems, Span
from cnncalc.layers import FAMILIES, kind_class
from cnncalc.layers.base import Layer, Shape, Shapes, shape_text
from cnncalc.layers.fields import LayerError, Value, show
from cnncalc.network import INPUT, Group, Network, Node
from cnncalc.spec.binding import mistake_of
from cnncalc.spec.disagreements import disagreement
from cnncalc.spec.expressions import Expression, Literal, Unknown, truth, whole
from cnncalc.spec.family import Description
from cnncalc.spec.scope import Definition, Flow, Frame, Output
from cnncalc.spec.tree import Block, Body, Branch, Broken, Call, Chain, Item, Merge, Unit
from cnncalc.spec.tree import Group as Parenthesis

MOST_LAYERS = 100_000
MOST_STEPS = 1_000_000  # items gone through, those that give no layer included
DEEPEST = 100  # blocks, parentheses and branches within one another


class TooLarge(Exception):
    """A bound was reached: the expansion stops, the problem is noted."""


class Expander:
    """Runs through the bodies in the order in which the layers run."""

    def __init__(self, description: Description, params: dict[str, Value], problems: Problems) -> None:
        self.description = description
        self.params = params
        self.problems = problems
        self.start = Flow(INPUT, None)
        self.nodes: list[Node] = []
        self.groups: list[Group] = []
        self.outputs: dict[str, int] = {}
        self.failed = False  # since then nodes are no longer kept
        self.count = 0
        self.steps = 0
        self.depth = 0
        self.calls: list[tuple[str, Span]] = []  # the blocks that are being run, as called, and where
        self.rounds: list[tuple[Item, int]] = []  # the repeats that are being run, with the round
        self.lost: list[tuple[int, Span]] = []  # nodes whose output flowed into a `from`
        self.nesting = 0  # groups that are open
        self.layers: dict[object, Layer] = {}
        self.shapes: dict[tuple[int, Shapes], Shape] = {}  # by the identity of a layer, all of which are kept

    def network(self, shape: Shape | None, body: Body) -> Network | None:
        """The network of a whole description, None where its input is not known. Raises TooLarge."""
        start = self.start = Flow(INPUT, shape)
        self.failed = shape is None
        frame = Frame("", {}, self.params, start, frozenset(), None, None)
        end = self.body(body, frame, start, "")
        if shape is None:
            return None
        last = body[-1].items[-1].unit if body else None
        ends_in_outputs = isinstance(last, Merge) and last.word == "outputs" and self.outputs
        if not ends_in_outputs:
            self.outputs = {"": end.node, **self.outputs}
        self.note_lost_values()
        size = len(self.nodes)
        groups = [
            group._replace(last=min(group.last, size), result=min(group.result, size - 1))
            for group in self.groups
            if group.form and group.first < size
        ]
        outputs = {name: min(node, size - 1) for name, node in self.outputs.items()}
        about = self.description
        return Network(
            about.name, about.source, about.notes, shape, tuple(self.nodes), tuple(groups), outputs, not self.failed
        )

    def note_lost_values(self) -> None:
        """A value that flowed into `from`, where nothing else reads it."""
        if self.failed:
            return
        read = {index for node in self.nodes for index in node.inputs} | set(self.outputs.values())
        for index, span in self.lost:
            if index != INPUT and index not in read:
                message = f"what flows here, from `{self.nodes[index].path}`, is used nowhere: `from` starts anew"
                self.problems.add(Problem("lost-value", message, span, "name it and read it, or leave it out"))

    # bodies, chains, items

    def body(self, body: Body, frame: Frame, flow: Flow, prefix: str) -> Flow:
        for chain in body:
            flow = self.chain(chain, frame, flow, prefix)
        return flow

    def chain(self, chain: Chain, frame: Frame, flow: Flow, prefix: str) -> Flow:
        opened = None
        if chain.segment:
            prefix, opened = self.open(prefix, chain.segment)
        definition = None
        for item in chain.items:
            flow, definition = self.item(item, frame, flow, prefix)
        if opened is not None:
            self.close(opened, "chain", chain.segment, flow)
        if chain.name:
            frame.outputs[chain.name] = Output(flow, definition if len(chain.items) == 1 else None)
        return flow

    def item(self, item: Item, frame: Frame, flow: Flow, prefix: str) -> tuple[Flow, Definition | None]:
        self.step(item.span)
        frame.flow = flow
        before = self.depth, self.nesting, frame.index, len(self.calls), len(self.rounds)
        try:
            if item.condition and not self.judge(item.condition, frame):
                return self.unit(item.otherwise, frame, flow, prefix) if item.otherwise else (flow, None)
            if item.count:
                return self.repeat(item, item.count, frame, flow, prefix)
            return self.unit(item.unit, frame, flow, prefix)
        except Unknown:
            self.fail()
        except Mistake as mistake:
            self.note(mistake, f"{prefix}{item.unit.segment}".removesuffix("."))
        self.depth, self.nesting, frame.index, calls, rounds = before
        del self.calls[calls:], self.rounds[rounds:]
        return Flow(INPUT, None), None

    def judge(self, condition: Expression, frame: Frame) -> bool:
        return truth(condition.evaluate(frame), condition.span)

    def repeat(
        self, item: Item, expression: Expression, frame: Frame, flow: Flow, prefix: str
    ) -> tuple[Flow, Definition | None]:
        count = whole(expression.evaluate(frame), expression.span, "a count")
        if count < 0:
            raise Mistake("bad-count", f"a repeat of {count} rounds; a count is 0 or more", expression.span)
        unit = item.unit
        prefix, opened = self.open(prefix, unit.segment)
        outer, frame.index = frame.index, 0
        definition = None
        for index in range(count):
            self.step(expression.span)
            self.rounds.append((item, index))
            frame.index = index
            frame.flow = flow
            if isinstance(unit, Parenthesis):
                inner, round_opened = self.open(prefix, str(index))
                flow = self.chain(unit.chain, frame, flow, inner)
                self.close(round_opened, "round", str(index), flow)
            else:
                flow, definition = self.unit(unit, frame, flow, prefix, str(index))
            self.rounds.pop()
        frame.index = outer
        self.close(opened, "repeat", unit.segment, flow)
        return flow, definition

    def unit(
        self, unit: Unit, frame: Frame, flow: Flow, prefix: str, segment: str = ""
    ) -> tuple[Flow, Definition | None]:
        """Run one unit; `segment` is a round's number where its own is that of the repeat."""
        path = prefix + (segment or unit.segment)
        if isinstance(unit, Call):
            return self.call(unit, frame, flow, path)
        if isinstance(unit, Parenthesis):
            self.enter(unit.span)
            flow = self.chain(unit.chain, frame, flow, prefix)
            self.depth -= 1
            return flow, None
        if isinstance(unit, Merge):
            return self.merge(unit, frame, flow, path), None
        assert isinstance(unit, Broken)
        raise Unknown

    # calls

    def call(self, call: Call, frame: Frame, flow: Flow, path: str) -> tuple[Flow, Definition | None]:
        target = call.target
        if target is None:
            raise Unknown
        if isinstance(target, Block):
            values = {name: value.evaluate(frame) for name, value in call.bound.items()}
            return self.block(target, values, call, frame, flow, path)
        if isinstance(target, str):
            return self.structure(target, call, frame, flow, path)
        layer = call.constant or self.layer(call, frame)
        return self.place(layer, (flow,), call, path)

    def layer(self, call: Call, frame: Frame) -> Layer:
        """The layer of a call with its arguments evaluated; the same object for the same arguments."""
        values = {name: value.evaluate(frame) for name, value in call.bound.items()}
        key = (call, *values.values(), *map(type, values.values()))
        layer = self.layers.get(key)
        if layer is None:
            try:
                layer = call.target(**values)
            except LayerError as error:
                raise mistake_of(error, call) from None
            self.layers[key] = layer
        return layer

    def place(self, layer: Layer, flows: tuple[Flow, ...], call: Call, path: str) -> tuple[Flow, Definition | None]:
        """Put a layer where these flow in; what flows out, doubtful or unknown where its rule does not hold."""
        inputs = tuple(flow.shape for flow in flows if flow.shape is not None)
        doubtful = any(flow.doubtful for flow in flows)
        if len(inputs) < len(flows):
            return self.guess(layer, None), None
        try:
            output = self.shapes.get((id(layer), inputs))
            if output is None:
                output = self.shapes[id(layer), inputs] = layer.output_shape(inputs)
        except LayerError as error:
            if not (doubtful and error.about == "size"):
                self.note(mistake_of(error, call), path, flows, self.fewer_rounds())
            self.fail()
            return self.guess(layer, inputs[0]), None
        node = self.add(layer, flows, inputs, output, call.span, path)
        if doubtful and not settles_sizes(layer, inputs, output):
            return Flow(node, output if len(output) > 1 else None, doubtful=True), None
        return Flow(node, output), Definition(None, layer, {}, node, node + 1)

    def guess(self, layer: Layer, shape: Shape | None) -> Flow:
        """What flows out of a layer whose rule does not hold: its channels may be known, its sizes are not."""
        out = getattr(layer, "out", None)
        if layer.kind == "linear":
            return Flow(INPUT, (layer.__dict__["out"],))
        if shape is None or len(shape) < 2:
            return Flow(INPUT, None)
        return Flow(INPUT, (out or shape[0], *shape[1:]), doubtful=True)

    def add(self, layer: Layer, flows: tuple[Flow, ...], inputs: Shapes, output: Shape, span: Span, path: str) -> int:
        """Keep a node; its index, or INPUT once the network has failed."""
        self.count += 1
        if self.count > MOST_LAYERS:
            self.problems.add(
                Problem("too-large", f"the network has more than {MOST_LAYERS:,} layers", span, path=path)
            )
            raise TooLarge
        if self.failed:
            return INPUT
        index = len(self.nodes)
        self.nodes.append(Node(index, path, layer, tuple(flow.node for flow in flows), inputs, output, span))
        return index

    def block(
        self, block: Block, values: dict[str, Value], call: Call, caller: Frame, flow: Flow, path: str
    ) -> tuple[Flow, Definition | None]:
        given = dict(values)
        frame = Frame(block.name, given, self.params, flow, block.names, caller, call.span)
        if self.depth >= DEEPEST:
            raise Mistake("recursion", f"blocks call one another without end: {frame.chain()}", call.span)
        self.enter(call.span)
        for parameter in block.parameters:
            if parameter.name not in given and parameter.default:
                given[parameter.name] = parameter.default.evaluate(frame)
        ordered = {parameter.name: given[parameter.name] for parameter in block.parameters}
        frame.arguments = ordered
        title = f"{block.name}{arguments_text(ordered)}"
        self.calls.append((title, call.span))
        prefix, opened = self.open(path, "")
        end = self.body(block.body, frame, flow, prefix)
        self.close(opened, "block", title, end)
        self.calls.pop()
        self.depth -= 1
        return end, Definition(block, None, values, self.groups[opened].first, len(self.nodes), frame.outputs)

    # words with a meaning of their own

    def structure(self, word: str, call: Call, frame: Frame, flow: Flow, path: str) -> tuple[Flow, Definition | None]:
        if word == "identity":
            return flow, None
        (expression,) = call.bound.values()
        value = expression.evaluate(frame)
        if word == "activation":
            return self.activation(value, call, expression.span, frame, flow, path)
        if not isinstance(value, Output):
            raise Mistake("bad-value", f"`{word}` takes a named output, and this is {show(value)}", expression.span)
        if word == "from":
            self.lost.append((flow.node, call.span))
            return value.flow, value.definition
        return self.reuse(value, call, frame, flow, path)

    def activation(
        self, value: Value, call: Call, span: Span, frame: Frame, flow: Flow, path: str
    ) -> tuple[Flow, Definition | None]:
        """`activation(act)`: the kind, or the author's block, that a word names."""
        if isinstance(value, str):
            block = self.description.blocks.get(value)
            if block and all(parameter.default for parameter in block.parameters):
                return self.block(block, {}, call, frame, flow, path)
            if value == "identity":
                return flow, None
            target = activation_class(value)
            if target and not block:
                return self.place(self.layers.setdefault(target, target()), (flow,), call, path)
        raise Mistake(
            "bad-value",
            f"`activation` takes the name of an activation that needs no arguments, and this is {show(value)}",
            span,
        )

    def reuse(self, value: Output, call: Call, frame: Frame, flow: Flow, path: str) -> tuple[Flow, Definition | None]:
        """Run a named layer or block again; every layer must find the weights that it had the first time."""
        definition = value.definition
        if definition is None:
            raise Mistake("reuse-mismatch", "only the name of one layer or one block can be used again", call.span)
        before, start, result = self.failed, len(self.nodes), flow
        if definition.layer:
            result, _ = self.place(definition.layer, (flow,), call, path)
        elif definition.block:
            result, _ = self.block(definition.block, definition.values, call, frame, flow, path)
        if before or self.failed:
            return result, None
        first = self.nodes[definition.first : definition.last]
        again = self.nodes[start:]
        if [node.layer.kind for node in first] != [node.layer.kind for node in again]:
            raise Mistake("reuse-mismatch", "used again, it is not made of the same layers", call.span)
        for old, new in zip(first, again, strict=True):
            kept, wanted = old.layer.weights(old.input_shapes), new.layer.weights(new.input_shapes)
            if kept != wanted:
                raise Mistake("reuse-mismatch", reuse_message(old, new), call.span)
            if kept:
                self.nodes[new.index] = new._replace(shares=old.index if old.shares is None else old.shares)
        return result, None

    # merges

    def merge(self, merge: Merge, frame: Frame, flow: Flow, path: str) -> Flow:
        self.enter(merge.span)
        prefix, opened = self.open(path, "")
        present: list[tuple[Branch, Flow]] = []
        for branch in merge.branches:
            frame.flow = flow
            if branch.condition is None or self.judge(branch.condition, frame):
                present.append((branch, self.branch(branch, merge, frame, flow, prefix)))
        self.depth -= 1
        if merge.word == "outputs":
            for branch, end in present:
                name = branch.label if branch.label not in self.outputs else f"{prefix}{branch.label}"
                self.outputs[name] = end.node
            result = flow
        elif not present:
            raise Mistake("empty-branch", f"`{merge.word}` has no branch left: every condition is false", merge.span)
        elif len(present) == 1:
            result = present[0][1]
        else:
            result = self.join(merge, present, path)
        self.close(opened, "outputs" if merge.word == "outputs" else "merge", merge.word, result)
        return result

    def branch(self, branch: Branch, merge: Merge, frame: Frame, flow: Flow, prefix: str) -> Flow:
        inner, opened = self.open(prefix, branch.label)
        end = self.body(branch.body, frame, flow, inner)
        if merge.word == "concat" and end is flow and not passes_on(branch.body):
            message = f"every item of `{branch.label}` is switched off: it passes its input on, and adds channels"
            help_text = "put the condition on the branch's key: `name if …:`"
            self.problems.add(Problem("idle-branch", message, branch.span, help_text, inner.removesuffix(".")))
        self.close(opened, "branch", branch.label, end)
        return end

    def join(self, merge: Merge, present: list[tuple[Branch, Flow]], path: str) -> Flow:
        """The merge itself, a layer of several inputs."""
        layer = self.layers.setdefault(merge.word, kind_class(merge.word)())
        flows = tuple(flow for _, flow in present)
        known = [(branch, flow) for branch, flow in present if flow.shape is not None]
        inputs = tuple(flow.shape for _, flow in known if flow.shape is not None)
        if len(known) < 2:
            return Flow(INPUT, inputs[0], doubtful=True) if inputs and merge.word != "concat" else Flow(INPUT, None)
        doubtful = any(flow.doubtful for flow in flows)
        try:
            output = layer.output_shape(inputs)
        except LayerError as error:
            if not (doubtful and error.about == "size"):
                self.note(disagreement(merge, known, error), path)
            self.fail()
            return Flow(INPUT, inputs[0], doubtful=True) if merge.word != "concat" else Flow(INPUT, None)
        if len(known) < len(present):
            return Flow(INPUT, output if merge.word != "concat" else None, doubtful=True)
        return Flow(self.add(layer, flows, inputs, output, merge.span, path), output, doubtful)

    # groups, bounds, problems

    def open(self, prefix: str, segment: str) -> tuple[str, int]:
        """Begin a group; the prefix of the paths within it, and its place among the groups."""
        path = prefix + segment
        self.groups.append(Group(path, "", "", len(self.nodes), 0, INPUT, self.nesting))
        self.nesting += 1
        return f"{path}.", len(self.groups) - 1

    def close(self, opened: int, form: str, title: str, flow: Flow) -> None:
        path, _, _, first, _, _, depth = self.groups[opened]
        self.groups[opened] = Group(path, form, title, first, len(self.nodes), flow.node, depth)
        self.nesting -= 1

    def step(self, span: Span) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.problems.add(
                Problem("too-large", f"the network takes more than {MOST_STEPS:,} steps to write out", span)
            )
            raise TooLarge

    def enter(self, span: Span) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Mistake(
                "too-large", f"blocks, parentheses and branches stand {DEEPEST} deep, and no deeper is read", span
            )

    def note(self, mistake: Mistake, path: str, flows: tuple[Flow, ...] = (), fixes: tuple[Fix, ...] = ()) -> None:
        """Note a mistake with the calls that led to it and the shapes on the way."""
        notes = [Note(f"in `{title}`, called here", span) for title, span in reversed(self.calls[-4:])]
        if len(self.calls) > 4:
            notes.append(Note(f"{len(self.calls) - 4} more calls around it"))
        if self.rounds:
            item, index = self.rounds[-1]
            notes.append(Note(f"in round {index} of `{item.span.text}`, counting from 0"))
        if flows and not self.failed:
            notes.append(Note(f"on the way: {self.way_to(flows[0])}"))
        problem = mistake.problem
        self.problems.add(problem._replace(path=path, notes=tuple(notes), fixes=(*problem.fixes, *fixes)))
        self.fail()

    def way_to(self, flow: Flow) -> str:
        """The last few layers that led here, with their shapes."""
        steps: list[str] = []
        index = flow.node
        while index != INPUT and len(steps) < 5 and index < len(self.nodes):
            node = self.nodes[index]
            steps.append(f"{node.path.rpartition('.')[2]} {shape_text(node.output)}")
            index = node.inputs[0]
        if index == INPUT and self.start.shape:
            steps.append(f"input {shape_text(self.start.shape)}")
        elif steps:
            steps.append("…")
        return " → ".join(reversed(steps))

    def fewer_rounds(self) -> tuple[Fix, ...]:
        """The repair of a repeat that runs out in some round: as many rounds as there is room for."""
        if not self.rounds:
            return ()
        item, index = self.rounds[-1]
        if not isinstance(item.count, Literal) or not index:
            return ()
        rounds = f"{index} round{'s' * (index > 1)}"
        return (Fix(item.count.span, str(index), f"there is room for {rounds}: write `* {index}`"),)

    def fail(self) -> None:
        self.failed = True


def settles_sizes(layer: Layer, inputs: Shapes, output: Shape) -> bool:
    """Whether the output would be the same whatever the spatial sizes, as behind a global pool."""
    others = tuple((shape[0], *(4 * size + 64 for size in shape[1:])) for shape in inputs)
    try:
        return layer.output_shape(others) == output
    except LayerError:
        return False


def passes_on(body: Body) -> bool:
    """Whether a body says `identity` itself."""
    return any(isinstance(item.unit, Call) and item.unit.kind == "identity" for chain in body for item in chain.items)


def arguments_text(values: dict[str, Value]) -> str:
    """`(64, 1)`, "" where there are none."""
    return (
        f"({', '.join('…' if isinstance(value, Output) else show(value) for value in values.values())})"
        if values
        else ""
    )


def reuse_message(old: Node, new: Node) -> str:
    """Which weights a layer has, and which it would need where it is used again."""
    had, needs = (
        ", ".join(f"{weight.name} {show(weight.shape)}" for weight in node.layer.weights(node.input_shapes))
        for node in (old, new)
    )
    return f"the weights of {old.path} do not fit here: it has {had}; here it would need {needs}"


def activation_class(name: str) -> type[Layer] | None:
    """The class of an activation that can be had by its name alone."""
    return kind_class(name) if FAMILIES.get(name) == "activation" else None
