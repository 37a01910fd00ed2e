"""What loading a folder would change, without a server: the folder beside another folder."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registration.loading import Comparison
from services.registration.programme_folder import read_files
from services.registration.programme_folder.clashes import Loaded
from tests.registration.folders import SAMPLE, Files, added, edited, with_house

EDITS = (
    ("programme.toml", "target_children = 1000", "target_children = 1200"),
    ("programme.toml", 'phone = "44 00 00 00"', 'phone = "44 00 00 01"'),
    ("tracks.toml", 'code = "B"', 'code = "B"\nclosed = 2024-01-31'),
    ("cohorts.toml", "end = 2022-07-31", "end = 2022-06-30"),
    ("districts.toml", 'code = "baltorp"', 'code = "baltorp"\nstil_number = "151000"'),
    ("institutions.toml", 'district = "hedegaarden"', 'district = [{ code = "hedegaarden" }]'),
    ("institutions.toml", 'code = "sesam"', 'code = "sesam"\nclosed = 2024-01-31\nsuccessor = "globen"'),
    ("institutions.toml", "Børnehuset Kastanjen", "Børnehuset Egen"),
    ("kinds.toml", 'en = "Workshop"', 'en = "Family workshop"'),
    ("consents.toml", "required = false", "required = true"),
    ("questions.toml", 'retention = "P6M"', 'retention = "P3M"'),
    ("questions.toml", 'answers = ["yes"]', 'answers = ["no"]'),
    ("languages.toml", "# The languages", "# Languages"),
)
PLAIN = {("institutions.toml", 'district = [{ code = "hedegaarden" }]'), ("languages.toml", "# Languages")}
"""Edits that say the same in other words."""


def compared(new: Files, old: Files = SAMPLE) -> Comparison:
    """The new folder beside the old one, as if that were loaded."""
    before = read_files(old)
    return Comparison(read_files(new), Loaded(before.programme, before.institutions, before.consent_texts, dict(old)))


@settings(max_examples=40)
@given(st.sets(st.sampled_from(EDITS)))
def test_there_is_a_difference_where_loading_changes_something(edits: set[tuple[str, str, str]]) -> None:
    """Whatever is edited: each change of content is told, what says the same in other words is not, and the way back is the same."""
    files: Files = SAMPLE
    for edit in edits:
        files = edited(*edit, files)
    there, back = compared(files), compared(SAMPLE, files)
    assert bool(there.changes) == bool(there.changed or there.changed_institutions)
    assert len(there.changes) >= len([edit for edit in edits if (edit[0], edit[2]) not in PLAIN])
    assert [(c.what, c.field, c.new, c.old) for c in there.changes] == [(c.what, c.field, c.old, c.new) for c in back.changes]


def test_nothing_is_different_in_an_unchanged_folder() -> None:
    """A folder beside itself has no differences, also with other comments."""
    assert compared(SAMPLE).changes == compared(added("tracks.toml", "\n# nothing new\n")).changes == []


def test_a_renamed_code_is_a_change_and_no_new_house() -> None:
    """A house is known by its id: another code is a change of the same house."""
    [change] = compared(edited("institutions.toml", 'code = "globen"', 'code = "kloden"')).changes
    assert (change.how.value, change.what, change.field, change.old) == ("changed", "institutions/kloden", "code", "globen")


def test_a_history_is_told_in_words() -> None:
    """Where a house lay when is read before and after."""
    moved = 'district = [{ code = "hedegaarden", end = 2022-12-31 }, { code = "baltorp", start = 2023-01-01 }]'
    [change] = compared(with_house(moved), with_house('district = "hedegaarden"')).changes
    assert change.old == ["hedegaarden from the start to the end"]
    assert change.new == ["hedegaarden from the start to 2022-12-31", "baltorp from 2023-01-01 to the end"]


def test_a_text_in_another_place_is_a_change_of_order() -> None:
    """Consent texts are shown in the order of the file."""
    first, second = (f'[[consent_texts]]\npurpose = "take-part"\nversion = "{y}-1"\nlanguages = ["da", "en"]\n' for y in (2021, 2024))
    files = edited("consents.toml", f"{first}\n{second}", f"{second}\n{first}")
    assert [(change.what, change.field) for change in compared(files).changes] == [("consent_texts", "order")]
