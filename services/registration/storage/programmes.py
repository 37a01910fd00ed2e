"""Programmes with their files and consent texts, and the municipality's institutions with the districts in which they lay."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.registration.domain.programme import ConsentText, Institution, Programme
from services.registration.programme_folder import ProgrammeFolder
from services.registration.programme_folder.clashes import Loaded
from services.registration.storage.rows import as_bytea, as_json, columns

_INSTITUTION = (
    "select i.institution_id::text, i.code, i.stil_number, i.p_number, i.name, i.kind, i.successor,"
    " (select json_agg(r.programme order by r.position) from programme_institution r"
    " where r.institution_id = i.institution_id) as programmes,"
    " json_build_object('start', lower(i.existence), 'end', upper(i.existence) - 1) as existence,"
    " (select json_agg(json_build_object('district', p.district, 'valid',"
    " json_build_object('start', lower(p.valid), 'end', upper(p.valid) - 1)) order by p.valid)"
    " from placement p where p.institution_id = i.institution_id) as placements from institution i"
)

_REFERRED_TO = "exists (select from programme_institution r where r.institution_id = i.institution_id and r.programme = {0})"

_PROGRAMMES = sa.text("select definition from programme order by code")
_PROGRAMMES_OF = sa.text("select definition from programme where code in (select json_array_elements_text(cast(:codes as json)))")
_PROGRAMME = sa.text("select definition from programme where code = :code for no key update")
_INSTITUTIONS = sa.text(f"{_INSTITUTION} order by i.code")
_INSTITUTIONS_ON = sa.text(
    f"{_INSTITUTION} where i.existence @> cast(:day as date) and (cast(:programme as text) is null or {_REFERRED_TO.format(':programme')})"
    " and (cast(:district as text) is null or exists (select from placement p where p.institution_id = i.institution_id"
    " and p.district = :district and p.valid @> cast(:day as date))) order by i.code"
)
_INSTITUTION_OF_ID = sa.text(f"{_INSTITUTION} where i.institution_id = cast(:id as uuid)")
_MERGED_INTO = sa.text("select code from institution where successor = :code order by code")
_INSTITUTIONS_OF = sa.text(
    f"{_INSTITUTION} where i.code in (select json_array_elements_text(cast(:handles as json)))"
    f" union all {_INSTITUTION} where i.stil_number in (select json_array_elements_text(cast(:handles as json)))"
)
_NEIGHBOURS = sa.text(
    f"{_INSTITUTION} where {_REFERRED_TO.format(':code')}"
    " or i.institution_id::text in (select json_array_elements_text(cast(:ids as json)))"
    " or i.code in (select json_array_elements_text(cast(:handles as json)))"
    " or i.stil_number in (select json_array_elements_text(cast(:handles as json))) order by i.code"
)
_TEXTS = sa.text("select purpose, version, language, words as text from consent_text where programme = :code order by 1, 2, 3")
_FILES = sa.text("select path, content from programme_file where programme = :code order by path")
_SAVE_PROGRAMME = sa.text(
    "insert into programme (programme_id, code, definition, loaded_at) values (:id, :code, cast(:definition as jsonb), :now)"
    " on conflict (programme_id) do update set definition = excluded.definition, loaded_at = excluded.loaded_at"
)
_SAVE_TEXTS = sa.text(
    "insert into consent_text (programme, purpose, version, language, words)"
    " select :code, p, v, l, w from json_to_recordset(cast(:rows as json)) as x(p text, v text, l text, w text) on conflict do nothing"
)
_FORGET_FILES = sa.text("delete from programme_file where programme = :code")
_SAVE_FILES = sa.text(
    "insert into programme_file (programme, path, content)"
    " select :code, p, c from json_to_recordset(cast(:rows as json)) as x(p text, c bytea)"
)
_FORGET_PLACEMENTS = sa.text(
    "delete from placement where institution_id in (select i from json_to_recordset(cast(:rows as json)) as x(i uuid))"
)
_SAVE_INSTITUTIONS = sa.text(
    "insert into institution (institution_id, code, stil_number, p_number, name, kind, successor, existence)"
    " select i, c, n, pn, m, k, s, daterange(f, t, '[]') from json_to_recordset(cast(:rows as json))"
    " as x(i uuid, c text, n text, pn text, m text, k text, s text, f date, t date)"
    " on conflict (institution_id) do update set code = excluded.code, stil_number = excluded.stil_number,"
    " p_number = excluded.p_number, name = excluded.name, kind = excluded.kind, successor = excluded.successor,"
    " existence = excluded.existence"
)
_REFER = sa.text(
    "insert into programme_institution (programme, institution_id) select p, i from json_to_recordset(cast(:rows as json))"
    " as x(p text, i uuid, n integer) order by n on conflict do nothing"
)
_SAVE_PLACEMENTS = sa.text(
    "insert into placement (institution_id, existence, district, valid)"
    " select i, institution.existence, d, daterange(f, t, '[]') from json_to_recordset(cast(:rows as json))"
    " as x(i uuid, d text, f date, t date) join institution on institution_id = i"
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

    def consent_texts(self, code: str) -> list[ConsentText]:
        """The words of every version in every language, by purpose."""
        return [ConsentText(**columns(row)) for row in self._connection.execute(_TEXTS, {"code": code})]

    def files(self, code: str) -> dict[str, bytes]:
        """The folder from which it was loaded last: each file, byte for byte, by its path."""
        return {row.path: bytes(row.content) for row in self._connection.execute(_FILES, {"code": code})}

    def institutions(self) -> list[Institution]:
        """All that ever were."""
        return [_institution(row) for row in self._connection.execute(_INSTITUTIONS)]

    def institutions_on(self, day: date, *, programme: str | None = None, district: str | None = None) -> list[Institution]:
        """Those that exist that day: of a programme, those that it refers to; in a district, those that lie in it that day."""
        rows = self._connection.execute(_INSTITUTIONS_ON, {"day": day, "programme": programme, "district": district})
        return [_institution(row) for row in rows]

    def institution(self, institution_id: str) -> Institution | None:
        row = self._connection.execute(_INSTITUTION_OF_ID, {"id": institution_id}).first()
        return _institution(row) if row else None

    def merged_into(self, institution: Institution) -> list[str]:
        """The codes of those that were merged into it."""
        return list(self._connection.execute(_MERGED_INTO, {"code": institution.code}).scalars())

    def institutions_of(self, handles: Iterable[str]) -> dict[str, Institution]:
        """The known ones among them, by everything they may be called."""
        rows = self._connection.execute(_INSTITUTIONS_OF, {"handles": as_json(set(handles))})
        return {handle: institution for institution in map(_institution, rows) for handle in institution.handles}

    def loaded(self, folder: ProgrammeFolder) -> Loaded:
        """What a folder would change or collide with. Until the end of the transaction families enrol, and nobody else loads it."""
        code = folder.programme.code
        row = self._connection.execute(_PROGRAMME, {"code": code}).first()
        programme = _programme(row) if row else None
        return Loaded(programme, tuple(self._neighbours(folder)), tuple(self.consent_texts(code)), self.files(code))

    def save(self, folder: ProgrammeFolder, now: datetime) -> None:
        programme = folder.programme
        definition = msgspec.json.encode(programme).decode()
        row = {"id": programme.programme_id, "code": programme.code, "definition": definition, "now": now}
        self._connection.execute(_SAVE_PROGRAMME, row)
        texts = [{"p": text.purpose, "v": text.version, "l": text.language, "w": text.text} for text in folder.consent_texts]
        self._connection.execute(_SAVE_TEXTS, {"code": programme.code, "rows": as_json(texts)})

    def save_files(self, code: str, files: Mapping[str, bytes]) -> None:
        """Keep these in the place of those that are there."""
        self._connection.execute(_FORGET_FILES, {"code": code})
        rows = as_json({"p": path, "c": as_bytea(content)} for path, content in files.items())
        self._connection.execute(_SAVE_FILES, {"code": code, "rows": rows})

    def save_institutions(self, institutions: Sequence[Institution]) -> None:
        """Raises an integrity error for one that lies in two districts at a time, or in one while it does not exist."""
        rows = as_json(map(_row, institutions))
        placements = as_json(row for institution in institutions for row in _placement_rows(institution))
        self._connection.execute(_FORGET_PLACEMENTS, {"rows": rows})
        self._connection.execute(_SAVE_INSTITUTIONS, {"rows": rows})
        self._connection.execute(_SAVE_PLACEMENTS, {"rows": placements})
        self._connection.execute(_REFER, {"rows": as_json(row for one in institutions for row in _referring(one))})

    def _neighbours(self, folder: ProgrammeFolder) -> list[Institution]:
        parameters = {
            "code": folder.programme.code,
            "ids": as_json(institution.institution_id for institution in folder.institutions),
            "handles": as_json(handle for institution in folder.institutions for handle in institution.handles),
        }
        return [_institution(row) for row in self._connection.execute(_NEIGHBOURS, parameters)]


def _programme(row: sa.Row[tuple[object]]) -> Programme:
    return msgspec.convert(row.definition, Programme)


def _institution(row: Any) -> Institution:
    return msgspec.convert(dict(columns(row)), Institution)


def _row(institution: Institution) -> dict[str, Any]:
    return {
        "i": institution.institution_id,
        "c": institution.code,
        "n": institution.stil_number,
        "pn": institution.p_number,
        "m": institution.name,
        "k": institution.kind,
        "s": institution.successor,
        "f": institution.existence.start,
        "t": institution.existence.end,
    }


def _referring(institution: Institution) -> Iterable[dict[str, Any]]:
    for place, programme in enumerate(institution.programmes):
        yield {"p": programme, "i": institution.institution_id, "n": place}


def _placement_rows(institution: Institution) -> Iterable[dict[str, Any]]:
    for placement in institution.placements:
        yield {"i": institution.institution_id, "d": placement.district, "f": placement.valid.start, "t": placement.valid.end}
