"""What a PyTorch module computes of its parameters, buffers and constants alone, and the numbers of it.

The run that is watched computes no numbers. What no input goes into is computed beside it with the numbers that there
are, by the same calls, so that views and changes in place act as they do. Nothing here imports torch: it is given.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zlib import crc32

from cnncalc.exchange.graph import Array
from cnncalc.exchange.torch_arrays import Known, derive, numbers_of, sources_of
from cnncalc.exchange.torch_inputs import TorchError
from cnncalc.exchange.torch_ops import CREATES

if TYPE_CHECKING:
    import torch

LARGEST = 2**22  # elements of what is computed
DRAWN = 2**16  # of a parameter without numbers
RANDOM = (
    "rand",
    "empty",
    "normal",
    "bernoulli",
    "multinomial",
    "poisson",
)  # how calls begin that give any numbers


class Constants:
    """The parameters and buffers of a module, and all that is made of them alone.

    `originals` are those of the module itself, by their names; `names` those of the copy that runs, by identity.
    """

    def __init__(self, torch: Any, tree: Any, originals: Mapping[str, Any], names: Mapping[int, str]) -> None:
        self.torch = torch
        self.tree = tree
        self.originals = originals
        self.names = names
        self.real: dict[int, Any] = {}  # with numbers, by the identity of the tensor that runs; None without
        self.drawn: set[int] = set()  # those whose numbers are not the module's
        self.followed: dict[int, tuple[int, tuple[Known, ...]]] = {}  # by storage: version, what was written
        self.parts: dict[Hashable, tuple[Hashable, int, int]] = {}  # the array and the elements that a key stands for
        self.storages = {self._storage(each) for each in originals.values()}

    def _storage(self, tensor: torch.Tensor) -> int:
        return int(tensor.untyped_storage()._cdata)

    def numbers(self, tensor: torch.Tensor) -> Any:
        """The tensor with its numbers; None where they are not known."""
        return None if id(tensor) in self.drawn else self.numbers_or_drawn(tensor)

    def numbers_or_drawn(self, tensor: torch.Tensor) -> Any:
        """The tensor with its numbers, or others in place of those of parameters that have none: so that what is
        computed of them is known by what it comes to."""
        if id(tensor) in self.real:
            return self.real[id(tensor)]
        name = self.names.get(id(tensor), "")
        found = self.originals.get(name, tensor)
        if found.is_meta:
            found = self._draw(name, found) if isinstance(tensor, self.torch.nn.Parameter) else None
            self.drawn.add(id(tensor))
        self.real[id(tensor)] = found
        return found

    def _draw(self, name: str, tensor: torch.Tensor) -> Any:
        if tensor.numel() > DRAWN or not tensor.is_floating_point():
            return None
        generator = self.torch.Generator().manual_seed(crc32(name.encode()))
        drawn = self.torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype, device="cpu")
        return drawn * (len(tensor) / tensor.numel()) ** 0.5 if tensor.dim() and tensor.numel() else drawn

    def known(self, tensor: torch.Tensor) -> Known:
        """What a parameter, a buffer or another tensor is that does not depend on the input."""
        name, shape = self.names.get(id(tensor)), tuple(tensor.shape)
        real = self.numbers_or_drawn(tensor)
        if name is None:
            return Known(shape, None, is_constant=True, real=real, form=hash((shape, id(tensor))))
        array = Array(name, shape, partial(numbers_of, self.originals[name]))
        is_buffer = not isinstance(tensor, self.torch.nn.Parameter)
        found = Known(shape, array, is_buffer, is_constant=is_buffer, real=real, form=hash(name))
        return found if is_buffer else found._replace(sources=(found,))

    def changed(self, tensor: torch.Tensor, value: Known) -> Known | None:
        """What a tensor is after it was changed through a view by constants; None where the change was not seen."""
        version, written = self.followed.get(self._storage(tensor), (-1, ()))
        if version != tensor._version:
            return None
        every = (value, *written)
        form = hash(tuple(each.form for each in every))
        is_constant = all(each.is_constant for each in every)
        real = self.numbers_or_drawn(tensor)
        return Known(value.shape, None, is_constant=is_constant, sources=sources_of(every), real=real, form=form)

    def created(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor that a module creates, without its numbers, as all that it meets is; they are kept beside it."""
        if tensor.is_meta or not tensor.dim():
            return tensor
        made = tensor.to("meta")
        self.real[id(made)] = tensor
        return made

    def compute(self, name: str, func: Any, args: Any, kwargs: Any, made: Any) -> None:
        """Compute what a call gives, `made`, with numbers."""
        outputs = [each for each in self.tree.tree_leaves(made) if isinstance(each, self.torch.Tensor)]
        found: list[Any] = [None] * len(outputs)
        if not name.startswith(RANDOM) and sum(each.numel() for each in outputs) <= LARGEST:
            found = self._computed(name, func, args, kwargs) or found
        if not any(map(self._is_tensor, self.tree.tree_leaves((args, kwargs)))) and len(outputs) == 1:
            found = [self.real.get(id(outputs[0]), found[0])]
        given = {id(each) for each in self.tree.tree_leaves((args, kwargs))}
        for output, each in zip(outputs, found, strict=True):
            self.real[id(output)] = each
            if given & self.drawn and name not in CREATES:
                self.drawn.add(id(output))

    def _computed(self, name: str, func: Any, args: Any, kwargs: Any) -> list[Any] | None:
        tensors = [each for each in self.tree.tree_leaves((args, kwargs)) if self._is_tensor(each)]
        given = {id(each): self.numbers_or_drawn(each) for each in tensors}
        if name in CREATES:
            given = {id(each): self.torch.empty(each.shape, dtype=each.dtype, device="cpu") for each in tensors}
        if any(each is None for each in given.values()):
            return None
        if is_in_place(name) and self._storage(given[id(args[0])]) in self.storages:
            return None  # the module itself is not changed

        def real(value: Any) -> Any:
            if self._is_tensor(value):
                return given[id(value)]
            return "cpu" if isinstance(value, self.torch.device) and value.type == "meta" else value

        args, kwargs = self.tree.tree_map(real, args), self.tree.tree_map(real, kwargs)
        try:
            made = func(*args, **kwargs)
        except Exception:  # of numbers that no call of the module's own would have
            return None
        made = args[0] if name == "__setitem__" else made
        return [each for each in self.tree.tree_leaves(made) if self._is_tensor(each)]

    def _is_tensor(self, value: Any) -> bool:
        return isinstance(value, self.torch.Tensor)

    def derive(
        self,
        title: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        tensors: Sequence[torch.Tensor],
        outputs: Sequence[torch.Tensor],
    ) -> list[Known]:
        """What a call makes of arrays alone, `tensors`, by its arguments with what these are in place of them."""
        leaves = self.tree.tree_leaves((args, kwargs), is_leaf=lambda each: isinstance(each, Known))
        values = [each for each in leaves if isinstance(each, Known)]
        sources = sources_of(values)
        form = hash((title, *(each.form if isinstance(each, Known) else repr(each) for each in leaves)))
        found = []
        for at, output in enumerate(outputs):
            made = derive(title, args, kwargs, tuple(output.shape))
            if made.array is None and len(tensors) == len(values) == 1 and values[0].array is not None:
                part = self._part(values[0].array, tensors[0], output) if values[0].factor == 1 else None
                made = made._replace(array=part, is_buffer=values[0].is_buffer)
            found.append(made._replace(sources=sources, real=self.numbers_or_drawn(output), form=hash((form, at))))
        return found

    def _part(self, array: Array, tensor: torch.Tensor, output: torch.Tensor) -> Array | None:
        """Some elements of an array that are one after another, as `chunk` of its first axis gives; None of others."""
        if self._storage(tensor) != self._storage(output) or not (tensor.is_contiguous() and output.is_contiguous()):
            return None
        start, count = int(output.storage_offset() - tensor.storage_offset()), output.numel()
        base, before, _ = self.parts.get(array.key, (array.key, 0, 0))
        row = tensor.numel() // len(tensor)
        key = f"{base}[{(before + start) / row:g}:{(before + start + count) / row:g}]"
        self.parts[key] = base, before + start, before + start + count
        return Array(key, tuple(output.shape), partial(_elements, array, start, start + count))

    def overlapping(self, keys: Iterable[Hashable]) -> list[str]:
        """The arrays of which parts are among these keys, beside others with the same elements."""
        used: dict[Hashable, list[tuple[int, int]]] = {}
        for key in dict.fromkeys(keys):
            base, *span = self.parts.get(key, (key, 0, sys.maxsize))
            used.setdefault(base, []).append((span[0], span[1]))
        return [str(base) for base, spans in used.items() if any(map(_overlap, pairwise(sorted(spans))))]

    def follow(self, target: torch.Tensor, version: int, values: Sequence[Known]) -> None:
        """A tensor that had a version was changed in place by constants."""
        storage = self._storage(target)
        before, written = self.followed.get(storage, (version, ()))
        if before == version:
            self.followed[storage] = target._version, (*written, *values)


def _elements(array: Array, start: int, stop: int) -> list[float] | None:
    """The numbers of a part of an array."""
    found = array.load()
    return None if found is None else found[start:stop]


def _overlap(spans: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Whether the second of two ranges, in order, begins within the first."""
    return spans[1][0] < spans[0][1]


def is_in_place(name: str) -> bool:
    """Whether a function changes its first argument."""
    return name == "__setitem__" or (name.endswith("_") and not name.endswith("__")) or name.startswith("__i")


def arrays_of_module(torch: Any, module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """The parameters and buffers of a module by their names, and other tensors that it has."""
    yield from module.named_parameters()
    yield from module.named_buffers()
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            if isinstance(value, torch.Tensor):
                yield f"{path}.{name}" if path else name, value


def copied(torch: Any, module: torch.nn.Module) -> torch.nn.Module:
    """A copy in evaluation mode whose tensors have sizes and no numbers. Raises TorchError where there is none."""
    memo: dict[int, Any] = {}
    for name, each in arrays_of_module(torch, module):
        if torch.nn.parameter.is_lazy(each):
            raise TorchError(f"the sizes of `{name}` are not known: a lazy module must run once before")
        made = torch.empty_like(each, device="meta", requires_grad=False)
        memo[id(each)] = torch.nn.Parameter(made, False) if isinstance(each, torch.nn.Parameter) else made
    try:
        return copy.deepcopy(module, memo).eval()
    except Exception as error:  # of what a module of the user has beside tensors
        raise TorchError(f"it cannot be copied: {type(error).__name__}: {str(error).splitlines()[0][:200]}") from None
