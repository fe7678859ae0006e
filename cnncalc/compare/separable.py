"""Every standard convolution compared with its separable form, and the rewritten network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any

from cnncalc import limits
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.folding import make_row
from cnncalc.analysis.report import LayerReport
from cnncalc.compare.rows import ClosedForm, Comparison, Replacement, require_comparable
from cnncalc.compare.spatial_weights import Fit, fit_spatial
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.channels import Carried
from cnncalc.layers.conv import Conv
from cnncalc.layers.kernel import Convolution
from cnncalc.layers.separable import SeparableConv, SpatialSeparableConv, TwoSteps
from cnncalc.layers.unshared import LocallyConnected, TableConv
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node, once_per_layer
from cnncalc.records import NamedTuple


def list_convolutions(network: Network) -> list[str]:
    """The paths of all convolutions of any kind."""
    return [node.path for node in network.nodes if count_kernels(node)]


def count_kernels(node: Node) -> int:
    """The number of kernels with weights that the layer applies in sequence; 0 if it is not a convolution."""
    if not isinstance(node.layer, Windowed):
        return 0
    return sum(weight.role == "weight" for weight in node.layer.weights(node.input_shapes))


def explain_exclusion(node: Node) -> str:
    """Why a convolution that is not a standard one is kept, derived from its rules."""
    if isinstance(node.layer, Windowed) and not node.layer.slides:
        return "transposed, not a standard convolution"
    if count_kernels(node) > 1:
        return "separable already"
    if isinstance(node.layer.channels(node.input_shapes, node.output), Carried):
        return "depthwise already"
    return f"{node.layer.kind}, not a standard convolution"


GivenValues = Mapping[tuple[str, str], Sequence[float]]  # path and name of an array → its values
NOTHING_GIVEN: GivenValues = {}


class Rewriting(NamedTuple):
    """A comparison, the rewritten network, and the arrays of its layers that the file gives.

    `weights` are by the index of the node and the name of the array, `dropped` the layers whose arrays are not kept.
    """

    comparison: Comparison
    network: Network
    weights: dict[tuple[int, str], Sequence[float]]
    dropped: tuple[str, ...]


class Form(NamedTuple):
    """A way to factorize a convolution. `refuses` gives the reason why one cannot be factorized, "" if it can."""

    split: Callable[[Conv], Layer]
    refuses: Callable[[Conv, Shape], str]
    closed: Callable[[Conv, Node], ClosedForm]


def separate(
    network: Network,
    form: str,
    *,
    only: Collection[str] | None = None,
    least_saving: Fraction | None = None,
    given: GivenValues = NOTHING_GIVEN,
) -> Rewriting:
    """Compare with the `depthwise` or `spatial` form; layers not in `only`, or that save too little, are kept.

    Of the spatial form, so are those whose kernels are among the `given` arrays and do not split. Raises CnncalcError
    for more layers than `compare` takes.
    """
    require_comparable(2 * len(network.nodes))
    chosen, notes = {}, {}
    split: dict[int, Layer] = {}  # by the identity of the convolution
    refusal = once_per_layer(partial(_explain_refusal, FORMS[form], least_saving))
    closed = once_per_layer(partial(_compute_closed_form, FORMS[form]))
    kernels, exclusion = once_per_layer(count_kernels), once_per_layer(explain_exclusion)
    fits = Fits(given if form == "spatial" else {})
    for node in network.nodes:
        if isinstance(node.layer, Conv):
            first = node if node.shares is None else network.nodes[node.shares]
            if only is not None and first.path not in only:
                continue
            note = refusal(node) or fits.refuse(first)
            if first is not node and not note and first.index not in chosen:
                note = f"shares the weights of {first.path}, which stays"
            if note:
                notes[node.index] = note
            else:
                split[id(node.layer)] = split.get(id(node.layer)) or FORMS[form].split(node.layer)
                chosen[node.index] = split[id(node.layer)]
        elif (only is None or node.path in only) and kernels(node):
            notes[node.index] = exclusion(node)
    rewritten = _replace_layers(network, chosen)
    before, after = analyze(network), analyze(rewritten)
    rows = tuple(
        Replacement(
            node.path,
            make_row(before.layers[node.index]),
            make_row(after.layers[node.index]),
            notes.get(node.index, ""),
            closed(node) if node.index in chosen else None,
            fits.found.get(node.path),
        )
        for node in network.nodes
        if node.index in chosen or node.index in notes
    )
    return Rewriting(Comparison(network.name, rows, before, after), rewritten, *_carry(network, chosen, given, fits))


def _replace_layers(network: Network, chosen: Mapping[int, Layer]) -> Network:
    """The network with other layers at these indexes."""
    nodes = tuple(node._replace(layer=chosen.get(node.index, node.layer)) for node in network.nodes)
    return network._replace(nodes=nodes)


class Fits:
    """Whether the given kernels of convolutions split, each looked at once and not too many of them."""

    def __init__(self, given: GivenValues) -> None:
        self.given = given
        self.found: dict[str, Fit] = {}
        self.notes: dict[str, str] = {}
        self.examined = 0

    def refuse(self, node: Node) -> str:
        """Why the kernels of a layer are kept, "" if they split or are not given."""
        if node.path not in self.notes:
            self.notes[node.path] = self._fit(node)
        return self.notes[node.path]

    def _fit(self, node: Node) -> str:
        weight = self.given.get((node.path, "weight"))
        if weight is None:
            return ""
        self.examined += len(weight)
        fit = None
        if self.examined <= limits.FACTORED_ALTOGETHER:
            fit = fit_spatial(weight, node.layer.weights(node.input_shapes)[0].shape)
        if fit is None:
            return "too many weights to be split"
        self.found[node.path] = fit
        if fit.arrays is not None:
            return ""
        return f"does not split: rank {fit.rank}, at most {fit.most} fits; the nearest leaves {fit.error:.1%}"


def _carry(
    network: Network, chosen: Collection[int], given: GivenValues, fits: Fits
) -> tuple[dict[tuple[int, str], Sequence[float]], tuple[str, ...]]:
    """The given arrays in the rewritten network, and the layers whose arrays it cannot have."""
    nodes = {node.path: node for node in network.nodes}
    found: dict[tuple[int, str], Sequence[float]] = {}
    dropped: dict[str, None] = {}
    for (path, name), values in given.items():
        index, fit = nodes[path].index, fits.found.get(path)
        if index not in chosen:
            found[index, name] = values
        elif fit is None or fit.arrays is None:
            dropped[path] = None
        elif name == "bias":
            found[index, "row.bias"] = values
        else:
            found |= {(index, part): array for part, array in fit.arrays.items()}
    return found, tuple(dropped)


def _compute_closed_form(form: Form, node: Node) -> ClosedForm:
    assert isinstance(node.layer, Conv)
    return form.closed(node.layer, node)


def _explain_refusal(form: Form, least_saving: Fraction | None, node: Node) -> str:
    """Why a standard convolution is kept, "" if it is replaced."""
    layer = node.layer
    assert isinstance(layer, Conv)
    reason = form.refuses(layer, node.input_shapes[0])
    if reason:
        return reason
    if least_saving is not None:
        before = layer.work(node.input_shapes, node.output).multiplications
        after = form.split(layer).work(node.input_shapes, node.output).multiplications
        if 1 - Fraction(after, before) < least_saving:
            return f"saves {_format_percent(1 - Fraction(after, before))}"
    return ""


def _format_percent(share: Fraction) -> str:
    return f"{float(share):.1%}" if share > 0 else "nothing"


def _get_kernel(layer: Conv, shape: Shape) -> tuple[int, ...]:
    return tuple(axis.kernel for axis in layer.axes((shape,)))


def _copy_settings(layer: Conv, *names: str) -> dict[str, Any]:
    return {name: getattr(layer, name) for name in ("out", "kernel", "stride", "padding", "bias", *names)}


def _make_depthwise(layer: Conv) -> Layer:
    return SeparableConv(**_copy_settings(layer, "dilation"))


def _make_spatial(layer: Conv) -> Layer:
    return SpatialSeparableConv(**_copy_settings(layer))


def _refuses_depthwise(layer: Conv, shape: Shape) -> str:
    if layer.groups > 1:
        return f"grouped already (groups={layer.groups})"
    kernel = _get_kernel(layer, shape)
    return "" if prod(kernel) > 1 else f"{'×'.join(map(str, kernel))}: nothing to split"


def _refuses_spatial(layer: Conv, shape: Shape) -> str:
    kernel = _get_kernel(layer, shape)
    if layer.groups > 1:
        return f"grouped already (groups={layer.groups})"
    if len(kernel) != 2:
        return f"{len(kernel)} spatial axes, the form has 2"
    if min(kernel) == 1:
        return f"{'×'.join(map(str, kernel))}: nothing to split"
    if any(axis.dilation > 1 for axis in layer.axes((shape,))):
        return "dilated, which is not possible in this form"
    return ""


def _close_depthwise(layer: Conv, node: Node) -> ClosedForm:
    """1/C_out + 1/ΠK."""
    kernel = prod(_get_kernel(layer, node.input_shapes[0]))
    return _sum_form(Fraction(1, layer.out), Fraction(1, kernel))


def _close_spatial(layer: Conv, node: Node) -> ClosedForm:
    """I_w/(K_w·O_w) for the K×1, which is applied to all columns, and C_out/(K_h·C_in) for the 1×K."""
    height, width = _get_kernel(layer, node.input_shapes[0])
    channels, _, columns = node.input_shapes[0]
    return _sum_form(Fraction(columns, width * node.output[2]), Fraction(layer.out, height * channels))


def _sum_form(one: Fraction, other: Fraction) -> ClosedForm:
    return ClosedForm(f"{one} + {other}", one + other)


FORMS = {
    "depthwise": Form(_make_depthwise, _refuses_depthwise, _close_depthwise),
    "spatial": Form(_make_spatial, _refuses_spatial, _close_spatial),
}


class DenseComparison(NamedTuple):
    """A convolution and the fully connected layer that it is a special case of: connections and shared weights."""

    path: str
    settings: str
    input: Shape
    output: Shape
    dense: int  # connections of every output with every input
    sparse: int  # connections of every output with the inputs in its window, without padded zeros
    weights: int  # that the sparse connections share


def list_dense_equivalents(layers: Collection[LayerReport]) -> list[DenseComparison]:
    """The comparison for every convolution that is not transposed; for one in two steps, for each step."""
    return [
        DenseComparison(
            path,
            layer.summarize_settings(len(output) - 1),
            input,
            output,
            prod(input) * prod(output),
            layer.work_inside((input,), output).macs,
            prod(layer.weights((input,))[0].shape),
        )
        for each in layers
        for path, layer, input, output in _list_single_steps(each)
    ]


def _list_single_steps(each: LayerReport) -> Iterator[tuple[str, Layer, Shape, Shape]]:
    """The convolutions of a layer, with their paths, inputs and outputs."""
    if isinstance(each.layer, Convolution | LocallyConnected | TableConv):
        yield each.path, each.layer, each.inputs[0], each.output
    elif isinstance(each.layer, TwoSteps):
        intermediate = each.layer.intermediate(each.inputs, each.output)
        shapes = ((each.inputs[0], intermediate), (intermediate, each.output))
        for name, layer, (input, output) in zip(each.layer.names, each.layer.steps(each.inputs), shapes, strict=True):
            yield f"{each.path}.{name}", layer, input, output
