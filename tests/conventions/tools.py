"""The tools themselves: each one's function here runs it on a module and returns the totals that it prints.

They run on PyTorch's device `meta`, which infers shapes without computing, except for those that trace, export,
replace functions, which PyTorch itself calls on `meta`, or see operators, of which an LSTM has others there.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, NamedTuple

import pytest


class Counted(NamedTuple):
    """What a tool counts; None where it counts none."""

    parameters: int | None
    operations: int | None


class ToolFailed(Exception):
    """A tool refuses a module, or fails on it."""


@contextmanager
def quiet() -> Iterator[None]:
    """What tools print and warn of is left out."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def import_tool(name: str) -> Any:
    """The module of a tool; a test is skipped where it is not installed."""
    with quiet():
        return pytest.importorskip(name, reason="it is in the extra `conventions`", exc_type=ImportError)


def run_torchinfo(module: Any, inputs: Sequence[Any]) -> Counted:
    found = import_tool("torchinfo").summary(
        module, input_data=list(inputs), verbose=0, device=inputs[0].device, mode="eval"
    )
    return Counted(found.total_params, found.total_mult_adds)


def _run_ptflops(module: Any, inputs: Sequence[Any], backend: str) -> Counted:
    ptflops = import_tool("ptflops")
    names = list(_list_arguments(module))
    operations, parameters = ptflops.get_model_complexity_info(
        module, (1,), print_per_layer_stat=False, as_strings=False, verbose=False, backend=backend,
        input_constructor=lambda _: dict(zip(names, inputs, strict=True)),
    )  # fmt: skip
    if operations is None:  # it has printed why
        raise ToolFailed("ptflops does not finish")
    return Counted(int(parameters), int(operations))


def _list_arguments(module: Any) -> Iterator[str]:
    code = type(module).forward.__code__
    yield from code.co_varnames[1 : code.co_argcount]


def run_ptflops(module: Any, inputs: Sequence[Any]) -> Counted:
    return _run_ptflops(module, inputs, "pytorch")


def run_ptflops_aten(module: Any, inputs: Sequence[Any]) -> Counted:
    return _run_ptflops(module, inputs, "aten")


def run_thop(module: Any, inputs: Sequence[Any]) -> Counted:
    operations, parameters = import_tool("thop").profile(module, inputs=tuple(inputs), verbose=False)
    assert operations == int(operations)
    return Counted(int(parameters), int(operations))


def run_fvcore(module: Any, inputs: Sequence[Any]) -> Counted:
    fvcore = import_tool("fvcore.nn")
    return Counted(fvcore.parameter_count(module)[""], int(fvcore.FlopCountAnalysis(module, tuple(inputs)).total()))


def run_calflops(module: Any, inputs: Sequence[Any]) -> Counted:
    """It fails on a network without parameters, and then leaves PyTorch's functions replaced."""
    if not [*module.parameters()]:
        raise ToolFailed("a network without parameters")
    operations, _, parameters = import_tool("calflops").calculate_flops(
        module, args=list(inputs), print_results=False, print_detailed=False, output_as_string=False
    )
    return Counted(int(parameters), int(operations))


def run_flop_counter(module: Any, inputs: Sequence[Any]) -> Counted:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        module(*inputs)
    return Counted(None, counter.get_total_flops())


def run_torchprofile(module: Any, inputs: Sequence[Any]) -> Counted:
    return Counted(None, int(import_tool("torchprofile").profile_macs(module, tuple(inputs))))


def run_onnx_tool(module: Any, inputs: Sequence[Any]) -> Counted:
    """On the file that PyTorch's TorchScript exporter writes."""
    import torch

    onnx, onnx_tool = import_tool("onnx"), import_tool("onnx_tool")
    file = io.BytesIO()
    torch.onnx.export(module, tuple(inputs), file, dynamo=False, opset_version=17)  # type: ignore[arg-type,unused-ignore]
    graph = onnx_tool.Model(onnx.load_model_from_string(file.getvalue())).graph
    graph.shape_infer({})
    graph.profile()
    return Counted(int(graph.params), int(graph.macs[0]))


class Tool(NamedTuple):
    """How a tool is run, and on which of PyTorch's devices."""

    run: Callable[[Any, Sequence[Any]], Counted]
    device: str = "meta"


TOOLS = {
    "torchinfo": Tool(run_torchinfo),
    "ptflops": Tool(run_ptflops, "cpu"),
    "ptflops-aten": Tool(run_ptflops_aten, "cpu"),
    "thop": Tool(run_thop),
    "fvcore": Tool(run_fvcore, "cpu"),
    "calflops": Tool(run_calflops, "cpu"),
    "flop-counter": Tool(run_flop_counter, "cpu"),
    "torchprofile": Tool(run_torchprofile, "cpu"),
    "onnx-tool": Tool(run_onnx_tool, "cpu"),
}


# The modules to import, where they are not the tool's name.
PACKAGES = {
    "ptflops-aten": "ptflops", "fvcore": "fvcore.nn", "flop-counter": "torch", "onnx-tool": "onnx_tool",
}  # fmt: skip


def run_tool(name: str, module: Any, inputs: Sequence[Any]) -> Counted:
    """What a tool counts. Raises ToolFailed, with what it said."""
    with quiet():
        try:
            return TOOLS[name].run(module, inputs)
        except (ToolFailed, pytest.skip.Exception):
            raise
        except Exception as error:  # each has its own
            raise ToolFailed(f"{type(error).__name__}: {error}") from error
