"""The catalogue of codes: of each its severity, a sentence, an explanation, a file that gets it and the file corrected.

A module for each group; `warnings` has all warnings, the others have errors. The texts are loaded by `cnncalc codes`
and the schema; a problem asks only whether its code is a warning. Tests run every example.
"""

from __future__ import annotations

from importlib import import_module

from cnncalc.records import NamedTuple

GROUPS = ("reading", "document", "grammar", "names", "arguments", "structure", "shapes", "warnings")


class Code(NamedTuple):
    """A code. `bad` is a file that gets it and no other problem, `good` the file corrected; "" where there is none."""

    code: str
    sentence: str
    explanation: str
    bad: str = ""
    good: str = ""
    severity: str = "error"


def all_codes() -> dict[str, Code]:
    """Every code by its name, errors before warnings."""
    modules = (import_module(f"cnncalc.errors.codes.{group}") for group in GROUPS)
    return {code.code: code for module in modules for code in module.CODES}
