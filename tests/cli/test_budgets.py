"""`--limit`, and conditions under `expect`: what is missed, by how much, and the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import cnncalc

# lenet5 in the file has 61,706 parameters; resnet18 1,814,073,344 macs, resnet34 3,663,761,408 (torchvision)
RESNETS = ("resnet18", "resnet34")


@pytest.mark.parametrize("command", [("summary",), ("validate",)])
def test_a_limit_that_holds_says_nothing(command: tuple[str, ...]) -> None:
    limits = ["--limit", "parameters <= 61.706 k", "--limit", "depth 5..5", "--limit", "parameters 100% of lenet5"]
    ran = cnncalc(*command, "lenet5", *limits)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_limit_that_is_missed_says_by_how_much_and_where_the_most_is() -> None:
    ran = cnncalc("summary", "lenet5", "--limit", "parameters <= 50 k")
    assert ran.returncode == 1
    assert "61,706" in ran.stdout  # the table is shown all the same
    assert "`parameters` is 61,706, but at most 50 k is expected: 11,706 more (23.4 %)" in ran.stderr
    assert "most of it is in conv3 78.0 %" in ran.stderr  # 400·120 + 120 = 48,120 of 61,706


def test_a_peak_that_is_too_high_lists_the_layers_where_it_is() -> None:
    """In and out of LeNet-5's layers, 4 bytes each: tanh1 2·6·28², avg_pool1 6·(28² + 14²), conv1 32² + 6·28²."""
    ran = cnncalc("validate", "lenet5", "--limit", "peak_memory < 13 k")
    sizes = (4 * 2 * 6 * 28**2, 4 * 6 * (28**2 + 14**2), 4 * (32**2 + 6 * 28**2))
    assert "the limit is exceeded in 3 layers: tanh1 {:,}, avg_pool1 {:,}, conv1 {:,}\n".format(*sizes) in ran.stdout
    ran = cnncalc("validate", "lenet5", "--limit", "peak_memory <= 12 k")
    assert "the limit is exceeded in 4 layers: tanh1" in ran.stdout  # tanh2 too: 2·16·10²·4 = 12,800
    assert "conv1 22,912, …\n" in ran.stdout


def test_all_conditions_that_are_wrong_are_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("extends: lenet5\nexpect: {depth: <= 5 KiB, maks: <= 5, macs: 3 .. 2}\n")
    said = cnncalc("validate", str(file)).stdout
    for each in ("`depth` is no figure in KiB", "unknown key `maks`", "runs backwards"):
        assert each in said


def test_bytes_are_called_so() -> None:
    """The first map of LeNet-5, 6×28×28, in and out of its tanh, 4 bytes each: 37,632."""
    ran = cnncalc("validate", "lenet5", "--limit", "peak_memory <= 36 KiB")
    assert "`peak_memory` is 37,632 bytes, but at most 36 KiB is expected: 768 more (2.1 %)" in ran.stdout


def test_an_option_is_in_no_file_for_github() -> None:
    ran = cnncalc("validate", "lenet5", "--limit", "parameters <= 50 k", "--format", "github")
    assert ran.returncode == 1
    assert ran.stdout.startswith("::error file=lenet5,title=expect-mismatch::")


def test_compare_holds_each_against_the_first() -> None:
    ran = cnncalc("compare", *RESNETS, "resnet18", "--limit", "macs <= +5%")
    assert ran.returncode == 1
    over = 3_663_761_408 - 1_814_073_344 * 1.05
    assert f"{over:,.0f} more" in ran.stderr
    assert "note: of resnet34" in ran.stderr
    assert ran.stderr.count("error[") == 1  # resnet18 is within 5 % of itself
    assert cnncalc("compare", *RESNETS, "--limit", "macs <= +102%").returncode == 0
    assert cnncalc("compare", *RESNETS, "--limit", "macs <= 2 G", "--totals").returncode == 1
    assert cnncalc("compare", *reversed(RESNETS), "--limit", "macs <= 2 G", "--totals").returncode == 0


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("maks <= 3", "did you mean `macs`?"),
        ("macs", "there is no condition: write `<= 300 M`"),
        ("macs <= 3 KiB", "its units are k, M, G, T; did you mean 'macs <= 3 k'?"),
        ("macs 3..5 MB", "its units are k, M, G, T; did you mean 'macs 3..5 M'?"),
        ("receptive_field <= 3 k", "is no figure in k; it takes numbers without a unit\n"),
        ("peak <= 3", "did you mean `peak_memory`?"),
        ("params <= 3", "did you mean `parameters`?"),
        ("macs <= 3 m", "did you mean 'macs <= 3 M'?"),
        ("", "the figures are"),
        ("macs <= 3%", "a share of nothing"),
    ],
)
def test_a_wrong_limit_is_wrong_usage(limit: str, said: str) -> None:
    ran = cnncalc("summary", "lenet5", "--limit", limit)
    assert ran.returncode == 2
    assert said in ran.stderr


def test_a_reference_on_the_command_line_may_be_any_architecture(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("input: [1, 8, 8]\nlayers: [flatten, linear(1000)]\n")  # 65,000 parameters
    assert cnncalc("validate", "lenet5", "--limit", f"parameters <= 95% of {other}").returncode == 0
    assert cnncalc("validate", "lenet5", "--limit", f"parameters <= 94% of {other}").returncode == 1
    missing = cnncalc("validate", "lenet5", "--limit", "parameters <= 94% of nothing_there")
    assert missing.returncode == 1
    assert "nothing_there" in missing.stderr + missing.stdout


def test_a_misspelled_figure_under_expect_is_suggested_as_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: [3, 8, 8]\nlayers: [flatten]\nexpect:\n  mcas: 0\n  blue: 0\n")
    shown = cnncalc("validate", str(file)).stdout
    assert "did you mean `macs`?" in shown
    assert shown.count("the keys of `expect` are input, output, parameters") == 1  # of `blue`


NET = """\
params: {width: 4}
input: [3, 8, 8]
layers:
  - conv(width, 3)
expect:
  macs: 3888
  parameters: <= 200
"""


def test_conditions_hold_for_other_inputs_and_params_and_exact_figures_do_not(tmp_path: Path) -> None:
    """28·width parameters: 112 for 4 channels, 224 for 8."""
    file = tmp_path / "net.yaml"
    file.write_text(NET)
    assert cnncalc("validate", str(file)).stderr == ""
    ran = cnncalc("validate", str(file), "--input", "3x9x9")
    assert ran.returncode == 0
    assert "the exact figures under `expect` (1)" in ran.stderr
    ran = cnncalc("validate", str(file), "--set", "width=8")
    assert ran.returncode == 1
    assert "`parameters` is 224, but at most 200 is expected: 24 more (12.0 %)" in ran.stdout


def test_references_have_their_limits_together_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnncalc import limits
    from cnncalc.reading import read

    (tmp_path / "big.yaml").write_text("input: [3, 8, 8]\nlayers: [relu * 60]\n")
    file = tmp_path / "net.yaml"
    file.write_text("input: [3, 8, 8]\nlayers: [relu * 60]\nexpect: {layers: 100% of big}\n")
    assert not read(str(file), check_expect=True).problems
    monkeypatch.setattr(limits, "LAYERS", 100)
    (problem,) = read(str(file), check_expect=True).problems
    assert problem.code == "reference-missing"
    monkeypatch.setattr(limits, "REFERENCES", 0)
    (problem,) = read(str(file), check_expect=True).problems
    assert problem.code == "too-large"


def test_a_file_names_no_path_and_no_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    for name in ("-", "/etc/passwd", "../net", "torch:resnet18", "net.py"):
        file.write_text(f"input: [3, 8, 8]\nlayers: [relu]\nexpect: {{layers: '<= 100% of {name}'}}\n")
        ran = cnncalc("validate", str(file), stdin="input: [1]\nlayers: [relu]\n")
        assert ran.returncode == 1
        assert "reference-missing" in ran.stdout


def test_limits_in_bytes_are_of_the_data_type() -> None:
    """tanh1 of LeNet-5 has 2·6·28² = 9,408 elements alive, as int8 so many bytes."""
    limit = ("--limit", "peak_memory <= 9408 B")
    assert cnncalc("summary", "lenet5", *limit).returncode == 1
    assert cnncalc("summary", "lenet5", *limit, "--dtype", "int8").returncode == 0
    pair = ("compare", "lenet5", "lenet5", "--totals", *limit)
    assert cnncalc(*pair).returncode == 1
    assert cnncalc(*pair, "--dtype", "int8").returncode == 0


DEVICE = ("--compute", "1T", "--bandwidth", "1G")
USING_A_DEVICE = [
    ("summary", "lenet5", "--limit", "least_time <= 1 ns"),
    ("summary", "lenet5", "--columns", "layer,least_time"),
    ("validate", "lenet5", "--limit", "least_time <= 1 ns"),
    ("compare", "lenet5", "alexnet", "--limit", "least_time <= 105% of lenet5"),
    ("compare", "lenet5", "alexnet", "--columns", "least_time"),
    ("sweep", "lenet5", "--vary", "input=32,36", "--minimize", "least_time"),
    ("calc", "linear(10)", "--input", "[4]", "--columns", "layer,least_time"),
]


@pytest.mark.parametrize("command", USING_A_DEVICE, ids=" ".join)
def test_the_least_time_needs_a_device(command: tuple[str, ...]) -> None:
    ran = cnncalc(*command)
    assert ran.returncode == 2
    assert "add e.g. --compute 10T --bandwidth 100G" in ran.stderr
    ran = cnncalc(*command, *DEVICE)
    assert ran.returncode == int("--limit" in command)
    if "--limit" in command:
        assert "`least_time` is " in ran.stdout + ran.stderr
    else:
        assert "s\n" in ran.stdout  # 123 µs
    unused = [
        word for word in command if "least_time" not in word and word not in ("--limit", "--columns", "--minimize")
    ]
    ran = cnncalc(*unused, *DEVICE)
    assert ran.returncode == 2
    assert "has an effect only with the figure `least_time`" in ran.stderr


def test_the_least_time_by_hand() -> None:
    """linear(10) of 4 values: 4 + 10 values and 40 + 10 parameters of 4 bytes, 256 bytes at 1,000 a second."""
    limit = ("--limit", "least_time <= 200 ms")
    ran = cnncalc("summary", "linear(10)", "--input", "[4]", *limit, "--compute", "1T", "--bandwidth", "1k")
    assert "`least_time` is 256 ms, but at most 200 ms is expected: 56.0 ms more (28.0 %)" in ran.stderr
    assert "most of it is in linear1 100.0 %" in ran.stderr


@pytest.mark.parametrize("limit", ["macs <= 5 ms", "least_time <= 5 M", "peak_memory <= 5 s"])
def test_units_of_time_are_those_of_times_alone(limit: str) -> None:
    ran = cnncalc("summary", "lenet5", "--limit", limit, *DEVICE)
    assert ran.returncode == 2
    assert "its units are" in ran.stderr
