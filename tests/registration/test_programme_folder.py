"""A programme's folder by itself: what it may hold, and how every mistake in it is told at once. No server is needed."""

import pytest

from services.chassis.errors import Invalid
from services.registration.domain.programme import Giver
from services.registration.domain.question import QuestionKind, Sensitivity
from services.registration.domain.validity import Validity
from services.registration.programme_folder import read, read_files
from tests.registration.builders import PROGRAMME
from tests.registration.folders import SAMPLE, added, broken, edited, institution, mistakes, with_house


def test_the_sample_programme_is_as_the_public_pages_say() -> None:
    """Sammen om Børn: about 1000 children, three tracks, ten houses and the childminders in two districts."""
    found = read(PROGRAMME)
    assert (found.programme.target_children, [track.code for track in found.programme.tracks]) == (1000, ["A", "B", "C"])
    assert sorted(i.kind for i in found.institutions) == ["childminding"] + ["daycare-house"] * 10
    assert {placement.district for i in found.institutions for placement in i.placements} == {"hedegaarden", "baltorp"}


def test_a_programme_says_what_it_asks() -> None:
    """Cohorts, roles, consent purposes with their givers, and questions with purpose, retention and sensitivity are in the folder."""
    programme = read(PROGRAMME).programme
    assert {cohort.track for cohort in programme.cohorts} == {"A", "B", "C"}
    assert "key-person" in {role.code for role in programme.professional_roles}
    assert {purpose.code: purpose.given_by for purpose in programme.consent_purposes} == {
        "take-part": Giver.ONE_HOLDER,
        "newsletter": Giver.ALL_HOLDERS,
        "contact": Giver.ONE_HOLDER,
        "statistics": Giver.ALL_HOLDERS,
    }
    language = next(question for question in programme.questions if question.code == "interpreter-language")
    assert (language.kind, language.sensitivity, language.retention) == (QuestionKind.CHOICE, Sensitivity.SENSITIVE, "P1Y")
    assert language.when
    assert (language.when.question, language.when.answers) == ("interpreter", ("yes",))


def test_a_programme_may_do_without_cohorts_and_questions() -> None:
    """The two files may be missing; the others may not."""
    files = {file: content for file, content in SAMPLE.items() if file not in {"cohorts.toml", "questions.toml", "tracks.toml"}}
    assert mistakes(files) == {("file-missing", "tracks.toml")}


EVERYWHERE = {
    "programme.toml": ("target_children = 1000", "target_children = 0\ncolour = 'red'"),
    "tracks.toml": ('code = "C"', ""),
    "cohorts.toml": ("start = 2021-08-01, end = 2022-07-31", "start = 2021-08-01, end = 2025-07-31"),
    "districts.toml": ('code = "baltorp"', 'code = "hedegaarden"'),
    "institutions.toml": ('"151002"', '"15100"'),
    "kinds.toml": ('register_type = "6012"', 'register_type = "6013"'),
    "professions.toml": ('code = "ppr"', 'code = "PPR"'),
    "languages.toml": ('code = "ur"', 'code = "urdu"'),
    "consents.toml": ('given_by = "all_holders"', 'given_by = "grandmother"'),
    "questions.toml": ('retention = "P1Y"', 'retention = "a year"'),
}


def test_every_mistake_is_told_at_once() -> None:
    """A folder with a mistake in every file is told all of them: file, line, place and rule, in the order of the files."""
    files = dict(SAMPLE)
    for file, (old, new) in EVERYWHERE.items():
        files = edited(file, old, new, files)
    files = {file: content for file, content in files.items() if file != "consents/take-part.2021-1.en.txt"}
    with pytest.raises(Invalid) as caught:
        read_files(files)
    assert [(reason.slug, reason.field) for reason in caught.value] == [
        ("outside-programme", "cohorts.toml:8#/cohorts/0/period"),
        ("points-nowhere", "cohorts.toml:24#/cohorts/3/track"),
        ("unknown-value", "consents.toml:15#/consent_purposes/1/given_by"),
        ("words-missing", "consents.toml:20#/consent_texts/0/languages"),
        ("stands-twice", "districts.toml:8#/districts/1/code"),
        ("wrong-format", "institutions.toml:28#/institutions/1/stil_number"),
        *(("points-nowhere", f"institutions.toml:{line}#/institutions/{place}/district") for place, line in enumerate(range(55, 96, 8), 4)),
        ("unknown-value", "kinds.toml:5#/institution_kinds/0/register_type"),
        ("wrong-format", "languages.toml:32#/languages/7/code"),
        ("wrong-format", "professions.toml:24#/professions/5/code"),
        ("too-small", "programme.toml:10#/target_children"),
        ("unknown-field", "programme.toml:11#/colour"),
        ("wrong-format", "questions.toml:16#/questions/0/retention"),
        ("field-missing", "tracks.toml:11#/tracks/2/code"),
    ]


def test_a_mistake_says_what_to_do_in_two_languages() -> None:
    """Each names its rule and the remedy, in Danish and in English."""
    with pytest.raises(Invalid) as caught:
        read_files(edited("institutions.toml", 'district = "baltorp"', 'district = "skovlunde"'))
    [mistake] = caught.value
    assert mistake.en == "skovlunde does not exist in districts.toml:3#/districts. Correct the code, or add it there."
    assert mistake.da.endswith("Ret koden, eller tilføj den der.")


def test_one_broken_file_does_not_hide_the_mistakes_in_the_others() -> None:
    """What is no TOML is told with its line, and the rest is looked at all the same; what only follows from a mistake is not told."""
    files = added("tracks.toml", "[[tracks\n", edited("programme.toml", "end = 2024-06-30", "end = 2020-06-30"))
    assert mistakes(files) == {("file-unreadable", "tracks.toml:14"), ("period-ends-first", "programme.toml:9#/period/end")}


def test_files_that_cannot_be_read_are_named() -> None:
    """A missing file, one that is no UTF-8 and one that nobody knows are all told."""
    files = {file: content for file, content in SAMPLE.items() if file != "tracks.toml"}
    files = {**files, "kinds.toml": "# Børn".encode("cp1252"), "question.toml": b"", "consents/take-part.2025-1.da.txt": b"Ja"}
    assert mistakes(files) == {
        ("file-missing", "tracks.toml"),
        ("file-unreadable", "kinds.toml:1"),
        ("file-unknown", "question.toml"),
        ("words-unused", "consents/take-part.2025-1.da.txt"),
    }


def test_each_file_holds_its_own() -> None:
    """A table in another's file is sent home."""
    files = added("kinds.toml", '\n[[districts]]\ncode = "x"\nname = { da = "x", en = "x" }\n')
    assert ("wrong-file", "kinds.toml:42#/districts") in mistakes(files)


def test_words_must_be_there_and_readable() -> None:
    """A consent text without words, and one that is not UTF-8, are both told."""
    files = {**SAMPLE, "consents/newsletter.2024-1.da.txt": "Ja, bøh".encode("cp1252"), "consents/newsletter.2024-1.en.txt": b" \n"}
    assert mistakes(files) == {(slug, "consents.toml:30#/consent_texts/2/languages") for slug in ("words-unreadable", "words-missing")}


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ('district = "skovlunde"', "points-nowhere"),
        ('district = [{ code = "baltorp", end = 2022-07-31 }, { code = "skovlunde", start = 2022-08-01 }]', "points-nowhere"),
        ('district = [{ code = "baltorp", end = 2022-07-31 }, { code = "hedegaarden", start = 2022-07-31 }]', "periods-overlap"),
        ('district = [{ code = "baltorp", end = 2022-07-31 }, { code = "hedegaarden", start = 2022-08-02 }]', "period-gap"),
        ('opened = 2020-01-01\ndistrict = [{ code = "baltorp", start = 2019-12-31 }]', "outside-existence"),
        ('opened = 2020-01-01\ndistrict = [{ code = "baltorp", start = 2020-01-02 }]', "period-gap"),
        ('opened = 2020-01-01\nclosed = 2019-01-01\ndistrict = "baltorp"', "period-ends-first"),
        ('district = [{ code = "baltorp", start = 2020-01-01, end = 2019-01-01 }]', "period-ends-first"),
        ('district = "baltorp"\nsuccessor = "globen"', "successor-of-open"),
        ('district = "baltorp"\nclosed = 2023-07-31\nsuccessor = "fyrtaarnet"', "successor-not-there"),
        ('district = "baltorp"\nclosed = 2023-07-31\nsuccessor = "nowhere"', "points-nowhere"),
        ('district = "baltorp"\nstil_number = "151001"', "stands-twice"),
        ('district = "baltorp"\np_number = "151001"', "wrong-format"),
        ("district = []", "too-few"),
    ],
)
def test_a_history_must_hold_together(lines: str, rule: str) -> None:
    """No day of an institution has two districts, each day of its existence has one, and what it was merged into is there."""
    assert broken(with_house(lines)) == {rule}


def test_a_unit_may_move_close_and_be_merged() -> None:
    """One that moved and later went up in another keeps its whole history."""
    lines = 'opened = 2019-08-01\nclosed = 2023-07-31\nsuccessor = "globen"\np_number = "0000151001"'
    moved = 'district = [{ code = "baltorp", start = 2022-01-01 }, { code = "hedegaarden", end = 2021-12-31 }]'
    found = institution(read_files(with_house(f"{lines}\n{moved}")), "fyrtaarnet")
    assert [placement.district for placement in found.placements] == ["hedegaarden", "baltorp"]
    assert found.existence == Validity(found.placements[0].valid.start, found.placements[1].valid.end)


def test_a_house_cannot_outlast_its_district() -> None:
    """Where a district is closed, its houses have moved or closed by then."""
    files = edited("districts.toml", 'code = "baltorp"', 'code = "baltorp"\nclosed = 2023-12-31')
    assert broken(files) == {"outlasts-district"}
    assert len(mistakes(files)) == len([i for i in read(PROGRAMME).institutions if i.placements[0].district == "baltorp"])


def test_childminders_have_no_number() -> None:
    """A kind that the register does not know has no number in it."""
    files = edited("institutions.toml", 'code = "dagplejen"', 'code = "dagplejen"\nstil_number = "151011"')
    assert broken(files) == {"number-not-in-register"}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('kind = "yes-no"', 'kind = "choice"', "options-missing"),
        ('kind = "choices"', 'kind = "text"', "options-unasked"),
        ('{ code = "pl"', '{ code = "ar"', "options-repeated"),
        ('purpose = "run-activities"', 'purpose = "curiosity"', "unknown-purpose"),
        ('answers = ["yes"]', 'answers = ["perhaps"]', "asked-too-early"),
        ('when = { question = "interpreter"', 'when = { question = "good-days"', "asked-too-early"),
        ('when = { question = "interpreter"', 'when = { question = "interpreter-language"', "asked-too-early"),
        (
            'about = "guardian"\npurpose = "plan-workshop"\nretention = "P1Y"\nsensitivity = "sensitive"',
            'about = "child"\npurpose = "plan-workshop"\nretention = "P1Y"\nsensitivity = "sensitive"',
            "asked-of-another",
        ),
        ('kept_from = "end"\n', 'kept_from = "birth"\n', "unknown-value"),
        ('code = "siblings"', 'code = "interpreter"', "stands-twice"),
        ('sensitivity = "ordinary"', 'sensitivity = "secret"', "unknown-value"),
        ('about = "professional"', 'about = "dog"', "unknown-value"),
        ('en = "In which language?"', 'en = "In which language?", fr = "Quelle langue ?"', "points-nowhere"),
    ],
)
def test_a_question_must_be_answerable(old: str, new: str, rule: str) -> None:
    """Choices have options, answers have a known purpose, and a question waits for earlier answers only."""
    assert rule in broken(edited("questions.toml", old, new))
