"""Arguments of `cnncalc.load` in the syntax of the command line: paths, sizes and values of params."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from operator import index
from typing import Any, SupportsIndex

from cnncalc.layers.arguments import Value, format_value

StrPath = str | os.PathLike[str]
InputSize = str | Sequence[SupportsIndex]
InputSizes = InputSize | Mapping[str, InputSize]
Settings = Sequence[str] | Mapping[str, Value]


def format_path(architecture: StrPath) -> str:
    """A path as a string. `Path("-")` is a file, and only the string "-" is standard input. Raises TypeError.

    >>> from pathlib import Path
    >>> format_path(Path("nets", "mine.yaml")), format_path("-"), format_path(Path("-"))
    ('nets/mine.yaml', '-', './-')
    """
    if isinstance(architecture, str):
        return architecture
    path: Any = os.fspath(architecture) if isinstance(architecture, os.PathLike) else None
    if not isinstance(path, str):
        raise TypeError(f"an architecture is given as a string or a path, not as {_type(architecture)}")
    return os.path.join(os.curdir, path) if path == "-" else path  # noqa: PTH118 - Path drops the leading dot


def format_inputs(inputs: InputSizes) -> list[str]:
    """Input sizes as strings, those of several inputs with their names. Raises TypeError.

    >>> format_inputs("3x224x224"), format_inputs({"left": [3, 64, 64], "right": "3x64x64"})
    (['3x224x224'], ['left=3x64x64', 'right=3x64x64'])
    """
    if isinstance(inputs, Mapping):
        for name in inputs:
            if not isinstance(name, str):
                raise TypeError(f"the name of an input is a string, not {_type(name)}")
        return [f"{name}={format_input_size(sizes)}" for name, sizes in inputs.items()]
    return [format_input_size(inputs)]


def format_input_size(input: InputSize) -> str:
    """An input size as a string. Raises TypeError.

    >>> format_input_size("3x224x224"), format_input_size([3, 227, 227])
    ('3x224x224', '3x227x227')
    """
    if isinstance(input, str):
        return input
    if not isinstance(input, Sequence) or isinstance(input, bytes | bytearray):
        raise TypeError(f"an input size is a string or a sequence of integers, not {_type(input)}")
    return "x".join(map(_whole, input))


def format_settings(settings: Settings) -> list[str]:
    """Values of params as `NAME=VALUE`; a string among the values is an expression of the language. Raises TypeError.

    >>> format_settings({"width": 32, "depths": [3, 8, 36, 3], "plain": True})
    ['width=32', 'depths=[3, 8, 36, 3]', 'plain=true']
    """
    if isinstance(settings, Mapping):
        return [f"{_string(name)}={_value(value)}" for name, value in settings.items()]
    if not isinstance(settings, Sequence) or isinstance(settings, str | bytes | bytearray):
        raise TypeError(f"settings are a mapping or a sequence of NAME=VALUE, not {_type(settings)}")
    return [_string(setting) for setting in settings]


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a setting is NAME=VALUE, or a name with its value in a mapping, not {_type(value)}")
    return value


def _value(value: object) -> str:
    """A value in the syntax of the language."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool | float | str):
        return format_value(value)
    try:
        return _whole(value)
    except TypeError:
        message = f"the value of a param is a number, a boolean, a string or a list of these, not {_type(value)}"
        raise TypeError(message) from None


def _whole(value: object) -> str:
    """An integer, also of NumPy."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise TypeError(f"the sizes of an input are integers, not {_type(value)}")
    return str(index(value))


def _type(value: object) -> str:
    """The name of a value's type."""
    return type(value).__qualname__
