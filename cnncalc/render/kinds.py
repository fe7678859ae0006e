"""The layer kinds: signatures, arguments and formulas, all taken from their classes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from cnncalc.layers import FAMILIES, KINDS, kind_class
from cnncalc.layers.base import Example, Layer
from cnncalc.layers.derivatives import FUNCTIONS
from cnncalc.layers.settings import Setting
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.layers.trace import derive_formulas
from cnncalc.render.columns import format_shapes
from cnncalc.render.document import BLANK, Block, Pairs, Paragraph, make_paragraph


def dump_kinds(kind: str | None) -> str:
    """The list or the page as JSON."""
    from cnncalc.render.json import FORMAT, dump

    names = [*KINDS, *STRUCTURE_WORDS] if kind is None else [kind]
    return dump({"format": FORMAT, "kinds": [_record(name) for name in names]})


def list_kinds() -> Iterator[Block]:
    """The list of all kinds."""
    for family in dict.fromkeys(FAMILIES.values()):
        classes = [kind_class(kind) for kind in KINDS if FAMILIES[kind] == family]
        yield make_paragraph(_find_family_title(classes[0]), "head")
        for cls in classes:
            yield from _describe_entry(cls.signature(), _find_sentence(cls))
        yield BLANK
    yield make_paragraph("Structure", "head")
    for signature, sentence in STRUCTURE_WORDS.values():
        yield from _describe_entry(signature, sentence)


def _describe_entry(signature: str, sentence: str) -> Iterator[Block]:
    """A signature, and its description below it."""
    yield make_paragraph("  " + signature, "bar", 6)
    yield make_paragraph("      " + sentence, indent=6)


def _find_family_title(cls: type[Layer]) -> str:
    """The first words of the docstring of a family's module."""
    return (sys.modules[cls.__module__].__doc__ or "").partition("\n")[0].partition(":")[0].rstrip(".")


def _find_sentence(cls: type[Layer]) -> str:
    """The first paragraph of a class's description, in one line."""
    return " ".join((cls.__doc__ or "").partition("\n\n")[0].split())


def describe_kind(kind: str) -> Iterator[Block]:
    """The page of a layer kind or a word of structure."""
    if kind in STRUCTURE_WORDS:
        yield from _describe_entry(*STRUCTURE_WORDS[kind])
        return
    cls = kind_class(kind)
    yield make_paragraph(cls.signature(), "large", 4)
    for paragraph in (cls.__doc__ or "").split("\n\n"):
        yield make_paragraph(" ".join(paragraph.split()))
    if cls.settings:
        yield from (BLANK, make_paragraph("arguments", "head"))
        yield Pairs([(setting.signature(), _describe_argument(setting)) for setting in cls.settings.values()], "bar", 2)
    yield BLANK
    if kind in FUNCTIONS:
        from cnncalc.render.functions import describe_function  # for one kind

        yield from describe_function(cls(**cls.examples()[0].settings))
        yield BLANK
    yield from _describe_formulas(cls, cls.examples()[0])
    yield BLANK
    yield make_paragraph(f"reference: {cls.reference}", "faint", 11)


def _describe_argument(setting: Setting) -> str:
    """The meaning of an argument, its symbol in formulas, and its values."""
    symbol = f" ({setting.symbol})" if setting.symbol else ""
    about = f"{setting.doc}{symbol}"
    return f"{about}; {setting.expects}" if setting.expects != about else about


def _describe_formulas(cls: type[Layer], example: Example) -> Iterator[Block]:
    layer = cls(**example.settings)
    of = f" of {format_shapes(example.inputs)}" if example.inputs else ""
    yield Paragraph((("formulas", "head"), (f", e.g. for {layer!r}{of}", "")), wrapped=False)
    found = derive_formulas(layer, example.inputs)
    pairs = []
    for name, formula in found.items():
        steps = [formula.symbols, formula.numbers, f"{formula.value:,}"]
        pairs.append((name, " = ".join(dict.fromkeys(steps))))
    yield Pairs(pairs, "bar", 2)


def _record(kind: str) -> dict[str, Any]:
    if kind in STRUCTURE_WORDS:
        signature, sentence = STRUCTURE_WORDS[kind]
        return {"kind": kind, "family": "structure", "signature": signature, "about": sentence}
    cls = kind_class(kind)
    example = cls.examples()[0]
    layer = cls(**example.settings)
    return {
        "kind": kind,
        "family": FAMILIES[kind],
        "signature": cls.signature(),
        "about": _find_sentence(cls),
        "arguments": [
            {"name": name, "signature": setting.signature(), "about": setting.doc, "takes": setting.expects}
            for name, setting in cls.settings.items()
        ],
        "example": {"call": repr(layer), "inputs": example.inputs},
        "formulas": {name: formula._asdict() for name, formula in derive_formulas(layer, example.inputs).items()},
        "reference": cls.reference,
        **({"function": FUNCTIONS[kind]._asdict()} if kind in FUNCTIONS else {}),
    }
