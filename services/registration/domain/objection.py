"""What speaks against a request: a rule, the field it is about, and the values that its text may name.

The texts for people are in `texts/<language>.toml`, by the rule's slug.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """The slugs under which an answer names a broken rule."""

    UNKNOWN_PROGRAMME = "unknown-programme"
    UNKNOWN_TRACK = "unknown-track"
    TRACK_CLOSED = "track-closed"
    UNKNOWN_INSTITUTION = "unknown-institution"
    INSTITUTION_NOT_IN_PROGRAMME = "institution-not-in-programme"
    INSTITUTION_NOT_OPEN = "institution-not-open"
    START_OUTSIDE_PROGRAMME = "start-outside-programme"
    CHILD_NOT_BORN = "child-not-born"
    CHILD_TOO_OLD = "child-too-old"
    INVALID_CPR_NUMBER = "invalid-cpr-number"
    BIRTH_DATE_MISMATCH = "birth-date-mismatch"
    BIRTH_DATE_AGAINST_NUMBER = "birth-date-against-number"
    BIRTH_DATE_TOO_EARLY = "birth-date-too-early"
    BIRTH_DATE_IN_THE_FUTURE = "birth-date-in-the-future"
    BIRTH_DATE_NOT_KEPT = "birth-date-not-kept"
    CPR_NUMBER_MISSING = "cpr-number-missing"
    NOTHING_TO_CORRECT = "nothing-to-correct"
    CPR_NUMBER_TAKEN = "cpr-number-taken"
    MISSING_GUARDIAN = "missing-guardian"
    GUARDIAN_IS_CHILD = "guardian-is-child"
    GUARDIAN_TOO_YOUNG = "guardian-too-young"
    GUARDIAN_WITHOUT_CUSTODY = "guardian-without-custody"
    CONSENT_MISSING = "consent-missing"
    CONSENT_GUARDIAN_UNKNOWN = "consent-guardian-unknown"
    UNKNOWN_CONSENT_PURPOSE = "unknown-consent-purpose"
    UNKNOWN_CONSENT_TEXT = "unknown-consent-text"
    ALREADY_ENROLLED = "already-enrolled"
    UNKNOWN_ENROLMENT = "unknown-enrolment"
    ENROLMENT_NOT_ACCEPTED = "enrolment-not-accepted"
    ALREADY_WITHDRAWN = "already-withdrawn"
    STEP_NOT_ALLOWED = "step-not-allowed"
    STEP_TOO_EARLY = "step-too-early"
    STEP_TOO_LATE = "step-too-late"
    STEP_BEFORE_BIRTH = "step-before-birth"
    STEP_NOT_COMING = "step-not-coming"
    STEP_NOT_YOURS = "step-not-yours"
    STEP_OF_ANOTHER = "step-of-another"
    INSTITUTION_MISSING = "institution-missing"
    ALREADY_THERE = "already-there"
    UNKNOWN_PROFESSIONAL = "unknown-professional"
    UNKNOWN_PERSON = "unknown-person"
    PROTECTION_ENDS_FIRST = "protection-ends-first"
    UNKNOWN_CONSENT = "unknown-consent"
    CONSENT_SUBJECT_UNKNOWN = "consent-subject-unknown"
    CONSENT_GIVER_UNKNOWN = "consent-giver-unknown"
    CONSENT_FOR_ANOTHER_ADULT = "consent-for-another-adult"
    CONSENT_IN_THE_FUTURE = "consent-in-the-future"
    CONSENT_ALREADY_WITHDRAWN = "consent-already-withdrawn"
    UNKNOWN_PROFESSION = "unknown-profession"
    UNKNOWN_CHILD = "unknown-child"
    UNKNOWN_GUARDIAN = "unknown-guardian"
    UNKNOWN_RELATION = "unknown-relation"
    GUARDIANSHIP_BEFORE_BIRTH = "guardianship-before-birth"
    GUARDIANSHIP_ENDS_FIRST = "guardianship-ends-first"
    BEHALF_MISSING = "behalf-missing"
    UNKNOWN_CHANNEL = "unknown-channel"
    ON_BEHALF_OF_NOBODY = "on-behalf-of-nobody"
    FILLED_IN_THE_FUTURE = "filled-in-the-future"
    NOT_ON_BEHALF = "not-on-behalf"
    ADDRESS_NOT_PROVEN = "address-not-proven"
    LINK_FOR_ANOTHER_PROGRAMME = "link-for-another-programme"
    UNKNOWN_QUESTION = "unknown-question"
    QUESTION_FOR_ANOTHER = "question-for-another"
    QUESTION_CLOSED = "question-closed"
    ANSWERED_TWICE = "answered-twice"
    ANSWER_NOT_ASKED = "answer-not-asked"
    ANSWER_MISSING = "answer-missing"
    ANSWER_NO_TEXT = "answer-no-text"
    ANSWER_TOO_LONG = "answer-too-long"
    ANSWER_HOLDS_CPR_NUMBER = "answer-holds-cpr-number"
    ANSWER_NO_OPTION = "answer-no-option"
    ANSWER_NO_OPTIONS = "answer-no-options"
    ANSWER_NO_YES_NO = "answer-no-yes-no"
    ANSWER_NO_NUMBER = "answer-no-number"
    ANSWER_NO_DATE = "answer-no-date"


@dataclass(frozen=True, slots=True)
class Objection:
    """One broken rule. `field` is a JSON pointer into the request; `values` hold nothing about a person.

    A value that is an enumeration's member is said in words, in each language; so is a list of them, and a text by language.
    """

    rule: Rule
    field: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)
