"""How a number was computed, written out: `2·1 + 3·2 + 4·3 = 20`, of the records of `recorded`.

What is used several times, or is long, is a step with a name of its own, `t1 = max(2, 1, 0.1) = 2`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import inf, prod

from cnncalc import limits
from cnncalc.errors import CnncalcError
from cnncalc.execution.recorded import Element
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

Format = Callable[[float], str]
INLINE = 48  # characters of a part that is written within another
DIVISOR = 10**6  # the largest integer whose inverse is written as a division
SUM, PRODUCT, ATOM = 1, 2, 3  # how tightly a text is bound, from a sum to a number or a call
LEAVES = ("input", "padding", "constant")
CALLS = {"exp": "exp", "log": "log", "erf": "erf", "tanh": "tanh", "root": "sqrt", "abs": "abs", "maximum": "max",
         "minimum": "min", "clamp_min": "max", "clamp_max": "min", "largest": "max"}  # fmt: skip


class Text(NamedTuple):
    """A text, and how tightly it is bound."""

    text: str
    level: int = ATOM

    def within(self, least: int) -> str:
        """The text in another one, in parentheses if it is bound less tightly than `least`."""
        return self.text if self.level >= least else f"({self.text})"


class Line(NamedTuple):
    """Terms and what joins them, which together are `value`. `label` is a channel, the bias, or ""."""

    terms: Sequence[str]
    value: float
    label: str = ""
    opening: str = ""
    joiner: str = " + "
    closing: str = ""

    @property
    def text(self) -> str:
        """All terms."""
        return f"{self.opening}{self.joiner.join(self.terms)}{self.closing}"


class Step(NamedTuple):
    """A number with a name ("" for the result): the sum of its lines."""

    name: str
    lines: tuple[Line, ...]
    value: float


def write_out(result: Element, shapes: Sequence[Shape], format: Format) -> tuple[Step, ...]:
    """The steps that give a number; the last is the number itself. `shapes` are those of the inputs of the layer.

    Raises CnncalcError if it was computed of too many numbers.
    """
    order = list(_iterate_children_first(result))
    uses = Counter(id(child) for element in order for child in element.children)
    texts: dict[int, Text] = {}
    steps: list[Step] = []
    for element in order:
        line, level = _write(element, texts, format)
        text = Text(line.text, level)
        apart = element is result or uses[id(element)] > 1 or len(text.text) > INLINE
        if element is result or (apart and element.form not in LEAVES):
            name = "" if element is result else f"t{len(steps) + 1}"
            steps.append(Step(name, _split_dot(element, line, shapes, format), element.value))
            text = Text(name)
        texts[id(element)] = text
    return tuple(steps)


def _iterate_children_first(result: Element) -> Iterator[Element]:
    """All elements that a result was made of, each once and after those that it was made of. Raises CnncalcError."""
    known: set[int] = set()
    waiting: list[tuple[Element, bool]] = [(result, False)]
    while waiting:
        element, ready = waiting.pop()
        if ready:
            yield element
        elif id(element) not in known:
            known.add(id(element))
            if len(known) > limits.WRITTEN_NUMBERS:
                raise CnncalcError(f"it is computed of more than {limits.WRITTEN_NUMBERS:,} numbers")
            waiting.append((element, True))
            waiting += [(child, False) for child in reversed([*element.children]) if id(child) not in known]


def _write(element: Element, texts: dict[int, Text], format: Format) -> tuple[Line, int]:
    """A number in terms of what it was made of, and how tightly that is bound."""
    value, form = element.value, element.form
    if form in LEAVES:
        text = format(value)
        return Line([text], value), SUM if text.startswith("-") else ATOM
    if not element.parts:  # a window that is nowhere on the input
        return Line([format(value)], value), ATOM
    parts = [texts[id(part)] if isinstance(part, Element) else _number(part, format) for part in element.parts]
    if form in CALLS:
        if form == "largest":  # what is beyond the border of a max pool is no number
            kept = [
                part for part, of in zip(parts, element.parts, strict=True) if of.value != -inf or of.form != "padding"
            ]
            parts = kept or parts
        return Line([part.text for part in parts], value, "", f"{CALLS[form]}(", ", ", ")"), ATOM
    match form:
        case "dot":
            weights = [_number(weight, format) for weight in element.weights]
            bias = [] if element.bias is None else [_number(element.bias, format).within(PRODUCT)]
            return Line([*_multiply(parts, weights), *bias], value), SUM
        case "products":
            return Line(_multiply(parts[: len(parts) // 2], parts[len(parts) // 2 :]), value), SUM
        case "total":
            return Line([part.within(PRODUCT if at else SUM) for at, part in enumerate(parts)], value), SUM
        case "where_positive":
            test, yes, no = (part.within(SUM) for part in parts)
            return Line([f"({yes} if {test} > 0 else {no})"], value), ATOM
    text, level = _write_operation(form, parts, element.parts[-1], format)
    return Line([text], value), level


def _write_operation(form: str, parts: Sequence[Text], last: object, format: Format) -> tuple[str, int]:
    """An operation of one or two parts, of which the last may be a constant."""
    first, second = parts[0], parts[-1]
    match form:
        case "add" | "shift":
            if isinstance(last, float) and last < 0:
                return f"{first.within(SUM)} − {format(-last)}", SUM
            return f"{first.within(SUM)} + {second.within(PRODUCT)}", SUM
        case "subtract":
            return f"{first.within(SUM)} − {second.within(PRODUCT)}", SUM
        case "multiply" | "scale":
            if isinstance(last, float) and (divisor := _find_divisor(last)):
                return f"{first.within(PRODUCT)}/{divisor}", PRODUCT
            return f"{first.within(PRODUCT)}·{second.within(ATOM)}", PRODUCT
        case "divide":
            return f"{first.within(PRODUCT)}/{second.within(ATOM)}", PRODUCT
        case "power":
            return f"{first.within(ATOM)}^{second.within(ATOM)}", PRODUCT
        case "reciprocal":
            return f"1/{first.within(ATOM)}", PRODUCT
        case "negate":
            return f"-{first.within(ATOM)}", SUM
        case "expm1":
            return f"exp({first.text}) − 1", SUM
        case "softplus":
            return f"log(1 + exp({first.text}))", ATOM
    raise ValueError(form)


def _multiply(parts: Sequence[Text], others: Sequence[Text]) -> list[str]:
    return [f"{part.within(PRODUCT)}·{other.within(ATOM)}" for part, other in zip(parts, others, strict=True)]


def _number(value: float, format: Format) -> Text:
    text = format(value)
    return Text(text, SUM if text.startswith("-") else ATOM)


def _find_divisor(factor: float) -> int:
    """The integer of which a factor is the inverse, as that of a mean is; 0 if there is none."""
    divisor = round(1 / factor) if 1 / DIVISOR <= factor < 1 else 0
    return divisor if divisor and 1 / divisor == factor else 0


def _split_dot(element: Element, line: Line, shapes: Sequence[Shape], format: Format) -> tuple[Line, ...]:
    """A weighted sum as a line for each channel of the input, if it has several positions of several, and the bias."""
    if element.form != "dot" or not element.parts:
        return (line,)
    count = len(element.parts)
    channels = _find_channels(element, shapes)
    lines = []
    for number, channel in enumerate(channels or [-1]):
        own = range(number, count, len(channels) or 1)
        value = sum(element.parts[at].value * element.weights[at] for at in own)
        label = f"channel {channel}" if channels else "products" if element.bias is not None else ""
        lines.append(Line([line.terms[at] for at in own], value, label))
    if element.bias is not None:
        lines.append(Line([format(element.bias)], element.bias, "bias"))
    return tuple(lines)


def _find_channels(element: Element, shapes: Sequence[Shape]) -> list[int]:
    """The channels of the input that a window has in turn at each of its positions; [] if it is no such window."""
    found = []
    for part in element.parts:
        if part.form == "input":
            number, at = part.parts
            if len(shapes[number]) == 1:
                return []
            found.append(at // prod(shapes[number][1:]))
        elif part.form == "padding":
            found.append(-1)
        else:
            return []
    channels = sorted({*found} - {-1})
    count = len(channels)
    if count < 2 or len(found) == count or len(found) % count:
        return []
    in_turn = all(channel in (-1, channels[at % count]) for at, channel in enumerate(found))
    return channels if in_turn else []
