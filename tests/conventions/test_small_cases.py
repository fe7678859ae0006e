"""One layer after another: what the tools printed for small modules, and what our rules say of the same."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import analyze
from cnncalc.conventions import named
from cnncalc.conventions.written import calls_of

from ..networks import network
from .test_figures import FIGURES, TOOLS, total

SMALL: dict[str, Any] = FIGURES["small"]
CONV = "conv(8, 1, bias=false)"
# The cases with a batch of 1 that a file can say as `export` writes it → its layers, `-` where one more item begins.
CASES = {
    "add_operator": f"{CONV} - add: {{x: identity, y: identity}}",
    "batch_norm": "batch_norm",
    "batch_norm_3d": "batch_norm",
    "batch_norm_no_affine": "conv(4, 1, bias=false) -> batch_norm(affine=false)",
    "cat": f"{CONV} - concat: {{x: identity, y: identity}}",
    "conv1d_bias": "conv(8, 3)",
    "conv1d_no_bias": "conv(8, 3, bias=false)",
    "conv3d_bias": "conv(4, 3)",
    "conv3d_no_bias": "conv(4, 3, bias=false)",
    "convT1d_strided": "transposed_conv(6, 4, stride=2, padding=1, bias=false)",
    "convT3d_strided": "transposed_conv(4, 3, stride=2, bias=false)",
    "convT_bias": "transposed_conv(6, 3)",
    "convT_grouped": "transposed_conv(6, 3, groups=2, bias=false)",
    "convT_grouped_bias": "transposed_conv(6, 3, groups=2)",
    "convT_same_channels": "transposed_conv(4, 3, bias=false)",
    "convT_strided_bias": "transposed_conv(6, 3, stride=2, padding=1, output_padding=1)",
    "conv_depthwise": "depthwise_conv(3, bias=false)",
    "conv_depthwise_bias": "depthwise_conv(3)",
    "conv_depthwise_multiplier": "depthwise_conv(3, multiplier=3, bias=false)",
    "conv_grouped_bias": "conv(8, 3, groups=2)",
    "conv_same_even_kernel": "conv(8, 4, padding=same, bias=false)",
    "dropout": f"{CONV} -> dropout(0.5)",
    "elu": f"{CONV} -> elu",
    "flatten": f"{CONV} -> flatten",
    "functional_sigmoid": f"{CONV} -> sigmoid",
    "group_norm": "group_norm(2)",
    "hardsigmoid": f"{CONV} -> hard_sigmoid",
    "hardswish": f"{CONV} -> hard_swish",
    "instance_norm": "conv(4, 1, bias=false) -> instance_norm",
    "instance_norm_affine": "instance_norm(affine=true)",
    "leaky_relu": f"{CONV} -> leaky_relu",
    "log_softmax": f"{CONV} -> log_softmax",
    "mish": f"{CONV} -> mish",
    "module_twice_bn": "once = conv(4, 3, padding=1, bias=false) -> batch_norm -> relu - reuse(once)",
    "mul_gate_broadcast": f"{CONV} - multiply: {{gate: 'mean_over([1, 2])', x: identity}}",
    "mul_operator": f"{CONV} - multiply: {{x: identity, y: identity}}",
    "mul_scalar": f"{CONV} -> affine(factor=0.5)",
    "no_parameters": "max_pool(2)",
    "pool_adaptive_avg1": f"{CONV} -> global_avg_pool",
    "pool_adaptive_avg5": f"{CONV} -> adaptive_avg_pool(5)",
    "pool_adaptive_avg_rect": f"{CONV} -> adaptive_avg_pool([3, 5])",
    "pool_adaptive_max1": f"{CONV} -> global_max_pool",
    "pool_avg1d": f"{CONV} -> avg_pool(3, stride=2)",
    "pool_avg3d": "conv(4, 1, bias=false) -> avg_pool(2)",
    "pool_avg_ceil": f"{CONV} -> avg_pool(3, stride=2, ceil=true)",
    "pool_avg_overlap": f"{CONV} -> avg_pool(3, stride=1, padding=1)",
    "pool_avg_pad": f"{CONV} -> avg_pool(3, stride=2, padding=1)",
    "pool_max3d": "conv(4, 1, bias=false) -> max_pool(2)",
    "pool_max_ceil": f"{CONV} -> max_pool(3, stride=2, ceil=true)",
    "pool_mean": f"{CONV} -> mean_over([1, 2])",
    "prelu_one": "prelu(shared=true)",
    "relu": f"{CONV} -> relu",
    "relu_inplace": f"{CONV} -> relu",
    "sigmoid": f"{CONV} -> sigmoid",
    "silu": f"{CONV} -> silu",
    "softmax": f"{CONV} -> softmax",
    "softplus": f"{CONV} -> softplus",
    "sub_operator": f"{CONV} -> affine(offset=-1)",
    "upsample_bicubic": f"{CONV} -> upsample(2, mode=bicubic)",
    "upsample_bilinear": f"{CONV} -> upsample(2, mode=bilinear)",
    "upsample_nearest": f"{CONV} -> upsample(2)",
    "upsample_size": f"{CONV} -> upsample(size=[20, 30])",
    "zero_pad": f"{CONV} -> pad(1)",
}
# Those whose last layer is a function.
FUNCTIONS = {
    "functional_gelu": f"{CONV} -> gelu",
    "functional_relu": f"{CONV} -> relu",
    "functional_relu_inplace": f"{CONV} -> relu",
    "functional_softmax": f"{CONV} -> softmax",
    "interpolate_bilinear_size": f"{CONV} -> upsample(size=[24, 24], mode=bilinear)",
    "pool_functional_adaptive_avg1": f"{CONV} -> global_avg_pool",
}


@pytest.mark.parametrize("name", [*CASES, *FUNCTIONS])
def test_a_small_case(name: str) -> None:
    case = SMALL[name]
    assert case["input"][0] == 1
    items = (CASES | FUNCTIONS)[name].split(" - ")
    text = "\n".join([f"input: {case['input'][1:]}", "layers:", *(f"  - {item}" for item in items)])
    report = analyze(network(text), fields=False)
    calls = calls_of(report)
    if name in FUNCTIONS:
        calls[-1] = calls[-1]._replace(form="function")
    for tool in TOOLS:
        parameters, operations = case[tool]
        counted = named(tool).apply(report, calls)
        assert operations is None or total(counted.operations) == operations, tool
        assert parameters is None or total(counted.parameters) == parameters, tool


def test_most_of_the_cases_with_a_batch_of_one_are_tried() -> None:
    tried = {*CASES, *FUNCTIONS}
    assert tried <= {*SMALL}
    assert len(tried) > 65
