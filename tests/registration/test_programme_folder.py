"""Loading a programme's folder: once, again, changed, and with mistakes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.chassis.errors import Invalid
from services.chassis.service import Context
from services.chassis.testing import published
from services.registration.handlers import LoadedProgramme, load_programme
from services.registration.programme_folder import read
from tests.registration.builders import PROGRAMME

Edit = Callable[..., None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample programme."""
    return Path(shutil.copytree(PROGRAMME, tmp_path / "programme"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """`edit(file, old, new)` changes a file of the copy."""

    def change(file: str, old: str, new: str, count: int = 1) -> None:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, count), "utf-8")

    return change


def load(context: Context, folder: Path) -> LoadedProgramme:
    """Load it, in a transaction of its own."""
    with context.work() as work:
        return load_programme(folder, work)


def mistakes(folder: Path, context: Context | None = None) -> set[tuple[str, str]]:
    """What is wrong: the rule and the place."""
    with pytest.raises(Invalid) as caught:
        load(context, folder) if context else read(folder)
    return {(reason.slug, reason.field) for reason in caught.value}


def test_the_sample_programme_is_as_the_public_pages_say() -> None:
    """Sammen om Børn: about 1000 children, three tracks, ten houses and the childminders in two districts."""
    found = read(PROGRAMME)
    assert (found.programme.target_children, [track.code for track in found.programme.tracks]) == (1000, ["A", "B", "C"])
    assert sorted(i.kind for i in found.institutions) == ["childminding"] + ["daycare-house"] * 10
    assert {i.district for i in found.institutions} == {"hedegaarden", "baltorp"}


def test_loading_tells_the_programme_and_its_institutions(empty: Context) -> None:
    """The first load publishes one fact for the programme and one for each institution."""
    load(empty, PROGRAMME)
    types = [message["type"] for message in published(empty)]
    assert types == ["registration.programme.loaded.v1"] + ["registration.institution.registered.v1"] * 11


def test_loading_again_changes_and_tells_nothing(registration: Context) -> None:
    """A second load of the same folder is no news."""
    again = load(registration, PROGRAMME)
    assert (again.changed, list(again.changed_institutions)) == (False, [])
    assert published(registration) == []


def test_loading_a_changed_folder_tells_what_changed(registration: Context, folder: Path, edit: Edit) -> None:
    """One renamed house is one fact, under the next sequence number of that house."""
    edit("institutions.toml", "Børnehuset Globen", "Børnehuset Kloden")
    load(registration, folder)
    [fact] = published(registration)
    assert (fact["data"]["name"], fact["sequence"]) == ("Børnehuset Kloden", "0000000002")


def test_every_mistake_is_told_at_once(folder: Path, edit: Edit) -> None:
    """A wrong form is named by file, place and rule, all of them together."""
    edit("programme.toml", "target_children = 1000", "target_children = 0\ncolour = 'red'")
    edit("institutions.toml", '"151002"', '"15100"')
    edit("tracks.toml", 'code = "C"', "")
    assert mistakes(folder) == {
        ("too-small", "programme.toml#/target_children"),
        ("unknown-field", "programme.toml#/colour"),
        ("wrong-format", "institutions.toml#/institutions/1/number"),
        ("field-missing", "tracks.toml#/tracks/2/code"),
    }


def test_codes_must_meet(folder: Path, edit: Edit) -> None:
    """What points at nothing, stands twice or ends before it starts is named too."""
    edit("institutions.toml", 'district = "baltorp"', 'district = "skovlunde"')
    edit("institutions.toml", '"151002"', '"151001"')
    edit("consents.toml", '["da", "en"]', '["da", "pl"]')
    edit("programme.toml", "end = 2024-06-30", "end = 2020-06-30")
    assert mistakes(folder) == {
        ("points-nowhere", "institutions.toml#/institutions/4/district"),
        ("stands-twice", "institutions.toml#/institutions/1/number"),
        ("words-missing", "consents.toml#/consent_texts/0/languages"),
        ("period-ends-first", "programme.toml#/period/end"),
    }


def test_files_that_cannot_be_read_are_named(folder: Path) -> None:
    """A missing file and one that is no TOML are both told."""
    (folder / "tracks.toml").unlink()
    (folder / "kinds.toml").write_text("[[kinds", "utf-8")
    assert mistakes(folder) == {("file-missing", "tracks.toml"), ("file-unreadable", "kinds.toml")}


def test_each_file_holds_its_own(folder: Path) -> None:
    """A table in another's file is sent home."""
    (folder / "kinds.toml").open("a", encoding="utf-8").write('\n[[districts]]\ncode = "x"\nname = { da = "x", en = "x" }\n')
    assert ("wrong-file", "kinds.toml#/districts") in mistakes(folder)


def test_what_enrolments_rest_on_stays(registration: Context, folder: Path, edit: Edit) -> None:
    """A loaded track, institution or consent text cannot be taken away, and its words or ids cannot change."""
    edit("tracks.toml", 'code = "C"', 'code = "D"')
    edit("institutions.toml", "018d0c3d-e740-7c40-8f2e-3d9a51c7e204", "018d0c3d-e740-7c40-8f2e-3d9a51c7e999")
    edit("consents/take-part.2024-1.en.txt", "voluntary", "compulsory")
    edit("consents.toml", '["da", "en"]', '["da"]')
    edit("programme.toml", "e100", "e109")
    assert mistakes(folder, registration) == {
        ("must-stay", "tracks.toml#/tracks"),
        ("must-stay", "institutions.toml#/institutions"),
        ("must-stay", "consents.toml#/consent_texts"),
        ("belongs-elsewhere", "institutions.toml#/institutions/3/code"),
        ("belongs-elsewhere", "institutions.toml#/institutions/3/number"),
        ("words-changed", "consents/take-part.2024-1.en.txt"),
        ("id-changed", "programme.toml#/programme_id"),
    }


def test_nothing_of_a_bad_folder_is_loaded(empty: Context, folder: Path, edit: Edit) -> None:
    """A folder with a mistake leaves the database as it was."""
    edit("institutions.toml", 'district = "baltorp"', 'district = "skovlunde"')
    mistakes(folder, empty)
    with empty.work() as work:
        assert work.connection.execute(sa.text("select count(*) from programme")).scalar() == 0
    assert published(empty) == []


def test_institutions_are_not_shared_between_programmes(registration: Context, folder: Path, edit: Edit) -> None:
    """A second programme cannot claim a house of the first."""
    edit("programme.toml", '"sammen-om-boern"', '"another"')
    edit("programme.toml", "e100", "e109")
    found = mistakes(folder, registration)
    assert ("belongs-elsewhere", "institutions.toml#/institutions/0/institution_id") in found
