"""What a counter sees of a network: one call after another of modules, functions and operators of PyTorch.

`written` makes them from the layers of a report, as `export --to pytorch` writes these; a convention has a rule for
each kind of work that they do.
"""

from __future__ import annotations

from math import prod
from typing import Literal

from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

# How work is written: as a module of PyTorch, as a class of the file around the same function, as a function
# (`F.relu(x)`, `torch.relu(x)`), or as an operator or a method (`x + y`, `x.mean(2)`). It is unclear which of the last
# two joins the outputs of all rounds of a repeat, and branches that are there under conditions.
Form = Literal["module", "class", "function", "operator", "unclear"]

# The kinds of work → what they are called in ledgers and in the guide.
WORKS: dict[str, str] = {
    "conv": "convolutions",
    "conv_same": 'convolutions with padding="same"',
    "conv_standardized": "standardized convolutions",
    "table_conv": "convolutions of some channels",
    "locally_connected": "locally connected layers",
    "transposed_conv": "transposed convolutions",
    "linear": "linear layers",
    "linear_map": "linear layers on a map",
    "linear_loose": "linear functions",
    "conv_loose": "convolution functions",
    "matmul": "matrix products",
    "attention": "attention",
    "lstm": "LSTM layers",
    "gru": "GRU layers",
    "rnn": "recurrent layers",
    "batch_norm": "batch norms",
    "batch_norm_shift": "batch norms without a factor",
    "batch_norm_plain": "batch norms without affine",
    "batch_norm_folded": "batch norms folded into convolutions",
    "layer_norm": "layer norms",
    "layer_norm_shift": "layer norms without a factor",
    "layer_norm_plain": "layer norms without affine",
    "group_norm": "group norms",
    "group_norm_shift": "group norms without a factor",
    "group_norm_plain": "group norms without affine",
    "instance_norm": "instance norms with affine",
    "instance_norm_shift": "instance norms without a factor",
    "instance_norm_plain": "instance norms",
    "rms_norm": "root mean square norms",
    "local_response_norm": "local response norms",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "leaky ReLU",
    "prelu": "PReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "gelu_tanh": "GELU by tanh",
    "silu": "SiLU",
    "mish": "Mish",
    "hard_swish": "hard swish",
    "hard_sigmoid": "hard sigmoid",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softplus": "softplus",
    "softmax": "softmax",
    "log_softmax": "log softmax",
    "max_pool": "max pools",
    "avg_pool": "average pools",
    "adaptive_avg_pool": "adaptive average pools",
    "adaptive_max_pool": "adaptive max pools",
    "mean": "means",
    "sum": "sums over axes",
    "max": "maxima over axes",
    "variance": "variances over axes",
    "variance_corrected": "corrected variances over axes",
    "vector_norm": "norms of vectors",
    "upsample_nearest": "upsampling, nearest",
    "upsample_linear": "upsampling, linear",
    "upsample_bicubic": "upsampling, bicubic",
    "upsample_area": "upsampling, area",
    "add": "additions",
    "subtract": "subtractions",
    "multiply": "multiplications",
    "divide": "divisions",
    "maximum": "maxima and minima of two",
    "power": "powers",
    "sqrt": "square roots",
    "abs": "absolute values",
    "exp": "exponentials",
    "log": "logarithms",
    "clip": "clipping",
    "compare": "comparisons",
    "sizes": "arithmetic with sizes",
    "untraceable": "sizes that are compared, which tracing fails on",
    "unpool": "unpooling",
    "loose": "learned numbers outside of PyTorch's modules",
    "position_bias": "tables of position biases",
    "attention_module": "attention modules",
    "recurrent_module": "recurrent layers of functions",
    "channel_shuffle": "channel shuffles",
    "chunk": "splits into equal parts",
    "view": "rearranging",
    "unread": "layers that nothing reads",
    "added_biases": "biases of convolutions, which the file leaves out",
    "left_out_factors": "factors of batch norms, which it leaves out",
    "normalization": "mean, variance and count of its input",
    "unknown": "other kinds of layers",
}

# Those with multiply-accumulates.
PRODUCTS = frozenset((
    "conv", "conv_same", "conv_standardized", "table_conv", "locally_connected", "transposed_conv", "linear",
    "linear_map", "linear_loose", "conv_loose", "matmul", "attention", "lstm", "gru", "rnn", "unread",
))  # fmt: skip

UPSAMPLING = ("upsample_nearest", "upsample_linear", "upsample_bicubic", "upsample_area")


class Call(NamedTuple):
    """One call. Shapes are without the batch, which is 1.

    - `layer`: the index in the report's `layers` of the one that it is part of.
    - `work`: a key of WORKS; `form`: how it is written.
    - `macs`: multiply-accumulates as cnncalc counts them.
    - `weights`, `biases`, `buffers`: elements of the module's arrays; `shared` if another call has counted them.
    - `kernel`, `groups`, `dilation`, `stride`, `padding`: of a window. Of an upsampling, `stride` are the factors, if
      each axis is given one; of a norm or a softmax, `kernel` are the sizes that it is over.
    - `adds_bias`: of a function, whether it is called with a bias.
    - `amount`: a number that a rule needs, e.g. the product of the sizes that an upsampling is given.
    - `scaled`: of an upsampling by a factor, input elements times factors; None if that is not an integer.
    """

    layer: int
    work: str
    form: str
    inputs: tuple[Shape, ...]
    output: Shape
    macs: int = 0
    weights: int = 0
    biases: int = 0
    buffers: int = 0
    shared: bool = False
    kernel: Shape = ()
    groups: int = 1
    dilation: Shape = ()
    stride: Shape = ()
    padding: Shape = ()
    amount: int | None = None
    scaled: int | None = None
    adds_bias: bool = False

    @property
    def bias(self) -> bool:
        """Whether a bias is added."""
        return self.biases > 0 or self.adds_bias

    @property
    def parameters(self) -> int:
        """Elements of the arrays that the module learns."""
        return self.weights + self.biases

    @property
    def elements(self) -> int:
        """Elements of the output."""
        return prod(self.output)

    @property
    def input_elements(self) -> int:
        """Elements of the first input."""
        return prod(self.inputs[0]) if self.inputs else 0
