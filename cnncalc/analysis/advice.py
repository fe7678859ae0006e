"""Warnings about networks that are correct but probably not intended, one rule for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from cnncalc.analysis.axis_field import are_nearly_equal
from cnncalc.analysis.input_view import views
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.errors import Fix, Problem, Span
from cnncalc.layers.base import Shapes
from cnncalc.layers.channels import Chosen
from cnncalc.layers.reach import AdaptiveWindow
from cnncalc.layers.window import Axis, Windowed
from cnncalc.network import INPUT, Network, Node, positions_of

BY_POSITION = re.compile(r"\w+\([0-9]+, *[0-9]+, *[0-9]+[,)]")
LARGE_KERNEL = 12  # from here on, kernel and channels are probably swapped


class Inspection:
    """A network, its report, and the readers of each output. `different` has only the first of repeated nodes."""

    def __init__(self, network: Network, report: Report) -> None:
        self.network = network
        self.report = report
        self.outputs = set(network.outputs.values())
        first: dict[object, Node] = {}
        for node in network.nodes:
            first.setdefault((id(node.layer), node.input_shapes, node.span), node)
        self.different = list(first.values())
        self.known_windows: dict[tuple[int, Shapes], tuple[Axis, ...]] = {}
        self.known_reads: dict[tuple[int, Shapes], tuple[object, ...]] = {}
        self.known_mixes: dict[tuple[int, Shapes], bool] = {}
        self.readers: dict[int, list[Node]] = {}
        for node in network.nodes:
            for index in node.inputs:
                self.readers.setdefault(index, []).append(node)

    def find_only_reader(self, index: int) -> Node | None:
        """The only layer that reads an output, None if there are several or it is an output of the network."""
        readers = self.readers.get(index, [])
        return readers[0] if len(readers) == 1 and index not in self.outputs else None

    def find_report(self, node: Node) -> LayerReport:
        return self.report.layers[node.index]

    def list_windows(self, node: Node) -> tuple[Axis, ...]:
        """The window on each axis, () for a kind without a window over its input."""
        key = (id(node.layer), node.input_shapes)
        if key not in self.known_windows:
            layer = node.layer
            windows = isinstance(layer, Windowed) and layer.slides and not layer.samples
            found = layer.axes(node.input_shapes) if isinstance(layer, Windowed) and windows else ()
            self.known_windows[key] = found
        return self.known_windows[key]

    def list_reads(self, node: Node) -> tuple[object, ...]:
        """The reach of a layer by axes, () for pointwise layers and those that read everything; a merge has its own."""
        key = (id(node.layer), node.input_shapes)
        found = self.known_reads.get(key)
        if found is None:
            reach = node.layer.reach(node.input_shapes, node.output)
            found = reach if isinstance(reach, tuple) else (reach,) if len(node.inputs) > 1 else ()
            self.known_reads[key] = found
        return found

    def mixes(self, node: Node) -> bool:
        """Whether a layer is a linear map that mixes channels."""
        key = (id(node.layer), node.input_shapes)
        found = self.known_mixes.get(key)
        if found is None:
            mixed = isinstance(node.layer.channels(node.input_shapes, node.output), Chosen)
            found = self.known_mixes[key] = mixed and node.layer.linear and self.find_report(node).work.macs > 0
        return found

    def passes_on(self, node: Node) -> bool:
        """Whether two linear layers with this one between them collapse into one, without a larger map between them."""
        if not node.layer.linear or len(node.inputs) != 1:
            return False
        grows = any(o > i for o, i in zip(node.output[1:], node.input_shapes[0][1:], strict=False))
        return self.find_report(node).work.macs == 0 and not grows


Rule = Callable[[Inspection], Iterator[Problem]]


def find_warnings(network: Network, report: Report) -> list[Problem]:
    """All warnings about a network, rule by rule."""
    inspection = Inspection(network, report)
    return [problem for rule in RULES for problem in rule(inspection)]


def warn(code: str, message: str, node: Node, *fixes: Fix, help: str = "") -> Problem:
    return Problem(code, message, node.span, help, node.path, fixes=fixes)


def format_sizes(sizes: Sequence[int | Fraction]) -> str:
    """`7×7`."""
    return "×".join(map(str, sizes))


def check_unseen_edge(inspection: Inspection) -> Iterator[Problem]:
    """(I − K + 2P) is not a multiple of S, and the remaining positions are not only padding."""
    for node in inspection.different:
        for axis, output in zip(inspection.list_windows(node), node.output[1:], strict=False):
            reached = (output - 1) * axis.stride + axis.extent - axis.before
            lost = axis.size - reached
            if lost > 0 and axis.extent >= axis.stride:
                left = (axis.size - axis.extent + axis.before + axis.after) % axis.stride
                yield warn(
                    "unseen-edge",
                    f"the window of `{node.layer.kind}` never covers the last {lost} of {axis.size} positions:"
                    f" (I − K + 2P) mod S = ({axis.size} − {axis.extent} + {axis.before + axis.after})"
                    f" mod {axis.stride} = {left}",
                    node,
                    *(add_argument(node, "ceil=true") if "ceil" in node.layer.settings else ()),
                    *add_argument(node, f"padding={axis.before + 1}"),
                    help="add padding, or if it is intended: `allow: {unseen-edge: the reason}`",
                )
                break


def add_argument(node: Node, setting: str) -> tuple[Fix, ...]:
    """The repair that adds an argument to a call."""
    span = node.span
    name = setting.partition("=")[0]
    if f"{name}=" in span.text or not span.text.isascii():
        return ()
    if span.text.endswith(")"):
        at = Span(span.source, span.end - 1, span.end - 1)
        return (Fix(at, f", {setting}", f"write `{span.text[:-1]}, {setting})`"),)
    return ()


def replace_argument(node: Node, name: str, value: str) -> tuple[Fix, ...]:
    """The repair that changes an argument that is given by name as a number."""
    found = re.search(rf"\b{name}=([0-9]+)(?=[,)])", node.span.text)
    if not found:
        return ()
    start = node.span.start
    at = node.span._replace(start=start + found.start(1), end=start + found.end(1))
    return (Fix(at, value, f"write `{name}={value}`"),)


def check_bias_before_norm(inspection: Inspection) -> Iterator[Problem]:
    """A norm that subtracts the mean of a channel subtracts any constant with it."""
    for node in inspection.network.nodes:
        reader = inspection.find_only_reader(node.index)
        if reader and reader.layer.cancels_bias and getattr(node.layer, "bias", False):
            yield warn(
                "bias-before-norm",
                f"the bias of `{node.layer.kind}` is cancelled by the following `{reader.layer.kind}`:"
                f" {inspection.find_report(node).biases:,} wasted parameters",
                node,
                *add_argument(node, "bias=false"),
                help="write `bias=false`",
            )


def check_linear_pair(inspection: Inspection) -> Iterator[Problem]:
    """W₂(W₁x) is (W₂W₁)x; not reported if the tensor between is so narrow that the product would cost more."""
    pairs = set()
    for node in inspection.network.nodes:
        if not node.inputs or not inspection.mixes(node):
            continue
        reader = inspection.find_only_reader(node.index)
        while reader and inspection.passes_on(reader):
            reader = inspection.find_only_reader(reader.index)
        if not reader or not inspection.mixes(reader):
            continue
        pair = (node.span, reader.span, node.input_shapes, node.output, reader.output)
        if pair in pairs:  # reported once for all rounds of a repeat
            continue
        pairs.add(pair)
        before, between, after = node.input_shapes[0][0], node.output[0], reader.output[0]
        if between < min(before, after) or are_factors(inspection, node, reader):
            continue
        yield warn(
            "linear-pair",
            f"nothing non-linear is between `{node.layer.kind}` and `{reader.path}`:"
            " two consecutive linear layers collapse into one",
            reader,
            help="add an activation between them, or remove one",
        )


def are_factors(inspection: Inspection, first: Node, second: Node) -> bool:
    """Whether two windows extend along different axes, e.g. K×1 and 1×K, a large kernel split in two."""
    pairs = zip(inspection.list_windows(first), inspection.list_windows(second), strict=False)
    extents = [(a.kernel, b.kernel) for a, b in pairs]
    return bool(extents) and all(min(pair) == 1 for pair in extents) and any(max(pair) > 1 for pair in extents)


def check_wide_padding(inspection: Inspection) -> Iterator[Problem]:
    """A window inside the padding sees nothing of the input."""
    for node in inspection.different:
        for axis in inspection.list_windows(node):
            if getattr(node.layer, "padding", 0) != "full" and max(axis.before, axis.after) >= axis.extent:
                padding = max(axis.before, axis.after)
                yield warn(
                    "wide-padding",
                    f"a padding of {padding} is as wide as the window of {axis.extent}:"
                    " outputs at the border see only padding",
                    node,
                    *replace_argument(node, "padding", str((axis.extent - 1) // 2)),
                    help=f"for a window of {axis.extent}, `half` pads by {(axis.extent - 1) // 2}",
                )
                break


def check_small_field(inspection: Inspection) -> Iterator[Problem]:
    """After a global pool a classifier sees the whole image, but no feature is larger than the receptive field."""
    network = inspection.network
    walked: set[int] = set()
    for end in inspection.outputs:
        index = end
        while index not in walked and index >= 0 and not inspection.list_reads(network.nodes[index]):
            walked.add(index)
            index = next(iter(network.nodes[index].inputs), INPUT)
        if index < 0 or index in walked or len(network.shape_at(end)) > 1:
            continue
        walked.add(index)
        pool = network.nodes[index]
        before = network.nodes[pool.inputs[0]] if pool.inputs[0] >= 0 else None
        if before is None or not all(
            isinstance(axis, AdaptiveWindow) and axis.output == 1 for axis in inspection.list_reads(pool)
        ):
            continue
        for name, seen in inspection.find_report(before).seen.items():
            field = seen.receptive_field
            image = positions_of(network.inputs[name])
            if field and not seen.whole and any(size < side for size, side in zip(field.size, image, strict=True)):
                of = format_sizes(image) + (f", the input `{name}`" if len(network.inputs) > 1 else "")
                yield warn(
                    "small-field",
                    f"before the global pool a unit sees {format_sizes(field.size)} of an image of {of}",
                    pool,
                    help="more layers, larger windows or earlier strides enlarge the receptive field",
                )


def check_stride_disagreement(inspection: Inspection) -> Iterator[Problem]:
    """Maps of one size with different strides over the input do not match position by position.

    Strides differ a little where a map was enlarged to the size of another, which had been rounded.
    """
    for node in inspection.network.nodes:
        if len(node.inputs) < 2 or max(node.output[1:], default=1) == 1:
            continue
        for view in views(inspection.network, inspection.report, node.index):
            sources = zip(node.inputs, node.input_shapes, strict=True)
            fields = (view.field(index) for index, shape in sources if index < 0 or shape[1:] == node.output[1:])
            moving = {field.stride for field in fields if field and any(field.stride)}
            if not all(map(are_nearly_equal, zip(*moving, strict=True))):
                listed = " and ".join(sorted(map(format_sizes, moving)))
                own = f" `{view.name}`" if len(inspection.network.inputs) > 1 else ""
                yield warn(
                    "stride-disagreement",
                    f"the branches of `{node.layer.kind}` have different strides over the input{own}: {listed}",
                    node,
                    help="give the branches the same strides",
                )


def check_input_channels_first(inspection: Inspection) -> Iterator[Problem]:
    """`conv(3, 64, 3)` for an input of 3 channels: the order of PyTorch, which begins with the input channels."""
    for node in inspection.different:
        layer = node.layer
        if list(layer.settings)[:3] != ["out", "kernel", "stride"] or not isinstance(vars(layer)["kernel"], int):
            continue
        out, kernel = vars(layer)["out"], vars(layer)["kernel"]
        inputs = node.input_shapes[0][0]
        stride = vars(layer)["stride"]  # the third number is odd and the second even: windows are odd elsewhere
        swapped = BY_POSITION.match(node.span.text) and kernel % 2 == 0 and stride % 2 == 1 and stride > 1
        if out == inputs and (kernel >= LARGE_KERNEL or swapped):
            text = node.span.text
            head, _, rest = text.partition("(")
            first, _, others = rest.partition(",")
            fixes = [Fix(node.span, f"{head}({others.strip()}", f"write `{head}({others.strip()}`")] if others else []
            yield warn(
                "input-channels-first",
                f"a convolution to {out} channel{'s' * (out > 1)}, as many as its input has, with a kernel of {kernel}"
                f"{f' and a stride of {stride}' if swapped else ''}: the first argument is the output channels",
                node,
                *(fixes if first.strip() == str(inputs) else []),
            )


RULES: tuple[Rule, ...] = (
    check_unseen_edge, check_bias_before_norm, check_linear_pair, check_wide_padding, check_small_field,
    check_stride_disagreement, check_input_channels_first,
)  # fmt: skip
