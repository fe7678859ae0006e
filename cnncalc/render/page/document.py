"""The whole page: its head with the policy of what it may do, the networks, the data, and the script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.analysis.figures import FIGURES, Dtype
from cnncalc.figure.graph import PAGE
from cnncalc.figure.scene import MARGIN
from cnncalc.render.columns import format_shape, list_inputs
from cnncalc.render.markup import LINE, Markup, element, join
from cnncalc.render.notes import explain_totals
from cnncalc.render.numbers import format_bytes, format_digits
from cnncalc.render.page.charts import write_charts
from cnncalc.render.page.data import write_data
from cnncalc.render.page.panel import write_panel
from cnncalc.render.page.table import write_table
from cnncalc.render.svg import write_svg

if TYPE_CHECKING:
    from cnncalc.render.page.subject import Subject

THEMES = {"": "system", "light": "light", "dark": "dark"}
EXPORTS = {"csv": "CSV", "json": "JSON", "svg": "SVG of the drawing", "latex": "LaTeX of the table"}
COUNTED = ("parameters", "macs", "multiplications", "activations")


def write_page(subjects: Sequence[Subject], generator: str) -> str:
    """The page of one network, or of several side by side; `generator` is the program with its version."""
    style, script = read_part("report.css"), read_part("report.js")
    names = " and ".join(subject.title for subject in subjects)
    differences = _compare(names, *subjects) if len(subjects) == 2 else Markup()
    head = element(
        "head", LINE,
        element("meta", charset="utf-8"), LINE,
        element("meta", name="viewport", content="width=device-width, initial-scale=1"), LINE,
        element("meta", http_equiv="Content-Security-Policy", content=_make_policy(style, script)), LINE,
        element("meta", name="color-scheme", content="light dark"), LINE,
        element("title", f"{names} – cnncalc report"), LINE,
        element("style", style), LINE,
    )  # fmt: skip
    body = element(
        "body", LINE,
        element("a", "Skip to the layers", class_="skip", href=f"#{subjects[0].name('layers')}"), LINE,
        _write_tools(), LINE,
        element(
            "main", differences, element("div", *(_write_network(each, alone=len(subjects) == 1) for each in subjects),
            class_="networks"),
        ), LINE,
        element("footer", element("p", f"Made by {generator}.")), LINE,
        element("script", write_data(subjects), type="application/json", id="data"), LINE,
        element("script", script), LINE,
        data_networks=len(subjects),
    )  # fmt: skip
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


@cache
def read_part(name: str) -> Markup:
    """The style or the script of the page."""
    return Markup(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _make_policy(style: str, script: str) -> str:
    """What the page may do: run this script with this style, and show pictures that are part of it; nothing else."""
    hashes = (f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script))
    return (
        "default-src 'none'; style-src {}; script-src {}; img-src data: blob:; base-uri 'none'; form-action 'none'"
    ).format(*hashes)


def _write_tools() -> Markup:
    options = [element("option", text, value=value) for value, text in THEMES.items()]
    theme = element("label", "Theme ", element("select", *options, class_="theme"))
    return element("header", theme, _write_button("print", "Print"), class_="tools page-tools", hidden=True)


def _write_button(name: str, text: str, **attributes: str) -> Markup:
    """A button, of which only the script knows what it does."""
    return element("button", text, type="button", class_=name, **attributes)


def _compare(names: str, first: Subject, second: Subject) -> Markup:
    """What differs, which the drawing of the second network then marks as well."""
    from cnncalc.compare.side_by_side import align
    from cnncalc.render.changes import mark_changes
    from cnncalc.render.page.differences import write_differences

    rows = align(first.report, second.report)
    look = mark_changes(first.report, second.report, rows)
    if look:
        second.look = look
        second.caption = f"What is new, changed or gone against {first.label} is marked."
    return join([element("h1", names), write_differences(first, second, rows), LINE])


def _write_network(subject: Subject, *, alone: bool) -> Markup:
    parts = [
        _write_header(subject, alone=alone), _write_charts(subject), _write_layers(subject), write_panel(subject),
        _write_drawing(subject),
    ]  # fmt: skip
    return element("article", LINE, join(parts, LINE), LINE, class_="network", data_network=subject.number)


def _write_header(subject: Subject, *, alone: bool) -> Markup:
    report = subject.report
    facts = [
        ("input", list_inputs(report.inputs, format_shape)),
        ("output", format_shape(report.output)),
        ("layers", format_digits(len(report.layers))),
        *((name, format_digits(FIGURES[name].measure_network(report))) for name in COUNTED),
        ("peak memory", format_bytes(subject.peak)),
    ]
    return element(
        "header",
        element("h1" if alone else "h2", subject.title, id=subject.name("name")),
        Markup() if alone else element("p", subject.label, class_="muted"),
        element("p", report.source, class_="source") if report.source else Markup(),
        _write_list(facts, "facts"),
        element("p", *(_write_button("export", text, data_export=name) for name, text in EXPORTS.items()),
                class_="tools exports", hidden=True),
        element("details", element("summary", "How it is counted"),
                _write_list(explain_totals(report, Dtype.float32), "totals"), open=True),
    )  # fmt: skip


def _write_list(pairs: Iterable[tuple[str, str]], name: str) -> Markup:
    found = [element("div", element("dt", term), element("dd", text)) for term, text in pairs]
    return element("dl", *found, class_=name)


def _write_section(subject: Subject, name: str, title: str, *content: str) -> Markup:
    heading = subject.name(f"{name}-title")
    return element(
        "section", element("h2", title, id=heading), *content,
        class_=name, id=subject.name(name), aria_labelledby=f"{subject.name('name')} {heading}",
    )  # fmt: skip


def _write_charts(subject: Subject) -> Markup:
    return _write_section(subject, "charts", "Where the costs are", write_charts(subject))


def _write_layers(subject: Subject) -> Markup:
    tools = element(
        "p",
        element("label", "Search ", element("input", type="search", class_="search")),
        _write_button("unfold", "Unfold all"),
        _write_button("fold", "Fold"),
        element("label", element("input", type="checkbox", class_="flat"), " without groups"),
        element("span", class_="count", role="status"),
        class_="tools", hidden=True,
    )  # fmt: skip
    table = element(
        "div", write_table(subject), class_="scroll", tabindex=0, role="region",
        aria_label=f"Table of the layers of {subject.title}",
    )  # fmt: skip
    pages = element(
        "p", _write_button("previous", "Previous rows"), _write_button("next", "Next rows"), class_="pages", hidden=True
    )
    return _write_section(subject, "layers", "Layer by layer", tools, table, pages)


def _write_drawing(subject: Subject) -> Markup:
    if subject.scene is None:
        drawn = element("p", "The network has too many boxes to draw.")
    else:
        svg = write_svg(subject.scene, prefix=subject.name(""), background=None)
        name = "scroll page" if subject.scene.canvas.height <= PAGE[1] + 2 * MARGIN else "scroll"
        drawn = element(
            "div", Markup(svg), class_=name, tabindex=0, role="region", aria_label=f"Drawing of {subject.title}"
        )
    caption = element("p", subject.caption, class_="muted") if subject.caption and subject.scene else Markup()
    return _write_section(subject, "drawing", "The network", caption, drawn)
