"""Reports built by hand, with numbers computed by hand."""

from __future__ import annotations

from fractions import Fraction

from cnncalc.analysis.report import Costs, LayerReport, ReceptiveField, Report, Seen, Whole
from cnncalc.layers import kind_class
from cnncalc.layers.arguments import Value
from cnncalc.layers.base import Layer, Shape, Work
from cnncalc.network import Group

MAP = (4, 8, 8)


def layer(kind: str, **settings: Value) -> Layer:
    return kind_class(kind)(**settings)


def line(
    path: str, made: Layer, inputs: tuple[Shape, ...], output: Shape, weights: int = 0, biases: int = 0, macs: int = 0,
    *, size: int | tuple[int, ...] | None = None, whole: bool = False, centred: bool = True, varies: bool = False,
    shares: str = "", stride: int | Fraction = 1,
) -> LayerReport:  # fmt: skip
    elements = 1
    for axis in output:
        elements *= axis
    sizes = (size, size) if isinstance(size, int) else size
    field = ReceptiveField(sizes, (stride, stride), (-1, -1), varies) if sizes else None
    seen = Whole((8, 8), (0, 0)) if whole else None
    costs = Costs(weights, biases, 0, Work(macs, macs), elements)
    return LayerReport(path, made, 3, inputs, output, costs, {"input": Seen(field, seen, centred)}, shares)


def report(layers: list[LayerReport], groups: tuple[Group, ...] = (), name: str = "Small") -> Report:
    output, totals = layers[-1].output, Costs.together(each.costs for each in layers)
    return Report(name, "by hand, 2024", "", {"input": (3, 8, 8)}, output, {}, tuple(layers), groups, totals, True)


def small() -> Report:
    """A convolution, twice a unit of two layers, a linear layer: 2,978 parameters, 27,904 macs."""
    conv = layer("conv", out=4, kernel=3, padding=1)
    relu = layer("relu")
    layers = [line("conv1", conv, ((3, 8, 8),), MAP, 108, 4, 6912, size=3)]
    for number, size in enumerate((5, 7)):
        layers += [
            line(f"body.unit1.{number}.conv1", conv, (MAP,), MAP, 144, 4, 9216, size=size),
            line(f"body.unit1.{number}.relu1", relu, (MAP,), MAP, size=size),
        ]
    layers += [
        line("flatten1", layer("flatten"), (MAP,), (256,)),
        line("linear1", layer("linear", out=10), ((256,),), (10,), 2560, 10, 2560, whole=True),
    ]
    groups = (
        Group("body", "block", "stage(4, 2)", 1, 5, 4, 0),
        Group("body.unit1", "repeat", "unit1", 1, 5, 4, 1, 2),
        Group("body.unit1.0", "block", "unit(4, 1)", 1, 3, 2, 2),
        Group("body.unit1.1", "block", "unit(4, 2)", 3, 5, 4, 2),
    )
    return report(layers, groups)
