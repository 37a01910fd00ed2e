"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by time and indexes stay compact."""

import uuid_utils


def new_id() -> str:
    """A new UUIDv7 in its canonical text form."""
    return str(uuid_utils.uuid7())
