"""Writing a letter: a kind of mail, a person's language and what it is about become a subject, a text and a page.

The words are in `templates/<language>/`, one file a kind, written once: the layouts make a subject, plain text and HTML
of the same blocks. A language is added by a folder. Templates run in jinja2's sandbox with everything escaped, and a
name that a template misspells is an error, not a gap.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from babel import Locale
from babel.dates import format_date, format_time
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from services.notifications.domain.activity import Activity, Session
from services.notifications.domain.language import readable
from services.notifications.domain.mail import Kind
from services.notifications.domain.programme import Contact
from services.notifications.domain.reminder import COPENHAGEN
from services.notifications.domain.signup import Signup

TEMPLATES = Path(__file__).parent / "templates"
PREVIEWED_LINK = "https://example.dk/events/feedback"
LINE = 72
"""Characters in a line of plain text, as mail programs expect."""

_AT = {"da": "kl.", "en": "at"}
"""What stands between a day and a time."""
_LOCALES = {"en": "en_GB"}
"""Languages whose dates are written in a certain country's way; the others are their own locale."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a letter says, before it has words. `signature` is who sends it, `contact` where to ask and cancel;
    `session_id` is given for a reminder, `link` for a letter that asks how it was.
    """

    name: str
    signature: str
    activity: Activity
    signup: Signup
    now: datetime
    session_id: str | None = None
    contact: Contact | None = None
    link: str = ""

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The one session of a reminder, else all that are not over."""
        remaining = self.activity.remaining(self.now)
        return tuple(session for session in remaining if self.session_id in {None, session.session_id})


@dataclass(frozen=True, slots=True)
class Written:
    """A letter's words, in `language`."""

    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class LinkMatter:
    """What a letter with a sign-up link says. `expires_at` is until when the link holds."""

    link: str
    expires_at: datetime
    signature: str
    contact: Contact | None = None


class Letters:
    """Writes letters with the templates of a folder."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self.folder = folder
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {"paragraph": _paragraph, "capital": _capital}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that there are texts in."""
        return tuple(sorted(path.name for path in self.folder.iterdir() if path.is_dir()))

    def write(self, kind: Kind, wanted: str | None, matter: Matter) -> Written:
        """The letter in the language `wanted`, or the next one of the fallback order (see `domain.language`)."""
        language = readable(wanted, self.languages)
        return self._write(f"{language}/{kind}.j2", language, _words(language, matter))

    def write_link(self, wanted: str, matter: LinkMatter) -> Written:
        """The letter with a sign-up link, in the same order of languages."""
        language = readable(wanted, self.languages)
        return self._write(f"{language}/sign-up-link.j2", language, _words_of_link(language, matter))

    def write_code(self, wanted: str, code: str, expires_at: datetime) -> Written:
        """The text message with a code: one line, in letters that every phone has, of nobody's name."""
        language = readable(wanted, self.languages)
        until = _time(expires_at.astimezone(COPENHAGEN), _locale(language))
        text = self._environment.get_template(f"{language}/sign-up-code.j2").render(code=code, until=until)
        return Written(language, subject="", text=" ".join(_plain(text).split()), html="")

    def _write(self, template_name: str, language: str, words: Mapping[str, Any]) -> Written:
        template = self._environment.get_template(template_name)
        return Written(
            language,
            subject=" ".join(_plain(template.render(words, layout="layout.subject.j2")).split()),
            text=_plain(template.render(words, layout="layout.txt.j2")),
            html=template.render(words, layout="layout.html.j2"),
        )

    def preview(self, kind: Kind, language: str) -> str:
        """A letter as a page, with the made-up people of `preview.json`."""
        matter = msgspec.json.decode((self.folder / "preview.json").read_bytes(), type=Matter)
        one_session = matter.activity.sessions[0].session_id if kind is Kind.REMINDER else None
        link = PREVIEWED_LINK if kind is Kind.FEEDBACK else ""
        return self.write(kind, language, replace(matter, session_id=one_session, link=link)).html


def _words(language: str, matter: Matter) -> Mapping[str, Any]:
    """What templates may use."""
    locale = _locale(language)
    return {
        "link": matter.link,
        "language": language,
        "direction": locale.text_direction,
        "name": matter.name,
        "signature": matter.signature,
        "contact": matter.contact,
        "title": matter.activity.title[readable(language, matter.activity.title)],
        "seats": matter.signup.seats,
        "position": matter.signup.position,
        "answer_by": _moment(matter.signup.answer_by, locale),
        "draws_at": _moment(matter.signup.draws_at, locale),
        "answer_hours": matter.signup.answer_hours,
        "sessions": [_meeting(session, locale) for session in matter.sessions],
    }


def _words_of_link(language: str, matter: LinkMatter) -> Mapping[str, Any]:
    locale = _locale(language)
    return {
        "link": matter.link,
        "until": _time(matter.expires_at.astimezone(COPENHAGEN), locale),
        "language": language,
        "direction": locale.text_direction,
        "signature": matter.signature,
        "contact": matter.contact,
    }


def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def _meeting(session: Session, locale: Locale) -> Mapping[str, str]:
    """A session as it is read: its day, and from when to when by the clock in Copenhagen."""
    starts, ends = session.starts_at.astimezone(COPENHAGEN), session.ends_at.astimezone(COPENHAGEN)
    return {
        "day": _day(starts, locale),
        "starts": _time(starts, locale),
        "ends": _time(ends, locale),
        "last_day": "" if ends.date() == starts.date() else _day(ends, locale),
        "place": session.place,
    }


def _day(moment: datetime, locale: Locale) -> str:
    return format_date(moment, "full", locale)


def _time(moment: datetime, locale: Locale) -> str:
    return format_time(moment, "short", tzinfo=COPENHAGEN, locale=locale)


def _moment(moment: datetime | None, locale: Locale) -> str:
    """A moment by the clock in Copenhagen, the day and the time; nothing for none."""
    if moment is None:
        return ""
    local = moment.astimezone(COPENHAGEN)
    return f"{_day(local, locale)} {_AT.get(locale.language, '')} {_time(local, locale)}"


def _plain(rendered: str) -> str:
    """What was escaped for a page, as plain text again."""
    return Markup(rendered).unescape()  # noqa: S704 - the templates' output, on its way out of HTML


def _paragraph(text: str) -> Markup:
    words = " ".join(escape(text).split())
    return Markup(textwrap.fill(words, LINE, break_long_words=False, break_on_hyphens=False))  # noqa: S704 - escaped above


def _capital(text: str) -> str:
    """The first letter as a capital; the others stay as they are."""
    return text[:1].upper() + text[1:]
