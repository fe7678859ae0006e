"""Every standard convolution and its separable form, and the network rewritten with these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.folding import make_row
from cnncalc.analysis.report import LayerReport
from cnncalc.compare.rows import ClosedForm, Comparison, Replacement
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.channels import Carried
from cnncalc.layers.conv import Conv
from cnncalc.layers.kernel import Convolution
from cnncalc.layers.separable import SeparableConv, SpatialSeparableConv, TwoSteps
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node


def convolutions(network: Network) -> list[str]:
    """The paths of all convolutions, of whatever kind."""
    return [node.path for node in network.nodes if kernels(node)]


def kernels(node: Node) -> int:
    """How many kernels with weights the layer slides over a map, one after another; 0 where it is no convolution."""
    if not isinstance(node.layer, Windowed):
        return 0
    return sum(weight.role == "weight" for weight in node.layer.weights(node.input_shapes))


def why_not_standard(node: Node) -> str:
    """Why a convolution of another kind than the standard one stays as it is, by what its rules say."""
    if isinstance(node.layer, Windowed) and not node.layer.slides:
        return "transposed, not a standard convolution"
    if kernels(node) > 1:
        return "separable already"
    if isinstance(node.layer.channels(node.input_shapes, node.output), Carried):
        return "depthwise already"
    return f"{node.layer.kind}, not a standard convolution"


class Rewriting(NamedTuple):
    """A comparison, and the network that its `after` is of."""

    comparison: Comparison
    network: Network


class Form(NamedTuple):
    """A way to take a convolution apart. `refuses` gives the reason why one cannot be taken apart, "" where it can."""

    split: Callable[[Conv], Layer]
    refuses: Callable[[Conv, Shape], str]
    closed: Callable[[Conv, Node], ClosedForm]


def separated(
    network: Network, form: str, *, only: Collection[str] | None = None, least_saving: Fraction | None = None
) -> Rewriting:
    """Compare with the `depthwise` or `spatial` form; layers not among `only`, or that save too little, stay."""
    chosen, notes = {}, {}
    for node in network.nodes:
        if isinstance(node.layer, Conv):
            first = node if node.shares is None else network.nodes[node.shares]
            if only is not None and first.path not in only:
                continue
            note = _refusal(FORMS[form], node, least_saving)
            if first is not node and not note and first.index not in chosen:
                note = f"shares the weights of {first.path}, which stays"
            if note:
                notes[node.index] = note
            else:
                chosen[node.index] = FORMS[form].split(node.layer)
        elif (only is None or node.path in only) and kernels(node):
            notes[node.index] = why_not_standard(node)
    nodes = tuple(node._replace(layer=chosen.get(node.index, node.layer)) for node in network.nodes)
    rewritten = network._replace(nodes=nodes)
    before, after = analyze(network), analyze(rewritten)
    rows = tuple(
        Replacement(
            node.path,
            make_row(before.layers[node.index]),
            make_row(after.layers[node.index]),
            notes.get(node.index, ""),
            _closed(FORMS[form], node) if node.index in chosen else None,
        )
        for node in network.nodes
        if node.index in chosen or node.index in notes
    )
    return Rewriting(Comparison(network.name, rows, before, after), rewritten)


def _closed(form: Form, node: Node) -> ClosedForm:
    assert isinstance(node.layer, Conv)
    return form.closed(node.layer, node)


def _refusal(form: Form, node: Node, least_saving: Fraction | None) -> str:
    """Why a standard convolution stays as it is, "" where it does not."""
    layer = node.layer
    assert isinstance(layer, Conv)
    reason = form.refuses(layer, node.input_shapes[0])
    if reason:
        return reason
    if least_saving is not None:
        before = layer.work(node.input_shapes, node.output).multiplications
        after = form.split(layer).work(node.input_shapes, node.output).multiplications
        if 1 - Fraction(after, before) < least_saving:
            return f"saves {_percent(1 - Fraction(after, before))}"
    return ""


def _percent(share: Fraction) -> str:
    return f"{float(share):.1%}" if share > 0 else "nothing"


def _kernel(layer: Conv, shape: Shape) -> tuple[int, ...]:
    return tuple(axis.kernel for axis in layer.axes((shape,)))


def _settings(layer: Conv, *names: str) -> dict[str, Any]:
    return {name: getattr(layer, name) for name in ("out", "kernel", "stride", "padding", "bias", *names)}


def _depthwise(layer: Conv) -> Layer:
    return SeparableConv(**_settings(layer, "dilation"))


def _spatial(layer: Conv) -> Layer:
    return SpatialSeparableConv(**_settings(layer))


def _refuses_depthwise(layer: Conv, shape: Shape) -> str:
    if layer.groups > 1:
        return f"grouped already (groups={layer.groups})"
    kernel = _kernel(layer, shape)
    return "" if prod(kernel) > 1 else f"{'×'.join(map(str, kernel))}: nothing to split"


def _refuses_spatial(layer: Conv, shape: Shape) -> str:
    kernel = _kernel(layer, shape)
    if layer.groups > 1:
        return f"grouped already (groups={layer.groups})"
    if len(kernel) != 2:
        return f"{len(kernel)} spatial axes, the form has 2"
    if min(kernel) == 1:
        return f"{'×'.join(map(str, kernel))}: nothing to split"
    if any(axis.dilation > 1 for axis in layer.axes((shape,))):
        return "dilated, which the form cannot be"
    return ""


def _closed_depthwise(layer: Conv, node: Node) -> ClosedForm:
    """1/C_out + 1/ΠK."""
    kernel = prod(_kernel(layer, node.input_shapes[0]))
    return _added(Fraction(1, layer.out), Fraction(1, kernel))


def _closed_spatial(layer: Conv, node: Node) -> ClosedForm:
    """I_w/(K_w·O_w) for the K×1, which sees all columns, and C_out/(K_h·C_in) for the 1×K."""
    height, width = _kernel(layer, node.input_shapes[0])
    channels, _, columns = node.input_shapes[0]
    return _added(Fraction(columns, width * node.output[2]), Fraction(layer.out, height * channels))


def _added(one: Fraction, other: Fraction) -> ClosedForm:
    return ClosedForm(f"{one} + {other}", one + other)


FORMS = {
    "depthwise": Form(_depthwise, _refuses_depthwise, _closed_depthwise),
    "spatial": Form(_spatial, _refuses_spatial, _closed_spatial),
}


class Dense(NamedTuple):
    """A convolution and the fully connected layer it is a case of: connections, and the weights that they share."""

    path: str
    settings: str
    input: Shape
    output: Shape
    dense: int  # of every output with every input
    sparse: int  # of every output with the inputs in its window, padded zeros left out
    weights: int  # that the sparse connections share


def dense(layers: Collection[LayerReport]) -> list[Dense]:
    """Every convolution that is not transposed; of one in two steps, each of these."""
    return [
        Dense(
            path,
            layer.summarize_settings(len(output) - 1),
            input,
            output,
            prod(input) * prod(output),
            layer.work_inside((input,), output).macs,
            prod(layer.weights((input,))[0].shape),
        )
        for each in layers
        for path, layer, input, output in _in_one_step(each)
    ]


def _in_one_step(each: LayerReport) -> Iterator[tuple[str, Convolution, Shape, Shape]]:
    """The convolutions that a layer is, with their paths, inputs and outputs."""
    if isinstance(each.layer, Convolution):
        yield each.path, each.layer, each.inputs[0], each.output
    elif isinstance(each.layer, TwoSteps):
        intermediate = each.layer.intermediate(each.inputs, each.output)
        shapes = ((each.inputs[0], intermediate), (intermediate, each.output))
        for name, layer, (input, output) in zip(each.layer.names, each.layer.steps(each.inputs), shapes, strict=True):
            yield f"{each.path}.{name}", layer, input, output
