"""A programme's folder: TOML files and consent texts in, a `Programme` with its places out.

Nothing is taken from a folder with a mistake in it, and every mistake is told at once: the file, the line, the place in
it (a JSON pointer), the rule and what to do. What an entry may hold is in `programme.schema.json`; what entries must be to
each other in `rules.py`; what may not change once it is loaded in `clashes.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from services.chassis.errors import Invalid, Reason
from services.registration.domain.programme import ConsentText, Institution, Programme
from services.registration.programme_folder.clashes import Loaded, clashes
from services.registration.programme_folder.content import Content, collected, parsed
from services.registration.programme_folder.form import Form, formed
from services.registration.programme_folder.rules import broken_rules, words_file


@dataclass(frozen=True)
class ProgrammeFolder:
    """A folder without mistakes."""

    programme: Programme
    institutions: tuple[Institution, ...]
    consent_texts: tuple[ConsentText, ...]
    content: Content


def read(folder: Path) -> ProgrammeFolder:
    """Everything in the folder; raises `Invalid` with every mistake as a reason."""
    return read_files(collected(folder))


def read_files(files: Mapping[str, bytes]) -> ProgrammeFolder:
    """The same, of files by their paths in the folder."""
    content = parsed(files)
    form = formed(content)
    _refuse([*content.mistakes, *form.mistakes, *broken_rules(form)])
    return _built(form)


def refuse_clashes(folder: ProgrammeFolder, loaded: Loaded, *, shared_too: bool = False) -> None:
    """Raises `Invalid` where the folder takes away or alters what enrolments and consents rest on.

    So it does where the folder changes an institution of other programmes too, unless somebody has confirmed that (`shared_too`).
    """
    _refuse(list(clashes(folder, loaded, shared_too=shared_too)))


def _refuse(mistakes: list[Reason]) -> None:
    if mistakes:
        raise Invalid("programme-folder", reasons=sorted(mistakes, key=_by_place))


def _by_place(mistake: Reason) -> tuple[str, int]:
    file, _, rest = mistake.field.partition(":")
    line = rest.partition("#")[0]
    return file.partition("#")[0], int(line) if line else 0


def _built(form: Form) -> ProgrammeFolder:
    whole = form.content.whole
    texts = tuple(
        ConsentText(entry["purpose"], entry["version"], language, form.content.words(words_file(entry, language)) or "")
        for entry in whole["consent_texts"]
        for language in entry["languages"]
    )
    programme = msgspec.convert(whole | {"consent_texts": [text.key for text in texts]}, Programme)
    return ProgrammeFolder(programme, tuple(one for _, one in form.institutions()), texts, form.content)
