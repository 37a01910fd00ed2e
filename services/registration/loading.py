"""A programme's folder beside what is loaded of that programme: what is different, and the step from the one to the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from services.registration import messages
from services.registration.domain.programme import Institution, Programme
from services.registration.programme_folder import ProgrammeFolder
from services.registration.programme_folder.clashes import Loaded
from services.registration.programme_folder.difference import Change, difference

if TYPE_CHECKING:
    from services.registration.storage import Work


@dataclass(frozen=True)
class Comparison:
    """Both sides, as they were when they were compared."""

    folder: ProgrammeFolder
    loaded: Loaded

    @property
    def programme(self) -> Programme:
        return self.folder.programme

    @cached_property
    def changes(self) -> Sequence[Change]:
        """Every difference, for people; empty where the folder says what is loaded."""
        return difference(self.folder, self.loaded)

    @property
    def changed(self) -> bool:
        """Whether the programme itself is new or different."""
        return self.programme != self.loaded.programme

    @property
    def changed_institutions(self) -> Sequence[Institution]:
        """Those that are new or different, or to which another programme refers already."""
        joined = [one.joining(self.loaded.known(one)) for one in self.folder.institutions]
        return [institution for institution in joined if institution not in self.loaded.institutions]

    def apply(self, work: "Work") -> None:
        """Store what is different, and tell it."""
        if self.changed:
            work.programmes.save(self.folder, work.now)
            self._tell_programme(work)
        if self.folder.content.files != self.loaded.files:
            work.programmes.save_files(self.programme.code, self.folder.content.files)
        if self.changed_institutions:
            work.programmes.save_institutions(self.changed_institutions)
            self._tell_institutions(work)

    def _tell_programme(self, work: "Work") -> None:
        data, code = messages.of_programme(self.programme), self.programme.code
        work.emit(messages.PROGRAMME_LOADED, subject=self.programme.programme_id, data=data, programme=code)

    def _tell_institutions(self, work: "Work") -> None:
        before = {institution.institution_id: institution for institution in self.loaded.institutions}
        for institution in self.changed_institutions:
            type_ = messages.institution_type(institution, before.get(institution.institution_id))
            data = messages.of_institution(institution, work.today)
            work.emit(type_, subject=institution.institution_id, data=data, programme=institution.programme)
