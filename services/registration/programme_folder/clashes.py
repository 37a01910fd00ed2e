"""What a programme's folder may not change: what enrolments and consents rest on stays, with its ids and its words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from services.chassis.errors import Reason
from services.registration.domain.programme import ConsentText, Institution, Programme
from services.registration.domain.question import Question
from services.registration.texts import reason

if TYPE_CHECKING:
    from services.registration.programme_folder import ProgrammeFolder


@dataclass(frozen=True)
class Loaded:
    """What is loaded under a programme's code, and every institution that a folder's institutions may collide with."""

    programme: Programme | None = None
    institutions: tuple[Institution, ...] = ()
    consent_texts: tuple[ConsentText, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def own_institutions(self) -> tuple[Institution, ...]:
        """Those that the programme itself refers to."""
        return tuple(one for one in self.institutions if self.programme and self.programme.code in one.programmes)

    def known(self, institution: Institution) -> Institution | None:
        """The same institution as it is known, whichever programmes refer to it."""
        return next((one for one in self.institutions if one.institution_id == institution.institution_id), None)


_LASTING: Final = {"kind": "kind-changed"} | dict.fromkeys(("about", "purpose", "sensitivity"), "promise-changed")
"""What of a question must stay as it is, and the rule that says so."""


def clashes(folder: "ProgrammeFolder", loaded: Loaded, *, shared_too: bool = False) -> Iterator[Reason]:
    """Where the folder takes away or alters what is in use; what is no longer wanted is closed instead.

    What other programmes refer to as well changes for them too: that is a clash unless somebody has confirmed it (`shared_too`).
    """
    yield from () if shared_too else _changed_for_others(folder, loaded)
    yield from _moved_ids(folder, loaded)
    yield from _taken_away(folder, loaded)
    yield from _reworded(folder, loaded)
    yield from _retyped(folder, loaded)


def _moved_ids(folder: "ProgrammeFolder", loaded: Loaded) -> Iterator[Reason]:
    if loaded.programme and loaded.programme.programme_id != folder.programme.programme_id:
        yield reason("id-changed", folder.content.place("programme_id"))
    for index, institution in enumerate(folder.institutions):
        for other in loaded.institutions:
            for column in _collisions(institution, other):
                place = folder.content.place("institutions", index, column)
                yield reason("belongs-elsewhere", place, {"value": getattr(institution, column), "id": other.institution_id})


def _changed_for_others(folder: "ProgrammeFolder", loaded: Loaded) -> Iterator[Reason]:
    for index, institution in enumerate(folder.institutions):
        known = loaded.known(institution)
        others = [code for code in known.programmes if code != folder.programme.code] if known else []
        if known and others and not institution.agrees_with(known):
            place = folder.content.place("institutions", index)
            yield reason("changes-shared", place, {"value": institution.code, "programmes": ", ".join(others)})


def _collisions(ours: Institution, loaded: Institution) -> Iterator[str]:
    """The same code or number must be the same institution's, whichever programme named it first."""
    for column in ("code", "stil_number"):
        value = getattr(ours, column)
        if value and ours.institution_id != loaded.institution_id and value == getattr(loaded, column):
            yield column


def _taken_away(folder: "ProgrammeFolder", loaded: Loaded) -> Iterator[Reason]:
    if loaded.programme is None:
        return
    ids = {institution.institution_id for institution in folder.institutions}
    missing = set(loaded.programme.codes()) - set(folder.programme.codes())
    missing |= {("institutions", known.code) for known in loaded.own_institutions if known.institution_id not in ids}
    missing |= {("consent_texts", ".".join(known.key)) for known in loaded.consent_texts if known.key not in folder.programme.consent_texts}
    yield from (reason("must-stay", folder.content.place(key), {"value": value}) for key, value in sorted(missing))


def _reworded(folder: "ProgrammeFolder", loaded: Loaded) -> Iterator[Reason]:
    words = {text.key: text.text for text in loaded.consent_texts}
    for text in folder.consent_texts:
        if words.get(text.key, text.text) != text.text:
            yield reason("words-changed", f"consents/{'.'.join(text.key)}.txt")


def _retyped(folder: "ProgrammeFolder", loaded: Loaded) -> Iterator[Reason]:
    """The answers that a question got stay answers to it, about whom, for what and guarded as those were told who gave them."""
    known = {question.code: question for question in _questions(loaded.programme)}
    for index, question in enumerate(folder.programme.questions):
        before = known.get(question.code, question)
        for name, rule in _LASTING.items():
            if getattr(before, name) != getattr(question, name):
                yield reason(rule, folder.content.place("questions", index, name), {"value": question.code})


def _questions(programme: Programme | None) -> tuple[Question, ...]:
    return programme.questions if programme else ()
