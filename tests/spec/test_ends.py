"""Named outputs: which ones end the network, the name of each, and that all commands agree on them."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.folding import fold
from cnncalc.errors import Problem, Source
from cnncalc.reading import read_text

from ..cli.running import cnncalc
from ..networks import network, problems, read, report

DETECT = """
    input: [3, 64, 64]
    blocks:
      detect(n):
        - conv(16, 3, padding=1) -> relu
        - outputs:
            boxes: conv(4, 1)
            classes: conv(n, 1)
"""
TWO = f"""{DETECT}
    layers:
      - c = conv(8, 3, stride=2, padding=1) -> relu
      - max_pool(2)
      - outputs:
          p3: from(c) -> detect(10)
          p4: detect(10)
"""  # 64 → 32 by the stride, → 16 by the pool; boxes have 4 channels, classes 10
SHAPES = {
    "p3.boxes": (4, 32, 32), "p3.classes": (10, 32, 32), "p4.boxes": (4, 16, 16), "p4.classes": (10, 16, 16),
}  # fmt: skip


def test_outputs_are_named_by_the_path_that_makes_them_unique() -> None:
    assert report(TWO).outputs == SHAPES


@pytest.mark.parametrize(
    ("end", "names"),
    [
        ("detect(10)", ["boxes", "classes"]),  # one of each: the last part says it
        ("(heads = detect(10))", ["boxes", "classes"]),
        ("detect(10) * 2", ["detect1.1.boxes", "detect1.1.classes", "detect1.0.boxes", "detect1.0.classes"]),
        ("(relu -> detect(10))", ["boxes", "classes"]),
        ("detect(10) if true", ["boxes", "classes"]),
        ("add: {one: detect(10) if true}", ["boxes", "classes"]),
        ("outputs: [relu, detect(10)]", ["1", "boxes", "classes"]),
    ],
)
def test_outputs_anywhere_in_the_last_item_end_the_network(end: str, names: list[str]) -> None:
    found = report(f"{DETECT}\n    layers:\n      - conv(8, 1) -> relu\n      - {end}\n")
    assert list(found.outputs) == names
    assert found.output == next(iter(found.outputs.values()))  # and not the 16×64×64 before the heads


@pytest.mark.parametrize("last", ["identity", "from(x)", "x", "linear"])
def test_a_layer_after_outputs_is_the_output(last: str) -> None:
    items = {"x": "conv(5, 1)", "linear": "flatten -> linear(5)"}
    made = network(
        f"{DETECT}\n    layers:\n      - x = conv(8, 1)\n      - detect(10)\n      - {items.get(last, last)}\n"
    )
    assert list(made.outputs) == ["", "boxes", "classes"]


def test_a_block_that_ends_in_outputs_continues_if_it_is_called_earlier() -> None:
    made = network(f"{DETECT}\n    layers:\n      - conv(8, 1) -> relu\n      - detect(10)\n      - conv(5, 1)\n")
    *_, last = made.nodes
    assert last.input_shapes == ((16, 64, 64),)
    assert next(iter(made.outputs.values())) == last.index


def test_outputs_of_the_same_name_in_one_body_have_their_whole_paths() -> None:
    found = report("""
        layers:
          - outputs: {a: "conv(1, 1)"}
          - outputs: {a: "conv(2, 1)"}
          - conv(3, 1)
    """)
    assert {name: shape[0] for name, shape in found.outputs.items()} == {"outputs1.a": 1, "outputs2.a": 2}


def test_a_row_of_outputs_has_no_size_and_no_field_of_a_tensor_that_passes() -> None:
    rows = {row.path: (row.output, row.settings, row.result) for row in fold(report(TWO), 1)}
    assert rows["outputs1"] == (None, "named outputs", None)
    rows = {row.path: (row.output, row.settings, row.result) for row in fold(report(TWO), 2)}
    assert rows["outputs1.p3"][0] is rows["outputs1.p4"][0] is None


def test_a_stage_that_ends_in_outputs_and_is_read_later_has_its_size() -> None:
    found = report(f"{DETECT}\n    layers:\n      - conv(8, 1) -> relu\n      - detect(10)\n      - conv(5, 1)\n")
    assert [row.output for row in fold(found, 1) if row.path == "detect1"] == [(16, 64, 64)]


def test_a_main_path_that_outputs_discard_is_reported_with_a_branch_that_keeps_it(tmp_path: Path) -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - x = conv(8, 3)\n  - relu -> flatten -> linear(10)\n"
    ends = {
        "\n  - outputs:\n      aux: from(x)\n": "\n      cls: identity\n",
        " {aux: from(x)}\n": "{cls: identity, aux: ",
    }
    for end, written in ends.items():
        file = tmp_path / "net.yaml"
        file.write_text(text + (end.lstrip("\n") if end.startswith("\n") else f"  - outputs:{end}"), encoding="utf-8")
        found = json.loads(cnncalc("validate", str(file), "--format", "json").stdout)
        (problem,) = found["files"][0]["problems"]
        assert problem["code"] == "lost-value"
        assert "`linear1`" in problem["message"]
        assert problem["help"] == "make it an output as well: `cls: identity`"
        fix = problem["fix"]
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        line = lines[fix["line"] - 1]
        lines[fix["line"] - 1] = line[: fix["column"] - 1] + fix["text"] + line[fix["column"] - 1 :]
        mended = "".join(lines)
        assert written in mended
        file.write_text(mended, encoding="utf-8")
        shown = json.loads(cnncalc("summary", str(file), "--format", "json").stdout)
        assert (shown["output"], shown["outputs"]) == ([10], {"cls": [10], "aux": [8, 6, 6]})


def test_expectations_of_outputs() -> None:
    expect = "    expect:\n      output: [4, 32, 32]\n      outputs: {p3.boxes: [4, 32, 32], p4.boxes: [4, 16, 16]}\n"
    assert [each.code for each in judged(TWO + expect)] == []
    found = judged(TWO + expect.replace("16, 16]}", "16, 17], p5.boxes: [4, 8, 8]}"))
    assert [each.code for each in found] == ["expect-mismatch", "unknown-name"]
    assert "p3.boxes, p3.classes, p4.boxes, p4.classes" in found[1].help
    assert [each.code for each in judged(TWO + "    expect: {outputs: 3}\n")] == ["wrong-form"]


def judged(text: str) -> list[Problem]:
    """The problems of a file, those of `expect` included."""
    return read_text(Source("test.yaml", dedent(text)), check_expect=True).problems


def test_all_commands_agree(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(dedent(TWO), encoding="utf-8")
    shown = json.loads(cnncalc("summary", str(file), "--format", "json").stdout)
    assert shown["outputs"] == {name: list(shape) for name, shape in SHAPES.items()}
    made = json.loads(cnncalc("run", str(file), "--seed", "1", "--format", "json").stdout)["outputs"]
    assert [tuple(one["shape"]) for one in made.values()] == list(SHAPES.values())
    for name, shape in SHAPES.items():
        (one,) = json.loads(cnncalc("run", str(file), "--seed", "1", "--at", name, "--format", "json").stdout)[
            "outputs"
        ].values()
        assert tuple(one["shape"]) == shape
        assert f"→ {'×'.join(map(str, shape))}\n" in cnncalc("explain", str(file), name).stdout
        assert f"output {name}" in cnncalc("summary", str(file)).stdout
    of_group = json.loads(cnncalc("run", str(file), "--seed", "1", "--at", "outputs1.p4", "--format", "json").stdout)[
        "outputs"
    ]
    assert [tuple(one["shape"]) for one in of_group.values()] == [(4, 16, 16), (10, 16, 16)]
    compared = json.loads(cnncalc("compare", str(file), str(file), "--format", "json").stdout)
    assert "4, 32, 32" in json.dumps(compared)


def test_explain_finds_the_end_of_a_path_of_a_group(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(dedent(TWO), encoding="utf-8")
    found = cnncalc("explain", str(file), "boxes").stdout
    assert [line.split()[0] for line in found.splitlines() if " → " in line and ": 16×" in line] == [
        "outputs1.p3.detect1.outputs1.boxes.conv1", "outputs1.p4.detect1.outputs1.boxes.conv1",
    ]  # fmt: skip


def test_an_error_leaves_only_the_outputs_before_it() -> None:
    text = """
        layers:
          - outputs: {early: "conv(2, 1)"}
          - body = (conv(4, 3) -> conv(4, 1) -> conv(8, 30))
          - outputs: {late: "conv(5, 1)", as_it_is: identity}
    """
    loaded = read(text)
    assert loaded.network is not None
    found = analyze(loaded.network)
    assert (found.output, found.outputs) == ((), {"early": (2, 8, 8)})
    assert [row.output for row in fold(found, 1)] == [(2, 8, 8), None]  # not the 3×8×8 of the input


def test_an_error_in_the_first_layer_leaves_no_sizes(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(
        'input: [3, 8, 8]\nparams: {k: 3}\nlayers:\n  - conv(4, k)\n  - outputs: {a: relu, b: "conv(2, 1)"}\n',
        encoding="utf-8",
    )
    found = json.loads(cnncalc("summary", str(file), "--set", "k=40", "--format", "json").stdout)
    assert (found["output"], found["outputs"], found["layers"]) == (None, {}, [])
    assert "3×8×8 → ?" in cnncalc("summary", str(file), "--set", "k=40").stdout
    assert "output a" not in cnncalc("summary", str(file), "--set", "k=40").stdout


@pytest.mark.parametrize(
    ("names", "read", "unread"),
    [
        ("c5 c11 c17", "c17", ""),  # NASNet: the last of each kind of cell
        ("l1 l2 l3 l4", "l2 l3", ""),
        ("c1 c2 c3 c4", "c2 c3 c4", ""),  # a pyramid
        ("enc1 enc2 enc3", "enc1 enc2", ""),  # a U-Net
        ("enc1 enc2 enc3", "enc1 enc3", "enc2"),  # one forgotten
        ("stem body low", "low", ""),
        ("low high", "high", "low"),
    ],
)
def test_names_that_only_serve_the_paths_are_allowed(names: str, read: str, unread: str) -> None:
    items = "\n".join(f"          - {name} = conv(4, 3, padding=1)\n          - relu" for name in names.split())
    found = problems(f"""
        layers:
{items}
          - add: [{", ".join(f"from({name})" for name in read.split())}, identity]
    """)
    assert [code for code, *_ in found] == (["unread-output"] if unread else [])
