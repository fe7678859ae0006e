"""Functions of PyTorch that multiply tensors of the input, and recurrent layers.

Sequences are [channels, positions] here, whichever way PyTorch has them: their arrangement says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import isclose, sqrt
from typing import Any

from cnncalc.exchange import operations, products, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Graph, Tensor, permuted
from cnncalc.exchange.products import product
from cnncalc.exchange.torch_arrays import Known, array_of, arrays_of
from cnncalc.exchange.torch_ops import OPS, Aside, op
from cnncalc.exchange.torch_positions import as_tensor
from cnncalc.layers import KINDS
from cnncalc.layers.arguments import Value

# Products


@op("matmul", "bmm", "rmatmul")
def matmul(graph: Graph, a: Any, b: Any, **_: Any) -> Tensor:
    if isinstance(b, Known) and len(b.shape) == 2 and isinstance(a, Tensor):
        weight = permuted(array_of(b), (1, 0))
        return operations.linear(graph, a, {"weight": weight}, weight.shape[0])
    a, b = as_tensor(graph, a), as_tensor(graph, b)
    if len(a.shape) != len(b.shape) or len(a.shape) < 3:
        raise Refusal("a product of tensors of different ranks, or of a vector")
    return product(graph, a, b)


@op("einsum")
def einsum(graph: Graph, equation: str, *operands: Any) -> Tensor:
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    if len(tensors) != 2:
        raise Refusal(f"einsum of {len(tensors)} tensors")
    a, b = (as_tensor(graph, each) for each in tensors)
    return products.einsum(graph, equation, a, b)


def _count(sizes: dict[str, int], names: Sequence[str]) -> int:
    found = 1
    for name in names:
        found *= sizes[name]
    return found


# Attention


MASK_NOTE = (
    "Constant masks of attention scores, which have no parameters and macs, are left out: outputs differ by them."
)
POINTWISE = (
    "add",
    "affine",
    "multiply",
    "reshape",
    "scale",
    "transpose",
)  # layers between scores and a mask
STEPS = 6


def is_mask(graph: Graph, x: Tensor, shape: Sequence[int]) -> bool:
    """Whether a constant of a shape that is added to a tensor is a mask of attention scores."""
    if len(x.shape) < 4 or len(shape) < 2 or tuple(shape[-2:]) != x.shape[-2:]:
        return False
    node = x.node
    for _ in range(STEPS):
        layer = graph.nodes[node].layer if node >= 0 else None
        if layer is None or layer.kind == "matmul":
            return layer is not None
        if layer.kind not in POINTWISE:
            return False
        node = graph.nodes[node].inputs[0]
    return False


@op("scaled_dot_product_attention")
def attention(
    graph: Graph, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    if isinstance(attn_mask, Known) and not attn_mask.is_constant:
        attn_mask = as_tensor(graph, attn_mask, len(query.shape))
    if is_causal or isinstance(attn_mask, Known):
        graph.note(MASK_NOTE)
        attn_mask = None
    query, key, value = (as_tensor(graph, each) for each in (query, key, value))
    own = 1 / sqrt(query.shape[-1])
    is_usual = scale is None or isclose(scale, own, rel_tol=1e-9)
    alike = len({x.shape[:-2] for x in (query, key, value)}) == 1
    alike = alike and not any(views.find_batch(graph, x) != (0, False) for x in (query, key, value))
    if "attention" in KINDS and attn_mask is None and is_usual and alike and not enable_gqa:
        return _attend(graph, query, key, value)
    scores = operations.affine(graph, product(graph, query, views.swap_last(key)), own if scale is None else scale)
    if attn_mask is not None:
        scores = operations.merge(graph, "add", [scores, attn_mask])
    return product(graph, operations.softmax(graph, scores, len(scores.shape) - 1), value)


def _attend(graph: Graph, *tensors: Tensor) -> Tensor:
    """Attention of [batch, heads…, positions, channels], where there is one batch of sequences."""
    query = tensors[0]
    rank = len(query.shape)
    heads = _count(dict(enumerate(query.shape)), range(1, rank - 2))  # type: ignore[arg-type]
    nodes = []
    for each in tensors:
        moved = views.permute(each, [*range(rank - 2), rank - 1, rank - 2])
        sequence = views.view(moved, (graph.batch, heads * each.shape[-1], each.shape[-2]))
        nodes.append(graph.materialize(sequence))
    made = graph.tensor(graph.add("attention", nodes, heads=heads))
    sizes = (*query.shape[:-2], tensors[2].shape[-1], query.shape[-2])
    return views.swap_last(views.view(made, sizes))


@op("multi_head_attention_forward")
def multi_head_attention(
    graph: Graph, query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int,
    in_proj_weight: Any, in_proj_bias: Any, bias_k: Any, bias_v: Any, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Any, out_proj_bias: Any, training: bool = True, key_padding_mask: Any = None,
    need_weights: bool = True, attn_mask: Any = None, use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None, k_proj_weight: Any = None, v_proj_weight: Any = None, static_k: Any = None,
    static_v: Any = None, average_attn_weights: bool = True, is_causal: bool = False,
) -> list[Any]:  # fmt: skip
    masks = [each for each in (key_padding_mask, attn_mask) if each is not None]
    if any(each is not None for each in (bias_k, bias_v, static_k, static_v)) or add_zero_attn or key != value:
        raise Refusal("attention with learned keys, or whose keys and values are of different tensors")
    if not all(isinstance(each, Known) and each.is_constant for each in masks):
        raise Refusal("attention with a mask that depends on the input")
    if masks or is_causal:
        graph.note(MASK_NOTE)
    weights = {"q_proj_weight": q_proj_weight, "k_proj_weight": k_proj_weight, "v_proj_weight": v_proj_weight}
    weights = weights if use_separate_proj_weight else {"in_proj_weight": in_proj_weight}
    arrays = arrays_of(**weights, in_proj_bias=in_proj_bias)
    arrays |= {f"out_proj.{name}": each for name, each in arrays_of(weight=out_proj_weight, bias=out_proj_bias).items()}
    nodes = [graph.materialize(views.permute(each, (1, 2, 0))) for each in ([query] if key == query else [query, key])]
    settings: dict[str, Value] = {"heads": num_heads, "bias": in_proj_bias is not None}
    if len(nodes) > 1:
        settings["memory"] = graph.shape_at(nodes[1])
    made = graph.tensor(graph.add("multi_head_attention", nodes, arrays, **settings))
    output = views.permute(made, (2, 0, 1))
    if not need_weights:
        return [output]
    batch, sizes = graph.batch, (query.shape[0], key.shape[0])
    return [output, Aside(-1, (batch, *sizes) if average_attn_weights else (batch, num_heads, *sizes))]


# Recurrent layers


def _recurrent(kind: str, more: dict[str, str], graph: Graph, x: Tensor, *given: Any, **_: Any) -> list[Any]:
    state, weights, has_biases, layers, _dropout, _training, bidirectional, batch_first = given
    states = [state] if isinstance(state, Known | Tensor) else state
    if any(not isinstance(each, Known) or each.array is not None for each in states):
        raise Refusal("a recurrent layer with a first state of its own")
    if len(x.shape) != 3:
        raise Refusal("a recurrent layer without a batch")
    directions = 2 if bidirectional else 1
    hidden = array_of(weights[1]).shape[1]
    each = 4 if has_biases else 2
    if len(weights) != layers * directions * each:
        raise Refusal("a recurrent layer with a projection")
    names = [
        f"{name}_l{layer}{end}"
        for layer in range(layers)
        for end in ("", "_reverse")[:directions]
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[:each]
    ]
    named = dict(zip(names, weights, strict=True))
    zeros = [name for name, weight in named.items() if "bias_hh" in name and weight.number == 0]
    alone = has_biases and len(zeros) == layers * directions  # the other bias vectors are the only ones
    arrays = {name: array_of(weight) for name, weight in named.items() if not (alone and name in zeros)}
    biases = 2 - alone if has_biases else 0
    order = (0, 2, 1) if batch_first else (1, 2, 0)
    node = graph.materialize(views.permute(x, order))
    settings = {**more, "hidden": hidden, "layers": layers, "bidirectional": bidirectional}
    made = graph.tensor(graph.add(kind, [node], arrays, biases=biases, **settings))
    output = views.permute(made, (0, 2, 1) if batch_first else (2, 0, 1))
    shape = (layers * directions, graph.batch, hidden)
    last: Any = Aside(-1, shape)
    if layers == directions == 1:  # the last state is the last output
        dim = 1 if batch_first else 0
        size = output.shape[dim]
        last = views.take(graph, output, dim, size - 1, size)
        last = views.permute(last, (1, 0, 2)) if batch_first else last
    return [output, last, *([Aside(-1, shape)] if kind == "lstm" else [])]


OPS["lstm"] = partial(_recurrent, "lstm", {})
OPS["gru"] = partial(_recurrent, "gru", {})
OPS["rnn_tanh"] = partial(_recurrent, "rnn", {})
OPS["rnn_relu"] = partial(_recurrent, "rnn", {"activation": "relu"})
