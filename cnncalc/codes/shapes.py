"""Codes of shapes: what flows does not fit the layer that it flows into."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "bad-input": Entry(
        "`input` is [C, L], [C, H, W] or [C, D, H, W]: channels first, then one to three sizes, each 1 or more. One"
        " input flows through the network; there is no batch.",
        "input: [32, 3, 16, 64, 64]\nlayers:\n  - conv(4, 3)\n",
        "input: [3, 16, 64, 64]\nlayers:\n  - conv(4, 3)\n",
    ),
    "wrong-rank": Entry(
        "Some layers work on a map (channels × sizes), others on a flat list of numbers: `linear` needs `flatten`"
        " before it, and nothing that slides a window stands behind `flatten`. A list of sizes has one for each axis.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> relu -> linear(10)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> relu -> flatten -> linear(10)\n",
    ),
    "kernel-too-large": Entry(
        "The window does not fit into its input, padding included: K > I + P_before + P_after. Most often layers before"
        " it have made the map smaller than was thought, as repeated pools do; the note shows the shapes on the way.",
        "input: [3, 8, 8]\nlayers:\n  - (relu -> max_pool(2)) * 4\n",
        "input: [3, 8, 8]\nlayers:\n  - (relu -> max_pool(2)) * 3\n",
    ),
    "padding-too-large": Entry(
        "A pool's padding may be at most half its window, P ≤ K/2, as in PyTorch: beyond that some windows would see"
        " nothing but padding.",
        "input: [3, 9, 9]\nlayers:\n  - max_pool(3, stride=2, padding=2)\n",
        "input: [3, 9, 9]\nlayers:\n  - max_pool(3, stride=2, padding=1)\n",
    ),
    "groups-mismatch": Entry(
        "Groups divide the channels into equal parts, the input's and the output's alike; so do the parts of"
        " `channel_split`, `channel_shuffle` and `group_norm`. Sizes given as a list must add up to the channels.",
        "input: [4, 8, 8]\nlayers:\n  - conv(6, 3, groups=4)\n",
        "input: [4, 8, 8]\nlayers:\n  - conv(6, 3, groups=2)\n",
    ),
    "shape-mismatch": Entry(
        "Branches of `add` have the same shape, those of `concat` the same sizes, those of `multiply` sizes that are"
        " equal or 1; a `reshape` keeps the number of elements. The first branch is the measure, and the mark stands at"
        " the first that differs from it. In a residual block, the shortcut gets a 1×1 convolution with the body's"
        " channels and stride.",
        "input: [8, 8, 8]\nlayers:\n  - add:\n      body: conv(16, 3, padding=1)\n      shortcut: identity\n",
        "input: [8, 8, 8]\nlayers:\n  - add:\n      body: conv(16, 3, padding=1)\n      shortcut: conv(16, 1)\n",
    ),
    "size-runs-out": Entry(
        "By the layer's formula the output would have no elements: a `crop` takes all there is, the padding of a"
        " `transposed_conv` cuts off everything.",
        "input: [8, 6, 6]\nlayers:\n  - crop(3)\n",
        "input: [8, 6, 6]\nlayers:\n  - crop(2)\n",
    ),
}
