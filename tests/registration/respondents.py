"""Who is asked in the tests, and answers: Asta, her mother Mona and her father Karim, and what is kept of it."""

from typing import Any

import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_request

Json = dict[str, Any]

NUTS = "ingen nødder, tak"
"""Sensitive: what hints at somebody's health."""


def says(**answers: Any) -> list[Json]:
    """These answers as they are sent, hyphens of codes written as underscores."""
    return [{"question": code.replace("_", "-"), "answer": answer} for code, answer in answers.items()]


def patch(door: Door, path: str, **answers: Any) -> Any:
    """Somebody answers."""
    return door.patch(path, json={"answers": says(**answers)})


def read(door: Door, path: str) -> Json:
    """What the caller may know, by question."""
    answer = door.get(path)
    assert answer.status_code == 200, answer.get_json()
    return {item["question"]: item["answer"] for item in answer.get_json()["items"]}


def slugs(answer: Any) -> list[tuple[str, str]]:
    """The rules that a refusal names, and where."""
    return [(error["slug"], error["field"]) for error in answer.get_json()["errors"]]


def enrols(context: Context, child: list[Json] | None = None, mona: list[Json] | None = None, **details: Any) -> Json:
    """Another system enrols Asta, with what was answered about her and by her mother; the answer."""
    guardians = [a_guardian(**({} if mona is None else {"answers": mona})), a_guardian(given_name="Karim", email="karim@example.org")]
    request = a_request(guardians=guardians, **details)
    request["child"] |= {} if child is None else {"answers": child}
    deliver(context, REQUESTED, request, source=SENDER)
    return enrolments(context)[-1]


def enrolments(context: Context) -> list[Json]:
    """What enrolment requests were answered."""
    return [m["data"] for m in published(context) if m["type"].startswith("registration.enrolment.") and m["exchange"]]


def of_child(enrolment: Json) -> str:
    """Where answers about the child are."""
    return f"/v1/enrolments/{enrolment['enrolment_id']}/answers"


def of_guardian(enrolment: Json, place: int = 0) -> str:
    """Where the answers of one of its guardians are."""
    return f"/v1/enrolments/{enrolment['enrolment_id']}/guardians/{enrolment['guardian_ids'][place]}/answers"


def guardian(door: Door, enrolment: Json, place: int = 0) -> Door:
    """The door, with one of its guardians, who asks about his own family."""
    return door.as_(Role.GUARDIAN, subject=enrolment["guardian_ids"][place], purpose="own-family")


def staff(door: Door, purpose: str, role: Role = Role.COORDINATOR, **reach: Any) -> Door:
    """The door, with somebody of the staff who has a purpose."""
    return door.as_(role, purpose=purpose, **reach)


def rows(context: Context, statement: str) -> list[Any]:
    """What the database holds."""
    with context.work() as work:
        return list(work.connection.execute(sa.text(statement)).all())


def stored(context: Context) -> str:
    """Every row of every table in which answers are kept, as one text."""
    tables = ("answer_sheet", "plain_answer", "guarded_answer", "answer_change")
    return "\n".join(str(row) for table in tables for row in rows(context, f"select t::text from {table} t"))
