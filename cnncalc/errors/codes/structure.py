"""Codes for the structure: branches, blocks that call one another, layers that are reused."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "no-tensor",
        "A layer has no input because none of the network's inputs is chosen yet.",
        "If `input` names several inputs, none of them is the current tensor: the first item must be `from(NAME)`, or a"
        " merge whose branches begin with it.",
        "input: {a: [3, 8, 8], b: [3, 8, 8]}\nlayers:\n  - relu\n  - add: [identity, from(b)]\n",
        "input: {a: [3, 8, 8], b: [3, 8, 8]}\nlayers:\n  - from(a) -> relu\n  - add: [identity, from(b)]\n",
    ),
    Code(
        "recursion",
        "Blocks call one another without end.",
        "A block calls itself, or others that call it, and no condition ends it within 100 levels. A block may call"
        " itself under a condition, as fractal networks do.",
        "input: [3, 8, 8]\nblocks:\n  deep(n):\n    - relu\n    - deep(n - 1)\nlayers:\n  - deep(3)\n",
        "input: [3, 8, 8]\nblocks:\n  deep(n):\n    - relu\n    - deep(n - 1) if n > 1\nlayers:\n  - deep(3)\n",
    ),
    Code(
        "empty-branch",
        "A branch, a block or a merge is empty.",
        "A branch, a block or a list of layers has no items, or every branch of a merge is switched off. A branch that"
        " returns its input unchanged is written `identity`. An optional branch has its condition in the key:"
        " `skip if stride == 1: identity`.",
        "input: [3, 8, 8]\nlayers:\n  - add:\n      body: conv(3, 1)\n      skip:\n",
        "input: [3, 8, 8]\nlayers:\n  - add:\n      body: conv(3, 1)\n      skip: identity\n",
    ),
    Code(
        "reuse-mismatch",
        "A layer cannot be reused with the same weights.",
        "`reuse(a)` applies the layer or block named `a` again with the same weights, so these must have the same"
        " shapes: the input must have as many channels as the first time. Only a single layer or block, except for a"
        " `from` before it, can be reused; declare a chain as a block.",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 1)\n  - reuse(a)\n",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(3, 1)\n  - relu\n  - reuse(a)\n",
    ),
)
