"""The JSON Schema (draft 2020-12) of the architecture file, for completion and checks in editors.

It checks keys and the types of their values. The contents of strings (calls, chains, expressions) are not checked.
"""

from __future__ import annotations

from typing import Any

from cnncalc import limits
from cnncalc.analysis.figures import FIGURES
from cnncalc.conditions import EXAMPLES
from cnncalc.errors.codes.warnings import CODES
from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.arguments import NONE
from cnncalc.layers.attention import MemorySetting
from cnncalc.layers.over import AxesSetting
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
from cnncalc.layers.unpool import PoolSetting
from cnncalc.render.json import encode
from cnncalc.rounded import COUNTED

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NAMED = r"^\s*(\w+\s*=\s*)?{}(\s+if\s.*)?\s*$"  # the key of an item written as a mapping
ARGUMENTS = r"(\s*\(.*\))?"  # of a merge
EXPRESSION = {"$ref": "#/$defs/expression"}
VALUE = {"$ref": "#/$defs/value"}
EXPECTED: Schema = {"anyOf": [VALUE, {"type": "string", "description": f"A condition: {EXAMPLES}"}]}
BODY = {"$ref": "#/$defs/body"}
TEXT: Schema = {"type": ["string", "number", "boolean"]}  # a scalar, whatever its type in YAML
NOTHING: Schema = {"type": "null"}

# The keys of a document and their descriptions.
KEYS = {
    "name": "The network's title.",
    "source": "The paper or the implementation, with its year and the variant.",
    "notes": "Remarks, shown below the summary.",
    "published": "Figures as papers print them, with their sources, for `cnncalc list --published`.",
    "extends": "A file in the same folder, or a bundled architecture, whose parts this file inherits and overrides.",
    "input": "The input without a batch axis: [N], [C, L], [C, H, W] or [C, D, H, W]; of several inputs each by name.",
    "params": "Values by name; --set NAME=VALUE overrides one.",
    "blocks": "Layers of your own: `name(width, stride=1):` with the items below it.",
    "layers": "The network: items in order of execution, e.g. `conv(64, 3, padding=1) -> relu`.",
    "expect": "Expectations: figures that `cnncalc validate` checks.",
    "allow": "Warnings that are silenced, each with its reason.",
    "weights": "Arrays of layers, by path and name, for `cnncalc run`.",
}


FOREIGN = r"^(parameters|macs|flops)\([\w-]+\)$"  # a figure as another tool counts it


def dump_schema() -> str:
    """The schema as JSON."""
    return encode(make_schema(), indent=2, ascii=False) + "\n"


def make_schema() -> Schema:
    """The schema of an architecture file."""
    forms = _describe_keys()
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
            "body": {"anyOf": [_make_list({"$ref": "#/$defs/item"}, 1), {"$ref": "#/$defs/item"}]},
            "item": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/call"}]},
            "branches": _make_branches(),
            "merged": {"anyOf": [{"$ref": "#/$defs/branches"}, {"type": "string", "pattern": rf"^{ROUNDS}\s*\("}]},
            "call": _make_call(),
            **{kind: _describe_kind(kind) for kind in KINDS if kind not in MERGES},
        },
    }


def _describe_keys() -> dict[str, Schema]:
    """The values of each key of a document."""
    text = {key: TEXT for key in ("name", "source", "notes")}
    size: Schema = {"anyOf": [_make_integer(1), EXPRESSION]}
    shape: Schema = {"anyOf": [{**_make_list(size, 1), "maxItems": 4}, EXPRESSION]}
    expected = [name for name, figure in FIGURES.items() if not figure.of_device]
    warnings = {code.code: code.sentence for code in CODES}
    reason = {"type": ["string", "number", "boolean"], "minLength": 1}
    return {
        **text,
        "extends": {"type": "string", "pattern": r"^[\w.-]+$"},
        "input": {"anyOf": [shape, {"type": "object", "additionalProperties": shape, "minProperties": 1}]},
        "params": _make_mapping(VALUE),
        "blocks": _make_mapping(BODY),
        "layers": BODY,
        "expect": {
            **_make_mapping(False, {**dict.fromkeys(expected, EXPECTED), "outputs": _make_mapping(VALUE)}),
            "patternProperties": {FOREIGN: EXPECTED},
        },
        "published": _describe_published(),
        "allow": _make_mapping(False, {code: {"description": text, **reason} for code, text in warnings.items()}),
        "weights": {"type": ["object", "null"]},
    }


def _describe_published() -> Schema:
    """An entry with figures and their source, or a list of such entries."""
    figure: Schema = {"type": ["string", "number"], "minLength": 1, "description": "The figure as printed: 3.8 G."}
    texts = {
        "source": "Where it is printed.",
        "convention": "What counts like that; without it, cnncalc's own convention.",
        "notes": "Remarks.",
    }
    size = _make_integer(1)
    entry: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["source"],
        "anyOf": [{"required": [name]} for name in COUNTED],
        "properties": {
            **dict.fromkeys(COUNTED, figure),
            **{key: {**TEXT, "minLength": 1, "description": text} for key, text in texts.items()},
            "input": {
                "description": "The input if it is another one: 480 for all spatial sizes, or [3, 480, 480].",
                "anyOf": [size, {**_make_list(size, 1), "maxItems": 4}],
            },
        },
    }
    return {"anyOf": [entry, _make_list(entry), NOTHING]}


def _make_mapping(other: Schema | bool, known: dict[str, Schema] | None = None) -> Schema:
    """A mapping of names, which may be left empty."""
    found: Schema = {"type": ["object", "null"], "additionalProperties": other}
    return {**found, "properties": known} if known else found


def _make_list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def _make_branches() -> Schema:
    branches = {"type": "object", "additionalProperties": BODY, "minProperties": 1}
    return {"anyOf": [branches, _make_list(BODY, 1)]}


def _make_call() -> Schema:
    """An item that is a mapping: a merge with its branches, or a call by name; unknown names may be blocks."""
    known = {}
    for word in (*MERGES, "outputs"):
        text = _describe(word) if word in MERGES else STRUCTURE_WORDS[word][1]
        known[word] = {"description": text, "$ref": "#/$defs/merged"}
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
    """The first paragraph of a kind's docstring, "" under python -OO."""
    return (kind_class(kind).__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")


def _describe_kind(kind: str) -> Schema:
    """The arguments of a layer kind, by name."""
    layer = kind_class(kind)
    settings = layer.settings.items()
    return {
        "description": f"{layer.signature()}: {_describe(kind)}",
        "type": "object",
        "properties": {name: describe_argument(setting) for name, setting in settings},
        "required": [name for name, setting in settings if setting.default is REQUIRED],
        "additionalProperties": False,
    }


def describe_argument(setting: Setting) -> Schema:
    """The values of an argument; an expression is always allowed too."""
    text = setting.doc or f"{setting.expects[:1].upper()}{setting.expects[1:]}."
    found: Schema = {"description": text, "anyOf": [*_list_literals(setting), EXPRESSION]}
    if isinstance(setting.default, SameAs):
        found["description"] += f" (default: as {setting.default.setting})"
    elif setting.default is not REQUIRED:
        found["default"] = NONE if setting.default is None else setting.default
    return found


def _list_literals(setting: Setting) -> list[Schema]:
    """The literal values of a setting."""
    found: list[Schema] = [{"enum": list(setting.words)}] if setting.words else []
    if isinstance(setting, FlagSetting):
        found.append({"type": "boolean"})
    elif isinstance(setting, RealSetting):
        found.append({"type": "number", "minimum": setting.minimum, "maximum": setting.maximum})
    elif isinstance(setting, FactorSetting):
        factor: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": limits.SIZE}
        found += [factor, {**_make_list({"anyOf": [factor, EXPRESSION]}, 1), "maxItems": 3}]
    elif isinstance(setting, LikeSetting):
        found.append({**_make_list({"anyOf": [_make_integer(1), EXPRESSION]}, 1), "maxItems": 3})
    elif isinstance(setting, PoolSetting | MemorySetting):
        found.append({"type": "string", "pattern": r"^\w+(\.\w+)*$", "description": "The name of an output."})
    elif isinstance(setting, IndexListsSetting):
        found.append(_make_list(_make_list({"anyOf": [_make_integer(0), EXPRESSION]}, 1), 1))
    elif isinstance(setting, SizesSetting):
        found += [_make_integer(1)] if setting.single else []
        found.append({**_make_list({"anyOf": [_make_integer(1), EXPRESSION]}, 1), "maxItems": setting.longest})
    elif isinstance(setting, AxisOrderSetting):
        axis: Schema = {"type": "integer", "minimum": -limits.AXES, "maximum": limits.AXES - 1}
        found += [axis] if isinstance(setting, AxesSetting) else []
        found.append({**_make_list({"anyOf": [axis, EXPRESSION]}, 1), "maxItems": limits.AXES})
    elif isinstance(setting, IntegerSetting):
        size: Schema = {"anyOf": [_make_integer(setting.minimum), EXPRESSION]}
        found.append(_make_integer(setting.minimum))
        if isinstance(setting, AmountSetting):
            size["anyOf"].insert(1, {**_make_list({"anyOf": [*size["anyOf"]]}, 2), "maxItems": 2})
        if isinstance(setting, PerAxisSetting):
            found.append({**_make_list(size, 1), "maxItems": 3})
    return found


def _make_integer(least: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": limits.SIZE}
