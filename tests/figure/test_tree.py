"""The tree of what is drawn: every layer once, norms with their convolutions, equal neighbours folded."""

from __future__ import annotations

from collections import Counter

import pytest

import cnncalc
from cnncalc.analysis.report import Report
from cnncalc.figure.fold import make_tree
from cnncalc.figure.tree import Chain, Frame, Item, Merge, Outputs, Step, chains_in, own_layers
from cnncalc.spec.files import bundled

from ..networks import report


def count_layers(chain: Chain) -> Counter[int]:
    """How often each layer is in the tree, those of folded items included."""
    found: Counter[int] = Counter()
    for item in chain.items:
        for each in (item, *item.others):
            found.update(own_layers(each))
            for inner in chains_in(each):
                found += count_layers(inner)
    return found


def describe(chain: Chain, of: Report) -> list[str]:
    """The items of a tree in words."""
    return [describe_item(item, of) for item in chain.items]


def describe_item(item: Item, of: Report) -> str:
    def kinds(layers: tuple[int, ...]) -> str:
        return " ".join(of.layers[index].kind for index in layers)

    times = f" ×{1 + len(item.others)}" if item.others else ""
    inside = ["; ".join(describe(chain, of)) for chain in chains_in(item)]
    if isinstance(item, Step):
        return kinds(item.layers) + times
    if isinstance(item, Frame):
        return f"{item.path or item.form}({inside[0]}){times}"
    name = kinds((item.layer, *item.after)) if isinstance(item, Merge) else "outputs"
    return f"{name}[{' | '.join(inside)}]{times}"


def drawn(text: str, **how: object) -> list[str]:
    """The items of a network's tree in words."""
    found = report(text, **how)
    return describe(make_tree(found), found)


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", bundled())
def test_every_layer_is_in_one_item(name: str) -> None:
    found = cnncalc.analyze(cnncalc.load(name))
    assert count_layers(make_tree(found)) == dict.fromkeys(range(len(found.layers)), 1)


def test_norms_and_activations_join_the_layer_before_them() -> None:
    text = "layers: ['conv(8, 3) -> batch_norm -> relu -> max_pool(2) -> dropout(0.5) -> softmax']"
    assert drawn(text) == ["conv batch_norm relu", "max_pool dropout", "softmax"]


def test_at_the_start_they_join_the_convolution_after_them() -> None:
    assert drawn("layers: ['batch_norm -> relu -> conv(8, 3) -> relu']") == ["batch_norm relu conv relu"]
    assert drawn("layers: ['batch_norm -> relu -> max_pool(2)']") == ["batch_norm relu", "max_pool"]


def test_a_layer_that_others_read_keeps_its_own_result() -> None:
    """The skip is of the convolution, not of its activation."""
    text = """
        layers:
          - a = conv(8, 3, padding=1)
          - relu -> conv(8, 3, padding=1)
          - add: {main: identity, skip: from(a)}
        """
    assert drawn(text) == ["conv", "relu conv", "add[ | ]"]


def test_activations_after_a_merge_join_it() -> None:
    text = """
        layers:
          - conv(8, 1)
          - add: {main: 'conv(8, 3, padding=1) -> batch_norm', skip: identity}
          - relu -> dropout(0.1)
        """
    assert drawn(text) == ["conv", "add relu dropout[conv batch_norm | ]"]


def test_neighbours_fold_and_a_smaller_map_is_a_new_one() -> None:
    """16×16 → 16×16 → 16×16, then 8×8 → 4×4 by the same settings, which is not folded."""
    text = "input: [8, 16, 16]\nlayers: ['(conv(8, 3, padding=1) -> relu) * 3', 'conv(8, 3, stride=2, padding=1) * 2']"
    assert drawn(text) == ["conv relu ×3", "conv", "conv"]


def test_rounds_of_several_layers_fold() -> None:
    text = "input: [8, 16, 16]\nlayers: ['(conv(8, 3, padding=1) -> max_pool(3, stride=1, padding=1)) * 4']"
    assert drawn(text) == ["round(conv; max_pool) ×4"]


def test_blocks_fold_with_growing_channels_but_not_with_other_settings() -> None:
    text = """
        blocks:
          dense(out):
            - concat: {before: identity, new: 'conv(out, 3, padding=1)'}
        layers: [dense(4) * 3, dense(5)]
        """
    assert drawn(text) == ["dense1.0(concat[ | conv]) ×3", "dense2(concat[ | conv])"]


def test_what_is_read_from_the_middle_of_a_row_is_not_folded_away() -> None:
    """The skip reads the second of three equal convolutions, which is therefore the last of its fold."""
    text = """
        layers:
          - conv(3, 3, padding=1)
          - tapped = conv(3, 3, padding=1)
          - conv(3, 3, padding=1)
          - add: {main: identity, skip: from(tapped)}
        """
    assert drawn(text) == ["conv ×2", "conv", "add[ | ]"]


def test_rounds_that_are_collected_fold() -> None:
    text = """
        layers:
          - conv(3, 1)
          - stack = conv(3, 3, padding=1) * 4
          - add: rounds(stack)
        """
    assert drawn(text) == ["conv", "conv ×4", "add[]"]


def test_blocks_that_recur_in_turn_fold_as_a_cycle() -> None:
    """Six blocks of two kinds in turn are one frame of two, three times; the steps between them are not a cycle."""
    text = """
        blocks:
          wide(dilation):
            - add: {main: 'conv(3, 3, padding=dilation, dilation=dilation)', skip: identity}
            - conv(3, 1)
        layers:
          - wide(1) -> wide(2) -> wide(1) -> wide(2) -> wide(1) -> wide(2)
        """
    found = report(text)
    (frame,) = make_tree(found).items
    assert isinstance(frame, Frame)
    assert (len(frame.body.items), 1 + len(frame.others), frame.title) == (2, 3, "wide(1) … wide(2)")


def test_shared_weights_are_not_folded_with_others() -> None:
    assert drawn("layers: ['c = conv(3, 1)', reuse(c)]") == ["conv", "conv"]


def test_outputs_are_beside_the_main_path() -> None:
    text = """
        layers:
          - conv(8, 3)
          - outputs:
              early: global_avg_pool -> flatten -> linear(10)
          - conv(8, 3)
        """
    assert drawn(text) == ["conv", "outputs[global_avg_pool; flatten; linear]", "conv"]


def test_groups_of_one_thing_are_unwrapped() -> None:
    text = """
        blocks:
          conv_relu(out):
            - conv(out, 3) -> relu
          twice(out):
            - conv_relu(out) -> conv_relu(out + 1)
          outer(out):
            - twice(out)
        layers: [conv_relu(4), outer(4)]
        """
    found = report(text)
    tree = make_tree(found)
    assert describe(tree, found) == ["conv relu", "outer1(conv relu; conv relu)"]
    frame = tree.items[1]
    assert isinstance(frame, Frame)
    assert frame.title == "twice(4)"
    assert not any(isinstance(item, Outputs) for item in tree.items)
