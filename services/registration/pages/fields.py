"""What the page asks: its sections and their fields, made of a programme, the reader's language and what was typed."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.chassis.pages.fields import Field, Option
from services.chassis.pages.words import Said, Words
from services.registration.domain.programme import ConsentText, Institution, Programme
from services.registration.domain.question import About, Question, QuestionKind
from services.registration.domain.sign_up import Channel
from services.registration.pages.typed import AT_HOME, MOST, PURPOSE, Typed, asked
from services.registration.vocabulary import CHANNELS, RELATIONS

Problems = Mapping[str, Sequence[Said]]
"""What is wrong, by the name of the field; under the empty name what is no field's."""

YES_NO: Final = ("yes", "no")
_KINDS: Final = {
    QuestionKind.TEXT: "long",
    QuestionKind.CHOICE: "select",
    QuestionKind.CHOICES: "checkboxes",
    QuestionKind.YES_NO: "radios",
    QuestionKind.NUMBER: "number",
    QuestionKind.DATE: "date",
}


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading. `remove` is what the button says to the server that takes it off the page, `add` what that one says
    which puts another one beside it; empty where there is none. `hidden` travels with the page.
    """

    title: str
    fields: Sequence[Field]
    text: Said | None = None
    note: str = ""
    remove: str = ""
    add: str = ""
    hidden: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """The page as one reader has it. `channel` is how he proved his address; `text` the consent's words that he is shown."""

    programme: Programme
    institutions: Sequence[Institution]
    text: ConsentText | None
    channel: Channel
    words: Words
    today: date
    typed: Typed
    problems: Problems

    @property
    def questions(self) -> Sequence[Question]:
        """Those that are asked today."""
        return [question for question in self.programme.questions if question.is_open_on(self.today)]

    def sections(self) -> list[Section]:
        """Everything that is asked, in order."""
        guardians, children = (self.typed.places(group) for group in ("guardians", "children"))
        found = [self._guardian(place, nth, len(guardians)) for nth, place in enumerate(guardians)]
        found += [self._child(place, nth, len(children)) for nth, place in enumerate(children)]
        return [*found, *self._consent()]

    def _guardian(self, place: str, nth: int, of: int) -> Section:
        at = f"guardians/{place}"
        fields = [
            self._field(f"{at}/given_name", "text", autocomplete="given-name" if nth == 0 else "off"),
            self._field(f"{at}/family_name", "text", autocomplete="family-name" if nth == 0 else "off"),
            self._field(f"{at}/email", "email", autocomplete="email" if nth == 0 else "off", **self._proven(Channel.EMAIL, nth)),
            self._field(f"{at}/phone", "tel", autocomplete="tel" if nth == 0 else "off", **self._proven(Channel.SMS, nth)),
            self._field(f"{at}/channels", "checkboxes", self._channels(), optional=True),
            self._field(f"{at}/language", "select", self._languages()),
            self._field(f"{at}/spoken_language", "select", self._languages(), optional=True),
            self._field(f"{at}/relation", "select", [self._option(code, name) for code, name in RELATIONS.items()]),
            self._field(f"{at}/custody", "radios", self._yes_no(), hint=self.words["custody-hint"]),
            *(self._questions(About.GUARDIAN, at) if nth == 0 else ()),
        ]
        title = self.words["you"] if nth == 0 else self.words.say("guardian", number=nth + 1)
        return Section(title, fields, remove=f"remove:{at}" if nth else "", add=_add("guardians", nth, of))

    def _child(self, place: str, nth: int, of: int) -> Section:
        at, period = f"children/{place}", self.programme.period
        fields = [
            self._field(f"{at}/child/given_name", "text", autocomplete="off"),
            self._field(f"{at}/child/family_name", "text", autocomplete="off"),
            self._field(f"{at}/child/cpr_number", "digits", autocomplete="off", hint=self.words["cpr-hint"]),
            self._field(f"{at}/child/birth_date", "date"),
            self._field(f"{at}/institution", "select", self._places()),
            self._field(f"{at}/track", "radios", self._tracks()),
            self._field(f"{at}/start_date", "date", hint=self.words.say("start-hint", start=period.start, end=period.end)),
            *self._questions(About.CHILD, f"{at}/child"),
        ]
        title = self.words.say("child", number=nth + 1) if of > 1 else self.words["the-child"]
        id_ = {f"{at}/id": self.typed.text(f"{at}/id")}
        return Section(title, fields, remove=f"remove:{at}" if of > 1 else "", add=_add("children", nth, of), hidden=id_)

    def _consent(self) -> Iterator[Section]:
        if self.text is None:
            return
        purpose = self.programme.consent_purpose(PURPOSE)
        shown = {"consent/text_version": self.text.version, "consent/language": self.text.language}
        field = self._field("consent/given", "radios", self._yes_no(), optional=not (purpose and purpose.required))
        note = "" if self.text.language == self.words.language else self.words["consent-other-language"]
        yield Section(self.words["consent"], [field], text=Said(self.text.text, self.text.language), note=note, hidden=shown)

    def _field(self, name: str, kind: str, options: Sequence[Option] = (), label: Said | None = None, **more: Any) -> Field:
        label = label or Said(self.words[name.rpartition("/")[2]], self.words.language)
        return Field(name, kind, label, self.typed.all(name), options, problems=self.problems.get(name, ()), **more)

    def _proven(self, channel: Channel, nth: int) -> dict[str, Any]:
        """Of the address that somebody proved: that the page asks for the same again, of which we have no more than a hash."""
        is_proven = nth == 0 and channel is self.channel
        return {"optional": not is_proven, "hint": self.words["proven-hint"] if is_proven else ""}

    def _questions(self, about: About, at: str) -> Iterator[Field]:
        for question, _ in asked(self.typed, self.questions, about, at):
            named = [self._option(one.code, one.name) for one in question.options]
            options = self._yes_no() if question.kind is QuestionKind.YES_NO else named
            name, label, optional = f"{at}/answers/{question.code}", self.words.named(question.text), not question.required
            yield self._field(name, _KINDS[question.kind], options, label, optional=optional, is_question=True)

    def _option(self, code: str, text: Mapping[str, str], group: str = "") -> Option:
        return Option(code, self.words.named(text), group)

    def _own(self, code: str, text: str) -> Option:
        return Option(code, Said(text, self.words.language))

    def _yes_no(self) -> list[Option]:
        return [self._own(code, self.words[code]) for code in YES_NO]

    def _languages(self) -> list[Option]:
        return [self._own(one.code, self.words.language_name(one.code)) for one in self.programme.languages]

    def _channels(self) -> list[Option]:
        """Those by which a sign-up says how somebody is reached."""
        return [self._option(channel, CHANNELS[channel]) for channel in Channel]

    def _tracks(self) -> list[Option]:
        return [self._option(track.code, track.name) for track in self.programme.tracks if track.is_open_on(self.today)]

    def _places(self) -> list[Option]:
        """The institutions by district, and none."""
        districts = {district.code: self.words.named(district.name).text for district in self.programme.districts}
        found = [Option(one.code, Said(one.name, "da"), districts[one.district_near(self.today)]) for one in self.institutions]
        return [*sorted(found, key=lambda option: (option.group, option.said.text)), self._own(AT_HOME, self.words["at-home"])]


def _add(group: str, nth: int, of: int) -> str:
    """After the last one of its group, as long as there may be more."""
    return f"add:{group}" if nth == of - 1 and of < MOST[group] else ""
