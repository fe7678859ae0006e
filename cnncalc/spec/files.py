"""Finds and reads files within limits, as UTF-8 text: a path, a bundled name, or standard input."""

from __future__ import annotations

import os
import stat
import sys
from codecs import getincrementaldecoder
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from cnncalc import limits
from cnncalc.errors import Mistake, Source, Span
from cnncalc.nearest import nearest
from cnncalc.system import is_device_name

KIB = f"{limits.FILE_BYTES // 1024:,} KiB"
PIECE = 2**15  # bytes read at a time; most files are smaller
CONTROLS = bytes({*range(32)} - {9, 10, 13})  # characters that texts do not have
SUFFIXES = (".yaml", ".yml")
_UTF16 = "this is UTF-16, as `>` in Windows PowerShell writes it: save the file as UTF-8, or write it with --output"


def bundled_folder() -> Path:
    """The folder of the bundled architectures: inside the installed package, beside it in a checkout."""
    package = Path(__file__).absolute().parent.parent
    inside = package / "architectures"
    return inside if inside.is_dir() else package.parent / "architectures"


def bundled() -> list[str]:
    """The names of the bundled architectures, sorted."""
    return sorted(path.stem for path in bundled_folder().iterdir() if path.suffix in SUFFIXES)


def bundled_path(name: str) -> Path | None:
    """The file of a bundled architecture, by its name with or without a suffix."""
    stem = name.removesuffix(".yaml").removesuffix(".yml")
    path = bundled_folder() / f"{stem}.yaml"
    return path if Path(stem).name == stem and is_file(path) else None


def is_file(path: str | Path) -> bool:
    """Whether a path exists and is not a folder; False for an impossible path."""
    if is_device_name(str(path)):
        return False
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISDIR(mode)


def is_folder(path: str) -> bool:
    """Whether a folder exists; False for an impossible path, and for an empty one, which is not the current folder."""
    try:
        return bool(path) and Path(path).is_dir()
    except (OSError, ValueError):
        return False


def find(name: str) -> str | None:
    """The path of a name: "-", a file of that name, else a bundled architecture; None if there is none."""
    if name == "-" or is_file(name):
        return name
    bundled = bundled_path(name)
    return None if bundled is None else str(bundled)


def read_source(path: str, *, most: int = limits.FILE_BYTES) -> Source:
    """The text of a file of at most `most` bytes ("-" is standard input).

    Raises Mistake `unreadable`, `too-large` or `not-text`.
    """
    return decode(read_content(path), path, most=most)


def read_content(path: str) -> bytes:
    """The bytes of a file, up to one more than the limit. Raises Mistake `unreadable`."""
    try:
        return read_bytes(path, limits.FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        name = _name_path(path)
        message = f"{name}: {reason[:1].lower()}{reason[1:]}"
        raise Mistake("unreadable", message, Span(Source(name, ""), 0, 0), _suggest_name(path)) from None


def decode(data: bytes, path: str, *, most: int = limits.FILE_BYTES) -> Source:
    """The text of the bytes of a file. Raises Mistake `too-large` or `not-text`."""
    name = _name_path(path)
    refuse_binary(data, name)
    if len(data) > most:
        message = f"{name} is larger than the limit of {KIB}"
        raise Mistake("too-large", message, Span(Source(name, ""), 0, 0))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        source = Source(name, data[: error.start].decode() + "\ufffd")
        span = Span(source, len(source.text) - 1, len(source.text))
        raise Mistake(
            "not-text",
            f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8 text",
            span,
            _UTF16 if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "save the file as UTF-8",
        ) from None
    return Source(name, text)


def _is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are UTF-8 without control characters; the last character may be cut."""
    try:
        getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return len(head.translate(None, CONTROLS)) == len(head)


def refuse_binary(data: bytes, name: str) -> None:
    """Raises Mistake `foreign-file` for a file of another program that is recognized by its first bytes."""
    head = data[: limits.FORMAT_BYTES]
    if len(data) <= limits.FILE_BYTES and _is_text(head):
        return
    from cnncalc.spec.file_formats import BINARY, recognize, refuse  # only needed for files that are probably not text

    found = recognize(head, BINARY)
    if found:
        problem = refuse(found, Source(name, ""), 0)
        assert problem.span
        raise Mistake(problem.code, problem.message, problem.span, problem.help)


def _name_path(path: str) -> str:
    """The name of a path in messages."""
    return "<standard input>" if path == "-" else path or "an empty name"


def read_bytes(path: str, most: int) -> bytes:
    """Up to `most` bytes of a file, a pipe or standard input ("-"). Raises OSError, also for folders and devices."""
    if path == "-" and sys.stdin is None:
        raise OSError(9, "it is closed")
    if path == "-":
        return read_stream(sys.stdin.buffer, most)
    descriptor = _open(path)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "is a folder, not a file")
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            raise OSError(22, "is a device, not a file")
        if sys.platform != "win32" and stat.S_ISFIFO(mode):
            os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return read_stream(stream, most)
    finally:
        os.close(descriptor)


def read_stream(stream: BinaryIO, most: int) -> bytes:
    """Up to `most` bytes of a stream, collected in linear time. Raises OSError."""
    buffer = BytesIO()
    while piece := stream.read(min(PIECE, most - buffer.tell())):
        buffer.write(piece)
    if piece is None:  # a file of /proc that waits for data
        raise BlockingIOError(11, "has no data to read")
    return buffer.getvalue()


def _open(path: str) -> int:
    """Open a file for reading; a pipe without a writer does not block where the system supports that.

    Each flag is used where it exists: O_NONBLOCK on POSIX; O_BINARY on Windows, without which line ends are changed.
    """
    if is_device_name(path):
        raise OSError(22, "is a device, not a file")
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except PermissionError:  # what Windows reports for a folder
        if is_folder(path):
            raise IsADirectoryError(21, "is a folder, not a file") from None
        raise


def _suggest_name(path: str) -> str:
    """The help for a path that cannot be read: the file that was probably meant."""
    if is_device_name(path):
        return "Windows reserves this name for a device, in every folder and with any extension: rename the file"
    if path == "-" or is_file(path):
        return ""
    for suffix in SUFFIXES:
        if is_file(path + suffix):
            return f"did you mean `{path}{suffix}`?"
    if is_folder(path):
        return "name a file in it, or check all of them with `cnncalc validate`"
    found = nearest(Path(path).stem, bundled())
    return f"did you mean the bundled `{found}`?" if found else "`cnncalc list` shows the bundled architectures"
