"""Layers of other tools without a kind: each is reported with what to write instead."""

from __future__ import annotations

import re

import pytest

from cnncalc.errors import Source
from cnncalc.layers import KINDS
from cnncalc.layers.absent import ABSENT, find_absent
from cnncalc.layers.structure import STRUCTURE_WORDS
from cnncalc.reading import read, read_text
from cnncalc.spec.files import bundled
from cnncalc.spec.foreign import find_kind

NAMES = [name for absent in ABSENT for name in absent.names]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_in_the_table_is_a_kind(name: str) -> None:
    words = {word.replace("_", "") for word in (*KINDS, *STRUCTURE_WORDS)}
    assert name not in words
    assert find_kind(name) == ""


def test_every_name_is_in_the_table_once() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("absent", ABSENT, ids=lambda absent: absent.names[0])
def test_the_advice_only_mentions_what_exists(absent: object) -> None:
    """Everything in backticks is a valid chain, key, word or command."""
    text = getattr(absent, "instead")  # noqa: B009 - a NamedTuple
    keys = {"blocks", "outputs", "input", "index", "add", "concat", "multiply", "body", "skip", "dilation", "conv_bn"}
    keys |= {"a", "b", "width", "query", "key", "value"}
    for quoted in re.findall("`([^`]*)`", text):
        if quoted.startswith("cnncalc show "):
            assert quoted.split()[-1] in bundled()
        elif quoted.startswith("cnncalc "):
            assert quoted.split()[1] == "layers"
        else:
            word = re.split(r"\W", quoted.removeprefix("- "))[0]
            assert not word or word in {*KINDS, *STRUCTURE_WORDS, *keys}, quoted


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nn.LSTMCell(8, 16)", "lstmcell"), ("ConvLSTM2D(64)", "convlstm"),
        ("permute", "permute"), ("bilinear(2)", "bilinear"),
        ("lanczos", "lanczos"), ("bicubic", "bilinear"), ("area(2)", "bilinear"),
        ("DeformConv2d(8, 16)", "deformconv"), ("einsum", "einsum"), ("torch.bmm", "einsum"),
        ("roi_align(7)", "roialign"), ("nn.Embedding(10, 8)", "embedding"), ("resize(4)", "resize"),
        ("nn.Sequential", "sequential"), ("SelfAttention", "selfattention"),
        ("nn.TransformerEncoderLayer(8, 2)", "transformer"), ("Bidirectional", "bidirectional"),
        ("nn.CrossEntropyLoss()", "crossentropyloss"),
    ],
)  # fmt: skip
def test_it_is_reported_as_missing(text: str, name: str) -> None:
    """Even if a kind has a similar name: `attention` is not a misspelt `activation`."""
    absent = next(absent for absent in ABSENT if name in absent.names)
    assert find_absent(text.split("(")[0]) == absent
    (problem,) = read(text, inputs=["3x8x8"], layers=True).problems
    assert problem.code == "unknown-kind"
    assert problem.help == absent.instead
    assert problem.fixes == ()


def test_a_block_may_have_that_name() -> None:
    text = "input: [3, 8, 8]\nblocks:\n  residual(out):\n    - conv(out, 3)\nlayers:\n  - residual(8)\n"
    assert read_text(Source("net.yaml", text)).problems == []
