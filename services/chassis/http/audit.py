"""Who did what to which objects, and why: a row for every read of personal data and for every write.

It is written in the transaction of what it tells of. It holds ids, roles and a purpose, never the data themselves:
a citizen may later see when and for what purpose his data were read (Datatilsynet, 2024), from here.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from services.chassis.http.api import Route
from services.chassis.http.request import Request
from services.chassis.http.tables import AUDIT
from services.chassis.ids import new_id
from services.chassis.storage import UnitOfWork

_INSERT = sa.insert(AUDIT)


def is_due(route: Route) -> bool:
    """Whether what this route does is audited."""
    return route.personal or route.writes


def record_command(command: str, actor: str, objects: Sequence[str], work: UnitOfWork, *, purpose: str | None = None) -> None:
    """Add the row of a command that somebody ran on the machine itself."""
    row = {"id": new_id(), "at": work.now, "subject": actor, "roles": ["operator"], "purpose": purpose}
    work.connection.execute(_INSERT, row | {"route": command, "objects": list(objects), "correlation_id": objects[0]})


def record(route: Route, request: Request, work: UnitOfWork) -> None:
    """Add the row of this request: the objects are the ids in its path and those that the route named."""
    work.connection.execute(
        _INSERT,
        {
            "id": new_id(),
            "at": work.now,
            "subject": request.caller.subject,
            "roles": sorted({grant.role.value for grant in request.caller.roles}),
            "purpose": request.purpose,
            "route": route.name,
            "objects": [*(request.path[name] for name in route.ids), *request.objects],
            "correlation_id": request.cause.correlationid,
        },
    )
