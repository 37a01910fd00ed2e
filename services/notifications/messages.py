"""What notifications reads in the facts of others: only what a mail needs; unknown fields are let by."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from services.notifications.domain.programme import Contact

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""A UUID in its canonical text form."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ContactSealed(msgspec.Struct):
    """A contact card, sealed with our public key; the person's id is its associated data."""

    person_id: Id
    kind: str
    key_id: str
    sealed: str


class ConsentFact(msgspec.Struct):
    """A consent for a child, whatever happened to it: what its giver agreed to."""

    consent_id: Id
    guardian_id: Id
    purpose: str
    status: Literal["given", "withdrawn"]
    given_at: Moment
    withdrawn_at: Moment | None

    @property
    def giver_id(self) -> str:
        return self.guardian_id


class OwnConsentFact(msgspec.Struct):
    """A consent that an adult gave for himself, whatever happened to it."""

    consent_id: Id
    person_id: Id
    purpose: str
    status: Literal["given", "withdrawn"]
    given_at: Moment
    withdrawn_at: Moment | None

    @property
    def giver_id(self) -> str:
        return self.person_id


class PersonFact(msgspec.Struct):
    """For whom an id stands: for itself where there is no `into_id`."""

    person_id: Id
    into_id: Id | None


class Meeting(msgspec.Struct):
    """A session of an activity."""

    session_id: Id
    starts_at: Moment
    ends_at: Moment
    place: str


class SessionChange(msgspec.Struct):
    """That a session was added, moved or called off."""

    session_id: Id


class ActivityFact(msgspec.Struct):
    """An activity's whole state, whatever happened to it. `title` by language; `session_changes` is what those who come must be told."""

    activity_id: Id
    status: str
    title: dict[str, str]
    sessions: list[Meeting]
    session_changes: list[SessionChange] = []


class ProgrammeFact(msgspec.Struct):
    """What a programme is called: its name signs the letters; and where families reach it."""

    programme: str
    name: str
    contact: Contact | None = None


class Period(msgspec.Struct):
    """Whether a guardian may be told of a child, from a day (null: since ever) until before another (null: until further notice)."""

    valid_from: date | None
    valid_until: date | None
    contact_allowed: bool


class ChildsGuardian(msgspec.Struct):
    """A guardian of a child, and when he may be told of it."""

    guardian_id: Id
    periods: list[Period]


class FamilyFact(msgspec.Struct):
    """All guardians of a child."""

    child_id: Id
    guardians: list[ChildsGuardian]


class Member(msgspec.Struct):
    """One of those who come."""

    person_id: Id
    role: str


class SignupFact(msgspec.Struct):
    """A sign-up's whole state, whatever happened to it. `contact_id` is who is told; `answer_by` stands in offers of seats,
    `draws_at` while a draw is to come, `answer_hours` while it waits for seats that will be offered.
    """

    signup_id: Id
    activity_id: Id
    programme: str
    contact_id: Id
    party: list[Member]
    seats: int
    status: Literal["seated", "offered", "waiting", "cancelled"]
    position: int | None
    reason: str | None
    signed_up_at: Moment
    answer_by: Moment | None = None
    draws_at: Moment | None = None
    answer_hours: int | None = None


class Card(msgspec.Struct):
    """What a contact card holds once it is opened. `email` is None when the person has none; `channels` are those he wants, if he said."""

    name: str
    email: str | None = None
    language: str | None = None
    channels: list[str] = []


class SignUpLinkSealed(msgspec.Struct):
    """A sign-up link or code, sealed with our public key; its id is the seal's associated data."""

    link_id: Id
    channel: Literal["email", "sms"]
    language: str
    expires_at: Moment
    sealed: str


class SurveyLinkSealed(msgspec.Struct):
    """A link to a survey for somebody who came, sealed with our public key; its id is the seal's associated data."""

    link_id: Id
    person_id: Id
    signup_id: Id
    activity_id: Id
    closes_on: date
    sealed: str


class SurveyLink(msgspec.Struct):
    """What such a message holds once it is opened."""

    link: str


class LinkContent(msgspec.Struct):
    """What such a message holds once it is opened: where it goes, and the link by e-mail or the code by SMS."""

    address: str
    link: str = ""
    code: str = ""
