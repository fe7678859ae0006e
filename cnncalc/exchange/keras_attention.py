"""Attention of Keras: sequences are [batch, positions, channels] there, here [channels, positions]."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange import operations, views
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import Tensor, Unstated
from cnncalc.exchange.keras_layers import Call, layer
from cnncalc.layers.arguments import Value

MASK_NOTE = "Causal masks of attention, which have no parameters and macs, are left out: outputs differ by them."


@layer("MultiHeadAttention")
def multi_head_attention(call: Call) -> Tensor:
    """Our kind where all widths are those of the query, else its projections, one by one."""
    heads, size = call.get("num_heads", int, 0), call.get("key_dim", int, 0)
    value_size = call.get("value_dim", int, size)
    query, value, key = _sources(call)
    if len({each.shape[0] for each in (query, value, key)}) > 1 or any(len(x.shape) != 3 for x in (query, value, key)):
        raise Refusal("attention of what is no sequence")
    if call.config.get("use_gate") or call.config.get("attention_axes") not in (None, [1], (1,), 1):
        raise Refusal("attention with a gate, or along some of the axes")
    channels = query.shape[2]
    width = call.config.get("output_shape")
    width = channels if width is None else width[0] if isinstance(width, list) and len(width) == 1 else width
    if type(width) is not int or heads < 1:
        raise Refusal(f"its `output_shape` is {str(width)[:40]!r}")
    bias = call.get("use_bias", bool, True)
    if key == value and heads * size == heads * value_size == width == channels:
        return _whole(call, query, value, heads, bias)
    sizes = {"query": (query, size), "key": (key, size), "value": (value, value_size)}
    parts = [
        operations.linear(call.graph, x, Unstated(f"{call.key}.{name}"), heads * one, bias=bias)
        for name, (x, one) in sizes.items()
    ]
    nodes = [call.graph.materialize(views.swap_last(each)) for each in parts]
    made = views.swap_last(call.graph.tensor(call.graph.add("attention", nodes, heads=heads)))
    return operations.linear(call.graph, made, Unstated(f"{call.key}.output"), width, bias=bias)


def _sources(call: Call) -> tuple[Tensor, Tensor, Tensor]:
    """The query, the value and the key. Raises Refusal for masks, and for outputs beside the first."""
    names = ("query", "value", "key")
    found: dict[str, Any] = {**dict(zip(names, call.args, strict=False)), **call.options}
    if not call.args:  # as Keras 2 has them
        found.update(zip(names, call.inputs, strict=False))
    if isinstance(found.get("query"), list):
        found.update(zip(names, found["query"], strict=False))
    if found.get("use_causal_mask"):
        call.graph.note(MASK_NOTE)
    known = [found[name] for name in names if found.get(name) is not None]
    if len(known) < 2 or not all(isinstance(each, Tensor) for each in known) or len(known) < len(call.inputs):
        raise Refusal("attention with a mask, or without a value")
    if found.get("return_attention_scores"):
        raise Refusal("attention that gives its weights, too")
    query, value = known[:2]
    return query, value, known[2] if len(known) > 2 else value


def _whole(call: Call, query: Tensor, memory: Tensor, heads: int, bias: bool) -> Tensor:
    graph = call.graph
    nodes = [graph.materialize(views.swap_last(each)) for each in ([query] if memory == query else [query, memory])]
    settings: dict[str, Value] = {"heads": heads, "bias": bias}
    if len(nodes) > 1:
        settings["memory"] = graph.shape_at(nodes[1])
    made = graph.add("multi_head_attention", nodes, Unstated(call.key), **settings)
    return views.swap_last(graph.tensor(made))
