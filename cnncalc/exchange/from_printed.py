"""Reads a module that PyTorch printed, where it is a chain: Sequentials in Sequentials, whose layers are all known.

The text of any other module does not say how its layers are connected, and is left to `spec.file_formats`, which names
the way by the module. Nothing in the text is evaluated: arguments are literals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cnncalc import limits
from cnncalc.errors import Mistake, Source, Span
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import TOP, Graph, Tensor
from cnncalc.exchange.modules import parse_arguments
from cnncalc.exchange.printed_layers import LAYERS, Call
from cnncalc.layers.base import Shape
from cnncalc.layers.frameworks import PYTORCH
from cnncalc.records import NamedTuple

BATCH = 2  # which no other axis is likely to be confused with
SHARED_NOTE = "Printed modules do not say which share weights: each is counted with its own."
_MODULE = re.compile(r"\((\w+)\): ([A-Za-z]\w*)\((.*)")


class Printed(NamedTuple):
    """A line of the text: the path of the module, its class, its arguments by name, and the number of the line."""

    path: str
    kind: str
    args: Mapping[str, Any]
    line: int


def read(text: str, path: str, inputs: Mapping[str, Shape]) -> Graph | None:
    """The graph of a printed chain; None of every other text. Raises Mistake where the size of its input is not known.

    `inputs` are sizes without the batch that the user gives, of which a chain has one.
    """
    modules = parse(text)
    if not modules:
        return None
    first = next((each for each in modules if each.kind not in ("Sequential", "Identity")), modules[0])
    features = first.args.get("in_features") if first.kind == "Linear" else None
    shape = next(iter(inputs.values()), None) or ((features,) if type(features) is int else None)
    if shape is None:
        message = f"{path}: a printed module does not say the size of its input"
        raise Mistake("bad-input", message, Span(Source(path, ""), 0, 0), "give it, e.g. --input 3x224x224")
    graph = Graph({"input": shape}, batch=BATCH, name=Path(path).stem, source=f"{Path(path).name}, printed by PyTorch")
    scopes = {"": TOP}
    x = graph.input()
    for each in modules:
        parent = each.path.rpartition(".")[0]
        graph.scope = scopes[each.path] = graph.open_scope(each.path, each.kind, scopes[parent])
        if each.kind == "Sequential":
            continue
        make = partial(_lower, each.kind, Call(graph, x, each.args, each.path))
        made = graph.attempt(make, op=each.kind, inputs=[x], place=f"line {each.line}")
        if made is None:  # what follows would have an unknown size
            break
        x = made
    graph.scope = TOP
    graph.note(SHARED_NOTE)
    end = graph.attempt(partial(graph.materialize, x), op="output", inputs=[x])
    if end is not None:
        graph.outputs[""] = end
    return graph


def _lower(kind: str, call: Call) -> Tensor:
    try:
        return LAYERS[kind](call)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:  # of values of other types
        raise Refusal(f"{kind} with arguments that are not known here ({error})") from None


def parse(text: str) -> list[Printed] | None:
    """The modules of a printed chain in order; None where the text is anything else.

    >>> parse("Sequential(\\n  (0): Linear(in_features=4, out_features=2, bias=True)\\n)")[0].args["out_features"]
    2
    """
    first, *lines = text.strip().splitlines() or [""]
    if first != "Sequential(" or len(lines) >= limits.PRINTED_LINES:
        return None
    found: list[Printed] = []
    paths = [""]
    for number, line in enumerate(lines, start=2):
        if not paths or len(paths) > limits.NESTING or len(line) > limits.PRINTED_LINE:
            return None
        if line.strip() == ")":
            paths.pop()
            continue
        module = _MODULE.fullmatch(line.strip())
        if module is None:
            return None
        name, kind, rest = module.groups()
        path = f"{paths[-1]}.{name}".strip(".")
        is_open = kind == "Sequential" and not rest
        args = {} if is_open else _arguments(kind, rest)
        if args is None:
            return None
        found.append(Printed(path, kind, args, number))
        if is_open:
            paths.append(path)
    return found if not paths and len({each.path for each in found}) == len(found) else None


def _arguments(kind: str, text: str) -> dict[str, Any] | None:
    """The arguments of a layer by their names; None where it is not known, or they are not as PyTorch prints them."""
    if kind == "Sequential" and text == ")":
        return {}
    signature = PYTORCH.get(re.sub(r"[123]d$", "", kind))
    parsed = parse_arguments(f"({text}", words=True) if signature and kind in LAYERS else None
    if parsed is None or signature is None:
        return None
    args, kwargs = parsed
    names = [*signature.parameters]
    if len(args) > len(names) or not {*kwargs} <= {*names[len(args) :]}:
        return None
    return {**dict(zip(names, args, strict=False)), **kwargs}
