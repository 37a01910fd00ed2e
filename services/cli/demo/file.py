"""The demo's file: a thousand families' enrolment requests, one on each line, and beside it what must come of each line.

`families.ndjson` is what other systems send. `expected.json` is made with it, by the same program and from the same
rules on paper, never by asking a service. Both are committed; a test makes them again and finds the same bytes.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from services.chassis.files import programmes
from services.cli.demo import mistakes
from services.cli.demo.families import PROGRAMME, SOURCES, Families, Family, Message
from services.cli.demo.people import Names, read_names

FOLDER = programmes() / PROGRAMME / "demo"
REQUESTS = "families.ndjson"
EXPECTED = "expected.json"

_IDENTICAL = 14
_WITH_OTHER_CONTENT = 6
_ENROLLED_ALREADY = 5


@dataclass(frozen=True)
class Line:
    """One line of the file and its outcome: accepted, rejected (with all reasons), parked (with the one), or a duplicate."""

    at: datetime
    text: str
    outcome: str
    reasons: tuple[str, ...] = ()
    request_id: str = ""
    breaks_contract: bool = False


@dataclass(frozen=True)
class Expected:
    """What must come of the file. Line numbers count from 1; what is in none of these is accepted.

    `rejected` holds the reasons by request id, sorted; `parked` the reason by line number; `broken` the ids of rejected
    requests that break their contract; `duplicates` the lines that repeat an earlier one.
    """

    lines: int
    accepted: int
    rejected: Mapping[str, Sequence[str]]
    broken: Sequence[str]
    parked: Mapping[str, str]
    duplicates: Sequence[int]

    @property
    def rejected_by_reason(self) -> Counter[str]:
        """How many requests were rejected for each reason; one with several counts under each."""
        return Counter(reason for reasons in self.rejected.values() for reason in reasons)

    @property
    def parked_by_reason(self) -> Counter[str]:
        return Counter(self.parked.values())


@dataclass(frozen=True)
class DemoFile:
    """The file as it lies in the folder."""

    lines: Sequence[str]
    expected: Expected

    @cached_property
    def accepted(self) -> Mapping[str, Message]:
        """The requests that must be accepted, by id, in the order of the file."""
        aside = {int(number) for number in self.expected.parked} | set(self.expected.duplicates)
        messages = (json.loads(line) for number, line in enumerate(self.lines, start=1) if number not in aside)
        return {message["id"]: message for message in messages if message["id"] not in self.expected.rejected}

    @property
    def answered(self) -> set[str]:
        """The ids of all requests that must get an answer."""
        return set(self.accepted) | set(self.expected.rejected)

    @cached_property
    def repeated(self) -> Sequence[str]:
        """The ids that were sent again with the same content."""
        return [json.loads(self.lines[number - 1])["id"] for number in self.expected.duplicates]


def read(folder: Path = FOLDER) -> DemoFile:
    """The file and what must come of it."""
    lines = (folder / REQUESTS).read_text("utf-8").splitlines()
    return DemoFile(lines, Expected(**json.loads((folder / EXPECTED).read_text("utf-8"))))


def write(folder: Path = FOLDER) -> Expected:
    """Make both files from `names.toml`; the same bytes each time."""
    lines = made(read_names(folder / "names.toml"))
    expected = expected_of(lines)
    (folder / REQUESTS).write_text("".join(f"{line.text}\n" for line in lines), "utf-8")
    (folder / EXPECTED).write_text(json.dumps(vars(expected), indent=1) + "\n", "utf-8")
    return expected


def made(names: Names) -> list[Line]:
    """All lines, in the order in which other systems send them."""
    families = Families(names)
    return sorted(_Maker(families).lines(list(families.all())), key=lambda line: line.at)


def expected_of(lines: Sequence[Line]) -> Expected:
    numbered = list(enumerate(lines, start=1))
    return Expected(
        lines=len(lines),
        accepted=sum(line.outcome == "accepted" for line in lines),
        rejected={line.request_id: sorted(line.reasons) for line in lines if line.outcome == "rejected"},
        broken=[line.request_id for line in lines if line.breaks_contract],
        parked={str(number): line.reasons[0] for number, line in numbered if line.outcome == "parked"},
        duplicates=[number for number, line in numbered if line.outcome == "duplicate"],
    )


class _Maker:
    """Turns families into lines: most as they are, some with a mistake, some more than once."""

    def __init__(self, families: Families) -> None:
        self._families = families
        self._people = families.people

    def lines(self, families: Sequence[Family]) -> Iterator[Line]:
        alone = iter(self._shuffled(family.requests[0] for family in families if len(family.requests) == 1))
        changed = list(self._wrong(alone))
        replaced = {request["id"] for request, _ in changed}
        yield from (line for _, line in changed)
        yield from (_accepted(request) for family in families for request in family.requests if request["id"] not in replaced)
        yield from self._again(alone)

    def _shuffled(self, requests: Iterable[Message]) -> list[Message]:
        found = list(requests)
        self._people.chance.shuffle(found)
        return found

    def _wrong(self, requests: Iterator[Message]) -> Iterator[tuple[Message, Line]]:
        """Requests, each with the line that stands in the file instead."""
        for mistake, request in zip(mistakes.mistakes(), requests, strict=False):
            text = mistakes.written(mistake.made_in(request, self._people))
            yield request, Line(_at(request), text, "rejected", mistake.reasons, request["id"], mistake.breaks_contract)
        for families, spoil, reason in mistakes.UNREADABLE:
            for request, _ in zip(requests, range(families), strict=False):
                yield request, Line(_at(request), spoil(request), "parked", (reason,))

    def _again(self, requests: Iterator[Message]) -> Iterator[Line]:
        """Further lines for requests that are in the file already: at once, or days later."""
        for number in range(_IDENTICAL):
            write = mistakes.written_otherwise if number % 2 else mistakes.written
            request = next(requests)
            yield Line(self._later(request), write(request), "duplicate")
        for _ in range(_WITH_OTHER_CONTENT):
            request = next(requests)
            other = mistakes.with_other_content(request, self._people)
            yield Line(self._later(request), mistakes.written(other), "parked", ("same-id-other-content",))
        for _ in range(_ENROLLED_ALREADY):
            yield self._by_another_system(next(requests))

    def _by_another_system(self, request: Message) -> Line:
        """The same child again, under an id of its own."""
        at = self._later(request)
        (other,) = set(SOURCES) - {request["source"]}
        again: dict[str, Any] = request | {"id": self._families.new_id(at), "source": other, "time": at.isoformat()}
        return Line(at, mistakes.written(again), "rejected", ("already-enrolled",), again["id"])

    def _later(self, request: Message) -> datetime:
        return _at(request) + timedelta(seconds=self._people.pick((1, 60, 3_600, 86_400, 900_000)))


def _accepted(request: Message) -> Line:
    return Line(_at(request), mistakes.written(request), "accepted", request_id=request["id"])


def _at(request: Message) -> datetime:
    return datetime.fromisoformat(request["time"])
