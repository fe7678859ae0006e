"""Reads a PyTorch module: it is run once on the meta device, which computes no numbers, and its calls are watched.

Calls are seen at the level at which people write them (F.conv2d, x + y, x.view), with the modules that make them. What
is changed in place through a view would be lost: each use of a tensor compares its version. The module itself is not
changed: a copy of it runs, whose parameters have no numbers. This file alone imports torch, and only when it is used.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncalc.errors import CnncalcError, Mistake, Source, Span
from cnncalc.exchange import torch_layers, torch_views  # noqa: F401  # they fill OPS
from cnncalc.exchange.arrangement import Refusal
from cnncalc.exchange.graph import TOP, Array, Graph, Tensor
from cnncalc.exchange.modules import ModuleName
from cnncalc.exchange.torch_ops import OPS, Known
from cnncalc.layers.base import Shape
from cnncalc.spec.write import make_names

if TYPE_CHECKING:
    import torch

BATCH = 2  # which no other axis is likely to be confused with
SHAPED = ("view", "reshape", "flatten", "squeeze", "unflatten", "unsqueeze", "view_as", "reshape_as", "ravel", "expand",
          "expand_as", "interpolate", "upsample")  # fmt: skip  # handlers that take the sizes of the output
SKIPPED = ("StochasticDepth", "DropPath")  # modules that give back what they get, but in training
SKIPPED_NOTE = "Stochastic depth, which acts in training alone, is left out."
QUERIES = frozenset(  # properties of tensors, which are asked of the meta tensor itself
    [
        "size",
        "dim",
        "ndim",
        "shape",
        "dtype",
        "device",
        "is_cuda",
        "numel",
        "is_floating_point",
        "stride",
        "is_contiguous",
        "requires_grad",
        "layout",
        "is_quantized",
        "grad_fn",
        "grad",
        "__len__",
        "data_ptr",
        "type",
        "get_device",
        "element_size",
        "is_complex",
        "is_sparse",
        "is_meta",
        "is_mkldnn",
        "names",
        "storage_offset",
        "_is_view",
        "_base",
        "is_leaf",
        "_version",
        "is_inference",
        "nelement",
        "__hash__",
        "__repr__",
        "__format__",
        "untyped_storage",
        "is_nested",
        "is_xla",
        "is_mps",
        "is_cpu",
        "has_names",
        "dim_order",
    ]
)
DECIDES = frozenset(["item", "__bool__", "tolist", "__int__", "__float__", "__index__", "nonzero", "numpy"])


class TorchError(CnncalcError):
    """A module cannot be read: the reason."""


def read(name: ModuleName, text: str, inputs: Mapping[str, Shape]) -> Graph:
    """The graph of a module by its name, whose code is run. Raises Mistake.

    `inputs` are sizes without the batch, by the parameters of `forward`, "" for an only one.
    """
    try:
        module = _built(name)
        return trace(module, inputs or {"": _usual_input(module)}, name=name.name, source=text)
    except TorchError as error:
        raise Mistake("unreadable", f"{text}: {error}", Span(Source(text, ""), 0, 0)) from None


def _built(name: ModuleName) -> torch.nn.Module:
    """What a name means, called where it is a class or a function. Raises TorchError."""
    try:
        import torch
    except ImportError:
        raise TorchError(
            "PyTorch is not installed beside cnncalc: run `python -m cnncalc` of the environment where it is"
        ) from None
    try:
        found: Any = _namespace(name)
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


def _namespace(name: ModuleName) -> Any:
    from importlib import import_module
    from importlib.util import module_from_spec, spec_from_file_location

    if not name.is_file:
        sys.path.insert(0, str(Path.cwd()))
        return import_module(name.source)
    path = Path(name.source).resolve()
    sys.path.insert(0, str(path.parent))
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _usual_input(module: torch.nn.Module) -> Shape:
    """The input of a classifier of images, where a first convolution takes three channels. Raises TorchError."""
    _check_inputs(module, {"": ()})
    first = next((each for each in module.modules() if type(each).__name__ == "Conv2d"), None)
    if first is not None and getattr(first, "in_channels", 0) == 3:
        return (3, 224, 224)
    raise TorchError("its input size is not known: give it, e.g. --input 3x224x224")


def trace(module: torch.nn.Module, inputs: Mapping[str, Shape], *, name: str = "", source: str = "") -> Graph:
    """The graph of a module for inputs of these shapes, without the batch, by the parameters of `forward`, "" for an
    only one. Raises TorchError where it does not run."""
    _check_inputs(module, inputs)
    tracer = _Tracer(_copied(module), inputs, name or type(module).__name__, source)
    tracer.originals = dict([*module.named_parameters(), *module.named_buffers()])
    return tracer.run(inputs)


def _check_inputs(module: torch.nn.Module, inputs: Mapping[str, Shape]) -> None:
    """Raises TorchError where `forward` has no parameter of such a name, or takes several inputs and one has a size."""
    from inspect import Parameter, signature

    try:
        parameters = list(signature(module.forward).parameters.values())
    except (TypeError, ValueError):  # of what is not written in Python
        return
    if any(each.kind is Parameter.VAR_KEYWORD for each in parameters):
        return
    names = [each.name for each in parameters if each.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
    needed = [each.name for each in parameters if each.name in names and each.default is Parameter.empty]
    unknown = [name for name in inputs if name and name not in names]
    if unknown:
        raise TorchError(f"its forward has no parameter `{unknown[0]}`; it has {', '.join(names)}")
    missing = [name for name in needed if name not in inputs]
    if missing and ("" not in inputs or len(needed) > 1):
        options = " ".join(f"--input {name}=3x224x224" for name in needed)
        raise TorchError(f"its forward takes {', '.join(needed)}: give the size of each, e.g. {options}")


def _copied(module: torch.nn.Module) -> torch.nn.Module:
    """A copy in evaluation mode whose parameters and buffers have sizes and no numbers."""
    import torch

    memo: dict[int, Any] = {}
    for each in module.parameters():
        memo[id(each)] = torch.nn.Parameter(torch.empty_like(each, device="meta"), requires_grad=False)
    for buffer in module.buffers():
        memo[id(buffer)] = torch.empty_like(buffer, device="meta")
    return copy.deepcopy(module, memo).eval()


class _Tracer:
    """Makes a graph of the calls while a module runs."""

    def __init__(self, module: torch.nn.Module, inputs: Mapping[str, Shape], name: str, source: str) -> None:
        import torch
        from torch.utils import _pytree

        self.torch: Any = torch
        self.tree: Any = _pytree
        self.module = module
        self.inputs = make_names(inputs) if len(inputs) > 1 else dict.fromkeys(inputs, "input")
        shapes = {self.inputs[each]: shape for each, shape in inputs.items()}
        self.graph = Graph(shapes, batch=BATCH, name=name, source=source)
        self.known: dict[int, Any] = {}  # what each tensor is, by its identity
        self.kept: list[Any] = []  # so that no identity is given twice
        self.versions: dict[int, int] = {}
        self.used: set[str] = set()
        self.paths = {id(each): path for path, each in module.named_modules()}
        self.scopes = [TOP]
        self.originals: dict[str, torch.Tensor] = {}  # the arrays of the module itself, by their names
        self.names = {id(each): path for path, each in [*module.named_parameters(), *module.named_buffers()]}

    def run(self, inputs: Mapping[str, Shape]) -> Graph:
        dtypes = (each.dtype for each in self.module.parameters() if each.dtype.is_floating_point)
        dtype = next(dtypes, None)
        given = {}
        for name, shape in inputs.items():
            given[name] = self.torch.empty((BATCH, *shape), device="meta", dtype=dtype)
            self.learn(given[name], self.graph.input(self.inputs[name]))
        handles = []
        for each in self.module.modules():
            handles.append(each.register_forward_pre_hook(self.enter))
            handles.append(each.register_forward_hook(self.leave))
        try:
            with self.torch.no_grad(), _mode(self):
                made = self.module(given[""]) if "" in given else self.module(**given)
        except TorchError:
            raise
        except Exception as error:  # of the module's own code
            text = str(error).splitlines()[0][:200] if str(error) else ""
            raise TorchError(f"it does not run: {type(error).__name__}: {text}") from None
        finally:
            for handle in handles:
                handle.remove()
        self.graph.scope = TOP
        self.finish(made)
        return self.graph

    def finish(self, made: Any) -> None:
        """The outputs, and what is worth a note."""
        leaves = [each for each in self.tree.tree_flatten(made)[0] if isinstance(each, self.torch.Tensor)]
        keys = list(made) if isinstance(made, dict) and len(made) == len(leaves) else range(len(leaves))
        for key, each in zip(keys, leaves, strict=True):
            value = self.look(each)
            if isinstance(value, Tensor):
                node = self.graph.attempt(partial(self.graph.materialize, value), op="output", inputs=[value])
                if node is not None:
                    name = "" if len(leaves) == 1 else key if isinstance(key, str) else f"out{key}"
                    self.graph.outputs[name] = node
        unused = [path for path, _ in self.module.named_parameters() if path not in self.used]
        if unused and not self.graph.refusals:
            more = f" and {len(unused) - 3} more" if len(unused) > 3 else ""
            self.graph.notes.append(f"Parameters that are not used: {', '.join(unused[:3])}{more}.")

    def learn(self, tensor: torch.Tensor, value: Any) -> None:
        self.known[id(tensor)] = value
        self.versions[id(tensor)] = tensor._version
        self.kept.append(tensor)

    def look(self, tensor: torch.Tensor) -> Any:
        """What a tensor is. Raises Refusal where it was changed through a view of it."""
        if id(tensor) not in self.known:
            name = self.names.get(id(tensor))
            array = Array(name, tuple(tensor.shape), partial(self.numbers, name)) if name is not None else None
            self.learn(tensor, Known(tuple(tensor.shape), array))
        if self.versions[id(tensor)] != tensor._version:
            raise Refusal("a tensor is changed in place through a view")
        value = self.known[id(tensor)]
        if isinstance(value, Known) and value.array is not None:
            self.used.add(str(value.array.key))
        return value

    def numbers(self, name: str) -> list[float] | None:
        """The numbers of an array of the module, None where it has none."""
        found = self.originals[name].detach()
        return None if found.is_meta else [float(value) for value in found.double().flatten().tolist()]

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
        elif name in QUERIES:
            return func(*args, **kwargs)
        title = name.strip("_") if name.startswith("__") else name.rstrip("_")
        if name in DECIDES:
            raise TorchError(f"the network decides by values: `.{title}()` in {_place()}")
        given = [each for each in self.tree.tree_flatten((args, kwargs))[0] if isinstance(each, self.torch.Tensor)]
        problem: Refusal | None = None
        values: dict[int, Any] = {}
        try:
            values = {id(each): self.look(each) for each in given}
        except Refusal as refusal:
            problem = refusal
        made = func(*args, **kwargs)
        outputs = [each for each in self.tree.tree_flatten(made)[0] if isinstance(each, self.torch.Tensor)]
        tensors = [value for value in values.values() if isinstance(value, Tensor)]
        if outputs and not tensors and problem is None:
            self.derive(title, values, outputs)
        elif outputs:
            make = partial(self.lower, title, args, kwargs, values, outputs, problem)
            self.graph.scope = self.scopes[-1]
            results = self.graph.attempt(make, op=f"torch.{title}", inputs=tensors, place=_place())
            for at, output in enumerate(outputs):
                self.learn(output, self.graph.stand_in(tuple(output.shape)) if results is None else results[at])
        return made

    def lower(
        self, title: str, args: Any, kwargs: Any, values: dict[int, Any], outputs: list[Any], problem: Refusal | None
    ) -> list[Any]:
        """What a call gives, as tensors of the graph. Raises Refusal, also where sizes are not PyTorch's."""
        handler = OPS.get(title)
        if problem is not None or handler is None:
            raise problem or Refusal(f"{title} has no layer kind")

        def mapped(each: Any) -> Any:
            return values[id(each)] if isinstance(each, self.torch.Tensor) else each

        given, named = (self.tree.tree_map(mapped, each) for each in (args, kwargs))
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

    def derive(self, title: str, values: dict[int, Any], outputs: list[Any]) -> None:
        """What is made of parameters alone: a view of one is the same array, all else is computed."""
        known = [value for value in values.values() if isinstance(value, Known)]
        is_view = title in (*SHAPED, "contiguous", "to", "detach", "float") and len(known) == 1
        for output in outputs:
            array = known[0].array if is_view and known[0].shape and not title.startswith("expand") else None
            shape = tuple(output.shape)
            self.learn(output, Known(shape, array._replace(shape=shape) if array is not None else None))


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
            return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
