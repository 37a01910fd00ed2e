"""Which numbers must not be printed, so that nobody can be found in a table, nor worked out from what is left.

**The rule.** (1) A number with fewer than `threshold` people behind it, and not zero, is *small*: it is hidden. (2) So many other
numbers are hidden with it that, whatever sums are worked out, at least `threshold` different values stay possible for
every hidden number. As none of them is zero, the highest of those is at least the threshold itself, so not even that a
number is small can be told. (3) Where one person can be counted several times, the numbers hidden in one sum, whose
sum is no secret, have at least `threshold` people behind them.

**The attacker.** Sees all tables of the figures, their rows within rows and their common bottom line; can solve equations
in whole numbers; knows this rule, and so that no hidden number is zero.

**How.** For each hidden number, tables are looked for that add up to everything that is printed and have it one higher
or lower, two, and so on. Such a table is a way round in the network of sums (`network.py`) that only passes hidden
numbers. Where there are too few, the way round is taken whose unhidden numbers are the smallest in sum, and they are
hidden too. In at most as many turns as there are cells it is done; "everyone once more" always works when all is hidden.

**Zero is printed.** There is nobody behind a zero, and a table in which empty and hidden look the same is read wrongly.
Zeros therefore never help to hide another number (the convention of tau-ARGUS and sdcTable, where empty cells are
published and not used for secondary suppression).

**What it does not guard against.** Somebody who knows a part of a hidden number from elsewhere (an institution its own),
and comparing the report of today with that of tomorrow. Reports on parts of the time could be subtracted from each
other, so who may ask for them is limited (`api.py`). Rejections: a rejected request's fact names nobody, not even by an id of
ours, so each request counts as somebody else, and one child that is rejected five times is shown as five. What is shown then is
a number of requests and a rule, of a place that the requests name; accepted, since the ids that would mend it would tell more.

Sources: A. Hundepool, J. Domingo-Ferrer, L. Franconi, S. Giessing, E. Schulte Nordholt, K. Spicer, P.-P. de Wolf,
*Statistical Disclosure Control*, Wiley 2012, chapters 4 and 5 (threshold rule, secondary suppression, the feasibility
interval of an attacker, linked and hierarchical tables); M. Fischetti, J. J. Salazar, "Models and algorithms for
optimizing cell suppression in tabular data with linear constraints", JASA 95 (2000); P.-P. de Wolf, "HiTaS: a heuristic
approach to cell suppression in hierarchical tables", LNCS 2316 (2002). The threshold: at least 3 people in every group
and in every margin of it (Statistics Denmark's rule, in the University of Southern Denmark's guide to anonymising
results); fewer than 5 blanked is the practice of Danish ministries' extracts, and the default here.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from services.reporting.domain.figures import TOTAL, Cell, Figures, Sum
from services.reporting.domain.network import NOWHERE, Jumps, Node, Price, Step, Way, bottom, net, networks


def hidden(figures: Figures, threshold: int) -> frozenset[Cell]:
    """The cells that must not be printed; the same every time for the same figures."""
    return _Hiding(figures, threshold).run()


def is_small(figures: Figures, cell: Cell, threshold: int) -> bool:
    """Whether somebody, but fewer than `threshold` people, stand behind a number."""
    return 0 < figures.contributors(cell) < threshold


@dataclass
class _Table:
    """Other tables that an attacker cannot rule out: how far each cell is from the truth, and how far the one in question."""

    moved: dict[Cell, int] = field(default_factory=dict)

    def move(self, way: Way, amount: int) -> None:
        for cell, change in net(way.steps).items():
            self.moved[cell] = self.moved.get(cell, 0) + change * amount


class _Hiding:
    """The work in hand: what is hidden so far, and whose surroundings are still to be looked at."""

    def __init__(self, figures: Figures, threshold: int) -> None:
        self.figures = figures
        self.threshold = threshold
        self.networks = networks(figures)
        self.hidden: set[Cell] = set()
        self.waiting: deque[Cell] = deque()

    def run(self) -> frozenset[Cell]:
        self.hide(cell for cell in self.figures.cells() if is_small(self.figures, cell, self.threshold))
        while self.waiting or self.hide(self.thin()):
            self.blur(self.waiting.popleft())
        return frozenset(self.hidden)

    def hide(self, cells: Iterable[Cell]) -> bool:
        """Hide cells, and put those that are new in the queue; tells whether there were any."""
        new = [cell for cell in dict.fromkeys(cells) if cell not in self.hidden]
        self.hidden.update(new)
        self.waiting.extend(new)
        return bool(new)

    def blur(self, cell: Cell) -> None:
        """Hide what is needed for `threshold` values of a hidden cell to stay possible."""
        tables = {sign: _Table() for sign in (1, -1)}
        missing = self.threshold - 1
        for sign, table in tables.items():
            missing -= self.wander(Step(cell, sign), table, missing)
        while missing > 0:
            amount, sign, way = self.cheapest(cell, tables, missing)
            self.hide(step.cell for step in way.steps)
            tables[sign].move(way, amount)
            missing -= amount

    def wander(self, step: Step, table: _Table, most: int) -> int:
        """How far a cell can go in one direction among what is hidden already."""
        gone = 0
        while gone < most and (way := self.round_trip(step, table, 1, free=True)):
            amount = min(most - gone, self.slack(way, table))
            table.move(way, amount)
            gone += amount
        return gone

    def cheapest(self, cell: Cell, tables: dict[int, _Table], missing: int) -> tuple[int, int, Way]:
        """How far, in which direction and by which way to go on: what hides least for each further value that it makes possible."""
        options = (
            (Fraction(way.price, amount), -amount, -sign, way)
            for amount in range(missing, 0, -1)
            for sign, table in tables.items()
            if (way := self.round_trip(Step(cell, sign), table, amount))
        )
        _, amount, sign, way = min(options)  # there is one: everyone of a kind once more is always another table
        return -amount, -sign, way

    def slack(self, way: Way, table: _Table) -> int:
        """How many times a way can be gone before a cell would be zero."""
        falls = ((self.left(cell, table), -change) for cell, change in net(way.steps).items() if change < 0)
        return min((left // fall for left, fall in falls), default=self.threshold)

    def left(self, cell: Cell, table: _Table) -> int:
        """How much a cell can lose: it is known not to be zero."""
        return self.figures.value(cell) + table.moved.get(cell, 0) - 1

    def round_trip(self, step: Step, table: _Table, amount: int, *, free: bool = False) -> Way | None:
        """The cheapest way round through a cell, in whose direction `amount` fits; `free` passes hidden cells only."""
        price = self.price(table, amount, free=free)
        if price(step) is None:
            return None
        way = self.through_bottom(step, price) if step.cell.row == TOTAL else self.within(step, price)
        return way and Way(0, 1, (step,)).then(way)

    def price(self, table: _Table, amount: int, *, free: bool) -> Price:
        """Hidden cells cost nothing, others their value; zeros, and cells that would fall to zero, cannot be passed."""

        def of(step: Step) -> int | None:
            value = self.figures.value(step.cell)
            known = step.cell not in self.hidden
            if value == 0 or (known and free) or (step.sign < 0 and self.left(step.cell, table) < amount):
                return None
            return value if known else 0

        return of

    def within(self, step: Step, price: Price) -> Way | None:
        """A way round inside the cell's own table, and by way of the bottom line only where that is cheaper."""
        network = self.networks[step.cell.by]
        near = network.round_trip(step, price)
        if near and near.price <= self.least_jump(price):
            return near
        return network.round_trip(step, price, self.jumps(step.cell.by, price))

    def least_jump(self, price: Price) -> int:
        """What it costs at least to change the bottom line: two of its cells."""
        lines = (Cell("", TOTAL, column) for column in self.figures.all_columns)
        prices = sorted(min(costs) for cell in lines if (costs := [p for s in (1, -1) if (p := price(Step(cell, s))) is not None]))
        return sum(prices[:2]) if len(prices) > 1 else 1 << 62

    def jumps(self, by: str, price: Price) -> Jumps:
        """From a table's bottom to another column's: two cells of the bottom line change, and all other tables with them."""

        def from_(node: Node) -> Iterator[tuple[Node, Way]]:
            if node.row != TOTAL or node.column is None:
                return
            step = Step(Cell("", TOTAL, node.column), -1 if node.column == TOTAL else 1)
            cost = price(step)
            if cost is not None:
                here = Way(cost, 1, (step,))
                yield from ((bottom(column), here.then(way)) for column, way in self.across(step, price, besides=by))

        return from_

    def through_bottom(self, step: Step, price: Price) -> Way | None:
        """The cheapest way round through a cell of the bottom line."""
        return min((way for _, way in self.across(step, price)), default=None)

    def across(self, step: Step, price: Price, besides: str = "") -> Iterator[tuple[str, Way]]:
        """For each other column: changing it against `step` in the bottom line, and in every table but `besides`."""
        column = step.cell.column
        outwards = (step.sign > 0) != (column == TOTAL)
        for other in self.figures.all_columns:
            against = Step(Cell("", TOTAL, other), -1 if outwards == (other != TOTAL) else 1)
            cost = None if other == column else price(against)
            if cost is not None:
                ends = (bottom(other), bottom(column)) if outwards else (bottom(column), bottom(other))
                way = self.everywhere(ends, price, besides)
                if way:
                    yield other, Way(cost, 1, (against,)).then(way)

    def everywhere(self, ends: tuple[Node, Node], price: Price, besides: str) -> Way | None:
        """The cheapest way between two columns' bottoms in every table but `besides`, all together."""
        together = NOWHERE
        for by, network in self.networks.items():
            way = NOWHERE if by == besides else network.way(*ends, price)
            if way is None:
                return None
            together = together.then(way)
        return together

    def thin(self) -> Iterator[Cell]:
        """What more to hide where the hidden parts of a printed sum have too few people behind them all together."""
        sums = () if self.figures.once else self.figures.sums()
        for whole, parts in sums:
            away = [part for part in parts if part in self.hidden]
            if away and whole not in self.hidden and self.are_few(away):
                yield self.company(Sum(whole, parts))

    def are_few(self, cells: Iterable[Cell]) -> bool:
        """Whether the same few people may be behind all of these."""
        return all(is_small(self.figures, cell, self.threshold) for cell in cells)

    def company(self, of: Sum) -> Cell:
        """The smallest number of a sum that is printed and not zero; else the sum itself."""
        printed = [part for part in of.parts if part not in self.hidden and self.figures.value(part)]
        return min(printed, key=lambda cell: (self.figures.value(cell), cell), default=of.whole)
