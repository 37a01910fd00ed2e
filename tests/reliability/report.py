"""What the last runs showed, promise by promise and fault by fault: `make reliability` writes it into docs/reliability.md.

Each test's docstring says which fault of the matrix it injects and what must hold; what it printed are its figures. A run
renews the entries of the tests that ran in it, so a long one may be made in parts. A test that can be asked for more (a
soak of so many minutes) keeps what its largest run showed, until one fails: `record_property(SIZE, …)` says how large it is.

    python -m tests.reliability.report ELSEWHERE/docs/reliability.json …

puts together what parts of a run wrote in other clones; runs of one such test from several seeds are added up.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.matrix import FAULTS, NOT_YET, PROMISES
from tests.reliability.oracle import MUST_BE_NOTHING
from tests.version import version

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "reliability.json"
PAGE = ROOT / "docs" / "reliability.md"
FACT, VARIANT, SIZE = "fact", "variant", "size"

Entry = dict[str, Any]

BEYOND = "Beyond the matrix"
SECTIONS = {
    "test_soak": "Faults at random: the soak",
    "test_model": "The protocol in every order: the model",
    "test_fuzz": "Mutated messages and requests, and schemathesis over every document",
}
"""Headings of what is no row of the matrix, by the names of files."""

_NUMBERS = re.compile(r"^Faults? (\d+)(?: (?:and|to) (\d+))?")
_FIGURES = re.compile(r"^(.*): attempted .*?(, recovered in [\d.]+ s)?$")
_SEED = re.compile(r"^DELTAG_FAULT_SEED=(\d+)", re.MULTILINE)
_RUNS = re.compile(r"^(\d+) runs, (\d+) steps, (\d+) faults: clean$")
_NO_FIGURE = re.compile(r"makes this run again|http\.refused|^\d+: ")
"""What else is printed: seeds, what the service logs, and where a long run stands."""
_SHOWN = ("attempted", "acknowledged", "handled", "sent again", "repeated", "taken again", "parked")
_NOTHING = tuple(name.replace("_", " ") for name in MUST_BE_NOTHING)


def keep_facts(items: Iterable[pytest.Item]) -> None:
    """Let every test's own sentence, and which of its variants it is, travel with its report."""
    for item in items:
        sentence = " ".join((getattr(item, "function", item).__doc__ or "").split())
        item.user_properties.extend([(FACT, sentence), (VARIANT, variant(item))])


def variant(item: pytest.Item) -> str:
    """Which of a test's variants this is, for a person: `5 s`, `1,000,000 rows`. Nothing for a test that has one only."""
    call = getattr(item, "callspec", None)
    if call is None:
        return ""
    numbers = {str(value): _counted(name, value) for name, value in call.params.items() if isinstance(value, int | float)}
    return ", ".join(numbers.get(part) or part.replace("_", " ") for part in call.id.split("-"))


def _counted(name: str, value: float) -> str:
    return f"{value:,} {'s' if name.endswith('_s') else name}"


def entry(report: pytest.TestReport) -> Entry:
    """What is kept of a test that ran."""
    said, seed = dict(report.user_properties), _SEED.search(report.capstdout)
    printed = [line for line in report.capstdout.splitlines() if line.strip() and not _NO_FIGURE.search(line)]
    told = [line for line in printed if not _RUNS.match(line)] + [line for line in printed if _RUNS.match(line)][-1:]
    return {
        FACT: said.get(FACT, ""),
        VARIANT: said.get(VARIANT, ""),
        SIZE: said.get(SIZE, 0),
        "passed": report.passed,
        "seconds": round(report.duration, 1),
        "figures": [shortened(line) for line in told],
        "day": datetime.now(UTC).date().isoformat(),
        "seed": seed[1] if seed else "",
        "version": version(),
    }


def joined(first: Entry, second: Entry) -> Entry:
    """One entry of two that one test reported: a test of many parts passed when all of them did."""
    return second | {
        "parts": first.get("parts", 1) + 1,
        "passed": first["passed"] and second["passed"],
        "seconds": round(first["seconds"] + second["seconds"], 1),
        "figures": list(dict.fromkeys(first["figures"] + second["figures"])),
    }


def added(one: Entry, other: Entry) -> Entry:
    """One entry of two runs of one test from two seeds: so many runs in all, or messages, or minutes."""
    return other | {
        SIZE: one[SIZE] + other[SIZE],
        "passed": one["passed"] and other["passed"],
        "seconds": round(one["seconds"] + other["seconds"], 1),
        "figures": _sum(one["figures"], other["figures"]),
        "seed": f"{one['seed']}, {other['seed']}",
    }


def _sum(lines: Sequence[str], others: Sequence[str]) -> Sequence[str]:
    """What can be added up is: the model's runs, steps and faults. Other lines stand beside one another."""
    runs = [_RUNS.match(line) for line in (*lines, *others)]
    if not all(runs):
        return list(dict.fromkeys((*lines, *others)))
    sums = map(sum, zip(*(map(int, found.groups()) for found in runs if found), strict=True))
    return ["{} runs, {} steps, {} faults: clean".format(*sums)]


def gather(parts: Iterable[Path]) -> None:
    """Take over what is new in these, which other clones have written at the same commit. What they have forgotten is forgotten here."""
    known = _known()
    entries: dict[str, Entry] = {}
    tests: set[str] = set()
    for part in parts:
        told = json.loads(part.read_text())
        new = {test: one for test, one in told.items() if one != known.get(test)}
        ran = set(map(file_of, new))
        tests.update(test for test in told if file_of(test) in ran)
        for test, one in new.items():
            entries[test] = added(entries[test], one) if one[SIZE] and test in entries else one
    write(entries, tests)


def shortened(line: str) -> str:
    """One line of figures, with those together that are zero in every run that passes; other lines as they are."""
    scenario = _FIGURES.match(line)
    if not scenario:
        return line
    counted = {name: found[1] for name in (*_SHOWN, *_NOTHING) if (found := re.search(rf"[:,] {name} (\d+)", line))}
    zero = [name for name in _NOTHING if counted.get(name) == "0"]
    told = ", ".join(f"{name} {number}" for name, number in counted.items() if name not in zero)
    return f"{scenario[1]}: {told}" + (f"; zero: {', '.join(zero)}" if zero else "") + (scenario[2] or "")


def write(entries: Mapping[str, Entry], tests: Collection[str]) -> None:
    """Renew these entries, and the page. What is told of a test that is no longer among `tests` is forgotten."""
    known = _known()
    files = {file_of(test) for test in tests}
    kept = {test: one for test, one in known.items() if test in tests or file_of(test) not in files}
    renewed = {test: one for test, one in entries.items() if _counts(one, known.get(test))}
    merged = dict(sorted({**kept, **renewed}.items(), key=_in_order))
    RESULTS.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page(merged))


def _in_order(item: tuple[str, Entry]) -> list[tuple[int, str]]:
    """30 s stand before 120 s."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", item[0])]


def _known() -> dict[str, Entry]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def _counts(one: Entry, before: Entry | None) -> bool:
    """Whether a run takes the place of the one before: a smaller one only when it failed."""
    return before is None or not one["passed"] or one[SIZE] >= before.get(SIZE, 0)


def file_of(test: str) -> str:
    """The file that a test stands in."""
    return test.partition("::")[0]


def page(entries: Mapping[str, Entry]) -> str:
    """The document."""
    by_fault: dict[int, list[Entry]] = defaultdict(list)
    beyond: dict[str, list[Entry]] = {heading: [] for heading in (*SECTIONS.values(), BEYOND)}
    for test, one in entries.items():
        numbers = faults_of(one[FACT])
        for number in numbers:
            by_fault[number].append(one)
        if not numbers:
            beyond[_section(test)].append(one)
    parts = [_HEAD, _promises(by_fault), "## Fault by fault\n", NOT_YET, *(_fault(n, by_fault[n]) for n in FAULTS)]
    sections = ["\n".join([f"## {heading}\n", *_in_all(told), *map(_told, told)]) for heading, told in beyond.items() if told]
    return "\n".join([*parts, *sections]) + "\n"


def _in_all(entries: Iterable[Entry]) -> Iterator[str]:
    """How many mutated messages and requests these are together, where they are such."""
    lines = "\n".join(line for one in entries for line in one["figures"])
    messages, requests = (sum(map(int, re.findall(counted, lines))) for counted in (r": (\d+) sent,", r": (\d+) requests:"))
    if messages or requests:
        yield f"Together {messages:,} mutated messages and {requests:,} mutated requests.\n"


def _section(test: str) -> str:
    return next((heading for name, heading in SECTIONS.items() if name in file_of(test)), BEYOND)


def faults_of(fact: str) -> tuple[int, ...]:
    """The numbers that a docstring begins with: `Fault 7`, `Faults 3 and 4`."""
    found = _NUMBERS.match(fact)
    return tuple(int(number) for number in found.groups() if number) if found else ()


_HEAD = """# What Deltag promises about delivery, and what the last run showed

Written by `make reliability`; do not edit. Every fault is injected into the real thing (RabbitMQ, PostgreSQL and the
service processes on one machine) and then counted, by one oracle: *attempted* is what was sent, *handled* what had its
effect, *repeated* what passed the wire twice, *taken again* what a receiver was given once more after it had dealt
with it (what its sender sent again is not counted). In every line *lost*, *unexpected*, *double effects*, what is out of order,
facts of nothing (*ghosts*) and things that no fact tells of (*zombies*), the *difference* of the books, and what is left in
outboxes, queues and *deferred* must be 0, and parked what was to be parked; recovery counts from the moment the fault has healed
and may take 15 s. Where a process was killed that is the moment at which the next one is ready: 0.0 s says that all was done
by then; where nothing is said of it, the load had ended before the fault had. Behind each line stands when it was
made, and at which commit. A quick share runs with
`make test`, all of it with `make reliability`, and `make soak MINUTES=30` goes on with faults at random from a printed
seed. Tests that can be asked for more (the soak, the model, mutated messages) keep what their largest run showed,
until one fails.

Delivery is at-least-once, effects in a database are effectively-once, and effects outside (mails) are at-least-once with
an idempotency key and a ledger. *Exactly once* is promised nowhere.
"""


def _promises(by_fault: Mapping[int, list[Entry]]) -> str:
    rows = [f"| **{name}** | {text} | {', '.join(_mark(n, by_fault[n]) for n in faults)} |" for name, text, faults in PROMISES]
    return "\n".join(["## Promise by promise\n", "| Promise | | Proven by faults |", "|---|---|---|", *rows, ""])


def _mark(number: int, entries: Iterable[Entry]) -> str:
    states = [one["passed"] for one in entries]
    return f"[{number}](#fault-{number})" + ("" if states and all(states) else " (failed)" if states else " (not run)")


def _fault(number: int, entries: Iterable[Entry]) -> str:
    told = [_told(one) if faults_of(one[FACT])[0] == number else _elsewhere(one) for one in entries] or ["Not run yet.\n"]
    return "\n".join([f"### Fault {number}\n", f"**{FAULTS[number]}**\n", *dict.fromkeys(told)])


def _elsewhere(one: Entry) -> str:
    """What belongs to two faults stands under the first; all variants of a test are one line under the other."""
    first = faults_of(one[FACT])[0]
    return f"- {one[FACT]} See [fault {first}](#fault-{first}).\n"


def _told(one: Entry) -> str:
    state = "" if one["passed"] else " **This failed.**"
    which = f" **{one[VARIANT]}**" if one.get(VARIANT) else ""
    figures = "".join(f"\n  - {line}" for line in one["figures"])
    return f"- {one[FACT]}{which}{state} *({_circumstances(one)})*{figures}\n"


def _circumstances(one: Entry) -> str:
    """When it ran, for how long, and what is needed to run it again."""
    known = {"{} parts": one.get("parts"), "seed {}": one.get("seed"), "at {}": one.get("version")}
    return ", ".join([one["day"], f"{one['seconds']} s", *(words.format(value) for words, value in known.items() if value)])


if __name__ == "__main__":
    gather(map(Path, sys.argv[1:]))
