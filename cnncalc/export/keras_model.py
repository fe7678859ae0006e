"""An architecture as Keras code: a function for each block, `* n` a loop, and a function that makes the model."""

from __future__ import annotations

from cnncalc import limits
from cnncalc.errors import CnncalcError, Problems, SpecError
from cnncalc.export.about import A_LAYER_A_LINE
from cnncalc.export.axes import Layout
from cnncalc.export.expressions import Unwritable
from cnncalc.export.keras_blocks import BlockWriter
from cnncalc.export.keras_file import KerasFile, model_lines
from cnncalc.export.keras_flat import FlatWriter
from cnncalc.export.keras_names import free_variable, function_name
from cnncalc.network import Network
from cnncalc.records import NamedTuple
from cnncalc.spec.builder import raise_recursion_limit
from cnncalc.spec.family import Description
from cnncalc.spec.load import evaluate_params


class Written(NamedTuple):
    """A file, and why it has a layer a line instead of the author's blocks, "" where it has these."""

    text: str
    flat: str = ""


def write_model(description: Description, network: Network, layout: Layout) -> Written:
    """A Python file with the network as a Keras model: with the author's blocks, else a layer a line.

    Raises SpecError with all layers that have no counterpart.
    """
    reason = f"it has more than {limits.EXPORT_BLOCK_LAYERS:,} layers"
    if len(network.nodes) <= limits.EXPORT_BLOCK_LAYERS:
        text, reason = _write_blocks(description, network, layout)
        if text:
            return Written(text)
    return Written(write_flat(network, layout), reason)


def _write_blocks(description: Description, network: Network, layout: Layout) -> tuple[str, str]:
    """The file with the author's blocks, or "" and why there is none."""
    with raise_recursion_limit():
        try:
            params = evaluate_params(description, Problems())
            return BlockWriter(description, params, network, layout, input_variables(network)).file(), ""
        except Unwritable:
            return "", "an expression has no counterpart in Python"
        except CnncalcError as error:
            return "", str(error)
        except RecursionError:
            return "", "its blocks are nested too deep"


def input_variables(network: Network) -> dict[str, str]:
    """The variables of the inputs by their names."""
    if len(network.inputs) == 1:
        return dict.fromkeys(network.inputs, "inputs")
    found: dict[str, str] = {}
    for name in network.inputs:
        found[name] = free_variable(name, set(found.values()))
    return found


def write_flat(network: Network, layout: Layout) -> str:
    """The file a layer a line. Raises SpecError with all layers that have no counterpart."""
    name = function_name(network.name, ())
    inputs = input_variables(network)
    flat = FlatWriter(network, layout, inputs, {name})
    flat.write()
    if flat.refusals:
        raise SpecError([flat.refusals[span] for span in sorted(flat.refusals, key=lambda span: span.start)])
    outputs = {each: flat.variables[index] for each, index in network.outputs.items()}
    lines = model_lines(network, layout, name, [], inputs, flat.lines, outputs)
    return KerasFile(network, layout, name, [lines], flat.helpers, [A_LAYER_A_LINE]).text()
