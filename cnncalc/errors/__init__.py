"""Problems, their positions in files, and exceptions, for all packages; imports nothing but limits and records.

- `positions`: a source and spans in it.
- `problems`: errors and warnings with their positions and repairs.
- `exceptions`: all exceptions that the package raises on purpose, under `CnncalcError`.
- `codes`: the catalogue of codes, each with its severity, summary, explanation and examples. Loaded on demand.
"""

from cnncalc.errors.exceptions import CnncalcError, Mistake, SpecError, UsageError
from cnncalc.errors.positions import LINE_BREAK, Amount, Source, Span
from cnncalc.errors.problems import Fix, Note, Problem, Problems, failed

__all__ = [
    "LINE_BREAK",
    "Amount",
    "CnncalcError",
    "Fix",
    "Mistake",
    "Note",
    "Problem",
    "Problems",
    "Source",
    "Span",
    "SpecError",
    "UsageError",
    "failed",
]  # fmt: skip
