"""The numbers of ONNX files that PyTorch writes: what `run` gives with them is what onnxruntime gives, or onnx itself.

Needs torch and onnx, onnxscript for the new exporter: `pip install -e '.[onnx]'`, `pytest -m torch`.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from cnncalc.cli.app import run

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("onnx", reason="onnx is not installed")
        return pytest.importorskip("torch", reason="PyTorch is not installed")


def networks(torch: Any) -> dict[str, tuple[Any, tuple[int, ...]]]:
    nn = torch.nn

    class Residual(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)
            )
            self.squeeze, self.excite = nn.Linear(4, 2), nn.Linear(2, 4)

        def forward(self, x: Any) -> Any:
            y = self.body(x)
            gate = self.excite(self.squeeze(y.mean((2, 3))).relu()).sigmoid()[:, :, None, None]
            return (x + y * gate).relu()

    class Tokens(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.mix, self.gelu = nn.LayerNorm(4), nn.Linear(4, 4), nn.GELU()

        def forward(self, x: Any) -> Any:
            y = x.flatten(2).transpose(1, 2)
            y = y + self.gelu(self.mix(self.norm(y)))
            return y.transpose(1, 2).reshape(x.shape)

    class Branches(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(2, 3, 1), nn.Conv2d(2, 1, 3, padding=1, stride=1)

        def forward(self, x: Any) -> Any:
            a, b = x.chunk(2, 1)
            return torch.cat([self.left(a), self.right(b)], 1)

    class Recurrent(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
            self.columns = nn.GRU(8, 3, batch_first=True)

        def forward(self, x: Any) -> Any:
            y, _ = self.rows(x)
            return self.columns(y)[1][0]

    class Attention(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Parameter(torch.zeros(1, 1, 4))
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x: Any) -> Any:
            y = torch.cat([self.token.expand(x.shape[0], -1, -1), x.flatten(2).transpose(1, 2)], 1)
            return self.attention(y, y, y)[0][:, 0]

    return {
        "recurrent": (Recurrent(), (6, 3)),
        "attention": (Attention(), (4, 3, 3)),
        "residual": (nn.Sequential(nn.Conv2d(3, 4, 3, 2), Residual(), nn.Flatten(), nn.LazyLinear(3)), (3, 9, 9)),
        "tokens": (nn.Sequential(nn.Conv2d(3, 4, 2, stride=2), Tokens(), nn.AvgPool2d(2)), (3, 8, 8)),
        "branches": (nn.Sequential(Branches(), nn.PReLU(4), nn.MaxPool2d(3, 2, 1), nn.GroupNorm(2, 4)), (4, 6, 6)),
        "upwards": (
            nn.Sequential(
                nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1), nn.InstanceNorm2d(4, affine=True),
                nn.Hardswish(), nn.PixelShuffle(2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.Softmax(1),
            ),
            (2, 3, 4),
        ),
    }  # fmt: skip


def evaluated(path: Path, x: Any) -> Any:
    """The output of a file, by onnxruntime where it is installed, else by onnx's own evaluator."""
    try:
        import onnxruntime  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        from onnx.reference import ReferenceEvaluator  # type: ignore[import-not-found,import-untyped,unused-ignore]

        evaluator: Any = ReferenceEvaluator(str(path))
        return evaluator.run(None, {evaluator.input_names[0]: x})[0]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("name", ["residual", "tokens", "branches", "upwards", "recurrent", "attention"])
def test_run_gives_the_outputs_of_the_file(
    torch: Any,
    name: str,
    new: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(3)
    module, shape = networks(torch)[name]
    x = torch.randn(1, *shape)
    module(x)  # the sizes of lazy layers
    for parameter in module.parameters():
        parameter.data.add_(torch.randn(parameter.shape) / 5)
    for buffer in module.buffers():
        if buffer.dtype.is_floating_point:
            buffer.data.copy_(torch.rand(buffer.shape) + 0.5)
    module.eval()
    if new:
        pytest.importorskip("onnxscript", reason="onnxscript is not installed")
        torch.onnx.export(module, (x,), "net.onnx", dynamo=True, external_data=False, verbose=False)
    else:
        torch.onnx.export(module, (x,), "net.onnx", dynamo=False, opset_version=17)
    capsys.readouterr()
    Path("x.json").write_text(json.dumps(x[0].tolist()))
    assert run(["import", "net.onnx", "-o", "net.yaml", "--save-weights", "weights.json"]) == 0
    assert run(["run", "net.yaml", "--input-data", "x.json", "--weights", "weights.json", "-f", "json"]) == 0
    (output,) = json.loads(capsys.readouterr().out)["outputs"].values()
    wanted = torch.from_numpy(evaluated(Path("net.onnx"), x.numpy()))
    found = torch.tensor(output["values"], dtype=torch.float64).reshape(wanted.shape)
    assert float((found - wanted).abs().max()) <= 1e-5 * float(wanted.abs().max())
