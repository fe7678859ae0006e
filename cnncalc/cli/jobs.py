"""Work on many files in several processes, with the results in the order of the files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, TypeVar

from cnncalc.cli import options

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor as _Pool

MANY = 50  # files from which on all cores are used by default: starting a process takes as long as some ten files

Item = TypeVar("Item")
Result = TypeVar("Result")

JOBS_HELP = f"Processes to use (default: one for each core from {MANY} files on, else 1)."
Jobs = Annotated[int | None, options.option("--jobs", "-j", min=1, metavar="N", help=JOBS_HELP)]


def map_in_order(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int | None, *, weight: int = 1
) -> Iterator[Result]:
    """The results of `work`, a function of a module; an item takes as long as `weight` files.

    Where there are no processes, as in a browser, all is done in this one.
    """
    if jobs is None:
        jobs = (os.cpu_count() or 1) if len(items) * weight >= MANY else 1
    jobs = min(jobs, len(items))
    if jobs > 1 and (pool := _make_pool(jobs)) is not None:
        yield from _map_in_pool(pool, work, items, chunk=max(1, min(len(items) // (4 * jobs), 16 // weight)))
    else:
        yield from map(work, items)


def _make_pool(jobs: int) -> _Pool | None:
    try:
        from concurrent.futures import ProcessPoolExecutor

        import_module("cnncalc.reading")  # all work reads architectures; processes that are forked have it then
        return ProcessPoolExecutor(jobs, initializer=_ignore_interrupts)
    except (ImportError, NotImplementedError, OSError):
        return None


def _ignore_interrupts() -> None:
    """Ctrl-C reaches all processes of a terminal; the first of them ends the others."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _map_in_pool(pool: _Pool, work: Callable[[Item], Result], items: Sequence[Item], chunk: int) -> Iterator[Result]:
    futures = [pool.submit(_work_on, work, items[start : start + chunk]) for start in range(0, len(items), chunk)]
    try:
        for future in futures:
            yield from future.result()
    except BaseException:  # a mistake, or Ctrl-C
        from multiprocessing import active_children

        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown()


def _work_on(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return list(map(work, items))
