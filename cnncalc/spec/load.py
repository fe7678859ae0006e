"""From what the user names to a network: the one door through which the rest of the program comes in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import Mistake, Problem, Problems, Source, Span, SpecError, UsageError, failed
from cnncalc.given import Expectation
from cnncalc.layers.base import Shape, shape_text
from cnncalc.layers.settings import MAXIMUM, Value, show
from cnncalc.nearest import did_you_mean
from cnncalc.network import Network
from cnncalc.spec.builder import TooLarge
from cnncalc.spec.check import Checker
from cnncalc.spec.document import Entry, Reason
from cnncalc.spec.expand import Expander
from cnncalc.spec.expressions import Expression, Listed, Unknown
from cnncalc.spec.family import Description, read_family
from cnncalc.spec.files import find, read_source
from cnncalc.spec.grammar import read_expression
from cnncalc.spec.nodes import Text
from cnncalc.spec.repairs import write
from cnncalc.spec.scope import ParamScope
from cnncalc.spec.values import whole

if TYPE_CHECKING:
    from cnncalc.spec.python_arguments import InputSize, Settings, StrPath

LEAST_IMAGE = 8  # sizes from which a shape of four numbers looks like a batch of images


class Loaded(NamedTuple):
    """What came of reading an architecture: the network as far as it goes, and all problems in order."""

    network: Network | None
    problems: list[Problem]
    expectations: tuple[Expectation, ...]  # none where the command line changed the input or a param
    allow: dict[str, Reason]  # the warnings that are allowed, by their codes
    own_allow: dict[str, Reason]  # of these, the ones that the file itself allows
    source: Source | None
    path: str
    has_weights: bool = False
    steps: int = 0  # that it took to write the network out


def load(architecture: StrPath, *, input: InputSize | None = None, settings: Settings = ()) -> Network:
    """The network of an architecture file, a bundled name, or "-" for standard input.

    `input` overrides the input size: `"3x224x224"` or `[3, 224, 224]`, channels first. `settings` override params of
    the file: `{"width": 32}` or `["width=32"]`. Raises SpecError with every problem found, UsageError for an input or
    a param that the network cannot have, TypeError for arguments of other types.
    """
    from cnncalc.spec.python_arguments import input_size_text, path_text, setting_texts  # not needed by commands

    size = None if input is None else input_size_text(input)
    return whole_network(open_architecture(path_text(architecture), input=size, settings=setting_texts(settings)))


def whole_network(loaded: Loaded) -> Network:
    """The network of what was read. Raises SpecError with every problem found where it is not all there."""
    if loaded.network is None or not loaded.network.complete or failed(loaded.problems):
        raise SpecError(loaded.problems)
    return loaded.network


def open_architecture(name: str, *, input: str | None = None, settings: Sequence[str] = ()) -> Loaded:
    """Read an architecture; what is wrong in it is in the result. Raises UsageError for a wrong `input` or setting."""
    path = find(name)
    try:
        source = read_source(path)
    except Mistake as mistake:
        problem = mistake.problem
        return Loaded(None, [problem if mistake.has_place else problem._replace(span=None)], (), {}, {}, None, path)
    return load_source(source, path, input=input, settings=settings)


def load_source(
    source: Source, path: str = "-", *, input: str | None = None, settings: Sequence[str] = (), former: bool = False
) -> Loaded:
    """Read an architecture from a text that is at hand. `path` is where it lies, for `extends`.

    With `former`, the layers have the paths of version 0.1.
    """
    problems = Problems()
    turned = [_setting(text) for text in settings]
    wanted = input_text(input) if input is not None else None
    description = read_family(source, path, problems)
    if description is None:
        return Loaded(None, problems.sorted(), (), {}, {}, source, path)
    replaced = [_turn(description, key, value) for key, value in turned]
    if wanted is not None:
        _check_axes(description, wanted)
        replaced += [description.input.value] if description.input else []
        description.input = Entry(_expression(wanted, "--input"), Span(Source("--input", wanted), 0, len(wanted)))
    Checker(description, problems, replaced).check()
    params = _params(description, problems)
    network, steps = _expand(description, params, problems, former=former)
    if network is not None and not former:
        again = partial(load_source, source, path, input=input, settings=settings, former=True)
        network = network._replace(former_paths=_FormerPaths(network, again))
    expectations = () if turned or wanted else _expectations(description, params, problems)
    return Loaded(
        network,
        problems.sorted(),
        expectations,
        description.allow,
        description.own_allow,
        source,
        path,
        any(document.weights is not None for document in description.documents),
        steps,
    )


class _FormerPaths:
    """The paths of version 0.1, for which the architecture is read again once they are asked for."""

    def __init__(self, network: Network, read_again: Callable[[], Loaded]) -> None:
        self.network = network
        self.read_again = read_again

    def __call__(self) -> dict[str, list[str]]:
        from cnncalc.spec.former import renamed  # only where a path is unknown

        former = self.read_again().network
        return renamed(former, self.network) if former is not None else {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _FormerPaths)  # two networks do not differ in this

    def __hash__(self) -> int:
        return hash(_FormerPaths)


def _expand(
    description: Description, params: dict[str, Value], problems: Problems, *, former: bool
) -> tuple[Network | None, int]:
    """The network, None where there is none, and the steps that it took to find out."""
    shape = _input_shape(description, params, problems)
    if description.layers is None:
        return None, 0
    segments = None
    if former:
        from cnncalc.spec.former import former_segments

        segments = former_segments(description)
    expander = Expander(description, params, problems, segments)
    try:
        network = expander.network(shape, description.layers)
    except TooLarge:  # once something has failed, there is as much of a network as there would be in any case
        network = expander.built.network(description) if expander.built.failed else None
    family = Path(description.documents[-1].source.name).stem
    return network and network._replace(family=family), expander.built.steps


def _params(description: Description, problems: Problems) -> dict[str, Value]:
    values: dict[str, Value] = {}
    scope = ParamScope(values)
    for name, entry in description.params.items():
        values[name] = _evaluate(entry.value, scope, problems)
    return values


def _evaluate(expression: Expression, scope: ParamScope, problems: Problems) -> Value:
    """The value, None where it has none and that is noted."""
    try:
        return scope.value(expression)
    except Unknown:
        return None
    except Mistake as mistake:
        problems.add(mistake.problem)
        return None


def _input_shape(description: Description, params: dict[str, Value], problems: Problems) -> Shape | None:
    entry = description.input
    if entry is None:
        return None
    value = _evaluate(entry.value, ParamScope(params), problems)
    if value is None:
        return None
    span = entry.value.span
    try:
        if isinstance(value, tuple) and len(value) == 5:
            image = write(span, show(value[1:]), "leave the batch out")
            message = f"`input` has no batch: [C, L], [C, H, W] or [C, D, H, W], found {show(value)[:60]}"
            raise Mistake("bad-input", message, span, "", image)
        if not isinstance(value, tuple) or not 2 <= len(value) <= 4:
            raise Mistake("bad-input", f"`input` is [C, L], [C, H, W] or [C, D, H, W], found {show(value)[:60]}", span)
        shape = tuple(whole(size, span, "a size of the input") for size in value)
        for size in shape:
            if not 1 <= size <= MAXIMUM:
                raise Mistake("bad-input", f"a size of the input must be from 1 to {MAXIMUM:,}, found {size}", span)
    except Mistake as mistake:
        problems.add(mistake.problem)
        return None
    if len(shape) == 4 and shape[1] in (1, 3) and min(shape[2:]) >= LEAST_IMAGE:
        volume = f"{shape_text(shape)} is a volume of depth {shape[1]}"
        message = f"`input` {volume}; if the {shape[0]} is a batch, it has no place here"
        fix = write(span, show(shape[1:]), "leave the batch out")
        problems.add(Problem("batch-in-input", message, span, fixes=(fix,)))
    if len(shape) == 3 and shape[0] == shape[1] >= LEAST_IMAGE and shape[2] in (1, 3):
        message = f"channels come first: {shape_text(shape)} is {shape[0]} channels of {shape[1]}×{shape[2]}"
        fix = write(span, show((shape[2], *shape[:2])), f"for an image of {shape[0]}×{shape[1]}")
        problems.add(Problem("channels-last", message, span, fixes=(fix,)))
    return shape


def _expectations(description: Description, params: dict[str, Value], problems: Problems) -> tuple[Expectation, ...]:
    scope = ParamScope(params)
    values = ((key, entry, _evaluate(entry.value, scope, problems)) for key, entry in description.expect.items())
    return tuple(
        Expectation(key, value, entry.key_span, entry.value.span) for key, entry, value in values if value is not None
    )


def _check_axes(description: Description, wanted: str) -> None:
    """Raises UsageError where other axes are wanted than the file has: most often the channels are forgotten."""
    given = description.input.value if description.input else None
    if isinstance(given, Listed) and len(given.items) != wanted.count(",") + 1:
        file = "x".join(item.span.text for item in given.items)
        raise UsageError(
            f"--input has {wanted.count(',') + 1} sizes, but the network's input has {len(given.items)}: {file}"
        )


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise UsageError(f"--set takes NAME=VALUE, not {text!r}")
    return name.strip(), value


def _turn(description: Description, name: str, value: str) -> Expression:
    """Put a value in the place of a param's own, which is returned."""
    if name not in description.params:
        hint = did_you_mean(name, description.params) or f"its params: {', '.join(description.params) or 'none'}"
        raise UsageError(f"{description.name} has no param {name!r}; {hint}")
    entry = description.params[name]
    description.params[name] = Entry(_expression(value, f"--set {name}"), entry.key_span)
    return entry.value


def _expression(text: str, option: str) -> Expression:
    source = Source(option, text)
    try:
        return read_expression(Text(text, Span(source, 0, len(text)), None))
    except Mistake as mistake:
        raise UsageError(f"{option}: {mistake.problem.message}: {text!r}") from None


def input_text(text: str) -> str:
    """`3x224x224` as an architecture file writes it. Raises UsageError."""
    sizes = text.lower().replace("×", "x").split("x")
    if not all(re.fullmatch("[0-9]{1,10}", size) and int(size) for size in sizes) or not 2 <= len(sizes) <= 4:
        raise UsageError(f"--input takes sizes of 1 or more as 3x224x224, channels first, not {text!r}")
    return f"[{', '.join(sizes)}]"
