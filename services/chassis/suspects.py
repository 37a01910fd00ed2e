"""Who may have ended a process: redelivered messages are counted before they are tried, so that a count survives what they do.

An innocent never shares a killer's fate: with each death they are tried in smaller groups, and a message is given up
only after it was in hand alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import sqlalchemy as sa

from services.chassis.errors import Conflict
from services.chassis.inbox import Name, listed
from services.chassis.reading import Incoming
from services.chassis.service import Context

GROUPS = (500, 20, 1, 1, 1)
"""How many redelivered messages are tried together when the process has died with them in hand not at all, once, twice …

After as many deaths as there are groups a message is parked without another try: the last three it had to itself.
"""

_COUNTS = sa.text(
    "select source, message_id, count from chassis.attempt join json_to_recordset(cast(:rows as json)) as x(s text, i text)"
    " on source = s and message_id = i where consumer = :consumer"
)
_COUNT = sa.text(
    "insert into chassis.attempt as a (consumer, source, message_id, count)"
    " select distinct :consumer, s, i, 1 from json_to_recordset(cast(:rows as json)) as x(s text, i text) order by s, i"
    " on conflict (consumer, source, message_id) do update set count = a.count + 1, tried_at = clock_timestamp()"
)
_FORGET = sa.text(
    "delete from chassis.attempt using json_to_recordset(cast(:rows as json)) as x(s text, i text)"
    " where consumer = :consumer and source = s and message_id = i"
)
_TAKE_BACK = sa.text(
    "with suspect as (select s, i from json_to_recordset(cast(:rows as json)) as x(s text, i text)),"
    " before as (update chassis.attempt set count = count - 1 from suspect"
    " where consumer = :consumer and source = s and message_id = i and count > 1)"
    " delete from chassis.attempt using suspect where consumer = :consumer and source = s and message_id = i and count = 1"
)


class Suspects:
    """What is counted for one queue. `counted` are those that this process, which has not ended, has counted itself."""

    def __init__(self, context: Context, consumer: str) -> None:
        self._context = context
        self._consumer = consumer
        self.counted: set[Name] = set()

    def grouped(self, messages: Iterable[Incoming]) -> Iterator[tuple[Sequence[Incoming], int]]:
        """Those to be tried together, and how many processes have ended with them in hand."""
        messages = list(messages)
        deaths = self._deaths(messages)
        for count, group in groupby(sorted(messages, key=lambda m: deaths.get(name(m), 0)), key=lambda m: deaths.get(name(m), 0)):
            for together in chunks(list(group), GROUPS[min(count, len(GROUPS) - 1)]):
                yield together, count

    def count(self, messages: Iterable[Incoming]) -> None:
        """Count each once in the life of this process, however often the database goes away meanwhile: it can end but once."""
        new = set(map(name, messages)) - self.counted
        self._run(_COUNT, new)
        self.counted |= new

    def forget(self, messages: Iterable[Incoming]) -> None:
        """They are settled."""
        settled = set(map(name, messages))
        self._run(_FORGET, settled)
        self.counted -= settled

    def take_back(self, names: Iterable[Name]) -> None:
        """They are no longer in hand, and the process has not ended: what was counted beforehand did not happen."""
        if back := set(names):
            self._run(_TAKE_BACK, back)
            self.counted -= back

    def _deaths(self, messages: Iterable[Incoming]) -> Mapping[Name, int]:
        with self._context.work() as work:
            found = work.connection.execute(_COUNTS, {"consumer": self._consumer, "rows": listed(map(name, messages))})
            return {(source, id_): count - ((source, id_) in self.counted) for source, id_, count in found}

    def _run(self, statement: sa.TextClause, names: Iterable[Name]) -> None:
        with self._context.work() as work:
            work.connection.execute(statement, {"consumer": self._consumer, "rows": listed(names)})


def name(message: Incoming) -> Name:
    """What the inbox and the counts know it by."""
    return message.source, message.id


def ended_the_last_try(tries: int) -> Conflict:
    """The fault of a message whose tries are used up, and of the last of which nothing was heard again."""
    return Conflict(
        "ended-the-process",
        da=f"Beskeden blev forsøgt {tries} gange. Sidste gang stoppede processen, eller den mistede sin database, mens den var i hånden.",
        en=f"It was tried {tries} times. The last time the process ended, or lost its database, while it had this message in hand.",
    )


def ended_the_process(times: int) -> Conflict:
    """The fault of a message that no process survives."""
    return Conflict(
        "ended-the-process",
        da=f"Processen stoppede {times} gange, mens beskeden var i hånden.",
        en=f"The process ended {times} times while it had this message in hand.",
    )


def chunks(messages: Sequence[Incoming], size: int) -> Iterator[Sequence[Incoming]]:
    """So many at a time, in order."""
    for start in range(0, len(messages), size):
        yield messages[start : start + size]
