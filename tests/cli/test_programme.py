"""`deltag programme`: what somebody who keeps a programme's folder reads, and what is written."""

import json
from pathlib import Path

import pytest

from services.chassis.service import Context
from services.chassis.testing import published
from services.registration.programme_folder.content import collected
from tests.cli.running import deltag, refused
from tests.registration.builders import PROGRAMME
from tests.registration.folders import SAMPLE, edited, with_house, write

BROKEN = edited("languages.toml", 'code = "ur"', 'code = "uk"', edited("programme.toml", "oldest_age = 6", "oldest_age = 60"))


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with one more house than the sample."""
    return write(
        with_house('district = "baltorp"', edited("institutions.toml", "Børnehuset Globen", "Børnehuset Kloden")), tmp_path / "more"
    )


def test_a_folder_in_order_is_said_to_be(capfd: pytest.CaptureFixture[str]) -> None:
    """Checking needs no server, no settings and no data folder."""
    assert deltag("programme", "check", str(PROGRAMME)).output.startswith("sammen-om-boern is in order: 11 institutions")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("language", "remedy"), [("en", "It may be 17 at most. Correct the number."), ("da", "Må højst være 17. Ret tallet.")]
)
def test_every_mistake_is_a_line_of_its_own(tmp_path: Path, language: str, remedy: str) -> None:
    """File, line, place, rule and what to do, as an editor finds them, in Danish or English; and the status is 1."""
    result = deltag("programme", "check", str(write(BROKEN, tmp_path / "broken")), "--language", language)
    first, second, count = result.output.splitlines()
    assert first.startswith("languages.toml:32#/languages/7/code: stands-twice: uk ")
    assert second == f"programme.toml:12#/oldest_age: too-large: {remedy}"
    assert (count, result.exit_code) == ("2 mistakes.", 1)


def test_a_check_beside_the_database_says_what_loading_would(operated: Context, tmp_path: Path) -> None:
    """A second programme that names the houses of the first is in order; where it says otherwise of one, that is to be confirmed."""
    deltag("programme", "load", str(PROGRAMME))
    second = edited("programme.toml", '"sammen-om-boern"', '"laesning"', edited("programme.toml", "e100", "e900"))
    folder = write(second, tmp_path / "second")
    renamed = write(edited("institutions.toml", "Børnehuset Globen", "Børnehuset Kloden", second), tmp_path / "renamed")
    assert deltag("programme", "check", "--database", str(folder)).output.splitlines()[-1].startswith("second is in order: 11 institutions")
    before = len(published(operated))
    refused = deltag("programme", "check", "--database", str(renamed))
    assert "~ institutions/globen name: Børnehuset Globen → Børnehuset Kloden" in refused.output
    assert "institutions.toml:33#/institutions/2: changes-shared: globen is used by sammen-om-boern too" in refused.output
    assert (refused.exit_code, deltag("programme", "load", str(renamed)).exit_code) == (1, 1)
    assert len(published(operated)) == before
    assert deltag("programme", "check", "--database", "--shared", str(renamed)).exit_code == 0
    assert deltag("programme", "load", "--shared", str(renamed)).output.endswith("renamed is loaded.\n")


@pytest.mark.parametrize("command", ["check", "diff", "load"])
def test_a_folder_that_is_not_there(command: str) -> None:
    """A folder that does not exist is one mistake, not one for each of its files."""
    assert refused("programme", command, "/nonexistent") == "no-such-folder: There is no folder /nonexistent."


def test_a_dry_run_says_what_loading_then_does(operated: Context, house: Path) -> None:
    """What is added, changed and removed is read beforehand, with old and new values; loading says the same and does it."""
    deltag("programme", "load", str(PROGRAMME))
    before = len(published(operated))
    said = deltag("programme", "load", "--dry-run", str(house)).output
    assert said.splitlines() == [
        "~ institutions/globen name: Børnehuset Globen → Børnehuset Kloden",
        "+ institutions/fyrtaarnet",
    ]
    assert len(published(operated)) == before
    assert deltag("programme", "load", str(house)).output == f"{said}more is loaded.\n"
    assert len(published(operated)) == before + 2
    assert deltag("programme", "diff", str(house)).output == "Nothing is different.\n"


@pytest.mark.usefixtures("operated")
def test_a_difference_is_for_programs_too(house: Path) -> None:
    """With --json it is a list of changes with both values; of an unchanged folder, an empty one."""
    deltag("programme", "load", str(PROGRAMME))
    changes = json.loads(deltag("programme", "diff", "--json", str(house)).output)
    assert {change["how"] for change in changes} == {"added", "changed"}
    named = {"how": "changed", "what": "institutions/globen", "field": "name", "old": "Børnehuset Globen", "new": "Børnehuset Kloden"}
    assert named in changes
    assert json.loads(deltag("programme", "diff", "--json", str(PROGRAMME)).output) == []


@pytest.mark.usefixtures("operated")
def test_what_is_in_use_is_named_after_the_differences(tmp_path: Path) -> None:
    """Who would take away a track sees that it goes, and that it must not."""
    deltag("programme", "load", str(PROGRAMME))
    gone = edited("tracks.toml", 'code = "C"', 'code = "D"', edited("cohorts.toml", 'track = "C"', 'track = "D"'))
    result = deltag("programme", "diff", str(write(gone, tmp_path / "gone")))
    assert [line[:10] for line in result.output.splitlines()[:2]] == ["- tracks/C", "~ cohorts/"]
    assert "tracks.toml:3#/tracks: must-stay: C was loaded" in result.output
    assert result.exit_code == 1


@pytest.mark.usefixtures("operated")
def test_a_loaded_folder_is_written_out_again(tmp_path: Path) -> None:
    """Byte for byte, into a folder of its own; never over what is there, and only what is loaded."""
    deltag("programme", "load", str(PROGRAMME))
    deltag("programme", "export", "sammen-om-boern", str(tmp_path / "out"))
    assert collected(tmp_path / "out") == SAMPLE
    assert "is in use" in refused("programme", "export", "sammen-om-boern", str(tmp_path / "out"))
    assert "There is no such programme" in refused("programme", "export", "unheard-of", str(tmp_path / "other"))
    assert not (tmp_path / "other").exists()
