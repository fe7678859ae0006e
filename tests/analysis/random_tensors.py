"""Random networks for liveness: layers of one position, with branches, views, sums and several outputs."""

from __future__ import annotations

from random import Random

from cnncalc.analysis.liveness import Passed, Tensors
from cnncalc.layers import kind_class
from cnncalc.layers.base import Layer, Shape


def random_tensors(rng: Random, layers: int) -> Tensors:
    """A network of so many layers on one or two inputs."""
    starts: dict[int, Shape] = {-1 - number: (rng.randint(1, 9), 2) for number in range(rng.choice((1, 1, 1, 2)))}
    shapes: dict[int, Shape] = dict(starts)
    passed: list[Passed] = []
    unread = set(starts)
    for index in range(layers):
        recent = sorted(shapes)[-rng.randint(1, 4) :]
        source = rng.choice(sorted(unread) if unread and rng.random() < 0.5 else recent)
        like = [at for at, shape in shapes.items() if shape == shapes[source] and at != source]
        name = rng.choice(("conv", "conv", "relu", "batch_norm", "dropout", "add", "concat", "separable_conv"))
        sources: tuple[int, ...] = (source,)
        settings: dict[str, int | float] = {}
        if name in ("conv", "separable_conv"):
            settings = {"out": rng.randint(1, 9), "kernel": 1}
        elif name == "add":
            sources = (source, rng.choice(like)) if like else (source, source)
        elif name == "concat":
            sources = (source, rng.choice(sorted(shapes)))
        layer: Layer = kind_class(name)(**settings)
        inputs = tuple(shapes[at] for at in sources)
        shapes[index] = layer.output_shape(inputs)
        passed.append(Passed(layer, inputs, shapes[index], sources))
        unread = (unread | {index}) - {*sources}
    ends = frozenset(at for at in unread if at >= 0 and rng.random() < 0.8) | {layers - 1}
    return Tensors(starts, passed, ends)
