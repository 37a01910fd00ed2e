"""What registration can be asked to do with a programme's folder: compare it with what is loaded, load it, write it out again."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from services.chassis.errors import NotFound
from services.registration import programme_folder
from services.registration.domain.objection import Rule
from services.registration.loading import Comparison
from services.registration.texts import reason

if TYPE_CHECKING:
    from services.registration.storage import Work


def compare_programme(folder: Path, work: "Work") -> Comparison:
    """What loading a programme's folder would change. Raises `Invalid` with every mistake in the folder at once."""
    read = programme_folder.read(folder)
    return Comparison(read, work.programmes.loaded(read))


def load_programme(folder: Path, work: "Work", *, shared_too: bool = False) -> Comparison:
    """Load a programme's folder, or what has changed in it. Raises `Invalid` with every mistake or clash in it at once.

    `shared_too` confirms that institutions of other programmes change too.
    """
    compared = compare_programme(folder, work)
    programme_folder.refuse_clashes(compared.folder, compared.loaded, shared_too=shared_too)
    compared.apply(work)
    return compared


def export_programme(code: str, work: "Work") -> Mapping[str, bytes]:
    """The folder from which a programme was loaded, each file by its path. Raises `NotFound` where none is kept."""
    if files := work.programmes.files(code):
        return files
    known = work.programmes.of_codes([code])
    raise NotFound(reasons=[reason("files-not-kept" if known else Rule.UNKNOWN_PROGRAMME)])
