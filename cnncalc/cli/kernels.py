"""Kernels on the command line: a name, numbers, or a file with them; and the layers that --kernel gives them to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.cli.data import decode_data, read_data
from cnncalc.errors import CnncalcError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.execution.kernels import Rows
    from cnncalc.execution.weights import FlatArray
    from cnncalc.layers.base import Shape
    from cnncalc.network import Network, Node

WEIGHT = "weight"  # the array of a layer that has its kernels


def read_kernel(text: str) -> Rows:
    """The kernel of a name, of numbers as `1 0 -1; 2 0 -2; 1 0 -1`, or of a file. Raises CnncalcError."""
    from cnncalc.cli.input_data import has_rows, is_lists, read_lists
    from cnncalc.execution.kernels import NAMED, get_named, make_kernel, make_kernel_of_floats, suggest_kernel
    from cnncalc.execution.numerals import NumeralError, is_numerals, read_csv, read_inline
    from cnncalc.execution.weights import NestedError
    from cnncalc.spec.files import is_file

    if text in NAMED:
        return get_named(text)
    try:
        if is_numerals(text):
            return make_kernel(read_inline(text))
        if not is_lists(text) and text != "-" and not is_file(text):
            raise suggest_kernel(text)
        source = decode_data(text, text.encode() if is_lists(text) else read_data(text))
        return make_kernel(read_csv(source.text)) if has_rows(source) else make_kernel_of_floats(*read_lists(source))
    except (NestedError, NumeralError) as error:
        raise CnncalcError(f"{text}: {error}") from None


def assign_kernels(net: Network, texts: Sequence[str]) -> dict[tuple[str, str], FlatArray]:
    """The arrays of the layers that --kernel names: each of their kernels is the given one.

    Without a path it is the network's only layer with kernels. Raises UsageError and CnncalcError.
    """
    from cnncalc.paths import find_path

    layers = {node.path: node for node in net.nodes if node.shares is None and _find_kernel_shape(node)}
    found: dict[tuple[str, str], FlatArray] = {}
    for text in texts:
        path, equals, kernel = text.partition("=")
        if equals:
            path = find_path(path, layers, what="layer with kernels", former=net.former_paths)
        elif len(layers) == 1:
            path, kernel = next(iter(layers)), text
        elif not layers:
            raise UsageError(f"{net.name} has no convolution to which --kernel could give its numbers")
        else:
            raise UsageError(f"{net.name} has {len(layers):,} layers with kernels: write --kernel PATH={text}")
        if (path, WEIGHT) in found:
            raise UsageError(f"--kernel gives the kernel of {path} more than once")
        found[path, WEIGHT] = _fill(layers[path], kernel)
    return found


def _find_kernel_shape(node: Node) -> Shape:
    """The shape of the array of a layer's kernels, () if it has none: two axes of channels, and those of space."""
    from cnncalc.layers.window import Windowed

    if not isinstance(node.layer, Windowed):
        return ()
    shapes = [weight.shape for weight in node.layer.weights(node.input_shapes) if weight.name == WEIGHT]
    return shapes[0] if shapes and len(shapes[0]) == len(node.input_shapes[0]) + 1 else ()


def _fill(node: Node, text: str) -> FlatArray:
    """The array of a layer with the same kernel for all pairs of channels. Raises CnncalcError for another size."""
    from math import prod

    from cnncalc.execution.weights import FlatArray
    from cnncalc.layers.base import format_shape

    rows, shape = read_kernel(text), _find_kernel_shape(node)
    wanted, size = shape[2:], (len(rows), len(rows[0]))
    if size != (1,) * (2 - len(wanted)) + wanted:
        kernels = "×".join(map(str, wanted))
        raise UsageError(f"--kernel {text} is {format_shape(size)}, but the kernels of {node.path} are {kernels}")
    return FlatArray(shape, [float(number) for row in rows for number in row] * prod(shape[:2]))
