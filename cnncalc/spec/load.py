"""Loads a network from the text of an architecture, which `cnncalc/reading.py` finds and reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from cnncalc import limits
from cnncalc.errors import Amount, Mistake, Problem, Problems, Source, Span, UsageError
from cnncalc.given import Expectation
from cnncalc.layers.arguments import Value, format_value
from cnncalc.layers.base import Shape
from cnncalc.nearest import did_you_mean
from cnncalc.network import INPUT_NAME, Network
from cnncalc.records import NamedTuple
from cnncalc.spec.builder import TooLarge
from cnncalc.spec.check import Checker
from cnncalc.spec.document import KeyedValue, Reason
from cnncalc.spec.expand import Expander
from cnncalc.spec.expressions import Expression, Listed, Unknown
from cnncalc.spec.family import Description, read_family
from cnncalc.spec.grammar import read_expression
from cnncalc.spec.input_order import drop_batch, suspect_order
from cnncalc.spec.nodes import YamlString
from cnncalc.spec.repairs import write
from cnncalc.spec.scope import ParamScope
from cnncalc.spec.values import require_integer

FORMS = "[N], [C, L], [C, H, W] or [C, D, H, W]"


class Overrides(NamedTuple):
    """Overrides of a file: inputs by name ("" for a single input), and values of its params as they are written.

    The `varied` params are given by --vary, the others by --set.
    """

    inputs: tuple[tuple[str, Shape], ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    varied: frozenset[str] = frozenset()

    def find_option(self, name: str) -> str:
        """The option that gives a param, for messages."""
        return f"{'--vary' if name in self.varied else '--set'} {name}"


NO_OVERRIDES = Overrides()


class Loaded(NamedTuple):
    """The result of reading a text: its description, the network as far as it was built, and all problems in order."""

    source: Source | None  # None if nothing could be read
    path: str
    problems: list[Problem]
    description: Description | None = None
    network: Network | None = None
    expectations: tuple[Expectation, ...] = ()  # only conditions, if the input or a param is overridden
    steps: int = 0  # of the expansion

    @property
    def allow(self) -> dict[str, Reason]:
        """The warnings that are allowed, by code."""
        return self.description.allow if self.description else {}

    @property
    def own_allow(self) -> dict[str, Reason]:
        """Those that the file itself allows, without inherited ones."""
        return self.description.own_allow if self.description else {}


def parse_overrides(
    inputs: Sequence[str], settings: Sequence[str], varied: Iterable[tuple[str, str]] = ()
) -> Overrides:
    """`inputs` are `3x224x224`, or `NAME=3x224x224` of each, `settings` are `NAME=VALUE`, `varied` names and values.

    Raises UsageError.
    """
    params: dict[str, str] = {}
    for text in settings:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise UsageError(f"--set takes NAME=VALUE, not {text!r}")
        if name in params:
            raise UsageError(f"--set sets {name!r} more than once")
        _expression(value, f"--set {name}")
        params[name] = value
    own = dict(varied)
    for name, value in own.items():
        _expression(value, f"--vary {name}")
    return Overrides(parse_inputs(inputs), (*params.items(), *own.items()), frozenset(own))


def parse_inputs(inputs: Sequence[str]) -> tuple[tuple[str, Shape], ...]:
    """The names and sizes of inputs, `left=3x64x64`; the name of a single input may be "". Raises UsageError."""
    found: dict[str, Shape] = {}
    for text in inputs:
        name, equals, sizes = (part.strip() for part in text.rpartition("="))
        if equals and not name:
            raise UsageError(f"--input takes SIZES or NAME=SIZES, not {text!r}")
        if name in found:
            which = f"the input {name!r}" if name else "the input"
            raise UsageError(f"--input sets {which} more than once; with several inputs, write --input NAME=SIZES")
        found[name] = parse_sizes(sizes)
    if "" in found and len(found) > 1:
        raise UsageError("--input takes the SIZES of a single input, or NAME=SIZES for each input, not both")
    return tuple(found.items())


def parse_sizes(input: str) -> Shape:
    """The sizes of an input. Raises UsageError.

    >>> parse_sizes("3x224x224") == parse_sizes("3,224,224") == parse_sizes("[3, 224, 224]")
    True
    """
    inner = re.sub(r"^\s*[\[(](.*)[\])]\s*$", r"\1", input, flags=re.DOTALL).lower()
    sizes = [size.strip() for size in re.split("," if "," in inner else "[x×]", inner)]
    if not all(re.fullmatch("[0-9]{1,10}", size) and int(size) for size in sizes) or len(sizes) > 4:
        raise UsageError(
            f"--input takes 1 to 4 sizes of 1 or more, channels first, e.g. 3x224x224 or 3,224,224, not {input!r}"
        )
    return tuple(map(int, sizes))


def load_source(
    source: Source,
    path: str = "-",
    overrides: Overrides = NO_OVERRIDES,
    *,
    former: bool = False,
    amount: Amount | None = None,
) -> Loaded:
    """Read the text of an architecture. `path` is its path, for `extends`; `amount` was read before, and counts too.

    Problems of the text are in the result. Raises UsageError for overrides that do not fit the network. With `former`,
    its layers have the paths of version 0.1.
    """
    problems = Problems()
    description = read_family(source, path, problems, amount)
    if description is None:
        return Loaded(source, path, problems.sorted())
    Checker(description, problems, override(description, overrides)).check()
    return build(description, source, path, overrides, problems, former=former)


def override(description: Description, overrides: Overrides) -> list[Expression]:
    """Override values of the file; returns the replaced ones. Raises UsageError."""
    replaced = [_override(description, name, value, overrides.find_option(name)) for name, value in overrides.params]
    replaced += [value for name, shape in overrides.inputs for value in _override_input(description, name, shape)]
    return replaced


def build(
    description: Description,
    source: Source,
    path: str,
    overrides: Overrides,
    problems: Problems,
    *,
    former: bool = False,
) -> Loaded:
    """Build the network of a checked description."""
    params = evaluate_params(description, problems)
    network, steps = _expand(description, params, problems, former=former)
    if network is not None and not former:
        again = partial(load_source, source, path, overrides, former=True)
        network = network._replace(former_paths=_FormerPaths(network, again))
    expectations = _expectations(description, params, problems)
    if overrides != NO_OVERRIDES and expectations:  # exact figures only hold without overrides
        from cnncalc.conditions import Condition

        expectations = tuple(each for each in expectations if isinstance(each.value, Condition))
    return Loaded(source, path, problems.sorted(), description, network, expectations, steps)


class _FormerPaths:
    """The paths of version 0.1; the architecture is read again when they are needed."""

    def __init__(self, network: Network, read_again: Callable[[], Loaded]) -> None:
        self.network = network
        self.read_again = read_again
        self.paths: dict[str, list[str]] | None = None  # once it was asked for

    def __call__(self) -> dict[str, list[str]]:
        from cnncalc.spec.former import map_former_paths  # only needed for an unknown path

        if self.paths is None:
            former = self.read_again().network
            self.paths = map_former_paths(former, self.network) if former is not None else {}
        return self.paths

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _FormerPaths)  # networks do not differ in this

    def __hash__(self) -> int:
        return hash(_FormerPaths)


def _expand(
    description: Description, params: dict[str, Value], problems: Problems, *, former: bool
) -> tuple[Network | None, int]:
    """The network, None if there is none, and the steps of its expansion."""
    inputs = _inputs(description, params, problems)
    if description.layers is None:
        return None, 0
    segments = None
    if former:
        from cnncalc.spec.former import make_former_segments

        segments = make_former_segments(description)
    expander = Expander(description, params, problems, segments)
    try:
        network = expander.network(inputs, description.layers)
    except TooLarge:  # after a failure the network is kept as far as it was built
        network = expander.built.network(description) if expander.built.failed else None
    description.amount.steps = expander.built.steps
    description.amount.layers += expander.built.count
    family = Path(description.documents[-1].source.name).stem
    return network and network._replace(family=family), expander.built.steps


def evaluate_params(description: Description, problems: Problems) -> dict[str, Value]:
    """The values of the params of the file, None for those with a mistake, which is reported."""
    values: dict[str, Value] = {}
    scope = ParamScope(values, description.amount)
    for name, entry in description.params.items():
        values[name] = _evaluate(entry.value, scope, problems)
    return values


def _evaluate(expression: Expression, scope: ParamScope, problems: Problems) -> Value:
    """The value, None if it has none, which is reported."""
    try:
        return scope.value(expression)
    except Unknown:
        return None
    except Mistake as mistake:
        problems.add(mistake.problem)
        return None


def _inputs(description: Description, params: dict[str, Value], problems: Problems) -> dict[str, Shape | None]:
    """The shape of each input by its name, None for one with a mistake, which is reported; at most limits.INPUTS."""
    if len(description.inputs) > limits.INPUTS:
        span = description.inputs[list(description.inputs)[limits.INPUTS]].key_span
        problems.add(Problem("too-large", f"the network has more than {limits.INPUTS} inputs", span))
        return dict.fromkeys(description.inputs)
    scope = ParamScope(params, description.amount)
    return {name: _input_shape(name, entry.value, scope, problems) for name, entry in description.inputs.items()}


def _input_shape(name: str, expression: Expression, scope: ParamScope, problems: Problems) -> Shape | None:
    value = _evaluate(expression, scope, problems)
    if value is None:
        return None
    span = expression.span
    try:
        if isinstance(value, tuple) and len(value) == 5:
            image = write(span, format_value(drop_batch(value)), "remove the batch")
            message = f"`{name}` must be {FORMS}, without a batch, found {format_value(value)[:60]}"
            raise Mistake("bad-input", message, span, "", image)
        if not isinstance(value, tuple) or not 1 <= len(value) <= 4:
            fixes = [write(span, f"[{value}]")] if isinstance(value, int) and not isinstance(value, bool) else []
            raise Mistake("bad-input", f"`{name}` must be {FORMS}, found {format_value(value)[:60]}", span, "", *fixes)
        shape = tuple(require_integer(size, span, "an input size") for size in value)
        for size in shape:
            if not 1 <= size <= limits.SIZE:
                raise Mistake("bad-input", f"an input size must be from 1 to {limits.SIZE:,}, found {size}", span)
    except Mistake as mistake:
        problems.add(mistake.problem)
        return None
    if problem := suspect_order(name, shape, span):
        problems.add(problem)
    return shape


def _expectations(description: Description, params: dict[str, Value], problems: Problems) -> tuple[Expectation, ...]:
    scope = ParamScope(params, description.amount)
    values = ((key, entry, _evaluate(entry.value, scope, problems)) for key, entry in description.expect.items())
    return tuple(
        Expectation(key, value, entry.key_span, entry.value.span) for key, entry, value in values if value is not None
    )


def _override_input(description: Description, name: str, wanted: Shape) -> Iterator[Expression]:
    """Override an input ("" for a single one); yields its value in the file. Raises UsageError."""
    names = [known for known in description.inputs if known != INPUT_NAME]
    if name and description.inputs and name not in names:
        hint = did_you_mean(name, names) or f"its inputs: {', '.join(names)}"
        sizes = "x".join(map(str, wanted))
        text = f"has no input {name!r}; {hint}" if names else f"has an input without a name: --input {sizes}"
        raise UsageError(f"{description.name} {text}")
    if not name and len(names) > 1:
        raise UsageError(f"{description.name} has several inputs ({', '.join(names)}): write --input NAME=SIZES")
    name = name or (names[0] if names else INPUT_NAME)
    given = description.inputs.get(name)
    if given is not None:
        _check_axes(given.value, wanted)
        yield given.value
    text = format_value(wanted)
    span = given.key_span if given else Span(Source("--input", text), 0, len(text))
    description.inputs = {**description.inputs, name: KeyedValue(_expression(text, "--input"), span)}


def _check_axes(given: Expression, wanted: Shape) -> None:
    """Raises UsageError for another number of axes than in the file; usually the channels are missing."""
    if isinstance(given, Listed) and len(given.items) != len(wanted):
        file = "x".join(item.span.text for item in given.items)
        raise UsageError(f"--input has {len(wanted)} sizes, but the network's input has {len(given.items)}: {file}")


def _override(description: Description, name: str, value: str, option: str) -> Expression:
    """Override a param; returns its value in the file."""
    if name not in description.params:
        hint = did_you_mean(name, description.params) or f"its params: {', '.join(description.params) or 'none'}"
        raise UsageError(f"{description.name} has no param {name!r}; {hint}")
    entry = description.params[name]
    description.params[name] = KeyedValue(_expression(value, option), entry.key_span)
    return entry.value


def _expression(text: str, option: str) -> Expression:
    source = Source(option, text)
    try:
        return read_expression(YamlString(text, Span(source, 0, len(text)), None))
    except Mistake as mistake:
        raise UsageError(f"{option}: {mistake.problem.message}: {text!r}") from None
