"""Codes for names: those that are defined, and those that are used."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "bad-name",
        "A name is not allowed.",
        "Names consist of letters, digits and `_`, and are not numbers. A param, a parameter or an output cannot have"
        " the name of a reserved word (`same`, `input`, `index`, `min`, …), and an output cannot have a name like the"
        " path of an unnamed layer, `conv1`: the two could not be distinguished.",
        "input: [3, 8, 8]\nlayers:\n  - conv1 = conv(4, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - stem = conv(4, 3)\n",
    ),
    Code(
        "duplicate-name",
        "A name is defined twice in one block.",
        "Within one block no two parameters, outputs or branches have the same name. Two blocks of a file cannot have"
        " the same name either; in a file that `extends` another, a block replaces the other's.",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 3)\n  - a = relu\n",
        "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 3)\n  - b = relu\n",
    ),
    Code(
        "unknown-kind",
        "No layer kind and no block has this name.",
        "No built-in layer and no block of this file has this name. Kinds are written in lower case with `_`, without"
        " the number of dimensions: `conv` is 1-, 2- or 3-dimensional, like its input. `cnncalc layers` lists all"
        " kinds.",
        "input: [3, 8, 8]\nlayers:\n  - MaxPool2d(2)\n",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(2)\n",
    ),
    Code(
        "unknown-name",
        "No parameter, output, param or word has this name.",
        "A bare name is a parameter of the block, an earlier output in it, one of the file's params, or a word; it is"
        " never a string. A block does not see the outputs of its caller: pass them as arguments. `index` is only"
        " defined inside a repeat, and not in a block that is called there.",
        "input: [3, 8, 8]\nparams: {classes: 10}\nlayers:\n  - flatten -> linear(clases)\n",
        "input: [3, 8, 8]\nparams: {classes: 10}\nlayers:\n  - flatten -> linear(classes)\n",
    ),
)
