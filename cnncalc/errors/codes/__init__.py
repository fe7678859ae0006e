"""The catalogue of codes: the severity of each, a sentence, an explanation, a file with the problem, and it corrected.

There is a module for each group; `warnings` has all warnings, the others have errors. The texts are loaded by `cnncalc
codes` and for the schema; a problem only needs to know whether its code is a warning. Tests run every example.
"""

from __future__ import annotations

from importlib import import_module

from cnncalc.records import NamedTuple

GROUPS = ("reading", "document", "grammar", "names", "arguments", "structure", "shapes", "warnings")


class Code(NamedTuple):
    """A code. `bad` is a file with this problem and no other, `good` the corrected file; "" if there is none."""

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
