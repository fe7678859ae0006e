"""Layers of other tools that are no kinds here: what they are, and the nearest way to write them.

For messages only. A name that has become a kind leaves the table; a test fails until it does.
"""

from __future__ import annotations

from cnncalc.layers.frameworks import strip_name
from cnncalc.records import NamedTuple


class Absent(NamedTuple):
    """`names` of layers, without capitals and `_`; what they are, `instead` how to write what comes nearest."""

    names: tuple[str, ...]
    what: str
    instead: str


ABSENT = (
    Absent(
        (
            *("attention", "selfattention", "multiheadattention", "multiheadselfattention", "mha", "sdpa"),
            *("scaleddotproductattention", "additiveattention", "groupedqueryattention", "windowattention"),
            *("transformer", "transformerencoder", "transformerdecoder", "transformerencoderlayer"),
            *("transformerdecoderlayer", "transformerblock", "encoderlayer", "crossattention"),
        ),
        "attention multiplies activations with one another",
        "its projections are `conv(width, 1)`; the products of queries, keys and values have no kind",
    ),
    Absent(
        ("einsum", "matmul", "bmm", "mm", "baddbmm", "dot", "outer"),
        "products of two activations are not computed",
        "`linear` and `conv` multiply by weights, `multiply:` element by element",
    ),
    Absent(
        (
            *("lstm", "gru", "rnn", "simplernn", "lstmcell", "grucell", "rnncell", "bilstm", "bigru", "convlstm"),
            *("bidirectional", "recurrent"),
        ),
        "recurrent layers are not part of the language, which has no loops over time",
        "along a signal, `conv(out, kernel)` with `dilation` sees far: `input: [channels, length]`",
    ),
    Absent(("timedistributed",), "every layer works on all positions anyway", "write the layer itself"),
    Absent(
        ("embedding", "embeddingbag", "lookup", "positionalembedding", "positionalencoding", "clstoken", "onehot"),
        "tables that are looked up are not part of the language",
        "give the embedded sequence as `input: [width, length]`; of a one-hot input it is `conv(width, 1)`",
    ),
    Absent(
        ("patchembed", "patchembedding", "patchify"),
        "patches are read by a convolution",
        "write `conv(width, 16, stride=16)`, with the size of a patch",
    ),
    Absent(
        ("permute", "swapaxes", "swapdims", "movedim", "rearrange", "t"),
        "axes are exchanged by one layer",
        "write `transpose`: `cnncalc layers transpose` has its arguments",
    ),
    Absent(
        ("view", "unflatten", "squeeze", "unsqueeze", "expanddims"),
        "shapes are changed by one layer",
        "write `flatten`, or `reshape([channels, height, width])`; there is no batch axis",
    ),
    Absent(
        ("maxunpool", "unpool", "unpooling", "maxunpooling"),
        "positions of a max pool are not kept",
        "`upsample(2)` has the same sizes, and no weights either",
    ),
    Absent(
        ("resize", "resizing", "rescale", "bilinearresize", "upscale", "resizebilinear"),
        "maps are enlarged by a factor",
        "write `upsample(2)`, or `upsample(2, mode=bilinear)`; smaller by `avg_pool(2)` or `adaptive_avg_pool`",
    ),
    Absent(
        ("bilinear", "nearest", "linearinterpolation", "bilinearupsample", "upsamplebilinear", "upsamplenearest"),
        "how values between positions are made is an argument",
        "write `upsample(2, mode=bilinear)`, or `upsample(2)` for the nearest",
    ),
    Absent(
        ("bicubic", "lanczos", "area", "bicubicupsample"),
        "this interpolation is not among the modes of `upsample`",
        "`upsample(2, mode=bilinear)` has the same sizes; `cnncalc layers upsample` lists the modes",
    ),
    Absent(
        ("deformconv", "deformableconv", "dcn", "dcnv2", "deformconvv2", "dynamicconv", "condconv", "involution"),
        "kernels whose positions or weights depend on the input are not part of the language",
        "`conv` of the same arguments has its weights; the offsets are `conv(2 * 3 * 3, 3, padding=1)` beside it",
    ),
    Absent(
        ("roialign", "roipool", "roipooling", "psroipool", "psroialign", "gridsample", "spatialtransformer"),
        "regions that depend on the input are not cut out",
        "the head alone is a network of its own: `input: [256, 7, 7]`",
    ),
    Absent(
        ("nms", "nonmaxsuppression", "anchors", "anchorgenerator", "yololayer", "detect", "priorbox"),
        "what follows the network, as the choice of boxes, is not part of it",
        "end with the convolutions of the head, as branches of `outputs:`",
    ),
    Absent(
        ("fold", "unfold", "im2col", "col2im", "extractpatches"),
        "patches are not copied out",
        "`conv(out, kernel, stride)` is what follows from them",
    ),
    Absent(
        ("topk", "argmax", "argmin", "sort", "gather", "scatter", "where", "masking", "mask", "lambda", "apply"),
        "choices that depend on values are not part of the language",
        "leave it out, where it has no weights and keeps the sizes: `identity`",
    ),
    Absent(
        ("lppool", "fractionalmaxpool", "stochasticpool", "softpool", "mixedpool", "blurpool", "randompool"),
        "of pools there are the largest and the mean",
        "`max_pool(kernel, stride)` or `avg_pool(kernel, stride)` has the same sizes",
    ),
    Absent(
        ("spp", "spatialpyramidpooling", "sppf", "aspp", "ppm"),
        "this is made of several layers",
        "write `concat:` with a pool in each branch, as a block under `blocks`",
    ),
    Absent(
        ("residual", "residualblock", "resblock", "basicblock", "bottleneck", "bottleneckblock", "skipconnection"),
        "a residual block is made of several layers",
        "write `add:` with the branches `body` and `skip`, under `blocks`; `cnncalc show resnet18` has one",
    ),
    Absent(
        ("inception", "inceptionmodule", "inceptionblock", "fire", "firemodule"),
        "this block is made of several layers",
        "write `concat:` with its branches, under `blocks`; `cnncalc show googlenet` has one",
    ),
    Absent(
        ("denseblock", "denselayer", "transition", "transitionlayer"),
        "this block is made of several layers",
        "write it under `blocks`; `cnncalc show densenet121` has one",
    ),
    Absent(
        ("invertedresidual", "mbconv", "fusedmbconv", "separableblock", "ghostmodule", "shufflenetunit"),
        "this block is made of several layers",
        "write it under `blocks`; `cnncalc show mobilenet_v2` has one",
    ),
    Absent(
        ("se", "seblock", "selayer", "squeezeexcite", "squeezeexcitation", "squeezeandexcitation", "cbam", "eca"),
        "this gate is made of several layers",
        "write `multiply:` with the branches `identity` and `global_avg_pool -> …`, under `blocks`",
    ),
    Absent(
        ("convblock", "convbn", "convbnrelu", "convrelu", "conv2dbn", "doubleconv", "basicconv", "cbl", "cbr", "cbs"),
        "this block is made of several layers",
        "write it under `blocks`: `conv_bn(out, kernel):` with `- conv(out, kernel) -> batch_norm -> relu`",
    ),
    Absent(
        ("sequential", "modulelist", "model", "functional", "graph", "container"),
        "a chain needs no word of its own",
        "join layers with `->`, or write each on a line after a dash",
    ),
    Absent(
        ("inputlayer", "placeholder", "data", "imageinput", "imageinputlayer"),
        "the input is no layer",
        "write `input: [3, 224, 224]` at the top of the file: channels, height, width",
    ),
    Absent(
        ("outputlayer", "classificationlayer", "regressionlayer", "accuracy", "loss", "softmaxwithloss", "nllloss"),
        "training is not part of the language",
        "leave it out: the network ends with its last layer",
    ),
    Absent(
        ("crossentropyloss", "mseloss", "bceloss", "bcewithlogitsloss", "l1loss", "compile", "optimizer"),
        "training is not part of the language",
        "leave it out: the network ends with its last layer",
    ),
    Absent(
        ("reflectionpad", "replicationpad", "circularpad"),
        "a border holds one value",
        "`pad(1)` has the same sizes",
    ),
    Absent(
        ("glu", "swiglu", "geglu", "maxout"),
        "this activation takes several parts of the channels",
        "write `multiply:` of two branches, each with its `conv`",
    ),
    Absent(
        ("celu", "rrelu", "hardtanh", "softsign", "logsigmoid", "tanhshrink", "softshrink", "hardshrink", "threshold"),
        "this activation is not among the kinds",
        "`relu` or `tanh` has the same sizes and no weights either; `cnncalc layers` lists all activations",
    ),
    Absent(
        ("weightnorm", "spectralnorm", "batchrenorm", "scriptnorm", "instancebatchnorm"),
        "a norm of weights leaves nothing to compute at inference",
        "leave it out, or write `batch_norm` where statistics are kept",
    ),
    Absent(
        (
            *("gaussiannoise", "gaussiandropout", "rescaling", "normalization", "dropblock", "cutout", "randomcrop"),
            *("randomflip", "augmentation"),
        ),
        "what prepares images or adds noise is not part of the network",
        "leave it out, or write `dropout`",
    ),
)  # fmt: skip


def find_absent(name: str) -> Absent | None:
    """What a name of another tool stands for that is not here, in any capitals; None for other names.

    >>> [absent.names[0] for name in ("nn.LSTM", "MultiHeadAttention", "roi_align") if (absent := find_absent(name))]
    ['lstm', 'attention', 'roialign']
    """
    wanted = strip_name(name).replace("_", "").lower()
    return next((absent for absent in ABSENT if wanted in absent.names), None)
