"""Lines of text from items: equal items are repeats, and a line has as many items as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

WIDTH = 100  # columns
PERIODS = range(1, 7)  # items of a round that is looked for
Token = str | list[str]  # an item in a line, or one that takes several


def folded(tokens: Sequence[str]) -> list[str]:
    """Runs of equal items, or of equal groups of items, as repeats.

    >>> folded(["a", "b", "b", "c", "d", "c", "d"])
    ['a', 'b * 2', '(c -> d) * 2']
    """
    found: list[str] = []
    at = 0
    while at < len(tokens):
        period, count = longest_run(tokens, at)
        part = " -> ".join(tokens[at : at + period])
        found.append(part if count == 1 else f"{part} * {count}" if period == 1 else f"({part}) * {count}")
        at += period * count
    return found


def longest_run(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """The period and the number of rounds of the longest repeat that begins at a place; (1, 1) where there is none."""
    best = (1, 1)
    for period in PERIODS:
        count = 1
        while at + (count + 1) * period <= len(tokens) and all(
            tokens[at + each] == tokens[at + count * period + each] for each in range(period)
        ):
            count += 1
        if count > 1 and count * period > best[0] * best[1]:
            best = (period, count)
    return best


def is_named(token: Token) -> bool:
    """Whether an item has a name."""
    return " = " in (token if isinstance(token, str) else token[0])


def packed(tokens: Sequence[str], width: int) -> list[str]:
    """Items as chains, each line as long as there is room; layers with weights begin a line where one must end."""
    lines: list[list[str]] = []
    for token in tokens:
        if lines and len(" -> ".join([*lines[-1], token])) <= width:
            lines[-1].append(token)
            continue
        moved: list[str] = []
        if lines and not _begins(token):  # what belongs to the layer before goes with it
            start = next((at for at in range(len(lines[-1]) - 1, 0, -1) if _begins(lines[-1][at])), 0)
            if start and len(" -> ".join([*lines[-1][start:], token])) <= width:
                moved = lines[-1][start:]
                del lines[-1][start:]
        lines.append([*moved, token])
    return [" -> ".join(line) for line in lines]


def wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    """The lines, those that are too long continued on more deeply indented ones, as YAML allows for values.

    >>> list(wrapped(["  - conv(8, 3, padding=1) -> relu"], 24))
    ['  - conv(8, 3,', '      padding=1) -> relu']
    """
    for line in lines:
        if line.endswith("):"):  # the head of a block, which is a key
            yield line
            continue
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        while len(line) > width:
            end = max(line.rfind(", ", len(indent), width) + 1, line.rfind(" -> ", len(indent), width - 2) + 3)
            if end <= len(indent):
                break
            yield line[:end]
            line = indent + line[end + 1 :]
        yield line


def _begins(token: str) -> bool:
    return "conv" in token or "linear" in token or "*" in token
