"""The examples of the README and of the guide: runs them, for the tests, and updates their outputs.

    python -m tests.documents

writes the current output of the program into these files and renders the README's picture again.
"""

from __future__ import annotations

import html
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import split
from subprocess import DEVNULL, PIPE, STDOUT
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cnncalc.analysis.analyze import analyze
from cnncalc.guide import TOPICS, TRANSLATED, page_path
from cnncalc.reading import load

from . import processes
from .cli.running import ROOT, environment, print_all
from .conventions.page import TABLES, write_tables
from .test_architecture import ARROWS

README = ROOT / "README.md"
CHINESE = ROOT / ".github" / "README.zh-CN.md"
TOURS = {language: page_path("tour", language) for language in ("en", *TRANSLATED)}
DOCUMENTS = [README, CHINESE, *(page_path(topic) for topic in TOPICS), *list(TOURS.values())[1:]]
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
ARROWS_TABLE = re.compile(r"(?<=<!-- arrows: python -m tests.documents -->\n).*?(?=<!-- end -->)", re.DOTALL)
PICTURE = ROOT / ".github" / "summary.svg"
PICTURED = ("summary", "alexnet.yaml")
WIDTH = 120  # cells of the picture
FIGURES = {"resnet50.svg": "resnet50", "unet.svg": "unet --style volumes"}  # of the README → what `draw` draws
FENCED = re.compile(r"^```(?P<language>[a-z]*) ?(?P<title>.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
# A command for which no shell is started.
PLAIN = re.compile(r"cnncalc (?P<words>(?:'[^']*'|[^'\"\\|&;<>$*`])*?)(?: \| head -(?P<lines>\d+))?")
SHIM = '#!/bin/sh\nexec "{python}" -m cnncalc "$@"\n'


class Block(NamedTuple):
    """A fenced block of Markdown; `start` and `end` are the offsets of its body."""

    language: str
    title: str
    body: str
    start: int
    end: int


class Example(NamedTuple):
    """A command of a console block, and the output shown for it."""

    command: str
    shown: str


def blocks(text: str, language: str | None = None) -> list[Block]:
    """The fenced blocks of a text, or those of one language."""
    found = [Block(m["language"], m["title"], m["body"], *m.span("body")) for m in FENCED.finditer(text)]
    return [block for block in found if language in (None, block.language)]


def examples(body: str) -> list[Example]:
    """The commands of a console block.

    >>> examples("$ echo a\\na\\n\\n$ true\\n")
    [Example(command='echo a', shown='a'), Example(command='true', shown='')]
    """
    found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", body, re.MULTILINE)
    return [Example(command, shown.rstrip("\n")) for command, shown in found]


@contextmanager
def folder(text: str) -> Iterator[Path]:
    """A folder with the files that a document shows."""
    with TemporaryDirectory() as name:
        for block in blocks(text, "yaml"):
            path = Path(name) / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        yield Path(name)


def run(command: str, where: Path) -> str:
    """The output of a command in a shell, including standard error."""
    if plain := PLAIN.fullmatch(command):
        lines = print_all(*split(plain["words"]), cwd=where).splitlines()
        return "\n".join(lines[: int(plain["lines"] or len(lines))])
    with TemporaryDirectory() as name:
        shim = Path(name) / "cnncalc"
        shim.write_text(SHIM.format(python=sys.executable))
        shim.chmod(0o755)
        env = environment(PATH=f"{name}{os.pathsep}{os.environ['PATH']}", PYTHONIOENCODING="utf-8")
        done = processes.run(
            ["bash", "-c", command], cwd=where, env=env, stdin=DEVNULL, stdout=PIPE,
            stderr=STDOUT, encoding="utf-8",
        )  # fmt: skip
    return str(done.stdout).rstrip("\n")


def refresh(text: str) -> str:
    """The document with current outputs."""
    with folder(text) as where:
        for block in reversed(blocks(text, "console")):
            shown = [f"$ {command}\n{run(command, where)}\n" for command, _ in examples(block.body)]
            text = text[: block.start] + "\n".join(shown) + text[block.end :]
    return text


def picture() -> str:
    """The output of the first command as an SVG picture."""
    from rich.console import Console

    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(analyze(load(PICTURED[-1])))
    svg = console.export_svg(title=f"$ cnncalc {' '.join(PICTURED)}")
    return "\n".join(map(str.rstrip, svg.splitlines())) + "\n"


def figure(name: str) -> str:
    """A figure of the README, as its command writes it."""
    with TemporaryDirectory() as where:
        run(f"cnncalc draw {FIGURES[name]} -o {name}", Path(where))
        return (Path(where) / name).read_text(encoding="utf-8")


def words(svg: str) -> list[str]:
    """The strings in a picture.

    >>> words('<text x="0">a&#160;b</text><text>&lt;</text>')
    ['a\\xa0b', '<']
    """
    return [html.unescape(piece) for piece in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def arrows_table() -> str:
    """The table of rooms and their imports in CONTRIBUTING."""
    rows = [f"| `{room}` | {', '.join(f'`{each}`' for each in sorted(ARROWS[room])) or '–'} |\n" for room in ARROWS]
    return "".join(["| room | imports |\n|---|---|\n", *rows])


def main() -> None:
    """Update the documents and the picture."""
    for document in DOCUMENTS:
        text = TABLES.sub(lambda _: write_tables(), document.read_text(encoding="utf-8"))
        document.write_text(refresh(text), encoding="utf-8")
    contributing = CONTRIBUTING.read_text(encoding="utf-8")
    CONTRIBUTING.write_text(ARROWS_TABLE.sub(lambda _: arrows_table(), contributing), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
    for name in FIGURES:
        (ROOT / ".github" / name).write_text(figure(name), encoding="utf-8")


if __name__ == "__main__":
    main()
