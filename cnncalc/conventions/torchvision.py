"""How torchvision itself writes the networks that are bundled, where that is not as `export` writes them.

Counters see modules and functions, so that the same network has other figures in torchvision's own code. Read from
torchvision 0.28.0, torchvision/models and torchvision/ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Own
from cnncalc.conventions.written import calls_of
from cnncalc.records import NamedTuple

VERSION = "0.28.0"
Calls = list[Call]
Rewrite = Callable[[Calls, Report], Calls | None]  # None where torchvision has no such network


class _Style(NamedTuple):
    rewrite: Rewrite
    text: str


def own(name: str, report: Report) -> Own | None:
    """How torchvision writes the bundled architecture of this name; None if it has none."""
    found = next((style for prefix, style in STYLES.items() if name.startswith(prefix)), None)
    if found is None or name in OTHERS:
        return None
    calls = calls_of(report)
    changed = found.rewrite(_without_softmax(calls, report), report)
    return Own("torchvision", changed, found.text) if changed is not None else None


def _without_softmax(calls: Calls, report: Report) -> Calls:
    """Classifiers of torchvision end with the linear layer."""
    return calls[:-1] if calls and calls[-1].work == "softmax" and calls[-1].layer in report.ends else calls


def _keep(calls: Calls, report: Report) -> Calls:
    return calls


def _functions(*works: str, last: bool = False) -> Rewrite:
    """Some work is written as functions; with `last`, only the last call of it."""

    def rewrite(calls: Calls, report: Report) -> Calls:
        at = {work: max((i for i, call in enumerate(calls) if call.work == work), default=-1) for work in works}
        return [
            call._replace(form="function") if call.work in works and (not last or at[call.work] == i) else call
            for i, call in enumerate(calls)
        ]

    return rewrite


def _mean(calls: Calls, report: Report) -> Calls:
    """The global pool is `x.mean([2, 3])`."""
    return _as_mean(calls)


def _as_mean(calls: Calls) -> Calls:
    return [c._replace(work="mean", form="operator") if c.work == "adaptive_avg_pool" else c for c in calls]


def _inception(calls: Calls, report: Report) -> Calls:
    """ReLU is a function, and so are the pools of blocks; the two of the stem and the last are modules."""
    pools = [i for i, call in enumerate(calls) if call.work == "max_pool"][:2]
    functions = ("relu", "max_pool", "avg_pool")
    return [
        call._replace(form="function") if call.work in functions and i not in pools else call
        for i, call in enumerate(calls)
    ]


def _adaptive(size: int) -> Rewrite:
    """An adaptive pool before the classifier, which changes nothing at the usual input; others are left out."""

    def rewrite(calls: Calls, report: Report) -> Calls | None:
        first = next(at for at, call in enumerate(calls) if call.work == "linear")
        last = max(at for at, call in enumerate(calls[:first]) if call.work == "max_pool")
        shape = calls[last].output
        if shape[1:] != (size, size):
            return None
        pool = Call(calls[last].layer, "adaptive_avg_pool", "module", (shape,), shape)
        return [*calls[: last + 1], pool, *calls[last + 1 :]]

    return rewrite


def _alone(rewrite: Rewrite) -> Rewrite:
    """A network without auxiliary heads, which torchvision does not run at inference."""
    return lambda calls, report: rewrite(calls, report) if len(report.ends) == 1 else None


def _shufflenet(calls: Calls, report: Report) -> Calls:
    """A block splits its input once, and shuffles by views."""
    found: Calls = []
    for call in _as_mean(calls):
        again = call.work == "chunk" and any(
            c.work == "chunk" and report.layers[c.layer].sources == report.layers[call.layer].sources for c in found
        )
        found.append(call._replace(work="view") if again or call.work == "channel_shuffle" else call)
    return found


def _convnext(calls: Calls, report: Report) -> Calls:
    """Blocks have linear layers on a map with the channels last, and `nn.LayerNorm` there."""
    return list(_convnext_calls(calls, report))


def _convnext_calls(calls: Sequence[Call], report: Report) -> Iterator[Call]:
    for call in calls:
        source = report.layers[call.layer].sources[0]
        before = report.layers[source].kind if source >= 0 else ""
        if call.work == "layer_norm":
            yield call._replace(form="module" if before == "depthwise_conv" else "class")
        elif call.work == "conv" and before in ("layer_norm", "gelu") and set(call.kernel) == {1}:
            yield call._replace(work="linear_map")
        elif call.work == "loose":
            yield call._replace(form="operator")
        else:
            yield call


AS_MODULES = _Style(_keep, "its classifier ends without softmax")
MEAN = _Style(_mean, "its global pool is `x.mean([2, 3])`")
NO_CHANGE = "it has an adaptive pool before the classifier, which changes nothing"

# The beginnings of names of bundled architectures → how torchvision writes them.
STYLES: dict[str, _Style] = {
    "alexnet_torchvision": _Style(_adaptive(6), NO_CHANGE),
    "convnext_": _Style(_convnext, "its blocks have linear layers and layer norms on maps with the channels last"),
    "densenet": _Style(
        _functions("relu", "adaptive_avg_pool", last=True), "the last ReLU and the global pool are functions"
    ),
    "deeplabv3_resnet50": _Style(_functions("upsample_linear"), "it resizes by a function"),
    "efficientnet_": AS_MODULES,
    "fcn_resnet50": _Style(_functions("upsample_linear"), "it resizes by a function"),
    "googlenet": _Style(_alone(_functions("relu")), "ReLU is a function"),
    "inception_v3": _Style(_alone(_inception), "ReLU and the pools of blocks are functions"),
    "mnasnet": MEAN,
    "mobilenet_v2": _Style(_functions("adaptive_avg_pool"), "its global pool is a function"),
    "mobilenet_v3_": AS_MODULES,
    "regnet_": AS_MODULES,
    "resnet": AS_MODULES,
    "resnext": AS_MODULES,
    "shufflenet_v2_": _Style(_shufflenet, "its global pool is `x.mean([2, 3])`, and a block splits once"),
    "squeezenet": AS_MODULES,
    "vgg": _Style(_adaptive(7), NO_CHANGE),
    "wide_resnet": AS_MODULES,
}
OTHERS = frozenset(("resnet50_v1", "convnext_v2_atto"))  # that are not torchvision's
