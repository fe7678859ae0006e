"""The file around the classes: what it is about, imports, helpers, and the checks at its end."""

from __future__ import annotations

import re
from math import prod
from textwrap import wrap
from typing import TYPE_CHECKING

from cnncalc.export.expressions import literal, quote
from cnncalc.export.layout import WIDTH, call, flat, indented, lay_out
from cnncalc.export.torch_helpers import helper_text

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter

LEFT_OUT = "Parts of the architecture that do not run with its params as they are here are left out."


class FilePrinter:
    """Writes a file."""

    def __init__(self, module: ModuleWriter) -> None:
        self.module = module

    def lines(self) -> list[str]:
        classes = [line for owner in self.module.order for line in ["", "", *self.module.text.class_lines(owner)]]
        helpers = self.helpers()
        checks = self.checks()
        text = "\n".join([*helpers, *classes, *checks])
        return [*self.head(text), *helpers, *classes, "", "", *checks]

    def helpers(self) -> list[str]:
        names = {name for owner in self.module.order for name in owner.helpers}
        names |= {"divisible" for owner in self.module.order if "divisible" in owner.functions}
        return [line for name in sorted(names, key=str.lower) for line in ["", "", *helper_text(name).split("\n")]]

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
        shapes = ", ".join("×".join(map(str, shape)) for shape in self.module.network.inputs.values())
        lines = [f"{self.module.network.name} at {shapes}: {self.counted():,} parameters.", ""]
        lines += wrap(self.module.network.source, 85) if self.module.network.source else []
        lines += ["", *wrap(LEFT_OUT, 85)] if self.module.left_out else []
        text = (
            "\n".join(lines)
            .strip()
            .replace("\\", "\\\\")
            .replace('"', '\\"' if '"""' in self.module.network.source else '"')
        )
        return f'"""{text}\n"""'.split("\n") if "\n" in text else [f'"""{text}"""']

    def counted(self) -> int:
        """The parameters, without buffers."""
        return sum(
            prod(weight.shape)
            for node in self.module.network.nodes
            if node.shares is None
            for weight in node.layer.weights(node.input_shapes)
            if not weight.name.rpartition(".")[2].startswith("running_")
        )

    def checks(self) -> list[str]:
        """A block that asserts the parameters and the output's shape, computed without numbers."""
        assert self.module.top is not None
        lines = ['if __name__ == "__main__":', f'    network = {self.module.top.name}().to("meta").eval()']
        sizes = [", ".join(map(str, (1, *shape))) for shape in self.module.network.inputs.values()]
        applied = call("network", *(f'torch.empty({size}, device="meta")' for size in sizes))
        lines += [f"    assert sum(p.numel() for p in network.parameters()) == {self.counted():_}"]
        if not self.module.outputs:
            shape = literal((1, *self.module.network.shape_at(self.module.network.outputs[""])))
            line = f"    assert {flat(applied)}.shape == {shape}"
            if len(line) <= WIDTH:
                return [*lines, line]
            return [*lines, *indented(lay_out("output = ", applied, "", 4)), f"    assert output.shape == {shape}"]
        lines += indented(lay_out("outputs = ", applied, "", 4))
        for name, index in self.module.network.outputs.items():
            key = name.rpartition(".")[2] if name else "output"
            shape = literal((1, *self.module.network.shape_at(index)))
            lines += [f"    assert outputs[{quote(key)}].shape == {shape}"]
        return lines
