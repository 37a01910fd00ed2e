"""Who goes when somebody is erased, the receipts of erasures, and legal holds."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.registration.domain import life, newcomer
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.erasure import Erased, Erasure, HoldReason, LegalHold, Why
from services.registration.domain.protection import PersonKind
from services.registration.storage.children import CHILD_NUMBER
from services.registration.storage.guardians import GUARDIAN_NUMBER
from services.registration.storage.rows import as_json, columns
from services.registration.vault import CprVault

_IDS = "any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))"
_ENROLLED = "(" + ", ".join(f"'{status}'" for status in sorted(life.ENROLLED)) + ")"
_KIND = sa.text(
    "select 'child' from child where child_id = cast(:id as uuid)"
    " union all select 'guardian' from guardian where guardian_id = cast(:id as uuid)"
    " union all select 'professional' from professional where professional_id = cast(:id as uuid)"
)
_LOCK = (
    sa.text(f"select from child where child_id = {_IDS} order by cpr_lookup, child_id for update"),
    sa.text(f"select from guardian where guardian_id = {_IDS} order by guardian_id for update"),
    sa.text(f"select from professional where professional_id = {_IDS} order by professional_id for update"),
)
_THEIRS = sa.text(
    f"select enrolment_id::text from enrolment where child_id = {_IDS}"
    f" union select consent_id::text from consent where child_id = {_IDS} or guardian_id = {_IDS} or professional_id = {_IDS} order by 1"
)
_STILL_ENROLLED = sa.text(f"select distinct child_id::text from enrolment where status in {_ENROLLED} and child_id = {_IDS}")
_PARENTS = sa.text(
    "select distinct s.guardian_id::text from guardianship s join enrolment e using (child_id)"
    f" where e.status in {_ENROLLED} and s.guardian_id = {_IDS}"
)
_STILL_WORK = sa.text(f"select professional_id::text from professional where status in {_ENROLLED} and professional_id = {_IDS}")
_MARKS = sa.text(
    f"select cpr_sealed, 'child' as kind, null as email, null as phone from child where child_id = {_IDS}"
    f" union all select cpr_sealed, 'guardian', email, phone from guardian where guardian_id = {_IDS}"
    f" union all select null, 'professional', email, phone from professional where professional_id = {_IDS}"
)
_IN_FILES = sa.text(
    "select cpr_sealed, 'child' as kind, null as email, birth_date, given_name, family_name from child"
    f" where child_id = {_IDS} or child_id in (select child_id from guardianship where guardian_id = {_IDS})"
    f" union all select cpr_sealed, 'guardian', null, null, null, null from guardian where guardian_id = {_IDS}"
    f" union all select null, 'professional', lower(email), null, null, null from professional where professional_id = {_IDS}"
)
_COLUMN = {"child": CHILD_NUMBER, "guardian": GUARDIAN_NUMBER}
_ERASURE = (
    "select erasure_id::text, why, decided_at, people, programme, rule, completed_at, (select coalesce(jsonb_agg(jsonb_build_object("
    "'service', a.service, 'erased_at', a.erased_at, 'counts', a.counts)), '[]') from erasure_answer a"
    " where a.erasure_id = erasure.erasure_id) as answers from erasure"
)
_ADD = sa.text(
    "insert into erasure (erasure_id, why, decided_at, people, programme, rule)"
    " values (cast(:erasure_id as uuid), :why, :decided_at, cast(:people as jsonb), :programme, :rule)"
)
_ADD_ANSWERS = sa.text(
    "insert into erasure_answer (erasure_id, service, erased_at, counts)"
    " select cast(:erasure_id as uuid), service, erased_at, counts from json_to_recordset(cast(:rows as json))"
    " as x(service text, erased_at timestamptz, counts jsonb) on conflict do nothing"
)
_COMPLETE = sa.text("update erasure set completed_at = :completed_at where erasure_id = cast(:erasure_id as uuid)")
_GET = sa.text(f"{_ERASURE} where erasure_id = cast(:id as uuid)")
_LOCK_ERASURE = sa.text(f"{_ERASURE} where erasure_id = cast(:id as uuid) for update")
_PAGE = sa.text(
    f"{_ERASURE} where (cast(:after as uuid) is null or erasure_id < cast(:after as uuid))"
    " and (not :open or completed_at is null) order by erasure.erasure_id desc limit :limit"
)
_ALL = sa.text(_ERASURE)
_HOLD = "select hold_id::text, person_id::text, reason, placed_at, until, lifted_at from legal_hold"
_PLACE = sa.text(
    "insert into legal_hold (hold_id, person_id, reason, placed_at, until)"
    " values (cast(:hold_id as uuid), cast(:person_id as uuid), :reason, :placed_at, :until)"
)
_LIFT = sa.text("update legal_hold set lifted_at = coalesce(lifted_at, :now) where hold_id = cast(:id as uuid) returning hold_id")
_GET_HOLD = sa.text(f"{_HOLD} where hold_id = cast(:id as uuid)")
_HOLDS = sa.text(
    f"{_HOLD} where lifted_at is null and (cast(:after as uuid) is null or hold_id > cast(:after as uuid))"
    " order by legal_hold.hold_id limit :limit"
)


class Erasures:
    """Reads who goes; what is erased then, `services/chassis/erasure` does by `personal.toml`."""

    def __init__(self, connection: sa.Connection, vault: CprVault) -> None:
        self._connection = connection
        self._vault = vault

    def kind_of(self, person_id: str) -> PersonKind | None:
        """As what we know somebody; None: not at all."""
        found = self._connection.execute(_KIND, {"id": person_id}).scalar()
        return PersonKind(found) if found else None

    def lock(self, ids: Sequence[str]) -> None:
        """Nobody else changes these people, or enrols them, until the end of the transaction."""
        for statement in _LOCK:
            self._connection.execute(statement, {"ids": as_json(ids)})

    def theirs(self, ids: Sequence[str]) -> list[str]:
        """The ids of what is theirs: of their enrolments and consents."""
        return self._of(_THEIRS, ids)

    def still_enrolled(self, ids: Sequence[str]) -> list[str]:
        """The children who take part."""
        return self._of(_STILL_ENROLLED, ids)

    def parents_of_enrolled(self, ids: Sequence[str]) -> list[str]:
        """The guardians with a child who takes part."""
        return self._of(_PARENTS, ids)

    def still_work(self, ids: Sequence[str]) -> list[str]:
        """The professionals who take part."""
        return self._of(_STILL_WORK, ids)

    def marks(self, ids: Sequence[str]) -> list[str]:
        """By what these people are known in requests: numbers as they are written, e-mail addresses and phone numbers."""
        rows = self._connection.execute(_MARKS, {"ids": as_json(ids)})
        return sorted({mark for row in rows for mark in self._marks(row)})

    def numbers(self, ids: Sequence[str]) -> list[str]:
        """The CPR numbers of these people, as they are written, for their own eyes."""
        rows = self._connection.execute(_MARKS, {"ids": as_json(ids)})
        return [f"{digits[:6]}-{digits[6:]}" for row in rows if row.cpr_sealed for digits in [self._number(row).digits]]

    def in_files(self, ids: Sequence[str]) -> list[str]:
        """By what files name these people: their numbers and those of their children; professionals by their e-mail addresses.

        A child is named by its description too, where a file has no number of it.
        """
        rows = self._connection.execute(_IN_FILES, {"ids": as_json(ids)})
        return sorted({name for row in rows for name in self._in_files(row)})

    def add(self, erasure: Erasure) -> None:
        """A new receipt, with the answers that there are."""
        row = {name: getattr(erasure, name) for name in ("erasure_id", "why", "decided_at", "programme", "rule")}
        self._connection.execute(_ADD, row | {"people": _json(erasure.people)})
        self._add_answers(erasure)

    def keep(self, erasure: Erasure) -> None:
        """The answers that came since."""
        self._add_answers(erasure)
        self._connection.execute(_COMPLETE, {"erasure_id": erasure.erasure_id, "completed_at": erasure.completed_at})

    def get(self, erasure_id: str, *, lock: bool = False) -> Erasure | None:
        row = self._connection.execute(_LOCK_ERASURE if lock else _GET, {"id": erasure_id}).first()
        return _erasure(row) if row else None

    def page(self, *, only_open: bool, after: str | None, limit: int) -> list[Erasure]:
        """The latest first."""
        rows = self._connection.execute(_PAGE, {"open": only_open, "after": after, "limit": limit})
        return [_erasure(row) for row in rows]

    def stream(self) -> Iterator[Erasure]:
        """All of them, a few at a time."""
        return map(_erasure, self._connection.execute(_ALL, execution_options={"yield_per": 500}))

    def place(self, hold: LegalHold) -> None:
        row = {name: getattr(hold, name) for name in ("hold_id", "person_id", "reason", "placed_at", "until")}
        self._connection.execute(_PLACE, row)

    def lift(self, hold_id: str, now: datetime) -> LegalHold | None:
        """Lift one, if there is one; doing it again changes nothing."""
        self._connection.execute(_LIFT, {"id": hold_id, "now": now})
        row = self._connection.execute(_GET_HOLD, {"id": hold_id}).first()
        return _hold(row) if row else None

    def holds(self, *, after: str | None, limit: int) -> list[LegalHold]:
        """Those that are not lifted, by id, which is by time."""
        return [_hold(row) for row in self._connection.execute(_HOLDS, {"after": after, "limit": limit})]

    def _of(self, statement: sa.TextClause, ids: Sequence[str]) -> list[str]:
        return list(self._connection.execute(statement, {"ids": as_json(ids)}).scalars())

    def _in_files(self, row: Any) -> Iterable[str]:
        if row.email or row.cpr_sealed:
            yield row.email or self._number(row).digits
        if row.birth_date:
            yield newcomer.described(row.birth_date, row.given_name, row.family_name)

    def _marks(self, row: Any) -> Iterable[str]:
        yield from filter(None, (row.email, row.phone))
        if row.cpr_sealed:
            yield from _written(self._number(row))

    def _number(self, row: Any) -> CprNumber:
        return self._vault.open(bytes(row.cpr_sealed), _COLUMN[row.kind])

    def _add_answers(self, erasure: Erasure) -> None:
        self._connection.execute(_ADD_ANSWERS, {"erasure_id": erasure.erasure_id, "rows": as_json(erasure.answers.values())})


def _written(number: CprNumber) -> Iterable[str]:
    return number.digits, f"{number.digits[:6]}-{number.digits[6:]}", f"{number.digits[:6]} {number.digits[6:]}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _erasure(row: Any) -> Erasure:
    found = dict(columns(row))
    answers = msgspec.convert(found.pop("answers"), list[Erased])
    return Erasure(**found | {"why": Why(row.why)}, answers={one.service: one for one in answers})


def _hold(row: Any) -> LegalHold:
    return LegalHold(**dict(columns(row)) | {"reason": HoldReason(row.reason)})
