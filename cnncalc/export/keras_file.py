"""The file around the functions: what it is about, imports, helpers, the model, and the checks at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.export.about import count_numbers, docstring, output_key
from cnncalc.export.axes import Layout
from cnncalc.export.expressions import literal, quote
from cnncalc.export.keras_helpers import helper_names, helper_text
from cnncalc.export.keras_lines import Assign, Statement, lines_of
from cnncalc.export.layout import Code, Keyed, call, indented, lay_out
from cnncalc.network import Network

UNTYPED = "  # type: ignore[import-untyped]"


class KerasFile:
    """Writes a file with the functions of a network, of which the last makes the model.

    `functions` are the lines of the others, `helpers` the names of helpers, `notes` paragraphs of the docstring.
    """

    def __init__(
        self, network: Network, layout: Layout, name: str, functions: Sequence[list[str]], helpers: set[str],
        notes: Sequence[str],
    ) -> None:  # fmt: skip
        self.network = network
        self.layout = layout
        self.name = name
        self.functions = functions
        self.names = helpers
        self.live = find_live(network)
        self.notes = [*notes, *self.note_dead()]

    def text(self) -> str:
        """The whole file."""
        helpers = [line for name in helper_names(self.names) for line in ["", "", *self.helper(name)]]
        functions = [line for each in self.functions for line in ["", "", *each]]
        body = [*helpers, *functions]
        head = self.head("\n".join(body))
        return "\n".join([*docstring(self.network, self.notes), "", *head, *body, "", "", *self.checks(), ""])

    def note_dead(self) -> list[str]:
        """What the docstring says of layers that no output needs."""
        dead = [node for node in self.network.nodes if node.index not in self.live]
        numbers = count_numbers(self.network, nodes={node.index for node in dead})
        if not numbers:
            return []
        return [f"{numbers:,} parameters are of layers that lead to no output: a Keras model is without them."]

    def helper(self, name: str) -> list[str]:
        return helper_text(name, self.layout).split("\n")

    @staticmethod
    def head(text: str) -> list[str]:
        """The imports."""
        standard = ["import functools"] if "functools." in text else []
        standard += ["import math"] if re.search(r"\bmath\.", text) else []
        standard += ["from typing import Any"] if re.search(r"\bAny\b", text) else []
        numpy = ["import numpy as np"] if re.search(r"\bnp\.", text) else []
        names = [name for name in ("layers", "ops") if re.search(rf"\b{name}\.", text)]
        parts = ["from keras import KerasTensor as Tensor"] if re.search(r"\bTensor\b", text) else []
        parts += [f"from keras import {', '.join(names)}"] if names else []
        return [*standard, *([""] if standard else []), f"import keras{UNTYPED}", *numpy, *parts]

    def checks(self) -> list[str]:
        """A block that asserts the parameters and the shape of the output."""
        whole, buffers = (count_numbers(self.network, buffers=only, nodes=self.live) for only in (False, True))
        lines = ['if __name__ == "__main__":', f"    model = {self.name}()"]
        note = f"  # {buffers:_} are buffers" if buffers else ""
        lines.append(f"    assert model.count_params() == {whole:_}{note}")
        outputs = self.network.outputs
        for name, index in outputs.items():
            shape = literal((None, *self.layout.shape(self.network.shape_at(index))))
            value = "model.output_shape" if [*outputs] == [""] else f"model.output[{quote(output_key(name))}].shape"
            lines += indented(lay_out("assert ", f"{value} == {shape}", "", 4))
        return lines


def find_live(network: Network) -> set[int]:
    """The layers that an output needs, with those whose weights they share."""
    found: set[int] = set()
    waiting = [index for index in network.outputs.values() if index >= 0]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            node = network.nodes[index]
            waiting += [each for each in node.inputs if each >= 0]
            waiting += [] if node.shares is None else [node.shares]
    return found


def model_lines(
    network: Network, layout: Layout, name: str, parameters: Sequence[str], inputs: dict[str, str],
    body: Sequence[Statement], outputs: dict[str, str],
) -> list[str]:  # fmt: skip
    """The function that makes the model: its inputs, the body, and the model of them and of its outputs.

    `inputs` are the variables of inputs and `outputs` those of outputs, by name.
    """
    statements: list[Statement] = []
    for each, shape in network.inputs.items():
        options: list[Code] = [Keyed("name=", quote(each))] if len(inputs) > 1 else []
        made = call("keras.Input", literal(layout.shape(shape)), *options)
        statements.append(Assign(inputs[each], made))
    given = next(iter(inputs.values())) if len(inputs) == 1 else f"[{', '.join(inputs.values())}]"
    if [*outputs] == [""]:
        result = outputs[""]
    else:
        pairs = (f"{quote(output_key(each))}: {variable}" for each, variable in outputs.items())
        statements_of_outputs = call("", *pairs)._replace(brackets="{}")
        statements = [*statements, *body, Assign("outputs", statements_of_outputs)]
        body, result = (), "outputs"
    head = lay_out("", call(f"def {name}", *parameters), " -> keras.Model:", 0)
    lines = lines_of([*statements, *body])
    returned = lay_out("return ", call("keras.Model", given, result, Keyed("name=", quote(name))), "", 4)
    return [*head, *indented([*lines, *returned])]
