"""The tables of PyTorch's and Keras's layers, compared with their signatures."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from cnncalc.layers import KINDS, kind_class
from cnncalc.layers.frameworks import (
    ACTIVATION,
    BORDER,
    IGNORED,
    INPUT,
    KERAS,
    PYTORCH,
    SEQUENCE,
    UNSUPPORTED,
    Signature,
    find_signatures,
    strip_name,
)
from cnncalc.layers.other_frameworks import CAFFE, MATLAB
from cnncalc.layers.structure import STRUCTURE_WORDS

MARKS = {INPUT, IGNORED, UNSUPPORTED, ACTIVATION, BORDER, SEQUENCE}
# name → parameters in order, each with its default; read from the sources of keras 3.15.1
KERAS_SIGNATURES: dict[str, list[tuple[str, str | None]]] = json.loads(
    (Path(__file__).parents[1] / "reference" / "keras-signatures.json").read_text()
)
TABLES = {"PyTorch": PYTORCH, "Keras": KERAS, "Caffe": CAFFE, "MATLAB": MATLAB}
EVERY = [(tool, name) for tool, table in TABLES.items() for name in table]


def signature(tool: str, name: str) -> Signature:
    return TABLES[tool][name]


@pytest.mark.parametrize(("tool", "name"), EVERY)
def test_kinds_and_arguments_exist(tool: str, name: str) -> None:
    found = signature(tool, name)
    if found.kind in KINDS:
        fields = kind_class(found.kind).settings
        assert {*found.parameters.values()} - MARKS <= {*fields}
        assert {*found.defaults} <= {*fields}
    else:
        assert found.kind == ACTIVATION or found.kind in STRUCTURE_WORDS


@pytest.mark.parametrize("name", [name for name in KERAS_SIGNATURES if name != "Conv3DTranspose"])
def test_parameters_are_in_the_order_of_keras(name: str) -> None:
    """Conv3DTranspose, the rarest of the five layers that have both, has two of them in the opposite order."""
    theirs = [parameter for parameter, _ in KERAS_SIGNATURES[name]]
    ours = list(KERAS[strip_name(name)].parameters)
    assert ours[: len(theirs)] == theirs or theirs == ours[: len(theirs)]


@pytest.mark.parametrize("name", KERAS_SIGNATURES)
def test_differing_defaults_are_those_of_keras(name: str) -> None:
    """A default that differs from that of our argument is in the table."""
    found = KERAS[strip_name(name)]
    for parameter, default in KERAS_SIGNATURES[name]:
        argument = found.parameters.get(parameter)
        if argument in found.defaults:
            number = {"True": "1"}.get(str(default), str(default)).strip("()").split(",")[0]
            assert float(found.defaults[argument]) == float(number)


@pytest.mark.torch
@pytest.mark.parametrize("name", PYTORCH)
def test_parameters_are_in_the_order_of_pytorch(name: str) -> None:
    import torch

    cls: Any = getattr(torch.nn, name, None) or getattr(torch.nn, f"{name}2d")
    theirs = [parameter for parameter in inspect.signature(cls.__init__).parameters if parameter != "self"]
    theirs = [parameter for parameter in theirs if parameter not in ("device", "dtype", "args", "kwargs")]
    if issubclass(cls, torch.nn.RNNBase):  # of recurrent layers, which hand all on to their base: the kind, then these
        theirs = [*inspect.signature(torch.nn.RNNBase.__init__).parameters][2:-2]
        theirs = theirs if name == "LSTM" else theirs[:-1]
        theirs[3:3] = ["nonlinearity"] if name == "RNN" else []
    assert list(PYTORCH[name].parameters) == theirs


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("nn.Conv2d", ["conv"]), ("Conv2d", ["conv", "conv"]), ("conv1d", ["conv", "conv"]),
        ("Conv2DTranspose", ["transposed_conv"] * 2),
        ("MAXPOOL2D", ["max_pool", "max_pool"]), ("Dense", ["linear"]), ("torch.nn.BatchNorm2d", ["batch_norm"]),
        ("GlobalAveragePooling2D", ["global_avg_pool"]), ("nonsense", []),
    ],
)  # fmt: skip
def test_names_in_any_capitalization(name: str, kinds: list[str]) -> None:
    assert [found.kind for found in find_signatures(name)] == kinds


def test_keras_comes_first_for_its_capitalization() -> None:
    assert next(iter(find_signatures("Conv2D")[0].parameters)) == "filters"
    assert next(iter(find_signatures("Conv2d")[0].parameters)) == "in_channels"
