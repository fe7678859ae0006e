"""PyTorch modules: torchvision's classifiers, outputs with the same weights, and what is refused, with its line."""

from __future__ import annotations

import warnings
from math import prod
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.cli.app import run as run_command
from cnncalc.errors import Source
from cnncalc.exchange.modules import parse_module_name
from cnncalc.exchange.write_flat import kept_nodes, to_network
from cnncalc.execution.interpretations import Numbers
from cnncalc.execution.run import run
from cnncalc.layers.ops import Map
from cnncalc.reading import read_graph, read_text

# all of torchvision 0.28 but the transformers
CLASSIFIERS = [
    "alexnet",
    "convnext_base",
    "convnext_large",
    "convnext_small",
    "convnext_tiny",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b7",
    "efficientnet_v2_l",
    "efficientnet_v2_m",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "mnasnet1_3",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "regnet_x_16gf",
    "regnet_x_1_6gf",
    "regnet_x_32gf",
    "regnet_x_3_2gf",
    "regnet_x_400mf",
    "regnet_x_800mf",
    "regnet_x_8gf",
    "regnet_y_128gf",
    "regnet_y_16gf",
    "regnet_y_1_6gf",
    "regnet_y_32gf",
    "regnet_y_3_2gf",
    "regnet_y_400mf",
    "regnet_y_800mf",
    "regnet_y_8gf",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "shufflenet_v2_x1_5",
    "shufflenet_v2_x2_0",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "wide_resnet101_2",
    "wide_resnet50_2",
]
VISION = ["vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32", "maxvit_t"]
TRANSFORMERS = [*VISION, "swin_b", "swin_s", "swin_t", "swin_v2_b", "swin_v2_s", "swin_v2_t"]
OF_POSITIONS = ("num_batches_tracked", "relative_position_index", "relative_coords_table")  # buffers that are constants
AUXILIARY = ("aux", "AuxLogits")  # heads of Inception that act in training alone


def torch_mark(test: Any) -> Any:
    return pytest.mark.torch(test)


@pytest.fixture(scope="module")
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch", reason="PyTorch is not installed")


@torch_mark
@pytest.mark.sample(6)
@pytest.mark.parametrize("name", [*CLASSIFIERS, *TRANSFORMERS])
def test_a_classifier_is_exact(torch: Any, name: str) -> None:
    """Parameters, buffers and macs are PyTorch's; the text is short and no line longer than 100 characters."""
    models = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    from torch.utils.flop_counter import FlopCounterMode

    from cnncalc.exchange.from_torch import trace, without_numbers

    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with without_numbers():
        module = models.get_model(name, weights=None, **more).eval()
    size = 299 if name == "inception_v3" else 256 if "_v2_" in name and "swin" in name else 224
    found = read_graph(trace(module, {"": (3, size, size)}), name)
    assert [problem.message for problem in found.problems] == []
    totals = found.require_report().totals
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module.to("meta")(torch.empty(1, 3, size, size, device="meta"))
    assert totals.work.macs == counter.get_total_flops() // 2
    used = [each.numel() for path, each in module.named_parameters() if not path.startswith(AUXILIARY)]
    assert totals.parameters == sum(used)
    buffers = [
        each.numel()
        for path, each in module.named_buffers()
        if not path.startswith(AUXILIARY) and not path.endswith(OF_POSITIONS)
    ]
    assert totals.buffers == sum(buffers)
    lines = [line for line in found.text.splitlines() if not line.startswith(("notes:", "source:"))]
    assert max(map(len, lines)) <= 100
    usual = 75 if name in CLASSIFIERS else 175 if "swin_v2" in name else 160
    assert len(lines) <= {"resnet50": 24, "resnet18": 21, "resnext50_32x4d": 24}.get(name, usual)
    if name == "vit_b_16":
        assert totals.work.attention_macs == 715_327_488  # 2·12 blocks·197²·768


class Modules:
    """Small modules of all sorts, and their inputs."""

    def __init__(self, torch: Any) -> None:
        nn, functional = torch.nn, torch.nn.functional

        class Gated(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.conv, self.squeeze, self.excite = nn.Conv2d(3, 4, 3), nn.Linear(4, 2), nn.Linear(2, 4)
                self.gamma = nn.Parameter(torch.randn(4, 1, 1))

            def forward(self, x: Any) -> Any:
                y = self.conv(x)
                gate = self.excite(functional.relu(self.squeeze(y.mean((2, 3))))).sigmoid()[:, :, None, None]
                return y * gate * self.gamma + 0.5 - y / 3

        class Shuffled(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.one, self.two = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 3, padding=1, groups=2)

            def forward(self, x: Any) -> Any:
                a, b = torch.cat([x, x[:, :1]], 1).chunk(2, dim=1)
                y = torch.cat([self.one(a), self.two(b)], 1)
                n, c, h, w = y.shape
                return y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)

        class Tokens(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.norm, self.mix = nn.LayerNorm(3), nn.Linear(3, 5)

            def forward(self, x: Any) -> Any:
                y = x.flatten(2).transpose(1, 2)
                return functional.gelu(self.mix(self.norm(y))).mean(1)

        class Twice(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 3, padding=1)

            def forward(self, x: Any) -> Any:
                return torch.relu_(self.conv(functional.relu(self.conv(x))))

        class Unpooled(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.pool = nn.MaxPool2d(2, return_indices=True)
                self.unpool, self.conv = nn.MaxUnpool2d(2), nn.Conv2d(3, 3, 3, padding=1)

            def forward(self, x: Any) -> Any:
                pooled, indices = self.pool(x)
                return self.unpool(self.conv(pooled), indices, output_size=x.shape)

        class Bordered(nn.Module):  # type: ignore[misc,name-defined]
            def forward(self, x: Any) -> Any:  # as TensorFlow's `same` is written
                return functional.max_pool2d(functional.pad(x - 5, (0, 1, 1, 0), value=-float("inf")), 3, 2)

        class Standardized(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.weight, self.gain = nn.Parameter(torch.ones(4, 3, 3, 3)), nn.Parameter(torch.ones(4, 1, 1, 1))
                self.other = nn.Parameter(torch.ones(2, 2, 1, 1))

            def standard(self, weight: Any, gain: Any, eps: float) -> Any:
                flat = weight.reshape(1, len(weight), -1)
                return functional.batch_norm(flat, None, None, gain, training=True, eps=eps).reshape_as(weight)

            def forward(self, x: Any) -> Any:
                gain = self.gain * (1.7 * 27**-0.5)  # a factor for the activation that follows
                x = functional.conv2d(x, self.standard(self.weight, gain.view(-1), 1e-6), None, padding=1)
                return functional.conv2d(x, self.standard(self.other, None, 1e-5), None, groups=2)

        class Statistics(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.weight, self.bias = nn.Parameter(torch.ones(3, 1, 1)), nn.Parameter(torch.ones(3, 1, 1))
                self.register_buffer("factor", torch.tensor(0.5))
                self.norm = nn.RMSNorm(7, eps=1e-3)

            def forward(self, x: Any) -> Any:
                y = x * torch.rsqrt(x.var((2, 3), unbiased=False, keepdim=True) + 1e-5)
                y = torch.addcmul(self.bias, self.weight, y, value=3) + x.std(1, keepdim=True)
                y = y / (x.norm(p=2, dim=(2, 3), keepdim=True).mean(1, keepdim=True) + 1)
                var, mean = torch.var_mean(x, dim=(1, 2), keepdim=True)
                y = (
                    self.factor * y
                    + var
                    - mean.reciprocal()
                    + functional.normalize(x, dim=1)
                    + functional.normalize(x, dim=3)
                )
                return torch.lerp(self.norm(y), x, 0.25) + x.sum(3, keepdim=True) + x.amax((1, 2), keepdim=True)

        class Tokenized(nn.Module):  # type: ignore[misc,name-defined]
            """A vision transformer with one block, its attention written out."""

            def __init__(self) -> None:
                super().__init__()
                self.stem = nn.Conv2d(3, 4, 2, stride=2)
                self.token, self.places = nn.Parameter(torch.ones(1, 1, 4)), nn.Parameter(torch.ones(1, 13, 4))
                self.first, self.qkv, self.out = nn.LayerNorm(4), nn.Linear(4, 12), nn.Linear(4, 4)
                self.one, self.two = nn.Linear(4, 8), nn.Linear(8, 4)

            def attend(self, q: Any, k: Any, v: Any) -> Any:
                return functional.scaled_dot_product_attention(q, k, v)

            def forward(self, x: Any) -> Any:
                y = self.stem(x).flatten(2).transpose(1, 2)
                y = torch.cat((self.token.expand(len(y), -1, -1), y), dim=1) + self.places
                b, n, c = y.shape
                q, k, v = self.qkv(self.first(y)).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
                y = y + self.out(self.attend(q, k, v).transpose(1, 2).reshape(b, n, c))
                return (y + self.two(functional.gelu(self.one(y))))[:, 0]

        class ByHand(Tokenized):
            def attend(self, q: Any, k: Any, v: Any) -> Any:
                return (q * 0.7 @ k.transpose(-2, -1)).softmax(-1) @ v

        class ByName(Tokenized):
            def attend(self, q: Any, k: Any, v: Any) -> Any:
                scores = torch.einsum("bhid,bhjd->bhij", q, k).softmax(dim=-1)
                return torch.einsum("bhij,bhjd->bhid", scores, v)

        class Windowed(nn.Module):  # type: ignore[misc,name-defined]
            """Attention in windows, which are further examples of a batch, between two cyclic shifts."""

            def __init__(self) -> None:
                super().__init__()
                self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)
                self.stem, self.norm = nn.Conv2d(3, 4, (1, 2)), nn.LayerNorm(4)

            def forward(self, x: Any) -> Any:
                y = self.norm(self.stem(x).permute(0, 2, 3, 1))
                b, h, w, c = y.shape
                z = torch.roll(y, (-1, -2), (1, 2))
                z = z.view(b, h // 2, 2, w // 3, 3, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 6, c)
                qkv = self.qkv(z).reshape(len(z), 6, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
                scores = (qkv[0] @ qkv[1].transpose(-2, -1)).softmax(-1)
                z = self.out((scores @ qkv[2]).transpose(1, 2).reshape(-1, 6, c))
                z = z.view(b, h // 2, w // 3, 2, 3, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
                return (y + torch.roll(z, shifts=(1, 2), dims=(1, 2))).permute(0, 3, 1, 2)

        class Recurrent(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.one = nn.LSTM(24, 3, num_layers=2, bidirectional=True, batch_first=True)
                self.two, self.three = nn.GRU(6, 4), nn.RNN(4, 2, nonlinearity="relu", bias=False, batch_first=True)

            def forward(self, x: Any) -> Any:
                y, _ = self.one(x.flatten(1, 2).transpose(1, 2))
                z, _ = self.two(y.transpose(0, 1))
                return self.three(z.transpose(0, 1))[1][-1]

        class Learned(nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.low, self.mix = nn.Parameter(torch.ones(1, 3, 1, 1)), nn.Parameter(torch.ones(7, 5))

            def forward(self, x: Any) -> Any:
                return torch.maximum(x, self.low) / self.low @ self.mix

        class Stepped(nn.Module):  # type: ignore[misc,name-defined]
            """A recurrent cell by hand, from a state of zeros, which the module makes itself."""

            def __init__(self) -> None:
                super().__init__()
                self.read, self.keep = nn.Linear(24, 8), nn.Linear(4, 8, bias=False)
                self.order = torch.tensor([2, 0, 1])  # no buffer

            def forward(self, x: Any) -> Any:
                x = x[:, self.order]
                h = torch.zeros(len(x), 4, dtype=x.dtype)
                found = []
                for step in self.read(x.flatten(1, 2).transpose(1, 2)).unbind(1)[:3]:
                    h = functional.glu(step + self.keep(h), dim=1) + 0.5 * h
                    found.append(h)
                return torch.stack(found)[-1]

        class Parted(nn.Module):  # type: ignore[misc,name-defined]
            """Parts of one parameter are the weights of several layers, and other weights are computed."""

            def __init__(self) -> None:
                super().__init__()
                self.weight, self.bias = nn.Parameter(torch.ones(7, 3, 1, 1)), nn.Parameter(torch.ones(4))
                self.token, self.last = nn.Parameter(torch.ones(1, 2, 8, 7)), nn.Parameter(torch.ones(2, 4, 3))

            def forward(self, x: Any) -> Any:
                first, second = self.weight.split([4, 3])
                bias = self.bias.clone()
                bias[1:3] = 0
                y = torch.cat([functional.conv2d(x, first, bias), functional.conv2d(x[:, [2, 0, 1]], second)], 1)
                y = torch.cat([y, self.token.repeat(len(x), 1, 1, 1)], 1) / torch.full((1, 9, 1, 1), 2.0)
                return functional.conv1d(y[:, 5:].flatten(2), 0.5 * self.last)

        self.cases = {
            "stepped": Stepped(),
            "parted": Parted(),
            "tokenized": Tokenized(),
            "by hand": ByHand(),
            "by name": ByName(),
            "windowed": Windowed(),
            "recurrent": Recurrent(),
            "learned": Learned(),
            "unpooled": Unpooled(),
            "bordered": Bordered(),
            "standardized": Standardized(),
            "statistics": Statistics(),
            "gated": Gated(),
            "shuffled": Shuffled(),
            "tokens": Tokens(),
            "twice": Twice(),
            "norms": nn.Sequential(
                nn.BatchNorm2d(3), nn.GroupNorm(1, 3), nn.InstanceNorm2d(3, affine=True), nn.LocalResponseNorm(3),
                nn.BatchNorm2d(3, affine=False), nn.PReLU(3), nn.Hardswish(), nn.Mish(), nn.ELU(), nn.ReLU6(),
            ),
            "windows": nn.Sequential(
                nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(3, 4, (3, 2), stride=(2, 1), dilation=(1, 2), padding="valid"),
                nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1),
                nn.MaxPool2d(3, 2, 1, ceil_mode=True),
                nn.AvgPool2d(2, 1, padding=1, count_include_pad=False), nn.AdaptiveAvgPool2d((2, 3)), nn.Flatten(),
                nn.Dropout(), nn.Linear(12, 3), nn.LogSoftmax(1),
            ),
            "borders": nn.Sequential(
                nn.ReflectionPad2d((1, 2, 3, 0)), nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
                nn.ReplicationPad2d(1), nn.Conv2d(4, 2, 3, padding=(1, 0), padding_mode="replicate"),
                nn.LogSoftmax(1), nn.LogSoftmax(2),
            ),
            "resized": nn.Sequential(
                nn.Upsample(scale_factor=2), nn.Upsample(size=(9, 7), mode="bilinear"), nn.PixelUnshuffle(1),
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), nn.Softmax(1),
            ),
        }  # fmt: skip


NAMES = (
    "stepped",
    "parted",
    "tokenized",
    "by hand",
    "by name",
    "windowed",
    "recurrent",
    "learned",
    "unpooled",
    "bordered",
    "standardized",
    "statistics",
    "gated",
    "shuffled",
    "tokens",
    "twice",
    "norms",
    "windows",
    "borders",
    "resized",
)


@torch_mark
@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_pytorch_with_its_weights(torch: Any, name: str) -> None:
    from cnncalc.exchange.from_torch import trace

    torch.manual_seed(3)
    module = Modules(torch).cases[name].double().eval()
    for each in [*module.parameters(), *(buffer for buffer in module.buffers() if buffer.dtype.is_floating_point)]:
        if not each.shape:  # a constant
            continue
        each.data.copy_(torch.rand_like(each) + 0.1)
    shape = (3, 8, 7)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    graph = trace(module, {"": shape})
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    found = read_graph(graph, name)
    assert [problem.message for problem in found.problems] == []
    network, kept = to_network(graph), kept_nodes(graph)

    def weigh(node: Any, array: str, shape: tuple[int, ...]) -> list[float]:
        values = graph.nodes[kept[node.index]].arrays[array].load()
        assert values is not None
        assert len(values) == prod(shape)
        return [float(value) for value in values]

    x = torch.rand(1, *shape, dtype=torch.float64)
    with torch.no_grad():
        wanted = module(x)
    end = network.outputs[""]
    made = run(network, [Map(shape, x.flatten().tolist())], weigh, Numbers(), keep={end})[end]
    assert made.shape == tuple(wanted.shape[1:])
    assert max(abs(a - b) for a, b in zip(made.values, wanted.flatten().tolist(), strict=True)) < 1e-9


MY_NET = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.head = nn.Linear(width, 2)
        self.register_buffer("kernel", torch.ones(1, 3, 3, 3))

    def forward(self, x):
        return self.head(torch.relu(self.stem(x)).mean((2, 3)))

def build(width, deep=False):
    return Net(width)

class Viewed(Net):
    def forward(self, x):
        y = self.stem(x)
        y[:, :2].relu_()
        return y

class Deciding(Net):
    def forward(self, x):
        y = self.stem(x)
        return y if y.sum().item() > 0 else -y

class Attending(Net):
    def forward(self, x):
        y = self.stem(x).flatten(2)
        return torch.erf(torch.matmul(y, y.transpose(1, 2)))

class Several(Net):
    def forward(self, x):
        y = self.stem(x) * self.stem(x).sum((1, 2, 3)).item()
        if y.sum((1, 2, 3)) > 0:
            y[:, 0] = 0
        y[:, 0] = 0
        y = torch.erf(y)
        return y + torch.conv2d(x, self.kernel)

class Empty(Net):
    def forward(self, x):
        return "nothing"

class Constant(Net):
    def forward(self, x):
        return self.kernel, self.kernel + 1

class Anchors(Net):
    def forward(self, x):
        return {"scores": super().forward(x), "anchors": self.kernel}
"""


@torch_mark
def test_modules_are_read_by_their_names(
    torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mynet.py").write_text(MY_NET)
    for name, out in (("mynet.py:Net", 4), ("mynet.py:build(8)", 8), ("mynet.py:build(width=2, deep=True)", 2)):
        assert run_command(["import", name, "--input", "3x9x9"]) == 0
        text, err = capsys.readouterr()
        assert f"conv({out}, 3) -> relu -> global_avg_pool -> flatten -> linear(2)" in text
        assert err == "cnncalc: note: mynet.py is run to read the module, as any program of Python\n"
    assert run_command(["import", "mynet.py:Anchors", "--input", "3x9x9"]) == 0
    text, _ = capsys.readouterr()
    assert "An output that does not depend on the input is left out: anchors." in text
    assert "outputs:" not in text
    assert run_command(["summary", "mynet.py:Net", "-f", "csv"]) == 0  # the usual input of a classifier
    assert "4x222x222" in capsys.readouterr().out


@torch_mark
def test_what_cannot_be_said_is_refused_with_its_line(
    torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mynet.py").write_text(MY_NET)
    for name, message in (
        ("mynet.py:Attending", "erf has no layer kind (torch.erf, 4×4, Attending.forward, mynet.py:31)"),
        ("mynet.py:Deciding", "the network decides by values: `.item()` in Deciding.forward, mynet.py:26"),
        ("mynet.py:Viewed", "a tensor is changed in place through a view"),
        ("mynet.py:Several", "decides by values: `.item()` in Several.forward, mynet.py:35"),
        ("mynet.py:Several", "decides by values: `bool(…)` in Several.forward, mynet.py:36"),
        ("mynet.py:Several", "changed in place through a view (torch.setitem, 4×7×7, Several.forward, mynet.py:38)"),
        ("mynet.py:Several", "erf has no layer kind (torch.erf, 4×7×7, Several.forward, mynet.py:39)"),
        ("mynet.py:Several", "a buffer, which is not learned (torch.conv2d, 3×9×9, Several.forward, mynet.py:40)"),
        ("mynet.py:Empty", "its forward gives a str, in which no tensor is found"),
        ("mynet.py:Constant", "an output does not depend on the input (output, 3×3×3)"),
        ("mynet.py:nothing", "AttributeError"),
        ("mynet.py:build", "TypeError"),
        ("nowhere.py:Net", "error[unreadable]: nowhere.py:Net: there is no file nowhere.py\n"),
    ):
        assert run_command(["import", name, "--input", "3x9x9", "-o", "net.yaml"]) == 1
        assert message in capsys.readouterr().err, name
        assert not (tmp_path / "net.yaml").exists()


LISTS = """
import torch
from collections import namedtuple
from dataclasses import dataclass

Pair = namedtuple("Pair", "left right")

@dataclass
class Found:
    boxes: object
    rest: object = None

class Joined(torch.nn.Module):
    def forward(self, maps, *more):
        x = maps[0] + maps[1]
        return {"sum": x, "pair": Pair(x - 1, [more[0], None]), "found": Found(x * 2)}
"""


@torch_mark
def test_lists_of_tensors_are_inputs_and_outputs(
    torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists.py").write_text(LISTS)
    sizes = [part for size in ("maps0=3x9x9", "maps1=3x1x1", "more0=5") for part in ("--input", size)]
    assert run_command(["import", "lists.py:Joined", *sizes]) == 0
    network = read_text(Source("net.yaml", capsys.readouterr().out)).require_network()
    assert network.inputs == {"maps0": (3, 9, 9), "maps1": (3, 1, 1), "more0": (5,)}
    assert [*network.outputs] == ["sum", "pair_left", "pair_right0", "found_boxes"]
    assert network.outputs["pair_right0"] == -3
    assert [repr(node.layer) for node in network.nodes] == ["add", "affine(offset=-1)", "affine(factor=2)"]


@torch_mark
def test_a_size_that_is_assumed_is_noted(
    torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mynet.py").write_text(MY_NET)
    note = "The module does not say the size of its input: 3×224×224 is assumed"
    assert run_command(["import", "mynet.py:Net"]) == 0
    out, err = capsys.readouterr()
    assert note in out
    assert note in err
    assert run_command(["import", "mynet.py:Net", "--input", "3x224x224"]) == 0
    assert note not in "".join(capsys.readouterr())
    (tmp_path / "mlp.py").write_text("from torch import nn\nnet = nn.Sequential(nn.Linear(5, 3), nn.ReLU())\n")
    assert run_command(["import", "mlp.py:net"]) == 0  # which says it
    assert "input: [5]" in capsys.readouterr().out
    (tmp_path / "line.py").write_text(
        "from torch import nn\nnet = nn.Sequential(nn.Conv1d(3, 3, 1), nn.Linear(5, 3))\n"
    )
    assert run_command(["import", "line.py:net"]) == 1
    assert "the size of its input is not known: give it, e.g. --input" in capsys.readouterr().err


TWO_INPUTS = """
import torch

class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Conv2d(3, 4, 3)
        self.b = torch.nn.Conv2d(1, 4, 3)
        self.end = torch.nn.Linear(8, 2)

    def forward(self, left, right, mask=None):
        x = torch.cat([self.a(left), self.b(right)], 1)
        return self.end((x if mask is None else x - mask).mean((2, 3)))
"""


@torch_mark
def test_inputs_are_the_parameters_of_forward(
    torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The order in which they are given has no meaning; one that has a default may be given, too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.py").write_text(TWO_INPUTS)
    sizes = ["--input", "right=1x9x9", "--input", "left=3x9x9"]
    assert run_command(["import", "two.py:Two", *sizes]) == 0
    text = capsys.readouterr().out
    assert "a: from(left) -> conv(4, 3)" in text
    assert "b: from(right) -> conv(4, 3)" in text
    assert run_command(["show", "two.py:Two", *sizes, "--input", "mask=8x7x7"]) == 0
    assert "from(mask)" in capsys.readouterr().out
    for given, message in (
        ([], "its forward takes left, right: give the size of each, e.g. --input left=3x224x224 --input right="),
        (["3x9x9"], "its forward takes left, right"),
        (["left=3x9x9"], "its forward takes left, right"),
        (["left=3x9x9", "write=1x9x9"], "its forward has no parameter `write`; it has left, right, mask"),
    ):
        options = [part for size in given for part in ("--input", size)]
        assert run_command(["summary", "two.py:Two", *options]) == 1
        assert message in capsys.readouterr().err


@torch_mark
@pytest.mark.parametrize("name", ["input", "outputs", "index", "channels", "in_channels", "_", "_x", "n1", "identity"])
def test_an_input_may_have_any_name_that_python_allows(torch: Any, name: str) -> None:
    namespace: dict[str, Any] = {"torch": torch}
    exec(f"class Net(torch.nn.Module):\n    def forward(self, {name}, other): return {name} - other", namespace)
    network = cnncalc.from_torch(namespace["Net"](), {name: "3x4x4", "other": [3, 4, 4]})
    assert [each.rstrip("_") for each in network.inputs] == [name.rstrip("_"), "other"]  # reserved words have one more
    assert [(repr(node.layer), node.inputs) for node in network.nodes] == [("subtract", (-1, -2))]


@torch_mark
def test_one_input_may_be_given_by_its_name(
    torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text(
        "import torch\n\nclass One(torch.nn.Module):\n    def forward(self, input):\n        return input.relu()\n"
    )
    for size in ("3x9x9", "input=3x9x9"):
        assert run_command(["import", "one.py:One", "--input", size]) == 0
        assert "input: [3, 9, 9]\n" in capsys.readouterr().out


@torch_mark
def test_a_module_at_hand_is_read_and_left_as_it_is(torch: Any) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU()).train()
    network = cnncalc.from_torch(module, "3x10x12")
    assert [repr(node.layer) for node in network.nodes] == ["conv(8, 3)", "batch_norm", "relu"]
    again = cnncalc.from_torch(module, [3, 10, 12])
    assert [node[:-3] for node in again.nodes] == [node[:-3] for node in network.nodes]
    assert module.training
    assert not any(parameter.is_meta for parameter in module.parameters())
    with pytest.raises(cnncalc.CnncalcError, match="it does not run"):
        cnncalc.from_torch(module, "4x10x12")


@pytest.mark.parametrize(
    "text", ["resnet50", "c:net", "conv(8, 3) -> relu", "my.py:build(open('x'))", "a b:c", "net.yaml", "x=3:relu"]
)
def test_other_texts_are_no_modules(text: str) -> None:
    assert parse_module_name(text) is None


def test_a_bare_name_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mynet.py").write_text("raise SystemExit('it was run')")
    for name in ("mynet", "mynet.py", "mynet.Net"):
        assert run_command(["summary", name]) in (1, 2)
    (tmp_path / "net.yaml").write_text("extends: mynet.py:Net\n")
    assert run_command(["summary", "net.yaml"]) == 1
