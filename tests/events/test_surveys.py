"""After an activity those who came say how it was: once each, in their language, and nobody can find out who said what."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from services.chassis.contracts import example
from services.chassis.http import Role
from services.chassis.keys import open_sealed
from services.chassis.testing import published, run_timer
from services.events.pages.words import BOOK
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, a_family
from tests.events.town import Desk, Json, Town, found
from tests.registration.visitor import Visitor
from tests.settings import NOTIFICATIONS_PRIVATE_KEY

DAY = timedelta(days=1)
MEANT = {"question__useful": "much"}


def held(town: Town, desk: Desk, families: int = 6, came: int = 6) -> Json:
    """A workshop to which so many families came, on the morning after."""
    workshop = desk.opens(capacity=40)
    everybody = [town.enrols(a_family(guardians=1)) for _ in range(families)]
    for family in everybody:
        desk.signs_up(workshop, family.party())
    desk.is_now(NEXT_WEEK + timedelta(hours=3))
    desk.marks(workshop, *((family.mother, "present" if nth < came else "absent") for nth, family in enumerate(everybody)))
    run_timer(desk.context, "finish")
    desk.is_now(NEXT_WEEK.replace(hour=10) + DAY)
    run_timer(desk.context, "surveys")
    return workshop


def sealed(desk: Desk) -> list[Json]:
    """What was sent to notifications alone."""
    return [message for message in published(desk.context) if message["type"] == "events.survey-link.sealed.v1"]


def links(desk: Desk) -> list[str]:
    """The paths of the links, as whoever they are for reads them."""
    return [link(message["data"]) for message in sealed(desk)]


def link(data: Json) -> str:
    """What is in a sealed message."""
    opened = json.loads(open_sealed(NOTIFICATIONS_PRIVATE_KEY, data["sealed"], data["link_id"].encode()))["link"]
    parts = urlsplit(opened)
    return f"{parts.path.removeprefix('/events')}?{parts.query}"


def answers(desk: Desk, paths: Sequence[str], **fields: str) -> None:
    """Each of these says the same."""
    for path in paths:
        assert Visitor(desk.door).goes(path).presses("send", **(fields or MEANT)).answer.status_code == 200


def results(desk: Desk, workshop: Json) -> Json:
    """What an organiser reads."""
    return found(desk.coordinator.get(f"/v1/activities/{workshop['activity_id']}/feedback"))


class TestWhoIsAsked:
    def test_the_contact_of_everybody_who_came(self, town: Town, desk: Desk) -> None:
        """On the day after, each family of whom somebody came gets a link of its own, where only notifications may read it."""
        held(town, desk, families=7, came=6)
        sent = sealed(desk)
        assert {message["exchange"] for message in sent} == {"deltag.personal"}
        assert len({message["data"]["person_id"] for message in sent}) == len(set(links(desk))) == 6
        run_timer(desk.context, "surveys")
        assert len(sealed(desk)) == 6

    def test_too_few(self, town: Town, desk: Desk) -> None:
        """Where fewer than five came nobody is asked: their answers could never be shown."""
        workshop = held(town, desk, came=4)
        assert (sealed(desk), results(desk, workshop)["status"]) == ([], "not-asked")

    def test_at_night(self, town: Town, desk: Desk) -> None:
        """Nobody is written to at night, nor on the day itself."""
        workshop = held(town, desk, came=0)
        with desk.context.work() as work:
            work.connection.execute(sa.text("update attendance set state = 'present'"))
        for moment in (NEXT_WEEK + timedelta(hours=5), NEXT_WEEK.replace(hour=22) + DAY):
            desk.is_now(moment)
            run_timer(desk.context, "surveys")
        assert results(desk, workshop)["status"] == "not-asked"
        desk.is_now(NEXT_WEEK.replace(hour=12) + DAY * 2)
        run_timer(desk.context, "surveys")
        assert len(sealed(desk)) == 6

    def test_nothing_to_ask(self, town: Town, desk: Desk) -> None:
        """Where the programme has no question for that kind of activity, nobody is asked."""
        data = example("programme.loaded/v1")["data"]
        town.tells("programme.loaded", data["programme_id"], survey=[data["survey"][0] | {"activity_kinds": ["supervision"]}])
        held(town, desk)
        assert sealed(desk) == []


class TestAnswering:
    def test_once(self, town: Town, desk: Desk) -> None:
        """A link is spent by the answers and not by looking; spent, it opens nothing and takes nothing."""
        held(town, desk)
        path = links(desk)[0]
        visitor = Visitor(desk.door).goes(path)
        again = Visitor(desk.door).goes(path)
        assert visitor.presses("send", **MEANT).page.headline == BOOK.words("da")["thanks-title"]
        assert again.presses("send", **MEANT).answer.status_code == 410
        assert Visitor(desk.door).goes(path).answer.status_code == 410
        with desk.context.work() as work:
            assert work.connection.execute(sa.text("select count(*) from survey_answer")).scalar() == 1

    def test_in_the_language_of_the_reader(self, town: Town, desk: Desk) -> None:
        """The page comes in the browser's language and changes to another without losing what was chosen."""
        held(town, desk)
        visitor = Visitor(desk.door, "ar").goes(links(desk)[0])
        assert (visitor.page.language, visitor.page.direction) == ("ar", "rtl")
        visitor.presses("language:en", **MEANT)
        assert (visitor.page.language, visitor.page.values["question/useful"]) == ("en", ["much"])
        assert visitor.page.headline == BOOK.words("en")["survey-title"]

    @pytest.mark.parametrize(
        ("typed", "at", "said"),
        [
            ({"question/useful": [], "question/words": [""]}, "", "nothing-answered"),
            ({"question/useful": ["enormous"]}, "question/useful", "option-not-known"),
            ({"question/words": ["x" * 501]}, "question/words", "words-too-long"),
        ],
    )
    def test_what_cannot_be_taken(self, town: Town, desk: Desk, typed: dict[str, list[str]], at: str, said: str) -> None:
        """Nothing at all, an answer that is none of the question's, and too many words are refused at the field; the link holds still."""
        held(town, desk)
        visitor = Visitor(desk.door, "en").goes(links(desk)[0])
        visitor.sends(visitor.page.values | typed | {"do": ["send"]})
        assert visitor.answer.status_code == 422
        words = BOOK.words("en").problem(said, "", {"most": 500}, {}).text
        assert words in visitor.answer.text
        assert not at or words in visitor.says_at(at)
        assert visitor.presses("send", **MEANT | {"question__words": ""}).answer.status_code == 200

    def test_when_it_is_over(self, town: Town, desk: Desk) -> None:
        """After two weeks a link holds no more, and its token is forgotten."""
        held(town, desk)
        desk.waits(DAY * 15)
        assert Visitor(desk.door).goes(links(desk)[0]).answer.status_code == 410
        run_timer(desk.context, "surveys")
        with desk.context.work() as work:
            assert work.connection.execute(sa.text("select count(*) from survey_token")).scalar() == 0


class TestReading:
    def test_counts_when_it_is_over(self, town: Town, desk: Desk) -> None:
        """When nobody can answer any more, the organiser reads how many chose what, and the words."""
        workshop = held(town, desk)
        answers(desk, links(desk)[:5])
        answers(desk, links(desk)[5:], question__useful="little", question__words="Mere sang")
        assert results(desk, workshop)["status"] == "open"
        desk.waits(DAY * 15)
        read = results(desk, workshop)
        assert (read["status"], read["answered"]) == ("ready", 6)
        (useful,) = read["questions"]
        assert [(one["code"], one["count"]) for one in useful["counts"]] == [("much", 5), ("little", 1)]

    def test_too_few_answers(self, town: Town, desk: Desk) -> None:
        """Fewer than five answers are never shown, nor to a question that fewer than five answered."""
        workshop = held(town, desk)
        answers(desk, links(desk)[:4])
        desk.waits(DAY * 15)
        read = results(desk, workshop)
        assert (read["status"], read["questions"], "answered" in read) == ("too-few", [], False)

    def test_by_organisers(self, town: Town, desk: Desk) -> None:
        """A leader reads what is said of his institution's activities, for a purpose; nobody else's, and no participant reads any."""
        workshop = held(town, desk)
        path = f"/v1/activities/{workshop['activity_id']}/feedback"
        for institution, status in ((BIRKEGAARDEN.code, 200), ("globen", 403)):
            leader = desk.door.as_(Role.LEADER, institutions=[institution], purpose="plan-workshop")
            assert leader.get(path).status_code == status
        assert desk.door.as_(Role.COORDINATOR).get(path).status_code == 400
        assert desk.door.as_(Role.GUARDIAN, purpose="plan-workshop").get(path).status_code == 403


def test_no_way_from_an_answer_to_a_person(town: Town, desk: Desk) -> None:
    """No value in the tables of answers and tokens stands in any other table, but the activity's and what all answers have in common."""
    held(town, desk)
    answers(desk, links(desk)[:3], question__useful="much", question__words="Mere sang")
    with desk.context.work() as work:
        rows = work.connection.execute(sa.text("select * from survey_answer")).mappings().all()
        tokens = work.connection.execute(sa.text("select token_hash from survey_token")).scalars().all()
        elsewhere = [_all_of(table, work) for table in _tables(work) if table not in {"survey_answer", "survey_token"}]
    assert {str(row["answered_on"]) for row in rows} == {"2026-11-10"}
    assert {name for row in rows for name in row} == {"answer_id", "activity_id", "question", "choice", "words", "answered_on"}
    keys = [*tokens, *(str(row["answer_id"]) for row in rows)]
    assert len(tokens) == 3
    assert not [key for key in keys for text in elsewhere if key in text]
    assert all(str(row["answer_id"])[14] == "4" for row in rows), "an id that says nothing of the time"


def _tables(work: Any) -> list[str]:
    named = "select schemaname || '.' || tablename from pg_tables where schemaname in ('public', 'chassis')"
    return [name.removeprefix("public.") for name in work.connection.execute(sa.text(named)).scalars()]


def _all_of(table: str, work: Any) -> str:
    return str(work.connection.execute(sa.text(f"select coalesce(json_agg(t), '[]') from {table} t")).scalar())
