"""Finding the one path that a user means: the path itself, a unique ending of it, or a unique pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cnncalc.errors import UsageError
from cnncalc.nearest import did_you_mean

FormerPaths = Callable[[], Mapping[str, Sequence[str]]]
MOST_TOLD = 5  # of the paths among which a choice is not clear


class PathError(UsageError):
    """No path, or more than one, is meant. `help` names those that may be."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message}; {help}" if help else message)
        self.message = message
        self.help = help


def find_path(wanted: str, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict) -> str:
    """The path that is meant. Raises PathError; for one of the `former` paths it names those of today.

    >>> paths = ["stem.conv1", "conv2_x.0.conv1", "conv2_x.1.conv1", "conv2_x.1.relu1"]
    >>> find_path("stem.conv1", paths), find_path("relu1", paths), find_path("*.0.*", paths)
    ('stem.conv1', 'conv2_x.1.relu1', 'conv2_x.0.conv1')
    """
    known = list(paths)
    if wanted in known:
        return wanted
    found = [path for path in known if path.endswith("." + wanted)] or _matching(wanted, known)
    if len(found) == 1:
        return found[0]
    if found:
        raise PathError(f"{wanted!r} can be {_listed(found)}", "write more of the path")
    changed = former()
    old = [wanted] if wanted in changed else [path for path in changed if path.endswith("." + wanted)]
    today = list(dict.fromkeys(path for old_path in old or _matching(wanted, changed) for path in changed[old_path]))
    if today:
        raise PathError(f"there is no {what} {wanted!r}", f"the path has changed: it is now {_listed(today)}")
    hint = did_you_mean(wanted, known) or did_you_mean(wanted, dict.fromkeys(_endings(known)))
    raise PathError(f"there is no {what} {wanted!r}", hint or "`cnncalc summary` shows the paths")


def find_paths(wanted: str, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict) -> list[str]:
    """All that are meant: a layer, the layers of a group, or all that an ending or a pattern of these fits.

    >>> paths = ["conv1", "stage.0.conv1", "stage.1.conv1", "stage.1.relu1"]
    >>> find_paths("stage.1", paths), find_paths("*.conv1", paths), find_paths("relu1", paths)
    (['stage.1.conv1', 'stage.1.relu1'], ['stage.0.conv1', 'stage.1.conv1'], ['stage.1.relu1'])
    >>> find_paths("conv1", paths), find_paths("1", paths), find_paths("0.conv?", paths)
    (['conv1'], ['stage.1.conv1', 'stage.1.relu1'], ['stage.0.conv1'])
    """
    known = list(paths)
    if wanted in known:
        return [wanted]
    return (
        [path for path in known if path.startswith(wanted + ".")]
        or [path for path in known if f".{wanted}." in f".{path}."]
        or _matching(wanted, known)
        or _matching(wanted + ".*", known)
        or [find_path(wanted, [*known, *_groups(known)], what=what, former=former)]  # no group: a hint may name one
    )


def _listed(paths: Sequence[str]) -> str:
    """The paths, the first few of many."""
    more = f" and {len(paths) - MOST_TOLD} more" if len(paths) > MOST_TOLD else ""
    return ", ".join(paths[:MOST_TOLD]) + more


def _matching(pattern: str, paths: Iterable[str]) -> list[str]:
    if not set(pattern) & set("*?["):
        return []
    from fnmatch import fnmatchcase  # only where a pattern is given

    return [path for path in paths if fnmatchcase(path, pattern) or fnmatchcase(path, "*." + pattern)]


def _groups(paths: Iterable[str]) -> Iterable[str]:
    """The paths of what holds these."""
    return dict.fromkeys(
        ".".join(parts[:end]) for parts in (path.split(".") for path in paths) for end in range(1, len(parts))
    )


def _endings(paths: list[str]) -> Iterable[str]:
    return (path.rpartition(".")[2] for path in paths)
