"""The networks of `compare`: each architecture at each input and with each of the values of --set and --vary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from cnncalc import limits
from cnncalc.cli.reading import read_partly
from cnncalc.errors import SpecError, UsageError
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.analysis.roofline import Device
    from cnncalc.compare.side_by_side import ComparedNetwork
    from cnncalc.compare.sweep import Axis


class Variant(NamedTuple):
    """One network to read: options for its inputs and params, and those of them that differ from other variants."""

    inputs: list[str]
    settings: list[str]
    varied: list[tuple[str, str]]
    shown: list[tuple[str, str]]  # each with its option


def parse_vary(text: str) -> Any:
    """The values of --vary. Raises UsageError."""
    from cnncalc.compare.sweep import parse_axis

    return parse_axis(text)


def read_networks(
    archs: Sequence[str],
    inputs: Sequence[str],
    settings: Sequence[str],
    axes: Sequence[Axis],
    device: Device | None,
) -> list[ComparedNetwork]:
    """Read all variants of each architecture; least times are those of a device. Raises SpecError and UsageError."""
    most = limits.COMPARED_NETWORKS
    refusal = f"`compare` takes at most {most} networks; `cnncalc sweep` shows more of one architecture"
    networks = read_variants(archs, inputs, settings, _settle(axes), most=most, refusal=refusal)
    if len(networks) < 2:
        ways = "several --input, --set or values of --vary"
        raise UsageError(f"name two architectures, or one with --separable or --dense, or {ways}")
    return [each._replace(report=each.report._replace(device=device)) for each in networks]


def read_variants(
    archs: Sequence[str],
    inputs: Sequence[str],
    settings: Sequence[str],
    axes: Sequence[Axis] = (),
    *,
    most: int,
    refusal: str,
) -> list[ComparedNetwork]:
    """Read all variants of each architecture. Raises SpecError, and UsageError with the refusal of more than `most`."""
    from cnncalc.compare.rows import require_comparable
    from cnncalc.compare.side_by_side import ComparedNetwork

    every = ((arch, variant) for arch in archs for variant in _iterate_variants(arch, inputs, settings, axes))
    variants = list(islice(every, most + 1))
    if len(variants) > most:
        raise UsageError(refusal)
    networks = []
    broken = False
    layers = 0
    for arch, (own, chosen, varied, shown) in variants:
        options = " ".join(f"{option} {text}" for option, text in shown)
        reading = read_partly(arch, own, chosen, varied=varied, where=f"with {options}" if options else "")
        broken = broken or reading.failed
        if not broken:
            network = reading.require_network()
            layers += len(network.nodes)
            if len(variants) > 1:
                require_comparable(layers)
            label = " ".join([arch, *(text for _, text in shown)])
            networks.append(ComparedNetwork(label, reading.require_report(), network))
    if broken:
        raise SpecError([])  # the problems of all of them are noted already
    return networks


def _settle(axes: Sequence[Axis]) -> list[Axis]:
    """The values of all axes. Raises UsageError."""
    from cnncalc.compare.sweep import INPUT, count_points, settle_axis
    from cnncalc.sweeping import check_values

    found = [settle_axis(axis, limited=False) for axis in axes]
    count_points(found)
    check_values([axis for axis in found if axis.name != INPUT])
    return found


def _iterate_variants(
    arch: str, inputs: Sequence[str], settings: Sequence[str], axes: Sequence[Axis]
) -> Iterator[Variant]:
    """The variants of an architecture, of which the last axis changes first. Raises UsageError."""
    from cnncalc.compare.sweep import INPUT
    from cnncalc.sweeping import check_given

    check_given(settings, axes)
    sizes = group_inputs(inputs)
    sets = _combine_settings(settings)
    params = [axis for axis in axes if axis.name != INPUT]
    for axis in axes:
        if axis.name == INPUT:
            sizes = _resize(arch, sizes, sets[0], params, axis)
    values = [[(axis.name, value) for value in axis.values] for axis in params]
    for size, chosen, varied in product(sizes, sets, product(*values)):
        shown = [("--input", text) for text in _select_varied(size, sizes)]
        shown += [("--set", text) for text in _select_varied(chosen, sets)]
        shown += [
            ("--vary", f"{name}={value}") for axis, (name, value) in zip(params, varied, strict=True)
            if len(axis.values) > 1
        ]  # fmt: skip
        yield Variant(size, chosen, list(varied), shown)


def _resize(
    arch: str, sizes: list[list[str]], settings: list[str], params: Sequence[Axis], axis: Axis
) -> list[list[str]]:
    """The options of the inputs for each of the sizes of an axis. Raises UsageError."""
    from cnncalc.reading import read
    from cnncalc.sweeping import find_shape, resize_inputs

    if len(sizes) > 1:
        raise UsageError("--input and --vary both give several input sizes")
    first = [(each.name, each.values[0]) for each in params]
    reading = read(arch, inputs=sizes[0] or find_shape([axis]), settings=settings, varied=first)
    if sizes[0] and not (reading.is_chain or reading.graph is not None):
        raise UsageError("--input and --vary both give the input size")
    if reading.network is None:
        return sizes  # its problems are reported when it is read as the first variant
    return [resize_inputs(value, reading.network.inputs) for value in axis.values]


def _select_varied(chosen: list[str], variants: list[list[str]]) -> list[str]:
    """The settings of one variant that differ between the variants."""
    return [text for at, text in enumerate(chosen) if len({other[at] for other in variants}) > 1]


def _combine_settings(settings: Sequence[str]) -> list[list[str]]:
    """The settings of each variant: all combinations of the values given for each name."""
    values: dict[str, list[str]] = {}
    for text in settings:
        values.setdefault(text.partition("=")[0], []).append(text)
    return [list(chosen) for chosen in product(*values.values())]


def group_inputs(inputs: Sequence[str]) -> list[list[str]]:
    """The input sizes of each variant: the first size of each input, then the second of each, and so on.

    An input with one size has it in all variants. Raises UsageError if it is unclear which sizes belong together.
    """
    values: dict[str, list[str]] = {}
    for text in inputs:
        values.setdefault(text.rpartition("=")[0].strip(), []).append(text)
    if "" in values and len(values) > 1:
        raise UsageError("--input takes SIZES for a single input, or NAME=SIZES for each of several, not both")
    counts = {len(sizes) for sizes in values.values() if len(sizes) > 1}
    if len(counts) > 1:
        each = ", ".join(f"{name} {len(sizes)}" for name, sizes in values.items())
        raise UsageError(f"--input gives different numbers of sizes ({each}): give each input one, or equally many")
    return [[sizes[at % len(sizes)] for sizes in values.values()] for at in range(max(counts, default=1))]
