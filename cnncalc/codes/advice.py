"""Codes of advice: the network is right, but perhaps not what was meant."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "unseen-edge": Entry(
        "(I − K + 2P) is no multiple of the stride, so that the last rows and columns lie in no window: what is"
        " there has no influence. Published networks have this too: then `allow` it. Else pad, or round up.",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(3, stride=2)\n",
        "input: [3, 8, 8]\nlayers:\n  - max_pool(3, stride=2, ceil=true)\n",
    ),
    "bias-before-norm": Entry(
        "A batch norm subtracts the mean, and with it any constant that was added before: the bias of the layer before"
        " it is learned for nothing. Its own summand does what the bias should have done.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> batch_norm -> relu\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, bias=false) -> batch_norm -> relu\n",
    ),
    "linear-pair": Entry(
        "Two linear maps in a row are one, W₂(W₁x) = (W₂W₁)x: the second adds cost and nothing that can be learned."
        " Most often an activation was forgotten. Depthwise convolutions, K×1 before 1×K, and bottlenecks that widen"
        " again are not meant.",
        "input: [3, 8, 8]\nlayers:\n  - flatten -> linear(64) -> linear(10)\n",
        "input: [3, 8, 8]\nlayers:\n  - flatten -> linear(64) -> relu -> linear(10)\n",
    ),
    "wide-padding": Entry(
        "The padding is as wide as the window, so that the outermost windows lie on padding alone. To keep the size of"
        " the map, pad by half the window, `padding=half`.",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding=3) -> relu\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding=1) -> relu\n",
    ),
    "small-field": Entry(
        "Behind a global pool a classifier has seen the whole image, but each unit before the pool has seen only a part"
        " of it: no feature can be larger than that part. More layers, larger windows or earlier strides widen it.",
        "input: [3, 16, 16]\nlayers:\n  - conv(8, 3, padding=1) -> relu\n"
        "  - global_avg_pool -> flatten -> linear(10)\n",
        "input: [3, 16, 16]\nlayers:\n  - (conv(8, 3, 2, padding=1) -> relu) * 4\n"
        "  - global_avg_pool -> flatten -> linear(10)\n",
    ),
    "stride-disagreement": Entry(
        "Branches that meet have maps of the same size, but one steps over the input faster than the other: what lies"
        " in the same place there comes from different places of the image.",
        "input: [3, 17, 17]\nlayers:\n  - add:\n      a: conv(4, 9) -> relu\n      b: conv(4, 1, 2) -> relu\n",
        "input: [3, 17, 17]\nlayers:\n  - add:\n      a: conv(4, 9, 2, padding=4) -> relu\n"
        "      b: conv(4, 1, 2) -> relu\n",
    ),
    "input-channels-first": Entry(
        "PyTorch's `Conv2d(3, 64, 3)` begins with what flows in. Here that is known and not written: `conv(64, 3)`."
        " Written in PyTorch's order it is a convolution to 3 channels by a very large kernel.",
        "input: [3, 96, 96]\nlayers:\n  - conv(3, 64, 1)\n",
        "input: [3, 96, 96]\nlayers:\n  - conv(64, 1)\n",
    ),
    "batch-in-input": Entry(
        "[32, 3, 224, 224] is read as 32 channels of a volume of depth 3. If the 32 is a batch, leave it out: numbers"
        " are for one input.",
        "input: [32, 3, 64, 64]\nlayers:\n  - conv(4, 3)\n",
        "input: [3, 64, 64]\nlayers:\n  - conv(4, 3)\n",
    ),
    "channels-last": Entry(
        "The channels of `input` stand first, as in PyTorch: [224, 224, 3] would be 224 channels of 224×3. TensorFlow"
        " and image files put them last.",
        "input: [64, 64, 3]\nlayers:\n  - conv(4, 3)\n",
        "input: [3, 64, 64]\nlayers:\n  - conv(4, 3)\n",
    ),
}
