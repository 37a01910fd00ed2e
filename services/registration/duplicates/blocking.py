"""The keys by which people who may be the same are found: whoever shares one is compared.

A key is a hash of 64 bits: the table of keys shows nobody's name. Two things that hash alike by chance cost a comparison, no more.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from services.registration.domain.guardian import plain_phone
from services.registration.domain.person import Kind, Person

_BYTES: Final = 8


def keys(person: Person) -> frozenset[int]:
    """His keys, as PostgreSQL's bigint holds them."""
    found = _of_child(person) if person.kind is Kind.CHILD else _of_guardian(person)
    return frozenset(map(_hashed, found))


def _of_child(child: Person) -> Iterator[str]:
    """The birth date, whichever of day and month was written first, with the sound of any of its names."""
    if child.birth_date:
        day, month = sorted((child.birth_date.day, child.birth_date.month))
        yield from (f"born {child.birth_date.year} {day} {month} {sound}" for sound in child.sounds)


def _of_guardian(guardian: Person) -> Iterator[str]:
    """An address, a number, or a child with the sound of any name. A name alone says too little: many are called Anne Hansen."""
    if guardian.email:
        yield f"email {guardian.email.casefold()}"
    if guardian.phone:
        yield f"phone {plain_phone(guardian.phone)}"
    yield from (f"child {child} {sound}" for child in guardian.children for sound in guardian.sounds)


def _hashed(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=_BYTES).digest(), signed=True)
