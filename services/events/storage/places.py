"""Programmes and institutions, as registration's facts tell of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from services.events.domain.activity import Activity, Institution, Programme
from services.events.domain.template import Template
from services.events.messages import InstitutionChanged, ProgrammeLoaded
from services.events.storage.rows import every, first, json_of

_LEARN_PROGRAMMES = sa.text("""
insert into programme (programme, districts, tracks, professions, survey, staff_cover, activity_templates)
select programme, districts, tracks, professions, survey, staff_cover, activity_templates from json_to_recordset(cast(:rows as json))
    as r(programme text, districts jsonb, tracks jsonb, professions jsonb, survey jsonb, staff_cover jsonb, activity_templates jsonb)
order by programme
on conflict (programme) do update
set districts = excluded.districts, tracks = excluded.tracks, professions = excluded.professions,
    survey = excluded.survey, staff_cover = excluded.staff_cover, activity_templates = excluded.activity_templates
""")
_LEARN_INSTITUTIONS = sa.text("""
insert into institution (institution_id, institution, programme, programmes, district, placements, name)
select institution_id, institution, programme, case when programmes = '[]' then jsonb_build_array(programme) else programmes end, district,
    placements, name
from json_to_recordset(cast(:rows as json))
    as r(institution_id uuid, institution text, programme text, programmes jsonb, district text, placements jsonb, name text)
order by institution_id
on conflict (institution_id) do update
set institution = excluded.institution, programme = excluded.programme, programmes = excluded.programmes, district = excluded.district,
    placements = excluded.placements, name = excluded.name
""")
_NAMES = sa.text("""
select 'tracks' as what, t ->> 'code' as code, t ->> 'name' as name from programme p, jsonb_array_elements(p.tracks) t
where p.programme = :programme and t ->> 'name' is not null
union all
select 'districts', d ->> 'code', d ->> 'name' from programme p, jsonb_array_elements(p.districts) d
where p.programme = :programme and d ->> 'name' is not null
union all
select 'professions', d ->> 'code', d ->> 'name' from programme p, jsonb_array_elements(p.professions) d
where p.programme = :programme and d ->> 'name' is not null
union all
select 'institutions', institution, name from institution where programmes @> to_jsonb(cast(:programme as text)) and name is not null
""")
_CODED = """
select programme as code, (select json_agg(d ->> 'code') from jsonb_array_elements(districts) d) as districts,
    (select coalesce(json_agg(t ->> 'code'), '[]') from jsonb_array_elements(tracks) t) as tracks
from programme
"""
_PROGRAMME = sa.text(f"{_CODED} where programme = :programme")
_INSTITUTION = sa.text("""
select cast(institution_id as text), institution as code, cast(:programme as text) as programme, district, placements
from institution where programmes @> to_jsonb(cast(:programme as text)) and institution = :institution
""")
_CODES = sa.text("""
select distinct institution from institution
where programmes @> to_jsonb(cast(:programme as text)) and institution = any(array(select json_array_elements_text(cast(:codes as json))))
""")

_PROGRAMMES = sa.text(f"{_CODED} where programme = any(array(select json_array_elements_text(cast(:programmes as json))))")
_INSTITUTIONS = sa.text("""
select cast(i.institution_id as text), i.institution as code, r.programme, i.district, i.placements
from institution i join json_to_recordset(cast(:rows as json)) as r(programme text, institution text)
    on i.programmes @> to_jsonb(r.programme) and i.institution = r.institution
""")
_TEMPLATES = sa.text("select activity_templates from programme where programme = :programme")


class Places:
    """What activities need to know of programmes and institutions."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def learn_programmes(self, programmes: Sequence[ProgrammeLoaded]) -> None:
        self._connection.execute(_LEARN_PROGRAMMES, {"rows": json_of(programmes)})

    def templates(self, programme: str) -> Sequence[Template]:
        """The programme's templates, in its order; none of one that is not known."""
        found = self._connection.execute(_TEMPLATES, {"programme": programme}).scalar() or []
        return msgspec.convert(found, list[Template])

    def learn_institutions(self, institutions: Sequence[InstitutionChanged]) -> None:
        self._connection.execute(_LEARN_INSTITUTIONS, {"rows": json_of(institutions)})

    def programmes_of(self, activities: Iterable[Activity]) -> Mapping[str, Programme]:
        """The programmes of these activities by their codes, as far as they are known."""
        codes = json_of({activity.programme for activity in activities})
        return {one.code: one for one in every(Programme, self._connection.execute(_PROGRAMMES, {"programmes": codes}))}

    def institutions_of(self, activities: Iterable[Activity]) -> Mapping[tuple[str, str], Institution]:
        """The institutions of these activities by programme and code, as far as they are known."""
        rows = json_of({"programme": one.programme, "institution": one.institution} for one in activities)
        found = every(Institution, self._connection.execute(_INSTITUTIONS, {"rows": rows}))
        return {(one.programme, one.code): one for one in found}

    def programme(self, code: str) -> Programme | None:
        return first(Programme, self._connection.execute(_PROGRAMME, {"programme": code}))

    def institution(self, programme: str, code: str | None) -> Institution | None:
        return first(Institution, self._connection.execute(_INSTITUTION, {"programme": programme, "institution": code}))

    def names(self, programme: str) -> Mapping[str, Mapping[str, str]]:
        """The names of the programme's tracks, districts, professions and institutions by their codes, as far as they are known."""
        names: dict[str, dict[str, str]] = {"tracks": {}, "districts": {}, "professions": {}, "institutions": {}}
        for what, code, name in self._connection.execute(_NAMES, {"programme": programme}):
            names[what][code] = name
        return names

    def institutions(self, programme: str, codes: Iterable[str]) -> Collection[str]:
        """Those of these codes that are an institution's in the programme."""
        those = {"programme": programme, "codes": json_of(codes)}
        return set(self._connection.execute(_CODES, those).scalars())
