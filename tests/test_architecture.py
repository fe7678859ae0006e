"""The arrows between the rooms of the code: which room may import which, checked by the import statements."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import CnncalcError

from . import processes

ROOT = Path(__file__).parent.parent / "cnncalc"

# room → the rooms that it may import; imports inside functions count like all others
ARROWS: dict[str, set[str]] = {
    "limits": set(),
    "records": set(),
    "errors": set(),
    "nearest": set(),
    "system": set(),
    "guide": set(),
    "layers": {"errors"},
    "network": {"errors", "layers"},
    "rounded": {"errors"},
    "given": {"errors", "layers", "rounded"},
    "spec": {"conditions", "errors", "nearest", "system", "layers", "network", "given", "rounded"},
    "exchange": {"errors", "layers", "network", "spec"},  # of spec only what writes a network as text
    # it runs the text again, and evaluates its params
    "export": {"errors", "layers", "network", "spec"},
    "analysis": {"conditions", "errors", "nearest", "layers", "network", "given"},
    "paths": {"errors", "nearest"},
    "conditions": {"errors", "nearest"},
    "conventions": {"errors", "nearest", "layers", "network", "analysis", "given", "rounded"},
    "compare": {"errors", "nearest", "layers", "network", "analysis"},
    # analysis: only in `verify`, which compares traced positions with receptive fields
    "execution": {"errors", "nearest", "layers", "network", "given", "paths", "analysis"},
    # questions about a network, and marks of answers
    "exercise": {"errors", "nearest", "layers", "analysis"},
    # a drawing as data, of a network and its report
    "figure": {"errors", "layers", "network", "analysis"},
    "render": {
        "figure", "conditions", "errors", "nearest", "layers", "network", "analysis", "execution", "compare", "rounded",
        "conventions", "given", "exercise",
    },
    # execution: only the check of the `weights` of a file
    "review": {"errors", "nearest", "layers", "network", "given", "spec", "analysis", "execution", "conventions"},
    "reading": {"errors", "network", "spec", "exchange", "analysis", "review"},
    # `sweep`, of one architecture that is read once
    "sweeping": {"analysis", "compare", "errors", "layers", "network", "reading", "spec"},
    # the variants of an architecture in which a figure is looked for
    "reconciling": {"analysis", "conventions", "layers", "network", "reading", "rounded", "spec"},
    "__init__": {"errors", "network", "analysis", "reading"},
    "__main__": {"cli"},
}  # fmt: skip
ARROWS["cli"] = {*ARROWS} - {"__main__"}
EVERYWHERE = {"limits", "records"}  # what every room may import
# For the methods that Rich, notebooks and pandas call.
EXCEPTIONS = {
    "analysis/report.py": [
        "cnncalc.render.summary", "cnncalc.render.summary.rich_summary",
        *(f"cnncalc.render.notebook{name}" for name in ("", ".show_html", "", ".make_dict", "", ".list_rows")),
    ],
    # of the figures of other tools, by their names
    "analysis/figures.py": [
        f"cnncalc.conventions.figures{name}" for name in ("", ".make_figure", "", ".list_names")
    ],
    "network.py": ["cnncalc.render.notebook", "cnncalc.render.notebook.draw_svg"],
}  # fmt: skip
# library → the only room that may import it
LIBRARIES = {"yaml": "spec", "rich": "render", "typer": "cli"}


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def violations(room: str, source: str) -> list[str]:
    """The imports of a file that are not allowed in its room."""
    found = []
    for name in imports(ast.parse(source)):
        library, _, rest = name.partition(".")
        if library in LIBRARIES and LIBRARIES[library] != room:
            found.append(name)
        if library == "cnncalc":
            target = rest.partition(".")[0] or "__init__"
            if target not in ARROWS:  # a name that the package itself exports
                target = "__init__"
            if rest and target not in {room, *ARROWS[room], *EVERYWHERE}:
                found.append(name)
    return found


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    found = violations(room_of(path), path.read_text())
    assert found == EXCEPTIONS.get(path.relative_to(ROOT).as_posix(), [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_records_are_our_own_named_tuples(path: Path) -> None:
    """Those of `typing` take ten times as long to define."""
    slow = {"typing.NamedTuple", "dataclasses.dataclass", "collections.namedtuple"}
    assert path.name == "records.py" or not slow & {*imports(ast.parse(path.read_text("utf-8")))}


def test_every_room_has_its_arrows() -> None:
    assert {room_of(path) for path in FILES} == set(ARROWS)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("layers", "import yaml"),
        ("layers", "from rich.table import Table"),
        ("layers", "from cnncalc.network import Node"),
        ("spec", "from cnncalc.analysis.analyze import analyze"),
        ("analysis", "from cnncalc.spec import load"),
        ("analysis", "def f():\n    import cnncalc.render.summary"),
        ("render", "from cnncalc.cli import app"),
        ("errors", "from cnncalc.layers.base import Layer"),
        ("network", "import typer"),
    ],
)
def test_a_forbidden_import_is_found(room: str, source: str) -> None:
    assert violations(room, source)


def loaded_by(code: str) -> set[str]:
    """The modules that are loaded in a new interpreter after running some code."""
    script = f"import sys\n{code}\nprint(*sys.modules, sep='\\n', file=sys.stderr)"
    done = processes.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_every_exception_is_a_cnncalc_error() -> None:
    """Except for the signal that ends the program, which must not be caught by `except Exception`."""
    for path in FILES:
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found = getattr(import_module(name), node.name)
                if issubclass(found, BaseException) and name != "cnncalc.cli.ends":
                    assert issubclass(found, CnncalcError), f"{name}.{node.name}"


def test_the_package_exports_its_types_on_demand() -> None:
    for name in cnncalc.__all__:
        assert getattr(cnncalc, name) is not None
    assert dir(cnncalc) == sorted(cnncalc.__all__)
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load("nowhere.yaml")
    assert [problem.code for problem in caught.value.problems] == ["unreadable"]
    network = cnncalc.load("lenet5")
    report = cnncalc.analyze(network)
    assert isinstance(network, cnncalc.Network)
    assert isinstance(report, cnncalc.Report)
    assert isinstance(report.layers[0], cnncalc.LayerReport)
    for exported in (cnncalc.Network, cnncalc.Report, cnncalc.LayerReport):
        text = exported.__doc__ or ""
        assert all(f"`{field}`" in text for field in exported._fields), exported


def test_valid_files_do_not_load_the_catalogue_of_codes() -> None:
    loaded = loaded_by("import cnncalc.reading\ncnncalc.reading.read('lenet5').problems")
    assert not {name for name in loaded if name.startswith("cnncalc.errors.codes")}


def test_importing_the_package_loads_almost_nothing() -> None:
    loaded = loaded_by("import cnncalc")
    assert {name for name in loaded if name.startswith("cnncalc")} == {"cnncalc"}
    assert not loaded & {"yaml", "rich", "typer", "pathlib"}


def test_loading_and_analyzing_needs_no_terminal() -> None:
    loaded = loaded_by("import cnncalc\ncnncalc.analyze(cnncalc.load('resnet50'))")
    assert "yaml" in loaded
    assert not loaded & {"rich", "typer", "pydantic", "numpy", "difflib", "dataclasses"}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"yaml", "cnncalc.layers", "cnncalc.spec", "pydantic"}),
        (["summary", "--help"], {"yaml", "cnncalc.layers.base", "pydantic"}),
        (["summary", "--wrong"], {"yaml", "rich", "cnncalc.layers.base", "pydantic"}),
        (["validate", "resnet50"], {"rich", "pydantic"}),
        (["summary", "resnet50"], {"cnncalc.conventions"}),
        (
            ["reconcile", "resnet50", "--convention", "thop"],
            {
                "cnncalc.export",
                "cnncalc.execution",
                "cnncalc.compare",
                "cnncalc.conventions.fvcore",
                "rich",
                "pydantic",
            },
        ),
        (
            ["summary", "resnet50"],
            {f"cnncalc.analysis.{name}" for name in ("liveness", "memory", "training", "roofline")},
        ),
        (["memory", "resnet50"], {"rich", "pydantic", "numpy", "cnncalc.execution", "cnncalc.analysis.training"}),
        (["summary", "resnet50", "--format", "json"], {"rich", "pydantic"}),
        (
            ["report", "resnet50"],
            {"rich", "pydantic", "numpy", "cnncalc.execution", "cnncalc.analysis.training", "cnncalc.render.html"},
        ),
        (["run", "lenet5"], {"rich", "pydantic", "numpy"}),
        (["verify", "two_conv"], {"rich", "pydantic", "numpy"}),
    ],
)
def test_commands_load_what_they_need(arguments: list[str], absent: set[str]) -> None:
    assert not loaded_by(f"from cnncalc.cli.app import run\nrun({arguments!r})") & absent
