"""Keras's own `summary`, run on the models that `export --to keras` writes, has the parameters of our reproduction."""

from __future__ import annotations

import os
import re
import warnings
from typing import Any

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.conventions import named
from cnncalc.reading import read
from cnncalc.spec.files import bundled

from ..export.keras_models import code_of, made

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["KERAS_BACKEND"] = "torch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("torch", reason="PyTorch is not installed, on which Keras runs here")
        module = pytest.importorskip("keras", reason="Keras is not installed")
    if module.backend.backend() != "torch":
        pytest.skip("Keras runs on another backend in this process")
    return module


@pytest.mark.sample(3)
@pytest.mark.parametrize("name", bundled())
def test_a_summary_has_our_parameters(keras: Any, name: str) -> None:
    """All of them, and those that are not trained: mean and variance of batch norms."""
    reading = read(name)
    with keras.device("meta"):
        model = made(code_of(reading))
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    found = dict(re.findall(r"(Total|Non-trainable) params: ([\d,]+)", "\n".join(lines)))
    report = analyze(reading.require_network(), fields=False)
    ledger = named("keras").apply(report).parameters
    assert ledger
    counted = {key: int(text.replace(",", "")) for key, text in found.items()}
    assert counted == {"Total": ledger.theirs, "Non-trainable": report.totals.buffers}
