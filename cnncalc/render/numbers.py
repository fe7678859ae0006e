"""Formatting numbers: thousands separators, units, shares, bytes, bars."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.figures import Written

UNITS = ("", "k", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q")
BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
EIGHTHS = " ▏▎▍▌▋▊▉█"


def format_digits(number: int) -> str:
    """Format all digits, with thousands separators.

    >>> format_digits(62378344)
    '62,378,344'
    """
    return f"{number:,}"


def format_units(number: int) -> str:
    """Format three digits and a unit, a power of 1,000.

    >>> format_units(0), format_units(999), format_units(62378344), format_units(999_950), format_units(4_089_184_256)
    ('0', '999', '62.4 M', '1.00 M', '4.09 G')
    """
    return _format_three_digits(number, 1000, UNITS)


def format_bytes(number: int) -> str:
    """Format bytes in units of 1,024: KiB, MiB, …

    >>> format_bytes(512), format_bytes(1536), format_bytes(249513376)
    ('512 B', '1.50 KiB', '238 MiB')
    """
    return _format_three_digits(number, 1024, BYTES)


def _format_three_digits(number: int, base: int, units: tuple[str, ...]) -> str:
    if number < base:
        return f"{number} {units[0]}".rstrip()
    text = unit = ""
    for power in range(1, len(units)):
        unit = units[power]
        scaled = number / base**power
        # 9.995 and 99.95 are shown as 10.0 and 100
        text = f"{scaled:.{0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2}f}"
        if float(text) < 1000:
            break
    return f"{text} {unit}"


def format_figure(value: Any, written: Written, *, units: bool = False) -> str:
    """Format a figure with all digits or in units; None is a dash.

    >>> format_figure(62378344, "count"), format_figure(62378344, "count", units=True)
    ('62,378,344', '62.4 M')
    >>> format_figure(1536, "bytes"), format_figure(1536, "bytes", units=True)
    ('1,536', '1.50 KiB')
    >>> format_figure((3, 7), "sizes"), format_figure(None, "sizes")
    ('3×7', '–')
    """
    if value is None:
        return "–"
    match written:
        case "count":
            return format_units(value) if units else format_digits(value)
        case "bytes":
            return format_bytes(value) if units else format_digits(value)
        case "ratio":
            return f"{value:,.2f}"
        case "seconds":
            from cnncalc.conditions import format_seconds  # only needed with a device

            return format_seconds(value)
        case "sizes":
            shapes = value if isinstance(value[0], tuple) else (value,)
            return ", ".join("×".join(map(str, shape)) for shape in shapes)


def format_share(part: int, whole: int) -> str:
    """Format a share as a percentage, "" for none.

    >>> format_share(1, 3), format_share(1, 10**6), format_share(0, 5), format_share(5, 5)
    ('33.3%', '<0.1%', '', '100%')
    """
    if not part or not whole:
        return ""
    if part == whole:
        return "100%"
    text = f"{part / whole:.1%}"
    return "<0.1%" if text == "0.0%" else ">99.9%" if text == "100.0%" else text


def draw_bar(part: int, whole: int, width: int) -> str:
    """Draw a share as a bar in eighths of a cell, `width` cells for the whole; a share above 0 is always visible.

    >>> draw_bar(1, 2, 4), draw_bar(1, 10**9, 4), draw_bar(0, 1, 4)
    ('██', '▏', '')
    """
    if not part or not whole:
        return ""
    full, rest = divmod(max((16 * width * part + whole) // (2 * whole), 1), 8)
    return "█" * full + EIGHTHS[rest].strip()
