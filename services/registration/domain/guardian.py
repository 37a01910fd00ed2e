"""A guardian (forælder eller værge), and how the same one is recognised in several requests.

By CPR number where the sender gives it. Without one, only among the guardians of the same child, and only where the
name is the same and nothing in the contact details speaks against it: two people taken for one is worse than one
person kept twice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.registration.domain.address import Address
from services.registration.domain.correcting import correct
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardianship import Told
from services.registration.domain.request import GuardianDetails

_DANISH_PREFIX = "+45"
NOBODY_MERGED: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True, repr=False, eq=False)
class Guardian:
    """One adult with his own contact details.

    What a request for an enrolment leaves out stays as it was, and so does what somebody corrected: `corrected` says for
    such a field when. `former_names` are those that were corrected, by which others may still know him. `channels` are those by
    which he wants to be reached, the dearest first; empty: he has not said. `shares_contacts`: the child's other guardians may see
    how he is reached. `hidden`: he is protected; so he is unless somebody has looked.
    """

    guardian_id: str
    given_name: str
    family_name: str
    language: str
    cpr_number: CprNumber | None = None
    email: str | None = None
    phone: str | None = None
    spoken_language: str | None = None
    address: Address | None = None
    channels: Sequence[str] = ()
    shares_contacts: bool = False
    corrected: dict[str, datetime] = field(default_factory=dict)
    former_names: Sequence[str] = ()
    hidden: bool = True

    @property
    def name(self) -> str:
        """As a letter would address him."""
        return f"{self.given_name} {self.family_name}"

    def told(self, details: GuardianDetails) -> bool:
        """Take over what a request says; whether that changed anything."""
        before = self._content()
        self.cpr_number = self.cpr_number or _number(details)
        told: dict[str, Any] = {"given_name": details.given_name, "family_name": details.family_name, "language": details.language}
        told |= {"email": details.email, "phone": plain_phone(details.phone), "spoken_language": details.spoken_language}
        told |= {"address": details.address, "channels": tuple(details.channels or ())}
        for name, value in told.items():
            if value and name not in self.corrected:
                setattr(self, name, value)
        return self._content() != before

    def correct(self, changes: Mapping[str, Any], said_at: datetime) -> tuple[str, ...]:
        """Take over a correction, as far as nothing newer is known; the fields that are another now, by name.

        Corrections can be taken in any order: of two to one field, the one that was said later counts.
        """
        name = self.name
        wanted = {**changes, **({"phone": plain_phone(changes["phone"])} if changes.get("phone") else {})}
        other = correct(self, wanted, said_at)
        if self.name != name:
            self.former_names = tuple(dict.fromkeys((*self.former_names, name)))
        return other

    @property
    def reachable_by(self) -> tuple[str, ...]:
        """The channels for which we know where to reach him."""
        known = {"email": self.email, "sms": self.phone, "digital-post": self.cpr_number, "letter": self.address}
        return tuple(channel for channel, contact in known.items() if contact)

    def may_be(self, details: GuardianDetails) -> bool:
        """Whether somebody described without a known number may be this guardian."""
        number = _number(details)
        if number and self.cpr_number:
            return number == self.cpr_number
        return self.is_called(f"{details.given_name} {details.family_name}") and self._contact_agrees(details)

    def resembles(self, details: GuardianDetails) -> bool:
        """Whether enough speaks for it beside a child of one name and birth date: his number, or else his name or a contact."""
        number = _number(details)
        if number and self.cpr_number:
            return number == self.cpr_number
        contacts = ((_plain(self.email), _plain(details.email)), (plain_phone(self.phone), plain_phone(details.phone)))
        same_contact = any(ours == theirs for ours, theirs in contacts if ours)
        return same_contact or self.is_called(f"{details.given_name} {details.family_name}")

    def is_called(self, name: str) -> bool:
        """Whether that is his name, or was until somebody corrected it."""
        return _plain(name) in map(_plain, (self.name, *self.former_names))

    def _contact_agrees(self, details: GuardianDetails) -> bool:
        pairs = ((_plain(self.email), _plain(details.email)), (plain_phone(self.phone), plain_phone(details.phone)))
        both = [ours == theirs for ours, theirs in pairs if ours and theirs]
        return any(both) or not both

    def _content(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


class Guardianships:
    """The guardians that a batch of requests may be about, and what the batch makes of them.

    `new` and `changed` are to be stored; `links` says who is whose guardian: (child id, guardian) → what was told of the two.
    `kept` says which of the known ones stand for others into whom they were merged.
    """

    def __init__(self, known: Iterable[Guardian], of_child: Iterable[tuple[str, str]], kept: Mapping[str, str] = NOBODY_MERGED) -> None:
        by_id = {guardian.guardian_id: guardian for guardian in known}
        standing = {guardian_id: by_id[kept.get(guardian_id, guardian_id)] for guardian_id in by_id}
        self._by_number = {guardian.cpr_number: standing[guardian.guardian_id] for guardian in by_id.values() if guardian.cpr_number}
        self._of_child: dict[str, list[Guardian]] = defaultdict(list)
        for child_id, guardian_id in of_child:
            self._of_child[child_id].append(standing[guardian_id])
        self.new: list[Guardian] = []
        self.changed: list[Guardian] = []
        self._noted: set[Guardian] = set()
        self.links: dict[tuple[str, Guardian], Told] = {}

    def take_in(self, child_id: str, details: GuardianDetails, new_id: Callable[[], str]) -> Guardian:
        """The guardian whom a request describes, recognised or new, brought up to date."""
        guardian = self._recognise(child_id, details)
        if guardian is None:
            guardian = self._add(details, new_id())
        elif guardian.told(self._of_his_own(guardian, details)):
            self._note(guardian, self.changed)
        self._link(child_id, guardian, details.told)
        return guardian

    def _of_his_own(self, guardian: Guardian, details: GuardianDetails) -> GuardianDetails:
        """The number of a record that was merged into his stays with that record."""
        number = _number(details)
        is_anothers = number in self._by_number and number != guardian.cpr_number
        return replace(details, cpr_number=None) if is_anothers else details

    def _recognise(self, child_id: str, details: GuardianDetails) -> Guardian | None:
        number = _number(details)
        if number and (known := self._by_number.get(number)):
            return known
        return next(self._candidates(child_id, details), None)

    def _candidates(self, child_id: str, details: GuardianDetails) -> Iterator[Guardian]:
        return (guardian for guardian in self._of_child[child_id] if guardian.may_be(details))

    def _add(self, details: GuardianDetails, guardian_id: str) -> Guardian:
        guardian = Guardian(guardian_id, details.given_name, details.family_name, details.language, hidden=False)
        guardian.told(details)
        self._note(guardian, self.new)
        return guardian

    def _note(self, guardian: Guardian, where: list[Guardian]) -> None:
        if guardian not in self._noted:
            self._noted.add(guardian)
            where.append(guardian)

    def _link(self, child_id: str, guardian: Guardian, told: Told) -> None:
        if guardian not in self._of_child[child_id]:
            self._of_child[child_id].append(guardian)
        if guardian.cpr_number:
            self._by_number[guardian.cpr_number] = guardian
        self.links[child_id, guardian] = told.over(self.links.get((child_id, guardian)))


def _number(details: GuardianDetails) -> CprNumber | None:
    return CprNumber.read(details.cpr_number) if details.cpr_number else None


def _plain(text: str | None) -> str:
    return " ".join((text or "").casefold().split())


def plain_phone(text: str | None) -> str | None:
    """One way to write a number: the plus sign, the country, the digits. Eight digits alone are Danish."""
    digits = "".join((text or "").split())
    return digits and (digits if digits.startswith("+") else _DANISH_PREFIX + digits)
