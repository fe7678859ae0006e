"""Each tool is run on the modules that `export --to pytorch` writes, and must equal our reproduction exactly.

The tools are in the extra `conventions`, at the versions from which their rules were read. DeepSpeed's profiler is
not run: its rules are those of `figures.json`.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from random import Random
from typing import Any

import pytest
from packaging.version import Version

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.conventions import named
from cnncalc.errors import Source, SpecError
from cnncalc.network import Network
from cnncalc.reading import Reading, read, read_text
from cnncalc.spec.files import bundled

from ..export.modules import code_of, made
from ..random_networks.drawing import drawn
from ..random_networks.writing import written
from .tools import PACKAGES, TOOLS, Counted, ToolFailed, import_tool, quiet, run_tool

pytestmark = pytest.mark.torch

RANDOM = 300
BATCHES = 10
LARGEST = 400_000_000  # parameters that are stored to be traced or exported; a file of the exporter has 2 GB at most
# Where a tool fails, a part of what it says. The first three are PyTorch's exporter, whose files onnx-tool reads.
FAILURES = {
    "onnx-tool": (
        "Unsupported: ONNX export", "UnsupportedOperatorError", "is not supported", "value_infer", "not accessible",
    ),
    "calflops": ("without parameters",),
    "fvcore": ("bool tensor is not supported",),
    "torchprofile": ("bool tensor is not supported",),
}  # fmt: skip


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("torch", reason="PyTorch is not installed")
    threads = module.get_num_threads()
    module.set_num_threads(1)
    yield module
    module.set_num_threads(threads)


def build(torch: Any, text: str, network: Network, device: str) -> tuple[Any, list[Any]]:
    """A module and its inputs, with random numbers: PyTorch's exporter stores equal tensors once."""
    with torch.device(device):
        module = made(torch, text)
        inputs = [torch.rand((1, *shape)) for shape in network.inputs.values()]
    if device != "meta":
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for array in (*module.parameters(), *module.buffers()):
                if array.is_floating_point():
                    array.uniform_(0.1, 1, generator=generator)
    return module, inputs


def reproduce(tool: str, report: Report) -> Counted | None:
    """What the tool's convention gives, None if something in it is not known."""
    counted = named(tool).apply(report)
    if counted.unknown:
        return None
    return Counted(*(ledger and ledger.theirs for ledger in (counted.parameters, counted.operations)))


def compare(torch: Any, tool: str, text: str, network: Network, report: Report) -> str:
    """Run a tool and compare; returns why that is not possible, "" if they agree."""
    import_tool(PACKAGES.get(tool, tool))
    ours = reproduce(tool, report)
    if ours is None:
        return "not known"
    if TOOLS[tool].device != "meta" and report.totals.parameters > LARGEST:
        return "too large"
    module, inputs = build(torch, text, network, TOOLS[tool].device)
    try:
        theirs = run_tool(tool, module, inputs)
    except ToolFailed as failed:
        if not any(part in str(failed) for part in FAILURES.get(tool, ())):
            raise
        return "fails"
    assert theirs == ours, tool
    return ""


@pytest.mark.parametrize("tool", TOOLS)
def test_the_rules_were_read_from_this_version(tool: str) -> None:
    """Another version may count otherwise."""
    package = PACKAGES.get(tool, tool)
    import_tool(package)
    installed = Version(version(package.partition(".")[0].replace("_", "-")))
    assert installed.public == Version(named(tool).version).public


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("tool", TOOLS)
def test_a_bundled_network_is_counted_as_the_tool_counts(torch: Any, tool: str, name: str) -> None:
    """torchvision's classifiers, and others: U-Net, DCGAN, WaveNet, C3D."""
    reading = read(name)
    network = reading.require_network()
    why = compare(torch, tool, code_of(reading), network, analyze(network, fields=False))
    if why:
        pytest.skip(why)


def random_networks(seeds: Sequence[int]) -> Iterator[tuple[int, Reading, str]]:
    """Random networks that have no errors and are exported, with their code."""
    for seed in seeds:
        reading = read_text(Source(f"n{seed}.yaml", written(drawn(seed), Random(seed))))
        if reading.failed or reading.network is None or not reading.network.nodes:
            continue
        try:
            yield seed, reading, code_of(reading)
        except SpecError:  # a kind that PyTorch's modules cannot say
            continue


def runs(torch: Any, text: str, network: Network) -> bool:
    """Whether PyTorch runs it: it refuses some networks whose shapes fit."""
    module, inputs = build(torch, text, network, "cpu")
    try:
        with torch.no_grad(), quiet():
            module(*inputs)
    except (RuntimeError, ValueError):
        return False
    return True


@pytest.mark.sample(1)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_networks_are_counted_as_the_tools_count(torch: Any, batch: int) -> None:
    """Where a kind is not known to a convention it says so; many networks have none.

    For onnx-tool most have one: arithmetic with sizes, which the exporter folds in ways that are not known.
    """
    tools = [tool for tool in TOOLS if is_installed(tool)]
    found: Counter[tuple[str, str]] = Counter()
    networks = 0
    for seed, reading, text in random_networks(range(batch * RANDOM // BATCHES, (batch + 1) * RANDOM // BATCHES)):
        network = reading.require_network()
        if not runs(torch, text, network):
            continue
        networks += 1
        report = analyze(network, fields=False)
        for tool in tools:
            try:
                found[tool, compare(torch, tool, text, network, report)] += 1
            except (AssertionError, ToolFailed) as error:
                raise AssertionError(f"seed {seed}, {tool}: {error}") from error
    for tool in tools:
        assert tool == "onnx-tool" or found[tool, ""] >= networks / 3, found


def is_installed(tool: str) -> bool:
    try:
        import_tool(PACKAGES.get(tool, tool))
    except pytest.skip.Exception:
        return False
    return True
