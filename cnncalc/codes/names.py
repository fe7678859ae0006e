"""Codes of names: those given, and those that nothing stands behind."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "bad-name": Entry(
        "Names are letters, digits and `_`, and no number. A param, a parameter or an output cannot be called like a"
        " word of the language (`same`, `input`, `index`, `min`, …), and an output not like the path that an unnamed"
        " layer gets, `conv1`: the two could not be told apart.",
        "input: [3, 8, 8]\nlayers:\n  - conv1 = conv(4, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - stem = conv(4, 3)\n",
    ),
    "duplicate-name": Entry(
        "Within one block a name is given once: to a parameter, an output or a branch. Two blocks of a file cannot"
        " have the same name either; in a file that `extends` another, a block takes the place of the other's.",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 3)\n  - a = relu\n",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 3)\n  - b = relu\n",
    ),
    "unknown-kind": Entry(
        "No built-in layer and no block of this file is called so. Kinds are written in lower case with `_`, and the"
        " number of dimensions is no part of them: `conv` is 1-, 2- or 3-dimensional by what flows in. `cnncalc"
        " layers` lists them all.",
        "input: [3, 8, 8]\nlayers:\n  - MaxPool2d(2)\n",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(2)\n",
    ),
    "unknown-name": Entry(
        "A bare name is a parameter of the block, an earlier output of it, one of the file's params, or a word. It is"
        " never taken for a string. A block does not see its caller's outputs: they are handed to it as arguments."
        " `index` is there only inside a repeat, and does not reach into a called block.",
        "input: [3, 8, 8]\nparams: {classes: 10}\nlayers:\n  - flatten -> linear(clases)\n",
        "input: [3, 8, 8]\nparams: {classes: 10}\nlayers:\n  - flatten -> linear(classes)\n",
    ),
    "unused-block": Entry(
        "A block is declared and nothing calls it: it is left over, or the call in which it should stand is missing.",
        "input: [3, 8, 8]\nblocks:\n  unit(out):\n    - conv(out, 3) -> relu\nlayers:\n  - conv(4, 3) -> relu\n",
        "input: [3, 8, 8]\nblocks:\n  unit(out):\n    - conv(out, 3) -> relu\nlayers:\n  - unit(4)\n",
    ),
    "unread-output": Entry(
        "Some outputs here are read by `from`, `reuse` or a block, and this one is not: perhaps another was read in its"
        " place. Where no output of a block is read, names are taken as names for the paths, and nothing is said.",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(3, 1)\n  - b = relu\n  - add: [from(a), identity]\n",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(3, 1)\n  - relu\n  - add: [from(a), identity]\n",
    ),
    "shadows-kind": Entry(
        "A block has the name of a built-in kind. The block wins, so that a new kind in a later version breaks no file;"
        " but a reader will take it for the built-in. Call it otherwise.",
        "input: [3, 8, 8]\nblocks:\n  pad(out):\n    - conv(out, 1)\nlayers:\n  - pad(4)\n",
        "input: [3, 8, 8]\nblocks:\n  pad_by_conv(out):\n    - conv(out, 1)\nlayers:\n  - pad_by_conv(4)\n",
    ),
}
