"""Codes for the document: its keys, the file that it extends, the figures that it expects."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "unknown-key",
        "A key is unknown.",
        "The keys of a file are name, input, layers, blocks, params, expect, source, notes, published, allow, weights"
        " and extends. No key is ignored: an unknown one is usually misspelt. The same is true of the keys under"
        " `expect` and `published`, and of the codes under `allow`.",
        "input: [3, 8, 8]\nlayers:\n  - relu\nnote: my first network\n",
        "input: [3, 8, 8]\nlayers:\n  - relu\nnotes: my first network\n",
    ),
    Code(
        "missing-key",
        "A required key is missing.",
        "A network needs `input`, the shape of its input without a batch, and `layers`. Both may come from the"
        " architecture that the file `extends`.",
        "layers:\n  - conv(4, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n",
    ),
    Code(
        "wrong-form",
        "There is a list, a mapping or a string where another of these is expected.",
        "There is a list, a mapping or a string where the language expects another of these. Layers are written as"
        " calls, `max_pool(2)`, or with all arguments by name, `max_pool: {kernel: 2}`; there is no other form. A comma"
        " inside a call splits a list in brackets: write each item on its own line, or connect them with `->`.",
        "input: [3, 8, 8]\nlayers:\n  - max_pool: 2\n",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(2)\n",
    ),
    Code(
        "extends-missing",
        "The architecture that the file extends cannot be found.",
        "`extends` takes the name of an architecture file, with or without .yaml. It is searched in the folder of the"
        " file, then among the bundled architectures; folders are not allowed. Until it is found, nothing else is"
        " checked.",
        "extends: resnet5O\n",
        "extends: resnet50\n",
    ),
    Code(
        "extends-cycle",
        "An architecture extends itself.",
        "A file extends another, which extends another, and so on back to the first. One of them must have its own"
        " `layers` and extend nothing.",
        "extends: net\n",
        "extends: vgg16\n",
    ),
    Code(
        "unused-param",
        "A param is declared and never used.",
        "`params` are the values of a file that can be overridden, and this one has no effect: no layer and no other"
        " param uses it. In a file that extends another, the name of the other file's param is usually misspelt.",
        "extends: resnet50\nparams: {depth: [3, 4, 23, 3]}\n",
        "extends: resnet50\nparams: {depths: [3, 4, 23, 3]}\n",
    ),
    Code(
        "expect-mismatch",
        "The network differs from what `expect` states.",
        "Under `expect` a file states the published figures of its network, but the network has others. Either the"
        " network differs from the paper's, or the expectation is wrong; the message shows the difference."
        " `parameters` are all learned numbers, biases included; `macs` are those of convolutions and linear layers for"
        " one input.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: 108}\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: 112}\n",
    ),
    Code(
        "reference-missing",
        "The architecture that a condition names cannot be read.",
        "A condition under `expect` can be a share of another architecture's figure, `macs: <= 105% of mobilenet_v2`."
        " The other is a file beside this one or a bundled architecture, at its own input, and has no errors.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: <= 50% of letnet5}\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\nexpect: {parameters: <= 50% of lenet5}\n",
    ),
)
