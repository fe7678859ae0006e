"""The other tools: which of them an interpreter has, and what people write to get a network's summary from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .measure import printed

NETWORKS = {  # by cnncalc's names, as torchvision builds them
    "alexnet": "alexnet()",
    "vgg16": "vgg16()",
    "inception_v1": "googlenet(aux_logits=False, init_weights=False)",  # these two take long and are not counted
    "resnet50": "resnet50()",
    "densenet121": "densenet121()",
}
SCRIPTS = {
    "torchinfo": """
import torchinfo
from torchvision import models
torchinfo.summary(models.{model}, (1, 3, 224, 224))
""",
    "fvcore": """
import torch
from fvcore.nn import FlopCountAnalysis, flop_count_table
from torchvision import models
print(flop_count_table(FlopCountAnalysis(models.{model}.eval(), torch.randn(1, 3, 224, 224))))
""",
    "ptflops": """
from ptflops import get_model_complexity_info
from torchvision import models
print(get_model_complexity_info(models.{model}, (3, 224, 224)))
""",
    "onnx-tool": """
import onnx_tool
onnx_tool.model_profile("{folder}/{name}.onnx")
""",
}
NEEDED = {
    "torchinfo": ("torch", "torchvision", "torchinfo"),
    "fvcore": ("torch", "torchvision", "fvcore"),
    "ptflops": ("torch", "torchvision", "ptflops"),
    "onnx-tool": ("torch", "torchvision", "onnx", "onnxscript", "onnx_tool"),  # all but the last two for the export
}
EXPORT = """
import sys, torch
from torchvision import models
for name, model in {networks}.items():
    network = eval(f"models.{{model}}").eval()
    torch.onnx.export(network, (torch.randn(1, 3, 224, 224),), f"{{sys.argv[1]}}/{{name}}.onnx", external_data=False)
"""
META = """
import json, time
import torch, torchinfo
from torchvision import models

def seconds(model):
    start = time.perf_counter()
    with torch.device("meta"):
        network = eval(f"models.{{model}}")
    built = time.perf_counter()
    torchinfo.summary(network, (1, 3, 224, 224), device="meta", verbose=0)
    end = time.perf_counter()
    return end - start, end - built

best = lambda runs: [min(each) for each in zip(*runs)]
print(json.dumps({{name: best([seconds(model) for _ in range({runs})]) for name, model in {networks}.items()}}))
"""
PROBE = """
import contextlib, importlib, importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    with contextlib.suppress(Exception), contextlib.redirect_stdout(sys.stderr):
        importlib.import_module(name)
        found[name] = importlib.metadata.version(name.replace("_", "-"))
print(json.dumps(found))
"""


class Others(NamedTuple):
    """An interpreter, and the versions of what can be imported there."""

    python: str
    versions: Mapping[str, str]

    @property
    def tools(self) -> list[str]:
        """The tools that can be run."""
        return [tool for tool, needed in NEEDED.items() if set(needed) <= set(self.versions)]

    def command(self, tool: str, name: str, folder: str) -> Sequence[str]:
        """The process with which a tool summarizes a network."""
        return [self.python, "-c", SCRIPTS[tool].format(model=NETWORKS[name], name=name, folder=folder)]

    def export(self, folder: str, env: Mapping[str, str]) -> None:
        """Write all networks as ONNX files."""
        printed([self.python, "-c", EXPORT.format(networks=NETWORKS), folder], env)

    def meta(
        self, runs: int, env: Mapping[str, str], networks: Mapping[str, str] = NETWORKS
    ) -> dict[str, tuple[float, float]]:
        """The shortest seconds of torchinfo without arithmetic, by network: with building it, and without."""
        found: dict[str, tuple[float, float]] = json.loads(
            printed([self.python, "-c", META.format(networks=networks, runs=runs)], env)
        )
        return found


def found(python: str, env: Mapping[str, str]) -> Others:
    """What an interpreter has of the other tools."""
    names = sorted({name for needed in NEEDED.values() for name in needed})
    return Others(python, json.loads(printed([python, "-c", PROBE, *names], env)))
