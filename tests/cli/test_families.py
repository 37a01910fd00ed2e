"""The demo's file of a thousand families: made again byte by byte, kept to the contract, and about nobody."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.chassis.files import contracts
from services.cli.demo import file
from services.cli.demo.families import FAMILIES, Families
from services.cli.demo.people import read_names

RESERVED = re.compile(r"[a-z.]+\.\d+@example\.(org|com|net)")


@cache
def demo_file() -> file.DemoFile:
    """The file as it is committed."""
    return file.read()


@cache
def readable() -> Sequence[Mapping[str, Any]]:
    """Every line that is a CloudEvent, whatever came of it."""
    parked = {int(number) for number, reason in demo_file().expected.parked.items() if reason != "same-id-other-content"}
    return [json.loads(line) for number, line in enumerate(demo_file().lines, start=1) if number not in parked]


def guardians() -> list[Mapping[str, Any]]:
    """Every guardian of an accepted request."""
    return [guardian for request in demo_file().accepted.values() for guardian in request["data"]["guardians"]]


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    """Made again from its names, the file and what must come of it are the committed ones, byte for byte."""
    (tmp_path / "names.toml").write_bytes((file.FOLDER / "names.toml").read_bytes())
    file.write(tmp_path)
    for name in (file.REQUESTS, file.EXPECTED):
        assert (tmp_path / name).read_bytes() == (file.FOLDER / name).read_bytes(), f"run `python -m scripts.make_families` for {name}"


def test_there_are_a_thousand_families() -> None:
    """The generator makes a thousand families with more children than that, one of them or several in each."""
    families = list(Families(read_names(file.FOLDER / "names.toml")).all())
    sizes = Counter(len(family.requests) for family in families)
    assert len(families) == FAMILIES == 1_000
    assert set(sizes) == {1, 2, 3}


def test_the_outcomes_cover_every_line() -> None:
    """What is accepted, rejected, parked or a duplicate are all lines of the file, each once."""
    expected = demo_file().expected
    assert expected.accepted + len(expected.rejected) + len(expected.parked) + len(expected.duplicates) == expected.lines
    assert (len(demo_file().lines), len(demo_file().accepted)) == (expected.lines, expected.accepted)


def test_only_the_broken_ones_break_the_contract() -> None:
    """Another validator than ours finds that exactly the requests that are meant to break the contract do so."""
    schema = json.loads((contracts() / "enrolment.requested" / "v1.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    requests = [one for one in readable() if one["type"] == "enrolment.requested.v1" and one["specversion"] == "1.0"]
    broken = [one["id"] for one in requests if not validator.is_valid(one["data"])]
    assert broken == list(demo_file().expected.broken)


def test_every_accepted_child_could_exist() -> None:
    """An accepted child's replacement number tells its birth date, it is born before it is asked for, and at most six at its start."""
    for request in demo_file().accepted.values():
        child, start = request["data"]["child"], date.fromisoformat(request["data"]["start_date"])
        born = date.fromisoformat(child["birth_date"])
        assert child["cpr_number"].startswith(f"{born.day + 60}{born:%m%y}-")
        assert born.isoformat() < request["time"][:10] < start.isoformat()
        assert (start - born).days < 6 * 366


def test_no_accepted_child_is_asked_for_twice() -> None:
    """Every accepted request is about a child of its own."""
    numbers = [request["data"]["child"]["cpr_number"] for request in demo_file().accepted.values()]
    assert len(set(numbers)) == len(numbers)


def test_nobody_can_be_reached() -> None:
    """Numbers are replacement numbers, addresses are at reserved domains, and no telephone in Denmark begins with a zero."""
    for guardian in guardians():
        assert 61 <= int(guardian.get("cpr_number", "61")[:2]) <= 91
        assert RESERVED.fullmatch(guardian.get("email", "nobody.1@example.org"))
        assert guardian.get("phone", "+45 00 ").startswith("+45 00 ")


def test_all_places_and_many_languages_are_there() -> None:
    """Ten houses and the childminders have children, and their parents read eight languages."""
    assert len({request["data"]["institution"] for request in demo_file().accepted.values()} & _codes()) == 11
    assert {guardian["language"] for guardian in guardians()} == {"da", "en", "ar", "pl", "so", "tr", "uk", "ur"}


def test_families_differ() -> None:
    """There are single parents, two guardians with contact details of their own, and guardians without custody or address."""
    homes = [request["data"]["guardians"] for request in demo_file().accepted.values()]
    sizes = Counter(len(home) for home in homes)
    assert sizes[1] > 100
    assert all(home[0].get("email") != home[1].get("email") for home in homes if len(home) == 2 and "email" in home[0])
    assert any(not guardian["custody"] for guardian in guardians())
    assert any("email" not in guardian for guardian in guardians())


@pytest.mark.parametrize("outcome", ["same-id-other-content", "not-a-cloudevent", "unknown-specversion", "unknown-type"])
def test_what_is_parked_differs(outcome: str) -> None:
    """Every kind of message that nobody can take is in the file more than once, and never the same bytes twice."""
    expected = demo_file().expected
    lines = [demo_file().lines[int(number) - 1] for number, reason in expected.parked.items() if reason == outcome]
    assert len(set(lines)) == len(lines) > 1


def test_duplicates_are_the_same_content() -> None:
    """A line that is sent twice holds what the first one held, sometimes written otherwise."""
    repeated = [demo_file().lines[number - 1] for number in demo_file().expected.duplicates]
    assert all(json.loads(line) == demo_file().accepted[json.loads(line)["id"]] for line in repeated)
    assert (
        0
        < sum(line in demo_file().lines[: number - 1] for line, number in zip(repeated, demo_file().expected.duplicates, strict=True))
        < len(repeated)
    )


def _codes() -> set[str]:
    names = read_names(file.FOLDER / "names.toml")
    return {house.code for house in names.houses}
