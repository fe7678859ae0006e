"""Codes of a call's arguments."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "missing-argument": Entry(
        "Arguments without a default must be given, by position or by name. `cnncalc layers conv` shows the signature"
        " of a kind; a block's stands in its key.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n",
    ),
    "unknown-argument": Entry(
        "The kind has no argument of this name, or not so many. Names of other tools are known and answered with ours:"
        " `kernel_size` is `kernel`, `filters` is `out`; what flows in (`in_channels`) is known and not written.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, kernel_size=3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, kernel=3)\n",
    ),
    "duplicate-argument": Entry(
        "An argument is given by position and again by name, or by name twice. Positions go in the signature's order.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, kernel=5)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 5)\n",
    ),
    "bad-argument": Entry(
        "The argument is there, but its value is not one that it can take: a size below 1, a share above 1, a word that"
        " it does not know, a number that is not whole. Nothing is rounded silently: write `round(…)`.",
        "input: [3, 8, 8]\nlayers:\n  - conv(64 * 0.3, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(round(64 * 0.3), 3)\n",
    ),
}
