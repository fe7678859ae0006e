"""Files of other programs that are not architecture files: how each is recognized, its name, and what to do.

Only the first bytes are read. A format that a reader of `exchange.readers` knows does not come here.
"""

from __future__ import annotations

import re

from cnncalc import limits
from cnncalc.errors import Problem, Source, Span
from cnncalc.records import NamedTuple


class FileFormat(NamedTuple):
    """`pattern` matches the first bytes of a file, `name` says what it is, `advice` what to do."""

    pattern: re.Pattern[bytes]
    name: str
    advice: str


_WRITE = "write its layers as a file of your own: `cnncalc guide language` shows how"
_WEIGHTS = f"it contains weights, not the connections of the layers; {_WRITE}"
_UNPACK = "unpack it and use the architecture file inside"
_MODULE = "read the module itself: `cnncalc import mynet.py:Net -o net.yaml`"
_IMPORT = "`cnncalc import FILE -o net.yaml` writes it as an architecture file"
_CALLS = f"{_WRITE}, and calls of PyTorch and Keras in it are translated"
_IMAGE = "convert it to PGM or PPM to use it as input data: `cnncalc run ARCH --input-data FILE`"

# The first match counts, so that specific patterns are before general ones.
BINARY = tuple(
    FileFormat(re.compile(pattern, re.DOTALL), name, advice)
    for pattern, name, advice in (
        (rb"PK\x03\x04.{26}[^\x00/]*/?data\.pkl", "a PyTorch checkpoint (zip)", _WEIGHTS),
        (rb"PK\x03\x04.{26}[^\x00]{0,80}\.pkl", "a PyTorch checkpoint (zip)", _WEIGHTS),
        (rb"PK\x03\x04.{26}(?:metadata|config)\.json", "a Keras model (.keras)", _WRITE),
        (rb"PK\x03\x04.{26}[^\x00]{0,80}\.npy", "an archive of NumPy arrays (.npz)", _WEIGHTS),
        (rb"PK\x03\x04", "a zip archive", _UNPACK),
        (rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\.", "a PyTorch checkpoint (pickle)", _WEIGHTS),
        (rb"\x80[\x02-\x05]", "a Python pickle", _WEIGHTS),
        (rb"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras saves (.h5)", _WRITE),
        (rb".\x00{3}TFL3", "a TensorFlow Lite model", _WRITE),
        (rb"\x08\x01\x12[\x80-\xff]+[\x00-\x7f]\x0a", "a TensorFlow SavedModel", _WRITE),
        (rb"\x08[\x01-\x20][\x12\x1a\x22\x28\x32\x3a\x42]", "an ONNX model", _IMPORT),
        (rb"\n.{1,4}\n.{1,80}\x12.(?:Placeholder|Const)", "a frozen TensorFlow graph", _WRITE),
        (rb"\n.[ -~]{1,100}(?:\xa2\x06|\x12)", "a Caffe model (.caffemodel)", _WEIGHTS),
        (rb".{3}[\x00-\x05]\x00{4}\{", "a safetensors file", _WEIGHTS),
        (rb"GGUF[\x00-\x08]", "a GGUF file", _WEIGHTS),
        (rb"\x93NUMPY", "a NumPy array", _WEIGHTS),
        (rb"MATLAB 5\.0", "a MATLAB file", _WEIGHTS),
        (rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|RIFF.{4}WEBP", "a picture", _IMAGE),
        (rb"P[2356]\s+[0-9#]", "a picture (PGM or PPM)", _IMAGE),
        (rb"%PDF-", "a PDF document", f"{_WRITE}, or use a bundled network: `cnncalc list`"),
        (
            rb"\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf|(?=.{0,99}\x00).{257}ustar",
            "a compressed file",
            _UNPACK,
        ),
    )
)
# These may be partly valid YAML. They are only tried if the text cannot be an architecture.
TEXT = tuple(
    FileFormat(re.compile(pattern, re.MULTILINE), name, advice)
    for pattern, name, advice in (
        (rb"\A\s*\w+\(\s*\n\s+\([\w.]+\): \w+\(", "a printed PyTorch module", _MODULE),
        (rb"\A\s*Model: \"|\A[\s_=]*Layer \(type", "a printed model summary", _CALLS),
        (rb"\A\s*\{(?s:.{0,300})\"(?:class_name|modelTopology)\"", "the JSON of a Keras model", _WRITE),
        (rb"\A\s*\{(?s:.{0,300})\"(?:cell_type|nbformat)\"", "a Jupyter notebook", _CALLS),
        (rb"^(?:import \w|from [\w.]+ import |class \w+\(|def \w+\()", "a Python program", _CALLS),
        (rb"^\s*(?:layers?|node|input_param)\s*\{", "a Caffe or TensorFlow network (prototxt)", _WRITE),
        (rb"^\s*\[(?:net|network|convolutional)\]\s*$", "a Darknet network (cfg)", _WRITE),
        (rb"^backbone:(?s:.*)^head:", "an Ultralytics YOLO model file", _WRITE),
        (rb"\AP[23]\s+[0-9#]", "a picture (PGM or PPM)", _IMAGE),
        (rb"\A\s*<(?:!DOCTYPE html|html)", "a web page", "save the raw file, not the page that shows it"),
        (rb"\A\s*<(?:\?xml|net|svg)", "an XML file", _WRITE),
    )
)  # fmt: skip


def recognize(data: bytes, formats: tuple[FileFormat, ...]) -> FileFormat | None:
    """The format of a file by its first bytes, None if it is none of these.

    >>> found = recognize(b"GGUF\\x03\\x00", BINARY)
    >>> found and found.name
    'a GGUF file'
    """
    head = data[: limits.FORMAT_BYTES]
    search = formats is TEXT  # text formats may match any line
    return next((one for one in formats if (one.pattern.search(head) if search else one.pattern.match(head))), None)


def refuse(found: FileFormat, source: Source, end: int) -> Problem:
    """The problem for a recognized file, at its beginning."""
    message = f"{source.name} is {found.name}, not an architecture file"
    return Problem("foreign-file", message, Span(source, 0, end), found.advice)
