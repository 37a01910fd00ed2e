"""Loading a programme's folder: once, again, changed, compared beforehand, and written out again."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.errors import Invalid, NotFound
from services.chassis.service import Context
from services.chassis.testing import published
from services.registration.handlers.programmes import compare_programme, export_programme, load_programme
from services.registration.loading import Comparison
from services.registration.programme_folder import refuse_clashes
from services.registration.programme_folder.content import collected
from tests.registration.builders import PROGRAMME
from tests.registration.folders import SAMPLE, Files, added, edited, with_house, write

Folders = Callable[[Files], Path]


@pytest.fixture
def folder_of(tmp_path: Path) -> Folders:
    """`folder_of(files)`: the files as a folder, another one each time."""
    made = iter(range(1_000))
    return lambda files: write(files, tmp_path / f"programme {next(made)}")


def load(context: Context, folder: Path) -> Comparison:
    """Load it, in a transaction of its own."""
    with context.work() as work:
        return load_programme(folder, work)


def changes(context: Context, folder: Path) -> list[tuple[str, str, str]]:
    """What loading it would change: how, what, and which field."""
    with context.work() as work:
        return [(change.how.value, change.what, change.field) for change in compare_programme(folder, work).changes]


def clashes(context: Context, folder: Path) -> set[tuple[str, str]]:
    """What may not change: the rule and the place."""
    with pytest.raises(Invalid) as caught:
        load(context, folder)
    return {(reason.slug, reason.field) for reason in caught.value}


def test_loading_tells_the_programme_and_its_institutions(empty: Context) -> None:
    """The first load publishes one fact for the programme and one for each institution."""
    load(empty, PROGRAMME)
    types = [message["type"] for message in published(empty)]
    assert types == ["registration.programme.loaded.v1"] + ["registration.institution.registered.v1"] * 11


def test_the_fact_says_what_the_programme_asks(empty: Context) -> None:
    """Cohorts, roles, purposes with their givers and texts, and the questions are told; no words of a consent are."""
    load(empty, PROGRAMME)
    data = published(empty)[0]["data"]
    assert {cohort["track"] for cohort in data["cohorts"]} == {"A", "B", "C"}
    newsletter = next(purpose for purpose in data["consent_purposes"] if purpose["code"] == "newsletter")
    assert (newsletter["given_by"], newsletter["texts"][0]) == ("all_holders", {"version": "2024-1", "language": "da"})
    interpreter = next(question for question in data["questions"] if question["code"] == "interpreter-language")
    assert (interpreter["when"], interpreter["options"][0]) == (
        {"question": "interpreter", "answers": ["yes"]},
        {"code": "ar", "text": {"da": "arabisk", "en": "Arabic"}},
    )


def test_loading_again_changes_and_tells_nothing(registration: Context) -> None:
    """A second load of the same folder is no news, and nothing is different."""
    again = load(registration, PROGRAMME)
    assert (again.changed, list(again.changed_institutions), list(again.changes)) == (False, [], [])
    assert published(registration) == []


def test_loading_a_changed_folder_tells_what_changed(registration: Context, folder_of: Folders) -> None:
    """One renamed house is one fact, under the next sequence number of that house."""
    load(registration, folder_of(edited("institutions.toml", "Børnehuset Globen", "Børnehuset Kloden")))
    [fact] = published(registration)
    assert (fact["type"], fact["data"]["name"], fact["sequence"]) == (
        "registration.institution.registered.v1",
        "Børnehuset Kloden",
        "0000000002",
    )


LIFE = (
    ("registered", 'district = "hedegaarden"'),
    ("moved", 'district = [{ code = "hedegaarden", end = 2022-12-31 }, { code = "baltorp", start = 2023-01-01 }]'),
    ("closed", 'closed = 2024-05-31\ndistrict = [{ code = "hedegaarden", end = 2022-12-31 }, { code = "baltorp", start = 2023-01-01 }]'),
    ("merged", 'closed = 2024-05-31\nsuccessor = "globen"\ndistrict = "hedegaarden"'),
)


def test_what_happens_to_a_house_is_told_by_its_name(registration: Context, folder_of: Folders) -> None:
    """A house that opens, moves, closes and is merged is a fact each time, each with its whole history, in one sequence."""
    for _, lines in LIFE:
        load(registration, folder_of(with_house(lines)))
    facts = published(registration)
    assert [fact["type"] for fact in facts] == [f"registration.institution.{what}.v1" for what, _ in LIFE]
    assert [fact["sequence"] for fact in facts] == [f"{n:010}" for n in range(1, 5)]
    assert facts[1]["data"]["placements"] == [
        {"district": "hedegaarden", "start": None, "end": "2022-12-31"},
        {"district": "baltorp", "start": "2023-01-01", "end": None},
    ]
    assert (facts[2]["data"]["existence"], facts[2]["data"]["district"]) == ({"start": None, "end": "2024-05-31"}, "baltorp")
    assert facts[3]["data"]["successor"] == "globen"


def test_what_is_in_use_stays(registration: Context, folder_of: Folders) -> None:
    """A loaded track, cohort, question, institution or consent text cannot be taken away; words, ids and kinds of answer cannot change."""
    files = edited("tracks.toml", 'code = "C"', 'code = "D"')
    files = edited("cohorts.toml", 'code = "c-2023"\ntrack = "C"', 'code = "d-2023"\ntrack = "D"', files)
    files = edited("questions.toml", 'kind = "number"', 'kind = "text"', files)
    files = edited("questions.toml", '  { code = "pl", name = { da = "polsk", en = "Polish" } },\n', "", files)
    files = edited("institutions.toml", "018d0c3d-e740-7c40-8f2e-3d9a51c7e204", "018d0c3d-e740-7c40-8f2e-3d9a51c7e999", files)
    files = edited("consents/take-part.2024-1.en.txt", "voluntary", "compulsory", files)
    files = edited("consents.toml", 'version = "2021-1"\nlanguages = ["da", "en"]', 'version = "2021-1"\nlanguages = ["da"]', files)
    files = edited("programme.toml", "e100", "e109", files)
    del files["consents/take-part.2021-1.en.txt"]
    assert clashes(registration, folder_of(files)) == {
        ("must-stay", "tracks.toml:3#/tracks"),
        ("must-stay", "cohorts.toml:4#/cohorts"),
        ("must-stay", "questions.toml:10#/questions"),
        ("must-stay", "institutions.toml:17#/institutions"),
        ("must-stay", "consents.toml:17#/consent_texts"),
        ("belongs-elsewhere", "institutions.toml:43#/institutions/3/code"),
        ("belongs-elsewhere", "institutions.toml:44#/institutions/3/stil_number"),
        ("words-changed", "consents/take-part.2024-1.en.txt"),
        ("kind-changed", "questions.toml:64#/questions/4/kind"),
        ("id-changed", "programme.toml:5#/programme_id"),
    }


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('purpose = "run-activities"', 'purpose = "plan-workshop"', "questions.toml:76#/questions/5/purpose"),
        ('sensitivity = "confidential"', 'sensitivity = "ordinary"', "questions.toml:17#/questions/0/sensitivity"),
        ('about = "professional"', 'about = "guardian"', "questions.toml:85#/questions/6/about"),
    ],
)
def test_what_was_promised_with_a_question_holds(registration: Context, folder_of: Folders, old: str, new: str, field: str) -> None:
    """What an answer is for, how it is guarded and about whom it is stays as it was when somebody gave it."""
    assert clashes(registration, folder_of(edited("questions.toml", old, new))) == {("promise-changed", field)}


def test_what_is_in_use_may_close(registration: Context, folder_of: Folders) -> None:
    """A track, a question and a house that are no longer wanted get a last day, and are still there."""
    files = edited("tracks.toml", 'code = "C"', 'code = "C"\nclosed = 2024-01-31')
    files = edited("questions.toml", 'code = "siblings"', 'code = "siblings"\nclosed = 2024-01-31', files)
    files = edited("institutions.toml", 'code = "sesam"', 'code = "sesam"\nclosed = 2024-01-31', files)
    folder = folder_of(files)
    assert changes(registration, folder) == [
        ("changed", "tracks/C", "closed"),
        ("changed", "questions/siblings", "closed"),
        ("changed", "institutions/sesam", "placements"),
        ("changed", "institutions/sesam", "existence/end"),
    ]
    load(registration, folder)
    assert changes(registration, folder) == []


def test_nothing_of_a_bad_folder_is_loaded(empty: Context, folder_of: Folders) -> None:
    """A folder with a mistake leaves the database as it was."""
    with pytest.raises(Invalid):
        load(empty, folder_of(edited("institutions.toml", 'district = "baltorp"', 'district = "skovlunde"')))
    with empty.work() as work:
        assert work.connection.execute(sa.text("select count(*) from programme")).scalar() == 0
    assert published(empty) == []


def test_a_difference_says_what_comes_goes_and_changes(registration: Context, folder_of: Folders) -> None:
    """Each entry that is new or missing is named, each field that changed with both values; what may not be missing is refused after."""
    files = edited("languages.toml", '[[languages]]\ncode = "ur"\nname = { da = "urdu", en = "Urdu" }\n', "")
    files = edited("programme.toml", "target_children = 1000", "target_children = 1200", files)
    files = edited("kinds.toml", 'en = "Workshop"', 'en = "Family workshop"', files)
    folder = folder_of(with_house('district = "baltorp"', files))
    with registration.work() as work:
        compared = compare_programme(folder, work)
        refuse_clashes(compared.folder, compared.loaded)
    told = {(change.how.value, change.what, change.field): (change.old, change.new) for change in compared.changes}
    assert told["changed", "programme", "target_children"] == (1000, 1200)
    assert told["changed", "activity_kinds/workshop", "name/en"] == ("Workshop", "Family workshop")
    assert told["removed", "languages/ur", ""][1] is None
    assert told["added", "institutions/fyrtaarnet", ""][1]["name"] == "Børnehuset Fyrtårnet"
    assert len(told) == 4


def test_what_is_new_is_all_added(empty: Context) -> None:
    """Compared with nothing, everything in the folder is added, and comparing loads nothing."""
    found = changes(empty, PROGRAMME)
    assert {how for how, _, _ in found} == {"added"}
    assert {"tracks/A", "questions/allergies", "institutions/globen", "consent_texts/take-part.2024-1.da"} <= {what for _, what, _ in found}
    with pytest.raises(NotFound), empty.work() as work:
        export_programme("sammen-om-boern", work)


comments = st.lists(st.text("æ#\t ", max_size=5), max_size=4).map(lambda lines: "".join(f"# {line}\n" for line in lines))
layouts = st.fixed_dictionaries(dict.fromkeys(("tracks.toml", "institutions.toml", "questions.toml"), comments))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layouts, st.booleans())
def test_a_folder_comes_out_byte_for_byte(registration: Context, folder_of: Folders, layout: dict[str, str], crlf: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever comments and line ends a folder was written with, it is written out the same, and nothing in it is different."""
    files = dict(SAMPLE)
    for file, text in layout.items():
        files = added(file, text, files)
    if crlf:
        files = {path: content.replace(b"\n", b"\r\n") for path, content in files.items()}
    load(registration, folder := folder_of(files))
    with registration.work() as work:
        out = write(export_programme("sammen-om-boern", work), folder_of({}))
    assert collected(out) == collected(folder) == files
    assert changes(registration, out) == []
