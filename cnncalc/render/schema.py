"""The JSON Schema of the architecture file, by which editors complete and check it; draft 2020-12.

It checks the form: keys, and which values they take. Strings (calls, chains, expressions) are not looked into.
"""

from __future__ import annotations

from typing import Any

from cnncalc import limits
from cnncalc.analysis.expect import EXPECTABLE
from cnncalc.errors.codes.warnings import CODES
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import NONE
from cnncalc.layers.settings import (
    REQUIRED,
    AmountSetting,
    AxisOrderSetting,
    FlagSetting,
    IndexListsSetting,
    IntegerSetting,
    PerAxisSetting,
    RealSetting,
    SameAs,
    Setting,
    SizesSetting,
)
from cnncalc.layers.structure import MERGES, ROUNDS, STRUCTURE_WORDS
from cnncalc.layers.targets import FactorSetting, LikeSetting
from cnncalc.render.json import encode

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NAMED = r"^\s*(\w+\s*=\s*)?{}(\s+if\s.*)?\s*$"  # the key of an item that is a mapping
ARGUMENTS = r"(\s*\(.*\))?"  # of a merge
EXPRESSION = {"$ref": "#/$defs/expression"}
VALUE = {"$ref": "#/$defs/value"}
BODY = {"$ref": "#/$defs/body"}
TEXT: Schema = {"type": ["string", "number", "boolean"]}  # a scalar, whatever YAML takes it for
NOTHING: Schema = {"type": "null"}

# The keys of a document: what they are for.
KEYS = {
    "name": "The network's title.",
    "source": "The paper or the implementation, with its year and the variant.",
    "notes": "What else there is to say.",
    "extends": "A file beside this one, or a bundled architecture, whose parts this one takes over and overrides.",
    "input": "What flows in, without a batch: [N], [C, L], [C, H, W] or [C, D, H, W]; of several inputs each by name.",
    "params": "Knobs, by name; --set NAME=VALUE turns one.",
    "blocks": "Layers of the author's own: `name(width, stride=1):` with the items below it.",
    "layers": "The network: items in the order of running, as `conv(64, 3, padding=1) -> relu`.",
    "expect": "What must come out; `cnncalc validate` checks it.",
    "allow": "Warnings that are silenced, each with its reason.",
    "weights": "The arrays of layers, by path and name, for tiny demonstrations.",
}


def dump_schema() -> str:
    """The schema as text."""
    return encode(schema(), indent=2, ascii=False) + "\n"


def schema() -> Schema:
    """The schema of an architecture file."""
    forms = _keys()
    return {
        "$schema": DRAFT,
        "title": "An architecture of cnncalc",
        "type": "object",
        "properties": {key: {"description": text, **forms[key]} for key, text in KEYS.items()},
        "additionalProperties": False,
        "anyOf": [{"required": ["extends"]}, {"required": ["input", "layers"]}],
        "$defs": {
            "expression": {"type": "string", "minLength": 1, "description": "An expression, a name or a word."},
            "value": {"anyOf": [{**TEXT}, {"type": "array", "items": VALUE}]},
            "body": {"anyOf": [_list_of({"$ref": "#/$defs/item"}, 1), {"$ref": "#/$defs/item"}]},
            "item": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/call"}]},
            "branches": _branches(),
            "merged": {"anyOf": [{"$ref": "#/$defs/branches"}, {"type": "string", "pattern": rf"^{ROUNDS}\s*\("}]},
            "call": _call(),
            **{kind: _kind(kind) for kind in KINDS if kind not in MERGES},
        },
    }


def _keys() -> dict[str, Schema]:
    """The values of each key of a document."""
    text = {key: TEXT for key in ("name", "source", "notes")}
    size: Schema = {"anyOf": [_whole(1), EXPRESSION]}
    shape: Schema = {"anyOf": [{**_list_of(size, 1), "maxItems": 4}, EXPRESSION]}
    warnings = {code.code: code.sentence for code in CODES}
    reason = {"type": ["string", "number", "boolean"], "minLength": 1}
    return {
        **text,
        "extends": {"type": "string", "pattern": r"^[\w.-]+$"},
        "input": {"anyOf": [shape, {"type": "object", "additionalProperties": shape, "minProperties": 1}]},
        "params": _names(VALUE),
        "blocks": _names(BODY),
        "layers": BODY,
        "expect": _names(False, {**{key: VALUE for key in EXPECTABLE}, "outputs": _names(VALUE)}),
        "allow": _names(False, {code: {"description": text, **reason} for code, text in warnings.items()}),
        "weights": {"type": ["object", "null"]},
    }


def _names(other: Schema | bool, known: dict[str, Schema] | None = None) -> Schema:
    """A mapping of names, which may be left empty."""
    found: Schema = {"type": ["object", "null"], "additionalProperties": other}
    return {**found, "properties": known} if known else found


def _list_of(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def _branches() -> Schema:
    branches = {"type": "object", "additionalProperties": BODY, "minProperties": 1}
    return {"anyOf": [branches, _list_of(BODY, 1)]}


def _call() -> Schema:
    """An item that is a mapping: a merge with its branches, or a call by name; unknown names may be blocks."""
    known = {}
    for word in (*MERGES, "outputs"):
        text = _describe(word) if word in MERGES else STRUCTURE_WORDS[word][1]
        known[word] = {"description": text, "$ref": "#/$defs/merged" if word in MERGES else "#/$defs/branches"}
    for kind in KINDS:
        if kind not in MERGES:
            known[kind] = {"$ref": f"#/$defs/{kind}"}
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": known,
        "patternProperties": {
            NAMED.format(f"{word}{ARGUMENTS}" if word in MERGES else word): form for word, form in known.items()
        },
        "additionalProperties": {"type": "object", "additionalProperties": VALUE},
    }


def _describe(kind: str) -> str:
    """The first sentence of a kind's docstring, which python -OO takes away."""
    return (kind_class(kind).__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")


def _kind(kind: str) -> Schema:
    """The arguments of a layer kind, by name."""
    layer = kind_class(kind)
    settings = layer.settings.items()
    return {
        "description": f"{layer.signature()}: {_describe(kind)}",
        "type": "object",
        "properties": {name: argument(setting) for name, setting in settings},
        "required": [name for name, setting in settings if setting.default is REQUIRED],
        "additionalProperties": False,
    }


def argument(setting: Setting) -> Schema:
    """What an argument may be; an expression is always allowed too."""
    text = setting.doc or f"{setting.expects[:1].upper()}{setting.expects[1:]}."
    found: Schema = {"description": text, "anyOf": [*_literals(setting), EXPRESSION]}
    if isinstance(setting.default, SameAs):
        found["description"] += f" (default: as {setting.default.setting})"
    elif setting.default is not REQUIRED:
        found["default"] = NONE if setting.default is None else setting.default
    return found


def _literals(setting: Setting) -> list[Schema]:
    """What a setting takes as it is written."""
    found: list[Schema] = [{"enum": list(setting.words)}] if setting.words else []
    if isinstance(setting, FlagSetting):
        found.append({"type": "boolean"})
    elif isinstance(setting, RealSetting):
        found.append({"type": "number", "minimum": setting.minimum, "maximum": setting.maximum})
    elif isinstance(setting, FactorSetting):
        factor: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": limits.SIZE}
        found += [factor, {**_list_of({"anyOf": [factor, EXPRESSION]}, 1), "maxItems": 3}]
    elif isinstance(setting, LikeSetting):
        found.append({**_list_of({"anyOf": [_whole(1), EXPRESSION]}, 1), "maxItems": 3})
    elif isinstance(setting, IndexListsSetting):
        found.append(_list_of(_list_of({"anyOf": [_whole(0), EXPRESSION]}, 1), 1))
    elif isinstance(setting, SizesSetting):
        found += [_whole(1)] if setting.single else []
        found.append({**_list_of({"anyOf": [_whole(1), EXPRESSION]}, 1), "maxItems": setting.longest})
    elif isinstance(setting, AxisOrderSetting):
        axis: Schema = {"type": "integer", "minimum": -limits.AXES, "maximum": limits.AXES - 1}
        found.append({**_list_of({"anyOf": [axis, EXPRESSION]}, 1), "maxItems": limits.AXES})
    elif isinstance(setting, IntegerSetting):
        size: Schema = {"anyOf": [_whole(setting.minimum), EXPRESSION]}
        found.append(_whole(setting.minimum))
        if isinstance(setting, AmountSetting):
            size["anyOf"].insert(1, {**_list_of({"anyOf": [*size["anyOf"]]}, 2), "maxItems": 2})
        if isinstance(setting, PerAxisSetting):
            found.append({**_list_of(size, 1), "maxItems": 3})
    return found


def _whole(least: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": limits.SIZE}
