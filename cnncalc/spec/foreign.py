"""Calls as other tools write them, `nn.Conv2d(3, 64, kernel_size=3)`, and what they are here."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cnncalc.errors import Fix
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.foreign import (
    ACTIVATION,
    ACTIVATIONS,
    INPUT,
    KERAS,
    NOTHING,
    OTHER,
    PYTORCH,
    Signature,
    bare_name,
    signatures,
)
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.tree import Call

LONGEST_CALL = 500  # characters of a call that is rewritten

# Names that no layer of another tool has, and are written all the same.
HABITS = {
    "fc": "linear", "fullyconnected": "linear", "convolution": "conv", "bn": "batch_norm", "deconv": "transposed_conv",
    "pool": "max_pool", "averagepool": "avg_pool", "lrn": "local_response_norm", "swish": "silu", "cat": "concat",
    "droppath": "stochastic_depth",
}  # fmt: skip
ARGUMENT_HABITS = {"pad": "padding", "filter": "out", "size": "factor"}


def kind_named(name: str) -> str:
    """The kind that another tool's name means, "" where none does."""
    squeezed = bare_name(name).replace("_", "").lower()
    own = (kind for kind in (*KINDS, *STRUCTURE_WORDS) if kind.replace("_", "") == squeezed)
    theirs = (signature.kind for signature in signatures(name) if signature.kind != ACTIVATION)
    return next(theirs, "") or next(own, "") or HABITS.get(squeezed, "")


def _of_kind(kind: str) -> list[Signature]:
    """How other tools call a kind, PyTorch first."""
    return [signature for table in (PYTORCH, KERAS) for signature in table.values() if signature.kind == kind]


def argument_named(kind: str, name: str, known: list[str]) -> str:
    """The argument that another tool's name means, "" where the kind has none such."""
    meant = (signature.parameters.get(name, "") for signature in _of_kind(kind))
    found = next(filter(None, meant), "") or ARGUMENT_HABITS.get(name, "")
    return found if found in known else ""


def not_written(kind: str, name: str) -> bool:
    """Whether another tool's argument is known here, or changes nothing that is computed, and so is left out."""
    marks = {signature.parameters.get(name) for signature in _of_kind(kind)}
    return bool(marks & {INPUT, NOTHING}) or name == "input_shape"


def rewritten(call: Call, kind: str) -> tuple[Fix, ...]:
    """Repairs that write a call of another tool, or of ours in another tool's order, as a call of `kind`."""
    if call.by_name or not kind:
        return ()
    text = call.span.text
    theirs = signatures(call.kind)
    same_name = call.kind in KINDS
    candidates = [*_rewritings(text, [*theirs, *_of_kind(kind)] if not same_name else _of_kind(kind))]
    if not same_name:
        arguments = [argument.span.text for argument in call.arguments]
        candidates += [f"{kind}({', '.join(arguments)})" if arguments else kind, kind]
    found = dict.fromkeys(each for each in candidates if each != text)
    return tuple(Fix(call.span, each, f"write `{each}`") for each in found)


def _rewritings(text: str, theirs: list[Signature]) -> Iterator[str]:
    """A call of another tool in our words, by each of its signatures.

    >>> list(_rewritings("nn.Conv2d(64, 32, (3, 3), 1, 1, bias=False)", signatures("nn.Conv2d")))[0]
    'conv(32, [3, 3], 1, 1, bias=false)'
    >>> list(_rewritings("Conv2D(32, kernel_size=3, activation='relu')", signatures("Conv2D")))[0]
    'conv(32, kernel=3) -> relu'
    """
    if len(text) > LONGEST_CALL:
        return
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if isinstance(parsed, ast.Name | ast.Attribute):
        parsed = ast.Call(parsed, [], [])
    if isinstance(parsed, ast.Call):
        for signature in theirs:
            if found := _rewriting(parsed, signature):
                yield found


def _rewriting(call: ast.Call, signature: Signature) -> str:
    """The call by this signature, "" where it does not fit or says what cannot be said here."""
    names = list(signature.parameters)
    if len(call.args) > len(names) or any(isinstance(value, ast.Starred) for value in call.args):
        return ""
    positional = dict(zip(names, call.args, strict=False))
    ours, activation, by_position = dict(signature.defaults), "", set()
    for name, value in [*positional.items(), *((word.arg or "**", word.value) for word in call.keywords)]:
        argument = INPUT if name == "input_shape" else signature.parameters.get(name, _own(name, signature.kind))
        if argument == ACTIVATION:
            activation = _value(value, signature)
        elif argument == OTHER and not _is_default(value):
            return ""
        elif argument not in (INPUT, NOTHING, OTHER):
            ours[argument] = _value(value, signature)
            by_position |= {argument} if name in positional else set()
    activation = ACTIVATIONS.get(activation, activation)
    if signature.kind == ACTIVATION:
        return activation
    call_here = _call(signature.kind, ours, by_position)
    return f"{call_here} -> {activation}" if activation not in ("", "identity", "null") else call_here


def _own(name: str, kind: str) -> str:
    """An argument that is called as here already."""
    return name if kind in KINDS and name in kind_class(kind).fields else OTHER


def _call(kind: str, arguments: dict[str, str], by_position: set[str]) -> str:
    """The call with its arguments in our order; those given by position stay so as far as none is left out."""
    written: list[str] = []
    for number, name in enumerate(kind_class(kind).fields if kind in KINDS else ()):
        if name in arguments:
            bare = name in by_position and len(written) == number
            written.append(arguments[name] if bare else f"{name}={arguments[name]}")
    return f"{kind}({', '.join(written)})" if written else kind


def _is_default(value: ast.expr) -> bool:
    """Whether a value switches off what has no counterpart here."""
    return isinstance(value, ast.Constant) and value.value in (None, False, "zeros", "channels_first")


def _value(value: ast.expr, signature: Signature) -> str:
    """A value as it is written here: lists in brackets, words without quotes, true and false."""
    if isinstance(value, ast.Tuple | ast.List):
        return f"[{', '.join(_value(each, signature) for each in value.elts)}]"
    if isinstance(value, ast.Constant):
        if isinstance(value.value, bool) or value.value is None:
            return {True: "true", False: "false", None: "null"}[value.value]
        if isinstance(value.value, str):
            return signature.words.get(value.value, value.value)
    return ast.unparse(value)
