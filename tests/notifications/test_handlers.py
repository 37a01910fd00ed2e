"""The whole story, from facts to mails and to what is told of them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.contracts import problems
from services.chassis.errors import Conflict, NotFound
from services.chassis.ids import new_id
from services.chassis.keys import new_key_pair, seal
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event, listen_for, parked
from services.notifications import handlers
from services.notifications.domain.mail import LEASE, MAX_ATTEMPTS
from services.notifications.service import SERVICE
from tests.notifications.builders import DAY, HOUR, MONDAY, PATIENCE
from tests.notifications.channels.mail_server import MailServer
from tests.notifications.story import Json, Story

MINUTE = timedelta(minutes=1)


def test_a_seated_party_is_told(story: Story) -> None:
    """Who gets seats is told so in his language, signed with the programme's name; answers go to its office."""
    story.seats(story.sara())
    story.send()
    [mail] = story.mails
    assert str(mail["To"]) == "Sara Åkjær <sara@familie.example>"
    assert mail["Subject"] == "Du har plads: Leg og sprog i hverdagen"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr] # a mail has a body
    assert all(known in text for known in ("Sammen om Børn", "sammen-om-boern@example.dk", "44 00 00 00"))
    assert str(mail["Reply-To"]) == "Sammen om Børn <sammen-om-boern@example.dk>"
    assert story.states() == [("confirmation", "sent", None)]


def test_languages(story: Story) -> None:
    """An English reader is written to in English, and so is the reader of a language that there are no letters in."""
    for language in ("en", "uk"):
        story.seats(story.card(new_id(), language=language))
    story.send()
    assert story.subjects == ["You have a place", "You have a place"]


def test_a_family_waits_and_gets_its_seats(story: Story) -> None:
    """A waiting family is told its place in the line, then that it has seats, then that it has none."""
    sara = story.sara()
    signup = story.waits(sara, position=4)
    story.send()
    story.promotes(sara, signup)
    story.send()
    story.cancels(sara, signup)
    story.send()
    assert story.subjects == ["Du er på venteliste", "Du har fået plads", "Du er meldt fra"]
    assert "nummer 4" in story.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr] # a mail has a body


def test_who_waits_for_an_offer(story: Story) -> None:
    """The letter to who waits where seats are offered says how long there will be to answer."""
    story.waits(story.sara(), answer_hours=13)
    story.send()
    assert "13 timer" in " ".join(story.mails[0].get_body(("plain",)).get_content().split())  # type: ignore[union-attr] # a mail has a body


def test_a_called_off_activity(story: Story) -> None:
    """When an activity is called off everybody who had signed up gets one mail that says so."""
    sara, omar = story.sara(), story.sara()
    signups = [story.seats(sara), story.waits(omar)]
    story.send()
    story.calls_off()
    for person, signup in zip((sara, omar), signups, strict=True):
        story.cancels(person, signup, reason="called-off")
    story.send()
    assert story.subjects[2:] == ["Aflyst", "Aflyst"]


def test_nothing_of_the_others_in_the_party(story: Story) -> None:
    """A mail names its receiver and nobody else: no child, no other guardian, no id."""
    party = [{"person_id": new_id(), "role": "child"}, {"person_id": new_id(), "role": "guardian"}]
    sara, other = story.sara(), story.card(new_id(), name="Peter Åkjær", email="peter@familie.example")
    story.seats(sara, party=party)
    story.send()
    [mail] = story.mails
    assert not any(secret in mail.as_string() for secret in ("Peter", "peter", other, sara, *(person["person_id"] for person in party)))


def test_a_change_of_sessions_is_told(story: Story) -> None:
    """Who has seats and who waits is told when a session is moved, with the times as they are now; who has cancelled is not."""
    story.opens()
    seated, waiting, gone = (story.card(new_id(), email=f"{name}@familie.example") for name in ("seated", "waiting", "gone"))
    signup = story.seats(gone)
    story.cancels(gone, signup)
    story.seats(seated)
    story.waits(waiting)
    story.send()
    before = len(story.mails)
    story.moves()
    story.send()
    told = story.mails[before:]
    assert sorted(mail["To"].addresses[0].addr_spec for mail in told) == ["seated@familie.example", "waiting@familie.example"]
    for mail in told:
        assert "10. november" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr] # a mail has a body


def test_other_changes_are_no_mail(story: Story) -> None:
    """A change of the number of seats, and a change that is told again as a present state, are told to nobody."""
    story.opens()
    story.seats(story.sara())
    story.send()
    story.opens(fact="changed")
    story.moves(snapshot=True)
    story.send()
    assert [kind for kind, *_ in story.states()] == ["confirmation"]


def test_a_fact_is_told_once(story: Story) -> None:
    """A fact that comes twice is mailed once, in one batch or in two."""
    sara, id_ = story.sara(), new_id()
    signup = story.seats(sara, id=id_)
    listen = listen_for(SERVICE, "events.signup.seated.v1")
    again = event("events.signup.seated.v1", {"signup_id": signup}, subject=signup, sequence=1, id=id_)
    deliver_raw(story.context, listen, [again, again])
    story.send()
    assert len(story.mails) == 1


def test_a_fact_under_another_sequence_is_told_once(story: Story) -> None:
    """The ledger's key is the fact's id: the same fact is not mailed again whatever way it comes."""
    sara, id_ = story.sara(), new_id()
    signup = story.seats(sara, id=id_)
    story.seats(sara, signup_id=signup, id=id_)
    story.send()
    assert len(story.ledger()) == len(story.mails) == 1


def test_a_present_state_is_not_news(story: Story) -> None:
    """A re-emitted present state brings our copy up to date, and nobody gets a mail of it."""
    sara = story.sara()
    signup = story.seats(sara, snapshot=True, signed_up_at=MONDAY - DAY)
    assert story.ledger() == []
    story.later(6 * DAY)
    assert [mail.signup_id for mail in story.ledger()] == [signup]


@pytest.mark.parametrize("fact", ["consent.own", "consent."])
def test_who_does_not_want_mails_gets_none(story: Story, fact: str) -> None:
    """Whoever has withdrawn the consent to be contacted, his own or for his child, is not written to; a new one ends that."""
    sara, consent = story.sara(), new_id()
    name = "registration.consent.own-" if fact == "consent.own" else "registration.consent."
    said: Json = {"consent_id": consent, "person_id": sara, "guardian_id": sara, "purpose": "contact", "given_at": MONDAY - DAY}
    story.tells(f"{name}given", consent, **said)
    story.seats(sara)
    story.tells(f"{name}withdrawn", consent, **said, withdrawn_at=MONDAY - HOUR)
    story.send()
    assert story.states() == [("confirmation", "suppressed", "consent-withdrawn")]
    again = new_id()
    story.tells(f"{name}given", again, **said | {"consent_id": again, "given_at": MONDAY})
    story.seats(sara)
    story.send()
    assert len(story.mails) == 1


def test_a_merged_person_is_reached_by_the_card_that_is_kept(story: Story) -> None:
    """Whoever was merged into another is written to at that one's address and by that one's wish; and at his own again afterwards."""
    old, new = story.card(new_id(), email="old@familie.example"), story.card(new_id(), email="new@familie.example")
    for fact, into in (("merged", new), ("unmerged", None)):
        story.tells(f"registration.person.{fact}", old, person_id=old, into_id=into)
        story.seats(old)
        story.send()
    assert [mail["To"].addresses[0].addr_spec for mail in story.mails] == ["new@familie.example", "old@familie.example"]
    story.tells("registration.consent.own-withdrawn", consent := new_id(), consent_id=consent, person_id=new, purpose="contact")
    story.tells("registration.person.merged", old, person_id=old, into_id=new)
    story.seats(old)
    story.send()
    assert story.states()[-1] == ("confirmation", "suppressed", "consent-withdrawn")


def test_another_purpose_stops_no_mail(story: Story) -> None:
    """A withdrawn consent to photographs, say, has nothing to do with mails."""
    sara, consent = story.sara(), new_id()
    story.tells("registration.consent.own-withdrawn", consent, consent_id=consent, person_id=sara, purpose="photographs")
    story.seats(sara)
    story.send()
    assert len(story.mails) == 1


def test_a_mail_waits_for_its_card(story: Story) -> None:
    """A mail whose contact card comes later is held, and sent as soon as the card is there."""
    stranger = new_id()
    story.seats(stranger)
    story.send()
    assert story.states() == [("confirmation", "held", "no-address")]
    story.card(stranger)
    story.send()
    assert story.states() == [("confirmation", "sent", None)]


def test_a_mail_waits_for_its_activity(story: Story) -> None:
    """A mail whose activity has not come yet is held, and sent as soon as it is there."""
    story.workshop = new_id()
    story.seats(story.sara())
    story.send()
    assert story.states() == [("confirmation", "held", "no-activity")]
    story.opens()
    story.send()
    assert story.states() == [("confirmation", "sent", None)]


def test_patience_ends(story: Story) -> None:
    """A mail whose card never comes is suppressed with the reason `no-address`, and that is told."""
    story.seats(new_id())
    story.send()
    story.later(PATIENCE)
    assert story.states() == [("confirmation", "suppressed", "no-address")]
    assert story.told_states() == ["suppressed"]


def test_who_has_no_address(story: Story) -> None:
    """A person whose card has no e-mail address is sent nothing, at once and without an attempt at the server."""
    story.seats(story.card(new_id(), email=None))
    story.send()
    assert story.states() == [("confirmation", "suppressed", "no-address")]
    assert story.server.connections == 0


def test_what_is_no_address_fails(story: Story) -> None:
    """An address that is none fails with a reason."""
    story.seats(story.card(new_id(), email="sara"))
    story.send()
    assert story.states() == [("confirmation", "failed", "bad-address")]


def test_a_card_for_another_key_fails(story: Story) -> None:
    """A card that was sealed for another key cannot be opened: the mail fails, and an operator can send it when the card is mended."""
    person = new_id()
    _, foreign = new_key_pair()
    _, sealed = seal(foreign, b"{}", person.encode())
    story.tells("registration.contact.sealed", person, person_id=person, sealed=sealed)
    story.seats(person)
    story.send()
    assert story.states() == [("confirmation", "failed", "unreadable-card")]


def test_a_card_is_bound_to_its_person(story: Story) -> None:
    """A card that was sealed for one person does not open for another."""
    sara = story.sara()
    with story.context.work() as work:
        stolen = work.connection.exec_driver_sql("select sealed from contact_card").scalar_one()
    omar = new_id()
    story.tells("registration.contact.sealed", omar, person_id=omar, sealed=stolen)
    story.seats(omar)
    story.seats(sara)
    story.send()
    assert [state[1:] for state in story.states()] == [("failed", "unreadable-card"), ("sent", None)]


def test_cards_are_kept_sealed(story: Story) -> None:
    """Nothing of what a card says stands in the database."""
    sara = story.sara()
    story.seats(sara)
    story.send()
    with story.context.work() as work:
        tables = ("contact_card", "mail", "signup", "activity", "chassis.outbox", "chassis.deferred", "chassis.audit")
        rows = "".join(str(work.connection.exec_driver_sql(f"select * from {table}").all()) for table in tables)
    assert not any(secret in rows for secret in ("Sara", "Åkjær", "familie.example"))


def test_the_newest_card_counts(story: Story) -> None:
    """A newer card takes the place of an older one, by sequence and not by arrival."""
    sara = story.card(new_id(), email="gammel@familie.example")
    story.card(sara, email="ny@familie.example")
    story.seats(sara)
    story.send()
    assert story.server.receivers == ["ny@familie.example"]


def test_cancelled_before_the_confirmation(story: Story) -> None:
    """Who cancels before his confirmation was sent gets the cancellation alone: the confirmation would no longer be true."""
    sara = story.sara()
    story.cancels(sara, story.seats(sara))
    story.send()
    assert story.states() == [("confirmation", "suppressed", "overtaken"), ("cancellation", "sent", None)]
    assert story.subjects == ["Du er meldt fra"]


def test_promoted_before_the_waiting_mail(story: Story) -> None:
    """Who gets a seat before he was told that he waits is told of the seat alone."""
    sara = story.sara()
    story.promotes(sara, story.waits(sara))
    story.send()
    assert story.subjects == ["Du har fået plads"]


def test_what_is_over_is_not_mailed(story: Story) -> None:
    """After a long outage nobody gets mails about what is over."""
    story.seats(story.sara())
    story.clock.advance(8 * DAY)
    story.send()
    assert story.states() == [("confirmation", "suppressed", "too-late")]


def test_a_reminder_two_days_before(story: Story) -> None:
    """A seated party is reminded once, 48 hours before the session."""
    story.seats(story.sara())
    story.send()
    story.later(5 * DAY - MINUTE)
    assert story.subjects == ["Du har plads"]
    story.later(MINUTE)
    story.later(MINUTE)
    story.later(DAY)
    assert story.subjects == ["Du har plads", "Vi ses snart"]


def test_every_session_is_reminded_of(story: Story) -> None:
    """A course's sessions are reminded of one by one."""
    weeks = [MONDAY + n * 7 * DAY for n in (1, 2, 3)]
    sessions = [{"session_id": new_id(), "starts_at": at, "ends_at": at + HOUR, "place": "Globen"} for at in weeks]
    story.opens(fact="changed", sessions=sessions)
    story.seats(story.sara())
    for _ in range(30):
        story.later(DAY)
    assert story.subjects == ["Du har plads"] + 3 * ["Vi ses snart"]


@pytest.mark.parametrize("standing", ["waits", "cancelled", "called off"])
def test_no_reminder_without_a_seat(story: Story, standing: str) -> None:
    """Who waits, has cancelled, or whose activity is called off is never reminded."""
    sara = story.sara()
    if standing == "waits":
        story.waits(sara)
    else:
        signup = story.seats(sara)
        story.cancels(sara, signup) if standing == "cancelled" else story.calls_off()
    story.later(6 * DAY)
    assert "reminder" not in [kind for kind, *_ in story.states()]


def test_cancelled_between_reminder_and_sending(story: Story) -> None:
    """Who cancels after his reminder was queued, and before it was sent, gets no reminder."""
    sara = story.sara()
    signup = story.seats(sara)
    story.send()
    story.clock.advance(6 * DAY)
    story.remind()
    story.cancels(sara, signup)
    story.send()
    assert story.subjects == ["Du har plads", "Du er meldt fra"]


def test_a_seat_after_the_reminders_moment(story: Story) -> None:
    """Who gets a seat the day before the session is told of it once, without a reminder on top."""
    sara = story.sara()
    signup = story.waits(sara)
    story.later(6 * DAY)
    story.promotes(sara, signup)
    story.later(MINUTE)
    assert story.subjects == ["Du er på venteliste", "Du har fået plads"]


def test_a_passing_no_is_tried_again(story: Story) -> None:
    """After a passing no from the server a mail is tried again later, and sent."""
    story.server.answers["sara"] = "450 busy"
    story.seats(story.sara())
    story.send()
    assert story.states() == [("confirmation", "queued", "smtp-450")]
    story.server.answers.clear()
    story.send()
    assert story.mails == []
    story.later(2 * MINUTE)
    assert (story.states(), story.ledger()[0].attempts) == ([("confirmation", "sent", None)], 2)


def test_a_final_no_fails(story: Story) -> None:
    """A final no from the server fails the mail with its code, and that is told; the next mail goes through."""
    story.server.answers["gone"] = "550 unknown"
    story.seats(story.card(new_id(), email="gone@familie.example"))
    story.seats(story.sara())
    story.send()
    assert story.states() == [("confirmation", "failed", "smtp-550"), ("confirmation", "sent", None)]
    assert sorted(story.told_states()) == ["failed", "sent"]


def test_attempts_are_used_up(story: Story) -> None:
    """A server that only ever says "later" uses up the attempts, and the mail fails."""
    story.opens(fact="changed", days=30)
    story.server.answers["sara"] = "450 busy"
    story.seats(story.sara())
    for _ in range(MAX_ATTEMPTS):
        story.later(8 * HOUR)
    assert (story.states(), story.ledger()[0].attempts) == ([("confirmation", "failed", "smtp-450")], MAX_ATTEMPTS)


def test_an_absent_server_is_nobodys_attempt(story: Story) -> None:
    """While the server is away no attempt is counted, and everything goes out when it is back."""
    story.server.stop()
    for _ in range(3):
        story.seats(story.sara())
    for _ in range(5):
        story.later(MINUTE)
    assert {(mail.status, mail.attempts) for mail in story.ledger()} == {("queued", 0)}
    story.server.start()
    story.later(timedelta(seconds=10))
    assert {(mail.status, mail.attempts) for mail in story.ledger()} == {("sent", 1)}


def test_an_absent_server_is_left_alone(story: Story) -> None:
    """After a failed call the server is left alone for a while that grows to ten seconds."""
    story.server.stop()
    story.seats(story.sara())
    pauses = []
    for _ in range(6):
        story.send()
        pauses.append((story.context.resources.pause.until - story.clock.now).total_seconds())
        story.clock.now = story.context.resources.pause.until
    assert pauses == [1, 2, 4, 8, 10, 10]


def test_a_dead_process_leaves_nothing_behind(story: Story) -> None:
    """A mail that a process took and never noted is taken up when its lease is over, and the attempt counts."""
    story.seats(story.sara())
    with story.context.work() as work:
        handlers.take_due(work)
    story.send()
    assert story.mails == []
    story.later(LEASE)
    assert (story.states(), story.ledger()[0].attempts) == ([("confirmation", "sent", None)], 2)


def test_a_late_process_changes_nothing(story: Story) -> None:
    """A process whose lease was over cannot write over what another one noted, nor tell of it again."""
    story.seats(story.sara())
    with story.context.work() as work:
        [late] = handlers.take_due(work)
    story.later(LEASE)
    with story.context.work() as work:
        handlers.settle([late.mail.fail("smtp-550")], work)
        handlers.give_back([late], work)
    assert story.states() == [("confirmation", "sent", None)]
    assert story.told_states() == ["sent"]


def test_facts_keep_their_contract(story: Story) -> None:
    """What is told of mails keeps the contracts, says what caused it, and holds no address and no text."""
    sara = story.sara()
    caused_by = new_id()
    story.seats(sara, id=caused_by)
    story.seats(new_id())
    story.seats(story.card(new_id(), email="sara"))
    story.send()
    story.later(PATIENCE)
    told = {fact["type"].split(".")[2]: fact for fact in story.told()}
    assert sorted(told) == ["failed", "sent", "suppressed"]
    assert [problems(f"mail.{name}/v1", fact["data"]) for name, fact in told.items()] == [[], [], []]
    assert (told["sent"]["causationid"], told["sent"]["programme"]) == (caused_by, "sammen-om-boern")
    assert not any(secret in str(story.told()) for secret in ("familie.example", "Åkjær", "plads"))


def test_an_operator_tries_again(story: Story) -> None:
    """A failed mail that an operator tries again is sent, and both are told in order."""
    story.server.answers["sara"] = "550 unknown"
    story.seats(story.sara())
    story.send()
    story.server.answers.clear()
    with story.context.work() as work:
        handlers.retry(story.ledger()[0].mail_id, work)
    story.send()
    assert [(fact["type"].split(".")[2], int(fact["sequence"])) for fact in story.told()] == [("failed", 1), ("sent", 2)]


def test_only_what_failed_is_tried_again(story: Story) -> None:
    """A mail that was sent is not sent again by a retry, and one that does not exist is not found."""
    story.seats(story.sara())
    story.send()
    with pytest.raises(Conflict), story.context.work() as work:
        handlers.retry(story.ledger()[0].mail_id, work)
    with pytest.raises(NotFound), story.context.work() as work:
        handlers.retry(new_id(), work)


def test_refresh_tells_the_present_state(story: Story) -> None:
    """A refresh tells again of every mail that was told of, under its present sequence number, and of no other."""
    story.seats(story.sara())
    story.seats(new_id())
    story.server.answers["gone"] = "550 unknown"
    story.seats(story.card(new_id(), email="gone@familie.example"))
    story.send()
    before = {fact["subject"]: fact for fact in story.told()}
    with story.context.work() as work:
        handlers.retry(next(mail.mail_id for mail in story.ledger() if mail.status == "failed"), work)
        handlers.refresh(work)
    again = {fact["subject"]: fact for fact in story.told()[len(before) :]}
    assert {(s, f["type"], f["sequence"]) for s, f in again.items()} == {(s, f["type"], f["sequence"]) for s, f in before.items()}
    assert all(fact["snapshot"] for fact in again.values())
    assert [problems(f"mail.{fact['type'].split('.')[2]}/v1", fact["data"]) for fact in again.values()] == [[], []]


def test_a_surprise_stops_nobody(story: Story) -> None:
    """A mail that cannot be written for a reason that nobody foresaw is put off, and the others go out."""
    story.seats(story.card(new_id(), name="Omar"), seats=1)
    story.seats(story.sara())
    real = story.context.resources.letters.write
    story.context.resources.letters.write = lambda kind, language, matter: real(kind, language, None if matter.name == "Omar" else matter)
    story.send()
    assert story.states() == [("confirmation", "queued", "internal-error"), ("confirmation", "sent", None)]


def test_a_batch_that_is_full_is_followed_by_another(context: Context, story: Story) -> None:
    """When more is due than one batch takes, the next is begun at once."""
    rung: list[str] = []
    context.wakers["send"] = lambda: rung.append("send")
    sara = story.sara()
    for _ in range(handlers.BATCH + 1):
        story.seats(sara)
    rung.clear()
    story.send()
    assert (len(story.mails), rung) == (handlers.BATCH, ["send"])
    story.send()
    assert len(story.mails) == handlers.BATCH + 1


def test_nothing_is_parked(story: Story) -> None:
    """Facts in every order of the contracts' examples are taken."""
    for fact in ("activity.opened", "activity.changed", "activity.called-off"):
        story.tells(f"events.{fact}", new_id())
    for fact in ("signup.seated", "signup.waitlisted", "signup.promoted", "signup.cancelled"):
        story.tells(f"events.{fact}", new_id(), signup_id=new_id())
    story.tells("registration.contact.sealed", new_id())
    assert parked(story.context) == []


def test_a_bad_fact_is_parked(story: Story) -> None:
    """A fact whose data cannot be read is parked, and causes no mail."""
    story.tells("events.signup.seated", new_id(), status="perhaps")
    assert [row["slug"] for row in parked(story.context)] == ["unreadable-data"]
    assert story.ledger() == []


def test_without_a_server_mails_become_files(context_of: Callable[..., Context]) -> None:
    """In development mails become files in a folder."""
    context = context_of(SERVICE)
    story = Story(context, None)  # type: ignore[arg-type] # there is no server
    story.opens()
    story.seats(story.sara())
    story.send()
    assert [path.suffix for path in context.settings.mail_folder.iterdir()] == [".eml"]


def test_the_deployment_decides_on_time(context_of: Callable[..., Context], mail_server: MailServer) -> None:
    """How early a reminder comes, and how long a mail waits for its card, are settings."""
    story = Story(context_of(SERVICE, smtp_url=mail_server.url, reminder_hours=24, mail_patience_hours=1), mail_server)
    story.opens()
    story.seats(story.sara())
    story.waits(new_id())
    story.later(HOUR)
    assert story.states() == [("confirmation", "sent", None), ("waiting", "suppressed", "no-address")]
    story.later(5 * DAY)
    assert len(story.ledger()) == 2
    story.later(23 * HOUR)
    assert [kind for kind, *_ in story.states()] == ["confirmation", "waiting", "reminder"]


LIVES = {
    "seated": [("seats", "confirmation")],
    "waiting": [("waits", "waiting")],
    "cancelled": [("seats", "confirmation"), ("cancels", "cancellation")],
    "promoted": [("waits", "waiting"), ("promotes", "promotion")],
    "all": [("waits", "waiting"), ("promotes", "promotion"), ("cancels", "cancellation")],
}
"""What may happen to a sign-up, with the mail that each step calls for."""


@given(life=st.sampled_from(sorted(LIVES)), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_order_ends_in_the_truth(story: Story, life: str, data: st.DataObject) -> None:
    """However card, activity and sign-up overtake one another, and whenever mails go out between, the last mail that is
    sent is the latest truth, no mail is sent twice, and every fact has one row in the ledger.
    """
    person, signup, before = new_id(), new_id(), len(story.mails)
    story.workshop = workshop = new_id()
    steps = [step for step, _ in LIVES[life]]
    order = data.draw(st.permutations(["card", "opens", *["signup"] * len(steps), *["send"] * 3]))
    for event_ in [*order, "send"]:
        match event_:
            case "card":
                story.card(person)
            case "opens":
                story.opens(activity_id=workshop)
            case "signup":
                getattr(story, steps.pop(0))(person, signup_id=signup)
            case _:
                story.send()
    kinds = [kind for _, kind in LIVES[life]]
    rows = [mail for mail in story.ledger() if mail.person_id == person]
    sent = [mail.kind for mail in rows if mail.status == "sent"]
    assert [mail.kind for mail in rows] == kinds
    assert sent[-1] == kinds[-1]
    assert len(story.mails) - before == len(sent)
    assert {mail.reason for mail in rows} <= {None, "overtaken"}
