"""A block diagram as one figure for a screen, where it may be as high as it must be: in notebooks and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc import limits
from cnncalc.errors import UsageError
from cnncalc.figure.graph import Size, count_boxes, draw_graph
from cnncalc.figure.look import PLAIN, Look

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report
    from cnncalc.figure.scene import Scene
    from cnncalc.figure.tree import Chain


def draw_for_screen(report: Report, tree: Chain, look: Look = PLAIN) -> Scene | None:
    """The diagram of a network, given the tree of its look; None if it has too many boxes."""
    if count_boxes(tree)[0] > limits.SCREEN_BOXES:
        return None
    try:
        scenes = draw_graph(report, tree=tree, look=look)
        scene, *_ = draw_graph(report, tree=tree, look=look, size=Size(tall=True)) if len(scenes) > 1 else scenes
    except UsageError:
        return None
    return scene
