"""The page as one family fills it in: what is asked, what was typed, what is wrong with it, and what is sent in the end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from services.chassis.pages.fields import Field
from services.chassis.pages.words import Said, Words
from services.registration.domain.programme import ConsentText, Institution, Programme
from services.registration.domain.sign_up import Channel, Session
from services.registration.handlers import sign_ups
from services.registration.pages import problems
from services.registration.pages.fields import Problems, Sheet
from services.registration.pages.rendering import page
from services.registration.pages.typed import MOST, PURPOSE, Typed, requests

if TYPE_CHECKING:
    from services.registration.storage import Work

_OF_THE_PAGE: Final = frozenset({"do", "lang", "form"})
"""What a page says of itself, and each page anew."""
_SHOWN: Final = ("text_version", "language")


@dataclass(frozen=True)
class Filling:
    """`session` is None where it is over: then the page is shown again with all that was typed, and nothing can be sent."""

    programme: Programme
    session: Session | None
    typed: Typed
    words: Words
    work: "Work"

    @property
    def channel(self) -> Channel:
        return self.session.channel if self.session else Channel.EMAIL

    def problems(self) -> Problems:
        """Everything that is wrong, by field."""
        if self.session is None:
            return {}
        asked = [(child, data, sign_ups.objections(data, self.session, self.work)) for child, data in self._requests()]
        found = problems.at_fields(asked, self.typed, self.channel, self.words)
        return {name: said for name, said in found.items() if name not in self.unseen}

    @cached_property
    def unseen(self) -> AbstractSet[str]:
        """The questions that the answers bring and that were not on the page."""
        fields = (field for section in self._sheet(self.typed).sections() for field in section.fields)
        return {field.name for field in fields if field.is_question} - {*self.typed.all("asked")}

    def send(self, session: Session) -> None:
        """Ask for all children, or for none. Raises `Conflict` where it was sent before and is another now, and `TooManyRequests`."""
        with self.work.attempt() as attempt:
            for child, data in self._requests():
                sign_ups.submit(session, self.typed.text(f"children/{child}/id"), data, self.work)
            attempt.keep()

    def form(self, *, notice: str = "", wrong: Problems | None = None, focus: str = "") -> str:
        """The page to fill in; `notice` is the key of what it says first, `focus` the field at which it opens."""
        sections = self._sheet(self._agreed_to_what_is_shown(), self._newest(), wrong).sections()
        fields = [field for section in sections for field in section.fields]
        return self._page(
            "family",
            sections=sections,
            notice=notice,
            focus=focus,
            fields_wrong=[field for field in fields if field.problems],
            loose=list(_loose(wrong or {}, fields)),
            until=self.session and self.session.expires_at,
            travels=self._travels({"programme": [self.programme.code], **{group: self.typed.places(group) for group in MOST}}),
        )

    def summary(self) -> str:
        """Everything that was typed, to be looked through."""
        kept = {name: values for name, values in self.typed.values.items() if name not in _OF_THE_PAGE}
        return self._page("summary", sections=self._sheet(self.typed, self._shown()).sections(), travels=self._travels(kept))

    def _sheet(self, typed: Typed, text: ConsentText | None = None, wrong: Problems | None = None) -> Sheet:
        return Sheet(self.programme, self._places, text, self.channel, self.words, self.work.today, typed, wrong or {})

    @cached_property
    def _places(self) -> Sequence[Institution]:
        """The institutions that can be chosen: those that exist today."""
        return self.work.programmes.institutions_on(self.work.today, programme=self.programme.code)

    def _page(self, name: str, **values: object) -> str:
        return page(name, self.words, programme=self.words.named(self.programme.name), **values)

    def _requests(self) -> Iterator[tuple[str, dict[str, Any]]]:
        return requests(self.typed, self.programme, self._sheet(self.typed).questions)

    def _travels(self, kept: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
        form = self.work.resources.sign_up_keys.form_of(self.session.session_id) if self.session else ""
        own = {"lang": [self.words.language], "form": [form]}
        return [(name, value) for name, values in {**kept, **own}.items() for value in values]

    @cached_property
    def _texts(self) -> Sequence[ConsentText]:
        texts = self.work.programmes.consent_texts(self.programme.code)
        return [text for text in texts if text.purpose == PURPOSE]

    def _newest(self) -> ConsentText | None:
        """The words of the version that stands last in the programme's folder, in the language that suits the reader best."""
        versions = [key.version for key in self.programme.consent_texts if key.purpose == PURPOSE]
        of_version = {text.language: text for text in self._texts if text.version == versions[-1]} if versions else {}
        return of_version[self.words.nearest(of_version)] if of_version else None

    def _shown(self) -> ConsentText | None:
        """The words that were on the page."""
        shown = [self.typed.text(f"consent/{name}") for name in _SHOWN]
        return next((text for text in self._texts if [text.version, text.language] == shown), None)

    def _agreed_to_what_is_shown(self) -> Typed:
        """Who is shown other words than he answered to is asked again."""
        return self.typed if self._shown() == self._newest() else self.typed.having({"consent/given": []})


def _loose(wrong: Problems, fields: Iterable[Field]) -> Iterator[Said]:
    """What is wrong with nothing that is on the page."""
    known = {field.name for field in fields}
    return (said for name, those in wrong.items() if name not in known for said in those)
