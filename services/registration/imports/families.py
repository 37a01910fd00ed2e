"""Lines about children: a new one is asked to be enrolled like any other, one who is enrolled brings news of its guardians.

What is stored of a child itself, and where it is enrolled, a file does not change: that is said, and left to a person.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.chassis.envelope import Received
from services.registration.domain import newcomer
from services.registration.domain.address import Address
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.enrolment import Status as EnrolmentStatus
from services.registration.domain.objection import Rule
from services.registration.domain.person import Kind, Person
from services.registration.domain.request import ChildDetails, EnrolmentRequest, GuardianDetails
from services.registration.duplicates.finding import matches
from services.registration.handlers.enrolling import take_enrolment_requests, update_guardians
from services.registration.handlers.newcomers import recognise
from services.registration.imports import holding
from services.registration.imports.addresses import ADDRESS
from services.registration.imports.record import Candidate, Change, Import, Issue, Outcome, Row, Status
from services.registration.imports.stored import Made, StoredChild, StoredEnrolment, StoredFamilies
from services.registration.imports.texts import issue

if TYPE_CHECKING:
    from services.registration.storage import Work

SOURCE: Final = "/imports"
"""In whose name an import asks for enrolments."""

OWNERS: Final = ("guardian1", "guardian2", "guardian3", "guardian4")
_NUMBERS: Final = ("child.cpr_number", *(f"{owner}.cpr_number" for owner in OWNERS))
_OF_A_CHILD: Final = ("given_name", "family_name", "birth_date")
_OF_AN_ENROLMENT: Final = ("institution", "track", "start_date")
_OF_A_GUARDIAN: Final = ("given_name", "family_name", "email", "phone", "language", "spoken_language", "address")
_OF_TERMS: Final = ("custody", "relation", "contact_allowed", "residence")
_CALLED: Final = {"masked": "cpr_number"}
_YES_OR_NO: Final = ("custody", "contact_allowed", "residence")

Requests = Mapping[int, Received[Any]]


def keys(values: Mapping[str, str]) -> Iterator[str]:
    """Whom a line names by number, and a child without one by its description: lines that share one belong together."""
    yield from (values[field] for field in _NUMBERS if field in values)
    if _names_a_child(values) and "child.cpr_number" not in values:
        yield newcomer.description_of(_described(values))


def perform(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, Outcome]:
    """Do what these lines say, no two of them of one family; what came of each."""
    before = stored(rows, imported, work)
    alike = _candidates([row for row in rows if row.number not in before.children], work) if imported.is_tried else {}
    asked = {row.number: _request(row, imported, before, work) for row in rows}
    known = {row.number for row in rows if (child := before.children.get(row.number)) and child.enrolment}
    refused = _refusals({n: message for n, message in asked.items() if n in known}, work, tried_only=True)
    refused |= _refusals({n: message for n, message in asked.items() if n not in known}, work)
    update_guardians([_read(asked[n]) for n in sorted(known - refused.keys())], work)
    after = stored(rows, imported, work)
    found = {row.number: _outcome(row, refused.get(row.number, ()), before, after) for row in rows}
    for row in rows:
        own = after.ids_around(row.number)
        found[row.number].candidates = [candidate for candidate in alike.get(row.number, ()) if candidate.id not in own]
    return found | holding.held(rows, found, imported, work)


def hidden(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, list[str]]:
    """Who in these lines has name and address protection, as far as a line that may be broken names somebody."""
    named = [row for row in rows if _names_a_child(row.reading.values)]
    now = stored(named, imported, work)
    protected = work.protections.children([child.child_id for child in now.children.values()])
    by_number = {one.cpr_number for one in now.guardians.values() if one.cpr_number and one.hidden}
    return {row.number: list(_hidden_in(row, now, protected, by_number)) for row in named}


def _hidden_in(row: Row, now: StoredFamilies, protected: Collection[str], by_number: Collection[CprNumber]) -> Iterator[str]:
    child = now.children.get(row.number)
    if child and child.child_id in protected:
        yield "child"
    around = [one for id_ in (child.terms if child else ()) if (one := now.guardians[id_]).hidden]
    for owner in _owners(row.reading.values):
        part = _part(row.reading.values, owner)
        details = _adult(part)
        if any(one.as_guardian().may_be(details) for one in around) or CprNumber.read(part.get("cpr_number", "")) in by_number:
            yield owner


def stored(rows: Sequence[Row], imported: Import, work: "Work") -> StoredFamilies:
    """Everybody around these lines, as he is now."""
    guardians = [CprNumber.parse(row.reading.values[field]) for row in rows for field in _NUMBERS[1:] if field in row.reading.values]
    keys_of = recognise([_described(row.reading.values) for row in rows], work)
    return work.family_records.stored(imported.programme, dict(zip((row.number for row in rows), keys_of, strict=True)), guardians)


@dataclass(frozen=True, slots=True)
class _Described:
    """The family that a line describes, as far as it is needed to recognise the child."""

    child: ChildDetails
    guardians: Sequence[GuardianDetails]


def _described(values: Mapping[str, str]) -> _Described:
    """Of a line that names its child by number, nothing else is looked at: whatever it leaves out may stand in for it."""
    child = {"birth_date": "0001-01-01", "given_name": "", "family_name": ""} | _part(values, "child")
    details = ChildDetails(date.fromisoformat(child["birth_date"]), child["given_name"], child["family_name"], child.get("cpr_number"))
    return _Described(details, [_adult(_part(values, owner)) for owner in _owners(values)])


def _adult(part: Mapping[str, Any]) -> GuardianDetails:
    """Somebody as far as a line that may be broken tells of him."""
    return GuardianDetails(**{"language": "da", "family_name": "", "custody": False, **part})


def _names_a_child(values: Mapping[str, str]) -> bool:
    """By its number, or, where there is none, by all that it is recognised by."""
    return "child.cpr_number" in values or all(f"child.{name}" in values for name in _OF_A_CHILD)


# The line as a request.


def _request(row: Row, imported: Import, before: StoredFamilies, work: "Work") -> Received[Any]:
    values = row.reading.values
    child = before.children.get(row.number)
    data: dict[str, Any] = {name: values[name] for name in _OF_AN_ENROLMENT} | {"programme": imported.programme}
    data |= {"child": _part(values, "child"), "guardians": [_guardian(values, owner, child, before) for owner in _owners(values)]}
    return Received(
        id=f"{imported.import_id}/{row.number}",
        source=SOURCE,
        type="enrolment.requested.v1",
        subject="",
        data=data,
        correlationid=imported.import_id,
        municipality=work.context.settings.municipality,
    )


def _owners(values: Mapping[str, str]) -> list[str]:
    return [owner for owner in OWNERS if f"{owner}.given_name" in values]


def _part(values: Mapping[str, str], owner: str) -> dict[str, Any]:
    """What is said of one of them; where he lives stands apart."""
    own = {name.removeprefix(f"{owner}."): value for name, value in values.items() if name.startswith(f"{owner}.")}
    return {name: value for name, value in own.items() if name not in ADDRESS}


def _guardian(values: Mapping[str, str], owner: str, child: StoredChild | None, before: StoredFamilies) -> dict[str, Any]:
    """As the line describes him; what he reads, where it does not say, is as we know it, or Danish."""
    described = _part(values, owner)
    described |= {name: described[name] == "yes" for name in _YES_OR_NO if name in described}
    if lives := {name: value for name in ADDRESS if (value := values.get(f"{owner}.{name}"))}:
        described["address"] = lives
    described.setdefault("language", _language(described, child, before))
    return described


def _language(described: Mapping[str, Any], child: StoredChild | None, before: StoredFamilies) -> str:
    details = GuardianDetails(**{"language": "da", **described})
    around = before.guardians_around(child, CprNumber.read(details.cpr_number or ""))
    return next((one.language for one in around if one.as_guardian().may_be(details)), "da")


# What came of it.


def _refusals(asked: Requests, work: "Work", *, tried_only: bool = False) -> dict[int, Sequence[Issue]]:
    """Why requests were refused, by line. `tried_only`: of children who are enrolled, to hear what else speaks against the line."""
    if not asked:
        return {}
    with work.attempt() as attempt:
        answers = take_enrolment_requests(list(asked.values()), work)
        if not tried_only:
            attempt.keep()
    found = {n: _issues(asked[n], answer) for n, answer in zip(asked, answers, strict=True)}
    return {n: issues for n, issues in found.items() if issues}


def _issues(asked: Received[Any], answer: Enrolment | None) -> Sequence[Issue]:
    if answer is None or answer.status is not EnrolmentStatus.REJECTED:
        return ()
    told = [reason for reason in answer.reasons if reason["slug"] != Rule.ALREADY_ENROLLED]
    return [Issue(one["slug"], _field(one["field"], asked), one["text"]["da"], one["text"]["en"]) for one in told]


def _field(pointer: str, asked: Received[Any]) -> str:
    """`/guardians/1/email` is `guardian2.email`, where the line names two."""
    parts = pointer.strip("/").split("/")
    if parts[0] == "guardians" and len(parts) > 1:
        parts = [OWNERS[int(parts[1])], *parts[2:]] if int(parts[1]) < len(asked.data["guardians"]) else parts[:1]
    return ".".join(parts)


def _outcome(row: Row, refused: Sequence[Issue], before: StoredFamilies, after: StoredFamilies) -> Outcome:
    if refused:
        return Outcome(Status.REFUSED, issues=list(refused))
    old, new = before.children.get(row.number), after.children[row.number]
    is_new = old is None or old.enrolment is None
    named = _named(row, before, after, new)
    changes = [*_of_enrolment(old, new), *_of_guardians(named, before, after, old, new)]
    status = Status.NEW if is_new else Status.CHANGED if changes else Status.UNCHANGED
    outcome = Outcome(status, changes, otherwise=list(_otherwise(row, new)), undo=_made(named, before, after, old, new))
    outcome.issues += [issue("stored-otherwise", change.field, error=False) for change in outcome.otherwise]
    return outcome


def _of_enrolment(old: StoredChild | None, new: StoredChild) -> Iterator[Change]:
    told = {**_told(new, _OF_A_CHILD, "child."), **_told(new.enrolment, _OF_AN_ENROLMENT)}
    known = {**_told(old, _OF_A_CHILD, "child."), **_told(old and old.enrolment, _OF_AN_ENROLMENT)}
    return (Change(name, known.get(name), value) for name, value in told.items() if known.get(name) != value)


def _told(stored_one: StoredChild | StoredEnrolment | None, names: Sequence[str], prefix: str = "") -> dict[str, str]:
    """These fields as a report writes them; those that are empty are left out."""
    return {f"{prefix}{name}": str(value) for name in names if (value := getattr(stored_one, name, None)) is not None}


def _of_guardians(
    named: Mapping[str, str], before: StoredFamilies, after: StoredFamilies, old: StoredChild | None, new: StoredChild
) -> Iterator[Change]:
    for guardian_id, owner in named.items():
        now, was = after.guardians[guardian_id], before.guardians.get(guardian_id)
        pairs = [
            *_pairs(was, now, (*_OF_A_GUARDIAN, "masked")),
            *_pairs(old and old.terms.get(guardian_id), new.terms[guardian_id], _OF_TERMS),
        ]
        yield from (Change(f"{owner}.{_CALLED.get(name, name)}", one, other) for name, one, other in pairs if one != other)


def _pairs(before: object | None, after: object, names: Sequence[str]) -> Iterator[tuple[str, str | None, str | None]]:
    """Each of these as it was, if it was, and as it is."""
    return ((name, _shown(getattr(before, name)) if before else None, _shown(getattr(after, name))) for name in names)


def _named(row: Row, before: StoredFamilies, after: StoredFamilies, new: StoredChild) -> dict[str, str]:
    """The child's guardians whom the line names, and as which: what happens to others meanwhile is another line's doing."""
    values = row.reading.values
    described = {owner: GuardianDetails(**{"language": "da"} | _part(values, owner)) for owner in _owners(values)}
    stored_as = {id_: [one for one in (before.guardians.get(id_), after.guardians[id_]) if one] for id_ in new.terms}
    return {
        id_: owner
        for owner, details in described.items()
        for id_, stored_ones in stored_as.items()
        if any(one.as_guardian().may_be(details) for one in stored_ones)
    }


def _shown(value: Any) -> str | None:
    """As a report writes it."""
    if isinstance(value, Address):
        return f"{value.street}, {value.postal_code} {value.city}"
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _otherwise(row: Row, new: StoredChild) -> Iterator[Change]:
    """What the line says of the child or its place that is stored otherwise, and is not changed by a file."""
    kept = {**_told(new, _OF_A_CHILD, "child."), **_told(new.enrolment, _OF_AN_ENROLMENT)}
    said = {name: row.reading.values.get(name) for name in (*(f"child.{name}" for name in _OF_A_CHILD), *_OF_AN_ENROLMENT)}
    return (Change(name, kept.get(name), value) for name, value in said.items() if value and value != kept.get(name))


def _made(
    named: Mapping[str, str], before: StoredFamilies, after: StoredFamilies, old: StoredChild | None, new: StoredChild
) -> dict[str, Any]:
    guardians = {id_: (before.guardians.get(id_), after.guardians[id_]) for id_ in named}
    made = Made(
        child_id=new.child_id,
        enrolment=None if old and old.enrolment else new.enrolment,
        guardians={id_: (was, now) for id_, (was, now) in guardians.items() if was != now},
        terms={id_: (old.terms.get(id_) if old else None, new.terms[id_]) for id_ in named},
    )
    found: dict[str, Any] = msgspec.to_builtins(made)
    return found


def _candidates(rows: Sequence[Row], work: "Work") -> dict[int, list[Candidate]]:
    """Children and guardians who may be stored already, under another number or none: a person decides."""
    children = [(row.number, "child", _person(row, "child")) for row in rows]
    guardians = [(row.number, owner, _person(row, owner)) for row in rows for owner in _owners(row.reading.values)]
    found: dict[int, list[Candidate]] = {row.number: [] for row in rows}
    for described in (children, guardians):
        alike = matches([person for _, _, person in described], work)
        for (number, field, _), stored_ones in zip(described, alike, strict=True):
            found[number] += [Candidate(field, one.person_id, list(one.likeness.reasons), one.likeness.score) for one in stored_ones]
    return found


def _person(row: Row, owner: str) -> Person:
    """Somebody whom the line describes."""
    part = _part(row.reading.values, owner)
    born = date.fromisoformat(part["birth_date"]) if "birth_date" in part else None
    return Person(
        kind=Kind.CHILD if owner == "child" else Kind.GUARDIAN,
        given_name=part["given_name"],
        family_name=part["family_name"],
        birth_date=born,
        email=part.get("email"),
        phone=part.get("phone"),
        cpr_number=CprNumber.read(part.get("cpr_number", "")),
    )


def _read(message: Received[Any]) -> Received[EnrolmentRequest]:
    return msgspec.structs.replace(message, data=msgspec.convert(message.data, EnrolmentRequest, strict=False))
