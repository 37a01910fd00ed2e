"""What is wrong on purpose in the families' file, and what must come of it.

A mistake changes one request and says, from the contract and the programme's rules as they are written down, under
which reasons it must be rejected. This knows nothing of how the services find it out.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta

from services.cli.demo.families import Message
from services.cli.demo.people import People

Change = Callable[[Message, People], None]


@dataclass(frozen=True)
class Mistake:
    """One way to be wrong: how many families make it, and the reasons (slugs) with which each is rejected."""

    families: int
    change: Change
    reasons: tuple[str, ...]
    breaks_contract: bool = False

    def made_in(self, request: Message, people: People) -> Message:
        """The request with the mistake in it."""
        wrong = deepcopy(request)
        self.change(wrong, people)
        return wrong


def mistakes() -> Iterator[Mistake]:
    """Every mistake that is answered with a rejection, once for each family that makes it."""
    for mistake in (*_AGAINST_THE_RULES, *_SEVERAL_AT_ONCE, *_AGAINST_THE_CONTRACT):
        yield from [mistake] * mistake.families


# Against the programme's rules.


def _unknown_institution(request: Message, people: People) -> None:
    request["data"]["institution"] = people.pick(("151099", "101010", "regnbuehuset", "skovbrynet"))


def _unknown_track(request: Message, _people: People) -> None:
    request["data"]["track"] = "D"


def _too_old(request: Message, people: People) -> None:
    start = date.fromisoformat(request["data"]["start_date"])
    _born(request, people, start.replace(day=1) - timedelta(days=7 * 366) - people.days(1, 700))


def _not_born(request: Message, people: People) -> None:
    _born(request, people, date.fromisoformat(request["data"]["start_date"]) + people.days(5, 60))


def _other_birth_date(request: Message, _people: People) -> None:
    child = request["data"]["child"]
    child["birth_date"] = (date.fromisoformat(child["birth_date"]) - timedelta(days=1)).isoformat()


def _no_such_day(request: Message, people: People) -> None:
    child = request["data"]["child"]
    child["cpr_number"] = f"9102{child['birth_date'][2:4]}-{people.chance.randrange(10_000):04}"


def _after_the_end(request: Message, people: People) -> None:
    request["data"]["start_date"] = people.pick(("2024-08-01", "2024-09-15", "2024-11-01"))
    _born(request, people, date(2021, 1, 1) + people.days(0, 900))


def _no_guardian(request: Message, _people: People) -> None:
    request["data"]["guardians"] = []
    request["data"].pop("consent", None)


def _nobody_with_custody(request: Message, _people: People) -> None:
    for guardian in request["data"]["guardians"]:
        guardian["custody"] = False
    request["data"].pop("consent", None)


def _consent_of_nobody(request: Message, _people: People) -> None:
    _consent(request)["guardian"] = 7


def _unknown_text(request: Message, _people: People) -> None:
    _consent(request)["text_version"] = "2019-3"


_AGAINST_THE_RULES = (
    Mistake(14, _unknown_institution, ("unknown-institution",)),
    Mistake(12, _too_old, ("child-too-old",)),
    Mistake(10, _no_guardian, ("missing-guardian",)),
    Mistake(5, _other_birth_date, ("birth-date-mismatch",)),
    Mistake(4, _no_such_day, ("invalid-cpr-number",)),
    Mistake(4, _after_the_end, ("start-outside-programme",)),
    Mistake(3, _unknown_track, ("unknown-track",)),
    Mistake(3, _nobody_with_custody, ("guardian-without-custody",)),
    Mistake(2, _not_born, ("child-not-born",)),
    Mistake(2, _consent_of_nobody, ("consent-guardian-unknown",)),
    Mistake(2, _unknown_text, ("unknown-consent-text",)),
)


# Several at once: the answer must name them all.


def _together(*changes: Change) -> Change:
    def change(request: Message, people: People) -> None:
        for one in changes:
            one(request, people)

    return change


_SEVERAL_AT_ONCE = (
    Mistake(3, _together(_unknown_institution, _no_guardian), ("missing-guardian", "unknown-institution")),
    Mistake(2, _together(_too_old, _unknown_track), ("child-too-old", "unknown-track")),
    Mistake(
        2,
        _together(_unknown_institution, _other_birth_date, _nobody_with_custody),
        ("birth-date-mismatch", "guardian-without-custody", "unknown-institution"),
    ),
    Mistake(1, _together(_no_such_day, _unknown_track, _unknown_text), ("invalid-cpr-number", "unknown-consent-text", "unknown-track")),
)


# Against the contract: the message can be read, its data are not what was agreed.


def _misspelt(request: Message, _people: People) -> None:
    child = request["data"]["child"]
    child["birthdate"] = child.pop("birth_date")


def _without_start(request: Message, _people: People) -> None:
    del request["data"]["start_date"]


def _danish_date(request: Message, _people: People) -> None:
    start = date.fromisoformat(request["data"]["start_date"])
    request["data"]["start_date"] = f"{start:%d-%m-%Y}"


def _custody_in_words(request: Message, _people: People) -> None:
    request["data"]["guardians"][0]["custody"] = "yes"


def _no_address(request: Message, _people: People) -> None:
    request["data"]["guardians"][0]["email"] = "writes to nobody"


def _other_purpose(request: Message, _people: People) -> None:
    _consent(request)["purpose"] = "photographs"


_AGAINST_THE_CONTRACT = (
    Mistake(3, _misspelt, ("field-missing", "unknown-field"), breaks_contract=True),
    Mistake(2, _without_start, ("field-missing",), breaks_contract=True),
    Mistake(2, _danish_date, ("wrong-format",), breaks_contract=True),
    Mistake(2, _custody_in_words, ("wrong-type",), breaks_contract=True),
    Mistake(1, _other_purpose, ("unknown-value",), breaks_contract=True),
    Mistake(
        2,
        _together(_no_address, _custody_in_words, _misspelt),
        ("field-missing", "unknown-field", "wrong-format", "wrong-type"),
        breaks_contract=True,
    ),
)


# What cannot even be read as a request, or not be told apart from another: it is parked for a person to look at.


def cut_off(request: Message) -> str:
    """A line that ends in the middle: no JSON."""
    text = written(request)
    return text[: len(text) * 3 // 5]


def without_envelope(request: Message) -> str:
    """The data alone: JSON, but no CloudEvent."""
    return written(request["data"])


def of_an_old_version(request: Message) -> str:
    """A CloudEvent of a version that is not read."""
    return written(request | {"specversion": "0.3"})


def of_a_later_version(request: Message) -> str:
    """A version of the request that nobody has agreed on yet."""
    return written(request | {"type": "enrolment.requested.v9"})


UNREADABLE: tuple[tuple[int, Callable[[Message], str], str], ...] = (
    (4, cut_off, "not-a-cloudevent"),
    (4, without_envelope, "not-a-cloudevent"),
    (2, of_an_old_version, "unknown-specversion"),
    (2, of_a_later_version, "unknown-type"),
)
"""How many families each happens to, what their line looks like, and why it is parked."""


def with_other_content(request: Message, people: People) -> Message:
    """The same id again, but somebody has corrected a name or a date meanwhile."""
    other = deepcopy(request)
    guardian = other["data"]["guardians"][0]
    guardian["given_name"] = f"{guardian['given_name']} {people.pick(('Maria', 'Kim', 'Sascha'))}"
    return other


def written(value: object) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def written_otherwise(value: object) -> str:
    """The same content as another program writes it: members sorted, white space, escapes."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True)


def _born(request: Message, people: People, born: date) -> None:
    child = request["data"]["child"]
    child["birth_date"] = born.isoformat()
    child["cpr_number"] = people.cpr_number(born, female=int(child["cpr_number"][-1]) % 2 == 0)


def _consent(request: Message) -> Message:
    """The request's consent; where it came without one, it gets one."""
    found: Message = request["data"].setdefault(
        "consent",
        {
            "purpose": "take-part",
            "given": True,
            "guardian": 0,
            "text_version": "2021-1",
            "language": "da",
            "channel": "web",
            "given_at": request["time"],
        },
    )
    return found
