"""Arrays as nested lists: the `weights` of an architecture, or a JSON or YAML file of weights or input data."""

from __future__ import annotations

import json
import re
from sys import getsizeof
from typing import Any

from cnncalc import limits
from cnncalc.errors import Amount, Mistake, Problem, Problems, Source, Span
from cnncalc.given import GivenArray
from cnncalc.spec.expressions import Unknown
from cnncalc.spec.family import Description
from cnncalc.spec.grammar import read_expression
from cnncalc.spec.nodes import YamlList, YamlMapping, YamlNode, YamlString, describe_node, parse
from cnncalc.spec.scope import ParamScope

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")

_JSON = re.compile(r"\s*+[\[{]")

# Memory in bytes for the value after a character of JSON, in CPython 3.11 to 3.13 on 64 bits: a number with its entries
# in two lists, a list that grew, a mapping and its pairs, a key. Strings may be stored twice.
BYTES = {",": 56, "[": 112, "{": 128, ":": 320, '"': 16}
TEXTS = 2

Nested = Any  # a number, or a list of nested


def find_weights(description: Description | None) -> tuple[dict[str, dict[str, GivenArray]], list[Problem]]:
    """The `weights` of an architecture; those of a file override those of the file that it extends, path by path."""
    problems = Problems()
    found: dict[str, dict[str, GivenArray]] = {}
    for document in reversed(description.documents if description else []):
        if document.weights is not None:
            found.update(_weights(document.weights, problems))
    return found, problems.sorted()


def read_weights(source: Source) -> tuple[dict[str, dict[str, GivenArray]], list[Problem]]:
    """The weights of a separate file, `{"PATH": {"weight": …, "bias": …}}`."""
    written, other = _json(source)
    if isinstance(written, dict) and all(isinstance(arrays, dict) for arrays in written.values()):
        return {path: {n: GivenArray(a, None) for n, a in arrays.items()} for path, arrays in written.items()}, []
    if other:
        return {}, [other]
    problems = Problems()
    root = parse(source, problems)
    return (_weights(root, problems) if root is not None and not problems.errors else {}), problems.sorted()


def read_array(source: Source) -> tuple[Nested, list[Problem]]:
    """The nested lists of a file."""
    written, other = _json(source)
    if isinstance(written, list):
        return written, []
    if other:
        return None, [other]
    problems = Problems()
    root = parse(source, problems)
    if root is None and not problems.errors:
        problems.add(Problem("wrong-form", "expected nested lists of numbers, found nothing", Span(source, 0, 0)))
    return (None if root is None else _nested(root, problems)), problems.sorted()


def _json(source: Source) -> tuple[Any, Problem | None]:
    """The value of a JSON text, None if it is not JSON; `json` is much faster than YAML for many numbers.

    A text that is not JSON and too large to be read as YAML is reported.
    """
    text = source.text
    other = None
    if len(text) > limits.FILE_BYTES:
        what = "is not JSON of the expected form, and exceeds the limit for other text of"
        other = Problem("too-large", f"{source.name} {what} {limits.FILE_BYTES // 1024:,} KiB")
    if not _JSON.match(text):
        return None, other
    if (memory := memory_to_read(text)) > limits.DATA_MEMORY:
        message = f"{source.name} needs up to {memory // 10**6:,} MB of memory to read, more than the limit of"
        return None, Problem("too-large", f"{message} {limits.DATA_MEMORY // 10**6} MB")
    try:
        return json.loads(text, object_pairs_hook=_reject_duplicates, parse_int=float), other
    except (ValueError, RecursionError):
        return None, other


def memory_to_read(text: str) -> int:
    """An upper bound of the memory, in bytes, for reading a JSON text as arrays."""
    return TEXTS * getsizeof(text) + sum(text.count(character) * each for character, each in BYTES.items())


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping. Raises ValueError for a duplicate key, which reading as YAML then reports."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError
    return found


def _weights(node: YamlNode, problems: Problems) -> dict[str, dict[str, GivenArray]]:
    found: dict[str, dict[str, GivenArray]] = {}
    for path, arrays in _pairs(node, "`weights` must be a mapping of paths", problems):
        named = _pairs(arrays, f"`{path.value}` must be a mapping of arrays, e.g. `weight` and `bias`", problems)
        found[path.value] = {name.value: GivenArray(_nested(inner, problems), inner.span) for name, inner in named}
    return found


def _pairs(node: YamlNode, what: str, problems: Problems) -> list[tuple[YamlString, YamlNode]]:
    if isinstance(node, YamlMapping):
        return node.pairs
    problems.add(Problem("wrong-form", f"{what}, found {describe_node(node)}", node.span))
    return []


def _nested(node: YamlNode, problems: Problems) -> Nested:
    if isinstance(node, YamlList):
        return [_nested(item, problems) for item in node.items]
    if isinstance(node, YamlMapping):
        problems.add(Problem("wrong-form", "expected nested lists of numbers, found a mapping", node.span))
        return 0.0
    return _number(node, problems)


def _number(text: YamlString, problems: Problems) -> float:
    """A number, or an expression of numbers, e.g. 1/9."""
    if _NUMBER.fullmatch(text.value):
        return float(text.value)
    try:
        value = ParamScope({}, Amount()).value(read_expression(text))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        problem = Problem("bad-value", f"expected a number, found {describe_node(text)}", text.span)
    except Unknown:
        problem = Problem("bad-value", f"expected a number, found {describe_node(text)}", text.span)
    except Mistake as mistake:
        problem = mistake.problem
    problems.add(problem)
    return 0.0
