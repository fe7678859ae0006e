"""Applies layers to tensors while a description is expanded: computes the shapes and adds the nodes.

After a failed rule the result is a tensor that is unknown, or known except for its spatial sizes (`doubtful`), so that
`expand` can continue; errors that would only follow from that are not reported.
"""

from __future__ import annotations

from cnncalc.errors import Fix, Mistake, Span
from cnncalc.layers.arguments import LayerError, format_value
from cnncalc.layers.base import Layer, Shape, Shapes, Weight
from cnncalc.network import INPUT, NOTHING, Node
from cnncalc.spec.binding import convert_error, make_layer
from cnncalc.spec.builder import Builder
from cnncalc.spec.expressions import Unknown
from cnncalc.spec.family import Description
from cnncalc.spec.repairs import write
from cnncalc.spec.scope import BEGIN, Definition, Flow, Frame
from cnncalc.spec.tree import Branch, Call


class Applier:
    """Applies layers and adds the results to a `Builder`; keeps the shapes and arrays that recur."""

    def __init__(self, description: Description, built: Builder) -> None:
        self.description = description
        self.built = built
        self.shapes: dict[tuple[int, Shape], Shape] = {}  # by the identity of the layer; all layers are kept
        self.arrays: dict[tuple[int, Shapes], tuple[Weight, ...]] = {}

    def apply(
        self, layer: Layer, flow: Flow, call: Call, path: str, like: int | None = None
    ) -> tuple[Flow, Definition | None]:
        """Apply a layer to the current tensor; returns its output, doubtful or unknown if a rule of the layer fails."""
        if not layer.sources:
            return self.begin(layer, flow, call, path)
        shape = flow.shape
        if flow.node == NOTHING:
            text = f"from({next(iter(self.description.inputs))}) -> {call.span.text}"
            raise no_tensor(self.description, call.span, *([] if call.by_name else [write(call.span, text)]))
        if shape is None:
            from cnncalc.spec.recovery import guess_output  # only needed after a mistake

            return guess_output(layer, None), None
        inputs = (shape,)
        key = (id(layer), shape)
        try:
            output = self.shapes.get(key)
            if output is None:
                output = self.shapes[key] = layer.output_shape(inputs)
                self.built.check_different(len(self.shapes), call.span, path)
        except LayerError as error:
            return self._fail(error, layer, flow, call, path), None
        node = self.built.add(layer, (flow.node,), inputs, output, call.span, path, like)
        if flow.doubtful:
            from cnncalc.spec.recovery import settles_sizes  # only needed after a mistake

            if not settles_sizes(layer, inputs, output):
                return Flow(node, output if len(output) > 1 else None, doubtful=True), None
        return Flow(node, output), Definition(None, layer, {}, node, node + 1)

    def begin(self, layer: Layer, flow: Flow, call: Call, path: str) -> tuple[Flow, Definition | None]:
        """Begin a path with a layer that reads no tensor."""
        self.built.lost.append((flow.node, call.span))
        output = layer.output_shape(())
        node = self.built.add(layer, (), (), output, call.span, path)
        return Flow(node, output), Definition(None, layer, {}, node, node + 1)

    def apply_two(self, layer: Layer, flow: Flow, other: Flow, call: Call, path: str, like: int | None = None) -> Flow:
        """Apply a layer that reads another output besides the current tensor."""
        if flow.node == NOTHING:
            text = f"from({next(iter(self.description.inputs))}) -> {call.span.text}"
            raise no_tensor(self.description, call.span, *([] if call.by_name else [write(call.span, text)]))
        if flow.shape is None or other.shape is None:
            raise Unknown
        inputs = (flow.shape, other.shape)
        try:
            output = layer.output_shape(inputs)
        except LayerError as error:
            return self._fail(error, layer, flow, call, path)
        return Flow(self.built.add(layer, (flow.node, other.node), inputs, output, call.span, path, like), output)

    def _fail(self, error: LayerError, layer: Layer, flow: Flow, call: Call, path: str) -> Flow:
        """Report the failed rule of a layer, unless it may follow from another mistake; returns what is known."""
        from cnncalc.spec.recovery import guess_output, suggest_map  # only needed for a mistake

        shape = flow.shape or ()
        if error.code == "wrong-rank" and flow.node < 0 and len(shape) == 1:
            error.insert_before = error.insert_before or suggest_map(shape[0])
        if flow.doubtful:  # the sizes are not certain
            error.detail = ""
            if error.about == "elements":
                error.suggest, error.help = {}, ""
        if not (flow.doubtful and error.about == "size"):
            self.built.note(convert_error(error, call, shape), path, flow, self.built.suggest_rounds())
        self.built.failed = True
        return guess_output(layer, shape)

    def join(
        self, call: Call, present: list[tuple[Branch, Flow]], frame: Frame, path: str, *, rounds: bool = False
    ) -> Flow:
        """Apply the layer of a merge to its branches; `rounds` if these are those of a repeat."""
        settings = {name: frame.value(value) for name, value in call.bound.items()}
        layer = call.constant or make_layer(call, call.target, settings, self.description.made)
        flows = tuple(flow for _, flow in present)
        known = [(branch, flow) for branch, flow in present if flow.shape is not None]
        inputs = tuple(flow.shape for _, flow in known if flow.shape is not None)
        if len(known) < min(2, len(present)):
            return Flow(INPUT, inputs[0], doubtful=True) if inputs and not layer.concatenates else Flow(INPUT, None)
        doubtful = any(flow.doubtful for flow in flows)
        try:
            output = layer.output_shape(inputs)
        except LayerError as error:
            if not (doubtful and error.about == "size"):
                from cnncalc.spec.disagreements import explain_disagreement  # only needed for a mistake

                mistake = explain_disagreement(call, known, error, self.built, self.description, rounds=rounds)
                self.built.note(mistake, path)
            self.built.failed = True
            return Flow(INPUT, None) if layer.concatenates else Flow(INPUT, inputs[0], doubtful=True)
        if len(known) < len(present):
            return Flow(INPUT, None if layer.concatenates else output, doubtful=True)
        return Flow(
            self.built.add(layer, tuple(flow.node for flow in flows), inputs, output, call.span, path),
            output,
            doubtful,
        )

    def share_weights(self, call: Call, definition: Definition, start: int) -> None:
        """Make the nodes from `start` on share the weights of those of a definition. Raises Mistake if these differ."""
        first = self.built.nodes[definition.first : definition.last]
        again = self.built.nodes[start:]
        self.built.step(call.span, len(again))  # nested reuse compares everything again
        if [node.layer.kind for node in first] != [node.layer.kind for node in again]:
            raise Mistake("reuse-mismatch", "the reused block consists of different layers here", call.span)
        for old, new in zip(first, again, strict=True):
            kept = self.weights(old)
            if kept != self.weights(new):
                raise Mistake("reuse-mismatch", explain_reuse_mismatch(old, new), call.span)
            if kept:
                self.built.nodes[new.index] = new._replace(shares=old.index if old.shares is None else old.shares)

    def weights(self, node: Node) -> tuple[Weight, ...]:
        """The arrays of a layer; found once for all layers that are alike."""
        key = (id(node.layer), node.input_shapes)
        found = self.arrays.get(key)
        if found is None:
            found = self.arrays[key] = node.layer.weights(node.input_shapes)
        return found


def no_tensor(description: Description, span: Span, *fixes: Fix) -> Mistake:
    """The mistake for a layer or an output before the first `from` of a network with several inputs."""
    names = " and ".join(f"`{name}`" for name in description.inputs)
    message = f"there is no current tensor yet: the inputs are {names}"
    return Mistake("no-tensor", message, span, BEGIN, *fixes)


def explain_reuse_mismatch(old: Node, new: Node) -> str:
    """Describe the weights that a layer has, and those that it would need when it is reused."""
    had, needs = (
        ", ".join(f"{weight.name} {format_value(weight.shape)}" for weight in node.layer.weights(node.input_shapes))
        for node in (old, new)
    )
    return f"the weights of `{old.path}` do not fit: it has {had}, but {needs} is needed here"
