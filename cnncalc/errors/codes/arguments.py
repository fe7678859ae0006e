"""Codes of the arguments of a call."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "missing-argument",
        "A call lacks an argument that has no default.",
        "Arguments without a default must be given, by position or by name. `cnncalc layers conv` shows the signature"
        " of a kind; the signature of a block is its key.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n",
    ),
    Code(
        "unknown-argument",
        "A call has an argument that the kind does not have.",
        "The kind has no argument of this name, or fewer arguments. Names of other tools are recognized, and the help"
        " contains the name here: `kernel_size` is `kernel`, `filters` is `out`; the channels of the input"
        " (`in_channels`) are inferred and not written.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, kernel_size=3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, kernel=3)\n",
    ),
    Code(
        "duplicate-argument",
        "A call has an argument twice.",
        "An argument is given by position and again by name, or twice by name. Arguments by position are in the order"
        " of the signature.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, kernel=5)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 5)\n",
    ),
    Code(
        "bad-argument",
        "An argument has a value that the kind does not allow.",
        "The kind has the argument but does not allow its value: a size below 1, a share above 1, an unknown word, a"
        " number that is not an integer. Nothing is rounded silently: write `round(…)`.",
        "input: [3, 8, 8]\nlayers:\n  - conv(64 * 0.3, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(round(64 * 0.3), 3)\n",
    ),
)
