"""What registration does with requests, through the queue that they come on."""

import json
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.contracts import example, problems
from services.chassis.keys import open_sealed
from services.chassis.service import EVENTS, PERSONAL, Context
from services.chassis.testing import deliver, deliver_raw, event, listen_for, parked, published
from services.registration.handlers.refreshing import refresh
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_consent, a_guardian, a_number, a_request
from tests.settings import NOTIFICATIONS_PRIVATE_KEY


def ask(context: Context, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """Send one request on the bus; the fact that answers it."""
    deliver(context, REQUESTED, data, source=SENDER, **attributes)
    return answers(context)[-1]


def ask_many(context: Context, requests: list[dict[str, Any]], type_: str = REQUESTED) -> None:
    """Send requests as one batch."""
    bodies = [event(type_, data, source=SENDER) for data in requests]
    deliver_raw(context, listen_for(context.service, type_), bodies)


def withdraw(context: Context, enrolment_id: str, **attributes: Any) -> dict[str, Any]:
    """Ask on the bus that an enrolment ends; the fact that answers it."""
    data = {"enrolment_id": enrolment_id, "reason": "moved", "effective_date": "2024-06-01"}
    deliver(context, WITHDRAWAL, data, source=SENDER, **attributes)
    return answers(context)[-1]


def of_type(context: Context, prefix: str) -> list[dict[str, Any]]:
    """The published messages of one kind."""
    return [message for message in published(context) if message["type"].startswith(prefix)]


def answers(context: Context) -> list[dict[str, Any]]:
    """The facts about enrolments, without the copies for their senders."""
    return [message for message in of_type(context, "registration.enrolment.") if message["exchange"] == EVENTS]


def count(context: Context, table: str) -> int:
    """How many rows there are."""
    with context.work() as work:
        return int(work.connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


def slugs(fact: dict[str, Any]) -> set[str]:
    """The rules that a rejection names."""
    return {reason["slug"] for reason in fact["data"]["reasons"]}


def test_a_request_is_accepted(registration: Context) -> None:
    """Asta is enrolled, and the fact says where, pseudonymously."""
    fact = ask(registration, a_request(), id="placement-17")
    data = fact["data"]
    assert fact["type"] == "registration.enrolment.accepted.v1"
    assert (fact["subject"], fact["correlationid"], fact["programme"]) == (data["enrolment_id"], "placement-17", "sammen-om-boern")
    assert (data["request_id"], data["institution"], data["district"], data["birth_month"]) == (
        "placement-17",
        "birkegaarden",
        "hedegaarden",
        "2022-05",
    )


def test_no_child_is_a_guardian(registration: Context) -> None:
    """Neither its own nor another's: a number of somebody under thirteen is refused, and a parent of thirteen is a parent."""
    asta = a_number()
    numbers = [asta, a_number("2019-03-02"), a_number("2011-03-01")]
    fact = ask(registration, a_request(cpr_number=asta, guardians=[a_guardian(cpr_number=number) for number in numbers]))
    assert [(one["slug"], one["field"]) for one in fact["data"]["reasons"]] == [
        ("guardian-is-child", "/guardians/0/cpr_number"),
        ("guardian-too-young", "/guardians/1/cpr_number"),
    ]


def test_a_request_is_rejected_with_every_reason(registration: Context) -> None:
    """Everything that is wrong comes back at once, with the place and words in Danish and English."""
    fact = ask(registration, a_request(institution="999999", guardians=[], consent=None, start_date="2030-01-01"))
    assert fact["type"] == "registration.enrolment.rejected.v1"
    assert slugs(fact) == {"unknown-institution", "missing-guardian", "start-outside-programme", "child-too-old"}
    assert {key for reason in fact["data"]["reasons"] for key in reason["text"]} == {"da", "en"}
    assert (fact["data"]["programme"], fact["data"]["track"], fact["data"]["child_id"]) == ("sammen-om-boern", "A", None)


def test_a_rejection_leaves_no_person_behind(registration: Context) -> None:
    """Nothing about the child or its guardians is kept of a request that was not granted."""
    ask(registration, a_request(track="D"))
    assert (count(registration, "child"), count(registration, "guardian"), count(registration, "enrolment")) == (0, 0, 1)


def test_unknown_codes_are_not_passed_on(registration: Context) -> None:
    """A code that nobody knows may be a number in the wrong field: no fact repeats it."""
    number = a_number().replace("-", "")
    fact = ask(registration, a_request(programme=number, track=number))
    assert number not in json.dumps(fact)


def test_a_broken_contract_is_a_rejection_too(registration: Context) -> None:
    """Each field that breaks the contract is named, and nothing is parked."""
    fact = ask(registration, a_request(guardians="Mona", start_date="tomorrow", colour="red"))
    assert {(r["slug"], r["field"]) for r in fact["data"]["reasons"]} == {
        ("wrong-type", "/guardians"),
        ("wrong-format", "/start_date"),
        ("unknown-field", "/colour"),
    }
    assert parked(registration) == []


def test_the_sender_gets_the_answer_at_his_address(registration: Context) -> None:
    """Where the sender set a reply address, the same message goes there too."""
    ask(registration, a_request(), reply_to="answers")
    fact, reply = of_type(registration, "registration.enrolment.")
    assert (reply["exchange"], reply["routing_key"]) == ("", "answers")
    assert (reply["id"], reply["data"]) == (fact["id"], fact["data"])


def test_the_same_message_twice_is_one_enrolment(registration: Context) -> None:
    """A redelivered request has no second effect."""
    request = a_request()
    for _ in range(2):
        deliver(registration, REQUESTED, request, id="placement-17", source=SENDER)
    assert (count(registration, "enrolment"), len(answers(registration))) == (1, 1)


def test_a_child_is_enrolled_once(registration: Context) -> None:
    """Another request for the same child in the same programme is rejected, whoever sends it."""
    number = a_number()
    ask(registration, a_request(cpr_number=number))
    fact = ask(registration, a_request(cpr_number=number.replace("-", "")))
    assert slugs(fact) == {"already-enrolled"}
    assert count(registration, "child") == 1


def test_a_child_may_come_back(registration: Context) -> None:
    """After a withdrawal the same child is enrolled again, as the same child."""
    number = a_number()
    first = ask(registration, a_request(cpr_number=number))
    withdraw(registration, first["data"]["enrolment_id"])
    again = ask(registration, a_request(cpr_number=number))
    assert again["data"]["status"] == "accepted"
    assert again["data"]["child_id"] == first["data"]["child_id"]


def test_siblings_share_a_guardian_with_a_number(registration: Context) -> None:
    """A guardian whose CPR number is given is one person for both her children, also within one batch."""
    mona = a_guardian(cpr_number=a_number("1991-03-09"))
    ask_many(registration, [a_request(guardians=[mona]), a_request(birth_date="2019-01-02", guardians=[mona])])
    one, other = (fact["data"]["guardian_ids"] for fact in answers(registration))
    assert one == other
    assert (count(registration, "guardian"), count(registration, "guardianship")) == (1, 2)
    assert len(of_type(registration, "registration.contact")) == 1


def test_a_batch_is_answered_in_order(registration: Context) -> None:
    """Good and bad requests in one batch are each answered, in the order in which they came."""
    number = a_number()
    ask_many(registration, [a_request(cpr_number=number), a_request(track="D"), a_request(cpr_number=number), a_request()])
    assert [fact["data"]["status"] for fact in answers(registration)] == ["accepted", "rejected", "rejected", "accepted"]


def test_two_senders_may_use_the_same_id(registration: Context) -> None:
    """An id is a sender's own: two systems that use the same one do not disturb each other, even in one batch."""
    bodies = [event(REQUESTED, a_request(), id="1", source=source) for source in (SENDER, "https://web-form.example")]
    deliver_raw(registration, listen_for(registration.service, REQUESTED), bodies)
    assert [fact["data"]["status"] for fact in answers(registration)] == ["accepted", "accepted"]


@pytest.mark.parametrize("size", [1, 100])
def test_a_batch_of_any_size_takes_the_same_few_statements(registration: Context, statements: list[str], size: int) -> None:
    """The number of statements does not grow with the batch."""
    mixed = [a_request(track="A" if n % 10 else "D", guardians=[a_guardian(cpr_number=a_number("1991-03-09"))]) for n in range(1, size + 1)]
    ask_many(registration, mixed)
    assert len([s for s in statements if "chassis." not in s]) <= 15
    assert len(statements) <= 20


def test_a_withdrawal_ends_an_enrolment(registration: Context) -> None:
    """The fact carries the reason, the day and the request that asked for it."""
    enrolled = ask(registration, a_request())
    fact = withdraw(registration, enrolled["data"]["enrolment_id"], id="moved-17")
    assert fact["type"] == "registration.enrolment.withdrawn.v1"
    assert (fact["subject"], fact["sequence"]) == (enrolled["subject"], "0000000002")
    assert (fact["data"]["reason"], fact["data"]["end_date"], fact["data"]["request_id"]) == ("moved", "2024-06-01", "moved-17")


def test_a_refused_withdrawal_leaves_the_enrolment_as_it_is(registration: Context) -> None:
    """An unknown enrolment, one that has ended and one that never began are each refused under a new id."""
    enrolled = ask(registration, a_request())["data"]["enrolment_id"]
    rejected = ask(registration, a_request(track="D"))["data"]["enrolment_id"]
    withdraw(registration, enrolled)
    unknown = "0198c7a0-5b1e-7c3a-9d2f-6f0a4c1b2e3d"
    found = [slugs(withdraw(registration, one)) for one in (enrolled, rejected, unknown)]
    assert found == [{"already-withdrawn"}, {"enrolment-not-accepted"}, {"unknown-enrolment"}]
    assert Counter(fact["subject"] for fact in answers(registration))[enrolled] == 2


def test_of_two_withdrawals_in_a_batch_the_first_counts(registration: Context) -> None:
    """The second finds the enrolment ended."""
    enrolled = ask(registration, a_request())["data"]["enrolment_id"]
    both = [{"enrolment_id": enrolled, "reason": reason, "effective_date": "2024-06-01"} for reason in ("moved", "declined")]
    ask_many(registration, both, WITHDRAWAL)
    assert [fact["data"]["status"] for fact in answers(registration)[1:]] == ["withdrawn", "rejected"]
    assert answers(registration)[1]["data"]["reason"] == "moved"


def test_a_consent_is_told(registration: Context) -> None:
    """The consent that came with a request is a fact of its own: who, to what, which words, when in UTC."""
    fact = ask(registration, a_request())
    [consent] = of_type(registration, "registration.consent")
    assert consent["data"]["child_id"] == fact["data"]["child_id"]
    assert [consent["data"]["guardian_id"]] == fact["data"]["guardian_ids"]
    assert (consent["data"]["text_version"], consent["data"]["given_at"]) == ("2024-1", "2024-01-15T08:12:44Z")


def test_a_no_is_no_consent(registration: Context) -> None:
    """Who was asked and declined has given no consent."""
    assert ask(registration, a_request(consent=a_consent(given=False)))["data"]["status"] == "accepted"
    assert of_type(registration, "registration.consent") == []


def test_a_contact_card_opens_for_notifications_alone(registration: Context) -> None:
    """Name and address leave sealed, on the exchange that only notifications may bind."""
    [guardian_id] = ask(registration, a_request())["data"]["guardian_ids"]
    [card] = of_type(registration, "registration.contact")
    assert (card["exchange"], card["subject"]) == (PERSONAL, guardian_id)
    opened = open_sealed(NOTIFICATIONS_PRIVATE_KEY, card["data"]["sealed"], guardian_id.encode())
    assert json.loads(opened) == {"name": "Mona Prøvesen", "email": "mona@example.org", "phone": None, "language": "da"}


def test_a_new_address_is_a_new_card(registration: Context) -> None:
    """A later request that knows a new address for the same guardian sends one more card, and an unchanged one none."""
    number = a_number("1991-03-09")
    for email in ("old@example.org", "new@example.org", "new@example.org"):
        ask(registration, a_request(guardians=[a_guardian(cpr_number=number, email=email)]))
    assert [card["sequence"] for card in of_type(registration, "registration.contact")] == ["0000000001", "0000000002"]


def test_nothing_personal_leaves(registration: Context) -> None:
    """No name, number, address or birthday is in any message, sealed cards aside; nor is a number readable in the database."""
    number, hers = a_number(), a_number("1991-03-09")
    request = a_request(cpr_number=number, guardians=[a_guardian(cpr_number=hers, phone="20000017")])
    ask(registration, request)
    ask(registration, request | {"track": "D"})
    told = json.dumps([message["data"] for message in published(registration) if message["exchange"] != PERSONAL], ensure_ascii=False)
    for secret in ("Asta", "Mona", "Prøvesen", "mona@", "20000017", "2022-05-14", number[:6], number[-4:], hers[:6]):
        assert secret not in told
    with registration.work() as work:
        stored = work.connection.execute(sa.text("select c::text || g::text from child c, guardian g")).scalar_one()
    for secret in (number, hers, number.replace("-", ""), hers.replace("-", "").encode().hex(), number.replace("-", "").encode().hex()):
        assert secret not in stored


def test_what_is_published_keeps_its_contract(registration: Context) -> None:
    """Every message of a story, snapshots included, is what its contract lays down."""
    enrolled = ask(registration, a_request(guardians=[a_guardian(), a_guardian(given_name="Karim", email="karim@example.org")]))
    ask(registration, a_request(track="D"))
    ask(registration, a_request(guardians=1))
    withdraw(registration, enrolled["data"]["enrolment_id"])
    with registration.work() as work:
        refresh(work)
    for message in published(registration):
        name = message["dataschema"].removeprefix("urn:deltag:contract:").replace(":", "/")
        assert problems(name, message["data"]) == [], message["type"]


def test_the_examples_of_the_contracts_are_granted(registration: Context) -> None:
    """The example that an integrator starts from is accepted as it stands."""
    sample = example("enrolment.requested/v1")
    assert ask(registration, sample["data"], id=sample["id"])["data"]["status"] == "accepted"


def test_a_whole_number_may_be_written_with_a_point(registration: Context) -> None:
    """To JSON Schema, and so to the contract, 0.0 is the whole number 0: such a request is answered like any other."""
    sample = example("enrolment.requested/v1")["data"]
    assert sample["consent"]["guardian"] == 0
    sample["consent"]["guardian"] = 0.0
    assert ask(registration, sample)["data"]["status"] == "accepted"


def test_a_refresh_tells_everything_again(registration: Context) -> None:
    """Every aggregate's present state goes out again, under its present number, marked as a snapshot."""
    enrolled = ask(registration, a_request())
    withdraw(registration, enrolled["data"]["enrolment_id"])
    ask(registration, a_request(track="D"))
    before = len(published(registration))
    with registration.work() as work:
        refresh(work)
    again = published(registration)[before:]
    assert Counter(message["type"] for message in again) == {
        "registration.programme.loaded.v1": 1,
        "registration.institution.registered.v1": 11,
        "registration.enrolment.withdrawn.v1": 1,
        "registration.enrolment.rejected.v1": 1,
        "registration.consent.given.v1": 1,
        "registration.contact.sealed.v1": 1,
        "registration.family.changed.v1": 1,
    }
    assert all(message["snapshot"] for message in again)
    [withdrawn] = [message for message in again if message["type"].endswith("withdrawn.v1")]
    assert (withdrawn["sequence"], withdrawn["data"]) == ("0000000002", answers(registration)[1]["data"])


def test_a_refresh_of_many_is_streamed(registration: Context, statements: list[str]) -> None:
    """A refresh reads with a cursor: it never holds all rows at once."""
    ask_many(registration, [a_request() for _ in range(20)])
    statements.clear()
    with registration.work() as work:
        refresh(work)
    reads = [s for s in statements if " from enrolment " in s]
    assert len(reads) == 1
