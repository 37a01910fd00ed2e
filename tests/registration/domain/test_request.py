"""The rules that decide a request, each on its own and all at once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.life import FOLLOWS, Status
from services.registration.domain.objection import Rule
from services.registration.domain.programme import ConsentPurpose, Institution, Placement, Track
from services.registration.domain.request import EnrolmentRequest, Known, decide
from services.registration.domain.validity import ALWAYS, Validity
from services.registration.programme_folder import read
from tests.registration.builders import PROGRAMME, a_consent, a_guardian, a_number, a_request

NOW = datetime(2024, 2, 1, tzinfo=UTC)
FOLDER = read(PROGRAMME)
ELSEWHERE = Institution(
    "other", "elsewhere", "House", "daycare-house", ("another-programme",), (Placement("skovlunde", ALWAYS),), stil_number="999999"
)
KNOWN = Known(
    {"sammen-om-boern": FOLDER.programme},
    {handle: institution for institution in (*FOLDER.institutions, ELSEWHERE) for handle in institution.handles},
)
ASTA = a_number()


def asked(**details: Any) -> EnrolmentRequest:
    """A request as a handler gets it."""
    return msgspec.convert(a_request(**details), EnrolmentRequest)


def broken(request: EnrolmentRequest, known: Known = KNOWN) -> list[tuple[str, str]]:
    """The rules that it breaks, and where."""
    [objections] = decide([request], known, NOW)
    return [(objection.rule.value, objection.field) for objection in objections]


def test_nothing_speaks_against_asta() -> None:
    """A child of one, with a guardian who has custody and consents, is enrolled."""
    assert broken(asked()) == []


@pytest.mark.parametrize("handle", ["151001", "birkegaarden", "dagplejen"])
def test_an_institution_has_a_number_and_a_code(handle: str) -> None:
    """A sender names an institution by its number in the register or by our code."""
    assert broken(asked(institution=handle)) == []


@pytest.mark.parametrize(
    ("details", "rule", "field"),
    [
        ({"programme": "unknown"}, "unknown-programme", "/programme"),
        ({"track": "D"}, "unknown-track", "/track"),
        ({"institution": "999998"}, "unknown-institution", "/institution"),
        ({"institution": "999999"}, "institution-not-in-programme", "/institution"),
        ({"start_date": "2020-12-31", "birth_date": "2020-05-14"}, "start-outside-programme", "/start_date"),
        ({"start_date": "2024-07-01"}, "start-outside-programme", "/start_date"),
        ({"birth_date": "2024-03-02"}, "child-not-born", "/child/birth_date"),
        ({"birth_date": "2017-03-01"}, "child-too-old", "/child/birth_date"),
        ({"guardians": [a_guardian(relation="aunt")]}, "unknown-relation", "/guardians/0/relation"),
        ({"guardians": [a_guardian(channels=["email", "owl"])]}, "unknown-channel", "/guardians/0/channels"),
        ({"cpr_number": "290223-4015"}, "invalid-cpr-number", "/child/cpr_number"),
        ({"cpr_number": a_number("2022-05-15")}, "birth-date-mismatch", "/child/birth_date"),
        ({"guardians": [], "consent": None}, "missing-guardian", "/guardians"),
        ({"guardians": [a_guardian(custody=False)], "consent": None}, "guardian-without-custody", "/guardians"),
        ({"guardians": [a_guardian(), a_guardian(cpr_number="310299-4000")]}, "invalid-cpr-number", "/guardians/1/cpr_number"),
        ({"guardians": [a_guardian(), a_guardian(cpr_number=a_number("2011-03-02"))]}, "guardian-too-young", "/guardians/1/cpr_number"),
        ({"cpr_number": ASTA, "guardians": [a_guardian(cpr_number=ASTA)]}, "guardian-is-child", "/guardians/0/cpr_number"),
        ({"guardians": [a_guardian(custody=False), a_guardian()]}, "guardian-without-custody", "/consent/guardian"),
        ({"consent": a_consent(guardian=1)}, "consent-guardian-unknown", "/consent/guardian"),
        ({"consent": a_consent(purpose="photos")}, "unknown-consent-purpose", "/consent/purpose"),
        ({"consent": a_consent(text_version="2019-1")}, "unknown-consent-text", "/consent/text_version"),
        ({"consent": a_consent(language="ar")}, "unknown-consent-text", "/consent/text_version"),
        ({"consent": a_consent(given_at="2030-01-01T09:00:00+01:00")}, "consent-in-the-future", "/consent/given_at"),
    ],
)
def test_each_rule_speaks_for_itself(details: dict[str, Any], rule: str, field: str) -> None:
    """One thing wrong is one reason, with the rule and the place."""
    assert broken(asked(**details)) == [(rule, field)]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """A request with many mistakes gets all its reasons in one answer."""
    request = asked(track="D", institution="999998", start_date="2030-01-01", birth_date="2001-01-01", guardians=[], consent=a_consent())
    assert {rule for rule, _ in broken(request)} == {
        "unknown-track",
        "unknown-institution",
        "start-outside-programme",
        "child-too-old",
        "missing-guardian",
        "consent-guardian-unknown",
    }


def test_the_birthday_decides() -> None:
    """A child may start until the day before the birthday that makes it too old."""
    assert broken(asked(birth_date="2017-03-02")) == []
    assert broken(asked(birth_date="2017-03-01")) == [("child-too-old", "/child/birth_date")]


def test_the_first_and_the_last_day_belong_to_the_programme() -> None:
    """A programme's period includes both its ends."""
    assert broken(asked(start_date="2021-01-01", birth_date="2020-05-14")) == []
    assert broken(asked(start_date="2024-06-30")) == []


def test_nobody_starts_where_it_is_closed() -> None:
    """On the last day of a house or a track a child may still start; on the day after it may not, and both are said."""
    house = replace(KNOWN.institutions["birkegaarden"], existence=Validity(end=date(2024, 3, 1)))
    closing = replace(FOLDER.programme, tracks=[Track("A", {"da": "x", "en": "x"}, closed=date(2024, 3, 1))])
    known = replace(KNOWN, programmes={"sammen-om-boern": closing}, institutions={"151001": house})
    assert broken(asked(start_date="2024-03-01"), known) == []
    assert broken(asked(start_date="2024-03-02"), known) == [("track-closed", "/track"), ("institution-not-open", "/institution")]


def test_a_programme_may_require_consent() -> None:
    """Where a consent is required, a request without one, or with a no, is rejected; where it is not, it is taken."""
    strict = replace(FOLDER.programme, consent_purposes=[ConsentPurpose("take-part", {"da": "x", "en": "x"}, required=True)])
    known = replace(KNOWN, programmes={"sammen-om-boern": strict})
    refused = asked(consent=a_consent(given=False))
    assert broken(asked(consent=None), known) == [("consent-missing", "/consent")]
    assert broken(refused, known) == [("consent-missing", "/consent/given")]
    assert broken(asked(consent=None)) == broken(refused) == []


def test_a_child_is_enrolled_once_in_a_programme() -> None:
    """Who is enrolled already is not enrolled again."""
    request = asked()
    number = request.cpr_number
    assert number
    for status in (Status.ACCEPTED, Status.ACTIVE, Status.PAUSED):
        known = replace(KNOWN, standing={(number, "sammen-om-boern"): status})
        assert broken(request, known) == [("already-enrolled", "/child/cpr_number")]


def test_who_was_invited_may_be_enrolled_and_not_the_other_way_round() -> None:
    """A request leads an enrolment on, from invitation over interest to acceptance, and never back."""
    stages = list(FOLLOWS[None].values())
    number = asked().cpr_number
    assert number
    for place, present in enumerate(stages):
        cpr_number = f"{number.digits[:6]}-{number.digits[6:]}"
        known = replace(KNOWN, standing={(number, "sammen-om-boern"): present})
        wanted = [not broken(asked(cpr_number=cpr_number, stage=stage.value), known) for stage in stages]
        assert wanted == [nth > place for nth in range(len(stages))]


def test_a_child_at_home_has_no_institution() -> None:
    """Whoever is not in daycare (yet) is in the programme all the same."""
    assert broken(replace(asked(stage="invited", consent=None), institution=None)) == []


def test_only_who_is_to_be_enrolled_must_consent() -> None:
    """A family is invited before anybody has asked it."""
    strict = replace(FOLDER.programme, consent_purposes=[ConsentPurpose("take-part", {"da": "x", "en": "x"}, required=True)])
    known = replace(KNOWN, programmes={"sammen-om-boern": strict})
    assert broken(asked(consent=None, stage="invited"), known) == []
    assert broken(asked(consent=None, stage="accepted"), known) == [("consent-missing", "/consent")]


@given(st.lists(st.integers(4000, 4005), max_size=12))
def test_of_a_batch_each_child_is_enrolled_once(serials: list[int]) -> None:
    """In any batch, with any repetition, the first good request of a child is accepted and every later one is not."""
    requests = [asked(cpr_number=a_number(serial=serial)) for serial in serials]
    accepted = [serial for serial, objections in zip(serials, decide(requests, KNOWN, NOW), strict=True) if not objections]
    assert accepted == list(dict.fromkeys(serials))


@given(st.dates(date(2010, 1, 1), date(2030, 1, 1)), st.dates(date(2010, 1, 1), date(2030, 1, 1)))
def test_whatever_the_dates_there_is_a_decision(birth_date: date, start_date: date) -> None:
    """Any two dates are decided, and a child is enrolled only if it is born and young enough within the period."""
    fine = not broken(
        asked(birth_date=birth_date.isoformat(), cpr_number=a_number(birth_date.isoformat()), start_date=start_date.isoformat())
    )
    young_enough = birth_date <= start_date < date(birth_date.year + 7, birth_date.month, min(birth_date.day, 28))
    assert fine <= (start_date in FOLDER.programme.period and birth_date <= start_date)
    if young_enough and start_date in FOLDER.programme.period:
        assert fine


def test_every_rule_is_broken_by_something_here_or_at_a_door() -> None:
    """The slugs are the answer's vocabulary: none stands there unused."""
    used = {
        "birth-date-against-number",
        "birth-date-not-kept",
        "birth-date-too-early",
        "birth-date-in-the-future",
        "nothing-to-correct",
        "guardianship-before-birth",
        "cpr-number-taken",
        "behalf-missing",
        "cpr-number-missing",
        "guardianship-ends-first",
        "unknown-enrolment",
        "enrolment-not-accepted",
        "already-withdrawn",
        "unknown-consent",
        "unknown-profession",
        "unknown-child",
        "step-not-allowed",
        "step-too-early",
        "step-too-late",
        "step-before-birth",
        "step-not-coming",
        "step-of-another",
        "step-not-yours",
        "institution-missing",
        "already-there",
        "unknown-professional",
        "unknown-person",
        "protection-ends-first",
        "unknown-guardian",
        "unknown-channel",
        "already-enrolled",
        "consent-missing",
        "track-closed",
        "institution-not-open",
        "on-behalf-of-nobody",
        "filled-in-the-future",
        "not-on-behalf",
        "address-not-proven",
        "link-for-another-programme",
        "unknown-question",
        "question-for-another",
        "question-closed",
        "answered-twice",
        "answer-not-asked",
        "answer-missing",
        "answer-no-text",
        "answer-too-long",
        "answer-holds-cpr-number",
        "answer-no-option",
        "answer-no-options",
        "answer-no-yes-no",
        "answer-no-number",
        "answer-no-date",
        "consent-subject-unknown",
        "consent-giver-unknown",
        "consent-for-another-adult",
        "consent-in-the-future",
        "consent-already-withdrawn",
    }
    parametrised = {case[1] for mark in test_each_rule_speaks_for_itself.pytestmark for case in mark.args[1]}
    assert {rule.value for rule in Rule} == used | parametrised
