"""Somebody who wants to know what the report hides: reads what is printed, sets up every sum, and solves for the rest.

He shares no code with the disclosure control that he tests: he sees a plain mapping of printed numbers, finds the sums
by himself, and asks an exact integer solver (HiGHS) for the lowest and the highest value of each hidden number.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

Key = tuple[str, str, str]
Printed = Mapping[Key, int | None]
"""(table, row, column) → the number, or None where it is hidden. The bottom line's table and row, and the total's column, are empty."""

UNBOUNDED = {3, 4}
"""What HiGHS answers when nothing keeps a value from growing."""


def sums(printed: Printed) -> Iterator[tuple[Key, list[Key]]]:
    """Every whole and its parts: columns add up to the empty column, rows to the row that their path lies in."""
    for by, row, column in printed:
        if column == "":
            yield (by, row, ""), [key for key in printed if key[:2] == (by, row) and key[2]]
        for table in {by} if by else {key[0] for key in printed if key[0]}:
            parts = [key for key in printed if key[0] == table and key[2] == column and key[1].rpartition("/")[0] == row]
            if parts:
                yield (by, row, column), parts


def intervals(printed: Printed) -> dict[Key, tuple[float, float]]:
    """For each hidden number the lowest and highest whole number that fits everything printed, knowing that none is zero."""
    hidden = [key for key, value in printed.items() if value is None]
    equations = _equations(printed, {key: index for index, key in enumerate(hidden)})
    return {key: (_extreme(index, 1, equations), _extreme(index, -1, equations)) for index, key in enumerate(hidden)}


def _equations(printed: Printed, place: Mapping[Key, int]) -> LinearConstraint:
    """What the sums say about the hidden numbers."""
    matrix, right = [np.zeros(len(place))], [0]
    for whole, parts in sums(printed):
        weights, constant = np.zeros(len(place)), 0
        for key, sign in [(whole, -1), *((part, 1) for part in parts)]:
            value = printed[key]
            if value is None:
                weights[place[key]] += sign
            else:
                constant -= sign * value
        matrix.append(weights)
        right.append(constant)
    return LinearConstraint(np.array(matrix), right, right)


def _extreme(index: int, direction: int, equations: LinearConstraint) -> float:
    """The lowest (1) or highest (-1) value of one hidden number; infinity where nothing bounds it."""
    aim: NDArray[np.float64] = np.zeros(equations.A.shape[1])
    aim[index] = direction
    answer = milp(aim, constraints=equations, bounds=Bounds(1, np.inf), integrality=np.ones_like(aim))
    if answer.status in UNBOUNDED:
        return -direction * float("inf")
    assert answer.success, answer.message
    return float(round(answer.x[index]))
