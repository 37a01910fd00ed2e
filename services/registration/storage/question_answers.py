"""Answers to a programme's questions, a sheet for each person and programme: guarded ones sealed, in a table of their own.

Whoever was stored twice may have two sheets. What was said last counts, under whatever id, and is from then on the only answer
there is: none is left behind under the other one. Only what lapses by the merge itself is laid aside, shown to nobody, since the
merge may be undone; it is erased when it would have been.

When an answer is to be erased is nowhere written down: it follows from when it was given last, from the question as the
programme has it now, and from the enrolments, so that a changed rule counts for what was answered before it too.
"""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from typing import Any, Final

import sqlalchemy as sa

from services.registration.answer_vault import AnswerVault
from services.registration.domain.answer import Answer, Change, Changed, Due, How, SheetKey
from services.registration.domain.fitting import Value
from services.registration.domain.question import About
from services.registration.domain.reach import Reach
from services.registration.storage.protections import HIDDEN_ADULT, HIDDEN_CHILD
from services.registration.storage.rows import LIVING, as_bytea, as_json, columns

MOST_SHOWN: Final = 100
"""Changes that are shown of a sheet."""

_KEYS = "json_to_recordset(cast(:rows as json)) as x(i uuid, p text, a text)"
_LOCK = sa.text(  # the update changes nothing: it locks a sheet that is there, so that nobody else changes it now
    f"insert into answer_sheet (person_id, programme, about) select i, p, a from {_KEYS} order by i, p"
    " on conflict (person_id, programme) do update set about = excluded.about"
)
_VALUES = (
    "(select person_id, programme, question, value, null::bytea as sealed from plain_answer"
    " union all select person_id, programme, question, null, sealed from guarded_answer) as v"
)
_LATEST_OF = (  # what was said last to each question of each sheet, under whatever id of somebody who was stored twice
    "(select distinct on (i, p, c.question) i, p, c.person_id, c.programme, c.question, c.at, c.by_role as role, c.how"
    f" from {_KEYS} join answer_change c on c.person_id in (select chassis.same(i)) and c.programme = p"
    " order by i, p, c.question, c.id desc) as latest"
)
_OF_SHEETS = sa.text(
    "select latest.i::text as whose, v.person_id::text, v.programme, v.question, v.value, v.sealed"
    f" from {_LATEST_OF} join {_VALUES} using (person_id, programme, question) where latest.how <> 'lapsed'"
)
_ANSWERS = "json_to_recordset(cast(:rows as json)) as x(i uuid, p text, q text, v jsonb, s bytea, h text, b text, r text)"
_FORGET = sa.text(
    f"with gone as (select same.id as i, p, q from {_ANSWERS} cross join lateral chassis.same(x.i) as same (id)),"
    " plain as (delete from plain_answer using gone where (person_id, programme, question) = (i, p, q))"
    " delete from guarded_answer using gone where (person_id, programme, question) = (i, p, q)"
)
_KEEP_PLAIN = sa.text(f"insert into plain_answer (person_id, programme, question, value) select i, p, q, v from {_ANSWERS}")
_KEEP_GUARDED = sa.text(f"insert into guarded_answer (person_id, programme, question, sealed) select i, p, q, s from {_ANSWERS}")
_COME_BACK = sa.text("delete from answer_change where person_id = cast(:id as uuid) and how = 'lapsed' and at = :at")
_NOTE = sa.text(
    f"insert into answer_change (person_id, programme, question, how, at, by_subject, by_role) select i, p, q, h, :at, b, r from {_ANSWERS}"
)
_ASKED = (
    "asked as materialized (select p.code as programme, q.code as question, q.retention, q.kept_from,"
    " cast(p.definition #>> '{period,end}' as date) as programme_end"
    " from programme p, jsonb_to_recordset(p.definition -> 'questions') as q(code text, retention text, kept_from text))"
)
_LATEST = (
    "lateral (select c.id, c.at, c.by_role as role, c.how from answer_change c where c.person_id = s.person_id"
    " and c.programme = s.programme and c.question = asked.question order by {}c.id desc limit 1) as latest"
)
_GIVEN_LAST = _LATEST.format("c.how = 'lapsed', ")
"""The same, before it lapsed: what is laid aside is kept no longer for it."""
_END = (  # of taking part: of the last enrolment, or, where one has not ended, of the programme
    "coalesce(case s.about"
    " when 'child' then (select max(coalesce(e.end_date, asked.programme_end)) from enrolment e"
    " where e.child_id in (select chassis.same(s.person_id)) and e.programme = s.programme and e.status <> 'rejected')"
    " when 'guardian' then (select max(coalesce(e.end_date, asked.programme_end)) from guardianship g"
    " cross join lateral chassis.same(g.child_id) as child (id) join enrolment e on e.child_id = child.id"
    " where g.guardian_id in (select chassis.same(s.person_id)) and e.programme = s.programme and e.status <> 'rejected')"
    " else (select r.end_date from professional r where r.professional_id = s.person_id) end, asked.programme_end)"
)
_ERASED_ON = (  # never counted from before it was given
    "cast(least(greatest(cast(latest.at at time zone 'Europe/Copenhagen' as date),"
    f" case when asked.kept_from = 'end' then {_END} end) + cast(asked.retention as interval), date '9999-12-31') as date)"
)
_WANTED = "(select json_array_elements_text(cast(:questions as json)))"
_OF = sa.text(
    f"with {_ASKED} select v.person_id::text, programme, question, v.value, v.sealed, latest.at, latest.role, {_ERASED_ON} as erased_on"
    f" from {_LATEST_OF} join {_VALUES} using (person_id, programme, question) join answer_sheet s using (person_id, programme)"
    f" join asked using (programme, question) where question in {_WANTED} and latest.how <> 'lapsed' order by question"
)
_HISTORY = sa.text(
    f"select c.question, c.how, c.at, c.by_role as role from {_KEYS}"
    " join answer_change c on c.person_id in (select chassis.same(i)) and c.programme = p"
    f" where c.question in {_WANTED} order by c.id desc limit :most"
)
_HOUSE = (  # in which somebody who takes part is; who is protected is not told by it
    "(:everywhere or i.code in (select json_array_elements_text(cast(:institutions as json))))"
    " and (cast(:institution as text) is null or (i.code = :institution and not {hidden}))"
)
_PAGE = sa.text(  # of those who take part now: the child, who may be told of it, or the professional himself
    f"with {_ASKED} select v.person_id::text, chassis.surviving(v.person_id)::text as kept_id, programme, question, v.value, v.sealed,"
    f" latest.at, latest.role, {_ERASED_ON} as erased_on"
    f" from answer_sheet s join {_VALUES} using (person_id, programme) join asked using (programme, question)"
    f" cross join {_LATEST.format('')} where latest.how <> 'lapsed'"
    " and not exists (select from answer_change c where c.person_id in (select chassis.same(s.person_id)) and c.person_id <> s.person_id"
    " and c.programme = s.programme and c.question = asked.question and c.id > latest.id)"
    " and programme = :programme and question = :question and (cast(:after as uuid) is null or person_id > cast(:after as uuid))"
    f" and (exists (select from enrolment e left join institution i using (institution_id) where e.programme = s.programme"
    f" and e.status in {LIVING} and e.child_id in (select chassis.same(s.person_id) union all select chassis.same(g.child_id)"
    " from guardianship g where g.guardian_id in (select chassis.same(s.person_id)) and g.contact_allowed"
    " and g.valid @> cast(:today as date))"
    f" and {_HOUSE.format(hidden='(e.hidden or ' + HIDDEN_CHILD.format('e.child_id') + ')')})"
    f" or exists (select from professional r join institution i using (institution_id) where r.professional_id = s.person_id"
    f" and r.status in {LIVING} and {_HOUSE.format(hidden=HIDDEN_ADULT.format('r.professional_id'))})) order by person_id limit :limit"
)
_DUE = sa.text(
    f"with {_ASKED} select s.programme, s.person_id::text, asked.question, s.about, {_ERASED_ON} as since"
    f" from answer_sheet s join asked using (programme) cross join {_GIVEN_LAST} where {_ERASED_ON} <= :day"
    " order by s.programme, asked.question, s.person_id"
)
_ERASE = sa.text(
    f"with gone as (select i, p, q from {_ANSWERS}),"
    " plain as (delete from plain_answer using gone where (person_id, programme, question) = (i, p, q)),"
    " guarded as (delete from guarded_answer using gone where (person_id, programme, question) = (i, p, q))"
    " delete from answer_change using gone where (person_id, programme, question) = (i, p, q)"
)
_PROGRAMMES = sa.text("select distinct programme from answer_sheet where person_id in (select chassis.same(cast(:id as uuid)))")
_DROP_EMPTY = sa.text(
    f"delete from answer_sheet s using {_KEYS} where s.person_id = i and s.programme = p"
    " and not exists (select from answer_change c where c.person_id = i and c.programme = p)"
)
_OF_PEOPLE = sa.text(
    f"select v.person_id::text, v.programme, v.question, v.value, v.sealed from {_VALUES}"
    " where v.person_id in (select cast(json_array_elements_text(cast(:ids as json)) as uuid)) order by 2, 3"
)


class QuestionAnswers:
    """What children, guardians and professionals were asked, and answered. Nothing but this class opens a guarded answer."""

    def __init__(self, connection: sa.Connection, vault: AnswerVault) -> None:
        self._connection = connection
        self._vault = vault

    def lock(self, keys: AbstractSet[SheetKey]) -> dict[SheetKey, dict[str, Value]]:
        """What each sheet holds, by question, none where there was no sheet; nobody else changes it until the end of the transaction."""
        rows = as_json(map(_key, keys))
        self._connection.execute(_LOCK, {"rows": rows})
        found: dict[tuple[str, str], dict[str, Value]] = defaultdict(dict)
        for row in self._connection.execute(_OF_SHEETS, {"rows": rows}):
            found[row.whose, row.programme][row.question] = self._value(row)
        return {key: found[key.person_id, key.programme] for key in keys}

    def change(self, changes: Sequence[Change], at: datetime) -> None:
        """Keep what the latest change of each answer says, and of every change who made it and when. What an answer was is gone."""
        if not changes:
            return
        latest = {(change.key, change.question.code): change for change in changes}.values()
        self._run(_FORGET, list(latest))
        self._run(_KEEP_PLAIN, [change for change in latest if change.value is not None and not change.question.guarded])
        self._run(_KEEP_GUARDED, [change for change in latest if change.value is not None and change.question.guarded])
        self._connection.execute(_NOTE, {"rows": as_json(map(_made, changes)), "at": at})

    def lay_aside(self, changes: Sequence[Change], at: datetime) -> None:
        """These lapse by a merge: they are shown to nobody any more, and come back when it is undone."""
        if changes:
            self._connection.execute(_NOTE, {"rows": as_json(map(_made, changes)), "at": at})

    def come_back(self, person_id: str, at: datetime) -> None:
        """What lapsed by the merge of that moment counts again, as far as nobody has said anything newer."""
        self._connection.execute(_COME_BACK, {"id": person_id, "at": at})

    def of(self, key: SheetKey, questions: AbstractSet[str]) -> list[Answer]:
        """The answers to these questions alone; no other is opened."""
        rows = self._connection.execute(_OF, {"rows": as_json([_key(key)]), "questions": as_json(questions)})
        return [self._answer(row) for row in rows]

    def programmes_of(self, person_id: str) -> set[str]:
        """The programmes in which somebody has a sheet."""
        return set(self._connection.execute(_PROGRAMMES, {"id": person_id}).scalars())

    def history(self, key: SheetKey, questions: AbstractSet[str]) -> list[Changed]:
        """What happened to the answers to these questions, the first first; of more than a hundred changes the latest."""
        values = {"rows": as_json([_key(key)]), "questions": as_json(questions), "most": MOST_SHOWN}
        rows = self._connection.execute(_HISTORY, values).all()
        return [Changed(row.question, How(row.how), row.at.astimezone(UTC), row.role) for row in reversed(rows)]

    def page(
        self, programme: str, question: str, reach: Reach, *, institution: str | None, on: date, after: str | None, limit: int
    ) -> list[tuple[str, str, Answer]]:
        """The answers to one question of those within reach who take part on a day, and of their guardians.

        Each with the id under which it is kept, by which they are in order, and the id of its person.
        """
        where = {"programme": programme, "question": question, "institution": institution, "after": after, "limit": limit, "today": on}
        within = {"everywhere": reach.everywhere, "institutions": as_json(reach.institutions or ())}
        return [(row.person_id, row.kept_id, self._answer(row)) for row in self._connection.execute(_PAGE, where | within)]

    def due(self, day: date) -> Iterator[Due]:
        """What is to be erased on this day, or was before it: answers, and what is left of those that were taken back. A few at a time."""
        rows = self._connection.execute(_DUE, {"day": day}, execution_options={"yield_per": 500})
        return (Due(**dict(columns(row)) | {"about": About(row.about)}) for row in rows)

    def erase(self, due: Iterable[Due]) -> int:
        """Erase these answers with everything that was noted of them; how many traces that were. Doing it again does nothing."""
        rows = as_json({"i": one.person_id, "p": one.programme, "q": one.question, "a": one.about} for one in due)
        erased = self._connection.execute(_ERASE, {"rows": rows}).rowcount
        self._connection.execute(_DROP_EMPTY, {"rows": rows})
        return erased

    def of_people(self, ids: Iterable[str]) -> list[tuple[str, str, Value]]:
        """Programme, question and answer: everything that these people said, or that was said of them, for their own eyes."""
        rows = self._connection.execute(_OF_PEOPLE, {"ids": as_json(set(ids))})
        return [(row.programme, row.question, self._value(row)) for row in rows]

    def _run(self, statement: sa.TextClause, changes: Sequence[Change]) -> None:
        if changes:
            self._connection.execute(statement, {"rows": as_json(map(self._row, changes))})

    def _row(self, change: Change) -> dict[str, Any]:
        key, code, value = change.key, change.question.code, change.value
        row: dict[str, Any] = {"i": key.person_id, "p": key.programme, "q": code}
        if value is None:
            return row
        if change.question.guarded:
            return row | {"s": as_bytea(self._vault.seal(value, _bound_to(key.programme, key.person_id, code)))}
        return row | {"v": value}

    def _answer(self, row: Any) -> Answer:
        return Answer(row.question, self._value(row), row.at.astimezone(UTC), row.role, row.erased_on)

    def _value(self, row: Any) -> Value:
        value = row.value if row.sealed is None else self._vault.open(row.sealed, _bound_to(row.programme, row.person_id, row.question))
        return tuple(value) if isinstance(value, list) else value


def _bound_to(programme: str, person_id: str, question: str) -> str:
    return f"guarded_answer.sealed:{programme}/{person_id}/{question}"


def _made(change: Change) -> dict[str, Any]:
    """A change without the answer."""
    row = {"i": change.key.person_id, "p": change.key.programme, "q": change.question.code}
    return row | {"h": change.how, "b": change.by.subject, "r": change.by.role}


def _key(key: SheetKey) -> dict[str, str]:
    return {"i": key.person_id, "p": key.programme, "a": key.about}
