"""What commands show of conventions: the sums of columns, JSON, conditions."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

from cnncalc import analyze, load
from cnncalc.analysis.figures import find_figure
from cnncalc.conventions import NAMES, named
from cnncalc.conventions.figures import list_figures, list_names

from ..cli.running import cnncalc

# Of torchvision's own network, whose classifier ends without softmax, from the issue; ours has one of 1,000 elements.
RESNET50 = {
    "torchinfo": 4_089_238_376, "ptflops": 4_132_436_968, "ptflops-aten": 4_089_185_256, "thop": 4_133_742_592,
    "fvcore": 4_111_512_576, "calflops": 8_211_108_352, "deepspeed": 8_211_108_352, "flop-counter": 8_178_368_512,
    "torchprofile": 4_100_300_288, "onnx-tool": 4_117_342_184,
}  # fmt: skip
SOFTMAX = {"ptflops": 1_000, "thop": 2_999, "calflops": 1_000, "deepspeed": 1_000, "onnx-tool": 36_000}


def test_reconcile_shows_both_figures_in_json() -> None:
    document = json.loads(cnncalc("reconcile", "resnet50", "-f", "json").stdout)
    assert [each["name"] for each in document["conventions"]] == [*NAMES]
    for each in document["conventions"]:
        for figure in ("parameters", "operations"):
            ledger = each[figure]
            if ledger:
                assert ledger["ours"] + sum(line["amount"] for line in ledger["lines"]) == ledger["theirs"]
        name = each["name"]
        if name in RESNET50:
            assert each["operations"]["theirs"] == RESNET50[name] + SOFTMAX.get(name, 0)
            assert (each["own"]["operations"]["theirs"] if each["own"] else RESNET50[name]) == RESNET50[name]
    (keras,) = (each for each in document["conventions"] if each["name"] == "keras")
    assert keras["parameters"]["theirs"] == 25_610_152
    assert keras["own"]["parameters"]["theirs"] == 25_636_712
    assert keras["operations"] is None


def test_the_ledger_of_the_issue() -> None:
    shown = cnncalc("reconcile", "resnet50", "--convention", "thop", "--width", "100").stdout
    assert "+    44,455,936  batch norms, 4 for each of 11,113,984 input elements\n" in shown
    assert "= 4,133,742,592  of torchvision's own: its classifier ends without softmax\n" in shown


def test_mistakes_are_named() -> None:
    shown = cnncalc("reconcile", "unet", "--convention", "thop").stdout
    assert "a mistake: the kernel is applied at each output position" in shown


def test_what_is_not_known_is_not_a_number() -> None:
    chain = ("local_response_norm -> conv(2, 1)", "--input", "3x8x8", "--convention", "onnx-tool")
    shown = cnncalc("reconcile", *chain).stdout
    assert "operations are not known: local_response_norm at local_response_norm1\n" in shown
    (side,) = json.loads(cnncalc("reconcile", *chain, "-f", "json").stdout)["conventions"]
    assert side["operations"] is None
    assert side["unknown"] == ["local_response_norm1"]


def test_an_unknown_name_is_refused() -> None:
    done = cnncalc("reconcile", "lenet5", "--convention", "thopp")
    assert done.returncode == 2
    assert done.stderr == "cnncalc: unknown convention 'thopp': did you mean 'thop'?\n"


@pytest.mark.parametrize("name", ["thop", "calflops", "keras", "flop-counter"])
def test_the_columns_of_summary_add_up(name: str) -> None:
    counted = named(name).apply(analyze(load("alexnet"), fields=False))
    rows = [*csv.DictReader(StringIO(cnncalc("summary", "alexnet", "--convention", name, "-f", "csv").stdout))]
    sums = [sum(int(row[figure]) for row in rows) for figure in list_figures(named(name))]
    assert sums == [total for total in counted.totals if total is not None]
    document = json.loads(cnncalc("summary", "alexnet", "--convention", name, "-f", "json").stdout)
    assert document["totals"]["macs"] == 1_135_256_096
    found = document["convention"]
    assert (found["name"], found["version"]) == (name, named(name).version)
    assert [*found["totals"].values()] == [*counted.totals]
    assert [each["path"] for each in found["layers"]] == [each["path"] for each in document["layers"]]


def test_the_table_names_the_tool() -> None:
    shown = cnncalc("summary", "lenet5", "--convention", "thop").stdout
    assert "thop MACs        418,125 MACs, by the rules of thop 0.1.1" in shown
    header = shown.splitlines()[1]
    assert "thop parameters  thop MACs" in header
    assert " macs" not in header


def test_compare_has_the_columns_of_a_tool() -> None:
    shown = cnncalc("compare", "lenet5", "alexnet", "--convention", "thop", "--totals").stdout
    assert [line.split()[:3] for line in shown.splitlines() if line.startswith("thop MACs")] == [
        ["thop", "MACs", "418,125"]
    ]


@pytest.mark.parametrize("more", [(), ("--stages",)])
def test_compare_records_the_figures_of_a_tool_beside_ours(more: tuple[str, ...]) -> None:
    names = ("lenet5", "alexnet")
    document = json.loads(cnncalc("compare", *names, *more, "--convention", "thop", "-f", "json").stdout)
    for name, each in zip(names, document["architectures"], strict=True):
        summary = json.loads(cnncalc("summary", name, "--convention", "thop", "-f", "json").stdout)
        assert each["convention"] == summary["convention"]
        assert each["macs"] == summary["totals"]["macs"]


def test_expectations_and_conditions_of_other_tools() -> None:
    text = """
        input: [3, 8, 8]
        layers: ["conv(4, 3) -> relu"]
        expect: {macs(thop): 3888, flops(calflops): 8064, parameters(keras): 112, macs(ptflops): "<= 4.4 k"}
        """
    assert expected(text) == []
    assert expected(text.replace("3888", "3889")) == ["expect-mismatch"]
    assert expected(text.replace("4.4 k", "4.3 k")) == ["expect-mismatch"]
    assert expected(text.replace("macs(thop)", "macs(calflops)")) == ["unknown-key"]
    assert expected(text.replace("macs(thop)", "weights(thop)")) == ["unknown-key"]


def expected(text: str) -> list[str]:
    from cnncalc.errors import Source
    from cnncalc.reading import read_text

    return [problem.code for problem in read_text(Source("a.yaml", text), check_expect=True).problems]


def test_a_limit_on_the_figure_of_a_tool() -> None:
    done = cnncalc("summary", "lenet5", "--limit", "macs(thop) <= 400 k")
    assert done.returncode == 1
    assert "`macs(thop)` is 418,125, but at most 400 k is expected" in done.stderr


def test_each_figure_has_a_name_of_its_own() -> None:
    names = list_names()
    assert len({*names}) == len(names)
    assert all(find_figure(name).name == name for name in names)
