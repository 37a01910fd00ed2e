"""What is read in place of an erased id, wherever it stood: the same in every service, and from it nobody gets back to the id.

An id of ours has 74 bits of chance (RFC 9562, 5.7), so that nobody finds by trying which one was hashed. A service keeps
the stand-ins of all who were erased: that is how it knows their ids when an old message still names them.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

UUID: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def stand_in(id_: str) -> str:
    """A UUID of version 8 that is always the same for this one; `chassis.stand_in` says the same in SQL."""
    digest = sha256(f"deltag erased {id_}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def ids_in(body: bytes) -> set[str]:
    """Every UUID that stands somewhere in a text."""
    return {found.decode() for found in UUID.findall(body)}


def replaced(body: bytes, stand_ins: Mapping[str, str]) -> bytes:
    """The text with stand-ins in the place of these ids."""
    for id_, other in stand_ins.items():
        body = body.replace(id_.encode(), other.encode())
    return body
