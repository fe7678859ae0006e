"""Each kind of layer as layers of Keras, or as an expression of `keras.ops`; the steps of one after another."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.export.expressions import literal
from cnncalc.export.keras_call import Applied, Computed, KerasCall, Step, Unsayable
from cnncalc.export.keras_views import VIEWS
from cnncalc.export.keras_windows import (
    conv,
    depthwise,
    own_kernels,
    pool,
    separable,
    spatial_separable,
    standardized,
    transposed,
)
from cnncalc.export.layout import Code, Keyed, call


def steps_of(given: KerasCall) -> list[Step]:
    """What a layer is in Keras. Raises Unsayable."""
    write = WRITERS.get(given.kind)
    if write is None:
        raise Unsayable(f"Keras has no layer for `{given.kind}`")
    return write(given)


def _linear(given: KerasCall) -> list[Step]:
    return [Applied(given.layer("Dense", given.text("out"), *given.option("use_bias", "bias", True)))]


def _global_pool(name: str) -> Callable[[KerasCall], list[Step]]:
    def write(given: KerasCall) -> list[Step]:
        return [Applied(given.layer(given.per_axes(name), *given.format(), "keepdims=True"))]

    return write


def _adaptive_pool(name: str) -> Callable[[KerasCall], list[Step]]:
    def write(given: KerasCall) -> list[Step]:
        open_axes = any(isinstance(value, tuple) and None in value for value in given.values("size"))
        if given.is_written("size") and not open_axes:
            text = given.text("size")
        else:
            sizes = given.only("size")
            if isinstance(sizes, tuple) and None in sizes:
                kept = given.shape()[1:]
                sizes = tuple(size if size is not None else kept[at] for at, size in enumerate(sizes))
            text = literal(sizes)
        return [Applied(given.layer(given.per_axes(name), text, *given.format()))]

    return write


# norms


def _sides(given: KerasCall) -> list[Code]:
    """`center` and `scale`, where a norm lacks its summand or its factor."""
    affine = given.only("affine")
    found: list[Code] = []
    for key, name in (("center", "shift"), ("scale", "scale")):
        if not (affine and given.only(name)):
            found.append(f"{key}=False")
    return found


def _batch_norm(given: KerasCall) -> list[Step]:
    options: list[Code] = [] if given.axis(0) == -1 or not given.axes else ["axis=1"]
    options += ["momentum=0.9", f"epsilon={given.text('epsilon')}", *_sides(given)]
    return [Applied(given.layer("BatchNormalization", *options))]


def _layer_norm(given: KerasCall) -> list[Step]:
    over = given.only("over")
    if over == "channels":
        axes: tuple[int, ...] = (given.axis(0),)
    else:
        listed = range(given.rank) if over == "all" else over if isinstance(over, tuple) else (over,)
        axes = tuple(sorted(given.axis(axis) % (given.rank + 1) for axis in listed))
    if axes == (-1,):
        axes = (given.rank,)
    last = tuple(range(given.rank + 1 - len(axes), given.rank + 1))
    options: list[Code] = [] if len(axes) == 1 else [f"axis={literal(last)}"]
    options += [f"epsilon={given.text('epsilon')}", *_sides(given)]
    made = given.layer("LayerNormalization", *options)
    if axes == last:
        return [Applied(made)]
    others = (axis for axis in range(1, given.rank + 1) if axis not in axes)  # on PyTorch, Keras knows last axes alone
    return given.turned(made, (*others, *axes))


def _group_norm(given: KerasCall) -> list[Step]:
    options: list[Code] = [f"axis={given.axis(0)}"] if given.axis(0) != -1 and given.axes else []
    groups = given.text("groups") if given.kind == "group_norm" else "-1"
    return [
        Applied(given.layer("GroupNormalization", groups, *options, f"epsilon={given.text('epsilon')}", *_sides(given)))
    ]


def _rms_norm(given: KerasCall) -> list[Step]:
    axis = given.axis(0) if given.axes else -1
    epsilon = f"epsilon={given.text('epsilon')}"
    if given.only("scale"):
        options: list[Code] = [f"axis={axis}"] if axis != -1 else []
        return [Applied(given.layer("RMSNormalization", *options, epsilon))]
    return [Computed(lambda x: call(given.helper("rms_norm"), x, f"axis={axis}", epsilon))]


def _l2_norm(given: KerasCall) -> list[Step]:
    axis = given.axis(0)
    return [Computed(lambda x: call("ops.normalize", x, f"axis={axis}", f"epsilon={given.text('epsilon')}"))]


def _helper(name: str, *options: tuple[str, object]) -> Callable[[KerasCall], list[Step]]:
    """A layer that is a class at the top of the file, with arguments that have our names."""

    def write(given: KerasCall) -> list[Step]:
        found = [each for key, default in options for each in given.option(key, key, default)]
        return [Applied(call(given.helper(name), *found))]

    return write


def _learned(given: KerasCall) -> list[Step]:
    items = given.items("shape")
    sizes = [*items[1:], items[0]] if given.layout.is_last else items
    shape = f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
    return [Applied(call(given.helper("Learned"), shape, *given.option("initial", "initial", 0)))]


# activations


def _activation(given: KerasCall) -> list[Step]:
    return [Applied(given.layer("Activation", f'"{given.kind}"'))]


def _gelu(given: KerasCall) -> list[Step]:
    if given.only("approximate") == "none":
        return _activation(given)
    return [Computed(lambda x: call("ops.gelu", x, "approximate=True"))]


def _prelu(given: KerasCall) -> list[Step]:
    per = given.only("per")
    shared: list[int] = []
    count = given.rank
    channels = given.axis(0) % (count + 1)
    if given.only("shared") or per == "all":
        shared = list(range(1, count + 1))
    elif per == "channel":
        shared = [axis for axis in range(1, count + 1) if axis != channels]
    elif per == "position":
        shared = [channels]
    quarter = Keyed("alpha_initializer=", "keras.initializers.Constant(0.25)")
    options: list[Code] = [f"shared_axes={shared}"] if shared else []
    return [Applied(given.layer("PReLU", quarter, *options))]


def _softmax(name: str) -> Callable[[KerasCall], list[Step]]:
    def write(given: KerasCall) -> list[Step]:
        axis = given.axis(given.only("over"))
        axis = -1 if axis == given.rank else axis
        options = [f"axis={axis}"] if axis != -1 else []
        if given.is_written("groups") or given.values("groups") != [1]:
            helper = given.helper("in_groups")
            return [Computed(lambda x: call(helper, x, f"ops.{given.kind}", given.text("groups")))]
        if name == "Softmax":
            return [Applied(given.layer("Softmax", *options))]
        return [Computed(lambda x: call("ops.log_softmax", x, f"axis={axis}"))]

    return write


def _stochastic_depth(given: KerasCall) -> list[Step]:
    noise = literal((None, *[1] * given.rank))
    return [Applied(given.layer("Dropout", given.text("rate"), f"noise_shape={noise}"))]


# recurrent layers and attention


def _recurrent(name: str) -> Callable[[KerasCall], list[Step]]:
    def write(given: KerasCall) -> list[Step]:
        biases, options = given.only("biases"), []
        after = given.kind != "gru" or given.only("reset_after")
        cell = {
            "lstm": (2, "TwoBiasLSTMCell"),
            "rnn": (2, "TwoBiasRNNCell"),
            "gru": (1 if after else 2, "BiasedGRUCell"),
        }
        options += [] if after else ["reset_after=False"]
        if given.kind == "rnn" and given.only("activation") != "tanh":
            options.append(f'activation="{given.only("activation")}"')
        options += ["use_bias=False"] if not biases else []
        number, helper = cell[given.kind]
        if biases == number:
            more = ["biases=2"] if given.kind == "gru" and biases == 2 else []
            made = call(given.helper(helper), given.text("hidden"), *options, *more)
            made = given.layer("RNN", made, "return_sequences=True")
        else:
            made = given.layer(name, given.text("hidden"), *options, "return_sequences=True")
        found: list[Step] = [] if given.layout.is_last else [Applied(given.layer("Permute", "(2, 1)"), "-last")]
        count = given.only("layers")
        for at in range(count):
            code = given.layer("Bidirectional", made) if given.only("bidirectional") else made
            found.append(Applied(code, "" if count == 1 else f"-{at}"))
        return found if given.layout.is_last else [*found, Applied(given.layer("Permute", "(2, 1)"), "-first")]

    return write


def _attention(given: KerasCall) -> list[Step]:
    """Attention with projections, of each position to all."""
    heads = given.text("heads")
    size = f"{given.channels()} // {heads}" if given.x else str(given.shape()[0] // given.only("heads"))
    made = given.layer("MultiHeadAttention", heads, size, *given.option("use_bias", "bias", True))
    memory = given.text("memory") if given.is_written("memory") else ""
    if given.layout.is_last:
        return [Applied(made, more=(memory or "{x}",))]
    helper = given.helper("attend_first")
    return [Computed(lambda x: call(helper, _named(made, given), x, memory or x))]


def _named(code: Code, given: KerasCall) -> Code:
    assert not isinstance(code, str)
    return code._replace(items=(*code.items, Keyed("name=", given.label(""))))  # type: ignore[union-attr,call-arg]


# constants


def _affine(given: KerasCall) -> list[Step]:
    factor, offset = given.text("factor"), given.text("offset")
    return [Applied(given.layer("Rescaling", factor, *([f"offset={offset}"] if offset != "0" else [])))]


def _function(name: str) -> Callable[[KerasCall], list[Step]]:
    return lambda given: [Computed(lambda x: call(f"ops.{name}", x))]


def _power(given: KerasCall) -> list[Step]:
    return [Computed(lambda x: call("ops.power", x, given.text("n")))]


def _clip(given: KerasCall) -> list[Step]:
    return [Computed(lambda x: call("ops.clip", x, given.text("low"), given.text("high")))]


def _reduce(name: str) -> Callable[[KerasCall], list[Step]]:
    def write(given: KerasCall) -> list[Step]:
        listed = given.only("axes")
        axes = tuple(map(given.axis, listed if isinstance(listed, tuple) else (listed,)))
        over = literal(axes) if len(axes) > 1 else str(axes[0])
        helper = f"ops.{name}"
        options = [f"axis={over}", "keepdims=True"]
        if given.kind == "variance_over" and given.only("correction"):
            helper, options = given.helper("variance"), [f"axis={over}", f"correction={given.text('correction')}"]
        return [Computed(lambda x: call(helper, x, *options))]

    return write


WRITERS: dict[str, Callable[[KerasCall], list[Step]]] = {
    **VIEWS,
    "conv": conv,
    "standardized_conv": standardized,
    "depthwise_conv": depthwise,
    "separable_conv": separable,
    "spatial_separable_conv": spatial_separable,
    "transposed_conv": transposed,
    "locally_connected": own_kernels,
    "table_conv": own_kernels,
    "linear": _linear,
    "max_pool": pool,
    "avg_pool": pool,
    "global_avg_pool": _global_pool("GlobalAveragePooling{}"),
    "global_max_pool": _global_pool("GlobalMaxPooling{}"),
    "adaptive_avg_pool": _adaptive_pool("AdaptiveAveragePooling{}"),
    "adaptive_max_pool": _adaptive_pool("AdaptiveMaxPooling{}"),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _group_norm,
    "rms_norm": _rms_norm,
    "l2_norm": _l2_norm,
    "response_norm": _helper("ResponseNorm", ("epsilon", None)),
    "local_response_norm": _helper("LocalResponseNorm", ("size", None), ("alpha", None), ("beta", None), ("k", None)),
    "relu": lambda given: [Applied(given.layer("ReLU"))],
    "relu6": lambda given: [Applied(given.layer("ReLU", "6"))],
    "leaky_relu": lambda given: [Applied(given.layer("LeakyReLU", given.text("slope")))],
    "elu": lambda given: [Applied(given.layer("ELU", *given.option("alpha", "alpha", 1)))],
    "gelu": _gelu,
    "prelu": _prelu,
    **dict.fromkeys(("selu", "silu", "hard_swish", "hard_sigmoid", "sigmoid", "tanh", "softplus", "mish"), _activation),
    "softmax": _softmax("Softmax"),
    "log_softmax": _softmax(""),
    "dropout": lambda given: [Applied(given.layer("Dropout", given.text("rate")))],
    "stochastic_depth": _stochastic_depth,
    "scale": _helper("Scale", ("initial", 1), ("per", "channel")),
    "shift": _helper("Shift", ("initial", 0), ("per", "channel")),
    "learned": _learned,
    "lstm": _recurrent("LSTM"),
    "gru": _recurrent("GRU"),
    "rnn": _recurrent("SimpleRNN"),
    "multi_head_attention": _attention,
    "relative_position_bias": _helper("RelativePositionBias", ("heads", None), ("window", None)),
    "continuous_position_bias": _helper("ContinuousPositionBias", ("heads", None), ("window", None), ("hidden", 512)),
    "affine": _affine,
    "power": _power,
    "clip": _clip,
    **{name: _function(name) for name in ("sqrt", "abs", "exp", "log")},
    "mean_over": _reduce("mean"),
    "sum_over": _reduce("sum"),
    "max_over": _reduce("max"),
    "variance_over": _reduce("var"),
}
