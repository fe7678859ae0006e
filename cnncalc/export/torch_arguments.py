"""The parameters of classes, and the arguments of the calls that make modules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.export.expressions import Unwritable, put_names
from cnncalc.export.layout import flat
from cnncalc.export.recording import channels_name
from cnncalc.export.torch_body import IN_CHANNELS, ClassText, python_name
from cnncalc.export.torch_call import State
from cnncalc.export.torch_construct import Refused
from cnncalc.spec.expressions import Expression
from cnncalc.spec.name_expressions import names_in
from cnncalc.spec.tree import Call

if TYPE_CHECKING:
    from cnncalc.export.torch_module import ModuleWriter


class Arguments:
    """Tells parameters and arguments of classes."""

    def __init__(self, module: ModuleWriter) -> None:
        self.module = module

    def signature(self, owner: ClassText) -> list[tuple[str, bool]]:
        """The parameters of a class in order, each with whether it has a default."""
        block = self.module.blocks_of.get(owner.name)
        written = self.module.mentioned(owner)
        used = [name for name in owner.used if owner.recursive or python_name(name) in written]
        used += sorted(owner.outer_locals)
        if (
            "index" in self.module.mentioned(owner)
            and not block
            and owner is not self.module.top
            and self.needs_index(owner)
        ):
            used.append("index")
        if block is None:
            first = [name for name in used if name == IN_CHANNELS]
            return [(name, False) for name in [*first, *(name for name in used if name != IN_CHANNELS)]]
        defaults = {p.name: p.default for p in block.parameters if p.default is not None}
        plain = {name for name, value in defaults.items() if self.is_plain(value)}
        declared = [p.name for p in block.parameters if p.name in used]
        others = [name for name in used if name not in declared and name != IN_CHANNELS]
        order = [name for name in (IN_CHANNELS,) if name in used]
        order += [name for name in declared if name not in plain] + others
        return [(name, False) for name in order] + [(name, True) for name in declared if name in plain]

    @staticmethod
    def needs_index(owner: ClassText) -> bool:
        texts = [flat(each.code) for each in owner.init if not each.header.startswith("for index")] + [
            str(text) for text in owner.kept.values()
        ]
        texts += [flat(entry.code) for entry in owner.entries or () if not entry.loop]
        return any(re.search(r"\bindex\b(?! in range)", re.sub(r"\[.* for index in range", "", text)) for text in texts)

    def is_plain(self, expression: Expression) -> bool:
        """Whether a default stands for itself, so that it can be one in Python."""
        return not any(
            name.name in (*self.module.params, IN_CHANNELS, "channels") or name.name in self.module.parameters
            for name in names_in(expression)
        )

    def argument(self, unit: Call, name: str, state: State) -> str | None:
        """The argument of a block's call as Python text, None for its default. Raises Refused."""
        block = unit.target
        if name == IN_CHANNELS:
            return self.channels(unit, state)
        for parameter in block.parameters:
            if channels_name(parameter.name) == name and parameter.name in self.module.classes[block.name].tensor_names:
                value = unit.bound.get(parameter.name)
                assert isinstance(value, Expression)
                tensor = self.module.flow.tensor(value, state)
                return state.owner.text(State.known(tensor.channels))
        if name in unit.bound:
            return state.owner.text(state.resolve(unit.bound[name]))
        default = next((p.default for p in block.parameters if p.name == name), None)
        if default is None:
            return state.owner.named(name)  # a param of the file
        if self.is_plain(default):
            return None
        given = self.given(unit, state)
        return state.owner.text(put_names(default, given))

    def channels(self, unit: Call, state: State) -> str:
        """The channels that go into a block."""
        instances = self.module.runs(unit, state)
        wanted = [(instance, instance.before[0]) for instance in instances]
        if state.channels is not None and self.module.chains.channels.holds(state.channels, wanted, state.owner):
            return state.owner.text(state.channels)
        numbers = {number for _, number in wanted}
        if len(numbers) != 1:
            raise Refused(f"the channels that go into `{unit.span.text}` differ each time")
        return str(numbers.pop())

    def given(self, unit: Call, state: State) -> dict[str, Expression]:
        """What the names inside of a block stand for in a call, as expressions outside."""
        values: dict[str, Expression] = {}
        if state.channels is not None:
            values[IN_CHANNELS] = state.channels
        for parameter in unit.target.parameters:
            if parameter.name in unit.bound:
                bound = unit.bound[parameter.name]
                try:
                    values[parameter.name] = state.resolve(bound)
                    tensor = (
                        self.module.flow.tensor(bound, state)
                        if parameter.name in self.module.classes[unit.target.name].tensor_names
                        else None
                    )
                    if tensor is not None and tensor.channels is not None:
                        values[channels_name(parameter.name)] = tensor.channels
                except (Unwritable, Refused):
                    continue
            elif parameter.default is not None:
                values[parameter.name] = put_names(parameter.default, values)
        return values

    def out_of(self, unit: Call, state: State) -> Expression | None:
        """The channels of a block's output in a call; None if they are not known."""
        out = self.module.classes[unit.target.name].out
        if out is None:
            return None
        values = self.given(unit, state)
        own = {parameter.name for parameter in unit.target.parameters} | {IN_CHANNELS}
        if any(name.name in own and name.name not in values for name in names_in(out)):
            return None
        return put_names(out, values)
