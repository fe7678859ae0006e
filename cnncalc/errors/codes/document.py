"""Codes of the document: its keys, the file it extends, the figures it expects."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "unknown-key",
        "A key is unknown.",
        "The keys of a file are name, input, layers, blocks, params, expect, source, notes, allow, weights and"
        " extends. No key is ignored: an unknown one is most often misspelt. The same holds for the keys of `expect`"
        " and for the codes under `allow`.",
        "input: [3, 8, 8]\nlayers:\n  - relu\nnote: my first network\n",
        "input: [3, 8, 8]\nlayers:\n  - relu\nnotes: my first network\n",
    ),
    Code(
        "missing-key",
        "The file lacks a key it needs.",
        "A network needs `input`, the shape of its input without a batch, and `layers`. Both may come from the"
        " architecture that the file `extends`.",
        "layers:\n  - conv(4, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n",
    ),
    Code(
        "wrong-form",
        "A list, a mapping or a string is found where another of them is expected.",
        "A list, a mapping or a string is found where the language expects another of them. Layers are written as"
        " calls, `max_pool(2)`, or with all arguments by name, `max_pool: {kernel: 2}`; there is no third way. A comma"
        " inside a call splits a list in brackets: write each item on its own line, or join them with `->`.",
        "input: [3, 8, 8]\nlayers:\n  - max_pool: 2\n",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(2)\n",
    ),
    Code(
        "extends-missing",
        "The architecture that the file extends cannot be found.",
        "`extends` takes the name of an architecture file, with or without .yaml. It is searched beside the file, then"
        " among the bundled architectures; folders are not allowed. Until it is found, nothing else is checked.",
        "extends: resnet5O\n",
        "extends: resnet50\n",
    ),
    Code(
        "extends-cycle",
        "An architecture extends itself.",
        "A file extends another, which extends another, and so on back to the first. One of them must have `layers` of"
        " its own and extend nothing.",
        "extends: net\n",
        "extends: vgg16\n",
    ),
    Code(
        "unused-param",
        "A param is declared and never used.",
        "`params` are the values of a file that can be overridden, and this one has no effect: no layer and no other"
        " param uses it. In a file that extends another, most often the name of the other file's param is misspelt.",
        "extends: resnet50\nparams: {depth: [3, 4, 23, 3]}\n",
        "extends: resnet50\nparams: {depths: [3, 4, 23, 3]}\n",
    ),
    Code(
        "expect-mismatch",
        "The network differs from what `expect` states.",
        "Under `expect` a file states the published figures of its network, and the network has others. Either the"
        " network differs from the paper's, or the expectation is wrong; the message shows the difference."
        " `parameters` are all learned numbers, biases included; `macs` those of convolutions and linear layers for"
        " one input.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: 108}\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: 112}\n",
    ),
)
