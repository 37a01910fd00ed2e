"""Programme folders for the tests: the sample's files in memory, with a change here and there."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from services.chassis.errors import Invalid
from services.registration.domain.programme import Institution
from services.registration.programme_folder import ProgrammeFolder, read_files
from services.registration.programme_folder.content import collected
from tests.registration.builders import PROGRAMME

Files = Mapping[str, bytes]

SAMPLE: Files = collected(PROGRAMME)


def edited(file: str, old: str, new: str, files: Files = SAMPLE) -> dict[str, bytes]:
    """The files with one passage replaced, where it stands first."""
    text = files[file].decode()
    assert old in text, (file, old)
    return {**files, file: text.replace(old, new, 1).encode()}


def added(file: str, text: str, files: Files = SAMPLE) -> dict[str, bytes]:
    """The files with something added at the end of one, which may be new."""
    return {**files, file: files.get(file, b"") + text.encode()}


def with_house(lines: str, files: Files = SAMPLE) -> dict[str, bytes]:
    """The files with one more house, Fyrtårnet, of which these lines say more."""
    entry = '[[institutions]]\ninstitution_id = "018d0c3d-e740-7c40-8f2e-3d9a51c7e299"\ncode = "fyrtaarnet"\nname = "Børnehuset Fyrtårnet"'
    return added("institutions.toml", f'\n{entry}\nkind = "daycare-house"\n{lines}\n', files)


def the_house(lines: str) -> Institution:
    """Fyrtårnet as these lines describe it."""
    return institution(read_files(with_house(lines)), "fyrtaarnet")


def institution(folder: ProgrammeFolder, code: str) -> Institution:
    """One of a folder's institutions."""
    return next(found for found in folder.institutions if found.code == code)


def mistakes(files: Files) -> set[tuple[str, str]]:
    """What is wrong with a folder: the rule and the place."""
    with pytest.raises(Invalid) as caught:
        read_files(files)
    return {(reason.slug, reason.field) for reason in caught.value}


def broken(files: Files) -> set[str]:
    """The rules that a folder breaks."""
    return {slug for slug, _ in mistakes(files)}


def write(files: Files, folder: Path) -> Path:
    """The files as a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder
