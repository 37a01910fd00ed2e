"""What happened in a small town, as the facts that tell it: families of Hedegården and Baltorp and what they took part in.

Ids are made from short names, so that a test can speak of the child "alma" and mean the same one everywhere.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from services.chassis.service import Context
from services.chassis.storage import aggregate_key
from services.chassis.testing import deliver_raw, event
from services.reporting.service import FACTS

PROGRAMME = "sammen-om-boern"
HOUSES = {"birkegaarden": "hedegaarden", "globen": "hedegaarden", "sesam": "hedegaarden", "kastanjen": "baltorp", "mariehoenen": "baltorp"}
NAMES = {"birkegaarden": "Birkegården", "globen": "Globen", "sesam": "Sesam", "kastanjen": "Kastanjen", "mariehoenen": "Mariehønen"}
TOLD_AT = "2024-03-12T09:00:00Z"


Data = dict[str, Any]


class Fact(NamedTuple):
    """One fact, before it gets its place among its aggregate's facts."""

    type: str
    subject: str
    data: Data
    time: str = TOLD_AT


def id_of(name: str) -> str:
    """The id of somebody or something with that name."""
    return str(uuid5(NAMESPACE_URL, name))


def bodies(facts: Iterable[Fact]) -> list[bytes]:
    """The facts as messages, each with the next sequence number of its aggregate."""
    last: Counter[str] = Counter()
    messages = []
    for number, fact in enumerate(facts):
        key = aggregate_key(fact.type, fact.subject)
        last[key] += 1
        messages.append(
            event(fact.type, fact.data, subject=fact.subject, sequence=last[key], id=id_of(f"message {number}"), time=fact.time)
        )
    return messages


def tell(context: Context, facts: Iterable[Fact]) -> None:
    """Let the service take these facts, in one batch."""
    deliver_raw(context, FACTS, bodies(facts))


def tell_next(context: Context, facts: Iterable[Fact]) -> None:
    """Let the service take these facts, each the second of its aggregate."""
    told = [event(fact.type, fact.data, subject=fact.subject, sequence=2, time=fact.time) for fact in facts]
    deliver_raw(context, FACTS, told)


def programme(target: int = 1000) -> Fact:
    """The programme, with its two districts."""
    districts = [{"code": "hedegaarden", "name": "Hedegården"}, {"code": "baltorp", "name": "Baltorp"}]
    period = {"start": "2021-01-01", "end": "2024-06-30"}
    more = {"tracks": [{"code": "A", "name": "Spor A"}], "languages": ["da", "en"], "districts": districts, "period": period}
    data: Data = {"programme_id": id_of(PROGRAMME), "programme": PROGRAMME, "name": "Sammen om Børn", "target_children": target} | more
    return Fact("registration.programme.loaded.v1", id_of(PROGRAMME), data)


def house(code: str) -> Fact:
    """One of the daycare houses."""
    data: Data = {"institution_id": id_of(code), "institution": code, "number": "151001", "name": NAMES[code], "kind": "daycare-house"}
    return Fact("registration.institution.registered.v1", id_of(code), data | {"district": HOUSES[code], "programme": PROGRAMME})


def moved(code: str, to: str, on: str, *, until: str) -> Fact:
    """The house lies in another district from that day; `until` is the day before it."""
    data = house(code).data | {"district": to}
    placements = [{"district": HOUSES[code], "start": None, "end": until}, {"district": to, "start": on, "end": None}]
    more = {"stil_number": "151001", "p_number": None, "existence": {"start": None, "end": None}, "successor": None}
    return Fact("registration.institution.moved.v1", id_of(code), data | more | {"placements": placements})


def town() -> list[Fact]:
    """The programme and all houses."""
    return [programme(), *map(house, HOUSES)]


def enrolled(child: str, at: str = "birkegaarden", *, start: str = "2024-03-01", fact: str = "accepted", **stage: Any) -> Fact:
    """A child's enrolment, accepted, changed or withdrawn; its guardian is known as the child's name with "mother" after it."""
    who = {"child_id": id_of(child), "guardian_ids": [id_of(f"{child} mother")], "birth_month": "2022-05"}
    where = {"institution_id": id_of(at), "institution": at, "district": HOUSES[at], "programme": PROGRAMME, "track": "A"}
    data: Data = {
        "enrolment_id": id_of(f"{child} {at}"),
        "request_id": id_of(f"{child} asks"),
        "status": fact,
        "reason": None,
        "reasons": [],
    }
    dates = {"start_date": start, "end_date": "2024-06-01" if fact == "withdrawn" else None}
    return Fact(f"registration.enrolment.{fact}.v1", data["enrolment_id"], data | who | where | dates | stage)


def rejected(name: str, *slugs: str, time: str = TOLD_AT) -> Fact:
    """A rejected request; reporting never learns whose."""
    reasons = [{"slug": slug, "field": "/child", "text": {"da": slug, "en": slug}} for slug in slugs]
    data: Data = {
        "enrolment_id": id_of(name),
        "request_id": id_of(f"{name} asks"),
        "status": "rejected",
        "programme": PROGRAMME,
        "track": "A",
    }
    unknown = dict.fromkeys(("child_id", "institution_id", "institution", "district", "birth_month", "start_date", "end_date", "reason"))
    more = {"guardian_ids": [], "reasons": reasons}
    return Fact("registration.enrolment.rejected.v1", data["enrolment_id"], data | unknown | more, time)


def consent(child: str, fact: str = "given", *, purpose: str = "take-part", by: str = "mother") -> Fact:
    """A guardian's consent for a child: to take part, if not said otherwise."""
    data: Data = {
        "consent_id": id_of(f"{child} {purpose} consent of {by}"),
        "child_id": id_of(child),
        "guardian_id": id_of(f"{child} {by}"),
    }
    return Fact(f"registration.consent.{fact}.v1", data["consent_id"], data | _said(purpose, fact))


def own_consent(who: str, fact: str = "given", *, purpose: str = "statistics") -> Fact:
    """An adult's consent for himself: to be counted, if not said otherwise."""
    data: Data = {"consent_id": id_of(f"{who} {purpose} own consent"), "person_id": id_of(who), "role": "guardian"}
    return Fact(f"registration.consent.own-{fact}.v1", data["consent_id"], data | _said(purpose, fact))


def merged(one: str, into: str | None) -> Fact:
    """Two turn out to be one; or (None) two after all."""
    data: Data = {"person_id": id_of(one), "kind": "child", "into_id": id_of(into) if into else None, "merge_id": id_of(f"{one} merge")}
    fact = "merged" if into else "unmerged"
    return Fact(f"registration.person.{fact}.v1", data["person_id"], data | {"status": fact})


def _said(purpose: str, fact: str) -> Data:
    how = {"text_version": "2024-1", "language": "da", "channel": "web", "given_at": TOLD_AT}
    return how | {"purpose": purpose, "status": fact, "withdrawn_at": TOLD_AT if fact == "withdrawn" else None}


def professional(name: str, at: str = "birkegaarden", profession: str = "pedagogue") -> Fact:
    """Somebody who works in a house."""
    data: Data = {"professional_id": id_of(name), "profession": profession, "institution_id": id_of(at), "institution": at}
    return Fact("registration.professional.registered.v1", id_of(name), data | {"district": HOUSES[at], "programme": PROGRAMME})


def activity(
    name: str = "play",
    *,
    kind: str = "workshop",
    at: str = "birkegaarden",
    sessions: Sequence[str] = ("2024-04-10T14:30:00Z",),
    fact: str = "opened",
) -> Fact:
    """An activity in a house, with sessions that start at these times."""
    held = [
        {"session_id": id_of(f"{name} {n}"), "starts_at": time, "ends_at": time, "place": "Fællesrummet"} for n, time in enumerate(sessions)
    ]
    data: Data = {
        "activity_id": id_of(name),
        "status": "called-off" if fact == "called-off" else "open",
        "programme": PROGRAMME,
        "kind": kind,
    }
    where = {"district": HOUSES[at], "institution_id": id_of(at), "institution": at, "capacity": 20, "title": {"da": name, "en": name}}
    return Fact(f"events.activity.{fact}.v1", id_of(name), data | where | {"sessions": held})


def signed_up(
    who: str,
    *,
    to: str = "play",
    fact: str = "seated",
    party: Sequence[str] = (),
    kind: str = "workshop",
    time: str = TOLD_AT,
) -> Fact:
    """A family's sign-up: the child and its mother, unless the party says otherwise."""
    people = party or (who, f"{who} mother")
    data: Data = {
        "signup_id": id_of(f"{who} {to}"),
        "activity_id": id_of(to),
        "programme": PROGRAMME,
        "kind": kind,
        "district": "hedegaarden",
    }
    members = [{"person_id": id_of(name), "role": "guardian" if name.endswith("mother") else "child"} for name in people]
    status = {"seated": "seated", "promoted": "seated", "waitlisted": "waiting", "cancelled": "cancelled"}[fact]
    more = {"contact_id": id_of(people[-1]), "party": members, "seats": len(members), "position": None, "reason": None}
    return Fact(f"events.signup.{fact}.v1", data["signup_id"], data | more | {"status": status, "signed_up_at": time}, time)


def came(who: str, state: str = "present", *, to: str = "play", session: int = 0, on: str = "2024-04-10", kind: str = "workshop") -> Fact:
    """Whether somebody came to a session."""
    data: Data = {"attendance_id": id_of(f"{who} at {to} {session}"), "session_id": id_of(f"{to} {session}"), "activity_id": id_of(to)}
    more = {"signup_id": id_of(f"{who} {to}"), "person_id": id_of(who), "role": "child", "state": state, "kind": kind}
    where = {"programme": PROGRAMME, "district": "hedegaarden", "held_on": on}
    return Fact("events.attendance.recorded.v1", data["attendance_id"], data | more | where)


def mail(who: str, fact: str = "sent", *, about: str = "play", kind: str = "confirmation", time: str = TOLD_AT) -> Fact:
    """What became of a mail."""
    data: Data = {"mail_id": id_of(f"{kind} to {who} about {about}"), "kind": kind, "channel": "email", "language": "da", "attempts": 1}
    more = {"person_id": id_of(f"{who} mother"), "activity_id": id_of(about), "reason": None}
    return Fact(f"notifications.mail.{fact}.v1", data["mail_id"], data | more, time)


def whole_story(children: int = 240, seed: int = 7) -> list[Fact]:
    """A year in the town: enough families for a report, and some figures that are too small to be shown."""
    chance = random.Random(seed)
    facts = [*town(), *(activity(f"play {n}", at=at, sessions=_sessions(n)) for n, at in enumerate(HOUSES))]
    facts += [
        activity("lab", kind="learning-lab", sessions=_sessions(2)),
        activity("party", kind="parents-event", at="kastanjen", sessions=_sessions(5)),
    ]
    facts += [rejected(f"request {n}", chance.choice(("unknown-institution", "child-too-old", "missing-guardian"))) for n in range(30)]
    for number in range(children):
        facts += _childs_year(f"child {number}", chance)
    for number in range(24):
        facts += _professionals_year(f"pedagogue {number}", chance)
    return facts


def _sessions(month: int) -> list[str]:
    return [f"2024-{month + 2:02}-{day:02}T14:30:00Z" for day in (6, 20)]


def _childs_year(child: str, chance: random.Random) -> Iterable[Fact]:
    at = chance.choices(list(HOUSES), (60, 50, 4, 70, 40))[0]
    start = chance.choice((f"2023-{chance.randint(9, 12):02}-01", f"2024-{chance.randint(1, 6):02}-01"))
    yield enrolled(child, at, start=start)
    if chance.random() < 0.9:
        yield consent(child)
    if chance.random() < 0.06:
        yield enrolled(child, at, start=start, fact="withdrawn")
    if chance.random() < 0.6:
        yield from _childs_workshop(child, f"play {chance.randrange(5)}", chance)


def _childs_workshop(child: str, name: str, chance: random.Random) -> Iterable[Fact]:
    fact = chance.choices(("seated", "waitlisted", "cancelled"), (80, 12, 8))[0]
    yield signed_up(child, to=name, fact=fact, time=f"2024-{chance.randint(1, 5):02}-03T18:00:00Z")
    yield mail(child, chance.choices(("sent", "failed"), (97, 3))[0], about=name)
    if fact == "waitlisted" and chance.random() < 0.4:
        yield signed_up(child, to=name, fact="promoted")
        fact = "seated"
    if fact == "seated":
        state = chance.choices(("present", "late", "excused", "absent"), (75, 5, 8, 12))[0]
        month = int(name.split()[1]) + 2
        yield came(child, state, to=name, on=f"2024-{month:02}-06")
        yield came(f"{child} mother", state, to=name, on=f"2024-{month:02}-06")


def _professionals_year(name: str, chance: random.Random) -> Iterable[Fact]:
    yield professional(name, chance.choice(list(HOUSES)), chance.choices(("pedagogue", "health-visitor"), (80, 20))[0])
    yield signed_up(name, to="lab", kind="learning-lab", party=[name])
    if chance.random() < 0.8:
        yield came(name, to="lab", kind="learning-lab", on="2024-04-06")
