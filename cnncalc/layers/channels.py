"""What a layer says of its channels: how many its output has, and which input channels each of them reads.

`Layer.channels` says of channels what `Layer.reach` says of positions. The executor narrows networks by it, the tracing
of positions knows by it where all channels see the same, and advice which layers join channels.
"""

from __future__ import annotations

from typing import NamedTuple


class Chosen(NamedTuple):
    """The layer decides how many output channels there are, whatever the input has.

    Each of `groups` equal parts of them reads all of one equal part of the input channels. `fixed` where the number is
    the kind's own, so that no argument of the layer can make it smaller.
    """

    groups: int = 1
    fixed: bool = False


class Carried(NamedTuple):
    """The output channels come of the input channels in a fixed proportion: one each, several each, one of several.

    `units` are numbers of input channels that can only be divided exactly: those of a group, of each part of a split.
    `dropped` says whether some input channels are in no output channel. Of a merge, each input is carried so; one that
    has fewer channels than the others is broadcast.
    """

    units: tuple[int, ...] = ()
    dropped: bool = False


class Stacked(NamedTuple):
    """The output has the channels of all inputs, one after another."""


Channels = Chosen | Carried | Stacked
