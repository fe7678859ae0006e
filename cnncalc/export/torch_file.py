"""The file around the classes: what it is about, imports, helpers, and the checks at its end."""

from __future__ import annotations

import re

from cnncalc.export.about import count_numbers, docstring, output_key
from cnncalc.export.expressions import literal, quote
from cnncalc.export.layout import WIDTH, call, flat, indented, lay_out
from cnncalc.export.torch_helpers import helper_text
from cnncalc.network import Network


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
        return [*docstring(self.network, self.notes), "", *imports]

    def checks(self) -> list[str]:
        """A block that asserts the parameters and the output's shape, computed without numbers."""
        lines = ['if __name__ == "__main__":', f'    network = {self.name}().to("meta").eval()']
        learned = count_numbers(self.network) - count_numbers(self.network, buffers=True)
        sizes = [", ".join(map(str, (1, *shape))) for shape in self.network.inputs.values()]
        applied = call("network", *(f'torch.empty({size}, device="meta")' for size in sizes))
        lines += [f"    assert sum(p.numel() for p in network.parameters()) == {learned:_}"]
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
