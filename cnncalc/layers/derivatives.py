"""How the gradients of each kind are written in textbooks, and the derivatives of activation functions, as text.

Nothing is computed from it: gradients are those of the operations that a kind consists of (`execution.tape`). Every
kind has an entry; a test keeps it so. L is the loss, I the input, O the output, K a kernel, W a matrix, b a bias.

Sources: V. Dumoulin & F. Visin, arXiv:1603.07285, for convolutions; S. Ioffe & C. Szegedy, arXiv:1502.03167, for norms.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.layers.base import Layer
from cnncalc.records import NamedTuple


class Function(NamedTuple):
    """The derivative of an activation function with its default arguments, and the ranges of both.

    `steepest` is the largest size of the derivative. `odd` if f(−x) = −f(x), so that outputs are centred around 0.
    """

    derivative: str
    range: str
    derivative_range: str
    steepest: float
    odd: bool = False


class Rules(NamedTuple):
    """The gradients of a kind: those of its inputs, and those of its arrays by the beginnings of their names."""

    inputs: str
    arrays: Mapping[str, str] = {}


STEP = "1 for x > 0, else 0"
FUNCTIONS: dict[str, Function] = {
    "relu": Function(STEP, "[0, ∞)", "{0, 1}", 1),
    "relu6": Function("1 for 0 < x < 6, else 0", "[0, 6]", "{0, 1}", 1),
    "leaky_relu": Function("1 for x > 0, else slope", "(−∞, ∞)", "{slope, 1}", 1),
    "prelu": Function("1 for x > 0, else slope", "(−∞, ∞)", "{slope, 1}", 1),
    "elu": Function("1 for x > 0, else alpha·exp(x)", "(−alpha, ∞)", "(0, 1]", 1),
    "selu": Function("scale for x > 0, else scale·alpha·exp(x)", "(−1.758, ∞)", "(0, 1.758]", 1.7580993408473766),
    "gelu": Function("Φ(x) + x·φ(x)", "[−0.170, ∞)", "[−0.129, 1.129]", 1.1289),
    "silu": Function("σ(x)·(1 + x·(1 − σ(x)))", "[−0.278, ∞)", "[−0.100, 1.100]", 1.0998),
    "hard_swish": Function("0 for x < −3, 1 for x > 3, else (2x + 3)/6", "[−0.375, ∞)", "(−0.5, 1.5)", 1.5),
    "hard_sigmoid": Function("1/6 for −3 < x < 3, else 0", "[0, 1]", "{0, 1/6}", 1 / 6),
    "sigmoid": Function("σ(x)·(1 − σ(x))", "(0, 1)", "(0, 0.25]", 0.25),
    "tanh": Function("1 − tanh²(x)", "(−1, 1)", "(0, 1]", 1, odd=True),
    "softplus": Function("σ(x)", "(0, ∞)", "(0, 1)", 1),
    "mish": Function("tanh(s) + x·σ(x)·(1 − tanh²(s)), s = log(1 + exp(x))", "[−0.309, ∞)", "[−0.113, 1.089]", 1.0885),
}

TURNED = "dL/dI = dL/dO fully convolved with the kernel turned by 180°"
OF_BIAS = {"bias": "dL/db = sum of dL/dO over all positions"}
OF_KERNEL = {"weight": "dL/dK = input ∗ dL/dO", **OF_BIAS}
OF_AFFINE = {"weight": "dL/dweight = sum of dL/dO times the normalized input", "bias": "dL/dbias = sum of dL/dO"}
OF_NORM = (
    "dL/dI = (g − mean(g) − x·mean(g·x))/√(variance + epsilon), x the normalized input, g = dL/dO times the weight"
)
BACK = "dL/dI = dL/dO, each element at the position that it came from"
SPREAD = "dL/dI = dL/dO/n, to each of the n elements of a mean"
TO_LARGEST = "dL/dI = dL/dO at the position of the largest element, 0 elsewhere"
TO_CHOSEN = "dL/dI_k = dL/dO where I_k is the {} branch, 0 elsewhere"
ALONE = "dL/dI = dL/dO: nothing is dropped at inference"
OF_STATES = {
    "weight_ih": "dL/dW = sum over the positions of dL/d(gates)·x",
    "weight_hh": "dL/dU = sum over the positions of dL/d(gates)·h of the position before",
    "bias": "dL/db = sum over the positions of dL/d(gates)",
}
THROUGH_TIME = "dL/dI = W turned over, times dL/d(gates), position by position from the last to the first"
TABLE = {"": "dL/dweight = sum of dL/dO where the number is read"}

RULES: dict[str, Rules] = {
    **dict.fromkeys(("conv", "depthwise_conv", "table_conv"), Rules(TURNED, OF_KERNEL)),
    "standardized_conv": Rules(
        f"{TURNED} and standardized",
        {
            "weight": "dL/dK = input ∗ dL/dO, through the standardization: without its mean and its part along K",
            "gain": "dL/dgain = sum of input ∗ dL/dO times the standardized kernel, by √n",
            **OF_BIAS,
        },
    ),
    "separable_conv": Rules(
        f"{TURNED}, of the 1×1 step and then of the depthwise one",
        {
            "depthwise": "dL/dK = input ∗ dL/d(depthwise output)",
            "pointwise.weight": "dL/dK = depthwise output ∗ dL/dO",
            "pointwise.bias": OF_BIAS["bias"],
        },
    ),
    "spatial_separable_conv": Rules(
        f"{TURNED}, of the row and then of the column",
        {
            "column": "dL/dK = input ∗ dL/d(output of the column)",
            "row.weight": "dL/dK = output of the column ∗ dL/dO",
            "row.bias": OF_BIAS["bias"],
        },
    ),
    "transposed_conv": Rules("dL/dI = dL/dO ∗ kernel, not turned", {"weight": "dL/dK = dL/dO ∗ input", **OF_BIAS}),
    "locally_connected": Rules(
        "dL/dI = sum over the windows of dL/dO times the kernel of each position",
        {"weight": "dL/dK = input window times dL/dO, for each position its own", "bias": "dL/db = dL/dO"},
    ),
    "deformable_conv": Rules(
        "dL/dI = dL/dO times the kernel, shared among the four positions around each point; and through the moves",
        {
            "weight": "dL/dK = elements read at the moved points ∗ dL/dO",
            "conv_offset.weight": "dL/dK = input ∗ dL/d(moves), which follow the slope between the positions",
            "conv_offset.bias": "dL/db = sum of dL/d(moves)",
            **OF_BIAS,
        },
    ),
    "linear": Rules("dL/dI = Wᵀ·dL/dO", {"weight": "dL/dW = dL/dO·inputᵀ", "bias": "dL/db = dL/dO"}),
    **dict.fromkeys(("max_pool", "global_max_pool", "adaptive_max_pool", "max_over"), Rules(TO_LARGEST)),
    **dict.fromkeys(("avg_pool", "global_avg_pool", "adaptive_avg_pool", "mean_over"), Rules(SPREAD)),
    "sum_over": Rules("dL/dI = dL/dO, to each element of a sum"),
    "variance_over": Rules("dL/dI = dL/dO·2(I − mean)/(n − correction)"),
    "max_unpool": Rules("dL/dI = dL/dO at the positions that the elements went to"),
    "batch_norm": Rules("dL/dI = dL/dO·weight/√(running variance + epsilon), as at inference", OF_AFFINE),
    **dict.fromkeys(("layer_norm", "group_norm", "instance_norm"), Rules(OF_NORM, OF_AFFINE)),
    "rms_norm": Rules(
        "dL/dI = (g − x·mean(g·x))/√(mean of I² + epsilon), x the normalized input", {"weight": OF_AFFINE["weight"]}
    ),
    "l2_norm": Rules("dL/dI = (dL/dO − O·Σ(O·dL/dO))/√ΣI²"),
    "response_norm": Rules(
        "dL/dI = dL/dO·(1 + weight·n), and through n = g/(mean of g + epsilon)",
        {"weight": "dL/dweight = sum of dL/dO·I·n", "bias": "dL/dbias = sum of dL/dO"},
    ),
    "local_response_norm": Rules(
        "dL/dI = dL/dO/s^beta − 2·alpha·beta/size·I·Σ(dL/dO·O/s) over the channels around, s = k + alpha/size·ΣI²"
    ),
    **{kind: Rules(f"dL/dI = dL/dO·f′(I), f′(x) = {each.derivative}") for kind, each in FUNCTIONS.items()},
    "prelu": Rules(
        f"dL/dI = dL/dO·f′(I), f′(x) = {FUNCTIONS['prelu'].derivative}",
        {"weight": "dL/dslope = sum of dL/dO·I where I ≤ 0"},
    ),
    "softmax": Rules("dL/dI = O·(dL/dO − Σ(O·dL/dO))"),
    "log_softmax": Rules("dL/dI = dL/dO − softmax(I)·ΣdL/dO"),
    **dict.fromkeys(("dropout", "stochastic_depth"), Rules(ALONE)),
    "scale": Rules("dL/dI = dL/dO·weight", {"weight": "dL/dweight = sum of dL/dO·I"}),
    "shift": Rules("dL/dI = dL/dO", {"bias": "dL/db = sum of dL/dO"}),
    **dict.fromkeys(
        (
            *("flatten", "reshape", "channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "flip", "roll"),
            *("transpose", "concat", "stack"),
        ),
        Rules(BACK),
    ),
    **dict.fromkeys(("channel_split", "slice", "split", "crop"), Rules(f"{BACK}; 0 for what is left out")),
    "pad": Rules("dL/dI = dL/dO without the border; a border of repeated positions is added to them"),
    "upsample": Rules("dL/dI = sum of dL/dO times the share that the position has in each output"),
    "add": Rules("dL/dI_k = dL/dO, to every branch"),
    "subtract": Rules("dL/dI_1 = dL/dO, dL/dI_2 = −dL/dO"),
    "multiply": Rules("dL/dI_k = dL/dO times the product of the other branches"),
    "divide": Rules("dL/dI_1 = dL/dO/I_2, dL/dI_2 = −dL/dO·O/I_2"),
    "maximum": Rules(TO_CHOSEN.format("largest")),
    "minimum": Rules(TO_CHOSEN.format("smallest")),
    "mean": Rules("dL/dI_k = dL/dO/n, to each of n branches"),
    "affine": Rules("dL/dI = dL/dO·factor"),
    "power": Rules("dL/dI = dL/dO·n·I^(n − 1)"),
    "sqrt": Rules("dL/dI = dL/dO/(2·O)"),
    "abs": Rules("dL/dI = dL/dO·sign(I)"),
    "exp": Rules("dL/dI = dL/dO·O"),
    "log": Rules("dL/dI = dL/dO/I"),
    "clip": Rules("dL/dI = dL/dO where low < I < high, else 0"),
    "lstm": Rules(THROUGH_TIME, OF_STATES),
    "gru": Rules(THROUGH_TIME, OF_STATES),
    "rnn": Rules(THROUGH_TIME, OF_STATES),
    "matmul": Rules("dL/dA = dL/dO·Bᵀ, dL/dB = Aᵀ·dL/dO"),
    "attention": Rules(
        "dL/dvalue = weights·dL/dO; through the softmax to the scores S: dL/dquery = dL/dS·key/√d, dL/dkey likewise"
    ),
    "multi_head_attention": Rules(
        "dL/dI = Wᵀ·dL/d(query, key, value), each through the attention",
        {
            "in_proj_weight": "dL/dW = dL/d(query, key, value)·inputᵀ",
            "in_proj_bias": "dL/db = sum of dL/d(query, key, value)",
            "q_proj": "dL/dW = dL/dquery·inputᵀ",
            "k_proj": "dL/dW = dL/dkey·memoryᵀ",
            "v_proj": "dL/dW = dL/dvalue·memoryᵀ",
            "out_proj.weight": "dL/dW = dL/dO·(output of the heads)ᵀ",
            "out_proj.bias": "dL/db = sum of dL/dO",
        },
    ),
    "learned": Rules("", {"": "dL/dweight = dL/dO"}),
    "relative_position_bias": Rules("", TABLE),
    "continuous_position_bias": Rules(
        "",
        {
            "cpb_mlp.0.weight": "dL/dW₁ = dL/d(hidden)·offsetᵀ, of all offsets",
            "cpb_mlp.0.bias": "dL/db = sum of dL/d(hidden)",
            "cpb_mlp.2": "dL/dW₂ = dL/d(sum)·hiddenᵀ, of all offsets",
        },
    ),
}


def describe_input(layer: Layer) -> str:
    """How the gradient of a layer's input is written, "" for a layer without one.

    >>> from cnncalc.layers.conv import Conv
    >>> describe_input(Conv(out=1, kernel=2))
    'dL/dI = dL/dO fully convolved with the kernel turned by 180°'
    """
    text = RULES[layer.kind].inputs
    if text.startswith(TURNED):
        if is_more(layer, "stride", 1):
            text = text.replace("dL/dO", "dL/dO, with S − 1 zeros between its elements,")
        text += ", the padding cut off" * is_more(layer, "padding", 0)
    return text


def describe_array(layer: Layer, name: str) -> str:
    """How the gradient of an array is written. Raises KeyError.

    >>> from cnncalc.layers.linear import Linear
    >>> describe_array(Linear(out=3), "weight")
    'dL/dW = dL/dO·inputᵀ'
    """
    rules = RULES[layer.kind].arrays
    return rules[max((start for start in rules if name.startswith(start)), key=len)]


def is_more(layer: Layer, name: str, neutral: int) -> bool:
    """Whether an argument has another value than the one without an effect, on any axis."""
    return getattr(layer, name, neutral) not in (neutral, (neutral,) * 2, (neutral,) * 3)
