"""`--output` writes a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnncalc.cli.output import write_file

from .running import BAD, cnncalc


def test_the_file_is_what_would_be_printed(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    done = cnncalc("summary", "alexnet", "--format", "csv", "--output", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.read_text() == cnncalc("summary", "alexnet", "--format", "csv").stdout
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_keeps_its_mode_and_its_links(tmp_path: Path) -> None:
    path, link = tmp_path / "out", tmp_path / "link"
    path.write_text("before")
    path.chmod(0o640)
    link.symlink_to(path)
    assert cnncalc("summary", "alexnet", "-o", str(link)).returncode == 0
    assert link.is_symlink()
    assert path.read_text().startswith("AlexNet")
    assert path.stat().st_mode & 0o777 == 0o640


def test_two_containers_write_beside_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share a folder, and their processes may have the same number."""
    monkeypatch.setattr(os, "getpid", lambda: 7)
    path, names, move = tmp_path / "out", set(), Path.replace

    def replace(self: Path, target: Path) -> None:  # while the first writes, the second does, to the end
        names.add(self.name)
        if len(names) == 1:
            write_file("second", str(path))
        move(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_file("first", str(path))
    assert len(names) == 2
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        cnncalc("list", "-o", str(tmp_path / "out"))
    finally:
        os.umask(mask)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["missing/out", ".", "x" * 300])
def test_what_cannot_be_written_is_reported(tmp_path: Path, name: str) -> None:
    done = cnncalc("summary", "alexnet", "--output", str(tmp_path / name))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cnncalc: cannot write ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_write_protected_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    path.chmod(0o444)
    assert cnncalc("list", "-o", str(path)).returncode == 1
    assert path.read_text() == "before"


def test_a_network_with_errors_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    done = cnncalc("summary", "-", "-o", str(path), stdin=BAD)
    assert done.returncode == 1
    assert "is not written" in done.stderr
    assert path.read_text() == "before"


@pytest.mark.parametrize("name", ["/dev/stdout", "-"])
def test_standard_output_by_name(name: str) -> None:
    assert cnncalc("summary", "alexnet", "-o", name).stdout.startswith("AlexNet")


def test_a_device_is_written_to() -> None:
    assert cnncalc("summary", "alexnet", "-o", "/dev/null").returncode == 0
    assert Path("/dev/null").is_char_device()


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert cnncalc("summary", "alexnet", "-o", str(fifo)).returncode == 0
    assert os.read(reader, 7) == b"AlexNet"
    os.close(reader)


@pytest.mark.sample(1)
@pytest.mark.parametrize(
    "args", [["summary", "resnet18"], ["explain", "inception_v1"], ["compare", "alexnet", "vgg11"]]
)
def test_a_pipe_heeds_columns(args: list[str]) -> None:
    wide, narrow = cnncalc(*args).stdout, cnncalc(*args, COLUMNS="80").stdout
    assert max(map(len, narrow.splitlines())) <= 80 < max(map(len, wide.splitlines()))
    assert narrow == cnncalc(*args, "--width", "80").stdout
    for columns in ("", "0", "-5", "abc", "٨٠", "9" * 5_000):
        assert cnncalc(*args, COLUMNS=columns).stdout == wide


def test_a_file_heeds_no_columns(tmp_path: Path) -> None:
    assert cnncalc("summary", "alexnet", "-o", str(tmp_path / "out"), COLUMNS="60").returncode == 0
    assert (tmp_path / "out").read_text(encoding="utf-8") == cnncalc("summary", "alexnet").stdout
