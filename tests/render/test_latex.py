"""LaTeX is read by LaTeX itself: what every command writes, in an article and on beamer's frames."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from .. import processes
from ..cli.running import cnncalc

HOSTILE = r"""
input: [1, 8, 8]
name: "\\end{document} a_b %% $x$ \\input{x} ^~ {é} 網路 # & [x]"
notes: "50 % of $5 & more_"
layers: ["a_b = conv(3, 3)", "softmax"]
"""
CHAIN = ("conv(64, 7, stride=2, padding=3) -> relu", "--input", "3x64x64")
WRITTEN = [
    ("summary", "alexnet"), ("summary", "hostile.yaml"), ("calc", *CHAIN), ("calc", *CHAIN, "--explain"),
    ("explain", "resnet18", "conv1"), ("compare", "alexnet", "vgg16"), ("compare", "alexnet", "vgg16", "resnet50"),
    ("compare", "vgg16", "--separable", "depthwise"), ("compare", "vgg16", "--dense"), ("list", "--family", "resnet"),
    ("exercise", "alexnet"),
]  # fmt: skip
CLASSES = {
    "article": ("\\documentclass{article}", "\\input{%s}\n"),
    "beamer": ("\\documentclass{beamer}", "\\begin{frame}\\input{%s}\\end{frame}\n"),
}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX (pdflatex with booktabs, amsmath and beamer)")
@pytest.mark.parametrize("kind", CLASSES)
def test_what_is_written_compiles(kind: str, tmp_path: Path) -> None:
    (tmp_path / "hostile.yaml").write_text(HOSTILE)
    head, each = CLASSES[kind]
    for number, command in enumerate(WRITTEN):
        arguments = [str(tmp_path / name) if name.endswith(".yaml") else name for name in command]
        done = cnncalc(*arguments, "--format", "latex", "-o", str(tmp_path / f"part{number}.tex"))
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    body = "".join(each % f"part{number}" for number in range(len(WRITTEN)))
    text = f"{head}\n\\usepackage{{booktabs,amsmath,graphicx}}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    (tmp_path / "all.tex").write_text(text)
    command = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex")
    compiled = processes.run(command, cwd=tmp_path, capture_output=True)
    assert compiled.returncode == 0, compiled.stdout.decode(errors="replace")[-2_000:]
    assert (tmp_path / "all.pdf").stat().st_size


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX (pdflatex with booktabs and longtable)")
def test_no_table_is_cut_off_by_the_page(tmp_path: Path) -> None:
    """Those that are wider than the line, and those of several pages; the margins of A4 are 25 mm, which is 71 pt."""
    commands = (("summary", "resnet50"), ("exercise", "alexnet"), ("exercise", "resnet50"), ("memory", "resnet18"))
    packages = set[str]()
    for number, command in enumerate(commands):
        part = tmp_path / f"part{number}.tex"
        done = cnncalc(*command, "--format", "latex", "-o", str(part))
        assert (done.returncode, done.stdout) == (0, "")
        packages |= {*re.findall(r"\w+", part.read_text("utf-8").partition("\n")[0].rpartition("{")[2])}
    assert packages == {"booktabs", "graphicx", "longtable"}
    body = "".join(f"\\input{{part{number}}}\n" for number in range(len(commands)))
    head = "\\documentclass[a4paper]{article}\n\\usepackage[margin=25mm]{geometry}"
    text = f"{head}\n\\usepackage{{{','.join(sorted(packages))}}}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    (tmp_path / "all.tex").write_text(text)
    compile = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex")
    for _ in range(3):  # until the widths of the columns of long tables are known
        assert processes.run(compile, cwd=tmp_path, capture_output=True).returncode == 0
    log = (tmp_path / "all.log").read_text(errors="replace")
    assert "Overfull \\vbox" not in log
    wider = [float(points) for points in re.findall(r"Overfull \\hbox \(([0-9.]+)pt", log)]
    assert max(wider, default=0) < 71 - 20


LONG = (
    "conv(4, [3, 2], padding=same, stride=[2, 1], groups=2) -> separable_conv(8, [3, 5], 2) -> avg_pool(2, ceil=true)"
)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX (pdflatex with amsmath and beamer)")
@pytest.mark.parametrize("kind", CLASSES)
def test_no_formula_is_wider_than_the_page(kind: str, tmp_path: Path) -> None:
    commands = (("explain", "resnet18"), ("explain", "resnet50", "conv5_x.bottleneck1.2"), ("explain", LONG))
    head, each = CLASSES[kind]
    each = each.replace("{frame}", "{frame}[allowframebreaks]", 1)
    for number, command in enumerate(commands):
        input = ("--input", "2x15x13") if command[1] == LONG else ()
        done = cnncalc(*command, *input, "--format", "latex", "-o", str(tmp_path / f"part{number}.tex"))
        assert (done.returncode, done.stdout) == (0, "")
    body = "".join(each % f"part{number}" for number in range(len(commands)))
    (tmp_path / "all.tex").write_text(
        f"{head}\n\\usepackage{{amsmath}}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    )
    command = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex")
    compiled = processes.run(command, cwd=tmp_path, capture_output=True)
    log = (tmp_path / "all.log").read_text(errors="replace")
    assert compiled.returncode == 0, log[-2_000:]
    wider = [float(points) for points in re.findall(r"Overfull \\hbox \(([0-9.]+)pt", log)]
    assert max(wider, default=0) <= 5, "a fraction cannot be broken: 5pt of the margin of a frame, which has 28"
