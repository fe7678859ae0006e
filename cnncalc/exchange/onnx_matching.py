"""What patterns of ONNX nodes are found with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import isclose, prod

from cnncalc import limits
from cnncalc.exchange.onnx_file import OnnxModel, OnnxNode, OnnxTensor
from cnncalc.exchange.products import find_window, find_windows
from cnncalc.layers.base import Shape
from cnncalc.layers.learned import logarithms_of

FACTORS = 4  # of a product that are looked at
Found = tuple[OnnxNode, OnnxNode] | None  # the node that is replaced, and by what


class Matcher:
    """Finds nodes by what they make and by what reads them."""

    def __init__(self, model: OnnxModel) -> None:
        self.makers = {output: node for node in model.nodes for output in node.outputs if output}
        self.tensors = model.tensors
        self.uses = Counter(name for node in model.nodes for name in node.inputs)
        self.uses.update(model.outputs.keys())
        self._windows: dict[tuple[str, int], Shape | None] = {}  # by the array of offsets, and their number
        self._spaced: dict[tuple[str, Shape], bool] = {}
        self._left = limits.ONNX_POSITIONS_TOTAL
        self.readers = {name: node for node in model.nodes for name in node.inputs}

    def maker(self, name: str, *ops: str) -> OnnxNode | None:
        """The node that makes a tensor, where it is one of these ops."""
        found = self.makers.get(name)
        return found if found is not None and found.op in ops and not found.domain else None

    def reader(self, name: str, *ops: str) -> OnnxNode | None:
        """The only node that reads a tensor, where it is one of these ops."""
        found = self.readers.get(name) if self.uses[name] == 1 else None
        return found if found is not None and found.op in ops and not found.domain else None

    def tensor(self, name: str) -> OnnxTensor | None:
        """A constant array of the file."""
        found = self.tensors.get(name)
        maker = self.maker(name, "Constant", "Identity") if found is None else None
        if maker is not None and maker.op == "Identity":
            return self.tensors.get(maker.inputs[0]) if maker.inputs else None
        value = maker.attributes.get("value") if maker is not None else found
        return value if isinstance(value, OnnxTensor) else None

    def is_number(self, name: str, wanted: float) -> bool:
        """Whether a name is a constant number, but for what single precision leaves of it."""
        tensor = self.tensor(name)
        values = tensor.values if tensor is not None and prod(tensor.shape) == 1 else None
        return values is not None and isclose(values[0], wanted, rel_tol=1e-3)

    def is_constant(self, name: str) -> bool:
        """Whether a name is an array of the file."""
        return self.tensor(name) is not None

    def window(self, name: str, offsets: int) -> Shape | None:
        """The window for whose pairs of positions an array has the numbers of their offsets."""
        key = name, offsets
        if key not in self._windows:
            tensor = self.tensor(name)
            fits = tensor is not None and any(find_windows(tensor.elements, offsets))
            numbers = self._load(tensor) if tensor is not None and fits else None
            self._windows[key] = find_window(numbers, offsets) if numbers else None
        return self._windows[key]

    def is_spaced(self, name: str, window: Shape) -> bool:
        """Whether an array has the logarithms of all offsets in a window, but for what single precision leaves."""
        key = name, window
        if key not in self._spaced:
            tensor, wanted = self.tensor(name), logarithms_of(window)
            numbers = self._load(tensor) if tensor is not None and tensor.elements == len(wanted) else None
            self._spaced[key] = numbers is not None and all(map(_is_close, numbers, wanted))
        return self._spaced[key]

    def _load(self, tensor: OnnxTensor) -> list[float] | None:
        """The numbers of an array that a position bias may be of, as many as are looked at."""
        if tensor.elements > min(limits.ONNX_POSITIONS, self._left):
            return None
        self._left -= tensor.elements
        return tensor.load()

    def split(self, node: OnnxNode | None, is_wanted: Callable[[str], bool]) -> tuple[str, str] | None:
        """The input of a node of two that is wanted, and the other."""
        if node is not None and len(node.inputs) == 2:
            for one, other in (node.inputs, node.inputs[::-1]):
                if is_wanted(one):
                    return one, other
        return None

    def factors(self, node: OnnxNode) -> list[str] | None:
        """What a product consists of, products in it taken apart; None where there are too many."""
        waiting, found = list(node.inputs), []
        while waiting:
            name = waiting.pop()
            inner = self.maker(name, "Mul")
            if inner is not None and self.uses[name] == 1:
                waiting += inner.inputs
            else:
                found.append(name)
            if len(waiting) + len(found) > FACTORS:
                return None
        return found


def _is_close(found: float, wanted: float) -> bool:
    return isclose(found, wanted, rel_tol=1e-4, abs_tol=1e-6)
