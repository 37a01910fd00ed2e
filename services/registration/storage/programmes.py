"""Programmes, their institutions and their consent texts."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from services.registration.domain.programme import ConsentText, Institution, Programme
from services.registration.programme_folder import Loaded, ProgrammeFolder
from services.registration.storage.rows import as_json, columns

_INSTITUTION = "select institution_id::text, code, number, name, kind, district, programme from institution"

_PROGRAMMES = sa.text("select definition from programme order by code")
_PROGRAMMES_OF = sa.text("select definition from programme where code in (select json_array_elements_text(cast(:codes as json)))")
_PROGRAMME = sa.text("select definition from programme where code = :code for update")
_INSTITUTIONS = sa.text(
    f"{_INSTITUTION} where (cast(:programme as text) is null or programme = :programme)"
    " and (cast(:district as text) is null or district = :district) order by programme, code"
)
_INSTITUTIONS_OF = sa.text(
    f"{_INSTITUTION} where code in (select json_array_elements_text(cast(:handles as json)))"
    f" union {_INSTITUTION} where number in (select json_array_elements_text(cast(:handles as json)))"
)
_NEIGHBOURS = sa.text(
    f"{_INSTITUTION} where programme = :code or institution_id::text in (select json_array_elements_text(cast(:ids as json)))"
    " or code in (select json_array_elements_text(cast(:handles as json)))"
    " or number in (select json_array_elements_text(cast(:handles as json)))"
)
_TEXTS = sa.text("select purpose, version, language, words as text from consent_text where programme = :code")
_SAVE_PROGRAMME = sa.text(
    "insert into programme (programme_id, code, definition, loaded_at) values (:id, :code, cast(:definition as jsonb), :now)"
    " on conflict (programme_id) do update set definition = excluded.definition, loaded_at = excluded.loaded_at"
)
_SAVE_TEXTS = sa.text(
    "insert into consent_text (programme, purpose, version, language, words)"
    " select :code, p, v, l, w from json_to_recordset(cast(:rows as json)) as x(p text, v text, l text, w text) on conflict do nothing"
)
_SAVE_INSTITUTIONS = sa.text(
    "insert into institution (institution_id, code, number, name, kind, district, programme)"
    " select institution_id, code, number, name, kind, district, programme"
    " from json_populate_recordset(null::institution, cast(:rows as json))"
    " on conflict (institution_id) do update set code = excluded.code, number = excluded.number, name = excluded.name,"
    " kind = excluded.kind, district = excluded.district"
)


class Programmes:
    """What people enrol in, and where."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def all(self) -> list[Programme]:
        return [_programme(row) for row in self._connection.execute(_PROGRAMMES)]

    def of_codes(self, codes: Iterable[str]) -> dict[str, Programme]:
        """The known ones among them, by code."""
        rows = self._connection.execute(_PROGRAMMES_OF, {"codes": as_json(set(codes))})
        return {programme.code: programme for programme in map(_programme, rows)}

    def institutions(self, *, programme: str | None = None, district: str | None = None) -> list[Institution]:
        rows = self._connection.execute(_INSTITUTIONS, {"programme": programme, "district": district})
        return [Institution(**columns(row)) for row in rows]

    def institutions_of(self, handles: Iterable[str]) -> dict[str, Institution]:
        """The known ones among them, by everything they may be called."""
        rows = self._connection.execute(_INSTITUTIONS_OF, {"handles": as_json(set(handles))})
        found = [Institution(**columns(row)) for row in rows]
        return {handle: institution for institution in found for handle in institution.handles}

    def loaded(self, folder: ProgrammeFolder) -> Loaded:
        """What a folder would change or collide with; locks the programme until the end of the transaction."""
        code = {"code": folder.programme.code}
        row = self._connection.execute(_PROGRAMME, code).first()
        texts = [ConsentText(**columns(text)) for text in self._connection.execute(_TEXTS, code)]
        return Loaded(_programme(row) if row else None, tuple(self._neighbours(folder)), tuple(texts))

    def save(self, folder: ProgrammeFolder, now: datetime) -> None:
        programme = folder.programme
        definition = msgspec.json.encode(programme).decode()
        row = {"id": programme.programme_id, "code": programme.code, "definition": definition, "now": now}
        self._connection.execute(_SAVE_PROGRAMME, row)
        texts = [{"p": text.purpose, "v": text.version, "l": text.language, "w": text.text} for text in folder.consent_texts]
        self._connection.execute(_SAVE_TEXTS, {"code": programme.code, "rows": as_json(texts)})

    def save_institutions(self, institutions: Sequence[Institution]) -> None:
        self._connection.execute(_SAVE_INSTITUTIONS, {"rows": as_json(institutions)})

    def _neighbours(self, folder: ProgrammeFolder) -> list[Institution]:
        parameters = {
            "code": folder.programme.code,
            "ids": as_json(institution.institution_id for institution in folder.institutions),
            "handles": as_json(handle for institution in folder.institutions for handle in institution.handles),
        }
        return [Institution(**columns(row)) for row in self._connection.execute(_NEIGHBOURS, parameters)]


def _programme(row: sa.Row[tuple[object]]) -> Programme:
    return msgspec.convert(row.definition, Programme)
