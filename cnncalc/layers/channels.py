"""How the output channels of a layer depend on its input channels: their number, and which ones each of them reads.

`Layer.channels` is for channels what `Layer.reach` is for positions. `execution.narrow` uses it to narrow networks,
`execution.cones` to find where all channels have the same receptive field, `analysis.advice` to find layers that mix
channels.
"""

from __future__ import annotations

from cnncalc.records import NamedTuple


class Chosen(NamedTuple):
    """The layer's arguments determine the number of output channels, independent of the input.

    The channels are divided into `groups` equal parts; each output channel reads all input channels of its part.
    `fixed` if the kind itself determines the number, so that no argument can reduce it. The output channels of each of
    several equal `parts` may read other positions than those of the others.
    """

    groups: int = 1
    fixed: bool = False
    parts: int = 1


class Carried(NamedTuple):
    """The output channels are a fixed multiple or fraction of the input channels, e.g. one or several for each.

    `units` are numbers of channels that narrowing must divide exactly: those of a group, of each part of a split.
    `dropped` is whether some input channels are in no output channel. For a merge this holds for each input; one with
    fewer channels than the others is broadcast.
    """

    units: tuple[int, ...] = ()
    dropped: bool = False


class Concatenated(NamedTuple):
    """The output has the channels of all inputs, in order."""


OUTPUT = -1  # in the sets of `Apart`


class Apart(NamedTuple):
    """The inputs have channels of their own, as the factors of a product of matrices have.

    Each of `sets` are inputs, by their indices, and perhaps the output, whose numbers of channels are divided by the
    same number; `units` are the numbers of channels of each set that must be divided exactly. The output is in a set,
    unless its number of channels stays.
    """

    sets: tuple[tuple[int, ...], ...]
    units: tuple[int, ...]


Channels = Chosen | Carried | Concatenated | Apart
