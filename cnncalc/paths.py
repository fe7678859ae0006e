"""Finding the path that a user means by the path itself, a unique ending of it, or a unique pattern."""

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
    """No path matches, or more than one. `help` suggests a repair."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message}; {help}" if help else message)
        self.message = message
        self.help = help


class PathFinder:
    """Finds paths among many; its index is built once."""

    def __init__(self, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict) -> None:
        self.places = {path: place for place, path in enumerate(paths)}
        self.what = what
        self.former = former
        self.patterns = 0

    def find(self, wanted: str) -> str:
        """Find the path that is meant. Raises PathError; for one of the `former` paths it names the new ones."""
        if wanted in self.places:
            return wanted
        found = self.find_endings(wanted) or self.find_matches(wanted)
        if len(found) == 1:
            return found[0]
        if found:
            raise PathError(f"{wanted!r} is ambiguous: {_join_paths(found)}", "write more of the path")
        unknown = f"there is no {self.what} {wanted!r}"
        if today := self._find_today(wanted):
            raise PathError(unknown, f"the path has changed: it is now {_join_paths(today)}")
        between = self._fill_in(wanted)
        hint = f"did you mean `{between}`?" if between else did_you_mean(wanted, self.places)
        hint = hint or did_you_mean(wanted, self._last_names)
        raise PathError(unknown, hint or "`cnncalc summary` shows the paths")

    def find_endings(self, wanted: str) -> list[str]:
        """The paths that end in these components."""
        begin = wanted[::-1] + "."
        after = begin[:-1] + chr(ord(".") + 1)
        backwards = self._backwards
        found = [path[::-1] for path in backwards[bisect_left(backwards, begin) : bisect_left(backwards, after)]]
        return sorted(found, key=self.places.__getitem__)

    def find_matches(self, pattern: str) -> list[str]:
        """The paths that match a pattern, or end in a match. Raises PathError after too many patterns."""
        if not set(pattern) & set("*?["):
            return []
        self.patterns += 1
        if self.patterns > 1 and self.patterns * len(self.places) > limits.MATCHED_PATHS:
            raise PathError(f"{pattern!r} is one of too many patterns for {len(self.places):,} paths", "write the path")
        return _match_pattern(pattern, self.places)

    def _fill_in(self, wanted: str) -> str:
        """The shortest path with the same ends and these components among its own, "" if there is none.

        >>> PathFinder(["conv3_x", "conv3_x.bottleneck1.0", "conv3_x.bottleneck1.1"])._fill_in("conv3_x.0")
        'conv3_x.bottleneck1.0'
        """
        parts = wanted.split(".")
        if len(parts) < 2 or not all(parts):
            return ""
        begin, end = f"{parts[0]}.", f".{parts[-1]}"
        found = [path for path in self.places if path.startswith(begin) and path.endswith(end)]
        fitting = []
        for path in found:
            rest = iter(path.split("."))
            if all(part in rest for part in parts):
                fitting.append(path)
        return min(fitting, key=lambda path: path.count("."), default="")

    def _find_today(self, wanted: str) -> list[str]:
        """The new paths of the former paths that are meant."""
        changed, finder = self._changed
        old = [wanted] if wanted in changed else finder.find_endings(wanted) or finder.find_matches(wanted)
        return list(dict.fromkeys(path for old_path in old for path in changed[old_path]))

    @cached_property
    def _changed(self) -> tuple[Mapping[str, Sequence[str]], PathFinder]:
        changed = self.former()
        return changed, PathFinder(changed)

    @cached_property
    def _backwards(self) -> list[str]:
        """The reversed paths, sorted, so that paths with the same ending are neighbours."""
        return sorted(path[::-1] for path in self.places)

    @cached_property
    def _last_names(self) -> Iterable[str]:
        return dict.fromkeys(path.rpartition(".")[2] for path in self.places)


def find_path(
    wanted: str, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict, outputs: Outputs = NONE
) -> str:
    """Find the path that is meant. Raises PathError; for one of the `former` paths it names the new ones.

    `outputs` are the paths of the network's named outputs, by their names, which can be used instead.

    >>> paths = ["stem.conv1", "conv2_x.0.conv1", "conv2_x.1.conv1", "conv2_x.1.relu1"]
    >>> find_path("stem.conv1", paths), find_path("relu1", paths), find_path("*.0.*", paths)
    ('stem.conv1', 'conv2_x.1.relu1', 'conv2_x.0.conv1')
    """
    finder = PathFinder(paths, what=what, former=former)
    return outputs[wanted] if wanted in outputs and wanted not in finder.places else finder.find(wanted)


def find_paths(
    wanted: str, paths: Iterable[str], *, what: str = "layer", former: FormerPaths = dict, outputs: Outputs = NONE
) -> list[str]:
    """Find all paths that are meant: a layer, the layers of a group, or all that match an ending or a pattern.

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
        or _match_pattern(wanted, known)
        or _match_pattern(wanted + ".*", known)
        or [
            find_path(wanted, [*known, *_list_groups(known)], what=what, former=former, outputs=outputs)
        ]  # for the hint
    )


def _join_paths(paths: Sequence[str]) -> str:
    """Join paths for a message; of many, only the first few."""
    more = f" and {len(paths) - limits.LISTED_PATHS} more" if len(paths) > limits.LISTED_PATHS else ""
    return ", ".join(paths[: limits.LISTED_PATHS]) + more


def _match_pattern(pattern: str, paths: Iterable[str]) -> list[str]:
    if not set(pattern) & set("*?["):
        return []
    from fnmatch import fnmatchcase  # only where a pattern is given

    return [path for path in paths if fnmatchcase(path, pattern) or fnmatchcase(path, "*." + pattern)]


def _list_groups(paths: Iterable[str]) -> Iterable[str]:
    """The paths of the groups of these paths."""
    return dict.fromkeys(
        ".".join(parts[:end]) for parts in (path.split(".") for path in paths) for end in range(1, len(parts))
    )


def find_nth(wanted: str, kinds: Sequence[str]) -> int | None:
    """The index of the layer that `conv#7` means, the seventh of its kind; None for another text. Raises PathError."""
    kind, sign, digits = wanted.strip().partition("#")
    if not sign or not digits.isdecimal() or len(digits) > 9:
        return None
    found = [index for index, each in enumerate(kinds) if each == kind]
    number = int(digits)
    if 1 <= number <= len(found):
        return found[number - 1]
    if not found:
        raise PathError(f"there is no layer of the kind {kind!r}", did_you_mean(kind, set(kinds)) or "")
    raise PathError(f"there is no {wanted}", f"the network has {kind}#1 to {kind}#{len(found)}")
