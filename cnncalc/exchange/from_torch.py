"""Reads a PyTorch module: it is run once on the meta device, which computes no numbers, and its calls are watched.

Calls are seen at the level at which people write them (F.conv2d, x + y, x.view), with the modules that make them. What
is changed in place through a view would be lost: each use of a tensor compares its version. The module itself is not
changed: a copy of it runs, whose parameters have no numbers. This file alone imports torch, and only when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncalc.errors import Mistake, Source, Span
from cnncalc.exchange import torch_layers, torch_products, torch_views  # noqa: F401  # they fill OPS
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import TOP, Graph, Tensor
from cnncalc.exchange.modules import ModuleName
from cnncalc.exchange.names import listed
from cnncalc.exchange.torch_arrays import Known
from cnncalc.exchange.torch_constants import Constants, arrays_of_module, copied, is_in_place
from cnncalc.exchange.torch_inputs import TorchError, arguments, check_inputs, leaves, unique_names, usual_input
from cnncalc.exchange.torch_ops import CREATES, DECIDES, OPS, QUERIES, SHAPED, Aside
from cnncalc.exchange.torch_positions import as_tensor, is_table
from cnncalc.exchange.views import Padded
from cnncalc.layers.base import Shape
from cnncalc.spec.write import make_names

if TYPE_CHECKING:
    import torch

BATCH = 2  # which no other axis is likely to be confused with
DECISIONS = 100  # by values, after which a module that decides again and again is left
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
WEIGHTED = ("linear", "conv1d", "conv2d", "conv3d")  # functions with weights that may be applied to a first state
SKIPPED = ("StochasticDepth", "DropPath")  # modules that give back what they get, but in training
SKIPPED_NOTE = "Stochastic depth, which acts in training alone, is left out."
VALUES = (Tensor, Padded, Aside)  # what depends on the input


def read(name: ModuleName, text: str, inputs: Mapping[str, Shape]) -> Graph:
    """The graph of a module by its name, whose code is run. Raises Mistake.

    `inputs` are sizes without the batch, by the parameters of `forward`, "" for an only one.
    """
    try:
        module = _built(name)
        shape, assumed = usual_input(module) if not inputs else ((), "")
        graph = trace(module, inputs or {"": shape}, name=name.name, source=text)
        if assumed:
            graph.assume(assumed)
        return graph
    except TorchError as error:
        raise Mistake("unreadable", f"{text}: {error}", Span(Source(text, ""), 0, 0)) from None


def _built(name: ModuleName) -> torch.nn.Module:
    """What a name means, called where it is a class or a function. Raises TorchError."""
    if name.is_missing:
        raise TorchError(f"there is no file {name.source}")
    try:
        import torch
    except ImportError:
        raise TorchError(
            "PyTorch is not installed beside cnncalc: run `python -m cnncalc` of the environment where it is"
        ) from None
    try:
        found: Any = name.load()
        for part in name.name.split("."):
            found = getattr(found, part)
        if isinstance(found, torch.nn.Module):
            return found
        with without_numbers():
            made = found(*name.args, **name.kwargs)
    except Exception as error:  # of the user's own code
        raise TorchError(f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}") from None
    if not isinstance(made, torch.nn.Module):
        raise TorchError(f"{name.name} gives a {type(made).__name__}, not a module of PyTorch")
    return made


def trace(module: torch.nn.Module, inputs: Mapping[str, Shape], *, name: str = "", source: str = "") -> Graph:
    """The graph of a module for inputs of these shapes, without the batch, by the parameters of `forward`, "" for an
    only one. Raises TorchError where it does not run."""
    check_inputs(module, inputs)
    tracer = _Tracer(module, inputs, name or type(module).__name__, source)
    return tracer.run(inputs)


class _Tracer:
    """Makes a graph of the calls while a module runs."""

    def __init__(
        self,
        original: torch.nn.Module,
        inputs: Mapping[str, Shape],
        name: str,
        source: str,
    ) -> None:
        import torch
        from torch.utils import _pytree

        self.torch: Any = torch
        self.tree: Any = _pytree
        self.module = module = copied(torch, original)
        self.inputs = make_names(inputs) if len(inputs) > 1 else dict.fromkeys(inputs, "input")
        shapes = {self.inputs[each]: shape for each, shape in inputs.items()}
        self.graph = Graph(shapes, batch=BATCH, name=name, source=source)
        self.known: dict[int, Any] = {}  # what each tensor is, by its identity
        self.kept: list[Any] = []  # so that no identity is given twice
        self.versions: dict[int, int] = {}
        self.used: set[str] = set()
        self.decisions = 0
        self.paths = {id(each): path for path, each in module.named_modules()}
        self.scopes = [TOP]
        names = {id(each): path for path, each in arrays_of_module(torch, self.module)}
        self.constants = Constants(torch, _pytree, dict(arrays_of_module(torch, original)), names)

    def run(self, inputs: Mapping[str, Shape]) -> Graph:
        dtypes = (each.dtype for each in self.module.parameters() if each.dtype.is_floating_point)
        dtype = next(dtypes, None)
        given = {}
        for name, shape in inputs.items():
            given[name] = self.torch.empty((BATCH, *shape), device="meta", dtype=dtype)
            self.learn(given[name], self.graph.input(self.inputs[name]))
        args, kwargs = arguments(self.module, given)
        handles = []
        for each in self.module.modules():
            handles.append(each.register_forward_pre_hook(self.enter))
            handles.append(each.register_forward_hook(self.leave))
        made = None
        try:
            with self.torch.no_grad(), _mode(self):
                made = self.module(*args, **kwargs)
        except Exception as error:  # of the module's own code
            if not self.decisions:  # after one, what follows may fail
                text = str(error).splitlines()[0][:200] if str(error) else ""
                raise TorchError(f"it does not run: {type(error).__name__}: {text}") from None
        finally:
            for handle in handles:
                handle.remove()
        self.graph.scope = TOP
        if made is not None:
            self.finish(made)
            self.check_arrays()
        return self.graph

    def finish(self, made: Any) -> None:
        """The outputs, and what is worth a note."""
        found = [(name, each) for name, each in leaves(made) if isinstance(each, self.torch.Tensor)]
        if not found:
            raise TorchError(f"its forward gives a {type(made).__name__}, in which no tensor is found")
        names = [name for name, _ in found]
        fixed = [self.is_fixed(each) for _, each in found]
        for name, (_, each), is_fixed in zip(unique_names(names), found, fixed, strict=True):
            if is_fixed and not all(fixed):
                self.graph.note(f"An output that does not depend on the input is left out: {name}.")
                continue
            make = partial(self.output, each)
            node = self.graph.attempt(make, op="output", inputs=[tuple(each.shape[1:])])
            if node is not None:
                self.graph.outputs["" if len(found) - sum(fixed) <= 1 else name] = node
        unused = [path for path, _ in self.module.named_parameters() if path not in self.used]
        if unused and not self.graph.refusals:
            self.graph.note(f"Parameters that are not used: {listed(unused)}.")

    def is_fixed(self, tensor: torch.Tensor) -> bool:
        """Whether neither the input nor a parameter goes into a tensor."""
        value = self.known.get(id(tensor)) or self.constants.known(tensor)
        return isinstance(value, Known) and value.is_constant

    def check_arrays(self) -> None:
        """Notes of parameters from which weights are computed, and refusals of those that count twice."""
        arrays = [array for node in self.graph.nodes for array in node.arrays.values()]
        for name in self.constants.overlapping(array.key for array in arrays):
            self.graph.refuse(f"`{name}`: layers use all of it, and others a part: the parameters would count twice")
        computed = list(dict.fromkeys(str(array.key) for array in arrays if array.form))
        if computed:
            self.graph.note(f"Weights that are computed of their parameters at each run: {listed(computed)}.")

    def output(self, tensor: torch.Tensor) -> int:
        """The node of an output. Raises Refusal where it is none of the network's."""
        value = self.look(tensor)
        if isinstance(value, Padded | Aside):
            raise Refusal("an output is what is beside one: indices, weights of an attention, a last state")
        if isinstance(value, Known) and value.is_constant:
            raise Refusal("an output does not depend on the input")
        return self.graph.materialize(as_tensor(self.graph, value))

    def learn(self, tensor: torch.Tensor, value: Any) -> None:
        self.known[id(tensor)] = value
        self.versions[id(tensor)] = tensor._version
        self.kept.append(tensor)

    def look(self, tensor: torch.Tensor) -> Any:
        """What a tensor is. Raises Refusal where it was changed through a view of it."""
        if id(tensor) not in self.known:
            self.learn(tensor, self.constants.known(tensor))
        value = self.known[id(tensor)]
        if self.versions[id(tensor)] != tensor._version:
            changed = self.constants.changed(tensor, value) if isinstance(value, Known) else None
            if changed is None:
                raise Refusal("a tensor is changed in place through a view")
            self.learn(tensor, changed)
            value = changed
        if isinstance(value, Known):
            self.used.update(str(array.key) for array in value.arrays)
        return value

    def enter(self, module: torch.nn.Module, args: Any) -> None:
        kind = type(module).__name__
        self.scopes.append(self.graph.open_scope(self.paths.get(id(module), ""), kind, self.scopes[-1]))
        if self.paths.get(id(module)) == "":
            self.scopes[-1] = TOP

    def leave(self, module: torch.nn.Module, args: Any, made: Any) -> None:
        self.scopes.pop()
        if type(module).__name__ in SKIPPED:
            self.graph.note(SKIPPED_NOTE)

    def call(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A function of PyTorch is called: do it, and add what it is here."""
        name = getattr(func, "__name__", str(func))
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", "?")
        if name in QUERIES:
            return func(*args, **kwargs)
        if name in DECIDES:
            return self.decide(name, func, args, kwargs)
        title = name.strip("_") if name.startswith("__") else name.rstrip("_")
        given = [each for each in self.tree.tree_leaves((args, kwargs)) if isinstance(each, self.torch.Tensor)]
        problem: Refusal | None = None
        values: dict[int, Any] = {}
        try:
            values = {id(each): self.look(each) for each in given}
        except Refusal as refusal:
            problem = refusal
        version = args[0]._version if given and is_in_place(name) else -1
        made: Any = self.recurrent(args) if name in RECURRENT else None
        made = func(*args, **kwargs) if made is None else made
        if not given and isinstance(made, self.torch.Tensor):
            made = self.constants.created(made)
        if name == "__setitem__":
            made = args[0]
            if not all(isinstance(value, Known) for value in values.values()):
                problem = Refusal("a tensor is changed in place through a view")
        elif title in CREATES:
            values = {}
        outputs = [each for each in self.tree.tree_leaves(made) if isinstance(each, self.torch.Tensor)]
        if title in WEIGHTED and problem is None:
            values |= self.first_state(values, args)
        tensors = [value for value in values.values() if isinstance(value, VALUES)]
        if not tensors and problem is None:
            self.constants.compute(name, func, args, kwargs, made)
        if outputs and not tensors and problem is None and not is_table(title, [values.get(id(each)) for each in args]):
            self.derive(title, args, kwargs, values, outputs)
            if version >= 0:
                self.constants.follow(args[0], version, list(values.values()))
        elif outputs:
            make = partial(self.lower, title, args, kwargs, values, outputs, problem)
            self.graph.scope = self.scopes[-1]
            shapes = [value.shape[1:] for value in tensors]
            results = self.graph.attempt(make, op=f"torch.{title}", inputs=shapes, place=_place)
            for at, output in enumerate(outputs):
                self.learn(output, self.graph.stand_in(tuple(output.shape)) if results is None else results[at])
        return None if name == "__setitem__" else made

    def first_state(self, values: Mapping[int, Any], args: Any) -> dict[int, Any]:
        """A number for all elements of each example as a tensor, where a layer takes it: its work is counted."""
        self.graph.scope = self.scopes[-1]
        value = values.get(id(args[0])) if args else None
        if not isinstance(value, Known) or value.number is None or len(values) < 2 or value.shape[:1] != (BATCH,):
            return {}
        return {id(args[0]): as_tensor(self.graph, value)}

    def recurrent(self, args: Any) -> tuple[torch.Tensor, ...] | None:
        """What a recurrent layer gives, which PyTorch computes position by position; None of packed sequences."""
        x, state, *_ = args
        states = [state] if isinstance(state, self.torch.Tensor) else state
        if x.dim() != 3 or states[0].dim() != 3:
            return None
        directions = 1 + bool(args[7])
        return x.new_empty(*x.shape[:2], directions * states[0].shape[2]), *map(self.torch.empty_like, states)

    def decide(self, name: str, func: Any, args: Any, kwargs: Any) -> Any:
        """The value of a tensor is asked for: that of a constant, else any, and it is refused. Raises Decision where
        none will do."""
        tensor = args[0]
        original = self.constants.numbers(tensor)
        if original is not None:
            return func(original, *args[1:], **kwargs)
        called = f"{name.strip('_')}(…)" if name.startswith("__") else f".{name}()"
        self.graph.scope = self.scopes[-1]
        self.graph.refuse(f"the network decides by values: `{called}` in {_place()}")
        self.decisions += 1
        if DECIDES[name] is None or self.decisions > DECISIONS:
            raise TorchError("it decides by values")
        return DECIDES[name]

    def lower(
        self, title: str, args: Any, kwargs: Any, values: dict[int, Any], outputs: list[Any], problem: Refusal | None
    ) -> list[Any]:
        """What a call gives, as tensors of the graph. Raises Refusal, also where sizes are not PyTorch's."""
        handler = OPS.get(title)
        if problem is not None or handler is None:
            raise problem or Refusal(f"{title} has no layer kind")

        if not title.startswith("max_") and any(isinstance(value, Padded | Aside) for value in values.values()):
            raise Refusal(
                "what is beside an output is used: a border of −∞, indices, weights of an attention, a last state"
            )
        given, named = self.mapped(values, args), self.mapped(values, kwargs)
        if named.get("out", self) is None:
            del named["out"]
        if title in SHAPED:
            named["shape"] = tuple(outputs[0].shape)
        try:
            found = handler(self.graph, *given, **named)
        except (TypeError, IndexError, ValueError, AttributeError) as error:  # of arguments that no handler knows
            raise Refusal(f"{title} with arguments that are not known here ({error})") from None
        results = found if isinstance(found, list) else [found]
        sizes = [list(each.shape) for each in results], [list(each.shape) for each in outputs]
        if sizes[0] != sizes[1]:
            raise Refusal(f"{title} gives {sizes[1]} in PyTorch, and {sizes[0]} here")
        return results

    def mapped(self, values: Mapping[int, Any], given: Any) -> Any:
        """Arguments with what tensors are in place of them."""
        return self.tree.tree_map(lambda each: values[id(each)] if isinstance(each, self.torch.Tensor) else each, given)

    def derive(self, title: str, args: Any, kwargs: Any, values: Mapping[int, Any], outputs: list[Any]) -> None:
        """What is made of arrays alone."""
        if not values:
            for output in outputs:
                self.learn(output, self.constants.known(output))
            return
        given, named = self.mapped(values, args), self.mapped(values, kwargs)
        tensors = [each for each in self.tree.tree_leaves((args, kwargs)) if isinstance(each, self.torch.Tensor)]
        found = self.constants.derive(title, given, named, tensors, outputs)
        for output, value in zip(outputs, found, strict=True):
            self.learn(output, value)


def without_numbers() -> Any:
    """While this is entered, parameters are built without numbers; what else a constructor computes, it computes."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Mode(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if func is torch.empty and kwargs.get("device") is None:
                kwargs = {**kwargs, "device": "meta"}
            return func(*args, **kwargs)

    return Mode()


def _mode(tracer: _Tracer) -> Any:
    """PyTorch's way to see the calls of its functions."""
    from torch.overrides import TorchFunctionMode

    class Mode(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return tracer.call(func, args, kwargs or {})

    return Mode()


def _place() -> str:
    """Where in the user's code a call is: `Net.forward, net.py:12`; "" where it is in PyTorch alone."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(("torch.", "cnncalc.")) and name not in ("torch", "cnncalc", "contextlib", "copy"):
            inside = frame.f_code.co_qualname.rpartition("<locals>.")[2]
            return f"{inside}, {Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
