"""Reading an architecture, the same way for all commands: what a user names becomes a `Reading`.

An architecture is, in this order: `-` (standard input), an existing file, a bundled name, or a chain of layers. A file
of another program is converted to a graph by a reader of `exchange`, and its text is read as any other. `spec` reads
texts, and `review` collects problems; each is called once, and only if its result is used.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.errors import Mistake, Problem, Source, SpecError, UsageError, failed
from cnncalc.network import Network
from cnncalc.review import review
from cnncalc.spec.files import CONTROLS, SUFFIXES, bundled_path, decode, find, read_content
from cnncalc.spec.load import NO_OVERRIDES, Loaded, Overrides, load_source, parse_overrides

if TYPE_CHECKING:
    import torch

    from cnncalc.exchange.graph import Graph
    from cnncalc.exchange.modules import ModuleName
    from cnncalc.spec.python_arguments import InputSizes, Settings, StrPath
    from cnncalc.spec.variants import Variants


HEAD = 256  # bytes by which readers know their files


class Reading:
    """An architecture as it was read: its text, the network, and all problems.

    `name` is what the user wrote, `path` the file ("-" if there is none), `overrides` replace inputs and params of the
    file. `network` ends before the first invalid layer; None if there is none at all.
    `graph` is what a reader made of another program's file, else None, and `order` its nodes as the network has them;
    `flat` is why its text has a layer a line and no blocks, "" where it has them.
    """

    def __init__(
        self,
        name: str,
        loaded: Loaded,
        overrides: Overrides,
        *,
        check_expect: bool = False,
        is_chain: bool = False,
        graph: Graph | None = None,
        order: Sequence[int] = (),
        flat: str = "",
    ) -> None:
        self.name = name
        self.overrides = overrides
        self.graph = graph
        self.order = order
        self.flat = flat
        self.is_chain = is_chain
        self.source, self.path = loaded.source, loaded.path
        self.description = loaded.description
        self.network = loaded.network
        self.expectations = loaded.expectations
        self.allow = loaded.allow
        self._loaded = loaded
        self._check_expect = check_expect

    @property
    def bundled(self) -> str:
        """The name of a bundled architecture, "" of others."""
        path = bundled_path(Path(self.path).stem)
        return path.stem if path is not None and str(path) == self.path else ""

    @cached_property
    def report(self) -> Report | None:
        """The figures of the network, up to its first error."""
        return None if self.network is None else analyze(self.network)

    @cached_property
    def problems(self) -> list[Problem]:
        """Errors and warnings in the order of the file, with the repairs that were tried and hold.

        Of a network of another program, advice is not given: its text allows it.
        """
        if self.graph is not None:
            return [problem for problem in self._reviewed if problem.severity == "error"]
        return self._reviewed

    @cached_property
    def _reviewed(self) -> list[Problem]:
        return review(self._loaded, self.report, self.overrides, check_expect=self._check_expect)

    @property
    def unchecked(self) -> int:
        """How many exact figures under `expect` do not hold for another input or other params, and are not checked."""
        return (
            len(self.description.expect) - len(self.expectations)
            if self.description and self.overrides != NO_OVERRIDES
            else 0
        )

    @property
    def failed(self) -> bool:
        """Whether a problem is an error."""
        return failed(self.problems)

    @property
    def text(self) -> str:
        """The text as it is written; of a file of another program, as it is imported. Raises SpecError without any."""
        if self.source is None:
            raise SpecError(self.problems)
        if self.graph is None:
            return self.source.text
        from cnncalc.spec.write import write_allow

        return self.source.text + write_allow(self.reasons)

    @property
    def reasons(self) -> dict[str, str]:
        """The warnings that are allowed, each with its reason; of a network of another program, all that there are."""
        if self.graph is None:
            return {code: reason.text for code, reason in self.allow.items()}
        codes = sorted({problem.code for problem in self._reviewed if problem.severity == "warning"})
        return dict.fromkeys(codes, f"as in {self.graph.source or self.graph.name}")

    def require_network(self) -> Network:
        """The network. Raises SpecError with all problems if it has errors."""
        network = self.network
        if network is None or not network.complete or failed(self._loaded.problems):
            raise SpecError(self.problems)
        return network

    def require_report(self) -> Report:
        """The figures of the network. Raises SpecError with all problems if it has errors."""
        self.require_network()
        assert self.report is not None
        return self.report


def read(
    name: str,
    *,
    inputs: Sequence[str] = (),
    settings: Sequence[str] = (),
    check_expect: bool = False,
    layers: bool = False,
    varied: Sequence[tuple[str, str]] = (),
) -> Reading:
    """Read an architecture; its problems are in the result. With `check_expect`, expectations are checked too.

    With `layers`, a name that is neither a file nor a bundled architecture is a chain of layers. `inputs` override the
    input size, `3x224x224`, or that of each input by its name, `left=3x64x64`; `settings` override params of the file,
    `NAME=VALUE`, as do the `varied`, names and values. Raises UsageError if these are not valid for this network.
    """
    overrides = parse_overrides(inputs, settings, varied)
    path = find(name)
    if path is None and ":" in name:
        from cnncalc.exchange.modules import parse_module_name  # few names have a colon

        if module := parse_module_name(name):
            return _read_module(module, name, overrides)
    chain = path is None and _is_chain(name, layers=layers)
    if chain:
        source, path = _make_chain_source(name, overrides), "-"
        overrides = NO_OVERRIDES  # they are in the text of the chain
    else:
        path = path or name
        try:
            content = read_content(path)
            graph = _read_foreign(content, path, overrides)
            if graph is not None:
                return read_graph(graph, name, path, overrides)
            source = decode(content, path)
        except Mistake as mistake:
            problem = mistake.problem if mistake.has_position else mistake.problem._replace(span=None)
            return Reading(name, Loaded(None, path, [problem]), overrides, check_expect=check_expect)
    loaded = load_source(source, path, overrides)
    return Reading(name, loaded, overrides, check_expect=check_expect, is_chain=chain)


def names_chain(name: str) -> bool:
    """Whether what a user names is neither a file nor a bundled architecture, but a chain of layers."""
    return find(name) is None and _is_chain(name, layers=False)


def read_variants(name: str, inputs: Sequence[str] = (), settings: Sequence[str] = ()) -> tuple[Variants, bool, bool]:
    """Read an architecture to make it again and again with other values.

    And whether its text has these inputs, and these params: a chain of layers needs both here, a file of another
    program, or a module, the sizes that it leaves open. Raises SpecError and UsageError.
    """
    from cnncalc.spec.variants import Variants

    chain = names_chain(name)
    reading = read(name, inputs=inputs, settings=settings if chain else ())
    if reading.source is None:
        raise SpecError(reading.problems)
    return Variants(reading.source, reading.path), chain or reading.graph is not None, chain


def _read_module(module: ModuleName, name: str, overrides: Overrides) -> Reading:
    """Read a PyTorch module by the name of its code, which is run."""
    from cnncalc.exchange import from_torch  # which imports PyTorch

    try:
        graph = from_torch.read(module, name, dict(overrides.inputs))
    except Mistake as mistake:
        return Reading(name, Loaded(None, name, [mistake.problem._replace(span=None)]), overrides)
    if overrides.inputs:  # by the names of the text, which may be other ones: `input` is a reserved word
        names = [*graph.inputs] if len(graph.inputs) > 1 else [""]
        overrides = overrides._replace(inputs=tuple(zip(names, graph.inputs.values(), strict=True)))
    return read_graph(graph, name, name, overrides)


def from_torch(module: torch.nn.Module, input: InputSizes) -> Network:
    """The network of a PyTorch module for an input without the batch, e.g. `"3x224x224"`; the module is not changed.

    Several inputs have the names of the parameters of `forward`: `{"left": "3x64x64", "right": "3x64x64"}`.

    Raises SpecError with all operations that have no layer kind, CnncalcError where the module does not run.
    """
    from cnncalc.exchange.from_torch import trace
    from cnncalc.spec.python_arguments import format_inputs

    graph = trace(module, dict(parse_overrides(format_inputs(input), ()).inputs))
    return read_graph(graph, graph.name).require_network()


def from_keras(model: object, input: InputSizes | None = None) -> Network:
    """The network of a Keras model, by its `to_json()`; `input` gives sizes that are open, channels first.

    Raises SpecError with all layers that have no layer kind.
    """
    from tempfile import TemporaryDirectory

    text: str = model.to_json()  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{getattr(model, 'name', 'model')}.json"
        path.write_text(text, encoding="utf-8")
        return load(path, input=input)


def read_graph(graph: Graph, name: str, path: str = "-", overrides: Overrides = NO_OVERRIDES) -> Reading:
    """Read what a reader made of a network of another program: its text, and what was refused.

    `overrides` are those that the reader was given. Raises UsageError for a param, as such a network has none.
    """
    loaded, order, flat = _load_graph(graph, name, path, overrides)
    if graph.refusals:
        network = loaded.network and loaded.network._replace(complete=False)
        loaded = loaded._replace(problems=[*graph.refusals, *loaded.problems], network=network)
    return Reading(name, loaded, overrides, graph=graph, order=order, flat=flat)


def _load_graph(graph: Graph, name: str, path: str, overrides: Overrides) -> tuple[Loaded, Sequence[int], str]:
    """What is read from the text of a graph, its nodes in that order, and why it has no blocks.

    It has them where they express the graph exactly; what was refused is shown layer by layer, without a reason.
    """
    from cnncalc.exchange.body import Unsaid
    from cnncalc.exchange.check import agrees
    from cnncalc.exchange.write_blocks import write_blocks
    from cnncalc.exchange.write_flat import kept_nodes, note_left_out, write_flat

    flat = ""
    if not graph.refusals:
        note_left_out(graph)
        try:
            text, order = write_blocks(graph)
        except Unsaid as unsaid:
            flat = str(unsaid)
        except RecursionError:
            flat = "its modules are nested too deep"
        else:
            loaded = load_source(Source(name, text), path, overrides)
            if loaded.network is not None and not failed(loaded.problems) and agrees(graph, order, loaded.network):
                return loaded, order, ""
            flat = "read again, they are not the same network"
    return load_source(Source(name, write_flat(graph)), path, overrides), kept_nodes(graph), flat


def read_text(source: Source, path: str = "-", *, check_expect: bool = False) -> Reading:
    """Read an architecture from a string. `path` is that of its file, for `extends`."""
    loaded = load_source(source, path)
    return Reading(source.name, loaded, NO_OVERRIDES, check_expect=check_expect)


def load(architecture: StrPath, *, input: InputSizes | None = None, settings: Settings = ()) -> Network:
    """The network of an architecture file, a bundled name, a chain of layers, or "-" for standard input.

    `input` overrides the input size: `"3x224x224"` or `[3, 224, 224]`, channels first; of several inputs a mapping of
    their names to sizes, `{"left": [3, 64, 64]}`. `settings` override params of
    the file: `{"width": 32}` or `["width=32"]`. Raises SpecError with every problem found, UsageError for an input or
    a param that the network cannot have, TypeError for arguments of other types.
    """
    from cnncalc.spec.python_arguments import format_inputs, format_path, format_settings  # not needed by commands

    inputs = [] if input is None else format_inputs(input)
    return read(format_path(architecture), inputs=inputs, settings=format_settings(settings)).require_network()


def _is_chain(name: str, *, layers: bool) -> bool:
    """Whether what is no file and no bundled name is a chain of layers; with `layers`, nearly every name is one."""
    from cnncalc.spec.chain import is_chain, is_path  # not needed for a file

    return is_chain(name) or (layers and not is_path(name))


def _make_chain_source(text: str, overrides: Overrides) -> Source:
    """The text of a chain; its params are those that are set. Raises UsageError where it has no input."""
    from cnncalc.spec.chain import chain_source  # not needed for a file

    if not overrides.inputs:
        missing = "" if "->" in text else f"there is no file {text!r}, and "
        raise UsageError(f"{missing}a chain of layers needs --input, e.g. --input 3x224x224")
    return chain_source(text, overrides.inputs, overrides.params)


def _read_foreign(content: bytes, path: str, overrides: Overrides) -> Graph | None:
    """The graph of a file of another program, by its first bytes; None of other files. Raises Mistake."""
    head = content[:HEAD]
    start = head.removeprefix(BOM_UTF8).lstrip()
    if start.startswith(b"Sequential("):
        from cnncalc.exchange.from_printed import read as read_printed

        return read_printed(decode(content, path).text, path, dict(overrides.inputs))
    is_text = head.translate(None, CONTROLS) == head and not start.startswith(b"{")  # and no JSON
    if is_text and (path == "-" or path.endswith(SUFFIXES)):
        return None
    from cnncalc.exchange.readers import read_file

    return read_file(path, head, dict(overrides.inputs))
