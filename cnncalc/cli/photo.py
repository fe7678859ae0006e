"""The picture of --input-data in a report: a file that becomes a part of the page, or data that are drawn as one."""

from __future__ import annotations

from base64 import b64encode
from math import prod
from typing import TYPE_CHECKING

from cnncalc import limits
from cnncalc.errors import CnncalcError, UsageError

if TYPE_CHECKING:
    from cnncalc.execution.weights import FlatArray
    from cnncalc.network import Network
    from cnncalc.render.page.picture import Photo

JPEG = b"\xff\xd8\xff"


def read_photo(text: str, network: Network) -> Photo:
    """A PNG or JPEG file as it is; a PGM or PPM, or other data of the shape of the first input, as a PNG.

    Raises UsageError for an input without positions, CnncalcError for data that cannot be read or are too large.
    """
    from cnncalc.cli.input_data import Data
    from cnncalc.execution import netpbm, png
    from cnncalc.render.page.picture import Photo

    name, shape = next(iter(network.inputs.items()))
    if len(shape) < 2:
        raise UsageError("--input-data has no effect: the input has no positions, so nothing is shown on it")
    data = Data(text)
    file = b"" if data.is_inline or data.is_pattern else data.content
    if len(file) > limits.PAGE_PICTURE:
        most = limits.PAGE_PICTURE // 2**20
        raise CnncalcError(f"{text} is larger than the limit of {most} MiB for a picture in a page")
    if png.is_png(file) or file.startswith(JPEG):
        return Photo(_make_url("png" if png.is_png(file) else "jpeg", file), sharp=False)
    if netpbm.is_picture(file):
        try:
            array = netpbm.read_picture(file)
        except netpbm.PictureError as error:
            raise CnncalcError(f"{text}: {error}") from None
        shades = [round(255 * value) for value in array.values]
    else:
        if not _is_text(file):
            raise CnncalcError(f"{text} is neither a PNG, JPEG, PGM or PPM picture nor text with numbers")
        if prod(shape) > limits.PNG_BYTES:
            raise CnncalcError(f"the input has more than {limits.PNG_BYTES:,} elements: give a picture as --input-data")
        array = data.fill(name, shape, 0)
        shades = netpbm.to_greys(array.values)
    return Photo(_make_url("png", _draw(array, shades)), sharp=array.shape == shape)


def _draw(array: FlatArray, shades: list[int]) -> bytes:
    """A PNG of three channels in colour, or of the first in grey; of three axes the first map."""
    from cnncalc.execution.png import write_png

    height, width = (1, *array.shape[1:])[-2:]
    size = height * width
    if array.shape != (3, height, width):
        return write_png((1, height, width), bytes(shades[:size]))
    mixed = bytearray(3 * size)
    for channel in range(3):
        mixed[channel::3] = bytes(shades[channel * size : (channel + 1) * size])
    return write_png((3, height, width), bytes(mixed))


def _make_url(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
