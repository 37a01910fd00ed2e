"""The tables of notifications: contact cards, copies of activities and sign-ups, and the send ledger."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa

from services.chassis.envelope import Received
from services.chassis.errors import NotFound
from services.chassis.storage import UnitOfWork
from services.notifications.domain.activity import Activity, Session
from services.notifications.domain.dispatch import Due
from services.notifications.domain.mail import Mail
from services.notifications.domain.permission import Permission
from services.notifications.domain.programme import Contact
from services.notifications.domain.reminder import Seat
from services.notifications.domain.signup import Coming, Signup, Standing
from services.notifications.link_ledger import LinkLetters
from services.notifications.messages import ActivityFact, ConsentFact, ContactSealed, FamilyFact, OwnConsentFact, ProgrammeFact, SignupFact
from services.notifications.resources import Resources
from services.notifications.survey_links import SurveyLinks

T = TypeVar("T")
_ENCODE = msgspec.json.Encoder().encode
_NO_CAUSES: Mapping[str, Received[Any]] = MappingProxyType({})

_KEEP_CARDS = sa.text(
    "insert into contact_card (person_id, kind, key_id, sealed, sequence, received_at)"
    " select person_id, kind, key_id, sealed, sequence, :now from json_to_recordset(cast(:rows as json))"
    " as x(person_id uuid, kind text, key_id text, sealed text, sequence bigint)"
    " on conflict (person_id) do update set kind = excluded.kind, key_id = excluded.key_id, sealed = excluded.sealed,"
    " sequence = excluded.sequence, received_at = excluded.received_at where excluded.sequence > contact_card.sequence"
)
_MIND_CONSENTS = sa.text(
    "insert into consent (consent_id, person_id, given, said_at, sequence)"
    " select consent_id, person_id, given, said_at, sequence from json_to_recordset(cast(:rows as json))"
    " as x(consent_id uuid, person_id uuid, given boolean, said_at timestamptz, sequence bigint)"
    " on conflict (consent_id) do update set given = excluded.given, said_at = excluded.said_at, sequence = excluded.sequence"
    " where excluded.sequence > consent.sequence"
)
_KEEP_PROGRAMMES = sa.text(
    "insert into programme (programme, name, contact, sequence)"
    " select programme, name, contact, sequence from json_to_recordset(cast(:rows as json))"
    " as x(programme text, name text, contact jsonb, sequence bigint)"
    " on conflict (programme) do update set name = excluded.name, contact = excluded.contact, sequence = excluded.sequence"
    " where excluded.sequence > programme.sequence"
)
_KEEP_ACTIVITIES = sa.text(
    "insert into activity (activity_id, status, title, sessions, ends_at, sequence)"
    " select activity_id, status, title, sessions, ends_at, sequence from json_to_recordset(cast(:rows as json))"
    " as x(activity_id uuid, status text, title jsonb, sessions jsonb, ends_at timestamptz, sequence bigint)"
    " on conflict (activity_id) do update set status = excluded.status, title = excluded.title, sessions = excluded.sessions,"
    " ends_at = excluded.ends_at, sequence = excluded.sequence where excluded.sequence > activity.sequence"
)
_PERMIT = sa.text(
    "insert into family (child_id, permissions, sequence)"
    " select child_id, permissions, sequence from json_to_recordset(cast(:rows as json))"
    " as x(child_id uuid, permissions jsonb, sequence bigint)"
    " on conflict (child_id) do update set permissions = excluded.permissions, sequence = excluded.sequence"
    " where excluded.sequence > family.sequence"
)
_FOLLOW_SIGNUPS = sa.text(
    "insert into signup"
    " (signup_id, activity_id, contact_id, programme, standing, position, seats, seated_at, answer_by, draws_at, answer_hours,"
    " children, sequence)"
    " select signup_id, activity_id, contact_id, programme, standing, position, seats, seated_at, answer_by, draws_at, answer_hours,"
    " children, sequence"
    " from json_to_recordset(cast(:rows as json)) as x(signup_id uuid, activity_id uuid, contact_id uuid, programme text,"
    " standing text, position integer, seats integer, seated_at timestamptz, answer_by timestamptz, draws_at timestamptz,"
    " answer_hours integer, children jsonb, sequence bigint)"
    " on conflict (signup_id) do update set children = excluded.children, contact_id = excluded.contact_id, standing = excluded.standing,"
    " position = excluded.position, seats = excluded.seats, answer_by = excluded.answer_by, draws_at = excluded.draws_at,"
    " answer_hours = excluded.answer_hours,"
    " seated_at = coalesce(signup.seated_at, excluded.seated_at),"
    " sequence = excluded.sequence where excluded.sequence > signup.sequence"
)
_SEATS_AHEAD = sa.text(
    "select s.signup_id, s.activity_id, s.contact_id, s.programme, s.seated_at, x.session_id, x.starts_at"
    " from activity a"
    " cross join lateral jsonb_to_recordset(a.sessions) as x(session_id uuid, starts_at timestamptz)"
    " join signup s on s.activity_id = a.activity_id and s.standing = 'seated'"
    " where a.status = 'open' and a.ends_at > :now and x.starts_at > :now and x.starts_at <= :horizon"
    " and not exists (select from mail m where m.signup_id = s.signup_id and m.session_id = x.session_id)"
)
_COMING = sa.text(
    "select signup_id, contact_id, activity_id, programme from signup where standing in ('seated', 'waiting')"
    " and activity_id = any(array(select cast(json_array_elements_text(cast(:rows as json)) as uuid))) order by signup_id"
)
_QUEUE = sa.text(
    "insert into mail (mail_id, key, kind, person_id, activity_id, signup_id, session_id, programme, cause,"
    " queued_at, due_at, status, attempts, version)"
    " select mail_id, key, kind, person_id, activity_id, signup_id, session_id, programme, cause, queued_at, due_at, status, 0, 0"
    " from json_to_recordset(cast(:rows as json)) as x(mail_id uuid, key text, kind text, person_id uuid, activity_id uuid,"
    " signup_id uuid, session_id uuid, programme text, cause jsonb, queued_at timestamptz, due_at timestamptz, status text)"
    " on conflict (key) do nothing"
)
_RELEASE = sa.text(
    "update mail set status = 'queued', due_at = :now, reason = null, version = version + 1 where mail_id in ("
    " select m.mail_id from mail m join contact_card c on c.person_id = chassis.surviving(m.person_id) join activity using (activity_id)"
    " where m.status = 'held' for update of m skip locked)"
)
_OF_KEPT = (
    "(select coalesce(jsonb_agg(one || jsonb_build_object('guardian_id', chassis.surviving(cast(one ->> 'guardian_id' as uuid)))), '[]')"
    " from jsonb_array_elements(f.permissions) as one)"
)
"""A family's permissions; where a guardian was merged into another, that one's."""
_DUE = sa.text(
    "select m.*, c.sealed as card, chassis.surviving(m.person_id) as card_of, s.standing, s.seats, s.position, s.answer_by,"  # noqa: S608 - our own text
    " s.draws_at, s.answer_hours,"
    " a.status as activity_status, a.title, a.sessions, l.sealed as survey_link,"
    " p.name as signature, p.contact, coalesce((select not given from consent k"
    " where k.person_id in (select chassis.same(m.person_id)) order by said_at desc, given limit 1), false) as unwilling,"
    f" (select coalesce(jsonb_agg({_OF_KEPT}), '[]') from family f where f.child_id in"
    " (select chassis.surviving(cast(c.id as uuid)) from jsonb_array_elements_text(s.children) as c (id))) as families"
    " from mail m join signup s using (signup_id) left join contact_card c on c.person_id = chassis.surviving(m.person_id)"
    " left join survey_link l on m.kind = 'feedback' and l.link_id = cast(nullif(split_part(m.key, 'survey/', 2), '') as uuid)"
    " left join activity a on a.activity_id = m.activity_id left join programme p on p.programme = m.programme"
    " where m.due_at <= :now order by m.due_at limit :limit for update of m skip locked"
)
_SAVE = sa.text(
    "update mail m set status = x.status, attempts = x.attempts, due_at = x.due_at, language = x.language, reason = x.reason,"
    " told = case when x.due_at is null then x.status else m.told end, version = x.version"
    " from json_to_recordset(cast(:rows as json)) as x(mail_id uuid, status text, attempts integer, due_at timestamptz,"
    " language text, reason text, version integer)"
    " where m.mail_id = x.mail_id and m.version = x.version - 1 returning m.mail_id, m.cause"
)
_ONE = sa.text("select * from mail where mail_id = cast(:mail_id as uuid)")
_TOLD = sa.text("select * from mail where told is not null")
_PAGE = sa.text(
    "select * from mail where (cast(:after as uuid) is null or mail_id > cast(:after as uuid))"
    " and (cast(:status as text) is null or status = :status)"
    " and (cast(:activity as uuid) is null or activity_id = cast(:activity as uuid)) order by mail_id limit :limit"
)


@dataclass(frozen=True, slots=True)
class Cause:
    """The fact that led to a mail, kept until the mail's own fact names it."""

    id: str
    correlationid: str | None
    traceparent: str | None
    municipality: str | None
    programme: str | None

    @classmethod
    def of(cls, message: Received[Any]) -> "Cause":
        """What is kept of a message."""
        return cls(message.id, message.correlationid, message.traceparent, message.municipality, message.programme)


class Repository:
    """Statements on one connection, in the unit of work's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def _each(self, statement: sa.TextClause, rows: Sequence[Any], **values: Any) -> sa.CursorResult[Any]:
        """One statement for a set: the rows travel as one JSON parameter."""
        return self._connection.execute(statement, {"rows": _ENCODE(rows).decode(), **values})


class Cards(Repository):
    """Contact cards, sealed as they came, and who does not want to be written to."""

    def keep(self, messages: Sequence[Received[ContactSealed]], now: datetime) -> None:
        """Keep the newest card of each person, by sequence."""
        rows = [msgspec.structs.asdict(m.data) | {"sequence": m.sequence} for m in _newest(messages)]
        self._each(_KEEP_CARDS, rows, now=now)

    def mind(self, messages: Sequence[Received[ConsentFact | OwnConsentFact]]) -> None:
        """Keep the newest state of each consent to be written to, by sequence."""
        self._each(_MIND_CONSENTS, [_consent_row(message) for message in _newest(messages)])


class Activities(Repository):
    """Our copy of the activities, and of what the programmes that they belong to are called and where they are reached."""

    def name(self, messages: Sequence[Received[ProgrammeFact]]) -> None:
        """Keep the newest name of each programme, by sequence."""
        self._each(_KEEP_PROGRAMMES, [msgspec.structs.asdict(m.data) | {"sequence": m.sequence} for m in _newest(messages)])

    def keep(self, messages: Sequence[Received[ActivityFact]]) -> None:
        """Keep the newest state of each activity, by sequence."""
        self._each(_KEEP_ACTIVITIES, [_activity_row(m) for m in _newest(messages)])


class Signups(Repository):
    """Our copy of where sign-ups stand, and of who may be told of the children who come."""

    def permit(self, messages: Sequence[Received[FamilyFact]]) -> None:
        """Keep the newest state of each child's family, by sequence."""
        self._each(_PERMIT, [_family_row(m) for m in _newest(messages)])

    def follow(self, messages: Sequence[Received[SignupFact]]) -> None:
        """Keep the newest state of each sign-up, by sequence, and when it first got its seats."""
        self._each(_FOLLOW_SIGNUPS, [_signup_row(m) for m in _newest(messages)])

    def seats_ahead(self, now: datetime, horizon: datetime) -> list[Seat]:
        """The sessions that begin until `horizon` and that somebody has a seat for, as far as nobody was reminded of them."""
        rows = self._connection.execute(_SEATS_AHEAD, {"now": now, "horizon": horizon})
        return [msgspec.convert(_builtin(row), Seat) for row in rows]

    def coming(self, activity_ids: Iterable[str]) -> list[Coming]:
        """Who is signed up to these activities, with seats or in the line."""
        return [msgspec.convert(_builtin(row), Coming) for row in self._each(_COMING, list(activity_ids))]


class Mails(Repository):
    """The send ledger."""

    def queue(self, mails: Sequence[Mail], causes: Mapping[str, Received[Any]] = _NO_CAUSES) -> None:
        """Add mails; one whose key is there already is not added again. `causes` gives, by key, the fact that led to a mail."""
        rows = [msgspec.to_builtins(mail) | {"cause": _cause(causes.get(mail.key))} for mail in mails]
        self._each(_QUEUE, rows)

    def release(self, now: datetime) -> None:
        """Queue the held mails that have now got all they need."""
        self._connection.execute(_RELEASE, {"now": now})

    def due(self, now: datetime, limit: int) -> list[Due]:
        """Mails to look at now, the longest due first, locked until the end of this unit of work.

        What another process has locked is passed over, so that several replicas share the work.
        """
        rows = self._connection.execute(_DUE, {"now": now, "limit": limit})
        return [_due(row) for row in rows]

    def save(self, mails: Sequence[Mail]) -> dict[str, Cause | None]:
        """Store the mails' next step; returns, by id, what caused those that were stored.

        A mail that has been stored in another step since it was read is left alone.
        """
        rows = self._each(_SAVE, mails)
        return {str(row.mail_id): msgspec.convert(row.cause, Cause | None) for row in rows}

    def get(self, mail_id: str) -> Mail:
        """The mail; raises `NotFound`."""
        row = self._connection.execute(_ONE, {"mail_id": mail_id}).first()
        if row is None:
            raise NotFound(field="id")
        return _mail(row)

    def page(self, status: str | None, activity: str | None, after: str | None, limit: int) -> list[Mail]:
        """Mails in the order of their ids, from after the id `after`."""
        rows = self._connection.execute(_PAGE, {"status": status, "activity": activity, "after": after, "limit": limit})
        return [_mail(row) for row in rows]

    def told(self) -> Iterator[tuple[Mail, str]]:
        """Every mail that a fact has been published of, with what that fact said (`sent`, `failed`, `suppressed`)."""
        for row in self._connection.execute(_TOLD):
            yield _mail(row), row.told


class Work(UnitOfWork):
    """One transaction on the database of notifications."""

    resources: Resources

    @cached_property
    def cards(self) -> Cards:
        return Cards(self.connection)

    @cached_property
    def activities(self) -> Activities:
        return Activities(self.connection)

    @cached_property
    def signups(self) -> Signups:
        return Signups(self.connection)

    @cached_property
    def mails(self) -> Mails:
        return Mails(self.connection)

    @cached_property
    def survey_links(self) -> SurveyLinks:
        return SurveyLinks(self.connection)

    @cached_property
    def links(self) -> LinkLetters:
        return LinkLetters(self.connection)


def _newest(messages: Sequence[Received[T]]) -> list[Received[T]]:
    """The last message of each aggregate; they come in sequence."""
    return list({message.subject: message for message in messages}.values())


def _consent_row(message: Received[ConsentFact | OwnConsentFact]) -> dict[str, Any]:
    fact = message.data
    word = {"given": fact.status == "given", "said_at": fact.withdrawn_at or fact.given_at}
    return word | {"consent_id": fact.consent_id, "person_id": fact.giver_id, "sequence": message.sequence}


def _activity_row(message: Received[ActivityFact]) -> dict[str, Any]:
    fact = message.data
    ends_at = max((meeting.ends_at for meeting in fact.sessions), default=None)
    sessions = sorted(fact.sessions, key=lambda meeting: meeting.starts_at)
    return msgspec.structs.asdict(fact) | {"sessions": sessions, "ends_at": ends_at, "sequence": message.sequence}


def _signup_row(message: Received[SignupFact]) -> dict[str, Any]:
    fact = message.data
    children = [member.person_id for member in fact.party if member.role == "child"]
    return msgspec.structs.asdict(fact) | {
        "children": children,
        "standing": fact.status,
        "seated_at": _seated_at(message),
        "sequence": message.sequence,
    }


def _family_row(message: Received[FamilyFact]) -> dict[str, Any]:
    permissions = [
        msgspec.structs.asdict(period) | {"guardian_id": guardian.guardian_id}
        for guardian in message.data.guardians
        for period in guardian.periods
    ]
    return {"child_id": message.data.child_id, "permissions": permissions, "sequence": message.sequence}


def _seated_at(message: Received[SignupFact]) -> datetime | None:
    """When the seats were given: at the promotion, else when the party signed up. A re-emitted state tells no time of its own."""
    if message.data.status != "seated":
        return None
    promoted = message.type == "events.signup.promoted.v1" and not message.snapshot
    return message.time if promoted else message.data.signed_up_at


def _cause(message: Received[Any] | None) -> Cause | None:
    return Cause.of(message) if message else None


def _builtin(row: sa.Row[Any]) -> dict[str, Any]:
    """The row with ids as text, as the domain has them."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row._mapping.items()}  # noqa: SLF001 - its public name


def _mail(row: sa.Row[Any]) -> Mail:
    return msgspec.convert(_builtin(row), Mail)


def _due(row: sa.Row[Any]) -> Due:
    standing, signup_id = Standing(row.standing), str(row.signup_id)
    signup = Signup(signup_id, standing, row.seats, row.position, row.answer_by, row.draws_at, row.answer_hours)
    families = msgspec.convert(row.families, tuple[tuple[Permission, ...], ...])
    return Due(
        _mail(row),
        signup,
        _activity(row),
        row.card,
        row.signature or "",
        msgspec.convert(row.contact, Contact | None),
        families,
        unwilling=row.unwilling,
        survey_link=row.survey_link,
        card_of=str(row.card_of),
    )


def _activity(row: sa.Row[Any]) -> Activity | None:
    if row.title is None:
        return None
    sessions = msgspec.convert(row.sessions, tuple[Session, ...])
    return Activity(str(row.activity_id), row.activity_status, row.title, sessions)
