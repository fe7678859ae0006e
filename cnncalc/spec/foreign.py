"""Translates calls of other tools, `nn.Conv2d(3, 64, kernel_size=3)`, for repairs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from cnncalc import limits
from cnncalc.errors import Fix
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.border import FOLDING
from cnncalc.layers.frameworks import (
    ACTIVATION,
    ACTIVATIONS,
    BORDER,
    IGNORED,
    IGNORED_ANYWHERE,
    INPUT,
    KERAS,
    PYTORCH,
    SEQUENCE,
    UNSUPPORTED,
    Signature,
    find_signatures,
    strip_name,
)
from cnncalc.layers.other_frameworks import CAFFE, MATLAB
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.spec.tree import Call

NAMED = re.compile(r"(?:(\w+)\s*=(?!=)\s*)?(.+)", re.DOTALL)
BRACKETS = str.maketrans("()", "[]")
WORDS = {"True": "true", "False": "false", "None": "null"}
DEFAULTS = (
    "null",
    "false",
    "zeros",
    "channels_first",
    "channels_last",
)  # switch off what has no equivalent
FUNCTIONAL = re.compile(r"(?:.*\.)?(?:F|functional|torch|tf\.nn)\.\w+$")  # functions whose first argument is the input
DOTTED = re.compile(r"\w+(?:\.\w+)*")
CALL = re.compile(r"([A-Za-z_][\w.]*)\(")

# Names that are often used, although no layer of these tools has them.
HABITS = {
    "fc": "linear", "fullyconnected": "linear", "convolution": "conv", "bn": "batch_norm", "deconv": "transposed_conv",
    "pool": "max_pool", "averagepool": "avg_pool", "avgpool": "avg_pool", "gap": "global_avg_pool",
    "globalavgpool": "global_avg_pool", "globalpool": "global_avg_pool", "up": "upsample", "upconv": "transposed_conv",
    "lrn": "local_response_norm", "swish": "silu", "cat": "concat",
    "droppath": "stochastic_depth",
}  # fmt: skip
ARGUMENT_HABITS = {
    "pad": "padding", "filter": "out", "size": "factor", "k": "kernel", "ks": "kernel", "s": "stride", "p": "padding",
    "d": "dilation", "g": "groups",
}  # fmt: skip


def find_kind(name: str) -> str:
    """The kind that corresponds to another tool's name, "" if there is none."""
    squeezed = strip_name(name).replace("_", "").lower()
    own = (kind for kind in (*KINDS, *STRUCTURE_WORDS) if kind.replace("_", "") == squeezed)
    theirs = (signature.kind for signature in find_signatures(name) if signature.kind != ACTIVATION)
    return next(theirs, "") or next(own, "") or HABITS.get(squeezed, "")


def _signatures_of(kind: str, *tables: dict[str, Signature]) -> list[Signature]:
    """The names of a kind in other tools, PyTorch and Keras unless others are given."""
    tables = tables or (PYTORCH, KERAS)
    return [signature for table in tables for signature in table.values() if signature.kind == kind]


def find_argument(kind: str, name: str, known: list[str]) -> str:
    """The argument that corresponds to another tool's name, "" if the kind has none."""
    meant = (signature.parameters.get(name, "") for signature in _signatures_of(kind, PYTORCH, KERAS, CAFFE, MATLAB))
    found = next(filter(None, meant), "") or ARGUMENT_HABITS.get(name, "")
    return found if found in known else ""


def is_omitted(kind: str, name: str) -> bool:
    """Whether another tool's argument is omitted here, because it is inferred from the input or changes no figure."""
    marks = {signature.parameters.get(name) for signature in _signatures_of(kind)}
    return bool(marks & {INPUT, IGNORED}) or name == "input_shape"


def rewrite_call(call: Call, kind: str) -> tuple[Fix, ...]:
    """Repairs that replace a call in another tool's syntax or order with a call of `kind`."""
    if call.by_name or not kind:
        return ()
    text = call.span.text
    candidates = list(translate_call(text, call.kind))
    if call.kind not in KINDS and not find_signatures(call.kind):  # a name that is only similar to a kind
        arguments = [argument.span.text for argument in call.arguments]
        renamed = f"{kind}({', '.join(arguments)})" if arguments else kind
        translated = list(_translate(text, _signatures_of(kind)))
        candidates += [renamed, *translated] if len(arguments) == 1 else [*translated, renamed]
    if kind == "avg_pool" and not call.arguments:
        candidates.append("global_avg_pool")
    found = dict.fromkeys(each for each in candidates if each != text)
    return tuple(Fix(call.span, each, f"write `{each}`") for each in found)


def find_calls(text: str) -> Iterator[tuple[int, int, str]]:
    """The outermost calls with arguments in a chain, each with its start, its end and its name.

    >>> list(find_calls("Conv2D(8, (3, 3)) -> relu -> Dense(10)"))
    [(0, 17, 'Conv2D'), (29, 38, 'Dense')]
    """
    beyond = 0
    for found in islice(CALL.finditer(text), limits.TRANSLATED_CALLS):
        if found.start() < beyond:
            continue
        depth = 0
        for at in range(found.end() - 1, min(len(text), found.start() + limits.TRANSLATED_CALL)):
            depth += (text[at] == "(") - (text[at] == ")")
            if not depth:
                beyond = at + 1
                yield found.start(), beyond, found[1]
                break


@lru_cache(maxsize=1024)  # a file is read again and again to try repairs
def translate_call(text: str, name: str) -> tuple[str, ...]:
    """Translations of a call, if another tool has a layer of that name."""
    theirs = _signatures_of(name) if name in KINDS else find_signatures(name)
    return tuple(found for found in dict.fromkeys(_translate(text, theirs)) if found != text)


def _translate(text: str, theirs: list[Signature]) -> Iterator[str]:
    """Translations of a call of another tool, by each of its signatures.

    >>> list(_translate("nn.Conv2d(64, 32, (3, 3), 1, 1, bias=False)", find_signatures("nn.Conv2d")))[0]
    'conv(32, [3, 3], 1, 1, bias=false)'
    >>> list(_translate("Conv2D(32, kernel_size=3, activation='relu')", find_signatures("Conv2D")))[0]
    'conv(32, kernel=3) -> relu'
    """
    call = CALL.match(text)
    written = (
        _arguments(text[call.end() : -1]) if call and text.endswith(")") else [] if DOTTED.fullmatch(text) else None
    )
    if written is None or len(text) > limits.TRANSLATED_CALL:
        return
    if call and FUNCTIONAL.match(call[1]):  # `F.relu(x)`
        if not written or written[0][0] or not written[0][1].isidentifier():
            return
        written = written[1:]
    for signature in theirs:
        if found := _translate_by(written, signature):
            yield found


def _arguments(text: str) -> list[tuple[str, str]] | None:
    """Names ("" by position) and values of arguments, split at the commas outside of brackets and quotes.

    >>> _arguments("8, (3, 3), activation='relu'")
    [('', '8'), ('', '(3, 3)'), ('activation', "'relu'")]
    """
    pieces, depth, quote, start = [], 0, "", 0
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "," and not depth:
            pieces.append(text[start:at].strip())
            start = at + 1
        else:
            depth += (character in "([") - (character in ")]")
    pieces.append(text[start:].strip())
    if depth or quote or not all(pieces[:-1]):
        return None
    named = (NAMED.fullmatch(piece) for piece in pieces if piece)
    return [(found[1] or "", found[2]) for found in named if found]


def _translate_by(written: list[tuple[str, str]], signature: Signature) -> str:
    """The translation by one signature, "" if it does not match or has no equivalent."""
    theirs = list(signature.parameters)
    ours, activation, border, by_position = dict(signature.defaults), "", "", set()
    is_last = SEQUENCE in signature.parameters.values()
    for position, (given, text) in enumerate(_join_pairs(written, signature)):
        if not given and position >= len(theirs):
            return ""
        name = given or theirs[position]
        argument = signature.parameters.get(name) or _own(name, signature.kind)
        if not argument:
            return ""
        value = _value(text, signature)
        if value == "null":  # the default
            continue
        if signature is CAFFE["Pooling"] and (name, value) == ("pool", "AVE"):
            signature = CAFFE["Pooling_AVE"]
        elif name == "max_value" and re.fullmatch(r"6(?:\.0*)?", value):
            signature = PYTORCH["ReLU6"]
        elif argument == ACTIVATION:
            value = value.rpartition(".")[2].lower() if value.isascii() and "(" not in value else value
            activation = ACTIVATIONS.get(value, value)
        elif argument == SEQUENCE:
            is_last = value != "true"
        elif argument == BORDER and value in FOLDING and signature.kind == "conv":
            border = value
        elif argument in (UNSUPPORTED, BORDER) and value not in DEFAULTS:
            return ""
        elif special := _special(signature, name, value):
            ours.update(special)
        elif argument not in (INPUT, IGNORED, UNSUPPORTED, BORDER):
            ours[argument] = value
            by_position |= set() if given else {argument}
    if signature.kind == ACTIVATION:
        return activation
    if signature is KERAS["GRU"] and ours.get("reset_after") == "false":
        ours.setdefault("biases", "1")
    if signature.kind in KINDS:
        optional = kind_class(signature.kind).optional
        if any(name not in ours for name, has_default in optional.items() if not has_default):
            return ""  # not a call of this kind
    amount = ours.pop("padding", "0") if border else "0"
    if amount.isalpha():  # a word, of which `pad` knows none
        return ""
    call_here = _call(signature.kind, ours, by_position)
    if amount != "0":
        call_here = f"pad({amount}, mode={border}) -> {call_here}"
    if is_last:
        call_here = f"{call_here} -> slice(axis=1, start=-1) -> flatten"
    return f"{call_here} -> {activation}" if activation not in ("", "identity", "null") else call_here


def _join_pairs(written: list[tuple[str, str]], signature: Signature) -> list[tuple[str, str]]:
    """The arguments, where MATLAB's pairs of a quoted name and a value, `2, 'Stride', 2`, are joined.

    >>> _join_pairs([("", "2"), ("", "'Stride'"), ("", "2")], MATLAB["maxPooling"])
    [('', '2'), ('Stride', '2')]
    """
    joined: list[tuple[str, str]] = []
    for given, text in written:
        before = joined[-1][1] if joined and not joined[-1][0] and not given else ""
        if before[:1] in ("'", '"') and before[1:-1] in signature.parameters:
            joined[-1] = (before[1:-1], text)
        else:
            joined.append((given, text))
    return joined


def _special(signature: Signature, name: str, value: str) -> dict[str, str]:
    """Our arguments for a value that has another form in that tool, {} for all others."""
    if name == "normalized_shape" and "," in value:
        return {"over": "all"}
    if name == "num_parameters":  # of PReLU: one slope, or one for each channel
        return {"shared": "true" if value == "1" else "false"}
    if signature.parameters.get(name) == "biases":  # none, or as many as the tool has
        return {"biases": "0"} if value == "false" else dict(signature.defaults)
    sides = re.findall(r"-?[0-9]+", value)
    if signature.kind == "pad" and signature in PYTORCH.values() and name == "padding" and len(sides) in (2, 4, 6):
        pairs = [f"[{before}, {after}]" for before, after in zip(sides[::2], sides[1::2], strict=True)]
        return {"amount": f"[{', '.join(reversed(pairs))}]"}  # PyTorch begins with the last axis
    return {}


def _own(name: str, kind: str) -> str:
    """Our argument, or a constant, for a parameter that is not in the signature of another tool, "" if neither."""
    if name in ("input_shape", "input_dim", "batch_input_shape"):
        return INPUT
    if IGNORED_ANYWHERE.fullmatch(name):
        return IGNORED
    known = kind_class(kind).settings if kind in KINDS else {}
    return next((ours for ours in (name, ARGUMENT_HABITS.get(name, "")) if ours in known), "")


def _call(kind: str, arguments: dict[str, str], by_position: set[str]) -> str:
    """The call with its arguments in the order of the signature, by position up to the first that is not."""
    written: list[str] = []
    bare = True
    for name in kind_class(kind).settings if kind in KINDS else ():
        bare = bare and name in by_position and name in arguments
        if name in arguments:
            written.append(arguments[name] if bare else f"{name}={arguments[name]}")
    return f"{kind}({', '.join(written)})" if written else kind


def _value(text: str, signature: Signature) -> str:
    """A value in the syntax of architecture files: lists in brackets, words without quotes, true and false.

    >>> [_value(text, find_signatures("Conv2D")[0]) for text in ("(3, 3)", "'same'", "True", "2 * width")]
    ['[3, 3]', 'same', 'true', '2 * width']
    """
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return signature.words.get(text[1:-1], text[1:-1])
    if text.startswith("(") and text.endswith(")") and "," in text:
        inner = text[1:-1].rstrip(", ")
        holds_calls = re.search(r"[\w.][(]", inner)
        text = f"[{inner if holds_calls else inner.translate(BRACKETS)}]"
    return WORDS.get(text, text)
