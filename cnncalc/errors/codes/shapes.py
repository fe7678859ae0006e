"""Codes for shapes: a layer and its input do not fit together."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "bad-input",
        "The input shape is not allowed.",
        "`input` is [C, L], [C, H, W] or [C, D, H, W]: channels first, then one to three sizes, each 1 or more; or [N],"
        " flat. It is the shape of one input; there is no batch. If there are several inputs, each has a name and a"
        " shape.",
        "input: [32, 3, 16, 64, 64]\nlayers:\n  - conv(4, 3)\n",
        "input: [3, 16, 64, 64]\nlayers:\n  - conv(4, 3)\n",
    ),
    Code(
        "wrong-rank",
        "The input of a layer has the wrong number of axes.",
        "Some layers work on a map (channels × sizes), others on a vector: `linear` needs `flatten` before it, and a"
        " layer with a window is not allowed after `flatten`. A list of sizes has one for each axis.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> relu -> linear(10)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> relu -> flatten -> linear(10)\n",
    ),
    Code(
        "kernel-too-large",
        "A window is larger than its padded input.",
        "The window does not fit into its input, padding included: K > I + P_before + P_after. Usually earlier layers,"
        " e.g. repeated pools, have reduced the map more than expected; the note shows the last shapes.",
        "input: [3, 8, 8]\nlayers:\n  - (relu -> max_pool(2)) * 4\n",
        "input: [3, 8, 8]\nlayers:\n  - (relu -> max_pool(2)) * 3\n",
    ),
    Code(
        "padding-too-large",
        "The padding of a pool is more than half its window, or a folded border is wider than the map.",
        "The padding of a pool may be at most half its window, P ≤ K/2, as in PyTorch: beyond that some windows would"
        " contain nothing but padding. A `pad` that mirrors a map adds fewer positions than there are; one that goes on"
        " at the other end, as many at most.",
        "input: [3, 9, 9]\nlayers:\n  - max_pool(3, stride=2, padding=2)\n",
        "input: [3, 9, 9]\nlayers:\n  - max_pool(3, stride=2, padding=1)\n",
    ),
    Code(
        "groups-mismatch",
        "The channels, or the sizes, are not divisible by the groups or parts.",
        "Groups divide the channels of the input and of the output into equal parts; so do the parts of"
        " `channel_split`, `channel_shuffle` and `group_norm`. Parts given as a list must add up to the channels."
        " `pixel_unshuffle` divides the spatial sizes.",
        "input: [4, 8, 8]\nlayers:\n  - conv(6, 3, groups=4)\n",
        "input: [4, 8, 8]\nlayers:\n  - conv(6, 3, groups=2)\n",
    ),
    Code(
        "shape-mismatch",
        "Shapes that must be equal differ.",
        "Branches of `add`, `multiply` and the like must have channels and sizes that are equal or 1, those of `concat`"
        " equal sizes; a `reshape` keeps the number of elements. The reported position is the first branch that differs"
        " from the earlier ones. In a residual block, use a 1×1 convolution with the channels and stride of the body as"
        " the shortcut.",
        "input: [8, 8, 8]\nlayers:\n  - add:\n      body: conv(16, 3, padding=1)\n      shortcut: identity\n",
        "input: [8, 8, 8]\nlayers:\n  - add:\n      body: conv(16, 3, padding=1)\n      shortcut: conv(16, 1)\n",
    ),
    Code(
        "size-runs-out",
        "The output of a layer would be empty.",
        "By the formula of the layer the output would have no elements: a `crop` removes the whole map, or the padding"
        " of a `transposed_conv` removes the whole output.",
        "input: [8, 6, 6]\nlayers:\n  - crop(3)\n",
        "input: [8, 6, 6]\nlayers:\n  - crop(2)\n",
    ),
)
