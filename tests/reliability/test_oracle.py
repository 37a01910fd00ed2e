"""The oracle can fail: whatever a fault could do to a run is done here to its books, by hand, and must be found."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.bus import matches
from services.chassis.files import programmes
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, listen_for
from services.registration.handlers.programmes import load_programme
from services.registration.service import SERVICE as REGISTRATION
from services.reporting.service import SERVICE as REPORTING
from tests.chassis.tiny import ASKED, DONE
from tests.reliability.load import REQUESTED, Families, Ledger, Request, withdrawal
from tests.reliability.oracle import MUST_BE_NOTHING, Enrolments, Figures, rows
from tests.reliability.patience import RECOVERED_WITHIN_S
from tests.reliability.ward import Ward, fact, request
from tests.reliability.witness import Passed, passed

HARMLESS = {"attempted", "acknowledged", "handled", "sent_again", "repeated", "taken_again", "parked", "seconds"}
"""What may be more than nothing in a run that is well."""
FAMILIES = 3
SUBJECTS, FACTS_OF_EACH = 2, 3

Verdict = set[str]


@pytest.mark.parametrize("kind", MUST_BE_NOTHING)
def test_one_of_any_kind_is_refused(kind: str) -> None:
    """A single one of what must be nothing fails the run, and its line says which."""
    with pytest.raises(AssertionError, match=f"doctored: .*{kind.replace('_', ' ')} 1"):
        Figures(**{kind: 1}).judge("doctored")


def test_every_figure_is_judged_or_harmless() -> None:
    """No figure is counted, and left out of the judgement by mistake."""
    assert {figure.name for figure in fields(Figures)} == {*MUST_BE_NOTHING, *HARMLESS}


@pytest.mark.parametrize(("found", "wanted"), [(1, 0), (0, 1), (2, 1)])
def test_another_number_parked_is_refused(found: int, wanted: int) -> None:
    """More parked than was to be fails the run, and so does less."""
    with pytest.raises(AssertionError, match=f"parked {found}"):
        Figures(parked=found).judge("doctored", parked=wanted)


@pytest.mark.parametrize(("seconds", "within"), [(RECOVERED_WITHIN_S + 0.1, RECOVERED_WITHIN_S), (2.1, 2.0)])
def test_late_recovery_is_refused(seconds: float, within: float) -> None:
    """A recovery that takes longer than promised fails the run."""
    with pytest.raises(AssertionError, match=f"recovered in {seconds}"):
        Figures(seconds=seconds).judge("doctored", within=within)


def test_what_is_well_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """Repetitions, what was to be parked, and a recovery in time are no fault; the line tells of them."""
    Figures(attempted=3, sent_again=2, repeated=1, taken_again=1, parked=1, seconds=RECOVERED_WITHIN_S).judge("well", parked=1)
    assert "sent again 2, repeated 1, taken again 1" in capsys.readouterr().out


class Books:
    """A run that went well, of three families of whom one was withdrawn, and one request that came twice: what it left behind."""

    def __init__(self, registration: Context, reporting: Context) -> None:
        self.contexts = {"registration": registration, "reporting": reporting}
        self.ledger = Ledger()
        self.enrolments = Enrolments(registration, [reporting], self.ledger, queued=lambda: 0)
        with registration.work() as work:
            load_programme(programmes() / "sammen-om-boern", work)
        requests = [Families(first=n).request() for n in range(FAMILIES)]
        self._send([*requests, requests[0]])
        [first, *_] = rows(registration, "select enrolment_id::text as id from enrolment where request_id = :id", id=requests[0]["id"])
        self._send([withdrawal(first.id)])
        self.facts = told(registration, reporting)

    def figures(self) -> Figures:
        """What the oracle counts."""
        return self.enrolments.figures(self.facts)

    def _send(self, requests: Sequence[Request]) -> None:
        registration = self.contexts["registration"]
        for one in requests:
            self.ledger.attempted[one["id"]] += 1
            self.ledger.acknowledged.add(one["id"])
            deliver_raw(registration, listen_for(registration.service, REQUESTED), [json.dumps(one).encode()])


def told(teller: Context, *hearers: Context) -> list[Passed]:
    """Everything in the outbox, as a witness notes it; it has left, and all who wanted it have it."""
    left = rows(teller, "select exchange, type, body::text from chassis.outbox order by id")
    doctor(teller, "delete from chassis.outbox")
    for hearer in hearers:
        for listen in hearer.service.listens:
            wanted = (row for row in left if row.exchange == listen.exchange and any(matches(key, row.type) for key in listen.keys))
            deliver_raw(hearer, listen, [row.body.encode() for row in wanted])
    return [passed(row.body.encode()) for row in left]


def doctor(context: Context, statement: str) -> None:
    """Do to a database what no service does."""
    with context.work() as work:
        assert work.connection.execute(sa.text(statement)).rowcount, f"it changes nothing: {statement}"


def found(figures: Figures) -> Verdict:
    """Of what must be nothing, what there is."""
    return {kind for kind in MUST_BE_NOTHING if getattr(figures, kind)}


@pytest.fixture
def books(context_of: Callable[..., Context]) -> Books:
    """Those of registration and reporting."""
    return Books(context_of(REGISTRATION), context_of(REPORTING))


def test_a_run_that_went_well(books: Books) -> None:
    """Nothing is found where nothing is wrong; what was sent again is counted, and is not taken for something else."""
    figures = books.figures()
    figures.judge("well")
    assert (figures.attempted, figures.handled, figures.sent_again, figures.taken_again) == (FAMILIES + 1, FAMILIES + 1, 1, 0)


ACCEPTED = "(select enrolment_id from enrolment where status = 'accepted' limit 1)"
DOCTORED: list[tuple[str, str, Verdict]] = [
    ("registration", f"delete from enrolment where enrolment_id = {ACCEPTED}", {"lost", "ghosts", "double_effects", "out_of_order"}),
    ("registration", f"update enrolment set request_id = 'nobody asked' where enrolment_id = {ACCEPTED}", {"lost", "unexpected"}),
    (
        "registration",
        "insert into guardian (guardian_id, given_name, family_name, language) values (gen_random_uuid(), 'Mona', 'Test', 'da')",
        {"double_effects"},
    ),
    (
        "registration",
        "update chassis.aggregate_sequence set last = last + 1 where key like 'registration.contact/%'",
        {"double_effects", "zombies"},
    ),
    ("registration", "update chassis.ledger set handled = handled - 1", {"difference"}),
    (
        "registration",
        "insert into chassis.outbox (exchange, routing_key, key, message_id, type, body) values ('', '', '', '', '', '{}')",
        {"outbox"},
    ),
    ("reporting", "update enrolment set status = 'accepted' where status = 'withdrawn'", {"out_of_order"}),
    (
        "reporting",
        "update chassis.position set last = last - 1 where key like 'registration.enrolment/%'",
        {"out_of_order", "difference"},
    ),
    (
        "reporting",
        "insert into enrolment (id, status, guardian_ids, sequence) values (gen_random_uuid(), 'accepted', '[]', 1)",
        {"ghosts", "out_of_order"},
    ),
    (
        "reporting",
        "insert into chassis.deferred (consumer, kind, message_id, content, body) values ('reporting.facts', 'early', '1', '', '')",
        {"deferred", "difference"},
    ),
]


@pytest.mark.parametrize(("service", "statement", "wrong"), DOCTORED, ids=[" and ".join(sorted(kinds)) for *_, kinds in DOCTORED])
def test_doctored_books_are_found_out(books: Books, service: str, statement: str, wrong: Verdict) -> None:
    """An enrolment that is gone, one that nobody asked for, a guardian or a fact too many, a state out of order, books that do not
    balance, something that was left: each is found, and nothing else with it.
    """
    doctor(books.contexts[service], statement)
    assert found(books.figures()) == wrong


def test_doctored_testimony_is_found_out(books: Books) -> None:
    """A fact that never passed is a zombie, one that passed under two ids a double effect, and the same twice is no fault."""
    [last, others] = books.facts[-1], books.facts[:-1]
    books.facts = others
    assert found(books.figures()) == {"zombies"}
    books.facts = [*others, last, Passed("another", last.key, last.sequence)]
    assert found(books.figures()) == {"double_effects"}
    books.facts = [*others, last, last]
    assert (found(books.figures()), books.figures().repeated) == (set(), 1)


def test_a_message_in_the_queue_is_found_out(books: Books) -> None:
    """A message that nobody took off the queue fails the run."""
    books.enrolments.queued = lambda: 1
    assert found(books.figures()) == {"queued"}


class Chart:
    """A run of the ward that went well: a few facts that came twice, and first the wrong way round, and a request."""

    def __init__(self, ward: Ward) -> None:
        self.ward = ward
        facts = [fact(f"child-{a}", n) for a in range(SUBJECTS) for n in range(1, FACTS_OF_EACH + 1)]
        self.sent_again = len(facts)
        self._deliver(DONE, [*reversed(facts), *facts])
        self._deliver(ASKED, [request("asked")])
        self.sent = [*dict(facts), "asked"]
        self.facts = told(ward.context)

    def figures(self) -> Figures:
        """What the oracle counts."""
        return self.ward.figures(self.sent, facts=self.facts, sent_again=self.sent_again)

    def _deliver(self, type_: str, messages: Sequence[tuple[str, Any]]) -> None:
        deliver_raw(self.ward.context, listen_for(self.ward.context.service, type_), [raw.body for _, raw in messages])


@pytest.fixture
def chart(ward: Ward) -> Chart:
    """That of the lethal service."""
    return Chart(ward)


def test_a_ward_that_is_well(chart: Chart) -> None:
    """Nothing is found where nothing is wrong. What the test sent again is not counted as taken again; all else that came again is."""
    figures = chart.figures()
    figures.judge("well")
    assert (figures.sent_again, figures.taken_again) == (SUBJECTS * FACTS_OF_EACH, 0)
    chart.sent_again -= 1
    assert chart.figures().taken_again == 1


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("delete from effect where message = 'child-0-2'", {"lost", "ghosts"}),
        ("insert into effect (subject, number, message) values ('child-9', 1, 'child-9-1')", {"unexpected", "zombies"}),
        ("insert into effect (subject, number, message) values ('child-0', 3, 'child-0-3')", {"double_effects", "zombies"}),
        ("update effect set number = 5 - number where subject = 'child-1' and number > 1", {"out_of_order"}),
        ("update chassis.ledger set handled = handled + 1 where consumer = 'tiny.requests'", {"difference"}),
        ("delete from chassis.position where key like '%/child-0'", {"difference"}),
    ],
)
def test_a_doctored_ward_is_found_out(chart: Chart, statement: str, wrong: Verdict) -> None:
    """An effect that is gone, too many, done twice or in another order, and books that do not balance: each is found."""
    doctor(chart.ward.context, statement)
    assert found(chart.figures()) == wrong


def test_a_doctored_witness_of_the_ward_is_found_out(chart: Chart) -> None:
    """An effect that no fact tells of is a zombie; a fact that an id too many tells of is a ghost."""
    [last, others] = chart.facts[-1], chart.facts[:-1]
    chart.facts = others
    assert found(chart.figures()) == {"zombies"}
    chart.facts = [*others, last, Passed("another", last.key, last.sequence)]
    assert found(chart.figures()) == {"ghosts"}
