"""Reading numbers from files: in linear time, within bounds of memory, and no more of it than the network takes."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from random import Random

import pytest

from cnncalc import limits
from cnncalc.cli.app import run
from cnncalc.errors import Source
from cnncalc.execution.netpbm import PictureError, read_header, read_picture
from cnncalc.execution.weights import FlatArray, NestedError, flatten_array
from cnncalc.spec.files import PIECE, read_bytes, read_stream
from cnncalc.spec.weights import memory_to_read, read_array, read_weights

COUNT = 20_000


class Piece(bytes):
    """A piece of a stream that must not be appended to what was read before, which would copy all of it."""

    def __radd__(self, before: bytes) -> bytes:
        raise AssertionError(f"{len(before)} bytes are copied to add {len(self)}")


class Slow(BytesIO):
    """A stream that gives a few bytes at a time, as a pipe does; it notes how many are asked for."""

    def __init__(self, data: bytes, at_once: int) -> None:
        super().__init__(data)
        self.at_once = at_once
        self.asked: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        self.asked.append(size)
        return Piece(super().read(min(size, self.at_once)))


@pytest.mark.parametrize("at_once", [1, 1_000, PIECE, 10**9])
def test_a_stream_is_read_piece_by_piece_and_no_further_than_wanted(at_once: int) -> None:
    data = Random(0).randbytes(5_000 if at_once == 1 else 10 * PIECE + 17)
    stream = Slow(data, at_once)
    assert read_stream(stream, 10**9) == data
    assert max(stream.asked) == PIECE
    assert len(stream.asked) == -(-len(data) // min(at_once, PIECE)) + 1
    stream = Slow(data, at_once)
    assert read_stream(stream, len(data) - 5) == data[:-5]
    assert stream.tell() == len(data) - 5


def test_reading_holds_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 2**22)
    assert peak(lambda: read_bytes(str(path), 2**30)) < 1.3 * 2**22  # the buffer grows by an eighth at a time
    assert peak(lambda: read_bytes(str(path), 2**20)) < 1.3 * 2**20


def peak(work: Callable[[], object]) -> int:
    """Most bytes that Python holds for it at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# What takes the most memory for its characters, and what is usual.
FORMS: dict[str, str] = {
    "zeros": "[" + "0," * COUNT + "0]",
    "integers": "[" + "1234," * COUNT + "0]",
    "floats": "[" + "1e1," * COUNT + "0]",
    "digits": "[" + "0.12345678901234567," * COUNT + "0]",
    "empty lists": "[" + "[]," * COUNT + "[]]",
    "lists of one": "[" + "[0]," * COUNT + "[0]]",
    "lists of five": "[" + "[0,0,0,0,0]," * COUNT + "[0,0,0,0,0]]",
    "lists of nine": "[" + "[1.5,1,1,1,1,1,1,1,1]," * COUNT + "[1,1,1,1,1,1,1,1,1]]",
    "two levels": "[" + "[[1.5]]," * COUNT + "[[1.5]]]",
    "kernels": "[" + "[[1.5,2.5,3.5],[1,2,3],[1,2,3]]," * COUNT + "[[1,2,3],[1,2,3],[1,2,3]]]",
    "empty mappings": "[" + "{}," * COUNT + "{}]",
    "mappings of one": "[" + '{"":0},' * COUNT + "{}]",
    "mappings of three": "[" + '{"a":0,"b":0,"c":0},' * COUNT + "{}]",
    "keys": '{"a": {' + ",".join(f'"{n}":0' for n in range(COUNT)) + "}}",
    "paths": "{" + ",".join(f'"layer{n}":{{"weight":[1.5],"bias":[1.5]}}' for n in range(COUNT)) + "}",
    "strings": "[" + '"ab",' * COUNT + '"a"]',
    "a string": '["' + "a" * COUNT * 10 + '"]',
    "a string of wide characters": '["😀' + "a" * COUNT * 10 + '"]',
    "escapes": '["' + "\\ud83d\\ude00" * COUNT + '"]',
}


def read_all(source: Source) -> list[FlatArray]:
    """As `run` reads an input or weights, whichever of them it is."""
    if source.text.startswith("["):
        values, problems = read_array(source)
        arrays = [values]
    else:
        given, problems = read_weights(source)
        arrays = [array.value for named in given.values() for array in named.values()]
    assert problems == []
    found = []
    for array in arrays:
        with suppress(NestedError):
            found.append(flatten_array(array))
    return found


@pytest.mark.sample(5)
@pytest.mark.parametrize("form", FORMS)
def test_the_memory_of_reading_is_known_before(form: str) -> None:
    """The text itself is held by who reads it."""
    source = Source("data", FORMS[form])
    taken = peak(lambda: read_all(source))
    assert taken <= memory_to_read(source.text)
    if form in ("zeros", "floats", "lists of one"):
        assert memory_to_read(source.text) < 2 * taken + 100_000


def test_what_takes_too_much_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.yaml").write_text("input: [1, 3]\nlayers: [relu]\n")
    (tmp_path / "data.json").write_text("[[1, 2, 3]]")
    (tmp_path / "weights.json").write_text('{"conv1": {"weight": [1, 2, 3]}}')
    args = ["run", str(tmp_path / "net.yaml"), "--input-data", str(tmp_path / "data.json")]
    monkeypatch.setattr(limits, "DATA_MEMORY", memory_to_read("[[1, 2, 3]]"))
    assert run(args) == 0
    monkeypatch.setattr(limits, "DATA_MEMORY", memory_to_read("[[1, 2, 3]]") - 1)
    capsys.readouterr()
    assert run(args) == 1
    assert "data.json needs up to 0 MB of memory to read, more than the limit of 0 MB" in capsys.readouterr().err
    assert run(["run", str(tmp_path / "net.yaml"), "--weights", str(tmp_path / "weights.json")]) == 1
    assert "weights.json needs up to" in capsys.readouterr().err


def test_all_that_is_held_is_within_300_megabytes() -> None:
    """The interpreter and the program take some 25 MB; a file is decoded, and then read."""
    decoding = limits.DATA_BYTES * (1 + 4)  # a text of characters beyond 16 bits takes four bytes for each
    assert 25e6 + max(decoding, limits.DATA_MEMORY) < 300e6


def test_other_text_than_json_is_read_up_to_the_size_of_an_architecture(capsys: pytest.CaptureFixture[str]) -> None:
    number = "- 1\n"
    fitting = Source("data", number + " " * (limits.FILE_BYTES - len(number)))
    assert read_array(fitting) == ([1.0], [])
    for text in (fitting.text + " ", "[1, 2" + " " * limits.FILE_BYTES, '{"a": 1}' + " " * limits.FILE_BYTES):
        for found, problems in (read_array(Source("data", text)), read_weights(Source("data", text))):
            assert not found
            assert [problem.message for problem in problems] == [
                "data is not JSON of the expected form, and exceeds the limit for other text of 1,024 KiB"
            ]
    large = json.dumps([[0.5] * 400_000])
    assert len(large) > limits.FILE_BYTES
    assert flatten_array(read_array(Source("data", large))[0]).shape == (1, 400_000)


def test_a_number_of_any_length_is_a_double() -> None:
    assert read_array(Source("data", "[9007199254740993, 1" + "0" * 308 + "]"))[0] == [9007199254740992.0, 1e308]
    with pytest.raises(NestedError, match="infinite or not a number"):
        flatten_array(read_array(Source("data", "[1" + "0" * 5_000 + "]"))[0])


def test_a_picture_is_compared_before_it_is_decoded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """4 MiB of pixels for an input of 1×2×2: little more is held than the file."""
    (tmp_path / "net.yaml").write_text("input: [1, 2, 2]\nlayers: [relu]\n")
    args = ["run", str(tmp_path / "net.yaml"), "--input-data", str(tmp_path / "data")]
    codes: list[int] = []
    for magic in ("P5", "P6", "P2", "P3"):
        (tmp_path / "data").write_bytes(f"{magic} 1024 1024 255\n".encode() + b"1 " * 2**21)
        assert peak(lambda: codes.append(run(args))) < 1.5 * 2**22
        assert "but the network takes 1×2×2" in capsys.readouterr().err
    assert codes == [1] * 4


@pytest.mark.parametrize(
    ("begin", "bytes_each"),
    [(b"P5 512 512 255\n", 1), (b"P5 512 512 65535\n", 2), (b"P6 512 512 255\n", 3), (b"P2 512 512 9\n", 2)],
)
def test_pixels_that_are_alike_share_a_number(begin: bytes, bytes_each: int) -> None:
    """A place in a list takes 8 bytes, a number of its own 24 more; a number of a plain picture is a text for a while.

    There are at most 65,536 shades.
    """
    data = begin + b"7 " * (512 * 512 * bytes_each // 2)
    elements = len(read_picture(data).values)
    plain = begin.startswith(b"P2")
    assert peak(lambda: read_picture(data)) < elements * (70 if plain else 14) + 65_536 * 33 + len(data)


def test_headers_and_comments_of_any_length() -> None:
    """A comment is as long as one likes, but the header has a bound; neither is looked at twice."""
    header = b"P2" + b" " * (limits.PICTURE_HEADER - 8) + b"1 2 9 "
    assert read_header(header).shape == (1, 2, 1)
    with pytest.raises(PictureError, match="cannot be read"):
        read_header(b"P2" + b" " * limits.PICTURE_HEADER + b"1 2 9 ")
    comments = b"P2 1 2 9 3" + b"# x\n" * 200_000 + b"6 "
    assert read_picture(comments).values == [3 / 9, 6 / 9]
    assert peak(lambda: read_picture(comments)) < 1.1 * len(comments)  # which are one match
    with pytest.raises(PictureError, match="ends after 1"):
        read_picture(b"P2 1 2 9 3 # 4")
    with pytest.raises(PictureError, match="ends after 0"):
        read_picture(b"P2 1 2 9" + b" " * 1_000_000)
