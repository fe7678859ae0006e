"""Malicious and damaged files: problems and exit code 1, in bounded time and memory, never a traceback.

Each runs in its own process, which is killed if it takes too much processor time or memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from subprocess import DEVNULL

import pytest

from . import processes

SECONDS = 20  # of processor time: far more than any needs, far less than one that does not end
BYTES = 600 * 2**20


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def validate(path: Path | str) -> tuple[int, list[str]]:
    """Exit code and codes of `cnncalc validate --format json`."""
    done = processes.run(
        [sys.executable, "-m", "cnncalc", "validate", str(path), "--format", "json"],
        capture_output=True,
        preexec_fn=bounded,
        stdin=DEVNULL,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, [problem["code"] for problem in json.loads(done.stdout)["files"][0]["problems"]]


HEAD = "input: [3, 64, 64]\n"

FILES: dict[str, tuple[bytes | str, str]] = {
    # name: (content, a code that must be among the problems)
    "empty": ("", "wrong-form"),
    "only a comment": ("# nothing\n", "wrong-form"),
    "a text": ("hello", "wrong-form"),
    "bytes that are no text": (bytes(range(256)) * 40, "not-text"),
    "utf-16": ("input: [3, 8, 8]\n".encode("utf-16"), "not-text"),
    "a NUL": (HEAD + "layers: [re\0lu]", "not-text"),
    "ten thousand nested lists": ("[" * 10_000 + "]" * 10_000, "too-large"),
    "ten thousand lists not closed": ("layers: " + "[" * 10_000, "too-large"),
    "nested block mappings": ("".join(" " * n + "a:\n" for n in range(1_000)), "too-large"),
    "nested parentheses": (HEAD + f"layers: {'(' * 4000}relu{')' * 4000}", "too-large"),
    "an alias into itself": ("layers: &a [*a]\ninput: [3, 8, 8]", "yaml-feature"),
    "a bomb of aliases": (
        "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
        "yaml-feature",
    ),
    "a merge key": (HEAD + "layers: [{<<: {a: 1}}]", "yaml-feature"),
    "a tag": (HEAD + "layers: !!python/object/apply:os.system [ls]", "yaml-feature"),
    "two documents": (HEAD + "layers: [relu]\n---\nlayers: [relu]", "yaml-feature"),
    "a huge number": (HEAD + f"layers: ['conv({'9' * 5_000}, 3)']", "too-large"),
    "a tower of powers": (HEAD + "layers: ['conv(9 ** 9 ** 9 ** 9, 3)']", "too-large"),
    "a size of 10^30": ("input: [3, 1000000000000000000000000000000, 8]\nlayers: [relu]", "too-large"),
    "a size of 0": ("input: [3, 0, 8]\nlayers: [relu]", "bad-input"),
    "a negative size": ("input: [3, -8, 8]\nlayers: [relu]", "bad-input"),
    "a size that is no number": ("input: [3, relu, 8]\nlayers: [relu]", "bad-value"),
    "10^9 rounds": (HEAD + "layers: [relu * 1000000000]", "too-large"),
    "10^9 rounds of nothing": (HEAD + "layers: [identity * 1000000000]", "too-large"),
    "rounds within rounds": (HEAD + "layers: ['((relu * 1000) * 1000) * 1000']", "too-large"),
    "blocks that double": (
        HEAD
        + "blocks:\n  b0:\n    - identity\n"
        + "".join(f"  b{n}:\n    - b{n - 1} -> b{n - 1}\n" for n in range(1, 50))
        + "layers: [b49]",
        "too-large",
    ),
    "lists that double": (
        HEAD + "params:\n  p0: [1, 1]\n" + "".join(f"  p{n}: [p{n - 1}, p{n - 1}]\n" for n in range(1, 60))
        + "layers: [relu if p59 == p58]",
        "too-large",
    ),
    "a block that calls itself": (HEAD + "blocks:\n  a:\n    - b\n  b:\n    - a\nlayers: [a]", "recursion"),
    "a map that grows": (HEAD + "layers: [upsample(1000) * 1000]", "too-large"),
    "a field that grows": (
        HEAD + "layers: ['conv(1, 3, stride=2, padding=1) * 5000', relu if nothing]", "unknown-name",
    ),
    "a long line": (HEAD + f"layers: ['{'relu -> ' * 50_000}relu']", "too-large"),
    "many problems": (HEAD + "layers:\n" + "  - nonsense\n" * 50_000, "too-large"),
    "many unknown keys": ("".join(f"key{n}: 1\n" for n in range(20_000)), "unknown-key"),
    "many duplicates": ("a: 1\n" * 50_000, "duplicate-key"),
    "many params": (
        HEAD + "params:\n" + "".join(f"  p{n}: {n}\n" for n in range(30_000)) + "layers: [relu]", "unused-param",
    ),
    "many blocks with typos": (
        HEAD + "blocks:\n" + "".join(f"  block{n}:\n    - reluu{n}\n" for n in range(5_000)) + "layers: [blok1]",
        "unknown-kind",
    ),
    "a thousand warnings that are allowed": (
        HEAD + "allow: {linear-pair: a test}\nlayers:\n" + "  - conv(3, 1)\n" * 1_000 + "  - nothing\n", "unknown-kind",
    ),
    "a text beside a key behind blanks": (
        HEAD + "layers:\n  - relu\n    name:" + " " * 500_000 + "x: y\n", "yaml-syntax",
    ),
    "many unknown arguments": (
        HEAD + "layers: [{conv: {" + ", ".join(f"a{n}: 1" for n in range(20_000)) + "}}]", "unknown-argument",
    ),
    "many branches": (
        HEAD + "layers:\n  - add:\n" + "".join(f"      b{n}: relu\n" for n in range(30_000)) + "      x: rellu\n",
        "unknown-kind",
    ),
    "many blocks and params": (
        HEAD + "params:\n" + "".join(f"  p{n}: 1\n" for n in range(20_000)) + "blocks:\n"
        + "".join(f"  b{n}:\n    - relu\n" for n in range(12_000)) + "layers: [b0]", "unused-block",
    ),
    "a block that calls itself twice": (HEAD + "blocks:\n  a:\n    - a -> a\nlayers: [a]", "recursion"),
    "a block that calls itself twice, and a typo": (
        "inptu: [3, 8, 8]\nblocks:\n  a:\n    - a -> relu -> a\nlayers: [a]", "unknown-key",
    ),
    "a block used again in what is used again": (
        HEAD + "blocks:\n  b0:\n    - conv(3, 3, padding=1)\n"
        + "".join(f"  b{n}:\n    - x = b{n - 1}\n    - reuse(x) * 2\n" for n in range(1, 40)) + "layers: [b39]",
        "too-large",
    ),
    "long names of blocks within blocks": (
        HEAD + f"blocks:\n  b0:\n    - {'n' * 1_000} = relu * 90000\n"
        + "".join(f"  b{n}:\n    - {'n' * 1_000} = b{n - 1}\n" for n in range(1, 20)) + "layers: [b19]",
        "too-large",
    ),
    "a long list handed on often": (
        HEAD + f"params:\n  x: [{'1, ' * 9_990}1]\nblocks:\n  b(y):\n    - relu if max(y) == 1\nlayers: [b(x) * 90000]",
        "too-large",
    ),
    "typos on a long line": (HEAD + f"layers: {{{'conv(8, 3x3), ' * 20_000}}}", "duplicate-key"),
    "typos in a large file": (HEAD + "layers:\n" + "  - é\n  - nn.Conv2d(3, 8)\n" * 1_800, "unknown-kind"),
    "params of a family that nothing reads": (
        "extends: efficientnet_b7\nparams:\n" + "".join(f"  p{n}: 1\n" for n in range(60_000)), "unused-param",
    ),
    "a mebibyte of layers": (HEAD + "layers:\n" + "  - conv(8, 3, padding=1)\n" * 37_000, "too-large"),
    "a mebibyte of numbers": (HEAD + f"params: {{x: [{'1, ' * 340_000}1]}}\nlayers: [relu]", "too-large"),
    "more than a mebibyte": ("#" * (2**20 + 1), "too-large"),
    "escapes of a terminal": (HEAD + 'name: "\\e[31mred\\e]0;title\\a"\nlayers: ["\\e[2J"]', "syntax"),
}  # fmt: skip


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", FILES)
def test_a_malicious_file(name: str, tmp_path: Path) -> None:
    content, code = FILES[name]
    path = tmp_path / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    exit_code, codes = validate(path)
    assert exit_code == 1
    assert code in codes


def test_a_large_valid_file_is_read(tmp_path: Path) -> None:
    """Nearly 30,000 layers in a file of 1,000 lines."""
    path = tmp_path / "large.yaml"
    path.write_text(HEAD + "layers:\n" + "  - (relu -> sigmoid) * 15\n" * 999)
    assert validate(path) == (0, [])


@pytest.mark.parametrize("name", ["missing.yaml", "a\nb.yaml", "x" * 5000, "", "\x1b[31m.yaml"])
def test_a_missing_file(name: str, tmp_path: Path) -> None:
    assert validate(f"{tmp_path}/{name}/none.yaml") == (1, ["unreadable"])


def test_a_device_is_rejected() -> None:
    assert validate("/dev/zero") == (1, ["unreadable"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text(HEAD)
    path.chmod(0)
    assert validate(path) == (1, ["unreadable"])
