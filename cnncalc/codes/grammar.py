"""Codes of the grammar: calls, chains, and the values of expressions."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "syntax": Entry(
        "A layer is a call, `conv(64, 3, stride=2)`; layers follow one another with `->`; `* 3` repeats; words stand"
        " without quotes, lists in brackets, `==` compares and `=` names. The mark stands where the text stops making"
        " sense, which may be a little behind the mistake.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding='same')\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding=same)\n",
    ),
    "ambiguous-if": Entry(
        "In `a -> b if c` the condition could be meant for `b` alone or for the whole chain. Parentheses say which.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> relu if channels == 4 -> tanh\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> (relu if channels == 4) -> tanh\n",
    ),
    "bad-value": Entry(
        "An expression has no value, or one of the wrong type: a division by zero, an element beyond a list's end, a"
        " number where a condition stands. Nothing is true or false but a comparison, `true` and `false`.",
        "input: [3, 8, 8]\nlayers:\n  - relu if channels\n",
        "input: [3, 8, 8]\nlayers:\n  - relu if channels != 0\n",
    ),
    "bad-count": Entry(
        "The number behind `*` says how often an item is repeated: a whole number, 0 or more. With 0 it is left out.",
        "input: [3, 8, 8]\nlayers:\n  - relu * 1.5\n",
        "input: [3, 8, 8]\nlayers:\n  - relu * 2\n",
    ),
}
