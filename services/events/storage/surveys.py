"""Surveys: who is to be asked, the tokens that are out, and the answers. No key leads from one of these to another, or to a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
import sqlalchemy as sa

from services.events.domain.survey import ASKED_WITHIN, LEAST, Given, Survey, SurveyQuestion
from services.events.storage.attendance import CAME
from services.events.storage.rows import every, first, json_of

AT_ONCE = 20
_TO_ASK = sa.text(f"""
select cast(a.activity_id as text) from activity a join programme p on p.programme = a.programme
join lateral (select max(m.ends_at) as ends_at from session m where m.activity_id = a.activity_id and not m.called_off) e on true
where a.activity_id in (select activity_id from session where ends_at > :since and ends_at < :today)
    and a.status = 'done' and jsonb_array_length(p.survey) > 0 and e.ends_at < :today
    and not exists (select from survey v where v.activity_id = a.activity_id)
    and (select count(distinct t.signup_id) from attendance t join session m on m.session_id = t.session_id
        where m.activity_id = a.activity_id and {CAME}) >= :least
order by a.activity_id limit :limit
""")  # noqa: S608 - our own text
_WHO_CAME = sa.text(f"""
select cast(s.signup_id as text), cast(s.contact_id as text) from signup s
where s.activity_id = :activity_id and s.status = 'seated'
    and exists (select from attendance t where t.signup_id = s.signup_id and {CAME})
""")  # noqa: S608 - our own text
_QUESTIONS = sa.text("select survey from programme where programme = :programme")
_BEGIN = sa.text("insert into survey (activity_id, closes_on) values (:activity_id, :closes_on) on conflict do nothing")
_ISSUE = sa.text("""
insert into survey_token (token_hash, activity_id)
select token_hash, :activity_id from json_array_elements_text(cast(:hashes as json)) as r (token_hash) order by token_hash
""")
_OF_TOKEN = sa.text("""
select cast(v.activity_id as text), v.closes_on, v.answered from survey_token t join survey v on v.activity_id = t.activity_id
where t.token_hash = :token_hash
""")
_OF_ACTIVITY = sa.text("select cast(activity_id as text), closes_on, answered from survey where activity_id = :activity_id")
_SPEND = sa.text("delete from survey_token where token_hash = :token_hash")
_ANSWER = sa.text("""
insert into survey_answer (answer_id, activity_id, question, choice, words, answered_on)
select gen_random_uuid(), :activity_id, r.question, r.choice, r.words, :day from json_to_recordset(cast(:rows as json))
    as r(question text, choice text, words text)
""")
_COUNT = sa.text("update survey set answered = answered + 1 where activity_id = :activity_id")
_COUNTS = sa.text("""
select question, choice, count(*) as number from survey_answer
where activity_id = :activity_id and choice is not null group by question, choice
""")
_WORDS = sa.text("select question, words from survey_answer where activity_id = :activity_id and words is not null order by answer_id")
_FORGET = sa.text("delete from survey_token t using survey v where v.activity_id = t.activity_id and v.closes_on < :today")


@dataclass(frozen=True)
class Came:
    """A sign-up of whom somebody came, and who is told of it."""

    signup_id: str
    contact_id: str


@dataclass(frozen=True)
class Count:
    """How many chose an option."""

    question: str
    choice: str
    number: int


class Surveys:
    """What is asked, and what was answered by nobody knows whom."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def to_ask(self, now: datetime, today: datetime) -> Sequence[str]:
        """The ids of activities that were over before `today` began and to which enough came, whom nobody has asked yet."""
        those = {"since": now - ASKED_WITHIN, "today": today, "least": LEAST, "limit": AT_ONCE}
        return self._connection.execute(_TO_ASK, those).scalars().all()

    def who_came(self, activity_id: str) -> Sequence[Came]:
        """Each sign-up of whom anybody came."""
        return every(Came, self._connection.execute(_WHO_CAME, {"activity_id": activity_id}))

    def questions(self, programme: str, kind: str) -> Sequence[SurveyQuestion]:
        """What is asked after an activity of that kind."""
        found = self._connection.execute(_QUESTIONS, {"programme": programme}).scalar() or []
        return [one for one in msgspec.convert(found, list[SurveyQuestion]) if one.is_asked_after(kind)]

    def begin(self, survey: Survey) -> bool:
        """Keep a new survey; False if there is one already."""
        row = {"activity_id": survey.activity_id, "closes_on": survey.closes_on}
        return self._connection.execute(_BEGIN, row).rowcount > 0

    def issue(self, survey: Survey, hashes: Iterable[str]) -> None:
        """Keep tokens by their hashes, in an order that says nothing of the order in which they were made."""
        self._connection.execute(_ISSUE, {"activity_id": survey.activity_id, "hashes": json_of(hashes)})

    def of_token(self, token_hash: str) -> Survey | None:
        """The survey that a token is for; None where it is spent, or none of ours."""
        return first(Survey, self._connection.execute(_OF_TOKEN, {"token_hash": token_hash}))

    def of_activity(self, activity_id: str) -> Survey | None:
        return first(Survey, self._connection.execute(_OF_ACTIVITY, {"activity_id": activity_id}))

    def spend(self, token_hash: str) -> bool:
        """The token is gone; whether it was there."""
        return self._connection.execute(_SPEND, {"token_hash": token_hash}).rowcount > 0

    def answer(self, activity_id: str, given: Sequence[Given], day: date) -> None:
        """Keep what somebody answered."""
        self._connection.execute(_ANSWER, {"activity_id": activity_id, "rows": json_of(given), "day": day})
        self._connection.execute(_COUNT, {"activity_id": activity_id})

    def counts(self, activity_id: str) -> Sequence[Count]:
        """How many chose what."""
        return every(Count, self._connection.execute(_COUNTS, {"activity_id": activity_id}))

    def words(self, activity_id: str) -> Sequence[tuple[str, str]]:
        """What was answered in words, by question, in no order that means anything."""
        return [(question, words) for question, words in self._connection.execute(_WORDS, {"activity_id": activity_id})]

    def forget_tokens(self, today: date) -> None:
        """Tokens of surveys that are over are good for nothing."""
        self._connection.execute(_FORGET, {"today": today})
