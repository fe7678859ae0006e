"""Codes of the document: its keys, what it extends, what it promises."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "unknown-key": Entry(
        "A document has the keys name, input, layers, blocks, params, expect, source, notes, allow, weights and"
        " extends. No key is ignored: one that is not known is most often misspelt. The same holds for the keys of"
        " `expect` and for the codes under `allow`.",
        "input: [3, 8, 8]\nlayers:\n  - relu\nnote: my first network\n",
        "input: [3, 8, 8]\nlayers:\n  - relu\nnotes: my first network\n",
    ),
    "missing-key": Entry(
        "A network needs `input`, the shape of what flows in without a batch, and `layers`. Both may come from the"
        " architecture that the file `extends`.",
        "layers:\n  - conv(4, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n",
    ),
    "wrong-form": Entry(
        "A list, a mapping or a text stands where the language wants another of them. Layers are written as calls,"
        " `max_pool(2)`, or with all arguments by name, `max_pool: {kernel: 2}`; there is no third way. A comma inside"
        " a call splits a list in brackets: write each item on its own line, or join them with `->`.",
        "input: [3, 8, 8]\nlayers:\n  - max_pool: 2\n",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(2)\n",
    ),
    "extends-missing": Entry(
        "`extends` names an architecture by its file's name, with or without .yaml. It is looked up beside the file,"
        " then among the bundled ones; folders cannot be named. As long as it is not found, nothing more is checked.",
        "extends: resnet5O\n",
        "extends: resnet50\n",
    ),
    "extends-cycle": Entry(
        "A file extends another, which extends another, and in the end the first: there is no beginning. One of them"
        " must have `layers` of its own and extend nothing.",
        "extends: net\n",
        "extends: vgg16\n",
    ),
    "expect-mismatch": Entry(
        "Under `expect` a file carries the numbers that are published for it, and the network has others. Either the"
        " network differs from the paper's, or the promise is wrong: the program cannot know which, and says by how"
        " much they differ. `parameters` are all learned numbers, biases included; `macs` those of convolutions and"
        " linear layers for one input.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: 108}\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: 112}\n",
    ),
    "unused-param": Entry(
        "`params` are the knobs of a file, and this one turns nothing: no layer and no other param reads it. In a file"
        " that extends another it is most often a param of the other, misspelt.",
        "extends: resnet50\nparams: {depth: [3, 4, 23, 3]}\n",
        "extends: resnet50\nparams: {depths: [3, 4, 23, 3]}\n",
    ),
    "unused-allow": Entry(
        "The file allows a warning that does not occur, or no longer does. A reason that silences nothing will one day"
        " silence something that should be seen.",
        "input: [3, 8, 8]\nallow: {unseen-edge: as published}\nlayers:\n  - max_pool(2)\n",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(2)\n",
    ),
}
