"""cnncalc: sizes, parameters, multiplications and receptive fields of convolutional networks.

`load` returns a `Network`, `from_torch` and `from_keras` that of a module at hand, and `analyze` its `Report` with a
`LayerReport` for each layer. `load` raises `SpecError` with all problems of a file; all exceptions of the package are
subclasses of `CnncalcError`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # for type checkers true: nothing is imported here, so that Ctrl-C is handled from the start
if TYPE_CHECKING:
    from typing import Any

    from cnncalc.analysis.analyze import analyze as analyze
    from cnncalc.analysis.report import LayerReport as LayerReport
    from cnncalc.analysis.report import Report as Report
    from cnncalc.errors import CnncalcError as CnncalcError
    from cnncalc.errors import SpecError as SpecError
    from cnncalc.network import Network as Network
    from cnncalc.reading import from_keras as from_keras
    from cnncalc.reading import from_torch as from_torch
    from cnncalc.reading import load as load

__version__ = "0.1.0"

# name → its module, imported on first use, so that `import cnncalc` is fast
_EXPORTS = {
    "CnncalcError": "errors",
    "LayerReport": "analysis.report",
    "Network": "network",
    "Report": "analysis.report",
    "SpecError": "errors",
    "analyze": "analysis.analyze",
    "from_keras": "reading",
    "from_torch": "reading",
    "load": "reading",
}
__all__ = [
    "CnncalcError", "LayerReport", "Network", "Report", "SpecError", "__version__", "analyze", "from_keras",
    "from_torch", "load",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import an exported name on first use (PEP 562)."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"cnncalc.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
