"""Bundled networks with attention: arithmetic by hand, and what papers say."""

from __future__ import annotations

from functools import cache

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.report import Costs


@cache
def totals(name: str) -> Costs:
    return analyze(load(name), fields=False).totals


@pytest.mark.parametrize(
    ("name", "width", "depth", "without"),
    [
        ("vit_b_16", 768, 12, 16_848_500_736),
        ("vit_tiny", 192, 12, 1_074_851_328),
        ("deit_tiny", 192, 12, 1_074_851_328),
    ],
)
def test_both_readings_of_a_transformer(name: str, width: int, depth: int, without: int) -> None:
    """197 tokens: 196 patches of 16×16 in 3 channels, four projections, a hidden layer of 4·width, 1,000 classes.

    Two products of all pairs of tokens in each layer are what some papers and tools leave out.
    """
    tokens, work = 197, totals(name).work
    patches = 196 * 16 * 16 * 3 * width
    assert work.attention_macs == depth * 2 * tokens**2 * width
    assert work.macs - work.attention_macs == patches + depth * 12 * width**2 * tokens + 1000 * width == without


def test_the_encoder_of_detr() -> None:
    """850 positions: four projections of 256 channels, two products, a hidden layer of 2,048, and two norms."""
    found, positions = totals("detr_encoder"), 25 * 34
    layer = 4 * (256 * 256 + 256) + (256 * 2048 + 2048) + (2048 * 256 + 256) + 2 * 512
    assert found.parameters == 2048 * 256 + 256 + 6 * layer
    assert found.work.attention_macs == 6 * 2 * positions**2 * 256
    others = 2048 * 256 + 6 * (4 * 256 * 256 + 2 * 256 * 2048)
    assert found.work.macs == positions * others + found.work.attention_macs


@pytest.mark.parametrize(
    ("name", "millions", "gmacs"),
    # the table of CoAtNet's authors has 4.2 for a smaller head
    [("mobilevit_s", 5.6, 2.0), ("coatnet_0", 25, 4.5), ("convnext_v2_atto", 3.7, 0.55), ("deit_tiny", 5.7, 1.3)],
)
def test_what_papers_say(name: str, millions: float, gmacs: float) -> None:
    assert abs(totals(name).parameters / 1e6 - millions) <= 0.05
    assert abs(totals(name).work.macs / 1e9 - gmacs) <= 0.05


def test_the_second_token_of_deit() -> None:
    """The distilled network of the paper has 5,910,800 parameters: another token, its position, and its head."""
    found = analyze(load("deit_tiny", settings=["distilled=true"]), fields=False).totals
    assert found.parameters == 5_717_416 + 2 * 192 + 192 * 1000 + 1000 == 5_910_800
