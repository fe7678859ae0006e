"""cnncalc: sizes, parameters, multiplications and receptive fields of convolutional networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.analysis.analyze import analyze as analyze
    from cnncalc.spec.load import load as load

__version__ = "0.1.0"
__all__ = ["__version__", "analyze", "load"]


def __getattr__(name: str) -> Any:
    """What is imported only when it is asked for, so that `import cnncalc` is light."""
    if name == "load":
        from cnncalc.spec.load import load

        return load
    if name == "analyze":
        from cnncalc.analysis.analyze import analyze

        return analyze
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
