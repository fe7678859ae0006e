"""Resolves `extends`: joins a file and those it extends into one description."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from pathlib import Path

from cnncalc import limits
from cnncalc.errors import Amount, Mistake, Problem, Problems, Source, Span
from cnncalc.layers.base import Layer
from cnncalc.spec.document import Document, KeyedValue, Reason, read_document
from cnncalc.spec.files import KIB, SUFFIXES, bundled, bundled_folder, bundled_path, is_file, read_source
from cnncalc.spec.repairs import rename
from cnncalc.spec.tree import Block, Body

_FILE_NAME = r"[\w.-]+"


class Description:
    """A network as its files describe it. The first file extends the others; some keys are never inherited."""

    def __init__(self, documents: list[Document]) -> None:
        first, self.documents = documents[0], documents
        self.amount = first.source.amount  # of the whole family
        self.name = first.text("name") or Path(first.source.name).stem
        self.source = first.text("source")
        self.notes = first.text("notes")
        self.expect = first.expect
        self.published = first.published
        self.own_params = first.params
        self.inputs: dict[str, KeyedValue] = {}
        self.layers: Body | None = None
        self.names: frozenset[str] = frozenset()  # of the outputs in `layers`; the check sets them
        self.blocks: dict[str, Block] = {}
        self.params: dict[str, KeyedValue] = {}
        self.allow: dict[str, Reason] = {}
        self.own_allow = first.allow
        self.made: dict[object, Layer] = {}  # layers by kind and arguments
        self.own_blocks = first.blocks
        self.unread: set[str] = set()  # params and blocks that cannot be read, which is reported
        for document in reversed(documents):
            self.inputs = document.inputs or self.inputs
            if document.layers is not None:
                self.layers = document.layers
            self.blocks.update(document.blocks)
            self.params.update(document.params)
            self.allow.update(document.allow)
            self.unread.update(document.unread)


def read_family(source: Source, path: str, problems: Problems, amount: Amount | None = None) -> Description | None:
    """Read a file and all that it extends; None if that fails. `path` is its path, "-" if it has none.

    The size of the files is added to `amount`.
    """
    documents: list[Document] = []
    seen: list[Path] = []
    amount = amount or Amount()
    while True:
        source.amount = amount
        amount.bytes += len(source.text.encode("utf-8", "surrogatepass"))
        document = _base(source, path, problems) if documents else read_document(source, problems)
        if document is None:
            return None
        documents.append(document)
        reference = document.texts.get("extends")
        if reference is None:
            break
        seen.append(_resolve(path))
        try:
            path = find_architecture(reference.value, path, reference.span)
            if _resolve(path) in seen:
                chain = " → ".join(known.name for known in [*seen, Path(path)])
                raise Mistake("extends-cycle", f"this architecture extends itself: {chain}", reference.span)
            if len(documents) >= limits.EXTENDED_FILES:
                raise Mistake(
                    "too-large", f"more than {limits.EXTENDED_FILES} files extend one another", reference.span
                )
            source = _read(path, reference.span, amount)
        except Mistake as mistake:
            problems.add(mistake.problem)
            return None
    description = Description(documents)
    for document in documents:
        document.settle(description.blocks)
    missing = [] if any(document.has_input for document in documents) else ["input"]
    missing += ["layers"] if description.layers is None else []
    misspelt = {fix.text for problem in problems.found if problem.code == "unknown-key" for fix in problem.fixes}
    missing = [key for key in missing if key not in misspelt]
    if missing:
        _report_missing(documents[0], missing, problems)
    return description


def _base(source: Source, path: str, problems: Problems) -> Document | None:
    """The document of a file that is extended; a bundled one is only read once, for all files that extend it."""
    if Path(path).parent != bundled_folder():
        return read_document(source, problems)
    document, found, read = _bundled_base(source.name, source.text)
    source.amount.nodes += read.nodes
    source.amount.words += read.words
    for problem in found:
        problems.add(problem)
    return document


@lru_cache(maxsize=64)
def _bundled_base(name: str, text: str) -> tuple[Document | None, list[Problem], Amount]:
    problems, source = Problems(), Source(name, text)
    return read_document(source, problems), problems.found, source.amount


def _resolve(path: str) -> Path:
    """The canonical path of a file; the path itself if the working directory is gone."""
    try:
        return Path(path).resolve()
    except OSError:
        return Path(path)


_EXAMPLES = {"input": "`input: [3, 224, 224]`", "layers": "`layers:` with a list of layers"}


def _report_missing(document: Document, keys: list[str], problems: Problems) -> None:
    listed = " and no ".join(f"`{key}`" for key in keys)
    examples = " and ".join(_EXAMPLES[key] for key in keys)
    help_text = f"write {examples}, or `extends:` an architecture that has {'them' if len(keys) > 1 else 'it'}"
    problems.add(Problem("missing-key", f"the architecture has no {listed}", Span(document.source, 0, 0), help_text))


def find_architecture(name: str, path: str, span: Span, code: str = "extends-missing") -> str:
    """The path of the architecture that a file names: in the folder of that file, else bundled; never standard input.

    Raises Mistake with the given code.
    """
    if name == "-" or not re.fullmatch(_FILE_NAME, name):
        raise Mistake(code, "write the name of a file in the same folder or of a bundled architecture", span)
    folder = Path(path).parent
    for candidate in (name, *(name + suffix for suffix in SUFFIXES)):
        if is_file(folder / candidate):
            return str(folder / candidate)
    found = bundled_path(name)
    if found is None:
        fixes = rename(span, name, [*_list_folder(folder), *bundled()])
        raise Mistake(
            code,
            f"there is no architecture `{name}` in this folder or among the bundled ones",
            span,
            "" if fixes else "`cnncalc list` shows the bundled architectures",
            *fixes,
        )
    return str(found)


def _list_folder(folder: Path) -> list[str]:
    """The names of the architectures in a folder."""
    try:
        return sorted(path.stem for path in islice(folder.iterdir(), limits.SIMILAR_FILES) if path.suffix in SUFFIXES)
    except OSError:
        return []


def _read(path: str, span: Span, amount: Amount) -> Source:
    """The next file of a family, of which `amount` has been read. Raises Mistake."""
    try:
        return read_source(path, most=limits.FILE_BYTES - amount.bytes)
    except Mistake as mistake:
        if mistake.problem.code == "too-large":
            message = f"with `{Path(path).name}`, the files that extend one another exceed {KIB} together"
            raise Mistake("too-large", message, span) from None
        raise Mistake("extends-missing", f"cannot extend it: {mistake.problem.message}", span) from None
