"""A thousand synthetic families and what another system asks for them: one enrolment request for each child.

The shares are those of the programme as its public pages tell of it: just over a thousand children of 0 to 6 years from
the start of 2021 to the middle of 2024, ten houses and the childminders in two districts (see `names.toml`). How many
families are of which kind is assumed. Everything comes from one seed, so the families are the same wherever they are made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.cli.demo.people import Background, House, Names, People

SEED = 20210101
FAMILIES = 1_000
PROGRAMME = "sammen-om-boern"
ENROLMENT_REQUESTED = "enrolment.requested.v1"
SOURCES = ("https://daycare-administration.example", "https://web-forms.example")

_LOCAL = ZoneInfo("Europe/Copenhagen")
_FIRST_DAY, _LAST_DAY = date(2021, 1, 1), date(2024, 6, 30)
_YEARS = {2021: 45, 2022: 25, 2023: 20, 2024: 10}
_NEW_TEXT = date(2024, 1, 1)
"""From this day on families are shown the consent text 2024-1."""

Message = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """The requests for one family's children, the eldest request first."""

    requests: tuple[Message, ...]


class Families:
    """Makes families, one after the other."""

    def __init__(self, names: Names) -> None:
        self.people = People(Random(SEED), names.spellings)  # noqa: S311 - a seed, so that the file can be made again
        self._names = names
        self._placements = 0

    def all(self) -> Iterator[Family]:
        for _ in range(FAMILIES):
            yield self.family()

    def family(self) -> Family:
        background = self._background()
        children = self.people.pick((1, 2, 3), (90.5, 9, 0.5))
        guardians = self._guardians(background, siblings=children > 1)
        house = self.people.pick(self._names.houses, [house.weight for house in self._names.houses])
        track = self.people.pick(("A", "B"), (60, 40))
        family_name = self.people.pick(guardians)["family_name"]
        details = [
            {
                "programme": PROGRAMME,
                "track": track,
                "institution": self._handle(house),
                "start_date": start.isoformat(),
                "child": self.people.child(background, family_name, born),
                "guardians": guardians,
            }
            for born, start in self._births_and_starts(house, children)
        ]
        return Family(tuple(self.request(data) for data in details))

    def request(self, data: dict[str, Any]) -> Message:
        """The request as a CloudEvent, some weeks before the child starts; most come with a consent."""
        asked_on = date.fromisoformat(data["start_date"]) - self.people.days(14, 50)
        asked_at = datetime.combine(asked_on, time(7), _LOCAL) + timedelta(seconds=self.people.chance.randrange(9 * 3600))
        if consent := self._consent(data, asked_at):
            data = data | {"consent": consent}
        self._placements += 1
        return {
            "specversion": "1.0",
            "id": self.new_id(asked_at),
            "source": self.people.pick(SOURCES, (85, 15)),
            "type": ENROLMENT_REQUESTED,
            "subject": f"placement-{self._placements:05}",
            "time": asked_at.isoformat(),
            "municipality": "0151",
            "programme": PROGRAMME,
            "dataclassification": "confidential",
            "data": data,
        }

    def new_id(self, at: datetime) -> str:
        """A UUIDv7 (RFC 9562): the moment in milliseconds, and chance."""
        milliseconds = int(at.astimezone(UTC).timestamp() * 1000)
        high = milliseconds << 16 | 0x7 << 12 | self.people.chance.getrandbits(12)
        return str(UUID(int=high << 64 | 0b10 << 62 | self.people.chance.getrandbits(62)))

    def _background(self) -> Background:
        backgrounds = self._names.backgrounds
        return self.people.pick(backgrounds, [background.weight for background in backgrounds])

    def _guardians(self, background: Background, *, siblings: bool) -> list[dict[str, Any]]:
        """One or two, each with contact details of his own. Siblings are recognised by the CPR number of the first guardian."""
        family_name = self.people.pick(background.families)
        female = self.people.happens(0.85)
        first = self.people.guardian(background, family_name, female=female, known=siblings or self.people.happens(0.7))
        if self.people.happens(0.22):
            return [first]
        return [first, self._second_guardian(background, family_name, female=not female, known=siblings)]

    def _second_guardian(self, background: Background, family_name: str, *, female: bool, known: bool) -> dict[str, Any]:
        if self.people.happens(0.05):
            background = self._background()
        if self.people.happens(0.35):
            family_name = self.people.pick(background.families)
        guardian = self.people.guardian(background, family_name, female=female, known=known)
        return guardian | {"custody": not self.people.happens(0.04)}

    def _births_and_starts(self, house: House, children: int) -> Iterator[tuple[date, date]]:
        start = self._start()
        born = start - timedelta(days=self.people.pick(house.ages) * 365) - self.people.days(70, 350)
        yield born, start
        for _ in range(children - 1):
            born, start = self._sibling(born, start)
            yield born, start

    def _sibling(self, born: date, start: date) -> tuple[date, date]:
        """A younger one who starts later; where the programme would be over by then, a twin."""
        younger = born + self.people.days(540, 1000)
        later = max(start, (younger + self.people.days(120, 500)).replace(day=1))
        return (younger, later) if later <= _LAST_DAY and younger < later - timedelta(days=70) else (born, start)

    def _start(self) -> date:
        year = self.people.pick(list(_YEARS), list(_YEARS.values()))
        month = self.people.chance.randint(1, 12 if year < _LAST_DAY.year else _LAST_DAY.month)
        return max(_FIRST_DAY, date(year, month, self.people.pick((1, 15), (80, 20))))

    def _handle(self, house: House) -> str:
        """Mostly its number in the national register; the childminders have none."""
        return house.number if house.number and self.people.happens(0.9) else house.code

    def _consent(self, data: dict[str, Any], asked_at: datetime) -> dict[str, Any] | None:
        """What the first guardian answered when the family was asked; not all were asked yet."""
        given = self.people.pick((True, False, None), (80, 4, 16))
        if given is None:
            return None
        given_at = asked_at - timedelta(minutes=self.people.chance.randint(5, 4000))
        return {
            "purpose": "take-part",
            "given": given,
            "guardian": 0,
            "text_version": "2024-1" if given_at.date() >= _NEW_TEXT else "2021-1",
            "language": "da" if data["guardians"][0]["language"] == "da" else "en",
            "channel": self.people.pick(("web", "paper", "meeting"), (70, 15, 15)),
            "given_at": given_at.isoformat(),
        }
