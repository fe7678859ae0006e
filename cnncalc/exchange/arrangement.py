"""How the axes of a tensor lie on the axes of a layer's output: views and permutations as data.

Each dimension of a tensor of the source is a tuple of atoms, from the outermost to the innermost; an atom is a range of
positions of one axis of the layer's output. [N, C, H, W] is ((N), (C), (H), (W)); after `permute(0, 2, 3, 1)` and
`reshape(N, H·W, C)` it is ((N), (H, W), (C)), and no layer was needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import TypeVar

from cnncalc.errors import CnncalcError
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

BATCH = -1  # in place of an axis
T = TypeVar("T")


class Atom(NamedTuple):
    """`size` positions of an axis, `stride` apart; the whole axis where the stride is 1 and the size the axis's."""

    axis: int
    stride: int
    size: int


Dim = tuple[Atom, ...]
Dims = tuple[Dim, ...]


class Refusal(CnncalcError):
    """What the source does has no layer kind, or cannot be said in the language: the reason, as a clause."""


class Malformed(Refusal):
    """A node of a file holds values that nothing expects there. No file that its format allows ends in this."""


def guarded(read: Callable[..., T], *args: object, whose: str = "its attributes") -> T:
    """What `read` makes of one node of a file. Raises Malformed where it fails with an error of Python's.

    The last net under the checks of single values: a file from outside may hold anything.
    """
    try:
        return read(*args)
    except (TypeError, LookupError, ValueError, AttributeError, ArithmeticError) as error:
        raise Malformed(f"{whose} cannot be read") from error


def join(atoms: Iterable[Atom]) -> Dim:
    """The same positions in as few atoms as possible.

    >>> join([Atom(0, 4, 2), Atom(0, 1, 4), Atom(1, 1, 1)])
    (Atom(axis=0, stride=1, size=8),)
    """
    found: list[Atom] = []
    for atom in atoms:
        if atom.size == 1:
            continue
        last = found[-1] if found else None
        if last and last.axis == atom.axis and last.stride == atom.stride * atom.size:
            found[-1] = Atom(atom.axis, atom.stride, last.size * atom.size)
        else:
            found.append(atom)
    return tuple(found)


def count(dim: Dim) -> int:
    """The positions of a dimension."""
    return prod(atom.size for atom in dim)


def whole_axes(shape: Shape, batch: int) -> Dims:
    """The arrangement of [batch, *shape], axis by axis."""
    return (join([Atom(BATCH, 1, batch)]), *(join([Atom(axis, 1, size)]) for axis, size in enumerate(shape)))


def regroup(dims: Dims, sizes: Sequence[int]) -> Dims:
    """The dimensions of a view of other sizes. Raises Refusal where a size cuts across an axis.

    >>> regroup(whole_axes((6, 5), 1), (1, 2, 3, 5))
    ((), (Atom(axis=0, stride=3, size=2),), (Atom(axis=0, stride=1, size=3),), (Atom(axis=1, stride=1, size=5),))
    """
    left = list(join(atom for dim in dims for atom in dim))[::-1]
    found: list[Dim] = []
    for size in sizes:
        dim: list[Atom] = []
        need = size
        while need > 1:
            if not left:
                raise Refusal(f"a view has more elements than its tensor: {list(sizes)}")
            axis, stride, many = left.pop()
            if need % many == 0:
                dim.append(Atom(axis, stride, many))
                need //= many
            elif many % need == 0:
                if axis == BATCH:
                    raise Refusal("a view mixes the examples of a batch with other axes")
                dim.append(Atom(axis, stride * (many // need), need))
                left.append(Atom(axis, stride, many // need))
                need = 1
            else:
                raise Refusal(f"a view cuts across an axis: {many} into {size}")
        found.append(join(dim))
    if left:
        raise Refusal(f"a view has fewer elements than its tensor: {list(sizes)}")
    return tuple(found)


def is_cut_evenly(dims: Dims, sizes: Sequence[int]) -> bool:
    """Whether a view of these sizes is an arrangement of the same axes."""
    try:
        regroup(dims, sizes)
    except Refusal:
        return False
    return True


def parts_of_axes(atoms: Sequence[Atom], shape: Shape) -> list[list[Atom]]:
    """For each axis the atoms on it, from the outermost to the innermost. Raises Refusal where they leave gaps."""
    found = []
    for axis, size in enumerate(shape):
        parts = sorted((atom for atom in atoms if atom.axis == axis), key=lambda atom: -atom.stride)
        inner = [*(part.stride for part in parts), 1]
        if prod(part.size for part in parts) != size or any(
            part.stride != next_stride * next_size
            for part, next_stride, next_size in zip(parts, inner[1:], [part.size for part in parts[1:]], strict=False)
        ):
            raise Refusal("a view takes some positions of an axis only")
        found.append(parts)
    return found
