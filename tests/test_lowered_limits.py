"""Limits that are lowered for the tests: what is exactly at a limit is accepted, one more is not.

The limits of the contents of files are tested as they are, in `test_limits.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from cnncalc import limits
from cnncalc.analysis.analyze import analyze
from cnncalc.analysis.coverage import find_touched
from cnncalc.analysis.explain import explain
from cnncalc.analysis.wanted import Answer, Search, search
from cnncalc.cli.app import run
from cnncalc.compare.side_by_side import align
from cnncalc.errors import Fix, Problem, Source, Span, UsageError
from cnncalc.exchange.onnx_file import read_tensor
from cnncalc.exchange.protobuf import Wire, WireError
from cnncalc.execution import narrow
from cnncalc.execution.netpbm import PictureError, read_header
from cnncalc.execution.observe import isolate
from cnncalc.export.torch_module import write_module
from cnncalc.layers.arguments import LayerError
from cnncalc.layers.groups import nearest_divisor
from cnncalc.layers.merge import Add, Stack
from cnncalc.layers.reach import Resample, Window
from cnncalc.layers.recurrent import Lstm
from cnncalc.layers.term import Term
from cnncalc.layers.trace import name_inputs
from cnncalc.nearest import nearest
from cnncalc.paths import find_path
from cnncalc.reading import read, read_text
from cnncalc.render.document import make_paragraph
from cnncalc.render.show import show
from cnncalc.render.view import View
from cnncalc.render.wanted import answer_wanted
from cnncalc.spec.family import _list_folder
from cnncalc.spec.file_formats import TEXT, recognize
from cnncalc.spec.foreign import find_calls, translate_call
from cnncalc.spec.repairs import confirm_repairs

from .exchange.keras_files import sequential
from .exchange.onnx_files import field, model, node, tensor
from .networks import network, report

HEAD = "input: [1, 8, 8]\n"
PRIME = 1_000_003


def problems(layers: str) -> list[Problem]:
    """The problems of a file that begins with `HEAD`, with their repairs."""
    Path("net.yaml").write_text(HEAD + layers)
    return list(read("net.yaml").problems)


def is_too_large(layers: str) -> bool:
    return any(problem.code == "too-large" for problem in problems(layers))


def repairs_tried(cost: int, *, working: int = 1) -> int:
    """How many repairs of a problem are tried, of which the last one works; all have the same cost."""
    tried = []

    def again(text: str) -> tuple[list[Problem], int]:
        tried.append(text)
        return ([] if len(tried) == working else [problem]), cost

    span = Span(Source("net.yaml", "rellu"), 0, 5)
    problem = Problem("unknown-kind", "", span, fixes=tuple(Fix(span, f"{n}", "") for n in range(working)))
    confirm_repairs([problem], cost, again)
    return len(tried)


def is_refused(data: bytes) -> bool:
    try:
        read_header(data)
    except PictureError:
        return True
    return False


def listed_paths(count: int) -> str:
    try:
        return find_path("relu", [f"b{n}.relu" for n in range(count)])
    except UsageError as error:
        return str(error)


def similar_files(count: int) -> int:
    folder = Path(f"folder{count}")
    folder.mkdir()
    for number in range(count):
        (folder / f"net{number}.yaml").touch()
    return len(_list_folder(folder))


def is_aligned(count: int) -> bool:
    """Whether networks with this number of layers are aligned; all names differ, and the first layer."""
    lines = ["".join(f"- {name}{n} = relu\n" for n in range(1, count)) for name in "ab"]
    one, other = report(f"layers:\n{lines[0]}"), report(f"layers:\n- tanh\n{lines[1]}")
    return sum(row.state == "same" for row in align(one, other)) == count - 1


def is_compared(*counts: int) -> bool:
    """Whether networks with this number of layers are compared."""
    return run(["compare", *(f"relu * {count}" for count in counts), "--input", "1x8x8"]) == 0


def is_stacked(size: int) -> bool:
    """Whether a recurrent layer of so many layers is accepted."""
    try:
        Lstm(hidden=2, layers=size)
    except LayerError:
        return False
    return True


def has_blocks(size: int) -> bool:
    """Whether a chain of so many layers is exported as it is written, and not a layer a line."""
    reading = read_text(Source("net.yaml", f"input: [3, 8, 8]\nlayers: [{' -> '.join(['relu'] * size)}]"))
    assert reading.description is not None
    return not write_module(reading.description, reading.require_network()).flat


def has_an_arena(count: int) -> bool:
    """Whether the tensors of a network, including its input, are placed in an arena."""
    return run(["memory", f"conv(2, 1) * {count - 1}", "--input", "1x8x8", "--arena"]) == 0


def is_rewritten(count: int) -> bool:
    """Whether a network with this number of layers is compared with its separable form."""
    return run(["compare", f"conv(2, 3) * {count}", "--input", "1x20x20", "--separable", "depthwise"]) == 0


def colon_at(length: int) -> bool:
    """Whether the mistake in `conv(out: 8)` is explained if the value ends at this column."""
    return "not a colon" in problems(f"layers:\n- {' ' * (length - 13)}conv(out: 8): 3\n")[0].message


def field_after(upsamplings: str) -> bool:
    return report(f"input: [1, 8]\nlayers: [{upsamplings}relu]").layers[-1].receptive_field is not None


def is_exact(factor: int) -> bool:
    """Whether the receptive field after an upsampling by this factor is exact, not only bounded."""
    field = report(f"input: [1, 8]\nlayers: [upsample({factor})]").layers[-1].receptive_field
    return field is not None and field.exact


def stacks(axes: int) -> bool:
    """Whether `stack` may have an output with this number of axes."""
    try:
        return len(Stack().output_shape(((1,) * (axes - 1),) * 2)) == axes
    except LayerError:
        return False


def branches(count: int) -> str:
    lines = "".join(f"    - conv({2 if n else 3}, 1)\n" for n in range(count))
    return next(problem.message for problem in problems(f"layers:\n- add:\n{lines}"))


def sum_of(parts: int) -> str:
    """An expression with this number of parts: numbers, operators, and a minus."""
    return ("-" if parts % 2 == 0 else "") + " + ".join(["1"] * ((parts + 1) // 2))


def has_two_mistakes(apart: int) -> bool:
    """Whether a mistake is found that is this number of steps after another."""
    return len(problems(f"params: {{p: 0}}\nlayers: ['conv(p, 1)'{', relu' * (apart - 1)}, 'conv(p, 1)']")) == 2


def has_a_way(length: int) -> bool:
    net = network(f"layers: [tanh * {length}]")
    return bool(explain(net, analyze(net), [f"tanh{length}"])[0].chain)


def has_answers(kernel: int, *free: str) -> bool:
    """Whether the only kernel with a certain output size is found."""
    return bool(search(network("input: [1, 30]\nlayers: ['conv(1, 1)']"), (31 - kernel,), free).answers)


def wire_of(data: bytes) -> Wire:
    return Wire(BytesIO(data))


def is_read(data: bytes) -> bool:
    """Whether an ONNX file is accepted."""
    Path("net.onnx").write_bytes(data)
    return not read("net.onnx").failed


def model_of(nodes: int, axes: int = 1) -> bytes:
    each = [node("Relu", "x" if not at else f"y{at - 1}", f"y{at}") for at in range(nodes)]
    array = tensor("w", (1,) * axes, [0.5])
    return model(each, inputs={"x": (1, 3, 8, 8)}, outputs=[f"y{nodes - 1}"], tensors=[array])


def is_model_read(size: int) -> bool:
    """Whether the JSON of a Keras model of so many bytes is taken."""
    data = json.dumps(sequential({"class_name": "Flatten", "config": {"name": "f"}}))
    Path("net.json").write_text(data.ljust(size))
    return not read("net.json").failed


def has_fields(count: int) -> bool:
    wire = wire_of(field(1, 1) * count)
    try:
        return len(list(wire.fields(wire.whole))) == count
    except WireError:
        return False


def has_numbers(count: int) -> bool:
    wire = wire_of(bytes([1] * count))
    try:
        return len(wire.integers(wire.whole)) == count
    except WireError:
        return False


def has_elements(count: int) -> bool:
    wire = wire_of(tensor("w", (count,)))
    return read_tensor(wire, wire.whole).values is not None


def answers(count: int) -> str:
    found = tuple(Answer(("conv1",), (("kernel", n),), (8,)) for n in range(count))
    return show(answer_wanted(Search(("conv1",), (8,), found, (), "")), View())


# limit → (what it is lowered to, whether something of a size is taken whole)
LOWERED: dict[str, tuple[int, Callable[[int], bool]]] = {
    "PICTURE_PIXELS": (30, lambda size: not is_refused(b"P5 %d 1 255\n" % size)),
    "EVALUATION_STEPS": (  # seven of them are the input and its elements
        40, lambda size: not is_too_large(f"layers: ['relu if {sum_of(size - 9)} > 0']"),
    ),
    "STEPS_AFTER_ERROR": (9, has_two_mistakes),
    "PATH_CHARACTERS": (30, lambda size: not is_too_large(f"layers: ['{'a' * size} = relu']")),
    "UNKNOWN_ARGUMENTS": (
        4, lambda size: len(problems(f"layers: ['conv(1, 1, {', '.join(f'a{n}=1' for n in range(size))})']")) == size,
    ),
    "REPAIR_TRIALS": (3, lambda size: all(p.fixes for p in problems("layers:\n" + "- rellu\n" * size))),
    "REPAIR_TRIALS_EACH": (3, lambda size: repairs_tried(1, working=size) == size),
    "REPAIR_COST": (1_000, lambda size: repairs_tried(size) == 1),
    "REPAIR_LAYERS": (
        9, lambda size: bool(problems(f"layers: ['conv(1, 1) -> batch_norm', relu * {size - 2}]")[0].fixes),
    ),
    "REPAIR_CHARACTERS": (90, lambda size: bool(problems(f"layers: [rellu]{'#':{size - len(HEAD) - 15}}")[0].fixes)),
    "SIMILAR_NAMES": (9, lambda size: nearest("relu", [*map(str, range(size - 1)), "rellu"]) == "rellu"),
    "SIMILAR_FILES": (9, lambda size: similar_files(size) == size),
    "SEARCHED_CHARACTERS": (60, colon_at),
    "FORMAT_BYTES": (9, lambda size: recognize(b"\n" * (size - 5) + b"[net]", TEXT) is not None),
    "TRANSLATED_CALL": (60, lambda size: bool(translate_call(f"Conv2D(8, {'3)':>{size - 10}}", "Conv2D"))),
    "TRANSLATED_CALLS": (9, lambda size: len(list(find_calls("Dense(1) " * size))) == size),
    "DIVISORS_TRIED": (9, lambda size: nearest_divisor(PRIME - size + 1, PRIME) == PRIME),
    "LISTED_SHAPES": (4, lambda size: branches(size).count(" is ") == size),
    "LISTED_PATHS": (3, lambda size: "more;" not in listed_paths(size)),
    "AXES": (4, stacks),
    "FIELD_PERIOD": (9, is_exact),
    "REDUCED_OUTPUTS": (9, lambda size: bool((found := find_touched(Resample(2, 3), 3 * size, size)) and found.known)),
    "FIELD_UNITS": (9, lambda size: field_after(f"upsample({size - 1}), ")),
    "KERNEL_TAPS": (9, lambda size: bool((found := find_touched(Window(size, 2, 1, 1), 64, 32)) and found.known)),
    "POSITION": (90, lambda size: field_after(f"'max_pool(1, stride={size})', ")),
    "WAY_LAYERS": (9, has_a_way),
    "NAMED_BRANCHES": (
        4, lambda size: isinstance(name_inputs(Add(), ((3, 8),) * size)[0][0], Term),
    ),
    "ARENA_TENSORS": (6, has_an_arena),
    "RECURRENT_LAYERS": (3, is_stacked),
    "EXPORT_BLOCK_LAYERS": (4, has_blocks),
    "EXPORT_STEPS": (4, has_blocks),
    "COMPARED_NETWORKS": (4, lambda size: is_compared(*[1] * size)),
    "COMPARED_LAYERS": (8, lambda size: is_compared(4, size - 4) and (size % 2 > 0 or is_rewritten(size // 2))),
    "ALIGNED_REPEATED": (21, is_aligned),
    "WANTED_ARGUMENT": (9, lambda size: has_answers(size, "kernel", "padding")),
    "WANTED_ALONE": (20, lambda size: has_answers(size, "kernel")),
    "WIRE_FIELDS": (9, has_fields),
    "WIRE_NUMBERS": (9, has_numbers),
    "KERAS_BYTES": (400, is_model_read),
    "STRUCTURED_LAYERS": (4, lambda size: is_read(model_of(size)) and "* " in read("net.onnx").text),
    "ONNX_NODES": (4, lambda size: is_read(model_of(size))),
    "ONNX_AXES": (4, lambda size: is_read(model_of(1, size))),
    "ONNX_ELEMENTS": (9, has_elements),
    "WANTED_SHOWN": (3, lambda size: "more" not in answers(size)),
    "RICH_PARAGRAPHS": (9, lambda size: "\x1b[" in show([make_paragraph("a", "head")] * size, View(color=True))),
}  # fmt: skip


@pytest.mark.parametrize("limit", LOWERED)
def test_one_more_than_a_limit_is_rejected(limit: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    most, is_taken = LOWERED[limit]
    monkeypatch.setattr(limits, limit, most)
    assert (is_taken(most), is_taken(most + 1)) == (True, False)


@pytest.mark.parametrize(("most", "refused"), [(65, 0), (64, 1), (30, 1), (5, 1)])
def test_expressions_in_all_places_of_all_files_count_together(
    most: int, refused: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Params of 11 parts each, an input of 14 and its 3 elements, a condition of 13, an expectation of 13."""
    monkeypatch.chdir(tmp_path)
    term = sum_of(11)
    Path("base.yaml").write_text(
        f"params: {{p: {term}}}\ninput: [1, {term}, 8]\nlayers: ['relu if p + {sum_of(9)} > q']\n"
    )
    Path("net.yaml").write_text(f"extends: base\nparams: {{q: {term}}}\nexpect: {{macs: 0 * ({term})}}\n")
    monkeypatch.setattr(limits, "EVALUATION_STEPS", most)
    assert [problem.code for problem in read("net.yaml", check_expect=True).problems] == ["too-large"] * refused


def test_repairs_are_not_tried_where_expressions_take_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each trial evaluates all of them again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limits, "REPAIR_COST", 80_000)
    for parts, tried in ((1, True), (97, False)):
        text = f"layers:\n- '(relu if {sum_of(parts)} > 0) * 2500'\n- rellu\n"
        assert bool(problems(text)[0].fixes) == tried


def test_arrays_that_a_note_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four convolutions are given a weight but no bias, which is then 0."""
    path = tmp_path / "net.yaml"
    given = "".join(f"  conv{n}: {{weight: [[[[1]]]]}}\n" for n in range(1, 5))
    path.write_text(f"input: [1, 1, 1]\nlayers: ['conv(1, 1) * 4']\nweights:\n{given}")
    for most, words in ((4, "conv3.bias, conv4.bias\n"), (3, "conv3.bias and 1 more\n")):
        monkeypatch.setattr(limits, "LISTED_ARRAYS", most)
        assert run(["run", str(path)]) == 0
        assert words in capsys.readouterr().err


def test_verify_narrows_until_it_takes_no_more_steps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = network("input: [1, 8, 8]\nlayers: ['conv(8, 3)']")
    steps = min(narrow.estimate_cost(candidate, 10**9) for candidate in narrow.narrow_variants(net, [(8, 8)]))
    for most, smaller in ((steps, False), (steps - 1, True)):
        monkeypatch.setattr(limits, "VERIFIED_STEPS", most)
        assert run(["verify", "conv(8, 3)", "--input", "1x8x8"]) == 0
        assert ("on a smaller input" in capsys.readouterr().out) == smaller


def test_smaller_inputs_that_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """If none is small enough: inputs up to this number of layers in total, at least ten."""
    net = network("input: [1, 40, 40]\nlayers: [relu * 20]")
    tried = set()

    def no_end(sizes: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], bool]]:
        for number in range(10**6):
            tried.add(number)
            yield sizes, False

    monkeypatch.setattr(narrow, "smaller_sizes", no_end)
    monkeypatch.setattr(narrow, "estimate_cost", lambda network, most: most + 1)
    for layers, inputs, wanted in ((20 * 15, 99, 15), (20 * 15, 12, 12), (20, 99, narrow.MIN_INPUTS)):
        tried.clear()
        monkeypatch.setattr(limits, "NARROWED_LAYERS", layers)
        monkeypatch.setattr(limits, "NARROWED_INPUTS", inputs)
        assert narrow.narrow(net, 1) is None
        assert len(tried) == wanted


def test_channels_of_a_layer_that_is_executed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of 10×10 positions are 200 elements."""
    (node,) = network("input: [6, 10, 10]\nlayers: [softmax]").nodes
    assert isolate(node).output == (2, 10, 10)
    for elements, channels in ((200, 2), (199, 1)):
        monkeypatch.setattr(limits, "ISOLATED_ELEMENTS", elements)
        assert isolate(node).output == (channels, 10, 10)


def test_names_given_twice_that_are_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - a = conv(4, 3)\n  - a = relu\n  - b = conv(4, 3)\n  - b = relu\n"
    for names in (2, 1, 0):
        monkeypatch.setattr(limits, "REBOUND_NAMES", names)
        assert sum(bool(problem.fixes) for problem in read_text(Source("net.yaml", text)).problems) == names


def test_characters_in_which_an_input_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the beginning of `x = conv(4, 1)` to that of the call: three lines."""
    lines = ["  - x = conv(4, 1)\n", "  - relu\n", "  - y = Conv2D(8, 3)(x)\n"]
    text = "input: [3, 9, 9]\nlayers:\n" + "".join(lines)
    reach = len(lines[0] + lines[1]) + lines[2].index("y")
    for characters, found in ((reach, True), (reach - len(lines[0]), False)):
        monkeypatch.setattr(limits, "INPUT_SEARCHED", characters)
        (problem,) = read_text(Source("net.yaml", text)).problems
        assert [fix.text for fix in problem.fixes] == (["y = from(x) -> conv(8, 3)"] if found else [])


SOURCE = Path(limits.__file__).read_text(encoding="utf-8")
LIMITS = re.findall(r"^(\w+) = ", SOURCE, re.MULTILINE)


def test_every_limit_has_its_reason_and_its_test() -> None:
    """The guide's page, which only states them, and the fuzzer, which only uses them, do not count."""
    assert sorted(LIMITS) == sorted(name for name in vars(limits) if name.isupper())
    assert len(LIMITS) == len(re.findall(r"^\w+ = [0-9*_]+  # \S+ \S+ \S+", SOURCE, re.MULTILINE))
    tests = [path for path in Path(__file__).parent.rglob("*.py") if path.name != "test_documents.py"]
    texts = [path.read_text(encoding="utf-8") for path in tests if "fuzz" not in path.parts]
    tested = {name for text in texts for name in re.findall(r'\blimits(?:\.|, ")(\w+)', text)}
    assert sorted({*LIMITS} - tested - {*LOWERED}) == []
