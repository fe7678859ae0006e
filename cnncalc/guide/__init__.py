"""The guide: pages of Markdown beside this file, which `cnncalc guide` shows. The tests run every example in them."""

from __future__ import annotations

from pathlib import Path

# topic → what its page is about, in the order in which they are listed
TOPICS = {
    "language": "the architecture file, from the first layer to families of networks",
    "budgets": "conditions on figures, in the file and in CI",
    "sweeps": "many widths and input sizes at once, and what fits",
    "import": "the networks that you have: ONNX files, Keras models and PyTorch modules",
    "draw": "figures of networks, for papers, slides and READMEs",
    "report": "one page that explains a network, or compares two",
    "export": "PyTorch and Keras code, and ONNX files",
    "counting": "what is counted, by which convention, with sources",
    "conventions": "what other tools count, rule by rule, and their mistakes",
    "memory": "the memory of tensors and weights: the peak, and what is counted",
    "receptive-fields": "how receptive fields are computed, and what the marks mean",
    "executor": "running a network on numbers, and verifying every figure by execution",
    "gradients": "gradients of weights and inputs, vanishing ones, the effective receptive field",
    "formats": "JSON, CSV and Python for programs",
    "jupyterlite": "notebooks in the browser, without an installation",
    "limits": "what is refused: sizes, depths, times",
    "speed": "how fast it is, and how that is measured",
}


def page_path(topic: str) -> Path:
    """The file of a topic's page."""
    return Path(__file__).with_name(f"{topic}.md")


def page(topic: str) -> str:
    """The page of a topic, in Markdown. Raises KeyError for an unknown topic."""
    if topic not in TOPICS:
        raise KeyError(topic)
    return page_path(topic).read_text(encoding="utf-8")
