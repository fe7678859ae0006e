"""Several ONNX nodes that are one layer: what exporters write out where the opset lacks an op.

Each pattern is looked for at its last node, which is replaced; the others go where nothing else reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isclose, pi, prod, sqrt

from cnncalc.exchange import onnx_biases, onnx_quantized
from cnncalc.exchange.arrangement import Malformed, guarded
from cnncalc.exchange.onnx_file import OnnxModel, OnnxNode, OnnxTensor
from cnncalc.exchange.onnx_matching import Found, Matcher

GELU = "gelu"


def fuse(model: OnnxModel) -> list[OnnxNode]:
    """The nodes, those of a pattern as one: Swish, HardSwish, Mish, Gelu, Clip, LayerNormalization, …"""
    matcher = Matcher(model)
    last: dict[int, OnnxNode] = {}  # by the identity of the node that is replaced
    for node in model.nodes:
        for pattern in _PATTERNS.get(node.op, ()) if not node.domain else ():
            try:
                found = guarded(pattern, matcher, node)
            except Malformed:  # its nodes are refused one by one
                continue
            if found is not None:
                end, replacement = found
                last[id(end)] = replacement
                break
    nodes = [last.get(id(node), node) for node in model.nodes]
    return list(_read(nodes, {*model.outputs})) if last else nodes


def _read(nodes: list[OnnxNode], wanted: set[str]) -> Iterator[OnnxNode]:
    """The nodes whose outputs something reads, in order."""
    kept = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    yield from reversed(kept)


def _one(node: OnnxNode, op: str, source: str, **attributes: object) -> Found:
    return node, node._replace(op=op, inputs=(source,), attributes=dict(attributes))


def _gated(matcher: Matcher, node: OnnxNode) -> Found:
    """x · sigmoid(x), x · hard_sigmoid(x), x · tanh(softplus(x))."""
    for source, gate in (node.inputs, node.inputs[::-1]) if len(node.inputs) == 2 else ():
        maker = matcher.maker(gate, "Sigmoid", "HardSigmoid", "Tanh")
        if maker is None:
            continue
        if maker.op == "Tanh":
            inner = matcher.maker(maker.inputs[0], "Softplus")
            if inner is not None and inner.inputs[0] == source:
                return _one(node, "Mish", source)
        elif maker.inputs[0] == source:
            if maker.op == "Sigmoid":
                return _one(node, "Swish", source)
            alpha, beta = (maker.attributes.get(name, default) for name, default in (("alpha", 0.2), ("beta", 0.5)))
            if isclose(alpha, 1 / 6, rel_tol=1e-5) and isclose(beta, 0.5):
                return _one(node, "HardSwish", source)
    return None


def _hard(matcher: Matcher, node: OnnxNode) -> Found:
    """x · relu6(x + 3)/6 and relu6(x + 3)/6, as exporters write them in older opsets; found at the last op."""
    sixth = _sixth(matcher, node)
    if sixth is not None:
        gate = _shifted_relu6(matcher, sixth)
        if gate is not None:
            return _one(node, "HardSigmoid", gate, alpha=1 / 6, beta=0.5)
        node_before = matcher.maker(sixth, "Mul")
        parts = matcher.split(node_before, lambda name: _shifted_relu6(matcher, name) is not None)
        if parts and _shifted_relu6(matcher, parts[0]) == parts[1]:
            return _one(node, "HardSwish", parts[1])
    parts = matcher.split(node if node.op == "Mul" else None, lambda name: _gate(matcher, name) is not None)
    return _one(node, "HardSwish", parts[1]) if parts and _gate(matcher, parts[0]) == parts[1] else None


def _bounded_relu(matcher: Matcher, node: OnnxNode) -> Found:
    """min(relu(x), bound), as TensorFlow's ReLU6 is converted; found at the minimum."""
    parts = matcher.split(node, matcher.is_constant)
    relu, bound = (matcher.maker(parts[1], "Relu"), matcher.tensor(parts[0])) if parts else (None, None)
    values = bound.values if bound is not None and bound.elements == 1 else None
    return _one(node, "Clip", relu.inputs[0], min=0.0, max=float(values[0])) if relu and values else None


def _gate(matcher: Matcher, name: str) -> str | None:
    """The x of relu6(x + 3)/6."""
    maker = matcher.maker(name, "Mul", "Div")
    sixth = _sixth(matcher, maker) if maker else None
    return None if sixth is None else _shifted_relu6(matcher, sixth)


def _sixth(matcher: Matcher, node: OnnxNode) -> str | None:
    """What a node divides by 6."""
    if node.op == "Div":
        return node.inputs[0] if matcher.is_number(node.inputs[1], 6) else None
    parts = matcher.split(node, lambda name: matcher.is_number(name, 1 / 6))
    return parts[1] if parts else None


def _shifted_relu6(matcher: Matcher, name: str) -> str | None:
    """The x of relu6(x + 3)."""
    clip = matcher.maker(name, "Clip")
    if clip is None:
        return None
    if len(clip.inputs) == 3:
        is_relu6 = matcher.is_number(clip.inputs[1], 0) and matcher.is_number(clip.inputs[2], 6)
    else:
        is_relu6 = (clip.attributes.get("min"), clip.attributes.get("max")) == (0, 6)
    added = matcher.maker(clip.inputs[0], "Add") if is_relu6 else None
    parts = matcher.split(added, lambda each: matcher.is_number(each, 3))
    return parts[1] if parts else None


def _gelu(matcher: Matcher, node: OnnxNode) -> Found:
    """x · ½ · (1 + erf(x/√2)), and its approximation by tanh, in any order."""
    factors = matcher.factors(node) or []
    halves = [name for name in factors if matcher.is_number(name, 0.5)]
    if len(factors) != 3 or len(halves) != 1:
        return None
    factors.remove(halves[0])
    for source, other in (factors, factors[::-1]):
        parts = matcher.split(matcher.maker(other, "Add"), lambda name: matcher.is_number(name, 1))
        inner = matcher.maker(parts[1], "Erf", "Tanh") if parts else None
        if inner is not None and inner.op == "Erf" and _is_scaled(matcher, inner.inputs[0], source):
            return _one(node, "Gelu", source)
        if inner is not None and inner.op == "Tanh" and _is_cubic(matcher, inner.inputs[0], source):
            return _one(node, "Gelu", source, approximate="tanh")
    return None


def _is_scaled(matcher: Matcher, name: str, source: str) -> bool:
    """Whether a tensor is source/√2."""
    maker = matcher.maker(name, "Div", "Mul")
    if maker is None or source not in maker.inputs or len(maker.inputs) != 2:
        return False
    other = maker.inputs[1] if maker.inputs[0] == source else maker.inputs[0]
    if maker.op == "Div":
        return maker.inputs[0] == source and matcher.is_number(other, sqrt(2))
    return matcher.is_number(other, sqrt(0.5))


def _is_cubic(matcher: Matcher, name: str, source: str) -> bool:
    """Whether a tensor is √(2/π) · (x + 0.044715 · x³)."""
    outer = matcher.split(matcher.maker(name, "Mul"), lambda one: matcher.is_number(one, sqrt(2 / pi)))
    total = matcher.split(matcher.maker(outer[1], "Add"), lambda one: one == source) if outer else None
    term = matcher.maker(total[1], "Mul") if total else None
    if term is None:
        return False
    factors = matcher.factors(term) or []
    numbers = [one for one in factors if matcher.is_number(one, 0.044715)]
    rest = [one for one in factors if one not in numbers]
    cube = matcher.maker(rest[0], "Pow") if len(rest) == 1 else None
    if cube is not None:
        return len(numbers) == 1 and cube.inputs[0] == source and matcher.is_number(cube.inputs[1], 3)
    return len(numbers) == 1 and rest == [source] * 3


def _layer_norm(matcher: Matcher, node: OnnxNode) -> Found:
    """(x − mean)/√(variance + ε), with the factor and the summand after it; found at the division."""
    centred, root = node.inputs if len(node.inputs) == 2 else ("", "")
    difference, square_root = matcher.maker(centred, "Sub"), matcher.maker(root, "Sqrt")
    if difference is None or square_root is None:
        return None
    source, mean = difference.inputs
    means = matcher.maker(mean, "ReduceMean")
    shifted = matcher.maker(square_root.inputs[0], "Add")
    parts = matcher.split(shifted, matcher.is_constant)
    variance = matcher.maker(parts[1], "ReduceMean") if parts else None
    squares = matcher.maker(variance.inputs[0], "Pow", "Mul") if variance else None
    if not parts or means is None or variance is None or squares is None or means.inputs[0] != source:
        return None
    if squares.inputs[0] != centred or not (
        squares.inputs[1] == centred if squares.op == "Mul" else matcher.is_number(squares.inputs[1], 2)
    ):
        return None
    axes, others = (_axes(matcher, each) for each in (means, variance))
    epsilon = matcher.tensor(parts[0])
    values = epsilon.values if epsilon is not None else None
    if not axes or axes != others or sorted(axes) != list(range(-len(axes), 0)) or not values or len(values) != 1:
        return None
    end, arrays = _affine(matcher, node)
    attributes = {"axis": min(axes), "epsilon": values[0]}
    return end, end._replace(op="LayerNormalization", inputs=(source, *arrays), attributes=attributes)


def _axes(matcher: Matcher, node: OnnxNode) -> list[int] | None:
    """The axes of a reduction, in an attribute or in an array."""
    if len(node.inputs) > 1:
        tensor = matcher.tensor(node.inputs[1])
        return None if tensor is None or tensor.values is None else [int(axis) for axis in tensor.values]
    found = node.attributes.get("axes")
    return found if isinstance(found, list) else None


def _affine(matcher: Matcher, node: OnnxNode) -> tuple[OnnxNode, list[str]]:
    """The last of a multiplication and an addition of arrays that follow a node, and these arrays ("" for none)."""
    arrays: list[str] = []
    product = matcher.reader(node.outputs[0], "Mul")
    parts = matcher.split(product, matcher.is_constant)
    if product is not None and parts:
        node = product
        arrays = [parts[0]]
        added = matcher.reader(node.outputs[0], "Add")
        parts = matcher.split(added, matcher.is_constant)
        if added is not None and parts:
            node = added
            arrays.append(parts[0])
    return node, arrays


def _group_norm(matcher: Matcher, node: OnnxNode) -> Found:
    """Instance normalization of a view in which each group is a channel; found at the normalization."""
    before = matcher.maker(node.inputs[0], "Reshape")
    after = matcher.reader(node.outputs[0], "Reshape")
    weight, bias = (matcher.tensor(name) for name in node.inputs[1:3]) if len(node.inputs) == 3 else (None, None)
    if before is None or after is None or weight is None or bias is None:
        return None
    ones, zeros = (set(each.first(prod(each.shape)) or ()) for each in (weight, bias))
    if ones != {1.0} or zeros != {0.0}:
        return None
    end, arrays = _affine(matcher, after)
    attributes = {"num_groups": prod(weight.shape), "epsilon": node.attributes.get("epsilon", 1e-5)}
    return end, end._replace(op="GroupNormalization", inputs=(before.inputs[0], *arrays), attributes=attributes)


def _one_bias(matcher: Matcher, node: OnnxNode) -> Found:
    """A recurrent layer with one bias vector: beside it are zeros that are computed."""
    joined = matcher.maker(node.inputs[3], "Concat") if len(node.inputs) > 3 else None
    if joined is None or len(joined.inputs) != 2:
        return None
    zeros = matcher.maker(joined.inputs[1], "ConstantOfShape")
    value = zeros.attributes.get("value") if zeros is not None else None
    if not isinstance(value, OnnxTensor) or value.values != [0.0]:
        return None
    return node, node._replace(inputs=(*node.inputs[:3], joined.inputs[0], *node.inputs[4:]))


_PATTERNS: dict[str, tuple[Callable[[Matcher, OnnxNode], Found], ...]] = {
    "Mul": (_gated, _gelu, _hard, onnx_quantized.dynamic), "Div": (_layer_norm, _hard), "Min": (_bounded_relu,),
    "InstanceNormalization": (_group_norm,),
    "Gather": (onnx_biases.table_rows, onnx_biases.computed_rows), "Sigmoid": (onnx_biases.bounded_rows,),
    "LSTM": (_one_bias,), "GRU": (_one_bias,), "RNN": (_one_bias,),
}  # fmt: skip
