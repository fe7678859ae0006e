"""Binds each call to its kind or block and its arguments to parameters, once, before the expansion evaluates them."""

from __future__ import annotations

from collections.abc import Collection

from cnncalc import limits
from cnncalc.errors import Fix, Mistake, Note
from cnncalc.layers import KINDS, LATER_WORDS, kind_class
from cnncalc.layers.arguments import LayerError, Value, format_value
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.settings import AmountSetting, FlagSetting, IntegerSetting, PerAxisSetting, Setting
from cnncalc.layers.structure import MERGES, ROUNDS, STRUCTURE_PARAMETERS, STRUCTURE_WORDS
from cnncalc.nearest import nearest
from cnncalc.spec.bodies import MERGE_WORDS
from cnncalc.spec.expressions import Arithmetic, Expression, Literal, evaluate_constant
from cnncalc.spec.family import Description
from cnncalc.spec.name_expressions import PREVIOUS, Index, Member, Name, Previous
from cnncalc.spec.repairs import guess, rename, replace_all, set_argument, write
from cnncalc.spec.tree import Argument, Call, Merge
from cnncalc.spec.values import Word, is_number, typed_key


def bind(unit: Call | Merge, description: Description, names: Collection[str] = ()) -> None:
    """Set the target and the bound arguments of a call. Raises Mistake and leaves the target None if that fails.

    `names` are those of outputs and parameters: they may be meant in place of a kind, and take precedence over words
    that were added later.
    """
    if isinstance(unit, Merge):
        bind_merge(unit, description.made)
        return
    call, kind = unit, unit.kind
    call.target = call.constant = None  # a bundled file may already be bound as part of another family
    call.sources = ()
    block = description.blocks.get(kind)
    if block:
        if len({parameter.name for parameter in block.parameters}) < len(block.parameters):
            return  # a duplicate parameter is reported at the declaration
        try:
            call.bound = match_arguments(call, block.optional)
        except Mistake as mistake:
            if block.span.source is not call.span.source:  # in a file that extends the other or is extended by it
                mistake.note(Note(f"`{kind}` is declared here", block.span))
            raise
        call.target = block
    elif kind in MERGE_WORDS:
        bind_line(call, description.made)
    elif kind == ROUNDS:
        help_text = f"write `add: {call.span.text}`, likewise for other merges, or make it a branch of its own"
        raise Mistake("wrong-form", f"`{ROUNDS}` is only allowed as a whole branch of a merge", call.span, help_text)
    elif kind in STRUCTURE_WORDS:
        call.bound = match_arguments(call, dict.fromkeys(STRUCTURE_PARAMETERS[kind], False))
        call.target = kind
    elif kind in KINDS:
        authors = {word for word in LATER_WORDS if word in names or word in description.params}
        bind_layer(call, kind_class(kind), description.made, authors)
    else:
        raise unknown_kind(call, description, names)


def bind_merge(merge: Merge, made: dict[object, Layer]) -> None:
    """Bind the arguments of a merge with branches."""
    head = merge.head
    head.target = head.constant = None
    if merge.word == "outputs":
        return
    if any(not argument.name for argument in head.arguments):
        help_text = f"write branches below `{merge.word}:`, or named outputs in one line: `{merge.word}(a, b)`"
        message = f"`{merge.word}:` only takes arguments by name"
        raise Mistake("wrong-form", message, head.span, help_text)
    bind_layer(head, kind_class(merge.word), made)


def bind_line(call: Call, made: dict[object, Layer]) -> None:
    """Bind a merge in one line, `concat(a, b, axis=1)`: the names of outputs, and arguments by name."""
    sources = tuple(argument.value for argument in call.arguments if not argument.name)
    kind = call.kind
    if call.by_name or len(sources) < 2 or kind not in MERGES:
        help_text = f"write `{kind}:` with each branch on its own line below it"
        names = ", ".join(kind_class(kind).branch_names or ("a", "b")) if kind in MERGES else ""
        help_text += f", or list named outputs: `{kind}({names})`" if names else ""
        help_text += "; over all positions it is `global_avg_pool`" if kind == "mean" else ""
        raise Mistake("wrong-form", f"`{kind}` needs branches", call.span, help_text)
    chain = next((source for source in sources if not isinstance(source, Name | Member | Index | Previous)), None)
    if chain:
        help_text = f"name the branch, `a = …`, and write `{kind}(a, …)`; arguments are given by name"
        raise Mistake(
            "wrong-form", f"`{kind}` takes names of outputs, found `{chain.span.text}`", chain.span, help_text
        )
    rest = Call(kind, call.kind_span, tuple(one for one in call.arguments if one.name), call.span)
    bind_layer(rest, kind_class(kind), made)
    call.bound, call.constant, call.target, call.sources = rest.bound, rest.constant, rest.target, sources


def unknown_kind(call: Call, description: Description, names: Collection[str]) -> Mistake:
    """The mistake for an unknown kind; a named output, a layer of another tool or a similar name may be meant."""
    if call.kind == PREVIOUS and call.arguments:
        message = f"`{PREVIOUS}` is a value, not a layer"
        return Mistake("unknown-kind", message, call.kind_span, "", write(call.span, f"from({call.span.text})"))
    if call.kind.partition(".")[0] in (*names, *description.params, "input") and not call.arguments:
        return name_as_kind(call)
    from cnncalc.layers.absent import find_absent  # only needed for mistakes
    from cnncalc.spec.foreign import find_kind, rewrite_call
    from cnncalc.spec.foreign_merges import translate_merge

    if merge := translate_merge(call.span.text):
        message = f"unknown layer kind or block `{call.kind}`"
        return Mistake("unknown-kind", message, call.kind_span, "", write(call.span, merge))
    meant = find_kind(call.kind)
    if not meant and call.kind not in description.blocks and (absent := find_absent(call.kind)):
        own = rename(call.kind_span, call.kind, description.blocks)
        message = f"there is no `{call.kind}`: {absent.what}"
        return Mistake("unknown-kind", message, call.kind_span, "" if own else absent.instead, *own)
    fixes = rewrite_call(call, meant)
    if not meant:
        fixes += rename(call.kind_span, call.kind, [*KINDS, *STRUCTURE_WORDS, *description.blocks])
        output = "" if fixes or call.arguments else nearest(call.kind, names)
        fixes += (guess(call.span, f"from({output})"),) if output else ()
    help_text = f"did you mean `{meant}`?" if meant else "`cnncalc layers` lists the layer kinds"
    message = f"unknown layer kind or block `{call.kind}`"
    return Mistake("unknown-kind", message, call.kind_span, help_text, *fixes)


def name_as_kind(call: Call) -> Mistake:
    """The mistake for `- skip`, where `from(skip)`, `reuse(skip)` or `activation(act)` is meant."""
    before = call.span.source.text[: call.span.start].rstrip(" (\n\t")
    words = ("reuse", "activation", "from") if before.endswith("->") else ("from", "activation", "reuse")
    fixes = [write(call.span, f"{word}({call.kind})") for word in words]
    message = f"`{call.kind}` is a name, not a layer kind or a block"
    return Mistake("unknown-kind", message, call.kind_span, f"write `{words[0]}({call.kind})`", *fixes)


def bind_layer(call: Call, target: type[Layer], made: dict[object, Layer], authors: Collection[str] = ()) -> None:
    """Bind a call of a built-in kind; if all its arguments are constant, its layer is made here, once.

    `authors` are words that the author of the file uses as names.
    """
    bound = match_arguments(call, target.optional)
    for name, value in bound.items():
        if isinstance(value, Name) and value.name in target.settings[name].words and value.name not in authors:
            bound[name] = Literal(value.span, Word(value.name))
    call.bound = bound
    settings = {name: evaluate_constant(value) for name, value in bound.items()}
    if not any(value is None for value in settings.values()):
        call.constant = make_layer(call, target, settings, made)
    call.target = target


def make_layer(call: Call, target: type[Layer], settings: dict[str, Value], made: dict[object, Layer]) -> Layer:
    """The layer of a call; the same object for the same arguments. Raises Mistake if it does not allow them."""
    key = (target, *settings, *typed_key(settings.values()))
    layer = made.get(key)
    if layer is None:
        try:
            layer = made[key] = target(**settings)
        except LayerError as error:
            raise convert_error(error, call) from None
    return layer


def match_arguments(call: Call, parameters: dict[str, bool]) -> dict[str, Expression]:
    """Match arguments to parameters; `parameters` maps each to whether it has a default. Raises Mistake."""
    bound: dict[str, Expression] = {}
    names = list(parameters)
    unknown = [argument for argument in call.arguments if argument.name and argument.name not in parameters]
    if unknown:
        given = {argument.name for argument in call.arguments}
        free = [known for known in names if known not in given]
        mistake, *others = (unknown_argument(call, one, names, free) for one in unknown[: limits.UNKNOWN_ARGUMENTS])
        mistake.others = others
        raise mistake
    for position, argument in enumerate(call.arguments):
        if not argument.name and position >= len(names):
            raise too_many_arguments(call, argument, names)
        name = argument.name or names[position]
        if name in bound:
            first = bound[name].span.text
            message = f"duplicate argument `{name}`: `{first}` and `{argument.value.span.text}`"
            raise Mistake("duplicate-argument", message, argument.span, "", *reorder_arguments(call, names))
        bound[name] = argument.value
    missing = [name for name, optional in parameters.items() if not optional and name not in bound]
    if missing:
        listed = " and ".join(f"`{name}`" for name in missing)
        written = ", ".join(f"{name}=…" if optional else name for name, optional in parameters.items())
        help_text = f"the signature is `{call.kind}({written})`"
        raise Mistake("missing-argument", f"`{call.kind}` needs {listed}", call.span, help_text)
    return bound


def describe_parameters(call: Call, names: list[str]) -> str:
    """Describe the parameters of a call in a message."""
    return f"`{call.kind}` takes {', '.join(names) or 'no arguments'}"


def too_many_arguments(call: Call, argument: Argument, names: list[str]) -> Mistake:
    """The mistake for the first argument that exceeds the parameters."""
    from cnncalc.spec.foreign import rewrite_call  # only needed for mistakes

    fixes = rewrite_call(call, call.kind) if call.kind in KINDS else ()
    message = f"too many arguments: {describe_parameters(call, names)}"
    return Mistake("unknown-argument", message, argument.span, "", *fixes)


def unknown_argument(call: Call, argument: Argument, names: list[str], free: list[str]) -> Mistake:
    """The mistake for an unknown argument; one of another tool may be meant, or a similar one among the `free` ones."""
    from cnncalc.spec.foreign import find_argument, is_omitted, rewrite_call  # only needed for mistakes

    name, wants = argument.name, describe_parameters(call, names)
    at = argument.span._replace(end=argument.span.start + len(name))
    meant = find_argument(call.kind, name, free)
    fixes = [guess(at, meant)] if meant else [*rewrite_call(call, call.kind), *rename(at, name, free)]
    if is_omitted(call.kind, name):
        wants = f"`{name}` is inferred from the input and is not written"
    return Mistake("unknown-argument", f"`{call.kind}` has no argument `{name}`", argument.span, wants, *fixes)


def convert_error(error: LayerError, call: Call, shape: Shape = ()) -> Mistake:
    """The mistake for a layer error, at the argument concerned, with its suggestions as repairs.

    `shape` is the shape of the input, () if it is not known.
    """
    at = call.bound[error.argument].span if error.argument in call.bound else call.span
    fixes = [
        fix
        for name, value in error.suggest.items()
        if (name, value) != ("kernel", 1)  # a window of 1 would fit always
        for fix in set_argument(call, name, format_value(value))
    ]
    if error.insert_before and not call.by_name:
        text = f"{error.insert_before} -> {change_arguments(call, error.change)}"
        fixes.insert(0, Fix(call.span, text, f"add `{error.insert_before}` before it: `{text}`"))
    if error.code == "kernel-too-large":
        fixes = [*drop_input_channels(call, shape), *fixes]
    if error.code == "bad-argument" and error.argument in call.bound:
        fixes = _repair_argument(error, call, fixes)
    return Mistake(error.code, error.message + error.detail, at, error.help, *fixes)


def change_arguments(call: Call, arguments: dict[str, Value]) -> str:
    """The string of a call with some arguments changed."""
    edits = [
        (fix.span, fix.text)
        for name, value in arguments.items()
        for fix in set_argument(call, name, format_value(value))
    ]
    ends = [(call.span._replace(end=call.span.start), ""), (call.span._replace(start=call.span.end), "")]
    return replace_all([*ends, *edits], "").text


def drop_input_channels(call: Call, shape: Shape) -> tuple[Fix, ...]:
    """The repair of `conv(3, 64, 3)` for an input of 3 channels."""
    texts = [argument.span.text for argument in call.arguments]
    if call.by_name or len(texts) < 3 or any(argument.name for argument in call.arguments[:3]):
        return ()
    if not shape or texts[0] != str(shape[0]):
        return ()
    return drop_first_argument(call)


def drop_first_argument(call: Call) -> tuple[Fix, ...]:
    """The repair of a call in PyTorch's order, which begins with the input channels."""
    first, *others = (argument.span.text for argument in call.arguments)
    text = f"{call.kind}({', '.join(others)})"
    what = "elements" if kind_class(call.kind).flat else "channels"
    return (Fix(call.span, text, f"omit the {first} input {what}: `{text}`"),)


def reorder_arguments(call: Call, names: list[str]) -> tuple[Fix, ...]:
    """The same repair, if an extra argument or one of the wrong type suggests that order."""
    numbers = [argument for argument in call.arguments[:2] if not argument.name and isinstance(argument.value, Literal)]
    return drop_first_argument(call) if names[:1] == ["out"] and numbers and len(call.arguments) > 1 else ()


def _suggest_integers(value: Arithmetic, setting: Setting) -> list[Fix]:
    """Repairs of a fraction where an integer is needed: channels are rounded, a padding uses integer division.

    There is none for kernels, strides and factors: another value would be another network.
    """
    if isinstance(setting, AmountSetting):
        left, operator, right = value.span.source.text[value.left.span.end : value.right.span.start].partition("/")
        halves = [(value.left.span._replace(start=value.left.span.end, end=value.right.span.start), f"{left}//{right}")]
        ends = [(value.span._replace(end=value.span.start), ""), (value.span._replace(start=value.span.end), "")]
        return [write(value.span, replace_all([*ends, *halves], "").text)] if operator == value.operator else []
    rounded = isinstance(setting, IntegerSetting) and not isinstance(setting, PerAxisSetting)
    return [write(value.span, f"round({value.span.text})")] if rounded else []


def _repair_argument(error: LayerError, call: Call, suggested: list[Fix]) -> list[Fix]:
    """Repairs of a value that an argument does not allow: the most similar word or number."""
    value = call.bound[error.argument]
    fixes: list[Fix] = []
    settings = kind_class(call.kind).settings
    setting = settings[error.argument]
    if isinstance(value, Arithmetic) and isinstance(error.found, float):
        fixes += _suggest_integers(value, setting)
    if isinstance(setting, FlagSetting) and isinstance(value, Literal) and is_number(value.value):
        fixes += reorder_arguments(call, list(settings))
    fixes += suggested
    if isinstance(value, Literal | Name):
        fixes += rename(value.span, value.span.text, setting.words)
    return fixes
