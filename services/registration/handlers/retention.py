"""What registration does in the night: erase those whose time is up, by the rules of their programmes.

One night is begun once, whatever number of processes there is. Each person is a transaction of his own, so that one who
cannot be erased holds up nobody; whoever is left is due the next night again.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import structlog

from services.chassis.errors import DeltagError
from services.chassis.service import Context
from services.registration.domain.answer import Due as AnswerDue
from services.registration.domain.retention import Due
from services.registration.handlers import erasing

if TYPE_CHECKING:
    from services.registration.storage import Work

HOUR: Final = time(2)
"""From when on it is night's work, in Denmark: nobody is at work, and the day has changed for certain."""
MOST: Final = 1_000
"""Whom one night erases at most; the others are due the next night."""

_DENMARK: Final = ZoneInfo("Europe/Copenhagen")

log = structlog.get_logger(__name__)


def due_on(night: date, work: "Work", *, limit: int = MOST, after: str | None = None) -> list[Due]:
    """Who would be erased that night, by id: the dry run, and what the night itself goes by."""
    return work.retention.due(night, work.programmes.all(), limit=limit, after=after)


def answers_due_on(night: date, work: "Work") -> list[AnswerDue]:
    """The answers whose time is up, each by its question; not those of people on whom a legal hold lies."""
    due = list(work.question_answers.due(night))
    held = work.retention.held({one.person_id for one in due}, night)
    return [one for one in due if one.person_id not in held]


def keep_to_rules(context: Context) -> None:
    """Erase whose time is up, once a night; the timer `retention`."""
    night = _night(context.clock())
    if night is None:
        return
    with context.work() as work:
        due = due_on(night, work) if work.retention.begin(night, work.now) else None
    if due is None:
        return
    erased = sum(_erased(due, context))
    with context.work() as work:
        answers = work.question_answers.erase(answers_due_on(night, work))
        work.retention.end(night, erased=erased, kept=len(due) - erased, answers=answers)
    log.info("retention.night", night=night.isoformat(), erased=erased, kept=len(due) - erased, answers=answers)


def _erased(due: Sequence[Due], context: Context) -> Iterator[bool]:
    for one in due:
        yield one.goes and _erase(one, context)


def _erase(one: Due, context: Context) -> bool:
    try:
        with context.work() as work:
            return erasing.erase_due(one, work) is not None
    except DeltagError as error:
        log.warning("retention.not_erased", reason=error.slug)
        return False


def _night(now: datetime) -> date | None:
    """The day whose night it is; None before that hour."""
    here = now.astimezone(_DENMARK)
    return here.date() if here.time() >= HOUR else None
