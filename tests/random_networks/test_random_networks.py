"""2,000 random files against PyTorch, where an independent builder makes each a second time from the same tree."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest

from cnncalc.analysis.report import Report
from cnncalc.layers import KINDS
from cnncalc.reading import read

from ..cli.running import cnncalc
from .building import Ran, Result, built
from .counting import features
from .drawing import drawn
from .kinds import LANGUAGE, PYTORCH
from .steps import FIRST
from .tree import Tree
from .writing import family, written

pytestmark = pytest.mark.torch

NETWORKS = 2000
BATCHES = 20
FAMILIES = 10  # every so many is written as a file that extends another
BY_COMMAND = 200  # of them judged by the command `validate` too, with PyTorch's numbers as promises

# What the accepted files must have among them, each in so many at least.
COMMON = (
    "1-D", "2-D", "3-D", "add", "multiply", "concat", "outputs", "branches", "branches within branches", "repeat",
    "branch under a condition", "branches as a list", "condition", "either or", "index in a call", "from", "reuse",
    "block within a block", "block within itself", "default that counts", "uneven padding", "padding for each axis",
    "padding=same", "padding=half", "padding=full", "grouped conv", "grouped transposed_conv", "output_padding",
    "dilation", "ceil", "param turned", "input turned", "several inputs",
)  # fmt: skip
RARE = ("padding=valid", "output inside a block")
# What a refused file may be refused for: the shapes, an element that a list has not, where Python refuses too, or a
# merge of two branches of which one is left out.
CODES = {
    "shape-mismatch", "groups-mismatch", "kernel-too-large", "padding-too-large", "size-runs-out", "wrong-rank",
    "reuse-mismatch", "bad-argument", "bad-value", "wrong-form", "empty-branch",
}  # fmt: skip


class Outcome(NamedTuple):
    """A file, what PyTorch makes of its tree, and what cnncalc makes of its text."""

    tree: Tree
    text: str  # with its base, where it has one
    theirs: Result
    report: Report | None
    codes: frozenset[str]  # of the errors


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that NumPy is not there
        module = pytest.importorskip("torch", reason="PyTorch is not installed")
    threads = module.get_num_threads()
    module.set_num_threads(1)  # the tensors are small
    yield module
    module.set_num_threads(threads)


@cache
def outcome(torch: Any, seed: int) -> Outcome:
    tree = drawn(seed)
    text, base = family(tree, Random(seed)) if seed % FAMILIES == 0 else (written(tree, Random(seed)), "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of settings that are slow or of no effect
        theirs = built(torch, tree)
    how: dict[str, Any] = {"settings": [f"{name}={value}" for name, value in tree.settings.items()]}
    names = [f"{name}=" for name in tree.names] or [""]
    how["inputs"] = [f"{name}{'x'.join(tree.turned)}" for name in names] if tree.turned else []
    with TemporaryDirectory() as folder:
        Path(folder, "base.yaml").write_text(base)
        path = Path(folder, f"{seed}.yaml")
        path.write_text(text, encoding="utf-8", newline="")
        found = read(str(path), check_expect=True, **how)
        codes = frozenset(problem.code for problem in found.problems if problem.severity == "error")
    return Outcome(tree, f"{text}# base.yaml:\n{base}" if base else text, theirs, found.report, codes)


@pytest.mark.sample(5)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_number_and_every_refusal(torch: Any, batch: int) -> None:
    for seed in range(batch * NETWORKS // BATCHES, (batch + 1) * NETWORKS // BATCHES):
        tree, text, theirs, report, codes = outcome(torch, seed)
        about = f"seed {seed}, settings {tree.settings}, input {tree.turned}\n{text}\n"
        assert not codes or theirs.refusal, f"{about}refused by cnncalc alone: {sorted(codes)}"
        assert codes or not theirs.refusal, f"{about}refused by PyTorch alone: {theirs.message}"
        assert codes <= CODES, about
        assert report, about
        layers = [Ran(layer.kind, layer.output, layer.parameters, layer.work.macs) for layer in report.layers]
        if codes:
            assert_same_layer_at_fault(layers, theirs, codes, about)
        else:
            assert layers == theirs.layers, about
            named = {name: shape for name, shape in theirs.outputs.items() if name}
            assert report.outputs == named, about
            assert report.output == next(iter(theirs.outputs.values())), about
            assert report.totals.parameters == sum(layer.parameters for layer in theirs.layers), about
            assert report.totals.work.macs == sum(layer.macs for layer in theirs.layers), about


def assert_same_layer_at_fault(ours: list[Ran], theirs: Result, codes: frozenset[str], about: str) -> None:
    """What ran before the refusal is the same.

    But for what is used again: whether its weights fit, cnncalc tells of a block as a whole, PyTorch layer by layer.
    And the language may refuse a setting before it leads to what PyTorch would let pass.
    """
    if "reuse-mismatch" not in codes:
        one, other = ([layer._replace(parameters=0) for layer in layers] for layers in (ours, theirs.layers))
        assert one == (other if theirs.refusal == "torch" else other[: len(one)]), about


@pytest.mark.sample(0)
def test_what_was_drawn(torch: Any) -> None:
    """The files have all parts of the language and all kinds among them, and a fair share is refused."""
    found: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    for seed in range(NETWORKS):
        tree, _, theirs, _, errors = outcome(torch, seed)
        refusals[theirs.refusal] += 1
        asked.update(theirs.asked_otherwise.keys())
        codes.update(errors)
        if not theirs.refusal:
            found.update(features(tree))
            ran.update({layer.kind for layer in theirs.layers})
    print(found, ran, refusals, asked, codes, sep="\n")
    accepted = refusals.pop("")
    assert 0.6 <= accepted / NETWORKS <= 0.8
    assert {feature for feature in COMMON if found[feature] < NETWORKS // 40} == set()
    assert {feature for feature in RARE if found[feature] < NETWORKS // 200} == set()
    assert {kind for kind in KINDS if ran[kind] < NETWORKS // (100 if kind in FIRST else 400)} == set()
    assert refusals.keys() <= {"torch", *LANGUAGE}
    assert refusals["torch"] >= 0.8 * refusals.total()  # the exceptions are few
    assert asked.keys() <= PYTORCH.keys()
    assert asked.total() <= NETWORKS // 30
    assert {code for code in CODES - {"bad-value", "empty-branch"} if codes[code] < 5} == set()


def test_validate_judges_as_pytorch_does(torch: Any, tmp_path: Path) -> None:
    """By the command, in one folder; what PyTorch counts stands in the files as their promises."""
    refused = set()
    for seed in range(BY_COMMAND):
        tree, text, theirs, _, _ = outcome(torch, seed)
        if tree.settings or tree.turned or seed % FAMILIES == 0:
            continue
        if theirs.refusal:
            refused.add(f"{seed}.yaml")
        else:
            numbers = {"layers": len(theirs.layers), "output": list(next(iter(theirs.outputs.values())))}
            numbers |= {name: sum(getattr(ran, name) for ran in theirs.layers) for name in ("parameters", "macs")}
            text += f"expect: {json.dumps(numbers)}\n"
        (tmp_path / f"{seed}.yaml").write_text(text)
    made = cnncalc("validate", str(tmp_path), "--format", "json")
    assert made.returncode == 1, made.stderr
    judged = json.loads(made.stdout)["files"]
    errors = {Path(file["file"]).name for file in judged if any(p["severity"] == "error" for p in file["problems"])}
    assert errors == refused
    assert len(judged) == len(list(tmp_path.iterdir()))
