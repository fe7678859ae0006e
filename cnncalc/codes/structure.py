"""Codes of the structure: branches, outputs, blocks that call one another, layers applied again."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "recursion": Entry(
        "A block calls itself, or others that call it, and no condition ends it within 100 levels. A block may call"
        " itself under a condition, as fractal networks do.",
        "input: [3, 8, 8]\nblocks:\n  deep(n):\n    - relu\n    - deep(n - 1)\nlayers:\n  - deep(3)\n",
        "input: [3, 8, 8]\nblocks:\n  deep(n):\n    - relu\n    - deep(n - 1) if n > 1\nlayers:\n  - deep(3)\n",
    ),
    "empty-branch": Entry(
        "A branch, a block or a list of layers has nothing in it, or every branch of a merge is switched off. A branch"
        " that passes its input on says so: `identity`. A branch that is there only sometimes has its condition on the"
        " key: `skip if stride == 1: identity`.",
        "input: [3, 8, 8]\nlayers:\n  - add:\n      body: conv(3, 1)\n      skip:\n",
        "input: [3, 8, 8]\nlayers:\n  - add:\n      body: conv(3, 1)\n      skip: identity\n",
    ),
    "reuse-mismatch": Entry(
        "`reuse(a)` applies the layer or block named `a` again with the same weights, so their shapes must come out the"
        " same: as many channels must flow in as the first time. Only one layer or one block can be applied again, not"
        " a chain; write a block of it.",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 1)\n  - reuse(a)\n",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(3, 1)\n  - relu\n  - reuse(a)\n",
    ),
    "idle-branch": Entry(
        "Every item of a branch of `concat` is switched off, so that it passes its input on, and the channels of the"
        " input are added to the others. Where the branch should be absent, its key has the condition.",
        "input: [3, 8, 8]\nparams: {wide: false}\nlayers:\n  - concat:\n      a: relu\n      b: tanh if wide\n",
        "input: [3, 8, 8]\nparams: {wide: false}\nlayers:\n  - concat:\n      a: relu\n      b if wide: tanh\n",
    ),
    "lost-value": Entry(
        "`from` starts anew from an earlier output, and what flowed here before it is read by nothing: those layers do"
        " work that nobody sees.",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 3)\n  - relu\n  - from(a) -> tanh\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n  - tanh\n",
    ),
}
