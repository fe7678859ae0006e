"""Names of PyTorch modules: `torchvision.models:resnet50`, `mynet.py:Net`, `mynet.py:build(width=2)`."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from pathlib import Path
from typing import Any

from cnncalc.records import NamedTuple

_NAME = re.compile(
    r"(?P<source>(?:[^()>]*[/\\])?[\w-]+\.py|[A-Za-z_]\w+(?:\.\w+)*):(?P<name>[A-Za-z_]\w*(?:\.\w+)*)(?P<call>\(.*\))?"
)


class ModuleName(NamedTuple):
    """A file or a package, what is named in it, and the arguments with which it is called, all literals."""

    source: str
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def is_file(self) -> bool:
        """Whether the source is a file, not a package."""
        return self.source.endswith(".py")

    @property
    def is_missing(self) -> bool:
        """Whether it is a file that is not there."""
        return self.is_file and not Path(self.source).is_file()

    def load(self) -> Any:
        """The file or package, which is run."""
        from importlib import import_module
        from importlib.util import module_from_spec, spec_from_file_location

        if not self.is_file:
            sys.path.insert(0, str(Path.cwd()))
            return import_module(self.source)
        path = Path(self.source).resolve()
        sys.path.insert(0, str(path.parent))
        spec = spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        return module


def parse_module_name(text: str) -> ModuleName | None:
    """A name that says what code to run; None of other texts, and where arguments are no literals.

    >>> parse_module_name("torchvision.models:resnet50")
    ModuleName(source='torchvision.models', name='resnet50', args=(), kwargs={})
    >>> parse_module_name("nets/my.py:build(2, width=0.5)")
    ModuleName(source='nets/my.py', name='build', args=(2,), kwargs={'width': 0.5})
    >>> [parse_module_name(text) for text in ("resnet50", "c:net", "conv(8, 3)", "my.py:build(open('x'))")]
    [None, None, None, None]
    """
    found = _NAME.fullmatch(text)
    if found is None or len(found["source"]) == 1:
        return None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if found["call"]:
        parsed = parse_arguments(found["call"])
        if parsed is None:
            return None
        args, kwargs = parsed
    return ModuleName(found["source"], found["name"], args, kwargs)


def parse_arguments(text: str, *, words: bool = False) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The arguments of a call, all literals; None of other texts. With `words`, bare names are strings.

    >>> parse_arguments("(2, kernel=(3, 3))")
    ((2,), {'kernel': (3, 3)})
    >>> parse_arguments("(padding=same)", words=True)
    ((), {'padding': 'same'})
    >>> parse_arguments("(open('x'))") is parse_arguments("(1).f(2)") is None
    True
    """
    try:
        with warnings.catch_warnings():  # of Python's parser, e.g. on `1if`
            warnings.simplefilter("ignore")
            call = ast.parse(f"f{text}", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return None

        def value_of(node: ast.expr) -> Any:
            return node.id if words and isinstance(node, ast.Name) else ast.literal_eval(node)

        args = tuple(value_of(arg) for arg in call.args)
        return args, {each.arg: value_of(each.value) for each in call.keywords if each.arg}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
