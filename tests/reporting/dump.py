"""The projections as text, to compare byte for byte."""

import sqlalchemy as sa

from services.chassis.service import Context
from services.reporting.storage import PROJECTIONS


def dump(context: Context) -> str:
    """Every row of every projection, a line each, in order of table and id."""
    with context.work() as work:
        return "\n".join(
            f"{table.name} {row}"
            for table in PROJECTIONS
            for row in work.connection.execute(sa.text(f"select to_jsonb(t)::text from {table.name} as t order by id")).scalars()
        )
