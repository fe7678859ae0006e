"""ARCH, as every command reads it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.network import Network
    from cnncalc.review import Review


def read(
    arch: str, input: str | None = None, settings: Sequence[str] | None = None, *, promises: bool = False
) -> "Review":
    """Read an architecture and look it over; `promises` says whether `expect` is checked."""
    from cnncalc.review import review

    return review(arch, input=input, settings=settings or (), promises=promises)


def whole(arch: str, input: str | None = None, settings: Sequence[str] | None = None) -> "Network":
    """The network of an architecture or of a chain of layers. Raises SpecError, with the repairs that were tried."""
    from cnncalc.errors import SpecError, UsageError
    from cnncalc.review import review_loaded
    from cnncalc.spec.chain import is_chain, open_chain
    from cnncalc.spec.load import open_architecture

    if is_chain(arch) and settings:
        raise UsageError("--set turns a param of a file, and a chain of layers has none")
    if is_chain(arch):
        found = review_loaded(open_chain(arch, input))
    else:
        loaded = open_architecture(arch, input=input, settings=settings or ())
        found = review_loaded(loaded, input=input, settings=settings or (), promises=False)
    if found.failed or found.network is None:
        raise SpecError([problem for problem in found.problems if problem.severity == "error"])
    return found.network
