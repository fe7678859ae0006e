"""What other tools count as parameters and operations of a network, exactly, and why it differs from ours.

`written` lists the calls of the code that `export --to pytorch` writes for a report. A convention (one file for each
tool) has a rule for each kind of work of a call. `reconcile` sums them up, with a ledger from our figure to the tool's.
Nothing here runs a tool: the rules are read from their sources, at the version that each file gives.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.nearest import spell_out

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.conventions.convention import Convention, Own

# The names of conventions, in the order in which they are shown → their modules.
NAMES: dict[str, str] = {
    "torchinfo": "torchinfo",
    "ptflops": "ptflops",
    "ptflops-aten": "ptflops_aten",
    "thop": "thop",
    "fvcore": "fvcore",
    "calflops": "calflops",
    "deepspeed": "deepspeed",
    "flop-counter": "flop_counter",
    "torchprofile": "torchprofile",
    "onnx-tool": "onnx_tool",
    "keras": "keras",
    "torchvision": "torchvision_docs",
    "papers": "papers",
}
# Those of publications, which no tool of today has.
PAPERS: dict[str, str] = {
    "convolutions": "convolutions",
    "convnet-burden": "convnet_burden",
    "ptflops-readme": "ptflops_readme",
    "pycls": "pycls",
    "tfprof": "tfprof",
}
ALL = {**NAMES, **PAPERS}


def named(name: str) -> Convention:
    """A convention by its name. Raises UsageError for an unknown one."""
    if name not in ALL:
        found = spell_out(name, ALL)
        hint = f"did you mean {found!r}?" if found else f"one of {', '.join(ALL)}"
        raise UsageError(f"unknown convention {name!r}: {hint}")
    convention: Convention = import_module(f"cnncalc.conventions.{ALL[name]}").CONVENTION
    return convention


def own(convention: Convention, name: str, report: Report) -> Own | None:
    """How the library that a tool's users take networks from builds the bundled architecture of this name itself.

    None if it does not have it, or builds it as the file does.
    """
    found: Own | None = import_module(f"cnncalc.conventions.{find_library(convention)}").own(name, report)
    return found


def find_library(convention: Convention) -> str:
    """The module about the library that a tool's users take networks from."""
    return "keras" if convention.name == "keras" else "torchvision"
