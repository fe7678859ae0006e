"""A notebook shows a report as a table and a network as its drawing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from .test_notebook import Tables

pytestmark = pytest.mark.notebook

CELLS = ["import cnncalc\ncnncalc.load('lenet5')", "cnncalc.analyze(cnncalc.load('lenet5'))"]


@pytest.mark.filterwarnings("default")  # of the libraries of notebooks
def test_a_notebook_runs() -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    nbformat = pytest.importorskip("nbformat")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    nbclient.NotebookClient(book, kernel_name="python3").execute()
    drawing, table = (cell.outputs[-1].data for cell in book.cells)
    assert ElementTree.fromstring(drawing["image/svg+xml"]).tag.endswith("svg")
    assert Tables(table["text/html"]).rows[-1][4] == "61,706"
    assert "61,706" in table["text/plain"]
