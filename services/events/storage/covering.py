"""Who of which institution is away while an activity meets."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from services.events.domain.cover import CoverRule
from services.events.storage.attendance import CAME
from services.events.storage.rows import json_of

_RULES = sa.text("select staff_cover from programme where programme = :programme")
_HOUSES = sa.text("""
select cast(professional_id as text), institution from professional
where institution is not null
    and professional_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid)))
""")
_TRY = sa.text("""
select institution from json_array_elements_text(cast(:institutions as json)) as i (institution)
where pg_try_advisory_xact_lock(hashtextextended('cover ' || :programme || ' ' || institution, 0))
""")
_AWAY = sa.text("""
select institution, max(away) as away from (
    select p.institution, m.session_id, count(distinct chassis.surviving(q.person_id)) as away
    from professional p
    join party q on q.person_id in (select chassis.same(p.professional_id)) and q.active and q.role = 'professional'
    join signup s on s.signup_id = q.signup_id and s.status in ('seated', 'offered')
    join session o on o.activity_id = q.activity_id and not o.called_off
    join session m on m.activity_id = :activity_id and not m.called_off and o.starts_at < m.ends_at and m.starts_at < o.ends_at
    where p.programme = :programme and p.institution = any(array(select json_array_elements_text(cast(:institutions as json))))
    group by p.institution, m.session_id) each
group by institution
""")
_HOUSES_OF = sa.text("""
select distinct p.institution from party q join signup s on s.signup_id = q.signup_id and s.status in ('seated', 'offered')
join professional p on p.professional_id = q.person_id
where q.activity_id = :activity_id and q.active and p.institution is not null
""")
_WAITING = sa.text("""
select cast(a.activity_id as text) from activity a join programme p on p.programme = a.programme
where a.status = 'open' and a.waiting > 0 and a.taken < a.capacity and jsonb_array_length(p.staff_cover) > 0
    and a.kind = any(array(select json_array_elements_text(cast(:kinds as json))))
order by a.activity_id limit :limit
""")
_DOSE = sa.text(f"""
select p.institution, count(distinct chassis.surviving(t.person_id)) as professionals, count(*) as sessions_attended,
    sum(extract(epoch from s.ends_at - s.starts_at)) / 3600 as hours
from attendance t join session s on s.session_id = t.session_id join activity a on a.activity_id = s.activity_id
join professional p on p.professional_id = chassis.surviving(t.person_id)
where a.programme = :programme and t.role = 'professional' and {CAME} and p.institution is not null
    and (cast(:institutions as json) is null or p.institution = any(array(select json_array_elements_text(cast(:institutions as json)))))
group by p.institution order by p.institution
""")  # noqa: S608 - our own text
AT_ONCE = 50


class Covering:
    """Reads only; nothing of it is stored but the rules, which a programme tells."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._rules: dict[str, Sequence[CoverRule]] = {}

    def rules(self, programme: str) -> Sequence[CoverRule]:
        """The programme's rules, in its order."""
        if programme not in self._rules:
            found = self._connection.execute(_RULES, {"programme": programme}).scalar() or []
            self._rules[programme] = msgspec.convert(found, list[CoverRule])
        return self._rules[programme]

    def houses(self, people: Iterable[str]) -> Mapping[str, str]:
        """Where these professionals work, by their ids; who works nowhere in particular is missing."""
        return {str(person_id): str(house) for person_id, house in self._connection.execute(_HOUSES, {"people": json_of(people)})}

    def houses_of(self, activity_id: str) -> Sequence[str]:
        """Where those work who have seats at an activity."""
        return self._connection.execute(_HOUSES_OF, {"activity_id": activity_id}).scalars().all()

    def hold(self, programme: str, institutions: Collection[str]) -> Collection[str]:
        """Those of these institutions of whose staff nobody else decides until this unit of work ends. It waits for nobody."""
        those = {"programme": programme, "institutions": json_of(sorted(institutions))}
        return frozenset(self._connection.execute(_TRY, those).scalars())

    def away(self, activity_id: str, programme: str, institutions: Collection[str]) -> Mapping[str, int]:
        """How many of each institution are away, at most, while one of the activity's sessions lasts."""
        those = {"activity_id": activity_id, "programme": programme, "institutions": json_of(institutions)}
        return {str(institution): int(away) for institution, away in self._connection.execute(_AWAY, those)}

    def waiting(self, kinds: Collection[str]) -> Sequence[str]:
        """The ids of open activities of these kinds with free seats and a line, in programmes with rules."""
        return self._connection.execute(_WAITING, {"kinds": json_of(kinds), "limit": AT_ONCE}).scalars().all()

    def dose(self, programme: str, institutions: Collection[str] | None) -> Sequence[Mapping[str, object]]:
        """How much of a programme each institution's staff has had; of all institutions, where none are named."""
        those = {"programme": programme, "institutions": None if institutions is None else json_of(institutions)}
        return [dict(row) for row in self._connection.execute(_DOSE, those).mappings()]
