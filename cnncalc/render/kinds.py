"""The layer kinds, as their classes say: signatures, arguments, formulas."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from cnncalc.layers import FAMILIES, KINDS, kind_class
from cnncalc.layers.base import Example, Layer
from cnncalc.layers.settings import Setting
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.layers.trace import formulas
from cnncalc.render.columns import shapes
from cnncalc.render.paint import Line, paint
from cnncalc.render.text import count_cells, pad, wrap


def kinds_text(kind: str | None, width: int | None, *, color: bool) -> str:
    """The listing of all, or all there is to say of one."""
    return paint(_listing(width) if kind is None else _page(kind, width), color=color)


def kinds_json(kind: str | None) -> str:
    """The same for scripts."""
    from cnncalc.render.json import FORMAT, dump

    names = [*KINDS, *STRUCTURE_WORDS] if kind is None else [kind]
    return dump({"format": FORMAT, "kinds": [_record(name) for name in names]})


def _listing(width: int | None) -> Iterator[Line]:
    family = ""
    for kind in KINDS:
        if FAMILIES[kind] != family:
            if family:
                yield [("", "")]
            family = FAMILIES[kind]
            yield [(_family_title(kind_class(kind)), "head")]
        yield from _entry(kind_class(kind).signature(), _sentence(kind_class(kind)), width)
    yield from ([("", "")], [("Structure", "head")])
    for signature, sentence in STRUCTURE_WORDS.values():
        yield from _entry(signature, sentence, width)


def _entry(signature: str, sentence: str, width: int | None) -> Iterator[Line]:
    """A signature, and the sentence below it."""
    yield from ([(line, "bar")] for line in wrap("  " + signature, width, 6))
    yield from ([(line, "")] for line in wrap("      " + sentence, width, 6))


def _family_title(cls: type[Layer]) -> str:
    """What a family's module says of itself, up to its first pause."""
    return (sys.modules[cls.__module__].__doc__ or "").partition("\n")[0].partition(":")[0].rstrip(".")


def _sentence(cls: type[Layer]) -> str:
    """The first paragraph of a class's description, in one line."""
    return " ".join((cls.__doc__ or "").partition("\n\n")[0].split())


def _page(kind: str, width: int | None) -> Iterator[Line]:
    if kind in STRUCTURE_WORDS:
        yield from _entry(*STRUCTURE_WORDS[kind], width)
        return
    cls = kind_class(kind)
    yield from ([(line, "large")] for line in wrap(cls.signature(), width, 4))
    yield from ([(line, "")] for line in wrap(_sentence(cls), width))
    if cls.settings:
        yield from ([("", "")], [("arguments", "head")])
        yield from _pairs([(setting.signature(), _about(setting)) for setting in cls.settings.values()], width)
    yield [("", "")]
    yield from _formulas(cls, cls.examples()[0], width)
    yield [("", "")]
    yield from ([(line, "faint")] for line in wrap(f"reference: {cls.reference}", width, 11))


def _about(setting: Setting) -> str:
    """What an argument is, its symbol in the formulas, and what it takes."""
    symbol = f" ({setting.symbol})" if setting.symbol else ""
    about = f"{setting.doc}{symbol}"
    return f"{about}; {setting.expects}" if setting.expects != about else about


def _pairs(pairs: list[tuple[str, str]], width: int | None) -> Iterator[Line]:
    """Names and texts, each in a column."""
    margin = 2 + max(count_cells(name) for name, _ in pairs) + 2
    for name, text in pairs:
        first, *rest = wrap(pad(f"  {name}", margin) + text, width, margin)
        yield [(first[:margin], "bar"), (first[margin:], "")]
        yield from ([(line, "")] for line in rest)


def _formulas(cls: type[Layer], example: Example, width: int | None) -> Iterator[Line]:
    layer = cls(**example.settings)
    yield [("formulas", "head"), (f", as for {layer!r} of {shapes(example.inputs)}", "")]
    found = formulas(layer, example.inputs)
    pairs = []
    for name, formula in found.items():
        steps = [formula.symbols, formula.numbers, f"{formula.value:,}"]
        pairs.append((name, " = ".join(dict.fromkeys(steps))))
    yield from _pairs(pairs, width)


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
        "about": _sentence(cls),
        "arguments": [
            {"name": name, "signature": setting.signature(), "about": setting.doc, "takes": setting.expects}
            for name, setting in cls.settings.items()
        ],
        "example": {"call": repr(layer), "inputs": example.inputs},
        "formulas": {name: formula._asdict() for name, formula in formulas(layer, example.inputs).items()},
        "reference": cls.reference,
    }
