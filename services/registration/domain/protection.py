"""Name and address protection (navne- og adressebeskyttelse, CPR law section 28) of a child, a guardian or a professional.

Somebody who is protected has an alias wherever others would read his name, and where he lives or goes is told to nobody who
does not need it. Protection lapses after a year, unless it is asked for again; whoever asks after that year, and names no end,
protects for a year from the day on which he asks, so that nobody believes somebody protected who is not. A guardian's protection
holds for the children of whom he has custody, or who live with him, too. What nobody knows, or nobody can read, counts as protected.

Several may speak of one person: systems, the person register and the municipality. A later word changes what its own speaker said
before, and nobody else's; the municipality's takes back all that was said before it. While anybody's word protects, he is protected.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from services.registration.domain.clocks import day_of
from services.registration.domain.objection import Objection, Rule

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Those that nobody takes for one another."""

MUNICIPALITY: Final = ""
"""By whom a coordinator's word is; no message has an empty source."""
PERSON_REGISTER: Final = "person-register"


class PersonKind(StrEnum):
    """Who may be protected."""

    CHILD = "child"
    GUARDIAN = "guardian"
    PROFESSIONAL = "professional"


@dataclass(frozen=True, slots=True)
class ProtectionRequest:
    """Protect this person from a day until before another (None: a year). Both on one day: he is protected no more."""

    kind: PersonKind
    person_id: str
    valid_from: date
    valid_until: date | None = None


About = tuple[PersonKind, str, str]
"""Of whom somebody speaks: what that person is, his id, and who speaks."""


@dataclass(frozen=True, slots=True)
class Word:
    """A request, by whom it is (a system's source, the register or the municipality), and when it was said."""

    request: ProtectionRequest
    asked_by: str
    said_at: datetime

    @property
    def about(self) -> About:
        return self.request.kind, self.request.person_id, self.asked_by

    @property
    def until(self) -> date:
        """The first day without protection."""
        said_on, a_year = day_of(self.said_at), a_year_after(self.request.valid_from)
        return self.request.valid_until or (a_year if a_year > said_on else a_year_after(said_on))


def objections(word: Word, reached: Collection[About]) -> Iterator[Objection]:
    """Everything that speaks against it; `reached` is who may speak of whom. Who is out of reach is as unknown as who is not there."""
    if word.about not in reached:
        yield Objection(Rule.UNKNOWN_PERSON, "/person_id")
    if word.until < word.request.valid_from:
        yield Objection(Rule.PROTECTION_ENDS_FIRST, "/valid_until")


def a_year_after(day: date) -> date:
    """The same day of the next year; after 29 February comes 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def alias_code(person_id: str) -> str:
    """Five letters and digits that stand for somebody, always the same; they tell no more than his id does."""
    digest = int.from_bytes(sha256(person_id.encode()).digest()[:8])
    return "".join(_LETTERS[digest >> 5 * place & 31] for place in range(5))
