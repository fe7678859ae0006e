"""The file around the classes: what it is about, imports, helpers, and the checks at its end."""

from __future__ import annotations

import re
from math import prod
from textwrap import wrap

from cnncalc.export.expressions import literal, quote
from cnncalc.export.layout import WIDTH, call, flat, indented, lay_out
from cnncalc.export.torch_helpers import helper_text
from cnncalc.network import Network

LEFT_OUT = "Parts of the architecture that do not run with its params as they are here are left out."


class FilePrinter:
    """Writes a file with the classes of a network, of which the last is the whole.

    `classes` are their lines, `helpers` the names of helpers, `outputs` those that the network returns by name, `notes`
    are paragraphs of what the file says of itself.
    """

    def __init__(
        self, network: Network, name: str, classes: list[list[str]], helpers: set[str], outputs: bool, notes: list[str]
    ) -> None:
        self.network = network
        self.name = name
        self.classes = classes
        self.names = helpers
        self.outputs = outputs
        self.notes = notes

    def text(self) -> str:
        """The whole file."""
        classes = [line for each in self.classes for line in ["", "", *each]]
        helpers, checks = self.helpers(), self.checks()
        text = "\n".join([*helpers, *classes, *checks])
        return "\n".join([*self.head(text), *helpers, *classes, "", "", *checks, ""])

    def helpers(self) -> list[str]:
        names = sorted(self.names, key=str.lower)
        return [line for name in names for line in ["", "", *helper_text(name).split("\n")]]

    def head(self, text: str) -> list[str]:
        standard = ["import functools"] if "functools." in text else []
        standard += ["import math"] if re.search(r"\bmath\.", text) else []
        standard += ["from collections import OrderedDict"] if "OrderedDict" in text else []
        standard += ["from collections.abc import Sequence"] if re.search(r"\bSequence\[", text) else []
        standard += ["from typing import Any"] if re.search(r"\bAny\b", text) else []
        other = ["import torch"] if re.search(r"\btorch\.", text) else []
        other += ["import torch.nn.functional as F"] if re.search(r"\bF\.", text) else []
        imports = [*standard, *([""] if standard else []), *other, "from torch import nn"]
        return [*self.docstring(), "", *imports]

    def docstring(self) -> list[str]:
        """What the file is about; of text from outside, what is not printable is escaped."""
        network = self.network
        shapes = ", ".join("×".join(map(str, shape)) for shape in network.inputs.values())
        macs = sum(node.layer.work(node.input_shapes, node.output).macs for node in network.nodes)
        about = f"{network.name} at {shapes}: {self.counted():,} parameters, {macs:,} macs."
        told = [about, *(["", network.source] if network.source else [])]
        lines = [part for line in told for part in wrap(printable(line), 85) or [""]]
        lines += [line for note in self.notes for line in ["", *wrap(note, 85)]]
        lines[-1] += '"""'
        return [f'"""{lines[0]}', *lines[1:]]

    def counted(self) -> int:
        """The parameters, without buffers."""
        return sum(
            prod(weight.shape)
            for node in self.network.nodes
            if node.shares is None
            for weight in node.layer.weights(node.input_shapes)
            if not weight.name.rpartition(".")[2].startswith("running_")
        )

    def checks(self) -> list[str]:
        """A block that asserts the parameters and the output's shape, computed without numbers."""
        lines = ['if __name__ == "__main__":', f'    network = {self.name}().to("meta").eval()']
        sizes = [", ".join(map(str, (1, *shape))) for shape in self.network.inputs.values()]
        applied = call("network", *(f'torch.empty({size}, device="meta")' for size in sizes))
        lines += [f"    assert sum(p.numel() for p in network.parameters()) == {self.counted():_}"]
        if not self.outputs:
            shape = literal((1, *self.network.shape_at(self.network.outputs[""])))
            line = f"    assert {flat(applied)}.shape == {shape}"
            if len(line) <= WIDTH:
                return [*lines, line]
            return [*lines, *indented(lay_out("output = ", applied, "", 4)), f"    assert output.shape == {shape}"]
        lines += indented(lay_out("outputs = ", applied, "", 4))
        for name, index in self.network.outputs.items():
            shape = literal((1, *self.network.shape_at(index)))
            lines += [f"    assert outputs[{quote(output_key(name))}].shape == {shape}"]
        return lines


def output_key(name: str) -> str:
    """The key of a named output in what a network returns; of the last layer's, `output`."""
    return name or "output"


def printable(text: str) -> str:
    """A text for a docstring: backslashes, quotes, and what is not printable, escaped."""
    characters = (
        character if character.isprintable() and character not in '\\"' else quote(character)[1:-1]
        for character in text.replace('"', "'")
    )
    return "".join(characters)
