"""Whose people and enrolments are: of whom another system may speak. Written as parts of statements, so that both doors ask the same.

A system may act on the enrolments that it registered, and speak of their children and of these children's guardians. What staff, files and
sign-ups registered is the municipality's, and so are professionals: of these a system may speak in whose programme it is named
(`municipal_systems`).
"""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from services.registration.domain.protection import About, PersonKind
from services.registration.domain.spoken import Spoken
from services.registration.storage.rows import as_json

MUNICIPAL: Final = "({0} in ('/imports', '/sign-up') or {0} like '/callers/%')"
"""Whether a source is one of registration's own."""

_GRANTED: Final = (
    "{0} in (select named.code from programme named where named.definition -> 'municipal_systems' @> to_jsonb(cast({1} as text)))"
)
_MAY: Final = (
    f"((e.source = {{0}} and not {MUNICIPAL.format('{0}')})"
    f" or ({MUNICIPAL.format('e.source')} and {_GRANTED.format('e.programme', '{0}')}))"
)

OF_SOURCES: Final = (
    "(e.source in (select json_array_elements_text(cast(:sources as json)))"
    f" or ({MUNICIPAL.format('e.source')} and e.programme in (select named.code from programme named,"
    " json_array_elements_text(cast(:sources as json)) as s (source)"
    " where named.definition -> 'municipal_systems' @> to_jsonb(s.source))))"
)
"""Whether one of the sources `:sources` may act on the enrolment `e`."""

BROUGHT: Final = f"exists (select from enrolment e where e.child_id in (select chassis.same({{0}})) and {_MAY.format('{1}')})"
"""Whether the source `{1}` may speak of the child `{0}`."""

OF_FAMILY: Final = (
    f"exists (select from guardianship g where g.guardian_id in (select chassis.same({{0}})) and {BROUGHT.format('g.child_id', '{1}')})"
)
"""The same of a guardian: through a child."""

OF_PROFESSIONAL: Final = f"exists (select from professional p where p.professional_id = {{0}} and {_GRANTED.format('p.programme', '{1}')})"
"""The same of a professional."""

_OF_CONSENT = (
    "exists (select from consent c where c.consent_id = i and case when c.child_id is not null then"
    f" {BROUGHT.format('c.child_id', 'a')} when c.guardian_id is not null then {OF_FAMILY.format('c.guardian_id', 'a')}"
    f" else {OF_PROFESSIONAL.format('c.professional_id', 'a')} end)"
)
_REACHED = sa.text(
    "select k, i::text, a from json_to_recordset(cast(:rows as json)) as x (k text, i uuid, a text) where case k"
    f" when 'enrolment' then exists (select from enrolment e where e.enrolment_id = i and {_MAY.format('a')})"
    f" when 'child' then {BROUGHT.format('i', 'a')} when 'guardian' then {OF_FAMILY.format('i', 'a')}"
    f" when 'professional' then {OF_PROFESSIONAL.format('i', 'a')} when 'consent' then {_OF_CONSENT} end"
)

_ITSELF = f"exists (select from enrolment e where e.child_id = {{0}} and {_MAY.format('{1}')})"
_OWN = sa.text(
    "select k, i::text, a from json_to_recordset(cast(:rows as json)) as x (k text, i uuid, a text) where a = '' or case k"
    f" when 'child' then {_ITSELF.format('i', 'a')}"
    f" when 'guardian' then exists (select from guardianship g where g.guardian_id = i and {_ITSELF.format('g.child_id', 'a')}) end"
)


class Sources:
    """Who may speak of whom."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def reached(self, spoken: Iterable[Spoken]) -> set[Spoken]:
        """Those of them of whom there are any, and of whom their sender may speak."""
        rows = as_json({"k": one.kind, "i": one.id, "a": one.source} for one in set(spoken))
        return {Spoken(*row) for row in self._connection.execute(_REACHED, {"rows": rows})}

    def own(self, abouts: Iterable[About]) -> set[About]:
        """Those whose very record their speaker brought, and not one that was merged with it; for the municipality all."""
        rows = as_json({"k": kind, "i": person_id, "a": asked_by} for kind, person_id, asked_by in abouts)
        return {(PersonKind(kind), person_id, by) for kind, person_id, by in self._connection.execute(_OWN, {"rows": rows})}
