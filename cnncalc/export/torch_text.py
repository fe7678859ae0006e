"""Classes as lines of Python: constructor, types and `forward`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.export.about import output_key
from cnncalc.export.expressions import literal, quote
from cnncalc.export.layout import Code, as_call, call, indented, lay_out, with_names
from cnncalc.export.recording import channels_name
from cnncalc.export.torch_body import IN_CHANNELS, ClassText, python_name
from cnncalc.export.torch_statements import setting, written
from cnncalc.layers.arguments import Value
from cnncalc.spec.values import Word

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter

WORDS = re.compile(r"[^\W\d]\w*")


class ClassPrinter:
    """Writes classes as lines."""

    def __init__(self, module: ModuleWriter) -> None:
        self.module = module

    def constructor(self, owner: ClassText) -> list[str]:
        """The lines inside of `__init__`, after the call of the parent's."""
        lines = [line for name, text in owner.kept.items() for line in lay_out(f"self.{name} = ", text, "", 8)]
        settings = [each for entry in owner.entries for each in setting(entry)] if owner.entries else owner.init
        found = written(settings, 8)
        words = {word for line in [*lines, *found] for word in WORDS.findall(line)}
        known = {text: name for name, text in owner.statements.items() if name in words}
        if known:  # what a variable has is not written out again
            found = written([each._replace(code=with_names(each.code, known)) for each in settings], 8)
        lines += found
        for name, text in reversed(owner.statements.items()):
            if any(name in WORDS.findall(line) for line in lines):
                lines = [*lay_out(f"{name} = ", text, "", 8), *lines]
        return lines

    def annotation(self, owner: ClassText, name: str) -> str:
        """The type of a parameter, by the values that it had."""
        if name == IN_CHANNELS or name == "index" or name in owner.outer_locals:
            return "int"
        block = self.module.block_of(owner)
        if block is not None and any(channels_name(p.name) == name for p in block.parameters):
            return "int"
        given = self.module.recorder.arguments.get(block.name, []) if block else []
        values = [each[name] for each in given if name in each]
        if not values and name in self.module.params:
            values = [self.module.params[name]]
        return " | ".join(sorted({self.type_of(value) for value in values})) or "int"

    def type_of(self, value: Value) -> str:
        if isinstance(value, bool):
            return "bool"
        if isinstance(value, Word):
            return "type[nn.Module]" if value in self.module.words() else "str"
        if isinstance(value, str):
            return "str"
        if isinstance(value, tuple):
            inner = [self.type_of(item) for item in value]
            if len(set(inner)) == 1 and len(inner) > 3:
                return f"tuple[{inner[0]}, ...]"
            return f"tuple[{', '.join(inner)}]"
        return "int" if isinstance(value, int) else "float"

    def class_lines(self, owner: ClassText) -> list[str]:
        parent = "nn.Module" if owner.entries is None else "nn.Sequential"
        inner = self.constructor(owner)
        parameters: list[Code] = ["self"]
        for name, default in self.module.arguments.signature(owner):
            text = f"{python_name(name)}: {self.annotation(owner, name)}"
            if default:
                block = self.module.blocks_of[owner.name]
                value = next(p.default for p in block.parameters if p.name == name)
                assert value is not None
                text += f" = {owner.text(value)}"
            elif owner is self.module.top:
                text += f" = {self.default(name)}"
            parameters.append(text)
        lines = [f"class {owner.name}({parent}):"]
        returned = ":" if len(parameters) > 1 else " -> None:"  # mypy asks for it where nothing else has a type
        init = lay_out("", call("def __init__", *parameters), returned, 4)
        if len(parameters) == 1 and not inner and owner.entries is None:
            return [*lines, *indented(self.forward(owner))]
        lines += indented(init + indented(["super().__init__()", *inner]))
        if owner.entries is None:
            lines += ["", *indented(self.forward(owner))]
        return lines

    def default(self, name: str) -> str:
        value = self.module.params[name]
        if isinstance(value, Word):
            return self.module.words().get(value, quote(value))
        return literal(value)

    def forward(self, owner: ClassText) -> list[str]:
        inputs = [owner.input] if owner.reads_input else []
        if owner is self.module.top and len(self.module.network.inputs) > 1:
            inputs = [python_name(name) for name in self.module.network.inputs]
        inputs += [self.module.argument_name(name) for name in owner.tensors]
        kind = "torch.Tensor"
        named = f"dict[str, {kind}]"
        whole = owner is self.module.top
        more = [*owner.more, *["outputs"] * (owner.gives and not whole)]
        types = [kind, *[kind] * len(owner.more), *[named] * (len(more) - len(owner.more))]
        returned = f"tuple[{', '.join(types)}]" if more else kind
        result = owner.result
        lines = list(owner.forward)
        if owner.gives:
            lines.insert(self.first_of_outputs(lines), f"outputs: {named} = {{}}")
        if whole and owner.gives:
            returned = named
            if not self.ended_by_outputs():
                lines.append(f"outputs[{quote(output_key(''))}] = {result}")
            result = "outputs"
        elif more:
            result = ", ".join([result, *more])
        elif lines and lines[-1].startswith(f"{result} = ") and result.isidentifier():
            result = lines.pop()[len(result) + 3 :]
        elif lines and result.isidentifier() and self.ends_with_assignment(lines, result):
            start = max(at for at, line in enumerate(lines) if line.startswith(f"{result} = "))
            lines[start:] = [f"return {lines[start][len(result) + 3 :]}", *lines[start + 1 :]]
            result = ""
        head = lay_out("", call("def forward", "self", *(f"{name}: {kind}" for name in inputs)), f" -> {returned}:", 4)
        body = [*lines, *(lay_out("return ", as_call(result), "", 8) if result else [])]
        return head + indented(body)

    @staticmethod
    def first_of_outputs(lines: list[str]) -> int:
        """Where the first statement is that adds to the named outputs."""
        first = next((at for at, line in enumerate(lines) if re.match(r"\s*outputs(\[| \|= )", line)), 0)
        goes_on = (" ", ")", "]", "else:")
        return max((at for at, line in enumerate(lines[: first + 1]) if not line.startswith(goes_on)), default=0)

    @staticmethod
    def ends_with_assignment(lines: list[str], name: str) -> bool:
        """Whether the last statement, on several lines, assigns to a name."""
        if lines[-1] not in (")", "]"):
            return False
        starts = [at for at, line in enumerate(lines) if not line.startswith((" ", ")", "]"))]
        return lines[starts[-1]].startswith(f"{name} = ")

    def ended_by_outputs(self) -> bool:
        return "" not in self.module.network.outputs
