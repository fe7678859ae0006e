"""Seeded random arguments of every layer kind, with inputs that fit them."""

from __future__ import annotations

from math import prod
from random import Random

from cnncalc.layers import FAMILIES, kind_class
from cnncalc.layers.arguments import LayerError, Value
from cnncalc.layers.base import Layer, Shape, Shapes
from cnncalc.layers.over import AxesSetting
from cnncalc.layers.settings import (
    REQUIRED,
    AmountSetting,
    AxisOrderSetting,
    AxisSetting,
    FlagSetting,
    IndexListsSetting,
    IntegerSetting,
    PaddingSetting,
    PerAxisSetting,
    RealSetting,
    Setting,
    SizesSetting,
    WordSetting,
)
from cnncalc.layers.structure import MERGES
from cnncalc.layers.targets import FactorSetting, KeptSizesSetting, LikeSetting


def random_map(rng: Random, axes: int) -> Shape:
    """A small map whose number of channels has many divisors."""
    return (rng.choice((1, 2, 3, 4, 6, 8, 12, 18)), *(rng.randint(1, 9) for _ in range(axes)))


def random_factors(rng: Random) -> Shapes:
    """Two tensors that fit as matrices in one way or another, most times."""
    others = random_map(rng, rng.randint(0, 3))[: rng.randint(0, 3)]
    first, second = (tuple(size if rng.random() < 0.7 else 1 for size in others) for _ in range(2))
    rows, summed, columns = (rng.randint(1, 6) for _ in range(3))
    orders = [
        ((rows, summed), (summed, columns)),
        ((summed, rows), (summed, columns)),
        ((rows, summed), (columns, summed)),
    ]
    one, other = rng.choice(orders)
    return (*first, *one), (*second, *other)


def random_sequences(rng: Random, kind: str) -> Shapes:
    """Queries, keys and values, or a sequence with or without a memory."""
    query, (_, length) = random_map(rng, 1), random_map(rng, 1)
    channels = query[0] if rng.random() < 0.5 else random_map(rng, 1)[0]
    if kind == "attention":
        return query, (query[0], length), (channels, length)
    return rng.choice(((query,), (query, (channels, length))))


def random_inputs(rng: Random, kind: str) -> Shapes:
    """Input shapes of a kind: of any rank, and for a merge with all differences that branches may have."""
    if FAMILIES[kind] == "learned":
        return ()
    if kind == "matmul":
        return random_factors(rng)
    if kind in ("attention", "multi_head_attention"):
        return random_sequences(rng, kind)
    shape = random_map(rng, rng.choice((0, 1, 1, 2, 2, 2, 3)))
    if FAMILIES[kind] in ("axes", "reduction", "softmax") and rng.random() < 0.2:
        shape = random_map(rng, rng.choice((4, 5)))
    if kind not in MERGES:
        return (shape,)
    count = rng.randint(2, 4)
    at = rng.randrange(len(shape)) if rng.random() < 0.5 else 0
    other_channels = tuple((*shape[:at], rng.randint(1, 5), *shape[at + 1 :]) for _ in range(count))
    broadcast = (shape, *(tuple(size if rng.random() < 0.5 else 1 for size in shape) for _ in range(count - 1)))
    return rng.choice(((shape,) * count, other_channels, broadcast))


def random_value(rng: Random, setting: Setting, axes: int, shape: Shape) -> Value:
    """A value that a setting accepts; `channels` and `sizes`, which it must fit, are only a hint."""
    if isinstance(setting, WordSetting) or (isinstance(setting, PaddingSetting) and rng.random() < 0.4):
        return rng.choice(setting.words)
    if isinstance(setting, FlagSetting):
        return rng.random() < 0.5
    if isinstance(setting, RealSetting):
        return rng.choice((0.0, 1e-6, 0.25, 1.0))
    if isinstance(setting, SizesSetting):
        return random_sizes(rng, setting, shape)
    if isinstance(setting, FactorSetting):
        return random_factor(rng) if axes == 0 or rng.random() < 0.5 else tuple(random_factor(rng) for _ in range(axes))
    if isinstance(setting, LikeSetting):
        return tuple(rng.randint(1, 12) for _ in range(axes or 1))
    if isinstance(setting, AxesSetting):
        some = rng.sample(range(-axes - 1, axes + 1), rng.randint(1, axes + 1))
        return rng.choice((*setting.words, tuple(some), rng.randint(-axes - 1, axes)))
    if isinstance(setting, AxisOrderSetting):
        order = rng.sample(range(axes + 1), axes + 1)
        return tuple(at - (axes + 1) * rng.randint(0, 1) for at in order)
    if isinstance(setting, AxisSetting):
        return rng.randint(-axes - 1, axes)
    if isinstance(setting, IndexListsSetting):
        return tuple(
            tuple(sorted(rng.sample(range(shape[0]), rng.randint(1, shape[0])))) for _ in range(rng.randint(1, 4))
        )
    assert isinstance(setting, IntegerSetting)
    if setting.minimum < -1:
        return rng.randint(-9, 9)

    def number() -> int:
        return rng.randint(setting.minimum, setting.minimum + 3)

    if isinstance(setting, AmountSetting) and axes and rng.random() < 0.4:
        return tuple((number(), number()) for _ in range(axes))
    if isinstance(setting, KeptSizesSetting) and axes and rng.random() < 0.4:
        return tuple(rng.choice((None, number())) for _ in range(axes))
    if isinstance(setting, PerAxisSetting) and axes and rng.random() < 0.5:
        return tuple(number() for _ in range(axes))
    return number()


def random_factor(rng: Random) -> float:
    """A factor of a resampling: an integer, a simple fraction, or any number."""
    return rng.choice((1, 2, 3, 0.5, 1.5, 2.5, 1.1, 0.7, 4 / 3, 1 / 3, rng.uniform(0.3, 4)))


def random_sizes(rng: Random, setting: SizesSetting, shape: Shape) -> Value:
    """The sizes of parts of the channels, or a new shape with the same number of elements."""
    if setting.name == "shape":
        first = rng.choice([size for size in range(1, prod(shape) + 1) if prod(shape) % size == 0])
        forms = ((prod(shape),), (first, prod(shape) // first), (first, 1, prod(shape) // first))
        return rng.choice((*forms, (first, "rest"), ("rest", 1, prod(shape) // first), ("rest",)))
    if shape[0] == 1 or rng.random() < 0.5:
        return rng.choice([count for count in range(1, shape[0] + 1) if shape[0] % count == 0])
    size = rng.choice(shape) if setting.name == "parts" else shape[0]
    first = rng.randint(1, max(size - 1, 1))
    return (first, max(size - first, 1))


def random_settings(rng: Random, kind: str, shape: Shape) -> dict[str, Value]:
    """Arguments of a kind, without some of those that have a default."""
    return {
        name: random_value(rng, setting, len(shape) - 1, shape)
        for name, setting in kind_class(kind).settings.items()
        if name != "memory" and (setting.default is REQUIRED or rng.random() < 0.5)
    }


def random_unpool(rng: Random) -> tuple[Layer, Shapes]:
    """An unpooling of a random pool."""
    pool, (shape,) = random_case(rng, "max_pool")
    pooled = pool.output_shape((shape,))
    return kind_class("max_unpool")(pool=pool, like=shape[1:]), (pooled, pooled)


def random_case(rng: Random, kind: str) -> tuple[Layer, Shapes]:
    """A layer and inputs that fit."""
    if kind == "max_unpool":
        return random_unpool(rng)
    for _ in range(500):
        inputs = random_inputs(rng, kind)
        try:
            settings = random_settings(rng, kind, inputs[0] if inputs else random_map(rng, 2))
            if kind == "multi_head_attention":
                settings["memory"] = inputs[1] if len(inputs) > 1 else None
            layer = kind_class(kind)(**settings)
            layer.output_shape(inputs)
        except LayerError:
            continue
        return layer, inputs
    raise AssertionError(f"no fitting settings found for {kind}")


def random_cases(kind: str, count: int) -> list[tuple[Layer, Shapes]]:
    """The same cases at every run."""
    rng = Random(f"cnncalc {kind}")
    return [random_case(rng, kind) for _ in range(count)]
