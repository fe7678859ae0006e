"""Exported PyTorch code with the author's blocks: outputs as of a layer a line, and no class for what needs none."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.errors import Source, SpecError
from cnncalc.export.about import A_LAYER_A_LINE
from cnncalc.export.torch_module import write_layers
from cnncalc.reading import Reading, read, read_text
from cnncalc.spec.files import bundled

from .modules import code_of, made, outputs_of, state_of
from .test_torch_export import FLAT, assert_same_arrays, assert_same_outputs

pytestmark = pytest.mark.torch
MOST_MACS = 5_000_000_000  # of a network that runs in a test


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        yield pytest.importorskip("torch", reason="PyTorch is not installed")


def text_of(text: str) -> Reading:
    reading = read_text(Source("text.yaml", text))
    assert not reading.failed, reading.problems
    return reading


def assert_blocks(torch: Any, text: str) -> str:
    """The code has the author's blocks, and our arrays and outputs; it is returned."""
    reading = text_of(text)
    code = code_of(reading)
    assert A_LAYER_A_LINE not in code
    assert_same_arrays(torch, code, reading.require_network())
    assert_same_outputs(torch, code, reading.require_network(), 1)
    return code


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", [name for name in bundled() if name not in FLAT])
def test_blocks_give_what_a_layer_a_line_gives(torch: Any, name: str) -> None:
    reading = read(name)
    network = reading.require_network()
    if analyze(network).totals.work.macs > MOST_MACS:
        pytest.skip("it takes too long to run")
    modules = [made(torch, text).double() for text in (code_of(reading), write_layers(network))]
    generator = torch.Generator().manual_seed(1)
    for one, other in zip(*(state_of(module).values() for module in modules), strict=True):
        numbers = torch.randn(one.shape, generator=generator, dtype=torch.float64) / 20
        numbers = numbers.abs() + 0.5 if numbers.dim() == 1 else numbers  # variances among them
        one.copy_(numbers)
        other.copy_(numbers)
    shapes = network.inputs.values()
    inputs = [torch.rand((1, *shape), generator=generator, dtype=torch.float64) for shape in shapes]
    with torch.no_grad():
        ours, theirs = (outputs_of(module, inputs) for module in modules)
    assert {*ours} == {*theirs}
    for key, one in ours.items():
        assert (one - theirs[key]).abs().max() <= 1e-12 * theirs[key].abs().max()


ENCODER = """
input: [2, 9, 8]
blocks:
  down(out):
    - conv(out, 1)
    - p = max_pool(2, ceil=true)
    - relu
  up(out, p):
    - add:
        a: max_unpool(p) -> conv(out, 1)
        b: max_unpool(p)
    - relu
layers:
  - d = down(3)
  - e = down(3)
  - q = max_pool(2)
  - conv(3, 1) -> max_unpool(q)
  - up(3, e.p) -> up(3, d.p)
"""


def test_an_unpooling_reads_a_pool_of_another_block(torch: Any) -> None:
    code = assert_blocks(torch, ENCODER)
    assert code.count("max_pool2d(") == 1  # of the helper: the pools themselves are modules


@pytest.mark.parametrize("pool", ["2, dilation=2", "3, stride=2, padding=same", "2, padding=[[0, 1], [1, 0]]"])
def test_an_unpooling_that_pytorch_has_not_is_refused(pool: str) -> None:
    """PyTorch finds the indices of no such pool: with dilation its outputs would be others."""
    text = f"input: [2, 9, 9]\nlayers:\n  - p = max_pool({pool})\n  - relu -> max_unpool(p)\n"
    with pytest.raises(SpecError) as raised:
        code_of(text_of(text))
    assert [(each.code, each.span and each.span.line) for each in raised.value.problems] == [("no-counterpart", 4)]


GROUPS = """
input: [4, 6, 6]
blocks:
  unit(x): power(2) -> sum_over(x) -> sqrt
  attend:
    - qkv = conv(3 * in_channels, 1)
    - query = split(3, 0) -> affine(in_channels ** -0.5)
    - key = from(qkv) -> split(3, 1) -> relu
    - scores = multiply(query, key) -> conv(in_channels, 1) -> affine(2)
    - value = from(qkv) -> split(3, 2)
    - multiply(scores, value)
layers:
  - attend -> conv(8, 1) -> attend
  - unit(0) -> conv(2, 1) -> flatten -> unit(0) -> linear(3)
"""


def test_functions_around_modules_need_no_class(torch: Any) -> None:
    """Groups of functions and one run of modules are no classes; a block is one for tensors of any number of axes."""
    tree = ast.parse(assert_blocks(torch, GROUPS))
    assert [node.name for node in tree.body if isinstance(node, ast.ClassDef)] == ["Attend", "Unit", "Text"]


@pytest.mark.parametrize("order", [["query", "key", "value"], ["value", "query", "key"]])
def test_attention_is_told_by_the_names_of_its_branches(torch: Any, order: list[str]) -> None:
    branches = ", ".join(f'{name}: "conv(width, 1) -> {"identity" if name == "key" else "relu"}"' for name in order)
    blocks = f"blocks:\n  attend(width, heads):\n    - attention(heads=heads): {{{branches}}}\n"
    assert_blocks(torch, f"input: [4, 6]\n{blocks}layers:\n  - attend(8, 2) -> attend(4, 1)\n")
