"""Our NamedTuple behaves like that of `typing`: the same class definition is tested with both."""

from __future__ import annotations

import inspect
import pickle
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnncalc import records
from cnncalc.records import NamedTuple


def define(base: Any) -> Any:
    names: dict[str, Any] = {"NamedTuple": base, "__name__": __name__}
    text = '''
class Pair(NamedTuple):
    """Two."""

    name: str
    sizes: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.sizes)

    @classmethod
    def empty(cls) -> "Pair":
        return cls("none")

class Named(Pair):
    def __new__(cls, name):
        return super().__new__(cls, name, (len(name),))

class Nothing(NamedTuple):
    pass
'''
    exec(compile("from __future__ import annotations\n" + text, "text", "exec"), names)
    return names


Pair, Named, Nothing = (define(NamedTuple)[name] for name in ("Pair", "Named", "Nothing"))

USES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "by position": lambda names: repr(names["Pair"]("a", (1, 2))),
    "by name": lambda names: repr(names["Pair"](sizes=(3,), name="b")),
    "a default": lambda names: tuple(names["Pair"]("a")),
    "a method": lambda names: names["Pair"]("a", (1, 2)).total,
    "a class method first": lambda names: names["Pair"].empty(),
    "a class below first": lambda names: (repr(names["Named"]("abc")), repr(names["Pair"]("a"))),
    "no fields": lambda names: (repr(names["Nothing"]()), len(names["Nothing"]())),
    "made of values": lambda names: names["Pair"]._make(["a", ()]),
    "replaced": lambda names: names["Pair"]("a")._replace(name="c"),
    "as a dictionary": lambda names: names["Pair"]("a")._asdict(),
    "equal to a tuple": lambda names: names["Pair"]("a") == ("a", ()) and hash(names["Pair"]("a")) == hash(("a", ())),
    "its fields": lambda names: (names["Pair"]._fields, names["Pair"]._field_defaults, names["Pair"].__match_args__),
    "its signature": lambda names: [
        (each.name, each.default) for each in inspect.signature(names["Pair"]).parameters.values()
    ],
    "nothing else fits in": lambda names: hasattr(names["Pair"]("a"), "__dict__"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_it_is_used_as_typings(use: Callable[[dict[str, Any]], Any]) -> None:
    assert use(define(NamedTuple)) == use(define(typing.NamedTuple))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda pair: pair(),
        lambda pair: pair("a", (), 3),
        lambda pair: pair("a", other=1),
        lambda pair: pair("a", name="b"),
    ],
)
def test_a_wrong_call_is_a_type_error(wrong: Callable[[Any], Any]) -> None:
    for base in (NamedTuple, typing.NamedTuple):
        with pytest.raises(TypeError):
            wrong(define(base)["Pair"])


def test_annotations_are_text_wherever_records_are_defined() -> None:
    """From Python 3.14 on, others are no longer in the class when it is created."""
    package = Path(records.__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    users = [text for text in texts.values() if "import NamedTuple" in text]
    assert len(users) > 20
    assert all("from __future__ import annotations" in text for text in users)


def test_unknown_fields_and_assignments_are_rejected() -> None:
    with pytest.raises(TypeError, match="other"):
        Pair("a")._replace(other=1)
    with pytest.raises(AttributeError):
        Pair("a").name = "b"


def test_one_is_pickled() -> None:
    made = Pair("a", (1,))
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert type(again) is Pair
