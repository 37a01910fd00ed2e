"""The messages, by the same rules as everybody's."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class Guardian(BaseModel):
    """Who applied."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    relation: str


class Submission(BaseModel):
    """An application for a place in a programme."""

    programme_id: Annotated[int, Field(ge=1)]
    institution_id: str
    track: Literal["A", "B", "C"]
    child_id: UUID
    child_birth_date: date
    guardian: Guardian
    start_date: date
    consents: list[str]
    note: str | None = None
    origin_ts: float


class Submitted(BaseModel):
    """It, as it travels."""

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    time: datetime
    datacontenttype: str | None = None
    subject: str | None = None
    data: Submission


class Acceptance(BaseModel):
    """What enrolment tells of one."""

    programme_id: int
    institution_id: str
    track: str
    child_id: UUID
    start_date: date
    origin_ts: float


class Accepted(BaseModel):
    """It, as it travels."""

    id: UUID
    type: str
    data: Acceptance
