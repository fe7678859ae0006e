"""Writing results to standard output or to a file, and messages to standard error."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from importlib import import_module
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from cnncalc.errors import CnncalcError
from cnncalc.system import is_device_name, is_reader_gone, is_windows

if TYPE_CHECKING:
    from cnncalc.render.view import View

STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


class OutputError(CnncalcError):
    """A result cannot be written."""


def emit(text: str | Iterable[bytes], output: str | None = None) -> None:
    """Write a result to standard output or a file, and its note, if any, as a message. Raises OutputError.

    Bytes are made while they are written; what their maker raises leaves no file.
    """
    if output in STANDARD_OUTPUT:
        output = None
    if output is None and sys.stdout is None:
        raise OutputError("cannot write standard output: it is closed")
    if note := getattr(text, "note", ""):
        write_message(f"cnncalc: note: {note}\n")
    try:
        if output is not None:
            write_file(text, output)
        elif isinstance(text, str):
            write(text, sys.stdout)
        else:
            write_bytes(text, sys.stdout.buffer)
    except OSError as error:
        if output is None:
            _abandon(sys.stdout)
        name = "standard output" if output is None else f"'{output}'"
        raise OutputError(f"cannot write {name}: {error.strerror or error}") from None


def emit_page(text: str, output: str | None = None) -> None:
    """Write HTML, which says of itself that it is UTF-8, and so is it on any console. Raises OutputError."""
    emit([text.encode()] if output is None or output in STANDARD_OUTPUT else text, output)


def write_message(text: str) -> None:
    """Write to standard error."""
    try:
        write(text, sys.stderr)
    except OSError:
        _abandon(sys.stderr)


def write(text: str, stream: TextIO | None) -> None:
    """Write to a stream. Its encoding may lack characters; if its reader has ended, that is no error."""
    if stream is None:  # closed before the program began
        return
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        from cnncalc.cli.encoding import fit

        text = fit(text, encoding)
    try:
        _write_all(text, stream)
    except OSError as error:
        if not is_reader_gone(error):
            raise
        _abandon(stream)


def write_bytes(parts: Iterable[bytes], stream: BinaryIO) -> None:
    """Write to a stream of bytes; if its reader has ended, that is no error."""
    try:
        for part in parts:
            left = memoryview(part)
            while left:
                left = left[stream.write(left) or 0 :]
        stream.flush()
    except OSError as error:
        if not is_reader_gone(error):
            raise
        if sys.stdout is not None and stream is sys.stdout.buffer:
            _abandon(sys.stdout)


def _write_all(text: str, stream: TextIO) -> None:
    """Write all bytes: to an unbuffered stream (PYTHONUNBUFFERED), Python may write only a part."""
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, RawIOBase):
        stream.write(text)
        stream.flush()
        return
    left = memoryview(text.encode(stream.encoding))
    while left:
        left = left[raw.write(left) or 0 :]


def abandon_output(error: OSError) -> str:
    """The reason of an error in words; nothing more is written to standard output."""
    _abandon(sys.stdout)
    reason = error.strerror or str(error)
    return f"'{error.filename}': {reason}" if error.filename else reason


def _abandon(stream: TextIO | None) -> None:
    """Discard what is still buffered, so that flushing at exit does not fail."""
    if stream is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def write_file(content: str | Iterable[bytes], name: str) -> None:
    """Write a file atomically; a pipe or a device is written directly."""
    if is_device_name(name):
        raise OSError(22, "Windows reserves this name for a device, in every folder and with any extension")
    try:
        mode = Path(name).stat().st_mode
    except FileNotFoundError:
        mode = None
    if stat.S_ISDIR(mode or 0) or (mode is None and name.endswith(("/", "\\") if is_windows() else "/")):
        raise IsADirectoryError(None, "it is the name of a folder")
    target = Path(name).resolve()
    if name.startswith("/dev/") or (mode is not None and not stat.S_ISREG(mode)):
        if isinstance(content, str):
            with Path(name).open("w", encoding="utf-8", newline="") as stream:
                write(content, stream)
        else:
            with Path(name).open("wb", buffering=0) as device:
                write_bytes(content, device)
        return
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(None, "the file is write-protected")
    beside = target.with_name(f".cnncalc-{os.urandom(8).hex()}.tmp")  # process numbers repeat between containers
    try:
        with beside.open("xb") as file:
            file.writelines([content.encode("utf-8")] if isinstance(content, str) else content)
        if mode is not None:
            beside.chmod(stat.S_IMODE(mode))
        _replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _replace(beside: Path, target: Path) -> None:
    try:
        beside.replace(target)
    except PermissionError as error:  # the folder takes files, and the target is not write-protected
        if not is_windows():
            raise
        raise PermissionError(error.errno, "the file is open in another program") from None


def make_view(output: str | None, width: int | None, color: str) -> View:
    """How to show a result on standard output or in a file, by the options, the terminal and the environment."""
    from cnncalc.render.view import View

    return View(width=width or find_width(output), color=uses_color(color, output))


def uses_color(choice: str, output: str | None, stream: TextIO | None = None) -> bool:
    """Whether to use colour in a file or on a stream; `auto`: on a terminal, unless NO_COLOR is set."""
    terminal = (
        (output is None or output in STANDARD_OUTPUT) and _is_terminal(stream or sys.stdout) and _supports_escapes()
    )
    if choice != "auto":
        return choice == "always"
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _supports_escapes() -> bool:
    """Whether a terminal understands escape codes, which has to be enabled in a console of Windows."""
    if not is_windows():
        return True
    try:
        import_module("colorama").just_fix_windows_console()  # typer requires it on Windows
    except ImportError:
        return False
    return True


def find_width(output: str | None, stream: TextIO | None = None) -> int | None:
    """Characters of a line: those of the terminal, or for a pipe those of COLUMNS; None for no limit."""
    if output is not None and output not in STANDARD_OUTPUT:
        return None
    if not _is_terminal(stream or sys.stdout):
        columns = os.environ.get("COLUMNS", "")
        return int(columns) or None if columns.isascii() and columns.isdigit() and len(columns) < 10 else None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
