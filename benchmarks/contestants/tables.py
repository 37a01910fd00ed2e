"""The job's tables for those who use SQLAlchemy's ORM."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Of all of them."""


class Inbox(Base):
    """The ids that were taken."""

    __tablename__ = "inbox"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)


class Enrolment(Base):
    """A child in a programme."""

    __tablename__ = "enrolment"

    child_id: Mapped[UUID] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[str]
    track: Mapped[str]
    status: Mapped[str]
    guardian_email: Mapped[str]
    start_date: Mapped[date]
    version: Mapped[int]
    last_event_id: Mapped[UUID]


class Outbox(Base):
    """The messages that are to be sent."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[UUID]
    type: Mapped[str]
    payload: Mapped[str]


class EnrolmentFact(Base):
    """An accepted enrolment, written down."""

    __tablename__ = "enrolment_fact"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    child_id: Mapped[UUID]
    programme_id: Mapped[int]
    institution_id: Mapped[str]
    track: Mapped[str]
    start_date: Mapped[date]
    origin_ts: Mapped[float]
