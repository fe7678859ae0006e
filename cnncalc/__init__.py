"""cnncalc: sizes, parameters, multiplications and receptive fields of convolutional networks.

`load` gives a `Network`, `analyze` its `Report` with a `LayerReport` for each layer. `load` raises `SpecError` with
every problem of a file; all exceptions of the package are a `CnncalcError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.analysis.analyze import analyze as analyze
    from cnncalc.analysis.report import LayerReport as LayerReport
    from cnncalc.analysis.report import Report as Report
    from cnncalc.errors import CnncalcError as CnncalcError
    from cnncalc.errors import SpecError as SpecError
    from cnncalc.network import Network as Network
    from cnncalc.reading import load as load

__version__ = "0.1.0"

# name → the module that has it; imported only when it is asked for, so that `import cnncalc` is light
_EXPORTS = {
    "CnncalcError": "errors",
    "LayerReport": "analysis.report",
    "Network": "network",
    "Report": "analysis.report",
    "SpecError": "errors",
    "analyze": "analysis.analyze",
    "load": "reading",
}
__all__ = ["CnncalcError", "LayerReport", "Network", "Report", "SpecError", "__version__", "analyze", "load"]


def __getattr__(name: str) -> Any:
    """What the package exports, imported on demand (PEP 562)."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"cnncalc.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
