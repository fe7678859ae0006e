"""`cnncalc.load` accepts paths, sequences of sizes, and mappings of values."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

import cnncalc
from cnncalc.errors import UsageError

NET = """\
input: [3, 8, 8]
params: {width: 4, sizes: [1, 2], plain: true, rate: 0.5, pad: half}
layers:
  - conv(width, 3, padding=pad) -> (relu if plain else tanh)
  - dropout(rate) -> conv(sizes[0], 1) -> conv(sizes[1], 1)
"""


class Whole:
    """An integer of another library, e.g. NumPy."""

    def __index__(self) -> int:
        return 16


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "net.yaml"
    file.write_text(NET)
    return file


def output(architecture: Any, **how: Any) -> tuple[int, ...]:
    return cnncalc.load(architecture, **how).nodes[-1].output


@pytest.mark.parametrize("kind", [str, Path, PurePosixPath])
def test_paths(kind: Callable[[str], Any], path: Path) -> None:
    assert output(kind(str(path))) == (2, 8, 8)


def test_a_path_is_a_file_and_never_standard_input(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    path.rename("-")
    assert output(Path("-")) == (2, 8, 8)


def test_a_directory_entry_is_a_path(path: Path) -> None:
    with os.scandir(path.parent) as entries:
        assert [output(entry) for entry in entries] == [(2, 8, 8)]


@pytest.mark.parametrize("size", ["3x16x20", [3, 16, 20], (3, 16, 20), [3, Whole(), 20]])
def test_sizes_of_the_input(size: Any, path: Path) -> None:
    assert output(path, input=size) == (2, 16, 20)


@pytest.mark.parametrize(
    "settings",
    [
        {"width": 16, "sizes": [5, 7], "plain": False, "rate": 0.25, "pad": "same"},
        {"width": Whole(), "sizes": (5, 7), "plain": False, "rate": 2.5e-1, "pad": "same"},
        ["width=16", "sizes=[5, 7]", "plain=false", "rate=0.25", "pad=same"],
        {"width": "8 * 2", "sizes": ["2 + 3", 7], "plain": "1 == 2", "rate": "1 / 4", "pad": "same"},
    ],
)
def test_values_of_params(settings: Any, path: Path) -> None:
    network = cnncalc.load(path, settings=settings)
    assert [repr(node.layer) for node in network.nodes] == [
        "conv(16, 3, padding=same)", "tanh", "dropout(rate=0.25)", "conv(5, 1)", "conv(7, 1)"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((b"net.yaml",), "an architecture is given as a string or a path, not as bytes"),
        ((3,), "an architecture is given as a string or a path, not as int"),
        ((None,), "an architecture is given as a string or a path, not as NoneType"),
        (("lenet5", 28), "an input size is a string or a sequence of integers, not int"),
        (("lenet5", b"1x28x28"), "an input size is a string or a sequence of integers, not bytes"),
        (("lenet5", {1: 28}), "the name of an input is a string, not int"),
        (("lenet5", {"x": {1: 28}}), "an input size is a string or a sequence of integers, not dict"),
        (("lenet5", [1, 28.0, 28]), "the sizes of an input are integers, not float"),
        (("lenet5", [1, True, 28]), "the sizes of an input are integers, not bool"),
        (("lenet5", [1, "28", 28]), "the sizes of an input are integers, not str"),
        (("lenet5", None, "classes=3"), "settings are a mapping or a sequence of NAME=VALUE, not str"),
        (("lenet5", None, 3), "settings are a mapping or a sequence of NAME=VALUE, not int"),
        (
            ("lenet5", None, [("classes", 3)]),
            "a setting is NAME=VALUE, or a name with its value in a mapping, not tuple",
        ),
        (("lenet5", None, {3: 3}), "a setting is NAME=VALUE, or a name with its value in a mapping, not int"),
        (("lenet5", None, {"classes": None}), "the value of a param is a number, .* not NoneType"),
        (("lenet5", None, {"classes": [Decimal(3)]}), "the value of a param is a number, .* not Decimal"),
    ],
)
def test_other_types_are_a_type_error(arguments: tuple[Any, ...], message: str) -> None:
    names = ("architecture", "input", "settings")
    how: dict[str, Any] = dict(zip(names, arguments, strict=False))
    with pytest.raises(TypeError, match=f"^{message}$"):
        cnncalc.load(**how)


@pytest.mark.parametrize(
    "how", [{"input": [1, 0, 28]}, {"input": [28]}, {"input": [1, -28, 28]}, {"settings": {"x": 1}}]
)
def test_impossible_values_are_a_usage_error(how: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        cnncalc.load("lenet5", **how)
