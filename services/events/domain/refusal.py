"""Why something is refused: the rule's name and the field it is about. What a person reads stands in `texts.toml`."""

import dataclasses
from collections.abc import Mapping
from enum import StrEnum


class Slug(StrEnum):
    """The name of every rule of this service. Each has a Danish and an English text in `texts.toml`."""

    PROGRAMME_NOT_KNOWN = "programme-not-known"
    INSTITUTION_NOT_KNOWN = "institution-not-known"
    DISTRICT_NOT_KNOWN = "district-not-known"
    INSTITUTION_NOT_OPEN = "institution-not-open"
    INSTITUTION_ELSEWHERE = "institution-elsewhere"
    KIND_NOT_KNOWN = "kind-not-known"
    WAY_NOT_OF_KIND = "way-not-of-kind"
    SESSION_ENDS_BEFORE_START = "session-ends-before-start"
    SESSION_IN_THE_PAST = "session-in-the-past"
    SESSIONS_OVERLAP = "sessions-overlap"
    SESSION_NOT_OF_ACTIVITY = "session-not-of-activity"
    SESSION_BEGUN = "session-begun"
    SESSION_TWICE = "session-twice"
    LAST_SESSION = "last-session"
    MORE_THAN_SESSIONS = "more-than-sessions"
    ACTIVITY_TWICE = "activity-twice"
    FACILITATOR_IS_PROFESSIONAL = "facilitator-is-professional"
    FACILITATOR_HAS_NO_NAME = "facilitator-has-no-name"
    BOOKABLE_NOT_FOUND = "bookable-not-found"
    BOOKABLE_EXISTS = "bookable-exists"
    BOOKABLE_TWICE = "bookable-twice"
    BOOKED_ALREADY = "booked-already"
    SOMEBODY_ELSEWHERE = "somebody-elsewhere"
    SIGNED_UP_JUST_NOW = "signed-up-just-now"
    NOT_FOR_THE_SAME = "not-for-the-same"
    NEED_NOT_KNOWN = "need-not-known"
    NEED_NOT_ASKED = "need-not-asked"
    NEED_OPTION_NOT_KNOWN = "need-option-not-known"
    NEED_FOR_TOO_MANY = "need-for-too-many"
    NEED_TWICE = "need-twice"
    NEEDS_CLOSED = "needs-closed"
    CHANGED_MEANWHILE = "changed-meanwhile"
    ACTIVITY_EXISTS = "activity-exists"
    ACTIVITY_IS_DRAFT = "activity-is-draft"
    ACTIVITY_HAS_SIGNUPS = "activity-has-signups"
    ACTIVITY_CALLED_OFF = "activity-called-off"
    ACTIVITY_OVER = "activity-over"
    CAPACITY_BELOW_TAKEN = "capacity-below-taken"
    CAPACITY_BELOW_PARTY = "capacity-below-party"
    SIGNUP_CLOSED = "signup-closed"
    PARTY_TOO_LARGE = "party-too-large"
    PERSON_TWICE = "person-twice"
    ALREADY_SIGNED_UP = "already-signed-up"
    FOR_FAMILIES = "for-families"
    FOR_PROFESSIONALS = "for-professionals"
    CHILD_NOT_KNOWN = "child-not-known"
    CHILD_NOT_ENROLLED = "child-not-enrolled"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    GUARDIAN_NOT_KNOWN = "guardian-not-known"
    GUARDIAN_NOT_ENROLLED = "guardian-not-enrolled"
    NOT_IN_FAMILY = "not-in-family"
    KNOWN_IN_ANOTHER_ROLE = "known-in-another-role"
    PROFESSIONAL_NOT_KNOWN = "professional-not-known"
    PROFESSIONAL_ELSEWHERE = "professional-elsewhere"
    CONTACT_MISSING = "contact-missing"
    CONTACT_NOT_IN_PARTY = "contact-not-in-party"
    DRAW_AT_WRONG_TIME = "draw-at-wrong-time"
    DRAW_NOT_FOUND = "draw-not-found"
    NOT_OFFERED = "not-offered"
    SIGNUP_CANCELLED = "signup-cancelled"
    TRANSFER_ELSEWHERE = "transfer-elsewhere"
    TRANSFER_PENDING = "transfer-pending"
    NOT_SEATED = "not-seated"
    ATTENDANCE_TOO_EARLY = "attendance-too-early"
    PERSON_NOT_KNOWN = "person-not-known"
    SEEN_IN_THE_FUTURE = "seen-in-the-future"
    REASON_NEEDED = "reason-needed"
    NONCE_REUSED = "nonce-reused"
    ACTIVITY_NOT_FOUND = "activity-not-found"
    SESSION_NOT_FOUND = "session-not-found"
    SIGNUP_NOT_FOUND = "signup-not-found"
    CODE_MISTYPED = "code-mistyped"
    CODE_NOT_HERE = "code-not-here"
    NOT_IN_PARTY = "not-in-party"
    NOT_ATTENDED = "not-attended"
    CALENDAR_NOT_FOUND = "calendar-not-found"
    TOO_MANY_CALENDARS = "too-many-calendars"
    NOT_YOUR_CALENDAR = "not-your-calendar"
    NOT_YOUR_INSTITUTION = "not-your-institution"
    NOT_YOURSELF = "not-yourself"
    RULE_ROLES = "rule-roles"
    RULE_PROGRAMMES = "rule-programmes"
    RULE_TRACKS = "rule-tracks"
    RULE_DISTRICTS = "rule-districts"
    RULE_INSTITUTIONS = "rule-institutions"
    RULE_PROFESSIONS = "rule-professions"
    RULE_AGE_IN_MONTHS = "rule-age-in-months"
    RULE_AGE_IN_YEARS = "rule-age-in-years"
    RULE_ATTENDED = "rule-attended"
    RULE_NOT_ATTENDED = "rule-not-attended"
    RULE_NEVER_REACHED = "rule-never-reached"
    RULE_NONE_OF = "rule-none-of"
    RULE_WITHOUT_CONDITION = "rule-without-condition"
    RULE_AGES_REVERSED = "rule-ages-reversed"
    TRACK_NOT_KNOWN = "track-not-known"
    QUOTA_TWICE = "quota-twice"
    QUOTAS_BEYOND_CAPACITY = "quotas-beyond-capacity"
    QUOTA_BELOW_PARTY = "quota-below-party"
    QUOTA_NOT_FOUND = "quota-not-found"
    PARTY_BEYOND_QUOTA = "party-beyond-quota"
    SIGNUP_NOT_OPEN = "signup-not-open"
    SIGNUP_WINDOW_CLOSED = "signup-window-closed"
    WINDOW_NEVER_OPEN = "window-never-open"
    WINDOW_AFTER_START = "window-after-start"
    STAGE_NOT_EARLIER = "stage-not-earlier"
    HOLD_EXISTS = "hold-exists"
    HOLDS_TOO_MANY = "holds-too-many"
    HOLD_EXTENDED = "hold-extended"
    HOLD_GONE = "hold-gone"
    HOLD_TOO_SMALL = "hold-too-small"
    HOLD_NOT_FOUND = "hold-not-found"
    NO_SEATS_TO_HOLD = "no-seats-to-hold"
    CYCLE_NOT_FOUND = "cycle-not-found"
    CYCLE_EXISTS = "cycle-exists"
    CYCLE_OF_ONE_KIND = "cycle-of-one-kind"
    PART_OF_ANOTHER_PROGRAMME = "part-of-another-programme"
    TEMPLATE_NOT_FOUND = "template-not-found"
    TOO_MANY_AWAY = "too-many-away"
    PARTY_BEYOND_COVER = "party-beyond-cover"
    SURVEY_NOT_FOUND = "survey-not-found"
    NOTHING_ANSWERED = "nothing-answered"
    OPTION_NOT_KNOWN = "option-not-known"
    WORDS_TOO_LONG = "words-too-long"


AWAITED = frozenset(
    {
        Slug.PROGRAMME_NOT_KNOWN,
        Slug.INSTITUTION_NOT_KNOWN,
        Slug.CHILD_NOT_KNOWN,
        Slug.GUARDIAN_NOT_KNOWN,
        Slug.PROFESSIONAL_NOT_KNOWN,
        Slug.PERSON_NOT_KNOWN,
    }
)
"""What may become known in a moment: registration's fact about it has perhaps not arrived yet."""

STANDING = frozenset(
    {
        Slug.ACTIVITY_EXISTS,
        Slug.BOOKABLE_EXISTS,
        Slug.BOOKED_ALREADY,
        Slug.SOMEBODY_ELSEWHERE,
        Slug.SIGNED_UP_JUST_NOW,
        Slug.SESSION_BEGUN,
        Slug.LAST_SESSION,
        Slug.CHANGED_MEANWHILE,
        Slug.ACTIVITY_IS_DRAFT,
        Slug.ACTIVITY_HAS_SIGNUPS,
        Slug.ACTIVITY_CALLED_OFF,
        Slug.ACTIVITY_OVER,
        Slug.CAPACITY_BELOW_TAKEN,
        Slug.CAPACITY_BELOW_PARTY,
        Slug.SIGNUP_CLOSED,
        Slug.ALREADY_SIGNED_UP,
        Slug.NOT_OFFERED,
        Slug.SIGNUP_CANCELLED,
        Slug.TRANSFER_PENDING,
        Slug.ATTENDANCE_TOO_EARLY,
        Slug.TOO_MANY_CALENDARS,
        Slug.CODE_NOT_HERE,
        Slug.NEEDS_CLOSED,
        Slug.QUOTA_BELOW_PARTY,
        Slug.SIGNUP_NOT_OPEN,
        Slug.SIGNUP_WINDOW_CLOSED,
        Slug.HOLD_EXISTS,
        Slug.HOLDS_TOO_MANY,
        Slug.HOLD_EXTENDED,
        Slug.HOLD_GONE,
        Slug.NO_SEATS_TO_HOLD,
        Slug.TOO_MANY_AWAY,
        Slug.CYCLE_EXISTS,
    }
)
"""What contradicts how things stand, rather than what can be asked at all."""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """One rule that says no: `field` is a JSON pointer into what was asked, `values` fill the text's blanks."""

    slug: Slug
    field: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def is_about_standing(self) -> bool:
        """Whether the same request could be right at another time."""
        return self.slug in AWAITED | STANDING
