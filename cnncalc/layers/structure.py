"""Words that stand where a layer kind may stand and are no layers: the expander of architecture files sees to them."""

from __future__ import annotations

ROUNDS = "rounds"

# name → its signature and one sentence
STRUCTURE_WORDS: dict[str, tuple[str, str]] = {
    "activation": ("activation(kind)", "The layer kind that a parameter names, `activation(act)`."),
    "identity": ("identity", "Passes on what flows in; as a branch, the shortcut."),
    "outputs": ("outputs", "Named branches that end in outputs of their own, while the flow goes on unchanged."),
    "from": ("from(name)", "Starts a branch from an earlier output, by its name."),
    ROUNDS: ("rounds(name)", "In place of a merge's branches: what each round of a repeat gave, `add: rounds(stack)`."),
    "reuse": ("reuse(name)", "Applies an earlier layer or block again, with the same weights."),
}

MERGES = ("add", "multiply", "concat")  # layer kinds that are written with branches
