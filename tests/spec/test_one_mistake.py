"""One mistake in a random network: the suggested repair removes it, adds no other, and changes nothing else.

The networks are those of `tests.random_networks`, which know nothing of repairs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest

from cnncalc.errors import Problem, Source
from cnncalc.layers import KINDS
from cnncalc.nearest import _measure_distance
from cnncalc.reading import Reading, read_text

from ..random_networks.drawing import drawn
from ..random_networks.writing import written

NETWORKS, BATCHES = 400, 40
LETTERS = "abcdefghijklmnopqrstuvwxyz"
KIND = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(KINDS, key=len, reverse=True))})(?!\w|\s*[=:.])")
CALLED = re.compile(r"(?<=[(,] )\w+(?==)|(?<=\()\w+(?==)")  # an argument by its name
FIRST = re.compile(r"(?<=\()[^(),\[\]{}=]+, (?=[^=]*[,)])")  # the first of several arguments
NUMBER = re.compile(r"(?<![\w.])[0-9]+(?![\w.])")
NAME = re.compile(r"(?<=from\()\w+(?=\))")


def typo(word: str, chance: Random) -> str:
    """A name with one letter omitted, doubled, changed or exchanged with the next."""
    while True:
        at = chance.randrange(len(word))
        before, letter, after = word[:at], word[at], word[at + 1 :]
        kinds = (before + after, before + 2 * letter + after, before + chance.choice(LETTERS) + after)
        found = chance.choice((*kinds, before + after[:1] + letter + after[1:]))
        if found != word and found.isidentifier():
            return found


def other_number(text: str, chance: Random) -> str:
    return chance.choice(("0", f"{text}1", str(int(text) + 1), f"-{text}", f"{text}.5"))


MISTAKES: dict[str, tuple[re.Pattern[str], Callable[[str, Random], str]]] = {
    "kind": (KIND, typo),
    "argument": (CALLED, typo),
    "name": (NAME, typo),
    "arrow": (re.compile(" -> "), lambda text, chance: " "),
    "missing": (FIRST, lambda text, chance: ""),
    "number": (NUMBER, other_number),
}
TYPOS = ("kind", "argument", "name")


def review(text: str) -> Reading:
    return read_text(Source("net.yaml", text))


def errors(reading: Reading) -> list[Problem]:
    return [problem for problem in reading.problems if problem.severity == "error"]


def broken(text: str, mistake: str, chance: Random) -> tuple[str, str, str] | None:
    """The text with a mistake in an item, the original word and the wrong one; None if no mistake is possible."""
    pattern, change = MISTAKES[mistake]
    items = [line for line in re.finditer(r"(?m)^ *- .*$", text)]
    spots = [found for line in items for found in pattern.finditer(text, line.start(), line.end())]
    if not spots:
        return None
    spot = chance.choice(spots)
    put = change(spot[0], chance)
    return text[: spot.start()] + put + text[spot.end() :], spot[0], put


@pytest.mark.sample(2)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_repair_of_one_mistake(batch: int) -> None:
    for seed in range(batch, NETWORKS, BATCHES):
        text = written(drawn(seed), Random(seed))
        right = review(text)
        if right.failed:
            continue
        for mistake in MISTAKES:
            if spoilt := broken(text, mistake, Random(f"{seed} {mistake}")):
                check_repairs(f"seed {seed}", right, spoilt, mistake)


def check_repairs(about: str, right: Reading, spoilt: tuple[str, str, str], mistake: str) -> None:
    text, was, put = spoilt
    wrong = review(text)
    found = errors(wrong)
    about = f"{about}, {mistake}: `{was}` is `{put}`\n{text}"
    for problem in found:
        for fix in problem.fixes:
            after = errors(review(fix.apply()))
            assert len(after) < len(found), (about, problem.message, fix.help, [each.message for each in after])
    if mistake in TYPOS and found:
        assert any(problem.fixes or problem.help for problem in found), about
        restored = [problem.fixes[0] for problem in found if problem.fixes]
        for fix in restored[:1]:
            again = review(fix.apply())
            same_text = fix.apply() == right.text
            as_near = _measure_distance(put, fix.text.partition("(")[0]) <= _measure_distance(put, was)
            assert same_text or as_near, (about, fix.help)
            assert mistake != "argument" or same_text, (about, fix.help)
            assert again.report
            assert right.report
            if mistake != "kind":
                assert again.report.totals == right.report.totals, about


def test_most_typos_are_repaired() -> None:
    """For 19 of 20 typos a repair is suggested."""
    offered, wrong = 0, 0
    for seed in range(40):
        text = written(drawn(seed), Random(seed))
        if review(text).failed:
            continue
        for mistake in TYPOS:
            spoilt = broken(text, mistake, Random(f"{seed} {mistake}"))
            found = errors(review(spoilt[0])) if spoilt else []
            wrong += bool(found)
            offered += any(problem.fixes for problem in found)
    assert wrong > 50
    assert offered >= wrong * 0.95
