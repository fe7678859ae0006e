"""Words that are written like layer kinds but are not layers; `spec.expand` implements them."""

from __future__ import annotations

from cnncalc.layers import FAMILIES, LATER_FAMILIES

ROUNDS = "rounds"

# word → its parameters
STRUCTURE_PARAMETERS: dict[str, tuple[str, ...]] = {
    "activation": ("kind",), "identity": (), "outputs": (), "from": ("name",), ROUNDS: ("name",), "reuse": ("name",),
}  # fmt: skip

_SUMMARIES = {
    "activation": "Applies the activation or the block that a parameter names, `activation(act)`.",
    "identity": "Returns its input unchanged; as a branch, the shortcut.",
    "outputs": "Named branches that end in outputs of their own; the main path continues unchanged.",
    "from": "Starts a branch from an earlier output, by its name; `from(cells[0])` from that of one round of a repeat.",
    ROUNDS: "In place of branches, or as one of them: the output of each round of a repeat, `add: rounds(stack)`.",
    "reuse": "Applies an earlier layer, block or chain again, with the same weights.",
}

# word → its signature and one sentence
STRUCTURE_WORDS: dict[str, tuple[str, str]] = {
    word: (f"{word}({', '.join(names)})" if names else word, _SUMMARIES[word])
    for word, names in STRUCTURE_PARAMETERS.items()
}

# kinds that are written with branches
MERGES = tuple(kind for kind, family in FAMILIES.items() if family in ("merge", "products"))
# Those added later; a block of an older file may have the same name.
LATER_MERGES = tuple(kind for kind in MERGES if kind in LATER_FAMILIES)
