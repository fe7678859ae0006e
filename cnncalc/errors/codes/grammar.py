"""Codes for the grammar: calls, chains, and the values of expressions."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "syntax",
        "A call, a chain or an expression does not follow the grammar.",
        "A layer is a call, `conv(64, 3, stride=2)`; layers are connected with `->`; `* 3` repeats. Words have no"
        " quotes, lists are written in brackets, `==` compares and `=` names. The reported position is the first"
        " character that does not fit, which may be a little after the mistake.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding='same')\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding=same)\n",
    ),
    Code(
        "ambiguous-if",
        "An item with `if` inside a chain has no parentheses.",
        "In `a -> b if c` the condition could apply to `b` only or to the whole chain. Parentheses make it clear.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> relu if channels == 4 -> tanh\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> (relu if channels == 4) -> tanh\n",
    ),
    Code(
        "bad-value",
        "An expression cannot be evaluated, or has a value of the wrong type.",
        "An expression has no value, or one of the wrong type: a division by zero, an index beyond the end of a list,"
        " a number in place of a condition. Only comparisons, `true` and `false` are conditions.",
        "input: [3, 8, 8]\nlayers:\n  - relu if channels\n",
        "input: [3, 8, 8]\nlayers:\n  - relu if channels != 0\n",
    ),
    Code(
        "bad-count",
        "A repeat count is not an integer of 0 or more.",
        "The number after `*` says how often an item is repeated: an integer, 0 or more. With 0 the item is omitted.",
        "input: [3, 8, 8]\nlayers:\n  - relu * 1.5\n",
        "input: [3, 8, 8]\nlayers:\n  - relu * 2\n",
    ),
)
