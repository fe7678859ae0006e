"""ONNX files as PyTorch's exporters write them: torchvision's classifiers, and modules with the ops of attention's kin.

Needs torch, torchvision and onnx, and onnxscript for the new exporter: `pip install -e '.[onnx]'`, `pytest -m torch`.
"""

from __future__ import annotations

import json
import warnings
from math import prod
from pathlib import Path
from typing import Any

import pytest

from cnncalc.exchange.onnx_file import read_model
from cnncalc.exchange.protobuf import Wire
from cnncalc.reading import Reading, read

pytestmark = pytest.mark.torch

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "torchvision-classifiers.json").read_text()
)
SMALL = 30_000_000  # parameters; larger networks are of the families of smaller ones, and take minutes to export
CASES = [
    (name, new, trained)
    for name, entry in REFERENCE.items()
    for new in (False, True)
    for trained in (False, True)
    if entry["parameters"] < SMALL or not new
]


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("onnx", reason="onnx is not installed")
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def exported(torch: Any, module: Any, x: Any, path: Path, *, new: bool, **more: Any) -> Reading:
    """A module written by the old or the new exporter, and read."""
    module = module.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if new:
            pytest.importorskip("onnxscript", reason="onnxscript is not installed")
            torch.onnx.export(module, (x,), str(path), dynamo=True, external_data=False, verbose=False, **more)
        else:
            torch.onnx.export(module, (x,), str(path), dynamo=False, **{"opset_version": 17, **more})
    return read(str(path))


def macs(torch: Any, module: Any, x: Any) -> int:
    """PyTorch's own count: two operations for a multiply-accumulate."""
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module.eval()(x)
    return int(counter.get_total_flops()) // 2


def numbers(path: Path) -> int:
    """The elements of all floating arrays of a file."""
    with path.open("rb") as file:
        return sum(prod(each.shape) for each in read_model(Wire(file)).tensors.values() if len(each.shape) > 0)


def randomize(torch: Any, module: Any) -> None:
    """Weights as after training: no two arrays equal."""
    for number, parameter in enumerate(module.parameters()):
        parameter.data.add_(
            torch.linspace(0.01, 0.02, parameter.numel()).reshape(parameter.shape) * (1 + number / 1000)
        )
    for number, buffer in enumerate(module.buffers()):
        if buffer.dtype.is_floating_point:
            buffer.data.add_(torch.linspace(0.01, 0.02, buffer.numel()).reshape(buffer.shape) * (1 + number / 999))


def classifier(torch: Any, name: str, *, trained: bool) -> Any:
    """A network of torchvision as its constructor makes it, or with weights as after training."""
    models = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    torch.manual_seed(1)
    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    module = models.get_model(name, weights=None, **more).eval()
    if trained:
        randomize(torch, module)
    return module


def learned(module: Any) -> int:
    """The parameters and the running statistics of a module, without those of auxiliary classifiers."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return sum(
        tensor.numel()
        for name, tensor in tensors.items()
        if tensor.dtype.is_floating_point and not name.lower().startswith("aux")
    )


@pytest.mark.sample(2)
@pytest.mark.parametrize(("name", "new", "trained"), CASES)
def test_a_classifier_has_the_macs_of_pytorch_and_the_parameters_of_the_file(
    torch: Any, name: str, new: bool, trained: bool, tmp_path: Path
) -> None:
    """With batch norms as they are, and folded; macs are those that PyTorch counts, see `reference`."""
    module = classifier(torch, name, trained=trained)
    x = torch.zeros(1, *REFERENCE[name]["input"])
    path = tmp_path / "net.onnx"
    for folded in (False, True):
        if new:
            more = {"optimize": folded}
        else:
            kept = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
            more = {} if folded else kept
        found = exported(torch, module, x, path, new=new, **more)
        assert [problem.message for problem in found.problems] == []
        totals = found.require_report().totals
        assert totals.work.macs == REFERENCE[name]["macs"]
        assert found.require_network().output_paths() == {}
        assert not any(node.shares for node in found.require_network().nodes)
        if not folded:
            assert totals.parameters + totals.buffers == learned(module)
        elif trained and not new:  # untrained ones have equal arrays once; the new exporter keeps vectors of axes
            assert totals.parameters + totals.buffers == numbers(path)
        path.unlink()  # half a gigabyte, of some


@pytest.mark.parametrize("opset", [9, 11, 13, 17])
def test_opsets(torch: Any, opset: int, tmp_path: Path) -> None:
    nn = torch.nn

    class Gate(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.squeeze, self.excite = nn.Linear(8, 2), nn.Linear(2, 8)

        def forward(self, x: Any) -> Any:
            y = self.squeeze(x.mean((2, 3))).relu()
            y = self.excite(y).sigmoid().view(x.size(0), 8, 1, 1)
            return x * y

    class Tokens(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.mix, self.gelu = nn.LayerNorm(8), nn.Linear(8, 8), nn.GELU()

        def forward(self, x: Any) -> Any:
            shape = x.shape
            y = x.flatten(2).transpose(1, 2)
            y = y + self.gelu(self.mix(self.norm(y)))
            return y.transpose(1, 2).reshape(shape)

    mode = "bilinear" if opset > 10 else "nearest"  # what opset 9 calls linear is another interpolation
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.Hardswish(), Gate(), Tokens(), nn.ReLU6(),
        nn.ConvTranspose2d(8, 8, 2, stride=2), nn.PReLU(8), nn.SiLU(), nn.AvgPool2d(3, 2, 1, ceil_mode=opset > 9),
        nn.Upsample(scale_factor=2, mode=mode), nn.ZeroPad2d((1, 0, 2, 0)), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 3), nn.Softmax(1),
    )  # fmt: skip
    randomize(torch, module)
    x = torch.zeros(1, 3, 9, 9)
    found = exported(torch, module, x, tmp_path / "net.onnx", new=False, opset_version=opset)
    assert [problem.message for problem in found.problems] == []
    totals = found.require_report().totals
    assert totals.work.macs == macs(torch, module, x)
    assert totals.parameters == sum(parameter.numel() for parameter in module.parameters())
    kinds = [each.layer.kind for each in found.require_network().nodes]
    assert {"layer_norm", "gelu", "group_norm", "prelu", "silu", "upsample"} <= {*kinds}


def test_attention_and_what_has_no_kind(torch: Any, tmp_path: Path) -> None:
    """Attention is read; a sum from the first position on has no kind, and is refused with its module."""
    nn = torch.nn

    class Sums(nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, x: Any) -> Any:
            return x.cumsum(1)

    class Net(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self, *, sums: bool) -> None:
            super().__init__()
            self.conv, self.attention = nn.Conv2d(3, 8, 3), nn.MultiheadAttention(8, 2, batch_first=True)
            self.sums = Sums() if sums else nn.Identity()

        def forward(self, x: Any) -> Any:
            y = self.conv(x).flatten(2).transpose(1, 2)
            return self.sums(self.attention(y, y, y)[0])

    for new in (False, True):
        module = Net(sums=False)
        randomize(torch, module)
        found = exported(torch, module, torch.zeros(1, 3, 8, 8), tmp_path / "net.onnx", new=new)
        assert [problem.message for problem in found.problems] == []
        totals = found.require_report().totals
        # 36 positions: the convolution, the four projections, scores and values
        assert totals.work.macs == 36 * 27 * 8 + 4 * 36 * 8 * 8 + 2 * 36 * 36 * 8
        assert totals.parameters == sum(each.numel() for each in module.parameters())
        found = exported(torch, Net(sums=True), torch.zeros(1, 3, 8, 8), tmp_path / "net.onnx", new=new)
        (problem,) = found.problems
        assert problem.code == "no-layer-kind"
        assert "CumSum has no layer kind" in problem.message
