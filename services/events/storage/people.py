"""Children, guardians, consents and professionals, as registration's facts tell of them: ids, never names."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import sqlalchemy as sa
from msgspec.structs import asdict

from services.events.domain.eligibility import Consent, Enrolment, Known, Professional
from services.events.messages import ConsentChanged, EnrolmentChanged, OwnConsentChanged, ProfessionalRegistered
from services.events.storage.rows import every, json_of

_LEARN_PROFESSIONALS = sa.text("""
insert into professional (professional_id, programme, profession, institution, district)
select professional_id, programme, profession, institution, district from json_to_recordset(cast(:rows as json))
    as r(professional_id uuid, programme text, profession text, institution text, district text)
order by professional_id
on conflict (professional_id) do update set programme = excluded.programme
""")
_LEARN_ENROLMENTS = sa.text("""
insert into enrolment (enrolment_id, child_id, programme, accepted, guardian_ids, track, institution, district, birth_month)
select enrolment_id, child_id, programme, status in ('accepted', 'active', 'paused'), guardian_ids,
    track, institution, district, birth_month
from json_to_recordset(cast(:rows as json)) as r(enrolment_id uuid, child_id uuid, programme text, status text, guardian_ids jsonb,
    track text, institution text, district text, birth_month text)
order by enrolment_id
on conflict (enrolment_id) do update
set child_id = excluded.child_id, programme = excluded.programme, accepted = excluded.accepted, guardian_ids = excluded.guardian_ids,
    track = excluded.track, institution = excluded.institution, district = excluded.district, birth_month = excluded.birth_month
""")
_LEARN_CONSENTS = sa.text("""
insert into consent (consent_id, child_id, guardian_id, given, said_at)
select consent_id, child_id, guardian_id, status = 'given', coalesce(withdrawn_at, given_at) from json_to_recordset(cast(:rows as json))
    as r(consent_id uuid, child_id uuid, guardian_id uuid, status text, given_at timestamptz, withdrawn_at timestamptz)
order by consent_id
on conflict (consent_id) do update set given = excluded.given, said_at = excluded.said_at
""")
_HOLD = sa.text("""
select from enrolment
where child_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
order by enrolment_id for no key update
""")
_HOLD_GUARDIANS = sa.text("""
select from enrolment where guardian_ids ?| array(select json_array_elements_text(cast(:ids as json)))
order by enrolment_id for no key update
""")
_HOLD_PROFESSIONALS = sa.text("""
select from professional
where professional_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
order by professional_id for no key update
""")
_ENROLMENTS = """
select cast(child_id as text), programme, accepted, guardian_ids, track, institution, district, birth_month from enrolment
where child_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
    or guardian_ids ?| array(select json_array_elements_text(cast(:ids as json)))
    or child_id = any(array(select chassis.same(child_id) from family
        where guardian_ids ?| array(select json_array_elements_text(cast(:ids as json)))))
"""
_READ_ENROLMENTS = sa.text(_ENROLMENTS)
_SHARE_ENROLMENTS = sa.text(_ENROLMENTS + "order by enrolment_id for share")
_CONSENTS = sa.text("""
select cast(child_id as text), cast(guardian_id as text), given, said_at from consent
where child_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
""")
_PROFESSIONALS = """
select cast(professional_id as text), programme, profession, institution, district from professional
where professional_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
"""
_READ_PROFESSIONALS = sa.text(_PROFESSIONALS)
_SHARE_PROFESSIONALS = sa.text(_PROFESSIONALS + "order by professional_id for share")


NOBODY_MERGED: Mapping[str, str] = MappingProxyType({})


class People:
    """Who may sign up.

    A child's enrolment rows are also its lock (an adult's: the enrolments that name him, and his own row): a sign-up shares
    them until it commits, and who takes a right away (a withdrawn enrolment or consent) holds them alone. So either the
    sign-up sees the withdrawal, or the withdrawal sees the sign-up and cancels it.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def learn_professionals(self, professionals: Iterable[ProfessionalRegistered]) -> None:
        self._connection.execute(_LEARN_PROFESSIONALS, {"rows": json_of(professionals)})

    def learn_enrolments(self, enrolments: Iterable[EnrolmentChanged]) -> None:
        self._connection.execute(_LEARN_ENROLMENTS, {"rows": json_of(enrolments)})

    def learn_consents(self, consents: Collection[ConsentChanged]) -> None:
        if withdrawn := [consent.child_id for consent in consents if consent.withdrawn]:
            self._connection.execute(_HOLD, {"ids": json_of(withdrawn)})
        self._connection.execute(_LEARN_CONSENTS, {"rows": json_of(consents)})

    def learn_own_consents(self, consents: Collection[OwnConsentChanged]) -> None:
        """An adult stands in both columns: he is whom it is about, and whose word it is."""
        if withdrawn := [consent.person_id for consent in consents if consent.withdrawn]:
            for hold in (_HOLD_GUARDIANS, _HOLD_PROFESSIONALS):
                self._connection.execute(hold, {"ids": json_of(withdrawn)})
        rows = [asdict(consent) | {"child_id": consent.person_id, "guardian_id": consent.person_id} for consent in consents]
        self._connection.execute(_LEARN_CONSENTS, {"rows": json_of(rows)})

    def known(self, ids: Iterable[str], *, kept: Mapping[str, str] = NOBODY_MERGED, hold: bool = False) -> Known:
        """What is known of these children, guardians and professionals; `hold` keeps it so until the end of this unit of work.

        Where `kept` says that somebody was merged into another, what is known of him is known of that one.
        """
        those = {"ids": json_of(ids)}
        enrolments = self._connection.execute(_SHARE_ENROLMENTS if hold else _READ_ENROLMENTS, those)
        professionals = self._connection.execute(_SHARE_PROFESSIONALS if hold else _READ_PROFESSIONALS, those)
        return Known(
            [_of_kept(enrolment, kept) for enrolment in every(Enrolment, enrolments)],
            [_said_by_kept(consent, kept) for consent in every(Consent, self._connection.execute(_CONSENTS, those))],
            every(Professional, professionals),
        )


def _of_kept(enrolment: Enrolment, kept: Mapping[str, str]) -> Enrolment:
    guardians = frozenset(kept.get(guardian_id, guardian_id) for guardian_id in enrolment.guardian_ids)
    return replace(enrolment, child_id=kept.get(enrolment.child_id, enrolment.child_id), guardian_ids=guardians)


def _said_by_kept(consent: Consent, kept: Mapping[str, str]) -> Consent:
    child_id, guardian_id = (kept.get(id_, id_) for id_ in (consent.child_id, consent.guardian_id))
    return replace(consent, child_id=child_id, guardian_id=guardian_id)
