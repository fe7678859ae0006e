"""`published`: what a file keeps of figures as others print them, and what of them is written again."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnncalc.cli.new import merge_family
from cnncalc.cli.show import expand_network
from cnncalc.errors import Source
from cnncalc.given import Published
from cnncalc.reading import read, read_text
from cnncalc.rounded import Fit, RoundedError, parse_figure

FILE = """\
input: [3, 8, 8]
params: {width: 4}
layers: ['conv(width, 3)']
published:
"""


def published(text: str) -> tuple[Published, ...]:
    reading = read_text(Source("net.yaml", FILE + text))
    assert not reading.problems
    assert reading.description
    return reading.description.published


def test_one_entry_needs_no_list() -> None:
    (one,) = published('  macs: 3.8 G\n  source: "Table 1"\n')
    (other,) = published("  - {macs: 3.8 G, source: Table 1}\n")
    for entry in (one, other):
        assert entry.figures["macs"].number == 3_800_000_000
        assert entry.source
        assert entry.source.value == "Table 1"
        assert (entry.convention, entry.input, entry.notes) == (None, None, None)
    assert published("") == published("  []\n") == ()


def test_it_is_of_the_file_and_not_inherited() -> None:
    assert read("resnet101").description.published  # type: ignore[union-attr]
    reading = read_text(Source("net.yaml", "extends: resnet101\n"))
    assert reading.description
    assert reading.description.published == ()


def test_it_is_kept_where_the_file_is_written_again() -> None:
    reading = read("squeezenet1_0")
    assert reading.description
    for text in (expand_network(reading), merge_family(str(reading.path), "net.yaml")):
        again = read_text(Source("net.yaml", text)).description
        assert again
        for one, other in zip(reading.description.published, again.published, strict=True):
            assert one.figures == other.figures
            assert one.input == other.input
            for key in ("source", "convention", "notes"):
                texts = {getattr(each, key) and getattr(each, key).value for each in (one, other)}
                assert len(texts) == 1
    assert "\npublished:" not in expand_network(read("squeezenet1_0", settings=["classes=10"]))


@pytest.mark.parametrize(
    ("text", "number", "step"),
    [
        ("4.13G", "4.13e9", "1e7"),
        ("4.130 G", "4.13e9", "1e6"),
        ("25.6M", "25.6e6", "1e5"),
        ("8.2 GFLOPs", "8.2e9", "1e8"),
        ("4.1 GMac", "4.1e9", "1e8"),
        ("4.1 GMACs", "4.1e9", "1e8"),
        ("300 MMac", "300e6", "1e6"),
        ("14 macs", "14", "1"),
        ("5.3M params", "5.3e6", "1e5"),
        ("3.6 x 10^9", "3.6e9", "1e8"),
        ("3.6 × 10⁹ FLOPs", "3.6e9", "1e8"),
        ("3.6e9", "3.6e9", "1e8"),
        ("1.8 billion", "1.8e9", "1e8"),
        ("0.3B", "0.3e9", "1e8"),
        ("4,089,184,256", "4089184256", "1"),
        ("25_557_032", "25557032", "1"),
        ("569 Million Mult-Adds", "569e6", "1e6"),
    ],
)
def test_figures_as_people_write_them(text: str, number: str, step: str) -> None:
    found = parse_figure(text)
    assert (found.number, found.step) == (Fraction(number), Fraction(step))


@pytest.mark.parametrize(
    "text", ["", "G", "4.1 Q", "4.1.2 G", "-3 G", "1,23 G", "4.1 G FLOPs/s", "1e999", "9" * 99, "٣ G"]
)
def test_what_is_no_figure(text: str) -> None:
    with pytest.raises(RoundedError):
        parse_figure(text)


def test_digits_decide() -> None:
    """ResNet-50's 4,089,184,256; 1700 M of SqueezeNet's 1,665,335,872 has two digits, and 45.0 G has three."""
    macs = 4_089_184_256
    assert parse_figure("4.1 G").fit(macs) == parse_figure("4.09 G").fit(macs) == Fit.rounds
    assert parse_figure("4.08 G").fit(macs) == Fit.truncates
    assert parse_figure("4.10 G").fit(macs) is None
    assert parse_figure("4,089,184,256").fit(macs) == Fit.exact
    assert parse_figure("1700 M").fit(1_665_335_872) == Fit.coarse
    assert parse_figure("1800 M").fit(1_665_335_872) is None
    assert parse_figure("45.0 G").fit(45_122_117_632) is None
    assert parse_figure("20 G").fit(15_500_000_000) is None  # two digits at least
    scaled = [each.fit(macs) for each in parse_figure("4.09").scalings()]
    assert scaled == [None, None, None, Fit.rounds, None]
