"""What a service's tables hold of people, column by column, from its `personal.toml`; and the same of the chassis' own tables.

Erasing goes through what is declared here, in its order; a test asks the database for every column there is, and fails for
one that nobody has declared. So nobody can add a table and forget it.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = "chassis"


@dataclass(frozen=True, slots=True)
class Holding:
    """One table, and what becomes of each of its columns when somebody is erased.

    delete    his id, whose the row is: the row goes
    stand_in  his id, a text with it, or JSON that may name him: a stand-in is put in its place, and the row stays
    with_row  about somebody, and gone with the row
    by_hand   seen to by code of its own
    nothing   about nobody, or not to be linked to anybody

    `counts` is what a receipt calls its rows, and `why` the reason for what stays. `sealed` are columns of these that nobody is shown.
    """

    table: str
    counts: str = ""
    delete: Sequence[str] = ()
    stand_in: Sequence[str] = ()
    with_row: Sequence[str] = ()
    by_hand: Sequence[str] = ()
    nothing: Sequence[str] = ()
    sealed: Sequence[str] = ()
    why: str = ""

    @property
    def columns(self) -> Sequence[str]:
        """Every column that is declared."""
        return (*self.delete, *self.stand_in, *self.with_row, *self.by_hand, *self.nothing)


def holdings(file: Path, schema: str = "public") -> Sequence[Holding]:
    """The tables of a `personal.toml`, in its order, which is the order in which they are erased from."""
    declared: Mapping[str, Mapping[str, Any]] = tomllib.loads(file.read_text("utf-8"))
    return [Holding(f"{schema}.{table}", **columns) for table, columns in declared.items()]


OF_CHASSIS: Final = holdings(Path(__file__).with_name("personal.toml"), SCHEMA)
