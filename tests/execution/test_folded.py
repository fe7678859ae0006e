"""Borders made of the map's own positions: the receptive field of every unit against the traced positions."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc.analysis.analyze import follow
from cnncalc.execution.cones import compute_visible, enclose_set
from cnncalc.execution.verify import verify
from cnncalc.network import INPUT, Network

from ..networks import network, report


def random_layer(rng: Random) -> str:
    k, s, p = rng.randint(1, 4), rng.randint(1, 2), rng.randint(0, 2)
    a, b = rng.randint(0, 3), rng.randint(0, 3)
    mode = rng.choice(("reflect", "replicate", "circular"))
    return rng.choice((
        f"pad([[{a}, {b}]], mode={mode})",
        f"pad([[{a}, {b}]], mode={mode})",
        f"conv(2, {k}, {s}, {p}, dilation={rng.randint(1, 2)})",
        f"max_pool({k}, {s}, {min(p, k // 2)})",
        f"transposed_conv(2, {k}, {s})",
        "upsample(2)",
        "upsample(1.5, mode=linear)",
        f"crop([[{a}, {b}]])",
        f"pad([[{a}, {b}]])",
        "layer_norm(over=all)",
        f"adaptive_avg_pool({rng.randint(1, 5)})",
    ))  # fmt: skip


def random_text(rng: Random) -> str:
    way = [random_layer(rng) for _ in range(rng.randint(2, 5))]
    lines = [f"  - {text}" for text in way]
    if rng.random() < 0.4:
        p = rng.randint(1, 2)
        lines += ["  - add:", f"    - pad({p}, mode=reflect) -> conv(2, {2 * p + 1})", "    - conv(2, 3, padding=1)"]
        lines += [f"  - {random_layer(rng)}"]
    return f"input: [2, {rng.randint(3, 30)}]\nlayers:\n" + "\n".join(lines) + "\n"


def networks(seed: int, count: int) -> list[Network]:
    """Networks that are valid: a border is not wider than the map, a window not larger."""
    rng = Random(seed)
    found: list[Network] = []
    while len(found) < count:
        made = report_or_none(random_text(rng))
        if made:
            found.append(made)
    return found


def report_or_none(text: str) -> Network | None:
    from ..networks import read

    made = read(text).network
    return made if made and made.complete else None


@pytest.mark.sample(10)
@pytest.mark.parametrize("seed", range(40))
def test_every_unit_sees_at_most_its_field(seed: int) -> None:
    """Units that no folded border touches see no more than their interval, the others no more than it widened."""
    for net in networks(seed, 10):
        verdict = verify(net)
        assert verdict.held, (net, [layer.differences for layer in verdict.layers if layer.differences])
        (follower,) = follow(net)
        fields = {node.index: follower.after(node) for node in net.nodes}
        for index, sight in compute_visible(net, INPUT).items():
            followed = fields.get(index)
            if not followed or not followed.field or sight.axes is None or followed.field.flat is not None:
                continue
            ((units,), (axis,)) = sight.axes, followed.field.axes
            for u, positions in enumerate(units):
                seen, (most, _) = enclose_set(positions), axis.at_most(u, len(units))
                assert seen is None or (most and most[0] <= seen[0] and seen[1] <= most[1]), (net.nodes[index], u)


def test_the_field_is_that_of_the_interior() -> None:
    """A window of 3 at the mirrored border: r = 3, j = 1, a = −1, as with zeros; unit 0 sees 1, 0, 1."""
    layer = report("input: [1, 9]\nlayers: ['pad(1, mode=reflect) -> conv(1, 3)']").layers[-1]
    field = layer.receptive_field
    assert field
    assert (field.size, field.stride, field.start) == ((3,), (1,), (-1,))
    assert (field.exact, field.folded) == (True, True)


def test_a_border_alone_is_positions_of_the_map() -> None:
    """Of 4 mirrored positions before 9, the first two are 4 and 3: they are beyond −4 and −3 by 8 at most."""
    made = network("input: [1, 9]\nlayers: ['pad([[4, 0]], mode=reflect) -> crop([[0, 11]])']")
    (follower,) = follow(made)
    last = [follower.after(node) for node in made.nodes][-1]
    assert last
    assert last.field
    (axis,) = last.field.axes
    assert not last.field.exact  # no unit is away from the border: bounds
    assert [axis.at_most(u, 2)[0] for u in range(2)] == [(-4, 4), (-3, 5)]
    assert verify(made).held


def test_the_whole_input_is_seen_through_it() -> None:
    layers = report(
        "input: [1, 9]\nlayers: ['pad(2, mode=circular) -> conv(1, 3, stride=2) -> global_avg_pool']"
    ).layers
    whole = layers[-1].whole
    assert whole
    assert whole.all
