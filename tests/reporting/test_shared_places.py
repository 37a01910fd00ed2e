"""A house that two programmes use: each programme's figures are its own."""

from typing import Any

from services.chassis.http.caller import Role
from services.chassis.service import Context
from services.chassis.testing import http
from tests.reporting.story import PROGRAMME, Fact, enrolled, house, id_of, programme, tell

READING = "laesning"


def of_reading(fact: Fact) -> Fact:
    """The same of the second programme, as a thing of its own."""
    own = (
        {"programme_id": id_of(READING)}
        if fact.type.startswith("registration.programme")
        else {"enrolment_id": id_of(f"{fact.subject} reads")}
    )
    data = fact.data | own | {"programme": READING}
    return Fact(fact.type, next(iter(own.values())), data, fact.time)


def rows(context: Context, code: str) -> dict[str, Any]:
    """The numbers of the first section's rows in a programme's report, by their paths."""
    report: Any = http(context).as_(Role.COORDINATOR).get(f"/v1/report?programme={code}").json
    return {row["path"]: row["numbers"] for table in report["sections"][0]["tables"] for row in table["rows"]}


def test_each_programme_counts_its_own(context: Context) -> None:
    """Twenty children of one programme and ten of the other in one house: the house has a row in both reports, each with its own number."""
    shared = house("birkegaarden")
    shared = shared._replace(data=shared.data | {"programmes": [PROGRAMME, READING]})
    alone = house("globen")
    children = [enrolled(f"child {n}") for n in range(20)]
    tell(context, [programme(), of_reading(programme()), shared, alone, *children, *map(of_reading, children[:10])])
    first, second = rows(context, PROGRAMME), rows(context, READING)
    path = "hedegaarden/birkegaarden"
    assert (set(first[path].values()) & {20}, set(second[path].values()) & {10}) == ({20}, {10})
    assert ("hedegaarden/globen" in first, "hedegaarden/globen" in second) == (True, False)


def test_a_house_of_before_there_were_several_is_the_ones(context: Context) -> None:
    """A fact that names one programme and no list is of that programme alone."""
    tell(context, [programme(), of_reading(programme()), house("globen")])
    assert ("hedegaarden/globen" in rows(context, PROGRAMME), "hedegaarden/globen" in rows(context, READING)) == (True, False)
