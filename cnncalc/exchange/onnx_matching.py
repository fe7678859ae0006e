"""What patterns of ONNX nodes are found with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import isclose, prod

from cnncalc import limits
from cnncalc.exchange.onnx_file import OnnxModel, OnnxNode, OnnxTensor
from cnncalc.exchange.products import find_window, find_windows
from cnncalc.layers.base import Shape

FACTORS = 4  # of a product that are looked at
Found = tuple[OnnxNode, OnnxNode] | None  # the node that is replaced, and by what


class Matcher:
    """Finds nodes by what they make and by what reads them."""

    def __init__(self, model: OnnxModel) -> None:
        self.makers = {output: node for node in model.nodes for output in node.outputs if output}
        self.tensors = model.tensors
        self.uses = Counter(name for node in model.nodes for name in node.inputs)
        self.uses.update(model.outputs.keys())
        self.windows: dict[tuple[str, int], Shape | None] = {}  # by the array of offsets, and their number
        self.left = limits.ONNX_POSITIONS_TOTAL
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
        if (name, offsets) not in self.windows:
            tensor = self.tensor(name)
            count = tensor.elements if tensor is not None else 0
            numbers = None
            if (
                tensor is not None
                and count <= min(limits.ONNX_POSITIONS, self.left)
                and any(find_windows(count, offsets))
            ):
                self.left -= count
                numbers = tensor.load()
            self.windows[name, offsets] = find_window(numbers, offsets) if numbers else None
        return self.windows[name, offsets]

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
