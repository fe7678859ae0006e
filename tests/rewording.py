"""The program with all its sentences reworded at random.

`python -m tests.rewording source SEED` reviews the gallery with a program whose source is reworded while it is
imported, and writes what it finds as JSON. A sentence is any string or f-string of the source with a space between two
words. The words of the language (kinds, keys, keywords) are kept, because repairs consist of them, and so are code and
regular expressions: one that reads a message no longer matches it. The table `PHRASES` is kept too, since it contains
phrases of PyYAML's messages.

`python -m tests.rewording carried SEED` replaces every sentence in an exception, a problem, a note or a repair by
noise, including words of the language, so that nothing can depend on them.
"""

from __future__ import annotations

import ast
import importlib.machinery
import inspect
import json
import random
import re
import string
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent
FOREIGN = "PHRASES"  # the table of PyYAML's phrases
_SENTENCE = re.compile(r"[A-Za-z`)}\]]\W* \W*[A-Za-z`({\[]|[a-z,:] $|^ [a-z]")
_WORD = re.compile(r"[A-Za-z]{2,}")


def reworded(text: str, chance: random.Random, kept: frozenset[str], *, quoted: bool = False) -> str:
    """A sentence with random words, except for those in backticks and those in `kept`.

    `quoted` is whether the string begins within backticks.
    """

    def other(word: re.Match[str]) -> str:
        if word[0] in kept:
            return word[0]
        return "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9)))

    parts = text.split("`")
    return "`".join(part if number % 2 != quoted else _WORD.sub(other, part) for number, part in enumerate(parts))


class Rewording(ast.NodeTransformer):
    """Rewords the sentences of a module."""

    def __init__(self, chance: random.Random, kept: frozenset[str]) -> None:
        self.chance = chance
        self.kept = kept

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = ast.unparse(node.func)
        is_code = function == "eval" or function.startswith("re.")
        return node if is_code else self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        return node if ast.unparse(node.targets[0]) == FOREIGN else self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)  # a docstring

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        texts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
        is_sentence = _SENTENCE.search("".join(texts))
        quoted = False
        for part, text in zip(node.values, texts, strict=True):
            if not isinstance(part, ast.Constant):
                self.generic_visit(part)
            elif is_sentence:
                part.value = reworded(text, self.chance, self.kept, quoted=quoted)
                quoted ^= text.count("`") % 2 == 1
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and _SENTENCE.search(node.value):
            node.value = reworded(node.value, self.chance, self.kept)
        return node


def vocabulary() -> frozenset[str]:
    """The words of which files and repairs consist."""
    from cnncalc.layers import KINDS, LATER_WORDS, kind_class
    from cnncalc.layers.frameworks import KERAS, PYTORCH
    from cnncalc.layers.other_frameworks import CAFFE, MATLAB
    from cnncalc.layers.structure import MERGES, STRUCTURE_WORDS
    from cnncalc.spec.check import RESERVED
    from cnncalc.spec.document import KEYS
    from cnncalc.spec.tokens import KEYWORDS

    arguments = {name for kind in KINDS for name in kind_class(kind).settings}
    parameters = {
        name for table in (PYTORCH, KERAS, CAFFE, MATLAB) for each in table.values() for name in each.parameters
    }
    theirs = {word for name in parameters for word in _WORD.findall(name)}
    return frozenset(
        {*theirs, *KINDS, *STRUCTURE_WORDS, *MERGES, *RESERVED, *LATER_WORDS, *KEYS, *KEYWORDS, *arguments}
    )


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a reworded module, never from its bytecode."""

    chance: random.Random
    kept: frozenset[str]

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(self.get_data(self.path))
        Rewording(self.chance, self.kept).visit(tree)
        code: CodeType = compile(ast.fix_missing_locations(tree), self.path, "exec")
        return code


class Finder:
    """Finds the package's modules for the loader."""

    @staticmethod
    def find_spec(name: str, path: Any, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] != "cnncalc":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and spec.origin:
            spec.loader = Loader(name, spec.origin)
        return spec


def install(seed: int) -> None:
    """Reword all modules that are imported from now on."""
    Loader.kept = vocabulary()
    Loader.chance = random.Random(seed)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cnncalc"]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder)


def carry_noise(seed: int) -> None:
    """Replace the sentences in exceptions, problems, notes and repairs by noise."""
    from cnncalc.errors import Fix, Note, Problem
    from cnncalc.layers.arguments import LayerError
    from cnncalc.paths import PathError

    chance = random.Random(seed)

    def noise(text: str) -> str:
        return " ".join("".join(chance.choices(string.ascii_lowercase, k=5)) for _ in text.split())

    def noisy(function: Callable[..., Any], names: Collection[str]) -> Callable[..., Any]:
        signature = inspect.signature(function)

        def called(*args: Any, **named: Any) -> Any:
            bound = signature.bind(*args, **named)
            bound.arguments.update({name: noise(bound.arguments[name]) for name in names if name in bound.arguments})
            return function(*bound.args, **bound.kwargs)

        return called

    sentences = {"message", "help", "text", "detail", "offer"}
    Problem("", ""), Note(""), Fix(None, "", "")  # type: ignore[arg-type]  # a record has its constructor from then on
    for carrier in (Problem, Note):
        carrier.__new__ = staticmethod(noisy(carrier.__new__, sentences))  # type: ignore[method-assign]
    Fix.__new__ = staticmethod(noisy(Fix.__new__, {"help"}))  # type: ignore[method-assign]
    for error in (LayerError, PathError):
        error.__init__ = noisy(error.__init__, sentences)  # type: ignore[method-assign]


def findings() -> dict[str, list[dict[str, Any]]]:
    """The findings in every file of the gallery: what must not depend on sentences, and the sentences."""
    from cnncalc.reading import read

    gallery = Path(__file__).parent / "gallery"
    found = {}
    for path in sorted(gallery.rglob("*")):
        if path.suffix in (".yaml", ".json"):
            found[str(path.relative_to(gallery))] = [
                _finding(problem) for problem in read(str(path), check_expect=True).problems
            ]
    return found


def _finding(problem: Any) -> dict[str, Any]:
    notes = [note.span and list(note.span[1:]) for note in problem.notes]
    return {
        "code": problem.code,
        "place": problem.span and [Path(problem.span.source.name).name, *problem.span[1:]],
        "path": problem.path,
        "notes": notes,
        "repairs": [[*fix.span[1:], fix.text] for fix in problem.fixes],
        "helped": bool(problem.help),
        "sentences": [problem.message, problem.help, *(note.text for note in problem.notes)],
    }


if __name__ == "__main__":
    {"source": install, "carried": carry_noise}[sys.argv[1]](int(sys.argv[2]))
    json.dump(findings(), sys.stdout)
