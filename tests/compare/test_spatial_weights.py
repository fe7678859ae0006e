"""Kernels that split carry their factors into the separable network, which then computes the same numbers."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.compare.spatial_weights import fit_spatial
from cnncalc.execution.kernels import get_named


def rows_of(name: str) -> list[list[float]]:
    return [[float(number) for number in row] for row in get_named(name)]


def net(kernels: list[Any], *, bias: list[float] | None = None, size: int = 6) -> str:
    """A convolution with these kernels [out, in, K, K], between layers that have weights too."""
    out, ins, high, wide = len(kernels), len(kernels[0]), len(kernels[0][0]), len(kernels[0][0][0])
    given = f"{{weight: {json.dumps(kernels)}" + (f", bias: {json.dumps(bias)}" if bias else "") + "}"
    layers = f"batch_norm -> edge = conv({out}, [{high}, {wide}], padding=1, bias={'true' if bias else 'false'})"
    return (
        f"name: Edges\ninput: [{ins}, {size}, {size}]\nallow: {{bias-before-norm: it is a test}}\n"
        f"layers:\n  - batch_norm\n  - {layers.partition(' -> ')[2]}\n  - relu -> flatten -> linear(2)\n"
        f"weights:\n  edge: {given}\n  batch_norm1: {{running_mean: {[0.5] * ins}}}\n"
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(text: str, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    Path("net.yaml").write_text(text)
    assert run(["compare", "net.yaml", "--separable", "spatial", "-f", "json", *more]) == 0, capsys.readouterr().err
    [row] = json.loads(capsys.readouterr().out)["rows"]
    return row


def execute(file: str, at: str, capsys: pytest.CaptureFixture[str]) -> list[float]:
    assert run(["run", file, "--at", at, "-f", "json"]) == 0, capsys.readouterr().err
    [made] = json.loads(capsys.readouterr().out)["outputs"].values()
    values = made["values"]
    for _ in made["shape"][1:]:
        values = [number for part in values for number in part]
    return [*values]


def test_sobel_splits_and_its_factors_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    row = compare(net([[rows_of("sobel_x")]]), capsys, "--write", "split.yaml")
    assert row["kernels"] == {"rank": 1, "most": 1, "error": 0}
    text = Path("split.yaml").read_text()
    assert "column.weight: [[[[1.0], [2.0], [1.0]]]]" in text
    assert "row.weight: [[[[1.0, 0.0, -1.0]]]]" in text
    assert "running_mean: [0.5]" in text
    assert execute("split.yaml", "relu1", capsys) == pytest.approx(execute("net.yaml", "relu1", capsys))


def test_the_laplacian_does_not_split_and_is_kept_with_its_weights(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no win: rank 2, and what is left of the nearest is (√6 − 2)/√20."""
    row = compare(net([[rows_of("laplace")]]), capsys, "--write", "split.yaml")
    assert row["kernels"] == {"rank": 2, "most": 1, "error": pytest.approx((sqrt(6) - 2) / sqrt(20))}
    assert row["note"] == "does not split: rank 2, at most 1 fits; the nearest leaves 10.1%"
    assert row["before"] == row["after"]
    assert "edge: {" not in Path("split.yaml").read_text()
    assert execute("split.yaml", "relu1", capsys) == execute("net.yaml", "relu1", capsys)


def test_what_splits_is_said_and_what_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the table too, which at 60 columns has no room for the rank."""
    for name, words in (
        ("gauss", "the kernels in the file of edge split exactly"),
        ("emboss", "the kernels of edge do not split, and are left as they are"),
    ):
        Path("net.yaml").write_text(net([[rows_of(name)]]))
        assert run(["compare", "net.yaml", "--separable", "spatial", "--width", "60"]) == 0
        assert words in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(20))
def test_the_separable_network_computes_the_same_numbers(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Any kernels of several channels whose matrix has no higher rank than there are outputs."""
    rng = Random(seed)
    out, ins, high, wide = rng.randint(1, 3), rng.randint(1, 3), rng.randint(2, 4), rng.randint(2, 3)
    column = [[[rng.gauss(0, 1) for _ in range(high)] for _ in range(ins)] for _ in range(out)]
    row = [[[rng.gauss(0, 1) for _ in range(wide)] for _ in range(out)] for _ in range(out)]
    kernels = [
        [
            [[sum(row[o][m][x] * column[m][i][y] for m in range(out)) for x in range(wide)] for y in range(high)]
            for i in range(ins)
        ]
        for o in range(out)
    ]
    bias = [rng.gauss(0, 1) for _ in range(out)] if rng.random() < 0.5 else None
    found = compare(net(kernels, bias=bias), capsys, "--write", "split.yaml")
    assert found["kernels"]["rank"] <= found["kernels"]["most"] == out
    assert not found["note"]
    expected = execute("net.yaml", "relu1", capsys)
    assert execute("split.yaml", "relu1", capsys) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_kernels_of_all_sizes_of_numbers_are_written_and_run(capsys: pytest.CaptureFixture[str]) -> None:
    for kernel in ([[1e308, 1e-308]] * 2, [[1e308, 1e308]] * 2, [[1e308, 1], [2, 1e308]], [[0, 0], [0, 0]]):
        compare(net([[kernel]]), capsys, "--write", "split.yaml")
        assert run(["run", "split.yaml"]) == 0
        assert run(["kernel", json.dumps(kernel)]) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) < 130


@pytest.mark.parametrize("seed", range(10))
def test_random_kernels_of_many_inputs_do_not_split(seed: int) -> None:
    rng = Random(seed)
    weight = [rng.gauss(0, 1) for _ in range(2 * 3 * 9)]
    fit = fit_spatial(weight, (2, 3, 3, 3))
    assert fit is not None
    assert (fit.rank, fit.most, fit.arrays) == (6, 2, None)
    assert 0 < fit.error < 1


def test_the_depthwise_form_says_that_it_drops_weights(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.yaml").write_text(net([[rows_of("sobel_x")] * 2]))
    assert run(["compare", "net.yaml", "--separable", "depthwise", "--write", "split.yaml"]) == 0
    assert "the weights of edge are not kept, as the depthwise form has others" in capsys.readouterr().err
    assert "running_mean: [0.5, 0.5]" in Path("split.yaml").read_text()


@pytest.mark.parametrize("most", [17, 18])
def test_larger_kernels_are_kept(
    most: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = net([[rows_of("sobel_x")], [rows_of("sobel_y")]])
    monkeypatch.setattr(limits, "FACTORED_NUMBERS", most)
    assert compare(text, capsys)["note"] == (None if most == 18 else "too many weights to be split")
    monkeypatch.setattr(limits, "FACTORED_NUMBERS", 10_000)
    monkeypatch.setattr(limits, "FACTORED_ALTOGETHER", most)
    assert compare(text, capsys)["note"] == (None if most == 18 else "too many weights to be split")


def test_a_file_that_would_be_too_large_is_not_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("net.yaml").write_text(net([[rows_of("sobel_x")]]))
    size = Path("net.yaml").stat().st_size
    monkeypatch.setattr(limits, "FILE_BYTES", size)
    assert run(["compare", "net.yaml", "--separable", "spatial", "--write", "split.yaml"]) == 1
    assert "with its weights, the rewritten network is larger than the limit of a file" in capsys.readouterr().err
    assert not Path("split.yaml").exists()


def test_wrong_weights_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.yaml").write_text(net([[rows_of("sobel_x")]]).replace("edge: {weight: [", "edge: {weight: [1, "))
    assert run(["compare", "net.yaml", "--separable", "spatial"]) == 1
    assert "`weight` of edge" in capsys.readouterr().err
