"""What the entries of a programme's folder must be to each other: told of all entries that are sound by themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from services.chassis.errors import Reason
from services.chassis.http.purposes import PURPOSES
from services.registration.domain.cover import CoverRule
from services.registration.domain.programme import Cohort, District, Institution, InstitutionKind, Period
from services.registration.domain.question import Question, depends_on_another, depends_wrongly
from services.registration.domain.survey import SurveyKind, SurveyQuestion
from services.registration.domain.validity import after_a_gap, overlapping, span
from services.registration.programme_folder.content import CODED_LISTS, WORDS, Content
from services.registration.programme_folder.form import Form
from services.registration.texts import reason

_CODED = (*CODED_LISTS, "institutions")
_NUMBERED = (("institutions", "institution_id"), ("institutions", "stil_number"), ("districts", "stil_number"))
_ALONE = (*((key, "code") for key in _CODED), *_NUMBERED, ("retention", "trigger"))
_POINTING = (
    ("cohorts", "track", "tracks"),
    ("institutions", "kind", "institution_kinds"),
    ("activity_templates", "kind", "activity_kinds"),
    ("institutions", "successor", "institutions"),
    ("consent_texts", "purpose", "consent_purposes"),
)


def broken_rules(form: Form) -> Iterator[Reason]:
    """Everything that does not fit together."""
    yield from _repetitions(form)
    yield from _loose_ends(form)
    yield from _periods(form)
    yield from _institutions(form)
    yield from _questions(form)
    yield from _survey(form)
    yield from _cover(form)
    yield from _texts(form)
    yield from _words(form)


def _repetitions(form: Form) -> Iterator[Reason]:
    for key, field in _ALONE:
        seen: Counter[str] = Counter()
        for index, entry in enumerate(form.content.entries(key)):
            value = entry.get(field) if isinstance(entry, dict) else None
            seen[str(value)] += value is not None
            if seen[str(value)] > 1:
                yield reason("stands-twice", form.content.place(key, index, field), {"value": value})


def _loose_ends(form: Form) -> Iterator[Reason]:
    """Codes that point at nothing."""
    for key, field, target in _POINTING:
        codes = form.codes(target)
        for index, entry in form.sound(key):
            yield from _unknown(form.content, entry.get(field), codes, target, key, index, field)
    districts = form.codes("districts")
    for index, institution in form.institutions():
        for code in dict.fromkeys(placement.district for placement in institution.placements):
            yield from _unknown(form.content, code, districts, "districts", "institutions", index, "district")


def _unknown(content: Content, code: str | None, codes: set[str] | None, target: str, *place: object) -> Iterator[Reason]:
    if code is not None and codes is not None and code not in codes:
        key, *steps = place
        yield reason("points-nowhere", content.place(str(key), *steps), {"value": code, "target": content.place(target)})


def _periods(form: Form) -> Iterator[Reason]:
    """The programme's is not the wrong way round, and its cohorts go through it within it."""
    whole = msgspec.convert(form.content.whole["period"], Period) if form.is_sound("period") else None
    if whole and whole.end < whole.start:
        yield reason("period-ends-first", form.content.place("period", "end"))
    for index, cohort in form.read("cohorts", Cohort):
        if cohort.period.end < cohort.period.start:
            yield reason("period-ends-first", form.content.place("cohorts", index, "period", "end"))
        elif whole and whole.start <= whole.end and not (cohort.period.start in whole and cohort.period.end in whole):
            yield reason("outside-programme", form.content.place("cohorts", index, "period"), asdict(whole))


def _institutions(form: Form) -> Iterator[Reason]:
    everyone = dict(form.institutions())
    by_code = {institution.code: institution for institution in everyone.values()}
    kinds = {kind.code: kind for _, kind in form.read("institution_kinds", InstitutionKind)}
    districts = {district.code: district for _, district in form.read("districts", District)}
    for index, institution in everyone.items():
        times, heir = _times(institution), _heir(institution, by_code)
        broken = [*times, *heir, *_district_ends(institution, districts), *_number(institution, kinds)]
        yield from (reason(slug, form.content.place("institutions", index, field), values) for slug, field, values in broken)


Broken = tuple[str, str, Mapping[str, Any]]
"""A rule's slug, the field that breaks it, and what its text names."""


def _times(institution: Institution) -> Iterator[Broken]:
    """Its periods: none is the wrong way round, no day has two districts, and each day of its existence has one."""
    existence, placements = institution.existence, institution.placements
    if existence.reversed:
        yield "period-ends-first", "closed", {}
        return
    if any(placement.valid.reversed for placement in placements):
        yield "period-ends-first", "district", {}
        return
    if overlapping(placements):
        yield "periods-overlap", "district", {}
    if not all(existence.covers(placement.valid) for placement in placements):
        yield "outside-existence", "district", {}
    elif after_a_gap(placements) or not span(placements).covers(existence):
        yield "period-gap", "district", {}


def _heir(institution: Institution, by_code: Mapping[str, Institution]) -> Iterator[Broken]:
    """What it was merged into is there on the day after its last: so nothing is merged into itself, by whatever detour."""
    if institution.successor and institution.existence.end is None:
        yield "successor-of-open", "successor", {}
    day, heir = institution.needs_heir_on, by_code.get(institution.successor or "")
    if day and heir and day not in heir.existence:
        yield "successor-not-there", "successor", {"value": institution.successor, "day": day}


def _district_ends(institution: Institution, districts: Mapping[str, District]) -> Iterator[Broken]:
    for placement in institution.placements:
        district = districts.get(placement.district)
        if district and district.closed and placement.valid.last > district.closed:
            yield "outlasts-district", "district", {"value": district.code, "end": district.closed}


def _number(institution: Institution, kinds: Mapping[str, InstitutionKind]) -> Iterator[Broken]:
    """The register knows the numbers of its own kinds only: childminders have none."""
    kind = kinds.get(institution.kind)
    if institution.stil_number and kind and kind.register_type is None:
        yield "number-not-in-register", "stil_number", {"kind": kind.code}


def _questions(form: Form) -> Iterator[Reason]:
    earlier: dict[str, Question] = {}
    sound = dict(form.read("questions", Question))
    in_doubt = (form.codes("questions") or set()) - {question.code for question in sound.values()}
    for index, question in sound.items():
        broken = [*_wrong_in(question), *_asked_too_early(question, earlier, in_doubt)]
        yield from (reason(slug, form.content.place("questions", index, field), {"known": ", ".join(PURPOSES)}) for slug, field in broken)
        earlier[question.code] = question


def _wrong_in(question: Question) -> Iterator[tuple[str, str]]:
    if question.kind.has_options and len(question.options) < 2:  # noqa: PLR2004 - one is no choice
        yield "options-missing", "options"
    if question.options and not question.kind.has_options:
        yield "options-unasked", "options"
    if len({option.code for option in question.options}) < len(question.options):
        yield "options-repeated", "options"
    if question.purpose not in PURPOSES:
        yield "unknown-purpose", "purpose"


def _asked_too_early(question: Question, earlier: Mapping[str, Question], in_doubt: set[str]) -> Iterator[tuple[str, str]]:
    """One that waits for a question with a mistake of its own is looked at when that is mended."""
    if question.when and question.when.question not in in_doubt and depends_wrongly(question, earlier):
        yield "asked-too-early", "when"
    if depends_on_another(question, earlier):
        yield "asked-of-another", "when"


def _survey(form: Form) -> Iterator[Reason]:
    """A question has options where they are chosen from, and nowhere else; it is asked after kinds that there are."""
    kinds = form.codes("activity_kinds")
    for index, question in form.read("survey", SurveyQuestion):
        yield from (reason(slug, form.content.place("survey", index, "options")) for slug in _wrong_options(question))
        for kind in question.activity_kinds:
            yield from _unknown(form.content, kind, kinds, "activity_kinds", "survey", index, "activity_kinds")


def _cover(form: Form) -> Iterator[Reason]:
    """Rules are for institutions that there are."""
    institutions = form.codes("institutions")
    for index, rule in form.read("staff_cover", CoverRule):
        for code in rule.institutions:
            yield from _unknown(form.content, code, institutions, "institutions", "staff_cover", index, "institutions")


def _wrong_options(question: SurveyQuestion) -> Iterator[str]:
    is_choice = question.kind is SurveyKind.CHOICE
    if is_choice and len(question.options) < 2:  # noqa: PLR2004 - one is no choice
        yield "options-missing"
    if question.options and not is_choice:
        yield "options-unasked"
    if len({option.code for option in question.options}) < len(question.options):
        yield "options-repeated"


def _texts(form: Form) -> Iterator[Reason]:
    """Texts are in the programme's languages."""
    languages = form.codes("languages")
    for key in ("questions", "survey"):
        for index, entry in form.sound(key):
            for language in entry["text"]:
                yield from _unknown(form.content, language, languages, "languages", key, index, "text", language)


def _words(form: Form) -> Iterator[Reason]:
    """Each consent text has its words, and all words are of a consent text."""
    named = {}
    for index, entry in form.sound("consent_texts"):
        for language in entry["languages"]:
            named[words_file(entry, language)] = index
    for file, index in named.items():
        if not (form.content.words(file) or "").strip():
            slug = "words-unreadable" if form.content.files.get(file, b"").strip() else "words-missing"
            yield reason(slug, form.content.place("consent_texts", index, "languages"), {"file": file})
    if len(list(form.sound("consent_texts"))) == len(form.content.entries("consent_texts")) and form.content.is_read("consent_texts"):
        yield from (reason("words-unused", file) for file in sorted(_of_words(form.content.files) - named.keys()))


def _of_words(files: Iterable[str]) -> set[str]:
    return {file for file in files if file.startswith(WORDS)}


def words_file(entry: Mapping[str, Any], language: str) -> str:
    """Where the words of a consent text are."""
    return f"{WORDS}{entry['purpose']}.{entry['version']}.{language}.txt"
