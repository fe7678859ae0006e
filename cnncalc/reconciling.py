"""`reconcile ARCH FIGURE`: the variants of an architecture in which a printed figure is looked for.

They are what a reader may not know of a figure: the input size, a param of the file that is true or false, and which
of the bundled siblings it is of, as ResNet-50 with its strides where the paper has them. `conventions.search` counts
each of them as others do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from cnncalc import limits
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.report import Report
from cnncalc.conventions.search import Outcome, Variant, search
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.reading import Reading, read
from cnncalc.rounded import Rounded
from cnncalc.spec.files import bundled, bundled_path
from cnncalc.spec.load import parse_overrides
from cnncalc.spec.variants import Variants

# Sizes of square images, the commonest first.
SIZES = (
    224, 227, 256, 299, 384, 320, 331, 512, 32, 28, 64, 96, 128, 160, 192, 112, 240, 260, 288, 300, 380, 416, 448, 456,
    480, 513, 520, 528, 572, 600, 608, 640, 800, 1024,
)  # fmt: skip
OTHER = {"true": "false", "false": "true"}
ALWAYS = (32, 224)  # of CIFAR and ImageNet


def reconcile(
    reading: Reading,
    figure: Rounded,
    inputs: Sequence[str] = (),
    settings: Sequence[str] = (),
    tools: Sequence[str] = (),
) -> Outcome:
    """Search for a figure of an architecture that was read with these inputs and settings, by these tools or all.

    Raises SpecError, and UsageError for an unknown tool.
    """
    return search(figure, [*_list_variants(reading, inputs, settings)], limits.RECONCILED, tools)


def _list_variants(reading: Reading, inputs: Sequence[str], settings: Sequence[str]) -> Iterator[Variant]:
    network, report = reading.require_network(), reading.require_report()
    layers = len(network.nodes)
    own = reading.bundled
    yield Variant((), lambda: report, layers, own)
    others = [*_list_inputs(network)] if not inputs else []
    if reading.source is not None and reading.graph is None and not reading.is_chain:
        maker = _Maker(Variants(reading.source, reading.path), inputs, settings)
        flips = [*_list_flips(reading, settings)]
        for text, shape in others:
            yield maker.make_variant((text,), layers, own, shape=shape)
        for flip in flips:
            yield maker.make_variant((flip,), layers, own, flip=flip)
            for text, shape in others:
                yield maker.make_variant((flip, text), layers, own, shape=shape, flip=flip)
    for name in _list_siblings(network, own):
        yield Variant((f"the bundled {name}",), partial(_analyze_bundled, name), layers, name)


class _Maker:
    """Makes variants of the architecture itself."""

    def __init__(self, variants: Variants, inputs: Sequence[str], settings: Sequence[str]) -> None:
        self.variants, self.inputs, self.settings = variants, inputs, settings

    def make_variant(
        self, departures: tuple[str, ...], layers: int, name: str, *, shape: Shape = (), flip: str = ""
    ) -> Variant:
        """The variant with another input, or another value of a param."""

        def make() -> Report | None:
            inputs = ["x".join(map(str, shape))] if shape else self.inputs
            settings = [*self.settings, flip] if flip else self.settings
            loaded = self.variants.load(parse_overrides(inputs, settings))
            network = loaded.network
            return analyze(network, fields=False) if network is not None and network.complete else None

        return Variant(departures, make, layers, name)


def _analyze_bundled(name: str) -> Report | None:
    return analyze(read(str(bundled_path(name))).require_network(), fields=False)


def _list_inputs(network: Network) -> Iterator[tuple[str, Shape]]:
    """Other sizes of an only input that is an image."""
    if len(network.inputs) > 1 or len(network.input) != 3:
        return
    channels, *own = network.input
    for size in SIZES:
        near = 2 * size >= min(own) and size <= 3 * max(own)
        if own != [size, size] and (near or size in ALWAYS):
            yield f"at {channels}×{size}×{size}", (channels, size, size)


def _list_flips(reading: Reading, settings: Sequence[str]) -> Iterator[str]:
    """Params that are true or false, with the other value."""
    given = {text.partition("=")[0].strip() for text in settings}
    assert reading.description
    for name, entry in reading.description.params.items():
        if name not in given and entry.value.span.text in OTHER:
            yield f"{name}={OTHER[entry.value.span.text]}"


def _list_siblings(network: Network, own: str) -> Iterator[str]:
    """Bundled architectures of the same family, or whose names begin with the same word."""
    word = re.match("[a-z]+", own or network.family)
    for name in bundled():
        first = re.match("[a-z]+", name)
        if name != own and word and first and word[0] == first[0]:
            yield name
