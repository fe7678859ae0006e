"""The tables of `guide conventions`, made from the rules; `python -m tests.documents` writes them into the page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from cnncalc.conventions import NAMES, named
from cnncalc.conventions.calls import WORKS
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import Count, Rule

TABLES = re.compile(r"(?<=<!-- rules: python -m tests.documents -->\n).*?(?=<!-- end -->)", re.DOTALL)
# The columns of the first table.
USUAL = {
    "conv": "convolution", "transposed_conv": "transposed", "linear": "linear", "batch_norm": "batch norm",
    "relu": "ReLU", "max_pool": "max pool", "softmax": "softmax", "add": "`+`",
}  # fmt: skip
FORMS = {
    "module": "as a module",
    "class": "in a class of the file",
    "function": "as a function",
    "operator": "as an operator",
}


def write_tables() -> str:
    """A table of the usual work, and what each tool counts of all."""
    tools = [named(name) for name in NAMES]
    counting = [tool for tool in tools if tool.per_mac]
    rows = [_row(["counted by", *USUAL.values()]), _row(["---"] * (len(USUAL) + 1))]
    rows += [_row([f"`{tool.name}`", *(_describe_usual(tool, work) for work in USUAL)]) for tool in counting]
    return "\n" + "\n".join(rows) + "\n\n" + "\n".join(line for tool in tools for line in _describe(tool)) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _describe_usual(tool: Convention, work: str) -> str:
    """What is counted of a module, or of an operator, with `*` where it is a mistake."""
    rule = tool.operations.get(work) or tool.operations["batch_norm_folded"]
    counts = rule.counts
    count = counts if isinstance(counts, Count) else counts.get("module", counts.get("operator"))
    return "–" if count is None else count.format() + "\\*" * bool(count.mistake)


def _describe(tool: Convention) -> Iterator[str]:
    """The rules of one tool."""
    version = f" {tool.version}" if tool.version else ""
    yield f"## {tool.title}{version}"
    yield ""
    unit = f", in {tool.unit}, {tool.per_mac} for each multiply-accumulate" if tool.per_mac else ""
    yield f"`{tool.name}`{unit}; [source]({tool.url}). {' '.join(tool.notes)}".rstrip()
    yield ""
    for kind, rules in (("", tool.operations), ("parameters of ", tool.parameters or {})):
        groups: dict[tuple[str, str], list[str]] = defaultdict(list)
        for work, rule in rules.items():
            if work != "unknown":
                groups[_describe_rule(rule), rule.place].append(WORKS[work])
        for (text, place), works in groups.items():
            if text != "0":
                yield f"- {kind}{', '.join(works)}: {text} (`{place}`)"
    if tool.per_mac:
        unknown = [WORKS[work] for work in WORKS if work not in tool.operations and work not in ADDED]
        yield "- nothing: all other work"
        if unknown:
            yield f"- not known: {', '.join(unknown)}"
    yield ""


# Work that only one of the tools has.
ADDED = {"batch_norm_folded", "added_biases", "left_out_factors", "normalization"}


def _describe_rule(rule: Rule) -> str:
    if isinstance(rule.counts, Count):
        return _describe_count(rule.counts)
    by_count: dict[str, list[str]] = defaultdict(list)
    for form, count in rule.counts.items():
        by_count[_describe_count(count)].append(FORMS[form])
    if len(by_count) == 1:
        return next(iter(by_count))
    return "; ".join(f"{text} {' or '.join(forms)}" for text, forms in by_count.items())


def _describe_count(count: Count) -> str:
    return count.format() + (f", a mistake: {count.mistake}" if count.mistake else "")
