"""Files of other programs are recognized by the first bytes in their specifications."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path

import pytest

from cnncalc.reading import read


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in names:
            file.writestr(name, "{}")
    return stream.getvalue()


FILES = {
    "PyTorch, zip": (archive("archive/data.pkl", "archive/data/0"), "a PyTorch checkpoint (zip)"),
    "PyTorch, pickle": (
        pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + b"\x80\x02M\xe9\x03.", "a PyTorch checkpoint (pickle)"
    ),
    "pickle": (pickle.dumps({"weight": [1.0]}), "a Python pickle"),
    "NumPy, several": (archive("conv1.npy"), "an archive of NumPy arrays (.npz)"),
    "zip": (archive("README.md"), "a zip archive"),
    "TensorFlow Lite": (b"\x1c\x00\x00\x00TFL3\x14\x00", "a TensorFlow Lite model"),
    "SavedModel": (b"\x08\x01\x12\x9c\xd2\x02\x0a\x10", "a TensorFlow SavedModel"),
    "safetensors": (struct.pack("<Q", 88) + b'{"conv1.weight":{"dtype":"F32"', "a safetensors file"),
    "GGUF": (b"GGUF\x03\x00\x00\x00", "a GGUF file"),
    "NumPy": (b"\x93NUMPY\x01\x00v\x00", "a NumPy array"),
    "PNG": (b"\x89PNG\r\n\x1a\n\x00", "a picture"),
    "JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture"),
    "gzip": (b"\x1f\x8b\x08\x00", "a compressed file"),
    "PGM": (b"P2\n2 2\n255\n0 1 2 3\n", "a picture (PGM or PPM)"),
    "printed module": (b"ResNet(\n  (conv1): Conv2d(3, 64, kernel_size=(7, 7))\n)\n", "a printed PyTorch module"),
    "program": (b"import torch\nimport torch.nn as nn\n\nclass Net(nn.Module):\n    pass\n", "a Python program"),
    "prototxt": (b'name: "LeNet"\nlayer {\n  type: "Convolution"\n}\n', "a Caffe or TensorFlow network (prototxt)"),
    "Darknet": (b"[net]\nbatch=64\n\n[convolutional]\nfilters=32\n", "a Darknet network (cfg)"),
    "web page": (b"<!DOCTYPE html>\n<html></html>\n", "a web page"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_program_is_recognized(name: str, tmp_path: Path) -> None:
    data, what = FILES[name]
    for padding in (b"", b"\0" * 2**21) if b"\0" in data else (b"",):  # also where it is larger than any architecture
        path = tmp_path / "model"
        path.write_bytes(data + padding)
        (problem,) = read(str(path)).problems
        assert problem.code == "foreign-file"
        assert problem.message == f"{path} is {what}, not an architecture file"
        assert problem.help


@pytest.mark.parametrize(
    "text",
    [
        "name: GGUF\ninput: [1, 4, 4]\nlayers: relu\n",
        "notes: |\n  import torch\n  [net]\ninput: [1, 4, 4]\nlayers: relu\n",
        "# PK\ninput: [1, 4, 4]\nlayers: relu\n",
    ],
)
def test_an_architecture_that_mentions_them_is_not_mistaken(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)
    assert read(str(path)).problems == []
