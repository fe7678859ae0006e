"""`list` and `layers`."""

from __future__ import annotations

import json

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.render.kinds import kinds_json, kinds_text
from cnncalc.spec.files import bundled

from .running import cnncalc


def test_every_bundled_architecture_is_listed() -> None:
    found = json.loads(cnncalc("list", "--format", "json").stdout)
    assert [each["name"] for each in found["architectures"]] == bundled()
    alexnet = found["architectures"][0]
    wanted = {"title": "AlexNet", "year": 2012, "input": [3, 227, 227], "parameters": 62378344, "macs": 1135256096}
    assert wanted.items() <= alexnet.items()


def test_every_kind_is_listed_with_its_signature() -> None:
    lines = [line.strip() for line in kinds_text(None, None, color=False).splitlines()]
    for kind in KINDS:
        assert kind_class(kind).signature() in lines
    for signature, sentence in STRUCTURE_WORDS.values():
        assert lines[lines.index(signature) + 1] == sentence


def test_every_kind_has_a_page() -> None:
    for kind in KINDS:
        text = kinds_text(kind, 80, color=False)
        assert text.startswith(kind)
        assert all(f"  {name}" in text for name in kind_class(kind).fields)
        assert "".join(kind_class(kind).reference.split()) in "".join(text.split())
    for word in STRUCTURE_WORDS:
        assert STRUCTURE_WORDS[word][0] in kinds_text(word, None, color=False)


def test_the_page_of_the_convolution_has_its_arithmetic() -> None:
    text = cnncalc("layers", "conv").stdout
    assert "⌊(I + 2·P − K)/S⌋ + 1 = ⌊(227 + 2·0 − 11)/4⌋ + 1 = 55" in text
    assert "105,415,200" in text


def test_kinds_as_json() -> None:
    found = json.loads(kinds_json(None))["kinds"]
    assert [each["kind"] for each in found] == [*KINDS, *STRUCTURE_WORDS]
    assert found[0]["formulas"]["weights"]["value"] == 34848
