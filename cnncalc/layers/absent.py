"""Layers of other tools that have no kind here: why, and what to write instead.

The table is only used in messages. A test fails if a name in it is a kind.
"""

from __future__ import annotations

from cnncalc.layers.frameworks import strip_name
from cnncalc.records import NamedTuple


class Absent(NamedTuple):
    """Layers by their `names`, in lower case without `_`: `what` says why there is no kind, `instead` what to write."""

    names: tuple[str, ...]
    what: str
    instead: str


ABSENT = (
    Absent(
        (
            *("selfattention", "multiheadselfattention", "mha", "crossattention", "windowattention"),
            *("additiveattention", "groupedqueryattention", "sdpa", "scaleddotproductattention"),
        ),
        "attention is `multi_head_attention`, or `attention` without projections",
        "write `multi_head_attention(8)`, or `attention:` with the branches `query`, `key` and `value`",
    ),
    Absent(
        (
            *("transformer", "transformerencoder", "transformerdecoder", "transformerencoderlayer"),
            *("transformerdecoderlayer", "transformerblock", "encoderlayer"),
        ),
        "this block consists of several layers",
        "write `add:` around `multi_head_attention`, under `blocks`; `cnncalc show vit_b_16` has one",
    ),
    Absent(
        ("einsum", "bmm", "mm", "baddbmm", "dot", "outer"),
        "tensors are multiplied as matrices by `matmul`",
        "write `matmul(a, b)` with two named outputs; `linear` and `conv` multiply by weights",
    ),
    Absent(
        ("lstmcell", "grucell", "rnncell", "simplernncell", "recurrent", "stackedrnncells"),
        "recurrent layers read all positions of a sequence, [channels, positions]",
        "write `lstm(hidden)`, `gru(hidden)` or `rnn(hidden)`",
    ),
    Absent(
        ("bidirectional", "bilstm", "bigru", "birnn"),
        "both directions are an argument of recurrent layers",
        "write e.g. `lstm(64, bidirectional=true)`",
    ),
    Absent(
        ("convlstm", "convgru", "convlstmcell", "convgrucell", "convrnn"),
        "recurrent layers are of sequences, [channels, positions], and have no convolutions",
        "write a step as a block and apply it to each frame with `reuse`: the guide's page on the language has one",
    ),
    Absent(("timedistributed",), "every layer is applied to all positions anyway", "write the layer itself"),
    Absent(
        ("positionalembedding", "positionembedding", "positionalencoding", "clstoken", "classtoken", "parameter"),
        "learned numbers are added by `shift`, or begin a path as `learned`",
        "write `shift(per=element)` for positions, or `learned([width, 1])` as a branch of `concat(axis=1):`",
    ),
    Absent(
        ("embedding", "embeddingbag", "lookup", "onehot"),
        "lookup tables are not part of the language",
        "use the embedded sequence as the input, `input: [width, length]`; for a one-hot input, write `conv(width, 1)`",
    ),
    Absent(
        ("patchembed", "patchembedding", "patchify"),
        "patches are embedded by a convolution",
        "write `conv(width, 16, stride=16)`, where 16 is the size of a patch",
    ),
    Absent(
        ("permute", "swapaxes", "swapdims", "movedim", "rearrange", "t"),
        "axes are permuted by `transpose`",
        "write `transpose`; `cnncalc layers transpose` describes its arguments",
    ),
    Absent(
        ("view", "unflatten", "squeeze", "unsqueeze", "expanddims"),
        "shapes are changed by `flatten` and `reshape`",
        "write `flatten`, or `reshape([channels, height, width])`; there is no batch axis",
    ),
    Absent(
        ("repeat", "loop", "times", "stacked", "replicate"),
        "layers are repeated by `*`",
        "write e.g. `(conv(8, 3) -> relu) * 3`; `index` counts the rounds from 0",
    ),
    Absent(
        ("resize", "resizing", "rescale", "bilinearresize", "upscale", "resizebilinear"),
        "maps are resized by `upsample`",
        "write `upsample(2)`, or to a size `upsample(size=[224, 224], mode=bilinear)`; to reduce a map, `avg_pool(2)`",
    ),
    Absent(
        (
            *("bilinear", "nearest", "linearinterpolation", "bilinearupsample", "upsamplebilinear", "upsamplenearest"),
            *("bicubic", "bicubicupsample", "area"),
        ),
        "the interpolation is an argument of `upsample`",
        "write e.g. `upsample(2, mode=bilinear)`, or `upsample(2)` for the nearest position",
    ),
    Absent(
        ("lanczos",),
        "this interpolation is not among the modes of `upsample`",
        "`upsample(2, mode=bicubic)` has the same output sizes; `cnncalc layers upsample` lists the modes",
    ),
    Absent(
        ("deformconv", "dcn", "dcnv2", "deformconvv2", "modulateddeformconv", "deformconvpack"),
        "deformable convolutions have the convolution of their offsets within",
        "write `deformable_conv(out, kernel)`; version 2 is `deformable_conv(out, kernel, mask=true)`",
    ),
    Absent(
        ("dynamicconv", "condconv", "involution"),
        "kernels whose weights depend on the input are not part of the language",
        "`conv` with the same arguments has the same output; one for each kernel, times a gate, has the same weights",
    ),
    Absent(
        ("roialign", "roipool", "roipooling", "psroipool", "psroialign", "gridsample", "spatialtransformer"),
        "cropping regions that depend on the input is not part of the language",
        "describe the head as a separate network: `input: [256, 7, 7]`",
    ),
    Absent(
        ("nms", "nonmaxsuppression", "anchors", "anchorgenerator", "yololayer", "detect", "priorbox"),
        "postprocessing, e.g. the selection of boxes, is not part of the network",
        "end with the convolutions of the head, as branches of `outputs:`",
    ),
    Absent(
        ("fold", "unfold", "im2col", "col2im", "extractpatches"),
        "copying patches is not part of the language",
        "`conv(out, kernel, stride)` reads patches directly",
    ),
    Absent(
        ("topk", "argmax", "argmin", "sort", "gather", "scatter", "where", "masking", "mask", "lambda", "apply"),
        "selections that depend on values are not part of the language",
        "leave it out, or write `identity` if it has no weights and keeps the shape",
    ),
    Absent(
        ("lppool", "fractionalmaxpool", "stochasticpool", "softpool", "mixedpool", "blurpool", "randompool"),
        "there are only max pooling and average pooling",
        "`max_pool(kernel, stride)` or `avg_pool(kernel, stride)` has the same output sizes",
    ),
    Absent(
        ("spp", "spatialpyramidpooling", "sppf", "aspp", "ppm"),
        "this block consists of several layers",
        "write `concat:` with a pool in each branch, as a block under `blocks`",
    ),
    Absent(
        ("residual", "residualblock", "resblock", "basicblock", "bottleneck", "bottleneckblock", "skipconnection"),
        "a residual block consists of several layers",
        "write `add:` with the branches `body` and `skip`, under `blocks`; `cnncalc show resnet18` has one",
    ),
    Absent(
        ("inception", "inceptionmodule", "inceptionblock", "fire", "firemodule"),
        "this block consists of several layers",
        "write `concat:` with its branches, under `blocks`; `cnncalc show googlenet` has one",
    ),
    Absent(
        ("denseblock", "denselayer", "transition", "transitionlayer"),
        "this block consists of several layers",
        "write it under `blocks`; `cnncalc show densenet121` has one",
    ),
    Absent(
        ("invertedresidual", "mbconv", "fusedmbconv", "separableblock", "ghostmodule", "shufflenetunit"),
        "this block consists of several layers",
        "write it under `blocks`; `cnncalc show mobilenet_v2` has one",
    ),
    Absent(
        ("se", "seblock", "selayer", "squeezeexcite", "squeezeexcitation", "squeezeandexcitation", "cbam", "eca"),
        "this gate consists of several layers",
        "write `multiply:` with the branches `identity` and `global_avg_pool -> …`, under `blocks`",
    ),
    Absent(
        ("convblock", "convbn", "convbnrelu", "convrelu", "conv2dbn", "doubleconv", "basicconv", "cbl", "cbr", "cbs"),
        "this block consists of several layers",
        "write it under `blocks`: `conv_bn(out, kernel):` with `- conv(out, kernel) -> batch_norm -> relu`",
    ),
    Absent(
        ("sequential", "modulelist", "model", "functional", "graph", "container"),
        "a chain of layers needs no keyword",
        "connect layers with `->`, or write each one on its own line after a dash",
    ),
    Absent(
        ("inputlayer", "placeholder", "data", "imageinput", "imageinputlayer"),
        "the input is not a layer",
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
        ("glu", "swiglu", "geglu", "maxout"),
        "this activation combines several parts of the channels",
        "write `multiply:` with two branches, each with its own `conv`",
    ),
    Absent(
        ("celu", "rrelu", "hardtanh", "softsign", "logsigmoid", "tanhshrink", "softshrink", "hardshrink", "threshold"),
        "this activation is not among the kinds",
        "`relu` or `tanh` keeps the shape and has no weights either; `cnncalc layers` lists all activations",
    ),
    Absent(
        ("weightnorm", "spectralnorm", "batchrenorm", "scriptnorm", "instancebatchnorm"),
        "normalized weights are not computed again at inference",
        "leave it out, or write `batch_norm` if it keeps statistics",
    ),
    Absent(
        (
            *("gaussiannoise", "gaussiandropout", "rescaling", "normalization", "dropblock", "cutout", "randomcrop"),
            *("randomflip", "augmentation"),
        ),
        "preprocessing and noise are not part of the network",
        "leave it out, or write `dropout`",
    ),
)  # fmt: skip


def find_absent(name: str) -> Absent | None:
    """The entry for a layer of another tool, in any capitalization; None for other names.

    >>> [absent.names[0] for name in ("nn.LSTMCell", "SelfAttention", "roi_align") if (absent := find_absent(name))]
    ['lstmcell', 'selfattention', 'roialign']
    """
    wanted = strip_name(name).replace("_", "").lower()
    return next((absent for absent in ABSENT if wanted in absent.names), None)
