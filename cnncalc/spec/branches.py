"""The branches of a merge that have names of its own, as those of `attention`."""

from __future__ import annotations

from cnncalc.errors import Mistake
from cnncalc.layers import kind_class
from cnncalc.spec.repairs import rename
from cnncalc.spec.scope import Flow
from cnncalc.spec.tree import Branch, Merge


def order_branches(merge: Merge, present: list[tuple[Branch, Flow]]) -> list[tuple[Branch, Flow]]:
    """The branches of a merge, in the order of their names where it knows these. Raises Mistake for another name."""
    names = kind_class(merge.word).branch_names
    if not names or all(branch.label.isdigit() for branch, _ in present):
        return present
    for branch, _ in present:
        if branch.label not in names:
            listed = ", ".join(f"`{name}`" for name in names)
            message = f"the branches of `{merge.word}` are {listed}, found `{branch.label}`"
            raise Mistake("wrong-form", message, branch.span, "", *rename(branch.span, branch.label, names))
    return sorted(present, key=lambda each: names.index(each[0].label))
