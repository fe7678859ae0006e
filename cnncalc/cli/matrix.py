"""`cnncalc run --matrix`: its option, and the matrix of a layer or of a chain of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cnncalc.cli import options
from cnncalc.cli.relations import Without
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.cli.task import Task
    from cnncalc.network import Network, Node

Matrix = Annotated[
    bool,
    options.option(
        "--matrix", help="Show the layer as the matrix that multiplies its flat input; of a chain the product."
    ),
    Without("--save-image"),
]


def write_matrix(task: Task) -> str:
    """The matrix in a format. Raises UsageError and CnncalcError."""
    from cnncalc.execution.matrix import multiply_matrices
    from cnncalc.render import maps

    chain = _choose_chain(task.net, task.at)
    task.bounds.refuse(task.net, chain, ())
    rows = multiply_matrices(chain, task.weights)
    path = chain[0].path if len(chain) == 1 else f"{chain[0].path} → {chain[-1].path}"
    return task.write(
        document=lambda view: maps.describe_matrix(path, rows, view.width, product=len(chain)),
        json=lambda: maps.dump_matrix(task.net.name, path, rows),
    )


def _choose_chain(net: Network, at: str | None) -> list[Node]:
    """The layer whose matrix is shown, or all layers if they are a chain, whose matrices are multiplied."""
    from cnncalc.paths import find_path

    if at is not None:
        paths = {node.path: node for node in net.nodes}
        return [paths[find_path(at, paths, former=net.former_paths)]]
    if any(node.inputs != (node.index - 1,) for node in net.nodes):
        raise UsageError("--matrix shows one layer, or a chain of linear layers: choose one with --at PATH")
    return list(net.nodes)
