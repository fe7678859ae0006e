"""Finding the one path that a user means: the path itself, a unique ending of it, or a unique pattern."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from cnncalc import limits
from cnncalc.errors import UsageError
from cnncalc.nearest import did_you_mean

FormerPaths = Callable[[], Mapping[str, Sequence[str]]]
Outputs = Mapping[str, str]
NONE: Outputs = {}


class PathError(UsageError):
    """No path, or more than one, is meant. `help` names those that may be."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message}; {help}" if help else message)
        self.message = message
        self.help = help


class PathFinder:
    """Finds one path after another among many: what a search needs is made once."""

    def __init__(self, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict) -> None:
        self.places = {path: place for place, path in enumerate(paths)}
        self.what = what
        self.former = former
        self.patterns = 0

    def find(self, wanted: str) -> str:
        """The path that is meant. Raises PathError; for one of the `former` paths it names those of today."""
        if wanted in self.places:
            return wanted
        found = self.ending_in(wanted) or self.matching(wanted)
        if len(found) == 1:
            return found[0]
        if found:
            raise PathError(f"{wanted!r} can be {_listed(found)}", "write more of the path")
        unknown = f"there is no {self.what} {wanted!r}"
        if today := self._today(wanted):
            raise PathError(unknown, f"the path has changed: it is now {_listed(today)}")
        hint = did_you_mean(wanted, self.places) or did_you_mean(wanted, self._last_names)
        raise PathError(unknown, hint or "`cnncalc summary` shows the paths")

    def ending_in(self, wanted: str) -> list[str]:
        """The paths that end in these components."""
        begin = wanted[::-1] + "."
        after = begin[:-1] + chr(ord(".") + 1)
        backwards = self._backwards
        found = [path[::-1] for path in backwards[bisect_left(backwards, begin) : bisect_left(backwards, after)]]
        return sorted(found, key=self.places.__getitem__)

    def matching(self, pattern: str) -> list[str]:
        """The paths that fit a pattern, or end so. Raises PathError where too many patterns were asked for."""
        if not set(pattern) & set("*?["):
            return []
        self.patterns += 1
        if self.patterns > 1 and self.patterns * len(self.places) > limits.MATCHED_PATHS:
            raise PathError(f"{pattern!r} is one of too many patterns for {len(self.places):,} paths", "write the path")
        return _matching(pattern, self.places)

    def _today(self, wanted: str) -> list[str]:
        """What the former paths that are meant have become."""
        changed, finder = self._changed
        old = [wanted] if wanted in changed else finder.ending_in(wanted) or finder.matching(wanted)
        return list(dict.fromkeys(path for old_path in old for path in changed[old_path]))

    @cached_property
    def _changed(self) -> tuple[Mapping[str, Sequence[str]], PathFinder]:
        changed = self.former()
        return changed, PathFinder(changed)

    @cached_property
    def _backwards(self) -> list[str]:
        """The paths read from the end, sorted: all with one ending are beside each other."""
        return sorted(path[::-1] for path in self.places)

    @cached_property
    def _last_names(self) -> Iterable[str]:
        return dict.fromkeys(path.rpartition(".")[2] for path in self.places)


def find_path(
    wanted: str, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict, outputs: Outputs = NONE
) -> str:
    """The path that is meant. Raises PathError; for one of the `former` paths it names those of today.

    `outputs` are the paths of the network's named outputs, which their names stand for.

    >>> paths = ["stem.conv1", "conv2_x.0.conv1", "conv2_x.1.conv1", "conv2_x.1.relu1"]
    >>> find_path("stem.conv1", paths), find_path("relu1", paths), find_path("*.0.*", paths)
    ('stem.conv1', 'conv2_x.1.relu1', 'conv2_x.0.conv1')
    """
    finder = PathFinder(paths, what=what, former=former)
    return outputs[wanted] if wanted in outputs and wanted not in finder.places else finder.find(wanted)


def find_paths(
    wanted: str, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict, outputs: Outputs = NONE
) -> list[str]:
    """All that are meant: a layer, the layers of a group, or all that an ending or a pattern of these fits.

    Else the layer of one of the named `outputs`, as for `find_path`.

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
        or [find_path(wanted, [*known, *_groups(known)], what=what, former=former, outputs=outputs)]  # for the hint
    )


def _listed(paths: Sequence[str]) -> str:
    """The paths, the first few of many."""
    more = f" and {len(paths) - limits.LISTED_PATHS} more" if len(paths) > limits.LISTED_PATHS else ""
    return ", ".join(paths[: limits.LISTED_PATHS]) + more


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
