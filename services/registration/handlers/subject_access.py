"""What registration tells somebody of himself (indsigt; GDPR, article 15): every row of his, his number, and his answers opened.

A guardian's rows name those of his children of whom he may be told; a child's name no guardian.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from services.chassis.access_report import access_report
from services.chassis.errors import NotFound
from services.registration.handlers.erasing import same_ids
from services.registration.texts import reason

if TYPE_CHECKING:
    from services.registration.storage import Work

ANSWER: Final = "answer"
"""The kind of which a row may be sealed: what was answered to a programme's question."""


def ids_of(person_id: str, work: "Work") -> list[str]:
    """His own id, those that mean the same, then those of his enrolments and consents. Raises `NotFound`."""
    if work.erasures.kind_of(person_id) is None:
        raise NotFound(reasons=[reason("unknown-person")])
    own = same_ids(person_id, work)
    return [*own, *work.erasures.theirs(own)]


def children_of(person_id: str, work: "Work") -> list[str]:
    """The children of whom a guardian may be told today, under every id that means them."""
    found = work.families.of_guardians(same_ids(person_id, work))
    told = [one.child_id for one in found if (terms := one.on(work.today)) and terms.contact_allowed]
    return sorted(work.aliases.around(told))


def report(ids: Sequence[str], work: "Work") -> dict[str, Any]:
    """As every service tells it, with his CPR number first, and each answer as it was given."""
    personal = work.context.service.personal
    told = access_report(work, personal.held if personal else (), ids, children_of(ids[0], work))
    holds = [section for section in told["holds"] if section["kind"] != ANSWER]
    return told | {"holds": [*_numbers(ids, work), *holds, *_answers(ids, work)]}


def _numbers(ids: Sequence[str], work: "Work") -> list[dict[str, Any]]:
    return [{"kind": "number", "rows": [{"cpr_number": number}]} for number in work.erasures.numbers(ids)]


def _answers(ids: Sequence[str], work: "Work") -> list[dict[str, Any]]:
    said = work.question_answers.of_people(ids)
    rows = [{"programme": programme, "question": question, "answer": answer} for programme, question, answer in said]
    return [{"kind": ANSWER, "rows": rows}] if rows else []
