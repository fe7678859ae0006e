"""The executor shares no arithmetic with the rules that it proves: by its imports, by its calls, and by trying."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from cnncalc.layers import FAMILIES, KINDS, kind_class
from cnncalc.layers.base import Layer

from ..layers.cases import random_cases
from .one import count

ROOT = Path(__file__).parents[2] / "cnncalc"
EXECUTING = (
    "windows",
    "resampling",
    "deforming",
    "ops",
    "interpretations",
    "learned",
    "slopes",
    "tape",
    "run",
)  # the modules that a layer is executed with
RULES = {"result_shape", "output_shape", "weights", "work", "work_inside", "reach"}
FUNCTIONS = {
    *("output_size", "pooled_size", "transposed_size", "resolve_padding", "window_axes", "ceil_divide"),
    *("count_inside_axis", "count_inside", "count_before", "count_padded_axis", "count_padded", "floor_sum"),
    *("split_padding", "check_fits", "to_pairs", "count_normalization", "analyze"),
}
METHODS = {
    *("axes", "output_paddings", "sides", "steps", "intermediate"),
    *("window_elements", "count_combinations", "count_combinations_inside"),
}
FORMULAS = FUNCTIONS | METHODS - {"sides"}
ALLOWED = {
    "errors",
    "layers.base",
    "layers.ops",
    "layers.arguments",
    "layers.ieee",
    "layers.window",
    "network",
    "records",
    *(f"execution.{name}" for name in EXECUTING),
}
NAMES = {  # that may be imported from modules with rules: types, and reading a setting
    "cnncalc.layers.base": {"expand_per_axis", "Shape", "Shapes", "Work"},
    "cnncalc.layers.window": {"Windowed"},
}


def calls(tree: ast.AST) -> set[str]:
    """The names of everything that is called, and of the formulas that are handed on to be called."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {named(call.func) for call in found}
    return names | {named(argument) for call in found for argument in call.args} & FUNCTIONS


def named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def reached(source: str) -> set[str]:
    """What the `execute` methods of a module call, its own functions and methods followed."""
    tree = ast.parse(source)
    defined = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    waiting = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "execute"]
    found: set[str] = set()
    seen: set[str] = set()
    while waiting:
        names = calls(waiting.pop())
        found |= names
        waiting += [defined[name] for name in names & defined.keys() - seen]
        seen |= names
    return found


def test_the_rules_and_formulas_exist() -> None:
    modules = (*(ROOT / "layers").glob("*.py"), *(ROOT / "analysis").glob("*.py"))
    trees = [ast.parse(module.read_text(encoding="utf-8")) for module in modules]
    defined = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert defined >= RULES | FUNCTIONS | METHODS


@pytest.mark.parametrize("module", EXECUTING)
def test_imports_and_calls_of_the_executor(module: str) -> None:
    tree = ast.parse((ROOT / "execution" / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("cnncalc"):
            assert node.module.removeprefix("cnncalc.") in ALLOWED, node.module
            if node.module in NAMES:
                assert {alias.name for alias in node.names} <= NAMES[node.module]
    assert not calls(tree) & (RULES | FORMULAS)


@pytest.mark.parametrize("family", sorted({"kernel", *FAMILIES.values()}))
def test_calls_of_the_layers(family: str) -> None:
    assert not reached((ROOT / "layers" / f"{family}.py").read_text(encoding="utf-8")) & (RULES | FORMULAS)


def test_a_call_of_a_rule_is_found() -> None:
    cheating = """
class Cheat:
    def execute(self, inputs, get_weight, ops):
        return helper(self, inputs)

def helper(layer, inputs):
    return layer.output_shape(inputs)
"""
    assert reached(cheating) & RULES
    assert reached("def execute(self):\n    return list(map(output_size, self.settings))") & FORMULAS


def test_every_kind_runs_when_no_rule_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [(layer, inputs) for kind in KINDS for layer, inputs in random_cases(kind, 6)]
    expected = [layer.output_shape(inputs) for layer, inputs in cases]

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a rule was asked")

    for cls in {base for kind in KINDS for base in kind_class(kind).__mro__ if issubclass(base, Layer)}:
        for name in (RULES | METHODS) & vars(cls).keys():
            monkeypatch.setattr(cls, name, refuse)
    for name in {"window", "kernel", "groups", *FAMILIES.values()}:
        module = importlib.import_module(f"cnncalc.layers.{name}")
        for function in FUNCTIONS & vars(module).keys():
            monkeypatch.setattr(module, function, refuse)
    with pytest.raises(AssertionError, match="a rule was asked"):
        cases[0][0].output_shape(cases[0][1])
    assert [count(layer, inputs).shape for layer, inputs in cases] == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_states_how_it_runs_and_shows_an_example(kind: str) -> None:
    cls = kind_class(kind)
    assert cls.execute is not Layer.execute, f"{kind} has no reference execution"
    assert cls.examples(), f"{kind} has no examples"
    assert "execute" in Layer.RULES
