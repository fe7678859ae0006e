"""A graph as text that a person would have written: blocks, repeats, stages by their names, lines of 100 characters.

The text is right only where `check.agrees` says so of what is read from it; otherwise the flat text is taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc import limits
from cnncalc.exchange.blocks import Block, Blocks
from cnncalc.exchange.body import Body, File, Unsaid
from cnncalc.exchange.graph import Graph
from cnncalc.exchange.lines import WIDTH, wrapped
from cnncalc.exchange.names import is_taken
from cnncalc.exchange.structure import CallItem, Chain, FromItem, MergeItem, Structure, nest_concats, unnest, walk
from cnncalc.exchange.write_flat import kept_nodes
from cnncalc.spec.flow import quote
from cnncalc.spec.write import format_inputs


def write_blocks(graph: Graph) -> tuple[str, list[int]]:
    """The text of a graph, and its nodes in the order in which the text has them.

    Raises Unsaid where the graph has something that only the flat text says.
    """
    return _Writer(graph).write()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.kept = kept_nodes(graph)
        nest_concats(graph, self.kept)
        if any(graph.nodes[index].like is not None for index in self.kept):
            raise Unsaid("a layer takes its size from another output")
        if len(self.kept) > limits.STRUCTURED_LAYERS:
            raise Unsaid(f"the network has more than {limits.STRUCTURED_LAYERS:,} layers")
        self.structure = Structure(graph, self.kept)
        self.blocks = Blocks(graph, is_taken)

    def write(self) -> tuple[str, list[int]]:
        parts = self.structure.parts
        for height in sorted({part.height for part in parts}):
            same = [part for part in parts if part.height == height]
            for part in same:
                part.chain = self._inlined(self.structure.chain(part.units, part.source, [part.value]))
                part.chain = unnest(part.chain, part.source)
            self.blocks.group(same)
        start = self.structure.start()
        ends = [value for value in dict.fromkeys(self.graph.outputs.values()) if value >= 0]
        root = unnest(self._inlined(self.structure.chain(self.structure.units, start, ends)), start)
        file = File(self.graph, self.kept, self.blocks)
        body = Body(file, root, start, None)
        lines: list[str] = []
        layers = body.top_lines()
        bodies = {
            block: Body(file, block.model.chain, block.model.source, block).lines(4) for block in self._used(root)
        }
        if bodies or file.helpers:
            lines += ["", "blocks:"]
            for head, text in [*file.helpers.items(), *((block.head, text) for block, text in bodies.items())]:
                lines += [f"  {head}:", *text]
        lines += ["", "layers:", *layers]
        return "\n".join([*self._head(), *wrapped(lines, WIDTH)]) + "\n", list(self._order(root))

    def _head(self) -> list[str]:
        graph = self.graph
        heads = {"name": graph.name, "source": graph.source, "notes": " ".join(graph.notes)}
        return [
            *(f"{key}: {quote(text)}" for key, text in heads.items() if text),
            f"input: {format_inputs(graph.inputs)}",
        ]

    def _inlined(self, chain: Chain) -> Chain:
        """The chain with the items of parts that are no blocks in their place."""
        found: Chain = []
        for item in chain:
            if isinstance(item, MergeItem):
                item.branches = [self._inlined(branch) for branch in item.branches]
            if isinstance(item, CallItem) and id(item.part) not in self.blocks.of_part:
                for each in item.part.chain:
                    each.modules = (*item.modules, *each.modules)
                found += item.part.chain
            else:
                found.append(item)
        return found

    def _used(self, root: Chain) -> list[Block]:
        """The blocks that are called, each before those that call it."""
        used: set[str] = set()
        waiting = [root]
        while waiting:
            for item in walk(waiting.pop()):
                block = self.blocks.of_part.get(id(item.part)) if isinstance(item, CallItem) else None
                if block is not None and block.name not in used:
                    used.add(block.name)
                    waiting.append(block.model.chain)
        return [block for block in self.blocks.blocks if block.name in used]

    def _order(self, chain: Chain) -> Iterator[int]:
        for item in walk(chain):
            if isinstance(item, CallItem):
                yield from self._order(item.part.chain)
            elif not isinstance(item, FromItem):
                yield item.value
