"""How a convention counts a call: sums of quantities, e.g. `M + B` or `2 * I`, written as the tables write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from cnncalc.conventions.calls import PRODUCTS, WORKS, Call, Form
from cnncalc.records import NamedTuple


class Quantity(NamedTuple):
    """A number that a call has. `noun` is what there are so many of."""

    symbol: str
    noun: str
    measure: Callable[[Call], int]


class Count:
    """A sum of quantities with factors.

    `mistake` is what is wrong with it, "" where nothing is; `how` says it in words, where ledgers have one line for it
    and there is no mistake to name.

    >>> (M + 2 * B).format()
    'M + 2 B'
    """

    def __init__(self, *terms: tuple[int, Quantity], mistake: str = "", how: str = "") -> None:
        self.terms = terms
        self.mistake = mistake
        self.how = how or ("not counted" if not terms else "" if mistake else f"counted as {self.format()}")

    def __add__(self, other: Count) -> Count:
        return Count(*self.terms, *other.terms)

    def __rmul__(self, factor: int) -> Count:
        return Count(*((factor * each, quantity) for each, quantity in self.terms))

    def measure(self, call: Call) -> int:
        """The number for a call."""
        return sum(factor * quantity.measure(call) for factor, quantity in self.terms)

    def factor_of(self, quantity: Quantity) -> int:
        """The factor of a quantity."""
        return sum(factor for factor, each in self.terms if each is quantity)

    def format(self) -> str:
        """The sum as text."""
        return " + ".join(f"{factor} {q.symbol}" if factor != 1 else q.symbol for factor, q in self.terms) or "0"


def quantity(symbol: str, noun: str, measure: Callable[[Call], int]) -> Count:
    """A quantity, as a sum of its own."""
    return Count((1, Quantity(symbol, noun, measure)))


def wrong(count: Count, mistake: str) -> Count:
    """A count that is a mistake of the tool, which ledgers name."""
    return Count(*count.terms, mistake=mistake)


MACS = Quantity("M", "multiply-accumulates", lambda call: call.macs)
M = Count((1, MACS))
B = quantity("B", "outputs with a bias", lambda call: call.elements if call.bias else 0)
I = quantity("i", "input elements", lambda call: call.input_elements)  # noqa: E741
O = quantity("o", "output elements", lambda call: call.elements)  # noqa: E741
I2 = quantity("i (2-D)", "input elements", lambda call: call.input_elements if len(call.output) == 3 else 0)
O2 = quantity("o (2-D)", "output elements", lambda call: call.elements if len(call.output) == 3 else 0)
P = quantity("P", "parameters", lambda call: call.parameters)
W = quantity("P", "weights", lambda call: call.weights)
C = quantity("C", "channels", lambda call: call.output[0])
K = quantity("o K", "elements of windows", lambda call: call.elements * prod(call.kernel))
# `F.local_response_norm` averages a copy that is padded by size − 1 channels.
LRN_PADDED = quantity(
    "i'",
    "padded input elements",
    lambda call: call.elements // call.output[0] * (call.output[0] + (call.amount or 1) - 1),
)
# Of a product of matrices, by the first one: without a batch that only the second one has.
LEFT = quantity("i C", "multiply-accumulates", lambda call: call.input_elements * call.output[-1])
NOTHING = Count()
# Parameters: each array once, at the first call of its module.
COUNTED_HERE = Quantity("P", "parameters", lambda call: 0 if call.shared else call.parameters)
OWN = Count((1, COUNTED_HERE))
BUFFERS = quantity("buffers", "buffers", lambda call: 0 if call.shared else call.buffers)
# A transposed convolution, by each output position as if it were a convolution.
BY_OUTPUT = quantity(
    "o K C_in/G",
    "products, if the kernel were applied at each output position",
    lambda call: call.elements * prod(call.kernel) * (call.inputs[0][0] // call.groups),
)

Forms = Mapping[Form, Count]


class Rule(NamedTuple):
    """How a convention counts one kind of work, for all forms or by form, and where its source says so.

    A form without a count is not known.
    """

    counts: Count | Forms
    place: str

    def count_of(self, call: Call) -> Count | None:
        """The count for a call; None if it is not known."""
        return self.counts if isinstance(self.counts, Count) else self.counts.get(call.form)  # type: ignore[call-overload]


Rules = Mapping[str, Rule]


def at(place: str, **counts: Count | Forms) -> dict[str, Rule]:
    """Rules by their kinds of work that one place of the source gives."""
    return {work: Rule(count, place) for work, count in counts.items()}


def same(place: str, count: Count | Forms, *works: str) -> dict[str, Rule]:
    """The same rule for several kinds of work."""
    return {work: Rule(count, place) for work in works}


def ignored(place: str, mistake: str, *fails: str) -> dict[str, Rule]:
    """Rules of a tool that counts nothing where it has no rule; `mistake` says why, where there are products.

    It `fails` on some work, which is not known.
    """
    return {
        work: Rule(wrong(NOTHING, mistake) if work in PRODUCTS else NOTHING, place)
        for work in WORKS
        if work not in ("unknown", *fails)
    }


NORMS = ("batch_norm", "layer_norm", "group_norm", "instance_norm")


def norms(
    place: str,
    affine: Count | Forms,
    shift: Count | Forms | None = None,
    plain: Count | Forms | None = None,
    kinds: Sequence[str] = NORMS,
) -> dict[str, Rule]:
    """Rules for norms with a factor, with a summand only, and with neither; by default all the same."""
    variants = (("", affine), ("_shift", shift or affine), ("_plain", plain or affine))
    return {f"{kind}{variant}": Rule(count, place) for kind in kinds for variant, count in variants}
