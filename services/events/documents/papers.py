"""What stands on the papers that are printed: the list of a session, and the certificate of somebody who came. Neither names anybody."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from unicodedata import category, normalize

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from services.events.documents import words
from services.events.domain.activity import Activity
from services.events.domain.attendance import Attendance, Line, Roll
from services.events.domain.code import code_of
from services.events.domain.session import LOCAL, Session

LINES_FOR_GUESTS = 5
"""Empty lines at the end of a list, for those who drop in."""

NOT_SHOWN = "□"

_LOCALES = {"da": "da", "en": "en_GB"}
_SHOWN = [(" ", "\u04ff"), ("\u1e00", "\u1eff"), ("\u2010", "\u203a"), ("\u20a0", "\u20bf")]
"""What the press has letters for: Latin with every accent, Greek, Cyrillic, and the usual signs."""


def session_list(roll: Roll, language: str, needs: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """The data of `list.typ`: everybody with a seat, a line each, by his sign-up's code; then who dropped in.

    `needs` is what each sign-up needs, in words; None: nothing is asked, and there is no column for it.
    """
    say, session = words(language), roll.session
    lines = list(roll.lines({}))
    seated = [line for line in lines if not line.dropped_in]
    return {
        "words": say["list"],
        "language": language,
        "heading": f"{say['list']['title']}: {printable(roll.activity.title[language])}",
        "when": f"{_day(session.starts_at, language, 'full')}, {_times(session, language)}",
        "place": printable(session.place),
        "expected": len(seated),
        "seats": roll.activity.capacity,
        "has_needs": needs is not None,
        "rows": _rows(seated, language, needs or {}),
        "guests": list(_guests(lines, language)),
    }


def certificate(activity: Activity, attended: Sequence[Attendance], language: str, now: datetime) -> Mapping[str, Any]:
    """The data of `certificate.typ`: the sessions that somebody came to, and how much that was of all."""
    say = words(language)["certificate"]
    sessions = [activity.session(one.session_id) for one in attended]
    hours = _hours(sum((session.ends_at - session.starts_at for session in sessions), timedelta()), language)
    return {
        "words": say,
        "language": language,
        "heading": printable(activity.title[language]),
        "sessions": [_attended(session, one, language) for session, one in zip(sessions, attended, strict=True)],
        "in_all": say["in-all"].format(came=len(sessions), held=len(activity.sessions), hours=hours),
        "made": say["made"].format(day=_day(now, language, "long")),
    }


def printable(text: str) -> str:
    """The text with a box for each letter that cannot be printed: a page without it would not be accessible, and is refused."""
    return "".join(letter if _is_shown(letter) else NOT_SHOWN for letter in normalize("NFC", text))


def _is_shown(letter: str) -> bool:
    return category(letter)[0] in "LNPSZ" and any(first <= letter <= last for first, last in _SHOWN)


def _rows(seated: Sequence[Line], language: str, needs: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    """What a party needs stands in the first of its lines."""
    first = {line.signup_id: number for number, line in reversed(list(enumerate(seated, start=1)))}
    said = {number: needs.get(signup_id or "", "") for signup_id, number in first.items()}
    return [_row(str(number), line, language, said.get(number, "")) for number, line in enumerate(seated, start=1)]


def _row(number: str, line: Line, language: str, needs: str = "") -> Mapping[str, Any]:
    code = code_of(line.signup_id) if line.signup_id else ""
    return {
        "number": number,
        "code": code,
        "role": words(language)["role"][line.role.value],
        "state": line.state,
        "needs": printable(needs),
    }


def _guests(lines: Sequence[Line], language: str) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        if line.dropped_in:
            yield _row("", line, language)
    for _ in range(LINES_FOR_GUESTS):
        yield {"number": "", "code": "", "role": "", "state": None, "needs": ""}


def _attended(session: Session, one: Attendance, language: str) -> Mapping[str, str]:
    return {
        "day": _day(session.starts_at, language, "long"),
        "time": _times(session, language),
        "place": printable(session.place),
        "hours": _hours(session.ends_at - session.starts_at, language),
        "attendance": words(language)["certificate"][one.state.value],
    }


def _day(moment: datetime, language: str, form: str) -> str:
    return format_date(moment.astimezone(LOCAL), form, _LOCALES[language])


def _times(session: Session, language: str) -> str:
    """By Danish clocks, also on the day on which they are changed."""
    local = (moment.astimezone(LOCAL) for moment in (session.starts_at, session.ends_at))
    return "–".join(format_time(moment, "short", locale=_LOCALES[language]) for moment in local)  # noqa: RUF001 - the dash between times


def _hours(time: timedelta, language: str) -> str:
    return format_decimal(time / timedelta(hours=1), "0.##", _LOCALES[language])
