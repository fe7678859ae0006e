"""ARCH, as every command reads it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.review import Review


def read(
    arch: str, input: str | None = None, settings: Sequence[str] | None = None, *, promises: bool = False
) -> "Review":
    """Read an architecture and look it over; `promises` says whether `expect` is checked."""
    from cnncalc.review import review

    return review(arch, input=input, settings=settings or (), promises=promises)
