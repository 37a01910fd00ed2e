"""What other systems say about a family, in any order and any repetition, comes to the same; what must wait for another waits for it."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.service import Context
from services.chassis.testing import FakeClock, deliver, deliver_raw, event, listen_for, published, run_timer, try_again
from services.registration.handlers.steps import history_of
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_consent, a_guardian, a_number, a_request

STEP = "enrolment.step-requested.v1"
CORRECTION = "family.correction-requested.v1"
GUARDIANSHIP = "family.guardianship-requested.v1"
GIVING = "consent.giving-requested.v1"
TAKING_BACK = "consent.withdrawal-requested.v1"
PROTECTION = "protection.requested.v1"
TIMES = [f"2024-01-20T09:{minute:02d}:00+01:00" for minute in range(3)]

Said = tuple[str, dict[str, Any]]
"""The type of a request and its data, in which the names of ids stand for them."""


def a_step(step: str, day: str, place: str) -> Said:
    """A step on one of a few days, so that some of them contradict each other; a withdrawal comes as a request of its own too."""
    data = {"enrolment_id": "enrolment", "effective_date": day}
    if step == "withdrawal":
        return WITHDRAWAL, data | {"reason": "moved"}
    return STEP, data | {"step": step} | ({"institution": place} if step == "move" else {})


def between(guardian: str, day: str, **terms: bool) -> Said:
    """What holds between the child and a guardian from a day on."""
    usual = {"relation": "guardian", "custody": True, "contact_allowed": True, "residence": False}
    return GUARDIANSHIP, {"child_id": "child", "guardian_id": guardian, "valid_from": day} | usual | terms


def agreed(guardian: str, day: str) -> Said:
    """A consent to be written to, given on that day."""
    consent = {name: value for name, value in a_consent(purpose="contact").items() if name not in {"given", "guardian"}}
    whose = {"programme": "sammen-om-boern", "subject": "child", "subject_id": "child", "giver_id": guardian}
    return GIVING, consent | whose | {"given_at": f"{day}T12:00:00+01:00"}


def protected(until: str) -> Said:
    """That the child is protected until a day."""
    return PROTECTION, {"kind": "child", "person_id": "child", "valid_from": "2024-02-01", "valid_until": until}


OTHERS: list[Said] = [
    between("karim", "2024-02-01"),
    between("karim", "2024-02-01", residence=True),
    between("karim", "2024-09-01", custody=False),
    between("mona", "2024-03-01", contact_allowed=False),
    agreed("karim", "2024-05-01"),
    agreed("mona", "2024-05-02"),
    (TAKING_BACK, {"consent_id": "consent"}),
    (TAKING_BACK, {"consent_id": "consent"}),
    (CORRECTION, {"guardian_id": "mona", "changes": {"phone": "+4520000001"}}),
    (CORRECTION, {"guardian_id": "mona", "changes": {"phone": None, "email": "mona.ny@example.org"}}),
    protected("2027-02-01"),
    protected("2024-02-01"),
    (REQUESTED, {"start_date": "2024-06-15"}),
]
steps = st.builds(
    a_step,
    st.sampled_from(["start", "pause", "resume", "move", "complete", "withdraw", "withdrawal"]),
    st.sampled_from(["2024-04-01", "2024-05-01", "2024-06-01", "2026-11-02", "2026-11-03", "2026-12-01", "2027-01-01"]),
    st.sampled_from(["sesam", "globen"]),
)
stories = st.tuples(st.lists(steps, max_size=5), st.lists(st.sampled_from(OTHERS), max_size=8)).map(lambda both: [*both[0], *both[1]])
told_at = st.lists(st.sampled_from(TIMES), min_size=13, max_size=13)
universes = count()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(stories, told_at, st.data())
def test_any_order_and_repetition_comes_to_the_same(running: Context, story: list[Said], times: list[str], data: st.DataObject) -> None:
    """Steps, moves, withdrawals, corrections, guardianships, consents, protection, enrolling again: mixed, repeated, cut at will.

    Some steps are dated ahead. What is so today, what is coming, and what it comes to when the days have passed, is the same.
    """
    orders = st.permutations(range(len(story)))
    again = st.lists(st.sampled_from(range(len(story))), max_size=4) if story else st.just([])
    one, other = ([*data.draw(orders), *data.draw(again)] for _ in range(2))
    assert outcome(running, story, times, one, 1) == outcome(running, story, times, other, data.draw(st.integers(1, 6)))


def test_a_step_waits_for_the_one_that_it_follows(registration: Context) -> None:
    """A pause that comes before the start is answered after it; one that nothing ever comes before is rejected at last."""
    deliver(registration, REQUESTED, a_family(next(universes)), source=SENDER)
    ids, listen = ids_of(registration), listen_for(registration.service, STEP)
    for step, day in (("pause", "2024-05-01"), ("start", "2024-04-01"), ("resume", "2024-04-15")):
        deliver(registration, STEP, {"enrolment_id": ids["enrolment"], "step": step, "effective_date": day}, source=SENDER, id=step)
    while try_again(registration, listen):
        pass
    answers = [message["data"] for message in published(registration) if message["type"].startswith("registration.enrolment.")][1:]
    assert [(answer["request_id"], answer["status"]) for answer in answers] == [
        ("start", "active"),
        ("pause", "paused"),
        ("resume", "rejected"),
    ]


def test_a_child_that_is_to_come_back_waits_for_its_end(registration: Context) -> None:
    """A request for a later day is met when the enrolment that there is has ended, and told `already-enrolled` where it does not end."""
    family = a_family(next(universes))
    deliver(registration, REQUESTED, family, source=SENDER)
    ids, listen = ids_of(registration), listen_for(registration.service, STEP)
    deliver(registration, REQUESTED, family | {"start_date": "2024-06-15"}, source=SENDER, id="again")
    end = {"enrolment_id": ids["enrolment"], "reason": "moved", "effective_date": "2024-06-01"}
    deliver(registration, WITHDRAWAL, end, source=SENDER)
    deliver(registration, REQUESTED, family | {"start_date": "2024-06-20"}, source=SENDER, id="once-more")
    while try_again(registration, listen):
        pass
    answers = {m["data"]["request_id"]: m["data"] for m in published(registration) if m["type"].startswith("registration.enrolment.")}
    granted, refused = sorted((answers["again"], answers["once-more"]), key=lambda answer: str(answer["status"]))
    assert (granted["status"], granted["enrolment_id"] != ids["enrolment"]) == ("accepted", True)
    assert [reason["slug"] for reason in refused["reasons"]] == ["already-enrolled"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_an_enrolment_tells_of_a_guardian_holds_until_the_change(registration: Context, order: tuple[int, int]) -> None:
    """Inger has custody until April and none from then on, whether the change or the enrolment that tells of her is heard of first."""
    inger = a_guardian(given_name="Inger", cpr_number=a_number("1960-02-03"))
    deliver(registration, REQUESTED, a_request(guardians=[inger]), source=SENDER)
    [her_id] = facts_of(registration, "enrolment.accepted")[-1]["guardian_ids"]
    asta = a_request(stage="invited", consent=None)
    deliver(registration, REQUESTED, asta, source=SENDER)
    child = facts_of(registration, "enrolment.changed")[-1]["child_id"]
    change = GUARDIANSHIP, between("inger", "2024-04-01", custody=False)[1] | {"child_id": child, "guardian_id": her_id}
    said = [change, (REQUESTED, asta | {"stage": "accepted", "guardians": [a_guardian(), inger]})]
    for place in order:
        deliver(registration, *said[place], source=SENDER)
    [inger_now] = [one for one in facts_of(registration, "family.changed")[-1]["guardians"] if one["guardian_id"] == her_id]
    assert [(period["valid_from"], period["custody"]) for period in inger_now["periods"]] == [(None, True), ("2024-04-01", False)]


def facts_of(context: Context, name: str) -> list[dict[str, Any]]:
    """What the facts of that name say, in order."""
    return [message["data"] for message in published(context) if message["type"] == f"registration.{name}.v1"]


def outcome(context: Context, story: Sequence[Said], times: Sequence[str], order: Sequence[int], size: int) -> Any:
    """What the requests come to about a family that is enrolled by the first one, when nothing waits any more."""
    universe, listen = next(universes), listen_for(context.service, STEP)
    first = a_family(universe)
    deliver(context, REQUESTED, first, source=SENDER)
    ids = ids_of(context)
    bodies = [
        event(said[0], data_of(said, first, ids), id=f"{universe}-{place}", source=SENDER, time=times[place])
        for place, said in enumerate(story)
    ]
    for start in range(0, len(order), size):
        deliver_raw(context, listen, [bodies[place] for place in order[start : start + size]])
    while try_again(context, listen):
        pass
    return state(context, ids), *days_pass(context, ids)


def days_pass(context: Context, ids: dict[str, str]) -> list[Any]:
    """What it comes to on each of some days; the clock is set back after them."""
    assert isinstance(context.clock, FakeClock)
    now, found = context.clock.now, []
    for days in (1, 30, 100):
        context.clock.now = now + timedelta(days=days)
        run_timer(context, "steps")
        found.append(state(context, ids))
    context.clock.now = now
    return found


def a_family(universe: int) -> dict[str, Any]:
    """Asta with Mona, who has custody, and Karim, who has none."""
    name = f"Family {universe}"
    mona, karim = (a_guardian(given_name=one, family_name=name, cpr_number=a_number("1991-03-09")) for one in ("Mona", "Karim"))
    return a_request(cpr_number=a_number(), guardians=[mona, karim | {"custody": False}])


def ids_of(context: Context) -> dict[str, str]:
    """The ids that the story's names stand for, of the family that was enrolled last."""
    facts = {message["type"]: message["data"] for message in published(context)}
    enrolled, consent = facts["registration.enrolment.accepted.v1"], facts["registration.consent.given.v1"]
    others = [id_ for id_ in enrolled["guardian_ids"] if id_ != consent["guardian_id"]]
    ids = {"child": enrolled["child_id"], "enrolment": enrolled["enrolment_id"], "consent": consent["consent_id"]}
    return ids | {"mona": consent["guardian_id"], "karim": others[0]}


def data_of(said: Said, first: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """What the request says, with the ids for the names; one to enrol again says the same of the family as the first."""
    if said[0] == REQUESTED:
        return first | said[1]
    return {key: ids.get(value, value) if key.endswith("_id") else value for key, value in said[1].items()}


TABLES = {
    "enrolment": "status, institution_id, track, district, start_date, end_date, since, step, reason, was_enrolled, hidden, source",
    "guardianship": "guardian_id, valid, relation, custody, contact_allowed, residence, said_at",
    "consent": "guardian_id, purpose, status, given_at, withdrawn_at",
}
QUERIES = [
    *(f"select {columns} from {table} where child_id = :child order by {columns}" for table, columns in TABLES.items()),
    "select guardian_id, email, phone, language, corrected from guardian where guardian_id in (:mona, :karim) order by guardian_id",
    "select valid, said_at from protection where person_id = :child",
]


def state(context: Context, ids: dict[str, str]) -> Any:
    """Everything that is known of the family, with names for ids."""
    names = {id_: name for name, id_ in ids.items()}
    with context.work() as work:
        tables = [work.connection.execute(sa.text(query), ids).all() for query in QUERIES]
        history = [(one.step, one.status, one.effective_date, one.institution) for one in history_of(ids["enrolment"], work)]
        [enrolled] = work.enrolments.lock([ids["enrolment"]]).values()
    coming = [(one.step, one.effective_date, one.institution) for one in enrolled.coming]
    return [[tuple(names.get(str(value), value) for value in row) for row in table] for table in tables], history, coming
