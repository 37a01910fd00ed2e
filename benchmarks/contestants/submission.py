"""What the messages of the job are read as: the same rules as the peers check."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct


class Guardian(Struct):
    """Who applied."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    relation: str


class Submitted(Struct):
    """An application for a place in a programme."""

    programme_id: Annotated[int, Meta(ge=1)]
    institution_id: str
    track: Literal["A", "B", "C"]
    child_id: UUID
    child_birth_date: date
    guardian: Guardian
    start_date: date
    consents: list[str]
    origin_ts: float
    note: str | None = None


class Accepted(Struct):
    """What enrolment tells of one."""

    programme_id: int
    institution_id: str
    track: str
    child_id: UUID
    start_date: date
    origin_ts: float
