"""What others have built on people whom an import brought: as long as there is any of it, they stay when the import is taken back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from services.registration.imports.stored import Brought, Built
from services.registration.storage.rows import as_json

_SINCE = sa.text(
    "with brought as (select * from json_to_recordset(cast(:brought as json)) as x(c uuid, e uuid, g uuid[])),"
    " adults (id) as (select cast(json_array_elements_text(cast(:adults as json)) as uuid)),"
    " people (id) as materialized (select c from brought union select id from adults)"
    " select c::text as id, 'enrolled-since' as why from brought join enrolment on child_id = c where enrolment_id is distinct from e"
    " union select c::text, 'consent-since' from brought join consent on child_id = c"
    " union select c::text, 'guardian-since' from brought join guardianship on child_id = c where not guardian_id = any(g)"
    " union select c::text, 'guardianship-since' from brought join guardianship on child_id = c where said_at is not null"
    " union select id::text, 'consent-since' from adults join consent on id in (guardian_id, professional_id)"
    " where child_id is null or child_id not in (select c from brought)"
    " union select id::text, 'corrected-since' from adults join guardian on guardian_id = id where corrected <> '{}'"
    " union select id::text, 'corrected-since' from people join person_correction on person_id = id"
    " union select id::text, 'answered-since' from people join answer_sheet on person_id = id"
    " union select id::text, 'protected-since' from people join protection on person_id = id"
    " union select id::text, 'merged-since' from people join merge on id in (merged_id, into_id)"
    " union select id::text, 'on-hold' from people join legal_hold on person_id = id"
    " where lifted_at is null and (until is null or until > :today)"
    " order by 1, 2"
)


class BuiltOn:
    """Asks all at once, of however many."""

    def __init__(self, connection: sa.Connection, today: date) -> None:
        self._connection = connection
        self._today = today

    def since(self, brought: Iterable[Brought], adults: Iterable[str]) -> Built:
        """Of children with what came with them, and of adults who came in: what there is besides."""
        rows = as_json({"c": one.child_id, "e": one.enrolment_id, "g": one.guardians} for one in brought)
        found: dict[str, list[str]] = defaultdict(list)
        for id_, why in self._connection.execute(_SINCE, {"brought": rows, "adults": as_json(adults), "today": self._today}):
            found[id_].append(why)
        return Built(dict(found))
