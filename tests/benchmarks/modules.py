"""`from_torch` beside `import torch`, which whoever calls it has paid, and torchinfo in the same process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.cli.running import ROOT

from .measure import Section, judged, number, printed
from .others import NETWORKS, Others

RUNS = 5
SHARE = 0.1  # of the time of `import torch`
SCRIPT = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
start = time.process_time()
import torch
imported = time.process_time() - start
import torchinfo
from torchvision import models
sys.path += {paths!r}
from cnncalc import from_torch
with torch.device("meta"):
    network = models.{model}.eval()

def seconds(run):
    start = time.process_time()
    run()
    return time.process_time() - start

ours = [seconds(lambda: from_torch(network, "3x224x224")) for _ in range({runs})]
info = lambda: torchinfo.summary(network, (1, 3, 224, 224), device="meta", verbose=0)
theirs = [seconds(info) for _ in range({runs})]
print(json.dumps([imported, ours[0], min(ours), min(theirs)]))
"""


def section(others: Others, env: Mapping[str, str]) -> Section:
    """A row for each network, where there is torchinfo; its interpreter takes cnncalc and YAML from ours."""
    rows = []
    paths = [str(ROOT), str(Path(yaml.__file__).parents[1])]
    for name in NETWORKS if "torchinfo" in others.tools else ():
        script = SCRIPT.format(paths=paths, model=NETWORKS[name], runs=RUNS)
        imported, first, best, theirs = json.loads(printed([others.python, "-c", script], env))
        rows.append(
            [
                name,
                number(imported * 1e3),
                number(first * 1e3),
                number(best * 1e3),
                judged(best / imported, most=SHARE if name == "resnet50" else None),
                number(theirs * 1e3),
            ]
        )
    heads = ["a PyTorch module", "import torch ms", "from_torch ms, first", "again", "× import", "torchinfo ms"]
    return Section(heads, rows, [f"Seconds of the processor. Aim, for ResNet-50: at most {SHARE:g} × `import torch`."])
