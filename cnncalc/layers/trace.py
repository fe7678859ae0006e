"""The formulas of a layer, derived by applying its rules to terms: integers that record their formula (see `term`)."""

from __future__ import annotations

from itertools import starmap
from math import prod

from cnncalc import limits
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.settings import SameAs, Setting
from cnncalc.layers.term import Real, Term
from cnncalc.layers.window import Pairs, Windowed
from cnncalc.records import NamedTuple

# the subscripts of a symbol for each axis
AXES = {1: ("",), 2: ("h", "w"), 3: ("d", "h", "w"), 4: ("1", "2", "3", "4"), 5: ("1", "2", "3", "4", "5")}
AXIS_NAMES = {"": "size", "d": "depth", "h": "height", "w": "width"} | {n: f"axis {n}" for n in AXES[5]}
ROLES = {"weight": "weights", "bias": "biases", "buffer": "buffers"}


class Formula(NamedTuple):
    """How a quantity is computed: the formula with symbols, the formula with numbers, and the value."""

    symbols: str
    numbers: str
    value: int


def derive_formulas(layer: Layer, inputs: Shapes) -> dict[str, Formula]:
    """Every nonzero quantity of a layer by its name, e.g. "output size", "weights" or "macs".

    >>> from cnncalc.layers.conv import Conv
    >>> derive_formulas(Conv(out=96, kernel=11, stride=4), ((3, 227, 227),))["weights"]
    Formula(symbols='K·K·C_in·C_out', numbers='11·11·3·96', value=34848)
    """
    named, shapes, output, found = trace(layer, inputs)
    weights = named.weights(shapes)
    for role, label in ROLES.items():
        found[label] = count_all([weight.shape for weight in weights if weight.role == role])
    found.update(named.work(shapes, output)._asdict())
    return {label: to_formula(value) for label, value in found.items() if value}


class Trace(NamedTuple):
    """A layer, its inputs and its output as terms, and the computed sizes by their names."""

    layer: Layer
    inputs: Shapes
    output: Shape
    found: dict[str, int]


def trace(layer: Layer, inputs: Shapes) -> Trace:
    """Apply the shape rule of a layer to terms; a padding word is replaced by its paddings."""
    shapes = name_inputs(layer, inputs)
    named = substitute_symbols(layer, len(next(iter(inputs), ())) - 1)
    found: dict[str, int] = {}
    if isinstance(named, Windowed) and isinstance(named.padding, str):
        sides: Pairs = tuple((axis.before, axis.after) for axis in named.axes(shapes))
        found.update(padding_quantities(sides))
        named = named.replace(padding=name_pairs("P", sides))
    output = named.result_shape(shapes)  # without `check`: a padding word may pad more than numbers may
    found.update(output_quantities(output))
    return Trace(named, shapes, name_output(output), found)


def count_all(shapes: list[Shape]) -> int:
    """Count the elements of several arrays. Of more than two, those of equal shapes are a product."""
    times = {shape: shapes.count(shape) for shape in shapes}
    if len(shapes) <= 2 or len(times) == len(shapes):
        return sum(map(count_elements, shapes))
    return sum(count * count_elements(shape) for shape, count in times.items())


def count_elements(shape: Shape) -> int:
    """Count the elements of an array, in the order of textbooks: K·K·C_in·C_out for [C_out, C_in, K, K]."""
    return prod((*shape[2:], *reversed(shape[:2])))


def to_formula(value: int) -> Formula:
    """The formula of a number; a plain integer is its own formula."""
    if isinstance(value, Term):
        return Formula(value.symbols, value.numbers, int(value))
    return Formula(str(value), str(value), value)


def name_sizes(symbol: str, sizes: tuple[int, ...], *, quiet: bool = False) -> tuple[int, ...]:
    """A term for each axis, with one name if all are equal, else a name for each."""
    if not sizes:
        return ()
    if len(set(sizes)) == 1:
        return (Term.of(symbol, sizes[0], quiet=quiet),) * len(sizes)
    joint = "," if "_" in symbol else "_"
    named = zip(AXES[len(sizes)], sizes, strict=True)
    return tuple(Term.of(f"{symbol}{joint}{axis}", size, quiet=quiet) for axis, size in named)


def name_pairs(symbol: str, sides: Pairs) -> Pairs:
    """A term for each side of each axis, with one name if all are equal."""
    if all(before == after for before, after in sides):
        return tuple((size, size) for size in name_sizes(symbol, tuple(before for before, _ in sides)))
    befores, afters = zip(*sides, strict=True)
    return tuple(zip(name_sizes(f"{symbol}_before", befores), name_sizes(f"{symbol}_after", afters), strict=True))


def name_inputs(layer: Layer, inputs: Shapes) -> Shapes:
    """The inputs as terms: C or C_in and I, numbered if branches differ; N or N_in if they are flat.

    The inputs of a merge of more than `limits.NAMED_BRANCHES` branches remain integers.
    """
    if not 0 < len(inputs) <= limits.NAMED_BRANCHES:
        return inputs
    channel = ("C" if len(inputs[0]) > 1 else "N") + ("_in" if "out" in layer.settings else "")
    channels_differ = len({shape[0] for shape in inputs}) > 1
    sizes_differ = len({shape[1:] for shape in inputs}) > 1
    return tuple(
        (
            Term.of(f"{channel}_{number}" if channels_differ else channel, shape[0]),
            *name_sizes(f"I_{number}" if sizes_differ else "I", shape[1:]),
        )
        for number, shape in enumerate(inputs, 1)
    )


def name_output(output: Shape) -> Shape:
    """The output as terms for further formulas: sizes that are formulas have the new names C_out and O."""
    flat = len(output) == 1
    channels = output[0] if has_name(output[0]) else Term.of("N_out" if flat else "C_out", output[0])
    sizes = output[1:] if all(map(has_name, output[1:])) else name_sizes("O", output[1:])
    return (channels, *sizes)


def has_name(size: int) -> bool:
    """Whether it is a named number or a plain integer, not a formula."""
    return not isinstance(size, Term) or not size.operator


def substitute_symbols(layer: Layer, axes: int) -> Layer:
    """The layer with terms in place of the arguments that have a symbol."""
    terms = {
        name: to_term(setting, value, axes)
        for name, setting in layer.settings.items()
        if setting.symbol and not isinstance(value := getattr(layer, name), str | None)
    }
    return layer.replace(**terms)


def to_term(setting: Setting, value: Value, axes: int) -> Value:
    """A setting's value as terms. A neutral 1 that is the default is not shown in products."""
    quiet = setting.default == 1 or isinstance(setting.default, SameAs)
    if isinstance(value, float):
        return Real.of(setting.symbol, value)
    if isinstance(value, int):
        return Term.of(setting.symbol, value, quiet=quiet)
    if isinstance(value[0], tuple):
        return name_pairs(setting.symbol, value)
    if any(isinstance(each, float) or each is None for each in value):
        names = [f"{setting.symbol}_{axis}".rstrip("_") for axis in AXES[len(value)]]
        return tuple(starmap(name_number, zip(names, value, strict=True)))
    return name_sizes(setting.symbol, value, quiet=quiet)


def name_number(name: str, value: float | None) -> Value:
    """A number by its name."""
    if value is None:
        return None
    return Real.of(name, value) if isinstance(value, float) else Term.of(name, value)


def padding_quantities(sides: Pairs) -> dict[str, int]:
    """The padding of a padding word, by the names in the output of `explain`."""
    if all(before == after for before, after in sides):
        return axis_quantities("padding", tuple(before for before, _ in sides), alone="padding")
    befores, afters = zip(*sides, strict=True)
    return {
        **axis_quantities("padding before,", befores, alone="padding before"),
        **axis_quantities("padding after,", afters, alone="padding after"),
    }


def output_quantities(output: Shape) -> dict[str, int]:
    """The output's channels and sizes, by the names in the output of `explain`."""
    if len(output) == 1:
        return {"output elements": output[0]}
    return {"output channels": output[0], **axis_quantities("output", output[1:], alone="output size")}


def axis_quantities(what: str, sizes: tuple[int, ...], *, alone: str) -> dict[str, int]:
    """One quantity if every axis has the same formula, else one for each."""
    if len(set(map(to_formula, sizes))) == 1:
        return {alone: sizes[0]}
    return {f"{what} {AXIS_NAMES[axis]}": size for axis, size in zip(AXES[len(sizes)], sizes, strict=True)}
