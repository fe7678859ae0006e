"""The result of `calc --want`."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc import limits
from cnncalc.analysis.wanted import Answer, Search
from cnncalc.layers.arguments import format_value
from cnncalc.render.columns import join
from cnncalc.render.document import Block, make_paragraph


def answer_wanted(found: Search) -> Iterator[Block]:
    """The arguments that give the wanted sizes, or why none do."""
    many = len(found.layers) > 1
    if found.answers:
        yield make_paragraph(f"{join(found.wanted)} is the output with", "head")
        for answer in found.answers[: limits.WANTED_SHOWN]:
            yield make_paragraph("  " + _format_settings(answer, many), indent=4)
        if len(found.answers) > limits.WANTED_SHOWN:
            yield make_paragraph(f"  and {len(found.answers) - limits.WANTED_SHOWN} more", "faint")
        return
    yield make_paragraph(f"no value tried gives {join(found.wanted)}", "head")
    for reason in _explain_failure(found, many):
        yield make_paragraph("  " + reason, indent=4)


def _explain_failure(found: Search, many: bool) -> Iterator[str]:
    if not found.layers:
        yield "no layer has the arguments that are free"
    for answer in found.nearest:
        yield f"{_format_settings(answer, many)} gives {join(answer.sizes)}"
    if len(found.nearest) == 2:
        yield "and there is nothing between the two"
    elif found.nearest:
        more = sum(found.nearest[0].sizes) > sum(found.wanted)
        yield f"and every other value gives {'as much or more' if more else 'as little or less'}"
    if found.refused:
        yield f"other values are not valid: {found.refused}"


def _format_settings(answer: Answer, many: bool) -> str:
    text = ", ".join(f"{name}={format_value(value)}" for name, value in answer.settings)
    each = "each of " if len(answer.paths) > 1 else ""
    return f"{each}{answer.path}: {text}" if many else text


def dump_wanted(found: Search) -> str:
    """The answers as JSON."""
    from cnncalc.render.json import FORMAT, dump

    return dump({
        "format": FORMAT,
        "wanted": found.wanted,
        "answers": [_record(answer) for answer in found.answers],
        "nearest": [_record(answer) for answer in found.nearest],
    })  # fmt: skip


def _record(answer: Answer) -> dict[str, object]:
    return {"path": answer.path, "paths": answer.paths, "settings": dict(answer.settings), "sizes": answer.sizes}
