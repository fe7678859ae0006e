"""Named outputs of exported PyTorch code: inside of blocks, under conditions, of all rounds of a repeat."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from cnncalc.errors import Source
from cnncalc.export.about import A_LAYER_A_LINE
from cnncalc.reading import read_text

from .modules import code_of, names_of_outputs
from .test_torch_export import assert_same_arrays, assert_same_outputs

pytestmark = pytest.mark.torch

IN_BLOCKS = """
input: [2, 32, 32]
params: {heads: true}
blocks:
  stage(out):
    - conv(out, 3, padding=1) -> relu
    - outputs if heads:
        aux: conv(2, 1)
        last if out > 4: conv(1, 1) -> sigmoid
    - max_pool(2)
  pair(out): stage(out) -> stage(out)
  one(out):
    - outputs: {only: "conv(1, 1)"}
    - conv(out, 1)
layers:
  - s1 = stage(4)
  - pair(4)
  - one(4)
  - stage(8) * 2
  - flatten -> linear(3)
"""
OF_ROUNDS = """
input: [2, 4, 4]
blocks:
  step(out):
    - inner = conv(out, 3, padding=1)
    - relu
layers:
  - conv(4, 1)
  - every = step(4) * 3
  - outputs: rounds(every)
  - outputs: rounds(every.inner)
  - flatten -> linear(3)
"""


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        yield pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (IN_BLOCKS, ["s1.aux", "stage1.aux", "stage2.aux", "stage2.0.aux", "stage2.1.last", "only", "output"]),
        (OF_ROUNDS, ["every.0", "every.1", "every.2", "every.0.inner", "every.1.inner", "every.2.inner", "output"]),
    ],
)
def test_named_outputs(torch: Any, text: str, names: list[str]) -> None:
    reading = read_text(Source("named.yaml", text))
    network = reading.require_network()
    code = code_of(reading)
    assert A_LAYER_A_LINE not in code
    assert_same_arrays(torch, code, network)
    assert_same_outputs(torch, code, network, 1)
    assert set(names) <= set(names_of_outputs(network))


def test_a_layer_a_line_has_the_same_names(torch: Any) -> None:
    """An output in a branch is written without blocks; outputs of the same word keep their paths."""
    text = IN_BLOCKS.replace("- s1 = stage(4)", "- add: {a: stage(4), b: stage(4)}")
    reading = read_text(Source("named.yaml", text))
    code = code_of(reading)
    assert A_LAYER_A_LINE in code
    assert_same_arrays(torch, code, reading.require_network())
    assert_same_outputs(torch, code, reading.require_network(), 1)
    assert 'outputs["a.stage1.aux"]' in code
    assert 'outputs["b.stage1.aux"]' in code
