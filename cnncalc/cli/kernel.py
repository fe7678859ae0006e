"""`cnncalc kernel`."""

from typing import TYPE_CHECKING, Annotated

from cnncalc.cli import options
from cnncalc.cli.formats import TextFormat, write_text
from cnncalc.cli.output import emit, make_view
from cnncalc.cli.relations import Reads

if TYPE_CHECKING:
    from cnncalc.render.kernel import KernelReport

PICTURE = 28  # pixels on each side of the picture that the kernel is applied to
BETWEEN = 2  # cells between two pictures side by side


def _complete_kernel(incomplete: str) -> list[str]:
    from cnncalc.execution.kernels import NAMED

    return [name for name in NAMED if name.startswith(incomplete)]


KERNEL_HELP = "A kernel: its name (sobel_x, laplace, …), numbers, '1 0 -1; 2 0 -2; 1 0 -1', or a file with a matrix."
KernelArgument = Annotated[str, options.argument("KERNEL", KERNEL_HELP, _complete_kernel), Reads()]


def kernel(
    kernel: KernelArgument,
    format: options.TextFormatOption = TextFormat.text,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Describe a kernel: its rank, whether it splits, its matrix, and what it does to pictures.

    Numbers that begin with a minus sign are written after `--`.
    """
    from cnncalc.render import kernel as render

    view = make_view(output, width, color)
    found = _report(kernel, view.width, across=1 if view.color else 2)
    text = write_text(
        format, view,
        document=lambda view: render.describe_kernel(found, view),
        json=lambda: render.dump_kernel(found),
    )  # fmt: skip
    emit(text, output)


def _report(text: str, width: int | None, *, across: int = 2) -> "KernelReport":
    """All of a kernel; the picture is as large as two fit the width side by side, with `across` cells for a pixel."""
    from cnncalc.cli.kernels import read_kernel
    from cnncalc.compare.factors import decompose, find_rank, split
    from cnncalc.execution.kernel_effects import change_pictures, count_multiplications, make_matrices
    from cnncalc.execution.kernels import NAMED
    from cnncalc.render.kernel import KernelReport

    rows = read_kernel(text)
    height, length = len(rows), len(rows[0])
    size = PICTURE if width is None else min((width - BETWEEN) // (2 * across), PICTURE)
    parts = decompose([[float(number) for number in row] for row in rows])
    matrix, transposed, shapes = make_matrices(rows)
    named = text in NAMED
    return KernelReport(
        text if named else "kernel",
        NAMED[text].does if named else "",
        rows,
        find_rank(rows),
        split(rows),
        parts,
        count_multiplications(height, length),
        matrix,
        transposed,
        shapes,
        change_pictures(rows, max(size, 2 * height, 2 * length)),
    )
