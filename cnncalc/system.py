"""Differences of Windows. All code that depends on the system calls `is_windows`, which tests replace."""

from __future__ import annotations

import errno
import os

# Source: "Naming Files, Paths, and Namespaces" in Microsoft's documentation.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [port + digit for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


def is_windows() -> bool:
    """Whether the program runs on Windows."""
    return os.name == "nt"


def is_device_name(path: str) -> bool:
    """Whether Windows reserves a path for a device: in every folder and with any extension, e.g. `nets\\nul.yaml`.

    Opening one may block for ever: `con` is the keyboard. Always false on other systems.
    """
    if not is_windows():
        return False
    name = path.replace("\\", "/").rpartition("/")[2]
    name = name[2:] if name[1:2] == ":" else name
    return name.partition(".")[0].partition(":")[0].rstrip(" ").lower() in _DEVICES


def is_reader_gone(error: OSError) -> bool:
    """Whether a pipe cannot be written because its reader has ended, which Windows reports as EINVAL."""
    return isinstance(error, BrokenPipeError) or (is_windows() and error.errno == errno.EINVAL)
