"""The registry: every kind by its name, the signatures that files rely on, and what a kind must define."""

from __future__ import annotations

import sys

import pytest

from cnncalc.layers import KINDS, LATER_WORDS, OWN_WORDS, RESERVED_WORDS, kind_class
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.base import Example, Layer, SameShape, Shapes, Weightless
from cnncalc.layers.settings import integer
from cnncalc.layers.structure import MERGES, STRUCTURE_WORDS

from .. import processes

# of the kinds of the first version
SIGNATURES = """
conv(out, kernel, stride=1, padding=0, dilation=1, groups=1, bias=true)
depthwise_conv(kernel, stride=1, padding=0, dilation=1, multiplier=1, bias=true)
separable_conv(out, kernel, stride=1, padding=0, dilation=1, multiplier=1, bias=true)
spatial_separable_conv(out, kernel, stride=1, padding=0, bias=true)
transposed_conv(out, kernel, stride=1, padding=0, output_padding=0, dilation=1, groups=1, bias=true)
linear(out, bias=true)
max_pool(kernel, stride=kernel, padding=0, dilation=1, ceil=false, dialect=pytorch)
avg_pool(kernel, stride=kernel, padding=0, ceil=false, dialect=pytorch, count_padding=true)
global_avg_pool
global_max_pool
adaptive_avg_pool(size)
batch_norm(affine=true, epsilon=1e-5)
layer_norm(over=channels, affine=true, epsilon=1e-5)
group_norm(groups, affine=true, epsilon=1e-5)
instance_norm(affine=false, epsilon=1e-5)
local_response_norm(size=5, alpha=1e-4, beta=0.75, k=1)
relu
relu6
leaky_relu(slope=0.01)
prelu(shared=false)
elu(alpha=1)
selu
gelu
silu
hard_swish
hard_sigmoid
sigmoid
tanh
softplus
mish
softmax(groups=1)
dropout(rate=0.5)
stochastic_depth(rate)
flatten
reshape(shape)
scale(initial=1)
channel_split(parts, take)
channel_shuffle(groups)
pad(amount=none, value=0)
crop(amount=none)
upsample(factor=none, mode=nearest, size=none, like=none, align_corners=false)
pixel_shuffle(factor)
add
multiply
concat(axis=0)
"""


def test_signatures_are_stable() -> None:
    """Files rely on them: new arguments are added at the end. Add the signature of a new kind."""
    for line in SIGNATURES.strip().splitlines():
        signature = kind_class(line.partition("(")[0]).signature()
        assert signature == line or signature.startswith(line.removesuffix(")") + (", " if "(" in line else "("))


@pytest.mark.parametrize("kind", KINDS)
def test_the_class_of_a_kind_has_its_name(kind: str) -> None:
    cls = kind_class(kind)
    assert cls.kind == kind
    assert cls.reference
    assert cls.__doc__
    assert cls.examples()


def test_every_class_is_in_the_registry() -> None:
    for kind in KINDS:
        kind_class(kind)

    def below(cls: type[Layer]) -> set[str]:
        return {cls.kind, *(kind for each in cls.__subclasses__() for kind in below(each))}

    defined = {cls.kind for cls in [kind_class(kind) for kind in KINDS]}
    ours = {kind for cls in Layer.__subclasses__() if cls.__module__.startswith("cnncalc.") for kind in below(cls)}
    assert {kind for kind in ours if kind and not kind.startswith("test_")} == defined


def test_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        kind_class("convolution")


def test_reserved_words_are_those_of_the_settings() -> None:
    words = {word for kind in KINDS for setting in kind_class(kind).settings.values() for word in setting.words}
    assert words == (RESERVED_WORDS | LATER_WORDS | OWN_WORDS) - {"rest"}
    assert len(RESERVED_WORDS) + len(LATER_WORDS) + len(OWN_WORDS) == len(words) + 1


def test_structure_words_are_not_layer_kinds() -> None:
    assert list(STRUCTURE_WORDS) == ["activation", "identity", "outputs", "from", "rounds", "reuse"]
    assert not set(STRUCTURE_WORDS) & set(KINDS)
    assert set(MERGES) <= set(KINDS)
    assert all(signature.startswith(word) for word, (signature, _) in STRUCTURE_WORDS.items())


@pytest.mark.parametrize("rule", ["result_shape", "weights", "work", "reach", "channels", "execute", "examples"])
def test_a_kind_that_forgets_a_rule_cannot_be_defined(rule: str) -> None:
    stated = {name: vars(Layer)[name] for name in Layer.RULES if name != rule}
    with pytest.raises(TypeError, match=f"layer kind test_half does not define: {rule}$"):
        type("Half", (Layer,), {"__doc__": "Half a kind.", "reference": "none", **stated}, kind="test_half")


def test_a_kind_without_reference_or_docstring_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="does not define: work, execute, examples, reference, __doc__"):

        class _Bare(SameShape, Weightless, kind="test_bare"):
            pass


def test_a_complete_kind_works() -> None:
    class _Whole(SameShape, Weightless, kind="test_whole"):
        """A kind."""

        reference = "none"
        size: int = integer(3, symbol="K")

        work = kind_class("flatten").work
        execute = kind_class("dropout").execute

        @classmethod
        def examples(cls) -> tuple[Example, ...]:
            return (Example({}, ((1, 2),)),)

    inputs: Shapes = ((1, 2),)
    assert _Whole(size=4).output_shape(inputs) == (1, 2)
    assert _Whole.signature() == "test_whole(size=3)"


def test_a_layer_is_immutable_and_a_value() -> None:
    conv = kind_class("conv")
    layer = conv(out=3, kernel=1)
    assert layer == conv(out=3, kernel=1, stride=1)
    assert hash(layer) == hash(conv(out=3, kernel=1, stride=1))
    assert layer != conv(out=3, kernel=2)
    with pytest.raises(AttributeError, match="conv is immutable"):
        layer.kernel = 5


def test_missing_and_unknown_arguments() -> None:
    with pytest.raises(LayerError, match="conv needs `kernel`") as missing:
        kind_class("conv")(out=3)
    assert (missing.value.code, missing.value.argument) == ("missing-argument", "kernel")
    with pytest.raises(LayerError, match="conv has no argument `kernels`") as unknown:
        kind_class("conv")(out=3, kernel=3, kernels=3)
    assert unknown.value.code == "unknown-argument"


def test_families_are_loaded_on_demand() -> None:
    program = """
import sys
import cnncalc.layers
assert not [name for name in sys.modules if name.startswith("cnncalc.layers.")]
cnncalc.layers.kind_class("linear")
assert "cnncalc.layers.pool" not in sys.modules
for kind in cnncalc.layers.KINDS:
    cnncalc.layers.kind_class(kind)
heavy = {"dataclasses", "inspect", "yaml", "rich", "typer"} & set(sys.modules)
assert not heavy, heavy
"""
    processes.run([sys.executable, "-c", program], check=True)


def test_kinds_can_be_defined_without_docstrings() -> None:
    program = "from cnncalc.layers import KINDS, kind_class; [kind_class(kind) for kind in KINDS]"
    processes.run([sys.executable, "-OO", "-c", program], check=True)
