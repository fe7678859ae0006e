"""The guide: pages of Markdown beside this file, which `cnncalc guide` shows. The tests run every example in them."""

from __future__ import annotations

from pathlib import Path

# topic → what its page is about, in the order in which they are listed
TOPICS = {
    "tour": "fifteen minutes from one pixel to ResNet-50; --lang zh in Chinese",
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


TRANSLATED = {"zh": ("tour",)}  # the pages that are there in another language


def page_path(topic: str, language: str = "en") -> Path:
    """The file of a topic's page."""
    return Path(__file__).with_name(f"{topic}.md" if language == "en" else f"{topic}.{language}.md")


def page(topic: str, language: str = "en") -> str:
    """The page of a topic, in Markdown. Raises KeyError for an unknown topic, or one that is not in the language."""
    if topic not in TRANSLATED.get(language, TOPICS):
        raise KeyError(topic)
    return page_path(topic, language).read_text(encoding="utf-8")
