"""All warnings: the file is correct, but perhaps not what was meant. `allow` silences them one by one."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = tuple(
    Code(*texts, severity="warning")
    for texts in (
        (
            "shadows-kind",
            "A block has the name of a built-in kind and replaces it.",
            "A block has the name of a built-in kind. The block takes precedence, so that a new kind in a later version"
            " breaks no file, but readers may mistake it for the built-in kind. Rename the block.",
            "input: [3, 8, 8]\nblocks:\n  pad(out):\n    - conv(out, 1)\nlayers:\n  - pad(4)\n",
            "input: [3, 8, 8]\nblocks:\n  pad_by_conv(out):\n    - conv(out, 1)\nlayers:\n  - pad_by_conv(4)\n",
        ),
        (
            "shadow",
            "A name hides a built-in word.",
            "A param, a parameter or an output has the name of a word that was added to the language later (`here`,"
            " `area`, `none`, …), or an output inside a block has the name of a size and is used as `m1.height`. The"
            " name takes precedence, so that a new word breaks no file, but readers may mistake it for the word. Rename"
            " it.",
            "input: [3, 8, 8]\nparams: {nearest: 2}\nlayers:\n  - upsample(nearest)\n",
            "input: [3, 8, 8]\nparams: {factor: 2}\nlayers:\n  - upsample(factor)\n",
        ),
        (
            "idle-branch",
            "All items of a branch of `concat` are switched off, so it returns its input.",
            "Every item of a branch of `concat` is switched off. The branch returns its input unchanged, and adds the"
            " channels of the input to the others. If the branch should be absent, put the condition in its key.",
            "input: [3, 8, 8]\nparams: {wide: false}\nlayers:\n  - concat:\n      a: relu\n      b: tanh if wide\n",
            "input: [3, 8, 8]\nparams: {wide: false}\nlayers:\n  - concat:\n      a: relu\n      b if wide: tanh\n",
        ),
        (
            "unused-block",
            "A block is declared and never used.",
            "A block is declared and never called: it is no longer needed, or a call of it is missing.",
            "input: [3, 8, 8]\nblocks:\n  unit(out):\n    - conv(out, 3) -> relu\nlayers:\n  - conv(4, 3) -> relu\n",
            "input: [3, 8, 8]\nblocks:\n  unit(out):\n    - conv(out, 3) -> relu\nlayers:\n  - unit(4)\n",
        ),
        (
            "unread-output",
            "An output is named and never used.",
            "All other outputs of this block are used by `from`, `reuse` or a block, and this one is not: perhaps the"
            " wrong one is used. If several are not used, or none is, the names only serve the paths, and nothing is"
            " reported; nor is the first or the last of a series such as c1 to c5.",
            "input: [3, 8, 8]\nlayers:\n  - a = conv(3, 1)\n  - b = relu\n  - add: [from(a), identity]\n",
            "input: [3, 8, 8]\nlayers:\n  - a = conv(3, 1)\n  - relu\n  - add: [from(a), identity]\n",
        ),
        (
            "unread-input",
            "An input of the network is never used.",
            "The network has several inputs, and no layer and no output reads this one.",
            "input: {a: [3, 8, 8], b: [3, 8, 8]}\nlayers:\n  - from(a) -> conv(4, 1) -> relu\n",
            "input: {a: [3, 8, 8], b: [3, 8, 8]}\nlayers:\n  - add: [from(a), from(b)]\n",
        ),
        (
            "lost-value",
            "The output before a `from` is discarded.",
            "`from` starts a new path from an earlier output, and the output of the layer before it is used nowhere:"
            " those layers have no effect.",
            "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 3)\n  - relu\n  - from(a) -> tanh\n",
            "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n  - tanh\n",
        ),
        (
            "unseen-edge",
            "A window never covers the last rows or columns of its input.",
            "(I − K + 2P) is not a multiple of the stride, so the last rows and columns are in no window and have no"
            " effect. If the published network does the same, `allow` it. Otherwise add padding, or use `ceil`.",
            "input: [3, 8, 8]\nlayers:\n  - max_pool(3, stride=2)\n",
            "input: [3, 8, 8]\nlayers:\n  - max_pool(3, stride=2, ceil=true)\n",
        ),
        (
            "bias-before-norm",
            "A bias is cancelled by the batch norm after it.",
            "A batch norm subtracts the mean, and with it any constant that was added before, so that the bias of the"
            " preceding layer has no effect. The bias of the batch norm takes its place.",
            "input: [3, 8, 8]\nlayers:\n  - conv(4, 3) -> batch_norm -> relu\n",
            "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, bias=false) -> batch_norm -> relu\n",
        ),
        (
            "linear-pair",
            "Two consecutive linear layers collapse into one.",
            "Two consecutive linear maps are one, W₂(W₁x) = (W₂W₁)x: the second adds cost but no capacity. Usually an"
            " activation is missing. Depthwise convolutions, K×1 before 1×K, and bottlenecks that widen again are not"
            " reported.",
            "input: [3, 8, 8]\nlayers:\n  - flatten -> linear(64) -> linear(10)\n",
            "input: [3, 8, 8]\nlayers:\n  - flatten -> linear(64) -> relu -> linear(10)\n",
        ),
        (
            "wide-padding",
            "A padding is as wide as the window, so some windows contain only padding.",
            "The padding is as wide as the window, so the outermost windows contain nothing but padding. To keep the"
            " size of the map, pad by half the window, `padding=half`.",
            "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding=3) -> relu\n",
            "input: [3, 8, 8]\nlayers:\n  - conv(4, 3, padding=1) -> relu\n",
        ),
        (
            "small-field",
            "Before the global pool, the receptive field is smaller than the image.",
            "After a global pool a unit depends on the whole image, but each unit before the pool depends only on its"
            " receptive field: no feature can be larger than that. More layers, larger windows or earlier strides"
            " enlarge it.",
            "input: [3, 16, 16]\nlayers:\n  - conv(8, 3, padding=1) -> relu\n"
            "  - global_avg_pool -> flatten -> linear(10)\n",
            "input: [3, 16, 16]\nlayers:\n  - (conv(8, 3, 2, padding=1) -> relu) * 4\n"
            "  - global_avg_pool -> flatten -> linear(10)\n",
        ),
        (
            "stride-disagreement",
            "The branches of a merge have different strides.",
            "The branches of a merge have maps of the same size, but their strides over the input differ: values at the"
            " same position come from different positions of the image.",
            "input: [3, 17, 17]\nlayers:\n  - add:\n      a: conv(4, 9) -> relu\n      b: conv(4, 1, 2) -> relu\n",
            "input: [3, 17, 17]\nlayers:\n  - add:\n      a: conv(4, 9, 2, padding=4) -> relu\n"
            "      b: conv(4, 1, 2) -> relu\n",
        ),
        (
            "input-channels-first",
            "The first argument of a convolution is probably its input channels.",
            "PyTorch's `Conv2d(3, 64, 3)` begins with the input channels. Here they are inferred and not written:"
            " `conv(64, 3)`. `conv(3, 64, 3)` is a convolution to 3 channels with a very large kernel.",
            "input: [3, 96, 96]\nlayers:\n  - conv(3, 64, 1)\n",
            "input: [3, 96, 96]\nlayers:\n  - conv(64, 1)\n",
        ),
        (
            "batch-in-input",
            "The input shape seems to include a batch.",
            "[32, 3, 224, 224] means 32 channels of a volume of depth 3. If 32 is a batch size, remove it: all figures"
            " are for one input.",
            "input: [32, 3, 64, 64]\nlayers:\n  - conv(4, 3)\n",
            "input: [3, 64, 64]\nlayers:\n  - conv(4, 3)\n",
        ),
        (
            "channels-last",
            "The input shape seems to have its channels last.",
            "The channels of `input` come first, as in PyTorch: [224, 224, 3] means 224 channels of 224×3. TensorFlow"
            " and image files put them last.",
            "input: [64, 64, 3]\nlayers:\n  - conv(4, 3)\n",
            "input: [3, 64, 64]\nlayers:\n  - conv(4, 3)\n",
        ),
        (
            "unused-allow",
            "A warning is allowed that does not occur.",
            "The file allows a warning that does not occur, or no longer does. Such an entry could later silence a"
            " warning that should be seen.",
            "input: [3, 8, 8]\nallow: {unseen-edge: as published}\nlayers:\n  - max_pool(2)\n",
            "input: [3, 8, 8]\nlayers:\n  - max_pool(2)\n",
        ),
    )
)
NAMES = frozenset(code.code for code in CODES)
