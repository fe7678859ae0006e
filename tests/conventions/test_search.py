"""`reconcile ARCH FIGURE`: what is found gives the figure, adds up, and is what is known of where it comes from."""

from __future__ import annotations

from functools import cache

import pytest

from cnncalc import analyze, limits, load
from cnncalc.conventions import named
from cnncalc.conventions.search import ANSWERS, Answer, Outcome
from cnncalc.conventions.totals import find_classifier, find_heads
from cnncalc.reading import read
from cnncalc.reconciling import reconcile
from cnncalc.rounded import Fit, parse_figure
from cnncalc.spec.files import bundled

from .test_published import PUBLICATIONS, UNEXPLAINED, published


@cache
def search(name: str, figure: str) -> Outcome:
    return reconcile(read(name), parse_figure(figure))


def ways(outcome: Outcome) -> list[tuple[str, ...]]:
    return [way for answer in outcome.answers for way in (answer.departures, *answer.others)]


def assert_sound(answer: Answer) -> None:
    assert answer.fit is not None
    assert answer.ledger.ours + sum(line.amount for line in answer.ledger.lines) == answer.ledger.theirs


# Of torchvision, without its auxiliary head: a convolution, its batch norm, and the classes.
FCN = 35322218 - (9 * 1024 * 256 + 2 * 256 + 256 * 21 + 21)


# The figures of ResNet-50 by tools are those that the tools print, see `figures.json`; 3.86 is the paper's network.
@pytest.mark.sample(6)
@pytest.mark.parametrize(
    ("name", "figure", "way", "value"),
    [
        ("resnet50", "4.09 G", (), 4089184256),
        ("resnet50", "4.13G", ("thop on torchvision's own code",), 4133742592),
        ("resnet50", "4.13G", ("ptflops, backend pytorch on torchvision's own code",), 4132436968),
        ("resnet50", "4,132,436,968", ("ptflops, backend pytorch on torchvision's own code",), 4132436968),
        ("resnet50", "3.86", ("the bundled resnet50_v1",), 3857973248),
        ("resnet50", "25.6M", (), 25557032),
        ("resnet50", "25,636,712", ("Keras on keras.applications's own code",), 25636712),
        ("resnet50", "23,508,032 params", ("without the classifier",), 25557032 - 2049000),
        ("resnet50", "8.18 GFLOPs", ("× 2",), 2 * 4089184256),
        ("resnet50", "8,211,108,352", ("calflops on torchvision's own code",), 8211108352),
        ("resnet50", "32.7 G", ("a batch of 8",), 8 * 4089184256),
        ("resnet101", "7.6 G", ("the bundled resnet101_v1",), 7570194432),
        ("squeezenet1_0", "1700 MFLOPs", ("at 3×227×227", "× 2"), 1665335872),
        ("vgg16", "15.3 G", ("the convolutions alone",), 15346630656),
        ("vgg16", "15.3 G", ("without the classifier",), 15346630656),
        ("alexnet", "727 M", ("the bundled alexnet_grouped", "convnet-burden"), 727362344),
        ("efficientnet_b0", "1.0 G", ("the bundled efficientnet_b2",), 993561872),
        ("fcn_resnet50", "32.96M params", ("auxiliary=false",), FCN),
        ("fcn_resnet50", "32.96M params", ("without the heads",), FCN),
        ("regnet_y_8gf", "8.0 G", ("narrow=true",), 7963057312),  # 39.2 M parameters, as pycls has
        ("efficientnet_v2_l", "56.3 G", ("TensorFlow's profiler", "÷ 2"), 56297081408),
        ("resnet50", "4.1055 GMACs", ("calflops on torchvision's own code", "÷ 2"), 8211108352 // 2),
    ],
)  # fmt: skip
def test_where_a_figure_comes_from(name: str, figure: str, way: tuple[str, ...], value: int) -> None:
    outcome = search(name, figure)
    found = [answer for answer in outcome.answers if way in (answer.departures, *answer.others)]
    assert [answer.ledger.theirs for answer in found] == [value], ways(outcome)


@pytest.mark.sample(8)
@pytest.mark.parametrize(
    ("name", "text", "convention"),
    [(name, text, each) for name, text, each, _, _ in PUBLICATIONS if (name, text) not in UNEXPLAINED],
)
def test_figures_of_publications_are_found(name: str, text: str, convention: str) -> None:
    outcome = search(name, text)
    for answer in outcome.answers:
        assert_sound(answer)
    title = named(convention).title
    fits = [way for way in ways(outcome) if not way or any(each.startswith(title) for each in way)]
    assert fits or len(outcome.answers) == ANSWERS


def figures(name: str) -> list[str]:
    found = [figure.text for entry in published(name) for figure in entry.figures.values()]
    return [text for text in found if (name, text) not in UNEXPLAINED]


@pytest.mark.sample(8)
@pytest.mark.parametrize(("name", "text"), [(name, text) for name in bundled() for text in figures(name)])
def test_answers_are_sound_and_in_order(name: str, text: str) -> None:
    outcome = search(name, text)
    assert 1 <= len(outcome.answers) <= ANSWERS
    assert outcome.nearest is None
    for answer in outcome.answers:
        assert_sound(answer)
    counts = [len(answer.departures) for answer in outcome.answers]
    assert counts == sorted(counts)


def test_without_an_answer_the_nearest_is_given() -> None:
    outcome = search("lenet5", "5,000,000,000,001")
    assert outcome.answers == ()
    assert outcome.nearest
    assert outcome.nearest.fit is None
    assert outcome.nearest.ledger.theirs > 0
    assert outcome.tried > 100


def test_a_coarse_figure_is_the_last_choice() -> None:
    answers = search("resnet50", "8000 M").answers
    fits = [(len(answer.departures), answer.fit == Fit.coarse) for answer in answers]
    assert fits == sorted(fits)


def test_what_is_said_of_parameters_or_flops_counts() -> None:
    assert {answer.counts for answer in search("resnet50", "25.6 M params").answers} == {"parameters"}
    assert {answer.counts for answer in search("resnet50", "8.18 GFLOPs").answers} == {"operations"}
    assert search("resnet50", "4.09 GFLOPs").answers[0].departures == ()


def test_the_search_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reconcile(read("resnet50"), parse_figure("1.234567 G"))
    monkeypatch.setattr(limits, "RECONCILED", 10_000)
    outcome = reconcile(read("resnet50"), parse_figure("1.234567 G"))
    assert not outcome.complete
    assert outcome.tried < whole.tried
    assert outcome.nearest


def test_the_classifier_is_what_follows_the_last_map() -> None:
    """AlexNet's and VGG's three linear layers; of a segmentation network or U-Net there is none."""
    for name, kinds in (("vgg16", 3), ("resnet50", 1), ("unet", 0), ("fcn_resnet50", 0)):
        report = analyze(load(name))
        assert sum(report.layers[at].kind == "linear" for at in find_classifier(report)) == kinds


def test_heads_are_what_only_named_outputs_need() -> None:
    """Inception v1's two heads have a 1×1 convolution, and linear layers of 1024 and 1000 each."""
    report = analyze(load("inception_v1", settings=["auxiliary=true"]))
    plain = analyze(load("inception_v1"))
    heads = find_heads(report)
    assert sum(report.layers[at].work.macs for at in heads) == report.totals.work.macs - plain.totals.work.macs
    assert find_heads(plain) == frozenset()
    assert find_heads(analyze(load("ssd300_vgg16"))) == frozenset()
