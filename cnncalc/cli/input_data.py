"""The data of --input-data: the name of a pattern, numbers, or a file with nested lists, rows of numbers, a picture."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cnncalc.cli.data import decode_data, read_data
from cnncalc.errors import CnncalcError, SpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Source
    from cnncalc.execution.weights import FlatArray
    from cnncalc.layers.base import Shape
    from cnncalc.network import Network

CSV = (".csv", ".tsv", ".txt")  # files with rows of numbers


def is_lists(text: str) -> bool:
    """Whether an argument is nested lists and not the name of a file."""
    return text.startswith("[")


def has_rows(source: Source) -> bool:
    """Whether a file has rows of numbers: by its ending, else by its text."""
    from cnncalc.execution.numerals import is_numerals

    return source.name.lower().endswith(CSV) or is_numerals(source.text)


class Data:
    """The data of one input, as it is given. A file is read once, when it is needed.

    Rows of numbers are a matrix [H, W], one row is a vector [N]. `./ones` is a file, `ones` a pattern.
    """

    def __init__(self, text: str) -> None:
        from cnncalc.execution.numerals import is_numerals
        from cnncalc.execution.pictures import PATTERNS

        self.text = text
        self.is_pattern = text in PATTERNS
        self.is_inline = is_numerals(text)

    @cached_property
    def content(self) -> bytes:
        """The bytes of the file, or of the lists that are given in its place. Raises UsageError and CnncalcError."""
        from cnncalc.execution.pictures import suggest_data
        from cnncalc.spec.files import is_file
        from cnncalc.system import is_device_name

        if is_lists(self.text):
            return self.text.encode()
        is_read = self.text == "-" or is_file(self.text) or is_device_name(self.text)
        if not is_read and (error := suggest_data(self.text)):
            raise error
        return read_data(self.text)

    @cached_property
    def _array(self) -> FlatArray:
        """What is given, in its own shape; not of a pattern. Raises CnncalcError."""
        from cnncalc.execution.netpbm import PictureError
        from cnncalc.execution.numerals import NumeralError, read_csv, read_inline
        from cnncalc.execution.pictures import is_picture, read_picture
        from cnncalc.execution.weights import NestedError

        try:
            if self.is_inline:
                return _flatten_rows(read_inline(self.text))
            if is_picture(self.content):
                return read_picture(self.content)
            source = decode_data(self.text, self.content)
            del self.content  # it may be large
            return _flatten_rows(read_csv(source.text)) if has_rows(source) else read_lists(source)
        except (NestedError, NumeralError, PictureError) as error:
            raise CnncalcError(f"{self.text}: {error}") from None

    @property
    def shape(self) -> Shape:
        """The shape in which it is given, found before any pixel of a picture is decoded. Raises CnncalcError."""
        from cnncalc.execution.netpbm import PictureError
        from cnncalc.execution.pictures import is_picture, read_shape

        if not self.is_inline and "_array" not in self.__dict__ and is_picture(self.content):
            try:
                return read_shape(self.content)
            except PictureError as error:
                raise CnncalcError(f"{self.text}: {error}") from None
        return self._array.shape

    def suggest_input(self) -> Shape | None:
        """The shape of the input of a chain that is run on this; None for a pattern, which has any shape.

        A matrix is one channel.
        """
        from cnncalc.execution.pictures import DIGIT

        if self.is_pattern:
            return DIGIT if self.text == "digit" else None
        return (1, *self.shape) if len(self.shape) == 2 else self.shape

    def fill(self, name: str, wanted: Shape, seed: int) -> FlatArray:
        """The values of an input of this name and shape. Raises CnncalcError."""
        from cnncalc.network import input_label

        if not self.is_pattern:
            _check_shape(name, wanted, self.text, self.shape)
        return self.take(wanted, seed, "--input-data", input_label(name))

    def fits(self, wanted: Shape) -> bool:
        """Whether the data have this shape; the axes of size 1 that come first may be left out. Raises CnncalcError."""
        return self.is_pattern or fits(self.shape, wanted)

    def take(self, wanted: Shape, seed: int, option: str, label: str) -> FlatArray:
        """The values of data that fit a shape; `label` names the random numbers of a pattern. Raises CnncalcError."""
        from cnncalc.execution.netpbm import PictureError
        from cnncalc.execution.pictures import make_pattern

        if not self.is_pattern:
            return self._array._replace(shape=wanted)
        try:
            return make_pattern(self.text, wanted, seed, label)
        except PictureError as error:
            raise CnncalcError(f"{option} {self.text}: {error}") from None


class GivenInputs:
    """What all --input-data give. Each file is read once."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self._known: dict[str, Data] = {}

    def suggest_inputs(self) -> list[str]:
        """The --input of a chain of layers that has none, by its data. Raises UsageError and CnncalcError."""
        found = []
        for text in self.texts:
            name, equals, rest = text.partition("=")
            name, data = (f"{name}=", self._get(rest)) if equals and name.isidentifier() else ("", self._get(text))
            shape = data.suggest_input()
            if shape is None:
                raise UsageError(f"--input-data {data.text} fits any input: give its size with --input, e.g. 1x6x6")
            found.append(name + "x".join(map(str, shape)))
        return found

    def read(self, net: Network, seed: int | None) -> list[FlatArray]:
        """The inputs in order; one without data is random.

        Raises UsageError if it is unclear which input is given, CnncalcError for a wrong shape.
        """
        from cnncalc.execution.weights import sample_input
        from cnncalc.network import input_label

        given = self._assign(net)
        seed = seed or 0
        return [
            given[name].fill(name, shape, seed) if name in given else sample_input(seed, shape, input_label(name))
            for name, shape in net.inputs.items()
        ]

    def _get(self, text: str) -> Data:
        return self._known.setdefault(text, Data(text))

    def _assign(self, net: Network) -> dict[str, Data]:
        """The data of each input, by the input's name."""
        from cnncalc.network import INPUT_NAME, input_label

        found: dict[str, Data] = {}
        for text in self.texts:
            name, equals, data = text.partition("=")
            if not equals or name not in net.inputs or name == INPUT_NAME:
                name, data = next(iter(net.inputs)), text
                if len(net.inputs) > 1:
                    names = ", ".join(net.inputs)
                    why = f"{net.name} has several inputs ({names}): write --input-data NAME=FILE, not {text!r}"
                    raise UsageError(why)
            if name in found:
                raise UsageError(f"--input-data gives the {input_label(name)} more than once")
            found[name] = self._get(data)
        return found


def _flatten_rows(rows: list[list[str]]) -> FlatArray:
    """A matrix [H, W], or of one row a vector [N]. Raises NumeralError."""
    from cnncalc.execution.numerals import parse_rows
    from cnncalc.execution.weights import FlatArray

    numbers = parse_rows(rows)
    width = len(numbers[0])
    return FlatArray((len(numbers), width) if len(numbers) > 1 else (width,), [each for row in numbers for each in row])


def read_lists(source: Source) -> FlatArray:
    """Nested lists in JSON or YAML. Raises SpecError and NestedError."""
    from cnncalc.execution.weights import NestedError, flatten_array
    from cnncalc.spec.weights import read_array

    nested, problems = read_array(source)
    if problems:
        raise SpecError(problems)
    found = flatten_array(nested)
    if not found.shape:
        raise NestedError("nested lists of numbers are expected, found a number")
    return found


def fits(shape: Shape, wanted: Shape) -> bool:
    """Whether a shape is the wanted one; the axes of size 1 that come first may be left out."""
    return (1,) * (len(wanted) - len(shape)) + shape == wanted


def _check_shape(name: str, wanted: Shape, text: str, shape: Shape) -> None:
    """Raises CnncalcError for data of another shape."""
    from cnncalc.layers.base import format_shape
    from cnncalc.network import INPUT_NAME

    if not fits(shape, wanted):
        hint, own = "", "" if name == INPUT_NAME else f"{name}="
        given = (1,) * (len(wanted) - len(shape)) + shape  # a matrix is one channel
        if len(shape) == len(wanted) or given[:1] == wanted[:1]:
            hint = f"; use --input {own}{'x'.join(map(str, given))}"
        takes = f"the network takes {own}{format_shape(wanted)}"
        raise CnncalcError(f"{text}: the input is {format_shape(shape)}, but {takes}{hint}")
