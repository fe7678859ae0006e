"""Rich and plain text: the same lines, whatever is shown and however wide."""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Callable, Iterable
from fractions import Fraction

import pytest
from rich.cells import cell_len
from rich.console import Console

from cnncalc import conventions, limits
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.explain import explain
from cnncalc.analysis.memory import Dtypes, Memory
from cnncalc.analysis.report import Report
from cnncalc.analysis.roofline import Device
from cnncalc.analysis.training import Settings, Training
from cnncalc.analysis.wanted import search
from cnncalc.cli.kernel import _report
from cnncalc.compare.separable import list_dense_equivalents, separate
from cnncalc.compare.side_by_side import ComparedNetwork, SideBySide, align
from cnncalc.compare.stages import list_stages
from cnncalc.compare.sweep import Point, Sweep
from cnncalc.conventions.convention import Own
from cnncalc.conventions.published import explain as explain_published
from cnncalc.errors import Problem, Source, Span
from cnncalc.errors.codes import all_codes
from cnncalc.execution.backward import go_back
from cnncalc.execution.effective import EffectiveField
from cnncalc.execution.explained import explain_numbers, make_plan
from cnncalc.execution.rounding import Difference
from cnncalc.execution.verify import verify as check
from cnncalc.execution.weights import Weights
from cnncalc.exercise.marking import mark
from cnncalc.exercise.questions import draw_questions, find_asked
from cnncalc.guide import TOPICS
from cnncalc.layers.activation import Sigmoid
from cnncalc.layers.ops import Map, fill_map
from cnncalc.reading import load, read
from cnncalc.reconciling import reconcile
from cnncalc.render.arena import describe_arena
from cnncalc.render.booktabs import write_latex
from cnncalc.render.catalogue import list_architectures, make_entry
from cnncalc.render.codes import describe_code, list_codes
from cnncalc.render.columns import COLUMNS
from cnncalc.render.compare import compare_dense, compare_separable
from cnncalc.render.document import BLANK, Block, Cell, Column, Pairs, Paragraph, Table, measure_width
from cnncalc.render.effective import describe_effective
from cnncalc.render.exercise import describe_exercise, describe_marks, describe_solutions
from cnncalc.render.explain import describe_explained
from cnncalc.render.functions import describe_function
from cnncalc.render.gradients import describe_gradients, describe_stats
from cnncalc.render.guide import list_topics
from cnncalc.render.kernel import describe_kernel
from cnncalc.render.kinds import describe_kind, list_kinds
from cnncalc.render.maps import describe_maps, describe_matrix
from cnncalc.render.markdown import write_markdown
from cnncalc.render.memory import describe_memory
from cnncalc.render.pictures import draw_pictures
from cnncalc.render.plain import write_plain
from cnncalc.render.problems import describe_files
from cnncalc.render.published import Row, list_published
from cnncalc.render.reconcile import Side, describe_sides
from cnncalc.render.roofline import describe_roofline
from cnncalc.render.rounding import describe_rounded
from cnncalc.render.search import describe_outcome
from cnncalc.render.show import show
from cnncalc.render.side_by_side import compare_side_by_side
from cnncalc.render.source import highlight
from cnncalc.render.stages import compare_stages
from cnncalc.render.summary import describe, rich_table, summarize
from cnncalc.render.sweep import list_points
from cnncalc.render.terms import describe_numbers, format_term
from cnncalc.render.text import count_cells
from cnncalc.render.training import describe_training
from cnncalc.render.verdict import describe_verdict, list_verdicts
from cnncalc.render.view import View
from cnncalc.render.wanted import answer_wanted
from cnncalc.rounded import parse_figure

from .. import processes
from ..cli.running import ROOT
from ..networks import network
from .samples import MAP, layer, line, report, small

WIDTHS = (60, 61, 72, 80, 97, 100, 120, 150, 200, None)
ESCAPES = re.compile(r"\x1b\[[\d;]*m")


def named(*names: str) -> Report:
    relu = layer("relu")
    return report([line(name, relu, (MAP,), MAP, size=1) for name in names], name=names[0])


SUMMARIES = [
    *(analyze(load(name)) for name in ("lenet5", "resnet50", "inception_v1", "unet", "c3d", "wavenet")),
    small(),
    named("網路層", "abc", "e\u0301", "[red]bold[/red]", ":smile:", "a\x1b[2J\n\u202eb", "x" * 90),
    small()._replace(complete=False),
]
DEEP = analyze(load("efficientnet_b0"))
ALEXNET, VGG11, VGG13, RESNET18 = (load(name) for name in ("alexnet", "vgg11", "vgg13", "resnet18"))
MANY = [ComparedNetwork(net.name, analyze(net)) for net in (ALEXNET, VGG11, VGG13, RESNET18)]
TWO = MANY[1:3]
ENTRIES = [make_entry(name, net, analyze(net).totals) for name, net in (("alexnet", ALEXNET), ("vgg11", VGG11))]
VERDICTS = [check(load("two_conv")), check(load("lenet5"))]
CODES = list(all_codes().values())
SYNTAX = [Problem("syntax", "a [red]b[/red]", Span(Source("n\x1b.yaml", "layers: [a,\tb]"), 8, 11), "c", "d.e")]
QUESTIONS = draw_questions(MANY[0].report, find_asked("output,params,macs,field"))
POINTS = (
    Point(("0.5", "96"), figures={"parameters": 5 * 10**9, "macs": 7}, best=True),
    Point(("2", "x"), problem=SYNTAX[0]),
)
CONVENTIONS = [conventions.named(name) for name in ("thop", "onnx-tool", "keras")]
SIDES = [Side(each.apply(MANY[0].report), Own("l|b", [], "_b_"), each.apply(MANY[0].report)) for each in CONVENTIONS]
SWEEP = Sweep("[b]a[/b]", ("width", "input"), POINTS, tried=3, missed=1)
MEMORY = Memory(analyze(load("resnet18")), Dtypes())
SMALL = network("input: [1, 4, 4]\nlayers: ['conv(2, 3, padding=1) -> relu -> softmax']")
MAPS = {"a": Map((2, 3, 4), [float(n) / 7 for n in range(24)]), "b": Map((5,), [0.0, -1.5, 2e9, 1e-9, 3.0])}


def side_by_side(depth: int | None) -> SideBySide:
    return SideBySide(tuple(TWO), tuple(align(TWO[0].report, TWO[1].report, depth)))


BACKWARD = network("input: [2, 4, 4]\nlayers: ['conv(3, 3)', relu, flatten, 'linear(2)']")
GRADIENTS = go_back(BACKWARD, [fill_map((2, 4, 4), 0.5)], Weights(BACKWARD, {}, 0), {3: fill_map((2,), 1.0)})
ROUNDED = [Difference(node, 0.5, 2.0, node.index) for node in SMALL.nodes]
NUMBERS = explain_numbers(
    SMALL,
    [Map((1, 4, 4), [float(n) for n in range(16)])],
    Weights(SMALL, {}, 0),
    make_plan(SMALL, SMALL.nodes[-1], None, len(SMALL.nodes)),
    format_term,
)


PRINTED = read("vgg16").description
assert PRINTED
EXPLAINED = [each for entry in PRINTED.published for each in explain_published(entry, analyze(load("vgg16")))]
PUBLISHED = [Row("alexnet", 7), *(Row("vgg16", 9, each) for each in EXPLAINED)]


FOUND = reconcile(read("alexnet"), parse_figure("1.14G"))


DOCUMENTS: dict[str, Callable[[View], Iterable[Block]]] = {
    f"summary {number} {made.name[:9]!a}": lambda view, made=made: summarize(made, view)
    for number, made in enumerate(SUMMARIES)
} | {
    "summary with columns": lambda view: summarize(small(), view._replace(columns=tuple(COLUMNS))),
    "compare two": lambda view: compare_side_by_side(side_by_side(None), view),
    "compare two, folded": lambda view: compare_side_by_side(side_by_side(1), view),
    "compare many": lambda view: compare_side_by_side(SideBySide(tuple(MANY)), view),
    "stages": lambda view: compare_stages(MANY[:2], list_stages(MANY[:2]), view),
    "compare separable": lambda view: compare_separable(separate(VGG11, "depthwise").comparison, "depthwise", view),
    "compare dense": lambda view: compare_dense(list_dense_equivalents(MANY[0].report.layers), "AlexNet", view),
    "list": lambda view: [list_architectures(ENTRIES, True, view)],
    "list published": lambda view: [list_published(PUBLISHED, view)],
    "verify": lambda view: describe_verdict(VERDICTS[1], view),
    "verify many": lambda view: list_verdicts(VERDICTS, view),
    "codes": lambda view: list_codes(CODES),
    "code": lambda view: describe_code(CODES[0], SYNTAX, view),
    "layers": lambda view: list_kinds(),
    "layer": lambda view: describe_kind("conv"),
    "function": lambda view: describe_function(Sigmoid()),
    "explain": lambda view: describe_explained(explain(VGG11, MANY[1].report, [VGG11.nodes[8].path])),
    "wanted": lambda view: answer_wanted(search(network("layers: ['conv(8, 5)']"), (8, 8), ["padding"])),
    "show": lambda view: highlight("a: [b]  # c\n\td: 'e' -> conv(1, 2)"),
    "validate": lambda view: describe_files([("a", SYNTAX), ("b", [])], view),
    "run": lambda view: describe_maps(MAPS, view.width),
    "pictures": lambda view: draw_pictures(MAPS, view),
    "guide": lambda view: list_topics(TOPICS),
    "deep": lambda view: summarize(DEEP, view._replace(depth=9)),
    "memory": lambda view: describe_memory(MEMORY, view),
    "arena": lambda view: describe_arena(MEMORY, view),
    "roofline": lambda view: describe_roofline(MEMORY, Device(Fraction(10**12), Fraction(10**10)), view),
    "sweep": lambda view: list_points(SWEEP, view._replace(columns=("parameters", "macs"))),
    "reconcile a figure": lambda view: describe_outcome(MANY[0].report, "1.14G", FOUND, ["a [b]paper[/b]"]),
    "reconcile": lambda view: describe_sides(MANY[0].report, SIDES, view),
    "training": lambda view: describe_training(Training(MEMORY.report, Settings()), view),
    "gradients": lambda view: describe_gradients(BACKWARD, GRADIENTS, view.width),
    "sizes of gradients": lambda view: describe_stats(BACKWARD, GRADIENTS, view.width),
    "kernel": lambda view: describe_kernel(_report("sobel_x", view.width), view),
    "kernel that does not split": lambda view: describe_kernel(_report("laplace", view.width), view),
    "rounded": lambda view: describe_rounded(MAPS, ROUNDED, "float16", view, picture=False),
    "numbers": lambda view: describe_numbers(NUMBERS, SMALL, view.width),
    "effective": lambda view: describe_effective(
        EffectiveField("a", (1, 1), 2, (4, 5), [float(at) for at in range(20)], ((0, 2), (1, 3))), view
    ),
    "exercise": lambda view: describe_exercise(MANY[0].report, QUESTIONS, view),
    "solutions": lambda view: describe_solutions(MANY[0].report, QUESTIONS, explain(ALEXNET, MANY[0].report)),
    "marks": lambda view: describe_marks(MANY[0].report, mark(QUESTIONS, {1: "?", 2: "34848"}, MANY[0].report)),
    "matrix": lambda view: describe_matrix("a", [[0.0, 1.0], [2.0, 0.5]], view.width),
}


def test_every_document_of_a_command_is_among_them() -> None:
    parts = {
        "list_numbered_rows",
        "draw_beside",
        "describe_problem",
        "fit_table",
        "drop_columns",
        "elide_paths",
        "make_layer_table",
        "translate",
    }  # of these documents
    made = set()
    for path in (ROOT / "cnncalc" / "render").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.returns and not node.name.startswith("_"):
                returned = ast.unparse(node.returns)
                made |= {node.name} if returned in ("Iterator[Block]", "Table") else set()
    assert made - parts <= {*globals()}


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_rich_without_its_escapes_is_the_plain_text(name: str) -> None:
    for width in WIDTHS:
        for human in (None, True):
            view = View(width=width, human=human)
            plain = show(DOCUMENTS[name](view), view)
            colored = show(DOCUMENTS[name](view), view._replace(color=True))
            assert "\x1b[" in colored
            assert ESCAPES.sub("", colored) == plain
            assert all(text == text.rstrip() for text in plain.splitlines())


# lines of a file are not broken, nor words, nor the calls of an exercise; and columns that are asked for are shown
AS_IT_IS = {
    "show",
    "validate",
    "code",
    "exercise",
    "summary with columns",
    *(name for name in DOCUMENTS if "summary 7" in name),
}


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", sorted({*DOCUMENTS} - AS_IT_IS))
def test_no_line_is_wider_than_it_may_be(name: str) -> None:
    for width in (60, 80, 120):
        view = View(width=width)
        lines = show(DOCUMENTS[name](view), view).splitlines()
        assert max(map(cell_len, lines)) <= width, (width, max(lines, key=cell_len))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_in_a_document_moves_the_cursor(name: str) -> None:
    for write in (write_markdown, write_latex):
        assert not {char for char in write(DOCUMENTS[name](View())) if not char.isprintable()} - {"\n"}
    shown = ESCAPES.sub("", show(DOCUMENTS[name](View()), View(color=True)))
    assert not {char for char in shown if not char.isprintable()} - {"\n"}


def test_a_name_is_no_markup() -> None:
    console = Console(file=io.StringIO(), width=120, legacy_windows=False)
    console.print(named("[red]bold[/red]", ":smile:", "[link=https://x.org]y[/link]"))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert all(name in text for name in ("[red]bold[/red]", ":smile:", "[link=https://x.org]y[/link]"))


@pytest.mark.parametrize("width", [60, 80, 130])
def test_rich_prints_a_report_as_wide_as_its_console(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(SUMMARIES[1])
    assert isinstance(console.file, io.StringIO)
    lines = [text.rstrip() for text in console.file.getvalue().splitlines()]
    assert lines == show(summarize(SUMMARIES[1], View(width=width)), View(width=width)).splitlines()


def test_a_notebook_shows_a_report() -> None:
    bundle = small()._repr_mimebundle_()
    assert "2,978" in bundle["text/html"]
    assert "2,978" in bundle["text/plain"]
    assert small()._repr_mimebundle_(include=["text/plain"]).keys() == {"text/plain"}


def test_the_table_of_rich_has_columns_sections_and_a_footer() -> None:
    made = rich_table(small(), View(depth=3))
    headers = [str(column.header) for column in made.columns]
    assert [header for header in headers if header] == [
        "layer", "settings", "input", "output", "parameters", "macs", "receptive field",
    ]  # fmt: skip
    assert [column.justify for column in made.columns][:5] == ["left", "left", "right", "right", "right"]
    assert made.show_footer
    assert str(made.columns[4].footer) == "2,978"
    # conv1 | body, unit1.0, unit1.1 | flatten1, linear1
    assert [row.end_section for row in made.rows] == [True, False, False, True, False, False]


def test_a_long_table_is_plain_on_a_terminal_too() -> None:
    relu = layer("relu")
    for number, colored in ((limits.RICH_ROWS, True), (limits.RICH_ROWS + 1, False)):
        made = report([line(f"relu{n}", relu, (MAP,), MAP) for n in range(number)])
        view = View(color=True)
        assert ("\x1b[" in show(summarize(made, view), view)) == colored


def test_into_a_pipe_rich_is_not_imported() -> None:
    code = "from cnncalc.cli.app import run\nimport sys\nrun(['summary', 'resnet50'])\nassert 'rich' not in sys.modules"
    done = processes.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_lines_are_broken_at_blanks_and_keep_their_styles() -> None:
    """Words of one, two and three letters; a line of at most nine."""
    block = Paragraph((("aa bb ", "title"), ("cc dd", ""), (" ee ff", "mark")), indent=2)
    wide = Paragraph((*block.pieces, (" gg hh ii jj kk ll mm nn", "")), indent=2)
    assert write_plain([wide], 22) == "aa bb cc dd ee ff gg\n  hh ii jj kk ll mm nn\n"
    colored = show([wide], View(width=22, color=True))
    assert colored.startswith("\x1b[1maa bb \x1b[0mcc dd\x1b[35m ee ff\x1b[0m gg\n  hh")


def test_pairs_begin_in_one_column() -> None:
    block = Pairs([("a", "one two three four five six seven"), ("bcd", "x")])
    assert write_plain([block], 25) == "a    one two three four\n     five six seven\nbcd  x\n"


def test_a_table_by_hand() -> None:
    made = Table(
        [
            Column("name", [Cell("a", "head"), Cell("  b"), Cell("c")], footer=Cell("all", "head")),
            Column("n", [Cell("1"), Cell("22"), Cell("3")], right=True, footer=Cell("26")),
        ],
        sections={2},
    )
    assert measure_width(made) == 8
    assert write_plain([made, BLANK], None) == (
        "name   n\n────────\na      1\n  b   22\n────────\nc      3\n────────\nall   26\n\n"
    )
    assert write_markdown([made]) == (
        "| name | n |\n| :--- | ---: |\n| **a** | 1 |\n| &emsp;b | 22 |\n| c | 3 |\n| **all** | 26 |\n"
    )


def test_long_tables_are_broken_between_pages_and_wide_texts_into_lines() -> None:
    """At 8 pt a letter has some 4 pt, and A4 with margins of 25 mm a line of 455 pt."""
    texts = [Column("call", [Cell("x" * 80)] * 51), Column("n", [Cell("1" * 40)] * 51, True)]
    text = write_latex([Table(texts)])
    assert text.startswith("% for \\input{...}; needs \\usepackage{booktabs,longtable}\n")
    share = re.search(r"\\begin\{longtable\}\{@\{\}p\{(0\.\d+)\\linewidth\}r@\{\}\}", text)
    assert share
    assert 0.5 < float(share[1]) < 0.7
    assert text.index("\\endhead") < text.index("x" * 80)
    narrow = write_latex([Table([Column("n", [Cell("1")] * 51)])])
    assert "\\begin{longtable}{@{}l@{}}" in narrow


def test_latex_has_a_table_of_booktabs() -> None:
    text = write_latex(describe(small()._replace(name="50% & more_#1"), View(depth=1)))
    assert text.startswith("% for \\input{...}; needs \\usepackage{booktabs,graphicx}\n")
    assert "\\begin{tabular}{@{}llrrrrr@{}}" in text
    assert "50\\% \\& more\\_\\#1" in text
    assert (
        "{}body & 3$\\times$3, 4 $\\times$2 & 4$\\times$8$\\times$8 & 4$\\times$8$\\times$8 & 296 & 18,432 & 7 \\\\"
        in text
    )
    assert "{}\\textbf{total} &  &  & \\textbf{10} & \\textbf{2,978} & \\textbf{27,904} &  \\\\" in text
    rules = [found for found in re.findall(r"\\(\w+rule)", text)]
    assert rules == ["toprule", "midrule", "midrule", "bottomrule"]
    for before, after in ("{}", "[]"):
        assert text.count(before) == text.count(after)


def test_wide_characters_take_two_cells() -> None:
    text = show(summarize(named("網路層", "abc"), View()), View())
    rows = text.splitlines()[3:5]
    assert count_cells(rows[0]) == count_cells(rows[1])
