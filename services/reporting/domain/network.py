"""A table's sums as a network, in which every way round is another table that adds up the same.

A table whose rows form a tree, with one set of columns, is a network: every cell is an arc between two of its sums, and adding
one to each cell that is passed forwards, taking one from each that is passed backwards, along a closed way, changes
no sum. All numbers on the way are whole, so what is found is a real table and not an average of some.

Sources: D. Gusfield, "A graph theoretic approach to statistical data security", SIAM J. Comput. 17 (1988); J. P. Kelly,
B. L. Golden, A. A. Assad, "Cell suppression: disclosure protection for sensitive tabular data", Networks 22 (1992);
J. Castro, "Network flows heuristics for complementary cell suppression", LNCS 2316 (2002), for rows within rows.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from services.reporting.domain.figures import TOTAL, Cell, Figures, around


class Node(NamedTuple):
    """One sum: of an innermost row (`column` is None), or of a column over the rows inside `row`."""

    row: str
    column: str | None


class Step(NamedTuple):
    """Passing a cell: forwards it gains one (`sign` 1), backwards it loses one (`sign` -1)."""

    cell: Cell
    sign: int


class Way(NamedTuple):
    """What a way costs, and the cells that it passes. Of equally dear ways the one with fewer cells is the least."""

    price: int
    length: int
    steps: tuple[Step, ...]

    def then(self, other: "Way") -> "Way":
        return Way(self.price + other.price, self.length + other.length, self.steps + other.steps)


NOWHERE = Way(0, 0, ())
Price = Callable[[Step], int | None]
"""What it costs to pass a cell in a direction; None where it cannot be passed."""
Jumps = Callable[[Node], Iterable[tuple[Node, Way]]]
"""Ways from a node that lead outside this network and back."""


def no_jumps(_node: Node) -> Iterable[tuple[Node, Way]]:
    return ()


def bottom(column: str) -> Node:
    """The sum of a column over the whole table: where the table meets the bottom line that all tables share."""
    return Node(TOTAL, column)


class Network:
    """The sums of one of the tables of `figures`, without the bottom line itself."""

    def __init__(self, figures: Figures, by: str) -> None:
        self.arcs: dict[Node, list[tuple[Node, Step]]] = {}
        self.ends: dict[Cell, tuple[Node, Node]] = {}
        for row in figures.rows[by]:
            for column in figures.all_columns:
                self._add(Cell(by, row, column), innermost=(by, row) not in figures.inside)

    def _add(self, cell: Cell, *, innermost: bool) -> None:
        low = Node(cell.row, None if innermost else cell.column)
        high = Node(around(cell.row), cell.column)
        start, end = (high, low) if cell.column == TOTAL else (low, high)
        self.ends[cell] = (start, end)
        self.arcs.setdefault(start, []).append((end, Step(cell, 1)))
        self.arcs.setdefault(end, []).append((start, Step(cell, -1)))

    def round_trip(self, step: Step, price: Price, jumps: Jumps = no_jumps) -> Way | None:
        """The cheapest way from where `step` ends back to where it starts, which does not pass its cell again."""
        start, end = self.ends[step.cell] if step.sign > 0 else reversed(self.ends[step.cell])
        return self.way(end, start, lambda s: None if s.cell == step.cell else price(s), jumps)

    def way(self, start: Node, goal: Node, price: Price, jumps: Jumps = no_jumps) -> Way | None:
        """The cheapest way between two nodes with at most one jump (Dijkstra), or None."""
        order = count()
        heap = [(0, 0, next(order), start, False, NOWHERE)]
        seen: set[tuple[Node, bool]] = set()
        while heap:
            *_, node, jumped, so_far = heapq.heappop(heap)
            if node == goal:
                return so_far
            if (node, jumped) in seen:
                continue
            seen.add((node, jumped))
            for then, landed, way in self._onwards(node, jumped, price, jumps):
                if (then, landed) not in seen:
                    longer = so_far.then(way)
                    heapq.heappush(heap, (longer.price, longer.length, next(order), then, landed, longer))
        return None

    def _onwards(self, node: Node, jumped: bool, price: Price, jumps: Jumps) -> Iterable[tuple[Node, bool, Way]]:  # noqa: FBT001 - a state
        for then, step in self.arcs.get(node, ()):
            cost = price(step)
            if cost is not None:
                yield then, jumped, Way(cost, 1, (step,))
        if not jumped:
            yield from ((then, True, way) for then, way in jumps(node))


def networks(figures: Figures) -> Mapping[str, Network]:
    """One network for each table that has rows."""
    return {by: Network(figures, by) for by, rows in figures.rows.items() if rows}


def net(steps: Sequence[Step]) -> Mapping[Cell, int]:
    """How much each cell changes along a way."""
    changes: dict[Cell, int] = {}
    for cell, sign in steps:
        changes[cell] = changes.get(cell, 0) + sign
    return changes
